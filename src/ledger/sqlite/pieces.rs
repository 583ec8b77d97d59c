//! Filling the index of pieces (`migrations/0017_search.sql`), a block of payments at a time, and what a block says.

use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

use crate::ledger::Entry;
use crate::ledger::grams::{Whole, pieces, whole};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;

/// So many payments are a block.
pub(super) const BLOCK: i64 = 2048;

/// A block is filled when so many payments came behind it: until then its own are answered and looked up.
const BEHIND: i64 = 2048;

/// So many payments that have changed are put into their blocks when another one is filled.
const AGAIN_AT_ONCE: i64 = 256;

/// And so many customers that were saved are put into theirs when as many wait.
const PEOPLE_LEFT: i64 = 1024;

const PEOPLE_WAITING: &str = "SELECT count(*) FROM (SELECT 1 FROM search_people_again LIMIT ?1)";

const LEFT: &str = "SELECT (SELECT max(id) FROM payments) - upto FROM search";

/// What is looked for in a payment, in the order of [`of_payment`].
macro_rules! searched {
    () => {
        "SELECT id, merchant_uid, customer_uid, name, imp_uid, apply_num, pg_tid, card_name, message, buyer_name, \
             buyer_email, note, buyer_tel, card_number, amount_minor FROM payments "
    };
}
const TEXTS: std::ops::RangeInclusive<usize> = 1..=11;
const TEL: usize = 12;
const CARD: usize = 13;
const AMOUNT: usize = 14;

const PAYMENTS: &str = concat!(searched!(), "WHERE id >= ?1 AND id < ?2");
const RECORDS: &str =
    "SELECT payment_id, imp_uid, apply_num FROM records WHERE payment_id >= ?1 AND payment_id < ?2";

const PUT: &str = "INSERT INTO search_grams (block, gram, places) VALUES (?1, ?2, ?3) \
     ON CONFLICT (block, gram) DO UPDATE SET places = excluded.places";
const KNOWN: &str = "SELECT places FROM search_grams WHERE block = ?1 AND gram = ?2";

impl Sqlite {
    /// Fills the next block, when it is time for it; called behind a commit. What goes wrong here is nobody's: a text
    /// is found without it, only not as quickly.
    pub(super) fn index_behind(&mut self, is_due: bool) {
        if is_due {
            self.at_once(fill_next);
        }
    }

    /// The same of saved customers, behind the commit that saved some.
    pub(super) fn index_people_behind(&mut self) {
        if matches!(are_people_left(&self.connection), Ok(true)) {
            self.at_once(fill_people);
        }
    }

    /// In a transaction of its own, which waits for nobody.
    fn at_once(&mut self, fill: impl FnOnce(&Connection) -> Result<(), Fault>) {
        let db = &mut self.connection;
        if db.busy_timeout(Duration::ZERO).is_err() {
            return;
        }
        let _ = Transaction::new(db, TransactionBehavior::Immediate).map_err(Fault::from).and_then(|tx| {
            fill(&tx)?;
            Ok(tx.commit()?)
        });
        let _ = db.busy_timeout(self.busy_timeout);
    }
}

/// Whether it is time for the next block. Asked in the transaction of the entries: a ledger whose lock cannot be given
/// back after it answers nobody for a while, and what became of the charge is to be told first.
pub(super) fn is_due(tx: &Connection, entries: &[Entry]) -> bool {
    let comes = |entry: &Entry| matches!(entry, Entry::Answer { .. } | Entry::Imported(_));
    entries.iter().any(comes) && matches!(is_left(tx), Ok(true))
}

/// Fills all blocks that there are by now: of a ledger that had none.
pub(super) fn fill(tx: &Connection) -> Result<(), Fault> {
    while is_left(tx)? {
        fill_next(tx)?;
    }
    while are_people_left(tx)? {
        fill_people(tx)?;
    }
    Ok(())
}

/// Whether so many customers wait that it is worth it: a search looks at each of them.
fn are_people_left(db: &Connection) -> Result<bool, Fault> {
    let waiting: i64 = db.prepare_cached(PEOPLE_WAITING)?.query_row([PEOPLE_LEFT], |row| row.get(0))?;
    Ok(waiting >= PEOPLE_LEFT)
}

/// The block of the saved customers with an id of `search_people`, and its place there.
fn place_of_person(id: i64) -> (i64, u16) {
    (-1 - id / BLOCK, u16::try_from(id.rem_euclid(BLOCK)).unwrap_or_default())
}

