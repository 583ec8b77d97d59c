//! The spellings of an id that are known: texts that look the same have the same key (contract, rule 12).

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::Outcome;
use crate::domain::text::{nfc_key, other_key};
use crate::ledger::LedgerError;
use crate::ledger::engine::Spelled;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;

/// The key leads to what is spelled as its own key by one index, and to all others by another.
pub(super) const ORDERS: &str = "SELECT merchant_uid FROM payments WHERE merchant_uid = ?1 \
     UNION SELECT merchant_uid FROM payments WHERE nfc_key = ?1";

const CUSTOMERS: &str = "SELECT customer_uid FROM customers WHERE customer_uid = ?1 \
     UNION SELECT customer_uid FROM customers WHERE nfc_key = ?1 \
     UNION SELECT customer_uid FROM payments WHERE customer_uid = ?1 \
     UNION SELECT customer_uid FROM payments WHERE customer_nfc_key = ?1";

const ANY_APART: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE nfc_key IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM payments WHERE customer_nfc_key IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM customers WHERE nfc_key IS NOT NULL)";

const OUTCOME: &str = "SELECT outcome FROM payments WHERE merchant_uid = ?1";

/// Texts with a letter that may be composed of others, in a column.
macro_rules! not_ascii {
    ($table:literal, $id:literal, $column:literal) => {
        concat!(
            "SELECT ",
            $id,
            ", ",
            $column,
            " FROM ",
            $table,
            " WHERE ",
            $column,
            " GLOB '*[^' || char(1) || '-' || char(127) || ']*'"
        )
    };
}

/// What is filled in when a ledger is brought up to date: where from, and where to.
const KEYS: [(&str, &str); 3] = [
    (
        not_ascii!("payments", "merchant_uid", "merchant_uid"),
        "UPDATE payments SET nfc_key = ?2 WHERE merchant_uid = ?1",
    ),
    (
        not_ascii!("payments", "merchant_uid", "customer_uid"),
        "UPDATE payments SET customer_nfc_key = ?2 WHERE merchant_uid = ?1",
    ),
    (
        not_ascii!("customers", "customer_uid", "customer_uid"),
        "UPDATE customers SET nfc_key = ?2 WHERE customer_uid = ?1",
    ),
];

/// Labels of a customer that are searched for and never sent.
const LABELS: [(&str, &str); 2] = [
    (
        not_ascii!("customers", "customer_uid", "name"),
        "UPDATE customers SET name = ?2 WHERE customer_uid = ?1",
    ),
    (
        not_ascii!("customers", "customer_uid", "note"),
        "UPDATE customers SET note = ?2 WHERE customer_uid = ?1",
    ),
];

impl Spelled for Sqlite {
    fn orders_spelled(&self, text: &str) -> Result<Vec<MerchantUid>, LedgerError> {
        self.read(|db| {
            let known = spelled(db, ORDERS, text)?;
            Ok(known.iter().filter_map(|uid| MerchantUid::parse(uid).ok()).collect())
        })
    }

    fn customers_spelled(&self, text: &str) -> Result<Vec<CustomerUid>, LedgerError> {
        self.read(|db| {
            let known = spelled(db, CUSTOMERS, text)?;
            Ok(known.iter().filter_map(|uid| CustomerUid::parse(uid).ok()).collect())
        })
    }

    fn has_other_spellings(&self) -> Result<bool, LedgerError> {
        self.read(|db| Ok(db.query_row(ANY_APART, [], |row| row.get(0))?))
    }

    fn outcomes(&self, uids: &[MerchantUid]) -> Result<Vec<Option<Outcome>>, LedgerError> {
        self.read(|db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let mut outcomes = Vec::with_capacity(uids.len());
            {
                let mut statement = tx.prepare_cached(OUTCOME)?;
                for uid in uids {
                    let mut rows = statement.query([uid.as_str()])?;
                    let word: Option<String> = rows.next()?.map(|row| row.get(0)).transpose()?;
                    outcomes.push(word.as_deref().and_then(Outcome::from_word));
                }
            }
            tx.commit()?;
            Ok(outcomes)
        })
    }
}

pub(super) fn spelled(db: &Connection, sql: &'static str, text: &str) -> Result<BTreeSet<String>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let known = statement.query_map([nfc_key(text)], |row| row.get(0))?;
    Ok(known.collect::<Result<_, rusqlite::Error>>()?)
}

/// Gives every row that was there before its keys, and customers their labels in composed letters.
pub(super) fn fill(tx: &Connection) -> Result<(), Fault> {
    for (select, update) in KEYS.iter().chain(&LABELS) {
        let mut statement = tx.prepare(select)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows = rows.collect::<Result<Vec<(String, String)>, rusqlite::Error>>()?;
        for (id, text) in rows {
            if let Some(key) = other_key(&text) {
                tx.prepare_cached(update)?.execute((id, key))?;
            }
        }
    }
    Ok(())
}
