//! Looking the ledger itself over: whether its file is sound, and how large it has grown.

use std::fs;

use crate::ledger::LedgerError;
use crate::ledger::place::beside;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::durable::pragma;
use crate::ledger::sqlite::row::collect;
use crate::ledger::sqlite::schema::SCHEMA_VERSION;
use crate::ledger::upkeep::Examination;

/// More problems than this say no more than these.
const PROBLEMS: &str = "PRAGMA quick_check(5)";

/// A file up to this size is read through in a tenth of a second.
const QUICK_BYTES: u64 = 16 * 1024 * 1024;

/// Both ends of the tables that grow, which is where a copy that was cut off shows: nothing in between.
const ENDS: [&str; 3] = [
    "SELECT count(*) FROM (SELECT * FROM payments WHERE id = (SELECT min(id) FROM payments) \
     OR id = (SELECT max(id) FROM payments))",
    "SELECT count(*) FROM (SELECT * FROM events WHERE id = (SELECT min(id) FROM events) \
     OR id = (SELECT max(id) FROM events))",
    "SELECT count(*) FROM (SELECT * FROM customers LIMIT 1)",
];

impl Sqlite {
    /// Looks for damage, for as long as a person waits for: a file of a few megabytes is read through, a larger one
    /// is left to [`Ledger::check_pages`]. Changes nothing; other processes may go on charging meanwhile.
    pub(in crate::ledger::sqlite) fn examine(&self) -> Result<Examination, LedgerError> {
        let size = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let (size_bytes, wal_bytes) = (size(self.path.clone()), size(beside(&self.path, "-wal")));
        let read_through = size_bytes.saturating_add(wal_bytes) <= QUICK_BYTES;
        let problems = self.read(|db| {
            if !read_through {
                ENDS.iter().try_for_each(|ends| pragma(db, ends).map(drop))?;
                return Ok(Vec::new());
            }
            let mut statement = db.prepare(PROBLEMS)?;
            collect(statement.query([])?, |row| Ok(row.get::<_, String>(0)?))
        });
        let problems = match problems {
            Ok(problems) => problems.into_iter().filter(|problem| problem != "ok").collect(),
            // Too damaged to be read through.
            Err(LedgerError::Damaged { source, .. }) => vec![source.to_string()],
            Err(error) => return Err(error),
        };
        Ok(Examination { schema_version: SCHEMA_VERSION, size_bytes, wal_bytes, problems, read_through })
    }
}
