-- Whether an order's id was made of a period (--once-per): two of those are two periods or plans, and no slip
-- (contract, rule 12). Of rows from before it is not known, and what is not known is asked about.
ALTER TABLE payments ADD COLUMN once_per INTEGER NOT NULL DEFAULT 0 CHECK (once_per IN (0, 1));

-- The gateway's own flag of a payment that it shows: whether it went through a test channel. NULL where the
-- record did not say, and for payments that no look-up has shown since the column is there.
ALTER TABLE payments ADD COLUMN sandbox INTEGER CHECK (sandbox IN (0, 1));

PRAGMA user_version = 10;
