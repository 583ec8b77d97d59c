//! Ledgers of one account that are copied, lost and put back, as a backup, a second machine or a tidy operator
//! leaves them.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// What a backup holds: the files as they were, as far as there were any.
#[derive(Clone)]
pub struct Backup {
    database: Vec<u8>,
    log: Option<Vec<u8>>,
    mark: Option<Vec<u8>>,
}

/// What becomes of a ledger between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The database of the backup; its log goes, the mark stays where it is.
    DatabaseAlone,
    /// The database and the log of the backup; the mark stays.
    DatabaseAndLog,
    /// The database of the backup; log and mark go.
    WithoutMark,
    /// All of the backup, the mark too: nobody can see it.
    WholeFolder,
    /// The database and the mark of the backup, without its log.
    MarkWithoutLog,
    /// The log goes, as whoever tidies up may do.
    LogGone,
    MarkGone,
    /// The database goes, all else stays.
    DatabaseGone,
    /// The database is empty, all else stays.
    DatabaseEmptied,
    /// The mark is another ledger's.
    AnothersMark,
}

pub const MISHAPS: [Mishap; 10] = [
    Mishap::DatabaseAlone,
    Mishap::DatabaseAndLog,
    Mishap::WithoutMark,
    Mishap::WholeFolder,
    Mishap::MarkWithoutLog,
    Mishap::LogGone,
    Mishap::MarkGone,
    Mishap::DatabaseGone,
    Mishap::DatabaseEmptied,
    Mishap::AnothersMark,
];

impl Mishap {
    /// Whether the database is older by it, and the mark is not.
    pub fn leaves_the_mark(self) -> bool {
        matches!(self, Mishap::DatabaseAlone | Mishap::DatabaseAndLog | Mishap::LogGone)
    }
}

/// One machine's folder with its ledger. Nobody has it open between two runs.
pub struct Home {
    dir: TempDir,
    pub backup: Option<Backup>,
}

impl Home {
    pub fn new(room: TempDir) -> Home {
        Home { dir: room, backup: None }
    }

    pub fn ledger(&self) -> PathBuf {
        self.dir.path().join("ledger.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.dir.path().join(format!("ledger.db{suffix}"))
    }

    fn read(&self, suffix: &str) -> Option<Vec<u8>> {
        fs::read(self.beside(suffix)).ok()
    }

    fn put(&self, suffix: &str, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => fs::write(self.beside(suffix), bytes).unwrap(),
            None => drop(fs::remove_file(self.beside(suffix))),
        }
    }

    pub fn mark(&self) -> Option<Vec<u8>> {
        self.read(".mark")
    }

    /// Everything there is, if there is a whole ledger.
    pub fn copied(&self) -> Option<Backup> {
        let database = self.read("").filter(|bytes| !bytes.is_empty())?;
        Some(Backup { database, log: self.read("-wal"), mark: self.mark() })
    }

    /// Brings what is in the log into the database, as every so many pages do.
    pub fn checkpoint(&self) {
        if self.copied().is_some() {
            let connection = rusqlite::Connection::open(self.ledger()).unwrap();
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }

    /// Does it, where it can be done: with the backup that there is, and another ledger's mark. Whether the
    /// ledger can know that it is older than it was: its newest mark is there, or is missing to it.
    pub fn suffer(&self, mishap: Mishap, anothers_mark: Option<Vec<u8>>) -> Option<bool> {
        let marked = self.mark().is_some();
        let logged = self.read("-wal").is_some_and(|log| !log.is_empty());
        let backup = self.backup.as_ref();
        match mishap {
            Mishap::DatabaseAlone
            | Mishap::DatabaseAndLog
            | Mishap::WithoutMark
            | Mishap::WholeFolder
            | Mishap::MarkWithoutLog => self.put("", Some(&backup?.database)),
            Mishap::DatabaseGone => self.put("", None),
            Mishap::DatabaseEmptied => self.put("", Some(&[])),
            Mishap::LogGone | Mishap::MarkGone | Mishap::AnothersMark => {}
        }
        match mishap {
            Mishap::DatabaseAndLog | Mishap::WholeFolder => self.put("-wal", backup?.log.as_deref()),
            Mishap::DatabaseAlone | Mishap::WithoutMark | Mishap::MarkWithoutLog | Mishap::LogGone => {
                self.put("-wal", None);
            }
            Mishap::MarkGone | Mishap::DatabaseGone | Mishap::DatabaseEmptied | Mishap::AnothersMark => {}
        }
        match mishap {
            Mishap::WholeFolder | Mishap::MarkWithoutLog => self.put(".mark", backup?.mark.as_deref()),
            Mishap::WithoutMark | Mishap::MarkGone => self.put(".mark", None),
            Mishap::AnothersMark => self.put(".mark", Some(&anothers_mark?)),
            _ => {}
        }
        self.put("-shm", None);
        Some(match mishap {
            Mishap::WholeFolder | Mishap::MarkWithoutLog => false,
            Mishap::DatabaseGone | Mishap::DatabaseEmptied => marked || logged,
            Mishap::DatabaseAlone | Mishap::DatabaseAndLog | Mishap::LogGone => {
                marked || self.knows_that_it_had_a_mark()
            }
            Mishap::WithoutMark | Mishap::MarkGone => self.knows_that_it_had_a_mark(),
            Mishap::AnothersMark => true,
        })
    }

    fn knows_that_it_had_a_mark(&self) -> bool {
        if self.copied().is_none() {
            return false;
        }
        let connection = rusqlite::Connection::open(self.ledger()).unwrap();
        connection.query_row("SELECT marked FROM ledger", [], |row| row.get(0)).unwrap_or(false)
    }

    /// A mark that was lowered to what the ledger holds, as the planted bug has it: to that of the backup, or
    /// to none where nothing was sent.
    pub fn lower_mark(&self) {
        let backup = self.backup.as_ref().filter(|_| self.knows_that_it_had_a_mark());
        if self.copied().is_some() {
            self.put(".mark", backup.and_then(|backup| backup.mark.as_deref()));
        }
        self.put("-shm", None);
    }
}
