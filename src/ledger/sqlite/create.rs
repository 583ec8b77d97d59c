//! Finding a ledger's file, and making one: under another name, so that nobody finds half of it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::domain::standing::{Distrust, Doubt};
use crate::domain::time::SendMark;
use crate::domain::words::hex;
use crate::ledger::error::{LedgerError, from_io};
use crate::ledger::lock::lock_to_begin;
use crate::ledger::place::{
    beside, create_directories, file_system_of, follow, has_another_name, holds_something,
    rename_unless_there, share, sync_directory,
};
use crate::ledger::signed::Beginning;
use crate::ledger::sqlite::durable::configure;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::{held, write_acceptance, write_distrust};
use crate::ledger::sqlite::mark::{self, Beside, Mark};
use crate::ledger::sqlite::schema::migrate;
use crate::ledger::{Create, OpenOptions, WhenLost};

/// How often a second name is looked for again: where a file can only be named by a link it has two names for
/// a moment, when it is made.
const NAME_TRIES: u32 = 20;
const NAME_PAUSE: Duration = Duration::from_millis(5);

/// A ledger's file.
pub(super) struct FoundFile {
    /// Its one real path, so that every name of it leads to the same locks.
    pub(super) path: PathBuf,
    /// This call has made it.
    pub(super) created: bool,
}

/// Finds the file, or makes it where that is wanted.
pub(super) fn find(path: &Path, options: &OpenOptions) -> Result<FoundFile, LedgerError> {
    let failed = |source| from_io(path, "open the ledger", source);
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let path = std::path::absolute(follow(path)).map_err(failed)?;
            return find_none(path, options);
        }
        result => result.map_err(failed)?,
    };
    if metadata.is_dir() {
        return Err(LedgerError::IsDirectory { path: path.to_owned() });
    }
    if !metadata.is_file() {
        return Err(LedgerError::NotALedger { place: path.into(), what: "it is not a regular file" });
    }
    let real = fs::canonicalize(path).map_err(failed)?;
    if metadata.len() == 0 && (is_lost(&real) || options.create == Create::Never) {
        return find_none(real, options);
    }
    has_one_name(&real)?;
    Ok(FoundFile { path: real, created: false })
}

/// There is nothing at the path, or nothing in the file.
fn find_none(path: PathBuf, options: &OpenOptions) -> Result<FoundFile, LedgerError> {
    match (is_lost(&path), options.lost, options.create) {
        (true, WhenLost::Refuse, _) => Err(LedgerError::Lost { path }),
        (true | false, _, Create::Never) => Err(LedgerError::Missing { place: path.into() }),
        (true, WhenLost::BeginAnew, Create::IfMissing) => {
            begin_anew(&path, options, None).map(|created| FoundFile { path, created })
        }
        (false, _, Create::IfMissing) => create(&path, options),
    }
}

/// Whether what lies beside a path says that there was a ledger. The file is looked at last: it is there before
/// its mark and its log are.
pub(super) fn is_lost(path: &Path) -> bool {
    (has_mark(path) || holds_something(&beside(path, "-wal"))) && !holds_something(path)
}

/// Whether a mark says that a ledger belongs there, whatever the file is now.
pub(super) fn has_mark(path: &Path) -> bool {
    fs::symlink_metadata(mark::path_of(path)).is_ok()
}

fn has_one_name(path: &Path) -> Result<(), LedgerError> {
    let failed = |source| from_io(path, "open the ledger", source);
    for _ in 0..NAME_TRIES {
        if has_another_name(path).map_err(failed)?.is_none() {
            return Ok(());
        }
        std::thread::sleep(NAME_PAUSE);
    }
    match has_another_name(path).map_err(failed)? {
        None => Ok(()),
        Some(inode) => {
            Err(LedgerError::TwoNames { path: path.to_owned(), inode, within: file_system_of(path) })
        }
    }
}

/// Makes an empty ledger. That another process was faster is no error.
fn create(path: &Path, options: &OpenOptions) -> Result<FoundFile, LedgerError> {
    let failed = |source| from_io(path, "create the ledger", source);
    if let Some(dir) = path.parent() {
        create_directories(dir).map_err(failed)?;
    }
    let new = Unnamed::make(path, options.busy_timeout)?;
    let created = new.name(path).map_err(failed)?;
    Ok(FoundFile { path: fs::canonicalize(path).map_err(failed)?, created })
}

