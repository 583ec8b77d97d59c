//! Orders that were refused, each with what its customer was asked for beside it.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::payment::{Outcome, Payment};
use crate::domain::tries::{Case, LOOKED_AT_WITHIN, Tried};
use crate::ledger::LedgerError;
use crate::ledger::engine::Tries;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::row::{self, Stored, payment_columns};

/// Asked for in a time, and refused at some time.
const REFUSED: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE requested_at_ms >= ?1 AND requested_at_ms < ?2 \
        AND EXISTS (SELECT 1 FROM events WHERE payment_id = payments.id AND outcome IN ('declined', 'rejected') \
                       AND kind IN ('answer', 'lookup', 'imported'))"
);

/// Of one customer and one amount. Of more than so many nobody can say which is a try of which.
const BESIDE: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE customer_uid = ?1 AND requested_at_ms >= ?2 AND requested_at_ms < ?3 \
        AND amount_minor = ?4 AND currency = ?5 AND id <> ?6 ORDER BY requested_at_ms, id LIMIT 200"
);

/// What was made elsewhere was written down later than it happened: it counts when it was asked for.
const ANSWERS: &str = "SELECT attempt, iif(kind = 'imported', ?2, at_ms) AS at_ms, outcome \
     FROM events WHERE payment_id = ?1 \
     AND kind IN ('answer', 'lookup', 'imported') AND outcome IN ('paid', 'declined', 'rejected') ORDER BY id";

impl Tries for Sqlite {
    fn cases(
        &self,
        (since, until): (Timestamp, Timestamp),
        each: &mut dyn FnMut(&Case) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare(REFUSED)?;
            let mut rows = statement.query([since.as_millisecond(), until.as_millisecond()])?;
            while let Some(row) = rows.next()? {
                if each(&case(db, &row::stored(row)?)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn case(db: &Connection, Stored { id, payment }: &Stored) -> Result<Case, Fault> {
    let order = tried(db, *id, payment)?;
    let (amount, reach) = (payment.terms.amount, LOOKED_AT_WITHIN);
    let from = payment.requested_at.checked_sub(reach).unwrap_or(Timestamp::MIN);
    let to = payment.requested_at.checked_add(reach).unwrap_or(Timestamp::MAX);
    let mut statement = db.prepare_cached(BESIDE)?;
    let mut rows = statement.query(params![
        payment.terms.customer_uid.as_str(),
        from.as_millisecond(),
        to.as_millisecond(),
        amount.minor(),
        amount.currency().code(),
        id,
    ])?;
    let mut beside = Vec::new();
    while let Some(row) = rows.next()? {
        let Stored { id, payment } = row::stored(row)?;
        beside.push(tried(db, id, &payment)?);
    }
    Ok(Case { order, beside })
}

fn tried(db: &Connection, id: i64, payment: &Payment) -> Result<Tried, Fault> {
    let mut statement = db.prepare_cached(ANSWERS)?;
    let mut rows = statement.query([id, payment.requested_at.as_millisecond()])?;
    let mut answers = Vec::new();
    while let Some(row) = rows.next()? {
        answers.push(answer(row)?);
    }
    Ok(Tried::of(payment, answers))
}

fn answer(row: &rusqlite::Row<'_>) -> Result<(u32, Timestamp, Outcome), Fault> {
    let cell = |column: &'static str, value: String| Fault::Cell {
        table: "events",
        row: "an answer".to_owned(),
        column,
        value,
    };
    let (ms, word): (i64, String) = (row.get("at_ms")?, row.get("outcome")?);
    let at = Timestamp::from_millisecond(ms).map_err(|_| cell("at_ms", ms.to_string()))?;
    let outcome = Outcome::from_word(&word).ok_or_else(|| cell("outcome", word))?;
    Ok((row.get("attempt")?, at, outcome))
}
