//! Declined and rejected orders, and what is known beside each: for the rules that say when one may be tried again
//! (`domain/due.rs`). They are read by an index that has none but these, one at a time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::due::{Tried, Try};
use crate::domain::payment::{Mode, Payment};
use crate::domain::time::from_epoch_s;
use crate::ledger::engine::Refusals;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::records::of_payment;
use crate::ledger::sqlite::row::{self, Stored, payment_columns};
use crate::ledger::{LedgerError, Refused};

/// The condition is that of the index `payments_refused`.
pub(super) const REFUSED: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE (outcome = 'declined' OR outcome = 'rejected') AND mode = ?1 \
        AND requested_at_ms >= ?2 AND requested_at_ms < ?3 ORDER BY requested_at_ms, id"
);

/// Of a customer the index of customers knows them.
pub(super) const REFUSED_OF: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE customer_uid = ?4 AND outcome IN ('declined', 'rejected') AND mode = ?1 \
        AND requested_at_ms >= ?2 AND requested_at_ms < ?3 ORDER BY requested_at_ms, id"
);

/// Requests that left and were not paid, of all orders of a customer: an attempt of which a request is known not to
/// have left is none.
const SENT: &str = "SELECT p.id, min(e.at_ms) FROM payments AS p JOIN events AS e ON e.payment_id = p.id \
     WHERE p.customer_uid = ?1 AND p.mode = ?2 AND (p.requested_at_ms >= ?3 OR p.last_send_ms >= ?3) \
       AND e.kind IN ('intent', 'answer', 'lookup', 'not_sent') AND e.attempt > 0 \
     GROUP BY p.id, e.attempt \
    HAVING sum(e.kind = 'intent') > 0 AND sum(e.kind = 'not_sent') = 0 AND sum(e.outcome = 'paid') = 0";

/// What the gateway shows as failed, from here or from elsewhere.
const FAILED: &str = "SELECT p.id, coalesce(r.failed_at_s * 1000, r.first_seen_ms) \
     FROM payments AS p JOIN records AS r ON r.payment_id = p.id \
     WHERE p.customer_uid = ?1 AND p.mode = ?2 AND (p.requested_at_ms >= ?3 OR p.last_send_ms >= ?3) \
       AND r.status = 'failed'";

/// When the billing key was issued or replaced, and whether the customer was removed here.
const CUSTOMER: &str = "SELECT max(ifnull(card_updated_s, 0), ifnull(card_inserted_s, 0)), removed_at_ms IS NOT NULL \
     FROM customers WHERE customer_uid = ?1";

/// Other orders of the same customer and amount: those that are paid and were asked for later, and those that are open.
pub(super) const BESIDE: &str = "SELECT \
       ifnull(max((outcome = 'paid' OR noted = 'charged') AND requested_at_ms > ?6), 0), \
       ifnull(max(outcome IN ('pending', 'unknown') AND noted IS NULL), 0) \
     FROM payments WHERE customer_uid = ?1 AND amount_minor = ?2 AND currency = ?3 AND mode = ?4 \
       AND merchant_uid <> ?5";

const ID: &str = "SELECT id FROM payments WHERE merchant_uid = ?1";

const OPEN: &str =
    "SELECT count(*) FROM payments WHERE outcome IN ('pending', 'unknown') AND noted IS NULL AND mode = ?1";

const OLDER: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE (outcome = 'declined' OR outcome = 'rejected') \
     AND mode = ?1 AND requested_at_ms < ?2)";

impl Refusals for Sqlite {
    fn refused(
        &self,
        of: &Refused,
        each: &mut dyn FnMut(Payment) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.read(|db| {
            let (mode, since, until) = (of.mode.word(), of.since.as_millisecond(), of.until.as_millisecond());
            let mut statement =
                db.prepare_cached(if of.customer.is_some() { REFUSED_OF } else { REFUSED })?;
            let mut rows = match &of.customer {
                Some(customer) => statement.query(params![mode, since, until, customer.as_str()])?,
                None => statement.query(params![mode, since, until])?,
            };
            while let Some(row) = rows.next()? {
                let Stored { id, mut payment } = row::stored(row)?;
                payment.records = of_payment(db, id)?;
                if each(payment).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn tried(&self, payment: &Payment, since: Timestamp) -> Result<Tried, LedgerError> {
        self.read(|db| {
            let terms = &payment.terms;
            let since = since.min(payment.requested_at);
            let own: i64 =
                db.prepare_cached(ID)?.query_row([terms.merchant_uid.as_str()], |row| row.get(0))?;
            let tries = tries(db, terms.customer_uid.as_str(), terms.mode, since, own)?;
            let mut statement = db.prepare_cached(CUSTOMER)?;
            let mut rows = statement.query([terms.customer_uid.as_str()])?;
            let (key_since_s, customer_removed) = match rows.next()? {
                Some(row) => (row.get(0)?, row.get(1)?),
                None => (0, false),
            };
            let currency = terms.amount.currency();
            let beside = params![
                terms.customer_uid.as_str(),
                terms.amount.minor(),
                currency.code(),
                terms.mode.word(),
                terms.merchant_uid.as_str(),
                payment.requested_at.as_millisecond()
            ];
            let (paid_since, open_beside) =
                db.prepare_cached(BESIDE)?.query_row(beside, |row| Ok((row.get(0)?, row.get(1)?)))?;
            let key_since = from_epoch_s(key_since_s);
            Ok(Tried { tries, key_since, customer_removed, paid_since, open_beside })
        })
    }

    fn open_count(&self, mode: Mode) -> Result<u64, LedgerError> {
        self.read(|db| {
            let count: i64 = db.prepare_cached(OPEN)?.query_row([mode.word()], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
    }

    fn refused_before(&self, mode: Mode, before: Timestamp) -> Result<bool, LedgerError> {
        let params = (mode.word(), before.as_millisecond());
        self.read(|db| Ok(db.prepare_cached(OLDER)?.query_row(params, |row| row.get(0))?))
    }
}

/// Of each order the requests that left, or, where those are more, the failed payments that the gateway shows: some may
/// be of another ledger.
fn tries(db: &Connection, customer: &str, mode: Mode, since: Timestamp, own: i64) -> Result<Vec<Try>, Fault> {
    let read = |sql: &str| -> Result<BTreeMap<i64, Vec<i64>>, Fault> {
        let mut of_order: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(params![customer, mode.word(), since.as_millisecond()])?;
        while let Some(row) = rows.next()? {
            of_order.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(of_order)
    };
    let (mut sent, failed) = (read(SENT)?, read(FAILED)?);
    for (order, times) in failed {
        let of_order = sent.entry(order).or_default();
        if times.len() > of_order.len() {
            *of_order = times;
        }
    }
    let of_order = |(order, times): (i64, Vec<i64>)| {
        let at = move |ms| Some(Try { at: Timestamp::from_millisecond(ms).ok()?, own: order == own });
        times.into_iter().filter_map(at)
    };
    let mut tries: Vec<Try> = sent.into_iter().flat_map(of_order).collect();
    tries.sort_by_key(|one| one.at);
    Ok(tries)
}
