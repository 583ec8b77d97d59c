-- What is needed to say how sure a no is (contract, rule 10).

-- The PG of the saved customer when the newest request left: a code in a refusal counts only with its PG, and a
-- refusal names none.
ALTER TABLE payments ADD COLUMN customer_pg TEXT;

-- When a look-up ended a doubt: the first one that was made three days or more after the send and showed no money.
ALTER TABLE payments ADD COLUMN doubt_ended_ms INTEGER;

UPDATE payments
   SET customer_pg = (SELECT pg_provider FROM customers WHERE customers.customer_uid = payments.customer_uid)
 WHERE outcome <> 'paid' AND last_send_ms IS NOT NULL;

-- What may show another payment than it has: each no may be a doubt, and beside a paid one there may be a request
-- that was never answered.
CREATE INDEX payments_to_look_again ON payments (requested_at_ms)
 WHERE doubt_ended_ms IS NULL
   AND (outcome = 'declined' OR outcome = 'rejected' OR (outcome = 'paid' AND unanswered > 0));

-- What a person has noted of a payment that the gateway will not show (contract, rule 11): the note that counts now.
ALTER TABLE payments ADD COLUMN noted TEXT CHECK (noted = 'charged' OR noted = 'not_charged');
ALTER TABLE payments ADD COLUMN noted_at_ms INTEGER CHECK ((noted IS NULL) = (noted_at_ms IS NULL));
ALTER TABLE payments ADD COLUMN noted_by TEXT;
ALTER TABLE payments ADD COLUMN noted_evidence TEXT CHECK ((noted IS NULL) = (noted_evidence IS NULL));

-- And every note there was: a part of the payment's history, behind the event that was its last one then.
CREATE TABLE notes (
    id          INTEGER PRIMARY KEY,
    payment_id  INTEGER NOT NULL REFERENCES payments (id),
    after_event INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    note        TEXT    NOT NULL CHECK (note = 'charged' OR note = 'not_charged'),
    evidence    TEXT    NOT NULL CHECK (evidence <> ''),
    outcome     TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    operator    TEXT
) STRICT;

CREATE INDEX notes_by_payment ON notes (payment_id);

CREATE TRIGGER notes_are_not_changed BEFORE UPDATE ON notes
BEGIN
    SELECT RAISE(ABORT, 'a note is never changed');
END;

CREATE TRIGGER notes_are_kept BEFORE DELETE ON notes
BEGIN
    SELECT RAISE(ABORT, 'a note is never deleted');
END;

PRAGMA user_version = 7;
