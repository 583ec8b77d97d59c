//! Errors on their way up: what SQLite or a row says, before it is known which file it is about.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Error, ErrorCode, ffi};

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::place::Place;
use crate::domain::words::os_words;
use crate::ledger::error::{Closed, LedgerError};
use crate::ledger::sqlite::mark::path_of;

/// An error without the ledger's path.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(Error),
    /// A value in a row that this program did not write.
    Cell {
        table: &'static str,
        row: String,
        column: &'static str,
        value: String,
    },
    /// The mark beside the ledger could not be read or written.
    Mark(io::Error),
    /// The path names another file than the one that is open, or none.
    Moved,
    Changed(MerchantUid),
    NoSuchPayment(MerchantUid),
    NoSuchCustomer(CustomerUid),
    TooLarge(&'static str),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl Fault {
    /// Another connection holds what this one needs.
    pub(super) fn is_busy(&self) -> bool {
        let Fault::Sqlite(error) = self else { return false };
        [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked, ErrorCode::FileLockingProtocolFailed]
            .into_iter()
            .any(|busy| error.sqlite_error_code() == Some(busy))
    }

    /// The error as a user needs it.
    pub(super) fn at(self, path: &Path, waited: Duration) -> LedgerError {
        let busy = self.is_busy();
        let place = Place::from(path);
        match self {
            Fault::Sqlite(_) if busy => LedgerError::Locked { place, waited },
            Fault::Sqlite(error) => from_sqlite(error, place),
            Fault::Cell { table, row, column, value } => {
                LedgerError::Corrupt { place, table, row, column, value }
            }
            Fault::Mark(source) if source.kind() == ErrorKind::PermissionDenied => {
                LedgerError::Closed { path: path.to_owned(), why: Closed::Mark }
            }
            Fault::Mark(source) => {
                LedgerError::Io { path: path_of(path), doing: "use the ledger's mark", source }
            }
            Fault::Moved => LedgerError::Moved { place },
            Fault::Changed(merchant_uid) => LedgerError::Changed { place, merchant_uid },
            Fault::NoSuchPayment(merchant_uid) => LedgerError::NoSuchPayment { place, merchant_uid },
            Fault::NoSuchCustomer(customer_uid) => LedgerError::NoSuchCustomer { place, customer_uid },
            Fault::TooLarge(what) => LedgerError::TooLarge { place, what },
        }
    }
}

fn from_sqlite(error: Error, place: Place) -> LedgerError {
    // A full disk shows as this one when the shared-memory file beside the ledger cannot grow.
    let extended = error.sqlite_error().map(|error| error.extended_code);
    if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) {
        return LedgerError::Full { place };
    }
    match error.sqlite_error_code() {
        // The one arithmetic in our statements is the sum of amounts, which does not wrap around.
        Some(ErrorCode::Unknown) if error.to_string().contains("integer overflow") => {
            LedgerError::TooLarge { place, what: "sum of the amounts" }
        }
        Some(ErrorCode::NotADatabase) => LedgerError::NotALedger { place, what: "it is not an SQLite file" },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            LedgerError::ReadOnly { place }
        }
        Some(ErrorCode::DiskFull) => LedgerError::Full { place },
        Some(ErrorCode::SystemIoFailure) => LedgerError::Disk { place, source: error.into() },
        Some(ErrorCode::DatabaseCorrupt) => LedgerError::Damaged { place, source: error.into() },
        _ => LedgerError::Other { place, source: error.into() },
    }
}

/// The same fault again; of an error of rusqlite's own, its words.
pub(super) fn copy(fault: &Fault) -> Fault {
    let sqlite = |error: &Error| match error.sqlite_error() {
        Some(code) => {
            let code = ffi::Error { code: code.code, extended_code: code.extended_code };
            Error::SqliteFailure(code, Some(error.to_string()))
        }
        None => Error::ToSqlConversionFailure(error.to_string().into()),
    };
    match fault {
        Fault::Sqlite(error) => Fault::Sqlite(sqlite(error)),
        Fault::Cell { table, row, column, value } => {
            Fault::Cell { table, row: row.clone(), column, value: value.clone() }
        }
        Fault::Mark(error) => Fault::Mark(io::Error::new(error.kind(), os_words(error))),
        Fault::Moved => Fault::Moved,
        Fault::Changed(uid) => Fault::Changed(uid.clone()),
        Fault::NoSuchPayment(uid) => Fault::NoSuchPayment(uid.clone()),
        Fault::NoSuchCustomer(uid) => Fault::NoSuchCustomer(uid.clone()),
        Fault::TooLarge(what) => Fault::TooLarge(what),
    }
}
