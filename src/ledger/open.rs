//! Opening a ledger: finding the file, making sure it is one, and setting how it is written.

use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::ledger::create::find;
use crate::ledger::day::DaySum;
use crate::ledger::durable::{configure, make_durable};
use crate::ledger::error::LedgerError;
use crate::ledger::fault::{Fault, from_io};
use crate::ledger::place::{beside, holds_something, identity};
use crate::ledger::schema::{Kind, SCHEMA_VERSION, kind_of, migrate};
use crate::ledger::{Access, Create, Ledger, MarkTrouble, OpenOptions, Opened, mark};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Writing,
    /// By a user who may read it and not write it.
    Reading,
    /// The same where nothing may be put beside it either, and there is no log that belongs to it.
    Still,
}

pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened, LedgerError> {
    let found = find(path, options)?;
    let path = found.path;
    // The mark comes first: whoever goes on meanwhile makes the ledger higher than it, and never lower.
    let before = options.now.as_ref().map(|now| (now, mark::look(&path)));
    let opened = match open_in(&path, options, Way::Writing) {
        Err(LedgerError::ReadOnly { .. }) if options.access == Access::Read => {
            open_in(&path, options, Way::Reading).or_else(|_| open_in(&path, options, Way::Still))
        }
        result => result,
    };
    let Opened { mut ledger, created, .. } = opened?;
    let standing = match before {
        None => None,
        Some((now, before)) => {
            let before = before.map_err(|error| Fault::Mark(error).at(&path, options.busy_timeout))?;
            Some(ledger.find_doubt(&before, now)?)
        }
    };
    Ok(Opened { ledger, created: created || found.created, standing })
}

fn open_in(path: &Path, options: &OpenOptions, way: Way) -> Result<Opened, LedgerError> {
    let at = |fault: Fault| fault.at(path, options.busy_timeout);
    let path = path.to_owned();
    let had_wal = beside(&path, "-wal").exists();
    let connection = connect(&path, way).map_err(at)?;
    configure(&connection, options.busy_timeout).map_err(at)?;
    let kind = kind_of(&connection).map_err(at)?;
    let identity = identity(&path).map_err(|source| from_io(&path, "open the ledger", source))?;
    let read_only =
        way != Way::Writing || connection.is_readonly("main").map_err(|error| at(error.into()))?;
    let mut ledger = Ledger {
        connection,
        path: path.clone(),
        identity,
        busy_timeout: options.busy_timeout,
        day: DaySum::default(),
        read_only,
        marked: false,
        trouble: MarkTrouble::default(),
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
    if !read_only {
        make_durable(&ledger.connection, options.busy_timeout).map_err(at)?;
    } else if options.access == Access::Write {
        return Err(LedgerError::ReadOnly { path });
    }
    Ok(Opened { ledger, created, standing: None })
}

/// An absolute path: SQLite takes neither `file:` nor `:memory:` nor an empty name from it.
fn connect(path: &Path, way: Way) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reading = flags | OpenFlags::SQLITE_OPEN_READ_ONLY;
    Ok(match way {
        Way::Writing => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        Way::Reading => Connection::open_with_flags(path, reading)?,
        // What is in a log would not be seen.
        Way::Still if holds_something(&beside(path, "-wal")) => Connection::open_with_flags(path, reading)?,
        Way::Still => {
            let name = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
            let address = format!("file:{name}?immutable=1");
            Connection::open_with_flags(address, reading | OpenFlags::SQLITE_OPEN_URI)?
        }
    })
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
