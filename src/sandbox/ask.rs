//! What one call asks of the gateway's faults.

use std::sync::Mutex;

use crate::sandbox::clock::now_ms;
use crate::sandbox::fault_table::{FaultKind, Place};
use crate::sandbox::faults::{FaultPlan, FaultValue};
use crate::sandbox::gateway::{Gateway, lock};

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
        let by_plan = self.gateway.take_fault(kind, self.place, &self.merchant_uids);
        by_plan.or_else(|| lock(&self.customer_faults).take(kind, self.place, &self.merchant_uids))
    }

    /// The server's own idea of the time, which `clock_skew` sets ahead or back.
    pub(super) fn server_now_ms(&self) -> i64 {
        let skew_ms = self.fires(FaultKind::ClockSkew).map_or(0, |value| value.duration_ms);
        now_ms().saturating_add(skew_ms)
    }
}
