//! Opening a ledger: finding the file, making sure it is one, and setting how it is written.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::ledger::day::DaySum;
use crate::ledger::error::LedgerError;
use crate::ledger::fault::{Fault, from_io};
use crate::ledger::lock::directory_builder;
use crate::ledger::{Create, Ledger, OpenOptions, Opened, spellings};

/// `bkey` in the file's header; the first migration sets it.
pub(super) const APPLICATION_ID: i64 = 0x626b_6579;

/// Every schema there was, oldest first; each sets the `user_version` it leads to, which is its
/// place in this list. Only ever added to.
pub(super) const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001_ledger.sql"),
    include_str!("migrations/0002_quicker_writes.sql"),
    include_str!("migrations/0003_fewer_writes.sql"),
    include_str!("migrations/0004_reasons.sql"),
    "PRAGMA user_version = 5",
    include_str!("migrations/0006_spellings.sql"),
];
pub(super) const SCHEMA_VERSION: i64 = 6;

/// The schema whose new columns SQL alone cannot fill.
const SPELLINGS: i64 = 6;

/// Statements kept prepared: as many as one charge uses, and a few more.
const STATEMENTS_KEPT: usize = 32;

/// How long the log may grow before a commit writes it back, in pages. The log outlives the process
/// (see [`configure`]) and whoever opens the ledger next reads all of it: 0.2 ms for 256 pages and
/// 1.7 ms for SQLite's 1000.
const LOG_PAGES: &str = "PRAGMA wal_autocheckpoint = 256";

/// Between two tries to get what SQLite's own busy handler does not wait for.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// One thread creates at a time. Creating the file opens and closes it outside of SQLite, and on
/// POSIX systems that close would let go of the locks another thread's connection has on it. So no
/// thread finds the file, and goes on to lock it, before the one that creates it has closed it.
static FINDING: Mutex<()> = Mutex::new(());

/// What the header of the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An empty file, or an SQLite file with nothing in it: a creation that has not come to its end.
    Empty,
    Ledger {
        version: i64,
    },
    Foreign,
}

pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened, LedgerError> {
    let path = find(path, options.create)?;
    let at = |fault: Fault| fault.at(&path, options.busy_timeout);

    // An absolute path: SQLite takes neither `file:` nor `:memory:` nor an empty name from it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let had_wal = beside(&path, "-wal").exists();
    let connection = Connection::open_with_flags(&path, flags).map_err(|error| at(error.into()))?;
    configure(&connection, options.busy_timeout).map_err(at)?;
    let kind = kind_of(&connection).map_err(at)?;
    let identity = identity(&path).map_err(|source| from_io(&path, "open the ledger", source))?;
    let mut ledger = Ledger {
        connection,
        path: path.clone(),
        identity,
        busy_timeout: options.busy_timeout,
        day: DaySum::default(),
    };
    let created = match (kind, options.create) {
        (Kind::Foreign, _) => return Err(leave_alone(&ledger.connection, path, had_wal)),
        (Kind::Empty, Create::Never) => return Err(LedgerError::Missing { path }),
        (Kind::Ledger { version }, _) if version > SCHEMA_VERSION => {
            return Err(LedgerError::Newer { path, found: version, known: SCHEMA_VERSION });
        }
        (Kind::Ledger { version }, _) if version == SCHEMA_VERSION => false,
        (Kind::Ledger { version }, _) if version < 1 => {
            return Err(LedgerError::NotALedger { path, what: "its header names no schema of billkey's" });
        }
        (Kind::Ledger { .. }, _) | (Kind::Empty, Create::IfMissing) => {
            migrate(&mut ledger.connection).map_err(at)?
        }
    };
    if ledger.connection.is_readonly("main").map_err(|error| at(error.into()))? {
        return Err(LedgerError::ReadOnly { path });
    }
    make_durable(&ledger.connection, options.busy_timeout).map_err(at)?;
    if created && let Some(dir) = path.parent() {
        sync_directory(dir).map_err(|source| LedgerError::Io {
            path: dir.to_owned(),
            doing: "sync the directory",
            source,
        })?;
    }
    Ok(Opened { ledger, created })
}

