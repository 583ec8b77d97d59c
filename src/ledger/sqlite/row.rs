//! Rows into domain values and back. Columns are named once, in the order they are selected in; a
//! column's place is worked out by the compiler, and a value that does not fit is an error that
//! names its row and column.

use std::fmt::Display;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Rows};

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::outside::Outside;
use crate::domain::payment::{
    EventKind, HistoryEntry, Mode, Noted, Outcome, Payment, Received, RefundOutcome, Terms,
};
use crate::domain::reason::Reason;
use crate::domain::tax::Tax;
use crate::domain::time::{BootReading, SendMark};
use crate::ledger::adding::GroupTotal;
use crate::ledger::sqlite::fault::Fault;

mod record;
mod refund;

/// The columns of `payments`, for a SELECT that [`stored`] reads.
macro_rules! payment_columns {
    () => {
        "merchant_uid, id, customer_uid, amount_minor, currency, mode, outcome, outcome_before, name, \
         attempts, unanswered, doubts, once_per, sandbox, requested_at_ms, last_send_ms, last_send_boot_id, last_send_since_boot_ms, \
         last_send_gateway_s, account, imp_uid, status, cancel_amount_minor, apply_num, card_name, \
         card_number, pg_provider, pg_tid, receipt_url, code, message, reason, reason_parts, paid_at_s, cancelled_at_s, \
         buyer_name, buyer_email, buyer_tel, note, operator, host, \
         customer_pg, doubt_ended_ms, noted, noted_at_ms, noted_by, noted_evidence, tax_recorded, tax_free_minor, vat_amount_minor, \
         outside_minor, outside_at_ms, outside_by, outside_evidence"
    };
}

/// The columns of `events` that [`event`] reads.
macro_rules! event_columns {
    () => {
        "id, at_ms, kind, outcome, attempt, operator, host, http_status, code, message, reason, reason_parts, imp_uid, \
         body, took_ms, refund_id, refund_outcome"
    };
}

/// The columns of `customers` that [`customer`] reads.
macro_rules! customer_columns {
    () => {
        "customer_uid, name, email, tel, note, card_name, card_code, card_number, pg_provider, pg_id, \
         sandbox, card_inserted_s, card_updated_s, mode, added_at_ms, checked_at_ms, removed_at_ms"
    };
}

pub(super) use record::{record, record_columns};
pub(super) use refund::{refund, refund_columns};
pub(super) use {customer_columns, event_columns, payment_columns};

/// Stands between the parts of a reason, and in none of them.
const BETWEEN_PARTS: char = '\u{1f}';

/// A reason's parts as one text; `None` where it has none.
pub(super) fn parts_text(reason: &Reason) -> Option<String> {
    let parts: Vec<String> = reason.parts().iter().map(|part| part.replace(BETWEEN_PARTS, " ")).collect();
    (!parts.is_empty()).then(|| parts.join(&BETWEEN_PARTS.to_string()))
}

/// Where a column stands in a list of columns; a name that is not in it does not compile.
const fn place(list: &str, column: &str) -> usize {
    let (list, column) = (list.as_bytes(), column.as_bytes());
    let (mut at, mut index, mut start) = (0, 0, 0);
    loop {
        if at == list.len() || list[at] == b',' {
            if same(list, start, at, column) {
                return index;
            }
            assert!(at < list.len(), "no such column");
            index += 1;
            start = at + 2;
        }
        at += 1;
    }
}

