//! What ledger and gateway do not agree on, a word each (contract, `reconcile`).

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::lookup::is_registration;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Terms};
use crate::domain::reason::Reason;

/// One kind of disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DriftKind {
    /// The order was paid with another amount, or in another currency.
    AmountDiffers,
    /// Another customer paid.
    CustomerDiffers,
    /// Paid here and not there, or the other way round.
    StatusDiffers,
    /// More or less was refunded.
    RefundDiffers,
    /// A person has noted that the PG paid back what the gateway does not show as refunded.
    SettledOutside,
    /// The ledger has no such order.
    OnlyAtGateway,
    /// A direct look-up does not show what the ledger has as paid.
    OnlyHere,
    /// The gateway showed a refund of ours and does not show it any more: the PG took it back (facts 15.2).
    RefundUndone,
    /// A second payment under one order holds money.
    TwoPayments,
    /// A test channel's payment in a live account: no money, or none for long.
    TestInLive,
    /// Registering a card has charged it (facts 6.4).
    KeyIssue,
    /// A schedule at the gateway has charged, of which the ledger knows nothing.
    ChargedBySchedule,
    /// A list that changed while it was read, each time: what it shows is not all that is there.
    Unconfirmed,
}

impl DriftKind {
    pub const ALL: [DriftKind; 13] = [
        DriftKind::AmountDiffers,
        DriftKind::CustomerDiffers,
        DriftKind::StatusDiffers,
        DriftKind::RefundDiffers,
        DriftKind::SettledOutside,
        DriftKind::OnlyAtGateway,
        DriftKind::OnlyHere,
        DriftKind::RefundUndone,
        DriftKind::TwoPayments,
        DriftKind::TestInLive,
        DriftKind::KeyIssue,
        DriftKind::ChargedBySchedule,
        DriftKind::Unconfirmed,
    ];

    /// The kind that a ledger names by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<DriftKind> {
        DriftKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word in every format; scripts are written against it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DriftKind::AmountDiffers => "amount_differs",
            DriftKind::CustomerDiffers => "customer_differs",
            DriftKind::StatusDiffers => "status_differs",
            DriftKind::RefundDiffers => "refund_differs",
            DriftKind::SettledOutside => "settled_outside",
            DriftKind::OnlyAtGateway => "only_at_gateway",
            DriftKind::OnlyHere => "only_here",
            DriftKind::RefundUndone => "refund_undone",
            DriftKind::TwoPayments => "two_payments",
            DriftKind::TestInLive => "test_in_live",
            DriftKind::KeyIssue => "key_issue",
            DriftKind::ChargedBySchedule => "charged_by_schedule",
            DriftKind::Unconfirmed => "unconfirmed",
        }
    }

    /// Whether somebody has to do something about it. What a person has settled with evidence is told, and is
    /// nothing that is left.
    #[must_use]
    pub fn is_left(self) -> bool {
        self != DriftKind::SettledOutside
    }

    /// What a look-up that contradicts a row comes to.
    #[must_use]
    pub fn of_reason(why: &Reason) -> DriftKind {
        if let Reason::ShownOdd { why, .. } | Reason::ShownOddNameless { why } = why {
            DriftKind::of_reason(why)
        } else if matches!(why, Reason::ForOtherAmount { .. }) {
            DriftKind::AmountDiffers
        } else if matches!(why, Reason::ForOtherCustomer { .. }) {
            DriftKind::CustomerDiffers
        } else if *why == Reason::ThroughTestChannel {
            DriftKind::TestInLive
        } else if *why == Reason::NotShown {
            DriftKind::OnlyHere
        } else {
            DriftKind::StatusDiffers
        }
    }
}

/// Whether a record is about a charge with a billing key, or about an order that the ledger has. A registration
/// never is, unless it charged.
#[must_use]
pub fn is_ours(record: &GatewayRecord, known: bool) -> bool {
    if is_registration(record) {
        return false;
    }
    let usage = record.customer_uid_usage.as_deref();
    known
        || charged_when_registering(record)
        || matches!(usage, Some("payment" | "payment.scheduled"))
        || (usage != Some("issue") && record.channel.as_deref() == Some("api"))
}

/// What the row and one of the gateway's records do not agree on; `profile` is whether money should be real. A
/// record that came to no result says nothing.
#[must_use]
pub fn drift(row: Option<&Payment>, record: &GatewayRecord, profile: Mode) -> Vec<DriftKind> {
    if is_registration(record) {
        return Vec::new();
    }
    match row {
        None => unknown_here(record, profile),
        Some(row) if took_money(record) => money(row, record),
        Some(row) => no_money(row, record),
    }
}

fn unknown_here(record: &GatewayRecord, profile: Mode) -> Vec<DriftKind> {
    let money = took_money(record);
    if !money && !is_failed(record) {
        return Vec::new();
    }
    vec![if money && profile == Mode::Live && record.sandbox == Some(true) {
        DriftKind::TestInLive
    } else if money && charged_when_registering(record) {
        DriftKind::KeyIssue
    } else if money && is_scheduled(record) {
        DriftKind::ChargedBySchedule
    } else {
        DriftKind::OnlyAtGateway
    }]
}

