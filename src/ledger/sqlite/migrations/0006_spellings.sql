-- Two spellings of one id are compared by their key, the id in composed letters (NFC). Nearly every id is its
-- own key, and has none beside it: nothing is written, and no index grows. The keys of rows that were there
-- before are filled in by the program, for SQL cannot compose letters; no id is touched.

ALTER TABLE payments ADD COLUMN nfc_key TEXT CHECK (nfc_key <> merchant_uid);
ALTER TABLE payments ADD COLUMN customer_nfc_key TEXT CHECK (customer_nfc_key <> customer_uid);
ALTER TABLE customers ADD COLUMN nfc_key TEXT CHECK (nfc_key <> customer_uid);

CREATE INDEX payments_by_nfc_key ON payments (nfc_key) WHERE nfc_key IS NOT NULL;
CREATE INDEX payments_by_customer_nfc_key ON payments (customer_nfc_key) WHERE customer_nfc_key IS NOT NULL;
CREATE INDEX customers_by_nfc_key ON customers (nfc_key) WHERE nfc_key IS NOT NULL;

-- An order that was never sent is nothing that anybody could hold us to: it takes new terms. One that was
-- sent keeps them for ever. A request that was never answered leaves `unanswered` above 0, and an answered
-- one an event that says what became of it.
DROP TRIGGER payments_keep_their_terms;

CREATE TRIGGER payments_keep_their_ids
BEFORE UPDATE OF id, merchant_uid, requested_at_ms ON payments
BEGIN
    SELECT RAISE(ABORT, 'the id of a payment never changes');
END;

CREATE TRIGGER payments_keep_their_terms
BEFORE UPDATE OF customer_uid, amount_minor, currency ON payments
WHEN OLD.outcome <> 'not_sent' OR OLD.unanswered > 0
    OR EXISTS (SELECT 1 FROM events WHERE payment_id = OLD.id AND (kind = 'answer' OR kind = 'lookup')
                  AND outcome IN ('paid', 'declined', 'rejected', 'unknown'))
BEGIN
    SELECT RAISE(ABORT, 'the terms of a payment never change once it was sent');
END;

PRAGMA user_version = 6;
