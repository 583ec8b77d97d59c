//! The checks that must hold in the very transaction that writes an intent.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::money::Amount;
use crate::domain::payment::{Payment, Terms};
use crate::ledger::day::{DaySum, spent};
use crate::ledger::fault::Fault;
use crate::ledger::read::first_stored;
use crate::ledger::row::payment_columns;
use crate::ledger::rules::is_similar;
use crate::ledger::{DailyLimit, How, Intent, Ledger, LedgerError};

/// What [`is_similar`] says, asked of all rows at once.
pub(super) const SIMILAR: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE customer_uid = ?1 AND merchant_uid <> ?2 AND amount_minor = ?3 AND currency = ?4 \
        AND outcome IN ('paid', 'pending', 'unknown') \
        AND (requested_at_ms >= ?5 OR last_send_ms >= ?5) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT 1"
);

impl Ledger {
    /// A charge like this one since then, for a look ahead; what counts is the look that the intent
    /// itself takes (see [`crate::ledger::Guards`]).
    pub fn similar(&self, terms: &Terms, since: Timestamp) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| similar(db, terms, since))
    }

    /// What a day's charges come to so far, in the limit's currency.
    pub fn spent(&self, limit: &DailyLimit) -> Result<Amount, LedgerError> {
        self.read(|db| spent(db, limit))
    }
}

/// What stands in the way of an intent, if anything does. `before` is its payment as it is now.
pub(super) fn in_the_way(
    tx: &Connection,
    day: &mut DaySum,
    intent: &Intent,
    before: Option<&Payment>,
) -> Result<Option<How>, Fault> {
    if let Some(since) = intent.guards.similar_since
        && let Some(payment) = similar(tx, &intent.request.terms, since)?
    {
        return Ok(Some(How::Similar(Box::new(payment))));
    }
    match &intent.guards.daily {
        Some(limit) => over_daily(tx, day, intent, limit, before),
        None => Ok(None),
    }
}

fn similar(db: &Connection, terms: &Terms, since: Timestamp) -> Result<Option<Payment>, Fault> {
    let currency = terms.amount.currency();
    let values = params![
        terms.customer_uid.as_str(),
        terms.merchant_uid.as_str(),
        terms.amount.minor(),
        currency.code(),
        since.as_millisecond(),
    ];
    let found = first_stored(db, SIMILAR, values)?;
    Ok(found.map(|stored| stored.payment).filter(|payment| is_similar(payment, terms, since)))
}

fn over_daily(
    tx: &Connection,
    day: &mut DaySum,
    intent: &Intent,
    limit: &DailyLimit,
    before: Option<&Payment>,
) -> Result<Option<How>, Fault> {
    let terms = &intent.request.terms;
    // A limit in won says nothing of dollars.
    if limit.max.currency() != terms.amount.currency() {
        return Ok(None);
    }
    let spent = day.spent_but(tx, limit, before)?;
    let within = spent.checked_add(terms.amount).is_some_and(|sum| sum <= limit.max);
    Ok((!within).then_some(How::OverDaily { spent, max: limit.max }))
}