const fn same(list: &[u8], start: usize, end: usize, column: &[u8]) -> bool {
    if end - start != column.len() {
        return false;
    }
    let mut at = 0;
    while at < column.len() {
        if list[start + at] != column[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A column's place and its name, for the error.
type Column = (usize, &'static str);

macro_rules! payment_column {
    ($name:literal) => {
        const { (place(payment_columns!(), $name), $name) }
    };
}
macro_rules! event_column {
    ($name:literal) => {
        const { (place(event_columns!(), $name), $name) }
    };
}
macro_rules! customer_column {
    ($name:literal) => {
        const { (place(customer_columns!(), $name), $name) }
    };
}

/// A row with its table's name; the first column says which row it is.
struct Cells<'r, 's> {
    table: &'static str,
    row: &'r Row<'s>,
}

impl Cells<'_, '_> {
    fn fault(&self, column: Column, value: &(impl Display + ?Sized)) -> Fault {
        let row = match self.row.get_ref(0) {
            Ok(value) => shown(value),
            Err(_) => "an unnamed row".to_owned(),
        };
        Fault::Cell { table: self.table, row, column: column.1, value: value.to_string() }
    }

    fn text_or_null(&self, column: Column) -> Result<Option<&str>, Fault> {
        let value = self.row.get_ref(column.0)?;
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(self.fault(column, &shown(value))),
            },
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(self.fault(column, &shown(value)))
            }
        }
    }

    /// A reason's word, and its parts with [`BETWEEN_PARTS`] between them.
    fn reason(&self, word: Column, parts: Column) -> Result<Option<Reason>, Fault> {
        let Some(text) = self.text_or_null(word)? else { return Ok(None) };
        let told = self.text_or_null(parts)?;
        let parts = told.map_or_else(Vec::new, |told| told.split(BETWEEN_PARTS).map(str::to_owned).collect());
        Reason::from_parts(text, parts).map(Some).ok_or_else(|| self.fault(word, text))
    }

    fn string_or_null(&self, column: Column) -> Result<Option<String>, Fault> {
        Ok(self.text_or_null(column)?.map(str::to_owned))
    }

    fn text(&self, column: Column) -> Result<&str, Fault> {
        self.text_or_null(column)?.ok_or_else(|| self.fault(column, "NULL"))
    }

    fn integer_or_null(&self, column: Column) -> Result<Option<i64>, Fault> {
        let value = self.row.get_ref(column.0)?;
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(integer) => Ok(Some(integer)),
            ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                Err(self.fault(column, &shown(value)))
            }
        }
    }

    fn flag_or_null(&self, column: Column) -> Result<Option<bool>, Fault> {
        match self.integer_or_null(column)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(other) => Err(self.fault(column, &other)),
        }
    }

    fn integer(&self, column: Column) -> Result<i64, Fault> {
        self.integer_or_null(column)?.ok_or_else(|| self.fault(column, "NULL"))
    }

    fn u32(&self, column: Column) -> Result<u32, Fault> {
        let integer = self.integer(column)?;
        u32::try_from(integer).map_err(|_| self.fault(column, &integer))
    }

    /// Reads a word or an id with the function given.
    fn parsed<T>(&self, column: Column, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        let text = self.text(column)?;
        read(text).ok_or_else(|| self.fault(column, text))
    }

    fn ms_or_null(&self, column: Column) -> Result<Option<Timestamp>, Fault> {
        let read = |ms| Timestamp::from_millisecond(ms).map_err(|_| self.fault(column, &ms));
        self.integer_or_null(column)?.map(read).transpose()
    }

    fn ms(&self, column: Column) -> Result<Timestamp, Fault> {
        self.ms_or_null(column)?.ok_or_else(|| self.fault(column, "NULL"))
    }

    fn s_or_null(&self, column: Column) -> Result<Option<Timestamp>, Fault> {
        let read = |s| Timestamp::from_second(s).map_err(|_| self.fault(column, &s));
        self.integer_or_null(column)?.map(read).transpose()
    }
}

/// A value as an error shows it: the start of it, without control characters.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(real) => real.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            text.chars().take(80).collect::<String>().escape_debug().to_string()
        }
    }
}

/// A payment and its row's number, which events refer to.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) payment: Payment,
}

