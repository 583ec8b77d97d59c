//! What ledger and gateway did not agree on when somebody last looked, and what the gateway charges by itself.

use crate::commands::attention::money::acknowledge;
use crate::commands::context::Context;
use crate::commands::pasted::{command_of, command_with};
use crate::domain::drift::DriftKind;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::left::{Found, Kept, Schedule};
use crate::domain::money::{Amount, Currency};
use crate::domain::time::from_epoch_s;
use crate::ledger::{Ledger, LedgerError};
use crate::output::attention::Item;
use crate::output::standing::since_word;
use crate::output::text::when;

/// What the last reconciliations found, and no later one saw settled.
pub(super) fn drift(context: &Context<'_>, ledger: &Ledger) -> Result<Vec<Item>, LedgerError> {
    let left = ledger.drift_left()?.into_iter();
    Ok(left.map(|kept| difference(context, kept)).collect())
}

/// What the gateway is going to charge, as it was last seen.
pub(super) fn schedules(context: &Context<'_>, ledger: &Ledger) -> Result<Vec<Item>, LedgerError> {
    let left = ledger.schedules_left()?.into_iter();
    Ok(left.map(|kept| schedule(context, kept)).collect())
}

fn difference(context: &Context<'_>, kept: Kept<Found>) -> Item {
    let Kept { what: found, id, first_seen, signed } = kept;
    let (command, otherwise) = match settled_by(context, &found) {
        Some(command) => (command, Some(acknowledge(context, &id))),
        None => (acknowledge(context, &id), None),
    };
    Item {
        kind: found.kind.word(),
        since: first_seen,
        id: Some(id),
        amount: amount(found.amount.as_deref(), found.currency.as_deref()),
        merchant_uid: found.merchant_uid,
        imp_uid: found.imp_uid,
        customer_uid: found.customer_uid,
        why: found.why,
        command,
        otherwise,
        signed,
    }
}

/// The command that ends a difference of this kind; `None` where only a person's word does.
fn settled_by(context: &Context<'_>, found: &Found) -> Option<String> {
    let order = found.merchant_uid.as_deref();
    let look_up = || order.map(|order| command_of(context.settings, "reconcile", order));
    let from = found.times.and_then(|(from_s, _)| from_epoch_s(from_s));
    let since = || from.map(|from| format!("reconcile --since {}", since_word(from, context.ui.zone())));
    let words = match found.kind {
        DriftKind::AmountDiffers
        | DriftKind::CustomerDiffers
        | DriftKind::TwoPayments
        | DriftKind::RefundUndone
        | DriftKind::SettledOutside => None,
        DriftKind::StatusDiffers | DriftKind::RefundDiffers => {
            return Some(command_with(context.settings, "reconcile", order?, vec![("--fix", None)]));
        }
        DriftKind::OnlyHere => return look_up(),
        DriftKind::Unconfirmed => since(),
        DriftKind::OnlyAtGateway
        | DriftKind::TestInLive
        | DriftKind::KeyIssue
        | DriftKind::ChargedBySchedule => {
            // Of an order that is here nothing is imported: a look-up settles it.
            if found.outcome.is_some() {
                return look_up();
            }
            // What the ledger cannot keep no import ends.
            let customer = found.customer_uid.as_deref();
            let may_be_kept = order.is_some_and(|order| MerchantUid::parse(order).is_ok())
                && customer.is_some_and(|customer| CustomerUid::parse(customer).is_ok());
            since().filter(|_| may_be_kept).map(|since| format!("{since} --import"))
        }
    };
    words.map(|words| context.hint(&words))
}

fn schedule(context: &Context<'_>, kept: Kept<Schedule>) -> Item {
    let Kept { what: schedule, id, first_seen, signed } = kept;
    let at = when(schedule.at, context.ui.zone());
    let why = if schedule.at > context.now() {
        format!(
            "the gateway charges it by itself on {at}, besides whatever billkey charges: take it back in the console, \
             or answer for it"
        )
    } else {
        format!(
            "the gateway was to charge it by itself on {at}: what became of it shows in a reconcile --since"
        )
    };
    Item {
        kind: "schedule",
        since: first_seen,
        amount: amount(schedule.amount.as_deref(), schedule.currency.as_deref()),
        merchant_uid: Some(schedule.merchant_uid),
        imp_uid: None,
        customer_uid: schedule.customer_uid,
        why,
        command: acknowledge(context, &id),
        otherwise: None,
        id: Some(id),
        signed,
    }
}

fn amount(digits: Option<&str>, currency: Option<&str>) -> Option<Amount> {
    let currency = Currency::parse(currency.unwrap_or(Currency::KRW.code())).ok()?;
    Amount::from_wire(digits?, currency)
}
