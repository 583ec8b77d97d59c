//! A byte of one file for each payment, at the place that its hash says.
//!
//! The locks belong to an opening of the file (`F_OFD_SETLK`, fcntl_locking(2)), not to the process as
//! other byte locks do: two openings in one process exclude each other, and to close one lets go of
//! nothing but its own. They are there wherever SQLite's own locks are. The file stays empty, and
//! stays: a name that is never removed is the same file for everybody.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::ledger::lock::{Hash, open};

/// The file, open. Clones of it are one opening, whose locks do not exclude each other.
#[derive(Clone, Debug)]
pub(super) struct LockDir {
    file: Arc<File>,
}

/// One locked byte.
#[derive(Debug)]
pub(super) struct Guard {
    dir: LockDir,
    byte: i64,
}

impl LockDir {
    pub(super) fn open(dir: &Path) -> io::Result<LockDir> {
        Ok(LockDir { file: Arc::new(open(dir, &dir.join("payments"))?) })
    }

    pub(super) fn try_lock(self, hash: &Hash) -> io::Result<Option<Guard>> {
        // 62 bits: two payments that share them would wait for each other, and nothing worse.
        let byte = hash.iter().take(8).fold(0_u64, |byte, next| byte << 8 | u64::from(*next)) >> 2;
        let byte = i64::try_from(byte).map_err(io::Error::other)?;
        match self.set(libc::F_WRLCK, byte) {
            Ok(()) => Ok(Some(Guard { dir: self, byte })),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn set(&self, kind: libc::c_int, byte: i64) -> Result<(), Errno> {
        let short = |value: libc::c_int| libc::c_short::try_from(value).map_err(|_| Errno::EINVAL);
        let lock = libc::flock {
            l_type: short(kind)?,
            l_whence: short(libc::SEEK_SET)?,
            l_start: byte,
            l_len: 1,
            l_pid: 0,
        };
        fcntl(&*self.file, FcntlArg::F_OFD_SETLK(&lock)).map(drop)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What could not be let go is, when the file is closed.
        let _ = self.dir.set(libc::F_UNLCK, self.byte);
    }
}
