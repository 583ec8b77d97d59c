-- Money that goes back: one row a refund of ours, claimed and answered as a charge is.

-- The tax parts that a charge was last sent with: 0 and absent are different, and neither is known of a charge
-- that an older billkey sent.
ALTER TABLE payments ADD COLUMN tax_recorded INTEGER NOT NULL DEFAULT 0 CHECK (tax_recorded IN (0, 1));
ALTER TABLE payments ADD COLUMN tax_free_minor INTEGER CHECK (tax_free_minor >= 0);
ALTER TABLE payments ADD COLUMN vat_amount_minor INTEGER CHECK (vat_amount_minor >= 0);

CREATE TABLE refunds (
    id                   INTEGER PRIMARY KEY,
    -- Eight letters and digits: the end of its reason at the gateway.
    refund_id            TEXT    NOT NULL UNIQUE CHECK (length(refund_id) = 8),
    payment_id           INTEGER NOT NULL REFERENCES payments (id),
    imp_uid              TEXT    NOT NULL CHECK (imp_uid <> ''),
    outcome              TEXT    NOT NULL
        CHECK (outcome IN ('pending', 'refunded', 'refused', 'unknown', 'not_sent')),
    paid_minor           INTEGER NOT NULL CHECK (paid_minor > 0),
    amount_minor         INTEGER NOT NULL CHECK (amount_minor > 0 AND amount_minor <= balance_before_minor),
    balance_before_minor INTEGER NOT NULL CHECK (balance_before_minor <= paid_minor),
    currency             TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    tax_free_minor       INTEGER CHECK (tax_free_minor >= 0),
    vat_amount_minor     INTEGER CHECK (vat_amount_minor >= 0),
    reason               TEXT    NOT NULL CHECK (reason <> ''),
    operator             TEXT,
    requested_at_ms      INTEGER NOT NULL,
    sent_ms              INTEGER NOT NULL,
    sent_boot_id         TEXT,
    sent_since_boot_ms   INTEGER,
    sent_gateway_s       INTEGER,
    account              TEXT    NOT NULL,
    refunded_at_s        INTEGER,
    cancellation_id      TEXT,
    receipt_url          TEXT,
    code                 INTEGER CHECK (code <> 0),
    message              TEXT,
    why                  TEXT    CHECK (why <> ''),
    why_parts            TEXT    CHECK (why IS NOT NULL OR why_parts IS NULL),
    CHECK ((sent_boot_id IS NULL) = (sent_since_boot_ms IS NULL))
) STRICT;

CREATE INDEX refunds_by_payment ON refunds (payment_id);
CREATE INDEX refunds_open ON refunds (requested_at_ms) WHERE outcome IN ('pending', 'unknown');

CREATE TRIGGER refunds_are_kept BEFORE DELETE ON refunds
BEGIN
    SELECT RAISE(ABORT, 'a refund is never deleted');
END;

CREATE TRIGGER refunds_keep_their_terms
BEFORE UPDATE OF id, refund_id, payment_id, imp_uid, paid_minor, amount_minor, balance_before_minor, currency,
    tax_free_minor, vat_amount_minor, reason, requested_at_ms ON refunds
BEGIN
    SELECT RAISE(ABORT, 'the terms of a refund never change');
END;

CREATE TRIGGER refunds_stay_refunded BEFORE UPDATE OF outcome ON refunds
WHEN OLD.outcome = 'refunded' AND NEW.outcome <> 'refunded'
BEGIN
    SELECT RAISE(ABORT, 'money that went back stays on record');
END;

-- What happened to which refund, and what it was from then on.
ALTER TABLE events ADD COLUMN refund_id TEXT;
ALTER TABLE events ADD COLUMN refund_outcome TEXT CHECK ((refund_id IS NULL) = (refund_outcome IS NULL));

PRAGMA user_version = 8;
