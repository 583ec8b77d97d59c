//! What the payments under one order come to: a sentence, the payments, and whether a person must look.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Terms};
use crate::domain::record::{Held, Record, Signed};

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn shown(imp_uid: &str, status: &str) -> GatewayRecord {
    GatewayRecord {
        imp_uid: Some(imp_uid.to_owned()),
        status: Some(status.to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some("0".to_owned()),
        ..GatewayRecord::default()
    }
}

fn record(imp_uid: &str, status: &str) -> Record {
    Record::of(&shown(imp_uid, status), at(0)).unwrap()
}

fn refunded(imp_uid: &str, minor: i64) -> Record {
    Record { cancelled: Some(won(minor)), ..record(imp_uid, "cancelled") }
}

fn order(mode: Mode, own: Option<&str>, records: Vec<Record>) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: won(8900),
        mode,
    };
    let request = Arc::new(ChargeRequest::new(terms, "Monthly"));
    let outcome = if own.is_some() { Outcome::Paid } else { Outcome::Unknown };
    Payment { outcome, imp_uid: own.map(str::to_owned), records, ..request.unsent(at(0), None, None) }
}

fn tested(record: Record) -> Record {
    Record { sandbox: Some(true), ..record }
}

fn registration(pg: &str, amount: Option<i64>) -> Record {
    let usage = Some("issue".to_owned());
    Record { usage, pg_provider: Some(pg.to_owned()), amount: amount.map(won), ..record("imp_issue", "paid") }
}

fn approved(record: Record, apply_num: &str) -> Record {
    Record { apply_num: Some(apply_num.to_owned()), ..record }
}

#[test]
fn an_id_means_the_payment_that_has_it_and_an_order_with_two_means_both() {
    let own = approved(record("imps_1", "paid"), "111");
    let other = approved(record("imps_2", "paid"), "222");
    let back = Record { cancelled: Some(won(8900)), ..other.clone() };
    let of = |records: &[&Record]| {
        let records = records.iter().map(|record| (*record).clone()).collect();
        Payment { apply_num: Some("111".to_owned()), ..order(Mode::Live, Some("imps_1"), records) }
    };
    let (both, one, over) = (of(&[&own, &other]), of(&[&own]), of(&[&own, &back]));
    let answered_for = of(&[&own, &signed(other)]);
    let table: [(&str, &Payment, &str, &[&str]); 9] = [
        ("an imp_uid", &both, "imps_2", &["imps_2"]),
        ("the own one", &both, "imps_1", &["imps_1"]),
        ("the other one's approval number", &both, "222", &["imps_2"]),
        ("the own one's", &both, "111", &["imps_1"]),
        ("the order, and two hold money", &both, "order_1", &["imps_1", "imps_2"]),
        ("the order, and one holds money", &one, "order_1", &["imps_1"]),
        ("the order, and the other was refunded", &over, "order_1", &["imps_1"]),
        ("the order, and somebody has answered for the other", &answered_for, "order_1", &["imps_1"]),
        ("the order as it is spelled elsewhere", &one, "Order_1", &["imps_1"]),
    ];
    for (what, payment, id, expected) in table {
        assert_eq!(payment.meant_by(id), expected, "{what}");
    }
}

fn signed(record: Record) -> Record {
    let reason = "paid twice on purpose".to_owned();
    Record { signed: Some(Signed { at: at(9), operator: None, reason }), ..record }
}