/// Reads a row of `payment_columns!()`. What the gateway showed under the order is in another table.
pub(super) fn stored(row: &Row<'_>) -> Result<Stored, Fault> {
    let cells = Cells { table: "payments", row };
    let currency = cells.parsed(payment_column!("currency"), |code| Currency::parse(code).ok())?;
    let outcome_before = payment_column!("outcome_before");
    let amount = |minor| Amount::from_minor(minor, currency);
    let payment = Payment {
        terms: Terms {
            merchant_uid: cells
                .parsed(payment_column!("merchant_uid"), |uid| MerchantUid::parse(uid).ok())?,
            customer_uid: cells
                .parsed(payment_column!("customer_uid"), |uid| CustomerUid::parse(uid).ok())?,
            amount: amount(cells.integer(payment_column!("amount_minor"))?),
            mode: cells.parsed(payment_column!("mode"), Mode::from_word)?,
        },
        once_per: cells.flag_or_null(payment_column!("once_per"))?.unwrap_or(false),
        outcome: cells.parsed(payment_column!("outcome"), Outcome::from_word)?,
        outcome_before: match cells.text_or_null(outcome_before)? {
            None => None,
            Some(word) => Some(Outcome::from_word(word).ok_or_else(|| cells.fault(outcome_before, word))?),
        },
        name: cells.text(payment_column!("name"))?.to_owned(),
        attempts: cells.u32(payment_column!("attempts"))?,
        unanswered: cells.u32(payment_column!("unanswered"))?,
        doubts: cells.u32(payment_column!("doubts"))?,
        requested_at: cells.ms(payment_column!("requested_at_ms"))?,
        last_send: last_send(&cells)?,
        account: cells.string_or_null(payment_column!("account"))?,
        imp_uid: cells.string_or_null(payment_column!("imp_uid"))?,
        sandbox: cells.flag_or_null(payment_column!("sandbox"))?,
        status: cells.string_or_null(payment_column!("status"))?,
        cancel_amount: cells.integer_or_null(payment_column!("cancel_amount_minor"))?.map(amount),
        outside: outside(&cells, amount(cells.integer(payment_column!("outside_minor"))?))?,
        apply_num: cells.string_or_null(payment_column!("apply_num"))?,
        card_name: cells.string_or_null(payment_column!("card_name"))?,
        card_number: cells.string_or_null(payment_column!("card_number"))?,
        pg_provider: cells.string_or_null(payment_column!("pg_provider"))?,
        customer_pg: cells.string_or_null(payment_column!("customer_pg"))?,
        pg_tid: cells.string_or_null(payment_column!("pg_tid"))?,
        receipt_url: cells.string_or_null(payment_column!("receipt_url"))?,
        code: cells.integer_or_null(payment_column!("code"))?,
        message: cells.string_or_null(payment_column!("message"))?,
        reason: cells.reason(payment_column!("reason"), payment_column!("reason_parts"))?,
        doubt_ended_at: cells.ms_or_null(payment_column!("doubt_ended_ms"))?,
        noted: noted(&cells)?,
        paid_at: cells.s_or_null(payment_column!("paid_at_s"))?,
        cancelled_at: cells.s_or_null(payment_column!("cancelled_at_s"))?,
        buyer_name: cells.string_or_null(payment_column!("buyer_name"))?,
        buyer_email: cells.string_or_null(payment_column!("buyer_email"))?,
        buyer_tel: cells.string_or_null(payment_column!("buyer_tel"))?,
        note: cells.string_or_null(payment_column!("note"))?,
        operator: cells.string_or_null(payment_column!("operator"))?,
        host: cells.string_or_null(payment_column!("host"))?,
        tax: match cells.integer(payment_column!("tax_recorded"))? {
            0 => None,
            _ => Some(Tax {
                tax_free: cells.integer_or_null(payment_column!("tax_free_minor"))?.map(amount),
                vat_amount: cells.integer_or_null(payment_column!("vat_amount_minor"))?.map(amount),
            }),
        },
        records: Vec::new(),
    };
    Ok(Stored { id: cells.integer(payment_column!("id"))?, payment })
}