fn fill_people(tx: &Connection) -> Result<(), Fault> {
    let mut waiting = tx.prepare_cached("SELECT customer_uid FROM search_people_again LIMIT ?1")?;
    let waiting = waiting.query_map([BLOCK], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut all: Vec<(i64, u32, u16)> = Vec::new();
    for uid in &waiting {
        tx.prepare_cached(
            "INSERT INTO search_people (customer_uid) VALUES (?1) ON CONFLICT (customer_uid) DO NOTHING",
        )?
        .execute([uid])?;
        let id = tx
            .prepare_cached("SELECT id FROM search_people WHERE customer_uid = ?1")?
            .query_row([uid], |row| row.get(0))?;
        let (block, place) = place_of_person(id);
        let mut statement =
            tx.prepare_cached("SELECT name, email, tel FROM customers WHERE customer_uid = ?1")?;
        let mut rows = statement.query([uid])?;
        if let Some(row) = rows.next()? {
            let mut each = |gram| all.push((block, gram, place));
            of_text(row.get_ref(0)?, &mut each);
            of_text(row.get_ref(1)?, &mut each);
            of_tel(row.get_ref(2)?, &mut each);
        }
        tx.prepare_cached("DELETE FROM search_people_again WHERE customer_uid = ?1")?.execute([uid])?;
    }
    all.sort_unstable();
    all.dedup();
    for of_one in all.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        if let Some((block, gram, _)) = of_one.first() {
            add(tx, *block, *gram, of_one.iter().map(|(_, _, place)| *place))?;
        }
    }
    Ok(())
}

/// Adds places to what a block has of a piece.
fn add(tx: &Connection, block: i64, gram: u32, more: impl Iterator<Item = u16>) -> Result<(), Fault> {
    let known: Option<Vec<u8>> =
        tx.prepare_cached(KNOWN)?.query_row((block, gram), |row| row.get(0)).optional()?;
    let known = places(&known.unwrap_or_default());
    let mut all = known.clone();
    all.extend(more);
    all.sort_unstable();
    all.dedup();
    if all != known {
        tx.prepare_cached(PUT)?.execute((block, gram, blob(&all)))?;
    }
    Ok(())
}

fn is_left(db: &Connection) -> Result<bool, Fault> {
    let left: Option<i64> = db.prepare_cached(LEFT)?.query_row([], |row| row.get(0))?;
    Ok(left.is_some_and(|left| left >= BLOCK + BEHIND))
}

fn fill_next(tx: &Connection) -> Result<(), Fault> {
    let from: i64 = tx.query_row("SELECT upto FROM search", [], |row| row.get(0))?;
    let upto = from + BLOCK;
    let grams = grams_between(tx, from, upto)?;
    let mut put = tx.prepare_cached(PUT)?;
    for of_one in grams.chunk_by(|one, other| one.0 == other.0) {
        if let Some((gram, _)) = of_one.first() {
            let all: Vec<u16> = of_one.iter().map(|(_, place)| *place).collect();
            put.execute((from / BLOCK, gram, blob(&all)))?;
        }
    }
    tx.execute("UPDATE search SET upto = ?1", [upto])?;
    let mut again = tx.prepare_cached("SELECT payment_id FROM search_again LIMIT ?1")?;
    let again = again.query_map([AGAIN_AT_ONCE], |row| row.get(0))?;
    for id in again.collect::<Result<Vec<i64>, rusqlite::Error>>()? {
        put_again(tx, id)?;
    }
    Ok(())
}

/// Adds what a payment has now to its block. What it had before stays: it is looked at for nothing, then.
fn put_again(tx: &Connection, id: i64) -> Result<(), Fault> {
    for (gram, place) in grams_between(tx, id, id + 1)? {
        add(tx, id / BLOCK, gram, std::iter::once(place))?;
    }
    tx.prepare_cached("DELETE FROM search_again WHERE payment_id = ?1")?.execute([id])?;
    Ok(())
}

