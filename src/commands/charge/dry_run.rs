//! `billkey charge --dry-run`: every check that the run takes, the gateway's word included, and no send.

use std::sync::Arc;

use serde::Serialize;

use crate::billing::ahead::{Ahead, look_ahead};
use crate::billing::book::{Book, NoLedger};
use crate::billing::desk::Desk;
use crate::billing::report::{Ended, Held};
use crate::billing::request::{Charge, Guarded, guarded};
use crate::commands::alarm;
use crate::commands::charge::card::{charge_card, known_customer};
use crate::commands::charge::tell;
use crate::commands::context::Context;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::Outcome;
use crate::domain::protocol::BeforeSend;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::charge_body;
use crate::interrupt::Interrupts;
use crate::ledger::{Ledger, LedgerError};
use crate::output::Format;

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
pub(super) fn dry_run(context: &mut Context<'_>, order: &Charge) -> Result<Exit, Failure> {
    let mut ledger = context.look_at_ledger()?;
    let customer = known_customer(ledger.as_ref(), order)?;
    let verdict = match &mut ledger {
        Some(ledger) => {
            let verdict = verdict(context, ledger, order)?;
            held_to_guards(verdict, ledger, order)?
        }
        None => {
            let mut none = NoLedger { path: context.settings.database.clone() };
            verdict(context, &mut none, order)?
        }
    };
    tell(context, order, customer.as_ref(), verdict)
}

fn verdict(context: &mut Context<'_>, book: &mut dyn Book, order: &Charge) -> Result<Verdict, Failure> {
    let gateway = context.open_gateway()?;
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let desk = Desk {
        ledger: book,
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts,
    };
    let ahead = look_ahead(&desk, order)?;
    let (would, held) = match ahead {
        Ahead::Stored(Ended::Answered(report)) => {
            let alarm = alarm::tell(&report.payment, context.settings, context.ui);
            let verdict = Verdict::settled(report.payment.outcome);
            return Ok(Verdict { exit: alarm::exit(verdict.exit, alarm), ..verdict });
        }
        Ahead::Stored(_) => {
            let why = "the order was asked for before with other terms";
            return Ok(Verdict::new(Would::Refuse, why, Kind::Refused));
        }
        Ahead::Asked { would, held, .. } => (would, held),
    };
    Ok(match (*would, held) {
        (_, Some(Held::KeyRefused(said))) => Verdict::new(Would::Wait, said.to_string(), Kind::Auth),
        (_, Some(Held::Interrupted)) => Verdict::new(Would::Wait, "interrupted", Kind::Interrupted),
        (BeforeSend::Settle(looked_up), _) => {
            Verdict::settled(LookedUp::outcome(&looked_up).unwrap_or(Outcome::Unknown))
        }
        (BeforeSend::GiveUp(why), _) => {
            let why = format!("{why}; whether it would be sent could not be checked");
            Verdict::new(Would::Wait, why, Kind::Network)
        }
        (BeforeSend::HoldUntil(why, _), _) => Verdict::new(Would::Wait, why.to_string(), Kind::Network),
        (BeforeSend::Doubt(why), _) => Verdict::new(Would::Wait, why.to_string(), Kind::Unknown),
        (BeforeSend::Refuse(record, why), _) => {
            let failure = tell::other_at_gateway(&order.request, &record, &why);
            Verdict::new(Would::Refuse, failure.message, Kind::Refused)
        }
        (BeforeSend::Replay, _) => Verdict::new(Would::Replay, "the earlier outcome stands", Kind::Declined),
        (BeforeSend::Claim { aside, .. }, _) => {
            Verdict { would: Would::Send, why: aside.map(|aside| aside.to_string()), exit: Exit::Done }
        }
    })
}

/// What the ledger would refuse in the transaction that writes the intent.
fn held_to_guards(verdict: Verdict, ledger: &Ledger, order: &Charge) -> Result<Verdict, LedgerError> {
    if verdict.would != Would::Send {
        return Ok(verdict);
    }
    let why = match guarded(ledger, order)? {
        None => return Ok(verdict),
        Some(Guarded::Similar(other)) => {
            format!("{} is a similar charge of a moment ago", other.terms.merchant_uid)
        }
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
    answered(context.ui.answer(text.trim_start_matches('\n')), exit)
}
