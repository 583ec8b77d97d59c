//! All payments, each held against its chain, in one reading.

use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension};

use crate::ledger::hashed::{Compared, Hash, finish};
use crate::ledger::sqlite::chain::walk;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::upkeep::Misfit;
use crate::ledger::upkeep::{Job, Tick};

/// What all heads together are hashed behind: another encoding is another word.
const HEADS: &str = "billkey heads 1";

/// More of them say no more than these.
const SHOWN: usize = 20;

const LAST: &str = "SELECT coalesce(max(id), 0) FROM payments";
const LAST_EVENT: &str = "SELECT coalesce(max(id), 0) FROM events";
const UID: &str = "SELECT CAST(merchant_uid AS TEXT) FROM payments WHERE id = ?1";

/// What a reading found.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    pub(super) payments: u64,
    pub(super) events: u64,
    /// How many payments do not fit, and the first of them.
    pub(super) misfits: u64,
    pub(super) shown: Vec<Misfit>,
    /// Rows of payments that are not there.
    pub(super) stray: u64,
    /// Numbers that nobody has: they are given one after the other, and never again.
    pub(super) payments_gone: u64,
    pub(super) events_gone: u64,
    /// One hash over all heads, as they are written down and as they are.
    pub(super) heads: Hash,
}

impl Survey {
    pub(super) fn is_sound(&self) -> bool {
        [self.misfits, self.stray, self.payments_gone, self.events_gone] == [0; 4]
    }
}

/// Reads all of it, in a transaction of whoever calls.
pub(super) fn survey(db: &Connection, tick: Tick<'_>) -> Result<Survey, Fault> {
    let last: i64 = db.query_row(LAST, [], |row| row.get(0))?;
    let last_event: i64 = db.query_row(LAST_EVENT, [], |row| row.get(0))?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut heads = Context::new(&SHA256);
    heads.update(HEADS.as_bytes());
    let mut found = Survey {
        payments: 0,
        events: 0,
        misfits: 0,
        shown: Vec::new(),
        stray: 0,
        payments_gone: 0,
        events_gone: 0,
        heads: Hash::default(),
    };
    let stray = walk(db, |db, together| {
        for one in together {
            add(&mut heads, one);
            found.payments += 1;
            found.events += one.events;
            if !(one.events_fit() && one.row_fits()) {
                found.misfits += 1;
                if found.shown.len() < SHOWN {
                    let uid: Option<Option<String>> =
                        db.prepare_cached(UID)?.query_row([one.id], |row| row.get(0)).optional()?;
                    let merchant_uid = uid.flatten().unwrap_or_else(|| format!("number {}", one.id));
                    found.shown.push(Misfit {
                        merchant_uid,
                        events: !one.events_fit(),
                        row: !one.row_fits(),
                    });
                }
            }
        }
        tick(Job::Comparing, found.payments, count(last));
        Ok(())
    })?;
    Ok(Survey {
        stray,
        payments_gone: count(last).saturating_sub(found.payments),
        // Those of a payment that is gone are there, and are counted as strays.
        events_gone: count(last_event).saturating_sub(found.events.saturating_add(stray)),
        heads: finish(heads),
        ..found
    })
}

fn add(heads: &mut Context, one: &Compared) {
    heads.update(&one.id.to_be_bytes());
    for hash in [one.written.0, one.written.1, Some(one.made.0), Some(one.made.1)] {
        heads.update(&[u8::from(hash.is_some())]);
        heads.update(&hash.unwrap_or_default());
    }
}
