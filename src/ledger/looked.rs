//! What a run has looked at, and so what it says of what an earlier one had found.

use std::collections::HashSet;

use crate::domain::ids::CustomerUid;
use crate::domain::left::{Found, Schedule};

/// What a run looked at: whatever it would have found again and did not is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// A time that was read to its end, epoch seconds, `from <= t < to`.
    pub span: Option<(i64, i64)>,
    /// Of this customer alone.
    pub customer: Option<CustomerUid>,
    /// Orders that the gateway answered a question about.
    pub orders: HashSet<String>,
}

impl Looked {
    pub(super) fn covers(&self, found: &Found) -> bool {
        if found.merchant_uid.as_ref().is_some_and(|order| self.orders.contains(order)) {
            return true;
        }
        let customer = self.customer.as_ref().map(CustomerUid::as_str);
        let wanted = customer.is_none_or(|customer| found.customer_uid.as_deref() == Some(customer));
        let read = |(from, to)| found.times.is_some_and(|(first, last)| from <= first && last < to);
        wanted && self.span.is_some_and(read)
    }
}

/// Which schedules a run has read: those of one customer or all, from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedAhead {
    pub customer: Option<CustomerUid>,
    /// Due before this, epoch seconds.
    pub to_s: i64,
}

impl LookedAhead {
    /// Whether a schedule that the run did not show is over: it was to be seen, or its time has come.
    pub(super) fn covers(&self, schedule: &Schedule) -> bool {
        let customer = self.customer.as_ref().map(CustomerUid::as_str);
        let wanted = customer.is_none_or(|customer| schedule.customer_uid.as_deref() == Some(customer));
        let due = schedule.at.as_second();
        wanted && due < self.to_s
    }
}
