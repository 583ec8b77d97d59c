//! What the ledger knows of itself: its id and epoch, whose payments it holds, and whether it is older than it
//! was (contract, rules 9 and 12).

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::domain::standing::{Account, Distrust, Doubt, Standing, Unasked};
use crate::domain::time::{BootReading, Moment, SendMark};
use crate::domain::words::os_words;
use crate::ledger::engine::Identity;
use crate::ledger::signed::{Acceptance, Accepted};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::mark::{self, Beside, Mark};
use crate::ledger::{LedgerError, MarkTrouble};

const HELD: &str = "SELECT id, epoch, marked, other_mark, doubt, doubt_events_marked, doubt_events_held, \
     doubt_last_event_ms, doubt_restored_ms, doubt_since_ms, doubt_since_boot_id, doubt_since_boot_ms, doubt_since_gateway_s, \
     doubt_accepted, unasked_from_ms, unasked_until_ms, \
     coalesce((SELECT max(id) FROM events), 0) AS last_event, \
     (SELECT at_ms FROM events ORDER BY id DESC LIMIT 1) AS last_event_ms FROM ledger";

const KEYS_OF_OPEN: &str = "SELECT DISTINCT account FROM payments WHERE account IS NOT NULL AND outcome <> 'paid' AND (unanswered > 0 OR doubts > 0)";

/// The database's side of it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) standing: Standing,
    /// Whether a mark was made.
    pub(super) marked: bool,
    /// Another ledger's mark, by its id, that could not be replaced.
    other_mark: Option<String>,
    pub(super) last_event: i64,
    pub(super) last_event_at: Option<Timestamp>,
}

/// Where a ledger has come to with a commit: what its mark is raised to.
#[derive(Debug)]
pub(super) struct Height {
    pub(super) mark: Mark,
    pub(super) marked: bool,
}

pub(super) fn held(db: &Connection) -> Result<Held, Fault> {
    let mut held = db.prepare_cached(HELD)?.query_row([], |row| Ok(read(row)))??;
    let mut statement = db.prepare_cached("SELECT key, tier FROM accounts ORDER BY since_ms, rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let tier: String = row.get("tier")?;
        let tier = (!tier.is_empty()).then_some(tier);
        held.standing.accounts.push(Account { key: row.get("key")?, tier });
    }
    Ok(held)
}

fn read(row: &Row<'_>) -> Result<Held, Fault> {
    let distrusted = match row.get::<_, Option<String>>("doubt")? {
        Some(word) => Some(Distrust {
            why: doubt_of(&word, row)?,
            since: SendMark {
                wall: time(row, "doubt_since_ms")?.unwrap_or_default(),
                boot: boot(row)?,
                gateway_s: row.get("doubt_since_gateway_s")?,
            },
            last_event_at: time(row, "doubt_last_event_ms")?,
            accepted: row.get("doubt_accepted")?,
        }),
        None => None,
    };
    let unasked = time(row, "unasked_from_ms")?.zip(time(row, "unasked_until_ms")?);
    Ok(Held {
        standing: Standing {
            id: row.get("id")?,
            epoch: row.get("epoch")?,
            accounts: Vec::new(),
            distrusted,
            unasked: unasked.map(|(from, until)| Unasked { from, until }),
        },
        marked: row.get("marked")?,
        other_mark: row.get("other_mark")?,
        last_event: row.get("last_event")?,
        last_event_at: time(row, "last_event_ms")?,
    })
}

fn boot(row: &Row<'_>) -> Result<Option<BootReading>, Fault> {
    let id: Option<String> = row.get("doubt_since_boot_id")?;
    let ms: Option<i64> = row.get("doubt_since_boot_ms")?;
    Ok(id.zip(ms).map(|(id, since_boot_ms)| BootReading { boot_id: id.into(), since_boot_ms }))
}

fn time(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>, Fault> {
    let Some(ms) = row.get::<_, Option<i64>>(column)? else { return Ok(None) };
    Timestamp::from_millisecond(ms).map(Some).map_err(|_| cell(column, ms.to_string()))
}

fn cell(column: &'static str, value: String) -> Fault {
    Fault::Cell { table: "ledger", row: "the ledger itself".to_owned(), column, value }
}

fn doubt_of(word: &str, row: &Row<'_>) -> Result<Doubt, Fault> {
    Ok(match word {
        "behind" => match time(row, "doubt_restored_ms")? {
            Some(made) => Doubt::Restored { made, held: row.get("doubt_events_held")? },
            None => {
                Doubt::Behind { marked: row.get("doubt_events_marked")?, held: row.get("doubt_events_held")? }
            }
        },
        "mark_gone" => Doubt::MarkGone,
        "mark_unreadable" => Doubt::MarkUnreadable,
        "other_mark" => Doubt::OtherMark,
        "lost" => Doubt::Lost,
        _ => return Err(cell("doubt", word.to_owned())),
    })
}

fn word(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Behind { .. } | Doubt::Restored { .. } => "behind",
        Doubt::MarkGone => "mark_gone",
        Doubt::MarkUnreadable => "mark_unreadable",
        Doubt::OtherMark => "other_mark",
        Doubt::Lost => "lost",
    }
}

