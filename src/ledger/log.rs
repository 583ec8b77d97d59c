//! The log's sync as a thing of its own, for whoever writes on while the disk works.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};

use rusqlite::{Connection, ErrorCode, ffi};

use crate::ledger::fault::{Fault, from_io};
use crate::ledger::group::{Location, NotCommitted, copy};
use crate::ledger::open::{APPLICATION_ID, Synced, beside, is_wal, set_synced};
use crate::ledger::{Ledger, LedgerError};

/// How long the log may grow while many charges are written, in pages: 16 MB.
const LOG_PAGES_OF_MANY: &str = "PRAGMA wal_autocheckpoint = 4096";
/// What it grows beyond that, because another program read all the while, is cut off again. In bytes: 20 MB.
const LOG_BYTES_KEPT: &str = "PRAGMA journal_size_limit = 20971520";
/// Any look makes SQLite open the log, and create it where there is none.
const LOOK: &str = "PRAGMA schema_version";
/// Writes the log back, all of it, so that the next write begins it anew.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(RESTART)";

/// Makes commits durable in place of the ledger that it came from.
#[derive(Debug)]
pub struct LogSync {
    /// None where there is no log: each commit is durable by itself there.
    log: Option<File>,
    failed: Option<Fault>,
    ledger: Location,
}

impl LogSync {
    /// Whatever was committed before is durable when this returns `Ok`.
    ///
    /// After an error it never is again: what did not get to the disk leaves a gap in the log, and SQLite
    /// reads the log up to its first gap, however much was synced behind it.
    pub fn sync(&mut self) -> Result<(), NotCommitted> {
        if self.failed.is_none()
            && let Some(Err(error)) = self.log.as_ref().map(File::sync_data)
        {
            self.failed = Some(not_synced(&error));
        }
        match &self.failed {
            None => Ok(()),
            Some(fault) => Err(NotCommitted::new(copy(fault), self.ledger.clone())),
        }
    }
}

/// The same fault as when SQLite itself cannot sync.
fn not_synced(error: &io::Error) -> Fault {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let (code, extended_code) = if full {
        (ErrorCode::DiskFull, ffi::SQLITE_FULL)
    } else {
        (ErrorCode::SystemIoFailure, ffi::SQLITE_IOERR_FSYNC)
    };
    rusqlite::Error::SqliteFailure(ffi::Error { code, extended_code }, Some(error.to_string())).into()
}

impl Ledger {
    /// From now on a commit is in the log, and durable only after [`LogSync::sync`]. Other programs see it
    /// from the commit on. What they may see and a power cut takes away is an intent whose request has not
    /// left, or an answer that a look-up will find again.
    ///
    /// The log may grow further than for a single charge: each time it is written back costs two more
    /// syncs. Call [`Ledger::write_log_back`] at the end.
    pub fn expect_many_writes(&mut self) -> Result<LogSync, LedgerError> {
        let wal = self.read(|db| {
            one_row(db, LOG_PAGES_OF_MANY)?;
            one_row(db, LOG_BYTES_KEPT)?;
            one_row(db, LOOK)?;
            let wal = is_wal(db)?;
            if wal {
                set_synced(db, Synced::BySomebodyElse)?;
            }
            Ok(wal)
        })?;
        let path = beside(&self.path, "-wal");
        // Some systems let only who may write sync a file.
        let open = || OpenOptions::new().read(true).write(true).open(&path);
        let log = wal.then(open).transpose().map_err(|source| from_io(&path, "open the log", source))?;
        Ok(LogSync { log, failed: None, ledger: self.location() })
    }

    /// Writes the log back into the file as far as other programs let it, and begins it anew, so that
    /// whoever opens the ledger next need not read it. Its file keeps its room for the next batch: to cut it
    /// takes long on a disk that is told of it, and a log that grows is slower to sync. Commits are durable
    /// by themselves again.
    pub fn write_log_back(&mut self) -> Result<(), LedgerError> {
        self.read(|db| {
            if !is_wal(db)? {
                return Ok(());
            }
            set_synced(db, Synced::AtEachCommit)?;
            one_row(db, CHECKPOINT)?;
            // A write that changes nothing, for the log's sake: the pages behind it are of a log that is over,
            // and are not read again.
            Ok(db.pragma_update(None, "application_id", APPLICATION_ID)?)
        })
    }
}

