//! Where a ledger is: the file that a path names, what lies beside it, and directories that keep names.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

#[cfg(unix)]
mod shared;

#[cfg(not(unix))]
mod shared {
    use std::fs::File;
    use std::path::Path;

    /// Who may use a file is not for modes to say here.
    pub(in crate::ledger) fn share(_made: &File, _ledger: &Path) {}

    pub(in crate::ledger) fn share_log(_ledger: &Path) {}

    pub(in crate::ledger) fn is_trusted(_found: &std::fs::Metadata, _ledger: &Path) -> bool {
        true
    }
}

pub(super) use shared::{is_trusted, share, share_log};

/// Which file a path names now: its device and number there.
#[cfg(unix)]
pub(super) fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).map(|metadata| Some((metadata.dev(), metadata.ino())))
}

/// Elsewhere an open file can be neither moved nor deleted.
#[cfg(not(unix))]
pub(super) fn identity(_path: &Path) -> io::Result<Option<(u64, u64)>> {
    Ok(None)
}

/// A file's number, where it has another name. Two names would be two logs and two sets of locks.
#[cfg(unix)]
pub(super) fn has_another_name(path: &Path) -> io::Result<Option<u64>> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path)?;
    Ok((metadata.nlink() > 1).then(|| metadata.ino()))
}

/// Hard links are not counted here.
#[cfg(not(unix))]
pub(super) fn has_another_name(_path: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}

/// The folder at which a file's file system begins, as far as it can be looked at.
#[cfg(unix)]
pub(super) fn file_system_of(path: &Path) -> PathBuf {
    use std::os::unix::fs::MetadataExt;

    let device = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.dev());
    let own = device(path);
    let within = path.ancestors().skip(1).take_while(|folder| device(folder) == own).last();
    within.unwrap_or(path).to_owned()
}

#[cfg(not(unix))]
pub(super) fn file_system_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A ledger's files: itself, SQLite's beside it, its mark, its locks and its links, whether they are there or not.
#[must_use]
pub fn companions(ledger: &Path) -> Vec<PathBuf> {
    let suffixes =
        ["", "-wal", "-shm", "-journal", ".mark", ".mark.new", ".locks", ".links", ".billkey-part"];
    suffixes.iter().map(|suffix| beside(ledger, suffix)).collect()
}

/// Whether a path names a file with something in it.
pub(super) fn holds_something(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// Where a symbolic link to nothing points at; other paths as they are.
pub(super) fn follow(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links in a row as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().map_or(target.clone(), |dir| dir.join(&target)),
            Err(_) => break,
        }
    }
    path
}

/// Creates what is missing, from the top down, and makes each name durable in the directory that
/// holds it.
pub(super) fn create_directories(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    // The lowest one that is there may have been made a moment ago, by a process that was killed
    // before it came to sync the name. One that is older needs nothing, and its parent may be closed
    // to this user.
    if let Some(parent) = dir.ancestors().nth(missing.len()).and_then(Path::parent) {
        let _ = sync_directory(parent);
    }
    for dir in missing.into_iter().rev() {
        match directory_builder().create(dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if let Some(parent) = dir.parent() {
            sync_directory(parent)?;
        }
    }
    Ok(())
}

/// Makes directories that only their owner can enter.
pub(super) fn directory_builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Gives a file its name, unless another one has it: true if it was given. Never for a moment have two files
/// the name, or the file two names, where the system can do that.
pub(super) fn rename_unless_there(from: &Path, to: &Path) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(true),
            Err(Errno::EXIST) => return Ok(false),
            // Some file systems do not know it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives a file the name of another one, and that one a name that nobody has, so that the first name is never
/// nobody's. Where the system can change two names in one step, it is one.
pub(super) fn exchange(new: &Path, path: &Path, kept: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        // First what is new gets the other's later name: the step itself then leaves nothing to be done.
        fs::rename(new, kept)?;
        match renameat_with(CWD, kept, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(kept, new)?,
            Err(error) => {
                fs::rename(kept, new)?;
                return Err(error.into());
            }
        }
    }
    // A run that is killed in between leaves two names of one file, which the next one refuses and names.
    fs::hard_link(path, kept)?;
    fs::rename(new, path)
}

/// How many bytes this user may still write in a folder, where the system says it.
#[cfg(unix)]
pub(super) fn room_in(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
pub(super) fn room_in(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // Some file systems cannot sync a directory; they have nothing to make durable there.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn sync_directory(_dir: &Path) -> io::Result<()> {
    Ok(())
}
