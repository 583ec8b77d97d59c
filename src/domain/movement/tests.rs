use jiff::Timestamp;

use super::{Booked, Cancellation, Movement, Way};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::outside::Outside;
use crate::domain::payment::{Mode, Outcome, Payment, RefundOutcome, Terms};
use crate::domain::refund::Refund;
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;

fn won(amount: i64) -> Amount {
    Amount::from_minor(amount, Currency::KRW)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// ₩10,000, charged at second 100, of which so much is said to have gone back, the last of it at second 900.
fn paid(tax: Option<Tax>, refunded: i64) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: won(10_000),
        mode: Mode::Live,
    };
    Payment {
        outcome: Outcome::Paid,
        imp_uid: Some("imps_1".to_owned()),
        paid_at: Some(at(100)),
        cancelled_at: (refunded > 0).then(|| at(900)),
        cancel_amount: Some(won(refunded)),
        tax,
        ..ChargeRequest::new(terms, "a thing").unsent(at(90), None, None)
    }
}

fn refund(id: &str, amount: i64, second: i64, tax: Tax) -> Refund {
    Refund {
        id: RefundId::parse(id).unwrap(),
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        imp_uid: "imps_1".to_owned(),
        outcome: RefundOutcome::Refunded,
        paid: won(10_000),
        amount: won(amount),
        balance_before: won(10_000),
        tax,
        reason: "came too late".to_owned(),
        requested_at: at(second),
        sent: SendMark { wall: at(second), boot: None, gateway_s: None },
        account: "ours".to_owned(),
        operator: None,
        refunded_at: Some(at(second)),
        cancellation_id: None,
        receipt_url: None,
        code: None,
        message: None,
        why: None,
    }
}

fn shown(amount: i64, second: i64, reason: &str) -> Cancellation {
    Cancellation {
        amount: won(amount),
        at: Some(at(second)),
        reason: Some(reason.to_owned()),
        cancellation_id: None,
        receipt_url: None,
    }
}

/// When, how much, and whose: `+` came in, `ours` and `theirs` went back at the gateway, `outside` beside it.
fn lines(movements: &[Movement]) -> Vec<(i64, i64, &'static str)> {
    let whose = |way: &Way| match way {
        Way::In => "+",
        Way::Back { outside: true, .. } => "outside",
        Way::Back { refund: Some(_), .. } => "ours",
        Way::Back { refund: None, .. } => "theirs",
    };
    movements.iter().map(|line| (line.at.as_second(), line.amount.minor(), whose(&line.way))).collect()
}

#[test]
fn every_refund_is_a_line_of_its_own_day() {
    let plain = Tax::default();
    let table = [
        ("nothing went back", 0, vec![], vec![], vec![(100, 10_000, "+")]),
        (
            "two in the console, each as the history tells",
            5_000,
            vec![],
            vec![shown(2_000, 300, "a"), shown(3_000, 900, "b")],
            vec![(100, 10_000, "+"), (300, 2_000, "theirs"), (900, 3_000, "theirs")],
        ),
        (
            "one of ours beside one of theirs",
            5_000,
            vec![refund("aaaaaaaa", 2_000, 310, plain)],
            vec![shown(3_000, 200, "b"), shown(2_000, 300, "came too late #aaaaaaaa")],
            vec![(100, 10_000, "+"), (200, 3_000, "theirs"), (300, 2_000, "ours")],
        ),
        (
            "a history that does not come to the sum is none: the rest is of the last time told",
            5_000,
            vec![refund("aaaaaaaa", 2_000, 310, plain)],
            vec![shown(2_000, 300, "came too late #aaaaaaaa")],
            vec![(100, 10_000, "+"), (310, 2_000, "ours"), (900, 3_000, "theirs")],
        ),
        (
            "refunds that did not go back are no lines",
            0,
            vec![Refund { outcome: RefundOutcome::Refused, ..refund("aaaaaaaa", 2_000, 310, plain) }],
            vec![],
            vec![(100, 10_000, "+")],
        ),
    ];
    for (what, refunded, refunds, cancellations, expected) in table {
        let booked = Booked { payment: paid(None, refunded), refunds, cancellations };
        assert_eq!(lines(&booked.movements(None)), expected, "{what}");
    }
}

