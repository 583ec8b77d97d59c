//! What is kept beside the payments so that nobody has to read them all.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Asked, Place, answer, at, charged, kept, look_up, record_of, uid, won};
use crate::domain::answer::Settled;
use crate::domain::lookup::LookedUp;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Noted, Outcome};

use crate::ledger::{Create, Entry, Filter, Ledger, Seen};

fn nothing() -> Vec<String> {
    Vec::new()
}

/// What an `Outcome` filter of all makes of it: no sum of days is asked then, and every row is read.
fn by_the_rows(ledger: &Ledger, filter: &Filter) -> crate::domain::totals::Totals {
    ledger.totals(&Filter { min: Some(0), ..filter.clone() }).unwrap()
}

/// Payments of all kinds, some days apart and at the ends of days in Korea.
fn years(ledger: &mut Ledger) {
    for (n, (second, outcome)) in [
        (0, Outcome::Paid),
        (1, Outcome::Declined),
        (57_599, Outcome::Paid),
        (57_600, Outcome::Unknown),
        (86_400 * 3, Outcome::Paid),
        (86_400 * 9, Outcome::Declined),
    ]
    .into_iter()
    .enumerate()
    {
        let mut asked = Asked::new(&format!("order-{n}"), 8900 + i64::try_from(n).unwrap(), second);
        if n == 4 {
            asked.request.terms.amount = Amount::from_minor(1420, Currency::parse("USD").unwrap());
        }
        charged(ledger, &asked, outcome);
    }
    // Declined, and paid at the second try.
    let again = Asked::new("order-1", 8901, 90_000).expecting(Outcome::Declined, 1);
    charged(ledger, &again, Outcome::Paid);
    Asked::new("pending", 1, 86_400 * 9).written(ledger);
    // Refunded in part, and of a test channel.
    let refunded = GatewayRecord {
        cancel_amount_text: Some("900".to_owned()),
        sandbox: Some(true),
        ..record_of(&super::request("order-2", 8902), Outcome::Paid).unwrap()
    };
    kept(ledger, &look_up(ledger, "order-2", 86_400 * 2, LookedUp::Paid(Box::new(refunded))));
    let seen = Seen::of(&ledger.find(&uid("order-3")).unwrap().unwrap());
    let noted = Noted { charged: true, at: at(999_999), by: None, evidence: "seen".to_owned() };
    kept(ledger, &Entry::Noted { uid: uid("order-3"), seen, noted });
    // Two that took money.
    let own = record_of(&super::request("order-0", 8900), Outcome::Paid).unwrap();
    let other = GatewayRecord { imp_uid: Some("imps_other".to_owned()), ..own.clone() };
    let Entry::Lookup { uid, seen, at, looked_up, received, .. } =
        look_up(ledger, "order-0", 86_400, LookedUp::Paid(Box::new(own.clone())))
    else {
        panic!()
    };
    kept(ledger, &Entry::Lookup { uid, seen, at, looked_up, received, shown: vec![own, other] });
}

#[test]
fn the_sums_of_days_are_those_of_their_payments_whatever_becomes_of_these() {
    let place = Place::new();
    let mut ledger = place.ledger();
    years(&mut ledger);
    assert_eq!(ledger.wrong_sums().unwrap(), nothing());
    let all = Filter::default();
    assert_eq!(ledger.totals(&all).unwrap(), by_the_rows(&ledger, &all));
    let totals = ledger.totals(&all).unwrap();
    assert_eq!((totals.count, totals.noted, totals.further), (7, 1, 1));
    for hours in (-30..270).step_by(7) {
        for length in [1, 20, 24, 30, 50, 100] {
            let (since, until) = (Some(at(hours * 3600)), Some(at((hours + length) * 3600)));
            for filter in [
                Filter { since, until, ..all.clone() },
                Filter { since, ..all.clone() },
                Filter { until, outcomes: vec![Outcome::Paid, Outcome::Unknown], ..all.clone() },
                Filter { since, mode: Some(Mode::Test), ..all.clone() },
            ] {
                assert_eq!(ledger.totals(&filter).unwrap(), by_the_rows(&ledger, &filter), "{filter:?}");
            }
        }
    }
}

#[test]
fn a_sum_that_was_tampered_with_is_named() {
    let place = Place::new();
    let mut ledger = place.ledger();
    years(&mut ledger);
    ledger.connection().execute_batch("UPDATE day_sums SET net_low = net_low + 1 WHERE net_low > 0").unwrap();
    let wrong = ledger.wrong_sums().unwrap();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong[0].contains("2023-11-15, live KRW paid"), "{wrong:?}");
    ledger
        .connection()
        .execute_batch("UPDATE book_days SET vat_low = vat_low + 1 WHERE vat_low > 0")
        .unwrap();
    let wrong = ledger.wrong_sums().unwrap();
    assert!(
        wrong.contains(&"the book of 2023-11-15, live KRW, is not that of its payments".to_owned()),
        "{wrong:?}"
    );
    ledger.connection().execute_batch("DELETE FROM further_payments").unwrap();
    assert!(ledger.wrong_sums().unwrap().iter().any(|wrong| wrong.contains("imps_other")));
}