/// What a mark that was read before the database says of it. A mark that could not be made says nothing by
/// being gone: else a folder that cannot be written would be an alarm at every run.
pub(super) fn doubt(beside: &Beside, held: &Held) -> Option<Doubt> {
    let Standing { id, epoch, .. } = &held.standing;
    match beside {
        Beside::Nothing => held.marked.then_some(Doubt::MarkGone),
        Beside::Unreadable => held.marked.then_some(Doubt::MarkUnreadable),
        Beside::Mark(mark) if mark.id != *id => {
            (held.other_mark.as_ref() != Some(&mark.id)).then_some(Doubt::OtherMark)
        }
        Beside::Mark(mark) => {
            let behind = (mark.epoch, mark.last_event) > (*epoch, held.last_event);
            behind.then_some(Doubt::Behind { marked: mark.last_event, held: held.last_event })
        }
    }
}

/// From when on the wait of a doubt counts. Its own mark says when this ledger last sent; another ledger's mark
/// says nothing of that, and may be of long ago.
fn began(doubt: Doubt, beside: &Beside, first_seen: &SendMark) -> SendMark {
    match (doubt, beside) {
        (Doubt::Behind { .. }, Beside::Mark(mark)) => mark.at.clone(),
        (_, _) => first_seen.clone(),
    }
}

/// Stores a doubt, with a new epoch, and makes a mark of it; gives why that could not be made. The mark comes before the commit: nobody finds the
/// new epoch beside the old mark. One that cannot be made is told, and a missing one says nothing from
/// then on.
fn store(
    tx: &Connection,
    ledger: &Path,
    (held, doubt): (&Held, Doubt),
    beside: &Beside,
    now: &Moment,
) -> Result<Option<String>, Fault> {
    let first_seen = SendMark { wall: now.wall, boot: now.boot.clone(), gateway_s: None };
    let since = began(doubt, beside, &first_seen);
    let other = match beside {
        Beside::Mark(mark) => Some(&mark.id).filter(|id| **id != held.standing.id),
        Beside::Nothing | Beside::Unreadable => None,
    };
    let before = held.standing.distrusted.as_ref().filter(|before| !before.accepted);
    // What was missing before is missing still.
    let last_event_at = before.and_then(|before| before.last_event_at).or(held.last_event_at);
    let distrust = Distrust { why: doubt, since, last_event_at, accepted: false };
    let Standing { id, epoch, .. } = &held.standing;
    let epoch = match beside {
        Beside::Mark(mark) if mark.id == *id => (*epoch).max(mark.epoch),
        Beside::Mark(_) | Beside::Nothing | Beside::Unreadable => *epoch,
    };
    let epoch = epoch.checked_add(1).ok_or(Fault::TooLarge("epoch"))?;
    let mark = Mark { id: id.clone(), epoch, last_event: held.last_event, at: first_seen };
    let made = mark::make(ledger, &mark);
    tx.execute(
        "UPDATE ledger SET epoch = ?, marked = ?, other_mark = ?",
        params![epoch, made.is_ok(), other.filter(|_| made.is_err())],
    )?;
    write_distrust(tx, &distrust)?;
    Ok(made.err().map(|error| os_words(&error)))
}

/// Writes down that the ledger is distrusted.
pub(super) fn write_distrust(tx: &Connection, distrust: &Distrust) -> Result<(), Fault> {
    let (marked, events_held, restored) = match distrust.why {
        Doubt::Behind { marked, held } => (Some(marked), Some(held), None),
        Doubt::Restored { made, held } => (None, Some(held), Some(made)),
        Doubt::MarkGone | Doubt::MarkUnreadable | Doubt::OtherMark | Doubt::Lost => (None, None, None),
    };
    let Distrust { since, last_event_at, .. } = distrust;
    tx.execute(
        "UPDATE ledger SET doubt = ?, doubt_events_marked = ?, doubt_events_held = ?, doubt_last_event_ms = ?, \
         doubt_restored_ms = ?, doubt_since_ms = ?, doubt_since_boot_id = ?, doubt_since_boot_ms = ?, doubt_since_gateway_s = ?, \
         doubt_accepted = ?, unasked_from_ms = NULL, unasked_until_ms = NULL",
        params![
            word(distrust.why),
            marked,
            events_held,
            last_event_at.map(Timestamp::as_millisecond),
            restored.map(Timestamp::as_millisecond),
            since.wall.as_millisecond(),
            since.boot.as_ref().map(|boot| &*boot.boot_id),
            since.boot.as_ref().map(|boot| boot.since_boot_ms),
            since.gateway_s,
            distrust.accepted,
        ],
    )?;
    Ok(())
}

