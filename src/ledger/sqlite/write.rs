//! The statements that write a payment and its events, one function each.
//!
//! None of them reads back what it wrote: a payment in memory is made so that it is what a look
//! would find (times in whole milliseconds).

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::payment::{Noted, Outcome, Payment, Received};
use crate::domain::reason::Reason;
use crate::domain::text::other_key;
use crate::ledger::rules::Happened;
use crate::ledger::rules::outside::OutsideNote;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{Stored, parts_text};

/// Runs an INSERT of one row; the value of each column stands beside its name. They are bound by their
/// places: to look each name up would take a tenth of a write's time. How many rows were written.
macro_rules! insert_into {
    ($tx:expr, $table:literal, { $first:ident: $value:expr, $($column:ident: $more:expr),* $(,)? }) => {
        $tx.prepare_cached(concat!(
            "INSERT INTO ", $table, " (", stringify!($first), $(", ", stringify!($column),)*
            ") VALUES (?", $(instead!($column, ", ?"),)* ")"
        ))?
        .execute(params![$value, $($more),*])
    };
}

/// Runs an UPDATE of the one row with an id, the same way. `OR FAIL`: SQLite prepares to undo nothing, which
/// would cost as much as the row itself; whoever writes takes all of it back when anything fails.
macro_rules! update {
    ($tx:expr, $table:literal, $id:expr, { $first:ident: $value:expr, $($column:ident: $more:expr),* $(,)? }) => {
        $tx.prepare_cached(concat!(
            "UPDATE OR FAIL ", $table, " SET ", stringify!($first), " = ?", $(", ", stringify!($column), " = ?",)*
            " WHERE id = ?"
        ))?
        .execute(params![$value, $($more,)* $id])
    };
}

/// Once for each column, whatever its name.
macro_rules! instead {
    ($column:ident, $text:literal) => {
        $text
    };
}

pub(super) use {insert_into, instead, update};

/// A new row, with nothing of the gateway's in it.
pub(super) fn insert(tx: &Connection, payment: Payment) -> Result<Stored, Fault> {
    let last_send = payment.last_send.as_ref();
    let boot = last_send.and_then(|mark| mark.boot.as_ref());
    let written = insert_into!(tx, "payments", {
        merchant_uid: payment.terms.merchant_uid.as_str(),
        customer_uid: payment.terms.customer_uid.as_str(),
        amount_minor: payment.terms.amount.minor(),
        currency: payment.terms.amount.currency().code(),
        mode: payment.terms.mode.word(),
        once_per: payment.once_per,
        outcome: payment.outcome.word(),
        name: payment.name,
        attempts: payment.attempts,
        unanswered: payment.unanswered,
        doubts: payment.doubts,
        requested_at_ms: payment.requested_at.as_millisecond(),
        last_send_ms: last_send.map(|mark| mark.wall.as_millisecond()),
        last_send_boot_id: boot.map(|boot| &*boot.boot_id),
        last_send_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        last_send_gateway_s: last_send.and_then(|mark| mark.gateway_s),
        account: payment.account,
        customer_pg: payment.customer_pg,
        message: payment.message,
        reason: payment.reason.as_ref().map(Reason::word),
        reason_parts: payment.reason.as_ref().and_then(parts_text),
        buyer_name: payment.buyer_name,
        buyer_email: payment.buyer_email,
        buyer_tel: payment.buyer_tel,
        note: payment.note,
        operator: payment.operator,
        host: payment.host,
        tax_recorded: payment.tax.is_some(),
        tax_free_minor: payment.tax.and_then(|tax| tax.tax_free).map(|part| part.minor()),
        vat_amount_minor: payment.tax.and_then(|tax| tax.vat_amount).map(|part| part.minor()),
        nfc_key: other_key(payment.terms.merchant_uid.as_str()),
        customer_nfc_key: other_key(payment.terms.customer_uid.as_str()),
    })?;
    the_one(written)?;
    Ok(Stored { id: tx.last_insert_rowid(), payment })
}

/// A row that is sent once more, or was meant to be: all but the terms, the first time it was asked for,
/// and what the gateway said of the attempt before.
pub(super) fn write_attempt(tx: &Connection, stored: &Stored) -> Result<(), Fault> {
    let payment = &stored.payment;
    let last_send = payment.last_send.as_ref();
    let boot = last_send.and_then(|mark| mark.boot.as_ref());
    let changed = update!(tx, "payments", stored.id, {
        mode: payment.terms.mode.word(),
        once_per: payment.once_per,
        outcome: payment.outcome.word(),
        outcome_before: payment.outcome_before.map(Outcome::word),
        name: payment.name,
        attempts: payment.attempts,
        unanswered: payment.unanswered,
        doubts: payment.doubts,
        last_send_ms: last_send.map(|mark| mark.wall.as_millisecond()),
        last_send_boot_id: boot.map(|boot| &*boot.boot_id),
        last_send_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        last_send_gateway_s: last_send.and_then(|mark| mark.gateway_s),
        account: payment.account,
        customer_pg: payment.customer_pg,
        buyer_name: payment.buyer_name,
        buyer_email: payment.buyer_email,
        buyer_tel: payment.buyer_tel,
        note: payment.note,
        operator: payment.operator,
        host: payment.host,
        tax_recorded: payment.tax.is_some(),
        tax_free_minor: payment.tax.and_then(|tax| tax.tax_free).map(|part| part.minor()),
        vat_amount_minor: payment.tax.and_then(|tax| tax.vat_amount).map(|part| part.minor()),
        noted: payment.noted.as_ref().map(Noted::word),
        noted_at_ms: payment.noted.as_ref().map(|noted| noted.at.as_millisecond()),
        noted_by: payment.noted.as_ref().and_then(|noted| noted.by.as_deref()),
        noted_evidence: payment.noted.as_ref().map(|noted| noted.evidence.as_str()),
    })?;
    the_one(changed)
}

