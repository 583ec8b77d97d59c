//! Looking after a ledger as a whole: whether all of it is what was written, copies of it, and putting one back.

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
