//! What a connection knows of its own writes, so that it need not look it up again.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::domain::ids::MerchantUid;
use crate::ledger::day::DaySum;
use crate::ledger::fault::Fault;
use crate::ledger::row::Stored;

/// Changes when, and only when, another connection has committed something.
const DATA_VERSION: &str = "PRAGMA data_version";

/// Holds as long as no other connection commits; after a write that failed it holds nothing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) day: DaySum,
    /// The payments whose intent was written and whose answer was not, as they are in the ledger. Only a
    /// group keeps and takes any: a single charge asks the ledger.
    pending: BTreeMap<MerchantUid, Stored>,
    /// The ledger's state that `pending` holds for; none outside of a group.
    version: Option<i64>,
}

impl Memory {
    /// For a group that was just begun: nobody else can write before its end.
    pub(super) fn of_group(&mut self, tx: &Connection) -> Result<(), Fault> {
        let version = Some(data_version(tx)?);
        if self.version != version {
            self.pending.clear();
        }
        self.version = version;
        Ok(())
    }

    /// For a write by itself, which others may come before and after.
    pub(super) fn of_one_write(&mut self) {
        self.pending.clear();
        self.version = None;
    }

    pub(super) fn keep(&mut self, stored: &Stored) {
        if self.version.is_some() {
            self.pending.insert(stored.payment.terms.merchant_uid.clone(), stored.clone());
        }
    }

    /// The row that the next write is about to change.
    pub(super) fn take(&mut self, uid: &MerchantUid) -> Option<Stored> {
        self.pending.remove(uid)
    }
}

pub(super) fn data_version(tx: &Connection) -> Result<i64, Fault> {
    Ok(tx.prepare_cached(DATA_VERSION)?.query_row([], |row| row.get(0))?)
}
