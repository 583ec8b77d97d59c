//! Settling refunds by the history of their payments: those that are open, and those that may show although they ended
//! without.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::billing::desk::Desk;
use crate::billing::refund::{LookedInto, reconcile_refund};
use crate::commands::context::Context;
use crate::commands::pasted::note_command;
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
use crate::domain::refund::Refund;
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError, Undone};
use crate::output::refund::undone_why;

/// How long a PG may take a refund back (facts 15.2: on the same day), and a day for whoever asks once a day.
const TAKEN_BACK_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// Those to ask about: of the payments named, or all that are open and those of late that may show.
pub(super) fn to_ask(
    args: &ReconcileArgs,
    ledger: &Ledger,
    uids: &[MerchantUid],
    customer: Option<&CustomerUid>,
    late_since: Timestamp,
) -> Result<Vec<Refund>, LedgerError> {
    let (mut refunds, late_since) = match args.ids.is_empty() {
        true => (ledger.open_refunds()?, late_since),
        false => (ledger.open_refunds()?, Timestamp::MIN),
    };
    refunds.extend(ledger.refunds_that_may_show(late_since)?);
    let mut asked = Vec::new();
    for refund in refunds {
        let named = args.ids.is_empty() || uids.contains(&refund.merchant_uid);
        if named && is_of(ledger, &refund.merchant_uid, customer)? {
            asked.push(refund);
        }
    }
    Ok(asked)
}

/// Payments to ask about because something of them went back of late, and may have been taken back since.
pub(super) fn gone_back(
    ledger: &Ledger,
    customer: Option<&CustomerUid>,
    now: Timestamp,
) -> Result<Vec<MerchantUid>, LedgerError> {
    let mut uids = Vec::new();
    for uid in ledger.gone_back(now.checked_sub(TAKEN_BACK_WITHIN).unwrap_or(now))? {
        if is_of(ledger, &uid, customer)? {
            uids.push(uid);
        }
    }
    Ok(uids)
}

fn is_of(ledger: &Ledger, uid: &MerchantUid, customer: Option<&CustomerUid>) -> Result<bool, LedgerError> {
    let Some(customer) = customer else { return Ok(true) };
    Ok(ledger.find(uid)?.is_some_and(|payment| payment.terms.customer_uid == *customer))
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
            Ok(Some(LookedInto { unanswered: Some(why), .. })) => {
                stopped = in_vain.hear(false, desk.gateway.gate().0);
                if let Some(payment) = desk.ledger.find(&refund.merchant_uid)? {
                    told.refund_unanswered(payment, refund, &why.to_string());
                }
            }
            Ok(Some(LookedInto { refund: now, unanswered: None })) => {
                stopped = in_vain.hear(true, desk.gateway.gate().0);
                tell(refund, now, told, zone);
                if let (Some(before), Some(after)) = (before, state(desk, refund)?) {
                    refunded_elsewhere(&before, &after, told, context);
                }
            }
            Ok(None) => tell(refund, refund.clone(), told, zone),
            Err(held) => {
                told.refund(refund.clone(), false, zone);
                stopped = Some(held_up(held));
            }
        }
    }
    // What had ended stays what it was until somebody asks.
    left.filter(|refund| refund.outcome.is_open())
        .for_each(|refund| told.refund(refund.clone(), false, zone));
    Ok(stopped)
}

/// Tells what an answer makes of a refund. What had ended, and is what it was, is told no second time.
fn tell(before: &Refund, now: Refund, told: &mut Told, zone: &TimeZone) {
    if !before.outcome.is_open() && now.outcome == before.outcome {
        told.agrees();
    } else {
        told.refund(now, true, zone);
    }
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

/// Tells refunds that the PG took back, as was noted, and that the gateway goes on showing.
pub(super) fn tell_taken_back(
    taken_back: Vec<(Payment, Refund)>,
    customer: Option<&CustomerUid>,
    told: &mut Told,
) {
    for (payment, refund) in taken_back {
        let record = payment.records.iter().find(|record| record.imp_uid == refund.imp_uid);
        let back = record.and_then(|record| record.cancelled);
        let shows = back.is_some_and(|back| back >= refund.amount);
        if shows && customer.is_none_or(|customer| payment.terms.customer_uid == *customer) {
            told.taken_back(&payment, record, &refund);
        }
    }
}

/// Tells refunds that the gateway showed and does not show any more, of the orders that the run is about.
pub(super) fn tell_undone(
    undone: Vec<Undone>,
    (args, uids, customer): (&ReconcileArgs, &[MerchantUid], Option<&CustomerUid>),
    context: &Context<'_>,
    told: &mut Told,
) {
    let named: HashSet<&MerchantUid> = uids.iter().collect();
    for Undone { payment, imp_uid, shown, refunds } in undone {
        let terms = &payment.terms;
        let is_asked_for = args.ids.is_empty() || named.contains(&terms.merchant_uid);
        if !is_asked_for || customer.is_some_and(|customer| terms.customer_uid != *customer) {
            continue;
        }
        let record = payment.records.iter().find(|record| record.imp_uid == imp_uid);
        told.undone(&payment, record, undone_why(&refunds, shown));
        for refund in &refunds {
            told.next(&note_command(context.settings, refund.id.as_str(), "not-refunded"));
        }
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
