//! What an answer to a charge means.

use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::protocol::Answered;

/// The meaning of one answer to `POST /subscribe/payments/again` (facts 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `code` 0, `status: paid`, and merchant_uid, amount and currency are the ones asked for.
    Paid(Box<GatewayRecord>),
    /// `code` 0 and `status: failed`.
    Declined(Box<GatewayRecord>),
    /// `code` is not 0 and there is no payment in the answer. `duplicate`: the words say that the
    /// merchant_uid was paid or refunded before (facts 2.5).
    Refused { code: i64, message: Option<String>, duplicate: bool },
    /// The token was not taken: nothing was processed.
    Unauthorized,
    /// The request certainly never reached the gateway; the reason is a sentence for people.
    NotSent { reason: String },
    /// The request may have reached the gateway and this says nothing certain; the reason is a
    /// sentence for people. The record is there when one was sent that does not match.
    Unclear { reason: String, record: Option<Box<GatewayRecord>> },
}

impl Answer {
    /// The answer as the protocol sees it.
    #[must_use]
    pub fn kind(&self) -> Answered {
        match self {
            Answer::Paid(_) => Answered::Paid,
            Answer::Declined(_) => Answered::Declined,
            Answer::Refused { duplicate, .. } => Answered::Refused { duplicate: *duplicate },
            Answer::Unauthorized => Answered::Unauthorized,
            Answer::NotSent { .. } => Answered::NotSent,
            Answer::Unclear { .. } => Answered::Unclear,
        }
    }
}

/// An answer and what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeReply {
    pub answer: Answer,
    pub received: Received,
}
