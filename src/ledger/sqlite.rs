//! The ledger in one SQLite file.
//!
//! Durability. A commit that returns is on the disk: WAL with `synchronous=FULL`, which syncs the
//! log at every commit, or a rollback journal with `EXTRA` where a file system refuses WAL; both
//! are read back. A new file's name is made durable too, by syncing its directory and those that
//! were created for it. A transaction that writes is a `BEGIN IMMEDIATE` one, whose entries share the sync.
//!
//! Identity. Beside the file lies its mark, which is raised after each intent and read before the file is
//! (`mark.rs`, `identity.rs`): a ledger that is older than it was, or whose mark is gone, is distrusted from
//! then on. What is made is made under another name (`create.rs`).
//!
//! Files. The ledger is 0600, its directories 0700; `-wal` and `-shm` beside it inherit that. The
//! log stays when the last process ends, with up to 1 MB of the newest payments in it: a copy of the
//! `.db` file alone lacks them. `upkeep` makes whole ones, and puts them back. A file that is not a ledger, or a newer
//! one, is left as it is.
//!
//! Chains. What is written of a payment is linked to what was written before (`chain.rs`), so that a row that was
//! changed by other means shows.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::ids::MerchantUid;
use crate::domain::place::Place;
use crate::ledger::engine::{Beside, Engine};
use crate::ledger::lock::{self, BatchLocked, PaymentLock, PaymentLocks};
use crate::ledger::signed::Beginning;
use crate::ledger::sqlite::day::DaySum;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::found::Found;
use crate::ledger::sqlite::open::OpenedFile;
use crate::ledger::{Create, Ledger, LedgerError, MarkTrouble, OpenOptions, Opened, error, place};

mod backfill;
mod book_days;
mod booked;
mod cancellations;
mod chain;
mod create;
mod customers;
mod day;
mod durable;
mod examine;
mod fault;
mod found;
mod guard;
mod identity;
mod left;
mod mark;
mod months;
mod open;
mod peek;
mod pieces;
mod read;
mod record;
mod records;
mod refunds;
mod refused;
mod row;
mod schema;
mod sealed;
mod search;
mod short;
mod spellings;
mod sums;
#[cfg(test)]
mod tests;
mod totals;
mod tried;
mod upkeep;
mod write;

pub use schema::engine;
pub use upkeep::{compact, restore};

/// One connection to the file. It may move to another thread; two threads open one each.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// Which file the path named when it was opened.
    identity: Option<(u64, u64)>,
    busy_timeout: Duration,
    day: DaySum,
    /// What a text was found in.
    found: RefCell<Option<Found>>,
    /// This user may not write it.
    read_only: bool,
    /// It is a backup, which is only read.
    is_backup: bool,
    /// A mark was made, as far as this connection has seen.
    marked: bool,
    trouble: MarkTrouble,
}

/// Opens the ledger at a path, or creates it.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened, LedgerError> {
    let OpenedFile { ledger, created, standing } = open::open(path, options)?;
    Ok(Opened { ledger: Ledger { engine: Box::new(ledger) }, created, standing })
}

/// See [`Ledger::begin_anew`].
pub(super) fn begin_anew(path: &Path, beginning: &Beginning) -> Result<bool, LedgerError> {
    let failed = |source| error::from_io(path, "begin the ledger anew", source);
    let real = std::path::absolute(place::follow(path)).map_err(failed)?;
    create::begin_anew(&real, &OpenOptions::new(Create::IfMissing), Some(beginning))
}

/// See [`Ledger::peek`].
pub(super) fn peek(path: &Path) -> Option<Ledger> {
    Some(Ledger { engine: Box::new(peek::peek(path)?) })
}

impl Engine for Sqlite {
    fn again(&self) -> Result<Box<dyn Engine>, LedgerError> {
        Ok(Box::new(open::open(&self.path, &OpenOptions::new(Create::Never))?.ledger))
    }

    fn still(&self) -> Result<(), LedgerError> {
        self.read(|db| Ok(db.execute_batch("BEGIN DEFERRED")?))
    }

    fn moving(&self) {
        // Nothing was written. Where SQLite itself has ended the transaction there is none any more.
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    #[cfg(test)]
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Beside for Sqlite {
    fn place(&self) -> Place {
        Place::File(self.path.clone())
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.payment_locks().lock_payment(uid)
    }

    fn payment_locks(&self) -> PaymentLocks {
        PaymentLocks::new(self.place(), &self.path)
    }

    fn lock_batch(&self) -> Result<BatchLocked, LedgerError> {
        lock::try_lock_batch(&self.path)
    }
}

/// What is read until it is dropped is of one moment; where a moment was held already, of that one.
fn one_moment(db: &Connection) -> Result<Option<Transaction<'_>>, Fault> {
    Ok(match db.is_autocommit() {
        true => Some(Transaction::new_unchecked(db, TransactionBehavior::Deferred)?),
        false => None,
    })
}

impl Sqlite {
    /// Does all of `body` or nothing of it.
    fn in_transaction<T>(
        &mut self,
        body: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let written = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)
            .map_err(Fault::from)
            .and_then(|tx| {
                let value = body(&tx)?;
                tx.commit()?;
                Ok(value)
            });
        written.map_err(|fault| fault.at(&self.path, self.busy_timeout))
    }

    fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, LedgerError> {
        body(&self.connection).map_err(|fault| fault.at(&self.path, self.busy_timeout))
    }
}
