//! Why payments of a time were not paid, and who has to act.

use std::collections::BTreeMap;

use crate::domain::declines::{Known, Standing, Who};
use crate::domain::payment::{Outcome, Payment};

/// Words that nobody knows may have an id in each of them: of so many different ones the rest is counted together.
const DIFFERENT_MAX: usize = 500;

/// One reason of a decline or rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is known of the words.
    pub known: Option<&'static Known>,
    /// The words, where nothing is; empty where there are none.
    pub words: String,
    pub count: u64,
    pub minor: i64,
}

/// The reasons of one mode and currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    /// By the meaning where it is known, else by the words.
    by_text: BTreeMap<(bool, String), Reason>,
    /// Further different words, how many payments and what they come to.
    pub others: u64,
    pub others_minor: i64,
}

impl Reasons {
    /// Adds one that was declined or rejected; no other one has a reason.
    pub fn add(&mut self, payment: &Payment) {
        if !matches!(payment.outcome, Outcome::Declined | Outcome::Rejected) {
            return;
        }
        let minor = payment.terms.amount.minor();
        let known = Standing::of(payment).and_then(|standing| standing.known);
        let words = if known.is_some() { String::new() } else { payment.why().unwrap_or_default() };
        let key = (known.is_some(), known.map_or_else(|| words.clone(), |known| known.meaning_en.to_owned()));
        if self.by_text.len() >= DIFFERENT_MAX && !self.by_text.contains_key(&key) {
            self.others += 1;
            self.others_minor = self.others_minor.saturating_add(minor);
            return;
        }
        let reason = self.by_text.entry(key).or_insert(Reason { known, words, count: 0, minor: 0 });
        reason.count += 1;
        reason.minor = reason.minor.saturating_add(minor);
    }

    /// The most frequent first.
    #[must_use]
    pub fn all(&self) -> Vec<&Reason> {
        let mut all: Vec<&Reason> = self.by_text.values().collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then(b.minor.cmp(&a.minor)));
        all
    }

    /// How many are for these to act on; `None`: nobody knows for whom.
    #[must_use]
    pub fn of(&self, who: Option<Who>) -> u64 {
        let all = self.by_text.values().filter(|reason| reason.known.map(|known| known.who) == who);
        let count: u64 = all.map(|reason| reason.count).sum();
        if who.is_none() { count + self.others } else { count }
    }
}
