//! Money going back: one run of one refund as pure functions, as `protocol` is for a charge.
//!
//! The gateway has no idempotency key for a refund, but it has a balance: each request names the one that was
//! just looked up (`checksum`, facts 4), and does nothing where that is not the balance any more. A refund is
//! sent once and never again. What became of one that was not answered is read in the payment's history of
//! refunds, where ours ends with its own short id.

mod refusal;
mod split;

pub use crate::domain::refund::refusal::{Reading, is_short_settlement, read};
pub use crate::domain::refund::split::{Split, SplitError, TaxGiven, split};

use jiff::Timestamp;

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::Amount;
use crate::domain::payment::{CancelRecord, GatewayRecord, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;

/// A refund as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub merchant_uid: MerchantUid,
    /// Of the payment that goes back: the order may hold another one (contract, rule 11).
    pub imp_uid: String,
    pub outcome: RefundOutcome,
    /// All that was paid, before any refund.
    pub paid: Amount,
    pub amount: Amount,
    /// What could still be refunded when it was asked for: sent as `checksum`.
    pub balance_before: Amount,
    pub tax: Tax,
    /// As it was given, without the tail.
    pub reason: String,
    pub requested_at: Timestamp,
    pub sent: SendMark,
    pub account: String,
    pub operator: Option<String>,
    pub refunded_at: Option<Timestamp>,
    pub cancellation_id: Option<String>,
    pub receipt_url: Option<String>,
    /// The gateway's `code`, when it was not 0, and its words.
    pub code: Option<i64>,
    pub message: Option<String>,
    /// Why it is unknown or was not sent, where the gateway has no words for it.
    pub why: Option<Reason>,
}

impl Refund {
    /// The reason as it is sent.
    #[must_use]
    pub fn reason_sent(&self) -> String {
        format!("{}{}", self.reason, self.id.tail())
    }
}

/// What the gateway shows of a payment's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub paid: Amount,
    pub refunded: Amount,
    /// `None` where the record has no history at all.
    pub history: Option<Vec<CancelRecord>>,
}

impl Shown {
    /// What can still be refunded.
    #[must_use]
    pub fn balance(&self) -> Amount {
        Amount::from_minor(self.paid.minor().saturating_sub(self.refunded.minor()), self.paid.currency())
    }
}

/// Why nothing of a payment can be refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRefundable {
    /// The gateway does not show it as paid; its word, where it has one.
    NotPaid(Option<String>),
    /// Nothing is left.
    AllRefunded,
    /// More is asked for than is left.
    OverBalance { balance: Amount },
    /// So much or all of it was paid back outside of the gateway, as a person has noted: `left` is what is left.
    PaidBackOutside { left: Amount },
    /// The record is of another amount or currency than the payment, or says nothing that can be read.
    Unreadable,
}

/// Reads the money of a payment that was of `paid`. The status is `cancelled` after a part as well (facts 4).
pub fn shown(record: &GatewayRecord, paid: Amount) -> Result<Shown, NotRefundable> {
    match record.status.as_deref() {
        Some("paid" | "cancelled" | "canceled") => {}
        other => return Err(NotRefundable::NotPaid(other.map(str::to_owned))),
    }
    let currency = paid.currency();
    if record.amount_in(currency) != Some(paid) {
        return Err(NotRefundable::Unreadable);
    }
    // One that was never refunded may leave it out.
    let none = || record.cancel_amount_text.is_none().then(|| Amount::from_minor(0, currency));
    let refunded = record.cancelled_in(currency).or_else(none).ok_or(NotRefundable::Unreadable)?;
    if refunded > paid || refunded.minor() < 0 {
        return Err(NotRefundable::Unreadable);
    }
    Ok(Shown { paid, refunded, history: record.cancel_history.clone() })
}

/// How much goes back. `None` is all that is left.
pub fn how_much(asked: Option<Amount>, shown: &Shown) -> Result<Amount, NotRefundable> {
    let balance = shown.balance();
    match asked {
        _ if balance.minor() <= 0 => Err(NotRefundable::AllRefunded),
        Some(asked) if asked.currency() != balance.currency() => Err(NotRefundable::Unreadable),
        Some(asked) if asked > balance => Err(NotRefundable::OverBalance { balance }),
        Some(asked) => Ok(asked),
        None => Ok(balance),
    }
}

/// The same of a payment of which the PG paid something back without the gateway.
pub fn how_much_beside(
    asked: Option<Amount>,
    shown: &Shown,
    outside: Option<Amount>,
) -> Result<Amount, NotRefundable> {
    let balance = shown.balance();
    let Some(outside) = outside.filter(|_| balance.minor() > 0) else { return how_much(asked, shown) };
    let left = balance.minor().saturating_sub(outside.minor()).max(0);
    let left = Amount::from_minor(left, balance.currency());
    if left.minor() == 0 || asked.is_some_and(|asked| asked > left && asked <= balance) {
        return Err(NotRefundable::PaidBackOutside { left });
    }
    how_much(Some(asked.unwrap_or(left)), shown)
}

