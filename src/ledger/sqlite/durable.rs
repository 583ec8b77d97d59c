//! How the ledger's file is written: what keeps it safe, and what makes a commit survive a power cut.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::ledger::sqlite::fault::Fault;

/// Statements kept prepared: as many as one charge uses, and a few more.
const STATEMENTS_KEPT: usize = 48;

/// How long the log may grow before a commit writes it back, in pages. The log outlives the process
/// (see [`configure`]) and whoever opens the ledger next reads all of it: 0.2 ms for 256 pages and
/// 1.7 ms for SQLite's 1000.
const LOG_PAGES: &str = "PRAGMA wal_autocheckpoint = 256";

/// Between two tries to get what SQLite's own busy handler does not wait for.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// What can be set before the file is known to be ours: nothing here reads or writes it.
///
/// Closing does not write the log back: the last of one charge's processes would sync two more
/// files (0.9 ms of 3.7 on a fast disk), and every commit is durable in the log already.
pub(super) fn configure(connection: &Connection, busy_timeout: Duration) -> Result<(), Fault> {
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    for (config, wanted) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
        // A plan is made once. Without this SQLite makes it anew whenever another value is bound,
        // because a partial index might fit that one: five times the work of a charge.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    ] {
        if connection.set_db_config(config, wanted)? != wanted {
            return Err(refused("SQLite did not take a setting that keeps the ledger safe"));
        }
    }
    Ok(())
}

/// A setting that was not taken, as an error with these words for its cause.
pub(super) fn refused(what: &str) -> Fault {
    Fault::Sqlite(rusqlite::Error::ToSqlConversionFailure(what.into()))
}

pub(super) fn pragma(connection: &Connection, sql: &'static str) -> Result<i64, Fault> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Sets what decides whether a commit survives a power cut, and reads it back.
pub(super) fn make_durable(connection: &Connection, patience: Duration) -> Result<(), Fault> {
    connection.query_row("PRAGMA mmap_size = 0", [], |_| Ok(()))?;
    connection.query_row(LOG_PAGES, [], |_| Ok(()))?;
    let wal = is_wal(connection)? || switch_to_wal(connection, patience)?;
    // Where the file system cannot share memory there is no WAL, and the rollback journal's directory
    // must be synced too.
    set_synced(connection, if wal { Synced::AtEachCommit } else { Synced::WithItsDirectory })
}

/// When SQLite syncs what a commit writes.
#[derive(Clone, Copy, Debug)]
enum Synced {
    /// The log, at every commit.
    AtEachCommit,
    /// The rollback journal and its directory, at every commit.
    WithItsDirectory,
}

/// Sets it and reads it back.
fn set_synced(connection: &Connection, synced: Synced) -> Result<(), Fault> {
    let (set, level) = match synced {
        Synced::AtEachCommit => ("PRAGMA synchronous = FULL", 2),
        Synced::WithItsDirectory => ("PRAGMA synchronous = EXTRA", 3),
    };
    connection.execute_batch(set)?;
    if pragma(connection, "PRAGMA synchronous")? == level {
        Ok(())
    } else {
        Err(refused("SQLite did not take the setting that makes a commit durable"))
    }
}

fn is_wal(connection: &Connection) -> Result<bool, Fault> {
    Ok(journal_mode(connection, "PRAGMA journal_mode")? == "wal")
}

fn journal_mode(connection: &Connection, sql: &'static str) -> Result<String, Fault> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// True when the file is in WAL mode afterwards. The switch needs the file for itself, and SQLite
/// does not always wait for that.
fn switch_to_wal(connection: &Connection, patience: Duration) -> Result<bool, Fault> {
    let mut left = patience;
    loop {
        match journal_mode(connection, "PRAGMA journal_mode = WAL") {
            Err(fault) if fault.is_busy() && left > BUSY_PAUSE => {
                std::thread::sleep(BUSY_PAUSE);
                left = left.saturating_sub(BUSY_PAUSE);
            }
            result => return Ok(result? == "wal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::{Connection, OpenFlags};

    use super::{make_durable, pragma};

    /// This way of locking has no shared memory, like some network file systems.
    #[test]
    #[cfg(unix)]
    fn without_shared_memory_the_journals_directory_is_synced_too() {
        let dir = tempfile::TempDir::new().unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let path = dir.path().join("ledger.db");
        let connection = Connection::open_with_flags_and_vfs(path, flags, c"unix-dotfile").unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        make_durable(&connection, Duration::ZERO).unwrap();
        assert_eq!(pragma(&connection, "PRAGMA synchronous").unwrap(), 3);
    }
}
