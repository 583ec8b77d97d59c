//! Saved customers.

use std::ops::ControlFlow;

use super::{Place, at};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;
use crate::ledger::{Ledger, LedgerError};

fn customer(uid: &str) -> Customer {
    Customer {
        customer_uid: CustomerUid::parse(uid).unwrap(),
        name: Some("홍길동".to_owned()),
        email: Some("gildong@example.com".to_owned()),
        tel: Some("010-1234-5678".to_owned()),
        note: Some("VIP".to_owned()),
        card: Card {
            card_name: Some("신한카드".to_owned()),
            card_code: Some("066".to_owned()),
            card_number: Some("5409-26**-****-1234".to_owned()),
            pg_provider: Some("nice_v2".to_owned()),
            pg_id: Some("mid".to_owned()),
            sandbox: Some(false),
            inserted_s: Some(1),
            updated_s: Some(2),
        },
        mode: Mode::Live,
        added_at: at(0),
        checked_at: Some(at(1)),
        removed_at: None,
    }
}

fn listed(ledger: &Ledger, text: Option<&str>, removed: bool) -> Vec<String> {
    let customers = ledger.customers(text, removed).unwrap();
    customers.iter().map(|customer| customer.customer_uid.to_string()).collect()
}

#[test]
fn customers_are_handed_over_one_by_one_but_for_those_that_were_removed() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for uid in ["c", "a", "b"] {
        ledger.save_customer(&customer(uid)).unwrap();
    }
    assert!(ledger.remove_customer(&customer("b").customer_uid, at(9)).unwrap());
    let mut uids = Vec::new();
    let each = &mut |customer: Customer| {
        uids.push(customer.customer_uid.to_string());
        ControlFlow::Continue(())
    };
    ledger.visit_customers(None, false, each).unwrap();
    assert_eq!(uids, ["a", "c"]);
}

#[test]
fn a_customer_is_kept_as_saved() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let gildong = customer("gildong");
    ledger.save_customer(&gildong).unwrap();
    let bare = Customer {
        name: None,
        email: None,
        tel: None,
        note: None,
        card: Card::default(),
        ..customer("bare")
    };
    ledger.save_customer(&bare).unwrap();
    assert_eq!(ledger.find_customer(&gildong.customer_uid).unwrap(), Some(gildong));
    assert_eq!(ledger.find_customer(&bare.customer_uid).unwrap(), Some(bare));
    assert_eq!(ledger.find_customer(&CustomerUid::parse("nobody").unwrap()).unwrap(), None);
}

#[test]
fn saving_again_updates_but_keeps_when_it_was_added() {
    let place = Place::new();
    let mut ledger = place.ledger();
    ledger.save_customer(&customer("gildong")).unwrap();
    let later =
        Customer {
            name: Some("길동".to_owned()), added_at: at(99), mode: Mode::Test, ..customer("gildong")
        };
    ledger.save_customer(&later).unwrap();
    let kept = ledger.find_customer(&later.customer_uid).unwrap().unwrap();
    assert_eq!(kept, Customer { added_at: at(0), ..later });
}

#[test]
fn a_check_takes_over_the_card_and_nothing_else() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let gildong = customer("gildong");
    ledger.save_customer(&gildong).unwrap();
    let card = Card { card_number: Some("9410".to_owned()), sandbox: Some(true), ..Card::default() };
    ledger.record_check(&gildong.customer_uid, &card, at(50)).unwrap();
    let kept = ledger.find_customer(&gildong.customer_uid).unwrap().unwrap();
    assert_eq!(kept, Customer { card: card.clone(), checked_at: Some(at(50)), ..gildong });
    let nobody = CustomerUid::parse("nobody").unwrap();
    let error = ledger.record_check(&nobody, &card, at(50)).unwrap_err();
    assert!(matches!(error, LedgerError::NoSuchCustomer { .. }), "{error:?}");
}

#[test]
fn a_removed_customer_is_off_the_list_until_saved_again() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let gildong = customer("gildong");
    ledger.save_customer(&gildong).unwrap();
    ledger.save_customer(&customer("a")).unwrap();
    assert!(ledger.remove_customer(&gildong.customer_uid, at(9)).unwrap());
    assert!(!ledger.remove_customer(&gildong.customer_uid, at(10)).unwrap(), "only once");
    assert!(!ledger.remove_customer(&CustomerUid::parse("nobody").unwrap(), at(9)).unwrap());
    assert_eq!(listed(&ledger, None, false), ["a"]);
    assert_eq!(listed(&ledger, None, true), ["a", "gildong"]);
    assert_eq!(ledger.find_customer(&gildong.customer_uid).unwrap().unwrap().removed_at, Some(at(9)));
    ledger.save_customer(&gildong).unwrap();
    assert_eq!(listed(&ledger, None, false), ["a", "gildong"]);
}

#[test]
fn a_text_finds_a_customer_by_whatever_is_known() {
    let place = Place::new();
    let mut ledger = place.ledger();
    ledger.save_customer(&customer("gildong_1")).unwrap();
    let other =
        Customer { name: None, email: None, tel: None, note: None, card: Card::default(), ..customer("b") };
    ledger.save_customer(&other).unwrap();
    for text in ["gildong_1", "길동", "GILDONG@", "1234-5678", "01012345678", "1234", "vip"] {
        assert_eq!(listed(&ledger, Some(text), false), ["gildong_1"], "{text}");
    }
    for text in ["gildongx1", "%", "5409", "철수"] {
        assert_eq!(listed(&ledger, Some(text), false), Vec::<String>::new(), "{text}");
    }
    assert_eq!(listed(&ledger, Some(" "), false), ["b", "gildong_1"]);
}