/// Begins an empty ledger where one is lost: false where somebody else has done it meanwhile. With an answer
/// for it the new one is distrusted since the lost one's mark; the sandbox needs none.
///
/// Until the last step the ledger stays lost for everybody else. The new mark stands before the old log goes,
/// so that a process that is killed in between leaves a ledger that is lost, and none that is new.
pub(super) fn begin_anew(
    path: &Path,
    options: &OpenOptions,
    answered: Option<&Beginning>,
) -> Result<bool, LedgerError> {
    let failed = |source| from_io(path, "begin the ledger anew", source);
    let _one_at_a_time = lock_to_begin(path)?;
    if !is_lost(path) {
        return Ok(false);
    }
    let new = Unnamed::make(path, options.busy_timeout)?;
    match answered {
        Some(beginning) => {
            let lost = mark::look(path).map_err(failed)?;
            let made =
                new.distrusted(&lost, beginning).map_err(|fault| fault.at(path, options.busy_timeout))?;
            mark::make(path, &made).map_err(failed)?;
            let kept = format!("-wal.lost-{}", beginning.now.wall.as_millisecond());
            gone(fs::rename(beside(path, "-wal"), beside(path, &kept))).map_err(failed)?;
        }
        None => {
            gone(fs::remove_file(beside(path, "-wal"))).map_err(failed)?;
            gone(fs::remove_file(mark::path_of(path))).map_err(failed)?;
        }
    }
    // A log's index, and the file with nothing in it.
    gone(fs::remove_file(beside(path, "-shm"))).map_err(failed)?;
    gone(fs::remove_file(path)).map_err(failed)?;
    new.name(path).map_err(failed)
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// An empty ledger that is complete and durable, under a name that nobody looks for.
struct Unnamed {
    path: PathBuf,
    busy_timeout: Duration,
}

impl Unnamed {
    fn make(ledger: &Path, busy_timeout: Duration) -> Result<Unnamed, LedgerError> {
        let failed = |source| from_io(ledger, "create the ledger", source);
        let mut random = [0; 8];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| failed(io::Error::other("the system gave no random bytes")))?;
        let new = Unnamed { path: beside(ledger, &format!(".new-{}", hex(&random))), busy_timeout };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&new.path).map_err(failed)?;
        // Where it takes the place of one that is lost, whoever shared that one shares it: its mark says so.
        share(&file, &mark::path_of(ledger));
        drop(file);
        new.connect().and_then(|mut connection| migrate(&mut connection)).map_err(|fault| {
            // What went wrong is told of the ledger.
            fault.at(ledger, busy_timeout)
        })?;
        Ok(new)
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        configure(&connection, self.busy_timeout)?;
        connection.execute_batch("PRAGMA synchronous = EXTRA")?;
        Ok(connection)
    }

    /// Writes down that it stands in place of a lost one; the mark that it is to have.
    fn distrusted(&self, lost: &Beside, beginning: &Beginning) -> Result<Mark, Fault> {
        let Beginning { now, acceptance } = beginning;
        let first_seen = SendMark { wall: now.wall, boot: now.boot.clone(), gateway_s: None };
        let (since, epoch) = match lost {
            Beside::Mark(mark) => (mark.at.clone(), mark.epoch),
            Beside::Nothing | Beside::Unreadable => (first_seen.clone(), 0),
        };
        let epoch = epoch.checked_add(1).ok_or(Fault::TooLarge("epoch"))?;
        let last_event_at = Some(since.wall);
        let mut connection = self.connect()?;
        let tx = Transaction::new(&mut connection, TransactionBehavior::Immediate)?;
        tx.execute("UPDATE ledger SET epoch = ?, marked = 1", params![epoch])?;
        write_distrust(&tx, &Distrust { why: Doubt::Lost, since, last_event_at, accepted: true })?;
        write_acceptance(&tx, acceptance, "loss")?;
        let id = held(&tx)?.standing.id;
        tx.commit()?;
        Ok(Mark { id, epoch, last_event: 0, at: first_seen })
    }

    /// Gives it its name, durably; false where another file has that already.
    fn name(self, path: &Path) -> io::Result<bool> {
        let named = rename_unless_there(&self.path, path)?;
        if named && let Some(dir) = path.parent() {
            sync_directory(dir)?;
        }
        Ok(named)
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        // Where it got its name there is nothing left under this one.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(beside(&self.path, "-journal"));
    }
}
