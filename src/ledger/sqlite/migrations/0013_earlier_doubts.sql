-- Requests that a no answered in words of doubt, and after which the payment was sent again or another no was seen:
-- the words of the newest no say nothing of them (contract, rule 10). They may be another ledger's, so that there can
-- be more of them than attempts.
ALTER TABLE payments ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0 CHECK (doubts >= 0);

DROP INDEX payments_to_look_again;
CREATE INDEX payments_to_look_again ON payments (requested_at_ms)
 WHERE doubt_ended_ms IS NULL
   AND (outcome = 'declined' OR outcome = 'rejected' OR (outcome = 'paid' AND (unanswered > 0 OR doubts > 0)));

PRAGMA user_version = 13;
