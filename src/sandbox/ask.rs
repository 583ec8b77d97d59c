//! The gateway's state, and what one call asks of its faults.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sandbox::book::Book;
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
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
        let limit = Ask::new(self, Place::Other, Vec::new()).fires(FaultKind::IdleLimit);
        let limit_ms = limit.and_then(|value| u64::try_from(value.duration_ms).ok());
        limit_ms.map_or(IDLE_LIMIT, Duration::from_millis)
    }

    /// Replaces the fault plan.
    pub(super) fn set_faults(&self, plan: FaultPlan) {
        *lock(&self.faults) = plan;
    }
}

/// A lock outlives a panic under it: the book rolls back by itself, and a plan is always whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call, as far as faults are concerned.
pub(super) struct Ask<'a> {
    gateway: &'a Gateway,
    place: Place,
    /// The payments the call names; a fault with `@merchant_uid` looks among these.
    merchant_uids: Vec<String>,
    /// The faults that belong to the customer, besides those of the plan.
    customer_faults: Mutex<FaultPlan>,
}

impl<'a> Ask<'a> {
    /// A call at this place of the gateway, about these payments.
    pub(super) fn new(gateway: &'a Gateway, place: Place, merchant_uids: Vec<String>) -> Ask<'a> {
        Ask { gateway, place, merchant_uids, customer_faults: Mutex::default() }
    }

    /// The same call for a customer with faults of their own.
    pub(super) fn with_customer_faults(self, customer_faults: FaultPlan) -> Ask<'a> {
        Ask { customer_faults: Mutex::new(customer_faults), ..self }
    }

    /// Says whether the call shows this fault, and with what value. Counted faults are used up by it.
    pub(super) fn fires(&self, kind: FaultKind) -> Option<FaultValue> {
        let by_plan = lock(&self.gateway.faults).take(kind, self.place, &self.merchant_uids);
        by_plan.or_else(|| lock(&self.customer_faults).take(kind, self.place, &self.merchant_uids))
    }

    /// The server's own idea of the time, which `clock_skew` sets ahead or back.
    pub(super) fn server_now_ms(&self) -> i64 {
        let skew_ms = self.fires(FaultKind::ClockSkew).map_or(0, |value| value.duration_ms);
        now_ms().saturating_add(skew_ms)
    }

    /// Faults that answer before anything is done.
    pub(super) fn answer_before_work(&self, call: &Call) -> Option<Answer> {
        let is_longer = |value: FaultValue| call.line_bytes > value.count;
        if self.fires(FaultKind::LongLine400).is_some_and(is_longer) {
            return Some(Answer::page(400, "Bad Request"));
        }
        if self.fires(FaultKind::LongLine414).is_some_and(is_longer) {
            return Some(Answer::page(414, "Request-URI Too Large"));
        }
        if let Some(value) = self.fires(FaultKind::LostBefore) {
            return Some(Answer::dropped(cut_of(&value.text)));
        }
        let fires = |kind| self.fires(kind).is_some();
        if fires(FaultKind::Redirect) {
            let page = Answer::page(307, "Temporary Redirect");
            return Some(page.with_header("location", "/_sandbox/maintenance".to_owned()));
        }
        if fires(FaultKind::RateLimited) {
            return Some(too_many_requests());
        }
        if fires(FaultKind::Error500) {
            return Some(Answer::error(500, "Internal Server Error"));
        }
        if fires(FaultKind::Error503) {
            return Some(unavailable());
        }
        if let Some(value) = self.fires(FaultKind::LookupsDown) {
            return Some(match value.text.as_str() {
                "429" => too_many_requests(),
                "403" => Answer::page(403, "Forbidden"),
                "html" => Answer::page(200, "Maintenance"),
                _ => unavailable(),
            });
        }
        if fires(FaultKind::Html502Before) {
            return Some(Answer::page(502, "Bad Gateway"));
        }
        fires(FaultKind::Html404).then(|| Answer::page(404, "Not Found"))
    }
}

fn too_many_requests() -> Answer {
    Answer::error(429, "Too Many Requests").with_header("retry-after", "1".to_owned())
}

fn unavailable() -> Answer {
    Answer::page(503, "Service Temporarily Unavailable")
}
