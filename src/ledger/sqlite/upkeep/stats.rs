//! What is in a ledger, in numbers.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome};
use crate::ledger::place::beside;
use crate::ledger::sqlite::durable::pragma;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::held;
use crate::ledger::sqlite::row::collect;
use crate::ledger::sqlite::schema::SCHEMA_VERSION;
use crate::ledger::sqlite::upkeep::stamp;
use crate::ledger::upkeep::{Group, Stats};

/// By the columns alone, so that no row is made into a payment.
const GROUPS: &str = "SELECT outcome, mode, currency, count(*), sum(amount_minor) FROM payments \
     GROUP BY outcome, mode, currency ORDER BY mode, currency, outcome";
const EVENTS: &str = "SELECT coalesce(max(id), 0) FROM events";
const REFUNDS: &str = "SELECT coalesce(max(id), 0) FROM refunds";
const CUSTOMERS: &str = "SELECT count(*) FROM customers";
const CUSTOMERS_REMOVED: &str = "SELECT count(*) FROM customers WHERE removed_at_ms IS NOT NULL";
const FIRST: &str = "SELECT min(requested_at_ms) FROM payments";
const LAST: &str = "SELECT max(requested_at_ms) FROM payments";

/// Counts what is in a ledger: one reading of the payments' own columns, everything else by its index.
pub(super) fn stats(db: &Connection, path: &Path) -> Result<Stats, Fault> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let standing = held(db)?.standing;
    Ok(Stats {
        id: standing.id,
        epoch: standing.epoch,
        schema: SCHEMA_VERSION,
        size_bytes: size(path),
        log_bytes: size(&beside(path, "-wal")),
        groups: groups(db)?,
        events: count(db, EVENTS)?,
        refunds: count(db, REFUNDS)?,
        customers: count(db, CUSTOMERS)?,
        customers_removed: count(db, CUSTOMERS_REMOVED)?,
        first: time(db, FIRST)?,
        last: time(db, LAST)?,
        stamped: stamp::time_of(db)?,
    })
}

fn groups(db: &Connection) -> Result<Vec<Group>, Fault> {
    let mut statement = db.prepare(GROUPS)?;
    collect(statement.query([])?, |row| {
        let word = |column: usize, name: &'static str| -> Result<String, Fault> {
            row.get_ref(column)?.as_str().map(str::to_owned).map_err(|_| odd(name, "no text"))
        };
        let (outcome, mode, code) = (word(0, "outcome")?, word(1, "mode")?, word(2, "currency")?);
        let currency = Currency::parse(&code).map_err(|_| odd("currency", &code))?;
        Ok(Group {
            outcome: Outcome::from_word(&outcome).ok_or_else(|| odd("outcome", &outcome))?,
            mode: Mode::from_word(&mode).ok_or_else(|| odd("mode", &mode))?,
            count: natural(row.get(3)?),
            amount: Amount::from_minor(row.get(4)?, currency),
        })
    })
}

fn count(db: &Connection, sql: &'static str) -> Result<u64, Fault> {
    Ok(natural(pragma(db, sql)?))
}

/// What is counted is never less than nothing.
fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn odd(column: &'static str, value: &str) -> Fault {
    Fault::Cell { table: "payments", row: "some rows".to_owned(), column, value: value.to_owned() }
}

fn time(db: &Connection, sql: &str) -> Result<Option<Timestamp>, Fault> {
    let ms: Option<i64> = db.query_row(sql, [], |row| row.get(0))?;
    Ok(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}
