//! What an answer to a charge means.

use crate::domain::declines::{Kind, Proof, read};
use crate::domain::payment::{GatewayRecord, Outcome, Received};
use crate::domain::reason::Reason;

/// The meaning of one answer to `POST /subscribe/payments/again` (facts 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `code` 0, `status: paid`, and merchant_uid, amount and currency are the ones asked for.
    Paid(Box<GatewayRecord>),
    /// `code` 0 and `status: failed`.
    Declined(Box<GatewayRecord>),
    /// `code` is not 0 and there is no payment in the answer.
    Refused(Refusal),
    /// The token was not taken: nothing was processed.
    Unauthorized,
    /// The request certainly never reached the gateway.
    NotSent(Reason),
    /// The request may have reached the gateway and this says nothing certain. The record is there when one
    /// was sent that does not match.
    Unclear { reason: Reason, record: Option<Box<GatewayRecord>> },
}

/// A refusal in the gateway's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: i64,
    pub words: Option<String>,
    /// It came as a conflict (HTTP 409), which is with something: perhaps with the same payment in flight.
    pub conflict: bool,
}

impl Refusal {
    /// What it says of the request (facts 2.5, 19). `pg` is the saved customer's: a refusal names none.
    #[must_use]
    pub fn proof(&self, pg: Option<&str>) -> Proof {
        if self.conflict {
            return Proof::Question;
        }
        read(pg, self.words.as_deref().unwrap_or_default(), Kind::Refusal).proof
    }
}

/// What an answer makes of its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Paid(Box<GatewayRecord>),
    Declined(Box<GatewayRecord>),
    /// The card may have been charged.
    Unknown(Reason),
}

impl Settled {
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Settled::Paid(_) => Outcome::Paid,
            Settled::Declined(_) => Outcome::Declined,
            Settled::Unknown(_) => Outcome::Unknown,
        }
    }

    /// The gateway's record of the payment. One that does not match is none: it must not lend the payment its
    /// imp_uid.
    #[must_use]
    pub fn record(&self) -> Option<&GatewayRecord> {
        match self {
            Settled::Paid(record) | Settled::Declined(record) => Some(record),
            Settled::Unknown(_) => None,
        }
    }
}

/// An answer and what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeReply {
    pub answer: Answer,
    pub received: Received,
}
