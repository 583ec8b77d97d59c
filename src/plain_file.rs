//! Files at places that are known beforehand: the config, a secret, certificates, a token, what lies beside a ledger.
//!
//! Somebody may have put something else there. So nothing is waited for, as a pipe would have to be, and what is
//! judged is the file that was opened, never its name once more.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// What stands at such a place, open to be read.
pub struct Found {
    file: File,
    metadata: Metadata,
}

impl Found {
    /// Opens a file to be read.
    pub fn open(path: &Path) -> io::Result<Found> {
        let file = open(OpenOptions::new().read(true), path)?;
        let metadata = file.metadata()?;
        Ok(Found { file, metadata })
    }

    /// What the system says of the very file that is read.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether it is a pipe: what comes out of it is whatever somebody puts into it just now.
    #[must_use]
    pub fn is_pipe(&self) -> bool {
        #[cfg(unix)]
        {
            std::os::unix::fs::FileTypeExt::is_fifo(&self.metadata.file_type())
        }
        #[cfg(not(unix))]
        {
            false
        }
    }

    /// Reads it to its end, or as many bytes as there may be at most: a device has no end.
    pub fn read(self, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Opens a file in this way, without waiting for whoever has the other end of a pipe.
pub fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    with_flags(options, rustix::fs::OFlags::NONBLOCK);
    options.open(path)
}

/// The same, where a symbolic link is not followed but refused.
pub fn open_no_link(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    with_flags(options, rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW);
    options.open(path)
}

#[cfg(unix)]
fn with_flags(options: &mut OpenOptions, flags: rustix::fs::OFlags) {
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::ErrorKind;
    use std::path::Path;
    use std::process::Command;

    use super::{Found, open, open_no_link};

    #[test]
    fn a_pipe_is_not_waited_for_and_is_known_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(Found::open(&pipe).unwrap().is_pipe());
        // Nobody reads it: to write would be to wait as well.
        assert!(open(OpenOptions::new().write(true), &pipe).is_err());
        assert!(!Found::open(Path::new("/dev/null")).unwrap().is_pipe());
    }

    #[test]
    fn a_file_is_read_to_its_end_or_to_its_limit_and_a_device_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "0123456789").unwrap();
        assert_eq!(Found::open(&path).unwrap().read(100).unwrap(), b"0123456789");
        assert_eq!(Found::open(&path).unwrap().read(4).unwrap(), b"0123");
        assert_eq!(Found::open(Path::new("/dev/zero")).unwrap().read(4).unwrap(), [0; 4]);
    }

    #[test]
    fn a_link_is_followed_only_where_one_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open(OpenOptions::new().read(true), &link).is_ok());
        let refused = open_no_link(OpenOptions::new().read(true), &link).unwrap_err();
        assert_ne!(refused.kind(), ErrorKind::NotFound);
        assert!(open_no_link(OpenOptions::new().read(true), &file).is_ok());
    }
}
