//! `billkey charge`, step by step.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::billing::ahead::{Ahead, look_ahead};
use crate::billing::beside::{Cleared, look_beside};
use crate::billing::charge::charge;
use crate::billing::desk::Desk;
use crate::billing::report::Ended;
use crate::billing::request::{Charge, Known, Notice, ended_before, guarded};
use crate::commands::asking::{self, confirm};
use crate::commands::belonging;
use crate::commands::charge::card::{charge_card, known_customer, unsent};
use crate::commands::charge::dry_run::dry_run;
use crate::commands::charge::mail::named;
use crate::commands::charge::order::{Amounts, amounts, order};
use crate::commands::charge::{ChargeArgs, scheduled, tell};
use crate::commands::context::Context;
use crate::commands::ending::failed;
use crate::commands::naming::unsaved;
use crate::commands::schedules::Asked;
use crate::domain::charge::ChargeRequest;
use crate::domain::customer::Customer;
use crate::domain::protocol::BeforeSend;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::ledger::{Ledger, Passed};
use crate::output::ui::Ui;

/// Charges, or tells what became of the charge.
pub fn run(args: &ChargeArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut request = None;
    let ended = step_by_step(args, context, &mut request);
    ended.map_err(|failure| named(failure, args, request.as_deref(), context))
}

