-- What a report of days and months comes to is known without reading the payments: one row for each day, mode as it is
-- shown, and currency. A payment that was paid is of the day of its approval, any other of the one on which it was asked
-- for; what went back is not in here. Days and the two parts of a sum are those of `day_sums`, and triggers keep them in
-- the same way.
--
-- VAT that was not sent is an eleventh of what is not free of tax. A profile that sells free of tax takes what was not
-- named as free: `unnamed` is what was paid of such payments, and `unnamed_vat` what of the VAT is theirs.
CREATE TABLE book_days (
    day      INTEGER NOT NULL,
    mode     TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    paid     INTEGER NOT NULL,
    -- Declined and rejected.
    failed   INTEGER NOT NULL,
    -- Pending ones too.
    unknown  INTEGER NOT NULL,
    not_sent INTEGER NOT NULL,
    gross_high INTEGER NOT NULL,
    gross_low INTEGER NOT NULL,
    vat_high INTEGER NOT NULL,
    vat_low INTEGER NOT NULL,
    tax_free_high INTEGER NOT NULL,
    tax_free_low INTEGER NOT NULL,
    unnamed_high INTEGER NOT NULL,
    unnamed_low INTEGER NOT NULL,
    unnamed_vat_high INTEGER NOT NULL,
    unnamed_vat_low INTEGER NOT NULL,
    declined_high INTEGER NOT NULL,
    declined_low INTEGER NOT NULL,
    PRIMARY KEY (day, mode, currency)
) STRICT, WITHOUT ROWID;

INSERT INTO book_days (day, mode, currency, paid, failed, unknown, not_sent,
    gross_high, gross_low, vat_high, vat_low, tax_free_high, tax_free_low, unnamed_high, unnamed_low,
    unnamed_vat_high, unnamed_vat_low, declined_high, declined_low)
    SELECT (at_ms + 432000032400000) / 86400000 - 5000000, mode, currency, sign * paid, sign * failed, sign * unknown,
           sign * not_sent, sign * (paid * amount >> 32), sign * (paid * amount & 4294967295),
           sign * (paid * vat >> 32), sign * (paid * vat & 4294967295),
           sign * (paid * free >> 32), sign * (paid * free & 4294967295),
           sign * (paid * unnamed * amount >> 32), sign * (paid * unnamed * amount & 4294967295),
           sign * (paid * unnamed * vat >> 32), sign * (paid * unnamed * vat & 4294967295),
           sign * (failed * amount >> 32), sign * (failed * amount & 4294967295)
      FROM (SELECT sign, at_ms, mode, currency, paid, failed, unknown, not_sent, amount, unnamed, free,
                   iif(vat IS NULL, (amount - free) / 11 + ((amount - free) % 11 > 5), min(vat, amount - free)) AS vat
              FROM (SELECT sign, at_ms, mode, currency, outcome = 'paid' AS paid,
                           outcome = 'declined' OR outcome = 'rejected' AS failed,
                           outcome = 'unknown' OR outcome = 'pending' AS unknown, outcome = 'not_sent' AS not_sent,
                           amount, free IS NULL AS unnamed, min(ifnull(free, 0), amount) AS free, vat
                      FROM (SELECT 1 AS sign,
                   iif(outcome = 'paid', coalesce(paid_at_s * 1000, last_send_ms, requested_at_ms),
                       requested_at_ms) AS at_ms,
                   CASE WHEN mode = 'live' AND sandbox = 1 THEN 'test'
                        WHEN mode = 'test' AND sandbox = 0 THEN 'live' ELSE mode END AS mode,
                   currency AS currency, outcome AS outcome, amount_minor AS amount,
                   iif(tax_recorded, tax_free_minor, NULL) AS free,
                   iif(tax_recorded, vat_amount_minor, NULL) AS vat FROM payments)))
     WHERE true
        ON CONFLICT (day, mode, currency) DO UPDATE
       SET paid = paid + excluded.paid,
           failed = failed + excluded.failed,
           unknown = unknown + excluded.unknown,
           not_sent = not_sent + excluded.not_sent,
           gross_high = gross_high + excluded.gross_high,
           gross_low = gross_low + excluded.gross_low,
           vat_high = vat_high + excluded.vat_high,
           vat_low = vat_low + excluded.vat_low,
           tax_free_high = tax_free_high + excluded.tax_free_high,
           tax_free_low = tax_free_low + excluded.tax_free_low,
           unnamed_high = unnamed_high + excluded.unnamed_high,
           unnamed_low = unnamed_low + excluded.unnamed_low,
           unnamed_vat_high = unnamed_vat_high + excluded.unnamed_vat_high,
           unnamed_vat_low = unnamed_vat_low + excluded.unnamed_vat_low,
           declined_high = declined_high + excluded.declined_high,
           declined_low = declined_low + excluded.declined_low;

