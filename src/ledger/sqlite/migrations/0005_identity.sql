-- What the ledger knows of itself (contract, rules 9 and 12): one row. Its mark is a file beside the database.

CREATE TABLE ledger (
    one                      INTEGER PRIMARY KEY CHECK (one = 1),
    id                       TEXT    NOT NULL CHECK (length(id) = 32),
    -- One more each time the ledger was found to be older than it was.
    epoch                    INTEGER NOT NULL CHECK (epoch > 0),
    -- Whether a mark was made: from then on a missing one says something.
    marked                   INTEGER NOT NULL CHECK (marked IN (0, 1)),
    -- Another ledger's mark that lies beside it and could not be replaced, by that ledger's id.
    other_mark               TEXT,
    -- Why it is distrusted, and since when on every clock there was.
    doubt                    TEXT
        CHECK (doubt IN ('behind', 'mark_gone', 'mark_unreadable', 'other_mark', 'lost')),
    doubt_events_marked      INTEGER,
    doubt_events_held        INTEGER,
    doubt_last_event_ms      INTEGER,
    doubt_since_ms           INTEGER,
    doubt_since_boot_id      TEXT,
    doubt_since_boot_ms      INTEGER,
    doubt_since_gateway_s    INTEGER,
    doubt_accepted           INTEGER NOT NULL DEFAULT 0 CHECK (doubt_accepted IN (0, 1)),
    -- The leave to send unasked what was never sent.
    unasked_from_ms          INTEGER,
    unasked_until_ms         INTEGER,
    CHECK ((doubt IS NULL) = (doubt_since_ms IS NULL)),
    CHECK ((doubt_since_boot_id IS NULL) = (doubt_since_boot_ms IS NULL)),
    CHECK ((unasked_from_ms IS NULL) = (unasked_until_ms IS NULL))
) STRICT;

INSERT INTO ledger (one, id, epoch, marked) VALUES (1, lower(hex(randomblob(16))), 1, 0);

-- The account the ledger was begun with, and those that were shown or accepted to be the same.
CREATE TABLE accounts (
    key      TEXT    NOT NULL CHECK (key <> ''),
    -- Empty where the account has none.
    tier     TEXT    NOT NULL,
    since_ms INTEGER NOT NULL,
    how      TEXT    NOT NULL CHECK (how IN ('begun', 'shown', 'accepted')),
    PRIMARY KEY (key, tier)
) STRICT;

-- An older ledger never asked: it belongs to the key it was last used with.
INSERT INTO accounts (key, tier, since_ms, how)
SELECT account, '', last_send_ms, 'begun' FROM payments
 WHERE account IS NOT NULL AND last_send_ms IS NOT NULL ORDER BY last_send_ms DESC, id DESC LIMIT 1;

-- What a person has answered for, and why.
CREATE TABLE acceptances (
    id       INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    operator TEXT,
    what     TEXT    NOT NULL CHECK (what IN ('distrust', 'account', 'loss', 'unasked')),
    reason   TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE TRIGGER acceptances_are_not_changed BEFORE UPDATE ON acceptances
BEGIN
    SELECT RAISE(ABORT, 'an acceptance is never changed');
END;

CREATE TRIGGER acceptances_are_not_deleted BEFORE DELETE ON acceptances
BEGIN
    SELECT RAISE(ABORT, 'an acceptance is never deleted');
END;

CREATE TRIGGER the_ledgers_identity_stays BEFORE UPDATE OF one, id ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a ledger keeps its id');
END;

CREATE TRIGGER the_ledgers_identity_is_not_deleted BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a ledger keeps its id');
END;

CREATE TRIGGER an_epoch_only_rises BEFORE UPDATE OF epoch ON ledger WHEN NEW.epoch < OLD.epoch
BEGIN
    SELECT RAISE(ABORT, 'an epoch only rises');
END;

PRAGMA user_version = 5;
