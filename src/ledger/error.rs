//! What can go wrong with a ledger, as sentences that name the file and say how to fix it.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::place::Place;
use crate::domain::time::format_duration;
use crate::domain::words::os_words;

/// The deeper cause, for a bug report; it never reaches a user by itself.
pub type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// Why the ledger could not be opened, read or written. After an error of a `record_*` the write
/// may or may not be durable: whoever was about to send must not.
#[derive(Debug, Error)]
pub enum LedgerError {
    Missing {
        place: Place,
    },
    /// Its file is gone or empty, and what lies beside it says that there was one.
    Lost {
        path: PathBuf,
    },
    /// A hard link: the file has another name, with another log and other locks.
    TwoNames {
        path: PathBuf,
        inode: u64,
        /// The folder at which its file system begins: the other name may be anywhere in it.
        within: PathBuf,
    },
    IsDirectory {
        path: PathBuf,
    },
    NotALedger {
        place: Place,
        what: &'static str,
    },
    /// The same where its mark lies beside it: it was one.
    Overwritten {
        path: PathBuf,
        what: &'static str,
    },
    Newer {
        place: Place,
        found: i64,
        known: i64,
    },
    /// It has to be brought up to date first, and this user may not write it.
    Older {
        place: Place,
        found: i64,
        known: i64,
    },
    /// It is a backup: nothing is written into it.
    Stamped {
        path: PathBuf,
    },
    /// A backup of another schema, which is not brought up to date where it lies.
    OtherBackup {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    ReadOnly {
        place: Place,
    },
    /// This user may neither write it nor read all of it: less of it is not shown.
    Closed {
        path: PathBuf,
        why: Closed,
    },
    Locked {
        place: Place,
        waited: Duration,
    },
    Full {
        place: Place,
    },
    Io {
        path: PathBuf,
        doing: &'static str,
        source: io::Error,
    },
    Disk {
        place: Place,
        source: Cause,
    },
    Damaged {
        place: Place,
        source: Cause,
    },
    Corrupt {
        place: Place,
        table: &'static str,
        row: String,
        column: &'static str,
        value: String,
    },
    Moved {
        place: Place,
    },
    Changed {
        place: Place,
        merchant_uid: MerchantUid,
    },
    NoSuchPayment {
        place: Place,
        merchant_uid: MerchantUid,
    },
    NoSuchCustomer {
        place: Place,
        customer_uid: CustomerUid,
    },
    TooLarge {
        place: Place,
        what: &'static str,
    },
    Other {
        place: Place,
        source: Cause,
    },
}

/// What of a ledger a user may not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    File,
    /// It has something in it.
    Log,
    /// The log has something in it, and its index is closed, or missing where nothing may be created.
    Index,
    /// A write was cut off and has to be taken back.
    CutOff,
    /// For who may write all the rest.
    Mark,
}

impl Closed {
    fn words(self, ledger: &Path) -> String {
        let ledger = ledger.display();
        match self {
            Closed::File => "its file is closed to this user".to_owned(),
            Closed::Log => format!("its log {ledger}-wal holds payments and is closed to this user"),
            Closed::Index => format!(
                "its log holds payments, and the log's index {ledger}-shm is missing or closed to this user"
            ),
            Closed::CutOff => "a write was cut off, and only who may write it can take that back".to_owned(),
            Closed::Mark => format!("its mark {ledger}.mark is closed to this user"),
        }
    }
}

