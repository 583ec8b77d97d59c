//! `billkey charge --dry-run`: every check that the run takes, the gateway's word included, and no send.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::billing::ahead::{Ahead, look_ahead};
use crate::billing::beside::{Cleared, Waits, look_beside};
use crate::billing::book::{Book, NoLedger};
use crate::billing::desk::Desk;
use crate::billing::report::{Ended, Held};
use crate::billing::request::{Charge, Guarded, Hold, ended_before, guarded};
use crate::commands::alarm;
use crate::commands::belonging::leave_unwritten;
use crate::commands::charge::card::{charge_card, known_customer};
use crate::commands::charge::tell;
use crate::commands::context::{Context, Gateway};
use crate::commands::naming::unsaved;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::place::Place;
use crate::domain::protocol::BeforeSend;
use crate::domain::reason::Reason;
use crate::domain::standing::Standing;
use crate::domain::time::from_epoch_s;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::charge_body;
use crate::interrupt::Interrupts;
use crate::ledger::{Ledger, LedgerError};
use crate::output::Format;
use crate::output::text::when;

/// What a run without `--dry-run` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Would {
    Send,
    /// Print the stored result, or record what the gateway shows, and send nothing.
    Replay,
    Refuse,
    /// Send nothing yet: the gateway gave no answer, or an earlier request is still open.
    Wait,
}

/// What `--dry-run` says to programs.
#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    would: Would,
    merchant_uid: String,
    mode: &'static str,
    /// Why it would not be sent.
    why: Option<String>,
    /// The request to `/subscribe/payments/again`, as it would leave.
    request: serde_json::Value,
}

/// What would be done, why, and how the run would exit.
struct Verdict {
    would: Would,
    why: Option<String>,
    exit: Exit,
}

impl Verdict {
    fn new(would: Would, why: impl Into<String>, kind: Kind) -> Verdict {
        Verdict { would, why: Some(why.into()), exit: Exit::With(kind) }
    }

    fn settled(outcome: Outcome) -> Verdict {
        let why = format!("it is {outcome}");
        Verdict { would: Would::Replay, why: Some(why), exit: Exit::of_outcome(outcome) }
    }
}

/// Says what would be done. Writes nothing, not even a ledger, and sends nothing but questions.
pub(super) fn dry_run(
    context: &mut Context<'_>,
    order: Charge,
    there: Option<(Ledger, Standing)>,
) -> Result<Exit, Failure> {
    let (ledger, standing) = there.unzip();
    if let Some(ledger) = &ledger
        && let Some(ended) = ended_before(ledger, &order)?
    {
        let verdict = with_alarm(&ended, of_stored(&ended), context);
        return tell(context, &order, None, verdict);
    }
    let customer = known_customer(ledger.as_ref(), &order)?;
    if let Some(ledger) = &ledger
        && let Some(warning) = unsaved(&order.request.terms.customer_uid, ledger, context.settings)?
    {
        context.ui.warning(&warning);
    }
    let gateway = context.open_gateway()?;
    let mut order = order;
    if let (Some(ledger), Some(standing)) = (&ledger, standing) {
        order.leave = leave_unwritten(context, ledger, standing, &gateway)?;
    }
    let verdict = match ledger {
        Some(mut ledger) => {
            let verdict = by_the_gateway(context, &gateway, &mut ledger, &order)?;
            held_to_guards(verdict, &ledger, &order)?
        }
        None => {
            let mut none = NoLedger { place: Place::from(&context.settings.database) };
            by_the_gateway(context, &gateway, &mut none, &order)?
        }
    };
    tell(context, &order, customer.as_ref(), verdict)
}

/// An alarm is told on every run that meets its order.
fn with_alarm(ended: &Ended, verdict: Verdict, context: &mut Context<'_>) -> Verdict {
    let Ended::Answered(report) = ended else { return verdict };
    let alarm = alarm::tell(&report.payment, context.settings, context.ui);
    Verdict { exit: alarm::exit(verdict.exit, alarm), ..verdict }
}

fn of_stored(ended: &Ended) -> Verdict {
    match ended {
        Ended::Answered(report) if report.payment.is_noted_charged() => {
            let why = Some("it is noted as charged".to_owned());
            Verdict { would: Would::Replay, why, exit: Exit::Done }
        }
        Ended::Answered(report) => Verdict::settled(report.payment.outcome),
        Ended::OtherTerms(_)
        | Ended::Similar(_)
        | Ended::OtherAtGateway { .. }
        | Ended::OverDaily { .. }
        | Ended::Busy { .. }
        | Ended::Interrupted => {
            let why = "the order was asked for before with other terms";
            Verdict::new(Would::Refuse, why, Kind::Refused)
        }
    }
}

