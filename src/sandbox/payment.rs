//! Payments: their rows in the book, and how they look on the wire (facts 2.3).

use rusqlite::{Connection, Row, named_params};
use serde_json::{Map, Value, json};

use crate::sandbox::clock::wire_seconds;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;

/// One row of the table `payments`.
pub(super) struct Payment {
    pub(super) imp_uid: String,
    pub(super) merchant_uid: String,
    pub(super) customer_uid: String,
    pub(super) amount: String,
    pub(super) cancel_amount: String,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) is_sandbox: bool,
    pub(super) started_at_ms: i64,
    pub(super) paid_at_ms: i64,
    pub(super) failed_at_ms: i64,
    pub(super) cancelled_at_ms: i64,
    pub(super) updated_at_ms: i64,
    pub(super) apply_num: Option<String>,
    pub(super) receipt_url: Option<String>,
    pub(super) fail_reason: Option<String>,
    pub(super) cancel_reason: Option<String>,
    pub(super) lands_at_ms: i64,
    pub(super) visible_at_ms: i64,
    pub(super) flips_at_ms: Option<i64>,
    /// The fields of the wire that never change, as a JSON object.
    pub(super) details: String,
    pub(super) tax_free: Option<String>,
    pub(super) vat_amount: Option<String>,
    /// What the PG holds, where that is not what the gateway believes.
    pub(super) held_at_pg: Option<String>,
}

impl Payment {
    pub(super) fn from_row(row: &Row<'_>) -> Result<Payment, rusqlite::Error> {
        Ok(Payment {
            imp_uid: row.get("imp_uid")?,
            merchant_uid: row.get("merchant_uid")?,
            customer_uid: row.get("customer_uid")?,
            amount: row.get("amount")?,
            cancel_amount: row.get("cancel_amount")?,
            currency: row.get("currency")?,
            status: row.get("status")?,
            is_sandbox: row.get("sandbox")?,
            started_at_ms: row.get("started_at_ms")?,
            paid_at_ms: row.get("paid_at_ms")?,
            failed_at_ms: row.get("failed_at_ms")?,
            cancelled_at_ms: row.get("cancelled_at_ms")?,
            updated_at_ms: row.get("updated_at_ms")?,
            apply_num: row.get("apply_num")?,
            receipt_url: row.get("receipt_url")?,
            fail_reason: row.get("fail_reason")?,
            cancel_reason: row.get("cancel_reason")?,
            lands_at_ms: row.get("lands_at_ms")?,
            visible_at_ms: row.get("visible_at_ms")?,
            flips_at_ms: row.get("flips_at_ms")?,
            details: row.get("details")?,
            tax_free: row.get("tax_free")?,
            vat_amount: row.get("vat_amount")?,
            held_at_pg: row.get("held_at_pg")?,
        })
    }

