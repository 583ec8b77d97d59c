//! Which payments a text is found in. By an index of pieces (`grams.rs`) that is filled in blocks of payments, behind
//! them: it says where the text may stand, and SQL (`search/text.rs`) says where it does. What the index does not know,
//! the newest payments and those that have changed, SQL looks at as well, so that nothing is missed.

use rusqlite::types::Value;
use rusqlite::{Connection, Statement, Transaction, TransactionBehavior};

use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::pieces::{BLOCK, places};
use crate::ledger::sqlite::read::bound;
use crate::ledger::sqlite::search::text::{Asked, Word, asked};
use crate::ledger::{Filter, LedgerError};

const TABLES: &str = "CREATE TEMP TABLE IF NOT EXISTS found (id INTEGER PRIMARY KEY, rank INTEGER NOT NULL); \
     CREATE TEMP TABLE IF NOT EXISTS maybe (id INTEGER PRIMARY KEY); \
     CREATE TEMP TABLE IF NOT EXISTS people (word INTEGER, customer_uid TEXT, PRIMARY KEY (word, customer_uid)) \
         WITHOUT ROWID; \
     DELETE FROM temp.found; DELETE FROM temp.maybe; DELETE FROM temp.people";

const PLACES: &str = "SELECT places FROM search_grams WHERE block = ?1 AND gram = ?2";

/// Payments of which the index does not say all, and those of the customers that a word names.
const BESIDE: &str = "SELECT id FROM payments WHERE id >= (SELECT upto FROM search) \
     UNION SELECT payment_id FROM search_again \
     UNION SELECT id FROM payments WHERE customer_uid IN (SELECT customer_uid FROM temp.people WHERE word = ?1)";

/// Of the customers that a word names: those that have its pieces, and those of which the blocks do not know all.
const PEOPLE_MAYBE: &str = "AND customer_uid IN (SELECT customer_uid FROM search_people \
         WHERE id IN (SELECT id FROM temp.maybe) UNION ALL SELECT customer_uid FROM search_people_again)";

/// What `temp.found` holds: of which text, and as the ledger stood then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    text: String,
    /// Other connections' commits, and this one's changes.
    version: (i64, i64),
}

impl Sqlite {
    /// Looks for a filter's text, so that `search::choose` may speak of `temp.found`. What was found a moment ago is
    /// not looked for again.
    pub(super) fn look_for(&self, filter: &Filter) -> Result<(), LedgerError> {
        let Some(text) = &filter.text else { return Ok(()) };
        self.read(|db| {
            let known = self.found.take();
            let wanted = Found { text: text.clone(), version: version(db)? };
            if known.as_ref() != Some(&wanted) {
                find(db, asked(text).as_ref())?;
            }
            self.found.replace(Some(Found { version: version(db)?, ..wanted }));
            Ok(())
        })
    }
}

fn version(db: &Connection) -> Result<(i64, i64), Fault> {
    let others = db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    Ok((others, db.prepare_cached("SELECT total_changes()")?.query_row([], |row| row.get(0))?))
}

/// Fills `temp.found`.
pub(super) fn find(db: &Connection, asked: Option<&Asked>) -> Result<(), Fault> {
    // All of it is of one moment.
    let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
    tx.execute_batch(TABLES)?;
    if let Some(asked) = asked {
        for word in &asked.words {
            find_people(&tx, word)?;
        }
        let maybe = maybe(&tx, asked)?;
        let among = if maybe.is_some() { "id IN (SELECT id FROM temp.maybe) AND " } else { "" };
        set_maybe(&tx, maybe.unwrap_or_default())?;
        let sql = format!(
            "INSERT INTO temp.found SELECT id, {} FROM payments WHERE {among}{}",
            asked.rank,
            asked.conditions.join(" AND ")
        );
        tx.prepare(&sql)?.execute(&*bound(&asked.params))?;
    }
    tx.commit()?;
    Ok(())
}

/// The saved customers that a word names, by their own blocks.
fn find_people(tx: &Connection, word: &Word) -> Result<(), Fault> {
    let among = match &word.pieces {
        Some(ways) => {
            let last: i64 =
                tx.query_row("SELECT ifnull(max(id), 0) FROM search_people", [], |row| row.get(0))?;
            let mut ids = Vec::new();
            for nth in 0..=last / BLOCK {
                in_block(tx, -1 - nth, ways, &mut |place| ids.push(nth * BLOCK + place))?;
            }
            set_maybe(tx, ids)?;
            PEOPLE_MAYBE
        }
        None => "",
    };
    let sql = format!("INSERT INTO temp.people {} {among}", word.people.sql);
    tx.prepare(&sql)?.execute(&*bound(&word.people.params))?;
    Ok(())
}

fn set_maybe(tx: &Connection, mut ids: Vec<i64>) -> Result<(), Fault> {
    ids.sort_unstable();
    ids.dedup();
    tx.execute("DELETE FROM temp.maybe", [])?;
    let mut insert = tx.prepare("INSERT INTO temp.maybe (id) VALUES (?1)")?;
    Ok(ids.into_iter().try_for_each(|id| insert.execute([id]).map(drop))?)
}

/// The payments that may hold every word, in the order of their ids; `None` where any may.
fn maybe(tx: &Connection, asked: &Asked) -> Result<Option<Vec<i64>>, Fault> {
    let upto: i64 = tx.query_row("SELECT upto FROM search", [], |row| row.get(0))?;
    let mut all: Option<Vec<i64>> = None;
    for (n, word) in asked.words.iter().enumerate() {
        let Some(ways) = &word.pieces else { continue };
        let mut of_word = Vec::new();
        for block in 0..upto / BLOCK {
            in_block(tx, block, ways, &mut |place| of_word.push(block * BLOCK + place))?;
        }
        let n = Value::from(i64::try_from(n).unwrap_or(i64::MAX));
        let mut beside = tx.prepare_cached(BESIDE)?;
        let ids = beside.query_map([n], |row| row.get(0))?;
        of_word.extend(ids.collect::<Result<Vec<i64>, rusqlite::Error>>()?);
        of_word.sort_unstable();
        of_word.dedup();
        if let Some(all) = &mut all {
            all.retain(|id| of_word.binary_search(id).is_ok());
        } else {
            all = Some(of_word);
        }
    }
    Ok(all)
}

/// Hands over the places in a block that have all pieces of one of the ways.
fn in_block(tx: &Connection, block: i64, ways: &[Vec<u32>], each: &mut dyn FnMut(i64)) -> Result<(), Fault> {
    let mut statement = tx.prepare_cached(PLACES)?;
    for grams in ways {
        with_all(&mut statement, block, grams)?.into_iter().for_each(|place| each(i64::from(place)));
    }
    Ok(())
}

fn with_all(statement: &mut Statement<'_>, block: i64, grams: &[u32]) -> Result<Vec<u16>, Fault> {
    let mut all: Option<Vec<u16>> = None;
    for gram in grams {
        let mut rows = statement.query((block, gram))?;
        let Some(row) = rows.next()? else { return Ok(Vec::new()) };
        let with_it = places(row.get_ref(0)?.as_blob().unwrap_or_default());
        match &mut all {
            None => all = Some(with_it),
            Some(all) => all.retain(|place| with_it.binary_search(place).is_ok()),
        }
        if all.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    Ok(all.unwrap_or_default())
}
