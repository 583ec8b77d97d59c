//! The payments that the gateway showed under orders, and who has answered for one beside another.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{EventKind, Payment};
use crate::domain::record::Record;
use crate::ledger::LedgerError;
use crate::ledger::engine::Records;
use crate::ledger::rules::Happened;
use crate::ledger::sighting::{Refund, Sighting};
use crate::ledger::signed::Acknowledgement;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::cancellations;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{self, Stored, collect, payment_columns, record_columns};
use crate::ledger::sqlite::write::append;

/// In the order in which they were seen, each with the newest signature that was not taken back.
pub(super) const OF_PAYMENT: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM records LEFT JOIN acknowledgements AS signed ON given = 1 \
        AND signed.id = (SELECT max(id) FROM acknowledgements AS newest WHERE newest.imp_uid = records.imp_uid) \
      WHERE payment_id = ?1 ORDER BY nth"
);

/// Orders under which a payment took money that they do not stand for.
pub(super) const MANIFOLD: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id IN (SELECT payment_id FROM further_payments) ORDER BY requested_at_ms, id"
);

const INSERT: &str = "INSERT INTO records (payment_id, imp_uid, nth, merchant_uid, customer_uid, status, amount_minor, \
     cancelled_minor, currency, apply_num, card_name, card_number, pg_provider, pg_tid, receipt_url, channel, usage, \
     sandbox, fail_reason, started_at_s, paid_at_s, failed_at_s, cancelled_at_s, first_seen_ms, last_seen_ms) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (payment_id, imp_uid) DO UPDATE SET merchant_uid = excluded.merchant_uid, \
     customer_uid = excluded.customer_uid, status = excluded.status, amount_minor = excluded.amount_minor, \
     cancelled_minor = excluded.cancelled_minor, currency = excluded.currency, apply_num = excluded.apply_num, \
     card_name = excluded.card_name, card_number = excluded.card_number, pg_provider = excluded.pg_provider, \
     pg_tid = excluded.pg_tid, receipt_url = excluded.receipt_url, channel = excluded.channel, \
     usage = excluded.usage, sandbox = excluded.sandbox, fail_reason = excluded.fail_reason, \
     started_at_s = excluded.started_at_s, paid_at_s = excluded.paid_at_s, failed_at_s = excluded.failed_at_s, \
     cancelled_at_s = excluded.cancelled_at_s, first_seen_ms = excluded.first_seen_ms, \
     last_seen_ms = excluded.last_seen_ms";

const SIGN: &str =
    "INSERT INTO acknowledgements (at_ms, operator, imp_uid, given, reason) VALUES (?1, ?2, ?3, ?4, ?5)";

const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM records WHERE imp_uid = ?1)";

impl Records for Sqlite {
    fn alarms(&self) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut payments =
                with_records(db, collect(db.prepare_cached(MANIFOLD)?.query([])?, row::stored)?)?;
            payments.retain(|stored| stored.payment.alarm().is_some());
            Ok(payments.into_iter().map(|stored| stored.payment).collect())
        })
    }

    fn orders_showing(&self, imp_uid: &str) -> Result<Vec<MerchantUid>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT merchant_uid FROM payments WHERE id IN (SELECT payment_id FROM records WHERE imp_uid = ?1) \
                 ORDER BY imp_uid IS ?1 DESC, id",
            )?;
            let uids = statement.query_map([imp_uid], |row| row.get::<_, String>(0))?;
            let uids = uids.collect::<Result<Vec<_>, rusqlite::Error>>()?;
            Ok(uids.iter().filter_map(|uid| MerchantUid::parse(uid).ok()).collect())
        })
    }

    fn acknowledge(&mut self, signature: &Acknowledgement) -> Result<bool, LedgerError> {
        self.in_transaction(|tx| {
            let known: bool =
                tx.prepare_cached(IS_KNOWN)?.query_row([&signature.imp_uid], |row| row.get(0))?;
            if known {
                tx.prepare_cached(SIGN)?.execute(params![
                    signature.at.as_millisecond(),
                    signature.operator,
                    signature.imp_uid,
                    signature.given,
                    signature.reason,
                ])?;
            }
            Ok(known)
        })
    }
}

/// Reads what the gateway showed under each payment's order.
pub(super) fn with_records(db: &Connection, mut stored: Vec<Stored>) -> Result<Vec<Stored>, Fault> {
    for one in &mut stored {
        one.payment.records = of_payment(db, one.id)?;
    }
    Ok(stored)
}

pub(super) fn of_payment(db: &Connection, payment_id: i64) -> Result<Vec<Record>, Fault> {
    collect(db.prepare_cached(OF_PAYMENT)?.query([payment_id])?, row::record)
}

/// Writes one of a payment's records, by its place among them.
pub(super) fn put(tx: &Connection, payment_id: i64, place: usize, record: &Record) -> Result<(), Fault> {
    let nth = i64::try_from(place).map_err(|_| Fault::TooLarge("number of payments under one order"))? + 1;
    let told = record.amount.or(record.cancelled);
    let currency = told.map(|amount| amount.currency());
    // A refund in another currency than the payment's is none that could be added up.
    let in_currency = |amount: Option<Amount>| {
        amount.filter(|amount| Some(amount.currency()) == currency).map(|amount| amount.minor())
    };
    let time = |at: Option<Timestamp>| at.map(Timestamp::as_second);
    tx.prepare_cached(INSERT)?.execute(params![
        payment_id,
        record.imp_uid,
        nth,
        record.merchant_uid,
        record.customer_uid,
        record.status,
        in_currency(record.amount),
        in_currency(record.cancelled),
        currency.as_ref().map(Currency::code),
        record.apply_num,
        record.card_name,
        record.card_number,
        record.pg_provider,
        record.pg_tid,
        record.receipt_url,
        record.channel,
        record.usage,
        record.sandbox,
        record.fail_reason,
        time(record.started_at),
        time(record.paid_at),
        time(record.failed_at),
        time(record.cancelled_at),
        record.first_seen.as_millisecond(),
        record.last_seen.as_millisecond(),
    ])?;
    Ok(())
}

pub(super) fn write_sighting(
    tx: &Connection,
    stored: &Stored,
    sighting: &Sighting,
    at: Timestamp,
) -> Result<(), Fault> {
    let Stored { id, payment } = stored;
    for place in &sighting.records {
        if let Some(record) = payment.records.get(*place) {
            put(tx, *id, *place, record)?;
        }
    }
    for (imp_uid, history) in &sighting.histories {
        cancellations::put(tx, *id, imp_uid, history)?;
    }
    for Refund { imp_uid, reason } in &sighting.refunds {
        let line = Happened::to(payment, EventKind::Refund, at);
        append(tx, *id, &Happened { imp_uid: Some(imp_uid), reason: Some(reason), ..line })?;
    }
    Ok(())
}
