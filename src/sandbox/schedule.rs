//! Scheduled payments (facts 16): their rows in the book, and how they look on the wire.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use serde_json::{Value, json};

use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fields::Fields;
use crate::sandbox::search::by_imp_uid;

/// Not executed yet.
pub(super) const SCHEDULED: &str = "scheduled";
/// Its time came, whatever became of the payment.
pub(super) const EXECUTED: &str = "executed";
/// Taken back before its time came.
pub(super) const REVOKED: &str = "revoked";

/// One row of the table `schedules`.
pub(super) struct Schedule {
    pub(super) merchant_uid: String,
    pub(super) customer_uid: String,
    pub(super) schedule_at_s: i64,
    pub(super) status: String,
    pub(super) executed_at_ms: i64,
    pub(super) revoked_at_ms: i64,
    pub(super) imp_uid: Option<String>,
    pub(super) fail_reason: Option<String>,
    pub(super) terms: String,
}

/// Which schedules a list shows: those of a customer or all, with `from_s` ≤ time < `to_s`.
#[derive(Clone, Copy)]
pub(super) struct Range<'a> {
    pub(super) customer_uid: Option<&'a str>,
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    pub(super) status: Option<&'a str>,
}

impl Schedule {
    fn from_row(row: &Row<'_>) -> Result<Schedule, rusqlite::Error> {
        Ok(Schedule {
            merchant_uid: row.get("merchant_uid")?,
            customer_uid: row.get("customer_uid")?,
            schedule_at_s: row.get("schedule_at_s")?,
            status: row.get("status")?,
            executed_at_ms: row.get("executed_at_ms")?,
            revoked_at_ms: row.get("revoked_at_ms")?,
            imp_uid: row.get("imp_uid")?,
            fail_reason: row.get("fail_reason")?,
            terms: row.get("terms")?,
        })
    }

    /// Finds the schedule of a `merchant_uid`.
    pub(super) fn find(book: &Connection, merchant_uid: &str) -> Result<Option<Schedule>, SandboxError> {
        let mut statement = book.prepare_cached("SELECT * FROM schedules WHERE merchant_uid = ?1")?;
        Ok(statement.query_row([merchant_uid], Schedule::from_row).optional()?)
    }

    /// Writes the schedule, in the place of an earlier state of it.
    pub(super) fn save(&self, book: &Connection) -> Result<(), SandboxError> {
        book.execute(
            "INSERT INTO schedules (merchant_uid, customer_uid, schedule_at_s, status, executed_at_ms,
                 revoked_at_ms, imp_uid, fail_reason, terms)
             VALUES (:merchant_uid, :customer_uid, :schedule_at_s, :status, :executed, :revoked, :imp_uid,
                 :fail_reason, :terms)
             ON CONFLICT (merchant_uid) DO UPDATE SET schedule_at_s = excluded.schedule_at_s,
                 status = excluded.status, executed_at_ms = excluded.executed_at_ms,
                 revoked_at_ms = excluded.revoked_at_ms, imp_uid = excluded.imp_uid,
                 fail_reason = excluded.fail_reason",
            named_params! {
                ":merchant_uid": self.merchant_uid,
                ":customer_uid": self.customer_uid,
                ":schedule_at_s": self.schedule_at_s,
                ":status": self.status,
                ":executed": self.executed_at_ms,
                ":revoked": self.revoked_at_ms,
                ":imp_uid": self.imp_uid,
                ":fail_reason": self.fail_reason,
                ":terms": self.terms,
            },
        )?;
        Ok(())
    }

    /// Gives what the payment is to be, as the fields of a charge.
    pub(super) fn fields(&self) -> Fields {
        Fields::from_json(&self.terms)
    }

    /// Says how the execution ended: `paid`, `failed`, `cancelled`, or nothing before it.
    pub(super) fn payment_status(&self, book: &Connection) -> Result<Option<String>, SandboxError> {
        if self.status != EXECUTED {
            return Ok(None);
        }
        let payment = self.imp_uid.as_ref().map(|imp_uid| by_imp_uid(book, imp_uid)).transpose()?;
        let status = payment.flatten().map(|payment| payment.status);
        Ok(Some(status.unwrap_or_else(|| "failed".to_owned())))
    }

    /// Gives the schedule as the gateway writes it.
    pub(super) fn to_json(&self, book: &Connection) -> Result<Value, SandboxError> {
        let fields = self.fields();
        let payment = self.imp_uid.as_ref().map(|imp_uid| by_imp_uid(book, imp_uid)).transpose()?.flatten();
        let key = BillingKey::find(book, &self.customer_uid)?;
        Ok(json!({
            "amount": fields.amount("amount").ok().flatten().map(Decimal::to_json),
            "buyer_addr": fields.text("buyer_addr"),
            "buyer_email": fields.text("buyer_email"),
            "buyer_name": fields.text("buyer_name"),
            "buyer_postcode": fields.text("buyer_postcode"),
            "buyer_tel": fields.text("buyer_tel"),
            "currency": fields.text("currency").unwrap_or_else(|| "KRW".to_owned()),
            "custom_data": fields.text("custom_data"),
            "customer_id": fields.text("customer_id"),
            "customer_uid": self.customer_uid,
            "executed_at": wire_seconds(self.executed_at_ms),
            "fail_reason": payment.and_then(|payment| payment.fail_reason).or_else(|| self.fail_reason.clone()),
            "imp_uid": self.imp_uid,
            "merchant_uid": self.merchant_uid,
            "name": fields.text("name"),
            "payment_status": self.payment_status(book)?,
            "pg_id": key.as_ref().map(|key| &key.pg_id),
            "pg_provider": key.as_ref().map(|key| &key.pg_provider),
            "promotion_id": fields.text("promotion_id"),
            "revoked_at": wire_seconds(self.revoked_at_ms),
            "schedule_at": self.schedule_at_s,
            "schedule_status": self.status,
        }))
    }
}