CREATE TRIGGER payments_are_booked AFTER INSERT ON payments
BEGIN
    INSERT INTO book_days (day, mode, currency, paid, failed, unknown, not_sent,
        gross_high, gross_low, vat_high, vat_low, tax_free_high, tax_free_low, unnamed_high, unnamed_low,
        unnamed_vat_high, unnamed_vat_low, declined_high, declined_low)
        SELECT (at_ms + 432000032400000) / 86400000 - 5000000, mode, currency, sign * paid, sign * failed, sign * unknown,
               sign * not_sent, sign * (paid * amount >> 32), sign * (paid * amount & 4294967295),
               sign * (paid * vat >> 32), sign * (paid * vat & 4294967295),
               sign * (paid * free >> 32), sign * (paid * free & 4294967295),
               sign * (paid * unnamed * amount >> 32), sign * (paid * unnamed * amount & 4294967295),
               sign * (paid * unnamed * vat >> 32), sign * (paid * unnamed * vat & 4294967295),
               sign * (failed * amount >> 32), sign * (failed * amount & 4294967295)
          FROM (SELECT sign, at_ms, mode, currency, paid, failed, unknown, not_sent, amount, unnamed, free,
                       iif(vat IS NULL, (amount - free) / 11 + ((amount - free) % 11 > 5), min(vat, amount - free)) AS vat
                  FROM (SELECT sign, at_ms, mode, currency, outcome = 'paid' AS paid,
                               outcome = 'declined' OR outcome = 'rejected' AS failed,
                               outcome = 'unknown' OR outcome = 'pending' AS unknown, outcome = 'not_sent' AS not_sent,
                               amount, free IS NULL AS unnamed, min(ifnull(free, 0), amount) AS free, vat
                          FROM (SELECT 1 AS sign,
                       iif(NEW.outcome = 'paid', coalesce(NEW.paid_at_s * 1000, NEW.last_send_ms, NEW.requested_at_ms),
                           NEW.requested_at_ms) AS at_ms,
                       CASE WHEN NEW.mode = 'live' AND NEW.sandbox = 1 THEN 'test'
                            WHEN NEW.mode = 'test' AND NEW.sandbox = 0 THEN 'live' ELSE NEW.mode END AS mode,
                       NEW.currency AS currency, NEW.outcome AS outcome, NEW.amount_minor AS amount,
                       iif(NEW.tax_recorded, NEW.tax_free_minor, NULL) AS free,
                       iif(NEW.tax_recorded, NEW.vat_amount_minor, NULL) AS vat)))
         WHERE true
            ON CONFLICT (day, mode, currency) DO UPDATE
           SET paid = paid + excluded.paid,
               failed = failed + excluded.failed,
               unknown = unknown + excluded.unknown,
               not_sent = not_sent + excluded.not_sent,
               gross_high = gross_high + excluded.gross_high,
               gross_low = gross_low + excluded.gross_low,
               vat_high = vat_high + excluded.vat_high,
               vat_low = vat_low + excluded.vat_low,
               tax_free_high = tax_free_high + excluded.tax_free_high,
               tax_free_low = tax_free_low + excluded.tax_free_low,
               unnamed_high = unnamed_high + excluded.unnamed_high,
               unnamed_low = unnamed_low + excluded.unnamed_low,
               unnamed_vat_high = unnamed_vat_high + excluded.unnamed_vat_high,
               unnamed_vat_low = unnamed_vat_low + excluded.unnamed_vat_low,
               declined_high = declined_high + excluded.declined_high,
               declined_low = declined_low + excluded.declined_low;
END;

-- A payment leaves the sums that it was in, and enters those that it is in now.
CREATE TRIGGER payments_are_booked_again
AFTER UPDATE OF outcome, mode, sandbox, amount_minor, currency, paid_at_s, last_send_ms, requested_at_ms,
    tax_recorded, tax_free_minor, vat_amount_minor ON payments
WHEN OLD.outcome IS NOT NEW.outcome
    OR OLD.mode IS NOT NEW.mode
    OR OLD.sandbox IS NOT NEW.sandbox
    OR OLD.amount_minor IS NOT NEW.amount_minor
    OR OLD.currency IS NOT NEW.currency
    OR OLD.requested_at_ms IS NOT NEW.requested_at_ms
    OR OLD.tax_recorded IS NOT NEW.tax_recorded
    OR OLD.tax_free_minor IS NOT NEW.tax_free_minor
    OR OLD.vat_amount_minor IS NOT NEW.vat_amount_minor
    OR NEW.outcome = 'paid' AND (OLD.paid_at_s IS NOT NEW.paid_at_s OR OLD.last_send_ms IS NOT NEW.last_send_ms)
