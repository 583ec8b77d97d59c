//! What payments come to: by the sums of days that triggers keep (`migrations/0016_day_sums.sql`), and by adding up the
//! rows where a choice is of less than whole days, or of something else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Rows, Transaction, TransactionBehavior};

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::record::Held;
use crate::domain::totals::Totals;
use crate::ledger::engine::{Reads, Sums};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::{CHOSEN, bound, payments};
use crate::ledger::sqlite::row::{self, GroupTotal, collect};
use crate::ledger::sqlite::search::{Choice, choose, refunded_between, shown_mode};
use crate::ledger::sqlite::sums;
use crate::ledger::{Filter, LedgerError};

const TOTALS: &str = concat!(
    "SELECT outcome, currency, count(*) AS payments, \
         sum(amount_minor - coalesce(cancel_amount_minor, 0) - outside_minor) AS net_minor, \
         sum(noted IS 'charged') AS noted, sum(iif(noted = 'charged', amount_minor, 0)) AS noted_minor, \
         ",
    shown_mode!(),
    " AS shown_mode, \
         coalesce(max(mode = 'live' AND sandbox = 1 OR mode = 'test' AND sandbox = 0), 0) AS denied FROM payments"
);

/// What went back in a time, of payments of any day: refunds of ours by their own dates; what was refunded elsewhere by
/// the last date that the gateway tells; what the PG paid back without the gateway by the date of the note.
const BACK: &str = concat!(
    "SELECT currency, ",
    shown_mode!(),
    " AS shown_mode, \
         sum(coalesce((SELECT sum(amount_minor) FROM refunds \
                        WHERE payment_id = payments.id AND refunds.imp_uid = payments.imp_uid AND outcome = 'refunded' \
                          AND coalesce(refunded_at_s * 1000, sent_ms) >= :back_since \
                          AND coalesce(refunded_at_s * 1000, sent_ms) < :back_until), 0) \
             + iif(cancelled_at_s * 1000 >= :back_since AND cancelled_at_s * 1000 < :back_until, \
                   max(coalesce(cancel_amount_minor, 0) - coalesce((SELECT sum(amount_minor) FROM refunds \
                        WHERE payment_id = payments.id AND refunds.imp_uid = payments.imp_uid \
                          AND outcome = 'refunded'), 0), 0), 0) \
             + iif(outside_at_ms >= :back_since AND outside_at_ms < :back_until, outside_minor, 0)) AS back_minor \
         FROM payments"
);

/// The sums of whole days.
const DAYS: &str = "SELECT outcome, currency, sum(payments) AS payments, sum(net_high), sum(net_low), sum(noted), \
         sum(noted_high), sum(noted_low), mode, sum(denied) FROM day_sums WHERE true";

/// A day of `day_sums` begins so long after it does in UTC, and has this many milliseconds.
const KOREA_MS: i64 = 9 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

impl Sums for Sqlite {
    fn totals(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        if filter.who.is_some() {
            return self.counted(filter);
        }
        self.look_for(filter)?;
        self.read(|db| {
            // All of it is of one moment.
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let totals = sum_up(groups(&tx, filter)?)?;
            let Choice { sql, params } = choose(filter).with_further_payments(CHOSEN);
            let several = payments(&tx, collect(tx.prepare(&sql)?.query(&*bound(&params))?, row::stored)?)?;
            let refunded = match (filter.since, filter.until) {
                (None, None) => Vec::new(),
                (since, until) => {
                    let Choice { sql, params } = refunded_between(filter, since, until, BACK);
                    sum_back(tx.prepare(&sql)?.query(&*bound(&params))?)?
                }
            };
            tx.commit()?;
            Ok(Totals { refunded, ..with_further(totals, &several) })
        })
    }

    fn wrong_sums(&self) -> Result<Vec<String>, LedgerError> {
        self.read(sums::wrong)
    }
}

impl Sqlite {
    /// The same of payments for which somebody has to act: nothing is paid of them.
    fn counted(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        let mut counts = Outcome::ALL.map(|outcome| (outcome, 0));
        self.visit(&Filter { limit: None, ..filter.clone() }, &mut |payment| {
            for (outcome, count) in &mut counts {
                *count += u64::from(*outcome == payment.outcome);
            }
            ControlFlow::Continue(())
        })?;
        let by_outcome: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        let count = by_outcome.iter().map(|(_, count)| count).sum();
        Ok(Totals { count, by_outcome, ..Totals::default() })
    }
}

