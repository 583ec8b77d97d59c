//! Payments that were not made by a charge: in a window, by another program, or by hand in the console.
//! A control endpoint writes them into the book as a test wants them.

use rusqlite::Connection;
use serde_json::Value;

use crate::sandbox::answer::Answer;
use crate::sandbox::approval::{details, new_imp_uid};
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::card::Card;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fields::Fields;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::order::Order;
use crate::sandbox::order::missing;
use crate::sandbox::payment::{Payment, random_digits};
use crate::sandbox::refund_rows::Refund;
use crate::sandbox::search::by_imp_uid;

const STATUSES: [&str; 4] = ["ready", "paid", "cancelled", "failed"];
/// Whose card it is, if nobody's billing key is named.
const SOMEBODYS_CARD: &str = "5409-2600-0000-0006";

/// `POST /_sandbox/payments`: `merchant_uid`, `amount`, and any field of a payment. Times are epoch
/// seconds. A cancelled one is refunded whole, or by `cancel_amount`. Look-ups do not show it for
/// `hidden_ms`, and one that failed turns paid after `turns_paid_ms`.
pub(super) fn record(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let fields = &call.fields;
    let order = match Order::read_leniently(fields, &call.user_agent) {
        Ok(order) => order,
        Err(message) => return Ok(Answer::error(400, &message)),
    };
    let status = fields.text("status").unwrap_or_else(|| "paid".to_owned());
    if !STATUSES.contains(&status.as_str()) {
        return Ok(Answer::error(400, "status is one of ready, paid, cancelled and failed."));
    }
    let Ok(cancel_amount) = fields.amount("cancel_amount") else {
        return Ok(Answer::error(400, &missing("cancel_amount")));
    };
    gateway.book().write(|book| {
        let payment = make(book, fields, &order, &status)?;
        if by_imp_uid(book, &payment.imp_uid)?.is_some() {
            return Ok(Answer::error(400, "This imp_uid is in the book already."));
        }
        payment.insert(book)?;
        if status == "cancelled" {
            let amount = cancel_amount.unwrap_or(order.amount);
            let reason = fields.text("cancel_reason");
            let refund = Refund { amount, reason, tax_free: None, vat_amount: None };
            refund.make(book, &payment, at_ms(fields, "cancelled_at"))?;
        }
        let recorded = by_imp_uid(book, &payment.imp_uid)?.unwrap_or(payment);
        Ok(Answer::ok(recorded.to_json(book)?))
    })
}

fn make(
    book: &Connection,
    fields: &Fields,
    order: &Order<'_>,
    status: &str,
) -> Result<Payment, SandboxError> {
    let customer_uid = order.customer_uid.clone().unwrap_or_default();
    let key = BillingKey::find(book, &customer_uid)?;
    let somebodys =
        || Card::read(SOMEBODYS_CARD).map(|card| BillingKey::of_card(String::new(), card, fields));
    let key = match key {
        Some(key) => Some(key),
        None => somebodys().ok(),
    };
    let channel = fields.text("channel").unwrap_or_else(|| "pc".to_owned());
    let prefix = if channel == "api" { "imps" } else { "imp" };
    let pg_tid = format!("sandbox{}", random_digits(book, 16)?);
    let mut rest = key.map_or(Value::Null, |key| details(order, &key, &pg_tid, None));
    if let Value::Object(rest) = &mut rest {
        rest.insert("channel".to_owned(), Value::String(channel));
        for (name, value) in rest.iter_mut() {
            if let Some(given) = fields.value(name) {
                *value = given.clone();
            }
        }
    }
    let started_at_ms = at_ms(fields, "started_at");
    let at = |name: &str, happened: bool| if happened { at_ms(fields, name) } else { 0 };
    let (is_paid, is_failed) = (matches!(status, "paid" | "cancelled"), status == "failed");
    let (paid_at_ms, failed_at_ms) = (at("paid_at", is_paid), at("failed_at", is_failed));
    let approval = format!("3{}", random_digits(book, 7)?);
    Ok(Payment {
        imp_uid: fields.text("imp_uid").map_or_else(|| new_imp_uid(book, prefix), Ok)?,
        merchant_uid: order.merchant_uid.clone(),
        customer_uid,
        amount: order.amount.to_string(),
        cancel_amount: "0".to_owned(),
        currency: order.currency.clone(),
        status: if status == "cancelled" { "paid" } else { status }.to_owned(),
        is_sandbox: fields.text("sandbox").is_none_or(|flag| flag == "true"),
        started_at_ms,
        paid_at_ms,
        failed_at_ms,
        cancelled_at_ms: 0,
        updated_at_ms: started_at_ms.max(paid_at_ms).max(failed_at_ms),
        apply_num: Some(fields.text("apply_num").unwrap_or(approval)),
        receipt_url: Some(format!("https://receipt.sandbox.invalid/{pg_tid}")),
        fail_reason: fields.text("fail_reason"),
        cancel_reason: None,
        lands_at_ms: now_ms(),
        visible_at_ms: later_ms(fields, "hidden_ms").unwrap_or_else(now_ms),
        flips_at_ms: later_ms(fields, "turns_paid_ms").filter(|_| is_failed),
        details: rest.to_string(),
        tax_free: order.tax_free.map(|amount: Decimal| amount.to_string()),
        vat_amount: order.vat_amount.map(|amount: Decimal| amount.to_string()),
        held_at_pg: None,
    })
}

/// Reads how long from now something happens.
fn later_ms(fields: &Fields, name: &str) -> Option<i64> {
    Some(now_ms().saturating_add(fields.text(name)?.parse().ok()?))
}

/// Reads a time in epoch seconds; now, if there is none.
fn at_ms(fields: &Fields, name: &str) -> i64 {
    let seconds = fields.text(name).and_then(|text| text.parse::<i64>().ok());
    seconds.map_or_else(now_ms, |seconds| seconds.saturating_mul(1000))
}
