-- What all payments come to is known without reading them: one row for each day on which any were asked for, mode as
-- it is shown, currency and outcome. Triggers keep it, in the statement that writes a payment, whoever writes it: it
-- cannot be forgotten, and is rolled back with what it is about.
--
-- A day is one in Korea (UTC+9), counted from 1970-01-01; five million days are added before the division, which
-- rounds towards zero, and taken off behind it. A sum is kept in two parts, so that no number of payments can
-- overflow it and stop a charge: minor units / 2^32, and the rest.
CREATE TABLE day_sums (
    day        INTEGER NOT NULL,
    mode       TEXT    NOT NULL,
    currency   TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    payments   INTEGER NOT NULL,
    -- What was paid less what was refunded and paid back; 0 of any other outcome.
    net_high   INTEGER NOT NULL,
    net_low    INTEGER NOT NULL,
    -- Those that a person has noted as charged.
    noted      INTEGER NOT NULL,
    noted_high INTEGER NOT NULL,
    noted_low  INTEGER NOT NULL,
    -- Those whose mode is denied by the gateway's flag.
    denied     INTEGER NOT NULL,
    -- The few sums of all days lie one behind the other.
    PRIMARY KEY (mode, currency, outcome, day)
) STRICT, WITHOUT ROWID;

INSERT INTO day_sums (day, mode, currency, outcome, payments, net_high, net_low, noted, noted_high, noted_low, denied)
SELECT (requested_at_ms + 432000032400000) / 86400000 - 5000000,
       CASE WHEN mode = 'live' AND sandbox = 1 THEN 'test' WHEN mode = 'test' AND sandbox = 0 THEN 'live' ELSE mode END,
       currency, outcome, 1, net >> 32, net & 4294967295, noted, charged >> 32, charged & 4294967295,
       ifnull(mode = 'live' AND sandbox = 1 OR mode = 'test' AND sandbox = 0, 0)
  FROM (SELECT requested_at_ms, mode, sandbox, currency, outcome, noted IS 'charged' AS noted,
               iif(outcome = 'paid', amount_minor - ifnull(cancel_amount_minor, 0) - outside_minor, 0) AS net,
               iif(noted IS 'charged', amount_minor, 0) AS charged
          FROM payments)
 WHERE true
    ON CONFLICT (day, mode, currency, outcome) DO UPDATE
   SET payments = payments + excluded.payments, net_high = net_high + excluded.net_high,
       net_low = net_low + excluded.net_low, noted = noted + excluded.noted,
       noted_high = noted_high + excluded.noted_high, noted_low = noted_low + excluded.noted_low,
       denied = denied + excluded.denied;

CREATE TRIGGER payments_are_summed_up AFTER INSERT ON payments
BEGIN
    INSERT INTO day_sums
        (day, mode, currency, outcome, payments, net_high, net_low, noted, noted_high, noted_low, denied)
    SELECT (NEW.requested_at_ms + 432000032400000) / 86400000 - 5000000,
           CASE WHEN NEW.mode = 'live' AND NEW.sandbox = 1 THEN 'test'
                WHEN NEW.mode = 'test' AND NEW.sandbox = 0 THEN 'live' ELSE NEW.mode END,
           NEW.currency, NEW.outcome, 1, net >> 32, net & 4294967295, NEW.noted IS 'charged',
           charged >> 32, charged & 4294967295,
           ifnull(NEW.mode = 'live' AND NEW.sandbox = 1 OR NEW.mode = 'test' AND NEW.sandbox = 0, 0)
      FROM (SELECT iif(NEW.outcome = 'paid',
                       NEW.amount_minor - ifnull(NEW.cancel_amount_minor, 0) - NEW.outside_minor, 0) AS net,
                   iif(NEW.noted IS 'charged', NEW.amount_minor, 0) AS charged)
     WHERE true
        ON CONFLICT (day, mode, currency, outcome) DO UPDATE
       SET payments = payments + excluded.payments, net_high = net_high + excluded.net_high,
           net_low = net_low + excluded.net_low, noted = noted + excluded.noted,
           noted_high = noted_high + excluded.noted_high, noted_low = noted_low + excluded.noted_low,
           denied = denied + excluded.denied;
END;

-- A payment leaves the sums that it was in, and enters those that it is in now.
CREATE TRIGGER payments_are_summed_up_again
AFTER UPDATE OF outcome, mode, sandbox, amount_minor, currency, cancel_amount_minor, outside_minor, noted,
    requested_at_ms ON payments
WHEN OLD.outcome IS NOT NEW.outcome OR OLD.mode IS NOT NEW.mode OR OLD.sandbox IS NOT NEW.sandbox
    OR OLD.amount_minor IS NOT NEW.amount_minor OR OLD.currency IS NOT NEW.currency
    OR OLD.cancel_amount_minor IS NOT NEW.cancel_amount_minor OR OLD.outside_minor IS NOT NEW.outside_minor
    OR OLD.noted IS NOT NEW.noted OR OLD.requested_at_ms IS NOT NEW.requested_at_ms
