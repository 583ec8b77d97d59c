//! What a day's charges come to, kept from one intent to the next: to add them all up for each
//! further one would take the longer the more there are.

use rusqlite::{Connection, named_params};

use crate::domain::money::Amount;
use crate::domain::payment::Payment;
use crate::ledger::DailyLimit;
use crate::ledger::rules::counts;
use crate::ledger::sqlite::fault::Fault;

/// What [`counts`], added up. Only what was sent again is in the index by last send.
pub(super) const SPENT: &str = "SELECT coalesce(sum(amount_minor), 0) AS spent FROM payments \
     WHERE ((requested_at_ms >= :from_ms AND requested_at_ms < :to_ms) \
         OR (last_send_ms >= :from_ms AND last_send_ms < :to_ms AND last_send_ms <> requested_at_ms)) \
       AND currency = :currency AND outcome IN ('paid', 'pending', 'unknown')";

/// Changes when, and only when, another connection has committed something.
const DATA_VERSION: &str = "PRAGMA data_version";

/// The sum of the last day that was asked for, as far as it is known. Whoever writes a payment tells
/// what it was before and is now; after a write that failed nothing is known.
#[derive(Debug, Default)]
pub(super) struct DaySum {
    known: Option<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    day: DailyLimit,
    minor: i64,
    version: i64,
}

impl Known {
    fn is_of(&self, limit: &DailyLimit) -> bool {
        (self.day.from, self.day.to, self.day.max.currency()) == (limit.from, limit.to, limit.max.currency())
    }

    fn part(&self, payment: &Payment) -> i64 {
        if counts(payment, &self.day) { payment.terms.amount.minor() } else { 0 }
    }
}

/// What a day's charges come to, by adding them up.
pub(super) fn spent(db: &Connection, limit: &DailyLimit) -> Result<Amount, Fault> {
    let currency = limit.max.currency();
    let minor: i64 = db.prepare_cached(SPENT)?.query_row(
        named_params! {
            ":from_ms": limit.from.as_millisecond(),
            ":to_ms": limit.to.as_millisecond(),
            ":currency": currency.code(),
        },
        |row| row.get("spent"),
    )?;
    Ok(Amount::from_minor(minor, currency))
}

impl DaySum {
    /// What the day's charges come to without the one that is about to be written, which is in the
    /// ledger as `own`.
    pub(super) fn spent_but(
        &mut self,
        tx: &Connection,
        limit: &DailyLimit,
        own: Option<&Payment>,
    ) -> Result<Amount, Fault> {
        let version = data_version(tx)?;
        let known = match self.known {
            Some(known) if known.is_of(limit) && known.version == version => known,
            Some(_) | None => Known { day: *limit, minor: spent(tx, limit)?.minor(), version },
        };
        self.known = Some(known);
        let own = self.part(own);
        Ok(Amount::from_minor(known.minor.saturating_sub(own), limit.max.currency()))
    }

    /// What a payment adds, for [`DaySum::moved`].
    pub(super) fn part(&self, payment: Option<&Payment>) -> i64 {
        self.known.zip(payment).map_or(0, |(known, payment)| known.part(payment))
    }

    /// A payment that added `before` was written as it is now.
    pub(super) fn moved(&mut self, before: i64, now: &Payment) {
        let now = self.part(Some(now));
        self.known = self.known.and_then(|known| {
            let minor = known.minor.checked_sub(before)?.checked_add(now)?;
            Some(Known { minor, ..known })
        });
    }
}

fn data_version(tx: &Connection) -> Result<i64, Fault> {
    Ok(tx.prepare_cached(DATA_VERSION)?.query_row([], |row| row.get(0))?)
}
