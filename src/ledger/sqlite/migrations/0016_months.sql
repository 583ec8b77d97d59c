-- Which time of the gateway's list was read to its end, and when: a month is closed over what was held against it.
CREATE TABLE readings (
    id     INTEGER PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    -- Epoch seconds, from <= t < to.
    from_s INTEGER NOT NULL,
    to_s   INTEGER NOT NULL CHECK (from_s < to_s)
) STRICT;

-- A month as somebody has handed it over: it is never another one afterwards.
CREATE TABLE closings (
    id        INTEGER PRIMARY KEY,
    month     TEXT    NOT NULL UNIQUE CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
    -- Where its days begin.
    zone      TEXT    NOT NULL,
    at_ms     INTEGER NOT NULL,
    operator  TEXT,
    host      TEXT,
    -- Over every line of the month.
    hash      TEXT    NOT NULL CHECK (hash <> ''),
    lines     INTEGER NOT NULL CHECK (lines >= 0)
) STRICT;

-- Its sums, one a mode and currency; and what it took over of earlier months that changed after they were closed.
CREATE TABLE closed_sums (
    closing_id    INTEGER NOT NULL REFERENCES closings (id),
    -- The month that the money is of.
    of_month      TEXT    NOT NULL,
    mode          TEXT    NOT NULL,
    currency      TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    count         INTEGER NOT NULL,
    gross_minor   INTEGER NOT NULL,
    same_minor    INTEGER NOT NULL,
    earlier_minor INTEGER NOT NULL,
    supply_minor  INTEGER NOT NULL,
    vat_minor     INTEGER NOT NULL,
    tax_free_minor INTEGER NOT NULL,
    PRIMARY KEY (closing_id, of_month, mode, currency)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER closings_are_not_changed BEFORE UPDATE ON closings
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never changed');
END;

CREATE TRIGGER closings_are_kept BEFORE DELETE ON closings
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never deleted');
END;

CREATE TRIGGER closed_sums_are_not_changed BEFORE UPDATE ON closed_sums
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never changed');
END;

CREATE TRIGGER closed_sums_are_kept BEFORE DELETE ON closed_sums
BEGIN
    SELECT RAISE(ABORT, 'a closed month is never deleted');
END;

