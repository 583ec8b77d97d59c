//! Opening a ledger: finding the file, making sure it is one, and setting how it is written.

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::domain::place::Place;
use crate::domain::standing::Standing;
use crate::ledger::error::{Closed, LedgerError, from_io};
use crate::ledger::place::{beside, holds_something, identity, share_log};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::create::{find, has_mark};
use crate::ledger::sqlite::day::DaySum;
use crate::ledger::sqlite::durable::{configure, make_durable};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::mark;
use crate::ledger::sqlite::schema::{Kind, SCHEMA_VERSION, kind_of, migrate};
use crate::ledger::{Access, Create, MarkTrouble, OpenOptions};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Writing,
    /// By a user who may read it and not write it.
    Reading,
    /// The same where nothing may be put beside it either, and there is no log that belongs to it.
    Still,
}

/// An open file.
pub(super) struct OpenedFile {
    pub(super) ledger: Sqlite,
    pub(super) created: bool,
    /// How it stands, where it was held against its mark.
    pub(super) standing: Option<Standing>,
}

pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<OpenedFile, LedgerError> {
    let found = find(path, options)?;
    let path = found.path;
    // The mark comes first: whoever goes on meanwhile makes the ledger higher than it, and never lower.
    let before = options.now.as_ref().map(|now| (now, mark::look(&path)));
    let opened = if options.access == Access::Read && !may(&path, Use::Write) {
        open_to_read(&path, options)
    } else {
        match open_in(&path, options, Way::Writing) {
            Err(LedgerError::ReadOnly { .. }) if options.access == Access::Read => {
                open_to_read(&path, options)
            }
            // Nothing is put beside a backup.
            Err(LedgerError::Stamped { .. }) if options.access == Access::Read => {
                open_in(&path, options, Way::Still)
            }
            result => result,
        }
    };
    let OpenedFile { mut ledger, created, .. } = opened?;
    let standing = match before {
        None => None,
        // No mark is a backup's own.
        Some(_) if ledger.is_backup => None,
        // Who may only read the ledger, and its mark not even that, has nothing to hold it against.
        Some((_, Err(error))) if ledger.read_only && error.kind() == ErrorKind::PermissionDenied => None,
        Some((now, before)) => {
            let before = before.map_err(|error| Fault::Mark(error).at(&path, options.busy_timeout))?;
            Some(ledger.find_doubt(&before, now)?)
        }
    };
    Ok(OpenedFile { ledger, created: created || found.created, standing })
}

/// A file that SQLite does not know for one of its own, and whose mark says that it was a ledger.
fn as_overwritten(error: LedgerError) -> LedgerError {
    if let LedgerError::NotALedger { place: Place::File(path), what } = &error
        && has_mark(path)
    {
        return LedgerError::Overwritten { path: path.clone(), what };
    }
    error
}

/// For a user who may not write it.
pub(super) fn open_to_read(path: &Path, options: &OpenOptions) -> Result<OpenedFile, LedgerError> {
    let read = if lacks_log(path) {
        open_in(path, options, Way::Still)
    } else {
        open_in(path, options, Way::Reading).or_else(|error| {
            let may_stand_still = matches!(error, LedgerError::ReadOnly { .. });
            if may_stand_still { open_in(path, options, Way::Still) } else { Err(error) }
        })
    };
    read.map_err(|error| if let LedgerError::ReadOnly { .. } = error { closed(path) } else { error })
}

fn open_in(path: &Path, options: &OpenOptions, way: Way) -> Result<OpenedFile, LedgerError> {
    let at = |fault: Fault| fault.at(path, options.busy_timeout);
    let path = path.to_owned();
    let had_wal = beside(&path, "-wal").exists();
    let Connected { connection, kind, identity } = connected(&path, options, way)?;
    let read_only =
        way != Way::Writing || connection.is_readonly("main").map_err(|error| at(error.into()))?;
    let mut ledger = Sqlite {
        connection,
        path: path.clone(),
        identity,
        busy_timeout: options.busy_timeout,
        day: DaySum::default(),
        found: RefCell::default(),
        read_only,
        is_backup: matches!(kind, Kind::Backup { .. }),
        marked: false,
        trouble: MarkTrouble::default(),
    };
    let created = match (kind, options.create) {
        (Kind::Foreign, _) => return Err(leave_alone(&ledger.connection, path, had_wal)),
        (Kind::Backup { .. }, _) if way == Way::Writing => return Err(LedgerError::Stamped { path }),
        (Kind::Backup { version }, _) if version != SCHEMA_VERSION => {
            return Err(LedgerError::OtherBackup { path, found: version, known: SCHEMA_VERSION });
        }
        (Kind::Backup { .. }, _) => false,
        (Kind::Empty, Create::Never) => return Err(LedgerError::Missing { place: path.into() }),
        (Kind::Ledger { version }, _) if version > SCHEMA_VERSION => {
            return Err(LedgerError::Newer { place: path.into(), found: version, known: SCHEMA_VERSION });
        }
        (Kind::Ledger { version }, _) if version == SCHEMA_VERSION => false,
        (Kind::Ledger { version }, _) if version < 1 => {
            return Err(LedgerError::NotALedger {
                place: path.into(),
                what: "its header names no schema of billkey's",
            });
        }
        (Kind::Ledger { version }, _) if read_only => {
            return Err(LedgerError::Older { place: path.into(), found: version, known: SCHEMA_VERSION });
        }
        (Kind::Ledger { .. }, _) | (Kind::Empty, Create::IfMissing) => {
            migrate(&mut ledger.connection).map_err(at)?
        }
    };
    if !read_only {
        make_durable(&ledger.connection, options.busy_timeout).map_err(at)?;
        share_log(&path);
    } else if options.access == Access::Write {
        return Err(LedgerError::ReadOnly { place: path.into() });
    }
    Ok(OpenedFile { ledger, created, standing: None })
}

