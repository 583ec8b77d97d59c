//! The ledger in one SQLite file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::ids::MerchantUid;
use crate::ledger::lock::{self, BatchLocked, PaymentLock, PaymentLocks};
use crate::ledger::sqlite::day::DaySum;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::found::Found;
use crate::ledger::{Create, LedgerError, MarkTrouble, OpenOptions, Opened, error, place};

mod backfill;
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
mod row;
mod schema;
mod search;
mod short;
mod spellings;
mod sums;
#[cfg(test)]
mod tests;
mod totals;
mod upkeep;
mod write;

pub use create::Beginning;
pub use examine::Examination;
pub use identity::{Acceptance, Accepted};
pub use left::{AnswerFor, Looked, LookedAhead};
pub use records::Acknowledgement;
pub use refunds::Undone;
pub use upkeep::{BackedUp, Chains, Compacted, Group, Misfit, Restored, Stamp, Stats, compact, restore};

/// One connection to the ledger. It may move to another thread; two threads open one each.
#[derive(Debug)]
pub struct Ledger {
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

impl Ledger {
    /// Opens the ledger at a path, or creates it, without a look at its mark.
    pub fn open_at(path: &Path, create: Create) -> Result<Opened, LedgerError> {
        Ledger::open_with(path, &OpenOptions::new(create))
    }

    /// Begins an empty ledger in place of one that is lost, distrusted since its mark's time. False where
    /// there is one again.
    pub fn begin_anew(path: &Path, beginning: &Beginning) -> Result<bool, LedgerError> {
        let failed = |source| error::from_io(path, "begin the ledger anew", source);
        let real = std::path::absolute(place::follow(path)).map_err(failed)?;
        create::begin_anew(&real, &OpenOptions::new(Create::IfMissing), Some(beginning))
    }

    /// Opens the ledger at a path, or creates it, with everything said.
    pub fn open_with(path: &Path, options: &OpenOptions) -> Result<Opened, LedgerError> {
        open::open(path, options)
    }

    /// The file's absolute path, with every symbolic link followed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tries once to take the lock of one payment; `None` when another process or thread has it.
    pub fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.payment_locks().lock_payment(uid)
    }

    /// The locks alone, for threads that leave the ledger itself to another one.
    #[must_use]
    pub fn payment_locks(&self) -> PaymentLocks {
        PaymentLocks::new(&self.path)
    }

    /// Tries once to become the one batch on this ledger.
    pub fn lock_batch(&self) -> Result<BatchLocked, LedgerError> {
        lock::try_lock_batch(&self.path)
    }

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
