//! What is in a ledger, in numbers.

use std::fs;

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
use crate::ledger::{Ledger, LedgerError};

/// By the columns alone, so that no row is made into a payment.
const GROUPS: &str = "SELECT outcome, mode, currency, count(*), sum(amount_minor) FROM payments \
     GROUP BY outcome, mode, currency ORDER BY mode, currency, outcome";
const EVENTS: &str = "SELECT coalesce(max(id), 0) FROM events";
const REFUNDS: &str = "SELECT coalesce(max(id), 0) FROM refunds";
const CUSTOMERS: &str = "SELECT count(*) FROM customers";
const CUSTOMERS_REMOVED: &str = "SELECT count(*) FROM customers WHERE removed_at_ms IS NOT NULL";
const FIRST: &str = "SELECT min(requested_at_ms) FROM payments";
const LAST: &str = "SELECT max(requested_at_ms) FROM payments";

/// Payments of one outcome and mode in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub outcome: Outcome,
    /// The profile's, when it was asked for.
    pub mode: Mode,
    pub count: u64,
    /// What was asked for, refunds not taken off.
    pub amount: Amount,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    pub id: String,
    pub epoch: i64,
    pub schema: i64,
    pub size_bytes: u64,
    pub log_bytes: u64,
    pub groups: Vec<Group>,
    pub events: u64,
    pub refunds: u64,
    /// The ones that were removed among them.
    pub customers: u64,
    pub customers_removed: u64,
    /// When the first and the last payment was asked for.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Of a backup: when it was made.
    pub stamped: Option<Timestamp>,
}

impl Ledger {
    /// Counts what is in the ledger: one reading of the payments' own columns, everything else by its index.
    pub fn stats(&self) -> Result<Stats, LedgerError> {
        let size = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.read(|db| {
            let standing = held(db)?.standing;
            Ok(Stats {
                id: standing.id,
                epoch: standing.epoch,
                schema: SCHEMA_VERSION,
                size_bytes: size(self.path.clone()),
                log_bytes: size(beside(&self.path, "-wal")),
                groups: groups(db)?,
                events: count(db, EVENTS)?,
                refunds: count(db, REFUNDS)?,
                customers: count(db, CUSTOMERS)?,
                customers_removed: count(db, CUSTOMERS_REMOVED)?,
                first: time(db, FIRST)?,
                last: time(db, LAST)?,
                stamped: stamp::time_of(db)?,
            })
        })
    }
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
