//! The control face under `/_sandbox/`: what a test needs and no gateway has.
//! [`CONTROL_ENDPOINTS`] lists it.
//!
//! It asks for no token: it listens on loopback, and there is nothing to protect.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
use crate::sandbox::console::shown;
use crate::sandbox::error::SandboxError;
use crate::sandbox::execution::carry_out_due;
use crate::sandbox::faults::FaultPlan;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::schedule;
use crate::sandbox::search::everything;
use crate::sandbox::token::revoke;

/// The control endpoints and what each does, as `billkey help sandbox` prints them.
pub const CONTROL_ENDPOINTS: &[(&str, &str)] = &[
    (
        "GET /_sandbox/book",
        "Gives every payment, also those that nothing knows of yet, and how often each was asked for.",
    ),
    ("PUT /_sandbox/faults", "Replaces the fault plan by the one in the body, which may be empty."),
    (
        "POST /_sandbox/billing-keys",
        "Makes or replaces a billing key: customer_uid, card_name, card_number, …",
    ),
    (
        "POST /_sandbox/payments",
        "Records payments made elsewhere, one or an array: merchant_uid, amount, status, channel, …",
    ),
    (
        "PUT /_sandbox/payments",
        "Changes a payment by imp_uid: amount, currency, status, merchant_uid, sandbox, hidden_ms.",
    ),
    (
        "POST /_sandbox/console-refunds",
        "Refunds in the console: imp_uid or merchant_uid; amount and reason if not whole and the console's.",
    ),
    (
        "POST /_sandbox/pg-refunds",
        "Refunds at the PG, of which the gateway never hears: imp_uid or merchant_uid, amount if not whole.",
    ),
    (
        "POST /_sandbox/un-cancels",
        "Takes a refund back at the PG, of which the gateway hears with heard alone: imp_uid or merchant_uid, amount.",
    ),
    (
        "GET /v1/iamport.js",
        "The JS SDK's stand-in: IMP.init and IMP.request_pay, with a window that asks for a made-up card.",
    ),
    ("POST /_sandbox/token/revoke", "Forgets every access token."),
];

/// `GET /_sandbox/book`: `charges` and `refunds` count requests; `payments`, `refunded` and `schedules` are
/// what came of them.
pub(super) fn book(gateway: &Gateway) -> Result<Answer, SandboxError> {
    carry_out_due(gateway)?;
    let mut book = gateway.book();
    let connection = book.read()?;
    let now = now_ms();
    let mut payments = Vec::new();
    for payment in everything(connection)? {
        let mut fields = shown(connection, &payment)?;
        fields["has_landed"] = Value::Bool(payment.lands_at_ms <= now);
        fields["is_visible"] = Value::Bool(payment.lands_at_ms <= now && payment.visible_at_ms <= now);
        fields["turns_paid_later"] = Value::Bool(payment.flips_at_ms.is_some());
        payments.push(fields);
    }
    let schedules = schedule::everything(connection)?;
    let schedules: Vec<Value> =
        schedules.iter().map(|schedule| schedule.to_json(connection)).collect::<Result<_, _>>()?;
    Ok(Answer::ok(json!({
        "charges": requests(
            connection,
            "SELECT id, received,
                 (SELECT count(*) FROM payments WHERE merchant_uid = id AND status <> 'failed')
             FROM requests WHERE endpoint = 'charge' ORDER BY rowid",
            ("merchant_uid", "charged"),
        )?,
        "payments": payments,
        "refunded": refunded(connection)?,
        "refunds": requests(
            connection,
            "SELECT id, received, (SELECT count(*) FROM refunds JOIN payments USING (imp_uid)
                 WHERE imp_uid = id OR merchant_uid = id)
             FROM requests WHERE endpoint = 'refund' ORDER BY rowid",
            ("id", "refunded"),
        )?,
        "schedules": schedules,
    })))
}

/// Gives every refund with what look-ups do not show of it: its tax parts.
fn refunded(connection: &Connection) -> Result<Vec<Value>, SandboxError> {
    let mut statement = connection
        .prepare("SELECT imp_uid, amount, tax_free, vat_amount, reason FROM refunds ORDER BY sequence")?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "imp_uid": row.get::<_, String>(0)?,
            "amount": row.get::<_, String>(1)?,
            "tax_free": row.get::<_, Option<String>>(2)?,
            "vat_amount": row.get::<_, Option<String>>(3)?,
            "reason": row.get::<_, Option<String>>(4)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn requests(
    connection: &Connection,
    statement: &str,
    (id, done): (&str, &str),
) -> Result<Vec<Value>, SandboxError> {
    let mut statement = connection.prepare(statement)?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            id: row.get::<_, String>(0)?,
            "received": row.get::<_, i64>(1)?,
            done: row.get::<_, i64>(2)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `PUT /_sandbox/faults`.
pub(super) fn set_faults(gateway: &Gateway, call: &Call) -> Answer {
    match FaultPlan::parse(&call.text) {
        Ok(plan) => {
            gateway.set_faults(plan);
            Answer::ok(Value::Null)
        }
        Err(error) => Answer::error(400, &error.to_string()),
    }
}

/// `POST /_sandbox/billing-keys`: `customer_uid`, and any of `card_name`, `card_code`, `card_number`,
/// `card_type`, `customer_name`, `customer_email`, `customer_tel`, `pg_provider`, `pg_id`,
/// `pay_method`, `faults`.
pub(super) fn save_billing_key(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let text = |name: &str| call.fields.text(name);
    let Some(customer_uid) = text("customer_uid") else {
        return Ok(Answer::error(400, "A billing key needs a customer_uid."));
    };
    let faults = text("faults").unwrap_or_default();
    if let Err(error) = FaultPlan::parse(&faults) {
        return Ok(Answer::error(400, &error.to_string()));
    }
    let billing_key = BillingKey::from_texts(customer_uid, text);
    gateway.book().write(|book| {
        billing_key.save(book)?;
        Ok(Answer::ok(billing_key.to_json()))
    })
}

/// `POST /_sandbox/token/revoke`.
pub(super) fn revoke_tokens(gateway: &Gateway) -> Result<Answer, SandboxError> {
    revoke(gateway)?;
    Ok(Answer::ok(Value::Null))
}
