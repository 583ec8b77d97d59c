//! A copy of the ledger as it stood at one moment, while others write.
//!
//! SQLite's backup interface copies pages, a thousand at a time, so that it can be watched and broken off. With a log
//! a reading transaction holds the moment still for as long as it takes, and nobody waits for it. `VACUUM INTO` would
//! make as good a copy, and a smaller one, but says nothing until it is done, and writes every row anew.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::ledger::LedgerError;
use crate::ledger::engine::{Beside, Identity};
use crate::ledger::error::from_io;
use crate::ledger::place::{beside, follow, holds_something, room_in, sync_directory};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::durable::{configure, pragma, refused};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::held;
use crate::ledger::sqlite::schema::{Kind, kind_in};
use crate::ledger::sqlite::upkeep::alone::gone;
use crate::ledger::sqlite::upkeep::check::pages;
use crate::ledger::sqlite::upkeep::stamp;
use crate::ledger::sqlite::upkeep::survey::{Survey, survey};
use crate::ledger::upkeep::BackedUp;
use crate::ledger::upkeep::UpkeepError;
use crate::ledger::upkeep::{Job, Tick};

const PAGES_AT_ONCE: i32 = 1_000;
const PAUSE: Duration = Duration::from_millis(20);

impl Sqlite {
    /// Makes a backup under a name, in place of an earlier one. Until it is whole nothing is under that name that
    /// was not there before.
    pub(in crate::ledger::sqlite) fn back_up(
        &self,
        to: &Path,
        at: Timestamp,
        tick: Tick<'_>,
    ) -> Result<BackedUp, UpkeepError> {
        if self.is_backup {
            return Err(LedgerError::Stamped { path: self.path.clone() }.into());
        }
        let id = self.standing()?.id;
        let target = target(to, &id)?;
        let part = Part::begin(&target)?;
        let failed = |source| from_io(&target, "write the backup", source);
        let folder = folder_of(&target);
        let needed = self.read(|db| {
            let size = pragma(db, "PRAGMA page_size")?.saturating_mul(pragma(db, "PRAGMA page_count")?);
            Ok(u64::try_from(size).unwrap_or(0))
        })?;
        has_room(&folder, needed)?;
        let at_part = |fault: Fault| fault.at(&target, self.busy_timeout);
        let mut copy = part.connect().map_err(at_part)?;
        copy_pages(&self.connection, &mut copy, tick).map_err(|fault| self.whose(&target, fault))?;
        let found = stamped(&mut copy, at, tick).map_err(|fault| self.whose(&target, fault))?;
        let found = found.map_err(|what| {
            UpkeepError::Ledger(LedgerError::Damaged { place: Beside::place(self), source: what.into() })
        })?;
        drop(copy);
        let size_bytes = part.finish(&target).map_err(failed)?;
        Ok(BackedUp {
            path: target,
            ledger_id: id,
            payments: found.payments,
            events: found.events,
            size_bytes,
            misfits: found.misfits,
            sound: found.is_sound(),
            shown: found.shown,
        })
    }

    /// Whose error it is: a disk that is full is that of the copy, all else may be either's.
    fn whose(&self, target: &Path, fault: Fault) -> LedgerError {
        let error = fault.at(&self.path, self.busy_timeout);
        if let LedgerError::Full { .. } = error {
            return LedgerError::Full { place: target.into() };
        }
        error
    }
}

/// Where a backup goes, if it may go there.
fn target(to: &Path, id: &str) -> Result<PathBuf, UpkeepError> {
    let path = std::path::absolute(follow(to)).map_err(|source| from_io(to, "write the backup", source))?;
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => return Err(LedgerError::IsDirectory { path }.into()),
        Ok(found) if !found.is_file() => return Err(UpkeepError::Occupied { path }),
        Ok(_) if is_backup_of(&path, id) => {}
        Ok(_) => return Err(UpkeepError::Occupied { path }),
        Err(_) if !folder_of(&path).is_dir() => {
            return Err(UpkeepError::NoFolder { path: folder_of(&path) });
        }
        Err(_) => {}
    }
    Ok(path)
}

