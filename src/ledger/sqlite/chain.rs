//! A hash chain for each payment, so that a row that was changed or is missing shows.
//!
//! `chain` is made of the payment's events in their order: of the link before it and of the event. `head` is made of
//! that and of everything else that the ledger holds of the payment: its row, what the gateway showed under its
//! order, its refunds and its notes. Both stand in the row and are written in the transaction that changes any of it,
//! here and nowhere else ([`before`] and [`after`]).
//!
//! What is hashed is made of values (`hashed.rs`), and not by SQL. The columns stand in here by their names and in this order. Whoever adds one begins a second version of the encoding,
//! and a migration that fills it in.
//!
//! There is no secret in it: it shows what was done to the file by other means than this program, and is no proof
//! against somebody who has this program's code and means to deceive.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, params};

use crate::domain::ids::{MerchantUid, RefundId};
use crate::ledger::entry::{Entry, Order};
use crate::ledger::hashed::{Compared, Hash, NOTHING, Value, encode, head, link};
use crate::ledger::sqlite::fault::Fault;

/// The columns of a table that are hashed, behind the number of the payment that a row is of. The first two of a
/// payment's own row are what is made here.
macro_rules! hashed {
    (payment) => {
        "id, chain, head, merchant_uid, customer_uid, amount_minor, currency, mode, once_per, outcome, outcome_before, \
         name, attempts, unanswered, doubts, requested_at_ms, last_send_ms, last_send_boot_id, \
         last_send_since_boot_ms, last_send_gateway_s, account, imp_uid, sandbox, status, cancel_amount_minor, \
         apply_num, card_name, card_number, pg_provider, customer_pg, pg_tid, receipt_url, code, message, reason, \
         reason_parts, paid_at_s, cancelled_at_s, doubt_ended_ms, buyer_name, buyer_email, buyer_tel, note, operator, \
         host, noted, noted_at_ms, noted_by, noted_evidence, tax_recorded, tax_free_minor, vat_amount_minor, \
         outside_minor, outside_at_ms, outside_by, outside_evidence FROM payments"
    };
    (event) => {
        "payment_id, id, at_ms, kind, outcome, attempt, operator, host, http_status, code, message, reason, \
         reason_parts, imp_uid, body, took_ms, refund_id, refund_outcome FROM events"
    };
    (record) => {
        "payment_id, imp_uid, nth, merchant_uid, customer_uid, status, amount_minor, cancelled_minor, currency, \
         apply_num, card_name, card_number, pg_provider, pg_tid, receipt_url, channel, usage, sandbox, fail_reason, \
         started_at_s, paid_at_s, failed_at_s, cancelled_at_s, first_seen_ms, last_seen_ms FROM records"
    };
    (refund) => {
        "payment_id, id, refund_id, imp_uid, outcome, paid_minor, amount_minor, balance_before_minor, currency, \
         tax_free_minor, vat_amount_minor, reason, operator, requested_at_ms, sent_ms, sent_boot_id, \
         sent_since_boot_ms, sent_gateway_s, account, refunded_at_s, cancellation_id, receipt_url, code, message, \
         why, why_parts FROM refunds"
    };
    (cancellation) => {
        "payment_id, imp_uid, nth, amount_minor, currency, at_s, reason, cancellation_id, receipt_url FROM cancellations"
    };
    (note) => {
        "payment_id, id, after_event, at_ms, note, evidence, outcome, attempt, operator FROM notes"
    };
    (outside) => {
        "payment_id, id, after_event, at_ms, minor, reason, reason_parts, outcome, attempt, operator \
         FROM outside_refunds"
    };
}

#[cfg(test)]
pub(super) use hashed;

/// How many columns of a payment's row are in front of what is hashed of it.
const OWN: usize = 3;

const OF_ORDER: &str = concat!("SELECT ", hashed!(payment), " WHERE merchant_uid = ?1");
const OF_NUMBER: &str = concat!("SELECT ", hashed!(payment), " WHERE id = ?1");
const OF_REFUND: &str =
    concat!("SELECT ", hashed!(payment), " WHERE id = (SELECT payment_id FROM refunds WHERE refund_id = ?1)");
const EVENTS_SINCE: &str =
    concat!("SELECT ", hashed!(event), " WHERE payment_id = ?1 AND id > ?2 ORDER BY id");

/// What belongs to a payment beside its events: its name in the encoding, all of one payment's, and all there is.
/// Texts are put in order by their bytes.
const PARTS: [(&str, &str, &str); 5] = [
    (
        "record",
        concat!("SELECT ", hashed!(record), " WHERE payment_id = ?1 ORDER BY imp_uid"),
        concat!("SELECT ", hashed!(record), " ORDER BY payment_id, imp_uid"),
    ),
    (
        "refund",
        concat!("SELECT ", hashed!(refund), " WHERE payment_id = ?1 ORDER BY id"),
        concat!("SELECT ", hashed!(refund), " ORDER BY payment_id, id"),
    ),
    (
        "cancellation",
        concat!("SELECT ", hashed!(cancellation), " WHERE payment_id = ?1 ORDER BY imp_uid, nth"),
        concat!("SELECT ", hashed!(cancellation), " ORDER BY payment_id, imp_uid, nth"),
    ),
    (
        "note",
        concat!("SELECT ", hashed!(note), " WHERE payment_id = ?1 ORDER BY id"),
        concat!("SELECT ", hashed!(note), " ORDER BY payment_id, id"),
    ),
    (
        "outside",
        concat!("SELECT ", hashed!(outside), " WHERE payment_id = ?1 ORDER BY id"),
        concat!("SELECT ", hashed!(outside), " ORDER BY payment_id, id"),
    ),
];

