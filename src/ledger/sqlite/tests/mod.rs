//! The ledger on real files; two connections where it matters.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;

use crate::ledger::sqlite::{Sqlite, open};
use crate::ledger::tests::{
    Asked, answer, at, attempt, charged, failing_reply, kept, look_up, mark, not_sent, record_of, reply,
    request, uid, won,
};
use crate::ledger::{Create, Ledger, LedgerError, OpenOptions};

mod chain;
mod identity;
mod locking;
mod opening;
mod peek;
mod plans;
mod saved;
mod searching;
mod sums;

// What every engine has to do.
#[path = "../../tests/book_days.rs"]
mod book_days;
#[path = "../../tests/cancellations.rs"]
mod cancellations;
#[path = "../../tests/closing.rs"]
mod closing;
#[path = "../../tests/customers.rs"]
mod customers;
#[path = "../../tests/day.rs"]
mod day;
#[path = "../../tests/grouping.rs"]
mod grouping;
#[path = "../../tests/importing.rs"]
mod importing;
#[path = "../../tests/left.rs"]
mod left;
#[path = "../../tests/limits.rs"]
mod limits;
#[path = "../../tests/protocol.rs"]
mod protocol;
#[path = "../../tests/reading.rs"]
mod reading;
#[path = "../../tests/records.rs"]
mod records;
#[path = "../../tests/refunds.rs"]
mod refunds;
#[path = "../../tests/refused.rs"]
mod refused;
#[path = "../../tests/short.rs"]
mod short;
#[path = "../../tests/spellings.rs"]
mod spellings;
#[path = "../../tests/tried.rs"]
mod tried;

/// A directory of its own for one test's ledger.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("ledger.db")
    }

    fn ledger(&self) -> Ledger {
        self.try_open(Create::IfMissing).unwrap()
    }

    /// The same below the seam.
    fn file(&self) -> Sqlite {
        open::open(&self.path(), &options(Create::Never)).unwrap().ledger
    }

    fn try_open(&self, create: Create) -> Result<Ledger, LedgerError> {
        Ledger::open_with(&self.path(), &options(create)).map(|opened| opened.ledger)
    }
}

fn options(create: Create) -> OpenOptions {
    OpenOptions { busy_timeout: Duration::from_millis(60), ..OpenOptions::new(create) }
}

impl Ledger {
    /// What is below the seam.
    fn connection(&self) -> &Connection {
        &self.engine.as_any().downcast_ref::<Sqlite>().unwrap().connection
    }
}

/// A statement that goes around the seam: how many rows it has changed, or why the ledger refuses it.
fn below(ledger: &Ledger, sql: &str) -> Result<usize, String> {
    ledger.connection().execute(sql, []).map_err(|error| {
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation), "{sql}: {error}");
        error.to_string()
    })
}

/// From now on the event of a [`failing_reply`] is refused, when the row is written already.
fn fail_on_request(ledger: &Ledger) {
    let fails = "CREATE TEMP TRIGGER fails BEFORE INSERT ON events WHEN NEW.message = 'fail' \
                 BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
    ledger.connection().execute_batch(fails).unwrap();
}
