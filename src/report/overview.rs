//! All that a page about a time shows, added up in one pass.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::money::Currency;
use crate::domain::movement::Booked;
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::tax::TaxRule;
use crate::domain::tries::Case;
use crate::report::backs::Backs;
use crate::report::cohort::Cohort;
use crate::report::key::By;
use crate::report::reasons::Reasons;
use crate::report::sums::{Row, Sums, Time};

/// A time of more days than this is told by months.
const DAYS_MAX: i64 = 62;

type Groups = BTreeMap<(&'static str, Currency), Shares>;

/// What a page shows, a payment at a time.
#[derive(Debug)]
pub struct Overview {
    time: Time,
    rule: Option<TaxRule>,
    sums: Sums,
    groups: Groups,
}

#[derive(Debug, Default)]
struct Shares {
    reasons: Reasons,
    backs: Backs,
    cohort: Cohort,
}

/// Everything about one mode and currency.
#[derive(Debug)]
pub struct Section<'a> {
    pub mode: Mode,
    pub currency: Currency,
    pub total: Row,
    /// Its days or months, those without payments too.
    pub slots: Vec<Slot>,
    pub reasons: &'a Reasons,
    pub backs: &'a Backs,
    pub cohort: &'a Cohort,
}

/// A day or a month of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// `2026-11-03` or `2026-11`.
    pub key: String,
    /// `None` where nothing was charged, refunded or declined.
    pub row: Option<Row>,
    /// It is yet to come.
    pub ahead: bool,
}

impl Overview {
    #[must_use]
    pub fn new(time: Time, rule: Option<TaxRule>) -> Overview {
        let by = if is_of_days(&time) { By::Day } else { By::Month };
        let sums = Sums::new(by, time.clone(), rule);
        Overview { time, rule, sums, groups: BTreeMap::new() }
    }

    /// Adds one payment, as far as it is of the time.
    pub fn add(&mut self, booked: &Booked) {
        self.sums.add(booked);
        let of_time = self.time.has(self.time.of(booked));
        let is_no = matches!(booked.payment.outcome, Outcome::Declined | Outcome::Rejected);
        if is_no && of_time {
            shares(&mut self.groups, &booked.payment).reasons.add(&booked.payment);
        }
        if booked.payment.outcome == Outcome::Paid {
            let shares = shares(&mut self.groups, &booked.payment);
            shares.backs.add(booked, &self.time, self.rule);
        }
    }

    /// Adds an order of the time that was refused.
    pub fn add_refused(&mut self, case: &Case) {
        let Some(followed) = case.followed() else { return };
        let key = (followed.mode.word(), followed.amount.currency());
        self.groups.entry(key).or_default().cohort.add(&followed, &self.time.zone);
    }

    #[must_use]
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// Whether it is told by days, and not by months.
    #[must_use]
    pub fn is_of_days(&self) -> bool {
        self.sums.by() == By::Day
    }

    /// Live money first, then by currency. `first` is when the ledger has anything for the first time: no month before it
    /// is shown.
    #[must_use]
    pub fn sections(&mut self, first: Option<Timestamp>, now: Timestamp) -> Vec<Section<'_>> {
        let (rows, totals) = (self.sums.rows(), self.sums.totals());
        if totals.is_empty() {
            return Vec::new();
        }
        let keys = keys(&self.time, self.sums.by(), first, now);
        for total in &totals {
            self.groups.entry((total.mode.word(), total.currency)).or_default();
        }
        let groups = &self.groups;
        let section = |total: Row| {
            let shares = groups.get(&(total.mode.word(), total.currency))?;
            let of_it = |row: &&Row| row.mode == total.mode && row.currency == total.currency;
            let mut found: BTreeMap<String, Row> = BTreeMap::new();
            for row in rows.iter().filter(of_it) {
                found.extend(row.key.as_ref().map(|key| (key.text.clone(), row.clone())));
            }
            // What lies outside of the calendar, because a clock was wrong, is shown all the same.
            let odd = found.keys().filter(|key| !keys.iter().any(|(known, _)| known == *key)).cloned();
            let mut all: Vec<(String, bool)> =
                odd.map(|key| (key, false)).chain(keys.iter().cloned()).collect();
            all.sort();
            let slots =
                all.into_iter().map(|(key, ahead)| Slot { row: found.remove(&key), key, ahead }).collect();
            let (mode, currency) = (total.mode, total.currency);
            let Shares { reasons, backs, cohort } = shares;
            Some(Section { mode, currency, total, slots, reasons, backs, cohort })
        };
        totals.into_iter().filter_map(section).collect()
    }
}

fn shares<'g>(groups: &'g mut Groups, payment: &Payment) -> &'g mut Shares {
    groups.entry((payment.mode_shown().word(), payment.terms.amount.currency())).or_default()
}

fn is_of_days(time: &Time) -> bool {
    let seconds = time.until.as_second().saturating_sub(time.since.as_second());
    seconds <= DAYS_MAX * 24 * 3600
}

/// The days or months of a time, and whether each is yet to come.
fn keys(time: &Time, by: By, first: Option<Timestamp>, now: Timestamp) -> Vec<(String, bool)> {
    let date = |at: Timestamp| at.to_zoned_datetime(time.zone.clone()).date();
    // The last moment that is of the time.
    let last = date(time.until.checked_sub(1.nanosecond()).unwrap_or(time.until));
    let today = date(now);
    let (mut day, last, form) = match by {
        By::Month => {
            let from = first.map_or(time.since, |first| first.max(time.since));
            (date(from).first_of_month(), last.min(today), "%Y-%m")
        }
        By::Day
        | By::Customer
        | By::Card
        | By::Product
        | By::Status
        | By::Reason
        | By::Means
        | By::Company => (date(time.since), last, "%Y-%m-%d"),
    };
    let step = if by == By::Month { 1.month() } else { 1.day() };
    let mut all = Vec::new();
    while day <= last {
        all.push((day.strftime(form).to_string(), day > today));
        let Ok(next): Result<Date, _> = day.checked_add(step) else { break };
        day = next;
    }
    all
}

#[cfg(test)]
mod tests;
