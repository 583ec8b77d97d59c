//! Payments that were not made by a charge: in a window, by another program, or by hand in the console.
//! A control endpoint writes them into the book as a test wants them.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

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
const BAD_STATUS: &str = "status is one of ready, paid, cancelled and failed.";
/// Whose card it is, if nobody's billing key is named.
const SOMEBODYS_CARD: &str = "5409-2600-0000-0006";

/// `POST /_sandbox/payments`: `merchant_uid`, `amount`, and any field of a payment; or a JSON array of such
/// objects, all or none. Times are epoch seconds. A cancelled one is refunded whole, or by `cancel_amount`.
/// Look-ups do not show it for `hidden_ms`, and one that failed turns paid after `turns_paid_ms`.
pub(super) fn record(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    gateway.book().try_write(|book| {
        let Some(many) = Fields::many_from_json(&call.text) else {
            return Ok(match record_one(book, &call.fields, &call.user_agent)? {
                Ok(payment) => Ok(Answer::ok(payment.to_json(book)?)),
                Err(why) => Err(Answer::error(400, &why)),
            });
        };
        for fields in &many {
            if let Err(why) = record_one(book, fields, &call.user_agent)? {
                return Ok(Err(Answer::error(400, &why)));
            }
        }
        Ok(Ok(Answer::ok(json!({"recorded": many.len()}))))
    })
}

/// Writes one payment; an error is what is wrong with it.
fn record_one(
    book: &Connection,
    fields: &Fields,
    user_agent: &str,
) -> Result<Result<Payment, String>, SandboxError> {
    let order = match Order::read_leniently(fields, user_agent) {
        Ok(order) => order,
        Err(message) => return Ok(Err(message)),
    };
    let status = fields.text("status").unwrap_or_else(|| "paid".to_owned());
    if !STATUSES.contains(&status.as_str()) {
        return Ok(Err(BAD_STATUS.to_owned()));
    }
    let Ok(cancel_amount) = fields.amount("cancel_amount") else {
        return Ok(Err(missing("cancel_amount")));
    };
    let payment = make(book, fields, &order, &status)?;
    if by_imp_uid(book, &payment.imp_uid)?.is_some() {
        return Ok(Err(format!("{} is in the book already.", payment.imp_uid)));
    }
    payment.insert(book)?;
    if status == "cancelled" {
        let amount = cancel_amount.unwrap_or(order.amount);
        let reason = fields.text("cancel_reason");
        let refund = Refund { amount, reason, tax_free: None, vat_amount: None };
        refund.make(book, &payment, at_ms(fields, "cancelled_at"))?;
    }
    Ok(Ok(by_imp_uid(book, &payment.imp_uid)?.unwrap_or(payment)))
}

/// `PUT /_sandbox/payments`: changes `amount`, `currency`, `status`, `merchant_uid`, `sandbox` or `hidden_ms`
/// of the payment with this `imp_uid`, as nobody could who follows the rules.
pub(super) fn change(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let fields = &call.fields;
    let status = fields.text("status");
    if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
        return Ok(Answer::error(400, BAD_STATUS));
    }
    let Ok(amount) = fields.amount("amount") else {
        return Ok(Answer::error(400, &missing("amount")));
    };
    gateway.book().write(|book| {
        let imp_uid = fields.text("imp_uid").unwrap_or_default();
        book.execute(
            "UPDATE payments SET amount = coalesce(?2, amount), currency = coalesce(?3, currency),
                 status = coalesce(?4, status), merchant_uid = coalesce(?5, merchant_uid),
                 sandbox = coalesce(?6, sandbox), visible_at_ms = coalesce(?7, visible_at_ms),
                 updated_at_ms = ?8
             WHERE imp_uid = ?1",
            params![
                imp_uid,
                amount.map(|amount| amount.to_string()),
                fields.text("currency"),
                status,
                fields.text("merchant_uid"),
                fields.text("sandbox").map(|flag| flag == "true"),
                later_ms(fields, "hidden_ms"),
                now_ms(),
            ],
        )?;
        match by_imp_uid(book, &imp_uid)? {
            Some(payment) => Ok(Answer::ok(payment.to_json(book)?)),
            None => Ok(Answer::error(400, "No payment has this imp_uid.")),
        }
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
