//! What days come to, by the sums that triggers keep (`migrations/0017_book_days.sql`), and what those leave out: few
//! payments of a time have gone back in it, or have another one under their order.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row, params};

use crate::domain::book_day::{BookDay, Piece};
use crate::domain::money::Currency;
use crate::domain::movement::Booked;
use crate::domain::payment::Mode;
use crate::ledger::LedgerError;
use crate::ledger::engine::BookDays;
use crate::ledger::sqlite::booked::{GONE_BACK, bounds, further_payments, with_its_refunds};
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::bound;
use crate::ledger::sqlite::records::of_payment;
use crate::ledger::sqlite::row::{self, Stored, collect, payment_columns};
use crate::ledger::sqlite::{Sqlite, one_moment};

pub(super) const DAYS: &str = "SELECT day, mode, currency, paid, failed, unknown, not_sent, gross_high, gross_low, vat_high, vat_low, \
     tax_free_high, tax_free_low, unnamed_high, unnamed_low, unnamed_vat_high, unnamed_vat_low, declined_high, \
     declined_low FROM book_days WHERE day >= ?1 AND day < ?2 \
     AND (paid <> 0 OR failed <> 0 OR unknown <> 0 OR not_sent <> 0)";

/// Those of a time, by their approval, under whose orders there is another payment that took money.
pub(super) const FURTHER: &str = "id IN (SELECT payment_id FROM further_payments) \
     AND iif(outcome = 'paid', coalesce(paid_at_s * 1000, last_send_ms, requested_at_ms), requested_at_ms) >= :since \
     AND iif(outcome = 'paid', coalesce(paid_at_s * 1000, last_send_ms, requested_at_ms), requested_at_ms) < :until";

impl BookDays for Sqlite {
    fn book_days(
        &self,
        (first, end): (i64, i64),
        span: (Timestamp, Timestamp),
        each: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), LedgerError> {
        self.read(|db| {
            let _moment = one_moment(db)?;
            for day in collect(db.prepare(DAYS)?.query(params![first, end])?, book_day)? {
                each(Piece::Day(&day));
            }
            payments(db, GONE_BACK, span, &mut |booked| each(Piece::Back(booked)))?;
            payments(db, FURTHER, span, &mut |booked| each(Piece::Further(booked)))
        })
    }
}

fn payments(
    db: &Connection,
    condition: &str,
    span: (Timestamp, Timestamp),
    each: &mut dyn FnMut(&Booked),
) -> Result<(), Fault> {
    let (params, further) = (bounds(span), further_payments(db)?);
    let columns = payment_columns!();
    let mut statement = db.prepare(&format!("SELECT {columns} FROM payments WHERE {condition}"))?;
    let mut rows = statement.query(&*bound(&params))?;
    while let Some(row) = rows.next()? {
        let Stored { id, mut payment } = row::stored(row)?;
        if further.contains(&id) {
            payment.records = of_payment(db, id)?;
        }
        each(&with_its_refunds(db, Stored { id, payment })?);
    }
    Ok(())
}

fn book_day(row: &Row<'_>) -> Result<BookDay, Fault> {
    let day: i64 = row.get("day")?;
    let cell =
        |column, value: String| Fault::Cell { table: "book_days", row: format!("day {day}"), column, value };
    let (mode, currency): (String, String) = (row.get("mode")?, row.get("currency")?);
    let count = |column: &'static str| {
        let count: i64 = row.get(column)?;
        u64::try_from(count).map_err(|_| cell(column, count.to_string()))
    };
    let sum = |high: &'static str, low: &'static str| {
        let (high_part, low_part): (i64, i64) = (row.get(high)?, row.get(low)?);
        let whole = (i128::from(high_part) << 32) + i128::from(low_part);
        i64::try_from(whole).map_err(|_| Fault::TooLarge("sum of a day's amounts"))
    };
    let since_1970 = jiff::Span::new().try_days(day).ok();
    let date = since_1970.and_then(|days| Date::constant(1970, 1, 1).checked_add(days).ok());
    Ok(BookDay {
        day: date.ok_or_else(|| cell("day", day.to_string()))?,
        mode: Mode::from_word(&mode).ok_or_else(|| cell("mode", mode))?,
        currency: Currency::parse(&currency).map_err(|_| cell("currency", currency))?,
        paid: count("paid")?,
        failed: count("failed")?,
        unknown: count("unknown")?,
        not_sent: count("not_sent")?,
        gross_minor: sum("gross_high", "gross_low")?,
        vat_minor: sum("vat_high", "vat_low")?,
        tax_free_minor: sum("tax_free_high", "tax_free_low")?,
        unnamed_minor: sum("unnamed_high", "unnamed_low")?,
        unnamed_vat_minor: sum("unnamed_vat_high", "unnamed_vat_low")?,
        failed_minor: sum("declined_high", "declined_low")?,
    })
}
