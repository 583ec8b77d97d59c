//! Ledgers of older schemas, as an earlier program left them.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::closing::closing;
use super::{Place, at, uid, won};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::ledger::sqlite::schema::MIGRATIONS;
use crate::ledger::{Closed, Create};

/// Hangul in single letters.
const DECOMPOSED: &str = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";

/// The imp_uids that hold money under one order.
fn holding(payment: &Payment) -> Vec<&str> {
    payment.alarm().unwrap().held.iter().map(|record| record.imp_uid.as_str()).collect()
}

/// A ledger of schema 6 that an earlier program made; one card number in it was never masked.
#[test]
fn a_saved_ledger_of_schema_6_knows_what_it_had_seen() {
    let place = Place::new();
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers/schema_6.db");
    fs::copy(saved, place.path()).unwrap();
    let ledger = place.try_open(Create::Never).unwrap();
    let find = |order: &str| ledger.find(&uid(order)).unwrap().unwrap();
    for (order, outcome, shown) in [
        ("order_paid", Outcome::Paid, &["imps_687491809249"][..]),
        ("order_declined", Outcome::Declined, &["imps_742781302124"]),
        ("order_rejected", Outcome::Rejected, &[]),
        ("order_unknown", Outcome::Unknown, &[]),
        ("order_other_amount", Outcome::Unknown, &["imps_637525139123"]),
        ("order_declined_then_paid", Outcome::Paid, &["imps_129075548505", "imps_658696127586"]),
        ("order_twice", Outcome::Paid, &["imps_906884952405", "imps_172130293281"]),
    ] {
        let payment = find(order);
        let mut known: Vec<&str> = payment.records.iter().map(|record| &*record.imp_uid).collect();
        let mut shown = shown.to_vec();
        known.sort_unstable();
        shown.sort_unstable();
        assert_eq!((payment.outcome, known), (outcome, shown), "{order}");
    }
    assert_eq!(holding(&find("order_twice")), ["imps_906884952405", "imps_172130293281"]);
    let alarms = ledger.alarms().unwrap();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let refunded = find("order_refunded");
    assert_eq!(refunded.records[0].cancelled, Some(won(2000)));
    assert_eq!(
        (refunded.own_record().unwrap().amount, refunded.cancel_amount),
        (Some(won(5000)), Some(won(2000)))
    );
    let live = find("order_live_channel");
    assert_eq!((live.terms.mode, live.sandbox, live.mode_shown()), (Mode::Test, Some(false), Mode::Live));
    assert_eq!(find("order_paid").card_number.as_deref(), Some("411111******1111"));
    let bodies = ledger.events(&uid("order_paid")).unwrap();
    let bodies: Vec<_> = bodies.into_iter().filter_map(|event| event.received.body).collect();
    assert!(bodies[0].contains("411111******1111") && !bodies[0].contains("4111111111111111"), "{bodies:?}");
    assert!(
        ledger.connection().execute("UPDATE events SET code = 1", []).is_err(),
        "it can still not be changed"
    );
    let faults: i64 = ledger
        .connection()
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(faults, 0);
}

#[test]
fn a_saved_ledger_of_an_older_schema_knows_the_odd_payment_of_an_answer() {
    for schema in ["schema_3.db", "schema_4.db"] {
        let place = Place::new();
        let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers").join(schema);
        fs::copy(saved, place.path()).unwrap();
        let ledger = place.try_open(Create::Never).unwrap();
        let odd = ledger.find(&uid("order_other_amount")).unwrap().unwrap();
        assert_eq!((odd.imp_uid.as_deref(), odd.records.len()), (None, 1), "{schema}");
        assert_eq!(ledger.find_any(&odd.records[0].imp_uid).unwrap(), Some(odd), "{schema}");
        let declined = ledger.find(&uid("order_declined")).unwrap().unwrap();
        assert_eq!(declined.records.len(), 2, "{schema}");
        assert!(ledger.alarms().unwrap().is_empty(), "{schema}");
    }
}

#[test]
fn rows_of_an_older_schema_get_their_keys_and_keep_their_ids() {
    let place = Place::new();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(place.path(), flags).unwrap();
    for migration in &MIGRATIONS[..5] {
        connection.execute_batch(migration).unwrap();
    }
    let order = "INSERT INTO payments (merchant_uid, customer_uid, amount_minor, currency, mode, outcome, name, \
        attempts, unanswered, requested_at_ms) VALUES (?1, 'gildong', 8900, 'KRW', 'live', 'pending', 'x', 1, 1, 0)";
    connection.execute(order, [DECOMPOSED]).unwrap();
    let customer = "INSERT INTO customers (customer_uid, mode, added_at_ms) VALUES (?1, 'live', 0)";
    connection.execute(customer, ["\u{1100}\u{1161}"]).unwrap();
    drop(connection);
    let ledger = place.try_open(Create::Never).unwrap();
    assert_eq!(ledger.orders_spelled("주문_1").unwrap(), [uid(DECOMPOSED)]);
    assert_eq!(ledger.customers_spelled("가").unwrap().len(), 1);
    assert!(ledger.find(&uid(DECOMPOSED)).unwrap().is_some());
}

/// A month that an earlier program has closed says that its payments were not sealed, and nothing is wrong with it.
#[test]
fn a_closing_without_a_seal_is_one_of_an_earlier_program() {
    let place = Place::new();
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers/schema_16.db");
    fs::copy(saved, place.path()).unwrap();
    let mut ledger = place.ledger();
    let october = (at(90_780_400), at(93_458_800));
    let kept = ledger.verify_seal("2026-10", october).unwrap();
    assert!(kept.is_sound() && kept.sealed.is_none(), "{kept:?}");
    let seen = ledger.month_seal((at(93_458_800), at(96_050_800))).unwrap();
    let closed = ledger.close_month(&closing("2026-11"), (at(93_458_800), at(96_050_800)), &seen).unwrap();
    assert_eq!((closed, ledger.check_closings().unwrap().len()), (Closed::Now, 0));
    assert_eq!(ledger.verify_seal("2026-11", october).unwrap().sealed, Some(8));
}
