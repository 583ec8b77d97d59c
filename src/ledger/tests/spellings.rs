//! What an order is known by, and when it may become for something else.

use super::{Asked, Place, answer, at, below, charged, kept, look_up, not_sent, uid, won};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{EventKind, Mode, Outcome};
use crate::domain::reason::Reason;
use crate::ledger::{Entry, How};

/// 주문_1 in single letters, as macOS names files.
const DECOMPOSED: &str = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";

fn customer(uid: &str, name: &str) -> Customer {
    Customer {
        customer_uid: CustomerUid::parse(uid).unwrap(),
        name: Some(name.to_owned()),
        email: None,
        tel: None,
        note: None,
        card: Card::default(),
        mode: Mode::Live,
        added_at: at(0),
        checked_at: None,
        removed_at: None,
    }
}

fn texts(uids: &[MerchantUid]) -> Vec<&str> {
    uids.iter().map(MerchantUid::as_str).collect()
}

#[test]
fn another_spelling_leads_to_the_order_that_is_known() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new(DECOMPOSED, 8900, 0).written(&mut ledger);
    assert_eq!(texts(&ledger.orders_spelled("주문_1").unwrap()), [DECOMPOSED]);
    assert_eq!(texts(&ledger.orders_spelled(DECOMPOSED).unwrap()), [DECOMPOSED]);
    assert_eq!(texts(&ledger.orders_spelled("주문_2").unwrap()), [""; 0]);
    Asked::new("주문_2", 8900, 1).written(&mut ledger);
    assert_eq!(texts(&ledger.orders_spelled(&DECOMPOSED.replace('1', "2")).unwrap()), ["주문_2"]);
}

#[test]
fn an_id_that_two_rows_are_known_by_means_both() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (second, order) in (0..).zip([DECOMPOSED, "주문_1"]) {
        Asked::new(order, 8900, second).written(&mut ledger);
    }
    let mut both = vec!["주문_1", DECOMPOSED];
    both.sort_unstable();
    assert_eq!(texts(&ledger.orders_spelled("주문_1").unwrap()), both);
}

#[test]
fn a_customer_is_known_by_being_saved_and_by_having_been_charged() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let decomposed = "\u{1112}\u{1169}\u{11bc}";
    ledger.save_customer(&customer(decomposed, decomposed)).unwrap();
    let known = ledger.customers_spelled("홍").unwrap();
    assert_eq!(known, [CustomerUid::parse(decomposed).unwrap()]);
    assert_eq!(ledger.customers(Some("홍"), false).unwrap().len(), 1, "the name is found as people type it");
    assert_eq!(ledger.customers(Some(decomposed), false).unwrap().len(), 1);
    let mut asked = Asked::new("order-1", 8900, 0);
    asked.request.terms.customer_uid = CustomerUid::parse("\u{1100}\u{1161}").unwrap();
    asked.written(&mut ledger);
    assert_eq!(ledger.customers_spelled("가").unwrap().len(), 1);
}

#[test]
fn a_customer_is_near_within_two_edits() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for saved in ["gildong_0001", "younghee", "길동"] {
        ledger.save_customer(&customer(saved, "x")).unwrap();
    }
    for (uid, near) in [
        ("gildong_0010", Some("gildong_0001")),
        ("gildong_000", Some("gildong_0001")),
        ("gildon_00012", Some("gildong_0001")),
        ("gildng_001", Some("gildong_0001")),
        ("gldng_001", None),
        ("yonghe", Some("younghee")),
        ("chulsoo", None),
        ("길똥", Some("길동")),
    ] {
        let found = ledger.near_customer(&CustomerUid::parse(uid).unwrap()).unwrap();
        assert_eq!(found.as_ref().map(CustomerUid::as_str), near, "{uid}");
    }
    ledger.remove_customer(&CustomerUid::parse("younghee").unwrap(), at(1)).unwrap();
    assert_eq!(ledger.near_customer(&CustomerUid::parse("yonghe").unwrap()).unwrap(), None);
}

#[test]
fn an_order_that_was_never_sent_takes_new_terms_and_its_history_says_so() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    kept(&mut ledger, &not_sent("order-1", 1, 1));
    let mut again = Asked::new("order-1", 9900, 60).expecting(Outcome::NotSent, 1);
    again.request.terms.customer_uid = CustomerUid::parse("younghee").unwrap();
    let pending = again.written(&mut ledger);
    assert_eq!(pending.terms, again.request.terms);
    assert_eq!(pending.requested_at, at(0), "it was asked for then");
    assert_eq!(ledger.find(&uid("order-1")).unwrap().as_ref(), Some(&pending));
    let events = ledger.events(&uid("order-1")).unwrap();
    let before = Reason::NewTerms { customer_uid: "gildong".to_owned(), amount: "₩8,900".to_owned() };
    assert_eq!((events[2].kind, events[2].received.reason.as_ref()), (EventKind::Intent, Some(&before)));
    assert_eq!(events.len(), 3, "what happened before is still there");
}

#[test]
fn an_order_whose_charge_never_began_takes_new_terms_too() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let reason = Reason::NoTokenInAnswer;
    let begin = |amount, second| Entry::NeverBegun {
        intent: Asked::new("order-1", amount, second).intent(),
        reason: reason.clone(),
    };
    kept(&mut ledger, &begin(8900, 0));
    let payment = kept(&mut ledger, &begin(9900, 1));
    assert_eq!(payment.terms.amount, won(9900));
    assert_eq!(ledger.find(&uid("order-1")).unwrap(), Some(payment));
}

#[test]
fn an_order_that_was_ever_sent_keeps_its_terms() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let other = |order: &str, attempts| Asked::new(order, 9900, 99).expecting(Outcome::NotSent, attempts);
    // A request of which nothing was ever heard.
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let unanswered =
        look_up(&ledger, "order-1", 1, Asked::new("order-1", 8900, 0).looked_up(Outcome::NotSent));
    assert_eq!(kept(&mut ledger, &unanswered).outcome, Outcome::NotSent);
    assert_eq!(other("order-1", 1).how(&mut ledger), How::Moved);
    // One that was declined late, when a later attempt was under way that then never left.
    let asked = Asked::new("order-2", 8900, 0);
    asked.written(&mut ledger);
    let nothing = look_up(&ledger, "order-2", 1, asked.looked_up(Outcome::NotSent));
    kept(&mut ledger, &nothing);
    Asked::new("order-2", 8900, 2).expecting(Outcome::NotSent, 1).written(&mut ledger);
    kept(&mut ledger, &not_sent("order-2", 2, 3));
    let late = kept(&mut ledger, &answer("order-2", 1, 4, asked.settled(Outcome::Declined)));
    assert!(late.was_never_sent(), "the row alone does not tell");
    assert_eq!(other("order-2", 2).how(&mut ledger), How::Moved);
    let forced = below(&ledger, "UPDATE payments SET amount_minor = 1");
    assert!(forced.unwrap_err().to_string().contains("once it was sent"));
    // One that is paid.
    charged(&mut ledger, &Asked::new("order-3", 8900, 5), Outcome::Paid);
    let paid = Asked::new("order-3", 9900, 6).expecting(Outcome::Paid, 1);
    assert_eq!(paid.how(&mut ledger), How::Moved);
}
