-- Money that a PG paid back without the gateway, as a person has noted it: all of it by all notes, and the last note.
ALTER TABLE payments ADD COLUMN outside_minor INTEGER NOT NULL DEFAULT 0 CHECK (outside_minor >= 0);
ALTER TABLE payments ADD COLUMN outside_at_ms INTEGER CHECK ((outside_minor = 0) = (outside_at_ms IS NULL));
ALTER TABLE payments ADD COLUMN outside_by TEXT;
ALTER TABLE payments ADD COLUMN outside_evidence TEXT CHECK ((outside_minor = 0) = (outside_evidence IS NULL));

-- And every such note there was: a part of the payment's history, behind the event that was its last one then.
CREATE TABLE outside_refunds (
    id          INTEGER PRIMARY KEY,
    payment_id  INTEGER NOT NULL REFERENCES payments (id),
    after_event INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    -- How much more; 0 takes all of it back.
    minor       INTEGER NOT NULL CHECK (minor >= 0),
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    reason_parts TEXT   NOT NULL CHECK (reason_parts <> ''),
    outcome     TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    operator    TEXT
) STRICT;

CREATE INDEX outside_refunds_by_payment ON outside_refunds (payment_id);

CREATE TRIGGER outside_refunds_are_not_changed BEFORE UPDATE ON outside_refunds
BEGIN
    SELECT RAISE(ABORT, 'a note is never changed');
END;

CREATE TRIGGER outside_refunds_are_kept BEFORE DELETE ON outside_refunds
BEGIN
    SELECT RAISE(ABORT, 'a note is never deleted');
END;

PRAGMA user_version = 15;
