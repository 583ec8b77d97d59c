//! Finding payments in the book: which ones the look-ups may see, and in what order.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::sandbox::clock::now_ms;
use crate::sandbox::error::SandboxError;
use crate::sandbox::payment::Payment;

/// What a list of payments is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// Every payment of one `merchant_uid`.
    MerchantUid(&'a str),
    /// Every payment of one `customer_uid`.
    CustomerUid(&'a str),
    /// Payments whose last change lies between two epoch seconds, both included.
    Window { from_s: i64, to_s: i64 },
}

/// Which payments a look-up wants.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// What they have in common.
    pub(super) subject: Subject<'a>,
    /// Their status; any if absent.
    pub(super) status: Option<&'a str>,
    /// Whether those of a test channel are shown. They are, except under the fault `test_needs_flag`.
    pub(super) shows_test: bool,
}

/// One page of a sorted list.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// `-started`, `started`, `-paid`, `paid`, `-updated` or `updated`.
    pub(super) sorting: &'a str,
    /// How many a page holds.
    pub(super) limit: i64,
    /// How many come before it.
    pub(super) offset: i64,
}

// Each subject has a statement of its own, because an index serves only a condition that is there.
macro_rules! visible_where {
    ($what:literal, $condition:literal, $rest:expr) => {
        concat!(
            "SELECT ",
            $what,
            " FROM payments WHERE ",
            $condition,
            " AND (?3 IS NULL OR status = ?3)
            AND lands_at_ms <= ?4 AND visible_at_ms <= ?4 AND (?5 OR NOT sandbox) ",
            $rest
        )
    };
}

macro_rules! list_where {
    ($condition:literal) => {
        visible_where!(
            "*",
            $condition,
            "
            ORDER BY CASE ?6
                WHEN 'started' THEN started_at_ms WHEN '-started' THEN -started_at_ms
                WHEN 'paid' THEN paid_at_ms WHEN '-paid' THEN -paid_at_ms
                WHEN 'updated' THEN updated_at_ms WHEN '-updated' THEN -updated_at_ms
            END, CASE WHEN ?6 LIKE '-%' THEN -sequence ELSE sequence END
            LIMIT ?7 OFFSET ?8"
        )
    };
}

/// Gives one page of the payments that look-ups may see.
pub(super) fn list(
    connection: &Connection,
    wanted: Wanted<'_>,
    page: Page<'_>,
) -> Result<Vec<Payment>, SandboxError> {
    let statement = match wanted.subject {
        Subject::MerchantUid(_) => list_where!("merchant_uid = ?1 AND ?2 IS NULL"),
        Subject::CustomerUid(_) => list_where!("customer_uid = ?1 AND ?2 IS NULL"),
        Subject::Window { .. } => list_where!("final_at_ms >= ?1 * 1000 AND final_at_ms < (?2 + 1) * 1000"),
    };
    let (first, second) = bounds(wanted.subject);
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map(
        params![
            first,
            second,
            wanted.status,
            now_ms(),
            wanted.shows_test,
            page.sorting,
            page.limit,
            page.offset
        ],
        Payment::from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Counts the payments that look-ups may see.
pub(super) fn count(connection: &Connection, wanted: Wanted<'_>) -> Result<i64, SandboxError> {
    let statement = match wanted.subject {
        Subject::MerchantUid(_) => visible_where!("count(*)", "merchant_uid = ?1 AND ?2 IS NULL", ""),
        Subject::CustomerUid(_) => visible_where!("count(*)", "customer_uid = ?1 AND ?2 IS NULL", ""),
        Subject::Window { .. } => {
            visible_where!("count(*)", "final_at_ms >= ?1 * 1000 AND final_at_ms < (?2 + 1) * 1000", "")
        }
    };
    let (first, second) = bounds(wanted.subject);
    let mut statement = connection.prepare_cached(statement)?;
    Ok(statement
        .query_row(params![first, second, wanted.status, now_ms(), wanted.shows_test], |row| row.get(0))?)
}

/// Gives a subject as the first two parameters of its statements.
fn bounds(subject: Subject<'_>) -> (rusqlite::types::Value, rusqlite::types::Value) {
    match subject {
        Subject::MerchantUid(uid) | Subject::CustomerUid(uid) => {
            (uid.to_owned().into(), rusqlite::types::Null.into())
        }
        Subject::Window { from_s, to_s } => (from_s.into(), to_s.into()),
    }
}

/// Finds a payment by its `imp_uid`, whether look-ups may see it yet or not; `None` before it has landed.
pub(super) fn by_imp_uid(connection: &Connection, imp_uid: &str) -> Result<Option<Payment>, SandboxError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM payments WHERE imp_uid = ?1 AND lands_at_ms <= ?2")?;
    Ok(statement.query_row(params![imp_uid, now_ms()], Payment::from_row).optional()?)
}

/// Gives every payment of the book, those included that nothing knows of yet, oldest first.
pub(super) fn everything(connection: &Connection) -> Result<Vec<Payment>, SandboxError> {
    let mut statement = connection.prepare("SELECT * FROM payments ORDER BY sequence")?;
    let rows = statement.query_map([], Payment::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
