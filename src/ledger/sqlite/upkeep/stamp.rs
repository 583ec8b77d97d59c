//! The stamp of a backup: by it a file is known for what it is, and that nothing in it has changed since.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::ledger::hashed::{Hash, hash};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::identity::{Held, held};
use crate::ledger::sqlite::schema::{APPLICATION_ID, BACKUP_ID};
use crate::ledger::sqlite::upkeep::survey::Survey;
use crate::ledger::upkeep::Stamp;

const STAMP: &str = "billkey stamp 1";

fn made(held: &Held, survey: &Survey, at_ms: i64) -> Hash {
    let numbers = [held.standing.epoch, held.last_event, at_ms].map(i64::to_be_bytes).concat();
    let payments = survey.payments.to_be_bytes();
    hash(STAMP, &[held.standing.id.as_bytes(), &numbers, &payments, &survey.heads])
}

/// Makes a backup of a copy.
pub(super) fn put(db: &mut Connection, survey: &Survey, at: Timestamp) -> Result<(), Fault> {
    let tx = Transaction::new(db, TransactionBehavior::Immediate)?;
    let stamp = made(&held(&tx)?, survey, at.as_millisecond());
    tx.execute("UPDATE ledger SET stamp = ?, stamped_ms = ?", params![stamp, at.as_millisecond()])?;
    tx.pragma_update(None, "application_id", BACKUP_ID)?;
    tx.commit()?;
    Ok(())
}

/// Makes a ledger of a backup again.
pub(super) fn take_off(tx: &Connection) -> Result<(), Fault> {
    tx.execute("UPDATE ledger SET stamp = NULL, stamped_ms = NULL", [])?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

/// The stamp of a file, held against what was read of it; `None` where there is none.
pub(super) fn of(db: &Connection, survey: &Survey) -> Result<Option<Stamp>, Fault> {
    let written: (Option<Hash>, Option<i64>) =
        db.query_row("SELECT stamp, stamped_ms FROM ledger", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (stamp, Some(at_ms)) = written else { return Ok(None) };
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    Ok(Some(Stamp { at, fits: stamp == Some(made(&held(db)?, survey, at_ms)) }))
}

/// When a file was stamped, whatever else is in it.
pub(super) fn time_of(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let at_ms: Option<i64> = db.query_row("SELECT stamped_ms FROM ledger", [], |row| row.get(0))?;
    Ok(at_ms.map(|at_ms| Timestamp::from_millisecond(at_ms).unwrap_or_default()))
}
