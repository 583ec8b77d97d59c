//! What a ledger from before there were records knows of them: every payment in the answers that it kept. And card
//! numbers that nobody masked when they were written.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use crate::domain::card_number::{masked, masked_field};
use crate::domain::mask;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, HistoryEntry, Outcome, Payment};
use crate::domain::text::nfc_key;
use crate::ledger::sighting::see;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::records::put;
use crate::ledger::sqlite::row::{self, Stored, collect, event_columns, payment_columns};
use crate::ledger::sqlite::write::write_answer;

const PAYMENT: &str = concat!("SELECT ", payment_columns!(), " FROM payments WHERE id = ?1");
const EVENTS: &str = concat!("SELECT ", event_columns!(), " FROM events WHERE payment_id = ?1 ORDER BY id");

/// Its body replaced; that an event is never changed is said of what happens, and not of how a card's number in it
/// is spelled.
const EVENTS_MAY_CHANGE: &str = "DROP TRIGGER events_are_not_changed";
const EVENTS_STAY: &str = "CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;";

/// Texts of the gateway's in which a card number may stand: where from, whether all of it is one, and where to.
const TEXTS: [(&str, Kind, &str); 6] = [
    (
        "SELECT id, card_number FROM payments WHERE card_number IS NOT NULL",
        Kind::Number,
        "UPDATE payments SET card_number = ?2 WHERE id = ?1",
    ),
    (
        "SELECT id, message FROM payments WHERE message GLOB '*[0-9]*'",
        Kind::Words,
        "UPDATE payments SET message = ?2 WHERE id = ?1",
    ),
    (
        "SELECT id, reason_parts FROM payments WHERE reason_parts GLOB '*[0-9]*'",
        Kind::Words,
        "UPDATE payments SET reason_parts = ?2 WHERE id = ?1",
    ),
    (
        "SELECT id, message FROM events WHERE message GLOB '*[0-9]*'",
        Kind::Words,
        "UPDATE events SET message = ?2 WHERE id = ?1",
    ),
    (
        "SELECT id, reason_parts FROM events WHERE reason_parts GLOB '*[0-9]*'",
        Kind::Words,
        "UPDATE events SET reason_parts = ?2 WHERE id = ?1",
    ),
    (
        "SELECT id, body FROM events WHERE body IS NOT NULL",
        Kind::Body,
        "UPDATE events SET body = ?2 WHERE id = ?1",
    ),
];

const CUSTOMERS: &str = "SELECT customer_uid, card_number FROM customers WHERE card_number IS NOT NULL";
const CUSTOMER: &str = "UPDATE customers SET card_number = ?2 WHERE customer_uid = ?1";

#[derive(Clone, Copy)]
enum Kind {
    Number,
    Words,
    Body,
}

impl Kind {
    fn masked(self, text: &str) -> Cow<'_, str> {
        match self {
            Kind::Number => masked_field(text),
            Kind::Words => masked(text),
            Kind::Body => mask::body(text),
        }
    }
}

/// Masks, and fills in what was seen.
pub(super) fn fill(tx: &Connection) -> Result<(), Fault> {
    mask_all(tx)?;
    let mut ids = tx.prepare("SELECT id FROM payments ORDER BY id")?;
    for id in ids.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, rusqlite::Error>>()? {
        if let [stored] = &mut collect(tx.prepare_cached(PAYMENT)?.query([id])?, row::stored)?[..] {
            fill_one(tx, stored)?;
        }
    }
    Ok(())
}

fn mask_all(tx: &Connection) -> Result<(), Fault> {
    tx.execute_batch(EVENTS_MAY_CHANGE)?;
    for (select, kind, update) in TEXTS {
        let mut changed: Vec<(i64, String)> = Vec::new();
        let mut statement = tx.prepare(select)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // What is no text was not written by this program, and is named when it is read.
            if let Ok(text) = row.get_ref(1)?.as_str()
                && let masked = kind.masked(text)
                && masked != text
            {
                changed.push((row.get(0)?, masked.into_owned()));
            }
        }
        for (id, text) in changed {
            tx.prepare_cached(update)?.execute(params![id, text])?;
        }
    }
    let mut statement = tx.prepare(CUSTOMERS)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (uid, number) in rows.collect::<Result<Vec<(String, String)>, rusqlite::Error>>()? {
        let masked = masked_field(&number);
        if masked != number {
            tx.prepare_cached(CUSTOMER)?.execute(params![uid, masked])?;
        }
    }
    tx.execute_batch(EVENTS_STAY)?;
    Ok(())
}

