//! The mark: a small file beside the database that says how far the ledger had come.
//!
//! A database that was restored, copied alone or cut short does not know it. The mark does: it is raised after
//! each durable intent and never lowered, and whoever opens the ledger reads it first. So a ledger that is
//! behind what was read is behind what it was (contract, rule 9). The other way round says nothing: a
//! process may die between its commit and the mark.
//!
//! The file has two slots, which are written by turns, each with a checksum and in a sector of its own: a write
//! that a power cut tears leaves the other one. It is synced when it is made, with its directory, and not
//! when it is raised: a mark that is too low raises no alarm.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use crate::domain::time::{BootReading, SendMark};
use crate::domain::words::hex;
use crate::ledger::place::{beside, share, sync_directory};
use crate::plain_file::{self, Found};

/// A slot begins at each multiple of this: no two are in one sector or page.
const SLOT_EVERY: u64 = 4096;
const SLOTS: u64 = 2;
/// What is written of a slot: one sector of any disk.
const SLOT_BYTES: usize = 512;
const FIRST_WORDS: &str = "billkey-mark 1";

/// How often a slot is looked at that is being written at this moment, and how often the file's lock is tried.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(2);

/// How far a ledger had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: String,
    pub(super) epoch: i64,
    pub(super) last_event: i64,
    /// When it was raised, on every clock there was.
    pub(super) at: SendMark,
}

/// What lies beside a ledger where its mark belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    /// Something that is no mark, or no whole one.
    Unreadable,
    Mark(Mark),
}

pub(super) fn path_of(ledger: &Path) -> PathBuf {
    beside(ledger, ".mark")
}

/// Reads the mark. An error says nothing of the mark: one that may pass, such as too many open files, or that
/// this user may not read it.
pub(super) fn look(ledger: &Path) -> io::Result<Beside> {
    let path = path_of(ledger);
    for _ in 0..TRIES {
        let bytes = match Found::open(&path) {
            Ok(found) if !found.metadata().is_file() => return Ok(Beside::Unreadable),
            Ok(found) => found.read(SLOT_EVERY * SLOTS)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Beside::Nothing),
            // A socket cannot be opened at all.
            Err(_) if fs::metadata(&path).is_ok_and(|there| !there.is_file()) => {
                return Ok(Beside::Unreadable);
            }
            Err(error) => return Err(error),
        };
        if let Some(mark) = higher(slots(&bytes)) {
            return Ok(Beside::Mark(mark));
        }
        // Two writes in a row may have met this one read: each slot was half old and half new.
        std::thread::sleep(PAUSE);
    }
    Ok(Beside::Unreadable)
}

/// Raises the mark, where it is not that high already. A file that is not this ledger's whole mark is left as it
/// is: whoever opens the ledger next has to see that.
pub(super) fn raise(ledger: &Path, mark: &Mark) -> io::Result<()> {
    let mut file = plain_file::open(OpenOptions::new().read(true).write(true), &path_of(ledger))?;
    lock(&file)?;
    let mut bytes = Vec::new();
    (&mut file).take(SLOT_EVERY * SLOTS).read_to_end(&mut bytes)?;
    let held = slots(&bytes);
    let other = |held: &Mark| held.id != mark.id;
    if held.iter().all(Option::is_none) || held.iter().flatten().any(other) {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is not this ledger's mark"));
    }
    if held.iter().flatten().any(|held| height(held) >= height(mark)) {
        return Ok(());
    }
    let [first, second] = held;
    let lower = u64::from(first.as_ref().map(height) > second.as_ref().map(height));
    file.seek(SeekFrom::Start(lower * SLOT_EVERY))?;
    file.write_all(&slot(mark))
}

/// Makes the mark, or another in its place, durably. One at a time: whoever does this holds the ledger's write
/// lock.
pub(super) fn make(ledger: &Path, mark: &Mark) -> io::Result<()> {
    let new = beside(ledger, ".mark.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    // Who has the ledger has its mark.
    share(&file, ledger);
    for start in [0, SLOT_EVERY] {
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&slot(mark))?;
    }
    file.set_len(SLOT_EVERY * SLOTS)?;
    file.sync_all()?;
    fs::rename(&new, path_of(ledger))?;
    ledger.parent().map_or(Ok(()), sync_directory)
}

/// The process that has it holds it for microseconds; one that was stopped in them must stop nobody else for
/// long.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(ErrorKind::TimedOut, "another process holds it"))
}

fn height(mark: &Mark) -> (i64, i64) {
    (mark.epoch, mark.last_event)
}

fn higher([first, second]: [Option<Mark>; 2]) -> Option<Mark> {
    first.into_iter().chain(second).max_by_key(height)
}

fn slots(bytes: &[u8]) -> [Option<Mark>; 2] {
    let second = usize::try_from(SLOT_EVERY).ok().and_then(|start| bytes.get(start..));
    [Some(bytes), second].map(|bytes| parsed(bytes?.split(|byte| *byte == b'\n').next()?))
}

/// One line of words, padded to the slot's size, for people as well.
fn slot(mark: &Mark) -> Vec<u8> {
    let number = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    // A name with a blank in it is none of this program's.
    let boot = mark.at.boot.as_ref().filter(|boot| !boot.boot_id.contains(char::is_whitespace));
    let text = format!(
        "{FIRST_WORDS} {} {} {} {} {} {} {}",
        mark.id,
        mark.epoch,
        mark.last_event,
        mark.at.wall.as_millisecond(),
        boot.map_or("-", |boot| &boot.boot_id),
        number(boot.map(|boot| boot.since_boot_ms)),
        number(mark.at.gateway_s),
    );
    let mut bytes = format!("{text} {}", checksum(&text)).into_bytes();
    bytes.resize(SLOT_BYTES - 1, b' ');
    bytes.push(b'\n');
    bytes
}

