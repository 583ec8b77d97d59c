//! `billkey refund`, step by step.

use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

use crate::billing::desk::Desk;
use crate::billing::refund::{Notice, Prepared, RefundOrder, foresee, prepare, refund, told};
use crate::commands::asking::{Question, confirm};
use crate::commands::belonging;
use crate::commands::context::{Context, Gateway};
use crate::commands::refund::mail::named;
use crate::commands::refund::order::{order, payment_meant, reason};
use crate::commands::refund::{RefundArgs, tell};
use crate::domain::ids::{CustomerUid, REFUND_ID_LENGTH, RefundId};
use crate::domain::payment::Payment;
use crate::domain::refund::in_the_way;

use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::refund::{RefundCard, customer_of, refund_card};
use crate::output::text::safe;

/// Refunds, or tells what became of the refund.
pub fn run(args: &RefundArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut about = None;
    let result = step_by_step(args, &mut about, context);
    result.map_err(|failure| named(failure, args, about.as_ref(), context))
}

/// `about` is left as the payment that it is of, for whoever has to name it.
fn step_by_step(
    args: &RefundArgs,
    about: &mut Option<Payment>,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    // A reason that is none is told before anything is opened.
    reason(&args.reason).map_err(Failure::nothing_sent)?;
    if args.dry_run {
        return dry_run(args, about, context);
    }
    let mut ledger = context.ledger_at_hand().map_err(Failure::nothing_sent)?;
    let meant = payment_meant(args, context, &ledger).map_err(Failure::nothing_sent)?;
    *about = Some(meant.payment.clone());
    let order = order(args, context, &meant).map_err(Failure::nothing_sent)?;
    let payment = meant.payment;
    let gateway = context.open_gateway().map_err(Failure::nothing_sent)?;
    let leave = belonging::leave(context, &mut ledger, &gateway).map_err(Failure::nothing_sent)?;
    if let Some(hold) = &leave.hold {
        return Err(tell::held_by_ledger(context, hold));
    }
    let mut desk = desk(context, &mut ledger, &gateway)?;
    let prepared = {
        let _wait = context.ui.waiting("looking at the payment");
        prepare(&mut desk, &order).map_err(|error| Failure::from(error).nothing_sent())?
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Err(tell::not_sent(context, &order, payment.pg(), why)),
    };
    expected(args, &payment, &prepared)?;
    // What stands in the way is told before the question, and not after a yes.
    if let Some(other) = in_the_way(&prepared.others, &order.imp_uid, prepared.amount, order.similar_since) {
        told(desk.ledger, other, context.now()).map_err(|error| Failure::from(error).nothing_sent())?;
        return Err(tell::in_the_way(context, &order, payment.pg(), other));
    }
    let Desk { gateway: client, clock, interrupts, .. } = desk;
    if !args.yes {
        let card = card(context, &ledger, &order, &payment, &prepared)?;
        ask(context, &interrupts, &order, &card).map_err(Failure::nothing_sent)?;
    }
    let mut desk = Desk { ledger: &mut ledger, gateway: client, clock, interrupts };
    let id = made_up().map_err(Failure::nothing_sent)?;
    let ended = {
        let ui = &mut *context.ui;
        let _wait = ui.waiting("waiting for the gateway");
        refund(&mut desk, &order, &prepared, id, &mut |notice| {
            match notice {
            Notice::WaitingForOther => {
                ui.status(&format!("Another process is at {}; waiting for it.", order.merchant_uid));
            }
            Notice::StillWaiting => ui.note(
                "The request is out, and the money may go back: waiting for the answer. Once more to stop waiting; the \
                 outcome is then unknown.",
            ),
        }
        })
    };
    match ended {
        Ok(Ok(report)) => tell::ended(context, &report),
        Ok(Err(why)) => Err(tell::not_sent(context, &order, payment.pg(), why)),
        Err(error) => Err(tell::failed(context, error)),
    }
}

