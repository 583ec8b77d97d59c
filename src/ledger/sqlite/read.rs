//! Reading payments and their events.

use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Transaction, TransactionBehavior, params};

use crate::domain::declines::Standing;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{HistoryEntry, Payment};
use crate::ledger::engine::Reads;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::records::{of_payment, with_records};
use crate::ledger::sqlite::row::{self, Stored, collect, event_columns, payment_columns};
use crate::ledger::sqlite::search::{Choice, choose};
use crate::ledger::sqlite::spellings::{ORDERS, spelled};
use crate::ledger::{Filter, LedgerError};

const BY_MERCHANT_UID: &str =
    concat!("SELECT ", payment_columns!(), " FROM payments WHERE merchant_uid = ?1");

/// An imp_uid that the gateway ever showed under an order; whose it is now comes first.
pub(super) const BY_IMP_UID: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE id = (SELECT payment_id FROM records JOIN payments ON payments.id = payment_id \
                  WHERE records.imp_uid = ?1 \
                  ORDER BY payments.imp_uid IS ?1 DESC, last_seen_ms DESC LIMIT 1)"
);

/// An approval number that two orders have names neither.
pub(super) const BY_APPROVAL: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id = (SELECT min(payment_id) FROM records WHERE apply_num = ?1 \
                                HAVING min(payment_id) = max(payment_id))"
);

const ALL_BY_APPROVAL: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id IN (SELECT payment_id FROM records WHERE apply_num = ?1) ORDER BY id DESC"
);

pub(super) const BEGUN_WITH: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id IN (SELECT id FROM payments WHERE merchant_uid >= ?1 AND merchant_uid < ?2 \
                                 UNION SELECT payment_id FROM records WHERE imp_uid >= ?1 AND imp_uid < ?2) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT ?3"
);

/// Refunded since or not: the gateway shows it.
const NEWEST_PAID: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE outcome = 'paid' AND (?1 IS NULL OR account = ?1) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT 1"
);

pub(super) const UNSETTLED: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE outcome IN ('pending', 'unknown') ORDER BY requested_at_ms, id"
);

/// The condition is that of the index `payments_to_look_again`.
pub(super) const LOOK_AGAIN: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE doubt_ended_ms IS NULL \
        AND (outcome = 'declined' OR outcome = 'rejected' OR (outcome = 'paid' AND (unanswered > 0 OR doubts > 0))) \
      ORDER BY requested_at_ms, id"
);

const WAS_PAID: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE customer_uid = ?1 AND outcome = 'paid')";

/// Notes stand behind the event that was the last one then.
pub(super) const EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM (SELECT id AS place, 0 AS is_note, ",
    event_columns!(),
    " FROM events WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
      UNION ALL SELECT after_event, 1, id, at_ms, 'noted', outcome, attempt, operator, NULL, NULL, NULL, NULL, \
                       'noted_' || note, evidence, NULL, NULL, NULL, NULL, NULL \
                  FROM notes WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
      UNION ALL SELECT after_event, 1, id, at_ms, 'noted', outcome, attempt, operator, NULL, NULL, NULL, NULL, \
                       reason, reason_parts, NULL, NULL, NULL, NULL, NULL \
                  FROM outside_refunds WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1)) \
      ORDER BY place, is_note, at_ms, id"
);

const DECLINED_IMP_UIDS: &str = "SELECT imp_uid FROM events \
     WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
       AND outcome = 'declined' AND kind <> 'refund' AND imp_uid IS NOT NULL \
     GROUP BY imp_uid ORDER BY min(id)";

pub(super) const CHOSEN: &str = concat!("SELECT ", payment_columns!(), " FROM payments");

