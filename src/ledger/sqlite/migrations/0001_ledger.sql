-- The ledger: one row a merchant_uid, everything that ever happened to it, and the saved customers.
-- Times are epoch milliseconds (_ms) by this machine's clock, or epoch seconds (_s) by the gateway's.
-- Amounts are minor units of their currency. Text from the gateway is as received.

CREATE TABLE payments (
    id                      INTEGER PRIMARY KEY,
    merchant_uid            TEXT    NOT NULL UNIQUE CHECK (merchant_uid <> ''),
    customer_uid            TEXT    NOT NULL CHECK (customer_uid <> ''),
    amount_minor            INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency                TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    mode                    TEXT    NOT NULL CHECK (mode IN ('live', 'test', 'sandbox')),
    outcome                 TEXT    NOT NULL
        CHECK (outcome IN ('paid', 'declined', 'rejected', 'unknown', 'not_sent', 'pending')),
    -- What to go back to when the attempt that is pending turns out never to have left.
    outcome_before          TEXT
        CHECK (outcome_before IN ('declined', 'rejected', 'unknown', 'not_sent', 'pending')),
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

-- The rowid stands at the end of every index: rows of one millisecond stay in the order they came.
CREATE INDEX payments_by_requested_at ON payments (requested_at_ms);
CREATE INDEX payments_by_paid_at ON payments (paid_at_s) WHERE paid_at_s IS NOT NULL;
CREATE INDEX payments_by_customer ON payments (customer_uid, requested_at_ms);
CREATE INDEX payments_by_imp_uid ON payments (imp_uid) WHERE imp_uid IS NOT NULL;
CREATE INDEX payments_by_apply_num ON payments (apply_num) WHERE apply_num IS NOT NULL;
CREATE INDEX payments_by_card_last_four ON payments (substr(card_number, -4)) WHERE card_number IS NOT NULL;
CREATE INDEX payments_by_last_send ON payments (last_send_ms) WHERE last_send_ms IS NOT NULL;
CREATE INDEX payments_unsettled ON payments (requested_at_ms) WHERE outcome IN ('pending', 'unknown');

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

CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    payment_id  INTEGER NOT NULL REFERENCES payments (id),
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL
        CHECK (kind IN ('intent', 'resend', 'answer', 'not_sent', 'lookup', 'refund')),
    -- What the payment's outcome was from then on.
    outcome     TEXT    NOT NULL
        CHECK (outcome IN ('paid', 'declined', 'rejected', 'unknown', 'not_sent', 'pending')),
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

CREATE INDEX events_by_payment ON events (payment_id);
CREATE INDEX events_by_imp_uid ON events (imp_uid) WHERE imp_uid IS NOT NULL;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;

CREATE TABLE customers (
    customer_uid    TEXT    PRIMARY KEY NOT NULL CHECK (customer_uid <> ''),
    name            TEXT,
    email           TEXT,
    tel             TEXT,
    note            TEXT,
    card_name       TEXT,
    card_code       TEXT,
    card_number     TEXT,
    pg_provider     TEXT,
    pg_id           TEXT,
    sandbox         INTEGER CHECK (sandbox IN (0, 1)),
    card_inserted_s INTEGER,
    card_updated_s  INTEGER,
    mode            TEXT    NOT NULL CHECK (mode IN ('live', 'test', 'sandbox')),
    added_at_ms     INTEGER NOT NULL,
    checked_at_ms   INTEGER,
    removed_at_ms   INTEGER
) STRICT, WITHOUT ROWID;

-- `bkey`, so that `file` and this program know the file for what it is.
PRAGMA application_id = 1651205497;
PRAGMA user_version = 1;
