-- From version 1 of the book to 2: payments that were begun and not paid, the tax parts of payments
-- and refunds, what the PG holds, refunds that are still to land, schedules, and amounts that were
-- registered ahead.

CREATE TABLE payments_2 (
    sequence INTEGER PRIMARY KEY,
    imp_uid TEXT NOT NULL UNIQUE,
    merchant_uid TEXT NOT NULL,
    -- Empty for a payment without a billing key.
    customer_uid TEXT NOT NULL,
    amount TEXT NOT NULL,
    cancel_amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ready', 'paid', 'cancelled', 'failed')),
    sandbox INTEGER NOT NULL CHECK (sandbox IN (0, 1)),
    started_at_ms INTEGER NOT NULL,
    paid_at_ms INTEGER NOT NULL,
    failed_at_ms INTEGER NOT NULL,
    cancelled_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    apply_num TEXT,
    receipt_url TEXT,
    fail_reason TEXT,
    cancel_reason TEXT,
    -- Before this moment the charge is on its way: nothing knows of it, not even the duplicate check.
    lands_at_ms INTEGER NOT NULL,
    -- Before this moment the look-ups do not know of it; the duplicate check does.
    visible_at_ms INTEGER NOT NULL,
    -- At this moment a failed payment turns paid; NULL if it never does.
    flips_at_ms INTEGER,
    -- The fields of the wire that never change, as a JSON object.
    details TEXT NOT NULL,
    -- The tax parts as they were sent; NULL if they were not, which is not the same as 0.
    tax_free TEXT,
    vat_amount TEXT,
    -- What the PG holds, where that is not what the gateway believes.
    held_at_pg TEXT,
    -- The time that GET /payments/status compares: it depends on the last status (facts 3.1).
    final_at_ms INTEGER GENERATED ALWAYS AS (
        CASE status WHEN 'ready' THEN started_at_ms WHEN 'paid' THEN paid_at_ms
            WHEN 'cancelled' THEN cancelled_at_ms ELSE failed_at_ms END
    ) VIRTUAL
) STRICT;

INSERT INTO payments_2 (sequence, imp_uid, merchant_uid, customer_uid, amount, cancel_amount, currency, status,
    sandbox, started_at_ms, paid_at_ms, failed_at_ms, cancelled_at_ms, updated_at_ms, apply_num, receipt_url,
    fail_reason, cancel_reason, lands_at_ms, visible_at_ms, flips_at_ms, details)
SELECT sequence, imp_uid, merchant_uid, customer_uid, amount, cancel_amount, currency, status,
    sandbox, started_at_ms, paid_at_ms, failed_at_ms, cancelled_at_ms, updated_at_ms, apply_num, receipt_url,
    fail_reason, cancel_reason, lands_at_ms, visible_at_ms, flips_at_ms, details
FROM payments;

DROP TABLE payments;
ALTER TABLE payments_2 RENAME TO payments;

CREATE INDEX payments_by_merchant_uid ON payments (merchant_uid);
CREATE INDEX payments_by_customer_uid ON payments (customer_uid);
CREATE INDEX payments_by_final_at ON payments (final_at_ms);
CREATE INDEX payments_that_flip ON payments (flips_at_ms) WHERE flips_at_ms IS NOT NULL;

ALTER TABLE refunds ADD COLUMN tax_free TEXT;
ALTER TABLE refunds ADD COLUMN vat_amount TEXT;

-- Refunds that were taken and are made later, if the balance then allows it.
CREATE TABLE late_refunds (
    sequence INTEGER PRIMARY KEY,
    imp_uid TEXT NOT NULL REFERENCES payments (imp_uid),
    amount TEXT NOT NULL,
    reason TEXT,
    tax_free TEXT,
    vat_amount TEXT,
    lands_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE schedules (
    sequence INTEGER PRIMARY KEY,
    merchant_uid TEXT NOT NULL UNIQUE,
    customer_uid TEXT NOT NULL,
    schedule_at_s INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'executed', 'revoked')),
    executed_at_ms INTEGER NOT NULL DEFAULT 0,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0,
    -- The payment that its execution made; NULL if it made none.
    imp_uid TEXT,
    -- Why its execution made no payment.
    fail_reason TEXT,
    -- What was asked for, as a JSON object.
    terms TEXT NOT NULL
) STRICT;

CREATE INDEX schedules_by_customer_uid ON schedules (customer_uid);
CREATE INDEX schedules_by_time ON schedules (schedule_at_s);

-- Amounts that were registered before a payment (POST /payments/prepare).
CREATE TABLE prepared (
    merchant_uid TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) STRICT;