#[test]
fn a_write_that_is_taken_back_takes_its_sum_back() {
    let place = Place::new();
    let mut ledger = place.ledger();
    super::fail_on_request(&ledger);
    let one = Asked::new("order-1", 8900, 0);
    charged(&mut ledger, &one, Outcome::Declined);
    let fails = Entry::Answer {
        attempt: super::attempt("order-1", 1),
        at: at(9),
        settled: one.settled(Outcome::Paid),
        received: super::failing_reply(),
        shown: Vec::new(),
    };
    let two = Entry::Intent(Asked::new("order-2", 500, 0).intent());
    assert!(ledger.write(&[two, fails])[1].is_err());
    assert_eq!(ledger.wrong_sums().unwrap(), nothing());
    let totals = ledger.totals(&Filter::default()).unwrap();
    assert_eq!(totals.by_outcome, [(Outcome::Declined, 1), (Outcome::Pending, 1)]);
}

#[test]
fn amounts_whose_sum_no_number_holds_stop_no_charge() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for n in 0..3 {
        charged(&mut ledger, &Asked::new(&format!("order-{n}"), i64::MAX, 0), Outcome::Paid);
    }
    assert_eq!(ledger.wrong_sums().unwrap(), nothing());
    let error = ledger.totals(&Filter::default()).unwrap_err().to_string();
    assert!(error.contains("sum of the amounts"), "{error}");
}

#[test]
fn a_ledger_from_before_there_were_sums_is_summed_up() {
    let place = Place::new();
    let mut ledger = place.ledger();
    years(&mut ledger);
    let totals = ledger.totals(&Filter::default()).unwrap();
    drop(ledger);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(place.path(), flags).unwrap();
    let dropped: Vec<String> = {
        let sql = "SELECT 'DROP ' || type || ' ' || name FROM sqlite_schema \
                   WHERE name IN ('day_sums', 'payments_are_summed_up', 'payments_are_summed_up_again', \
                       'further_payments', 'further_payments_are_noticed', 'further_payments_are_noticed_later', \
                       'further_payments_are_left_behind', 'payments_told_otherwise', 'payments_are_told_otherwise', \
                       'refunds_by_time', 'payments_by_cancelled_at', 'payments_by_outside_at', 'records_by_last_four', \
                       'payments_without_imp_uid', 'payments_by_terms') ORDER BY type DESC";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    connection.execute_batch(&dropped.join(";")).unwrap();
    connection.execute_batch(include_str!("../migrations/0016_day_sums.sql")).unwrap();
    drop(connection);
    let ledger = place.try_open(Create::Never).unwrap();
    assert_eq!(ledger.wrong_sums().unwrap(), nothing());
    assert_eq!(ledger.totals(&Filter::default()).unwrap(), totals);
}

#[test]
fn saved_ledgers_of_every_schema_are_summed_up() {
    for schema in ["schema_3.db", "schema_4.db", "schema_6.db"] {
        let place = Place::new();
        let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers").join(schema);
        fs::copy(saved, place.path()).unwrap();
        let ledger = place.try_open(Create::Never).unwrap();
        assert_eq!(ledger.wrong_sums().unwrap(), nothing(), "{schema}");
        let all = Filter::default();
        assert_eq!(ledger.totals(&all).unwrap(), by_the_rows(&ledger, &all), "{schema}");
        assert!(ledger.totals(&all).unwrap().count > 0, "{schema}");
    }
}

#[test]
fn a_card_or_an_approval_number_that_is_told_otherwise_later_finds_the_payment_by_both() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    charged(&mut ledger, &asked, Outcome::Paid);
    let now = GatewayRecord {
        apply_num: Some("99999999".to_owned()),
        card_number: Some("5409-26**-****-9999".to_owned()),
        ..record_of(&asked.request, Outcome::Paid).unwrap()
    };
    let look = look_up(&ledger, "order-1", 9, LookedUp::Unknown(crate::domain::reason::Reason::NotShownYet));
    let Entry::Lookup { uid, seen, at, received, .. } = look else { panic!() };
    let looked_up = LookedUp::Nothing;
    kept(&mut ledger, &Entry::Lookup { uid, seen, at, looked_up, received, shown: vec![now] });
    assert_eq!(ledger.wrong_sums().unwrap(), nothing());
    // A payment that the gateway gave no name.
    let nameless = Asked::new("order-2", 500, 1);
    nameless.written(&mut ledger);
    let record = GatewayRecord {
        imp_uid: None,
        apply_num: Some("77777777".to_owned()),
        ..record_of(&nameless.request, Outcome::Paid).unwrap()
    };
    kept(&mut ledger, &answer("order-2", 1, 2, Settled::Paid(Box::new(record))));
    let found = |filter: Filter| {
        let mut uids = Vec::new();
        let each = &mut |payment: crate::domain::payment::Payment| {
            uids.push(payment.terms.merchant_uid.to_string());
            std::ops::ControlFlow::Continue(())
        };
        ledger.visit(&filter, each).unwrap();
        uids
    };
    let some = |text: &str| Some(text.to_owned());
    for (approval, expected) in [
        ("30012345", vec!["order-1"]),
        ("99999999", vec!["order-1"]),
        ("77777777", vec!["order-2"]),
        ("7777777", vec![]),
    ] {
        assert_eq!(found(Filter { approval: some(approval), ..Filter::default() }), expected, "{approval}");
    }
    for (card, expected) in
        [("9999", vec!["order-1"]), ("1234", vec!["order-2", "order-1"]), ("8888", vec![])]
    {
        assert_eq!(found(Filter { card: some(card), ..Filter::default() }), expected, "{card}");
    }
    assert_eq!(ledger.totals(&Filter::default()).unwrap().net, [won(9400)]);
}
