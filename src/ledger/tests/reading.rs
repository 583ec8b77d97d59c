//! Choices, searches and sums.

use std::ops::ControlFlow;

use super::{Asked, Place, answer, at, below, charged, kept, look_up, record_of, uid, won};
use crate::domain::answer::Settled;
use crate::domain::customer::{Card, Customer};
use crate::domain::declines::Who;
use crate::domain::ids::CustomerUid;
use crate::domain::lookup::LookedUp;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome};
use crate::domain::totals::Totals;
use crate::ledger::{By, Filter, Ledger, LedgerError};

fn shown(ledger: &Ledger, filter: &Filter) -> Vec<String> {
    let mut uids = Vec::new();
    ledger
        .visit(filter, &mut |payment| {
            uids.push(payment.terms.merchant_uid.to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    uids
}

fn found(ledger: &Ledger, text: &str) -> Vec<String> {
    shown(ledger, &Filter { text: Some(text.to_owned()), ..Filter::default() })
}

fn dollars(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::parse("USD").unwrap())
}

/// Four payments, one a day, and a customer with a name.
fn book(place: &Place) -> Ledger {
    let mut ledger = place.ledger();
    let mut first = Asked::new("order-1", 8900, 0);
    first.request.buyer_name = Some("홍길동".to_owned());
    first.request.buyer_tel = Some("010-1234-5678".to_owned());
    first.request.buyer_email = Some("gildong@example.com".to_owned());
    charged(&mut ledger, &first, Outcome::Paid);
    let mut second = Asked::new("order_2", 12_345, 86_400);
    second.request.name = "50% off".to_owned();
    charged(&mut ledger, &second, Outcome::Unknown);
    let mut third = Asked::new("order-3", 8900, 2 * 86_400);
    third.request.terms.amount = dollars(1420);
    third.request.terms.customer_uid = CustomerUid::parse("younghee").unwrap();
    charged(&mut ledger, &third, Outcome::Paid);
    charged(&mut ledger, &Asked::new("order-4", 500, 3 * 86_400), Outcome::Declined);
    ledger
        .save_customer(&Customer {
            customer_uid: CustomerUid::parse("younghee").unwrap(),
            name: Some("김영희".to_owned()),
            email: Some("yh@example.org".to_owned()),
            tel: Some("02) 987.6543".to_owned()),
            note: None,
            card: Card::default(),
            mode: Mode::Live,
            added_at: at(0),
            checked_at: None,
            removed_at: None,
        })
        .unwrap();
    ledger
}

#[test]
fn payments_are_shown_newest_first_as_many_as_asked_for() {
    let place = Place::new();
    let ledger = book(&place);
    assert_eq!(shown(&ledger, &Filter::default()), ["order-4", "order-3", "order_2", "order-1"]);
    let two = Filter { limit: Some(2), ..Filter::default() };
    assert_eq!(shown(&ledger, &two), ["order-4", "order-3"]);
    let mut seen = 0;
    let stop = &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    };
    ledger.visit(&Filter::default(), stop).unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn payments_of_one_moment_are_shown_in_the_order_they_came() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for name in ["c", "a", "b"] {
        Asked::new(name, 1, 0).written(&mut ledger);
    }
    assert_eq!(shown(&ledger, &Filter::default()), ["b", "a", "c"]);
}

#[test]
fn a_text_finds_whatever_a_caller_reads_out() {
    let place = Place::new();
    let ledger = book(&place);
    let all: &[&str] = &["order-4", "order-3", "order-1"];
    let cases: [(&str, &[&str]); 32] = [
        ("order-1", &["order-1"]),
        ("ORDER-1", &["order-1"]),
        ("imps_order-1_paid", &["order-1"]),
        ("30012345", all),
        ("1234", all),
        ("8900", &["order-1"]),
        ("8,900", &["order-1"]),
        ("8900원", &["order-1"]),
        ("₩8,900", &["order-1"]),
        ("14.20", &["order-3"]),
        ("1420", &[]),
        ("12345", &["order-4", "order-3", "order_2", "order-1"]),
        ("12,345", &["order_2"]),
        ("홍길동", &["order-1"]),
        ("길동", &["order-1"]),
        ("김영희", &["order-3"]),
        ("younghee", &["order-3"]),
        ("01012345678", &["order-1"]),
        ("010-1234-5678", &["order-1"]),
        ("1234-5678", &["order-1"]),
        ("029876543", &["order-3"]),
        ("gildong@", &["order-1"]),
        ("yh@example.org", &["order-3"]),
        ("monthly sub", &["order-4", "order-3", "order-1"]),
        ("  order-1  ", &["order-1"]),
        ("50%", &["order_2"]),
        ("%", &["order_2"]),
        ("r_2", &["order_2"]),
        ("r_1", &[]),
        ("\\", &[]),
        ("' OR 1=1 --", &[]),
        ("철수", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(found(&ledger, text), expected, "{text}");
    }
    assert_eq!(found(&ledger, " ").len(), 4, "no text is any");
}

#[test]
fn the_last_four_digits_of_a_card_are_found_and_no_others_of_it() {
    let place = Place::new();
    let ledger = book(&place);
    assert_eq!(found(&ledger, "5409"), Vec::<String>::new());
    assert_eq!(found(&ledger, "26"), Vec::<String>::new());
}

#[test]
fn conditions_narrow_the_choice() {
    let place = Place::new();
    let ledger = book(&place);
    let all = Filter::default;
    let cases: [(&str, Filter, &[&str]); 9] = [
        ("customer", Filter { customer: CustomerUid::parse("younghee").ok(), ..all() }, &["order-3"]),
        ("outcome", Filter { outcomes: vec![Outcome::Paid], ..all() }, &["order-3", "order-1"]),
        ("status", Filter { statuses: vec!["failed".to_owned()], ..all() }, &["order-4"]),
        (
            "either",
            Filter { outcomes: vec![Outcome::Unknown], statuses: vec!["failed".to_owned()], ..all() },
            &["order-4", "order_2"],
        ),
        ("since", Filter { since: Some(at(2 * 86_400)), ..all() }, &["order-4", "order-3"]),
        ("until", Filter { until: Some(at(2 * 86_400)), ..all() }, &["order_2", "order-1"]),
        ("min", Filter { min: Some(8900), ..all() }, &["order_2", "order-1"]),
        ("max", Filter { max: Some(1420), ..all() }, &["order-4", "order-3"]),
        ("quote", Filter { statuses: vec!["\"'".to_owned()], ..all() }, &[]),
    ];
    for (case, filter, expected) in cases {
        assert_eq!(shown(&ledger, &filter), expected, "{case}");
    }
}

#[test]
fn by_paid_is_about_the_time_of_the_charge() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (name, paid_at_s) in [("early", 1_700_000_200), ("late", 1_700_000_100)] {
        let asked = Asked::new(name, 1, 0);
        asked.written(&mut ledger);
        let paid = record_of(&asked.request, Outcome::Paid).unwrap();
        let record = GatewayRecord { paid_at_s: Some(paid_at_s), ..paid };
        kept(&mut ledger, &answer(name, 1, 1, Settled::Paid(Box::new(record))));
    }
    Asked::new("never", 1, 0).written(&mut ledger);
    let paid = Filter { by: By::Paid, ..Filter::default() };
    assert_eq!(shown(&ledger, &paid), ["early", "late"]);
    assert_eq!(shown(&ledger, &Filter { since: Some(at(200)), ..paid.clone() }), ["early"]);
    assert_eq!(shown(&ledger, &Filter { until: Some(at(200)), ..paid }), ["late"]);
}

#[test]
fn totals_are_net_of_refunds_one_a_currency_and_know_no_limit() {
    let place = Place::new();
    let mut ledger = book(&place);
    let refunded = GatewayRecord {
        cancel_amount_text: Some("900".to_owned()),
        ..record_of(&super::request("order-1", 8900), Outcome::Paid).unwrap()
    };
    let refunded = look_up(&ledger, "order-1", 9, LookedUp::Paid(Box::new(refunded)));
    kept(&mut ledger, &refunded);
    let totals = ledger.totals(&Filter { limit: Some(1), ..Filter::default() }).unwrap();
    assert_eq!(totals.count, 4);
    let counts = [(Outcome::Paid, 2), (Outcome::Declined, 1), (Outcome::Unknown, 1)];
    assert_eq!(totals.by_outcome, counts);
    assert_eq!((totals.count_of(Outcome::Paid), totals.count_of(Outcome::Pending)), (2, 0));
    assert_eq!(totals.net, [won(8000), dollars(1420)]);
    let one = ledger.customer_totals(&CustomerUid::parse("younghee").unwrap()).unwrap();
    assert_eq!((one.count, one.net), (1, vec![dollars(1420)]));
    let none = ledger.totals(&Filter { text: Some("nothing".to_owned()), ..Filter::default() }).unwrap();
    assert_eq!(none, Totals::default());
}

#[test]
fn any_id_of_a_payment_finds_it() {
    let place = Place::new();
    let mut ledger = book(&place);
    let again = Asked::new("order-4", 500, 400_000).expecting(Outcome::Declined, 1);
    charged(&mut ledger, &again, Outcome::Unknown);
    for id in ["order-4", "imps_order-4_failed"] {
        let payment = ledger.find_any(id).unwrap().unwrap();
        assert_eq!(payment.terms.merchant_uid, uid("order-4"), "{id}");
    }
    assert_eq!(ledger.find_any("imps_order-1_paid").unwrap().unwrap().terms.merchant_uid, uid("order-1"));
    assert_eq!(ledger.find_any("order").unwrap(), None);
}

#[test]
fn the_beginning_of_an_id_finds_all_that_begin_so() {
    let place = Place::new();
    let ledger = book(&place);
    let begun = |prefix, at_most| -> Vec<String> {
        let found = ledger.begun_with(prefix, at_most).unwrap();
        found.iter().map(|payment| payment.terms.merchant_uid.to_string()).collect()
    };
    assert_eq!(begun("order-", 9), ["order-4", "order-3", "order-1"]);
    assert_eq!(begun("order-", 2), ["order-4", "order-3"]);
    assert_eq!(begun("imps_order-1_p", 9), ["order-1"]);
    assert_eq!(begun("rder-1", 9), Vec::<String>::new());
    assert_eq!(begun("order%", 9), Vec::<String>::new());
}

#[test]
fn every_word_must_match_in_whatever_field_and_an_id_comes_first() {
    let place = Place::new();
    let mut ledger = book(&place);
    let mut named = Asked::new("30012345", 8900, -86_400);
    named.request.buyer_name = Some("홍 길동".to_owned());
    named.request.buyer_tel = Some("+82 10-9999-0000".to_owned());
    charged(&mut ledger, &named, Outcome::Paid);
    let of_period = Asked::new("202611d33148dafda8b591b10650cc11ac3a869f", 100, -2 * 86_400);
    charged(&mut ledger, &of_period, Outcome::Unknown);
    for change in [
        "UPDATE payments SET note = '전화로 확인' WHERE merchant_uid = '30012345'",
        "UPDATE payments SET message = '[CC10] 통장 잔액부족' WHERE merchant_uid = 'order-4'",
        "UPDATE payments SET once_per = 1 WHERE merchant_uid LIKE '202611d%'",
    ] {
        assert_eq!(below(&ledger, change).unwrap(), 1);
    }
    charged(&mut ledger, &Asked::new("20261129101112aabbccddeeff0011", 100, -3 * 86_400), Outcome::Unknown);
    for (text, expected) in [
        ("홍길동 8,900", vec!["order-1", "30012345"]),
        ("홍길동 8,900 원 example", vec!["order-1"]),
        ("홍길동 younghee", vec![]),
        ("010 9999 0000", vec!["30012345"]),
        ("+821099990000", vec!["30012345"]),
        ("확인", vec!["30012345"]),
        ("잔액부족", vec!["order-4"]),
        ("d33148", vec![]),
        ("bbccdd", vec![]),
        ("202611d33148", vec!["202611d33148dafda8b591b10650cc11ac3a869f"]),
        ("20261129", vec!["20261129101112aabbccddeeff0011"]),
    ] {
        assert_eq!(found(&ledger, text), expected, "{text}");
    }
    assert_eq!(found(&ledger, "30012345")[0], "30012345", "an id before an approval number of many");
    let long = format!("{} {}", "a ".repeat(5000), "홍".repeat(9000));
    assert_eq!(found(&ledger, &long), Vec::<String>::new());
}

#[test]
fn what_support_staff_know_narrows_the_choice() {
    let place = Place::new();
    let mut ledger = book(&place);
    let refunded = GatewayRecord {
        cancel_amount_text: Some("900".to_owned()),
        card_number: Some("5409260000009999".to_owned()),
        sandbox: Some(true),
        ..record_of(&super::request("order-1", 8900), Outcome::Paid).unwrap()
    };
    let refunded = look_up(&ledger, "order-1", 9, LookedUp::Paid(Box::new(refunded)));
    kept(&mut ledger, &refunded);
    charged(&mut ledger, &Asked::new("order-5", 1, -86_400), Outcome::Paid);
    for change in [
        "UPDATE payments SET operator = 'kim' WHERE merchant_uid = 'order-5'",
        "UPDATE payments SET message = '통장 잔액부족' WHERE merchant_uid = 'order-4'",
    ] {
        assert_eq!(below(&ledger, change).unwrap(), 1);
    }
    let all = Filter::default;
    let some = |text: &str| Some(text.to_owned());
    for (case, filter, expected) in [
        ("card", Filter { card: some("9999"), ..all() }, vec!["order-1"]),
        (
            "approval",
            Filter { approval: some("30012345"), customer: CustomerUid::parse("younghee").ok(), ..all() },
            vec!["order-3"],
        ),
        ("no piece of one", Filter { approval: some("3001234"), ..all() }, vec![]),
        ("test", Filter { mode: Some(Mode::Test), ..all() }, vec!["order-1"]),
        ("operator", Filter { operator: some("kim"), ..all() }, vec!["order-5"]),
        ("refunded", Filter { refunded: true, ..all() }, vec!["order-1"]),
        ("doubles", Filter { doubles: true, ..all() }, vec![]),
        ("who", Filter { who: Some(Who::Customer), ..all() }, vec!["order-4"]),
        ("nobody of them", Filter { who: Some(Who::Pg), ..all() }, vec![]),
        (
            "who, and paid",
            Filter { who: Some(Who::Customer), outcomes: vec![Outcome::Paid], ..all() },
            vec![],
        ),
    ] {
        assert_eq!(shown(&ledger, &filter), expected, "{case}");
    }
    let totals = ledger.totals(&Filter { who: Some(Who::Customer), ..all() }).unwrap();
    assert_eq!((totals.count, totals.count_of(Outcome::Declined)), (1, 1));
}

#[test]
fn what_is_unsettled_is_listed_oldest_first() {
    let place = Place::new();
    let mut ledger = book(&place);
    Asked::new("older", 1, -9).written(&mut ledger);
    let uids: Vec<String> =
        ledger.unsettled().unwrap().iter().map(|payment| payment.terms.merchant_uid.to_string()).collect();
    assert_eq!(uids, ["older", "order_2"]);
}

#[test]
fn what_is_read_at_one_moment_is_of_it_whatever_others_write_meanwhile() {
    let place = Place::new();
    let (ledger, mut other) = (book(&place), place.ledger());
    let all = || shown(&ledger, &Filter::default()).len();
    let before = all();
    let seen = ledger.at_one_moment(|| {
        let first = all();
        Asked::new("new", 1, 9).written(&mut other);
        Ok::<_, LedgerError>((first, all(), ledger.find(&uid("new"))?.is_some()))
    });
    assert_eq!(seen.unwrap(), (before, before, false));
    assert_eq!(all(), before + 1, "it goes on");
    let failed: Result<(), LedgerError> =
        ledger.at_one_moment(|| Err(LedgerError::Missing { place: ledger.place() }));
    assert!(failed.is_err());
    assert_eq!(
        ledger.at_one_moment(|| Ok::<_, LedgerError>(all())).unwrap(),
        before + 1,
        "after an error too"
    );
}
