//! How a charge ended, and the sentences that say why.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::answer::Answer;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::Finding;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received};
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
    /// Why this run sent nothing, when it was to.
    pub held: Option<Held>,
    /// Why the outcome is unknown, as a sentence.
    pub unclear: Option<String>,
    /// From when on the same merchant_uid may be sent again, by the wall clock.
    pub try_again_at: Option<Timestamp>,
    /// The profile's mode, where the gateway's flag says that another kind of money moved.
    pub mode_denied: Option<Mode>,
    /// Further payments under the same merchant_uid that took money.
    pub others: Vec<GatewayRecord>,
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
            held: None,
            unclear: None,
            try_again_at: None,
            mode_denied: None,
            others: Vec::new(),
        }
    }
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Held {
    /// The gateway was not reached; a sentence.
    #[error("{0}")]
    NotReached(String),
    /// The API key was refused; the gateway's words.
    #[error("the gateway refused the API key: {0}")]
    KeyRefused(String),
    #[error("interrupted before it was sent")]
    Interrupted,
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
    #[error(
        "the charge of {merchant_uid} came to a step that should not exist ({step}); it was stopped there"
    )]
    Stopped { merchant_uid: String, step: String },
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
        TokenFailure::KeyRefused { message } => Held::KeyRefused(message.clone()),
        TokenFailure::NotReached { .. } | TokenFailure::NoAnswer { .. } => {
            Held::NotReached(failure.to_string())
        }
    }
}

/// A job without a value, of which nothing had left.
pub(super) fn held_without(no_value: NoValue) -> Held {
    match no_value {
        NoValue::GivenUp => Held::Interrupted,
        NoValue::NeverBegan => Held::NotReached("the system gave no thread to send from".to_owned()),
    }
}

/// The profile's mode, where a paid payment's flag denies it.
pub(super) fn mode_denied(profile: Mode, payment: &Payment, sandbox_flag: Option<bool>) -> Option<Mode> {
    let denied = payment.outcome == Outcome::Paid && profile.disagrees_with(sandbox_flag);
    denied.then_some(profile)
}

pub(super) fn finding_record(finding: &Finding) -> Option<&GatewayRecord> {
    match finding {
        Finding::Charged { record, .. } => Some(record),
        Finding::Declined { records } => records.last(),
        Finding::Odd { .. } | Finding::Nothing | Finding::NoAnswer { .. } => None,
    }
}

/// What the gateway's flag says of the mode.
pub(super) fn sandbox_flag(answer: &Answer) -> Option<bool> {
    answer_record(answer).and_then(|record| record.sandbox)
}

pub(super) fn answer_record(answer: &Answer) -> Option<&GatewayRecord> {
    match answer {
        Answer::Paid(record) | Answer::Declined(record) => Some(record),
        // A payment that does not match must not lend the row its imp_uid.
        Answer::Unclear { .. } | Answer::Refused { .. } | Answer::Unauthorized | Answer::NotSent { .. } => {
            None
        }
    }
}

/// Why a look-up leaves the outcome open, as a sentence.
pub(super) fn unclear_finding(
    finding: &Finding,
    refused: Option<&(i64, Option<String>, bool)>,
) -> Option<String> {
    let refusal = refused.map(|(_, words, _)| words.clone().unwrap_or_else(|| "no reason given".to_owned()));
    match (finding, refusal) {
        (Finding::Odd { record, why }, _) => {
            let imp_uid = record.imp_uid.as_deref().unwrap_or("without an imp_uid");
            Some(format!("the gateway shows the payment {imp_uid} under this merchant_uid, but {why}"))
        }
        (Finding::NoAnswer { reason, .. }, Some(words)) => Some(format!(
            "the gateway refused it ({words}), and whether it was paid before could not be looked up: {reason}"
        )),
        (Finding::NoAnswer { reason, .. }, None) => Some(format!("the look-up gave no answer: {reason}")),
        (Finding::Nothing | Finding::Declined { .. }, Some(words)) => {
            Some(format!("the gateway refused it ({words}), but does not show the payment it speaks of"))
        }
        (Finding::Nothing, None) => Some("the gateway does not show a payment yet".to_owned()),
        (Finding::Charged { .. } | Finding::Declined { .. }, _) => None,
    }
}
