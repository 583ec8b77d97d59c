//! What can go wrong with a ledger, as sentences that name the file and say how to mend it.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::time::format_duration;
use crate::domain::words::os_words;

/// The deeper cause, for a bug report; it never reaches a user by itself.
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// Why the ledger could not be opened, read or written. After an error of a `record_*` the write
/// may or may not be durable: whoever was about to send must not.
#[derive(Debug, Error)]
pub enum LedgerError {
    #[error("there is no ledger at {}; check the path, or charge once to create it", .path.display())]
    Missing { path: PathBuf },
    #[error("{} is a directory; name the ledger's file in it, such as `ledger.db`", .path.display())]
    IsDirectory { path: PathBuf },
    #[error("{} is not a billkey ledger: {what}. It was left as it is; name another file", .path.display())]
    NotALedger { path: PathBuf, what: &'static str },
    #[error(
        "the ledger {} was written by a newer billkey (schema {found}; this one knows {known}). It was \
         left as it is; update billkey", .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "the ledger {} cannot be written: the file or its directory is read-only for this user; mend the \
         permissions, or name another file", .path.display()
    )]
    ReadOnly { path: PathBuf },
    #[error(
        "the ledger {} is locked by another program and did not come free within {}; find what holds it, \
         then run this again", .path.display(), format_duration(*.waited)
    )]
    Locked { path: PathBuf, waited: Duration },
    #[error("the disk of the ledger {} is full; make room, then run this again", .path.display())]
    Full { path: PathBuf },
    #[error("could not {doing} {}: {}", .path.display(), os_words(.source))]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error(
        "the disk failed under the ledger {}; what was being written may or may not be there. Check the \
         disk before anything is charged", .path.display()
    )]
    Disk { path: PathBuf, source: Cause },
    #[error(
        "the ledger {} is damaged; restore it from a backup, then run `billkey reconcile`", .path.display()
    )]
    Damaged { path: PathBuf, source: Cause },
    #[error(
        "the ledger {} holds a value that billkey did not write: `{value}` in {table}.{column} of {row}; \
         restore it from a backup, or mend that row", .path.display()
    )]
    Corrupt { path: PathBuf, table: &'static str, row: String, column: &'static str, value: String },
    #[error(
        "the ledger {} was moved, deleted or replaced while it was open; put it back, or run this again \
         with the one that is there now", .path.display()
    )]
    Moved { path: PathBuf },
    #[error(
        "the payment {merchant_uid} was changed in the ledger {} while it was being charged; run this again",
        .path.display()
    )]
    Changed { path: PathBuf, merchant_uid: MerchantUid },
    #[error("the ledger {} has no payment {merchant_uid}", .path.display())]
    NoSuchPayment { path: PathBuf, merchant_uid: MerchantUid },
    #[error(
        "the ledger {} has no customer {customer_uid}; add it with `billkey customer add`", .path.display()
    )]
    NoSuchCustomer { path: PathBuf, customer_uid: CustomerUid },
    #[error("the {what} does not fit into the ledger {}; it is too large", .path.display())]
    TooLarge { path: PathBuf, what: &'static str },
    #[error(
        "the ledger {} could not be used, for a reason of SQLite's own; check it with \
         `sqlite3 {} 'PRAGMA integrity_check'`", .path.display(), .path.display()
    )]
    Other { path: PathBuf, source: Cause },
}

impl LedgerError {
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