/// The file's one real path, so that every name of it leads to the same locks. Creates an empty
/// file, and its directories, where that is wanted.
fn find(path: &Path, create: Create) -> Result<PathBuf, LedgerError> {
    let _one_at_a_time = FINDING.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = |source| from_io(path, "open the ledger", source);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(LedgerError::IsDirectory { path: path.to_owned() }),
        Ok(metadata) if !metadata.is_file() => {
            Err(LedgerError::NotALedger { path: path.to_owned(), what: "it is not a regular file" })
        }
        Ok(metadata) if metadata.len() == 0 && create == Create::Never => {
            Err(LedgerError::Missing { path: path.to_owned() })
        }
        Ok(_) => fs::canonicalize(path).map_err(failed),
        Err(error) if error.kind() == ErrorKind::NotFound && create == Create::Never => {
            Err(LedgerError::Missing { path: path.to_owned() })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_file(path).map_err(|source| from_io(path, "create the ledger", source))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Creates the file for its owner alone; SQLite gives the files beside it the same mode. That
/// another process was faster is no error.
fn create_file(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(follow(path))?;
    if let Some(dir) = path.parent() {
        create_directories(dir)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => fs::canonicalize(&path),
    }
}

/// Where a symbolic link to nothing points at; other paths as they are.
fn follow(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links in a row as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().map_or(target.clone(), |dir| dir.join(&target)),
            Err(_) => break,
        }
    }
    path
}

/// Creates what is missing, from the top down, and makes each name durable in the directory that
/// holds it.
fn create_directories(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    // The lowest one that is there may have been made a moment ago, by a process that was killed
    // before it came to sync the name. One that is older needs nothing, and its parent may be closed
    // to this user.
    if let Some(parent) = dir.ancestors().nth(missing.len()).and_then(Path::parent) {
        let _ = sync_directory(parent);
    }
    for dir in missing.into_iter().rev() {
        match directory_builder().create(dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if let Some(parent) = dir.parent() {
            sync_directory(parent)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn sync_directory(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // Some file systems cannot sync a directory; they have nothing to make durable there.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_directory(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Which file a path names now: its device and number there.
#[cfg(unix)]
pub(super) fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).map(|metadata| Some((metadata.dev(), metadata.ino())))
}

/// Elsewhere an open file can be neither moved nor deleted.
#[cfg(not(unix))]
pub(super) fn identity(_path: &Path) -> io::Result<Option<(u64, u64)>> {
    Ok(None)
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What can be set before the file is known to be ours: nothing here reads or writes it.
///
/// Closing does not write the log back: the last of one charge's processes would sync two more
/// files (0.9 ms of 3.7 on a fast disk), and every commit is durable in the log already.
fn configure(connection: &Connection, busy_timeout: Duration) -> Result<(), Fault> {
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
fn refused(what: &str) -> Fault {
    Fault::Sqlite(rusqlite::Error::ToSqlConversionFailure(what.into()))
}

fn pragma(connection: &Connection, sql: &'static str) -> Result<i64, Fault> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Read in one transaction: another process may be creating the ledger at this moment.
fn kind_of(connection: &Connection) -> Result<Kind, Fault> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
    let kind = kind_in(&tx)?;
    tx.commit()?;
    Ok(kind)
}

fn kind_in(connection: &Connection) -> Result<Kind, Fault> {
    let application_id = pragma(connection, "PRAGMA application_id")?;
    let version = pragma(connection, "PRAGMA user_version")?;
    if application_id == APPLICATION_ID {
        return Ok(Kind::Ledger { version });
    }
    let empty =
        application_id == 0 && version == 0 && pragma(connection, "SELECT count(*) FROM sqlite_schema")? == 0;
    Ok(if empty { Kind::Empty } else { Kind::Foreign })
}

/// Another program's file is closed so that nothing in it changes, and nothing stays beside it
/// that was not there before.
fn leave_alone(connection: &Connection, path: PathBuf, had_wal: bool) -> LedgerError {
    if !had_wal {
        // There is nothing to write back, and this lets SQLite remove its own files again.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
    }
    LedgerError::NotALedger { path, what: "it is another program's SQLite file" }
}

/// Brings the schema up to date; true when there was none before. Whoever comes second waits for
/// the first, and then finds it done.
fn migrate(connection: &mut Connection) -> Result<bool, Fault> {
    // A file that is not in WAL mode yet needs EXTRA for a commit to survive a power cut.
    connection.execute_batch("PRAGMA synchronous = EXTRA")?;
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let from = match kind_in(&tx)? {
        Kind::Empty => 0,
        Kind::Ledger { version } => version,
        Kind::Foreign => return Err(refused("another program wrote to the file at this moment")),
    };
    for (migration, leads_to) in MIGRATIONS.iter().zip(1..) {
        if leads_to > from {
            tx.execute_batch(migration)?;
            if leads_to == SPELLINGS {
                spellings::fill(&tx)?;
            }
        }
    }
    tx.commit()?;
    Ok(from == 0)
}

/// Sets what decides whether a commit survives a power cut, and reads it back.
fn make_durable(connection: &Connection, patience: Duration) -> Result<(), Fault> {
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
