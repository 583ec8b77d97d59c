//! Payments that were made elsewhere, as the ledger records them.

use super::{Asked, Place, at, charged, record_of, request, uid, won};
use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment};
use crate::ledger::{DailyLimit, Entry, How, Imported};

/// A payment of ₩8,900 that was begun elsewhere at this second.
fn elsewhere(merchant_uid: &str, outcome: Outcome, second: i64) -> Imported {
    let request = request(merchant_uid, 8_900);
    let record = GatewayRecord {
        name: Some("Monthly".to_owned()),
        fail_reason: (outcome == Outcome::Declined).then(|| "[CC10] 통장 잔액부족".to_owned()),
        ..record_of(&request, outcome).unwrap()
    };
    Imported {
        terms: request.terms,
        requested_at: at(second),
        record: Box::new(record),
        at: at(1_000_000),
        account: "0123456789abcdef".to_owned(),
        operator: Some("gildong".to_owned()),
    }
}

#[test]
fn what_was_made_elsewhere_is_recorded_with_its_own_time_and_without_an_attempt() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (merchant_uid, outcome) in [("order-1", Outcome::Paid), ("order-2", Outcome::Declined)] {
        let imported = elsewhere(merchant_uid, outcome, 7);
        let written = ledger.write_one(&Entry::Imported(imported)).unwrap();
        assert_eq!(written.how, How::Kept);
        let payment = ledger.find(&uid(merchant_uid)).unwrap().unwrap();
        assert_eq!(payment, written.payment);
        assert_eq!((payment.outcome, payment.attempts, payment.unanswered), (outcome, 0, 0));
        assert_eq!((payment.requested_at, &*payment.name), (at(7), "Monthly"));
        let events = ledger.events(&uid(merchant_uid)).unwrap();
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!((event.kind, event.outcome, event.at), (EventKind::Imported, outcome, at(1_000_000)));
        assert_eq!(event.received.imp_uid, payment.imp_uid);
    }
    assert_eq!(ledger.standing().unwrap().accounts.len(), 1, "it is begun with the key that showed them");
}

#[test]
fn a_second_import_changes_nothing_but_a_decline_that_turned_to_paid() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (rule, outcome, how, now) in [
        ("a decline", Outcome::Declined, How::Kept, Outcome::Declined),
        ("the same again", Outcome::Declined, How::Moved, Outcome::Declined),
        ("the order was paid after all", Outcome::Paid, How::Kept, Outcome::Paid),
        ("the same again", Outcome::Paid, How::Moved, Outcome::Paid),
        ("its decline of before", Outcome::Declined, How::Moved, Outcome::Paid),
    ] {
        let written = ledger.write_one(&Entry::Imported(elsewhere("order-1", outcome, 7))).unwrap();
        assert_eq!((written.how, written.payment.outcome), (how, now), "{rule}");
    }
    assert_eq!(ledger.events(&uid("order-1")).unwrap().len(), 2);
}

#[test]
fn a_row_of_our_own_and_money_for_something_else_are_left_alone() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let before = charged(&mut ledger, &Asked::new("order-1", 8_900, 0), Outcome::Declined);
    let ours = ledger.write_one(&Entry::Imported(elsewhere("order-1", Outcome::Paid, 7))).unwrap();
    let without_records = |payment: &Payment| Payment { records: Vec::new(), ..payment.clone() };
    assert_eq!((ours.how, without_records(&ours.payment)), (How::Moved, without_records(&before)));
    let shown = ours.payment.records.iter().map(|record| (&*record.imp_uid, record.status.as_deref()));
    let both = [("imps_order-1_failed", Some("failed")), ("imps_order-1_paid", Some("paid"))];
    assert_eq!(shown.collect::<Vec<_>>(), both, "what was shown is kept with the row");
    assert_eq!(ledger.find(&uid("order-1")).unwrap(), Some(ours.payment));
    let _ = ledger.write_one(&Entry::Imported(elsewhere("order-2", Outcome::Declined, 7))).unwrap();
    let mut other = elsewhere("order-2", Outcome::Paid, 8);
    other.terms.amount = won(9_900);
    let other = ledger.write_one(&Entry::Imported(other)).unwrap();
    assert_eq!((other.how, other.payment.terms.amount), (How::Moved, won(8_900)));
}

#[test]
fn what_was_made_elsewhere_counts_for_the_limit_of_its_own_day() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let _ = ledger.write_one(&Entry::Imported(elsewhere("order-1", Outcome::Paid, 50))).unwrap();
    let spent = |from, to| {
        let limit = DailyLimit { max: won(10_000), from: at(from), to: at(to) };
        ledger.spent(&limit).unwrap()
    };
    assert_eq!((spent(0, 100), spent(900_000, 1_100_000)), (won(8_900), won(0)));
}
