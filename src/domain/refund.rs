//! Money going back: one run of one refund as pure functions, as `protocol` is for a charge.
//!
//! The gateway has no idempotency key for a refund, but it has a balance: each request names the one that was
//! just looked up (`checksum`, facts 4), and does nothing where that is not the balance any more. A refund is
//! sent once and never again. What became of one that was not answered is read in the payment's history of
//! refunds, where ours ends with its own short id.

mod history;
mod later;
mod refusal;
mod split;

pub use crate::domain::refund::history::{Found, find, find_by_id};
pub use crate::domain::refund::later::{RefundNote, review, undone};
pub use crate::domain::refund::refusal::{Reading, is_short_settlement, read};
pub use crate::domain::refund::split::{Split, SplitError, TaxGiven, split};

use jiff::Timestamp;

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::Amount;
use crate::domain::payment::{CancelRecord, GatewayRecord, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;

/// The most characters that a reason may have, as it is given and as it is sent.
pub const REASON_CHARS_MAX: usize = 255;

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
    /// All of `paid` as somebody asks for it back: nothing was refunded before, and nothing is known of its end.
    #[must_use]
    pub fn asked(
        id: RefundId,
        merchant_uid: MerchantUid,
        imp_uid: &str,
        paid: Amount,
        sent: SendMark,
    ) -> Refund {
        Refund {
            id,
            merchant_uid,
            imp_uid: imp_uid.to_owned(),
            outcome: RefundOutcome::Pending,
            paid,
            amount: paid,
            balance_before: paid,
            tax: Tax::default(),
            reason: String::new(),
            requested_at: sent.wall,
            sent,
            account: String::new(),
            operator: None,
            refunded_at: None,
            cancellation_id: None,
            receipt_url: None,
            code: None,
            message: None,
            why: None,
        }
    }

    /// The reason as it is sent: what the gateway cuts off would be the id, by which the refund is known again, so
    /// that it is the end of a long reason that makes room.
    #[must_use]
    pub fn reason_sent(&self) -> String {
        let tail = self.id.tail();
        let room = REASON_CHARS_MAX.saturating_sub(tail.chars().count());
        let reason: String = self.reason.chars().take(room).collect();
        format!("{reason}{tail}")
    }
}

/// What the gateway shows of a payment's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub paid: Amount,
    pub refunded: Amount,
    /// Its status says that some of it went back: a refund that is only begun leaves it paid (facts 4, PayPal).
    pub cancelled: bool,
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
    let cancelled = match record.status.as_deref() {
        Some("paid") => false,
        Some("cancelled" | "canceled") => true,
        other => return Err(NotRefundable::NotPaid(other.map(str::to_owned))),
    };
    let currency = paid.currency();
    if record.amount_in(currency) != Some(paid) {
        return Err(NotRefundable::Unreadable);
    }
    // One that was never refunded may leave it out; else it would be all of it that is left.
    let touched = cancelled || record.cancel_history.as_ref().is_some_and(|history| !history.is_empty());
    let none = || (!touched && record.cancel_amount_text.is_none()).then(|| Amount::from_minor(0, currency));
    let refunded = record.cancelled_in(currency).or_else(none).ok_or(NotRefundable::Unreadable)?;
    if refunded > paid || refunded.minor() < 0 || (cancelled && refunded.minor() == 0) {
        return Err(NotRefundable::Unreadable);
    }
    Ok(Shown { paid, refunded, cancelled, history: record.cancel_history.clone() })
}

/// Whether what is shown of a payment's refunds can be believed for another one of `imp_uid`: the gateway that
/// shows less than its own history, or than the ledger has seen go back, shows a balance that may be too large.
pub fn balance_is_certain(imp_uid: &str, ours: &[Refund], shown: &Shown) -> Result<(), Reason> {
    let amount = |minor: i64| Amount::from_minor(minor, shown.paid.currency());
    let of_it = |refund: &&Refund| refund.imp_uid == imp_uid && refund.is_to_show();
    let known: i64 = ours.iter().filter(of_it).map(|refund| refund.amount.minor()).sum();
    let listed = shown.listed().unwrap_or(0);
    let (imp_uid, refunded) = (imp_uid.to_owned(), shown.refunded.to_string());
    if listed > shown.refunded.minor() {
        return Err(Reason::RefundsDisagree { imp_uid, refunded, listed: amount(listed).to_string() });
    }
    if known > shown.refunded.minor() {
        return Err(Reason::RefundsNotShown { imp_uid, refunded, known: amount(known).to_string() });
    }
    Ok(())
}

/// The refund that stands in the way of another one: one of the same payment that is open, because what became of
/// it changes what can be refunded; one of the same amount that nobody was told of; and one of the same amount since
/// `similar_since`, or whose end its own run could not tell. `None` for `similar_since` lets these last two pass.
#[must_use]
pub fn in_the_way<'a>(
    others: &'a [Refund],
    imp_uid: &str,
    amount: Amount,
    similar_since: Option<Timestamp>,
) -> Option<&'a Refund> {
    let similar = |other: &Refund| {
        let counts =
            similar_since.is_some_and(|since| other.requested_at >= since || other.was_found_later());
        let is_back = other.outcome.may_have_refunded() && !other.was_taken_back();
        is_back && other.amount == amount && (counts || other.is_untold())
    };
    let of_it = others.iter().filter(|other| other.imp_uid == imp_uid);
    of_it.rev().find(|other| other.outcome.is_open() || similar(other))
}

/// Whether the silence of a look-up proves anything of a refund, however late: PayPal's may take days (facts 4).
#[must_use]
pub fn silence_proves(pg: Option<&str>) -> bool {
    !pg.is_some_and(|pg| pg.to_ascii_lowercase().starts_with("paypal"))
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
    /// Its entry in the payment's history.
    Refunded(Box<CancelRecord>),
    /// The same, found by a later look-up than that of its own run.
    FoundLater(Box<CancelRecord>),
    /// The same has been told by a run that was asked for it again.
    Told,
    /// In the gateway's words.
    Refused(Option<String>),
    Unknown(Reason),
    NotSent(Reason),
}

impl RefundEnd {
    #[must_use]
    pub fn outcome(&self) -> RefundOutcome {
        match self {
            RefundEnd::Refunded(_) | RefundEnd::FoundLater(_) | RefundEnd::Told => RefundOutcome::Refunded,
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
                Some(said) => Reason::RefundRefusedNotLookedUp { said: said.clone(), why },
                None => Reason::RefundTaken,
            });
        }
    };
    match (find(refund, others, shown), said) {
        (Found::Ours(entry), _) => RefundEnd::Refunded(entry),
        // The gateway took it and does not show it: begun and not over (facts 4, PayPal), or late.
        (Found::Undecided | Found::NotThere, None) => RefundEnd::Unknown(Reason::RefundTaken),
        (Found::Undecided, Some(_)) => RefundEnd::Unknown(Reason::RefundUndecided),
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

#[cfg(test)]
mod tests;