/// Says what would be refunded, and exits as the run would. Nothing is written, not even what the look-up shows of
/// earlier refunds.
fn dry_run(
    args: &RefundArgs,
    about: &mut Option<Payment>,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let there = context.look_at_ledger_as_it_stands().map_err(Failure::nothing_sent)?;
    let (mut ledger, standing) = there.ok_or_else(|| context.no_ledger().nothing_sent())?;
    let meant = payment_meant(args, context, &ledger).map_err(Failure::nothing_sent)?;
    *about = Some(meant.payment.clone());
    let order = order(args, context, &meant).map_err(Failure::nothing_sent)?;
    let payment = meant.payment;
    let gateway = context.open_gateway().map_err(Failure::nothing_sent)?;
    let leave =
        belonging::leave_unwritten(context, &ledger, standing, &gateway).map_err(Failure::nothing_sent)?;
    if let Some(hold) = &leave.hold {
        return Err(tell::held_by_ledger(context, hold));
    }
    let desk = desk(context, &mut ledger, &gateway)?;
    let foreseen = {
        let _wait = context.ui.waiting("looking at the payment");
        foresee(&desk, &order).map_err(|error| Failure::from(error).nothing_sent())?
    };
    let prepared = match foreseen {
        Ok(prepared) => prepared,
        Err(why) => return Err(tell::not_sent(context, &order, payment.pg(), why)),
    };
    expected(args, &payment, &prepared)?;
    if let Some(other) = in_the_way(&prepared.others, &order.imp_uid, prepared.amount, order.similar_since) {
        return Err(tell::in_the_way(context, &order, payment.pg(), other));
    }
    let card = card(context, &ledger, &order, &payment, &prepared)?;
    tell::dry_run(context, &card, &order, &prepared)
}

/// Holds the customer that was named against the gateway's word as well: a second payment under an order may be
/// another customer's.
fn expected(args: &RefundArgs, payment: &Payment, prepared: &Prepared) -> Result<(), Failure> {
    let customer = customer_of(payment, &prepared.record);
    match args.expect_customer.as_deref() {
        Some(expected) if expected != customer => {
            Err(not_of(&prepared.record.imp_uid, payment, customer, expected))
        }
        Some(_) | None => Ok(()),
    }
}

fn not_of(imp_uid: &Option<String>, payment: &Payment, customer: &str, expected: &str) -> Failure {
    let uid = payment.terms.merchant_uid.as_str();
    let of = imp_uid.as_deref().map_or_else(String::new, |imp_uid| format!("{} of ", safe(imp_uid)));
    Failure::refused(format!(
        "{of}{} is a payment of {}, not of {}",
        safe(uid),
        safe(customer),
        expected.escape_debug()
    ))
    .nothing_sent()
}

fn desk<'a>(context: &Context<'_>, ledger: &'a mut Ledger, gateway: &Gateway) -> Result<Desk<'a>, Failure> {
    let interrupts =
        Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error).nothing_sent())?;
    let (client, clock) = (Arc::clone(&gateway.client), Arc::clone(&context.clock));
    Ok(Desk { ledger, gateway: client, clock, interrupts })
}

fn card(
    context: &Context<'_>,
    ledger: &Ledger,
    order: &RefundOrder,
    payment: &Payment,
    prepared: &Prepared,
) -> Result<String, Failure> {
    let customer = match CustomerUid::parse(customer_of(payment, &prepared.record)) {
        Ok(uid) => ledger.find_customer(&uid).map_err(|error| Failure::from(error).nothing_sent())?,
        Err(_) => None,
    };
    let card = RefundCard {
        payment,
        record: &prepared.record,
        imp_uid: &order.imp_uid,
        customer_name: customer.as_ref().and_then(|customer| customer.name.as_deref()),
        paid: prepared.shown.paid,
        amount: prepared.amount,
        refunded: prepared.shown.refunded,
        left: prepared.left(),
        tax: prepared.tax,
        reason: &order.reason,
    };
    Ok(refund_card(&card, context.ui.zone()))
}

fn ask(
    context: &mut Context<'_>,
    interrupts: &Interrupts,
    order: &RefundOrder,
    card: &str,
) -> Result<(), Failure> {
    confirm(
        context.ui,
        interrupts,
        &Question {
            about: card,
            question: "Refund this payment?",
            unasked: "this refund was not confirmed, and nobody can be asked here",
            hint: "to refund without being asked: add --yes",
            declined: "not confirmed",
            interrupted: &format!("interrupted before {} was refunded", order.merchant_uid),
        },
    )
}

fn made_up() -> Result<RefundId, Failure> {
    let mut random = [0; REFUND_ID_LENGTH];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::local("the system gave no random bytes for a refund's id"))?;
    Ok(RefundId::of_random(random))
}
