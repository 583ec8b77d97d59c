//! The gateway's state, which all calls share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sandbox::book::Book;
use crate::sandbox::fault_table::{FaultKind, Place};
use crate::sandbox::faults::{FaultPlan, FaultValue};

/// Half-open connections are held no longer than this.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// What all calls share.
pub(super) struct Gateway {
    book: Mutex<Book>,
    faults: Mutex<FaultPlan>,
}

impl Gateway {
    /// A gateway over an open book.
    pub(super) fn new(book: Book, faults: FaultPlan) -> Gateway {
        Gateway { book: Mutex::new(book), faults: Mutex::new(faults) }
    }

    /// Gives the book to one call at a time.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// How long a client may take over a request or an answer, before its connection is given up.
    pub(super) fn idle_limit(&self) -> Duration {
        let limit = self.take_fault(FaultKind::IdleLimit, Place::Other, &[]);
        let limit_ms = limit.and_then(|value| u64::try_from(value.duration_ms).ok());
        limit_ms.map_or(IDLE_LIMIT, Duration::from_millis)
    }

    /// Says whether the plan has this fault for a call, and counts it as used if it does.
    pub(super) fn take_fault(
        &self,
        kind: FaultKind,
        place: Place,
        merchant_uids: &[String],
    ) -> Option<FaultValue> {
        lock(&self.faults).take(kind, place, merchant_uids)
    }

    /// Replaces the fault plan.
    pub(super) fn set_faults(&self, plan: FaultPlan) {
        *lock(&self.faults) = plan;
    }
}

/// A lock outlives a panic under it: the book rolls back by itself, and a plan is always whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