/// The terms of a row that was never sent. Apart from all else, because they are in indexes.
pub(super) fn write_terms(tx: &Connection, stored: &Stored) -> Result<(), Fault> {
    let terms = &stored.payment.terms;
    let changed = update!(tx, "payments", stored.id, {
        customer_uid: terms.customer_uid.as_str(),
        customer_nfc_key: other_key(terms.customer_uid.as_str()),
        amount_minor: terms.amount.minor(),
        currency: terms.amount.currency().code(),
        mode: terms.mode.word(),
        name: stored.payment.name,
    })?;
    the_one(changed)
}

/// A row of which the gateway said something, or nothing where it should have. A column that is named
/// here is written to its index again, changed or not, so that none is that an answer leaves alone.
pub(super) fn write_answer(tx: &Connection, stored: &Stored) -> Result<(), Fault> {
    let payment = &stored.payment;
    let outside = payment.outside.as_ref();
    let changed = update!(tx, "payments", stored.id, {
        outcome: payment.outcome.word(),
        outcome_before: payment.outcome_before.map(Outcome::word),
        unanswered: payment.unanswered,
        doubts: payment.doubts,
        imp_uid: payment.imp_uid,
        sandbox: payment.sandbox,
        status: payment.status,
        cancel_amount_minor: payment.cancel_amount.map(|amount| amount.minor()),
        apply_num: payment.apply_num,
        card_name: payment.card_name,
        card_number: payment.card_number,
        pg_provider: payment.pg_provider,
        pg_tid: payment.pg_tid,
        receipt_url: payment.receipt_url,
        code: payment.code,
        message: payment.message,
        reason: payment.reason.as_ref().map(Reason::word),
        reason_parts: payment.reason.as_ref().and_then(parts_text),
        paid_at_s: payment.paid_at.map(Timestamp::as_second),
        cancelled_at_s: payment.cancelled_at.map(Timestamp::as_second),
        doubt_ended_ms: payment.doubt_ended_at.map(Timestamp::as_millisecond),
        noted: payment.noted.as_ref().map(Noted::word),
        noted_at_ms: payment.noted.as_ref().map(|noted| noted.at.as_millisecond()),
        noted_by: payment.noted.as_ref().and_then(|noted| noted.by.as_deref()),
        noted_evidence: payment.noted.as_ref().map(|noted| noted.evidence.as_str()),
        outside_minor: outside.map_or(0, |outside| outside.amount.minor()),
        outside_at_ms: outside.map(|outside| outside.at.as_millisecond()),
        outside_by: outside.and_then(|outside| outside.by.as_deref()),
        outside_evidence: outside.map(|outside| outside.evidence.as_str()),
    })?;
    the_one(changed)
}

/// A write that met another number of rows than its one is no write.
pub(super) fn the_one(changed: usize) -> Result<(), Fault> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed).into()) }
}

/// One more thing that happened to a payment, after it was written as it is from then on.
pub(super) fn append(tx: &Connection, payment_id: i64, happened: &Happened<'_>) -> Result<(), Fault> {
    let nothing = Received::default();
    let received = happened.received.unwrap_or(&nothing);
    let reason = happened.reason.or(received.reason.as_ref());
    let written = insert_into!(tx, "events", {
        payment_id: payment_id,
        at_ms: happened.at.as_millisecond(),
        kind: happened.kind.word(),
        outcome: happened.outcome.word(),
        attempt: happened.attempt,
        operator: happened.operator,
        host: happened.host,
        http_status: received.http_status,
        code: received.code,
        message: received.message,
        reason: reason.map(Reason::word),
        reason_parts: reason.and_then(parts_text),
        imp_uid: happened.imp_uid.or(received.imp_uid.as_deref()),
        body: received.body,
        took_ms: received.took_ms,
        refund_id: happened.refund.map(|(id, _)| id.as_str()),
        refund_outcome: happened.refund.map(|(_, outcome)| outcome.word()),
    })?;
    the_one(written)
}

/// A person's note on a payment, after that was written as it is from then on.
pub(super) fn append_note(tx: &Connection, after: &Stored, noted: &Noted) -> Result<(), Fault> {
    let after_event = last_event(tx, after)?;
    let written = insert_into!(tx, "notes", {
        payment_id: after.id,
        after_event: after_event,
        at_ms: noted.at.as_millisecond(),
        note: noted.word(),
        evidence: noted.evidence,
        outcome: after.payment.outcome.word(),
        attempt: after.payment.attempts,
        operator: noted.by,
    })?;
    the_one(written)
}

/// The same of a note of money that was paid back outside of the gateway.
pub(super) fn append_outside(tx: &Connection, after: &Stored, note: &OutsideNote) -> Result<(), Fault> {
    let (after_event, reason) = (last_event(tx, after)?, note.reason());
    let written = insert_into!(tx, "outside_refunds", {
        payment_id: after.id,
        after_event: after_event,
        at_ms: note.at.as_millisecond(),
        minor: note.amount.map_or(0, |amount| amount.minor()),
        reason: reason.word(),
        reason_parts: parts_text(&reason),
        outcome: after.payment.outcome.word(),
        attempt: after.payment.attempts,
        operator: note.by,
    })?;
    the_one(written)
}

/// The event that is a payment's last one now; 0 where it has none.
fn last_event(tx: &Connection, stored: &Stored) -> Result<i64, Fault> {
    let last = "SELECT coalesce(max(id), 0) FROM events WHERE payment_id = ?1";
    Ok(tx.prepare_cached(last)?.query_row([stored.id], |row| row.get(0))?)
}
