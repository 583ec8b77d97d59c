//! A file for each payment, named by its hash, which goes when the lock does.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::domain::words::hex;
use crate::ledger::lock::{Hash, open};

/// The directory of the files.
#[derive(Clone, Debug)]
pub(super) struct LockDir {
    dir: PathBuf,
}

/// One locked file.
#[derive(Debug)]
pub(super) struct Guard {
    path: PathBuf,
    /// Holds the lock by being open.
    file: File,
}

/// How often a lock may turn out to be on a file that was removed meanwhile: each time somebody
/// else finished a payment in between.
const TRIES_MAX: u32 = 100;

impl LockDir {
    #[cfg_attr(test, expect(clippy::unnecessary_wraps, reason = "opening it may fail elsewhere"))]
    pub(super) fn open(dir: &Path) -> io::Result<LockDir> {
        Ok(LockDir { dir: dir.to_owned() })
    }

    pub(super) fn try_lock(self, hash: &Hash) -> io::Result<Option<Guard>> {
        let path = self.dir.join(hex(hash));
        for _ in 0..TRIES_MAX {
            let file = open(&self.dir, &path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => return Ok(None),
                Err(fs::TryLockError::Error(source)) => return Err(source),
            }
            if is_at(&file, &path)? {
                return Ok(Some(Guard { path, file }));
            }
        }
        Ok(None)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The name goes while the lock is still held. Whoever opened the file meanwhile sees, once
        // it has the lock, that the name is gone or another file's, and begins again. A name that
        // cannot be removed is only litter; one that is another file's by now is not ours to remove.
        if cfg!(unix) && is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::LockDir;

    fn try_lock(locks: &LockDir, order: u8) -> Option<super::Guard> {
        locks.clone().try_lock(&[order; 32]).unwrap()
    }

    #[test]
    fn one_has_a_payments_lock_until_it_is_dropped_and_no_file_is_left() {
        let dir = tempfile::TempDir::new().unwrap();
        let locks = LockDir::open(&dir.path().join("locks")).unwrap();
        let held = try_lock(&locks, 1);
        assert!(held.is_some() && try_lock(&locks, 1).is_none() && try_lock(&locks, 2).is_some());
        drop(held);
        drop(try_lock(&locks, 1).unwrap());
        let left = std::fs::read_dir(dir.path().join("locks")).unwrap().count();
        assert_eq!(left, if cfg!(unix) { 0 } else { 2 });
    }

    #[test]
    #[cfg(unix)]
    fn a_lock_whose_file_was_removed_is_still_let_go_in_order() {
        let dir = tempfile::TempDir::new().unwrap();
        let locks = LockDir::open(dir.path()).unwrap();
        let first = try_lock(&locks, 1).unwrap();
        std::fs::remove_file(&first.path).unwrap();
        let second = try_lock(&locks, 1).unwrap();
        drop(first);
        assert!(try_lock(&locks, 1).is_none(), "the second holder's file stays");
        drop(second);
    }
}