#[test]
fn what_was_paid_back_outside_is_a_line_too() {
    let outside = Outside { amount: won(4_000), at: at(700), by: None, evidence: "a letter".to_owned() };
    let payment = Payment { outside: Some(outside), ..paid(None, 1_000) };
    let booked = Booked { payment, refunds: vec![], cancellations: vec![shown(1_000, 900, "a")] };
    let expected = [(100, 10_000, "+"), (700, 4_000, "outside"), (900, 1_000, "theirs")];
    assert_eq!(lines(&booked.movements(None)), expected);
}

#[test]
fn what_is_wholly_refunded_comes_to_nothing_in_every_part() {
    let mixed = Tax { tax_free: Some(won(3_333)), vat_amount: None };
    for (tax, parts) in [
        (None, [3_333, 3_333, 3_334]),
        (Some(mixed), [3_333, 3_333, 3_334]),
        (Some(Tax { vat_amount: Some(won(910)), ..mixed }), [1, 1, 9_998]),
        (Some(Tax { tax_free: Some(won(0)), vat_amount: Some(won(0)) }), [5_000, 4_999, 1]),
    ] {
        let cancellations =
            parts.iter().zip([200, 300, 400]).map(|(part, at)| shown(*part, at, "x")).collect();
        let booked = Booked { payment: paid(tax, 10_000), refunds: vec![], cancellations };
        let movements = booked.movements(None);
        let (came, went) = movements.split_first().unwrap();
        let all = |part: fn(&Movement) -> i64| went.iter().map(part).sum::<i64>();
        assert_eq!(all(|line| line.parts.vat_minor), came.parts.vat_minor, "{tax:?}");
        assert_eq!(all(|line| line.parts.tax_free_minor), came.parts.tax_free_minor, "{tax:?}");
        assert_eq!(all(|line| line.parts.supply_minor), came.parts.supply_minor, "{tax:?}");
        for line in &movements {
            let parts = line.parts;
            let sum = parts.supply_minor + parts.vat_minor + parts.tax_free_minor;
            assert_eq!(sum, line.amount.minor(), "{tax:?}");
        }
    }
}

#[test]
fn a_refund_has_the_parts_that_it_was_sent_with() {
    let tax = |tax_free, vat| Tax { tax_free: Some(won(tax_free)), vat_amount: Some(won(vat)) };
    let booked = Booked {
        payment: paid(Some(tax(2_000, 727)), 3_000),
        refunds: vec![refund("aaaaaaaa", 3_000, 300, tax(2_000, 91))],
        cancellations: vec![shown(3_000, 300, "came too late #aaaaaaaa")],
    };
    let parts = booked.movements(None).pop().unwrap().parts;
    assert_eq!((parts.supply_minor, parts.vat_minor, parts.tax_free_minor), (909, 91, 2_000));
}

#[test]
fn what_was_not_paid_moved_nothing() {
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Paid) {
        let payment = Payment { outcome, ..paid(None, 0) };
        let booked = Booked { payment, refunds: vec![], cancellations: vec![] };
        assert_eq!(booked.movements(None), [], "{outcome:?}");
    }
}

/// The gateway refunds what a person had noted as paid back outside.
#[test]
fn more_than_all_of_it_goes_back_with_parts_that_come_to_each_amount() {
    for (noted, refunded) in [(4_000, 10_000), (10_000, 10_000), (10_000, 1), (1, 10_000)] {
        for second in [700, 950] {
            let outside =
                Outside { amount: won(noted), at: at(second), by: None, evidence: "a letter".to_owned() };
            let tax = Tax { tax_free: Some(won(3_333)), vat_amount: None };
            let payment = Payment { outside: Some(outside), ..paid(Some(tax), refunded) };
            let booked = Booked { payment, refunds: Vec::new(), cancellations: Vec::new() };
            let lines = booked.movements(None);
            assert_eq!(lines.len(), 3);
            for line in lines {
                let parts = line.parts;
                let all = parts.supply_minor + parts.vat_minor + parts.tax_free_minor;
                assert_eq!(all, line.amount.minor(), "{noted} {refunded} {second}");
            }
        }
    }
}