fn fill_one(tx: &Connection, stored: &mut Stored) -> Result<(), Fault> {
    let events = collect(tx.prepare_cached(EVENTS)?.query([stored.id])?, row::event)?;
    let payment = &mut stored.payment;
    let mut moved = false;
    for event in &events {
        let mut shown = event.received.body.as_deref().map_or_else(Vec::new, shown_in);
        // An answer about many orders shows those of others as well.
        let order = nfc_key(payment.terms.merchant_uid.as_str());
        shown.retain(|shown| shown.merchant_uid.as_deref().is_none_or(|uid| nfc_key(uid) == order));
        moved |= see(payment, &shown, event.at).moved;
        if let Some(named) = named_alone(payment, event) {
            moved |= see(payment, [&named], event.at).moved;
        }
    }
    if payment.imp_uid.is_some() && payment.own_record().is_none() {
        let at = payment.last_send.as_ref().map_or(payment.requested_at, |mark| mark.wall);
        moved |= see(payment, [&as_recorded(payment)], at).moved;
    }
    for (place, record) in stored.payment.records.iter().enumerate() {
        put(tx, stored.id, place, record)?;
    }
    if moved { write_answer(tx, stored) } else { Ok(()) }
}

/// A payment of which an event holds the imp_uid alone.
fn named_alone(payment: &Payment, event: &HistoryEntry) -> Option<GatewayRecord> {
    let imp_uid = event.received.imp_uid.clone()?;
    let known = payment.records.iter().any(|record| record.imp_uid == imp_uid);
    let status = match event.outcome {
        Outcome::Paid => Some("paid".to_owned()),
        Outcome::Declined => Some("failed".to_owned()),
        Outcome::Rejected | Outcome::Unknown | Outcome::NotSent | Outcome::Pending => None,
    };
    // What the row itself tells is more.
    let own = payment.imp_uid.as_ref() == Some(&imp_uid);
    (!known && !own).then(|| GatewayRecord { imp_uid: Some(imp_uid), status, ..GatewayRecord::default() })
}

/// The payment that an order stands for, as its row has it.
fn as_recorded(payment: &Payment) -> GatewayRecord {
    let digits = |amount: Amount| amount.to_digits();
    let amount = payment.terms.amount;
    GatewayRecord {
        imp_uid: payment.imp_uid.clone(),
        merchant_uid: Some(payment.terms.merchant_uid.to_string()),
        status: payment.status.clone(),
        amount_text: Some(digits(amount)),
        currency_text: Some(amount.currency().code().to_owned()),
        cancel_amount_text: payment.cancel_amount.map(digits),
        apply_num: payment.apply_num.clone(),
        card_name: payment.card_name.clone(),
        card_number: payment.card_number.clone(),
        pg_provider: payment.pg_provider.clone(),
        pg_tid: payment.pg_tid.clone(),
        receipt_url: payment.receipt_url.clone(),
        paid_at_s: payment.paid_at.map(Timestamp::as_second),
        cancelled_at_s: payment.cancelled_at.map(Timestamp::as_second),
        ..GatewayRecord::default()
    }
}

/// The payments that a kept answer shows. One that was cut off in the middle shows none.
fn shown_in(body: &str) -> Vec<GatewayRecord> {
    let Ok(Value::Object(mut envelope)) = serde_json::from_str(body) else { return Vec::new() };
    let objects = match envelope.remove("response") {
        Some(Value::Object(mut response)) => match response.remove("list") {
            Some(Value::Array(list)) => list,
            Some(_) | None => vec![Value::Object(response)],
        },
        Some(Value::Array(list)) => list,
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => Vec::new(),
    };
    objects.iter().filter_map(Value::as_object).map(record).collect()
}

/// What the program that kept it read of it; here nothing is decided by it.
fn record(object: &Map<String, Value>) -> GatewayRecord {
    let text = |key: &str| match object.get(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) | None => None,
    };
    let seconds = |key: &str| text(key).and_then(|text| text.split('.').next()?.parse().ok());
    let words = |key: &str| text(key).map(|text| masked(&text).into_owned());
    GatewayRecord {
        imp_uid: text("imp_uid"),
        merchant_uid: text("merchant_uid"),
        customer_uid: text("customer_uid"),
        channel: text("channel"),
        status: text("status"),
        amount_text: text("amount"),
        currency_text: text("currency"),
        cancel_amount_text: text("cancel_amount"),
        apply_num: text("apply_num"),
        card_name: words("card_name"),
        card_number: text("card_number"),
        pg_provider: text("pg_provider"),
        pg_tid: text("pg_tid"),
        receipt_url: text("receipt_url"),
        fail_reason: words("fail_reason"),
        started_at_s: seconds("started_at"),
        paid_at_s: seconds("paid_at"),
        failed_at_s: seconds("failed_at"),
        cancelled_at_s: seconds("cancelled_at"),
        sandbox: object.get("sandbox").and_then(Value::as_bool),
        customer_uid_usage: text("customer_uid_usage"),
        ..GatewayRecord::default()
    }
}
