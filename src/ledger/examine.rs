//! Looking the ledger itself over: whether its file is sound, and how large it has grown.

use std::fs;

use crate::ledger::place::beside;
use crate::ledger::row::collect;
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::{Ledger, LedgerError};

/// More problems than this say no more than these.
const PROBLEMS: &str = "PRAGMA quick_check(5)";

/// What there is to say of a ledger's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    pub schema_version: i64,
    pub size_bytes: u64,
    /// The log beside the file, which belongs to it.
    pub wal_bytes: u64,
    /// What is wrong with it, in SQLite's words; empty when it is sound.
    pub problems: Vec<String>,
}

impl Ledger {
    /// Reads the whole file and looks for damage. Changes nothing; other processes may go on
    /// charging meanwhile. A second for a million payments or so.
    pub fn examine(&self) -> Result<Examination, LedgerError> {
        let problems = self.read(|db| {
            let mut statement = db.prepare(PROBLEMS)?;
            collect(statement.query([])?, |row| Ok(row.get::<_, String>(0)?))
        });
        let problems = match problems {
            Ok(problems) => problems.into_iter().filter(|problem| problem != "ok").collect(),
            // Too damaged to be read through.
            Err(LedgerError::Damaged { source, .. }) => vec![source.to_string()],
            Err(error) => return Err(error),
        };
        let size = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Examination {
            schema_version: SCHEMA_VERSION,
            size_bytes: size(self.path.clone()),
            wal_bytes: size(beside(&self.path, "-wal")),
            problems,
        })
    }
}