fn noted(cells: &Cells<'_, '_>) -> Result<Option<Noted>, Fault> {
    let column = payment_column!("noted");
    let charged = match cells.text_or_null(column)? {
        None => return Ok(None),
        Some("charged") => true,
        Some("not_charged") => false,
        Some(other) => return Err(cells.fault(column, other)),
    };
    Ok(Some(Noted {
        charged,
        at: cells.ms(payment_column!("noted_at_ms"))?,
        by: cells.string_or_null(payment_column!("noted_by"))?,
        evidence: cells.text(payment_column!("noted_evidence"))?.to_owned(),
    }))
}

fn outside(cells: &Cells<'_, '_>, amount: Amount) -> Result<Option<Outside>, Fault> {
    if amount.minor() == 0 {
        return Ok(None);
    }
    Ok(Some(Outside {
        amount,
        at: cells.ms(payment_column!("outside_at_ms"))?,
        by: cells.string_or_null(payment_column!("outside_by"))?,
        evidence: cells.text(payment_column!("outside_evidence"))?.to_owned(),
    }))
}

fn last_send(cells: &Cells<'_, '_>) -> Result<Option<SendMark>, Fault> {
    let Some(wall) = cells.ms_or_null(payment_column!("last_send_ms"))? else { return Ok(None) };
    let since_boot = payment_column!("last_send_since_boot_ms");
    let boot = match cells.string_or_null(payment_column!("last_send_boot_id"))? {
        Some(boot_id) => {
            Some(BootReading { boot_id: boot_id.into(), since_boot_ms: cells.integer(since_boot)? })
        }
        None => None,
    };
    Ok(Some(SendMark {
        wall,
        boot,
        gateway_s: cells.integer_or_null(payment_column!("last_send_gateway_s"))?,
    }))
}

/// Reads a row of `event_columns!()`.
pub(super) fn event(row: &Row<'_>) -> Result<HistoryEntry, Fault> {
    let cells = Cells { table: "events", row };
    let http_status = event_column!("http_status");
    Ok(HistoryEntry {
        at: cells.ms(event_column!("at_ms"))?,
        kind: cells.parsed(event_column!("kind"), EventKind::from_word)?,
        outcome: cells.parsed(event_column!("outcome"), Outcome::from_word)?,
        attempt: cells.u32(event_column!("attempt"))?,
        operator: cells.string_or_null(event_column!("operator"))?,
        host: cells.string_or_null(event_column!("host"))?,
        received: Received {
            http_status: match cells.integer_or_null(http_status)? {
                None => None,
                Some(status) => Some(u16::try_from(status).map_err(|_| cells.fault(http_status, &status))?),
            },
            code: cells.integer_or_null(event_column!("code"))?,
            message: cells.string_or_null(event_column!("message"))?,
            reason: cells.reason(event_column!("reason"), event_column!("reason_parts"))?,
            imp_uid: cells.string_or_null(event_column!("imp_uid"))?,
            body: cells.string_or_null(event_column!("body"))?,
            took_ms: cells.integer_or_null(event_column!("took_ms"))?,
        },
        refund: match cells.text_or_null(event_column!("refund_id"))? {
            None => None,
            Some(_) => Some((
                cells.parsed(event_column!("refund_id"), RefundId::parse)?,
                cells.parsed(event_column!("refund_outcome"), RefundOutcome::from_word)?,
            )),
        },
    })
}

