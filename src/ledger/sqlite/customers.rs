//! The saved customers.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::{Connection, ToSql, named_params};

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::text::{nfc_key, other_key};
use crate::ledger::LedgerError;
use crate::ledger::engine::Customers;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{self, collect, customer_columns};
use crate::ledger::sqlite::search::text::{digits_of, text_params};

/// A known customer keeps the time it was first added, and one that was removed is back.
const SAVE: &str = concat!(
    "INSERT INTO customers (",
    customer_columns!(),
    ", nfc_key) VALUES (:customer_uid, :name, :email, :tel, :note, :card_name, :card_code, :card_number, \
         :pg_provider, :pg_id, :sandbox, :card_inserted_s, :card_updated_s, :mode, :added_at_ms, \
         :checked_at_ms, NULL, :nfc_key) \
     ON CONFLICT (customer_uid) DO UPDATE SET name = excluded.name, email = excluded.email, \
         tel = excluded.tel, note = excluded.note, card_name = excluded.card_name, \
         card_code = excluded.card_code, card_number = excluded.card_number, \
         pg_provider = excluded.pg_provider, pg_id = excluded.pg_id, sandbox = excluded.sandbox, \
         card_inserted_s = excluded.card_inserted_s, card_updated_s = excluded.card_updated_s, \
         mode = excluded.mode, checked_at_ms = excluded.checked_at_ms, removed_at_ms = NULL"
);

const FIND: &str = concat!("SELECT ", customer_columns!(), " FROM customers WHERE customer_uid = ?1");

const SAVED_UIDS: &str =
    "SELECT customer_uid FROM customers WHERE removed_at_ms IS NULL ORDER BY customer_uid";

const ANY: &str = "SELECT EXISTS (SELECT 1 FROM customers)";

const LIST: &str = concat!(
    "SELECT ",
    customer_columns!(),
    " FROM customers WHERE (:removed OR removed_at_ms IS NULL) \
        AND (:like IS NULL OR customer_uid LIKE :like ESCAPE '\\' OR name LIKE :like ESCAPE '\\' \
          OR customer_uid LIKE :apart ESCAPE '\\' OR name LIKE :apart ESCAPE '\\' \
          OR email LIKE :like ESCAPE '\\' OR note LIKE :like ESCAPE '\\' \
          OR substr(card_number, -4) = :last_four OR ",
    digits_of!("tel"),
    " LIKE :digits) ORDER BY customer_uid"
);

const SOME: &str = concat!(
    "SELECT ",
    customer_columns!(),
    " FROM customers WHERE removed_at_ms IS NULL ORDER BY customer_uid LIMIT ?1"
);

const CHECK: &str = "UPDATE customers SET card_name = :card_name, card_code = :card_code, \
         card_number = :card_number, pg_provider = :pg_provider, pg_id = :pg_id, sandbox = :sandbox, \
         card_inserted_s = :card_inserted_s, card_updated_s = :card_updated_s, checked_at_ms = :at_ms \
     WHERE customer_uid = :customer_uid";

const REMOVE: &str =
    "UPDATE customers SET removed_at_ms = ?2 WHERE customer_uid = ?1 AND removed_at_ms IS NULL";

