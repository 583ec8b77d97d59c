//! What a chain notices, on real files.

use rusqlite::Connection;

use super::{Asked, Place, charged, kept, look_up};
use crate::domain::payment::Outcome;
use crate::domain::words::hex;
use crate::ledger::Ledger;
use crate::ledger::hashed::{Compared, NOTHING, link};
use crate::ledger::sqlite::chain::{encoded, hashed, walk};
use crate::ledger::sqlite::row::{event_columns, payment_columns, record_columns, refund_columns};

fn compared(db: &Connection) -> (Vec<Compared>, u64) {
    let mut all = Vec::new();
    let stray = walk(db, |_, together| {
        all.extend(together.iter().map(|one| Compared { ..*one }));
        Ok(())
    });
    (all, stray.unwrap())
}

/// The payments whose events, and those whose rows are not what was written.
fn wrong(db: &Connection) -> (Vec<i64>, Vec<i64>) {
    let (all, _) = compared(db);
    let ids = |fits: fn(&Compared) -> bool| all.iter().filter(|one| !fits(one)).map(|one| one.id).collect();
    (ids(Compared::events_fit), ids(Compared::row_fits))
}

fn shop() -> (Place, Ledger) {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (number, outcome) in [(1, Outcome::Paid), (2, Outcome::Declined), (3, Outcome::Unknown)] {
        charged(&mut ledger, &Asked::new(&format!("order-{number}"), 100 * number, number), outcome);
    }
    let again = look_up(&ledger, "order-3", 9_999, Asked::new("order-3", 300, 3).looked_up(Outcome::Paid));
    kept(&mut ledger, &again);
    (place, ledger)
}

#[test]
fn whatever_is_written_goes_on_in_its_payments_chain() {
    let (_place, ledger) = shop();
    let (all, stray) = compared(ledger.connection());
    assert!(all.iter().all(|one| one.events_fit() && one.row_fits()));
    assert_eq!((all.iter().map(|one| one.events).collect::<Vec<_>>(), stray), (vec![2, 2, 3], 0));
}

#[test]
fn what_is_changed_by_other_means_shows_and_does_not_heal_by_further_writes() {
    const EVENTS_MAY_GO: &str = "DROP TRIGGER events_are_kept; DROP TRIGGER events_are_not_changed;";
    for (what, sql, events, rows) in [
        (
            "an amount in the row",
            "DROP TRIGGER payments_keep_their_terms; UPDATE payments SET amount_minor = 1 WHERE id = 3",
            &[][..],
            &[3_i64][..],
        ),
        ("an outcome", "UPDATE payments SET outcome = 'rejected' WHERE id = 2", &[], &[2]),
        ("what was refunded", "UPDATE payments SET cancel_amount_minor = 50 WHERE id = 3", &[], &[3]),
        ("what the gateway showed", "UPDATE records SET amount_minor = 1 WHERE payment_id = 3", &[], &[3]),
        (
            "a further record",
            "DROP TRIGGER records_are_kept; DELETE FROM records WHERE payment_id = 3",
            &[],
            &[3],
        ),
        ("an event that is gone", "DELETE FROM events WHERE payment_id = 3 AND kind = 'answer'", &[3], &[]),
        (
            "an event's words",
            "UPDATE events SET code = 1 WHERE payment_id = 3 AND kind = 'intent'",
            &[3],
            &[],
        ),
        ("an event's time", "UPDATE events SET at_ms = at_ms + 1 WHERE payment_id = 3", &[3], &[]),
        (
            "a further event",
            "INSERT INTO events (payment_id, at_ms, kind, outcome, attempt) VALUES (3, 0, 'refund', 'paid', 1)",
            &[3],
            &[],
        ),
        ("no head", "UPDATE payments SET head = NULL WHERE id = 3", &[], &[3]),
        (
            "another head",
            "UPDATE payments SET head = zeroblob(32), chain = zeroblob(32) WHERE id = 3",
            &[3],
            &[3],
        ),
    ] {
        let (_place, mut ledger) = shop();
        ledger.connection().execute_batch(&format!("{EVENTS_MAY_GO}{sql}")).unwrap();
        assert_eq!(wrong(ledger.connection()), (events.to_vec(), rows.to_vec()), "{what}");
        let again =
            look_up(&ledger, "order-3", 99_999, Asked::new("order-3", 300, 3).looked_up(Outcome::Paid));
        let _ = ledger.write_one(&again).unwrap();
        let (events_after, rows_after) = wrong(ledger.connection());
        assert_eq!(
            (events_after, rows_after),
            (events.to_vec(), rows.to_vec()),
            "{what}, after a further write"
        );
    }
}

#[test]
fn rows_of_a_payment_that_is_gone_are_counted() {
    let (_place, ledger) = shop();
    ledger
        .connection()
        .execute_batch(
            "DROP TRIGGER payments_are_kept; PRAGMA foreign_keys = OFF; DELETE FROM payments WHERE id = 3",
        )
        .unwrap();
    let (all, stray) = compared(ledger.connection());
    assert_eq!((all.len(), stray), (2, 4), "three events and a record");
}

/// Whoever adds a column to one of these has to think of the chain.
#[test]
fn every_column_that_is_read_is_hashed() {
    let names = |list: &str| -> Vec<String> {
        let list = list.split(" FROM ").next().unwrap();
        let last = |name: &str| name.trim().rsplit('.').next().unwrap().to_owned();
        list.split(',')
            .filter(|name| !name.contains("signed.") && !name.contains("payments."))
            .map(last)
            .collect()
    };
    for (read, hashed) in [
        (payment_columns!(), hashed!(payment)),
        (event_columns!(), hashed!(event)),
        (record_columns!(), hashed!(record)),
        (refund_columns!(), hashed!(refund)),
    ] {
        let hashed = names(hashed);
        let missing: Vec<String> = names(read).into_iter().filter(|name| !hashed.contains(name)).collect();
        assert_eq!(missing, Vec::<String>::new());
    }
}

/// The first version of the encoding, which ledgers hold: a change of it needs another word and a migration.
#[test]
fn the_encoding_is_what_it_was() {
    let db = Connection::open_in_memory().unwrap();
    let bytes = db
        .query_row("SELECT 7, NULL, '주문', -1, x'00'", [], |row| Ok(encoded("event", row, 1).unwrap()))
        .unwrap();
    let expected = [
        &b"r\0\0\0\0\0\0\0\x05eventi\0\0\0\0\0\0\0\x070t\0\0\0\0\0\0\0\x06"[..],
        "주문".as_bytes(),
        b"i\xff\xff\xff\xff\xff\xff\xff\xffb\0\0\0\0\0\0\0\x01\0.",
    ];
    assert_eq!(bytes, expected.concat());
    let hex = hex(&link(&NOTHING, &bytes));
    assert_eq!(hex, "e7c75fc270b6742b35131065a60a4aa780aea4fc504f21e397466d8585d0c4f5");
}
