-- What each charge pays for and nobody uses:
--   an index costs a write, and each commit a page of the log. No question is answered from those on the
--   approval number and on the card: a caller's text is looked for in every row. An imp_uid that a
--   payment has is in one of its events as well, whose index finds it;
--   where a trigger may undo a statement by itself, SQLite copies every page before the statement changes
--   it. A statement that changes one row has nothing to undo when it is stopped before that, and what
--   this program writes is taken back as a whole when anything of it fails.

DROP INDEX payments_by_imp_uid;
DROP INDEX payments_by_apply_num;
DROP INDEX payments_by_card_last_four;

DROP TRIGGER payments_stay_paid;

CREATE TRIGGER payments_stay_paid BEFORE UPDATE OF outcome ON payments
WHEN OLD.outcome = 'paid' AND NEW.outcome <> 'paid'
BEGIN
    SELECT RAISE(FAIL, 'a paid payment stays paid');
END;

PRAGMA user_version = 3;
