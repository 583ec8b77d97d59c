//! A ledger that several users of one group share: what is made beside it is for those whom the ledger is for.
//!
//! A ledger is made for its owner alone. Whoever shares it gives its file to a group (`chgrp`, `chmod g+rw`), and
//! from then on its mark, its locks and its log are made with the ledger's own group and mode, whatever the
//! umask. The superuser's are given to the ledger's owner as well, so that one run with `sudo` locks nobody out.

use std::fs::{self, File, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Gid, Uid, chownat, fchown};

use crate::ledger::place::beside;

const READ_AND_WRITE: u32 = 0o666;
const GROUP: u32 = 0o070;

/// What a file or folder beside the ledger should be.
struct Share {
    owner: Option<Uid>,
    group: Gid,
    mode: u32,
}

impl Share {
    fn of(ledger: &Metadata, is_folder: bool) -> Share {
        let mode = ledger.mode() & READ_AND_WRITE;
        // Whoever may look at a folder's files has to get into it.
        let enter = if is_folder { (mode & 0o444) >> 2 } else { 0 };
        let owner = rustix::process::geteuid().is_root().then(|| Uid::from_raw(ledger.uid()));
        Share { owner, group: Gid::from_raw(ledger.gid()), mode: mode | enter }
    }
}

/// Gives what was just made beside a ledger to those who have the ledger. What this user may not give away stays
/// its own; `doctor` tells of it.
pub(in crate::ledger) fn share(made: &File, ledger: &Path) {
    let (Ok(of), Ok(is)) = (fs::metadata(ledger), made.metadata()) else { return };
    let Share { owner, group, mut mode } = Share::of(&of, is.is_dir());
    if is.gid() != of.gid() || owner.is_some_and(|owner| owner.as_raw() != is.uid()) {
        let given = fchown(made, owner, Some(group)).is_ok();
        if !given {
            // The other group has no business with it.
            mode &= !GROUP;
        }
    }
    if is.mode() & 0o777 != mode {
        let _ = made.set_permissions(Permissions::from_mode(mode));
    }
}

/// The same for the log and its index. SQLite has made them with the ledger's mode, and with the group of whoever
/// ran it. They are given by their names: to open and close them would let go of SQLite's locks.
pub(in crate::ledger) fn share_log(ledger: &Path) {
    let Ok(of) = fs::metadata(ledger) else { return };
    let owner = Share::of(&of, false).owner;
    for suffix in ["-wal", "-shm"] {
        let path = beside(ledger, suffix);
        let Ok(is) = fs::symlink_metadata(&path) else { continue };
        let other_owner = owner.filter(|owner| owner.as_raw() != is.uid());
        if is.is_file() && (is.gid() != of.gid() || other_owner.is_some()) {
            let group = Some(Gid::from_raw(of.gid()));
            let _ = chownat(CWD, &path, other_owner, group, AtFlags::SYMLINK_NOFOLLOW);
        }
    }
}

/// Whether something that was found beside a ledger is from somebody who may have put it there: this user, the
/// superuser, whoever has the ledger or its folder, or, where it is shared, one of its group.
pub(in crate::ledger) fn is_trusted(found: &Metadata, ledger: &Path) -> bool {
    let owner = found.uid();
    if owner == rustix::process::geteuid().as_raw() || owner == 0 {
        return true;
    }
    let folder = ledger.parent().and_then(|folder| fs::metadata(folder).ok());
    if folder.is_some_and(|folder| folder.uid() == owner) {
        return true;
    }
    let Ok(ledger) = fs::metadata(ledger) else { return false };
    ledger.uid() == owner || (ledger.mode() & 0o020 != 0 && ledger.gid() == found.gid())
}