const ALL_PAYMENTS: &str = concat!("SELECT ", hashed!(payment), " WHERE id > ?1 ORDER BY id LIMIT ?2");
const ALL_EVENTS: &str = concat!("SELECT ", hashed!(event), " ORDER BY payment_id, id");

/// Whether a payment has any part but records. To prepare one statement costs as much as to run it a few times, and
/// few payments have one.
const HAS_MORE: &str = "SELECT EXISTS (SELECT 1 FROM refunds WHERE payment_id = ?1) \
     OR EXISTS (SELECT 1 FROM cancellations WHERE payment_id = ?1) \
     OR EXISTS (SELECT 1 FROM notes WHERE payment_id = ?1) \
     OR EXISTS (SELECT 1 FROM outside_refunds WHERE payment_id = ?1)";
const LAST_EVENT: &str = "SELECT coalesce(max(id), 0) FROM events";
/// `OR FAIL` as in `write.rs`.
const WRITE: &str = "UPDATE OR FAIL payments SET chain = ?2, head = ?3 WHERE id = ?1";

/// How many payments are looked at together where all of them are.
const AT_ONCE: i64 = 256;

/// A payment's row as it stands.
struct Own {
    id: i64,
    chain: Option<Hash>,
    head: Option<Hash>,
    /// What is hashed of it.
    bytes: Vec<u8>,
}

/// What stood in the ledger before an entry was written.
#[derive(Debug)]
pub(super) struct Before {
    /// The newest event of all.
    last_event: i64,
    /// Whether the payment's head was that of what stood there; `None` where there was no such payment.
    fits: Option<bool>,
}

/// Takes down what stands there before an entry is written.
pub(super) fn before(tx: &Connection, entry: &Entry) -> Result<Before, Fault> {
    let last_event = tx.prepare_cached(LAST_EVENT)?.query_row([], |row| row.get(0))?;
    let fits = match find(tx, &entry.order())? {
        None => None,
        Some(own) => {
            let chain = own.chain.unwrap_or(NOTHING);
            Some(own.head == Some(head(&chain, &own.bytes, &parts(tx, own.id)?)))
        }
    };
    Ok(Before { last_event, fits })
}

/// Links what an entry has written to what stood there. A head that did not fit before stays as it is: what was
/// changed by other means would look as if this program had written it.
pub(super) fn after(tx: &Connection, entry: &Entry, before: &Before) -> Result<(), Fault> {
    let Some(own) = find(tx, &entry.order())? else { return Ok(()) };
    let id = own.id;
    let mut chain = own.chain.unwrap_or(NOTHING);
    let mut statement = tx.prepare_cached(EVENTS_SINCE)?;
    let mut rows = statement.query(params![id, before.last_event])?;
    while let Some(row) = rows.next()? {
        chain = link(&chain, &encoded("event", row, 1)?);
    }
    let head = match before.fits {
        Some(false) => own.head,
        Some(true) | None => Some(head(&chain, &own.bytes, &parts(tx, id)?)),
    };
    if own.chain != Some(chain) || own.head != head {
        tx.prepare_cached(WRITE)?.execute(params![id, chain, head])?;
    }
    Ok(())
}

fn find(db: &Connection, order: &Order<'_>) -> Result<Option<Own>, Fault> {
    let (sql, key) = match order {
        Order::Payment(uid) => (OF_ORDER, MerchantUid::as_str(uid)),
        Order::Refund(id) => (OF_REFUND, RefundId::as_str(id)),
    };
    db.prepare_cached(sql)?.query([key])?.next()?.map(own_of).transpose()
}

fn own_of(row: &Row<'_>) -> Result<Own, Fault> {
    let hash = |column| {
        let blob = row.get_ref(column)?.as_blob_or_null();
        Ok::<_, Fault>(blob.ok().flatten().and_then(as_hash))
    };
    Ok(Own { id: row.get(0)?, chain: hash(1)?, head: hash(2)?, bytes: encoded("payment", row, OWN)? })
}

/// What is not as long as a hash is none.
fn as_hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}

/// All that belongs to one payment beside its row and its events.
fn parts(db: &Connection, id: i64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let [records, others @ ..] = PARTS;
    part_of(db, id, records, &mut bytes)?;
    if db.prepare_cached(HAS_MORE)?.query_row([id], |row| row.get(0))? {
        for part in others {
            part_of(db, id, part, &mut bytes)?;
        }
    }
    Ok(bytes)
}

