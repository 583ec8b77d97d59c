//! How a charge ended, and the sentences that say why.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::ids::MerchantUid;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received};
use crate::domain::reason::{Reason, Said};
use crate::gateway::TokenFailure;
use crate::interrupt::NoValue;
use crate::ledger::LedgerError;

/// How a charge ended.
#[derive(Debug)]
pub enum Ended {
    /// The payment's outcome is the answer, whether it was sent now or before.
    Answered(Box<Report>),
    /// The merchant_uid stands for another charge; nothing was sent.
    OtherTerms(Box<Payment>),
    /// A charge just like it was made a moment ago; nothing was sent.
    Similar(Box<Payment>),
    /// The gateway knows the order as another payment; nothing was sent.
    OtherAtGateway { payment: Option<Box<Payment>>, record: Box<GatewayRecord>, why: Reason },
    /// The day's limit would be passed; nothing was sent.
    OverDaily { spent: Amount, max: Amount },
    /// Another process kept the payment to itself for too long; nothing was sent.
    Busy { payment: Option<Box<Payment>>, waited: Duration },
    /// Stopped before anything was written or sent.
    Interrupted,
}

/// The answer and what belongs to it.
#[derive(Debug)]
pub struct Report {
    pub payment: Payment,
    /// The outcome was not made by a request of this run.
    pub replayed: bool,
    /// It was made elsewhere: this ledger did not know of it.
    pub found: bool,
    /// Why this run sent nothing, when it was to.
    pub held: Option<Held>,
    /// From when on the same merchant_uid may be sent again, by the wall clock.
    pub try_again_at: Option<Timestamp>,
    /// The profile's mode, where the gateway's flag says that another kind of money moved.
    pub mode_denied: Option<Mode>,
    /// The stored outcome may not be the last word, and the gateway did not say: why.
    pub in_vain: Option<Reason>,
    /// What is to be told of other orders of the same customer and amount.
    pub asides: Vec<Reason>,
    /// The open order that has to be cleared up first.
    pub beside: Option<Box<Payment>>,
}

impl Report {
    /// A stored row as the answer.
    pub(super) fn of_stored(payment: Payment) -> Report {
        Report { replayed: true, ..Report::of_own(payment) }
    }

    /// The answer to a request of this run, with nothing more to say.
    pub(super) fn of_own(payment: Payment) -> Report {
        Report {
            payment,
            replayed: false,
            found: false,
            held: None,
            try_again_at: None,
            mode_denied: None,
            in_vain: None,
            asides: Vec::new(),
            beside: None,
        }
    }
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The gateway was not reached.
    NotReached(Reason),
    /// The API key was refused; what the gateway said.
    KeyRefused(Said),
    Interrupted,
}

impl Held {
    /// The same as the ledger keeps it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Held::NotReached(reason) => reason.clone(),
            Held::KeyRefused(said) => Reason::KeyRefused { said: said.clone() },
            Held::Interrupted => Reason::Interrupted,
        }
    }
}

/// An answer that the ledger did not take.
#[derive(Debug)]
pub struct NotRecorded {
    pub error: LedgerError,
    pub merchant_uid: String,
    /// What the answer means.
    pub outcome: Outcome,
    pub received: Received,
}

/// A failure of this side. What it means for the customer is in its text.
#[derive(Debug, Error)]
pub enum ChargeError {
    /// Before the send, so nothing was sent.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// After the send: what came back must not be lost with the disk.
    #[error("the gateway answered, and the answer could not be written to the ledger: {}", .0.error)]
    AnswerNotRecorded(Box<NotRecorded>),
}

/// An answer that the ledger did not take, as the end of its charge.
pub(super) fn not_recorded(
    error: LedgerError,
    merchant_uid: &MerchantUid,
    outcome: Outcome,
    received: &Received,
) -> ChargeError {
    let (merchant_uid, received) = (merchant_uid.to_string(), received.clone());
    ChargeError::AnswerNotRecorded(Box::new(NotRecorded { error, merchant_uid, outcome, received }))
}

pub(super) fn held_by(failure: &TokenFailure) -> Held {
    match failure {
        TokenFailure::KeyRefused { said } => Held::KeyRefused(said.clone()),
        TokenFailure::NotReached { reason } | TokenFailure::NoAnswer { reason } => {
            Held::NotReached(reason.clone())
        }
    }
}

/// A job without a value, of which nothing had left.
pub(super) fn held_without(no_value: NoValue) -> Held {
    match no_value {
        NoValue::GivenUp => Held::Interrupted,
        NoValue::NeverBegan => Held::NotReached(Reason::NoThread),
    }
}

/// The profile's mode, where a paid payment's flag denies it.
pub(super) fn mode_denied(profile: Mode, payment: &Payment, sandbox_flag: Option<bool>) -> Option<Mode> {
    let denied = payment.outcome == Outcome::Paid && profile.disagrees_with(sandbox_flag);
    denied.then_some(profile)
}
