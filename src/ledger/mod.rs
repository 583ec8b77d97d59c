//! The ledger: what was asked, sent and answered.
//!
//! What it is kept in is an engine (`engine.rs`), of which nobody outside knows: a file (`sqlite.rs`). Whatever the
//! engine, a commit that returns is durable. An error at a commit means "maybe": nothing may be sent after it.
//!
//! Transactions. What is written of payments is data ([`Entry`]). [`Ledger::write`] takes as many as wait and
//! is one transaction that changes rows of payments and appends events; nothing of them holds before its commit.
//! Nothing is open between two calls, so none is open while a request is out. A row is claimed by compare-and-swap:
//! only who saw it as it is may send it. What a row becomes is said in `rules.rs`. The engine itself keeps events from
//! being changed, payments from being deleted, terms of what was sent from changing, and a paid payment from becoming
//! anything else.
//!
//! Locks. A payment's lock is the operating system's and dies with its holder: no row and no pid
//! file can be left behind. The lock spares the second process the wait and the look-up; the
//! compare-and-swap would keep it from sending even without.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::place::Place;
use crate::domain::standing::Standing;
use crate::domain::time::Moment;
use crate::ledger::engine::Engine;

mod adding;
mod engine;
mod entry;
mod error;
mod filter;
mod gathered;
mod grams;
mod hashed;
mod imported;
mod intent;
mod lock;
mod looked;
mod place;
mod rules;
mod sealed;
mod seen;
mod sighting;
mod signed;
mod sqlite;
#[cfg(test)]
mod tests;
mod upkeep;

pub use entry::{Attempt, Claim, Claiming, Closing, Entry, How, RefundClaim, Written};
pub use error::{Cause, LedgerError, REPLACED_BY_BACKUP};
pub use filter::{By, Filter, Refused};
pub use gathered::Undone;
pub use imported::Imported;
pub use intent::{DailyLimit, Guards, Intent, Passed, RefundIntent};
pub use lock::{BatchLock, BatchLocked, PaymentLock, PaymentLocks};
pub use looked::{Looked, LookedAhead};
pub use place::companions;
pub use rules::outside::OutsideNote;
pub use rules::refund::{RefundHeld, ended as refund_ended};
pub use sealed::{Closed, MonthSeal, SealKept};
pub use seen::Seen;
pub use signed::{Acceptance, Accepted, Acknowledgement, AnswerFor, Beginning};
pub use sqlite::{compact, engine as engine_words, restore};
pub use upkeep::{
    BackedUp, Chains, Compacted, Examination, Group, Job, Misfit, Restored, Stamp, Stats, Tick, UpkeepError,
};

/// How long a write waits for another program's, unless told otherwise.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether opening may create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// An absent file is created, with its directories.
    IfMissing,
    /// An absent file is [`LedgerError::Missing`]: a mistyped path must not pass for an empty history.
    Never,
}

/// What is wanted of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Write,
    /// Nothing of it is written: one that this user may read and not write will do.
    Read,
}

/// What to do about a ledger whose file is gone and whose mark or log is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenLost {
    Refuse,
    /// An empty one takes its place, and what is left of the old one goes: for the sandbox.
    BeginAnew,
}

/// How to open a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    pub create: Create,
    pub access: Access,
    pub lost: WhenLost,
    /// How long a write waits for another program's before it is [`LedgerError::Locked`].
    pub busy_timeout: Duration,
    /// Now on every clock: the ledger is held against its mark, and what is wrong is wrong from then on. `None`
    /// for one more connection of a process that has looked already.
    pub now: Option<Moment>,
}

impl OpenOptions {
    /// To write, in the usual way, without a look at the mark.
    #[must_use]
    pub fn new(create: Create) -> OpenOptions {
        let (access, lost) = (Access::Write, WhenLost::Refuse);
        OpenOptions { create, access, lost, busy_timeout: BUSY_TIMEOUT, now: None }
    }
}

/// An open ledger.
#[derive(Debug)]
pub struct Opened {
    pub ledger: Ledger,
    /// There was none before: to be announced with its path.
    pub created: bool,
    /// How it stands, where it was held against its mark. To a user who may not write, a doubt that nobody has
    /// stored yet is in here alone.
    pub standing: Option<Standing>,
}

/// Why the mark could not be written, if it could not: to be told, and nothing more. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct MarkTrouble(Arc<Mutex<Option<String>>>);

impl MarkTrouble {
    fn note(&self, trouble: Option<String>) {
        if trouble.is_some() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        }
    }

    /// What there is to tell, once.
    #[must_use]
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One connection to the ledger. It may move to another thread; two threads open one each.
#[derive(Debug)]
pub struct Ledger {
    engine: Box<dyn Engine>,
}

impl Ledger {
    /// Opens the ledger at a place, or creates it, without a look at its mark. A path is the place of a file.
    pub fn open_at<P: ?Sized>(place: &P, create: Create) -> Result<Opened, LedgerError>
    where
        for<'a> &'a P: Into<Place>,
    {
        Ledger::open_with(place, &OpenOptions::new(create))
    }

    /// Opens the ledger at a place, or creates it, with everything said.
    pub fn open_with<P: ?Sized>(place: &P, options: &OpenOptions) -> Result<Opened, LedgerError>
    where
        for<'a> &'a P: Into<Place>,
    {
        match place.into() {
            Place::File(path) => sqlite::open(&path, options),
        }
    }

    /// Begins an empty ledger in place of a file that is lost, distrusted since its mark's time. False where
    /// there is one again.
    pub fn begin_anew(path: &Path, beginning: &Beginning) -> Result<bool, LedgerError> {
        sqlite::begin_anew(path, beginning)
    }

    /// Opens a ledger of this version for a look; `None` where there is none that can be read at once.
    #[must_use]
    pub fn peek<P: ?Sized>(place: &P) -> Option<Ledger>
    where
        for<'a> &'a P: Into<Place>,
    {
        match place.into() {
            Place::File(path) => sqlite::peek(&path),
        }
    }

    /// Whatever `body` reads of this ledger is of one moment, however many questions it asks: what others write
    /// meanwhile is in none of the answers.
    pub fn at_one_moment<T, E: From<LedgerError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.engine.still()?;
        let _still = Still(&*self.engine);
        body()
    }

    /// Another connection to the same ledger, for another thread; its mark is not looked at again.
    pub fn again(&self) -> Result<Ledger, LedgerError> {
        Ok(Ledger { engine: self.engine.again()? })
    }
}

/// A ledger that stands still, until it is dropped.
struct Still<'l>(&'l dyn Engine);

impl Drop for Still<'_> {
    fn drop(&mut self) {
        self.0.moving();
    }
}
