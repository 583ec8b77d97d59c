//! Closed months, and what was held against the gateway before.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::domain::closing::{Closing, MonthSum};
use crate::domain::money::Currency;
use crate::domain::payment::Mode;
use crate::domain::time::SendMark;
use crate::ledger::engine::Months;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::{height, make_first_mark};
use crate::ledger::sqlite::mark::{self, Beside};
use crate::ledger::sqlite::row::collect;
use crate::ledger::sqlite::sealed;
use crate::ledger::{Closed, LedgerError, MonthSeal, SealKept};

const READ: &str = "INSERT INTO readings (at_ms, from_s, to_s) VALUES (?1, ?2, ?3)";

/// What was read at or after a time, of what reaches into a span.
const READINGS: &str =
    "SELECT from_s, to_s FROM readings WHERE at_ms >= ?1 AND from_s < ?3 AND to_s > ?2 ORDER BY from_s";

const CLOSINGS: &str =
    "SELECT id, month, zone, at_ms, operator, host, hash, lines FROM closings ORDER BY month";
const SUMS: &str = "SELECT of_month, mode, currency, count, gross_minor, same_minor, earlier_minor, supply_minor, \
     vat_minor, tax_free_minor FROM closed_sums WHERE closing_id = ?1 ORDER BY of_month, mode, currency";
const CLOSE: &str = "INSERT INTO closings (month, zone, at_ms, operator, host, hash, lines) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const PUT_SUM: &str = "INSERT INTO closed_sums (closing_id, of_month, mode, currency, count, gross_minor, same_minor, \
     earlier_minor, supply_minor, vat_minor, tax_free_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl Months for Sqlite {
    fn unread_from(&self, (from_s, to_s): (i64, i64), at: Timestamp) -> Result<Option<i64>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(READINGS)?;
            let mut rows = statement.query(params![at.as_millisecond(), from_s, to_s])?;
            let mut covered_to = from_s;
            while let Some(row) = rows.next()? {
                let (from, to): (i64, i64) = (row.get("from_s")?, row.get("to_s")?);
                if from <= covered_to {
                    covered_to = covered_to.max(to);
                }
            }
            Ok((covered_to < to_s).then_some(covered_to))
        })
    }

    fn first_payment_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.read(|db| {
            let requested: Option<i64> =
                db.query_row("SELECT min(requested_at_ms) FROM payments", [], |row| row.get(0))?;
            let paid: Option<i64> =
                db.query_row("SELECT min(paid_at_s) FROM payments WHERE paid_at_s IS NOT NULL", [], |row| {
                    row.get(0)
                })?;
            let first = requested.into_iter().chain(paid.map(|paid_s| paid_s.saturating_mul(1_000))).min();
            Ok(first.and_then(|first| Timestamp::from_millisecond(first).ok()))
        })
    }

    fn closings(&self) -> Result<Vec<Closing>, LedgerError> {
        self.read(|db| {
            let stored = collect(db.prepare_cached(CLOSINGS)?.query([])?, stored)?;
            stored.into_iter().map(|(id, closing)| with_sums(db, id, closing)).collect()
        })
    }

    fn month_seal(&self, span: (Timestamp, Timestamp)) -> Result<MonthSeal, LedgerError> {
        self.read(|db| sealed::read(db, span))
    }

    fn verify_seal(&self, month: &str, span: (Timestamp, Timestamp)) -> Result<SealKept, LedgerError> {
        self.read(|db| sealed::verify(db, month, span))
    }

    fn check_closings(&self) -> Result<Vec<String>, LedgerError> {
        self.read(sealed::wrong)
    }

    fn close_month(
        &mut self,
        closing: &Closing,
        span: (Timestamp, Timestamp),
        seen: &MonthSeal,
    ) -> Result<Closed, LedgerError> {
        let (path, trouble) = (self.path.clone(), self.trouble.clone());
        let at = last_sent(&path, closing.at);
        let (closed, height) = self.in_transaction(|tx| {
            let known: Option<i64> = tx
                .prepare_cached("SELECT id FROM closings WHERE month = ?1")?
                .query_row([&closing.month], |row| row.get(0))
                .optional()?;
            if known.is_some() {
                return Ok((Closed::Before, None));
            }
            if !sealed::is_as_seen(tx, span, seen)? {
                return Ok((Closed::Moved, None));
            }
            let id = put_closing(tx, closing)?;
            sealed::put(tx, id, seen)?;
            make_first_mark(tx, &path, &at, &trouble)?;
            tx.execute("UPDATE ledger SET epoch = epoch + 1", [])?;
            Ok((Closed::Now, Some(height(tx, &at)?)))
        })?;
        if let Some(height) = height {
            self.raise_mark(&height);
        }
        Ok(closed)
    }
}