impl Reads for Sqlite {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| Ok(find_stored(db, uid)?.map(|stored| stored.payment)))
    }

    fn find_many(&self, uids: &[MerchantUid]) -> Result<Vec<Option<Payment>>, LedgerError> {
        self.read(|db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let found = uids.iter().map(|uid| Ok(find_stored(&tx, uid)?.map(|stored| stored.payment)));
            let found = found.collect::<Result<Vec<_>, Fault>>()?;
            tx.commit()?;
            Ok(found)
        })
    }

    fn find_any(&self, id: &str) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| {
            for sql in [BY_MERCHANT_UID, BY_IMP_UID, BY_APPROVAL] {
                if let Some(stored) = first_stored(db, sql, [id])? {
                    return Ok(Some(stored.payment));
                }
            }
            match spelled(db, ORDERS, id)?.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => {
                    let stored = first_stored(db, BY_MERCHANT_UID, [only])?;
                    Ok(stored.map(|stored| stored.payment))
                }
                [] | [_, ..] => Ok(None),
            }
        })
    }

    fn begun_with(&self, prefix: &str, at_most: usize) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let after = format!("{prefix}{}", char::MAX);
            let mut statement = db.prepare_cached(BEGUN_WITH)?;
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            payments(db, collect(statement.query(params![prefix, after, at_most])?, row::stored)?)
        })
    }

    fn by_approval(&self, apply_num: &str) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(ALL_BY_APPROVAL)?;
            payments(db, collect(statement.query([apply_num])?, row::stored)?)
        })
    }

    fn newest_paid(&self, account: Option<&str>) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| {
            let found = first_stored(db, NEWEST_PAID, [account])?;
            Ok(found.map(|stored| stored.payment))
        })
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(DECLINED_IMP_UIDS)?;
            let uids = statement.query_map([uid.as_str()], |row| row.get("imp_uid"))?;
            Ok(uids.collect::<Result<Vec<String>, rusqlite::Error>>()?)
        })
    }

    fn events(&self, uid: &MerchantUid) -> Result<Vec<HistoryEntry>, LedgerError> {
        self.read(|db| collect(db.prepare_cached(EVENTS)?.query([uid.as_str()])?, row::event))
    }

    fn unsettled(&self) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(UNSETTLED)?;
            payments(db, collect(statement.query([])?, row::stored)?)
        })
    }

    fn doubtful(&self) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(LOOK_AGAIN)?;
            let mut doubtful = Vec::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let stored = row::stored(row)?;
                if Standing::of(&stored.payment).is_none_or(|standing| standing.is_open()) {
                    doubtful.push(stored);
                }
            }
            payments(db, doubtful)
        })
    }

    fn visit_fields(
        &self,
        filter: &Filter,
        fields: &[&str],
        each: &mut dyn FnMut(Payment) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        if filter.who.is_some() {
            return self.visit(filter, each);
        }
        self.look_for(filter)?;
        self.read(|db| {
            let Choice { sql, params } = choose(filter).newest_first(&select_of(fields));
            let mut statement = db.prepare(&sql)?;
            let further = statement.column_count() - 1;
            let mut rows = statement.query(&*bound(&params))?;
            while let Some(row) = rows.next()? {
                let Stored { id, mut payment } = row::stored(row)?;
                if row.get(further)? {
                    payment.records = of_payment(db, id)?;
                }
                if each(payment).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn was_paid(&self, customer: &CustomerUid) -> Result<bool, LedgerError> {
        self.read(|db| Ok(db.prepare_cached(WAS_PAID)?.query_row([customer.as_str()], |row| row.get(0))?))
    }

    fn visit(
        &self,
        filter: &Filter,
        each: &mut dyn FnMut(Payment) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.look_for(filter)?;
        self.read(|db| {
            let limit = filter.limit.filter(|_| filter.who.is_some());
            let in_sql = filter.limit.filter(|_| filter.who.is_none());
            let Choice { sql, params } =
                choose(&Filter { limit: in_sql, ..filter.clone() }).newest_first(CHOSEN);
            let mut statement = db.prepare(&sql)?;
            let mut rows = statement.query(&*bound(&params))?;
            let mut shown = 0;
            while limit.is_none_or(|limit| shown < limit)
                && let Some(row) = rows.next()?
            {
                let Stored { id, mut payment } = row::stored(row)?;
                if !filter.is_for(&payment) {
                    continue;
                }
                shown += 1;
                payment.records = of_payment(db, id)?;
                if each(payment).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Columns that are read for some fields alone; all others always are, because a payment is none without them, or
/// because they say what others mean.
const READ_FOR: [(&str, &[&str]); 22] = [
    ("outcome_before", &[]),
    ("last_send_ms", &[]),
    ("last_send_boot_id", &[]),
    ("last_send_since_boot_ms", &[]),
    ("last_send_gateway_s", &[]),
    ("account", &[]),
    ("buyer_name", &[]),
    ("buyer_email", &[]),
    ("buyer_tel", &[]),
    ("imp_uid", &["imp_uid", "other_imp_uids", "alarm"]),
    ("status", &["status"]),
    ("cancel_amount_minor", &["cancel_amount"]),
    ("apply_num", &["apply_num"]),
    ("card_name", &["card_name"]),
    ("card_number", &["card_number"]),
    ("pg_tid", &["pg_tid"]),
    ("receipt_url", &["receipt_url"]),
    ("paid_at_s", &["paid_at"]),
    ("cancelled_at_s", &["cancelled_at"]),
    ("note", &["note"]),
    ("operator", &["operator"]),
    ("host", &["host"]),
];

/// A SELECT of what some fields are made of, with NULL in the place of every other column.
fn select_of(fields: &[&str]) -> String {
    let is_read = |column: &str| {
        let read_for = READ_FOR.iter().find(|(name, _)| *name == column);
        read_for.is_none_or(|(_, for_fields)| for_fields.iter().any(|name| fields.contains(name)))
    };
    let columns = payment_columns!().split(", ").map(|column| if is_read(column) { column } else { "NULL" });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let further = ["other_imp_uids", "alarm"].iter().any(|name| fields.contains(name));
    let further = if further { "id IN (SELECT payment_id FROM further_payments)" } else { "0" };
    format!("SELECT {columns}, {further} AS further FROM payments")
}

pub(super) fn bound(params: &[(String, Value)]) -> Vec<(&str, &dyn rusqlite::ToSql)> {
    params
        .iter()
        .map(|(name, value)| {
            let value: &dyn rusqlite::ToSql = value;
            (name.as_str(), value)
        })
        .collect()
}

pub(super) fn find_stored(db: &Connection, uid: &MerchantUid) -> Result<Option<Stored>, Fault> {
    first_stored(db, BY_MERCHANT_UID, [uid.as_str()])
}

pub(super) fn first_stored(
    db: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<Option<Stored>, Fault> {
    let stored = db.prepare_cached(sql)?.query(params)?.next()?.map(row::stored).transpose()?;
    let Some(mut stored) = stored else { return Ok(None) };
    stored.payment.records = of_payment(db, stored.id)?;
    Ok(Some(stored))
}

pub(super) fn payments(db: &Connection, stored: Vec<Stored>) -> Result<Vec<Payment>, Fault> {
    Ok(with_records(db, stored)?.into_iter().map(|stored| stored.payment).collect())
}
