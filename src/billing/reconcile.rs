//! Settles what is open by asking the gateway; nothing is ever sent to be charged.

use std::time::Duration;

use jiff::Timestamp;

use crate::billing::desk::{Asked, Desk};
use crate::billing::report::{Held, finding_record, mode_denied, unclear_finding};
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::Finding;
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Terms};
use crate::domain::protocol::{Review, review};
use crate::ledger::LedgerError;

/// What became of one payment.
#[derive(Debug)]
pub struct Reviewed {
    /// As it is recorded now.
    pub payment: Payment,
    /// As it was recorded before.
    pub before: Outcome,
    pub verdict: Verdict,
    /// Further payments under the same merchant_uid that took money.
    pub others: Vec<GatewayRecord>,
    /// The profile's mode, where the gateway's flag says that another kind of money moved.
    pub mode_denied: Option<Mode>,
}

/// How a review ended.
#[derive(Debug)]
pub enum Verdict {
    /// Its outcome was found out.
    Settled,
    /// What was recorded stands.
    Stands,
    /// Nothing certain is known yet: why, and from when on it may be sent again.
    Open { why: String, reached: bool, try_again_at: Option<Timestamp> },
    /// The gateway shows something that contradicts what is recorded.
    Contradicted { why: String, record: Option<Box<GatewayRecord>> },
    /// Another process is at it now.
    Busy,
}

/// Why a review could not be made at all.
#[derive(Debug)]
pub enum ReviewError {
    Ledger(LedgerError),
    /// Stopped, or without a token: nothing was asked.
    Held(Held),
    /// The ledger does not know the merchant_uid.
    NoSuchPayment,
}

impl From<LedgerError> for ReviewError {
    fn from(error: LedgerError) -> ReviewError {
        ReviewError::Ledger(error)
    }
}

/// Asks the gateway about one payment and records what it says. `mode` is the profile's: whether
/// money should be real.
pub fn reconcile(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    mode: Mode,
    settle_after: Duration,
) -> Result<Reviewed, ReviewError> {
    let lock = desk.ledger.lock_payment(uid)?;
    let payment = desk.ledger.find(uid)?.ok_or(ReviewError::NoSuchPayment)?;
    let before = payment.outcome;
    if lock.is_none() {
        let others = Vec::new();
        return Ok(Reviewed { payment, before, verdict: Verdict::Busy, others, mode_denied: None });
    }
    desk.have_token().map_err(ReviewError::Held)?;
    let terms = Terms { mode, ..payment.terms.clone() };
    let asked = desk.ask(&terms, Some(&payment), settle_after)?;
    if let Some(Held::Interrupted) = asked.held {
        return Err(ReviewError::Held(Held::Interrupted));
    }
    let review = review(before, asked.found);
    let payment = record(desk, uid, before, &asked, review)?;
    let others = match &asked.finding {
        Finding::Charged { others, .. } => others.clone(),
        Finding::Declined { .. } | Finding::Odd { .. } | Finding::Nothing | Finding::NoAnswer { .. } => {
            Vec::new()
        }
    };
    let flag = finding_record(&asked.finding).and_then(|record| record.sandbox);
    Ok(Reviewed {
        verdict: verdict(desk, &payment, &asked.finding, review, settle_after),
        mode_denied: mode_denied(mode, &payment, flag),
        payment,
        before,
        others,
    })
}

fn record(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    before: Outcome,
    asked: &Asked,
    review: Review,
) -> Result<Payment, LedgerError> {
    let finding = &asked.finding;
    match review {
        Review::Settle(outcome) => {
            let message = match outcome {
                Outcome::Declined => finding_record(finding).and_then(|record| record.fail_reason.clone()),
                Outcome::NotSent => {
                    Some("the gateway shows no trace of it, long after it was sent".to_owned())
                }
                Outcome::Paid | Outcome::Rejected | Outcome::Unknown | Outcome::Pending => None,
            };
            desk.record_finding(uid, outcome, &asked.reply, finding, message.as_deref())
        }
        Review::StayUnknown => {
            let why = unclear_finding(finding, None);
            desk.record_nothing_found(uid, Outcome::Unknown, &asked.reply, why.as_deref())
        }
        // A row that is right already is not written anew; only what was asked is kept.
        Review::Keep | Review::Contradicted => desk.record_nothing_found(uid, before, &asked.reply, None),
    }
}

fn verdict(
    desk: &Desk<'_>,
    payment: &Payment,
    finding: &Finding,
    review: Review,
    settle_after: Duration,
) -> Verdict {
    let why = || unclear_finding(finding, None);
    match (review, finding) {
        (Review::Settle(_), _) => Verdict::Settled,
        (Review::Keep | Review::StayUnknown, Finding::NoAnswer { reason, reached }) => {
            Verdict::Open { why: reason.clone(), reached: *reached, try_again_at: None }
        }
        (Review::Keep, _) => Verdict::Stands,
        (Review::StayUnknown, _) => Verdict::Open {
            why: why().unwrap_or_default(),
            reached: true,
            try_again_at: match finding {
                Finding::Nothing => desk.wait_ends_at(payment, settle_after),
                Finding::Odd { .. }
                | Finding::Charged { .. }
                | Finding::Declined { .. }
                | Finding::NoAnswer { .. } => None,
            },
        },
        (Review::Contradicted, Finding::Odd { record, .. }) => {
            Verdict::Contradicted { why: why().unwrap_or_default(), record: Some(record.clone()) }
        }
        (Review::Contradicted, Finding::Declined { records }) => Verdict::Contradicted {
            why: "the gateway shows it as declined only".to_owned(),
            record: records.last().cloned().map(Box::new),
        },
        (Review::Contradicted, _) => {
            Verdict::Contradicted { why: "the gateway does not show it".to_owned(), record: None }
        }
    }
}
