//! What a closed month is sealed over: the history of each of its payments, as far as it went then.
//!
//! A payment goes on after its month was closed: it is refunded, or looked at again. So it is not its head that is kept
//! (`chain.rs`), which moves on, but its events as far as the newest one of that time. These are only ever added to, so
//! that the same hash comes of them for ever; which payments they are is kept with it. What was written after that is
//! held against the payment's own head.
//!
//! What is hashed is of a fixed encoding, whatever columns are added later.

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::ledger::hashed::{Hash, NOTHING, finish, hash};
use crate::ledger::sqlite::booked::{bounds, reading};
use crate::ledger::sqlite::chain::{compare, encoded};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::bound;
use crate::ledger::sqlite::row::collect;
use crate::ledger::{By, Misfit, MonthSeal, SealKept};

/// What is hashed begins with one of these: another encoding is another word.
const HISTORY: &str = "billkey history 1";
const HISTORIES: &str = "billkey histories 1";
const CLOSING: &str = "billkey closing 1";

/// So many payments that do not fit are named.
const NAMED: usize = 20;

const UID: &str = "SELECT merchant_uid FROM payments WHERE id = ?1";
const LAST_EVENT: &str = "SELECT coalesce(max(id), 0) FROM events";
const EVENTS: &str = "SELECT payment_id, id, at_ms, kind, outcome, attempt, operator, host, http_status, code, message, \
     reason, reason_parts, imp_uid, body, took_ms, refund_id, refund_outcome FROM events \
     WHERE payment_id = ?1 AND id <= ?2 ORDER BY id";

const OF_MONTH: &str = "SELECT last_event, payments, histories FROM closing_seals \
     WHERE closing_id = (SELECT id FROM closings WHERE month = ?1)";
const ALL: &str = "SELECT id, month, zone, at_ms, operator, host, hash, lines FROM closings ORDER BY id";
const SUMS: &str = "SELECT closing_id, of_month, mode, currency, count, gross_minor, same_minor, earlier_minor, \
     supply_minor, vat_minor, tax_free_minor FROM closed_sums WHERE closing_id = ?1 ORDER BY of_month, mode, currency";
const SEALED: &str =
    "SELECT closing_id, last_event, payments, histories FROM closing_seals WHERE closing_id = ?1";
const SEAL: &str = "SELECT seal FROM closing_seals WHERE closing_id = ?1";
const NEWEST: &str = "SELECT closings_seal FROM ledger";
const PUT: &str = "INSERT INTO closing_seals (closing_id, last_event, payments, histories, seal) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Reads what a closing of this time would be sealed over, and whether each of its payments is what was written.
pub(super) fn read(db: &Connection, span: (Timestamp, Timestamp)) -> Result<MonthSeal, Fault> {
    let (payments, histories) = histories_of(db, span)?;
    let (misfits, shown) = misfits(db, &payments)?;
    Ok(MonthSeal { payments, histories, misfits, shown })
}