fn is_backup_of(path: &Path, id: &str) -> bool {
    let look = || -> Result<bool, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        Ok(matches!(kind_in(&db)?, Kind::Backup { .. }) && held(&db)?.standing.id == id)
    };
    look().unwrap_or(false)
}

pub(super) fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// A tenth more than is known to be needed: others go on.
pub(super) fn has_room(folder: &Path, bytes: u64) -> Result<(), UpkeepError> {
    let needed = bytes.saturating_add(bytes / 10).saturating_add(64 * 1024);
    match room_in(folder) {
        Some(free) if free < needed => Err(UpkeepError::NoRoom { folder: folder.to_owned(), needed, free }),
        Some(_) | None => Ok(()),
    }
}

/// A file that is not whole yet. It has one name, so that what a killed run has left is used again.
pub(super) struct Part {
    path: PathBuf,
    /// Held as long as it is written. It is closed last: to close it lets go of SQLite's locks.
    file: File,
}

impl Part {
    pub(super) fn begin(target: &Path) -> Result<Part, UpkeepError> {
        let path = beside(target, ".billkey-part");
        let failed = |source| from_io(&path, "write", source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;

            let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
            options.mode(0o600).custom_flags(flags.bits().cast_signed());
        }
        let file = match options.open(&path) {
            Err(error) if is_closed(&error) => {
                return Err(UpkeepError::NotWritable { path: target.to_owned() });
            }
            opened => opened.map_err(failed)?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(UpkeepError::Underway { path: target.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;

            file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
        }
        file.set_len(0).map_err(failed)?;
        let part = Part { path, file };
        part.clear_beside();
        Ok(part)
    }

    /// What is written into it need not be durable before the end.
    pub(super) fn connect(&self) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        configure(&connection, Duration::ZERO)?;
        connection.execute_batch("PRAGMA synchronous = OFF")?;
        Ok(connection)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, durably: how large it is.
    fn finish(self, target: &Path) -> io::Result<u64> {
        self.file.sync_all()?;
        let size = self.file.metadata()?.len();
        fs::rename(&self.path, target)?;
        sync_directory(&folder_of(target))?;
        Ok(size)
    }

    fn clear_beside(&self) {
        for suffix in ["-journal", "-wal", "-shm"] {
            let _ = gone(fs::remove_file(beside(&self.path, suffix)));
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Where it got another name there is nothing left under this one.
        let _ = fs::remove_file(&self.path);
        self.clear_beside();
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn copy_pages(from: &Connection, to: &mut Connection, tick: Tick<'_>) -> Result<(), Fault> {
    let still = is_logged(from)?.then(|| Transaction::new_unchecked(from, TransactionBehavior::Deferred));
    let still = still.transpose()?;
    if let Some(still) = &still {
        // The moment is that of the first reading.
        pragma(still, "SELECT count(*) FROM ledger")?;
    }
    let backup = Backup::new(from, to)?;
    loop {
        let step = backup.step(PAGES_AT_ONCE)?;
        let progress = backup.progress();
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        tick(Job::Copying, number(progress.pagecount - progress.remaining), number(progress.pagecount));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            StepResult::Busy | StepResult::Locked => std::thread::sleep(PAUSE),
            _ => return Err(refused("SQLite said something of a copy that is not known")),
        }
    }
    Ok(())
}

fn is_logged(db: &Connection) -> Result<bool, Fault> {
    let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    Ok(mode == "wal")
}

/// Looks a copy through and stamps it; else what is wrong with it, in SQLite's words.
fn stamped(copy: &mut Connection, at: Timestamp, tick: Tick<'_>) -> Result<Result<Survey, String>, Fault> {
    // One file, which nobody has to write anything beside who reads it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let problems = pages(copy)?;
    if !problems.is_empty() {
        return Ok(Err(problems.join("; ")));
    }
    let found = survey(copy, tick)?;
    stamp::put(copy, &found, at)?;
    Ok(Ok(found))
}

/// Whether something lies beside a file that SQLite would read into it.
pub(super) fn is_one_file(path: &Path) -> bool {
    ["-wal", "-journal"].iter().all(|suffix| !holds_something(&beside(path, suffix)))
}
