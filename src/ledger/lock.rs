//! One lock a payment, between processes and between threads.
//!
//! Linux locks a byte of one file, which is a system call and no more (`ranges`). Elsewhere each
//! payment has a file of its own (`files`). Either way the operating system takes the lock back
//! from a process that dies, however it dies.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use crate::domain::ids::MerchantUid;
use crate::domain::place::Place;
use crate::ledger::error::{LedgerError, from_io};
#[cfg(not(target_os = "linux"))]
use crate::ledger::lock::files::{Guard, LockDir};
#[cfg(target_os = "linux")]
use crate::ledger::lock::ranges::{Guard, LockDir};
use crate::ledger::place::{directory_builder, is_trusted, share};
use crate::plain_file::open_no_link;

// On Linux for its tests alone.
#[cfg(any(test, not(target_os = "linux")))]
mod files;
#[cfg(target_os = "linux")]
mod ranges;

/// The right to charge one merchant_uid, until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is let go when it is dropped"]
pub struct PaymentLock {
    _guard: Guard,
}

fn directory(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".locks");
    PathBuf::from(name)
}

/// A ledger as its locks know it.
#[derive(Debug)]
struct Locked {
    place: Place,
    /// A path that is one for everybody who locks; what is locked is beside it.
    base: PathBuf,
}

/// The locks of one ledger's payments, without the ledger. They are in `<base>.locks`.
#[derive(Clone, Debug)]
pub struct PaymentLocks {
    /// Shared: each row of a batch carries it along.
    ledger: Arc<Locked>,
    /// Where the locks are, when it is at hand.
    dir: Option<LockDir>,
}

impl PaymentLocks {
    /// Those beside a path, of a file its one real path.
    pub(super) fn new(place: Place, base: &Path) -> PaymentLocks {
        PaymentLocks { ledger: Arc::new(Locked { place, base: base.to_owned() }), dir: None }
    }

    /// The locks of one worker of many, which has no payment twice at the same time: it opens the
    /// directory of the locks once.
    #[must_use]
    pub fn of_worker(&self) -> PaymentLocks {
        let dir = LockDir::open(&directory(&self.ledger.base)).ok();
        PaymentLocks { ledger: Arc::clone(&self.ledger), dir }
    }

    /// Tries once to take the lock of one payment; `None` when another process or thread has it.
    pub fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        let path = || directory(&self.ledger.base);
        let dir = self.dir.clone().map_or_else(|| LockDir::open(&path()), Ok);
        let guard = dir.and_then(|dir| dir.try_lock(&hash(uid)));
        let guard = guard.map_err(|source| from_io(&path(), "lock a payment in", source))?;
        Ok(guard.map(|guard| PaymentLock { _guard: guard }))
    }

    /// For whoever has lost the thread that wrote the ledger.
    #[must_use]
    pub fn no_writer(&self) -> LedgerError {
        let source = "the thread that writes the ledger has ended".into();
        LedgerError::Other { place: self.ledger.place.clone(), source }
    }
}

type Hash = [u8; SHA256_OUTPUT_LEN];

/// What a merchant_uid is locked by: it may hold what a file name may not, and file systems fold cases.
fn hash(uid: &MerchantUid) -> Hash {
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.iter_mut().zip(digest(&SHA256, uid.as_str().as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// The right to be the one batch on a ledger, until it is dropped or its process dies.
#[derive(Debug)]
#[must_use = "the lock is let go when it is dropped"]
pub struct BatchLock {
    _held: Box<dyn fmt::Debug + Send>,
}

impl BatchLock {
    /// What is let go with the lock.
    pub(super) fn of(held: impl fmt::Debug + Send + 'static) -> BatchLock {
        BatchLock { _held: Box::new(held) }
    }
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

/// By a file that stays: a name that is never removed is the same file for everybody.
pub(super) fn try_lock_batch(ledger: &Path) -> Result<BatchLocked, LedgerError> {
    let dir = directory(ledger);
    // No payment's lock has this name.
    let path = dir.join("batch");
    let failed = |source| from_io(&path, "lock", source);
    let mut file = open(&dir, &path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            let pid = std::process::id().to_string();
            file.set_len(0).and_then(|()| file.write_all(pid.as_bytes())).map_err(failed)?;
            Ok(BatchLocked::Ours(BatchLock::of(file)))
        }
        Err(fs::TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let read = file.take(20).read_to_string(&mut pid);
            Ok(BatchLocked::Theirs { pid: read.ok().and_then(|_| pid.trim().parse().ok()) })
        }
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Waits to be the one that begins a lost ledger anew, until what it gives is dropped.
pub(super) fn lock_to_begin(ledger: &Path) -> Result<File, LedgerError> {
    let dir = directory(ledger);
    let path = dir.join("begin");
    let locked = open(&dir, &path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| from_io(&path, "lock", source))
}

/// Tries to be the only one that puts another file in a ledger's place, until what it gives is dropped.
pub(super) fn try_lock_to_begin(ledger: &Path) -> Result<Option<File>, LedgerError> {
    let dir = directory(ledger);
    let path = dir.join("begin");
    let failed = |source| from_io(&path, "lock", source);
    let file = open(&dir, &path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Opens a file of the locks, which is made if it is not there, and its directory with it. What belongs to
/// neither this user nor to the ledger's is not taken, and no symbolic link is followed: what it points at would
/// be written to.
fn open(dir: &Path, path: &Path) -> io::Result<File> {
    let ledger = ledger_of(dir);
    match fs::symlink_metadata(dir) {
        Ok(found) => trusted(&found, &ledger, found.is_dir(), dir)?,
        Err(error) if error.kind() == ErrorKind::NotFound => match directory_builder().create(dir) {
            Ok(()) => File::open(dir).map(|made| share(&made, &ledger))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(dir)?;
                trusted(&found, &ledger, found.is_dir(), dir)?;
            }
            Err(error) => return Err(error),
        },
        Err(error) => return Err(error),
    }
    let file = match open_file(path, false) {
        Err(error) if error.kind() == ErrorKind::NotFound => match open_file(path, true) {
            Ok(made) => {
                share(&made, &ledger);
                Ok(made)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => open_file(path, false),
            Err(error) => Err(error),
        },
        result => result,
    };
    let file = file.map_err(|error| if is_link(path) { strange(path, IS_A_LINK) } else { error })?;
    let found = file.metadata()?;
    trusted(&found, &ledger, found.is_file(), path)?;
    Ok(file)
}

const IS_A_LINK: &str = "it is a symbolic link, which is not followed here";

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

fn trusted(found: &fs::Metadata, ledger: &Path, is_of_its_kind: bool, path: &Path) -> io::Result<()> {
    if found.is_symlink() {
        return Err(strange(path, IS_A_LINK));
    }
    if !is_of_its_kind {
        return Err(strange(path, "it is something else than billkey makes there"));
    }
    if !is_trusted(found, ledger) {
        return Err(strange(path, "it belongs to a user who has nothing to do with the ledger"));
    }
    Ok(())
}

/// No error of the system's: its kind is none that is tried again.
fn strange(path: &Path, what: &str) -> io::Error {
    let name = path.file_name().unwrap_or_default().display();
    io::Error::new(ErrorKind::InvalidInput, format!("{name}: {what}; look at it, and remove it"))
}

/// The ledger whose locks are in a directory.
fn ledger_of(dir: &Path) -> PathBuf {
    dir.with_extension("")
}

fn open_file(path: &Path, new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(new);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_no_link(&mut options, path)
}
