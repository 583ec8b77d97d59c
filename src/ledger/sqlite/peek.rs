//! A look at the ledger from beside it, for a shell that completes a word: nothing is written, made, brought up to date
//! or waited for, and each question is bounded, however large the ledger is.

use std::path::Path;
use std::time::Duration;

use rusqlite::params;

use crate::domain::customer::Customer;
use crate::domain::payment::Payment;
use crate::ledger::engine::Begun;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::open::open_to_read;
use crate::ledger::sqlite::row::{self, collect, customer_columns, payment_columns};
use crate::ledger::{Access, Create, LedgerError, OpenOptions, place};

/// Longer than that nobody waits for a completion.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// Among so many of the newest payments an order is looked for first.
const NEWEST: i64 = 500;

const CUSTOMERS: &str = concat!(
    "SELECT ",
    customer_columns!(),
    " FROM customers WHERE customer_uid >= ?1 AND customer_uid < ?2 AND removed_at_ms IS NULL \
      ORDER BY customer_uid LIMIT ?3"
);

const NEWEST_ORDERS: &str =
    concat!("SELECT ", payment_columns!(), " FROM payments ORDER BY requested_at_ms DESC, id DESC LIMIT ?1");

const ORDERS: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE merchant_uid >= ?1 AND merchant_uid < ?2 ORDER BY merchant_uid LIMIT ?3"
);

/// Opens a ledger of this version for a look; `None` where there is none that can be read at once.
pub(super) fn peek(path: &Path) -> Option<Sqlite> {
    let options =
        OpenOptions { access: Access::Read, busy_timeout: BUSY_TIMEOUT, ..OpenOptions::new(Create::Never) };
    let path = std::path::absolute(place::follow(path)).ok()?;
    Some(open_to_read(&path, &options).ok()?.ledger)
}

impl Begun for Sqlite {
    fn customers_begun(&self, prefix: &str, at_most: usize) -> Result<Vec<Customer>, LedgerError> {
        let (after, at_most) = (format!("{prefix}{}", char::MAX), limit(at_most));
        self.read(|db| {
            let mut statement = db.prepare_cached(CUSTOMERS)?;
            collect(statement.query(params![prefix, after, at_most])?, row::customer)
        })
    }

    fn orders_begun(&self, prefix: &str, at_most: usize) -> Result<Vec<Payment>, LedgerError> {
        let begins = |payment: &Payment| payment.terms.merchant_uid.as_str().starts_with(prefix);
        self.read(|db| {
            let newest = if prefix.is_empty() { limit(at_most) } else { NEWEST };
            let rows = collect(db.prepare_cached(NEWEST_ORDERS)?.query([newest])?, row::stored)?;
            let mut found: Vec<Payment> = rows.into_iter().map(|row| row.payment).filter(begins).collect();
            found.truncate(at_most);
            if found.len() < at_most && !prefix.is_empty() {
                let after = format!("{prefix}{}", char::MAX);
                let mut statement = db.prepare_cached(ORDERS)?;
                let rows = collect(statement.query(params![prefix, after, limit(at_most)])?, row::stored)?;
                for payment in rows.into_iter().map(|row| row.payment) {
                    let is_new = |known: &Payment| known.terms.merchant_uid != payment.terms.merchant_uid;
                    if found.len() < at_most && found.iter().all(is_new) {
                        found.push(payment);
                    }
                }
            }
            Ok(found)
        })
    }
}

fn limit(at_most: usize) -> i64 {
    i64::try_from(at_most).unwrap_or(i64::MAX)
}