/// What the gateway's word lets go: about the order, and about open ones of the same customer and amount.
fn by_the_gateway(
    context: &Context<'_>,
    gateway: &Gateway,
    book: &mut dyn Book,
    order: &Charge,
) -> Result<Verdict, Failure> {
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let (client, clock) = (Arc::clone(&gateway.client), Arc::clone(&context.clock));
    let desk = Desk { ledger: book, gateway: client, clock, interrupts };
    let open = desk.ledger.open_beside(&order.request.terms)?;
    let verdict = verdict(look_ahead(&desk, order)?, order, &open, context.ui.zone());
    if verdict.would != Would::Send {
        return Ok(verdict);
    }
    if let Some(Hold { why, until }) = &order.leave.hold {
        let why = until_when(why.to_string(), *until, context.ui.zone());
        return Ok(Verdict::new(Would::Wait, why, Kind::Network));
    }
    Ok(match look_beside(&desk, order)? {
        Cleared::Passed { asides, .. } => {
            let whys: Vec<String> =
                verdict.why.iter().cloned().chain(asides.iter().map(Reason::to_string)).collect();
            Verdict { why: (!whys.is_empty()).then(|| whys.join("; ")), ..verdict }
        }
        Cleared::Alike(other) => similar(&other),
        Cleared::Waits(Waits { why, until, .. }) => {
            let why = until_when(why.to_string(), until, context.ui.zone());
            Verdict::new(Would::Wait, why, Kind::Network)
        }
        Cleared::Interrupted => Verdict::new(Would::Wait, "interrupted", Kind::Interrupted),
    })
}

fn until_when(why: String, until: Option<Timestamp>, zone: &TimeZone) -> String {
    match until {
        Some(until) => format!("{why}; not before {}", when(until, zone)),
        None => why,
    }
}

fn verdict(ahead: Ahead, order: &Charge, open: &[Payment], zone: &TimeZone) -> Verdict {
    let (row, would, held) = match ahead {
        Ahead::Stored(ended) => return of_stored(&ended),
        Ahead::Asked { row, would, held, .. } => (row, would, held),
    };
    match (*would, held) {
        (_, Some(Held::Interrupted)) => Verdict::new(Would::Wait, "interrupted", Kind::Interrupted),
        (BeforeSend::GiveUp(_), Some(Held::KeyRefused(said))) => {
            Verdict::new(Would::Wait, said.to_string(), Kind::Auth)
        }
        (BeforeSend::Replay { in_vain }, _) => {
            let exit = row.map_or(Exit::Done, |row| Exit::of_outcome(row.outcome));
            let stands = "the earlier outcome stands".to_owned();
            let why = in_vain.map_or_else(|| stands.clone(), |why| format!("{stands}, and {why}"));
            Verdict { would: Would::Replay, why: Some(why), exit }
        }
        (BeforeSend::Settle(looked_up), _) => {
            Verdict::settled(LookedUp::outcome(&looked_up).unwrap_or(Outcome::Unknown))
        }
        (BeforeSend::GiveUp(why), _) => {
            let others: Vec<&str> = open.iter().map(|other| other.terms.merchant_uid.as_str()).collect();
            let others = if others.is_empty() {
                String::new()
            } else {
                format!(", and what it knows of {}, which may have charged the card", others.join(" and "))
            };
            let why = format!("{why}; not checked: whether the gateway knows the order{others}");
            Verdict::new(Would::Wait, why, Kind::Network)
        }
        (BeforeSend::HoldUntil(why, until_s), _) => {
            let why = until_when(why.to_string(), from_epoch_s(until_s), zone);
            Verdict::new(Would::Wait, why, Kind::Network)
        }
        (BeforeSend::Doubt(why), _) => Verdict::new(Would::Wait, why.to_string(), Kind::Unknown),
        (BeforeSend::Refuse(record, why), _) => {
            let failure = tell::other_at_gateway(&order.request, &record, &why);
            Verdict::new(Would::Refuse, failure.message, Kind::Refused)
        }
        (BeforeSend::Claim { aside, .. }, _) => {
            Verdict { would: Would::Send, why: aside.map(|aside| aside.to_string()), exit: Exit::Done }
        }
    }
}

fn similar(other: &Payment) -> Verdict {
    let why = format!("{} is a similar charge of a moment ago", other.terms.merchant_uid);
    Verdict::new(Would::Refuse, why, Kind::Refused)
}

/// What the ledger would refuse in the transaction that writes the intent.
fn held_to_guards(verdict: Verdict, ledger: &Ledger, order: &Charge) -> Result<Verdict, LedgerError> {
    if verdict.would != Would::Send {
        return Ok(verdict);
    }
    let why = match guarded(ledger, order)? {
        None => return Ok(verdict),
        Some(Guarded::Similar(other)) => return Ok(similar(&other)),
        Some(Guarded::OverDaily { max, .. }) => format!("it would go over the day's limit of {max}"),
    };
    Ok(Verdict::new(Would::Refuse, why, Kind::Refused))
}

fn tell(
    context: &mut Context<'_>,
    order: &Charge,
    customer: Option<&Customer>,
    verdict: Verdict,
) -> Result<Exit, Failure> {
    let Verdict { would, why, exit } = verdict;
    let terms = &order.request.terms;
    let unwritable = || Failure::local("the request could not be put into JSON");
    let body = charge_body(&order.request).ok_or_else(unwritable)?;
    if context.ui.format() != Format::Table {
        let request = serde_json::from_str(&body).map_err(|_| unwritable())?;
        let merchant_uid = terms.merchant_uid.to_string();
        let dry_run = DryRun { dry_run: true, would, merchant_uid, mode: terms.mode.word(), why, request };
        return answered(context.ui.json(&dry_run), exit);
    }
    let does = match would {
        Would::Replay => "would send nothing",
        Would::Refuse => "would be refused, and send nothing",
        Would::Wait => "would send nothing yet",
        Would::Send => "would send",
    };
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    let card = charge_card(order, customer);
    let text = format!(
        "{card}This {does}{why}:\n  POST /subscribe/payments/again\n  {body}\nNothing was sent (--dry-run)."
    );
    answered(context.ui.told(text.trim_start_matches('\n')), exit)
}