/// Holds the payments of a closed month, and those that are of it now, against what was written of them.
pub(super) fn verify(db: &Connection, month: &str, span: (Timestamp, Timestamp)) -> Result<SealKept, Fault> {
    let mut all = of_time(db, span)?;
    let written = db.prepare_cached(OF_MONTH)?.query_row([month], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let mut kept = SealKept {
        sealed: None,
        gone: 0,
        histories: true,
        misfits: 0,
        shown: Vec::new(),
        closings: wrong(db)?,
    };
    if let Some((last_event, packed, histories)) = written.optional()? {
        let payments = unpacked(&packed);
        let made = sealed_over(db, &payments, last_event)?;
        kept.sealed = Some(u64::try_from(payments.len()).unwrap_or(u64::MAX));
        kept.gone = made.gone;
        kept.histories = made.gone > 0 || histories == made.hash;
        all.extend(payments);
        all.sort_unstable();
        all.dedup();
    }
    (kept.misfits, kept.shown) = misfits(db, &all)?;
    Ok(kept)
}

/// Whether the payments of a time are those that were seen, and none of them has moved on.
pub(super) fn is_as_seen(
    tx: &Connection,
    span: (Timestamp, Timestamp),
    seen: &MonthSeal,
) -> Result<bool, Fault> {
    let (payments, histories) = histories_of(tx, span)?;
    Ok((&payments, histories) == (&seen.payments, seen.histories))
}

/// Seals a closing that was just written over the payments that were seen.
pub(super) fn put(tx: &Connection, closing_id: i64, seen: &MonthSeal) -> Result<(), Fault> {
    let MonthSeal { payments, histories, .. } = seen;
    let last_event: i64 = tx.query_row(LAST_EVENT, [], |row| row.get(0))?;
    let packed = packed(payments);
    let before: Option<Hash> = tx.query_row(NEWEST, [], |row| row.get(0))?;
    // The row has to stand there to be hashed, and can never be changed: it is hashed as one that is made of values.
    let values = "SELECT ?1, ?2, ?3, ?4";
    let own = tx.query_row(values, params![closing_id, last_event, packed, histories], |row| {
        Ok(encoded("seal", row, 1))
    })??;
    let seal = seal_of(tx, &before.unwrap_or(NOTHING), closing_id, &own)?;
    tx.execute(PUT, params![closing_id, last_event, packed, histories, seal])?;
    tx.execute("UPDATE ledger SET closings_seal = ?1", params![seal])?;
    Ok(())
}

/// The numbers of whatever may count in a time, in their order.
fn of_time(db: &Connection, span: (Timestamp, Timestamp)) -> Result<Vec<i64>, Fault> {
    let mut statement = db.prepare(&reading("id", By::Paid))?;
    let mut ids = collect(statement.query(&*bound(&bounds(span)))?, |row| Ok(row.get::<_, i64>(0)?))?;
    ids.sort_unstable();
    Ok(ids)
}

fn histories_of(db: &Connection, span: (Timestamp, Timestamp)) -> Result<(Vec<i64>, Hash), Fault> {
    let payments = of_time(db, span)?;
    let made = sealed_over(db, &payments, i64::MAX)?;
    Ok((payments, made.hash))
}

struct Made {
    hash: Hash,
    gone: u64,
}

/// One hash over the histories of payments, as far as an event.
fn sealed_over(db: &Connection, payments: &[i64], last_event: i64) -> Result<Made, Fault> {
    let (mut all, mut gone) = (Context::new(&SHA256), 0);
    all.update(HISTORIES.as_bytes());
    for id in payments {
        match history(db, *id, last_event)? {
            Some(history) => {
                all.update(&id.to_be_bytes());
                all.update(&history);
            }
            None => gone += 1,
        }
    }
    Ok(Made { hash: finish(all), gone })
}

fn history(db: &Connection, id: i64, last_event: i64) -> Result<Option<Hash>, Fault> {
    let uid: Option<String> = db.prepare_cached(UID)?.query_row([id], |row| row.get(0)).optional()?;
    let Some(uid) = uid else { return Ok(None) };
    let mut made = hash(HISTORY, &[uid.as_bytes()]);
    let mut statement = db.prepare_cached(EVENTS)?;
    let mut rows = statement.query([id, last_event])?;
    while let Some(row) = rows.next()? {
        made = hash(HISTORY, &[&made, &encoded("event", row, 1)?]);
    }
    Ok(Some(made))
}

/// How many of these are not what was written last, and the first of them.
fn misfits(db: &Connection, payments: &[i64]) -> Result<(u64, Vec<Misfit>), Fault> {
    let (mut count, mut shown) = (0, Vec::new());
    for id in payments {
        let Some(one) = compare(db, *id)? else { continue };
        if one.events_fit() && one.row_fits() {
            continue;
        }
        count += 1;
        if shown.len() < NAMED {
            let merchant_uid = db.prepare_cached(UID)?.query_row([id], |row| row.get(0))?;
            shown.push(Misfit { merchant_uid, events: !one.events_fit(), row: !one.row_fits() });
        }
    }
    Ok((count, shown))
}

/// The seal of a closing behind the one before it, with `own` for what it is sealed over.
fn seal_of(db: &Connection, before: &Hash, closing_id: i64, own: &[u8]) -> Result<Hash, Fault> {
    let mut bytes =
        db.query_row(&format!("SELECT * FROM ({ALL}) WHERE id = ?1"), [closing_id], |row| {
            Ok(encoded("closing", row, 1))
        })??;
    let mut statement = db.prepare_cached(SUMS)?;
    let mut rows = statement.query([closing_id])?;
    while let Some(row) = rows.next()? {
        bytes.extend(encoded("sum", row, 1)?);
    }
    Ok(hash(CLOSING, &[before, &bytes, own]))
}

/// Holds every closing against its seal, and the newest against what the ledger knows of it.
pub(super) fn wrong(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut wrong = Vec::new();
    let closings = collect(db.prepare(ALL)?.query([])?, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut before: Option<Hash> = None;
    for (id, month) in &closings {
        let (id, month): (&i64, &String) = (id, month);
        let own = db.prepare_cached(SEALED)?.query_row([id], |row| Ok(encoded("seal", row, 1))).optional()?;
        let Some(own) = own.transpose()? else {
            if before.is_some() {
                wrong.push(format!("the closing of {month} has no seal"));
            }
            continue;
        };
        let written: Option<Hash> = db.prepare_cached(SEAL)?.query_row([id], |row| row.get(0)).optional()?;
        if written != Some(seal_of(db, &before.unwrap_or(NOTHING), *id, &own)?) {
            wrong.push(format!("the closing of {month}, or one before it, is not what was written"));
        }
        before = written;
    }
    let newest: Option<Hash> = db.query_row(NEWEST, [], |row| row.get(0))?;
    if newest != before {
        wrong.push("a month that was closed is not closed any more".to_owned());
    }
    Ok(wrong)
}

/// Seven bits a byte, the lowest first, of the difference to the number before; the last byte of each has no high bit.
fn packed(numbers: &[i64]) -> Vec<u8> {
    let (mut bytes, mut before) = (Vec::with_capacity(numbers.len()), 0_i64);
    for number in numbers {
        let mut rest = u64::try_from(number.saturating_sub(before)).unwrap_or(0);
        before = *number;
        while rest > 127 {
            bytes.push(u8::try_from(rest & 127).unwrap_or(0) | 128);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap_or(0));
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> Vec<i64> {
    let (mut numbers, mut before, mut more, mut shift) = (Vec::new(), 0_i64, 0_i64, 0_u32);
    for byte in bytes {
        more |= i64::from(byte & 127).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 128 == 0 {
            before = before.saturating_add(more);
            numbers.push(before);
            (more, shift) = (0, 0);
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::{packed, unpacked};

    #[test]
    fn numbers_in_their_order_are_packed_and_come_back() {
        for numbers in [&[][..], &[1], &[1, 2, 3], &[127, 128, 256, 16_384, 10_000_000, i64::MAX]] {
            assert_eq!(unpacked(&packed(numbers)), numbers);
        }
        let many: Vec<i64> = (1..=1000).collect();
        assert_eq!(packed(&many).len(), 1000, "a byte for each that follows the one before");
    }
}
