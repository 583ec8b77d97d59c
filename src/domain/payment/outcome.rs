//! What a charge and a refund can come to, each in one word.

use std::fmt;

/// The answer to the one question: was the customer charged?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The gateway says `paid`, for what was asked.
    Paid,
    /// The card company was reached and said no.
    Declined,
    /// The gateway refused the request and knows of no payment.
    Rejected,
    /// The request may have arrived and no usable answer came back.
    Unknown,
    /// The request certainly never reached the gateway.
    NotSent,
    /// The intent is written; its request is about to leave, in flight, or lost with its process.
    Pending,
}

impl Outcome {
    pub const ALL: [Outcome; 6] = [
        Outcome::Paid,
        Outcome::Declined,
        Outcome::Rejected,
        Outcome::Unknown,
        Outcome::NotSent,
        Outcome::Pending,
    ];

    /// The word used on the command line, in JSON and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Paid => "paid",
            Outcome::Declined => "declined",
            Outcome::Rejected => "rejected",
            Outcome::Unknown => "unknown",
            Outcome::NotSent => "not_sent",
            Outcome::Pending => "pending",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether it is not known what became of the newest request.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Outcome::Unknown | Outcome::Pending)
    }

    /// Whether the customer was charged or may have been: such a payment counts for limits and is looked at
    /// before a similar one is sent.
    #[must_use]
    pub fn may_have_charged(self) -> bool {
        match self {
            Outcome::Paid | Outcome::Unknown | Outcome::Pending => true,
            Outcome::Declined | Outcome::Rejected | Outcome::NotSent => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The answer to the one question: did the money go back?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundOutcome {
    /// The gateway shows it, in the payment's history of refunds.
    Refunded,
    /// The gateway or the PG said no, and the balance is what it was without it.
    Refused,
    /// The request may have arrived, and the gateway shows nothing certain.
    Unknown,
    /// The request certainly had no effect.
    NotSent,
    /// The intent is written; its request is about to leave, in flight, or lost with its process.
    Pending,
}

impl RefundOutcome {
    pub const ALL: [RefundOutcome; 5] = [
        RefundOutcome::Refunded,
        RefundOutcome::Refused,
        RefundOutcome::Unknown,
        RefundOutcome::NotSent,
        RefundOutcome::Pending,
    ];

    /// The word used on the command line, in JSON and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RefundOutcome::Refunded => "refunded",
            RefundOutcome::Refused => "refused",
            RefundOutcome::Unknown => "unknown",
            RefundOutcome::NotSent => "not_sent",
            RefundOutcome::Pending => "pending",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<RefundOutcome> {
        RefundOutcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether money went back or may have.
    #[must_use]
    pub fn may_have_refunded(self) -> bool {
        match self {
            RefundOutcome::Refunded | RefundOutcome::Unknown | RefundOutcome::Pending => true,
            RefundOutcome::Refused | RefundOutcome::NotSent => false,
        }
    }

    /// Whether a look-up has still to say what became of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, RefundOutcome::Unknown | RefundOutcome::Pending)
    }
}
