//! What a refund's row becomes. No SQL.

use jiff::Timestamp;

use crate::domain::payment::{Outcome, Payment, Received, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::refund::{Refund, RefundEnd};
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

/// Whether a refund may be begun beside the payment's others. `similar_since`: one of the same amount since then
/// is in the way; `None` lets it pass (`--again`). One that is open is in the way in any case: what became of it
/// changes what can be refunded.
pub(in crate::ledger) fn may_begin(
    payment: &Payment,
    others: &[Refund],
    refund: &Refund,
    similar_since: Option<Timestamp>,
) -> Result<(), RefundHeld> {
    if payment.outcome != Outcome::Paid {
        return Err(RefundHeld::NotPaid);
    }
    let similar = |other: &Refund| {
        similar_since.is_some_and(|since| {
            other.outcome.may_have_refunded() && other.amount == refund.amount && other.requested_at >= since
        })
    };
    let of_the_same = others.iter().filter(|other| other.imp_uid == refund.imp_uid);
    match of_the_same.rev().find(|other| other.outcome.is_open() || similar(other)) {
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
pub(in crate::ledger) fn ended(refund: Refund, end: &RefundEnd, received: &Received) -> Option<Refund> {
    if refund.outcome == RefundOutcome::Refunded {
        return None;
    }
    let code = received.code.filter(|code| *code != 0).or(refund.code);
    let words = |words: &Option<String>| words.clone().or_else(|| refund.message.clone());
    let refund = match end {
        RefundEnd::Refunded(entry) => Refund {
            refunded_at: entry.at_s.and_then(from_epoch_s),
            cancellation_id: entry.cancellation_id.clone(),
            receipt_url: entry.receipt_url.clone(),
            code: None,
            message: None,
            why: None,
            ..refund
        },
        RefundEnd::Refused(said) => Refund { message: words(said), code, why: None, ..refund },
        RefundEnd::Unknown(reason) => {
            Refund { message: words(&said_in(reason)), code, why: Some(reason.clone()), ..refund }
        }
        RefundEnd::NotSent(reason) => Refund { why: Some(reason.clone()), ..refund },
    };
    Some(Refund { outcome: end.outcome(), ..refund })
}

/// The gateway's words in a reason that was made of a refusal: they decide what the refund ends as when it never
/// shows.
fn said_in(reason: &Reason) -> Option<String> {
    if let Reason::RefundRefusedInDoubt { said } | Reason::RefusedNotLookedUp { said, .. } = reason
        && let Said::Words(words) = said
    {
        return Some(words.clone());
    }
    None
}
