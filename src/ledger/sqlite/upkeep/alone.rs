//! Having a ledger's file for oneself, so that another can take its place.
//!
//! Every process that has read the ledger holds SQLite's shared lock on it, between two statements as well: who gets
//! the exclusive one is alone with the file, and stays it until he closes. With it the log is written back and goes,
//! so that one file is all there is, and its name can be given to another in one step.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::ledger::error::from_io;
use crate::ledger::lock::{BatchLock, BatchLocked, try_lock_batch, try_lock_to_begin};
use crate::ledger::place::{beside, exchange, holds_something, rename_unless_there, sync_directory};
use crate::ledger::sqlite::create::has_mark;
use crate::ledger::sqlite::durable::{pragma, refused};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::schema::{Kind, kind_in};
use crate::ledger::upkeep::UpkeepError;

/// What belongs to one file and must not be beside another.
const OF_ONE_FILE: [&str; 2] = ["-wal", "-journal"];

/// How long somebody who is about to end is waited for, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The file that stands at a ledger's path.
#[derive(Debug)]
pub(super) enum Old {
    /// There is none, or nothing is in it.
    Nothing,
    /// It is whole, and this connection is the only one.
    Sound(Connection),
    /// SQLite cannot read it.
    Broken,
}

/// The right to put another file in a ledger's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Alone {
    path: PathBuf,
    pub(super) old: Old,
    _batch: BatchLock,
    _begin: File,
}

/// Waits a little, and says who is in the way.
pub(super) fn alone(path: &Path) -> Result<Alone, UpkeepError> {
    let in_use = |pid| UpkeepError::InUse { path: path.to_owned(), pid };
    let begin = try_lock_to_begin(path)?.ok_or_else(|| in_use(None))?;
    let batch = match try_lock_batch(path)? {
        BatchLocked::Ours(lock) => lock,
        BatchLocked::Theirs { pid } => return Err(in_use(pid)),
    };
    let old = if holds_something(path) { take(path)? } else { Old::Nothing };
    Ok(Alone { path: path.to_owned(), old, _batch: batch, _begin: begin })
}

fn take(path: &Path) -> Result<Old, UpkeepError> {
    let mut left = PATIENCE;
    loop {
        let fault = match try_take(path) {
            Ok(connection) => return Ok(Old::Sound(connection)),
            Err(fault) => fault,
        };
        if fault.is_busy() && left > PAUSE {
            std::thread::sleep(PAUSE);
            left = left.saturating_sub(PAUSE);
        } else if fault.is_busy() {
            return Err(UpkeepError::InUse { path: path.to_owned(), pid: None });
        } else if is_broken(&fault) && has_mark(path) {
            return Ok(Old::Broken);
        } else {
            return Err(fault.at(path, PATIENCE).into());
        }
    }
}

/// Nothing is written before the file is known for a ledger or a backup.
fn try_take(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Before anything is read: so the log is read without the memory that others could share.
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    if kind_in(&connection)? == Kind::Foreign {
        return Err(Fault::Sqlite(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
            None,
        )));
    }
    connection.execute_batch("PRAGMA synchronous = EXTRA")?;
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode != "delete" {
        return Err(refused("SQLite did not write the ledger's log back"));
    }
    // Kept when it is over, as the mode of locking says.
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    pragma(&connection, "SELECT count(*) FROM sqlite_schema")?;
    Ok(connection)
}

fn is_broken(fault: &Fault) -> bool {
    let Fault::Sqlite(error) = fault else { return false };
    [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase].map(Some).contains(&error.sqlite_error_code())
}

impl Alone {
    /// Gives the ledger's name to a file that is whole and durable, in one step. What stood there is kept under
    /// another name, which is handed back; `None` where there was nothing.
    pub(super) fn put_in_place(self, new: &Path, at: Timestamp) -> Result<Option<PathBuf>, UpkeepError> {
        let path = &self.path;
        let failed = |source| from_io(path, "put another file in the place of", source);
        let kept = match self.old {
            Old::Nothing => {
                // A log without its file says that there was one, and must not be read into another. Its mark says
                // the same, and stands there already.
                let log = beside(path, "-wal");
                let kept = holds_something(&log).then(|| kept_name(path, at)).transpose().map_err(failed)?;
                if let Some(kept) = &kept {
                    fs::rename(&log, beside(kept, "-wal")).map_err(failed)?;
                }
                gone(fs::remove_file(beside(path, "-journal"))).map_err(failed)?;
                gone(fs::remove_file(path)).map_err(failed)?;
                if !rename_unless_there(new, path).map_err(failed)? {
                    return Err(UpkeepError::InUse { path: path.clone(), pid: None });
                }
                kept.map(|kept| beside(&kept, "-wal"))
            }
            Old::Sound(connection) => {
                // SQLite does not say so when it could not remove them, and would read them into the other file. What
                // was in them is in this one.
                for suffix in OF_ONE_FILE {
                    gone(fs::remove_file(beside(path, suffix))).map_err(failed)?;
                }
                let kept = kept_name(path, at).map_err(failed)?;
                exchange(new, path, &kept).map_err(failed)?;
                // Who waited for the lock finds now that the name is another file's.
                drop(connection);
                Some(kept)
            }
            Old::Broken => {
                let kept = kept_name(path, at).map_err(failed)?;
                for suffix in OF_ONE_FILE {
                    gone(fs::rename(beside(path, suffix), beside(&kept, suffix))).map_err(failed)?;
                }
                exchange(new, path, &kept).map_err(failed)?;
                Some(kept)
            }
        };
        // The index of a log that is gone.
        gone(fs::remove_file(beside(path, "-shm"))).map_err(failed)?;
        path.parent().map_or(Ok(()), sync_directory).map_err(failed)?;
        Ok(kept)
    }
}

