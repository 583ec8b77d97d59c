//! `billkey customer remove`: off the list, and with it the billing key, if asked.

use crate::commands::asking::{self, Question};
use crate::commands::context::Context;
use crate::commands::customer::answers::answer;
use crate::commands::customer::{RemoveArgs, unknown_customer};
use crate::commands::naming::customer_meant;
use crate::commands::schedules;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::{Deleted, GatewayFailure};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::text::{sentence, shell_word, when};
use crate::output::ui::NotInteractive;

/// Some PGs want a reason (facts 5).
const REASON: &str = "removed by the merchant";

/// How many payments that stand in the way are named; `history` lists the rest.
const UNSETTLED_SHOWN: usize = 10;

pub(super) fn run(args: &RemoveArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut ledger = context.ledger_at_hand()?;
    let uid = customer_meant(&args.customer_uid, Some(&ledger))?;
    let Some(customer) = ledger.find_customer(&uid)? else {
        return Err(unknown_customer(&ledger, &uid, "customer remove", context.settings));
    };
    // A schedule goes on charging a customer who is off the list here.
    let scheduled = schedules::of_customer(context, &mut ledger, &uid)?;
    schedules::warn(context, &scheduled);
    if args.delete_billing_key {
        refuse_while_unsettled(&ledger, &uid)?;
        confirm(&customer, args.yes, context)?;
        delete_billing_key(&uid, context)?;
    }
    let now = context.now();
    let removed_now = ledger.remove_customer(&uid, now)?;
    let first = match customer.removed_at {
        Some(at) if !removed_now => {
            format!("{uid} was removed before, on {}.", when(at, context.ui.zone()))
        }
        Some(_) | None => format!("Removed {uid}. Its payments stay in the history."),
    };
    let second = if args.delete_billing_key {
        "The gateway has no billing key for it any more.".to_owned()
    } else {
        format!("To have it back: billkey customer add {}", shell_word(uid.as_str()))
    };
    let removed = Customer { removed_at: customer.removed_at.or(Some(now)), ..customer };
    answer(context.ui, &format!("{first}\n  {second}"), &removed)
}

/// A payment whose end is not known may have to be sent again: with the key gone it never can be.
fn refuse_while_unsettled(ledger: &Ledger, uid: &CustomerUid) -> Result<(), Failure> {
    let mut unsettled = ledger.unsettled()?;
    unsettled.retain(|payment| payment.terms.customer_uid == *uid && payment.noted.is_none());
    let Some(first) = unsettled.first() else { return Ok(()) };
    let message = format!(
        "{uid} has {} whose outcome is not known yet; its billing key was not deleted",
        if unsettled.len() == 1 { "a payment".to_owned() } else { format!("{} payments", unsettled.len()) }
    );
    let order = shell_word(first.terms.merchant_uid.as_str());
    let refused = Failure::refused(message).hinted(format!("settle it first: billkey reconcile {order}"));
    let shown = unsettled.iter().take(UNSETTLED_SHOWN).fold(refused, |refused, payment| {
        let terms = &payment.terms;
        refused.detailed(format!("  {}  {}  {}", terms.merchant_uid, payment.outcome, terms.amount))
    });
    Err(match unsettled.len().checked_sub(UNSETTLED_SHOWN) {
        Some(more @ 1..) => shown.detailed(format!("  and {more} more")),
        Some(0) | None => shown,
    })
}

/// There is no way back from a deleted billing key, so somebody has to say yes.
fn confirm(customer: &Customer, yes: bool, context: &mut Context<'_>) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let uid = &customer.customer_uid;
    let card = customer.card.shown().map_or_else(String::new, |card| format!(", {card}"));
    let mode = customer.mode.word().to_uppercase();
    let question = format!("{mode}: have the gateway forget the card of {uid}{card}? This cannot be undone.");
    let unasked =
        format!("deleting the billing key of {uid} needs a yes, and {NotInteractive}. Nothing was deleted");
    let declined = format!("not confirmed; {uid} and its billing key stay");
    let interrupted = format!("interrupted; {uid} and its billing key stay");
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    asking::confirm(
        context.ui,
        &interrupts,
        &Question {
            about: "",
            question: &question,
            unasked: &unasked,
            hint: "add --yes",
            declined: &declined,
            interrupted: &interrupted,
        },
    )
}

/// Deletes at the gateway. That there is no billing key is said and is as good.
fn delete_billing_key(uid: &CustomerUid, context: &mut Context<'_>) -> Result<(), Failure> {
    let gateway = context.open_gateway()?;
    let waiting = context.ui.waiting("deleting the billing key");
    let deleted = gateway.client.delete_billing_key(uid, REASON);
    drop(waiting);
    match deleted {
        Ok(Deleted::Done) => Ok(()),
        Ok(Deleted::NotFound { said }) => {
            let words = sentence(&said.to_string());
            context.ui.status(&format!("The gateway had no billing key for {uid}: {words}"));
            Ok(())
        }
        Err(failure) => Err(not_deleted(failure, uid)),
    }
}

/// What a failed deletion means: with no answer, it may have happened.
fn not_deleted(failure: GatewayFailure, uid: &CustomerUid) -> Failure {
    let unclear = matches!(failure, GatewayFailure::NoAnswer { .. });
    let failure = Failure::from(failure);
    let message = sentence(&failure.message);
    let (meaning, hint) = if unclear {
        (
            format!("The billing key of {uid} may or may not be deleted; {uid} was not removed here."),
            Some("run the same command again: a billing key that is gone is no obstacle"),
        )
    } else if failure.kind == Kind::Network {
        (format!("Nothing was deleted, and {uid} was not removed."), Some("run the same command again"))
    } else {
        (format!("Nothing was deleted, and {uid} was not removed."), None)
    };
    let failure = Failure { message: format!("{message} {meaning}"), ..failure };
    match hint {
        Some(hint) => failure.hinted(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests;
