//! Looking after a ledger's file: whether all of it is what was written, copies of it, and putting one back.

use std::path::Path;

use jiff::Timestamp;

use crate::ledger::engine::Upkeep;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::{BackedUp, Chains, Examination, LedgerError, Stats, Tick, UpkeepError};

mod alone;
mod backup;
mod check;
mod compact;
mod restore;
mod stamp;
mod stats;
mod survey;

pub use compact::compact;
pub use restore::restore;

impl Upkeep for Sqlite {
    fn examine(&self) -> Result<Examination, LedgerError> {
        Sqlite::examine(self)
    }

    fn check_pages(&self) -> Result<Vec<String>, LedgerError> {
        self.read(check::pages)
    }

    fn check_references(&self) -> Result<Vec<String>, LedgerError> {
        self.read(check::references)
    }

    fn check_schema(&self) -> Result<Vec<String>, LedgerError> {
        self.read(check::schema)
    }

    fn check_chains(&self, tick: &mut dyn FnMut(u64, u64)) -> Result<Chains, LedgerError> {
        self.read(|db| check::chains(db, tick))
    }

    fn stats(&self) -> Result<Stats, LedgerError> {
        self.read(|db| stats::stats(db, &self.path))
    }

    fn back_up(&self, to: &Path, at: Timestamp, tick: Tick<'_>) -> Result<BackedUp, UpkeepError> {
        Sqlite::back_up(self, to, at, tick)
    }
}
