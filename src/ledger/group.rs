//! Several writes in one commit, so that they share one sync of the disk.

use rusqlite::{Connection, ffi};

use crate::ledger::day::DaySum;
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
    /// Each write can be taken back by itself.
    apart: bool,
    /// One of the writes failed and cannot be taken back by itself.
    spoiled: bool,
    in_place: Option<bool>,
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
    ///
    /// `writes` is called a second time when one of the writes failed: the transaction is then taken
    /// back and begun again with a savepoint for each write. To set those costs a third of a write,
    /// and next to never does one fail.
    pub fn in_one_commit(&mut self, mut writes: impl FnMut(&mut Ledger)) -> Result<(), NotCommitted> {
        let mut written = self.group(false, &mut writes);
        if let Ok(Group { spoiled: true, .. }) = &written {
            written = run(&self.connection, ROLLBACK).and_then(|()| self.group(true, &mut writes));
        }
        written.and_then(|_group| run(&self.connection, COMMIT)).map_err(|fault| {
            self.day = DaySum::default();
            // A commit that failed may have left the transaction open; the next must find none.
            if !self.connection.is_autocommit() {
                let _ = run(&self.connection, ROLLBACK);
            }
            let ledger = Location { path: self.path.clone(), busy_timeout: self.busy_timeout };
            NotCommitted { fault, ledger }
        })
    }

    /// Begins a transaction and makes the writes in it. It is open afterwards unless there is an error.
    fn group(&mut self, apart: bool, writes: &mut impl FnMut(&mut Ledger)) -> Result<Group, Fault> {
        run(&self.connection, BEGIN)?;
        if apart {
            self.day = DaySum::default();
        }
        self.group = Some(Group { apart, ..Group::default() });
        writes(self);
        let mut group = self.group.take().unwrap_or_default();
        group.lost.take().map_or(Ok(group), Err)
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
}

impl Group {
    /// One write of the group: all of it or nothing of it, once the group is committed.
    pub(super) fn write<T>(
        &mut self,
        db: &Connection,
        body: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let written = match &self.lost {
            Some(lost) => Err(copy(lost)),
            None if self.apart => savepoint(db, body),
            None => body(db),
        };
        if let Err(fault) = &written {
            self.spoiled |= !self.apart;
            // A full disk and the like make SQLite take everything back, not this write alone.
            if db.is_autocommit() {
                self.lost.get_or_insert_with(|| copy(fault));
            }
        }
        written
    }

    /// Whether the open file is still at its path; asked once for all the writes of the group.
    pub(super) fn is_in_place(&mut self, look: impl FnOnce() -> bool) -> bool {
        *self.in_place.get_or_insert_with(look)
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
