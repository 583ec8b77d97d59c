//! What is left for a person: drift and schedules as somebody last saw them, and who has answered for one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::domain::drift::DriftKind;
use crate::domain::ids::CustomerUid;
use crate::domain::left::{Found, Kept, Schedule};
use crate::domain::payment::Outcome;
use crate::domain::record::Signed;
use crate::ledger::LedgerError;
use crate::ledger::engine::Left;
use crate::ledger::looked::{Looked, LookedAhead};
use crate::ledger::signed::AnswerFor;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::months::keep_reading;
use crate::ledger::sqlite::row::collect;

const DRIFT_LEFT: &str = "SELECT * FROM drift WHERE over_ms IS NULL ORDER BY first_seen_ms, id";

const SCHEDULES_LEFT: &str =
    "SELECT * FROM schedules WHERE over_ms IS NULL ORDER BY schedule_at_s, merchant_uid, id";

const PUT_DRIFT: &str = "INSERT INTO drift (id, kind, merchant_uid, imp_uid, customer_uid, amount, currency, \
     cancel_amount, status, outcome, refunded_here, why, from_s, to_s, first_seen_ms, last_seen_ms) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?15, ?15) \
     ON CONFLICT (id) DO UPDATE SET why = excluded.why, from_s = excluded.from_s, to_s = excluded.to_s, \
     last_seen_ms = excluded.last_seen_ms, over_ms = NULL";

const PUT_SCHEDULE: &str = "INSERT INTO schedules (id, merchant_uid, customer_uid, schedule_at_s, amount, currency, \
     name, first_seen_ms, last_seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?8, ?8) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_seen_ms = excluded.last_seen_ms, over_ms = NULL";

const HAS_CHARGED: &str =
    "SELECT EXISTS (SELECT 1 FROM payments WHERE customer_uid = ?1 AND requested_at_ms < ?2)";

const ANSWER: &str =
    "INSERT INTO answers_for (at_ms, operator, subject, given, reason) VALUES (?1, ?2, ?3, ?4, ?5)";

const SIGNED: &str =
    "SELECT at_ms, operator, reason, given FROM answers_for WHERE subject = ?1 ORDER BY id DESC LIMIT 1";

/// By the index of what is not over, and one look for each at who has answered for it.
const COUNT_LEFT: &str = "SELECT count(*) AS many, min(first_seen_ms) AS first_seen_ms FROM drift
    WHERE over_ms IS NULL AND coalesce(
        (SELECT given FROM answers_for WHERE subject = drift.id ORDER BY answers_for.id DESC LIMIT 1), 0) = 0";

impl Left for Sqlite {
    fn count_drift_left(&self) -> Result<Option<(i64, Timestamp)>, LedgerError> {
        self.read(|db| {
            db.prepare_cached(COUNT_LEFT)?
                .query_row([], |row| {
                    let many: i64 = row.get("many")?;
                    let first: Option<i64> = row.get("first_seen_ms")?;
                    let first = first.and_then(|ms| Timestamp::from_millisecond(ms).ok());
                    Ok(first.map(|first| (many, first)))
                })
                .map_err(Fault::from)
        })
    }

    fn drift_left(&self) -> Result<Vec<Kept<Found>>, LedgerError> {
        self.read(drift_left)
    }

    fn schedules_left(&self) -> Result<Vec<Kept<Schedule>>, LedgerError> {
        self.read(schedules_left)
    }

    fn keep_drift(&mut self, found: &[Found], looked: &Looked, at: Timestamp) -> Result<(), LedgerError> {
        // A time that was read for all customers is kept. Most other runs find nothing where nothing was: they are
        // spared the sync.
        let reading = looked.span.filter(|(from, to)| looked.customer.is_none() && from < to);
        if reading.is_none()
            && found.is_empty()
            && !self.drift_left()?.iter().any(|kept| looked.covers(&kept.what))
        {
            return Ok(());
        }
        self.in_transaction(|tx| {
            for kept in drift_left(tx)? {
                if looked.covers(&kept.what) {
                    let sql = "UPDATE drift SET over_ms = ?2 WHERE id = ?1";
                    tx.prepare_cached(sql)?.execute(params![kept.id, at.as_millisecond()])?;
                }
            }
            if let Some(reading) = reading {
                keep_reading(tx, reading, at)?;
            }
            found.iter().try_for_each(|found| put_drift(tx, found, at))
        })
    }

    fn keep_schedules(
        &mut self,
        shown: &[Schedule],
        looked: &LookedAhead,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        if shown.is_empty() && !self.schedules_left()?.iter().any(|kept| looked.covers(&kept.what)) {
            return Ok(());
        }
        self.in_transaction(|tx| {
            for kept in schedules_left(tx)? {
                if looked.covers(&kept.what) {
                    let sql = "UPDATE schedules SET over_ms = ?2 WHERE id = ?1";
                    tx.prepare_cached(sql)?.execute(params![kept.id, at.as_millisecond()])?;
                }
            }
            shown.iter().try_for_each(|schedule| put_schedule(tx, schedule, at))
        })
    }

    fn has_charged(&self, customer: &CustomerUid, before: Option<Timestamp>) -> Result<bool, LedgerError> {
        let before_ms = before.map_or(i64::MAX, Timestamp::as_millisecond);
        self.read(|db| {
            let mut any = db.prepare_cached(HAS_CHARGED)?;
            Ok(any.query_row(params![customer.as_str(), before_ms], |row| row.get(0))?)
        })
    }

