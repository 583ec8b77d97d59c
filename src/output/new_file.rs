//! A file that takes its name when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

/// A file that is written beside the one whose name it will have. Until then, and where it is dropped before it
/// is finished, what stood under the name stays as it was.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    /// The name meanwhile; `None` where there is nothing to put in its place: a pipe, a device.
    beside: Option<TempPath>,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file for its owner alone, or with the mode of the one that it takes the place of. A symbolic link
    /// stays one: what it points at is replaced.
    pub fn create(path: &Path) -> io::Result<NewFile> {
        let (target, before) = match fs::canonicalize(path) {
            Ok(target) => (target.clone(), Some(fs::metadata(target)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(error),
        };
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            let file = OpenOptions::new().write(true).open(path)?;
            return Ok(NewFile { file, beside: None, target });
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::metadata(folder)?;
        let mut prefix = target.file_name().unwrap_or_default().to_owned();
        prefix.push(".");
        let (file, beside) =
            Builder::new().prefix(&prefix).suffix(".part").tempfile_in(folder).map_err(bare)?.into_parts();
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        Ok(NewFile { file, beside: Some(beside), target })
    }

    /// Another handle to write by.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Writes all of it and gives it its name.
    pub fn put(self, bytes: &[u8]) -> io::Result<()> {
        self.writer()?.write_all(bytes)?;
        self.finish()
    }

    /// Gives the file its name, once it is on the disk.
    pub fn finish(self) -> io::Result<()> {
        let Some(beside) = self.beside else { return Ok(()) };
        self.file.sync_all()?;
        beside.persist(&self.target).map_err(|error| error.error)
    }
}

/// The error without the name of the file beside, which `tempfile` puts into it and nobody has asked for.
fn bare(error: io::Error) -> io::Error {
    if error.get_ref().is_some() { io::Error::from(error.kind()) } else { error }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use crate::output::new_file::NewFile;

    fn write(path: &Path, text: &str) -> NewFile {
        let new = NewFile::create(path).unwrap();
        new.writer().unwrap().write_all(text.as_bytes()).unwrap();
        new
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_there_stays_until_the_new_file_is_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        drop(write(&path, "given up"));
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), names(folder.path())),
            ("old".into(), vec!["out.csv".into()])
        );
        let new = write(&path, "new");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        new.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let fresh = folder.path().join("fresh.csv");
        write(&fresh, "new").finish().unwrap();
        assert_eq!(fs::metadata(&fresh).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["fresh.csv", "out.csv"]);
    }

    #[test]
    fn a_hard_link_keeps_what_it_had_and_a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "old").unwrap();
        fs::hard_link(at("real"), at("hard")).unwrap();
        symlink(at("real"), at("soft")).unwrap();
        write(&at("soft"), "new").finish().unwrap();
        assert!(fs::symlink_metadata(at("soft")).unwrap().is_symlink());
        let read = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!((read("real"), read("hard")), ("new".into(), "old".into()));
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced_and_a_folder_is_neither() {
        use std::os::unix::fs::FileTypeExt as _;

        write(Path::new("/dev/null"), "gone").finish().unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let folder = tempfile::tempdir().unwrap();
        assert!(NewFile::create(folder.path()).is_err());
        let nowhere = NewFile::create(&folder.path().join("nowhere/out.csv")).unwrap_err();
        assert!(!nowhere.to_string().contains(".part"), "{nowhere}");
    }
}
