//! What a refund's row becomes. No SQL.

use jiff::Timestamp;

use crate::domain::payment::{Outcome, Payment, Received, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::refund::{Refund, RefundEnd, in_the_way};
use crate::domain::time::from_epoch_s;
use crate::ledger::rules::{as_kept, whole_ms};

/// Why a refund is not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundHeld {
    /// The payment is not there, or is not paid, as far as the ledger knows.
    NotPaid,
    /// One of the same payment is open, or was like it a moment ago.
    InTheWay(Box<Refund>),
}

/// Whether a refund may be begun beside the payment's others ([`in_the_way`]).
pub(in crate::ledger) fn may_begin(
    payment: &Payment,
    others: &[Refund],
    refund: &Refund,
    similar_since: Option<Timestamp>,
) -> Result<(), RefundHeld> {
    if payment.outcome != Outcome::Paid {
        return Err(RefundHeld::NotPaid);
    }
    match in_the_way(others, &refund.imp_uid, refund.amount, similar_since) {
        Some(other) => Err(RefundHeld::InTheWay(Box::new(other.clone()))),
        None => Ok(()),
    }
}

/// A refund as it is kept.
pub(in crate::ledger) fn as_asked(refund: &Refund) -> Refund {
    Refund {
        outcome: RefundOutcome::Pending,
        requested_at: whole_ms(refund.requested_at),
        sent: as_kept(&refund.sent),
        ..refund.clone()
    }
}

/// A refund as it ended. Money that went back stays on record: `None` where nothing changes.
#[must_use]
pub fn ended(refund: Refund, end: &RefundEnd, received: &Received) -> Option<Refund> {
    if refund.outcome == RefundOutcome::Refunded || *end == RefundEnd::Told {
        let is_told = *end == RefundEnd::Told && refund.is_untold();
        return is_told.then_some(Refund { why: Some(Reason::RefundFoundAndTold), ..refund });
    }
    let code = received.code.filter(|code| *code != 0).or(refund.code);
    let words = |words: &Option<String>| words.clone().or_else(|| refund.message.clone());
    let refund = match end {
        RefundEnd::Refunded(entry) | RefundEnd::FoundLater(entry) => Refund {
            refunded_at: entry.at_s.and_then(from_epoch_s),
            cancellation_id: entry.cancellation_id.clone(),
            receipt_url: entry.receipt_url.clone(),
            code: None,
            message: None,
            why: matches!(end, RefundEnd::FoundLater(_)).then_some(Reason::RefundFoundLater),
            ..refund
        },
        RefundEnd::Refused(said) => Refund { message: words(said), code, why: None, ..refund },
        RefundEnd::Unknown(reason) => {
            Refund { message: words(&said_in(reason)), code, why: Some(reason.clone()), ..refund }
        }
        RefundEnd::NotSent(reason) => Refund { why: Some(reason.clone()), ..refund },
        RefundEnd::Told => refund,
    };
    Some(Refund { outcome: end.outcome(), ..refund })
}

/// The gateway's words in a reason that was made of a refusal: they decide what the refund ends as when it never
/// shows.
fn said_in(reason: &Reason) -> Option<String> {
    if let Reason::RefundRefusedInDoubt { said }
    | Reason::RefundRefusedNotLookedUp { said, .. }
    | Reason::RefusedNotLookedUp { said, .. } = reason
        && let Said::Words(words) = said
    {
        return Some(words.clone());
    }
    None
}
