-- On which host a charge was asked for, beside who ran it: a ledger may have several. Nobody knows it of rows
-- that were there before.

ALTER TABLE payments ADD COLUMN host TEXT;
ALTER TABLE events ADD COLUMN host TEXT;

PRAGMA user_version = 9;
