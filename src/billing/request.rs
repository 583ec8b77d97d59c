//! A charge as it is asked for, and the end that a stored row is to it.

use std::sync::Arc;
use std::time::Duration;

use crate::billing::report::{Ended, Report};
use crate::domain::charge::ChargeRequest;
use crate::domain::payment::{Payment, Terms};
use crate::domain::protocol::{self, Opening, Stored};
use crate::ledger::{Guards, Ledger, LedgerError};

/// A charge as asked for, checked, and how to go about it.
pub struct Charge {
    pub request: Arc<ChargeRequest>,
    /// Send a declined or rejected one once more.
    pub retry: bool,
    pub guards: Guards,
    /// How long an unanswered request may take to show in a look-up.
    pub settle_after: Duration,
    /// How long to wait for another process that is at the same payment.
    pub lock_wait_max: Duration,
    pub note: Option<String>,
    pub operator: Option<String>,
}

/// What happens meanwhile, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Another process is at the same payment.
    WaitingForOther,
    /// The request is out.
    Sent,
    /// An interrupt came while the request was out.
    StillWaiting,
}

/// The end of a charge that needs neither the gateway nor the lock, because the stored row is the
/// answer or stands in the way; `None` when there is more to do.
pub fn ended_before(ledger: &Ledger, order: &Charge) -> Result<Option<Ended>, LedgerError> {
    let payment = ledger.find(&order.request.terms.merchant_uid)?;
    Ok(payment.and_then(|payment| ended_by(payment, order).ok()))
}

/// The end that a stored row is; the row itself when there is more to do.
pub fn ended_by(payment: Payment, order: &Charge) -> Result<Ended, Box<Payment>> {
    match protocol::open(&stored(&payment, &order.request), order.retry) {
        Opening::Replay => Ok(Ended::Answered(Box::new(Report::of_stored(payment)))),
        Opening::RefuseOtherTerms => Ok(Ended::OtherTerms(Box::new(payment))),
        Opening::Ask(_) | Opening::Claim => Err(Box::new(payment)),
    }
}

/// Whether a row is for what is asked for now, or may become that: one that was never sent takes new terms.
#[must_use]
pub fn same_terms(row: &Payment, asked: &Terms) -> bool {
    let same = row.terms.customer_uid == asked.customer_uid && row.terms.amount == asked.amount;
    same || row.was_never_sent()
}

/// The row as the protocol sees it.
pub(super) fn stored(row: &Payment, request: &ChargeRequest) -> Stored {
    let asked = &request.terms;
    Stored {
        outcome: row.outcome,
        same_terms: same_terms(row, asked),
        same_mode: row.terms.mode == asked.mode,
        unanswered: row.unanswered > 0,
    }
}
