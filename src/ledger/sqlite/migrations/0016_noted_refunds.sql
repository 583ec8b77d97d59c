-- What went back stays on record, but where that was a person's word alone: that can be taken back.
DROP TRIGGER refunds_stay_refunded;

CREATE TRIGGER refunds_stay_refunded BEFORE UPDATE OF outcome ON refunds
WHEN OLD.outcome = 'refunded' AND NEW.outcome <> 'refunded' AND OLD.why IS NOT 'refund_noted_back'
BEGIN
    SELECT RAISE(ABORT, 'money that went back stays on record');
END;

PRAGMA user_version = 16;
