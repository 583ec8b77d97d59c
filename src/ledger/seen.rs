//! What a decision about a row was made on.

use crate::domain::payment::{Outcome, Payment};
use crate::domain::time::SendMark;

/// A row as somebody saw it and decided on it. A second send of the same attempt changes neither outcome nor
/// attempts, and begins the wait anew: who judged by the send before it must not go by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub outcome: Outcome,
    pub attempts: u32,
    pub last_send: Option<SendMark>,
}

impl Seen {
    #[must_use]
    pub fn of(payment: &Payment) -> Seen {
        let Payment { outcome, attempts, last_send, .. } = payment;
        Seen { outcome: *outcome, attempts: *attempts, last_send: last_send.clone() }
    }
}
