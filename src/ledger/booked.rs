//! Payments with all that went back of them.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::ids::MerchantUid;
use crate::domain::movement::Booked;
use crate::domain::payment::Outcome;
use crate::ledger::cancellations::history;
use crate::ledger::fault::Fault;
use crate::ledger::read::{bound, find_stored};
use crate::ledger::records::of_payment;
use crate::ledger::refunds;
use crate::ledger::row::{self, Stored, payment_columns};
use crate::ledger::{By, Filter, Ledger, LedgerError};

/// A payment is of the time at which it was charged, or at which it was asked for; one that was not paid is of the
/// latter. What went back may be of any time, so that whatever was refunded comes beside.
const BOOKED: [(By, &str); 2] = [
    (
        By::Paid,
        concat!(
            "SELECT ",
            payment_columns!(),
            " FROM payments WHERE outcome = 'paid' AND paid_at_s >= (:since + 999) / 1000 AND paid_at_s < (:until + 999) / 1000 \
              UNION ALL SELECT ",
            payment_columns!(),
            " FROM payments WHERE outcome = 'paid' AND paid_at_s IS NULL \
                 AND requested_at_ms >= :since AND requested_at_ms < :until \
              UNION ALL SELECT ",
            payment_columns!(),
            " FROM payments WHERE outcome <> 'paid' AND requested_at_ms >= :since AND requested_at_ms < :until \
              UNION ALL SELECT ",
            payment_columns!(),
            " FROM payments WHERE outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0) \
                 AND NOT (paid_at_s IS NOT NULL AND paid_at_s >= (:since + 999) / 1000 AND paid_at_s < (:until + 999) / 1000) \
                 AND NOT (paid_at_s IS NULL AND requested_at_ms >= :since AND requested_at_ms < :until)"
        ),
    ),
    (
        By::Requested,
        concat!(
            "SELECT ",
            payment_columns!(),
            " FROM payments WHERE requested_at_ms >= :since AND requested_at_ms < :until \
              UNION ALL SELECT ",
            payment_columns!(),
            " FROM payments WHERE outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0) \
                 AND NOT (requested_at_ms >= :since AND requested_at_ms < :until)"
        ),
    ),
];

impl Ledger {
    /// Hands over, in no order, whatever may count in a time (`since <= t < until`): payments of it, and payments of
    /// any time of which money went back.
    pub fn booked(
        &self,
        by: By,
        (since, until): (Timestamp, Timestamp),
        each: &mut dyn FnMut(&Booked) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let chosen = BOOKED.iter().find(|(of, _)| *of == by).map_or("", |(_, sql)| sql);
        let params = [
            (":since".to_owned(), since.as_millisecond().into()),
            (":until".to_owned(), until.as_millisecond().into()),
        ];
        self.read(|db| {
            let mut statement = db.prepare(chosen)?;
            let mut rows = statement.query(&*bound(&params))?;
            while let Some(row) = rows.next()? {
                if each(&with_its_refunds(db, row::stored(row)?)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

impl Ledger {
    /// Hands over the payments that a filter picks, newest first, each with all that went back of it, whenever.
    pub fn booked_of(
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

    /// One payment with all that went back of it.
    pub fn booked_under(&self, uid: &MerchantUid) -> Result<Option<Booked>, LedgerError> {
        self.read(|db| find_stored(db, uid)?.map(|stored| with_its_refunds(db, stored)).transpose())
    }
}

fn with_its_refunds(db: &Connection, Stored { id, mut payment }: Stored) -> Result<Booked, Fault> {
    let gone = payment.cancel_amount.is_some_and(|amount| amount.minor() > 0);
    let (refunds, cancellations) = match (&payment.imp_uid, gone) {
        (Some(imp_uid), true) => {
            (refunds::of_payment(db, &payment.terms.merchant_uid)?, history(db, id, imp_uid)?)
        }
        (Some(_) | None, _) => (Vec::new(), Vec::new()),
    };
    if payment.outcome == Outcome::Paid {
        payment.records = of_payment(db, id)?;
    }
    Ok(Booked { payment, refunds, cancellations })
}
