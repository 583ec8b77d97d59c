//! Several writes in one commit, so that they share one sync of the disk.

use rusqlite::{Connection, ffi};

use crate::ledger::fault::Fault;
use crate::ledger::{Ledger, LedgerError};

const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SAVEPOINT: &str = "SAVEPOINT one_write";
const RELEASE: &str = "RELEASE one_write";
const ROLLBACK_TO: &str = "ROLLBACK TO one_write";

/// How long the log may grow while many charges are written, in pages: 16 MB.
const LOG_PAGES_OF_MANY: &str = "PRAGMA wal_autocheckpoint = 4096";
/// Writes the log back and cuts it, for the next program's sake.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// The transaction that is open.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// SQLite has taken the whole transaction back on its own, for this: nothing of it will hold.
    lost: Option<Fault>,
}

/// The writes of a group are not durable, or perhaps are: whoever was about to send must not.
#[derive(Debug)]
#[must_use = "every write of the group has failed with it"]
pub struct NotCommitted {
    fault: Fault,
    ledger: Location,
}

#[derive(Debug)]
struct Location {
    path: std::path::PathBuf,
    busy_timeout: std::time::Duration,
}

impl NotCommitted {
    /// The error, once for each who waits for one.
    #[must_use]
    pub fn error(&self) -> LedgerError {
        copy(&self.fault).at(&self.ledger.path, self.ledger.busy_timeout)
    }
}

impl Ledger {
    /// Makes all the `record_*` that `writes` calls part of one transaction, and commits it. One
    /// that fails takes nothing of the others with it. What any of them returned holds only when
    /// this returns `Ok`; after an error none of it may be acted on. Reads inside see what was
    /// written inside.
    pub fn in_one_commit(&mut self, writes: impl FnOnce(&mut Ledger)) -> Result<(), NotCommitted> {
        let location = Location { path: self.path.clone(), busy_timeout: self.busy_timeout };
        let failed = |fault| NotCommitted { fault, ledger: location };
        if let Err(fault) = run(&self.connection, BEGIN) {
            return Err(failed(fault));
        }
        self.group = Some(Group::default());
        writes(self);
        let lost = self.group.take().and_then(|group| group.lost);
        let committed = match lost {
            Some(fault) => Err(fault),
            None => run(&self.connection, COMMIT),
        };
        committed.map_err(|fault| {
            // A commit that failed may have left the transaction open; the next must find none.
            if !self.connection.is_autocommit() {
                let _ = run(&self.connection, ROLLBACK);
            }
            failed(fault)
        })
    }

    /// Lets the log grow further than for a single charge: each time it is written back costs two
    /// more syncs. Call [`Ledger::write_log_back`] at the end.
    pub fn expect_many_writes(&self) -> Result<(), LedgerError> {
        self.read(|db| one_row(db, LOG_PAGES_OF_MANY))
    }

    /// Writes the log back into the file as far as other programs let it, so that whoever opens
    /// the ledger next need not read it. All of it was durable before.
    pub fn write_log_back(&self) -> Result<(), LedgerError> {
        self.read(|db| one_row(db, CHECKPOINT))
    }

    /// One write of the group that is open: all of it or nothing of it.
    pub(super) fn write_in_group<T>(
        &mut self,
        body: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let lost = self.group.as_ref().and_then(|group| group.lost.as_ref()).map(copy);
        let written = match lost {
            Some(fault) => Err(fault),
            None => savepoint(&self.connection, body),
        };
        written.map_err(|fault| {
            // A full disk and the like make SQLite take everything back, not this write alone.
            if self.connection.is_autocommit()
                && let Some(group) = &mut self.group
            {
                group.lost.get_or_insert_with(|| copy(&fault));
            }
            fault.at(&self.path, self.busy_timeout)
        })
    }
}

fn savepoint<T>(db: &Connection, body: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    run(db, SAVEPOINT)?;
    let value = body(db).and_then(|value| run(db, RELEASE).map(|()| value));
    if value.is_err() && !db.is_autocommit() {
        run(db, ROLLBACK_TO)?;
        run(db, RELEASE)?;
    }
    value
}

fn run(db: &Connection, sql: &str) -> Result<(), Fault> {
    db.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn one_row(db: &Connection, sql: &str) -> Result<(), Fault> {
    Ok(db.query_row(sql, [], |_| Ok(()))?)
}

/// The same fault again; of an error of rusqlite's own, its words.
fn copy(fault: &Fault) -> Fault {
    let sqlite = |error: &rusqlite::Error| match error.sqlite_error() {
        Some(code) => {
            let code = ffi::Error { code: code.code, extended_code: code.extended_code };
            rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
        }
        None => rusqlite::Error::ToSqlConversionFailure(error.to_string().into()),
    };
    match fault {
        Fault::Sqlite(error) => Fault::Sqlite(sqlite(error)),
        Fault::Cell { table, row, column, value } => {
            Fault::Cell { table, row: row.clone(), column, value: value.clone() }
        }
        Fault::Moved => Fault::Moved,
        Fault::Changed(uid) => Fault::Changed(uid.clone()),
        Fault::NoSuchPayment(uid) => Fault::NoSuchPayment(uid.clone()),
        Fault::NoSuchCustomer(uid) => Fault::NoSuchCustomer(uid.clone()),
        Fault::TooLarge(what) => Fault::TooLarge(what),
    }
}