pub(super) fn write_acceptance(tx: &Connection, acceptance: &Acceptance, what: &str) -> Result<(), Fault> {
    let Acceptance { at, operator, reason, .. } = acceptance;
    tx.prepare_cached("INSERT INTO acceptances (at_ms, operator, what, reason) VALUES (?, ?, ?, ?)")?
        .execute(params![at.as_millisecond(), operator, what, reason])?;
    Ok(())
}

/// Takes the key in use for the ledger's own, and with it every key that something open was sent with: what was sent
/// with a key that the ledger does not know would wait for ever.
fn accept_accounts(tx: &Connection, acceptance: &Acceptance, standing: &Standing) -> Result<bool, Fault> {
    let Some(in_use) = &acceptance.account else { return Ok(false) };
    let mut written = !standing.belongs_to(in_use) && write_account(tx, in_use, acceptance.at, "accepted")?;
    if standing.accounts.is_empty() {
        return Ok(written);
    }
    let mut statement = tx.prepare(KEYS_OF_OPEN)?;
    let keys: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for key in keys {
        written |= write_account(tx, &Account::of_key(&key), acceptance.at, "accepted")?;
    }
    Ok(written)
}

pub(super) fn write_account(
    tx: &Connection,
    account: &Account,
    at: Timestamp,
    how: &str,
) -> Result<bool, Fault> {
    let tier = account.tier.as_deref().unwrap_or_default();
    let written = tx
        .prepare_cached("INSERT OR IGNORE INTO accounts (key, tier, since_ms, how) VALUES (?, ?, ?, ?)")?
        .execute(params![account.key, tier, at.as_millisecond(), how])?;
    Ok(written > 0)
}

/// The first key that a charge is made with is the ledger's.
pub(super) fn begin_with(tx: &Connection, key: &str, at: Timestamp) -> Result<(), Fault> {
    tx.prepare_cached(
        "INSERT INTO accounts (key, tier, since_ms, how) SELECT ?, '', ?, 'begun' \
         WHERE NOT EXISTS (SELECT 1 FROM accounts)",
    )?
    .execute(params![key, at.as_millisecond()])?;
    Ok(())
}

/// Makes the first mark, inside of the transaction of the first intent and before that is written: so it is no
/// higher than what is durable, and the database remembers it with the intent. No further transaction stands
/// between an intent and its send. What goes wrong is for the mark's trouble.
pub(super) fn make_first_mark(
    tx: &Connection,
    ledger: &Path,
    at: &SendMark,
    trouble: &MarkTrouble,
) -> Result<(), Fault> {
    let height = height(tx, at)?;
    if height.marked {
        return Ok(());
    }
    match mark::make(ledger, &height.mark) {
        Ok(()) => drop(tx.execute("UPDATE ledger SET marked = 1, other_mark = NULL", [])?),
        Err(error) => trouble.note(Some(os_words(&error))),
    }
    Ok(())
}

/// Where the ledger has come to, inside of the transaction that brings it there.
pub(super) fn height(tx: &Connection, at: &SendMark) -> Result<Height, Fault> {
    let sql = "SELECT id, epoch, marked, coalesce((SELECT max(id) FROM events), 0) AS last_event FROM ledger";
    Ok(tx.prepare_cached(sql)?.query_row([], |row| {
        let (id, epoch, last_event) = (row.get("id")?, row.get("epoch")?, row.get("last_event")?);
        Ok(Height { mark: Mark { id, epoch, last_event, at: at.clone() }, marked: row.get("marked")? })
    })?)
}

impl Identity for Sqlite {
    fn standing(&self) -> Result<Standing, LedgerError> {
        self.read(|db| Ok(held(db)?.standing))
    }

    fn marked(&self) -> Option<(i64, Timestamp)> {
        match mark::look(&self.path) {
            Ok(Beside::Mark(mark)) => Some((mark.last_event, mark.at.wall)),
            Ok(Beside::Nothing | Beside::Unreadable) | Err(_) => None,
        }
    }

    fn mark_trouble(&self) -> MarkTrouble {
        self.trouble.clone()
    }

    fn adopt(&mut self, account: &Account, at: Timestamp) -> Result<(), LedgerError> {
        self.in_transaction(|tx| write_account(tx, account, at, "shown").map(drop))
    }

