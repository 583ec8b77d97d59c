//! `billkey charge`, step by step.

use std::sync::Arc;

use serde::Serialize;

use crate::billing::charge::charge;
use crate::billing::desk::Desk;
use crate::billing::report::Ended;
use crate::billing::request::{Charge, Notice, ended_before};
use crate::commands::asking::{Question, confirm};
use crate::commands::belonging;
use crate::commands::charge::order::order;
use crate::commands::charge::{ChargeArgs, tell};
use crate::commands::context::Context;
use crate::commands::ending::failed;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::payment::Outcome;
use crate::failure::{Exit, Failure};
use crate::gateway::charge_body;
use crate::interrupt::Interrupts;
use crate::ledger::{Ledger, LedgerError};
use crate::output::Format;
use crate::output::prose::{ChargeCard, confirmation};
use crate::output::ui::Ui;

/// Charges, or tells what became of the charge.
pub fn run(args: &ChargeArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let order = order(args, context.settings, context.now(), context.ui.interactive())
        .map_err(Failure::nothing_sent)?;
    if let Some(warning) = context.settings.settle_after_warning() {
        context.ui.warning(&warning);
    }
    if args.dry_run {
        return dry_run(context, &order).map_err(Failure::nothing_sent);
    }
    let mut ledger = context.open_ledger().map_err(Failure::nothing_sent)?;
    if let Some(ended) = ended_before(&ledger, &order).map_err(unsent)? {
        return tell::ended(context, &order.request, ended);
    }
    let customer = ledger.find_customer(&order.request.terms.customer_uid).map_err(unsent)?;
    if let Some(Customer { removed_at: Some(_), customer_uid, .. }) = &customer {
        return Err(Failure::refused(format!("the customer {customer_uid} was removed"))
            .hinted(format!("to charge again: billkey customer add {customer_uid}"))
            .nothing_sent());
    }
    if !args.yes {
        ask(context.ui, &order, customer.as_ref()).map_err(Failure::nothing_sent)?;
    }
    let gateway = context.open_gateway().map_err(Failure::nothing_sent)?;
    belonging::check(context, &mut ledger, &gateway).map_err(Failure::nothing_sent)?;
    let interrupts =
        Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error).nothing_sent())?;
    let mut desk = Desk {
        ledger: &mut ledger,
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts,
    };
    let ended = {
        let ui = &mut *context.ui;
        let mut wait = None;
        charge(&mut desk, &order, &mut |notice| match notice {
            Notice::WaitingForOther => {
                ui.status(&format!(
                    "Another process is charging {}; waiting for its result.",
                    order.request.terms.merchant_uid
                ));
            }
            Notice::Sent => wait = Some(ui.waiting("waiting for the gateway")),
            Notice::StillWaiting => ui.note(
                "The request is out, and the card may be charged: waiting for the answer. Once more to stop \
                 waiting; the outcome is then unknown.",
            ),
        })
    };
    match ended {
        Ok(ended) => tell::ended(context, &order.request, ended),
        Err(error) => Err(failed(context.ui, error)),
    }
}

fn unsent(error: LedgerError) -> Failure {
    Failure::from(error).nothing_sent()
}

/// Shows what is about to be charged, and asks.
fn ask(ui: &mut Ui, order: &Charge, customer: Option<&Customer>) -> Result<(), Failure> {
    confirm(
        ui,
        &Question {
            about: &charge_card(order, customer),
            question: "Charge this card?",
            unasked: "this charge was not confirmed, and nobody can be asked here",
            hint: "to charge without being asked: add --yes",
            declined: "not confirmed",
        },
    )
}

fn charge_card(order: &Charge, customer: Option<&Customer>) -> String {
    let request = &order.request;
    let mut more = Vec::new();
    if let Some(months) = request.card_quota {
        more.push(("quota", format!("{months} months")));
    }
    if order.retry {
        more.push(("retry", "a declined or rejected one is sent once more".to_owned()));
    }
    confirmation(&ChargeCard {
        mode: request.terms.mode,
        amount: request.terms.amount,
        product: &request.name,
        customer_name: customer.and_then(|customer| customer.name.as_deref()),
        customer_uid: request.terms.customer_uid.as_str(),
        card: customer.and_then(|customer| customer.card.shown()).as_deref(),
        merchant_uid: request.terms.merchant_uid.as_str(),
        more: &more,
    })
}

/// What a run without `--dry-run` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Would {
    Send,
    LookUpFirst,
    Replay,
    Refuse,
}

/// What `--dry-run` says to programs.
#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    would: Would,
    merchant_uid: String,
    mode: &'static str,
    /// The request to `/subscribe/payments/again`, as it would leave.
    request: serde_json::Value,
}

/// Says what would be done. Writes nothing, not even a ledger, and sends nothing.
fn dry_run(context: &mut Context<'_>, order: &Charge) -> Result<Exit, Failure> {
    let ledger = context.look_at_ledger()?;
    let would = match &ledger {
        Some(ledger) => would(ledger, order)?,
        None => Would::Send,
    };
    let terms = &order.request.terms;
    let Some(body) = charge_body(&order.request) else {
        return Err(Failure::local("the request could not be put into JSON"));
    };
    if context.ui.format() != Format::Table {
        let request = serde_json::from_str(&body)
            .map_err(|_| Failure::local("the request could not be put into JSON"))?;
        let merchant_uid = terms.merchant_uid.to_string();
        let dry_run = DryRun { dry_run: true, would, merchant_uid, mode: terms.mode.word(), request };
        return answered(context.ui.json(&dry_run), Exit::Done);
    }
    let customer = match &ledger {
        Some(ledger) => ledger.find_customer(&terms.customer_uid)?,
        None => None,
    };
    let does = match would {
        Would::Replay => "would print the stored result and send nothing",
        Would::Refuse => "would refuse, because the order was asked for with other terms, and send nothing",
        Would::LookUpFirst => "would ask the gateway about the earlier request before anything else",
        Would::Send => "would send",
    };
    let card = charge_card(order, customer.as_ref());
    let text = format!(
        "{card}This {does}:\n  POST /subscribe/payments/again\n  {body}\nNothing was sent (--dry-run)."
    );
    answered(context.ui.answer(text.trim_start_matches('\n')), Exit::Done)
}

fn would(ledger: &Ledger, order: &Charge) -> Result<Would, LedgerError> {
    let stored = ledger.find(&order.request.terms.merchant_uid)?.map(|payment| payment.outcome);
    Ok(match (ended_before(ledger, order)?, stored) {
        (Some(Ended::OtherTerms(_)), _) => Would::Refuse,
        (Some(_), _) => Would::Replay,
        (None, None | Some(Outcome::NotSent)) => Would::Send,
        (None, Some(_)) => Would::LookUpFirst,
    })
}
