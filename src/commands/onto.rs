//! What a file that a run writes may not be put in the place of.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::ledger::companions;
use crate::settings::Settings;

/// Refuses what [`not_onto_own`] refuses, and any other database: a ledger that no setting of this run names is known by
/// what is in it.
pub(super) fn not_onto(
    path: &Path,
    flag: &str,
    input: Option<&Path>,
    settings: &Settings,
) -> Result<(), Failure> {
    not_onto_own(path, flag, input, settings)?;
    database(path).map_or(Ok(()), |what| {
        let message = format!("{flag} names {}, which is {what}; it was left as it is", path.display());
        Err(Failure::usage(message).hinted("name another file"))
    })
}

/// Refuses a file that a flag names where it is the input, a ledger or what belongs to one, the config, a secret
/// or a token, whatever it is called there: by its path, through links, and as a hard link.
pub(super) fn not_onto_own(
    path: &Path,
    flag: &str,
    input: Option<&Path>,
    settings: &Settings,
) -> Result<(), Failure> {
    let shown = path.display();
    if input.is_some_and(|input| is_same(path, input)) {
        let message = format!("{flag} names the input itself, {shown}; it was left as it is");
        return Err(Failure::usage(message).hinted("name another file"));
    }
    let books = settings.ledgers.iter().chain([&settings.database]).chain(&settings.book);
    let of_books = books.flat_map(|book| companions(book)).map(|path| ("a ledger", path));
    let mut own = of_books.chain(settings.own_files());
    match own.find(|(_, own)| is_same(path, own) || is_in(path, own)) {
        None => Ok(()),
        Some((what, own)) => {
            let message =
                format!("{flag} names {shown}, which is {what} ({}); it was left as it is", own.display());
            Err(Failure::usage(message).hinted("name another file"))
        }
    }
}

/// What an existing file is, where it begins as a database, its log or a ledger's mark does.
fn database(path: &Path) -> Option<&'static str> {
    const LOG: [&[u8]; 2] = [b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"];
    // Of a pipe nothing may be taken.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut begin = Vec::new();
    File::open(path).ok()?.take(16).read_to_end(&mut begin).ok()?;
    let is_one = begin == *b"SQLite format 3\0"
        || begin.starts_with(b"billkey-mark")
        || LOG.iter().any(|log| begin.starts_with(log));
    is_one.then_some("a database or a part of one")
}

fn is_same(one: &Path, other: &Path) -> bool {
    let is_one_file = || Some(identity(one)? == identity(other)?);
    place(one) == place(other) || is_one_file().unwrap_or(false)
}

/// Whether it would be in a folder of ours.
fn is_in(path: &Path, folder: &Path) -> bool {
    folder.is_dir() && place(path).starts_with(place(folder))
}

/// Where a file is or would be, links in its way followed.
fn place(path: &Path) -> PathBuf {
    let folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(folder).unwrap_or_else(|| path.to_owned())
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}