    fn answer_for(&self, subject: &str) -> Result<Option<Signed>, LedgerError> {
        self.read(|db| signed(db, subject))
    }

    fn keep_answer_for(&mut self, answer: &AnswerFor) -> Result<(), LedgerError> {
        self.in_transaction(|tx| {
            tx.prepare_cached(ANSWER)?.execute(params![
                answer.at.as_millisecond(),
                answer.operator,
                answer.subject,
                answer.given,
                answer.reason,
            ])?;
            Ok(())
        })
    }
}

fn drift_left(db: &Connection) -> Result<Vec<Kept<Found>>, Fault> {
    let mut all = collect(db.prepare_cached(DRIFT_LEFT)?.query([])?, |row| kept(row, "drift", found(row)?))?;
    for one in &mut all {
        one.signed = signed(db, &one.id)?;
    }
    Ok(all)
}

fn schedules_left(db: &Connection) -> Result<Vec<Kept<Schedule>>, Fault> {
    let mut statement = db.prepare_cached(SCHEDULES_LEFT)?;
    let mut all = collect(statement.query([])?, |row| kept(row, "schedules", schedule(row)?))?;
    for one in &mut all {
        one.signed = signed(db, &one.id)?;
    }
    Ok(all)
}

fn put_drift(tx: &Connection, found: &Found, at: Timestamp) -> Result<(), Fault> {
    let (from_s, to_s) = found.times.unzip();
    tx.prepare_cached(PUT_DRIFT)?.execute(params![
        found.id(),
        found.kind.word(),
        found.merchant_uid,
        found.imp_uid,
        found.customer_uid,
        found.amount,
        found.currency,
        found.cancel_amount,
        found.status,
        found.outcome.map(Outcome::word),
        found.refunded_here,
        found.why,
        from_s,
        to_s,
        at.as_millisecond(),
    ])?;
    Ok(())
}

fn put_schedule(tx: &Connection, schedule: &Schedule, at: Timestamp) -> Result<(), Fault> {
    tx.prepare_cached(PUT_SCHEDULE)?.execute(params![
        schedule.id(),
        schedule.merchant_uid,
        schedule.customer_uid,
        schedule.at.as_second(),
        schedule.amount,
        schedule.currency,
        schedule.name,
        at.as_millisecond(),
    ])?;
    Ok(())
}

fn kept<T>(row: &Row<'_>, table: &'static str, what: T) -> Result<Kept<T>, Fault> {
    let id: String = row.get("id")?;
    let first_seen = millisecond(row, table, "first_seen_ms")?;
    Ok(Kept { what, id, first_seen, signed: None })
}

fn found(row: &Row<'_>) -> Result<Found, Fault> {
    let kind: String = row.get("kind")?;
    let outcome: Option<String> = row.get("outcome")?;
    let outcome =
        outcome.map(|word| Outcome::from_word(&word).ok_or_else(|| cell(row, "drift", "outcome", word)));
    let from_s: Option<i64> = row.get("from_s")?;
    Ok(Found {
        kind: DriftKind::from_word(&kind).ok_or_else(|| cell(row, "drift", "kind", kind))?,
        merchant_uid: row.get("merchant_uid")?,
        imp_uid: row.get("imp_uid")?,
        customer_uid: row.get("customer_uid")?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        cancel_amount: row.get("cancel_amount")?,
        status: row.get("status")?,
        outcome: outcome.transpose()?,
        refunded_here: row.get("refunded_here")?,
        why: row.get("why")?,
        times: from_s.zip(row.get("to_s")?),
    })
}

fn schedule(row: &Row<'_>) -> Result<Schedule, Fault> {
    let at: i64 = row.get("schedule_at_s")?;
    Ok(Schedule {
        merchant_uid: row.get("merchant_uid")?,
        customer_uid: row.get("customer_uid")?,
        at: Timestamp::from_second(at)
            .map_err(|_| cell(row, "schedules", "schedule_at_s", at.to_string()))?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        name: row.get("name")?,
    })
}

fn signed(db: &Connection, subject: &str) -> Result<Option<Signed>, Fault> {
    let read = |row: &Row<'_>| {
        let given: bool = row.get("given")?;
        let ms: i64 = row.get("at_ms")?;
        Ok((given, ms, row.get("operator")?, row.get("reason")?))
    };
    let newest = db.prepare_cached(SIGNED)?.query_row([subject], read).optional()?;
    let Some((true, ms, operator, reason)) = newest else { return Ok(None) };
    let at = Timestamp::from_millisecond(ms).map_err(|_| Fault::Cell {
        table: "answers_for",
        row: subject.to_owned(),
        column: "at_ms",
        value: ms.to_string(),
    })?;
    Ok(Some(Signed { at, operator, reason }))
}

fn millisecond(row: &Row<'_>, table: &'static str, column: &'static str) -> Result<Timestamp, Fault> {
    let ms: i64 = row.get(column)?;
    Timestamp::from_millisecond(ms).map_err(|_| cell(row, table, column, ms.to_string()))
}

fn cell(row: &Row<'_>, table: &'static str, column: &'static str, value: String) -> Fault {
    let row = row.get("id").unwrap_or_else(|_| "?".to_owned());
    Fault::Cell { table, row, column, value }
}
