-- Each refund of a payment as the gateway showed its history last, so that one that was made elsewhere counts on its
-- own day. What the gateway showed before stands in the events.
CREATE TABLE cancellations (
    payment_id      INTEGER NOT NULL REFERENCES payments (id),
    imp_uid         TEXT    NOT NULL CHECK (imp_uid <> ''),
    -- Its place in the history.
    nth             INTEGER NOT NULL CHECK (nth > 0),
    amount_minor    INTEGER NOT NULL,
    currency        TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    at_s            INTEGER,
    reason          TEXT,
    cancellation_id TEXT,
    receipt_url     TEXT,
    PRIMARY KEY (payment_id, imp_uid, nth)
) STRICT, WITHOUT ROWID;

-- Whatever of which money went back: its lines are looked for by their own days.
CREATE INDEX payments_given_back ON payments (cancelled_at_s)
 WHERE outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0);

