-- What the gateway shows (contract, rule 11): one row for each imp_uid that it ever showed under an order, whether
-- the order stands for it or not. `payments` says what was asked for and how it ended. Rows of payments that were
-- there before are filled in by the program, out of what it kept of answers.

CREATE TABLE records (
    payment_id      INTEGER NOT NULL REFERENCES payments (id),
    imp_uid         TEXT    NOT NULL CHECK (imp_uid <> ''),
    -- As the how manyeth of its order it was seen.
    nth             INTEGER NOT NULL CHECK (nth > 0),
    -- As the gateway spells it.
    merchant_uid    TEXT,
    customer_uid    TEXT,
    status          TEXT,
    -- Minor units of the currency; absent where it was told in a way that cannot be read.
    amount_minor    INTEGER,
    cancelled_minor INTEGER,
    currency        TEXT    CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    apply_num       TEXT,
    card_name       TEXT,
    card_number     TEXT,
    pg_provider     TEXT,
    pg_tid          TEXT,
    receipt_url     TEXT,
    channel         TEXT,
    -- customer_uid_usage.
    usage           TEXT,
    sandbox         INTEGER CHECK (sandbox = 0 OR sandbox = 1),
    fail_reason     TEXT,
    started_at_s    INTEGER,
    paid_at_s       INTEGER,
    failed_at_s     INTEGER,
    cancelled_at_s  INTEGER,
    first_seen_ms   INTEGER NOT NULL,
    last_seen_ms    INTEGER NOT NULL,
    PRIMARY KEY (payment_id, imp_uid),
    CHECK (currency IS NOT NULL OR (amount_minor IS NULL AND cancelled_minor IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX records_by_imp_uid ON records (imp_uid);
CREATE INDEX records_by_apply_num ON records (apply_num) WHERE apply_num IS NOT NULL;
-- The few orders that have more than one.
CREATE INDEX records_further ON records (payment_id) WHERE nth > 1;

CREATE TRIGGER records_are_kept BEFORE DELETE ON records
BEGIN
    SELECT RAISE(ABORT, 'what was seen is never deleted');
END;

CREATE TRIGGER records_keep_their_ids BEFORE UPDATE OF payment_id, imp_uid, nth ON records
BEGIN
    SELECT RAISE(ABORT, 'what was seen keeps its ids');
END;

-- An imp_uid is found in `records` from now on.
DROP INDEX events_by_imp_uid;

-- Who has answered for a payment beside another one, or has taken that back, and why. The newest of an imp_uid
-- counts.
CREATE TABLE acknowledgements (
    id       INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    operator TEXT,
    imp_uid  TEXT    NOT NULL CHECK (imp_uid <> ''),
    given    INTEGER NOT NULL CHECK (given IN (0, 1)),
    reason   TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE INDEX acknowledgements_by_imp_uid ON acknowledgements (imp_uid);

CREATE TRIGGER acknowledgements_are_not_changed BEFORE UPDATE ON acknowledgements
BEGIN
    SELECT RAISE(ABORT, 'an acknowledgement is never changed');
END;

CREATE TRIGGER acknowledgements_are_kept BEFORE DELETE ON acknowledgements
BEGIN
    SELECT RAISE(ABORT, 'an acknowledgement is never deleted');
END;

PRAGMA user_version = 11;
