//! Rows of `records` into domain values.

use rusqlite::Row;

use crate::domain::money::{Amount, Currency};
use crate::domain::record::{Record, Signed};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{Cells, place};

/// The columns of `records`, and of the newest signature as `signed`, that [`record`] reads.
macro_rules! record_columns {
    () => {
        "records.imp_uid, merchant_uid, customer_uid, status, amount_minor, cancelled_minor, currency, apply_num, \
         card_name, card_number, pg_provider, pg_tid, receipt_url, channel, usage, sandbox, fail_reason, \
         started_at_s, paid_at_s, failed_at_s, cancelled_at_s, first_seen_ms, last_seen_ms, signed.at_ms, \
         signed.operator, signed.reason"
    };
}

pub(in crate::ledger::sqlite) use record_columns;

macro_rules! record_column {
    ($name:literal) => {
        const { (place(record_columns!(), $name), $name) }
    };
}

/// Reads a row of `record_columns!()`.
pub(in crate::ledger::sqlite) fn record(row: &Row<'_>) -> Result<Record, Fault> {
    let cells = Cells { table: "records", row };
    let text = |column| cells.string_or_null(column);
    let (code, signed_at) = (record_column!("currency"), record_column!("signed.at_ms"));
    let currency = match cells.text_or_null(code)? {
        None => None,
        Some(word) => Some(Currency::parse(word).map_err(|_| cells.fault(code, word))?),
    };
    let amount = |column| {
        let minor = cells.integer_or_null(column)?;
        Ok::<_, Fault>(minor.zip(currency).map(|(minor, currency)| Amount::from_minor(minor, currency)))
    };
    Ok(Record {
        imp_uid: cells.text(record_column!("records.imp_uid"))?.to_owned(),
        merchant_uid: text(record_column!("merchant_uid"))?,
        customer_uid: text(record_column!("customer_uid"))?,
        status: text(record_column!("status"))?,
        amount: amount(record_column!("amount_minor"))?,
        cancelled: amount(record_column!("cancelled_minor"))?,
        apply_num: text(record_column!("apply_num"))?,
        card_name: text(record_column!("card_name"))?,
        card_number: text(record_column!("card_number"))?,
        pg_provider: text(record_column!("pg_provider"))?,
        pg_tid: text(record_column!("pg_tid"))?,
        receipt_url: text(record_column!("receipt_url"))?,
        channel: text(record_column!("channel"))?,
        usage: text(record_column!("usage"))?,
        sandbox: cells.flag_or_null(record_column!("sandbox"))?,
        fail_reason: text(record_column!("fail_reason"))?,
        started_at: cells.s_or_null(record_column!("started_at_s"))?,
        paid_at: cells.s_or_null(record_column!("paid_at_s"))?,
        failed_at: cells.s_or_null(record_column!("failed_at_s"))?,
        cancelled_at: cells.s_or_null(record_column!("cancelled_at_s"))?,
        first_seen: cells.ms(record_column!("first_seen_ms"))?,
        last_seen: cells.ms(record_column!("last_seen_ms"))?,
        signed: match cells.ms_or_null(signed_at)? {
            None => None,
            Some(at) => Some(Signed {
                at,
                operator: text(record_column!("signed.operator"))?,
                reason: cells.text(record_column!("signed.reason"))?.to_owned(),
            }),
        },
    })
}
