//! What a look at a payment makes of its refunds that have no certain end yet. Nothing is sent.

use std::time::Duration;

use jiff::Timestamp;

use crate::billing::book::Book;
use crate::billing::desk::Desk;
use crate::billing::refund::{LookedAt, RefundOrder, look};
use crate::billing::report::Held;
use crate::domain::payment::{Received, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::{Look, Refund, RefundEnd, review, silence_proves};
use crate::ledger::{Entry, LedgerError, refund_ended};

/// Settles the refunds of the payment by what the gateway shows of it: those that are open, and those that were
/// taken for refused or not sent and show all the same.
pub(super) fn settle_open(
    desk: &mut Desk<'_>,
    order: &RefundOrder,
    looked: &LookedAt,
) -> Result<(), LedgerError> {
    let is_to_settle = |refund: &&Refund| is_to_settle(refund, order);
    if !desk.ledger.refunds(&order.merchant_uid)?.iter().any(|refund| is_to_settle(&refund)) {
        return Ok(());
    }
    // A pending one may be a living process's.
    let Some(_lock) = desk.ledger.lock_payment(&order.merchant_uid)? else { return Ok(()) };
    // Under the lock it may be another than it was.
    let others = desk.ledger.refunds(&order.merchant_uid)?;
    for refund in others.iter().filter(is_to_settle) {
        let _ = settle(desk, refund, &others, looked, order.settle_after)?;
    }
    Ok(())
}

/// The order's refunds as [`settle_open`] would leave them.
pub(super) fn as_they_would_be(
    desk: &Desk<'_>,
    order: &RefundOrder,
    looked: &LookedAt,
) -> Result<Vec<Refund>, LedgerError> {
    let others = desk.ledger.refunds(&order.merchant_uid)?;
    let would_be = |refund: &Refund| {
        let end = is_to_settle(refund, order)
            .then(|| end_of(desk, refund, &others, looked, order.settle_after))
            .flatten();
        let ended = end.and_then(|end| refund_ended(refund.clone(), &end, &looked.reply.received));
        ended.unwrap_or_else(|| refund.clone())
    };
    Ok(others.iter().map(would_be).collect())
}

fn is_to_settle(refund: &Refund, order: &RefundOrder) -> bool {
    refund.imp_uid == order.imp_uid && refund.outcome != RefundOutcome::Refunded
}

/// What a look at its payment makes of a refund; `None` where nothing changes.
fn end_of(
    desk: &Desk<'_>,
    refund: &Refund,
    others: &[Refund],
    LookedAt { payment, reply, asked_at }: &LookedAt,
    settle_after: Duration,
) -> Option<RefundEnd> {
    let waited =
        silence_proves(payment.pg_provider.as_deref()) && desk.age_of(&refund.sent, asked_at) >= settle_after;
    review(refund, others, &reply.look, waited)
}

/// Writes it down; the refund as it is from then on.
fn settle(
    desk: &mut Desk<'_>,
    refund: &Refund,
    others: &[Refund],
    looked: &LookedAt,
    settle_after: Duration,
) -> Result<Refund, LedgerError> {
    let end = end_of(desk, refund, others, looked, settle_after);
    // That an open one was asked about, and did not show, is what a person goes by who ends it.
    if end.is_none() && !refund.outcome.is_open() {
        return Ok(refund.clone());
    }
    let (id, at) = (refund.id.clone(), looked.asked_at.wall);
    let (record, received) = (looked.reply.record.clone(), looked.reply.received.clone());
    let _ = desk.ledger.write(Entry::RefundEnd { id, at, end, record, received })?;
    Ok(desk.ledger.find_refund(&refund.id)?.unwrap_or_else(|| refund.clone()))
}

/// Writes down that a run has told of a refund that a later look-up had found.
pub fn told(ledger: &mut dyn Book, refund: &Refund, at: Timestamp) -> Result<(), LedgerError> {
    if refund.is_untold() {
        let (id, end) = (refund.id.clone(), Some(RefundEnd::Told));
        let _ =
            ledger.write(Entry::RefundEnd { id, at, end, record: None, received: Received::default() })?;
    }
    Ok(())
}

/// What became of a refund that was asked about.
#[derive(Debug)]
pub struct LookedInto {
    pub refund: Refund,
    /// The gateway gave no answer: nothing was learnt, whatever is recorded.
    pub unanswered: Option<Reason>,
}

/// Asks what became of one refund, and writes it down. `None` where another process has the payment.
pub fn reconcile_refund(
    desk: &mut Desk<'_>,
    refund: &Refund,
    settle_after: Duration,
) -> Result<Result<Option<LookedInto>, Held>, LedgerError> {
    let Some(_lock) = desk.ledger.lock_payment(&refund.merchant_uid)? else { return Ok(Ok(None)) };
    let Some(payment) = desk.ledger.find(&refund.merchant_uid)? else { return Ok(Ok(None)) };
    let looked = match look(desk, &payment, &refund.imp_uid) {
        Ok((reply, asked_at)) => LookedAt { payment, reply, asked_at },
        Err(held) => return Ok(Err(held)),
    };
    let others = desk.ledger.refunds(&refund.merchant_uid)?;
    // Under the lock it may be another's than it was.
    let Some(refund) = others.iter().find(|other| other.id == refund.id) else { return Ok(Ok(None)) };
    let refund = settle(desk, refund, &others, &looked, settle_after)?;
    let unanswered = match looked.reply.look {
        Look::NoAnswer(reason) => Some(reason),
        Look::Shown(_) | Look::Odd(_) => None,
    };
    Ok(Ok(Some(LookedInto { refund, unanswered })))
}
