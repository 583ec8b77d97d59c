//! Looking after a ledger's file: whether all of it is what was written, copies of it, and putting one back.

mod alone;
mod backup;
mod check;
mod compact;
mod error;
mod restore;
mod stamp;
mod stats;
mod survey;

pub use backup::BackedUp;
pub use check::Chains;
pub use compact::{Compacted, compact};
pub use error::UpkeepError;
pub use restore::{Restored, restore};
pub use stamp::Stamp;
pub use stats::{Group, Stats};
pub use survey::Misfit;

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
