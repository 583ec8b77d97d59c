//! Carrying out scheduled payments. A schedule is a charge that the gateway itself asks for (facts 2.6),
//! so the customer's faults and those of charges hold for it.

use rusqlite::Connection;

use crate::sandbox::approval::{When, decide};
use crate::sandbox::ask::Ask;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::charge::{DUPLICATE, UNKNOWN_CUSTOMER, is_duplicate};
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::{FaultKind, Place};
use crate::sandbox::faults::FaultPlan;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::order::Order;
use crate::sandbox::payment::Payment;
use crate::sandbox::schedule::{EXECUTED, SCHEDULED, Schedule, due};

/// Carries out what has come due, before anybody can look. Each payment has the time it was scheduled
/// for, so that it makes no difference whether the sandbox was running then.
pub(super) fn carry_out_due(gateway: &Gateway) -> Result<(), SandboxError> {
    let due = due(gateway.book().read()?)?;
    for schedule in due {
        let ask = ask_for(gateway, &schedule.customer_uid, &schedule.merchant_uid)?;
        gateway.book().write(|book| {
            // Another process may have carried it out, or somebody taken it back.
            match Schedule::find(book, &schedule.merchant_uid)? {
                Some(schedule) if schedule.status == SCHEDULED => {
                    let at_ms = schedule.schedule_at_s.saturating_mul(1000);
                    carry_out(book, &ask, schedule, at_ms)?;
                }
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Makes the call that charges in the gateway's own name, with the faults of its customer.
pub(super) fn ask_for<'a>(
    gateway: &'a Gateway,
    customer_uid: &str,
    merchant_uid: &str,
) -> Result<Ask<'a>, SandboxError> {
    let key = BillingKey::find(gateway.book().read()?, customer_uid)?;
    let faults = key.map_or_else(|| Ok(FaultPlan::default()), |key| FaultPlan::parse(&key.faults))?;
    Ok(Ask::new(gateway, Place::Charge, vec![merchant_uid.to_owned()]).with_customer_faults(faults))
}

/// Charges, and writes down how it ended. Gives the payment, if one was made.
pub(super) fn carry_out(
    book: &Connection,
    ask: &Ask<'_>,
    schedule: Schedule,
    at_ms: i64,
) -> Result<Option<Payment>, SandboxError> {
    let (payment, fail_reason) = match pay(book, ask, &schedule, at_ms)? {
        Ok(payment) => (Some(payment), None),
        Err(reason) => (None, Some(reason)),
    };
    let imp_uid = payment.as_ref().map(|payment| payment.imp_uid.clone());
    let status = EXECUTED.to_owned();
    Schedule { status, executed_at_ms: at_ms, imp_uid, fail_reason, ..schedule }.save(book)?;
    Ok(payment)
}

/// Charges; an error is why no payment was made.
fn pay(
    book: &Connection,
    ask: &Ask<'_>,
    schedule: &Schedule,
    at_ms: i64,
) -> Result<Result<Payment, String>, SandboxError> {
    let fields = schedule.fields();
    // Checked when it was scheduled; the name that the gateway makes up is longer than a client's may be.
    let order = match Order::read_leniently(&fields, "") {
        Ok(order) => order,
        Err(message) => return Ok(Err(message)),
    };
    let customer_uid = Some(schedule.customer_uid.clone());
    let order = Order { customer_uid, usage: Some("payment.scheduled"), ..order };
    if is_duplicate(book, ask, &order.merchant_uid)? {
        return Ok(Err(DUPLICATE.to_owned()));
    }
    let Some(billing_key) = BillingKey::find(book, &schedule.customer_uid)? else {
        return Ok(Err(UNKNOWN_CUSTOMER.to_owned()));
    };
    if let Some(value) = ask.fires(FaultKind::Reject) {
        return Ok(Err(value.text));
    }
    let when = When { started_at_ms: at_ms, lands_in_ms: 0 };
    let payment = decide(book, ask, &order, &billing_key, when)?;
    payment.insert(book)?;
    Ok(Ok(payment))
}
