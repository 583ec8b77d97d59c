//! `billkey charge`, step by step.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::billing::ahead::{Ahead, look_ahead};
use crate::billing::charge::charge;
use crate::billing::desk::Desk;
use crate::billing::request::{Charge, Guarded, Known, Notice, ended_before, guarded};
use crate::commands::asking::{Question, confirm};
use crate::commands::belonging;
use crate::commands::charge::card::{charge_card, known_customer, unsent};
use crate::commands::charge::dry_run::dry_run;
use crate::commands::charge::mail::named;
use crate::commands::charge::order::order;
use crate::commands::charge::{ChargeArgs, tell};
use crate::commands::context::Context;
use crate::commands::ending::failed;
use crate::commands::naming::unsaved;
use crate::domain::customer::Customer;
use crate::domain::protocol::BeforeSend;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::ui::Ui;

/// Charges, or tells what became of the charge.
pub fn run(args: &ChargeArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let order = order(args, context.settings, context.now(), context.ui.interactive())
        .map_err(|failure| named(failure.nothing_sent(), args, None, context))?;
    let request = Arc::clone(&order.request);
    step_by_step(args, order, context).map_err(|failure| named(failure, args, Some(&request), context))
}

fn step_by_step(args: &ChargeArgs, order: Charge, context: &mut Context<'_>) -> Result<Exit, Failure> {
    if let Some(warning) = context.settings.settle_after_warning() {
        context.ui.warning(&warning);
    }
    if args.dry_run {
        return dry_run(context, &order).map_err(Failure::nothing_sent);
    }
    let mut order = order;
    let mut ledger = context.open_ledger().map_err(Failure::nothing_sent)?;
    if let Some(ended) = ended_before(&ledger, &order).map_err(unsent)? {
        return tell::ended(context, &order.request, ended);
    }
    let customer = known_customer(Some(&ledger), &order)?;
    let spelled = unsaved(&order.request.terms.customer_uid, &ledger, context.settings);
    if let Some(warning) = spelled.map_err(Failure::nothing_sent)? {
        context.ui.warning(&warning);
    }
    let gateway = context.open_gateway().map_err(Failure::nothing_sent)?;
    order.leave = belonging::leave(context, &mut ledger, &gateway).map_err(Failure::nothing_sent)?;
    let interrupts =
        Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error).nothing_sent())?;
    let (gateway, clock) = (gateway.client, Arc::clone(&context.clock));
    let mut desk = Desk { ledger: &mut ledger, gateway, clock, interrupts };
    if !args.yes {
        let ahead = ask_gateway(context, &desk, &order, customer.as_ref())?;
        let Desk { gateway, clock, interrupts, .. } = desk;
        order.known = match ask_person(context, &ledger, &order, customer.as_ref(), ahead)? {
            ControlFlow::Continue(known) => known,
            ControlFlow::Break(guarded) => return tell::ended(context, &order.request, guarded.into()),
        };
        desk = Desk { ledger: &mut ledger, gateway, clock, interrupts };
    }
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
            Notice::Aside(reason) => ui.warning(&reason.to_string()),
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

/// Asks the gateway before the person. What it says is good for a minute.
fn ask_gateway(
    context: &mut Context<'_>,
    desk: &Desk<'_>,
    order: &Charge,
    customer: Option<&Customer>,
) -> Result<Ahead, Failure> {
    // Nobody can answer: that is said before anybody is asked.
    if !context.ui.interactive() {
        ask(context.ui, order, customer).map_err(Failure::nothing_sent)?;
    }
    let _wait = context.ui.waiting("asking the gateway about the order");
    look_ahead(desk, order).map_err(unsent)
}

/// Asks the person, if the charge would be sent. What stands in its way is told before, and not after a yes.
fn ask_person(
    context: &mut Context<'_>,
    ledger: &Ledger,
    order: &Charge,
    customer: Option<&Customer>,
    ahead: Ahead,
) -> Result<ControlFlow<Guarded, Option<Known>>, Failure> {
    let Ahead::Asked { would, known, .. } = ahead else { return Ok(ControlFlow::Continue(None)) };
    if let BeforeSend::Claim { aside, .. } = *would {
        if let Some(guarded) = guarded(ledger, order).map_err(|error| Failure::from(error).nothing_sent())? {
            return Ok(ControlFlow::Break(guarded));
        }
        if let Some(aside) = aside {
            context.ui.warning(&aside.to_string());
        }
        ask(context.ui, order, customer).map_err(Failure::nothing_sent)?;
    }
    Ok(ControlFlow::Continue(Some(*known)))
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
