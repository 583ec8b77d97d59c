//! Payments with all that went back of them.

use std::collections::HashSet;
use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::movement::Booked;
use crate::ledger::cancellations::history;
use crate::ledger::fault::Fault;
use crate::ledger::read::bound;
use crate::ledger::records::of_payment;
use crate::ledger::refunds;
use crate::ledger::row::{self, Stored, payment_columns};
use crate::ledger::{By, Ledger, LedgerError};

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

impl Ledger {
    /// Hands over, in no order and as they stand at one moment, whatever may count in a time (`since <= t < until`):
    /// payments of it, and payments of any time of which money went back in it. A payment has its records with it where
    /// there is another one under its order.
    pub fn booked(
        &self,
        by: By,
        span: (Timestamp, Timestamp),
        each: &mut dyn FnMut(&Booked) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let params = bounds(span);
        self.read(|db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let further = further_payments(&tx)?;
            let mut statement = tx.prepare(&reading(payment_columns!(), by))?;
            let mut rows = statement.query(&*bound(&params))?;
            while let Some(row) = rows.next()? {
                if each(&with_its_refunds(&tx, row::stored(row)?, &further)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// The few orders under which there is another payment that took money.
pub(super) fn further_payments(db: &Connection) -> Result<HashSet<i64>, Fault> {
    let mut statement = db.prepare(FURTHER)?;
    let ids = statement.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, rusqlite::Error>>()?)
}

pub(super) fn with_its_refunds(
    db: &Connection,
    Stored { id, mut payment }: Stored,
    further: &HashSet<i64>,
) -> Result<Booked, Fault> {
    let gone = payment.cancel_amount.is_some_and(|amount| amount.minor() > 0);
    let (refunds, cancellations) = match (&payment.imp_uid, gone) {
        (Some(imp_uid), true) => {
            (refunds::of_payment(db, &payment.terms.merchant_uid)?, history(db, id, imp_uid)?)
        }
        (Some(_) | None, _) => (Vec::new(), Vec::new()),
    };
    if further.contains(&id) {
        payment.records = of_payment(db, id)?;
    }
    Ok(Booked { payment, refunds, cancellations })
}