BEGIN
    INSERT INTO day_sums
        (day, mode, currency, outcome, payments, net_high, net_low, noted, noted_high, noted_low, denied)
    SELECT (at_ms + 432000032400000) / 86400000 - 5000000,
           CASE WHEN mode = 'live' AND sandbox = 1 THEN 'test'
                WHEN mode = 'test' AND sandbox = 0 THEN 'live' ELSE mode END,
           currency, outcome, sign, sign * (net >> 32), sign * (net & 4294967295), sign * noted,
           sign * (charged >> 32), sign * (charged & 4294967295),
           sign * ifnull(mode = 'live' AND sandbox = 1 OR mode = 'test' AND sandbox = 0, 0)
      FROM (SELECT -1 AS sign, OLD.requested_at_ms AS at_ms, OLD.mode AS mode, OLD.sandbox AS sandbox,
                   OLD.currency AS currency, OLD.outcome AS outcome, OLD.noted IS 'charged' AS noted,
                   iif(OLD.outcome = 'paid',
                       OLD.amount_minor - ifnull(OLD.cancel_amount_minor, 0) - OLD.outside_minor, 0) AS net,
                   iif(OLD.noted IS 'charged', OLD.amount_minor, 0) AS charged
            UNION ALL
            SELECT 1, NEW.requested_at_ms, NEW.mode, NEW.sandbox, NEW.currency, NEW.outcome, NEW.noted IS 'charged',
                   iif(NEW.outcome = 'paid',
                       NEW.amount_minor - ifnull(NEW.cancel_amount_minor, 0) - NEW.outside_minor, 0),
                   iif(NEW.noted IS 'charged', NEW.amount_minor, 0))
     WHERE true
        ON CONFLICT (day, mode, currency, outcome) DO UPDATE
       SET payments = payments + excluded.payments, net_high = net_high + excluded.net_high,
           net_low = net_low + excluded.net_low, noted = noted + excluded.noted,
           noted_high = noted_high + excluded.noted_high, noted_low = noted_low + excluded.noted_low,
           denied = denied + excluded.denied;
END;

-- The orders under which a payment took money that they do not stand for, whatever was refunded since: few, where the
-- orders that were declined and paid after it are many.
CREATE TABLE further_payments (payment_id INTEGER PRIMARY KEY REFERENCES payments (id)) STRICT;

INSERT INTO further_payments (payment_id)
SELECT DISTINCT payment_id FROM records JOIN payments ON payments.id = payment_id
 WHERE (records.status = 'paid' OR records.status = 'cancelled' OR records.status = 'canceled')
   AND records.imp_uid IS NOT payments.imp_uid;

CREATE TRIGGER further_payments_are_noticed AFTER INSERT ON records
WHEN NEW.status = 'paid' OR NEW.status = 'cancelled' OR NEW.status = 'canceled'
BEGIN
    INSERT INTO further_payments (payment_id)
    SELECT NEW.payment_id FROM payments WHERE id = NEW.payment_id AND imp_uid IS NOT NEW.imp_uid
        ON CONFLICT (payment_id) DO NOTHING;
END;

CREATE TRIGGER further_payments_are_noticed_later AFTER UPDATE OF status ON records
WHEN OLD.status IS NOT NEW.status
    AND (NEW.status = 'paid' OR NEW.status = 'cancelled' OR NEW.status = 'canceled')
BEGIN
    INSERT INTO further_payments (payment_id)
    SELECT NEW.payment_id FROM payments WHERE id = NEW.payment_id AND imp_uid IS NOT NEW.imp_uid
        ON CONFLICT (payment_id) DO NOTHING;
END;

-- The order stands for another payment from now on, and the one before it may have taken money.
CREATE TRIGGER further_payments_are_left_behind AFTER UPDATE OF imp_uid ON payments
WHEN OLD.imp_uid IS NOT NEW.imp_uid AND OLD.imp_uid IS NOT NULL
BEGIN
    INSERT INTO further_payments (payment_id)
    SELECT NEW.id WHERE EXISTS (SELECT 1 FROM records WHERE payment_id = NEW.id AND imp_uid IS NOT NEW.imp_uid
                                   AND (status = 'paid' OR status = 'cancelled' OR status = 'canceled'))
        ON CONFLICT (payment_id) DO NOTHING;
END;

-- What went back in a time.
CREATE INDEX refunds_by_time ON refunds (coalesce(refunded_at_s * 1000, sent_ms)) WHERE outcome = 'refunded';
CREATE INDEX payments_by_cancelled_at ON payments (cancelled_at_s) WHERE cancelled_at_s IS NOT NULL;
CREATE INDEX payments_by_outside_at ON payments (outside_at_ms) WHERE outside_at_ms IS NOT NULL;

-- The last four digits of a card, and an approval number, are looked for in the records. Few payments have others than
-- their records: those that the gateway gave no imp_uid, and those of which it told something else later.
CREATE INDEX records_by_last_four ON records (substr(card_number, -4)) WHERE card_number IS NOT NULL;
CREATE INDEX payments_without_imp_uid ON payments (id)
 WHERE imp_uid IS NULL AND (apply_num IS NOT NULL OR card_number IS NOT NULL);
CREATE TABLE payments_told_otherwise (payment_id INTEGER PRIMARY KEY REFERENCES payments (id)) STRICT;

INSERT INTO payments_told_otherwise (payment_id)
SELECT payments.id FROM payments LEFT JOIN records ON payment_id = payments.id AND records.imp_uid = payments.imp_uid
 WHERE payments.imp_uid IS NOT NULL
   AND (payments.apply_num IS NOT records.apply_num OR payments.card_number IS NOT records.card_number);

CREATE TRIGGER payments_are_told_otherwise AFTER UPDATE OF apply_num, card_number ON records
WHEN OLD.apply_num IS NOT NEW.apply_num OR OLD.card_number IS NOT NEW.card_number
BEGIN
    INSERT INTO payments_told_otherwise (payment_id) VALUES (NEW.payment_id) ON CONFLICT (payment_id) DO NOTHING;
END;

-- A similar charge, and an open order, are of the same customer and amount: a customer of very many payments is no
-- slower than very many customers.
CREATE INDEX payments_by_terms ON payments (customer_uid, amount_minor);

