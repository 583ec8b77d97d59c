//! Payments with all that went back of them.

use std::collections::HashSet;
use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::domain::ids::MerchantUid;
use crate::domain::movement::Booked;
use crate::ledger::engine::{Books, Reads as _};
use crate::ledger::sqlite::cancellations::history;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::{bound, find_stored};
use crate::ledger::sqlite::records::of_payment;
use crate::ledger::sqlite::refunds;
use crate::ledger::sqlite::row::{self, Stored, payment_columns};
use crate::ledger::sqlite::{Sqlite, one_moment};
use crate::ledger::{By, Filter, LedgerError};

/// A payment is of the time at which it was charged, or at which it was asked for; one that was not paid is of the
/// latter. One that the gateway tells no time of was charged when its request left
/// ([`Booked::approved_at`](crate::domain::movement::Booked::approved_at)). Each condition has an index of its own.
const OF_TIME: [(By, &[&str]); 2] = [
    (
        By::Paid,
        &[
            "outcome = 'paid' AND paid_at_s >= (:since + 999) / 1000 AND paid_at_s < (:until + 999) / 1000",
            "outcome = 'paid' AND paid_at_s IS NULL AND coalesce(last_send_ms, requested_at_ms) >= :since \
                 AND coalesce(last_send_ms, requested_at_ms) < :until",
            "outcome <> 'paid' AND requested_at_ms >= :since AND requested_at_ms < :until",
        ],
    ),
    (By::Requested, &["requested_at_ms >= :since AND requested_at_ms < :until"]),
];

/// The time that a payment with money gone back is of, in the same sense.
const OWN_TIME: [(By, &str); 2] = [
    (By::Paid, "coalesce(paid_at_s * 1000, last_send_ms, requested_at_ms)"),
    (By::Requested, "requested_at_ms"),
];

/// Whatever may have gone back in a time: by the gateway's history, by refunds of ours, by the last time that the gateway
/// tells, by a person's note; and the few of which no time is told, which went back when they were charged.
pub(super) const GONE_BACK: &str = "outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0) AND id IN ( \
         SELECT payment_id FROM cancellations \
          WHERE at_s >= (:since + 999) / 1000 AND at_s < (:until + 999) / 1000 \
         UNION ALL SELECT payment_id FROM refunds WHERE outcome = 'refunded' \
            AND coalesce(refunded_at_s * 1000, sent_ms) >= :since AND coalesce(refunded_at_s * 1000, sent_ms) < :until \
         UNION ALL SELECT id FROM payments \
          WHERE cancelled_at_s >= (:since + 999) / 1000 AND cancelled_at_s < (:until + 999) / 1000 \
         UNION ALL SELECT id FROM payments WHERE outside_at_ms >= :since AND outside_at_ms < :until \
         UNION ALL SELECT id FROM payments \
          WHERE outcome = 'paid' AND cancelled_at_s IS NULL AND (cancel_amount_minor > 0 OR outside_minor > 0))";

const FURTHER: &str = "SELECT payment_id FROM further_payments";

/// Reads `columns` of whatever may count in a time, each payment once and in no order.
pub(super) fn reading(columns: &str, by: By) -> String {
    let of_time = OF_TIME.iter().find(|(of, _)| *of == by).map_or(&[][..], |(_, conditions)| conditions);
    let own_time = OWN_TIME.iter().find(|(of, _)| *of == by).map_or("requested_at_ms", |(_, time)| time);
    let gone_back = format!("{GONE_BACK} AND NOT ({own_time} >= :since AND {own_time} < :until)");
    let all = of_time.iter().copied().chain([gone_back.as_str()]);
    let selects: Vec<String> =
        all.map(|condition| format!("SELECT {columns} FROM payments WHERE {condition}")).collect();
    selects.join(" UNION ALL ")
}

/// The bounds of a reading: `since <= t < until`.
pub(super) fn bounds((since, until): (Timestamp, Timestamp)) -> [(String, Value); 2] {
    [
        (":since".to_owned(), since.as_millisecond().into()),
        (":until".to_owned(), until.as_millisecond().into()),
    ]
}

impl Books for Sqlite {
    fn booked(
        &self,
        by: By,
        span: (Timestamp, Timestamp),
        each: &mut dyn FnMut(&Booked) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let params = bounds(span);
        self.read(|db| {
            let _moment = one_moment(db)?;
            let further = further_payments(db)?;
            let mut statement = db.prepare(&reading(payment_columns!(), by))?;
            let mut rows = statement.query(&*bound(&params))?;
            while let Some(row) = rows.next()? {
                let Stored { id, mut payment } = row::stored(row)?;
                if further.contains(&id) {
                    payment.records = of_payment(db, id)?;
                }
                if each(&with_its_refunds(db, Stored { id, payment })?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn booked_of(
        &self,
        filter: &Filter,
        each: &mut dyn FnMut(&Booked) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let mut failed = None;
        self.visit(filter, &mut |payment| match self.booked_under(&payment.terms.merchant_uid) {
            Ok(Some(booked)) => each(&booked),
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn booked_under(&self, uid: &MerchantUid) -> Result<Option<Booked>, LedgerError> {
        self.read(|db| find_stored(db, uid)?.map(|stored| with_its_refunds(db, stored)).transpose())
    }
}

/// The few orders under which there is another payment that took money.
pub(super) fn further_payments(db: &Connection) -> Result<HashSet<i64>, Fault> {
    let mut statement = db.prepare(FURTHER)?;
    let ids = statement.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, rusqlite::Error>>()?)
}

pub(super) fn with_its_refunds(db: &Connection, Stored { id, payment }: Stored) -> Result<Booked, Fault> {
    let gone = payment.cancel_amount.is_some_and(|amount| amount.minor() > 0);
    let (refunds, cancellations) = match (&payment.imp_uid, gone) {
        (Some(imp_uid), true) => {
            (refunds::of_payment(db, &payment.terms.merchant_uid)?, history(db, id, imp_uid)?)
        }
        (Some(_) | None, _) => (Vec::new(), Vec::new()),
    };
    Ok(Booked { payment, refunds, cancellations })
}
