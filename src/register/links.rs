//! Where links are kept: in a folder beside the ledger, three small files a link.
//!
//! `ID.json` is what it is for and never changes. `ID.end` is how it ended: whoever makes it first has ended it, and
//! no other process can. `ID.heard` is what was heard of its page, and may be lost. So no process waits for another,
//! and a run that is killed leaves nothing half written.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::domain::time::Moment;
use crate::plain_file::Found;
use crate::register::error::RegisterError;
use crate::register::link::{End, Heard, How, KeptLink, Link};
use crate::register::link_site::LINK_ID_CHARS;
use crate::register::token::fingerprint;

/// Anything longer is no link.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// How long an ended link is still listed.
const KEPT_AFTER_END: Duration = Duration::from_secs(90 * 86_400);

/// The links of one ledger.
#[derive(Clone, Debug)]
pub struct LinkFolder {
    folder: PathBuf,
}

impl LinkFolder {
    /// In `LEDGER.links`, which need not be there yet.
    #[must_use]
    pub fn beside(ledger: &Path) -> LinkFolder {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".links");
        LinkFolder { folder: PathBuf::from(name) }
    }

    /// Keeps a new link. What ended long ago is cleared away first.
    pub fn add(&self, link: &Link, now: &Moment) -> Result<(), RegisterError> {
        self.clear(now);
        if self.write(&format!("{}.json", link.id()), link, true)? {
            return Ok(());
        }
        // Two tokens of one name, or a machine whose random numbers are none.
        Err(self.failed("write", io::Error::from(ErrorKind::AlreadyExists)))
    }

    /// The link of a token; `None` where there is none.
    pub fn find(&self, token: &str) -> Result<Option<KeptLink>, RegisterError> {
        let id: String = fingerprint(token).chars().take(LINK_ID_CHARS).collect();
        Ok(self.get(&id)?.filter(|kept| kept.link.is_of(token)))
    }

    /// The link of that name.
    pub fn get(&self, id: &str) -> Result<Option<KeptLink>, RegisterError> {
        let is_id = id.len() == LINK_ID_CHARS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            return Ok(None);
        }
        let Some(link) = self.read(&format!("{id}.json"))? else { return Ok(None) };
        let end = self.read(&format!("{id}.end"))?;
        // It may have been lost or never written: then nothing was heard.
        let heard = self.read(&format!("{id}.heard")).ok().flatten().unwrap_or_default();
        Ok(Some(KeptLink { link, end, heard }))
    }

    /// All of them, those that were made last first.
    pub fn all(&self) -> Result<Vec<KeptLink>, RegisterError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.unread(source)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let name = entry.map_err(|source| self.unread(source))?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json")) else { continue };
            all.extend(self.get(id)?);
        }
        all.sort_by(|a, b| (b.link.made_at_ms, a.link.id()).cmp(&(a.link.made_at_ms, b.link.id())));
        Ok(all)
    }

    /// Ends a link; whether it was this that ended it.
    pub fn end(&self, link: &Link, how: How, now: &Moment) -> Result<bool, RegisterError> {
        let end = End { how, at_ms: now.wall.as_millisecond() };
        self.write(&format!("{}.end", link.id()), &end, true)
    }

    /// Keeps what was heard of its page.
    pub fn hear(&self, link: &Link, heard: &Heard) -> Result<(), RegisterError> {
        self.write(&format!("{}.heard", link.id()), heard, false).map(drop)
    }

    /// Removes what ended long ago; what cannot be removed is left for another time.
    fn clear(&self, now: &Moment) {
        let kept_ms = i64::try_from(KEPT_AFTER_END.as_millis()).unwrap_or(i64::MAX);
        let limit = now.wall.as_millisecond().saturating_sub(kept_ms);
        for kept in self.all().unwrap_or_default() {
            let ended = kept.end.as_ref().map_or(kept.link.expires_at_ms, |end| end.at_ms);
            if ended < limit {
                // The link itself first: without it nobody looks at the rest.
                for suffix in ["json", "heard", "end"] {
                    let _ = fs::remove_file(self.folder.join(format!("{}.{suffix}", kept.link.id())));
                }
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RegisterError> {
        let bytes = match Found::open(&self.folder.join(name)).and_then(|found| found.read(FILE_BYTES_MAX)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.unread(source)),
        };
        let versioned: Versioned<T> = serde_json::from_slice(&bytes)
            .map_err(|error| self.unread(io::Error::new(ErrorKind::InvalidData, error)))?;
        Ok(Some(versioned.value))
    }

    /// Writes a file beside its place, and gives it its name when it is whole and durable. `new`: only where that name
    /// is free; whether it was.
    fn write<T: Serialize>(&self, name: &str, value: &T, new: bool) -> Result<bool, RegisterError> {
        let failed = |source| self.failed("write", source);
        self.write_as(name, &Versioned { version: 1, value }, new).map_err(failed)
    }

    fn write_as<T: Serialize>(&self, name: &str, value: &Versioned<T>, new: bool) -> io::Result<bool> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        let mut beside = Builder::new().prefix(".link-").suffix(".tmp").tempfile_in(&self.folder)?;
        serde_json::to_writer(&mut beside, value).map_err(io::Error::from)?;
        beside.flush()?;
        beside.as_file().sync_all()?;
        let path = self.folder.join(name);
        if new {
            match beside.persist_noclobber(&path) {
                Ok(_) => {}
                Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
                Err(error) => return Err(error.error),
            }
        } else {
            beside.persist(&path).map_err(|error| error.error)?;
        }
        // The name as well has to outlive a power cut: a link that was used must not come back.
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(true)
    }

    fn unread(&self, source: io::Error) -> RegisterError {
        self.failed("read", source)
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> RegisterError {
        RegisterError::Links { doing, folder: self.folder.clone(), source }
    }
}

/// What a file says of itself besides.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    value: T,
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::LinkFolder;
    use crate::register::link::tests::{at, link};
    use crate::register::link::{Heard, How, LinkState};

    #[test]
    fn a_link_is_found_by_its_token_and_by_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = LinkFolder::beside(&home.path().join("ledger.db"));
        assert!(folder.all().unwrap().is_empty() && folder.find("t0ken").unwrap().is_none());
        let now = at(100_000, "a", 500);
        folder.add(&link("t0ken"), &now).unwrap();
        folder.add(&link("another"), &now).unwrap();
        let kept = folder.find("t0ken").unwrap().unwrap();
        assert_eq!((&kept.link, &kept.end), (&link("t0ken"), &None));
        for other in ["", "t0ke", "T0KEN", "../ledger", &link("t0ken").fingerprint, link("t0ken").id()] {
            assert!(folder.find(other).unwrap().is_none(), "{other}");
        }
        assert_eq!(folder.all().unwrap().len(), 2);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let links = home.path().join("ledger.db.links");
            assert_eq!((mode(&links), mode(&links.join(format!("{}.json", kept.link.id())))), (0o700, 0o600));
        }
    }

    #[test]
    fn of_many_who_end_a_link_one_has_ended_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = LinkFolder::beside(&home.path().join("ledger.db"));
        let (link, now) = (link("t0ken"), at(100_010, "a", 510));
        folder.add(&link, &now).unwrap();
        folder.hear(&link, &Heard { window_at_ms: Some(1), ..Heard::default() }).unwrap();
        let barrier = Barrier::new(8);
        let ended: Vec<How> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|index| {
                    let how = if index % 2 == 0 { How::Used } else { How::Revoked };
                    let (folder, link, now, barrier) = (&folder, &link, &now, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        folder.end(link, how, now).unwrap().then_some(how)
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(ended.len(), 1, "{ended:?}");
        let kept = folder.find("t0ken").unwrap().unwrap();
        assert_eq!(kept.state(&now), LinkState::Ended(ended[0]));
        assert_eq!(kept.heard.window_at_ms, Some(1));
    }

    #[test]
    fn a_link_that_cannot_be_read_is_an_error_and_what_was_heard_is_none() {
        let home = tempfile::tempdir().unwrap();
        let folder = LinkFolder::beside(&home.path().join("ledger.db"));
        let (link, now) = (link("t0ken"), at(100_010, "a", 510));
        folder.add(&link, &now).unwrap();
        let file = |suffix: &str| home.path().join(format!("ledger.db.links/{}.{suffix}", link.id()));
        std::fs::write(file("heard"), "{").unwrap();
        assert_eq!(folder.find("t0ken").unwrap().unwrap().heard, Heard::default());
        // An end of which nothing can be read is not the same as none.
        std::fs::write(file("end"), "").unwrap();
        assert!(folder.find("t0ken").is_err());
    }

    #[test]
    fn what_ended_long_ago_is_cleared_away() {
        let home = tempfile::tempdir().unwrap();
        let folder = LinkFolder::beside(&home.path().join("ledger.db"));
        folder.add(&link("old"), &at(100_000, "a", 500)).unwrap();
        folder.add(&link("new"), &at(100_000 + 80 * 86_400, "a", 500)).unwrap();
        assert_eq!(folder.all().unwrap().len(), 2);
        folder.add(&link("newer"), &at(100_000 + 91 * 86_400, "a", 500)).unwrap();
        let left: Vec<String> =
            folder.all().unwrap().iter().map(|kept| kept.link.fingerprint.clone()).collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(folder.find("newer").unwrap().is_some());
    }
}
