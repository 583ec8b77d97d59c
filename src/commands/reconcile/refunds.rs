//! Settling refunds by the history of their payments: those that are open, and those that may show although they ended
//! without.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use crate::billing::desk::Desk;
use crate::billing::refund::reconcile_refund;
use crate::commands::context::Context;
use crate::commands::pasted::note_command;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::settle::held_up;
use crate::commands::reconcile::tell::Told;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::Payment;
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

/// Asks about each. Gives why it stopped, if it did.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    refunds: &[Refund],
    context: &Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, LedgerError> {
    let settle_after = context.settings.settle_after;
    let zone = context.ui.zone();
    for refund in refunds {
        let now = match reconcile_refund(desk, refund, settle_after)? {
            Ok(now) => now,
            Err(held) => {
                told.refund(refund.clone(), zone);
                return Ok(Some(held_up(held)));
            }
        };
        let unanswered = now.as_ref().and_then(|now| now.unanswered.as_ref());
        if let Some(why) = unanswered
            && let Some(payment) = desk.ledger.find(&refund.merchant_uid)?
        {
            told.refund_unanswered(payment, refund, &why.to_string());
            continue;
        }
        let now = now.map_or_else(|| refund.clone(), |now| now.refund);
        // What had ended, and is what it was, is told no second time.
        if !refund.outcome.is_open() && now.outcome == refund.outcome {
            told.agrees();
        } else {
            told.refund(now, zone);
        }
    }
    Ok(None)
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
