-- A hash chain for each payment (contract, `ledger check`): what its newest event is linked to, and a head over that
-- and over all that the ledger holds of the payment. Both are made by the program (`chain.rs`), which fills them in
-- for payments that were there before.
ALTER TABLE payments ADD COLUMN chain BLOB;
ALTER TABLE payments ADD COLUMN head BLOB;

-- Of a ledger that was put back from a backup (it is behind what it was): when that was made.
ALTER TABLE ledger ADD COLUMN doubt_restored_ms INTEGER;
-- Of a backup: one hash over all heads, and when it was made. A file with a stamp takes no charge.
ALTER TABLE ledger ADD COLUMN stamp BLOB;
ALTER TABLE ledger ADD COLUMN stamped_ms INTEGER CHECK ((stamp IS NULL) = (stamped_ms IS NULL));

