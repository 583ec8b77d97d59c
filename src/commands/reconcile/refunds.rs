//! Settling refunds that are open, by the history of their payments.

use crate::billing::desk::Desk;
use crate::billing::refund::reconcile_refund;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::differ::tell_taken;
use crate::commands::reconcile::drifted::as_shown;
use crate::commands::reconcile::in_vain::InVain;
use crate::commands::reconcile::settle::held_up;
use crate::commands::reconcile::tell::Told;
use crate::domain::drift::{DriftKind, drift};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::Amount;
use crate::domain::payment::{Payment, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::Refund;
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError};

/// Those to ask about: of the payments named, or all.
pub(super) fn open(
    args: &ReconcileArgs,
    ledger: &Ledger,
    uids: &[MerchantUid],
    customer: Option<&CustomerUid>,
) -> Result<Vec<Refund>, LedgerError> {
    let mut open = Vec::new();
    for refund in ledger.open_refunds()? {
        let named = args.ids.is_empty() || uids.contains(&refund.merchant_uid);
        let of_customer = match customer {
            None => true,
            Some(customer) => ledger
                .find(&refund.merchant_uid)?
                .is_some_and(|payment| payment.terms.customer_uid == *customer),
        };
        if named && of_customer {
            open.push(refund);
        }
    }
    Ok(open)
}

/// Asks about each. Gives why it stopped, if it did; those that nobody was asked about then are listed as they are.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    refunds: &[Refund],
    context: &Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, LedgerError> {
    let settle_after = context.settings.settle_after;
    let zone = context.ui.zone();
    let (mut in_vain, mut left) = (InVain::default(), refunds.iter());
    let mut stopped = None;
    while stopped.is_none()
        && let Some(refund) = left.next()
    {
        let before = state(desk, refund)?;
        match reconcile_refund(desk, refund, settle_after)? {
            Ok(Some(now)) => {
                let answered = !matches!(now.why, Some(Reason::LookupNoAnswer { .. }));
                stopped = in_vain.hear(answered, desk.gateway.gate().0);
                told.refund(now, answered, zone);
                if answered && let (Some(before), Some(after)) = (before, state(desk, refund)?) {
                    refunded_elsewhere(&before, &after, told, context);
                }
            }
            Ok(None) => told.refund(refund.clone(), true, zone),
            Err(held) => {
                told.refund(refund.clone(), false, zone);
                stopped = Some(held_up(held));
            }
        }
    }
    left.for_each(|refund| told.refund(refund.clone(), false, zone));
    Ok(stopped)
}

/// An order's own payment, and how much of it was refunded from here.
struct State {
    payment: Payment,
    from_here: i64,
}

/// `None` for a refund of another payment than the order's own.
fn state(desk: &Desk<'_>, refund: &Refund) -> Result<Option<State>, LedgerError> {
    let Some(payment) = desk.ledger.find(&refund.merchant_uid)? else { return Ok(None) };
    if payment.imp_uid.as_deref() != Some(&refund.imp_uid) {
        return Ok(None);
    }
    let refunds = desk.ledger.refunds(&refund.merchant_uid)?;
    let ours = |one: &&Refund| one.imp_uid == refund.imp_uid && one.outcome == RefundOutcome::Refunded;
    let from_here = refunds.iter().filter(ours).map(|one| one.amount.minor()).fold(0, i64::saturating_add);
    Ok(Some(State { payment, from_here }))
}

/// The look-up for a refund of ours has put into the row what the gateway shows of all refunds. What was refunded
/// elsewhere is told now: no list will find it any more.
fn refunded_elsewhere(before: &State, after: &State, told: &mut Told, context: &Context<'_>) {
    let own = after.payment.imp_uid.as_deref();
    let Some(record) = after.payment.records.iter().find(|record| Some(record.imp_uid.as_str()) == own)
    else {
        return;
    };
    let back = |state: &State| state.payment.cancel_amount.map_or(0, |back| back.minor());
    let Some(known) = known_before(back(before), back(after), after.from_here - before.from_here) else {
        return;
    };
    let known = Amount::from_minor(known, after.payment.terms.amount.currency());
    let row = Payment { cancel_amount: Some(known), ..before.payment.clone() };
    let record = as_shown(record);
    let mut kinds = drift(Some(&row), &record, context.settings.mode);
    kinds.retain(|kind| matches!(kind, DriftKind::StatusDiffers | DriftKind::RefundDiffers));
    tell_taken(told, &kinds, &row, &record);
}

/// How much was known to be refunded before a look-up, where that is not what it shows. `settled` is what it found to
/// have been refunded from here; the row may have had a part of that already, from a look-up that could not tell whose
/// refund it was.
fn known_before(before: i64, after: i64, settled: i64) -> Option<i64> {
    let most = before.saturating_add(settled);
    if after > most {
        Some(most)
    } else if after < before {
        Some(before)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::known_before;

    #[test]
    fn what_was_refunded_elsewhere_is_told_and_what_was_refunded_from_here_is_not() {
        for (rule, before, after, settled, known) in [
            ("nothing was refunded", 0, 0, 0, None),
            ("ours alone", 0, 3_000, 3_000, None),
            ("ours, beside an earlier one", 1_000, 4_000, 3_000, None),
            ("ours, that a look-up had shown before it was known as ours", 3_000, 3_000, 3_000, None),
            ("ours, and another one", 0, 4_000, 3_000, Some(3_000)),
            ("another one alone", 0, 8_900, 0, Some(0)),
            ("another one that was told before", 1_000, 1_000, 0, None),
            ("less than before", 3_000, 1_000, 0, Some(3_000)),
        ] {
            assert_eq!(known_before(before, after, settled), known, "{rule}");
        }
    }
}
