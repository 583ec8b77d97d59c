//! How often the same money was asked for after a no, and whether it came.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome, Payment};

/// Another order counts as a further try when it was asked for within this time after the last no.
pub const FURTHER_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Orders that were asked for earlier or later than this are looked at by nobody: a chain of tries ends somewhere.
pub const LOOKED_AT_WITHIN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// One attempt that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// When the answer was first known, by this machine's clock: the gateway tells whole seconds, by which two tries of
    /// one second would change places. Of a payment that was made elsewhere: when it was asked for.
    pub at: Timestamp,
    /// That answer was a decline or rejection.
    pub refused: bool,
    /// When it was paid, by the gateway's clock where it told. Beside a no: it turned out paid all the same.
    pub paid_at: Option<Timestamp>,
}

impl Try {
    fn refused_at(self) -> Option<Timestamp> {
        self.refused.then_some(self.at)
    }

    /// When it was known to be paid, by the clock that `at` is of where that tells.
    fn known_paid_at(self) -> Option<Timestamp> {
        if self.refused { self.paid_at } else { self.paid_at.map(|_| self.at) }
    }
}

/// An order, and what its attempts were answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub amount: Amount,
    /// As it is shown: the gateway's flag counts.
    pub mode: Mode,
    pub once_per: bool,
    pub requested_at: Timestamp,
    /// In their order. An attempt that was never answered is none.
    pub tries: Vec<Try>,
}

impl Tried {
    /// From what the order's attempts were known to have come to, in the order it was written down: the number of the
    /// attempt, when, and what.
    #[must_use]
    pub fn of(payment: &Payment, answers: impl IntoIterator<Item = (u32, Timestamp, Outcome)>) -> Tried {
        let mut tries: BTreeMap<u32, Try> = BTreeMap::new();
        for (attempt, at, outcome) in answers {
            let refused = matches!(outcome, Outcome::Declined | Outcome::Rejected);
            if refused || outcome == Outcome::Paid {
                let one = tries.entry(attempt).or_insert(Try { at, refused, paid_at: None });
                if !refused {
                    one.paid_at.get_or_insert(payment.paid_at.unwrap_or(at));
                }
            }
        }
        Tried {
            amount: payment.terms.amount,
            mode: payment.mode_shown(),
            once_per: payment.once_per,
            requested_at: payment.requested_at,
            tries: tries.into_values().collect(),
        }
    }

    /// Whether one of the two may be a further try of the other: they ask for the same money of one customer, and are
    /// not of two periods or plans, as two `--once-per` ids always are (contract, "Checked before a charge").
    fn is_like(&self, other: &Tried) -> bool {
        self.amount == other.amount && self.mode == other.mode && !(self.once_per && other.once_per)
    }
}

/// An order that was refused, and the others that its customer was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub order: Tried,
    /// Other orders of the same customer, asked for within [`LOOKED_AT_WITHIN`] of this one, oldest first.
    pub beside: Vec<Tried>,
}

/// What became of money that was refused once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    pub mode: Mode,
    pub amount: Amount,
    pub first_refused_at: Timestamp,
    /// How many tries were answered until it was paid, or until now.
    pub tries: usize,
    pub paid: Option<PaidBy>,
}

/// The try that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidBy {
    /// From 1. The first one was refused, and turned out paid without another try.
    pub nth: usize,
    pub at: Timestamp,
    /// Another order of the same customer and amount.
    pub by_another_order: bool,
}

impl Case {
    /// Follows the money to where it was paid. `None` where the order was never refused, or is itself a further try of an
    /// earlier one, with which it counts.
    ///
    /// Its tries are the answered attempts of the order, and of every later order of the same customer, amount and mode
    /// that was asked for within [`FURTHER_WITHIN`] after the last no before it, while nothing of them was paid. Two orders
    /// by `--once-per` are two periods, and never tries of one.
    #[must_use]
    pub fn followed(&self) -> Option<Followed> {
        let first_refused_at = self.order.tries.iter().filter_map(|one| one.refused_at()).min()?;
        if self.goes_on_from_an_earlier_one() {
            return None;
        }
        let own = self.order.tries.iter().map(|one| (*one, false));
        let mut tries: Vec<(Try, bool)> = own.collect();
        let later = self.beside.iter().filter(|other| other.requested_at > self.order.requested_at);
        for other in later.filter(|other| other.is_like(&self.order)) {
            if is_further(other.requested_at, tries.iter().map(|(one, _)| *one)) {
                tries.extend(other.tries.iter().map(|one| (*one, true)));
            }
        }
        tries.sort_by_key(|(one, _)| one.at);
        let paid = tries.iter().enumerate().filter_map(|(index, (one, by_another_order))| {
            let at = one.paid_at?;
            Some(PaidBy { nth: index.saturating_add(1), at, by_another_order: *by_another_order })
        });
        let paid = paid.min_by_key(|paid| paid.at);
        Some(Followed {
            mode: self.order.mode,
            amount: self.order.amount,
            first_refused_at,
            tries: paid.map_or(tries.len(), |paid| paid.nth),
            paid,
        })
    }

    fn goes_on_from_an_earlier_one(&self) -> bool {
        let begun = self.order.requested_at;
        let earlier = self.beside.iter().filter(|other| other.requested_at < begun);
        let tries = earlier.filter(|other| other.is_like(&self.order)).flat_map(|other| other.tries.iter());
        is_further(begun, tries.copied())
    }
}

/// Whether what was asked for at this time goes on from tries before it: the last no was not long before, and nothing
/// was paid since.
fn is_further(asked_at: Timestamp, tries: impl Iterator<Item = Try>) -> bool {
    let (mut last_no, mut last_paid) = (None, None);
    for one in tries {
        last_no = last_no.max(one.refused_at().filter(|at| *at <= asked_at));
        last_paid = last_paid.max(one.known_paid_at().filter(|at| *at <= asked_at));
    }
    last_no.is_some_and(|no| {
        asked_at.duration_since(no) < FURTHER_WITHIN && last_paid.is_none_or(|paid| paid < no)
    })
}

#[cfg(test)]
mod tests;
