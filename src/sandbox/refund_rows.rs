//! Refunds in the book: made at once, or taken now and made later.

use rusqlite::{Connection, params};

use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::payment::{Payment, decimal, random_digits};
use crate::sandbox::search::by_imp_uid;

/// A refund as it was asked for and allowed.
pub(super) struct Refund {
    pub(super) amount: Decimal,
    pub(super) reason: Option<String>,
    /// The tax parts as sent: absent and 0 are different (facts 15.1).
    pub(super) tax_free: Option<Decimal>,
    pub(super) vat_amount: Option<Decimal>,
}

impl Refund {
    /// Makes the refund.
    pub(super) fn make(&self, book: &Connection, payment: &Payment, at_ms: i64) -> Result<(), SandboxError> {
        let pg_tid = format!("sandbox{}", random_digits(book, 16)?);
        let cancellation_id = format!("cancellation_{}", random_digits(book, 18)?);
        let receipt_url = format!("https://receipt.sandbox.invalid/{pg_tid}");
        book.execute(
            "INSERT INTO refunds (cancellation_id, imp_uid, pg_tid, amount, reason, receipt_url,
                 cancelled_at_ms, tax_free, vat_amount)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                cancellation_id,
                payment.imp_uid,
                pg_tid,
                self.amount.to_string(),
                self.reason,
                receipt_url,
                at_ms,
                self.tax_free.map(|amount| amount.to_string()),
                self.vat_amount.map(|amount| amount.to_string()),
            ],
        )?;
        let held = payment.held_at_pg.as_deref().map(decimal).transpose()?;
        let held = held.map(|held| held.minus(self.amount).to_string());
        // The status is cancelled after a partial refund too, and money is still kept.
        let cancel_amount = decimal(&payment.cancel_amount)?.plus(self.amount).to_string();
        book.execute(
            "UPDATE payments SET status = 'cancelled', cancel_amount = ?2, cancelled_at_ms = ?3,
                 updated_at_ms = ?3, cancel_reason = ?4, held_at_pg = ?5
             WHERE imp_uid = ?1",
            params![payment.imp_uid, cancel_amount, at_ms, self.reason, held],
        )?;
        Ok(())
    }

    /// Keeps the refund to be made later.
    pub(super) fn make_later(
        &self,
        book: &Connection,
        payment: &Payment,
        lands_at_ms: i64,
    ) -> Result<(), SandboxError> {
        book.execute(
            "INSERT INTO late_refunds (imp_uid, amount, reason, tax_free, vat_amount, lands_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                payment.imp_uid,
                self.amount.to_string(),
                self.reason,
                self.tax_free.map(|amount| amount.to_string()),
                self.vat_amount.map(|amount| amount.to_string()),
                lands_at_ms,
            ],
        )?;
        Ok(())
    }
}

/// Says whether the time of a refund has come that was to be made later.
pub(super) fn is_any_due(book: &Connection) -> Result<bool, SandboxError> {
    Ok(book.prepare_cached("SELECT 1 FROM late_refunds WHERE lands_at_ms <= ?1")?.exists([now_ms()])?)
}

/// Makes the refunds whose time has come. One that the balance no longer allows comes to nothing.
pub(super) fn make_due(book: &Connection) -> Result<(), SandboxError> {
    let mut due = Vec::new();
    {
        let mut statement =
            book.prepare_cached("SELECT * FROM late_refunds WHERE lands_at_ms <= ?1 ORDER BY sequence")?;
        let mut rows = statement.query([now_ms()])?;
        let part = |text: Option<String>| text.as_deref().map(decimal).transpose();
        while let Some(row) = rows.next()? {
            let refund = Refund {
                amount: decimal(&row.get::<_, String>("amount")?)?,
                reason: row.get("reason")?,
                tax_free: part(row.get("tax_free")?)?,
                vat_amount: part(row.get("vat_amount")?)?,
            };
            let lands_at_ms: i64 = row.get("lands_at_ms")?;
            due.push((row.get::<_, i64>("sequence")?, row.get::<_, String>("imp_uid")?, lands_at_ms, refund));
        }
    }
    for (sequence, imp_uid, lands_at_ms, refund) in due {
        book.execute("DELETE FROM late_refunds WHERE sequence = ?1", [sequence])?;
        if let Some(payment) = by_imp_uid(book, &imp_uid)?
            && refund.amount <= payment.balance()?
            && refund.amount <= payment.held()?
        {
            refund.make(book, &payment, lands_at_ms)?;
        }
    }
    Ok(())
}
