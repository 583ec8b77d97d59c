//! Adding up what an engine has summed up: what a choice of payments comes to, whatever keeps them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::record::Held;
use crate::domain::totals::Totals;
use crate::ledger::Filter;

/// A day begins so long after it does in UTC, and has this many milliseconds.
const KOREA_MS: i64 = 9 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// Payments of one outcome and mode in one currency.
#[derive(Debug)]
pub(super) struct GroupTotal {
    pub(super) outcome: Outcome,
    /// By the gateway's flag, where it told one.
    pub(super) mode: Mode,
    /// Whether the flag of one of them denies the mode that its profile had.
    pub(super) denied: bool,
    pub(super) count: u64,
    /// Less what was refunded.
    pub(super) net: Amount,
    /// Those that a person has noted as charged.
    pub(super) noted: u64,
    pub(super) noted_net: Amount,
}

/// Whole days, without an end where a choice has none: `first <= day < end`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Option<i64>,
    pub(super) end: Option<i64>,
}

/// The whole days of a choice that is of nothing but days, outcomes and modes, and has any.
pub(super) fn whole_days(filter: &Filter) -> Option<Days> {
    let Filter { since, until, .. } = filter;
    let others =
        Filter { outcomes: Vec::new(), since: None, until: None, mode: None, limit: None, ..filter.clone() };
    if others != Filter::default() {
        return None;
    }
    let first = since.map(|since| (since.as_millisecond() + KOREA_MS + DAY_MS - 1).div_euclid(DAY_MS));
    let end = until.map(|until| (until.as_millisecond() + KOREA_MS).div_euclid(DAY_MS));
    let empty = first.zip(end).is_some_and(|(first, end)| first >= end);
    (!empty).then_some(Days { first, end })
}

/// When a day begins, as [`Days`] counts them.
pub(super) fn begins(day: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(day * DAY_MS - KOREA_MS).ok()
}

/// How many payments have each outcome, where nothing is added up: of those for whom somebody has to act none is paid.
#[derive(Debug, Default)]
pub(super) struct Counts([u64; Outcome::ALL.len()]);

impl Counts {
    pub(super) fn add(&mut self, outcome: Outcome) {
        for (of, count) in Outcome::ALL.iter().zip(&mut self.0) {
            *count += u64::from(*of == outcome);
        }
    }

    pub(super) fn totals(self) -> Totals {
        let by_outcome = Outcome::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0).collect();
        Totals { count: self.0.iter().sum(), by_outcome, ..Totals::default() }
    }
}

/// Adds an amount to the sum in its currency.
fn add(sums: &mut BTreeMap<Currency, Amount>, more: Amount) -> Option<()> {
    let none = Amount::from_minor(0, more.currency());
    let sum = sums.entry(more.currency()).or_insert(none);
    *sum = sum.checked_add(more)?;
    Some(())
}

/// Adds sums up; `None` where they come to more than fits.
pub(super) fn sum_up(groups: Vec<GroupTotal>) -> Option<Totals> {
    let mut totals = Totals::default();
    let mut counts = [0_u64; Outcome::ALL.len()];
    let mut noted: BTreeMap<Currency, Amount> = BTreeMap::new();
    // Live comes first, where there is any of it.
    let mut nets: [(Mode, BTreeMap<Currency, Amount>); 3] =
        [Mode::Live, Mode::Test, Mode::Sandbox].map(|mode| (mode, BTreeMap::new()));
    let mut denied = Vec::new();
    for group in groups.into_iter().filter(|group| group.count > 0) {
        totals.count += group.count;
        totals.noted += group.noted;
        for (outcome, count) in Outcome::ALL.iter().zip(&mut counts) {
            if *outcome == group.outcome {
                *count += group.count;
            }
        }
        if group.noted > 0 {
            add(&mut noted, group.noted_net)?;
        }
        if group.outcome == Outcome::Paid {
            denied.extend(group.denied.then_some(group.mode));
            if let Some((_, net)) = nets.iter_mut().find(|(mode, _)| *mode == group.mode) {
                add(net, group.net)?;
            }
        }
    }
    let counted = Outcome::ALL.into_iter().zip(counts);
    totals.by_outcome = counted.filter(|(_, count)| *count > 0).collect();
    totals.noted_net = noted.into_values().collect();
    let mut nets = nets.into_iter().filter(|(_, net)| !net.is_empty());
    if let Some((mode, net)) = nets.next() {
        totals.net = net.into_values().collect();
        totals.net_mode = denied.contains(&mode).then_some(mode);
    }
    totals.apart = nets.map(|(mode, net)| (mode, net.into_values().collect())).collect();
    Some(totals)
}

/// What payments hold that are not the ones their orders stand for.
pub(super) fn with_further(totals: Totals, several: &[Payment]) -> Totals {
    let mut further = 0;
    let mut sums: BTreeMap<Currency, Amount> = BTreeMap::new();
    for (_, Held(held)) in several.iter().flat_map(Payment::further) {
        further += 1;
        if let Some(held) = held {
            let none = Amount::from_minor(0, held.currency());
            let sum = sums.entry(held.currency()).or_insert(none);
            *sum = sum.checked_add(held).unwrap_or(*sum);
        }
    }
    Totals { further, further_held: sums.into_values().collect(), ..totals }
}

#[cfg(test)]
mod tests {
    use super::{Days, whole_days};
    use crate::domain::payment::{Mode, Outcome};
    use crate::ledger::{By, Filter};

    #[test]
    fn only_the_days_that_lie_in_a_choice_wholly_are_summed_up_from_what_is_kept() {
        let all = Filter::default;
        let at = |text: &str| Some(text.parse().unwrap());
        let days = |first, end| Some(Days { first, end });
        // The days since 1970-01-01 that 2026-11-23 is.
        let day = 20_780;
        for (case, filter, expected) in [
            ("all", all(), days(None, None)),
            (
                "since a midnight",
                Filter { since: at("2026-11-23T00:00:00+09:00"), ..all() },
                days(Some(day), None),
            ),
            (
                "a moment later",
                Filter { since: at("2026-11-23T00:00:00.001+09:00"), ..all() },
                days(Some(day + 1), None),
            ),
            (
                "until a midnight",
                Filter { until: at("2026-11-24T00:00:00+09:00"), ..all() },
                days(None, Some(day + 1)),
            ),
            (
                "a moment before",
                Filter { until: at("2026-11-23T23:59:59.999+09:00"), ..all() },
                days(None, Some(day)),
            ),
            (
                "less than a day",
                Filter {
                    since: at("2026-11-23T00:00:01+09:00"),
                    until: at("2026-11-24T23:00:00+09:00"),
                    ..all()
                },
                None,
            ),
            ("before 1970", Filter { since: at("1969-12-31T12:00:00+09:00"), ..all() }, days(Some(0), None)),
            (
                "an outcome and a mode",
                Filter { outcomes: vec![Outcome::Paid], mode: Some(Mode::Live), ..all() },
                days(None, None),
            ),
            ("a limit", Filter { limit: Some(20), ..all() }, days(None, None)),
            ("the gateway's word", Filter { statuses: vec!["failed".to_owned()], ..all() }, None),
            ("by the charge", Filter { by: By::Paid, ..all() }, None),
            ("a text", Filter { text: Some("kim".to_owned()), ..all() }, None),
            ("an amount", Filter { min: Some(1), ..all() }, None),
        ] {
            assert_eq!(whole_days(&filter), expected, "{case}");
        }
    }
}