/// Gives the schedules of a range and how many there are; the latest first, or the earliest.
pub(super) fn list(
    book: &Connection,
    range: Range<'_>,
    earliest_first: bool,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Schedule>, i64), SandboxError> {
    const WHERE: &str = "FROM schedules WHERE (?1 IS NULL OR customer_uid = ?1)
        AND schedule_at_s >= ?2 AND schedule_at_s < ?3 AND (?4 IS NULL OR status = ?4)";
    let total: i64 = book.query_row(
        &format!("SELECT count(*) {WHERE}"),
        params![range.customer_uid, range.from_s, range.to_s, range.status],
        |row| row.get(0),
    )?;
    let order = if earliest_first { "schedule_at_s, sequence" } else { "schedule_at_s DESC, sequence DESC" };
    let mut statement = book.prepare(&format!("SELECT * {WHERE} ORDER BY {order} LIMIT ?5 OFFSET ?6"))?;
    let found = statement.query_map(
        params![range.customer_uid, range.from_s, range.to_s, range.status, limit, offset],
        Schedule::from_row,
    )?;
    Ok((found.collect::<Result<_, _>>()?, total))
}

/// Gives the schedules that are still to be executed, of a customer or with these ids.
pub(super) fn still_scheduled(
    book: &Connection,
    customer_uid: Option<&str>,
    merchant_uids: &[String],
) -> Result<Vec<Schedule>, SandboxError> {
    let mut statement = book.prepare(
        "SELECT * FROM schedules WHERE status = 'scheduled' AND (?1 IS NULL OR customer_uid = ?1)
         ORDER BY sequence",
    )?;
    let found = statement.query_map([customer_uid], Schedule::from_row)?;
    let found: Vec<Schedule> = found.collect::<Result<_, _>>()?;
    let is_wanted =
        |schedule: &Schedule| merchant_uids.is_empty() || merchant_uids.contains(&schedule.merchant_uid);
    Ok(found.into_iter().filter(is_wanted).collect())
}

/// Gives the schedules whose time has come, in the order of their times.
pub(super) fn due(book: &Connection) -> Result<Vec<Schedule>, SandboxError> {
    let mut statement = book.prepare_cached(
        "SELECT * FROM schedules WHERE schedule_at_s <= ?1 AND status = 'scheduled'
         ORDER BY schedule_at_s, sequence",
    )?;
    let found = statement.query_map([wire_seconds(now_ms())], Schedule::from_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Gives every schedule of the book, oldest first.
pub(super) fn everything(book: &Connection) -> Result<Vec<Schedule>, SandboxError> {
    let mut statement = book.prepare("SELECT * FROM schedules ORDER BY sequence")?;
    let found = statement.query_map([], Schedule::from_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Gives a scheduled payment without a name the one it gets at the gateway (facts 2.3), in Korean time.
pub(super) fn made_up_name(
    book: &Connection,
    customer_uid: &str,
    schedule_at_s: i64,
) -> Result<String, SandboxError> {
    let when: String = book.query_row(
        "SELECT strftime('%Y-%m-%d %H:%M:%S', ?1 + 9 * 3600, 'unixepoch')",
        [schedule_at_s],
        |row| row.get(0),
    )?;
    Ok(format!("{customer_uid} 고객에 대한 {when} 예약 결제"))
}
