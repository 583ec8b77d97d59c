//! The least of an order's id that means it alone, as `history show` reads it.

use rusqlite::{Connection, OptionalExtension};

use crate::domain::ids::MerchantUid;
use crate::ledger::LedgerError;
use crate::ledger::engine::Short;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::spellings::{ORDERS, spelled};

/// Fewer letters would soon mean another order as well.
const LETTERS_LEAST: usize = 8;

/// The ids on both sides of one, in the order of the indexes: none is more like it than one of these. Payments of the
/// order itself begin with what they like.
const BESIDE: [&str; 4] = [
    "SELECT merchant_uid FROM payments WHERE merchant_uid < ?1 ORDER BY merchant_uid DESC LIMIT 1",
    "SELECT merchant_uid FROM payments WHERE merchant_uid > ?1 ORDER BY merchant_uid LIMIT 1",
    "SELECT imp_uid FROM records WHERE imp_uid <= ?1 ORDER BY imp_uid DESC LIMIT 1",
    "SELECT imp_uid FROM records WHERE imp_uid >= ?1 ORDER BY imp_uid LIMIT 1",
];

const IS_APPROVAL: &str = "SELECT EXISTS (SELECT 1 FROM records WHERE apply_num = ?1)";

/// As `begun_with` finds them.
const BEGUN_COUNT: &str = "SELECT count(*) FROM (SELECT id FROM payments WHERE merchant_uid >= ?1 AND merchant_uid < ?2 \
                           UNION SELECT payment_id FROM records WHERE imp_uid >= ?1 AND imp_uid < ?2)";

impl Short for Sqlite {
    fn begun_count(&self, prefix: &str) -> Result<u64, LedgerError> {
        let after = format!("{prefix}{}", char::MAX);
        let of = |db: &Connection| -> Result<i64, Fault> {
            Ok(db.prepare_cached(BEGUN_COUNT)?.query_row([prefix, &after], |row| row.get(0))?)
        };
        Ok(u64::try_from(self.read(of)?).unwrap_or(0))
    }

    fn short_order(&self, uid: &MerchantUid) -> Result<String, LedgerError> {
        self.read(|db| short(db, uid.as_str()))
    }
}

fn short(db: &Connection, uid: &str) -> Result<String, Fault> {
    let mut least = LETTERS_LEAST;
    for sql in BESIDE {
        let beside: Option<String> = db.prepare_cached(sql)?.query_row([uid], |row| row.get(0)).optional()?;
        if let Some(beside) = beside {
            let alike = uid.chars().zip(beside.chars()).take_while(|(one, other)| one == other).count();
            least = least.max(alike.saturating_add(1));
        }
    }
    let ends = uid.char_indices().map(|(at, _)| at).skip(least);
    for end in ends {
        let Some(beginning) = uid.get(..end) else { break };
        if !means_something_else(db, beginning)? {
            return Ok(beginning.to_owned());
        }
    }
    Ok(uid.to_owned())
}

/// Whether `show` would take it for an approval number, or for another spelling of an id.
fn means_something_else(db: &Connection, beginning: &str) -> Result<bool, Fault> {
    let is_approval: bool = db.prepare_cached(IS_APPROVAL)?.query_row([beginning], |row| row.get(0))?;
    Ok(is_approval || (!beginning.is_ascii() && !spelled(db, ORDERS, beginning)?.is_empty()))
}
