//! Putting a backup in a ledger's place.
//!
//! The backup is copied beside the ledger, looked through, and made into a ledger that knows that it is behind. Only
//! then is the ledger's name given to it, in one step: whoever is killed leaves the old one or the new one. The mark
//! stays as it is.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::domain::standing::{Distrust, Doubt};
use crate::domain::time::{Moment, SendMark};
use crate::ledger::BUSY_TIMEOUT;
use crate::ledger::error::{LedgerError, from_io};
use crate::ledger::place::{create_directories, follow, share};
use crate::ledger::sqlite::create::is_lost;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::{Held, held, write_distrust};
use crate::ledger::sqlite::mark::{self, Beside, Mark};
use crate::ledger::sqlite::schema::{Kind, SCHEMA_VERSION, kind_in, migrate};
use crate::ledger::sqlite::upkeep::alone::{Old, alone};
use crate::ledger::sqlite::upkeep::backup::{Part, folder_of, has_room, is_one_file};
use crate::ledger::sqlite::upkeep::check::pages;
use crate::ledger::sqlite::upkeep::stamp;
use crate::ledger::sqlite::upkeep::survey::survey;
use crate::ledger::upkeep::Restored;
use crate::ledger::upkeep::Tick;
use crate::ledger::upkeep::UpkeepError;

/// Puts a backup in a ledger's place, or says why not. A ledger that others have open is not touched.
pub fn restore(backup: &Path, ledger: &Path, now: &Moment, tick: Tick<'_>) -> Result<Restored, UpkeepError> {
    let failed = |source| from_io(ledger, "restore the ledger", source);
    let ledger = std::path::absolute(follow(ledger)).map_err(failed)?;
    let size = look_at(backup)?;
    let folder = folder_of(&ledger);
    create_directories(&folder).map_err(failed)?;
    let ledger = fs::canonicalize(&ledger).or_else(|_| {
        let name = ledger.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        fs::canonicalize(&folder).map(|folder| folder.join(name))
    });
    let ledger = ledger.map_err(failed)?;
    if ledger.is_dir() {
        return Err(LedgerError::IsDirectory { path: ledger }.into());
    }
    has_room(&folder, size)?;
    let new = copied(backup, &ledger)?;
    let at = |fault: Fault| UpkeepError::from(fault.at(&ledger, BUSY_TIMEOUT));
    let mut db = new.connect().map_err(at)?;
    let looked = looked_through(&mut db, backup, tick)?;
    let alone = alone(&ledger)?;
    let beside = mark::look(&ledger).map_err(failed)?;
    let other = |ours: String| UpkeepError::OtherLedger {
        path: backup.to_owned(),
        theirs: looked.held.standing.id.clone(),
        ledger: ledger.clone(),
        ours,
    };
    let ids = [id_of(&alone.old), id_of_mark(&beside)];
    if let Some(ours) = ids.into_iter().flatten().find(|id| *id != looked.held.standing.id) {
        return Err(other(ours));
    }
    let (distrust, mark) = behind(&mut db, &looked, &beside, now).map_err(at)?;
    migrate(&mut db).map_err(at)?;
    drop(db);
    new.file().sync_all().map_err(failed)?;
    // A log whose file is gone is a sign of a lost ledger, and is moved out of the way: the mark is the other one.
    let none = !matches!(beside, Beside::Mark(_));
    if none && is_lost(&ledger) {
        mark::make(&ledger, &mark).map_err(failed)?;
    }
    let kept = alone.put_in_place(new.path(), now.wall)?;
    drop(new);
    if none {
        // One that cannot be made is told by the next run that finds none.
        let _ = mark::make(&ledger, &mark);
    }
    Ok(Restored {
        path: ledger,
        ledger_id: looked.held.standing.id,
        epoch: mark.epoch,
        made: looked.made,
        payments: looked.payments,
        events: looked.events,
        misfits: looked.misfits,
        kept,
        distrust,
    })
}

/// A backup as it was found.
struct Looked {
    held: Held,
    made: Timestamp,
    payments: u64,
    events: u64,
    misfits: u64,
}

/// How large a backup is; what is none is refused before anything is copied.
fn look_at(backup: &Path) -> Result<u64, UpkeepError> {
    let path = || backup.to_owned();
    let found = match fs::metadata(backup) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(UpkeepError::NoSuchFile { path: path() });
        }
        found => found.map_err(|source| from_io(backup, "read", source))?,
    };
    let no = |what| Err(UpkeepError::NotABackup { path: path(), what });
    if !found.is_file() {
        return no("it is not a regular file");
    }
    let kind = || -> Result<Kind, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        kind_in(&Connection::open_with_flags(backup, flags)?)
    };
    match kind() {
        Ok(Kind::Backup { version }) if version > SCHEMA_VERSION => {
            Err(UpkeepError::NewerBackup { path: path(), found: version, known: SCHEMA_VERSION })
        }
        Ok(Kind::Backup { .. }) if !is_one_file(backup) => no("a log or a journal lies beside it"),
        Ok(Kind::Backup { .. }) => Ok(found.len()),
        Ok(Kind::Ledger { .. }) => Err(UpkeepError::NoStamp { path: path() }),
        Ok(Kind::Empty) => no("there is nothing in it"),
        Ok(Kind::Foreign) => no("it is another program's file"),
        Err(fault) => Err(unread(fault.at(backup, BUSY_TIMEOUT), backup)),
    }
}

