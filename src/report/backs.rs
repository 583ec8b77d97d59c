//! Why money of a time went back, and where it was given back.

use std::collections::BTreeMap;

use crate::domain::movement::{Booked, Way};
use crate::domain::tax::TaxRule;
use crate::report::sums::Time;

/// Causes are free text: of so many different ones the rest is counted together.
const DIFFERENT_MAX: usize = 500;

/// Where it was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// By a `refund` of this ledger.
    Here,
    /// In the console, or by another program; and what a PG took back.
    Elsewhere,
    /// By the PG without the gateway, as a person has noted.
    Outside,
}

/// Refunds of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    pub origin: Origin,
    /// As it was given; empty where none was.
    pub cause: String,
    pub count: u64,
    /// Of payments of the time, and of earlier ones.
    pub same_minor: i64,
    pub earlier_minor: i64,
}

/// What went back of one mode and currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backs {
    by_cause: BTreeMap<(Origin, String), Back>,
    /// Those whose cause is one of too many.
    pub others: Option<Back>,
}

impl Backs {
    /// Adds what went back of a payment in the time.
    pub fn add(&mut self, booked: &Booked, time: &Time, rule: Option<TaxRule>) {
        let is_same = time.has(time.of(booked));
        for movement in booked.movements(rule) {
            let Way::Back { refund, reason, outside } = &movement.way else { continue };
            if !time.has(movement.at) {
                continue;
            }
            let ours = refund.as_ref().and_then(|id| booked.refunds.iter().find(|ours| ours.id == *id));
            let (origin, cause) = match ours {
                // As it was given: what is sent ends with an id of its own.
                Some(ours) => (Origin::Here, ours.reason.trim()),
                None if *outside => (Origin::Outside, reason.as_deref().unwrap_or_default().trim()),
                None => (Origin::Elsewhere, reason.as_deref().unwrap_or_default().trim()),
            };
            let back = self.of(origin, cause);
            back.count += 1;
            let sum = if is_same { &mut back.same_minor } else { &mut back.earlier_minor };
            *sum = sum.saturating_add(movement.amount.minor());
        }
    }

    fn of(&mut self, origin: Origin, cause: &str) -> &mut Back {
        let key = (origin, cause.to_owned());
        let none = Back { origin, cause: cause.to_owned(), count: 0, same_minor: 0, earlier_minor: 0 };
        if self.by_cause.len() >= DIFFERENT_MAX && !self.by_cause.contains_key(&key) {
            return self.others.get_or_insert(Back { cause: String::new(), ..none });
        }
        self.by_cause.entry(key).or_insert(none)
    }

    /// The most money first.
    #[must_use]
    pub fn all(&self) -> Vec<&Back> {
        let worth = |back: &Back| back.same_minor.saturating_add(back.earlier_minor);
        let mut all: Vec<&Back> = self.by_cause.values().collect();
        all.sort_by_key(|back| std::cmp::Reverse(worth(back)));
        all
    }

    /// How many refunds there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.by_cause.values().chain(&self.others).map(|back| back.count).sum()
    }
}
