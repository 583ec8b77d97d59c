//! The history of a payment's refunds as the gateway showed it last.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::domain::money::{Amount, Currency};
use crate::domain::movement::Cancellation;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::collect;

const OF_PAYMENT: &str = "SELECT amount_minor, currency, at_s, reason, cancellation_id, receipt_url FROM cancellations \
     WHERE payment_id = ?1 AND imp_uid = ?2 ORDER BY nth";
const FORGET: &str = "DELETE FROM cancellations WHERE payment_id = ?1 AND imp_uid = ?2";
const INSERT: &str = "INSERT INTO cancellations (payment_id, imp_uid, nth, amount_minor, currency, at_s, reason, \
     cancellation_id, receipt_url) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

pub(super) fn history(db: &Connection, payment_id: i64, imp_uid: &str) -> Result<Vec<Cancellation>, Fault> {
    collect(db.prepare_cached(OF_PAYMENT)?.query(params![payment_id, imp_uid])?, cancellation)
}

fn cancellation(row: &Row<'_>) -> Result<Cancellation, Fault> {
    let code: String = row.get("currency")?;
    let fault = |column, value: String| Fault::Cell {
        table: "cancellations",
        row: "one of a payment".to_owned(),
        column,
        value,
    };
    let currency = Currency::parse(&code).map_err(|_| fault("currency", code))?;
    let at_s: Option<i64> = row.get("at_s")?;
    let read = |at_s| Timestamp::from_second(at_s).map_err(|_| fault("at_s", at_s.to_string()));
    Ok(Cancellation {
        amount: Amount::from_minor(row.get("amount_minor")?, currency),
        at: at_s.map(read).transpose()?,
        reason: row.get("reason")?,
        cancellation_id: row.get("cancellation_id")?,
        receipt_url: row.get("receipt_url")?,
    })
}

/// Puts a history in the place of the one that was shown before.
pub(super) fn put(
    tx: &Connection,
    payment_id: i64,
    imp_uid: &str,
    shown: &[Cancellation],
) -> Result<(), Fault> {
    if history(tx, payment_id, imp_uid)? == shown {
        return Ok(());
    }
    tx.prepare_cached(FORGET)?.execute(params![payment_id, imp_uid])?;
    for (nth, one) in (1_i64..).zip(shown) {
        tx.prepare_cached(INSERT)?.execute(params![
            payment_id,
            imp_uid,
            nth,
            one.amount.minor(),
            one.amount.currency().code(),
            one.at.map(Timestamp::as_second),
            one.reason,
            one.cancellation_id,
            one.receipt_url,
        ])?;
    }
    Ok(())
}