/// The sums of a choice, several of one kind where it is of whole days and of pieces of others.
fn groups(db: &Connection, filter: &Filter) -> Result<Vec<GroupTotal>, Fault> {
    let Some(Days { first, end }) = whole_days(filter) else { return added_up(db, filter) };
    let mut groups = of_days(db, filter, first, end)?;
    let begins = |day: i64| Timestamp::from_millisecond(day * DAY_MS - KOREA_MS).ok();
    if let (Some(since), Some(until)) = (filter.since, first.and_then(begins))
        && since < until
    {
        groups.extend(added_up(db, &Filter { until: Some(until), ..filter.clone() })?);
    }
    if let (Some(until), Some(since)) = (filter.until, end.and_then(begins))
        && since < until
    {
        groups.extend(added_up(db, &Filter { since: Some(since), ..filter.clone() })?);
    }
    Ok(groups)
}

/// Whole days, without an end where a choice has none: `first <= day < end`.
#[derive(Debug, PartialEq, Eq)]
struct Days {
    first: Option<i64>,
    end: Option<i64>,
}

/// The whole days of a choice that is of nothing but days, outcomes and modes, and has any.
fn whole_days(filter: &Filter) -> Option<Days> {
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

fn of_days(
    db: &Connection,
    filter: &Filter,
    first: Option<i64>,
    end: Option<i64>,
) -> Result<Vec<GroupTotal>, Fault> {
    let (mut sql, mut params) = (DAYS.to_owned(), Vec::<(String, Value)>::new());
    let bounds = [(first, " AND day >= :first", ":first"), (end, " AND day < :end", ":end")];
    for (day, condition, name) in bounds {
        if let Some(day) = day {
            sql.push_str(condition);
            params.push((name.to_owned(), day.into()));
        }
    }
    if !filter.outcomes.is_empty() {
        let words: Vec<&str> = filter.outcomes.iter().copied().map(Outcome::word).collect();
        sql.push_str(&format!(" AND outcome IN ('{}')", words.join("', '")));
    }
    if let Some(mode) = filter.mode {
        sql.push_str(" AND mode = :mode");
        params.push((":mode".to_owned(), mode.word().to_owned().into()));
    }
    sql.push_str(" GROUP BY mode, currency, outcome");
    collect(db.prepare(&sql)?.query(&*bound(&params))?, row::day_group)
}

fn added_up(db: &Connection, filter: &Filter) -> Result<Vec<GroupTotal>, Fault> {
    let Choice { sql, params } = choose(filter).grouped(TOTALS);
    collect(db.prepare(&sql)?.query(&*bound(&params))?, row::group)
}

/// Adds an amount to the sum in its currency.
fn add(sums: &mut BTreeMap<Currency, Amount>, more: Amount) -> Result<(), Fault> {
    let none = Amount::from_minor(0, more.currency());
    let sum = sums.entry(more.currency()).or_insert(none);
    *sum = sum.checked_add(more).ok_or(Fault::TooLarge("sum of the amounts"))?;
    Ok(())
}

fn sum_up(groups: Vec<GroupTotal>) -> Result<Totals, Fault> {
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
    Ok(totals)
}

/// What went back, live first.
fn sum_back(mut rows: Rows<'_>) -> Result<Vec<(Mode, Vec<Amount>)>, Fault> {
    let mut back = [Mode::Live, Mode::Test, Mode::Sandbox].map(|mode| (mode, Vec::new()));
    while let Some(row) = rows.next()? {
        let (mode, amount) = row::back(row)?;
        let of_mode = back.iter_mut().find(|(of, _)| *of == mode).filter(|_| amount.minor() > 0);
        of_mode.into_iter().for_each(|(_, amounts)| amounts.push(amount));
    }
    Ok(back.into_iter().filter(|(_, amounts)| !amounts.is_empty()).collect())
}

/// What payments hold that are not the ones their orders stand for.
fn with_further(totals: Totals, several: &[Payment]) -> Totals {
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