/// When the ledger last sent, which a closing does not: the wait of a doubt counts from it.
fn last_sent(ledger: &Path, now: Timestamp) -> SendMark {
    match mark::look(ledger) {
        Ok(Beside::Mark(mark)) => mark.at,
        Ok(Beside::Nothing | Beside::Unreadable) | Err(_) => {
            SendMark { wall: now, boot: None, gateway_s: None }
        }
    }
}

fn put_closing(tx: &Connection, closing: &Closing) -> Result<i64, Fault> {
    let lines = i64::try_from(closing.lines).map_err(|_| Fault::TooLarge("number of lines"))?;
    tx.prepare_cached(CLOSE)?.execute(params![
        closing.month,
        closing.zone,
        closing.at.as_millisecond(),
        closing.operator,
        closing.host,
        closing.hash,
        lines,
    ])?;
    let id = tx.last_insert_rowid();
    let own = closing.sums.iter().map(|sum| (&closing.month, sum));
    let corrected = closing.corrections.iter().map(|(month, sum)| (month, sum));
    for (month, sum) in own.chain(corrected) {
        put_sum(tx, id, month, sum)?;
    }
    Ok(id)
}

/// Keeps that a time of the gateway's list was read to its end.
pub(super) fn keep_reading(tx: &Connection, (from_s, to_s): (i64, i64), at: Timestamp) -> Result<(), Fault> {
    tx.prepare_cached(READ)?.execute(params![at.as_millisecond(), from_s, to_s])?;
    Ok(())
}

fn put_sum(tx: &Connection, id: i64, month: &str, sum: &MonthSum) -> Result<(), Fault> {
    tx.prepare_cached(PUT_SUM)?.execute(params![
        id,
        month,
        sum.mode.word(),
        sum.currency.code(),
        sum.count,
        sum.gross_minor,
        sum.same_minor,
        sum.earlier_minor,
        sum.supply_minor,
        sum.vat_minor,
        sum.tax_free_minor,
    ])?;
    Ok(())
}

fn stored(row: &Row<'_>) -> Result<(i64, Closing), Fault> {
    let at_ms: i64 = row.get("at_ms")?;
    let lines: i64 = row.get("lines")?;
    let closing = Closing {
        month: row.get("month")?,
        zone: row.get("zone")?,
        at: Timestamp::from_millisecond(at_ms)
            .map_err(|_| cell(row, "closings", "at_ms", at_ms.to_string()))?,
        operator: row.get("operator")?,
        host: row.get("host")?,
        hash: row.get("hash")?,
        lines: u64::try_from(lines).map_err(|_| cell(row, "closings", "lines", lines.to_string()))?,
        sums: Vec::new(),
        corrections: Vec::new(),
    };
    Ok((row.get("id")?, closing))
}

fn with_sums(db: &Connection, id: i64, closing: Closing) -> Result<Closing, Fault> {
    let all = collect(db.prepare_cached(SUMS)?.query([id])?, month_sum)?;
    let (own, corrections): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(month, _)| *month == closing.month);
    Ok(Closing { sums: own.into_iter().map(|(_, sum)| sum).collect(), corrections, ..closing })
}

fn month_sum(row: &Row<'_>) -> Result<(String, MonthSum), Fault> {
    let (mode, code): (String, String) = (row.get("mode")?, row.get("currency")?);
    let sum = MonthSum {
        mode: Mode::from_word(&mode).ok_or_else(|| cell(row, "closed_sums", "mode", mode))?,
        currency: Currency::parse(&code).map_err(|_| cell(row, "closed_sums", "currency", code))?,
        count: row.get("count")?,
        gross_minor: row.get("gross_minor")?,
        same_minor: row.get("same_minor")?,
        earlier_minor: row.get("earlier_minor")?,
        supply_minor: row.get("supply_minor")?,
        vat_minor: row.get("vat_minor")?,
        tax_free_minor: row.get("tax_free_minor")?,
    };
    Ok((row.get("of_month")?, sum))
}

fn cell(row: &Row<'_>, table: &'static str, column: &'static str, value: String) -> Fault {
    let month: Result<String, _> = row.get(0);
    Fault::Cell { table, row: month.unwrap_or_else(|_| "an unnamed row".to_owned()), column, value }
}