/// A name that nobody has: `main.db.before-20261129T101502Z`.
fn kept_name(path: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let stem = format!(".before-{}", at.strftime("%Y%m%dT%H%M%SZ"));
    for number in 1..100 {
        let suffix = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let name = beside(path, &suffix);
        if fs::symlink_metadata(&name).is_err() && fs::symlink_metadata(beside(&name, "-wal")).is_err() {
            return Ok(name);
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, "too many files of that name stand there"))
}

pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Old, alone};
    use crate::ledger::upkeep::UpkeepError;
    use crate::ledger::{Create, Ledger, OpenOptions};

    /// A ledger that nobody has open, as one file; its id.
    fn ledger(path: &Path) -> String {
        let id = Ledger::open_at(path, Create::IfMissing).unwrap().ledger.standing().unwrap().id;
        assert!(matches!(alone(path).unwrap().old, Old::Sound(_)));
        id
    }

    #[test]
    fn nobody_is_alone_with_a_ledger_that_another_has_open() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("ledger.db");
        ledger(&path);
        for access in [crate::ledger::Access::Write, crate::ledger::Access::Read] {
            let options = OpenOptions { access, ..OpenOptions::new(Create::Never) };
            let open = Ledger::open_with(&path, &options).unwrap().ledger;
            // Who has read nothing yet has decided nothing, and its first write before a send looks for the name.
            let _ = open.standing().unwrap();
            let refused = alone(&path).unwrap_err();
            assert!(matches!(refused, UpkeepError::InUse { pid: None, .. }), "{refused}");
            drop(open);
        }
        let first = alone(&path).unwrap();
        assert!(matches!(alone(&path), Err(UpkeepError::InUse { .. })), "nor a second one");
        drop(first);
        let batch = Ledger::open_at(&path, Create::Never).unwrap().ledger.lock_batch().unwrap();
        assert!(matches!(alone(&path), Err(UpkeepError::InUse { pid: Some(_), .. })));
        drop(batch);
        assert!(alone(&path).is_ok());
    }

    /// Who would go on with the file that was moved away would write its intent where nobody looks.
    #[test]
    fn who_waits_while_another_file_takes_the_name_opens_that_one() {
        let dir = tempfile::TempDir::new().unwrap();
        let (path, new) = (dir.path().join("ledger.db"), dir.path().join("new.db"));
        let (old_id, new_id) = (ledger(&path), ledger(&new));
        let taken = alone(&path).unwrap();
        let opened = std::thread::scope(|scope| {
            let options =
                OpenOptions { busy_timeout: Duration::from_secs(30), ..OpenOptions::new(Create::Never) };
            let waits = scope.spawn({
                let path = path.clone();
                move || Ledger::open_with(&path, &options).unwrap().ledger.standing().unwrap().id
            });
            std::thread::sleep(Duration::from_millis(300));
            assert!(!waits.is_finished());
            let kept = taken.put_in_place(&new, Timestamp::UNIX_EPOCH).unwrap().unwrap();
            assert_eq!(kept, dir.path().join("ledger.db.before-19700101T000000Z"));
            let kept = Ledger::open_at(&kept, Create::Never).unwrap().ledger.standing().unwrap().id;
            (waits.join().unwrap(), kept)
        });
        assert_eq!(opened, (new_id, old_id));
        assert!(!new.exists());
    }

    #[test]
    fn a_file_of_another_programs_is_not_moved() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("notes.txt");
        fs::write(&path, "precious ".repeat(100)).unwrap();
        assert!(alone(&path).is_err());
        let other = dir.path().join("other.db");
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_CREATE;
        let connection = rusqlite::Connection::open_with_flags(&other, flags).unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        drop(connection);
        let before = fs::read(&other).unwrap();
        assert!(alone(&other).is_err());
        assert_eq!(fs::read(&other).unwrap(), before);
    }
}
