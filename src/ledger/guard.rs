//! The checks that must hold in the very transaction that writes an intent.

use rusqlite::{Connection, named_params};

use crate::domain::money::Amount;
use crate::ledger::fault::Fault;
use crate::ledger::row::{self, payment_columns};
use crate::ledger::{DailyLimit, Intent, IntentResult};

/// A retry counts by its last send too: that is when the card is charged.
pub(super) const SIMILAR: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE customer_uid = :customer_uid AND merchant_uid <> :merchant_uid \
        AND amount_minor = :amount_minor AND currency = :currency \
        AND outcome IN ('paid', 'pending', 'unknown') \
        AND (requested_at_ms >= :since_ms OR last_send_ms >= :since_ms) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT 1"
);

pub(super) const SPENT: &str = "SELECT coalesce(sum(amount_minor), 0) AS spent FROM payments \
     WHERE ((requested_at_ms >= :from_ms AND requested_at_ms < :to_ms) \
         OR (last_send_ms >= :from_ms AND last_send_ms < :to_ms)) \
       AND merchant_uid <> :merchant_uid AND currency = :currency \
       AND outcome IN ('paid', 'pending', 'unknown')";

/// Why the intent must not be written, if there is a reason.
pub(super) fn refusal(tx: &Connection, intent: &Intent<'_>) -> Result<Option<IntentResult>, Fault> {
    if let Some(since) = intent.guards.similar_since {
        let terms = &intent.request.terms;
        let mut statement = tx.prepare_cached(SIMILAR)?;
        let mut rows = statement.query(named_params! {
            ":customer_uid": terms.customer_uid.as_str(),
            ":merchant_uid": terms.merchant_uid.as_str(),
            ":amount_minor": terms.amount.minor(),
            ":currency": terms.amount.currency().code(),
            ":since_ms": since.as_millisecond(),
        })?;
        if let Some(row) = rows.next()? {
            return Ok(Some(IntentResult::Similar(row::stored(row)?.payment)));
        }
    }
    match &intent.guards.daily {
        Some(limit) => over_daily(tx, intent, limit),
        None => Ok(None),
    }
}

fn over_daily(
    tx: &Connection,
    intent: &Intent<'_>,
    limit: &DailyLimit,
) -> Result<Option<IntentResult>, Fault> {
    let terms = &intent.request.terms;
    let currency = terms.amount.currency();
    // A limit in won says nothing of dollars.
    if limit.max.currency() != currency {
        return Ok(None);
    }
    let mut statement = tx.prepare_cached(SPENT)?;
    let spent: i64 = statement.query_row(
        named_params! {
            ":from_ms": limit.from.as_millisecond(),
            ":to_ms": limit.to.as_millisecond(),
            ":merchant_uid": terms.merchant_uid.as_str(),
            ":currency": currency.code(),
        },
        |row| row.get("spent"),
    )?;
    let spent = Amount::from_minor(spent, currency);
    let within = spent.checked_add(terms.amount).is_some_and(|sum| sum <= limit.max);
    Ok((!within).then_some(IntentResult::OverDaily { spent, max: limit.max }))
}
