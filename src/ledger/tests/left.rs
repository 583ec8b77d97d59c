use std::slice::from_ref;

use super::{Place, at, below};
use crate::domain::drift::DriftKind;
use crate::domain::ids::CustomerUid;
use crate::domain::left::{Found, Schedule};
use crate::domain::payment::GatewayRecord;
use crate::ledger::{AnswerFor, Ledger, Looked, LookedAhead};

fn found(order: &str, second: i64) -> Found {
    let record = GatewayRecord {
        imp_uid: Some(format!("imp_{order}")),
        merchant_uid: Some(order.to_owned()),
        customer_uid: Some("gildong".to_owned()),
        amount_text: Some("8900".to_owned()),
        paid_at_s: Some(second),
        ..GatewayRecord::default()
    };
    Found::of(DriftKind::OnlyAtGateway, None, Some(&record), "the ledger has nothing".to_owned())
}

fn span(from_s: i64, to_s: i64) -> Looked {
    Looked { span: Some((from_s, to_s)), ..Looked::default() }
}

fn left(ledger: &Ledger) -> Vec<String> {
    let left = ledger.drift_left().unwrap();
    left.into_iter().filter_map(|kept| kept.what.merchant_uid).collect()
}

#[test]
fn drift_stays_until_a_look_that_would_have_found_it_does_not() {
    let customer = |uid| Some(CustomerUid::parse(uid).unwrap());
    let orders = |order: &str| Looked { orders: [order.to_owned()].into(), ..Looked::default() };
    for (rule, looked, stays) in [
        ("nothing was looked at", Looked::default(), true),
        ("its time was read to the end", span(100, 101), false),
        ("the reading began after it", span(101, 200), true),
        ("the reading ended at it", span(0, 100), true),
        ("its customer's time was read", Looked { customer: customer("gildong"), ..span(0, 200) }, false),
        ("another customer's was", Looked { customer: customer("chulsoo"), ..span(0, 200) }, true),
        ("its order was asked about", orders("order_1"), false),
        ("another order was", orders("order_2"), true),
    ] {
        let place = Place::new();
        let mut ledger = place.ledger();
        ledger.keep_drift(&[found("order_1", 100)], &Looked::default(), at(1)).unwrap();
        ledger.keep_drift(&[], &looked, at(2)).unwrap();
        assert_eq!(!left(&ledger).is_empty(), stays, "{rule}");
    }
}

#[test]
fn what_is_found_again_is_the_same_and_keeps_its_answer_and_its_first_time() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let one = found("order_1", 100);
    ledger.keep_drift(from_ref(&one), &span(0, 200), at(1)).unwrap();
    let answer = AnswerFor {
        subject: one.id(),
        at: at(2),
        operator: Some("mina".to_owned()),
        reason: "the shop's other till".to_owned(),
        given: true,
    };
    ledger.keep_answer_for(&answer).unwrap();
    ledger.keep_drift(from_ref(&one), &span(0, 200), at(3)).unwrap();
    let kept = ledger.drift_left().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].what, one);
    assert_eq!(kept[0].first_seen, at(1));
    let signed = kept[0].signed.clone().unwrap();
    assert_eq!((signed.operator.as_deref(), signed.reason.as_str()), (Some("mina"), "the shop's other till"));
    ledger.keep_answer_for(&AnswerFor { given: false, at: at(4), ..answer }).unwrap();
    assert_eq!(ledger.drift_left().unwrap()[0].signed, None);
}

#[test]
fn what_comes_back_after_it_was_over_is_left_again() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (round, found) in
        [vec![found("order_1", 100)], vec![], vec![found("order_1", 100)]].iter().enumerate()
    {
        ledger.keep_drift(found, &span(0, 200), at(i64::try_from(round).unwrap())).unwrap();
        assert_eq!(left(&ledger).len(), found.len(), "round {round}");
    }
}

fn schedule(order: &str, customer: &str, second: i64) -> Schedule {
    Schedule {
        merchant_uid: order.to_owned(),
        customer_uid: Some(customer.to_owned()),
        at: at(second),
        amount: Some("8900".to_owned()),
        currency: Some("KRW".to_owned()),
        name: None,
    }
}

#[test]
fn schedules_are_kept_as_they_were_last_seen() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let all = [schedule("a", "gildong", 100), schedule("b", "chulsoo", 200), schedule("c", "gildong", 900)];
    let ahead = |customer: Option<&str>, second| LookedAhead {
        customer: customer.map(|uid| CustomerUid::parse(uid).unwrap()),
        to_s: at(second).as_second(),
    };
    ledger.keep_schedules(&all, &ahead(None, 1_000), at(1)).unwrap();
    let left = |ledger: &Ledger| {
        let left = ledger.schedules_left().unwrap();
        left.into_iter().map(|kept| kept.what.merchant_uid).collect::<Vec<_>>()
    };
    assert_eq!(left(&ledger), ["a", "b", "c"]);
    // One customer's, and not so far ahead.
    ledger.keep_schedules(&[], &ahead(Some("gildong"), 500), at(2)).unwrap();
    assert_eq!(left(&ledger), ["b", "c"]);
    ledger.keep_schedules(&all[2..], &ahead(None, 1_000), at(3)).unwrap();
    assert_eq!(left(&ledger), ["c"]);
}

#[test]
fn who_answered_is_never_changed_or_deleted() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let answer = AnswerFor {
        subject: "drift_1".to_owned(),
        at: at(1),
        operator: None,
        reason: "known".to_owned(),
        given: true,
    };
    ledger.keep_answer_for(&answer).unwrap();
    for sql in ["DELETE FROM answers_for", "UPDATE answers_for SET reason = 'other'"] {
        assert!(below(&ledger, sql).is_err(), "{sql}");
    }
}