/// What came back over `POST /payments/cancel`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// `code` 0, and the payment that was asked for.
    Accepted(Box<GatewayRecord>),
    /// `code` is not 0 and there is no payment in the answer.
    Refused { code: i64, words: Option<String> },
    /// The token was not taken: nothing was processed (contract, rule 4).
    Unauthorized,
    /// The request certainly never reached the gateway.
    NotSent(Reason),
    /// The request may have reached the gateway and this says nothing certain.
    Unclear(Reason),
}

impl RefundAnswer {
    /// The payment, where the answer shows it.
    #[must_use]
    pub fn record(&self) -> Option<&GatewayRecord> {
        match self {
            RefundAnswer::Accepted(record) => Some(record),
            RefundAnswer::Refused { .. }
            | RefundAnswer::Unauthorized
            | RefundAnswer::NotSent(_)
            | RefundAnswer::Unclear(_) => None,
        }
    }
}

/// What to do after an answer to a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterRefund {
    /// This is the outcome.
    Settle(RefundEnd),
    /// The answer is no proof: is the refund in the payment's history? What was said with a no, if it was one.
    LookUp(Option<Said>),
    /// Nothing was processed: a fresh token, one more send, written down first.
    Renew,
}

/// How a refund ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundEnd {
    /// Its entry in the payment's history, where that is known.
    Refunded(Box<CancelRecord>),
    /// In the gateway's words.
    Refused(Option<String>),
    Unknown(Reason),
    NotSent(Reason),
}

impl RefundEnd {
    #[must_use]
    pub fn outcome(&self) -> RefundOutcome {
        match self {
            RefundEnd::Refunded(_) => RefundOutcome::Refunded,
            RefundEnd::Refused(_) => RefundOutcome::Refused,
            RefundEnd::Unknown(_) => RefundOutcome::Unknown,
            RefundEnd::NotSent(_) => RefundOutcome::NotSent,
        }
    }
}

/// What to do after an answer. `renewed`: it went out with a token that was got for it. `others` are the
/// payment's other refunds of ours.
#[must_use]
pub fn answered(refund: &Refund, others: &[Refund], answer: &RefundAnswer, renewed: bool) -> AfterRefund {
    match answer {
        // A refund that is only begun (PayPal) is answered with code 0 as well: its entry is the proof.
        RefundAnswer::Accepted(record) => match shown(record, refund.paid) {
            Ok(shown) => match find(refund, others, &shown) {
                Found::Ours(entry) => AfterRefund::Settle(RefundEnd::Refunded(entry)),
                Found::Undecided | Found::NotThere => AfterRefund::LookUp(None),
            },
            Err(_) => AfterRefund::LookUp(None),
        },
        RefundAnswer::Refused { code, words } => {
            AfterRefund::LookUp(Some(Said::words_or_code(words.as_deref(), *code)))
        }
        RefundAnswer::Unauthorized if renewed => {
            AfterRefund::Settle(RefundEnd::NotSent(Reason::NewTokenNotTaken { status: "401".to_owned() }))
        }
        RefundAnswer::Unauthorized => AfterRefund::Renew,
        RefundAnswer::NotSent(reason) => AfterRefund::Settle(RefundEnd::NotSent(reason.clone())),
        RefundAnswer::Unclear(reason) => AfterRefund::Settle(RefundEnd::Unknown(reason.clone())),
    }
}

/// What a look-up by imp_uid says of a payment that refunds are asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Shown(Shown),
    /// There is an answer, and it is of no use: not shown, not paid, another amount.
    Odd(Reason),
    NoAnswer(Reason),
}

/// What a look-up after a refusal, or after an answer that was no proof, makes of the refund. `pg` is the
/// payment's `pg_provider`.
#[must_use]
pub fn found_after(
    refund: &Refund,
    others: &[Refund],
    pg: Option<&str>,
    said: Option<&Said>,
    look: &Look,
) -> RefundEnd {
    let words = |said: &Said| match said {
        Said::Words(words) => Some(words.clone()),
        Said::Code(_) | Said::Status(_) => None,
    };
    let shown = match look {
        Look::Shown(shown) => shown,
        Look::Odd(reason) | Look::NoAnswer(reason) => {
            let why = Box::new(reason.clone());
            return RefundEnd::Unknown(match said {
                Some(said) => Reason::RefusedNotLookedUp { said: said.clone(), why },
                None => Reason::LookupNoAnswer { why },
            });
        }
    };
    match (find(refund, others, shown), said) {
        (Found::Ours(entry), _) => RefundEnd::Refunded(entry),
        (Found::Undecided, _) => RefundEnd::Unknown(Reason::RefundUndecided),
        // The gateway took it and does not show it: begun and not over (facts 4, PayPal), or late.
        (Found::NotThere, None) => RefundEnd::Unknown(Reason::RefundNotShownYet),
        (Found::NotThere, Some(said)) => {
            let reading = read(pg, words(said).as_deref().unwrap_or_default());
            // Another's refund explains a no, whatever its words.
            if reading == Reading::No || shown.balance() < refund.amount {
                RefundEnd::Refused(words(said))
            } else {
                RefundEnd::Unknown(Reason::RefundRefusedInDoubt { said: said.clone() })
            }
        }
    }
}

