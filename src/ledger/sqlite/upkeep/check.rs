//! Whether all of a ledger is what was written: its pages, what refers to what, its schema, and every chain.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::collect;
use crate::ledger::sqlite::schema::MIGRATIONS;
use crate::ledger::sqlite::upkeep::stamp;
use crate::ledger::sqlite::upkeep::survey::survey;
use crate::ledger::upkeep::Chains;
use crate::ledger::upkeep::{Job, Tick};

/// More problems than this say no more than these.
const PAGES: &str = "PRAGMA integrity_check(20)";
const REFERENCES: &str =
    "SELECT \"table\", coalesce(rowid, 0), parent FROM pragma_foreign_key_check LIMIT 20";

/// What belongs to the schema. SQLite's own tables are its business.
const SCHEMA: &str = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// Rows that refer to others which are not there.
pub(super) fn references(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = db.prepare(REFERENCES)?;
    collect(statement.query([])?, |row| {
        let (table, rowid, parent): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{table} {rowid} refers to {parent} that are not there"))
    })
}

/// Tables, indexes and triggers that are not what this program makes.
pub(super) fn schema(db: &Connection) -> Result<Vec<String>, Fault> {
    let (made, found) = (schema_of(&as_made()?)?, schema_of(db)?);
    let missing = made.keys().filter(|name| !found.contains_key(*name));
    let missing = missing.map(|name| format!("the {name} is missing"));
    let more = found.keys().filter(|name| !made.contains_key(*name));
    let more = more.map(|name| format!("the {name} is none of billkey's"));
    let other = found.iter().filter(|(name, sql)| made.get(*name).is_some_and(|made| made != *sql));
    let other = other.map(|(name, _)| format!("the {name} is not as billkey makes it"));
    Ok(missing.chain(more).chain(other).collect())
}

/// Every payment held against its chain, and a backup against its stamp.
pub(super) fn chains(db: &Connection, tick: &mut dyn FnMut(u64, u64)) -> Result<Chains, Fault> {
    // One state of the file for all that is read, whoever writes meanwhile.
    let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
    let mut tick = |_: Job, done, all| tick(done, all);
    let tick: Tick<'_> = &mut tick;
    let found = survey(&tx, tick)?;
    let stamp = stamp::of(&tx, &found)?;
    Ok(Chains {
        payments: found.payments,
        events: found.events,
        misfits: found.misfits,
        shown: found.shown,
        stray: found.stray,
        payments_gone: found.payments_gone,
        events_gone: found.events_gone,
        stamp,
    })
}

/// What is wrong with pages and indexes, in SQLite's words.
pub(super) fn pages(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = db.prepare(PAGES)?;
    let said = collect(statement.query([])?, |row| Ok(row.get::<_, String>(0)?))?;
    Ok(said.into_iter().filter(|said| said != "ok").collect())
}

fn schema_of(db: &Connection) -> Result<BTreeMap<String, String>, Fault> {
    let mut statement = db.prepare(SCHEMA)?;
    let rows = collect(statement.query([])?, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.into_iter().collect())
}

/// An empty ledger of today, in memory.
fn as_made() -> Result<Connection, Fault> {
    let db = Connection::open_in_memory()?;
    MIGRATIONS.iter().try_for_each(|migration| db.execute_batch(migration))?;
    Ok(db)
}