/// How a damaged ledger is replaced.
pub const REPLACED_BY_BACKUP: &str = "put the newest backup in its place with `billkey ledger restore FILE`: what is \
     there now is kept beside it";

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+,@%:".contains(letter);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// What is wrong, and how to fix it where that is known.
impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        match self.fix() {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

impl LedgerError {
    /// What is wrong, without how to fix it.
    #[must_use]
    pub fn what(&self) -> String {
        let ledger = self.place();
        match self {
            LedgerError::Missing { .. } => format!("there is no ledger at {ledger}"),
            LedgerError::Lost { .. } => format!(
                "the ledger {ledger} is lost: its mark or its log lies there, and the file itself is gone or empty"
            ),
            LedgerError::TwoNames { inode, .. } => format!(
                "the ledger {ledger} has a second name (a hard link to inode {inode}): each would keep its own \
                 log, and charge again what the other has charged"
            ),
            LedgerError::IsDirectory { .. } => format!("{ledger} is a directory"),
            LedgerError::NotALedger { what, .. } => {
                format!("{ledger} is not a billkey ledger: {what}. It was left as it is")
            }
            LedgerError::Overwritten { what, .. } => format!(
                "the ledger {ledger} is damaged or was overwritten: {what}, and its mark lies beside it"
            ),
            LedgerError::Newer { found, known, .. } => format!(
                "the ledger {ledger} was written by a newer billkey (schema {found}; this one knows {known}). \
                 It was left as it is"
            ),
            LedgerError::Older { found, known, .. } => format!(
                "the ledger {ledger} was written by an older billkey (schema {found}; this one reads {known}), and \
                 this user may not write it to bring it up to date"
            ),
            LedgerError::Stamped { .. } => format!(
                "{ledger} is a backup, and takes no charge and nothing else until it is put in a ledger's place"
            ),
            LedgerError::OtherBackup { found, known, .. } => format!(
                "the backup {ledger} was made by another billkey (schema {found}; this one reads {known})"
            ),
            LedgerError::Closed { why, path } => {
                format!("the ledger {ledger} cannot be read as a whole: {}", why.words(path))
            }
            LedgerError::ReadOnly { .. } => format!(
                "the ledger {ledger} cannot be written: the file or its directory is read-only for this user"
            ),
            LedgerError::Locked { waited, .. } => format!(
                "the ledger {ledger} is locked by another program and did not come free within {}",
                format_duration(*waited)
            ),
            LedgerError::Full { .. } => format!("the disk of the ledger {ledger} is full"),
            LedgerError::Io { doing, source, .. } => {
                format!("could not {doing} {ledger}: {}", os_words(source))
            }
            LedgerError::Disk { .. } => format!(
                "the disk failed under the ledger {ledger}, and what was being written may or may not be there"
            ),
            LedgerError::Damaged { .. } => format!("the ledger {ledger} is damaged"),
            LedgerError::Corrupt { table, row, column, value, .. } => format!(
                "the ledger {ledger} holds a value that billkey did not write: `{value}` in {table}.{column} of \
                 {row}"
            ),
            LedgerError::Moved { .. } => {
                format!("the ledger {ledger} was moved, deleted or replaced while it was open")
            }
            LedgerError::Changed { merchant_uid, .. } => format!(
                "the payment {merchant_uid} was changed in the ledger {ledger} while it was being charged"
            ),
            LedgerError::NoSuchPayment { merchant_uid, .. } => {
                format!("the ledger {ledger} has no payment {merchant_uid}")
            }
            LedgerError::NoSuchCustomer { customer_uid, .. } => {
                format!("the ledger {ledger} has no customer {customer_uid}")
            }
            LedgerError::TooLarge { what, .. } => {
                format!("the {what} does not fit into the ledger {ledger}: it is too large")
            }
            LedgerError::Other { .. } => {
                format!("the ledger {ledger} could not be used, for a reason of SQLite's own")
            }
        }
    }

    /// How to fix it, where that is known, to stand behind a semicolon or by itself.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        let fixed = match self {
            LedgerError::Missing { .. } => "check the path, or charge once to create it",
            LedgerError::Lost { .. } => {
                "put the newest backup back with `billkey ledger restore FILE`, or begin an empty ledger with \
                 `billkey ledger accept --reason \"...\"`"
            }
            LedgerError::TwoNames { path, inode, within } => {
                return Some(format!(
                    "find the other name with `find {} -xdev -inum {inode}`, and remove that one, unless it is {} \
                     that is not in use",
                    within.display(),
                    path.display()
                ));
            }
            LedgerError::IsDirectory { .. } => "name the ledger's file in it, such as `ledger.db`",
            LedgerError::NotALedger { .. } => "name another file",
            LedgerError::Newer { .. } => "update billkey",
            LedgerError::Stamped { path } | LedgerError::OtherBackup { path, .. } => {
                return Some(format!(
                    "put it in the ledger's place with `billkey ledger restore {}`",
                    shell_word(path)
                ));
            }
            LedgerError::ReadOnly { .. } => {
                "fix the permissions (`billkey doctor` names them), or name another file"
            }
            LedgerError::Older { .. } => "run `billkey history` once as a user who may write it",
            LedgerError::Closed { path, why: Closed::Index | Closed::CutOff } => {
                return Some(format!(
                    "run `billkey history` once as a user who may write it; if that does not help, let this user's \
                     group read all of it: `chmod g+r {}*`",
                    path.display()
                ));
            }
            LedgerError::Closed { path, .. } => {
                return Some(format!(
                    "run this as its owner, or let this user's group read all of it: `chmod g+r {}*`",
                    path.display()
                ));
            }
            LedgerError::Locked { .. } => "find what holds it, then run this again",
            LedgerError::Full { .. } => "make room, then run this again",
            LedgerError::Disk { .. } => "check the disk before anything is charged",
            LedgerError::Damaged { .. } | LedgerError::Overwritten { .. } => REPLACED_BY_BACKUP,
            LedgerError::Corrupt { .. } => {
                "put the newest backup back with `billkey ledger restore FILE`, or fix that row"
            }
            LedgerError::Moved { .. } => "put it back, or run this again with the one that is there now",
            LedgerError::Changed { .. } => "run this again",
            LedgerError::NoSuchCustomer { .. } => "add it with `billkey customer add`",
            LedgerError::Other { place, .. } => {
                let file = place.file()?.display();
                return Some(format!("check it with `sqlite3 {file} 'PRAGMA integrity_check'`"));
            }
            LedgerError::Io { .. } | LedgerError::NoSuchPayment { .. } | LedgerError::TooLarge { .. } => {
                return None;
            }
        };
        Some(fixed.to_owned())
    }

    /// Where the ledger is that it is about.
    fn place(&self) -> Place {
        match self {
            LedgerError::Missing { place }
            | LedgerError::NotALedger { place, .. }
            | LedgerError::Newer { place, .. }
            | LedgerError::Older { place, .. }
            | LedgerError::ReadOnly { place }
            | LedgerError::Locked { place, .. }
            | LedgerError::Full { place }
            | LedgerError::Disk { place, .. }
            | LedgerError::Damaged { place, .. }
            | LedgerError::Corrupt { place, .. }
            | LedgerError::Moved { place }
            | LedgerError::Changed { place, .. }
            | LedgerError::NoSuchPayment { place, .. }
            | LedgerError::NoSuchCustomer { place, .. }
            | LedgerError::TooLarge { place, .. }
            | LedgerError::Other { place, .. } => place.clone(),
            LedgerError::Lost { path }
            | LedgerError::TwoNames { path, .. }
            | LedgerError::IsDirectory { path }
            | LedgerError::Overwritten { path, .. }
            | LedgerError::Stamped { path }
            | LedgerError::OtherBackup { path, .. }
            | LedgerError::Closed { path, .. }
            | LedgerError::Io { path, .. } => Place::from(path),
        }
    }

    /// Another program holds the whole ledger: the same command may be run again.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, LedgerError::Locked { .. })
    }

    /// There is nothing at the path: for reading, that is an empty history or a mistyped path.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, LedgerError::Missing { .. })
    }
}

/// An error of the file system's, by what mends it.
pub(super) fn from_io(path: &Path, doing: &'static str, source: io::Error) -> LedgerError {
    let (place, path) = (Place::from(path), path.to_owned());
    #[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is an open set")]
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => LedgerError::ReadOnly { place },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LedgerError::Full { place },
        _ => LedgerError::Io { path, doing, source },
    }
}
