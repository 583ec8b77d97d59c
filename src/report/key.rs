//! What the rows of a report are about.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::declines::{Standing, Who};
use crate::domain::payment::{Outcome, Payment};
use crate::domain::vat::VatBasis;

/// What payments are put together by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Day,
    Month,
    Customer,
    /// The card company.
    Card,
    Product,
    Status,
    /// Why it was not paid.
    Reason,
    /// The means of payment and what its VAT is known from; for a month.
    Means,
    /// The same of card companies.
    Company,
}

impl By {
    /// Those that somebody may ask for.
    pub const ALL: [By; 7] =
        [By::Day, By::Month, By::Customer, By::Card, By::Product, By::Status, By::Reason];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            By::Day => "day",
            By::Month => "month",
            By::Customer => "customer",
            By::Card => "card",
            By::Product => "product",
            By::Status => "status",
            By::Reason => "reason",
            By::Means => "means",
            By::Company => "company",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<By> {
        By::ALL.into_iter().find(|by| by.word() == word)
    }

    /// Whether a refund stands in a row by its own time, and not with its sale.
    #[must_use]
    pub fn is_of_time(self) -> bool {
        matches!(self, By::Day | By::Month)
    }
}

/// What one row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// A day, a month, a customer_uid, a product, a word. Empty where it is not known.
    pub text: String,
    /// Who has to act, of a reason that is known.
    pub who: Option<&'static str>,
    /// What the VAT is known from, where rows are told apart by it.
    pub vat: Option<VatBasis>,
}

impl Key {
    /// The key of a day, or of the month that it is of.
    #[must_use]
    pub fn of_day(by: By, day: Date) -> Key {
        let text = if by == By::Month { day.strftime("%Y-%m").to_string() } else { day.to_string() };
        Key { text, who: None, vat: None }
    }

    /// The key of a payment, or of money that moved at a time of its own.
    #[must_use]
    pub fn of(by: By, payment: &Payment, (at, vat): (Timestamp, VatBasis), zone: &TimeZone) -> Key {
        let text = match by {
            By::Day | By::Month => return Key::of_day(by, at.to_zoned_datetime(zone.clone()).date()),
            By::Customer => payment.terms.customer_uid.as_str().to_owned(),
            By::Card | By::Company => payment.card_name.clone().unwrap_or_default(),
            By::Product => payment.name.clone(),
            By::Status => status(payment).to_owned(),
            By::Reason => return reason(payment),
            By::Means => means(payment).to_owned(),
        };
        Key { text, who: None, vat: matches!(by, By::Means | By::Company).then_some(vat) }
    }
}

/// As `history --status` takes it.
fn status(payment: &Payment) -> &'static str {
    let whole = payment.terms.amount;
    match payment.left().minor() {
        0 if payment.outcome == Outcome::Paid && whole.minor() > 0 => "cancelled",
        left if payment.outcome == Outcome::Paid && left < whole.minor() => "partly_cancelled",
        _ => payment.outcome.word(),
    }
}

/// The meaning of the words where it is known, else the words themselves.
fn reason(payment: &Payment) -> Key {
    let known = Standing::of(payment).and_then(|standing| standing.known);
    match known {
        Some(known) => Key { text: known.meaning_en.to_owned(), who: Some(Who::word(known.who)), vat: None },
        None => Key { text: payment.why().unwrap_or_default(), who: None, vat: None },
    }
}

/// A billing key charges a card, unless it is one of a wallet's own or of a telephone bill; the PG's name says which
/// (facts 2.7).
fn means(payment: &Payment) -> &str {
    const WALLETS: [&str; 7] =
        ["kakaopay", "naverpay", "tosspay", "tosspay_v2", "payco", "paypal", "paypal_v2"];
    const PHONES: [&str; 2] = ["danal", "mobilians"];
    match payment.pg_provider.as_deref() {
        Some(pg) if WALLETS.contains(&pg) => pg,
        Some(pg) if PHONES.contains(&pg) => "phone",
        Some(_) | None => "card",
    }
}

/// Days and months as they come; of all else the most first, by what it was worth.
pub(super) fn order(by: By, a: (&Key, i64), b: (&Key, i64)) -> Ordering {
    let by_key = a.0.cmp(b.0);
    if by.is_of_time() { by_key } else { b.1.cmp(&a.1).then(by_key) }
}
