-- Our own reasons are values: a word that never changes, and what it names, as texts with a unit separator
-- (U+001F) between them. The gateway's words stay in `message` as they came. A sentence of ours that an older billkey wrote into
-- `message` becomes the reason `in_words`, so that no text of ours is left among the gateway's.

ALTER TABLE payments ADD COLUMN reason TEXT CHECK (reason <> '');
ALTER TABLE payments ADD COLUMN reason_parts TEXT CHECK (reason IS NOT NULL OR reason_parts IS NULL);
ALTER TABLE events ADD COLUMN reason TEXT CHECK (reason <> '');
ALTER TABLE events ADD COLUMN reason_parts TEXT CHECK (reason IS NOT NULL OR reason_parts IS NULL);

-- A payment that was not answered in the gateway's words has ours.
UPDATE payments SET reason = 'in_words', reason_parts = replace(message, char(31), ' '), message = NULL
 WHERE message IS NOT NULL AND (outcome = 'unknown' OR outcome = 'not_sent' OR outcome = 'pending');

DROP TRIGGER events_are_not_changed;

-- Without a code there was no answer of the gateway's to take words from; what was not sent was never
-- answered; and an answer with code 0 that left the payment unknown is told in ours.
UPDATE events SET reason = 'in_words', reason_parts = replace(message, char(31), ' '), message = NULL
 WHERE message IS NOT NULL
   AND (code IS NULL OR kind = 'not_sent' OR (kind = 'answer' AND outcome = 'unknown' AND code = 0));

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

PRAGMA user_version = 4;
