-- What a text that is looked for must have in common with a payment that it is found in: pieces of two letters, of
-- three where they are all ASCII, as whole numbers (`ledger/grams.rs`). A block is 2048 payments by their ids, and
-- `places` says which of them have the piece. Blocks are filled behind the payments, when these are not likely to
-- change any more; a payment that does is noted in `search_again`, and looked at by itself.
CREATE TABLE search_grams (
    block  INTEGER NOT NULL,
    gram   INTEGER NOT NULL,
    places BLOB    NOT NULL,
    PRIMARY KEY (block, gram)
) STRICT, WITHOUT ROWID;

CREATE TABLE search (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    -- Payments whose ids are lower are in a block.
    upto INTEGER NOT NULL CHECK (upto >= 0)
) STRICT;

INSERT INTO search (one, upto) VALUES (1, 0);

CREATE TABLE search_again (payment_id INTEGER PRIMARY KEY REFERENCES payments (id)) STRICT;

CREATE TRIGGER payments_are_searched_again
AFTER UPDATE OF merchant_uid, customer_uid, amount_minor, name, imp_uid, apply_num, pg_tid, card_name, card_number,
    message, buyer_name, buyer_email, buyer_tel, note ON payments
WHEN NEW.id < (SELECT upto FROM search)
    AND (OLD.merchant_uid IS NOT NEW.merchant_uid OR OLD.customer_uid IS NOT NEW.customer_uid
        OR OLD.amount_minor IS NOT NEW.amount_minor OR OLD.name IS NOT NEW.name OR OLD.imp_uid IS NOT NEW.imp_uid
        OR OLD.apply_num IS NOT NEW.apply_num OR OLD.pg_tid IS NOT NEW.pg_tid OR OLD.card_name IS NOT NEW.card_name
        OR OLD.card_number IS NOT NEW.card_number OR OLD.message IS NOT NEW.message
        OR OLD.buyer_name IS NOT NEW.buyer_name OR OLD.buyer_email IS NOT NEW.buyer_email
        OR OLD.buyer_tel IS NOT NEW.buyer_tel OR OLD.note IS NOT NEW.note)
BEGIN
    INSERT INTO search_again (payment_id) VALUES (NEW.id) ON CONFLICT (payment_id) DO NOTHING;
END;

CREATE TRIGGER new_records_are_searched_again AFTER INSERT ON records
WHEN NEW.payment_id < (SELECT upto FROM search)
BEGIN
    INSERT INTO search_again (payment_id) VALUES (NEW.payment_id) ON CONFLICT (payment_id) DO NOTHING;
END;

CREATE TRIGGER records_are_searched_again AFTER UPDATE OF apply_num ON records
WHEN NEW.payment_id < (SELECT upto FROM search) AND OLD.apply_num IS NOT NEW.apply_num
BEGIN
    INSERT INTO search_again (payment_id) VALUES (NEW.payment_id) ON CONFLICT (payment_id) DO NOTHING;
END;

-- The same of saved customers, in blocks whose numbers are below 0: -1 has those with the lowest ids here.
CREATE TABLE search_people (
    id           INTEGER PRIMARY KEY,
    customer_uid TEXT    NOT NULL UNIQUE
) STRICT;

-- Customers of which the blocks do not know all: filled in when there are many.
CREATE TABLE search_people_again (customer_uid TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;

INSERT INTO search_people_again (customer_uid) SELECT customer_uid FROM customers;

CREATE TRIGGER customers_are_searched AFTER INSERT ON customers
BEGIN
    INSERT INTO search_people_again (customer_uid) VALUES (NEW.customer_uid) ON CONFLICT (customer_uid) DO NOTHING;
END;

CREATE TRIGGER customers_are_searched_again AFTER UPDATE OF name, email, tel ON customers
WHEN OLD.name IS NOT NEW.name OR OLD.email IS NOT NEW.email OR OLD.tel IS NOT NEW.tel
BEGIN
    INSERT INTO search_people_again (customer_uid) VALUES (NEW.customer_uid) ON CONFLICT (customer_uid) DO NOTHING;
END;
