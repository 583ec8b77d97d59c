-- The sandbox's book: what a gateway would know. Times ending in _ms are wall-clock milliseconds
-- since 1970, 0 where the event has not happened. Amounts are decimal text, as they were sent.

CREATE TABLE billing_keys (
    customer_uid TEXT PRIMARY KEY,
    customer_name TEXT,
    customer_email TEXT,
    customer_tel TEXT,
    pay_method TEXT NOT NULL,
    pg_provider TEXT NOT NULL,
    pg_id TEXT NOT NULL,
    card_code TEXT,
    card_name TEXT,
    card_number TEXT,
    card_type INTEGER,
    -- Set for a super billing key only.
    channel_group_id TEXT,
    -- A fault plan that holds for every charge and refund of this customer.
    faults TEXT NOT NULL,
    inserted_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE payments (
    sequence INTEGER PRIMARY KEY,
    imp_uid TEXT NOT NULL UNIQUE,
    merchant_uid TEXT NOT NULL,
    customer_uid TEXT NOT NULL,
    amount TEXT NOT NULL,
    cancel_amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('paid', 'cancelled', 'failed')),
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
    -- The time that GET /payments/status compares: it depends on the last status (facts 3.1).
    final_at_ms INTEGER GENERATED ALWAYS AS (
        CASE status WHEN 'paid' THEN paid_at_ms WHEN 'cancelled' THEN cancelled_at_ms ELSE failed_at_ms END
    ) VIRTUAL
) STRICT;

CREATE INDEX payments_by_merchant_uid ON payments (merchant_uid);
CREATE INDEX payments_by_customer_uid ON payments (customer_uid);
CREATE INDEX payments_by_final_at ON payments (final_at_ms);
CREATE INDEX payments_that_flip ON payments (flips_at_ms) WHERE flips_at_ms IS NOT NULL;

CREATE TABLE refunds (
    sequence INTEGER PRIMARY KEY,
    cancellation_id TEXT NOT NULL UNIQUE,
    imp_uid TEXT NOT NULL REFERENCES payments (imp_uid),
    pg_tid TEXT NOT NULL,
    amount TEXT NOT NULL,
    reason TEXT,
    receipt_url TEXT NOT NULL,
    cancelled_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX refunds_by_imp_uid ON refunds (imp_uid);

CREATE TABLE tokens (
    access_token TEXT PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT;

-- How often each payment was asked for, whatever became of the request.
CREATE TABLE requests (
    endpoint TEXT NOT NULL CHECK (endpoint IN ('charge', 'refund')),
    id TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (endpoint, id)
) STRICT;
