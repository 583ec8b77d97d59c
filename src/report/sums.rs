//! Adding up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::book_day::BookDay;
use crate::domain::money::{Amount, Currency};
use crate::domain::movement::{Booked, Movement, Way};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::record::Held;
use crate::domain::tax::TaxRule;
use crate::domain::vat::{VatBasis, VatParts};
use crate::report::key::{By, Key, order};

/// Of which time a report is, and which time of a payment counts.
#[derive(Clone, Debug)]
pub struct Time {
    /// `since <= t < until`.
    pub since: Timestamp,
    pub until: Timestamp,
    /// The time at which a payment was asked for, and not the one at which it was approved.
    pub by_request: bool,
    /// Where days begin.
    pub zone: TimeZone,
}

impl Time {
    /// Whether it is of the time.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }

    /// The time that a payment itself counts at.
    #[must_use]
    pub fn of(&self, booked: &Booked) -> Timestamp {
        let paid = booked.payment.outcome == Outcome::Paid;
        if paid && !self.by_request { booked.approved_at() } else { booked.payment.requested_at }
    }
}

/// One row, or the sum of all of one mode and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `None` in a total.
    pub key: Option<Key>,
    pub mode: Mode,
    pub currency: Currency,
    /// Payments that were paid.
    pub count: u64,
    /// What was paid, whatever went back since.
    pub gross_minor: i64,
    /// What went back in the time, of payments of the time and of earlier ones. A row that is no day counts it with
    /// the sale.
    pub refunded_same_minor: i64,
    pub refunded_earlier_minor: i64,
    /// Parts of what is left.
    pub supply_minor: i64,
    pub vat_minor: i64,
    pub tax_free_minor: i64,
    /// Payments that were declined or rejected, and what they would have come to.
    pub declined: u64,
    pub declined_minor: i64,
    /// Payments of which it is not known whether they were charged.
    pub unknown: u64,
    /// Payments of which no request left.
    pub not_sent: u64,
    /// Further payments under the same orders, which are in no other sum, and what they hold (contract, rule 11).
    pub further: u64,
    pub further_minor: i64,
}

impl Row {
    fn empty(key: Option<Key>, mode: Mode, currency: Currency) -> Row {
        Row {
            key,
            mode,
            currency,
            count: 0,
            gross_minor: 0,
            refunded_same_minor: 0,
            refunded_earlier_minor: 0,
            supply_minor: 0,
            vat_minor: 0,
            tax_free_minor: 0,
            declined: 0,
            declined_minor: 0,
            unknown: 0,
            not_sent: 0,
            further: 0,
            further_minor: 0,
        }
    }

    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        self.refunded_same_minor.saturating_add(self.refunded_earlier_minor)
    }

    #[must_use]
    pub fn net_minor(&self) -> i64 {
        self.gross_minor.saturating_sub(self.refunded_minor())
    }

    #[must_use]
    pub fn amount(&self, minor: i64) -> Amount {
        Amount::from_minor(minor, self.currency)
    }

    /// How many of a thousand that were answered with a yes or a no were a no, rounded. `None` where nothing was
    /// answered.
    #[must_use]
    pub fn decline_permille(&self) -> Option<u64> {
        let answered = self.count.saturating_add(self.declined);
        let twice = self.declined.saturating_mul(2_000).saturating_add(answered);
        twice.checked_div(answered.saturating_mul(2))
    }

    fn take(&mut self, movement: &Movement, is_same: bool) {
        let (amount, parts) = (movement.amount.minor(), movement.parts);
        let sign = match movement.way {
            Way::In => {
                add(&mut self.gross_minor, amount);
                1
            }
            Way::Back { .. } if is_same => {
                add(&mut self.refunded_same_minor, amount);
                -1
            }
            Way::Back { .. } => {
                add(&mut self.refunded_earlier_minor, amount);
                -1
            }
        };
        add(&mut self.supply_minor, sign * parts.supply_minor);
        add(&mut self.vat_minor, sign * parts.vat_minor);
        add(&mut self.tax_free_minor, sign * parts.tax_free_minor);
    }
}

fn add(sum: &mut i64, more: i64) {
    *sum = sum.saturating_add(more);
}

