//! The schema: what a file is, and how an older one is brought up to date.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ledger::sqlite::backfill;
use crate::ledger::sqlite::chain;
use crate::ledger::sqlite::durable::{pragma, refused};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::pieces;
use crate::ledger::sqlite::spellings;

/// `bkey` in the file's header; the first migration sets it.
pub(super) const APPLICATION_ID: i64 = 0x626b_6579;

/// `bkup`: a backup, whose stamp says what was in it. To an older program it is another program's file.
pub(super) const BACKUP_ID: i64 = 0x626b_7570;

/// Every schema there was, oldest first; each sets the `user_version` it leads to, which is its
/// place in this list. Only ever added to.
pub(super) const MIGRATIONS: [&str; 17] = [
    include_str!("migrations/0001_ledger.sql"),
    include_str!("migrations/0002_quicker_writes.sql"),
    include_str!("migrations/0003_fewer_writes.sql"),
    include_str!("migrations/0004_reasons.sql"),
    include_str!("migrations/0005_identity.sql"),
    include_str!("migrations/0006_spellings.sql"),
    include_str!("migrations/0007_doubts.sql"),
    include_str!("migrations/0008_refunds.sql"),
    include_str!("migrations/0009_host.sql"),
    include_str!("migrations/0010_open_orders.sql"),
    include_str!("migrations/0011_records.sql"),
    include_str!("migrations/0012_imported.sql"),
    include_str!("migrations/0013_earlier_doubts.sql"),
    include_str!("migrations/0014_left_for_people.sql"),
    include_str!("migrations/0015_outside.sql"),
    concat!(
        include_str!("migrations/0016_day_sums.sql"),
        include_str!("migrations/0016_search.sql"),
        include_str!("migrations/0016_chain.sql"),
        include_str!("migrations/0016_cancellations.sql"),
        include_str!("migrations/0016_months.sql"),
        include_str!("migrations/0016_noted_refunds.sql"),
    ),
    concat!(
        include_str!("migrations/0017_book_days.sql"),
        include_str!("migrations/0017_refused_orders.sql"),
        include_str!("migrations/0017_sealed_months.sql")
    ),
];
pub(super) const SCHEMA_VERSION: i64 = 17;

/// What keeps the ledger, and the newest schema that it knows, for a bug report.
#[must_use]
pub fn engine() -> String {
    format!("SQLite {}, schema {SCHEMA_VERSION}", rusqlite::version())
}

/// The schemas whose new columns and tables SQL alone cannot fill.
const SPELLINGS: i64 = 6;
const RECORDS: i64 = 11;
const SEARCH: i64 = 16;
const CHAIN: i64 = 16;

/// What the header of the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty file, or an SQLite file with nothing in it: a creation that has not come to its end.
    Empty,
    Ledger {
        version: i64,
    },
    Backup {
        version: i64,
    },
    Foreign,
}

/// Read in one transaction: another process may be creating the ledger at this moment.
pub(super) fn kind_of(connection: &Connection) -> Result<Kind, Fault> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
    let kind = kind_in(&tx)?;
    tx.commit()?;
    Ok(kind)
}

pub(super) fn kind_in(connection: &Connection) -> Result<Kind, Fault> {
    let application_id = pragma(connection, "PRAGMA application_id")?;
    let version = pragma(connection, "PRAGMA user_version")?;
    if application_id == APPLICATION_ID {
        return Ok(Kind::Ledger { version });
    }
    if application_id == BACKUP_ID {
        return Ok(Kind::Backup { version });
    }
    let empty =
        application_id == 0 && version == 0 && pragma(connection, "SELECT count(*) FROM sqlite_schema")? == 0;
    Ok(if empty { Kind::Empty } else { Kind::Foreign })
}

/// Brings the schema up to date; true when there was none before. Whoever comes second waits for
/// the first, and then finds it done.
pub(super) fn migrate(connection: &mut Connection) -> Result<bool, Fault> {
    // A file that is not in WAL mode yet needs EXTRA for a commit to survive a power cut.
    connection.execute_batch("PRAGMA synchronous = EXTRA")?;
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let from = match kind_in(&tx)? {
        Kind::Empty => 0,
        Kind::Ledger { version } => version,
        Kind::Foreign | Kind::Backup { .. } => {
            return Err(refused("another program wrote to the file at this moment"));
        }
    };
    for (migration, leads_to) in MIGRATIONS.iter().zip(1..) {
        if leads_to > from {
            tx.execute_batch(migration)?;
            if leads_to == SPELLINGS {
                spellings::fill(&tx)?;
            }
        }
    }
    // Rows are read and written as they are today, so that this comes after all of it.
    if (1..RECORDS).contains(&from) {
        backfill::fill(&tx)?;
    }
    if from < SEARCH {
        pieces::fill(&tx)?;
    }
    // Over what all of the above have left.
    if (1..CHAIN).contains(&from) {
        chain::fill(&tx)?;
    }
    tx.commit()?;
    if from > 0 {
        // Whoever opens it next would read a log as long as all that has changed. Where somebody reads it now, the log
        // is written back by a later charge.
        let _ = pragma(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    Ok(from == 0)
}