    /// Writes the payment into the book.
    pub(super) fn insert(&self, connection: &Connection) -> Result<(), SandboxError> {
        connection.execute(
            "INSERT INTO payments (imp_uid, merchant_uid, customer_uid, amount, cancel_amount, currency, status,
                 sandbox, started_at_ms, paid_at_ms, failed_at_ms, cancelled_at_ms, updated_at_ms,
                 apply_num, receipt_url, fail_reason, cancel_reason, lands_at_ms, visible_at_ms,
                 flips_at_ms, details, tax_free, vat_amount, held_at_pg)
             VALUES (:imp_uid, :merchant_uid, :customer_uid, :amount, :cancel_amount, :currency, :status,
                 :sandbox, :started, :paid, :failed, :cancelled, :updated, :apply_num,
                 :receipt_url, :fail_reason, :cancel_reason, :lands, :visible, :flips, :details,
                 :tax_free, :vat_amount, :held)",
            named_params! {
                ":imp_uid": self.imp_uid,
                ":merchant_uid": self.merchant_uid,
                ":customer_uid": self.customer_uid,
                ":amount": self.amount,
                ":cancel_amount": self.cancel_amount,
                ":currency": self.currency,
                ":status": self.status,
                ":sandbox": self.is_sandbox,
                ":started": self.started_at_ms,
                ":paid": self.paid_at_ms,
                ":failed": self.failed_at_ms,
                ":cancelled": self.cancelled_at_ms,
                ":updated": self.updated_at_ms,
                ":apply_num": self.apply_num,
                ":receipt_url": self.receipt_url,
                ":fail_reason": self.fail_reason,
                ":cancel_reason": self.cancel_reason,
                ":lands": self.lands_at_ms,
                ":visible": self.visible_at_ms,
                ":flips": self.flips_at_ms,
                ":details": self.details,
                ":tax_free": self.tax_free,
                ":vat_amount": self.vat_amount,
                ":held": self.held_at_pg,
            },
        )?;
        Ok(())
    }

    /// Gives the payment as the gateway writes it, with its refunds.
    pub(super) fn to_json(&self, connection: &Connection) -> Result<Value, SandboxError> {
        let odd = |_| SandboxError::OddBook { what: "a payment's details", text: self.details.clone() };
        let mut fields: Map<String, Value> = serde_json::from_str(&self.details).map_err(odd)?;
        let refunds = self.refunds(connection)?;
        let receipts: Vec<Value> = refunds.iter().map(|refund| refund["receipt_url"].clone()).collect();
        // What was never approved shows no approval, although the row already knows what it would be.
        let approved = matches!(self.status.as_str(), "paid" | "cancelled");
        let rest = json!({
            "amount": decimal(&self.amount)?.to_json(),
            "apply_num": self.apply_num.as_ref().filter(|_| approved),
            "cancel_amount": decimal(&self.cancel_amount)?.to_json(),
            "cancel_history": refunds,
            "cancel_reason": self.cancel_reason,
            "cancel_receipt_urls": receipts,
            "cancelled_at": wire_seconds(self.cancelled_at_ms),
            "currency": self.currency,
            "customer_uid": Some(&self.customer_uid).filter(|uid| !uid.is_empty()),
            "fail_reason": self.fail_reason,
            "failed_at": wire_seconds(self.failed_at_ms),
            "imp_uid": self.imp_uid,
            "merchant_uid": self.merchant_uid,
            "paid_at": wire_seconds(self.paid_at_ms),
            "receipt_url": self.receipt_url.as_ref().filter(|_| approved),
            "sandbox": self.is_sandbox,
            "started_at": wire_seconds(self.started_at_ms),
            "status": self.status,
        });
        if let Value::Object(rest) = rest {
            fields.extend(rest);
        }
        Ok(Value::Object(fields))
    }

    /// Gives the refunds as items of `cancel_history`, oldest first (facts 4).
    fn refunds(&self, connection: &Connection) -> Result<Vec<Value>, SandboxError> {
        if self.cancelled_at_ms == 0 {
            return Ok(Vec::new());
        }
        let mut statement =
            connection.prepare_cached("SELECT * FROM refunds WHERE imp_uid = ?1 ORDER BY sequence")?;
        let mut rows = statement.query([&self.imp_uid])?;
        let mut refunds = Vec::new();
        while let Some(row) = rows.next()? {
            refunds.push(json!({
                "amount": decimal(&row.get::<_, String>("amount")?)?.to_json(),
                "cancellation_id": row.get::<_, String>("cancellation_id")?,
                "cancelled_at": wire_seconds(row.get("cancelled_at_ms")?),
                "pg_tid": row.get::<_, String>("pg_tid")?,
                "reason": row.get::<_, Option<String>>("reason")?.unwrap_or_default(),
                "receipt_url": row.get::<_, String>("receipt_url")?,
            }));
        }
        Ok(refunds)
    }
}

impl Payment {
    /// Gives what the gateway believes can still be refunded.
    pub(super) fn balance(&self) -> Result<Decimal, SandboxError> {
        Ok(decimal(&self.amount)?.minus(decimal(&self.cancel_amount)?))
    }

    /// Gives what the PG holds.
    pub(super) fn held(&self) -> Result<Decimal, SandboxError> {
        self.held_at_pg.as_deref().map_or_else(|| self.balance(), decimal)
    }
}

/// Reads an amount that the sandbox itself wrote into the book.
pub(super) fn decimal(text: &str) -> Result<Decimal, SandboxError> {
    Decimal::parse(text).ok_or_else(|| SandboxError::OddBook { what: "an amount", text: text.to_owned() })
}

/// Makes an id of so many random digits.
pub(super) fn random_digits(connection: &Connection, digits: u32) -> Result<String, SandboxError> {
    let width = usize::try_from(digits).unwrap_or_default();
    let number: i64 = connection.query_row(
        "SELECT (random() & 9223372036854775807) % ?1",
        [10_i64.pow(digits)],
        |row| row.get(0),
    )?;
    Ok(format!("{number:0width$}"))
}