/// What an error of the ledger's is where it is of a backup.
fn unread(error: LedgerError, backup: &Path) -> UpkeepError {
    let path = backup.to_owned();
    let what = if let LedgerError::Damaged { source, .. } = &error {
        source.to_string()
    } else if let LedgerError::Corrupt { table, row, column, .. } = &error {
        format!("{table}.{column} of {row} is not what billkey writes")
    } else if let LedgerError::NotALedger { what, .. } = &error {
        return UpkeepError::NotABackup { path, what };
    } else {
        return error.into();
    };
    UpkeepError::Spoiled { path, what }
}

/// A copy beside the ledger, for those who have the ledger.
fn copied(backup: &Path, ledger: &Path) -> Result<Part, UpkeepError> {
    let part = Part::begin(ledger)?;
    let copy = || -> io::Result<()> {
        let mut from = fs::File::open(backup)?;
        io::copy(&mut from, &mut part.file())?;
        Ok(())
    };
    copy().map_err(|source| from_io(ledger, "copy the backup to", source))?;
    let shared_as = if ledger.exists() { ledger.to_owned() } else { mark::path_of(ledger) };
    share(part.file(), &shared_as);
    Ok(part)
}

/// Holds a copy against its stamp.
fn looked_through(db: &mut Connection, backup: &Path, tick: Tick<'_>) -> Result<Looked, UpkeepError> {
    let spoiled = |what: String| UpkeepError::Spoiled { path: backup.to_owned(), what };
    let mut look = || -> Result<Result<Looked, String>, Fault> {
        let problems = pages(db)?;
        if !problems.is_empty() {
            return Ok(Err(problems.join("; ")));
        }
        let found = survey(db, tick)?;
        Ok(match stamp::of(db, &found)? {
            Some(stamp) if stamp.fits => Ok(Looked {
                held: held(db)?,
                made: stamp.at,
                payments: found.payments,
                events: found.events,
                misfits: found.misfits,
            }),
            Some(_) => Err("what is in it is not what it was stamped with".to_owned()),
            None => Err("its stamp is missing".to_owned()),
        })
    };
    match look() {
        Ok(Ok(looked)) => Ok(looked),
        Ok(Err(what)) => Err(spoiled(what)),
        Err(fault) => Err(unread(fault.at(backup, BUSY_TIMEOUT), backup)),
    }
}

fn id_of(old: &Old) -> Option<String> {
    let Old::Sound(db) = old else { return None };
    db.query_row("SELECT id FROM ledger", [], |row| row.get(0)).ok()
}

fn id_of_mark(beside: &Beside) -> Option<String> {
    match beside {
        Beside::Mark(mark) => Some(mark.id.clone()),
        Beside::Nothing | Beside::Unreadable => None,
    }
}

/// Makes a ledger of the copy, and writes down that it is behind: with an epoch that is higher than the mark's, so
/// that nobody takes it for what the mark is of. It is distrusted since the mark's time, which is when something was
/// last sent; without a mark since now.
fn behind(
    db: &mut Connection,
    looked: &Looked,
    beside: &Beside,
    now: &Moment,
) -> Result<(Distrust, Mark), Fault> {
    let this_moment = SendMark { wall: now.wall, boot: now.boot.clone(), gateway_s: None };
    let (since, epoch) = match beside {
        Beside::Mark(mark) => (mark.at.clone(), mark.epoch),
        Beside::Nothing | Beside::Unreadable => (this_moment.clone(), 0),
    };
    let Held { standing, last_event, last_event_at, .. } = &looked.held;
    let epoch = epoch.max(standing.epoch).checked_add(1).ok_or(Fault::TooLarge("epoch"))?;
    // What was missing before is missing still.
    let before = standing.distrusted.as_ref().filter(|before| !before.accepted);
    let last_event_at = before.and_then(|before| before.last_event_at).or(*last_event_at);
    let why = Doubt::Restored { made: looked.made, held: *last_event };
    let distrust = Distrust { why, since, last_event_at, accepted: false };
    let tx = Transaction::new(db, TransactionBehavior::Immediate)?;
    stamp::take_off(&tx)?;
    tx.execute("UPDATE ledger SET epoch = ?, marked = 1, other_mark = NULL", params![epoch])?;
    write_distrust(&tx, &distrust)?;
    tx.commit()?;
    let mark = Mark { id: standing.id.clone(), epoch, last_event: *last_event, at: this_moment };
    Ok((distrust, mark))
}
