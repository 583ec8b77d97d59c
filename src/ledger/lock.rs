//! One lock a payment, between processes and between threads.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest;

use crate::domain::ids::MerchantUid;
use crate::ledger::error::LedgerError;
use crate::ledger::fault::from_io;

/// The right to charge one merchant_uid, until it is dropped. The operating system takes it back
/// from a process that dies, however it dies.
#[derive(Debug)]
#[must_use = "the lock is let go when it is dropped"]
pub struct PaymentLock {
    path: PathBuf,
    /// Holds the lock by being open.
    file: Arc<File>,
}

impl Drop for PaymentLock {
    fn drop(&mut self) {
        // The name goes while the lock is still held. Whoever opened the file meanwhile sees, once
        // it has the lock, that the name is gone or another file's, and begins again. A name that
        // cannot be removed is only litter; one that is another file's by now is not ours to remove.
        if cfg!(unix) && is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// How often a lock may turn out to be on a file that was removed meanwhile: each time somebody
/// else finished a payment in between.
const TRIES_MAX: u32 = 100;

/// Tries once to take the lock; `None` when somebody has it. The directory is
/// `<ledger>.locks`, where `ledger` must be the file's one real path.
pub(super) fn try_lock(ledger: &Path, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
    let dir = directory(ledger);
    let path = dir.join(name(uid));
    let failed = |source| from_io(&path, "lock", source);
    for _ in 0..TRIES_MAX {
        let file = open(&dir, &path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        if is_at(&file, &path).map_err(failed)? {
            return Ok(Some(PaymentLock { path, file: Arc::new(file) }));
        }
    }
    Ok(None)
}

fn directory(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".locks");
    PathBuf::from(name)
}

/// The locks of one ledger's payments, without the ledger.
#[derive(Clone, Debug)]
pub struct PaymentLocks {
    ledger: PathBuf,
    /// A locked file that lends itself to one payment after another.
    lent: Option<Arc<File>>,
    lent_path: PathBuf,
}

impl PaymentLocks {
    pub(super) fn new(ledger: &Path) -> PaymentLocks {
        PaymentLocks { ledger: ledger.to_owned(), lent: None, lent_path: PathBuf::new() }
    }

    /// The locks of one worker of the one batch, which has one payment at a time. To make a file
    /// for each payment and remove it again is more work for some file systems than the charge (a
    /// third of a batch's on ext4); the worker's own file, locked for good, gets the payment's name
    /// instead. Whoever opens that name finds it locked. A killed worker leaves a name, as any other.
    #[must_use]
    pub fn of_worker(&self, worker: usize) -> PaymentLocks {
        let dir = directory(&self.ledger);
        let lent_path = dir.join(format!("batch.{worker}"));
        let lent = lend(&dir, &lent_path).unwrap_or_default().map(Arc::new);
        PaymentLocks { ledger: self.ledger.clone(), lent, lent_path }
    }

    /// Tries once to take the lock of one payment; `None` when another process or thread has it.
    pub fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        if let Some(file) = &self.lent {
            let path = directory(&self.ledger).join(name(uid));
            // A name that is there already is somebody's, or was left behind: the long way tells.
            if fs::hard_link(&self.lent_path, &path).is_ok() {
                let lock = PaymentLock { path, file: Arc::clone(file) };
                // Somebody may have put another file in its place.
                if is_at(&lock.file, &lock.path).unwrap_or(false) {
                    return Ok(Some(lock));
                }
            }
        }
        try_lock(&self.ledger, uid)
    }

    /// For whoever has lost the thread that wrote the ledger.
    #[must_use]
    pub fn no_writer(&self) -> LedgerError {
        let source = "the thread that writes the ledger has ended".into();
        LedgerError::Other { path: self.ledger.clone(), source }
    }
}

/// The right to be the one batch on a ledger, until it is dropped or its process dies. Its file
/// stays: a name that is never removed is the same file for everybody.
#[derive(Debug)]
#[must_use = "the lock is let go when it is dropped"]
pub struct BatchLock {
    _file: File,
}

/// Whether this is the one batch.
#[derive(Debug)]
pub enum BatchLocked {
    Ours(BatchLock),
    /// Another process's, by its number where that can be read.
    Theirs {
        pid: Option<u32>,
    },
}

pub(super) fn try_lock_batch(ledger: &Path) -> Result<BatchLocked, LedgerError> {
    let dir = directory(ledger);
    // No payment's lock has this name: theirs are 64 hex digits.
    let path = dir.join("batch");
    let failed = |source| from_io(&path, "lock", source);
    let mut file = open(&dir, &path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            let pid = std::process::id().to_string();
            file.set_len(0).and_then(|()| file.write_all(pid.as_bytes())).map_err(failed)?;
            Ok(BatchLocked::Ours(BatchLock { _file: file }))
        }
        Err(fs::TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let read = file.take(20).read_to_string(&mut pid);
            Ok(BatchLocked::Theirs { pid: read.ok().and_then(|_| pid.trim().parse().ok()) })
        }
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A worker's own file, locked; `None` where it cannot be had, and files are made one a payment.
#[cfg(unix)]
fn lend(dir: &Path, path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::MetadataExt;

    let mut file = open(dir, path)?;
    if file.metadata()?.nlink() > 1 {
        // A batch that was killed left a payment's name on it; that payment keeps the file.
        fs::remove_file(path)?;
        file = open(dir, path)?;
    }
    match file.try_lock() {
        Ok(()) if is_at(&file, path)? => Ok(Some(file)),
        Ok(()) | Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(not(unix))]
fn lend(_dir: &Path, _path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// A hash: a merchant_uid may hold what a file name may not, and file systems fold cases.
fn name(uid: &MerchantUid) -> String {
    let hash = digest::digest(&digest::SHA256, uid.as_str().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn open(dir: &Path, path: &Path) -> io::Result<File> {
    match open_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match directory_builder().create(dir) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
            open_file(path)
        }
        result => result,
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes directories that only their owner can enter.
pub(super) fn directory_builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Whether the open file is still the one that the path names.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lock files are never removed here.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}
