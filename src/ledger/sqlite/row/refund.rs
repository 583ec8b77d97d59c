//! Rows of `refunds` into domain values.

use rusqlite::Row;

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::RefundOutcome;
use crate::domain::refund::Refund;
use crate::domain::tax::Tax;
use crate::domain::time::{BootReading, SendMark};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{Cells, place};

/// The columns of `refunds`, beside its payment's order, that [`refund`] reads.
macro_rules! refund_columns {
    () => {
        "refunds.refund_id, payments.merchant_uid, refunds.imp_uid, refunds.outcome, refunds.paid_minor, \
         refunds.amount_minor, refunds.balance_before_minor, refunds.currency, refunds.tax_free_minor, \
         refunds.vat_amount_minor, refunds.reason, refunds.operator, refunds.requested_at_ms, refunds.sent_ms, \
         refunds.sent_boot_id, refunds.sent_since_boot_ms, refunds.sent_gateway_s, refunds.account, \
         refunds.refunded_at_s, refunds.cancellation_id, refunds.receipt_url, refunds.code, refunds.message, \
         refunds.why, refunds.why_parts"
    };
}

pub(in crate::ledger::sqlite) use refund_columns;

macro_rules! refund_column {
    ($name:literal) => {
        const { (place(refund_columns!(), $name), $name) }
    };
}

/// Reads a row of `refund_columns!()`.
pub(in crate::ledger::sqlite) fn refund(row: &Row<'_>) -> Result<Refund, Fault> {
    let cells = Cells { table: "refunds", row };
    let currency = cells.parsed(refund_column!("refunds.currency"), |code| Currency::parse(code).ok())?;
    let amount = |minor| Amount::from_minor(minor, currency);
    let part = |column| Ok::<_, Fault>(cells.integer_or_null(column)?.map(amount));
    let since_boot = refund_column!("refunds.sent_since_boot_ms");
    let boot = match cells.string_or_null(refund_column!("refunds.sent_boot_id"))? {
        Some(boot_id) => {
            Some(BootReading { boot_id: boot_id.into(), since_boot_ms: cells.integer(since_boot)? })
        }
        None => None,
    };
    Ok(Refund {
        id: cells.parsed(refund_column!("refunds.refund_id"), RefundId::parse)?,
        merchant_uid: cells
            .parsed(refund_column!("payments.merchant_uid"), |uid| MerchantUid::parse(uid).ok())?,
        imp_uid: cells.text(refund_column!("refunds.imp_uid"))?.to_owned(),
        outcome: cells.parsed(refund_column!("refunds.outcome"), RefundOutcome::from_word)?,
        paid: amount(cells.integer(refund_column!("refunds.paid_minor"))?),
        amount: amount(cells.integer(refund_column!("refunds.amount_minor"))?),
        balance_before: amount(cells.integer(refund_column!("refunds.balance_before_minor"))?),
        tax: Tax {
            tax_free: part(refund_column!("refunds.tax_free_minor"))?,
            vat_amount: part(refund_column!("refunds.vat_amount_minor"))?,
        },
        reason: cells.text(refund_column!("refunds.reason"))?.to_owned(),
        requested_at: cells.ms(refund_column!("refunds.requested_at_ms"))?,
        sent: SendMark {
            wall: cells.ms(refund_column!("refunds.sent_ms"))?,
            boot,
            gateway_s: cells.integer_or_null(refund_column!("refunds.sent_gateway_s"))?,
        },
        account: cells.text(refund_column!("refunds.account"))?.to_owned(),
        operator: cells.string_or_null(refund_column!("refunds.operator"))?,
        refunded_at: cells.s_or_null(refund_column!("refunds.refunded_at_s"))?,
        cancellation_id: cells.string_or_null(refund_column!("refunds.cancellation_id"))?,
        receipt_url: cells.string_or_null(refund_column!("refunds.receipt_url"))?,
        code: cells.integer_or_null(refund_column!("refunds.code"))?,
        message: cells.string_or_null(refund_column!("refunds.message"))?,
        why: cells.reason(refund_column!("refunds.why"), refund_column!("refunds.why_parts"))?,
    })
}
