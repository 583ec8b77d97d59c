-- What is left for a person: in what ledger and gateway did not agree when somebody last looked, which charges the
-- gateway is going to make by itself, and who has answered for one of these. An id is made of what was seen, so that
-- the same difference is the same row, and another one needs another answer.

CREATE TABLE drift (
    id            TEXT    PRIMARY KEY CHECK (id <> ''),
    kind          TEXT    NOT NULL CHECK (kind <> ''),
    merchant_uid  TEXT,
    imp_uid       TEXT,
    customer_uid  TEXT,
    -- As the gateway wrote them.
    amount        TEXT,
    currency      TEXT,
    cancel_amount TEXT,
    status        TEXT,
    -- The ledger's side; absent where it had no such order.
    outcome       TEXT,
    refunded_here TEXT,
    -- For people.
    why           TEXT    NOT NULL,
    -- The times of what it is about: a reading that covers them would have found it again.
    from_s        INTEGER,
    to_s          INTEGER,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    -- A later look did not find it any more.
    over_ms       INTEGER,
    CHECK ((from_s IS NULL) = (to_s IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX drift_left ON drift (first_seen_ms) WHERE over_ms IS NULL;

CREATE TABLE schedules (
    id            TEXT    PRIMARY KEY CHECK (id <> ''),
    merchant_uid  TEXT    NOT NULL,
    customer_uid  TEXT,
    schedule_at_s INTEGER NOT NULL,
    amount        TEXT,
    currency      TEXT,
    name          TEXT,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    over_ms       INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_left ON schedules (schedule_at_s) WHERE over_ms IS NULL;

-- Who has answered for one of them, or for a refund that was refused, or has taken that back. The newest of a subject
-- counts.
CREATE TABLE answers_for (
    id       INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    operator TEXT,
    subject  TEXT    NOT NULL CHECK (subject <> ''),
    given    INTEGER NOT NULL CHECK (given IN (0, 1)),
    reason   TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE INDEX answers_for_by_subject ON answers_for (subject);

CREATE TRIGGER answers_for_are_not_changed BEFORE UPDATE ON answers_for
BEGIN
    SELECT RAISE(ABORT, 'who answered for something is never changed');
END;

CREATE TRIGGER answers_for_are_kept BEFORE DELETE ON answers_for
BEGIN
    SELECT RAISE(ABORT, 'who answered for something is never deleted');
END;

PRAGMA user_version = 14;
