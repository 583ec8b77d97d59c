-- What a closed month is sealed over (`sealed.rs`). A month that an earlier program has closed has no such row.
CREATE TABLE closing_seals (
    closing_id INTEGER PRIMARY KEY REFERENCES closings (id),
    -- The newest event of all when it was closed.
    last_event INTEGER NOT NULL,
    -- The payments of the month: of each number, by how much it is more than the one before.
    payments   BLOB    NOT NULL,
    -- One hash over their histories as far as that event.
    histories  BLOB    NOT NULL,
    -- One hash over all that is written of the closing, and over the seal before it.
    seal       BLOB    NOT NULL
) STRICT;

CREATE TRIGGER closing_seals_are_not_changed BEFORE UPDATE ON closing_seals
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never changed');
END;

CREATE TRIGGER closing_seals_are_kept BEFORE DELETE ON closing_seals
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never deleted');
END;

-- The seal of the newest closing, so that one that is gone shows.
ALTER TABLE ledger ADD COLUMN closings_seal BLOB;

-- What went back in a time is found by the times that the gateway's histories tell; few tell none.
CREATE INDEX cancellations_by_time ON cancellations (at_s) WHERE at_s IS NOT NULL;
CREATE INDEX payments_given_back_some_time ON payments (id)
 WHERE outcome = 'paid' AND cancelled_at_s IS NULL AND (cancel_amount_minor > 0 OR outside_minor > 0);
-- There is another one on the same column.
DROP INDEX payments_given_back;

-- A payment that the gateway tells no time of is of the time at which its request left.
CREATE INDEX payments_paid_some_time ON payments (coalesce(last_send_ms, requested_at_ms))
 WHERE outcome = 'paid' AND paid_at_s IS NULL;

PRAGMA user_version = 17;
