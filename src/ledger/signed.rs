//! What somebody answers for.

use jiff::Timestamp;

use crate::domain::standing::{Account, Distrust};
use crate::domain::time::Moment;

/// Somebody answers for a payment beside another one of its order, or takes that back.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    pub imp_uid: String,
    pub at: Timestamp,
    pub operator: Option<String>,
    pub reason: String,
    /// False takes it back.
    pub given: bool,
}

/// Somebody answers for a disagreement, a schedule or a refused refund, or takes that back.
#[derive(Clone, Debug)]
pub struct AnswerFor {
    pub subject: String,
    pub at: Timestamp,
    pub operator: Option<String>,
    pub reason: String,
    /// False takes it back.
    pub given: bool,
}

/// What a person answers for.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub at: Timestamp,
    pub operator: Option<String>,
    pub reason: String,
    /// The key in use, if there is one: it is accepted as the ledger's own.
    pub account: Option<Account>,
    /// Whether the ledger may send what it never sent, unasked. A ledger that is distrusted may not.
    pub unasked: bool,
}

/// What was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The doubt that is over, but for its wait.
    pub distrust: Option<Distrust>,
    /// Whether the key in use was another account's until now.
    pub account: bool,
    pub unasked_until: Option<Timestamp>,
}

/// What somebody answers for who begins an empty ledger in place of one that is lost.
#[derive(Clone, Debug)]
pub struct Beginning {
    pub now: Moment,
    pub acceptance: Acceptance,
}