fn part_of(
    db: &Connection,
    id: i64,
    (name, of_payment, _): (&str, &'static str, &str),
    bytes: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(of_payment)?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        encode_row(bytes, name, row, 1)?;
    }
    Ok(())
}

pub(super) fn encoded(name: &str, row: &Row<'_>, from: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(512);
    encode_row(&mut bytes, name, row, from)?;
    Ok(bytes)
}

/// A payment's own number is the first of its values.
fn encode_row(bytes: &mut Vec<u8>, name: &str, row: &Row<'_>, from: usize) -> Result<(), Fault> {
    let columns = std::iter::once(0).chain(from..row.as_ref().column_count());
    let values = columns.map(|column| Ok(value(row.get_ref(column)?)));
    encode(bytes, name, values)
}

fn value(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(text) => Value::Text(text),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Blob(blob) => Value::Blob(blob),
    }
}

/// Rows of one table in the order of their payments, one at a time.
struct Part<'s> {
    name: &'static str,
    rows: Rows<'s>,
    /// Which payment the row is of that is in `bytes`; `None` at the end.
    at: Option<i64>,
    bytes: Vec<u8>,
}

impl<'s> Part<'s> {
    fn begin(name: &'static str, rows: Rows<'s>) -> Result<Part<'s>, Fault> {
        let mut part = Part { name, rows, at: None, bytes: Vec::new() };
        part.step()?;
        Ok(part)
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.bytes.clear();
        self.at = match self.rows.next()? {
            None => None,
            Some(row) => {
                encode_row(&mut self.bytes, self.name, row, 1)?;
                Some(row.get(0)?)
            }
        };
        Ok(())
    }

    /// Hands over every row of a payment; rows of payments before it are of none that is there, and are counted.
    fn of(&mut self, id: i64, mut each: impl FnMut(&[u8])) -> Result<u64, Fault> {
        let mut stray = 0;
        while let Some(at) = self.at.filter(|at| *at <= id) {
            if at == id {
                each(&self.bytes);
            } else {
                stray += 1;
            }
            self.step()?;
        }
        Ok(stray)
    }
}

/// One payment's chain, by its number; `None` where there is no such payment.
pub(super) fn compare(db: &Connection, id: i64) -> Result<Option<Compared>, Fault> {
    let Some(own) = db.prepare_cached(OF_NUMBER)?.query([id])?.next()?.map(own_of).transpose()? else {
        return Ok(None);
    };
    let (mut chain, mut events) = (NOTHING, 0);
    let mut statement = db.prepare_cached(EVENTS_SINCE)?;
    let mut rows = statement.query(params![id, 0])?;
    while let Some(row) = rows.next()? {
        chain = link(&chain, &encoded("event", row, 1)?);
        events += 1;
    }
    let head = head(&own.chain.unwrap_or(chain), &own.bytes, &parts(db, id)?);
    Ok(Some(Compared { id, written: (own.chain, own.head), made: (chain, head), events }))
}

/// Hands over every payment, in the order of their numbers, with what its chain is and what it should be: how many
/// rows are of no payment that is there. No more is held in memory than a few hundred payments' heads.
pub(super) fn walk(
    db: &Connection,
    mut each: impl FnMut(&Connection, &[Compared]) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let mut events = db.prepare(ALL_EVENTS)?;
    let mut events = Part::begin("event", events.query([])?)?;
    let mut statements = Vec::new();
    for (name, _, all) in PARTS {
        statements.push((name, db.prepare(all)?));
    }
    let mut others = Vec::new();
    for (name, statement) in &mut statements {
        others.push(Part::begin(name, statement.query([])?)?);
    }
    let (mut stray, mut last) = (0, i64::MIN);
    let mut payments = db.prepare(ALL_PAYMENTS)?;
    loop {
        let mut together = Vec::new();
        let mut rows = payments.query([last, AT_ONCE])?;
        while let Some(row) = rows.next()? {
            let own = own_of(row)?;
            let (mut chain, mut count, mut parts) = (NOTHING, 0, Vec::new());
            stray += events.of(own.id, |event| {
                chain = link(&chain, event);
                count += 1;
            })?;
            for part in &mut others {
                stray += part.of(own.id, |bytes| parts.extend(bytes))?;
            }
            // A head that was made with another link than the events have says nothing of the row.
            let head = head(&own.chain.unwrap_or(chain), &own.bytes, &parts);
            together.push(Compared {
                id: own.id,
                written: (own.chain, own.head),
                made: (chain, head),
                events: count,
            });
        }
        drop(rows);
        let Some(newest) = together.last() else { break };
        last = newest.id;
        each(db, &together)?;
    }
    stray += events.of(i64::MAX, |_| {})?;
    for part in &mut others {
        stray += part.of(i64::MAX, |_| {})?;
    }
    Ok(stray)
}

/// Makes the chains of all payments: for a ledger from before there were any.
pub(super) fn fill(tx: &Connection) -> Result<(), Fault> {
    walk(tx, |tx, together| {
        for Compared { id, made: (chain, head), .. } in together {
            tx.prepare_cached(WRITE)?.execute(params![id, chain, head])?;
        }
        Ok(())
    })?;
    Ok(())
}
