//! Looking after a ledger as a whole: whether all of it is what was written, copies of it, and putting one back.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome};
use crate::domain::standing::Distrust;

mod error;

pub use error::UpkeepError;

/// How far a long job has come: so many of so many are done.
pub type Tick<'a> = &'a mut dyn FnMut(Job, u64, u64);

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// In pages.
    Copying,
    /// In payments.
    Comparing,
}

/// What there is to say of a ledger's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    pub schema_version: i64,
    pub size_bytes: u64,
    /// The log beside the file, which belongs to it.
    pub wal_bytes: u64,
    /// What is wrong with it, in SQLite's words; empty when it is sound.
    pub problems: Vec<String>,
    /// Whether every page was read; of a large file only the schema and the ends of its tables are.
    pub read_through: bool,
}

/// A payment that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub merchant_uid: String,
    /// Whether an event was changed, put in or taken away.
    pub events: bool,
    /// Whether its row was changed, or what else belongs to it.
    pub row: bool,
}

/// When a backup was made, and whether it is still what it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub at: Timestamp,
    pub fits: bool,
}

/// What a reading of all payments found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chains {
    pub payments: u64,
    pub events: u64,
    /// How many payments are not what was written, and the first of them.
    pub misfits: u64,
    pub shown: Vec<Misfit>,
    /// Rows of payments that are not there.
    pub stray: u64,
    pub payments_gone: u64,
    pub events_gone: u64,
    /// Of a backup.
    pub stamp: Option<Stamp>,
}

impl Chains {
    /// Whether every payment is what was written, and none is gone.
    #[must_use]
    pub fn fit(&self) -> bool {
        [self.misfits, self.stray, self.payments_gone, self.events_gone] == [0; 4]
    }
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// Where it is, links followed.
    pub path: PathBuf,
    pub ledger_id: String,
    pub payments: u64,
    pub events: u64,
    pub size_bytes: u64,
    /// Payments that are not what was written: they are so in the ledger too.
    pub misfits: u64,
    pub shown: Vec<Misfit>,
    /// Whether anything at all is not what was written.
    pub sound: bool,
}

/// A ledger that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where it is, links followed.
    pub path: PathBuf,
    pub ledger_id: String,
    pub epoch: i64,
    /// When the backup was made.
    pub made: Timestamp,
    pub payments: u64,
    pub events: u64,
    /// Payments that were not what was written when the backup was made.
    pub misfits: u64,
    /// What stood in its place, where there was something.
    pub kept: Option<PathBuf>,
    /// From when on it is distrusted.
    pub distrust: Distrust,
}

/// A ledger that was written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub path: PathBuf,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// Payments of one outcome and mode in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub outcome: Outcome,
    /// The profile's, when it was asked for.
    pub mode: Mode,
    pub count: u64,
    /// What was asked for, refunds not taken off.
    pub amount: Amount,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    pub id: String,
    pub epoch: i64,
    pub schema: i64,
    pub size_bytes: u64,
    pub log_bytes: u64,
    pub groups: Vec<Group>,
    pub events: u64,
    pub refunds: u64,
    /// The ones that were removed among them.
    pub customers: u64,
    pub customers_removed: u64,
    /// When the first and the last payment was asked for.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Of a backup: when it was made.
    pub stamped: Option<Timestamp>,
}