    fn anchor_distrust(&mut self, now: &SendMark) -> Result<(), LedgerError> {
        let Some(distrust) = self.standing()?.distrusted else { return Ok(()) };
        let Some(since) = distrust.since.anchored(now) else { return Ok(()) };
        self.in_transaction(|tx| {
            tx.execute(
                "UPDATE ledger SET doubt_since_gateway_s = ?1 \
                 WHERE doubt_since_gateway_s IS NULL AND doubt_since_ms = ?2",
                params![since.gateway_s, since.wall.as_millisecond()],
            )?;
            Ok(())
        })
    }

    fn end_distrust(
        &mut self,
        distrust: &Distrust,
        at: Timestamp,
        operator: Option<&str>,
        how: &str,
    ) -> Result<bool, LedgerError> {
        let (operator, reason) = (operator.map(str::to_owned), how.to_owned());
        let acceptance = Acceptance { at, operator, reason, account: None, unasked: false };
        self.in_transaction(|tx| {
            let same = |now: &Distrust| (now.why, now.since.wall) == (distrust.why, distrust.since.wall);
            if !held(tx)?.standing.distrusted.as_ref().is_some_and(same) {
                return Ok(false);
            }
            tx.execute("UPDATE ledger SET doubt_accepted = 1", [])?;
            write_acceptance(tx, &acceptance, "distrust")?;
            Ok(true)
        })
    }

    fn accept(&mut self, acceptance: &Acceptance) -> Result<Accepted, LedgerError> {
        self.in_transaction(|tx| {
            let standing = held(tx)?.standing;
            let distrust = standing.distrusted.clone().filter(|distrust| !distrust.accepted);
            if distrust.is_some() {
                tx.execute("UPDATE ledger SET doubt_accepted = 1", [])?;
                write_acceptance(tx, acceptance, "distrust")?;
            }
            let other = accept_accounts(tx, acceptance, &standing)?;
            if other {
                write_acceptance(tx, acceptance, "account")?;
            }
            let unasked = acceptance.unasked.then(|| Unasked::begun(acceptance.at));
            if let Some(Unasked { from, until }) = unasked {
                tx.execute(
                    "UPDATE ledger SET unasked_from_ms = ?, unasked_until_ms = ?",
                    params![from.as_millisecond(), until.as_millisecond()],
                )?;
                write_acceptance(tx, acceptance, "unasked")?;
            }
            let unasked_until = unasked.map(|unasked| unasked.until);
            Ok(Accepted { distrust, account: other, unasked_until })
        })
    }
}

impl Sqlite {
    /// Holds the ledger against the mark that was read before it was opened. What is found is stored by the
    /// first who may write; whoever may not only knows it.
    pub(super) fn find_doubt(&mut self, before: &Beside, now: &Moment) -> Result<Standing, LedgerError> {
        let path = self.path.clone();
        let look = || mark::look(&path).map_err(Fault::Mark);
        let mut seen = self.read(held)?;
        if doubt(before, &seen).is_none() {
            return Ok(seen.standing);
        }
        if self.read_only {
            // Without the write lock others may have gone on between the two looks: a doubt is one that stays.
            for _ in 0..READ_AGAIN {
                let beside = self.read(|_| look())?;
                seen = self.read(held)?;
                let Some(why) = doubt(&beside, &seen) else { return Ok(seen.standing) };
                let first_seen = SendMark { wall: now.wall, boot: now.boot.clone(), gateway_s: None };
                let since = began(why, &beside, &first_seen);
                let last_event_at = seen.last_event_at;
                seen.standing.distrusted = Some(Distrust { why, since, last_event_at, accepted: false });
            }
            return Ok(seen.standing);
        }
        // Whoever holds the write lock sees the newest commit, and no mark is raised beyond it.
        let (standing, trouble) = self.in_transaction(|tx| {
            let (beside, seen) = (look()?, held(tx)?);
            let Some(why) = doubt(&beside, &seen) else { return Ok((seen.standing, None)) };
            let trouble = store(tx, &path, (&seen, why), &beside, now)?;
            Ok((held(tx)?.standing, trouble))
        })?;
        self.trouble.note(trouble);
        Ok(standing)
    }

    /// Raises the mark to where a commit has brought the ledger. What goes wrong is told and stops nothing: the
    /// commit is durable.
    pub(super) fn raise_mark(&mut self, height: &Height) {
        self.marked = height.marked;
        if height.marked {
            let raised = mark::raise(&self.path, &height.mark);
            self.trouble.note(raised.err().map(|error| os_words(&error)));
        }
    }
}

/// How often a reader looks again before it believes a doubt.
const READ_AGAIN: u32 = 3;