impl Customers for Sqlite {
    fn visit_customer_uids(&self, each: &mut dyn FnMut(&str)) -> Result<(), LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(SAVED_UIDS)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
            }
            Ok(())
        })
    }

    fn save_customer(&mut self, customer: &Customer) -> Result<(), LedgerError> {
        self.in_transaction(|tx| save(tx, customer))?;
        self.index_people_behind();
        Ok(())
    }

    fn save_customers(
        &mut self,
        uids: &[CustomerUid],
        made: &mut dyn FnMut(usize, Option<Customer>) -> Option<Customer>,
    ) -> Result<(), LedgerError> {
        self.in_transaction(|tx| {
            for (place, uid) in uids.iter().enumerate() {
                let known = find(tx, uid)?;
                if let Some(customer) = made(place, known) {
                    save(tx, &customer)?;
                }
            }
            Ok(())
        })?;
        self.index_people_behind();
        Ok(())
    }

    fn find_customer(&self, uid: &CustomerUid) -> Result<Option<Customer>, LedgerError> {
        self.read(|db| find(db, uid))
    }

    fn has_customers(&self) -> Result<bool, LedgerError> {
        self.read(|db| Ok(db.query_row(ANY, [], |row| row.get(0))?))
    }

    fn visit_customers(
        &self,
        text: Option<&str>,
        removed: bool,
        each: &mut dyn FnMut(Customer) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.read(|db| visit(db, text.map(str::trim).filter(|text| !text.is_empty()), removed, each))
    }

    fn some_customers(&self, most: u32) -> Result<Vec<Customer>, LedgerError> {
        self.read(|db| collect(db.prepare_cached(SOME)?.query([most])?, row::customer))
    }

    fn record_checks(&mut self, checked: &[(&CustomerUid, &Card)], at: Timestamp) -> Result<(), LedgerError> {
        self.in_transaction(|tx| checked.iter().try_for_each(|(uid, card)| check(tx, uid, card, at)))
    }

    fn remove_customer(&mut self, uid: &CustomerUid, at: Timestamp) -> Result<bool, LedgerError> {
        self.in_transaction(|tx| {
            let changed = tx.prepare_cached(REMOVE)?.execute((uid.as_str(), at.as_millisecond()))?;
            Ok(changed > 0)
        })
    }
}

fn find(db: &Connection, uid: &CustomerUid) -> Result<Option<Customer>, Fault> {
    db.prepare_cached(FIND)?.query([uid.as_str()])?.next()?.map(row::customer).transpose()
}

fn save(tx: &Connection, customer: &Customer) -> Result<(), Fault> {
    let params = named_params! {
        ":customer_uid": customer.customer_uid.as_str(),
        ":name": customer.name.as_deref().map(nfc_key),
        ":email": customer.email,
        ":tel": customer.tel,
        ":note": customer.note.as_deref().map(nfc_key),
        ":mode": customer.mode.word(),
        ":added_at_ms": customer.added_at.as_millisecond(),
        ":checked_at_ms": customer.checked_at.map(Timestamp::as_millisecond),
        ":nfc_key": other_key(customer.customer_uid.as_str()),
    };
    tx.prepare_cached(SAVE)?.execute(&*[params, &card_params(&customer.card)].concat())?;
    Ok(())
}

fn check(tx: &Connection, uid: &CustomerUid, card: &Card, at: Timestamp) -> Result<(), Fault> {
    let params = named_params! { ":customer_uid": uid.as_str(), ":at_ms": at.as_millisecond() };
    let changed = tx.prepare_cached(CHECK)?.execute(&*[params, &card_params(card)].concat())?;
    if changed == 1 { Ok(()) } else { Err(Fault::NoSuchCustomer(uid.clone())) }
}

/// A card's columns, wherever they are written.
fn card_params(card: &Card) -> [(&'static str, &dyn ToSql); 8] {
    [
        (":card_name", &card.card_name),
        (":card_code", &card.card_code),
        (":card_number", &card.card_number),
        (":pg_provider", &card.pg_provider),
        (":pg_id", &card.pg_id),
        (":sandbox", &card.sandbox),
        (":card_inserted_s", &card.inserted_s),
        (":card_updated_s", &card.updated_s),
    ]
}

fn visit(
    db: &Connection,
    text: Option<&str>,
    removed: bool,
    each: &mut dyn FnMut(Customer) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(LIST)?;
    let [like, apart, digits, last_four] = match text {
        Some(text) => text_params(text).map(|(_, value)| value),
        None => [const { rusqlite::types::Value::Null }; 4],
    };
    let mut rows = statement.query(named_params! {
        ":removed": removed,
        ":like": like,
        ":apart": apart,
        ":digits": digits,
        ":last_four": last_four,
    })?;
    while let Some(row) = rows.next()? {
        if each(row::customer(row)?).is_break() {
            break;
        }
    }
    Ok(())
}