fn one_row(db: &Connection, sql: &str) -> Result<(), Fault> {
    Ok(db.query_row(sql, [], |_| Ok(()))?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;
    use std::time::Duration;

    use tempfile::TempDir;

    use crate::ledger::{Create, Ledger, LedgerError, OpenOptions};

    fn level(ledger: &Ledger) -> i64 {
        ledger.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn sqlite_syncs_no_commit_of_many_and_every_one_after_them() {
        let dir = TempDir::new().unwrap();
        let mut ledger = Ledger::open_at(&dir.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
        assert_eq!(level(&ledger), 2);
        let mut log = ledger.expect_many_writes().unwrap();
        assert!(log.log.is_some(), "nobody would sync");
        assert_eq!(level(&ledger), 1);
        assert!(log.sync().is_ok());
        ledger.write_log_back().unwrap();
        assert_eq!(level(&ledger), 2);
    }

    /// The frames of the log that whoever opens the ledger reads, and its file's size.
    fn log_left(place: &Path) -> (i64, u64) {
        let ledger = Ledger::open_at(place, Create::Never).unwrap().ledger;
        let frames = "PRAGMA wal_checkpoint(NOOP)";
        let frames = ledger.connection.query_row(frames, [], |row| row.get(1)).unwrap();
        (frames, ledger.examine().unwrap().wal_bytes)
    }

    fn write_many(ledger: &Ledger, bytes: u32) {
        let set = format!("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob({bytes})); DROP TABLE t");
        ledger.connection.execute_batch(&set).unwrap();
    }

    #[test]
    fn a_log_that_was_written_back_keeps_its_room_and_is_not_read_again() {
        const MB: u32 = 1024 * 1024;
        let dir = TempDir::new().unwrap();
        let place = dir.path().join("ledger.db");
        for (bytes, kept) in [(8 * MB, 8 * MB), (24 * MB, 20 * MB)] {
            let mut ledger = Ledger::open_at(&place, Create::IfMissing).unwrap().ledger;
            let _log = ledger.expect_many_writes().unwrap();
            write_many(&ledger, bytes);
            ledger.write_log_back().unwrap();
            drop(ledger);
            let (frames, size) = log_left(&place);
            assert_eq!(frames, 1);
            assert!((u64::from(kept)..u64::from(kept + MB)).contains(&size), "{size} bytes");
        }
    }

    #[test]
    fn a_log_that_somebody_reads_is_left_to_the_next_one() {
        let dir = TempDir::new().unwrap();
        let place = dir.path().join("ledger.db");
        let options = OpenOptions { create: Create::IfMissing, busy_timeout: Duration::from_millis(1) };
        let mut ledger = Ledger::open_with(&place, &options).unwrap().ledger;
        let _log = ledger.expect_many_writes().unwrap();
        let reader = Ledger::open_at(&place, Create::Never).unwrap().ledger;
        let schema = "BEGIN; SELECT * FROM sqlite_schema";
        reader.connection.execute_batch(schema).unwrap();
        write_many(&ledger, 100_000);
        ledger.write_log_back().unwrap();
        assert!(log_left(&place).0 > 20);
        reader.connection.execute_batch("COMMIT").unwrap();
        ledger.write_log_back().unwrap();
        assert_eq!(log_left(&place).0, 1);
    }

    /// A rollback journal is synced by each commit, and stays so.
    #[test]
    fn without_a_log_sqlite_goes_on_to_sync() {
        let dir = TempDir::new().unwrap();
        let mut ledger = Ledger::open_at(&dir.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
        let set = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA";
        ledger.connection.execute_batch(set).unwrap();
        let mut log = ledger.expect_many_writes().unwrap();
        assert!(log.log.is_none());
        assert!(log.sync().is_ok());
        ledger.write_log_back().unwrap();
        assert_eq!(level(&ledger), 3);
    }

    #[test]
    #[cfg(unix)]
    fn after_a_sync_that_failed_nothing_is_durable_any_more() {
        let dir = TempDir::new().unwrap();
        let mut ledger = Ledger::open_at(&dir.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
        let mut log = ledger.expect_many_writes().unwrap();
        let good = log.log.replace(File::open("/dev/null").unwrap());
        let failed = log.sync().unwrap_err();
        assert!(matches!(failed.error(), LedgerError::Disk { .. }));
        log.log = good;
        assert!(log.sync().is_err());
    }
}