/// What a later look-up makes of an open refund, or of one that was taken for not sent. `waited`: it was sent
/// `settle_after` ago or longer. `None` where nothing changes.
#[must_use]
pub fn review(refund: &Refund, others: &[Refund], look: &Look, waited: bool) -> Option<RefundEnd> {
    let open = refund.outcome.is_open();
    match look {
        Look::Shown(shown) => match find(refund, others, shown) {
            Found::Ours(_) if refund.outcome == RefundOutcome::Refunded => None,
            Found::Ours(entry) => Some(RefundEnd::Refunded(entry)),
            Found::Undecided if open => Some(RefundEnd::Unknown(Reason::RefundUndecided)),
            Found::NotThere if open && waited => Some(match &refund.message {
                Some(words) => RefundEnd::Refused(Some(words.clone())),
                None => RefundEnd::NotSent(Reason::NoTrace),
            }),
            Found::NotThere if open => Some(RefundEnd::Unknown(Reason::RefundNotShownYet)),
            Found::Undecided | Found::NotThere => None,
        },
        Look::Odd(reason) | Look::NoAnswer(reason) if open => {
            Some(RefundEnd::Unknown(Reason::LookupNoAnswer { why: Box::new(reason.clone()) }))
        }
        Look::Odd(_) | Look::NoAnswer(_) => None,
    }
}

/// Whether a refund is in its payment's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Ours(Box<CancelRecord>),
    /// Something is there that may be ours or another's.
    Undecided,
    NotThere,
}

/// Looks for a refund in its payment's history: by the id at the end of the reason; where the reason was cut
/// off, by its beginning, the amount, the time, and the balance before. Two that fit prove nothing.
#[must_use]
pub fn find(refund: &Refund, others: &[Refund], shown: &Shown) -> Found {
    let expected = refund.balance_before.minor().saturating_sub(refund.amount.minor());
    let Some(history) = &shown.history else {
        // Without a history a balance that fell may have fallen by another's refund.
        let fell = shown.balance().minor() <= expected;
        return if fell { Found::Undecided } else { Found::NotThere };
    };
    let tail = refund.id.tail();
    if let Some(entry) = history.iter().find(|entry| entry.ends_with(&tail)) {
        return Found::Ours(Box::new(entry.clone()));
    }
    let fits: Vec<&CancelRecord> =
        history.iter().filter(|entry| fits(refund, others, history, shown.paid, entry)).collect();
    match fits.as_slice() {
        [entry] => Found::Ours(Box::new((*entry).clone())),
        [] => Found::NotThere,
        _ => Found::Undecided,
    }
}

/// How far the gateway's clock and ours may be apart, in seconds.
const SKEW_S: i64 = 120;

fn fits(
    refund: &Refund,
    others: &[Refund],
    history: &[CancelRecord],
    paid: Amount,
    entry: &CancelRecord,
) -> bool {
    let currency = refund.amount.currency();
    let anothers = others.iter().filter(|other| other.id != refund.id).any(|other| {
        entry.ends_with(&other.id.tail())
            || (other.cancellation_id.is_some() && other.cancellation_id == entry.cancellation_id)
    });
    let sent_s = refund.sent.gateway_s.unwrap_or_else(|| refund.sent.wall.as_second());
    let late_enough = entry.at_s.is_none_or(|at| at >= sent_s.saturating_sub(SKEW_S));
    // What a reason was cut to begins as it does; one that says something else is another's.
    let begins =
        entry.reason.as_deref().is_none_or(|reason| refund.reason_sent().starts_with(reason.trim_end()));
    let earlier = |other: &&CancelRecord| match (other.at_s, entry.at_s) {
        (Some(other), Some(entry)) => other < entry,
        (None, _) | (_, None) => false,
    };
    let minor = |other: &CancelRecord| other.amount_in(currency).map(|amount| amount.minor());
    let Some(spent) = history.iter().filter(earlier).map(minor).sum::<Option<i64>>() else { return false };
    // Entries of one second have no order: ours may have come before or after each of them.
    let beside = history.iter().filter(|other| !std::ptr::eq(*other, entry) && other.at_s == entry.at_s);
    let Some(beside) = beside.map(minor).collect::<Option<Vec<i64>>>() else { return false };
    let before = paid.minor().saturating_sub(spent).saturating_sub(refund.balance_before.minor());
    !anothers
        && entry.amount_in(currency) == Some(refund.amount)
        && late_enough
        && begins
        && is_a_sum(before, &beside)
}

/// Whether some of the parts come to a sum.
fn is_a_sum(sum: i64, parts: &[i64]) -> bool {
    match parts.split_first() {
        None => sum == 0,
        Some((first, rest)) => is_a_sum(sum, rest) || is_a_sum(sum.saturating_sub(*first), rest),
    }
}

#[cfg(test)]
mod tests;