fn money(row: &Payment, record: &GatewayRecord) -> Vec<DriftKind> {
    let paid = row.outcome == Outcome::Paid;
    if paid && row.imp_uid.is_some() && row.imp_uid != record.imp_uid {
        // A refunded one beside it is no second payment.
        let both = holds_money(record) && row_holds_money(row);
        return if both { vec![DriftKind::TwoPayments] } else { Vec::new() };
    }
    let mut kinds = Vec::new();
    if !paid && charged_when_registering(record) {
        kinds.push(DriftKind::KeyIssue);
    }
    if !paid && is_scheduled(record) {
        kinds.push(DriftKind::ChargedBySchedule);
    }
    let asked = row.terms.amount;
    if record.amount_in(asked.currency()) != Some(asked) {
        kinds.push(DriftKind::AmountDiffers);
    }
    if record.customer_uid.as_deref().is_some_and(|uid| uid != row.terms.customer_uid.as_str()) {
        kinds.push(DriftKind::CustomerDiffers);
    }
    if row.terms.mode == Mode::Live && record.sandbox == Some(true) {
        kinds.push(DriftKind::TestInLive);
    }
    if paid {
        kinds.extend(refunds(row, record));
    } else {
        kinds.push(DriftKind::StatusDiffers);
    }
    kinds
}

/// The gateway says cancelled of a part too (facts 4): what was refunded says more than its word.
fn refunds(row: &Payment, record: &GatewayRecord) -> Vec<DriftKind> {
    let asked = row.terms.amount;
    let nothing = Amount::from_minor(0, asked.currency());
    let here = row.cancel_amount.unwrap_or(nothing);
    let there = match record.cancelled_in(asked.currency()) {
        Some(there) => Some(there),
        None if is_cancelled(record) => None,
        None => Some(nothing),
    };
    let in_part = |amount: Amount| amount.minor() > 0 && amount < asked;
    let of_a_part = there.is_some_and(in_part) || in_part(here);
    let words_differ = is_cancelled(record) != row.status.as_deref().is_some_and(is_cancelled_word);
    let mut kinds = Vec::new();
    if words_differ && !of_a_part {
        kinds.push(DriftKind::StatusDiffers);
    }
    if there.is_some_and(|there| there != here) {
        kinds.push(DriftKind::RefundDiffers);
    } else if row.outside.is_some() {
        kinds.push(DriftKind::SettledOutside);
    }
    kinds
}

fn no_money(row: &Payment, record: &GatewayRecord) -> Vec<DriftKind> {
    // A failed record beside a paid one is of another attempt.
    let its_own = row.imp_uid.is_some() && row.imp_uid == record.imp_uid;
    let differs = match row.outcome {
        Outcome::Paid => its_own,
        Outcome::NotSent => is_failed(record),
        // What is open is listed as that.
        Outcome::Declined | Outcome::Rejected | Outcome::Unknown | Outcome::Pending => false,
    };
    if differs { vec![DriftKind::StatusDiffers] } else { Vec::new() }
}

/// What a payment that was made elsewhere was asked for, as the ledger keeps it. The channel's flag says more of
/// its mode than the profile. `None` for one that cannot be kept: without a customer, an amount, or an id that the
/// gateway could be asked for again.
#[must_use]
pub fn terms_of(record: &GatewayRecord, profile: Mode) -> Option<Terms> {
    let currency = Currency::parse(record.currency_text.as_deref().unwrap_or(Currency::KRW.code())).ok()?;
    Some(Terms {
        merchant_uid: MerchantUid::parse(record.merchant_uid.as_deref()?).ok()?,
        customer_uid: CustomerUid::parse(record.customer_uid.as_deref()?).ok()?,
        amount: record.amount_in(currency)?,
        mode: match (profile, record.sandbox) {
            (Mode::Sandbox, _) => Mode::Sandbox,
            (Mode::Live | Mode::Test, Some(true)) => Mode::Test,
            (Mode::Live | Mode::Test, Some(false)) => Mode::Live,
            (Mode::Live | Mode::Test, None) => profile,
        },
    })
}

/// Whether the gateway has it as paid, refunded since or not.
#[must_use]
pub fn took_money(record: &GatewayRecord) -> bool {
    record.status.as_deref() == Some("paid") || is_cancelled(record)
}

/// Whether the gateway has it as failed.
#[must_use]
pub fn is_failed(record: &GatewayRecord) -> bool {
    record.status.as_deref() == Some("failed")
}

fn is_cancelled(record: &GatewayRecord) -> bool {
    record.status.as_deref().is_some_and(is_cancelled_word)
}

fn is_cancelled_word(status: &str) -> bool {
    matches!(status, "cancelled" | "canceled")
}

fn is_scheduled(record: &GatewayRecord) -> bool {
    record.customer_uid_usage.as_deref() == Some("payment.scheduled")
}

fn charged_when_registering(record: &GatewayRecord) -> bool {
    record.customer_uid_usage.as_deref() == Some("issue") && !is_registration(record)
}

/// Paid, or refunded in part. What cannot be read is taken for money.
fn holds_money(record: &GatewayRecord) -> bool {
    let currency = record.currency_text.as_deref().and_then(|code| Currency::parse(code).ok());
    let currency = currency.unwrap_or(Currency::KRW);
    let whole = record.amount_in(currency).zip(record.cancelled_in(currency));
    took_money(record) && !(is_cancelled(record) && whole.is_some_and(|(amount, back)| back >= amount))
}

fn row_holds_money(row: &Payment) -> bool {
    row.outcome == Outcome::Paid && row.cancel_amount.is_none_or(|back| back < row.terms.amount)
}

#[cfg(test)]
mod tests;