/// A connection, what the file is, and which one.
struct Connected {
    connection: Connection,
    kind: Kind,
    identity: Option<(u64, u64)>,
}

/// Whoever waits here while another file is put in the place of the
/// one that is open begins again with that.
fn connected(path: &Path, options: &OpenOptions, way: Way) -> Result<Connected, LedgerError> {
    let at = |fault: Fault| fault.at(path, options.busy_timeout);
    let named = || identity(path).map_err(|source| from_io(path, "open the ledger", source));
    for _ in 0..OPEN_AGAIN {
        let before = named()?;
        let connection = connect(path, way).map_err(at)?;
        configure(&connection, options.busy_timeout).map_err(at)?;
        let kind = kind_of(&connection).map_err(|fault| as_overwritten(at(fault)))?;
        if named()? == before {
            return Ok(Connected { connection, kind, identity: before });
        }
    }
    Err(LedgerError::Moved { place: path.into() })
}

/// How often a file is opened anew because another one has its name.
const OPEN_AGAIN: u32 = 5;

/// An absolute path: SQLite takes neither `file:` nor `:memory:` nor an empty name from it.
fn connect(path: &Path, way: Way) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if way == Way::Writing {
        return Ok(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?);
    }
    // What is in a log would not be seen, and what a journal takes back would be.
    let pending = ["-wal", "-journal"].iter().any(|suffix| holds_something(&beside(path, suffix)));
    // A log's index is not made either: it would be this user's, and keep the ledger's owner out.
    let how = if way == Way::Still && !pending { "immutable" } else { "readonly_shm" };
    let name = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    let address = format!("file:{name}?{how}=1");
    let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(address, flags | reading)?)
}

/// Whether a ledger that is written with a log has none now. To open it in the usual way would make one, which
/// would be this user's.
fn lacks_log(path: &Path) -> bool {
    // The two bytes of an SQLite file's header that say how it is written and read.
    const LOGGED: [u8; 2] = [2, 2];
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.ends_with(&LOGGED) && !beside(path, "-wal").exists()
}

/// Why a ledger that this user may not write cannot be read either.
fn closed(path: &Path) -> LedgerError {
    let why = if !may(path, Use::Read) {
        Closed::File
    } else if holds_something(&beside(path, "-journal")) {
        Closed::CutOff
    } else if !holds_something(&beside(path, "-wal")) {
        return LedgerError::ReadOnly { place: path.into() };
    } else if may(&beside(path, "-wal"), Use::Read) {
        Closed::Index
    } else {
        Closed::Log
    };
    LedgerError::Closed { path: path.to_owned(), why }
}

#[derive(Clone, Copy)]
enum Use {
    Read,
    Write,
}

/// Whether this user may use a file so, on this file system.
#[cfg(unix)]
fn may(path: &Path, wanted: Use) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};

    let wanted = match wanted {
        Use::Read => Access::READ_OK,
        Use::Write => Access::WRITE_OK,
    };
    accessat(CWD, path, wanted, AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn may(path: &Path, wanted: Use) -> bool {
    match wanted {
        Use::Read => File::open(path).is_ok(),
        Use::Write => !std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly()),
    }
}

/// Another program's file is closed so that nothing in it changes, and nothing stays beside it
/// that was not there before.
fn leave_alone(connection: &Connection, path: PathBuf, had_wal: bool) -> LedgerError {
    if !had_wal {
        // There is nothing to write back, and this lets SQLite remove its own files again.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
    }
    LedgerError::NotALedger { place: path.into(), what: "it is another program's SQLite file" }
}
