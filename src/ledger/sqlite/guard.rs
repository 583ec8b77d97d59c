//! The checks that must hold in the very transaction that writes an intent.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::money::Amount;
use crate::domain::payment::{Payment, Terms};
use crate::ledger::engine::Guarding;
use crate::ledger::rules::{is_similar, stands_open};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::day::{DaySum, spent};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::{first_stored, payments};
use crate::ledger::sqlite::row::{collect, payment_columns, stored};
use crate::ledger::{DailyLimit, How, Intent, LedgerError, Passed};

/// What [`is_similar`] says, asked of all rows at once. By customer and amount: the `+` keeps SQLite from reading all of
/// a customer's payments by their time for the sake of the order.
pub(super) const SIMILAR: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE customer_uid = ?1 AND merchant_uid <> ?2 AND amount_minor = ?3 AND currency = ?4 \
        AND (outcome = 'paid' OR noted = 'charged') AND NOT (once_per AND ?6) \
        AND (requested_at_ms >= ?5 OR last_send_ms >= ?5) \
      ORDER BY +requested_at_ms DESC, id DESC LIMIT 1"
);

/// What [`stands_open`] is asked of. Whether words of a no are a doubt, SQL cannot say.
pub(super) const NOT_PAID: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE customer_uid = ?1 AND merchant_uid <> ?2 AND amount_minor = ?3 AND currency = ?4 \
        AND outcome IN ('pending', 'unknown', 'declined', 'rejected') ORDER BY +requested_at_ms, id"
);

impl Guarding for Sqlite {
    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| open_beside(db, terms, &[]))
    }

    fn similar(
        &self,
        terms: &Terms,
        once_per: bool,
        since: Timestamp,
    ) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| similar(db, terms, once_per, since))
    }

    fn spent(&self, limit: &DailyLimit) -> Result<Amount, LedgerError> {
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
    let terms = &intent.request.terms;
    if let Some(passed) = &intent.guards.passed
        && let Some(payment) = open_beside(tx, terms, passed)?.into_iter().next()
    {
        return Ok(Some(How::Open(Box::new(payment))));
    }
    let once_per = intent.once_per || before.is_some_and(|before| before.once_per);
    if let Some(since) = intent.guards.similar_since
        && let Some(payment) = similar(tx, terms, once_per, since)?
    {
        return Ok(Some(How::Similar(Box::new(payment))));
    }
    match &intent.guards.daily {
        Some(limit) => over_daily(tx, day, intent, limit, before),
        None => Ok(None),
    }
}

fn open_beside(db: &Connection, terms: &Terms, passed: &[Passed]) -> Result<Vec<Payment>, Fault> {
    let (customer, uid) = (terms.customer_uid.as_str(), terms.merchant_uid.as_str());
    let currency = terms.amount.currency();
    let values = (customer, uid, terms.amount.minor(), currency.code());
    let mut statement = db.prepare_cached(NOT_PAID)?;
    let mut all = payments(db, collect(statement.query(values)?, stored)?)?;
    all.retain(|payment| stands_open(payment, terms, passed));
    Ok(all)
}

fn similar(
    db: &Connection,
    terms: &Terms,
    once_per: bool,
    since: Timestamp,
) -> Result<Option<Payment>, Fault> {
    let currency = terms.amount.currency();
    let values = params![
        terms.customer_uid.as_str(),
        terms.merchant_uid.as_str(),
        terms.amount.minor(),
        currency.code(),
        since.as_millisecond(),
        once_per,
    ];
    let found = first_stored(db, SIMILAR, values)?;
    Ok(found.map(|stored| stored.payment).filter(|payment| is_similar(payment, terms, once_per, since)))
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
