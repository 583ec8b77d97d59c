//! The statements that write a payment and its events, one function each.
//!
//! None of them reads back what it wrote: a payment in memory is made so that it is what a look
//! would find (times in whole milliseconds, see [`whole_ms`]).

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment, Received};
use crate::ledger::fault::Fault;
use crate::ledger::row::Stored;

/// Runs an INSERT of one row; the value of each column stands beside its name. They are bound by their
/// places: to look each name up would take a tenth of a write's time. How many rows were written.
macro_rules! insert_into {
    ($tx:expr, $table:literal, { $first:ident: $value:expr, $($column:ident: $more:expr),* $(,)? } $end:literal) => {
        $tx.prepare_cached(concat!(
            "INSERT INTO ", $table, " (", stringify!($first), $(", ", stringify!($column),)*
            ") VALUES (?", $(instead!($column, ", ?"),)* ")", $end
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

/// A time as the ledger keeps it.
pub(super) fn whole_ms(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A new row, with nothing of the gateway's in it. None where the merchant_uid has a row.
pub(super) fn insert(tx: &Connection, payment: Payment) -> Result<Option<Stored>, Fault> {
    let last_send = payment.last_send.as_ref();
    let boot = last_send.and_then(|mark| mark.boot.as_ref());
    let written = insert_into!(tx, "payments", {
        merchant_uid: payment.terms.merchant_uid.as_str(),
        customer_uid: payment.terms.customer_uid.as_str(),
        amount_minor: payment.terms.amount.minor(),
        currency: payment.terms.amount.currency().code(),
        mode: payment.terms.mode.word(),
        outcome: payment.outcome.word(),
        name: payment.name,
        attempts: payment.attempts,
        unanswered: payment.unanswered,
        requested_at_ms: payment.requested_at.as_millisecond(),
        last_send_ms: last_send.map(|mark| mark.wall.as_millisecond()),
        last_send_boot_id: boot.map(|boot| &*boot.boot_id),
        last_send_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        last_send_gateway_s: last_send.and_then(|mark| mark.gateway_s),
        account: payment.account,
        message: payment.message,
        buyer_name: payment.buyer_name,
        buyer_email: payment.buyer_email,
        buyer_tel: payment.buyer_tel,
        note: payment.note,
        operator: payment.operator,
    } " ON CONFLICT (merchant_uid) DO NOTHING")?;
    Ok((written == 1).then(|| Stored { id: tx.last_insert_rowid(), payment }))
}

/// A row that is sent once more, or was meant to be: all but the terms, the first time it was asked for,
/// and what the gateway said of the attempt before.
pub(super) fn write_attempt(tx: &Connection, stored: &Stored) -> Result<(), Fault> {
    let payment = &stored.payment;
    let last_send = payment.last_send.as_ref();
    let boot = last_send.and_then(|mark| mark.boot.as_ref());
    let changed = update!(tx, "payments", stored.id, {
        mode: payment.terms.mode.word(),
        outcome: payment.outcome.word(),
        outcome_before: payment.outcome_before.map(Outcome::word),
        name: payment.name,
        attempts: payment.attempts,
        unanswered: payment.unanswered,
        last_send_ms: last_send.map(|mark| mark.wall.as_millisecond()),
        last_send_boot_id: boot.map(|boot| &*boot.boot_id),
        last_send_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        last_send_gateway_s: last_send.and_then(|mark| mark.gateway_s),
        account: payment.account,
        buyer_name: payment.buyer_name,
        buyer_email: payment.buyer_email,
        buyer_tel: payment.buyer_tel,
        note: payment.note,
        operator: payment.operator,
    })?;
    the_one(changed)
}

/// A row of which the gateway said something, or nothing where it should have. A column that is named
/// here is written to its index again, changed or not, so that none is that an answer leaves alone.
pub(super) fn write_answer(tx: &Connection, stored: &Stored) -> Result<(), Fault> {
    let payment = &stored.payment;
    let changed = update!(tx, "payments", stored.id, {
        outcome: payment.outcome.word(),
        outcome_before: payment.outcome_before.map(Outcome::word),
        unanswered: payment.unanswered,
        imp_uid: payment.imp_uid,
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
        paid_at_s: payment.paid_at.map(Timestamp::as_second),
        cancelled_at_s: payment.cancelled_at.map(Timestamp::as_second),
    })?;
    the_one(changed)
}

/// A write that met another number of rows than its one is no write.
fn the_one(changed: usize) -> Result<(), Fault> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed).into()) }
}

/// What an event says beyond the payment and what was received.
pub(super) struct Entry<'a> {
    kind: EventKind,
    at: Timestamp,
    operator: Option<&'a str>,
    /// Our own words, where nothing that was received has any.
    reason: Option<&'a str>,
    /// The gateway's id of what the payment is from then on: an imp_uid that a payment has is found by its
    /// events. Where there is none, the answer's own.
    imp_uid: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(kind: EventKind, at: Timestamp) -> Entry<'a> {
        Entry { kind, at, operator: None, reason: None, imp_uid: None }
    }

    pub(super) fn by(self, operator: Option<&'a str>) -> Entry<'a> {
        Entry { operator, ..self }
    }

    pub(super) fn because(self, reason: &'a str) -> Entry<'a> {
        Entry { reason: Some(reason), ..self }
    }

    pub(super) fn about(self, record: Option<&'a GatewayRecord>) -> Entry<'a> {
        Entry { imp_uid: record.and_then(|record| record.imp_uid.as_deref()), ..self }
    }
}

/// One more thing that happened to a payment, after it was written as it is from then on.
pub(super) fn append(
    tx: &Connection,
    stored: &Stored,
    entry: &Entry<'_>,
    received: &Received,
) -> Result<(), Fault> {
    let written = insert_into!(tx, "events", {
        payment_id: stored.id,
        at_ms: entry.at.as_millisecond(),
        kind: entry.kind.word(),
        outcome: stored.payment.outcome.word(),
        attempt: stored.payment.attempts,
        operator: entry.operator,
        http_status: received.http_status,
        code: received.code,
        message: received.message.as_deref().or(entry.reason),
        imp_uid: entry.imp_uid.or(received.imp_uid.as_deref()),
        body: received.body,
        took_ms: received.took_ms,
    } "")?;
    the_one(written)
}
