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

PRAGMA user_version = 7;