/// The rule, the order's mode, the payments under it, and which of them hold money that nobody has answered for.
#[rustfmt::skip]
fn rules() -> Vec<(&'static str, Mode, Vec<Record>, &'static [&'static str])> {
    use Mode::{Live, Sandbox, Test};
    let ours = || record("ours", "paid");
    vec![
        ("one payment is none", Live, vec![ours()], &[]),
        ("two that are paid are one", Live, vec![ours(), record("b", "paid")], &["ours", "b"]),
        ("our own is told first", Live, vec![record("b", "paid"), ours()], &["ours", "b"]),
        ("three are one", Live, vec![ours(), record("b", "paid"), record("c", "paid")], &["ours", "b", "c"]),
        ("a failed one holds nothing", Live, vec![ours(), record("b", "failed")], &[]),
        ("a window that is open holds nothing", Live, vec![ours(), record("b", "ready")], &[]),
        ("the refund of a part leaves the rest", Live, vec![ours(), refunded("b", 8899)], &["ours", "b"]),
        ("the refund of all of it ends it", Live, vec![ours(), refunded("b", 8900)], &[]),
        ("it is the same which of them is refunded", Live, vec![refunded("ours", 8900), record("b", "paid")], &[]),
        ("cancelled without a sum is not known to be refunded", Live,
            vec![ours(), Record { cancelled: None, ..record("b", "cancelled") }], &["ours", "b"]),
        ("an amount that cannot be read is money", Live,
            vec![ours(), Record { amount: None, ..record("b", "paid") }], &["ours", "b"]),
        ("a registration is no payment", Live, vec![ours(), registration("nice", Some(8900))], &[]),
        ("a registration that charges is one", Live, vec![ours(), registration("kakaopay", Some(100))],
            &["ours", "imp_issue"]),
        ("a registration of nothing is none", Live, vec![ours(), registration("kakaopay", Some(0))], &[]),
        ("a registration without an amount is none", Live, vec![ours(), registration("danal", None)], &[]),
        ("a test payment is none in a live order", Live, vec![ours(), tested(record("b", "paid"))], &[]),
        ("a test payment is one in a test order", Test, vec![tested(ours()), tested(record("b", "paid"))],
            &["ours", "b"]),
        ("the sandbox is a test", Sandbox, vec![tested(ours()), tested(record("b", "paid"))], &["ours", "b"]),
        ("somebody answers for one of two", Live, vec![ours(), signed(record("b", "paid"))], &[]),
        ("nobody has answered for the third", Live,
            vec![ours(), signed(record("b", "paid")), record("c", "paid")], &["ours", "c"]),
        ("whoever answers for our own leaves the other", Live, vec![signed(ours()), record("b", "paid")], &[]),
    ]
}

#[test]
fn two_payments_that_hold_money_are_an_alarm() {
    for (rule, mode, records, expected) in rules() {
        for own in [Some("ours"), None] {
            let order = order(mode, own, records.clone());
            let held = order.alarm().map(|alarm| alarm.held).unwrap_or_default();
            let mut ids: Vec<&str> = held.iter().map(|record| record.imp_uid.as_str()).collect();
            let mut expected = expected.to_vec();
            if own.is_none() {
                // None of them is the order's own, and they stand as they were seen.
                ids.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(ids, expected, "{rule}");
        }
    }
}

#[test]
fn others_are_what_took_money_and_further_what_still_holds_it() {
    let others = vec![
        record("failed", "failed"),
        record("ours", "paid"),
        refunded("whole", 8900),
        refunded("part", 900),
        signed(record("signed", "paid")),
    ];
    let order = order(Mode::Live, Some("ours"), others);
    let ids: Vec<&str> = order.others().map(|record| record.imp_uid.as_str()).collect();
    assert_eq!(ids, ["whole", "part", "signed"]);
    let further: Vec<_> = order.further().map(|(record, held)| (record.imp_uid.as_str(), held)).collect();
    assert_eq!(further, [("part", Held(Some(won(8000)))), ("signed", Held(Some(won(8900))))]);
}

#[test]
fn the_gateways_flag_beats_the_profiles_mode() {
    for (mode, flag, expected) in [
        (Mode::Live, Some(true), Mode::Test),
        (Mode::Live, Some(false), Mode::Live),
        (Mode::Live, None, Mode::Live),
        (Mode::Test, Some(false), Mode::Live),
        (Mode::Test, Some(true), Mode::Test),
        (Mode::Sandbox, Some(false), Mode::Sandbox),
    ] {
        let payment = Payment { sandbox: flag, ..order(mode, Some("ours"), Vec::new()) };
        assert_eq!(payment.mode_shown(), expected, "{mode} {flag:?}");
    }
}

#[test]
fn what_is_seen_again_counts_and_what_is_not_told_any_more_stays_known() {
    let first =
        Record { apply_num: Some("11111111".to_owned()), sandbox: Some(false), ..record("a", "paid") };
    let now = Record { amount: None, sandbox: None, ..refunded("a", 900) };
    let again = first.seen_again(Record { first_seen: at(60), last_seen: at(60), ..now });
    assert_eq!((again.status.as_deref(), again.cancelled), (Some("cancelled"), Some(won(900))));
    assert_eq!((again.amount, again.sandbox), (Some(won(8900)), Some(false)));
    assert_eq!(again.apply_num.as_deref(), Some("11111111"));
    assert_eq!((again.first_seen, again.last_seen), (at(0), at(60)));
}

#[test]
fn a_payment_keeps_its_decimals_and_no_card_number_and_one_without_a_name_is_none() {
    let dollars = GatewayRecord {
        amount_text: Some("14.20".to_owned()),
        currency_text: Some("USD".to_owned()),
        card_number: Some("4111111111111111".to_owned()),
        ..shown("a", "paid")
    };
    let record = Record::of(&dollars, at(0)).unwrap();
    assert_eq!(record.amount, Some(Amount::from_minor(1420, Currency::parse("USD").unwrap())));
    assert_eq!(record.card_number.as_deref(), Some("411111******1111"));
    assert_eq!(Record::of(&GatewayRecord { imp_uid: None, ..dollars }, at(0)), None);
}