/// The pieces of some payments with their places in their block, sorted, each once.
fn grams_between(tx: &Connection, from: i64, upto: i64) -> Result<Vec<(u32, u16)>, Fault> {
    /// Hands on the pieces of one row.
    type OfRow = fn(&Row<'_>, &mut dyn FnMut(u32)) -> Result<(), rusqlite::Error>;
    const ALL: [(&str, OfRow); 2] = [(PAYMENTS, of_payment), (RECORDS, of_record)];

    let mut all: Vec<(u32, u16)> = Vec::new();
    for (sql, of_row) in ALL {
        let mut statement = tx.prepare_cached(sql)?;
        let mut rows = statement.query((from, upto))?;
        while let Some(row) = rows.next()? {
            let place = u16::try_from(row.get::<_, i64>(0)?.rem_euclid(BLOCK)).unwrap_or_default();
            of_row(row, &mut |gram| all.push((gram, place)))?;
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn of_payment(row: &Row<'_>, each: &mut dyn FnMut(u32)) -> Result<(), rusqlite::Error> {
    for column in TEXTS {
        of_text(row.get_ref(column)?, each);
    }
    of_tel(row.get_ref(TEL)?, each);
    if let ValueRef::Text(number) = row.get_ref(CARD)? {
        let number = String::from_utf8_lossy(number);
        each(whole(Whole::Card, &number));
        let start = number.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        each(whole(Whole::LastFour, number.get(start..).unwrap_or_default()));
    }
    each(whole(Whole::Amount, &row.get::<_, i64>(AMOUNT)?.to_string()));
    Ok(())
}

fn of_record(row: &Row<'_>, each: &mut dyn FnMut(u32)) -> Result<(), rusqlite::Error> {
    of_text(row.get_ref(1)?, each);
    of_text(row.get_ref(2)?, each);
    Ok(())
}

fn of_text(value: ValueRef<'_>, each: &mut dyn FnMut(u32)) {
    if let ValueRef::Text(text) = value {
        pieces(&String::from_utf8_lossy(text), &mut |gram| each(gram));
    }
}

fn of_tel(value: ValueRef<'_>, each: &mut dyn FnMut(u32)) {
    if let ValueRef::Text(tel) = value {
        pieces(&digits(&String::from_utf8_lossy(tel)), &mut |gram| each(gram));
    }
}

/// What `search::text::digits_of` makes of a telephone number.
fn digits(tel: &str) -> String {
    let bare: String = tel.chars().filter(|c| !matches!(c, '-' | ' ' | '.' | '(' | ')')).collect();
    bare.replace("+82", "0").replace('+', "")
}

/// A bitmap of a block. No list of steps is so long.
const BITMAP_BYTES: usize = 256;

/// Places in a block as they are stored: the steps from each to the next, in bytes of seven bits, or a bitmap where
/// that is shorter.
fn blob(places: &[u16]) -> Vec<u8> {
    let mut steps = Vec::new();
    let mut before = 0;
    for place in places {
        let step = place - before;
        if let Ok(high) = u8::try_from(step >> 7)
            && high > 0
        {
            steps.push(0x80 | high);
        }
        steps.push(u8::try_from(step & 0x7f).unwrap_or_default());
        before = *place;
    }
    if steps.len() < BITMAP_BYTES {
        return steps;
    }
    let mut bitmap = vec![0; BITMAP_BYTES];
    for place in places {
        if let Some(byte) = bitmap.get_mut(usize::from(place / 8)) {
            *byte |= 1 << (place % 8);
        }
    }
    bitmap
}

/// The places that a blob says, in their order.
pub(super) fn places(blob: &[u8]) -> Vec<u16> {
    let mut all = Vec::new();
    if blob.len() == BITMAP_BYTES {
        let bits =
            (0..).zip(blob).flat_map(|(at, byte)| (0..8_u16).map(move |bit| (at * 8 + bit, byte >> bit & 1)));
        all.extend(bits.filter(|(_, set)| *set == 1).map(|(place, _)| place));
        return all;
    }
    let (mut place, mut step) = (0_u16, 0_u16);
    for byte in blob {
        step = step << 7 | u16::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            place = place.wrapping_add(step);
            all.push(place);
            step = 0;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{BLOCK, blob, digits, places};

    #[test]
    fn a_telephone_number_is_reduced_to_what_people_dial() {
        for (tel, expected) in [
            ("+82 10-1234-5678", "01012345678"),
            ("02) 987.6543", "029876543"),
            ("+1 555", "1555"),
            ("8+2", "82"),
        ] {
            assert_eq!(digits(tel), expected, "{tel}");
        }
    }

    proptest! {
        #[test]
        fn places_are_read_as_they_were_stored(all in btree_set(0_u16..u16::try_from(BLOCK).unwrap(), 0..2048)) {
            let all: Vec<u16> = all.into_iter().collect();
            prop_assert_eq!(places(&blob(&all)), all);
        }

        #[test]
        fn few_places_as_well(all in btree_set(0_u16..u16::try_from(BLOCK).unwrap(), 0..300)) {
            let all: Vec<u16> = all.into_iter().collect();
            prop_assert_eq!(places(&blob(&all)), all);
        }
    }
}