BEGIN
    INSERT INTO book_days (day, mode, currency, paid, failed, unknown, not_sent,
        gross_high, gross_low, vat_high, vat_low, tax_free_high, tax_free_low, unnamed_high, unnamed_low,
        unnamed_vat_high, unnamed_vat_low, declined_high, declined_low)
        SELECT (at_ms + 432000032400000) / 86400000 - 5000000, mode, currency, sign * paid, sign * failed, sign * unknown,
               sign * not_sent, sign * (paid * amount >> 32), sign * (paid * amount & 4294967295),
               sign * (paid * vat >> 32), sign * (paid * vat & 4294967295),
               sign * (paid * free >> 32), sign * (paid * free & 4294967295),
               sign * (paid * unnamed * amount >> 32), sign * (paid * unnamed * amount & 4294967295),
               sign * (paid * unnamed * vat >> 32), sign * (paid * unnamed * vat & 4294967295),
               sign * (failed * amount >> 32), sign * (failed * amount & 4294967295)
          FROM (SELECT sign, at_ms, mode, currency, paid, failed, unknown, not_sent, amount, unnamed, free,
                       iif(vat IS NULL, (amount - free) / 11 + ((amount - free) % 11 > 5), min(vat, amount - free)) AS vat
                  FROM (SELECT sign, at_ms, mode, currency, outcome = 'paid' AS paid,
                               outcome = 'declined' OR outcome = 'rejected' AS failed,
                               outcome = 'unknown' OR outcome = 'pending' AS unknown, outcome = 'not_sent' AS not_sent,
                               amount, free IS NULL AS unnamed, min(ifnull(free, 0), amount) AS free, vat
                          FROM (SELECT -1 AS sign,
                       iif(OLD.outcome = 'paid', coalesce(OLD.paid_at_s * 1000, OLD.last_send_ms, OLD.requested_at_ms),
                           OLD.requested_at_ms) AS at_ms,
                       CASE WHEN OLD.mode = 'live' AND OLD.sandbox = 1 THEN 'test'
                            WHEN OLD.mode = 'test' AND OLD.sandbox = 0 THEN 'live' ELSE OLD.mode END AS mode,
                       OLD.currency AS currency, OLD.outcome AS outcome, OLD.amount_minor AS amount,
                       iif(OLD.tax_recorded, OLD.tax_free_minor, NULL) AS free,
                       iif(OLD.tax_recorded, OLD.vat_amount_minor, NULL) AS vat
                UNION ALL SELECT 1 AS sign,
                       iif(NEW.outcome = 'paid', coalesce(NEW.paid_at_s * 1000, NEW.last_send_ms, NEW.requested_at_ms),
                           NEW.requested_at_ms) AS at_ms,
                       CASE WHEN NEW.mode = 'live' AND NEW.sandbox = 1 THEN 'test'
                            WHEN NEW.mode = 'test' AND NEW.sandbox = 0 THEN 'live' ELSE NEW.mode END AS mode,
                       NEW.currency AS currency, NEW.outcome AS outcome, NEW.amount_minor AS amount,
                       iif(NEW.tax_recorded, NEW.tax_free_minor, NULL) AS free,
                       iif(NEW.tax_recorded, NEW.vat_amount_minor, NULL) AS vat)))
         WHERE true
            ON CONFLICT (day, mode, currency) DO UPDATE
           SET paid = paid + excluded.paid,
               failed = failed + excluded.failed,
               unknown = unknown + excluded.unknown,
               not_sent = not_sent + excluded.not_sent,
               gross_high = gross_high + excluded.gross_high,
               gross_low = gross_low + excluded.gross_low,
               vat_high = vat_high + excluded.vat_high,
               vat_low = vat_low + excluded.vat_low,
               tax_free_high = tax_free_high + excluded.tax_free_high,
               tax_free_low = tax_free_low + excluded.tax_free_low,
               unnamed_high = unnamed_high + excluded.unnamed_high,
               unnamed_low = unnamed_low + excluded.unnamed_low,
               unnamed_vat_high = unnamed_vat_high + excluded.unnamed_vat_high,
               unnamed_vat_low = unnamed_vat_low + excluded.unnamed_vat_low,
               declined_high = declined_high + excluded.declined_high,
               declined_low = declined_low + excluded.declined_low;
END;

