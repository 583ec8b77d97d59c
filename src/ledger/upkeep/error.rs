//! Why a ledger's file could not be looked after.

use std::path::PathBuf;

use thiserror::Error;

use crate::ledger::error::LedgerError;

/// Each says what was left as it is.
#[derive(Debug, Error)]
pub enum UpkeepError {
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("there is no file {}", path.display())]
    NoSuchFile { path: PathBuf },
    #[error("{} is no backup that billkey made: {what}. It was left as it is", path.display())]
    NotABackup { path: PathBuf, what: &'static str },
    /// It is a ledger, or a copy of one.
    #[error("{} is a ledger and no backup: whether it is whole cannot be told. It was left as it is", path.display())]
    NoStamp { path: PathBuf },
    #[error("the backup {} was made by a newer billkey (schema {found}; this one knows {known})", path.display())]
    NewerBackup { path: PathBuf, found: i64, known: i64 },
    /// Something stands where a backup is to be written.
    #[error("{} is there already, and is no backup of this ledger: it was left as it is", path.display())]
    Occupied { path: PathBuf },
    #[error("there is no folder {}", path.display())]
    NoFolder { path: PathBuf },
    #[error("the backup {} is of another ledger ({theirs}) than {} ({ours}): nothing was changed", path.display(), ledger.display())]
    OtherLedger { path: PathBuf, theirs: String, ledger: PathBuf, ours: String },
    #[error("the backup {} is damaged: {what}. It was left as it is, and so was the ledger", path.display())]
    Spoiled { path: PathBuf, what: String },
    /// Another process has it open, as far as is known which one.
    #[error("the ledger {} is in use by another process{}: nothing was changed", path.display(), by(*pid))]
    InUse { path: PathBuf, pid: Option<u32> },
    #[error("{} cannot be written: it or its folder is read-only for this user. Nothing was changed", path.display())]
    NotWritable { path: PathBuf },
    #[error("another run is writing {} at this moment", path.display())]
    Underway { path: PathBuf },
    #[error("there is not enough room in {}: {needed} bytes are needed, and {free} are free. Nothing was changed", folder.display())]
    NoRoom { folder: PathBuf, needed: u64, free: u64 },
}

fn by(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (a batch, number {pid})"))
}
