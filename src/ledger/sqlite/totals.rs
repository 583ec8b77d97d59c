//! What payments come to: by the sums of days that triggers keep (`migrations/0016_day_sums.sql`), and by adding up the
//! rows where a choice is of less than whole days, or of something else.

use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, Rows, Transaction, TransactionBehavior};

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome};
use crate::domain::totals::Totals;
use crate::ledger::adding::{Counts, Days, GroupTotal, begins, sum_up, whole_days, with_further};
use crate::ledger::engine::{Reads, Sums};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::{CHOSEN, bound, payments};
use crate::ledger::sqlite::row::{self, collect};
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

impl Sums for Sqlite {
    fn totals(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        if filter.who.is_some() {
            let mut counts = Counts::default();
            self.visit(&Filter { limit: None, ..filter.clone() }, &mut |payment| {
                counts.add(payment.outcome);
                ControlFlow::Continue(())
            })?;
            return Ok(counts.totals());
        }
        self.look_for(filter)?;
        self.read(|db| {
            // All of it is of one moment.
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let totals = sum_up(groups(&tx, filter)?).ok_or(Fault::TooLarge("sum of the amounts"))?;
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

/// The sums of a choice, several of one kind where it is of whole days and of pieces of others.
fn groups(db: &Connection, filter: &Filter) -> Result<Vec<GroupTotal>, Fault> {
    let Some(Days { first, end }) = whole_days(filter) else { return added_up(db, filter) };
    let mut groups = of_days(db, filter, first, end)?;
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
