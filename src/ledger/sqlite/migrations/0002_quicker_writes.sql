-- Two things that cost each write a good part of its time, and nothing of what is kept changes:
--   a CHECK of the form `x IN (...)` makes SQLite fill a table of its own whenever a row is written,
--   where the same words as comparisons are looked at in place;
--   the index by last send had an entry for each payment, where only those that were sent again have
--   been sent at another time than they were asked for.
-- A CHECK cannot be changed, so that the tables are made anew and the rows copied.

CREATE TABLE payments_2 (
    id                      INTEGER PRIMARY KEY,
    merchant_uid            TEXT    NOT NULL UNIQUE CHECK (merchant_uid <> ''),
    customer_uid            TEXT    NOT NULL CHECK (customer_uid <> ''),
    amount_minor            INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency                TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    mode                    TEXT    NOT NULL CHECK (mode = 'live' OR mode = 'test' OR mode = 'sandbox'),
    outcome                 TEXT    NOT NULL
        CHECK (outcome = 'paid' OR outcome = 'declined' OR outcome = 'rejected' OR outcome = 'unknown'
            OR outcome = 'not_sent' OR outcome = 'pending'),
    -- What to go back to when the attempt that is pending turns out never to have left.
    outcome_before          TEXT
        CHECK (outcome_before = 'declined' OR outcome_before = 'rejected' OR outcome_before = 'unknown'
            OR outcome_before = 'not_sent' OR outcome_before = 'pending'),
    name                    TEXT    NOT NULL,
    attempts                INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 4294967295),
    unanswered              INTEGER NOT NULL CHECK (unanswered BETWEEN 0 AND attempts),
    requested_at_ms         INTEGER NOT NULL,
    -- The last send on every clock there was.
    last_send_ms            INTEGER,
    last_send_boot_id       TEXT,
    last_send_since_boot_ms INTEGER,
    last_send_gateway_s     INTEGER,
    -- A fingerprint of the API key it was last sent with.
    account                 TEXT,
    imp_uid                 TEXT,
    status                  TEXT,
    cancel_amount_minor     INTEGER CHECK (cancel_amount_minor >= 0),
    apply_num               TEXT,
    card_name               TEXT,
    card_number             TEXT,
    pg_provider             TEXT,
    pg_tid                  TEXT,
    receipt_url             TEXT,
    code                    INTEGER CHECK (code <> 0),
    message                 TEXT,
    paid_at_s               INTEGER,
    cancelled_at_s          INTEGER,
    buyer_name              TEXT,
    buyer_email             TEXT,
    buyer_tel               TEXT,
    note                    TEXT,
    operator                TEXT,
    CHECK (outcome = 'pending' OR outcome_before IS NULL),
    CHECK ((last_send_boot_id IS NULL) = (last_send_since_boot_ms IS NULL)),
    CHECK (last_send_ms IS NOT NULL OR (last_send_boot_id IS NULL AND last_send_gateway_s IS NULL))
) STRICT;

CREATE TABLE events_2 (
    id          INTEGER PRIMARY KEY,
    payment_id  INTEGER NOT NULL REFERENCES payments_2 (id),
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL
        CHECK (kind = 'intent' OR kind = 'resend' OR kind = 'answer' OR kind = 'not_sent'
            OR kind = 'lookup' OR kind = 'refund'),
    -- What the payment's outcome was from then on.
    outcome     TEXT    NOT NULL
        CHECK (outcome = 'paid' OR outcome = 'declined' OR outcome = 'rejected' OR outcome = 'unknown'
            OR outcome = 'not_sent' OR outcome = 'pending'),
    -- From 1; 0 where no attempt was begun.
    attempt     INTEGER NOT NULL CHECK (attempt BETWEEN 0 AND 4294967295),
    operator    TEXT,
    http_status INTEGER CHECK (http_status BETWEEN 0 AND 65535),
    code        INTEGER,
    message     TEXT,
    imp_uid     TEXT,
    body        TEXT,
    took_ms     INTEGER
) STRICT;

-- The columns are the same and in the same order.
INSERT INTO payments_2 SELECT * FROM payments;
INSERT INTO events_2 SELECT * FROM events;
DROP TABLE events;
DROP TABLE payments;
-- The reference of one to the other is renamed with it.
ALTER TABLE payments_2 RENAME TO payments;
ALTER TABLE events_2 RENAME TO events;

-- The rowid stands at the end of every index: rows of one millisecond stay in the order they came.
CREATE INDEX payments_by_requested_at ON payments (requested_at_ms);
CREATE INDEX payments_by_paid_at ON payments (paid_at_s) WHERE paid_at_s IS NOT NULL;
CREATE INDEX payments_by_customer ON payments (customer_uid, requested_at_ms);
CREATE INDEX payments_by_imp_uid ON payments (imp_uid) WHERE imp_uid IS NOT NULL;
CREATE INDEX payments_by_apply_num ON payments (apply_num) WHERE apply_num IS NOT NULL;
CREATE INDEX payments_by_card_last_four ON payments (substr(card_number, -4)) WHERE card_number IS NOT NULL;
CREATE INDEX payments_sent_again ON payments (last_send_ms) WHERE last_send_ms <> requested_at_ms;
CREATE INDEX payments_unsettled ON payments (requested_at_ms) WHERE outcome IN ('pending', 'unknown');
CREATE INDEX events_by_payment ON events (payment_id);
CREATE INDEX events_by_imp_uid ON events (imp_uid) WHERE imp_uid IS NOT NULL;

-- A payment is for ever: what it is for never changes, and money that was taken stays on record.
CREATE TRIGGER payments_are_kept BEFORE DELETE ON payments
BEGIN
    SELECT RAISE(ABORT, 'a payment is never deleted');
END;

CREATE TRIGGER payments_keep_their_terms
BEFORE UPDATE OF id, merchant_uid, customer_uid, amount_minor, currency, requested_at_ms ON payments
BEGIN
    SELECT RAISE(ABORT, 'the terms of a payment never change');
END;

CREATE TRIGGER payments_stay_paid BEFORE UPDATE OF outcome ON payments
WHEN OLD.outcome = 'paid' AND NEW.outcome <> 'paid'
BEGIN
    SELECT RAISE(ABORT, 'a paid payment stays paid');
END;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;

PRAGMA user_version = 2;
