//! What a decision about a row was made on.

use crate::domain::payment::{Outcome, Payment};

/// A row as somebody saw it and decided on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub outcome: Outcome,
    pub attempts: u32,
}

impl Seen {
    #[must_use]
    pub fn of(payment: &Payment) -> Seen {
        Seen { outcome: payment.outcome, attempts: payment.attempts }
    }
}