fn parsed(line: &[u8]) -> Option<Mark> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let (text, sum) = line.rsplit_once(' ')?;
    if checksum(text) != sum {
        return None;
    }
    let mut words = text.strip_prefix(FIRST_WORDS)?.split_whitespace();
    let id = words.next()?.to_owned();
    let [epoch, last_event, wall_ms] = [words.next()?, words.next()?, words.next()?];
    let (boot_id, boot_ms, gateway_s) = (words.next()?, words.next()?, words.next()?);
    let boot =
        boot_ms.parse().ok().map(|since_boot_ms| BootReading { boot_id: boot_id.into(), since_boot_ms });
    let wall = Timestamp::from_millisecond(wall_ms.parse().ok()?).ok()?;
    Some(Mark {
        id,
        epoch: epoch.parse().ok()?,
        last_event: last_event.parse().ok()?,
        at: SendMark { wall, boot, gateway_s: gateway_s.parse().ok() },
    })
}

/// The first 16 hex digits of the SHA-256: against a torn write, not against a forger.
fn checksum(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref().iter().take(8))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use jiff::Timestamp;

    use super::{Beside, Mark, SLOT_BYTES, SLOT_EVERY, look, make, path_of, raise};
    use crate::domain::time::{BootReading, SendMark};

    fn mark(epoch: i64, last_event: i64) -> Mark {
        let boot = Some(BootReading { boot_id: "boot.1".into(), since_boot_ms: 5_000 });
        let at = SendMark { wall: Timestamp::from_millisecond(1_234).unwrap(), boot, gateway_s: Some(7) };
        Mark { id: "a".repeat(32), epoch, last_event, at }
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::TempDir::new().unwrap();
        let ledger = dir.path().join("ledger.db");
        fs::write(&ledger, "").unwrap();
        (dir, ledger)
    }

    #[test]
    fn what_was_made_and_raised_is_read_back_with_all_its_clocks() {
        let (_dir, ledger) = place();
        assert_eq!(look(&ledger).unwrap(), Beside::Nothing);
        make(&ledger, &mark(1, 3)).unwrap();
        assert_eq!(look(&ledger).unwrap(), Beside::Mark(mark(1, 3)));
        let bare = SendMark { boot: None, gateway_s: None, ..mark(1, 3).at };
        for next in [mark(1, 4), mark(1, 9), Mark { at: bare, ..mark(2, 5) }] {
            raise(&ledger, &next).unwrap();
            assert_eq!(look(&ledger).unwrap(), Beside::Mark(next));
        }
        assert_eq!(fs::metadata(path_of(&ledger)).unwrap().len(), 2 * SLOT_EVERY);
    }

    #[test]
    fn it_is_never_lowered() {
        let (_dir, ledger) = place();
        make(&ledger, &mark(2, 5)).unwrap();
        for lower in [mark(2, 4), mark(1, 900), mark(2, 5)] {
            raise(&ledger, &lower).unwrap();
            assert_eq!(look(&ledger).unwrap(), Beside::Mark(mark(2, 5)));
        }
    }

    /// A torn write: of the slot that was being written some bytes are new and some old, whatever they are.
    #[test]
    fn a_power_cut_in_the_middle_of_a_write_leaves_the_slot_before_it() {
        for torn_at in [0, 1, 20, 60, SLOT_BYTES / 4] {
            let (_dir, ledger) = place();
            make(&ledger, &mark(1, 3)).unwrap();
            for (event, before) in [(4, 3), (5, 4), (6, 5)] {
                let old = fs::read(path_of(&ledger)).unwrap();
                raise(&ledger, &mark(1, event)).unwrap();
                let new = fs::read(path_of(&ledger)).unwrap();
                let slot = old.iter().zip(&new).position(|(old, new)| old != new).unwrap() / 4096 * 4096;
                let mut torn = new.clone();
                torn[slot + torn_at..slot + SLOT_BYTES].fill(0);
                fs::write(path_of(&ledger), torn).unwrap();
                assert_eq!(look(&ledger).unwrap(), Beside::Mark(mark(1, before)), "{torn_at}");
                raise(&ledger, &mark(1, event)).unwrap();
                assert_eq!(fs::read(path_of(&ledger)).unwrap(), new, "the torn slot is the one written next");
            }
        }
    }

    #[test]
    fn what_is_no_mark_is_unreadable_and_is_left_as_it_is() {
        for bytes in [&b""[..], b"billkey-mark 1 a 1 2 3 - - - 0000000000000000\n", &[0; 9000], &[0xff; 512]]
        {
            let (_dir, ledger) = place();
            fs::write(path_of(&ledger), bytes).unwrap();
            assert_eq!(look(&ledger).unwrap(), Beside::Unreadable);
            assert!(raise(&ledger, &mark(1, 1)).is_err());
            assert_eq!(fs::read(path_of(&ledger)).unwrap(), bytes);
        }
        let (_dir, ledger) = place();
        fs::create_dir(path_of(&ledger)).unwrap();
        assert_eq!(look(&ledger).unwrap(), Beside::Unreadable);
    }

    #[test]
    fn another_ledgers_mark_is_not_raised_and_one_that_is_gone_is_not_made_again() {
        let (_dir, ledger) = place();
        assert!(raise(&ledger, &mark(1, 1)).is_err());
        assert_eq!(look(&ledger).unwrap(), Beside::Nothing);
        make(&ledger, &Mark { id: "b".repeat(32), ..mark(1, 1) }).unwrap();
        assert!(raise(&ledger, &mark(1, 9)).is_err());
    }
}
