//! A refund in its payment's history at the gateway: whether an entry is ours, another's, or nobody can say.

use crate::domain::payment::CancelRecord;
use crate::domain::refund::{Refund, Shown};
use crate::domain::text::nfc;

/// Whether a refund is in its payment's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Ours(Box<CancelRecord>),
    /// Something is there that may be ours or another's, or that contradicts itself.
    Undecided,
    NotThere,
}

/// How far the gateway's clock and ours may be apart, in seconds.
const SKEW_S: i64 = 120;

/// So many entries of one second are put in every order; more are not.
const BESIDE_MAX: usize = 12;

/// Looks for a refund in its payment's history: by its id in the reason; where the reason was cut off, by its
/// beginning, the amount, the time, and the balance before. Two that fit prove nothing, and neither does a history
/// that does not come to what the record says was refunded.
#[must_use]
pub fn find(refund: &Refund, others: &[Refund], shown: &Shown) -> Found {
    let expected = refund.balance_before.minor().saturating_sub(refund.amount.minor());
    // So much less is left that ours may be in it.
    let fell = shown.balance().minor() <= expected;
    let unexplained = if fell { Found::Undecided } else { Found::NotThere };
    // Without a history what was refunded may be ours, whatever the balance: another's may have been taken back since.
    let Some(history) = shown.entries() else {
        return if shown.refunded >= refund.amount { Found::Undecided } else { Found::NotThere };
    };
    if let found @ (Found::Ours(_) | Found::Undecided) = named(refund, shown, &history) {
        return found;
    }
    let alike: Vec<Fit> =
        (0..history.len()).filter_map(|at| fit(refund, others, &history, shown, at)).collect();
    if total_in(&history, shown) != Some(shown.refunded.minor()) {
        return if alike.is_empty() { unexplained } else { Found::Undecided };
    }
    match alike.as_slice() {
        [] => Found::NotThere,
        [Fit::Whole(at)] if shown.cancelled => {
            history.get(*at).map_or(Found::Undecided, |entry| Found::Ours(Box::new((*entry).clone())))
        }
        [..] if alike.iter().all(|fit| *fit == Fit::AnotherBalance) => Found::NotThere,
        [..] => Found::Undecided,
    }
}

/// The same by the id alone.
#[must_use]
pub fn find_by_id(refund: &Refund, shown: &Shown) -> Found {
    shown.entries().map_or(Found::NotThere, |history| named(refund, shown, &history))
}

/// What the entry says that has the refund's own id. It is proof when it is of the amount that was asked for, when
/// the sum of what was refunded has room for it, and when the payment's status says that money went back: a
/// refund that is only begun may have an entry as well (facts 4, PayPal).
fn named(refund: &Refund, shown: &Shown, history: &[&CancelRecord]) -> Found {
    let mut named = history.iter().filter(|entry| names(entry, refund)).peekable();
    if named.peek().is_none() {
        return Found::NotThere;
    }
    let of_ours = |entry: &&&CancelRecord| entry.amount_in(refund.amount.currency()) == Some(refund.amount);
    let has_room = shown.refunded >= refund.amount
        && shown.listed().is_none_or(|listed| listed <= shown.refunded.minor());
    match named.find(of_ours) {
        Some(entry) if shown.cancelled && has_room => Found::Ours(Box::new((*entry).clone())),
        Some(_) | None => Found::Undecided,
    }
}

/// Whether the entry's reason ends with the refund's id, whatever became of the sign before it.
fn names(entry: &CancelRecord, refund: &Refund) -> bool {
    entry.ends_with(refund.id.as_str())
}

/// How an entry without our id fits a refund of its amount, whose reason begins as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// In all that can be known; the entry's place.
    Whole(usize),
    /// The balance before it was another, and one balance is what the gateway was asked to hold against.
    AnotherBalance,
    /// The time is another's, or what came before it cannot be told.
    Unclear,
}

fn fit(
    refund: &Refund,
    others: &[Refund],
    history: &[&CancelRecord],
    shown: &Shown,
    at: usize,
) -> Option<Fit> {
    let currency = refund.amount.currency();
    let entry = *history.get(at)?;
    let anothers = others.iter().filter(|other| other.id != refund.id).any(|other| {
        names(entry, other)
            || (other.cancellation_id.is_some() && other.cancellation_id == entry.cancellation_id)
    });
    if anothers || entry.amount_in(currency) != Some(refund.amount) || !begins(refund, entry) {
        return None;
    }
    let minor = |other: &CancelRecord| other.amount_in(currency).map(|amount| amount.minor());
    let (mut spent, mut beside) = (0_i64, Vec::new());
    for (_, other) in history.iter().enumerate().filter(|(place, _)| *place != at) {
        let Some(amount) = minor(other) else { return Some(Fit::Unclear) };
        match (other.at_s, entry.at_s) {
            (Some(other), Some(entry)) if other < entry => spent = spent.saturating_add(amount),
            (Some(other), Some(entry)) if other > entry => {}
            // Entries of one second have no order: ours may have come before or after each of them.
            (Some(_) | None, _) => beside.push(amount),
        }
    }
    if beside.len() > BESIDE_MAX {
        return Some(Fit::Unclear);
    }
    let sent_s = refund.sent.gateway_s.unwrap_or_else(|| refund.sent.wall.as_second());
    let late_enough = entry.at_s.is_none_or(|at| at >= sent_s.saturating_sub(SKEW_S));
    let before = shown.paid.minor().saturating_sub(spent).saturating_sub(refund.balance_before.minor());
    if !is_a_sum(before, &beside) {
        // Less shows before it than was refunded when ours was asked for: the PG has taken back some of that.
        return Some(if late_enough && before > 0 { Fit::Unclear } else { Fit::AnotherBalance });
    }
    Some(if late_enough { Fit::Whole(at) } else { Fit::Unclear })
}

/// What a reason was cut to begins as it does; one that says something else is another's. Half a character and
/// the sign that something is missing are no part of it.
fn begins(refund: &Refund, entry: &CancelRecord) -> bool {
    let Some(reason) = entry.reason.as_deref() else { return true };
    let of_a_cut = |c: char| c.is_whitespace() || matches!(c, '\u{FFFD}' | '…' | '.');
    nfc(&refund.reason_sent()).starts_with(nfc(reason).trim_end_matches(of_a_cut))
}

impl Shown {
    /// The entries of the history. A list that comes to more than was refunded and repeats an entry has it once.
    pub(super) fn entries(&self) -> Option<Vec<&CancelRecord>> {
        let all: Vec<&CancelRecord> = self.history.as_ref()?.iter().collect();
        let total = |entries: &[&CancelRecord]| total_in(entries, self);
        if total(&all).is_none_or(|total| total <= self.refunded.minor()) {
            return Some(all);
        }
        let mut once: Vec<&CancelRecord> = Vec::new();
        for entry in all {
            if entry.cancellation_id.is_none() || !once.contains(&entry) {
                once.push(entry);
            }
        }
        Some(once)
    }

    /// What the history comes to, where all of it can be read.
    pub(super) fn listed(&self) -> Option<i64> {
        total_in(&self.entries()?, self)
    }
}

fn total_in(entries: &[&CancelRecord], shown: &Shown) -> Option<i64> {
    let currency = shown.paid.currency();
    let minor = |entry: &&CancelRecord| entry.amount_in(currency).map(|amount| amount.minor());
    entries.iter().map(minor).sum()
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
