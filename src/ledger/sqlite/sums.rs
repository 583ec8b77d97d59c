//! Whether what is kept beside the payments, so that nobody has to read them all, is what they say.

use rusqlite::Connection;

use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::search::shown_mode;

/// The sums of days as the rows have them (`migrations/0016_day_sums.sql`), against those that are kept. Each of the two
/// without the other is wrong.
const WRONG_DAYS: &str = concat!(
    "WITH added_up AS (SELECT day, shown_mode, currency, outcome, count(*), sum(net >> 32), sum(net & 4294967295), \
         sum(charged), sum(charged_minor >> 32), sum(charged_minor & 4294967295), sum(denied) FROM \
         (SELECT (requested_at_ms + 432000032400000) / 86400000 - 5000000 AS day, ",
    shown_mode!(),
    " AS shown_mode, currency, outcome, \
          iif(outcome = 'paid', amount_minor - ifnull(cancel_amount_minor, 0) - outside_minor, 0) AS net, \
          noted IS 'charged' AS charged, iif(noted IS 'charged', amount_minor, 0) AS charged_minor, \
          ifnull(mode = 'live' AND sandbox = 1 OR mode = 'test' AND sandbox = 0, 0) AS denied FROM payments) \
         GROUP BY day, shown_mode, currency, outcome), \
     kept AS (SELECT day, mode, currency, outcome, payments, net_high, net_low, noted, noted_high, noted_low, denied \
         FROM day_sums WHERE payments <> 0 OR net_high <> 0 OR net_low <> 0 OR noted <> 0 OR noted_high <> 0 \
                          OR noted_low <> 0 OR denied <> 0), \
     wrong AS (SELECT * FROM (SELECT * FROM added_up EXCEPT SELECT * FROM kept) \
               UNION SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM added_up)) \
     SELECT DISTINCT 'the sums of ' || date(day * 86400, 'unixepoch') || ', ' || shown_mode || ' ' || currency || ' ' \
         || outcome || ', are not those of its payments' FROM wrong ORDER BY day, shown_mode, currency, outcome"
);

/// The same of `migrations/0017_book_days.sql`.
const WRONG_BOOK: &str = concat!(
    "WITH own AS (SELECT ",
    shown_mode!(),
    " AS shown_mode, currency, amount_minor AS amount, outcome = 'paid' AS is_paid, \
          outcome IN ('declined', 'rejected') AS is_failed, outcome IN ('unknown', 'pending') AS is_unknown, \
          outcome = 'not_sent' AS is_not_sent, \
          (CASE outcome WHEN 'paid' THEN coalesce(paid_at_s * 1000, last_send_ms, requested_at_ms) \
                        ELSE requested_at_ms END + 432000032400000) / 86400000 - 5000000 AS day, \
          CASE tax_recorded WHEN 1 THEN tax_free_minor END AS named, \
          CASE tax_recorded WHEN 1 THEN vat_amount_minor END AS sent FROM payments), \
     split AS (SELECT *, min(coalesce(named, 0), amount) AS free FROM own), \
     parts AS (SELECT *, is_paid * coalesce(min(sent, amount - free), \
                             (amount - free) / 11 + ((amount - free) % 11 > 5)) AS vat, \
          is_paid * amount AS gross, is_paid * free AS sold_free, is_failed * amount AS lost, named IS NULL AS bare \
          FROM split), \
     added_up AS (SELECT day, shown_mode, currency, sum(is_paid), sum(is_failed), sum(is_unknown), sum(is_not_sent), \
          sum(gross >> 32), sum(gross & 4294967295), sum(vat >> 32), sum(vat & 4294967295), \
          sum(sold_free >> 32), sum(sold_free & 4294967295), sum(bare * gross >> 32), \
          sum(bare * gross & 4294967295), sum(bare * vat >> 32), sum(bare * vat & 4294967295), \
          sum(lost >> 32), sum(lost & 4294967295) FROM parts GROUP BY day, shown_mode, currency), \
     kept AS (SELECT day, mode, currency, paid, failed, unknown, not_sent, gross_high, gross_low, vat_high, vat_low, \
          tax_free_high, tax_free_low, unnamed_high, unnamed_low, unnamed_vat_high, unnamed_vat_low, declined_high, \
          declined_low FROM book_days WHERE paid <> 0 OR failed <> 0 OR unknown <> 0 OR not_sent <> 0 \
              OR gross_high <> 0 OR gross_low <> 0 OR vat_high <> 0 OR vat_low <> 0 OR tax_free_high <> 0 \
              OR tax_free_low <> 0 OR unnamed_high <> 0 OR unnamed_low <> 0 OR unnamed_vat_high <> 0 \
              OR unnamed_vat_low <> 0 OR declined_high <> 0 OR declined_low <> 0), \
     wrong AS (SELECT * FROM (SELECT * FROM added_up EXCEPT SELECT * FROM kept) \
               UNION SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM added_up)) \
     SELECT DISTINCT 'the book of ' || date(day * 86400, 'unixepoch') || ', ' || shown_mode || ' ' || currency || \
         ', is not that of its payments' FROM wrong ORDER BY day, shown_mode, currency"
);

const UNNOTICED: &str = "SELECT 'the payment ' || imp_uid || ' beside the one that its order stands for is not noticed' \
     FROM (SELECT records.imp_uid AS imp_uid FROM records JOIN payments ON payments.id = payment_id \
            WHERE (records.status = 'paid' OR records.status = 'cancelled' OR records.status = 'canceled') \
              AND records.imp_uid IS NOT payments.imp_uid \
              AND payment_id NOT IN (SELECT payment_id FROM further_payments))";

const NOT_FOUND: &str = "SELECT 'the card or approval number of ' || merchant_uid || ' is not found' FROM payments \
     WHERE imp_uid IS NOT NULL AND id NOT IN (SELECT payment_id FROM payments_told_otherwise) \
       AND NOT EXISTS (SELECT 1 FROM records WHERE payment_id = payments.id AND records.imp_uid = payments.imp_uid \
                          AND records.apply_num IS payments.apply_num \
                          AND substr(records.card_number, -4) IS substr(payments.card_number, -4))";

/// What is kept beside the payments and is not what they say, a sentence each.
pub(super) fn wrong(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut wrong = Vec::new();
    for sql in [WRONG_DAYS, WRONG_BOOK, UNNOTICED, NOT_FOUND] {
        wrong.extend(sentences(db, sql)?);
    }
    Ok(wrong)
}

fn sentences(db: &Connection, sql: &str) -> Result<Vec<String>, Fault> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
}
