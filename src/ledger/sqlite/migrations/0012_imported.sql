-- A payment that was made elsewhere is recorded with an event of a kind of its own, `imported`. A CHECK cannot be
-- changed, so that the table is made anew and the rows are copied as they are.

-- It looks into events, which are gone for a moment.
DROP TRIGGER payments_keep_their_terms;

CREATE TABLE events_new (
    id           INTEGER PRIMARY KEY,
    payment_id   INTEGER NOT NULL REFERENCES payments (id),
    at_ms        INTEGER NOT NULL,
    kind         TEXT    NOT NULL
        CHECK (kind = 'intent' OR kind = 'resend' OR kind = 'answer' OR kind = 'not_sent'
            OR kind = 'lookup' OR kind = 'refund' OR kind = 'imported'),
    -- What the payment's outcome was from then on.
    outcome      TEXT    NOT NULL
        CHECK (outcome = 'paid' OR outcome = 'declined' OR outcome = 'rejected' OR outcome = 'unknown'
            OR outcome = 'not_sent' OR outcome = 'pending'),
    -- From 1; 0 where no attempt was begun.
    attempt      INTEGER NOT NULL CHECK (attempt BETWEEN 0 AND 4294967295),
    operator     TEXT,
    http_status  INTEGER CHECK (http_status BETWEEN 0 AND 65535),
    code         INTEGER,
    message      TEXT,
    imp_uid      TEXT,
    body         TEXT,
    took_ms      INTEGER,
    reason       TEXT    CHECK (reason <> ''),
    reason_parts TEXT    CHECK (reason IS NOT NULL OR reason_parts IS NULL),
    host         TEXT,
    refund_id    TEXT,
    refund_outcome TEXT  CHECK ((refund_id IS NULL) = (refund_outcome IS NULL))
) STRICT;

INSERT INTO events_new (id, payment_id, at_ms, kind, outcome, attempt, operator, http_status, code, message, imp_uid,
    body, took_ms, reason, reason_parts, host, refund_id, refund_outcome)
SELECT id, payment_id, at_ms, kind, outcome, attempt, operator, http_status, code, message, imp_uid,
    body, took_ms, reason, reason_parts, host, refund_id, refund_outcome FROM events;
DROP TABLE events;
ALTER TABLE events_new RENAME TO events;

CREATE INDEX events_by_payment ON events (payment_id);

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;

CREATE TRIGGER payments_keep_their_terms
BEFORE UPDATE OF customer_uid, amount_minor, currency ON payments
WHEN OLD.outcome <> 'not_sent' OR OLD.unanswered > 0
    OR EXISTS (SELECT 1 FROM events WHERE payment_id = OLD.id AND (kind = 'answer' OR kind = 'lookup')
                  AND outcome IN ('paid', 'declined', 'rejected', 'unknown'))
BEGIN
    SELECT RAISE(ABORT, 'the terms of a payment never change once it was sent');
END;

PRAGMA user_version = 12;
