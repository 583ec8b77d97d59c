//! Writing a ledger anew, without the room that nothing is in any more.
//!
//! SQLite's `VACUUM` needs room twice: for a copy wherever the system keeps temporary files, and for a log as large as
//! the ledger. `VACUUM INTO` makes the copy beside the ledger, which then takes its place as a backup would.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::domain::time::Moment;
use crate::ledger::BUSY_TIMEOUT;
use crate::ledger::error::{LedgerError, from_io};
use crate::ledger::place::share;
use crate::ledger::sqlite::durable::pragma;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::schema::{Kind, kind_in};
use crate::ledger::sqlite::upkeep::alone::{Old, alone, gone};
use crate::ledger::sqlite::upkeep::backup::{Part, folder_of, has_room};
use crate::ledger::sqlite::upkeep::check::pages;
use crate::ledger::upkeep::Compacted;
use crate::ledger::upkeep::UpkeepError;

/// Writes a ledger anew. One that others have open is not touched.
pub fn compact(ledger: &Path, now: &Moment) -> Result<Compacted, UpkeepError> {
    let failed = |source| from_io(ledger, "write anew", source);
    let path = fs::canonicalize(ledger).map_err(failed)?;
    let at = |fault: Fault| UpkeepError::from(fault.at(&path, BUSY_TIMEOUT));
    let alone = alone(&path)?;
    let before = match &alone.old {
        Old::Sound(db) => sound(db).map_err(at)?,
        Old::Nothing => return Err(LedgerError::Missing { place: path.into() }.into()),
        Old::Broken => None,
    };
    let Some(bytes_before) = before else {
        let source = "it is not compacted before it is put right".into();
        return Err(LedgerError::Damaged { place: path.into(), source }.into());
    };
    has_room(&folder_of(&path), bytes_before)?;
    let new = Part::begin(&path)?;
    if let Old::Sound(db) = &alone.old {
        let name = new.path().to_string_lossy();
        db.execute("VACUUM INTO ?1", [&name]).map_err(Fault::from).map_err(at)?;
    }
    share(new.file(), &path);
    new.file().sync_all().map_err(failed)?;
    let bytes_after = new.file().metadata().map_err(failed)?.len();
    let kept = alone.put_in_place(new.path(), now.wall)?;
    drop(new);
    if let Some(kept) = kept {
        gone(fs::remove_file(kept)).map_err(failed)?;
    }
    Ok(Compacted { path, bytes_before, bytes_after })
}

/// How large a ledger is whose pages are all sound: what is damaged is not copied and thrown away.
fn sound(db: &Connection) -> Result<Option<u64>, Fault> {
    if !matches!(kind_in(db)?, Kind::Ledger { .. }) || !pages(db)?.is_empty() {
        return Ok(None);
    }
    let size = pragma(db, "PRAGMA page_size")?.saturating_mul(pragma(db, "PRAGMA page_count")?);
    Ok(Some(u64::try_from(size).unwrap_or(0)))
}