/// Fills in `request` as soon as it is known what is to be charged.
fn step_by_step(
    args: &ChargeArgs,
    context: &mut Context<'_>,
    request: &mut Option<Arc<ChargeRequest>>,
) -> Result<Exit, Failure> {
    let amounts = amounts(args, context.ui.interactive()).map_err(Failure::nothing_sent)?;
    if args.dry_run {
        return look_only(args, amounts, context, request).map_err(Failure::nothing_sent);
    }
    let there = context.ledger_if_there().map_err(Failure::nothing_sent)?;
    let order = order(args, amounts, there.as_ref(), context.settings, context.now());
    let mut order = order.map_err(Failure::nothing_sent)?;
    *request = Some(Arc::clone(&order.request));
    warn_of_a_short_wait(context);
    let mut ledger = match there {
        Some(ledger) => ledger,
        None => context.open_ledger().map_err(Failure::nothing_sent)?,
    };
    if let Some(ended) = ended_before(&ledger, &order).map_err(unsent)? {
        return tell::ended(context, &order.request, None, ended);
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
    let uid = order.request.terms.customer_uid.clone();
    let first = !ledger.has_charged(&uid, None).map_err(unsent)?;
    let (gateway, clock) = (gateway.client, Arc::clone(&context.clock));
    let (client, mut question) = (Arc::clone(&gateway), None);
    let mut desk = Desk { ledger: &mut ledger, gateway, clock, interrupts };
    if !args.yes {
        let ahead = ask_gateway(context, &desk, &order, customer.as_ref())?;
        let Desk { gateway, clock, interrupts, .. } = desk;
        if first && context.ui.interactive() {
            scheduled::warn(context, &client, &mut ledger, &uid);
        }
        match ask_person(context, (&ledger, &interrupts), &order, customer.as_ref(), ahead)? {
            ControlFlow::Continue(Some((known, passed))) => {
                order.known = Some(known);
                order.beside.passed = passed;
            }
            // The run tells what stands in its way. What changes meanwhile lets nothing go that nobody agreed to.
            ControlFlow::Continue(None) => order.leave.unconfirmed = true,
            ControlFlow::Break(ended) => return tell::ended(context, &order.request, None, ended),
        }
        desk = Desk { ledger: &mut ledger, gateway, clock, interrupts };
    }
    let ended = {
        let (now, ui) = (context.now(), &mut *context.ui);
        let mut wait = None;
        charge(&mut desk, &order, &mut |notice| match notice {
            Notice::WaitingForOther(uid) => {
                ui.status(&format!("Another process is charging {uid}; waiting for its result."));
            }
            Notice::Aside(reason) => ui.warning(&reason.to_string()),
            Notice::Sent => {
                wait = Some(ui.waiting("waiting for the gateway"));
                if first && args.yes {
                    question = Some(Asked::begin(&client, Some(&uid), now));
                }
            }
            Notice::StillWaiting => ui.note(
                "The request is out, and the card may be charged: waiting for the answer. Once more to stop \
                 waiting; the outcome is then unknown.",
            ),
        })
    };
    if let (Some(question), Ok(_)) = (question, &ended) {
        scheduled::tell(question, &uid, context, &mut ledger);
    }
    match ended {
        Ok(ended) => tell::ended(context, &order.request, customer.as_ref(), ended),
        Err(error) => Err(failed(context.ui, error)),
    }
}

/// `--dry-run`: nothing is written, and no ledger is made.
fn look_only(
    args: &ChargeArgs,
    amounts: Amounts,
    context: &mut Context<'_>,
    request: &mut Option<Arc<ChargeRequest>>,
) -> Result<Exit, Failure> {
    let there = context.look_at_ledger_as_it_stands()?;
    let ledger = there.as_ref().map(|(ledger, _)| ledger);
    let order = order(args, amounts, ledger, context.settings, context.now())?;
    *request = Some(Arc::clone(&order.request));
    warn_of_a_short_wait(context);
    dry_run(context, order, there)
}

fn warn_of_a_short_wait(context: &mut Context<'_>) {
    if let Some(warning) = context.settings.settle_after_warning() {
        context.ui.warning(&warning);
    }
}

/// Asks the gateway before the person. What it says is good for a minute.
fn ask_gateway(
    context: &mut Context<'_>,
    desk: &Desk<'_>,
    order: &Charge,
    customer: Option<&Customer>,
) -> Result<(Ahead, Cleared), Failure> {
    // Nobody can answer: that is said before anybody is asked.
    if !context.ui.interactive() {
        ask(context.ui, &desk.interrupts, order, customer).map_err(Failure::nothing_sent)?;
    }
    let _wait = context.ui.waiting("asking the gateway about the order");
    let ahead = look_ahead(desk, order).map_err(unsent)?;
    let others = match &ahead {
        Ahead::Asked { would, .. } if would.sends() => look_beside(desk, order).map_err(unsent)?,
        Ahead::Asked { .. } | Ahead::Stored(_) => Cleared::none(),
    };
    Ok((ahead, others))
}

/// Asks the person, if the charge would be sent. What stands in its way is told before, and not after a yes.
fn ask_person(
    context: &mut Context<'_>,
    (ledger, interrupts): (&Ledger, &Interrupts),
    order: &Charge,
    customer: Option<&Customer>,
    (ahead, others): (Ahead, Cleared),
) -> Result<ControlFlow<Ended, Option<Agreed>>, Failure> {
    let Ahead::Asked { would, known, .. } = ahead else { return Ok(ControlFlow::Continue(None)) };
    let BeforeSend::Claim { aside, .. } = *would else { return Ok(ControlFlow::Continue(None)) };
    if order.leave.hold.is_some() {
        return Ok(ControlFlow::Continue(None));
    }
    let (passed, asides) = match others {
        Cleared::Passed { passed, asides } => (passed, asides),
        Cleared::Alike(other) => return Ok(ControlFlow::Break(Ended::Similar(other))),
        Cleared::Waits(_) | Cleared::Interrupted => return Ok(ControlFlow::Continue(None)),
    };
    if let Some(guarded) = guarded(ledger, order).map_err(unsent)? {
        return Ok(ControlFlow::Break(guarded.into()));
    }
    for aside in aside.iter().chain(&asides) {
        context.ui.warning(&aside.to_string());
    }
    ask(context.ui, interrupts, order, customer).map_err(Failure::nothing_sent)?;
    Ok(ControlFlow::Continue(Some((*known, passed))))
}

/// What a person has agreed to go by: the gateway's answer, and the open orders that it may pass by.
type Agreed = (Known, Vec<Passed>);

/// Shows what is about to be charged, and asks.
fn ask(
    ui: &mut Ui,
    interrupts: &Interrupts,
    order: &Charge,
    customer: Option<&Customer>,
) -> Result<(), Failure> {
    confirm(
        ui,
        interrupts,
        &asking::Question {
            about: &charge_card(order, customer),
            question: "Charge this card?",
            unasked: "this charge was not confirmed, and nobody can be asked here",
            hint: "to charge without being asked: add --yes",
            declined: "not confirmed",
            interrupted: &format!("interrupted before {} was sent", order.request.terms.merchant_uid),
        },
    )
}
