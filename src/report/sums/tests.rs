use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Row, Sums, Time};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::movement::{Booked, Cancellation};
use crate::domain::payment::{Mode, Outcome, Payment, Terms};
use crate::report::By;

fn at(text: &str) -> Timestamp {
    format!("{text}+09:00").parse().unwrap()
}

fn november() -> Time {
    Time {
        since: at("2026-11-01T00:00:00"),
        until: at("2026-12-01T00:00:00"),
        by_request: false,
        zone: TimeZone::get("Asia/Seoul").unwrap(),
    }
}

fn payment(amount: Amount, outcome: Outcome, when: &str) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount,
        mode: Mode::Live,
    };
    Payment {
        outcome,
        imp_uid: Some("imps_1".to_owned()),
        paid_at: (outcome == Outcome::Paid).then(|| at(when)),
        card_name: Some("신한카드".to_owned()),
        pg_provider: Some("nice_v2".to_owned()),
        ..ChargeRequest::new(terms, "a thing").unsent(at(when), None, None)
    }
}

fn won(amount: i64) -> Amount {
    Amount::from_minor(amount, Currency::KRW)
}

fn booked(payment: Payment, back: &[(i64, &str)]) -> Booked {
    let currency = payment.terms.amount.currency();
    let cancellations: Vec<Cancellation> = back
        .iter()
        .map(|(amount, when)| Cancellation {
            amount: Amount::from_minor(*amount, currency),
            at: Some(at(when)),
            reason: None,
            cancellation_id: None,
            receipt_url: None,
        })
        .collect();
    let refunded = back.iter().map(|(amount, _)| amount).sum();
    let payment = Payment { cancel_amount: Some(Amount::from_minor(refunded, currency)), ..payment };
    Booked { payment, refunds: vec![], cancellations }
}

fn sums(by: By, time: Time, all: &[Booked]) -> Sums {
    let mut sums = Sums::new(by, time, None);
    all.iter().for_each(|booked| sums.add(booked));
    sums
}

fn keys(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.key.as_ref().map_or("", |key| key.text.as_str())).collect()
}

#[test]
fn a_refund_counts_in_its_own_month_and_says_of_which_sales() {
    let all = [
        booked(
            payment(won(10_000), Outcome::Paid, "2026-10-31T23:59:59"),
            &[(1_000, "2026-10-31T23:59:59"), (2_000, "2026-11-30T23:59:59"), (3_000, "2026-12-01T00:00:00")],
        ),
        booked(payment(won(5_000), Outcome::Paid, "2026-11-01T00:00:00"), &[(500, "2026-11-02T00:00:00")]),
        booked(payment(won(7_000), Outcome::Paid, "2026-12-01T00:00:00"), &[]),
        booked(payment(won(900), Outcome::Declined, "2026-11-05T00:00:00"), &[]),
        booked(payment(won(800), Outcome::Unknown, "2026-11-05T00:00:00"), &[]),
    ];
    let sums = sums(By::Day, november(), &all);
    let [total] = &sums.totals()[..] else { panic!("{:?}", sums.totals()) };
    assert_eq!((total.count, total.gross_minor), (1, 5_000));
    assert_eq!((total.refunded_same_minor, total.refunded_earlier_minor), (500, 2_000));
    assert_eq!(total.net_minor(), 2_500);
    assert_eq!(total.supply_minor + total.vat_minor + total.tax_free_minor, total.net_minor());
    assert_eq!((total.declined, total.declined_minor, total.unknown), (1, 900, 1));
    assert_eq!(total.decline_permille(), Some(500));
    let rows = sums.rows();
    assert_eq!(keys(&rows), ["2026-11-01", "2026-11-02", "2026-11-05", "2026-11-30"]);
    assert_eq!(rows.iter().map(Row::net_minor).collect::<Vec<_>>(), [5_000, -500, 0, -2_000]);
}

#[test]
fn rows_come_to_the_totals_whatever_they_are_about() {
    let all = [
        booked(payment(won(10_000), Outcome::Paid, "2026-10-31T12:00:00"), &[(2_000, "2026-11-03T12:00:00")]),
        booked(payment(won(5_000), Outcome::Paid, "2026-11-01T12:00:00"), &[(5_000, "2026-11-02T12:00:00")]),
        booked(payment(won(700), Outcome::Paid, "2026-11-04T12:00:00"), &[(70, "2026-11-04T12:00:00")]),
    ];
    for by in [By::Day, By::Month, By::Customer, By::Card, By::Product, By::Status] {
        let sums = sums(by, november(), &all);
        let of = |part: fn(&Row) -> i64| sums.rows().iter().map(part).sum::<i64>();
        let [total] = &sums.totals()[..] else { panic!("{by:?}") };
        assert_eq!(of(|row| row.gross_minor), total.gross_minor, "{by:?}");
        assert_eq!(of(Row::net_minor), total.net_minor(), "{by:?}");
        assert_eq!(of(|row| row.vat_minor), total.vat_minor, "{by:?}");
    }
    let by_status = sums(By::Status, november(), &all).rows();
    let mut words = keys(&by_status);
    words.sort_unstable();
    assert_eq!(words, ["cancelled", "partly_cancelled"]);
}

#[test]
fn test_money_and_other_currencies_are_sums_of_their_own() {
    let usd = Amount::from_minor(1_050, Currency::parse("USD").unwrap());
    let live = payment(won(100), Outcome::Paid, "2026-11-05T00:00:00");
    let all = [
        booked(live.clone(), &[]),
        booked(Payment { sandbox: Some(true), ..live }, &[]),
        booked(payment(usd, Outcome::Paid, "2026-11-05T00:00:00"), &[]),
    ];
    let totals = sums(By::Day, november(), &all).totals();
    let shown: Vec<(&str, &str, i64)> =
        totals.iter().map(|row| (row.mode.word(), row.currency.code(), row.gross_minor)).collect();
    assert_eq!(shown, [("live", "KRW", 100), ("live", "USD", 1_050), ("test", "KRW", 100)]);
}

#[test]
fn by_request_a_sale_counts_when_it_was_asked_for() {
    let late = Payment {
        requested_at: at("2026-10-31T23:59:00"),
        ..payment(won(100), Outcome::Paid, "2026-11-01T00:01:00")
    };
    let all = [booked(late, &[(40, "2026-11-09T00:00:00")])];
    let by_request = Time { by_request: true, ..november() };
    let [total] = &sums(By::Day, by_request, &all).totals()[..] else { panic!() };
    assert_eq!((total.count, total.gross_minor, total.refunded_earlier_minor), (0, 0, 40));
    let [total] = &sums(By::Day, november(), &all).totals()[..] else { panic!() };
    assert_eq!((total.count, total.gross_minor, total.refunded_same_minor), (1, 100, 40));
}

#[test]
fn reasons_say_who_has_to_act_and_what_was_paid_has_none() {
    let declined = |words: &str| Payment {
        message: Some(words.to_owned()),
        ..payment(won(900), Outcome::Declined, "2026-11-05T00:00:00")
    };
    let all = [
        booked(declined("PG사에서 승인 실패 [3011] 카드 한도초과"), &[]),
        booked(declined("nobody knows these words"), &[]),
        booked(payment(won(10_000), Outcome::Paid, "2026-11-05T00:00:00"), &[]),
    ];
    let sums = sums(By::Reason, november(), &all);
    let rows = sums.rows();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(keys(&rows).contains(&"nobody knows these words"), "{rows:?}");
    assert_eq!(sums.totals().len(), 1);
}
