//! The token cache: one small file that the processes of one user share.
//!
//! It is a help and never a condition: a file that is missing, unreadable, foreign, readable by
//! others or damaged is no cache, and one that cannot be written is left.

use std::fs::{DirBuilder, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Number, Value};
use tempfile::Builder;

use crate::domain::secret::Secret;
use crate::domain::time::{BootReading, Moment};
use crate::gateway::token::{Cached, Reading};
use crate::gateway::{json, wire};
use crate::plain_file::Found;

/// Anything longer is no token.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Where tokens are kept between processes.
pub(super) struct TokenCache {
    path: Option<PathBuf>,
    /// A fingerprint of key and secret: the token of another key is another account's.
    credentials: String,
}

impl TokenCache {
    pub(super) fn new(path: Option<PathBuf>, credentials: String) -> TokenCache {
        TokenCache { path, credentials }
    }

    /// The token in the file, as old as it may be.
    pub(super) fn load(&self) -> Option<Cached> {
        let text = read_private(self.path.as_deref()?).ok()?;
        let value = json::read(&text)?;
        let object = value.as_object()?;
        if wire::text(object, "credentials")? != self.credentials {
            return None;
        }
        let access_token = wire::text(object, "access_token")?;
        if !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let boot = wire::text(object, "boot_id").zip(wire::epoch_s(object, "since_boot_ms"));
        let boot =
            boot.map(|(boot_id, since_boot_ms)| BootReading { boot_id: boot_id.into(), since_boot_ms });
        let reading = Reading {
            now_s: wire::epoch_s(object, "now_s")?,
            expired_at_s: wire::epoch_s(object, "expired_at_s")?,
            read_at: Moment {
                wall: Timestamp::from_millisecond(wire::epoch_s(object, "wall_ms")?).ok()?,
                boot,
            },
        };
        Some(Cached { access_token: Secret::new(access_token), reading: Some(reading) })
    }

    /// Puts a token into the file. One without times is not worth keeping.
    pub(super) fn store(&self, held: &Cached) {
        if let (Some(path), Some(reading)) = (&self.path, &held.reading) {
            let text = self.text(held, reading);
            // The next process asks the gateway instead.
            drop(replace_private(path, text.expose()));
        }
    }

    fn text(&self, held: &Cached, reading: &Reading) -> Secret {
        let string = |text: &str| Value::String(text.to_owned());
        let number = |number: i64| Value::Number(Number::from(number));
        let mut object = Map::new();
        object.insert("credentials".to_owned(), string(&self.credentials));
        object.insert("access_token".to_owned(), string(held.access_token.expose()));
        object.insert("now_s".to_owned(), number(reading.now_s));
        object.insert("expired_at_s".to_owned(), number(reading.expired_at_s));
        object.insert("wall_ms".to_owned(), number(reading.read_at.wall.as_millisecond()));
        if let Some(boot) = &reading.read_at.boot {
            object.insert("boot_id".to_owned(), string(&boot.boot_id));
            object.insert("since_boot_ms".to_owned(), number(boot.since_boot_ms));
        }
        Secret::new(Value::Object(object).to_string())
    }
}

/// Reads a file that only its owner can have written and read. Anything else in its place is no cache.
fn read_private(path: &Path) -> io::Result<String> {
    let found = Found::open(path)?;
    check_private(found.metadata())?;
    String::from_utf8(found.read(FILE_BYTES_MAX)?).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

#[cfg(unix)]
fn check_private(found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_file() && ours && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::PermissionDenied))
    }
}

#[cfg(not(unix))]
fn check_private(_found: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Writes beside the file and renames, so that a reader sees the old token or the new one. What is made beside it
/// is for its owner alone, and is removed where it cannot be renamed.
fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    let Some(directory) = path.parent() else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    create_private_dir(directory)?;
    let mut beside = Builder::new().prefix(".token-").suffix(".tmp").tempfile_in(directory)?;
    beside.write_all(text.as_bytes())?;
    beside.persist(path).map(drop).map_err(|error| error.error)
}

fn create_private_dir(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests;