/// The sums of a report, a payment at a time.
#[derive(Debug)]
pub struct Sums {
    by: By,
    time: Time,
    rule: Option<TaxRule>,
    rows: BTreeMap<(Key, &'static str, Currency), Row>,
    totals: BTreeMap<(&'static str, Currency), Row>,
}

impl Sums {
    #[must_use]
    pub fn new(by: By, time: Time, rule: Option<TaxRule>) -> Sums {
        Sums { by, time, rule, rows: BTreeMap::new(), totals: BTreeMap::new() }
    }

    /// Adds one payment, as far as it is of the time.
    pub fn add(&mut self, booked: &Booked) {
        let payment = &booked.payment;
        let own_time = self.time.of(booked);
        let is_of_time = self.time.has(own_time);
        if is_of_time {
            let vat = VatParts::of(payment.terms.amount, payment.tax, self.rule).basis;
            self.each(payment, (own_time, vat), |row| count(row, payment));
        }
        for movement in booked.movements(self.rule) {
            let at = if movement.way == Way::In { own_time } else { movement.at };
            if self.time.has(at) {
                self.each(payment, (at, movement.parts.basis), |row| row.take(&movement, is_of_time));
            }
        }
    }

    /// Adds what a day of the time comes to, where rows are days or months by approval. What went back, and further
    /// payments, are added by themselves.
    pub fn add_day(&mut self, day: &BookDay) {
        let (vat, tax_free) = day.vat_and_tax_free(self.rule);
        let key = Key::of_day(self.by, day.day);
        self.change((day.mode, day.currency), Some(key), |row| {
            row.count += day.paid;
            row.declined += day.failed;
            row.unknown += day.unknown;
            row.not_sent += day.not_sent;
            add(&mut row.gross_minor, day.gross_minor);
            add(&mut row.supply_minor, day.gross_minor.saturating_sub(vat).saturating_sub(tax_free));
            add(&mut row.vat_minor, vat);
            add(&mut row.tax_free_minor, tax_free);
            add(&mut row.declined_minor, day.failed_minor);
        });
    }

    /// Adds what went back of a payment, as far as it is of the time.
    pub fn add_back(&mut self, booked: &Booked) {
        let payment = &booked.payment;
        let is_of_time = self.time.has(self.time.of(booked));
        for movement in booked.movements(self.rule) {
            if movement.way != Way::In && self.time.has(movement.at) {
                let of = (movement.at, movement.parts.basis);
                self.each(payment, of, |row| row.take(&movement, is_of_time));
            }
        }
    }

    /// Adds further payments under the order of one that is of the time.
    pub fn add_further(&mut self, booked: &Booked) {
        let payment = &booked.payment;
        let vat = VatParts::of(payment.terms.amount, payment.tax, self.rule).basis;
        self.each(payment, (self.time.of(booked), vat), |row| count_further(row, payment));
    }

    /// The row and the total that something is to be counted in.
    fn each(&mut self, payment: &Payment, of: (Timestamp, VatBasis), change: impl Fn(&mut Row)) {
        // Why a payment was not paid is nothing that a paid one has.
        let is_in_row = self.by != By::Reason || payment.outcome != Outcome::Paid;
        let key = is_in_row.then(|| Key::of(self.by, payment, of, &self.time.zone));
        self.change((payment.mode_shown(), payment.terms.amount.currency()), key, change);
    }

    fn change(&mut self, (mode, currency): (Mode, Currency), key: Option<Key>, change: impl Fn(&mut Row)) {
        let total = self.totals.entry((mode.word(), currency));
        change(total.or_insert_with(|| Row::empty(None, mode, currency)));
        let Some(key) = key else { return };
        let row = self.rows.entry((key.clone(), mode.word(), currency));
        change(row.or_insert_with(|| Row::empty(Some(key), mode, currency)));
    }

    #[must_use]
    pub fn time(&self) -> &Time {
        &self.time
    }

    #[must_use]
    pub fn by(&self) -> By {
        self.by
    }

    /// Live money first, then by currency; the rows of each in their order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.values().cloned().collect();
        let worth = |row: &Row| row.net_minor().max(row.declined_minor);
        rows.sort_by(|a, b| {
            let (of_a, of_b) = (group(a), group(b));
            of_a.cmp(&of_b).then_with(|| match (&a.key, &b.key) {
                (Some(key_a), Some(key_b)) => order(self.by, (key_a, worth(a)), (key_b, worth(b))),
                (key_a, key_b) => key_a.cmp(key_b),
            })
        });
        rows
    }

    #[must_use]
    pub fn totals(&self) -> Vec<Row> {
        let mut totals: Vec<Row> = self.totals.values().cloned().collect();
        totals.sort_by_key(group);
        totals
    }
}

fn group(row: &Row) -> (u8, Currency) {
    let place = match row.mode {
        Mode::Live => 0,
        Mode::Test => 1,
        Mode::Sandbox => 2,
    };
    (place, row.currency)
}

/// What a payment is beside its money.
fn count(row: &mut Row, payment: &Payment) {
    let amount = payment.terms.amount.minor();
    match payment.outcome {
        Outcome::Paid => row.count += 1,
        Outcome::Declined | Outcome::Rejected => {
            row.declined += 1;
            add(&mut row.declined_minor, amount);
        }
        Outcome::Unknown | Outcome::Pending => row.unknown += 1,
        Outcome::NotSent => row.not_sent += 1,
    }
    count_further(row, payment);
}

fn count_further(row: &mut Row, payment: &Payment) {
    for (_, Held(held)) in payment.further() {
        row.further += 1;
        // What is held in another currency is counted, and cannot be added.
        add(
            &mut row.further_minor,
            held.filter(|held| held.currency() == row.currency).map_or(0, |held| held.minor()),
        );
    }
}

#[cfg(test)]
mod tests;