/// Reads a row of `customer_columns!()`.
pub(super) fn customer(row: &Row<'_>) -> Result<Customer, Fault> {
    let cells = Cells { table: "customers", row };
    Ok(Customer {
        customer_uid: cells.parsed(customer_column!("customer_uid"), |uid| CustomerUid::parse(uid).ok())?,
        name: cells.string_or_null(customer_column!("name"))?,
        email: cells.string_or_null(customer_column!("email"))?,
        tel: cells.string_or_null(customer_column!("tel"))?,
        note: cells.string_or_null(customer_column!("note"))?,
        card: Card {
            card_name: cells.string_or_null(customer_column!("card_name"))?,
            card_code: cells.string_or_null(customer_column!("card_code"))?,
            card_number: cells.string_or_null(customer_column!("card_number"))?,
            pg_provider: cells.string_or_null(customer_column!("pg_provider"))?,
            pg_id: cells.string_or_null(customer_column!("pg_id"))?,
            sandbox: cells.flag_or_null(customer_column!("sandbox"))?,
            inserted_s: cells.integer_or_null(customer_column!("card_inserted_s"))?,
            updated_s: cells.integer_or_null(customer_column!("card_updated_s"))?,
        },
        mode: cells.parsed(customer_column!("mode"), Mode::from_word)?,
        added_at: cells.ms(customer_column!("added_at_ms"))?,
        checked_at: cells.ms_or_null(customer_column!("checked_at_ms"))?,
        removed_at: cells.ms_or_null(customer_column!("removed_at_ms"))?,
    })
}

/// Reads a row of `currency, shown_mode, back_minor`.
pub(super) fn back(row: &Row<'_>) -> Result<(Mode, Amount), Fault> {
    let cells = Cells { table: "payments", row };
    let currency = cells.parsed((0, "currency"), |code| Currency::parse(code).ok())?;
    let mode = cells.parsed((1, "shown_mode"), Mode::from_word)?;
    Ok((mode, Amount::from_minor(cells.integer((2, "back_minor"))?, currency)))
}

/// Reads a row of `outcome, currency, payments, net_minor, noted, noted_minor, shown_mode, denied`.
pub(super) fn group(row: &Row<'_>) -> Result<GroupTotal, Fault> {
    let cells = Cells { table: "payments", row };
    let currency = cells.parsed((1, "currency"), |code| Currency::parse(code).ok())?;
    let count = cells.integer((2, "payments"))?;
    let noted = cells.integer((4, "noted"))?;
    Ok(GroupTotal {
        outcome: cells.parsed((0, "outcome"), Outcome::from_word)?,
        count: u64::try_from(count).map_err(|_| cells.fault((2, "payments"), &count))?,
        net: Amount::from_minor(cells.integer((3, "net_minor"))?, currency),
        noted: u64::try_from(noted).map_err(|_| cells.fault((4, "noted"), &noted))?,
        noted_net: Amount::from_minor(cells.integer((5, "noted_minor"))?, currency),
        mode: cells.parsed((6, "shown_mode"), Mode::from_word)?,
        denied: cells.flag_or_null((7, "denied"))? == Some(true),
    })
}

/// Reads a row of sums of days: `outcome, currency, payments, net_high, net_low, noted, noted_high, noted_low, mode,
/// denied`.
pub(super) fn day_group(row: &Row<'_>) -> Result<GroupTotal, Fault> {
    let cells = Cells { table: "day_sums", row };
    let currency = cells.parsed((1, "currency"), |code| Currency::parse(code).ok())?;
    let count = |column: Column| {
        let count = cells.integer(column)?;
        u64::try_from(count).map_err(|_| cells.fault(column, &count))
    };
    let amount = |high: Column, low: Column| {
        let minor = i128::from(cells.integer(high)?) * (1 << 32) + i128::from(cells.integer(low)?);
        let minor = i64::try_from(minor).map_err(|_| Fault::TooLarge("sum of the amounts"))?;
        Ok::<Amount, Fault>(Amount::from_minor(minor, currency))
    };
    Ok(GroupTotal {
        outcome: cells.parsed((0, "outcome"), Outcome::from_word)?,
        mode: cells.parsed((8, "mode"), Mode::from_word)?,
        denied: count((9, "denied"))? > 0,
        count: count((2, "payments"))?,
        net: amount((3, "net_high"), (4, "net_low"))?,
        noted: count((5, "noted"))?,
        noted_net: amount((6, "noted_high"), (7, "noted_low"))?,
    })
}

/// Reads all rows of a statement.
pub(super) fn collect<T>(
    mut rows: Rows<'_>,
    read: impl Fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}
