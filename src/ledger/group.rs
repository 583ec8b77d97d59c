//! Several writes in one commit, so that they share one sync of the disk.

use std::path::PathBuf;
use std::time::Duration;

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

/// What an error says of the ledger.
#[derive(Clone, Debug)]
pub(super) struct Location {
    path: PathBuf,
    busy_timeout: Duration,
}

impl NotCommitted {
    pub(super) fn new(fault: Fault, ledger: Location) -> NotCommitted {
        NotCommitted { fault, ledger }
    }

    /// The error, once for each who waits for one.
    #[must_use]
    pub fn error(&self) -> LedgerError {
        copy(&self.fault).at(&self.ledger.path, self.ledger.busy_timeout)
    }
}

impl Ledger {
    /// Opens a transaction for all the `record_*` up to [`Ledger::commit_group`]. What any of them returns
    /// holds only when that has returned `Ok`. Reads inside see what was written inside.
    pub fn begin_group(&mut self) -> Result<(), NotCommitted> {
        self.begin(false).map_err(|fault| self.take_back(fault))
    }

    /// Commits what was written since [`Ledger::begin_group`]. A write that failed takes nothing of the
    /// others with it. After an error nothing of the group may be acted on.
    ///
    /// `again` is called when one of the writes failed, and makes all of them once more: the transaction is
    /// taken back then and begun again with a savepoint for each write. To set those costs a third of a
    /// write, and next to never does one fail.
    pub fn commit_group(&mut self, mut again: impl FnMut(&mut Ledger)) -> Result<(), NotCommitted> {
        let mut written = self.written();
        if let Ok(Group { spoiled: true, .. }) = &written {
            self.day = DaySum::default();
            written = run(&self.connection, ROLLBACK).and_then(|()| self.begin(true)).and_then(|()| {
                again(self);
                self.written()
            });
        }
        written.and_then(|_group| run(&self.connection, COMMIT)).map_err(|fault| self.take_back(fault))
    }

    fn begin(&mut self, apart: bool) -> Result<(), Fault> {
        run(&self.connection, BEGIN)?;
        self.group = Some(Group { apart, ..Group::default() });
        Ok(())
    }

    /// The writes are all made, unless SQLite has taken them back.
    fn written(&mut self) -> Result<Group, Fault> {
        let mut group = self.group.take().unwrap_or_default();
        group.lost.take().map_or(Ok(group), Err)
    }

    pub(super) fn location(&self) -> Location {
        Location { path: self.path.clone(), busy_timeout: self.busy_timeout }
    }

    fn take_back(&mut self, fault: Fault) -> NotCommitted {
        self.day = DaySum::default();
        // A commit that failed may have left the transaction open; the next must find none.
        if !self.connection.is_autocommit() {
            let _ = run(&self.connection, ROLLBACK);
        }
        NotCommitted::new(fault, self.location())
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

/// The same fault again; of an error of rusqlite's own, its words.
pub(super) fn copy(fault: &Fault) -> Fault {
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
