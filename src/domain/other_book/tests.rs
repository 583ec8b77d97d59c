use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::{Finding, Here, MoneyCells, Moved, Span, Status, Telling, There, When, Wrong, compare};
use crate::domain::money::{Amount, Currency};

fn seoul() -> TimeZone {
    TimeZone::get("Asia/Seoul").unwrap()
}

fn november() -> Span {
    Span::of_days(date(2026, 11, 1), date(2026, 11, 30), &seoul()).unwrap()
}

fn at(text: &str) -> Timestamp {
    format!("{text}T12:00:00+09:00").parse().unwrap()
}

fn money(amount: &str, cancelled: &str, status: &str, kind: &str) -> Result<Moved, Wrong> {
    let [status, kind] = [status, kind].map(|word| Status::read(word).unwrap());
    MoneyCells { amount, cancelled, status, kind }.read(Currency::KRW)
}

#[test]
fn what_a_row_moved() {
    let moved = |sale_minor, back_minor| Ok(Moved { sale_minor, back_minor });
    for (amount, cancelled, status, kind, expected, why) in [
        ("8,900", "", "", "", moved(8_900, 0), "an amount alone is a sale"),
        ("8900", "0", "결제완료", "", moved(8_900, 0), "nothing was cancelled"),
        ("8900", "1000", "부분취소", "", moved(8_900, 1_000), "a payment and what went back of it"),
        ("8900", "-1000", "", "", moved(8_900, 1_000), "cancelled is less than nothing in some lists"),
        ("8900", "8900", "취소", "", moved(8_900, 8_900), "all of it"),
        ("-8900", "", "", "", moved(0, 8_900), "a row of less than nothing took it back"),
        ("△8,900", "", "", "", moved(0, 8_900), "as a Korean book writes it"),
        ("(8,900)", "", "", "", moved(0, 8_900), "as an accountant writes it"),
        ("₩-8,900", "", "", "", moved(0, 8_900), "with the sign of the won before it"),
        ("-8900", "8900", "취소", "", moved(0, 8_900), "said twice, went back once"),
        ("8900", "", "", "취소", moved(0, 8_900), "a row of the kind cancelled, whatever its sign"),
        ("-8900", "", "", "환불", moved(0, 8_900), "the same"),
        ("", "1000", "", "", moved(0, 1_000), "a row of what went back alone"),
        ("0", "1000", "", "", moved(0, 1_000), "the same"),
        ("8900", "", "결제실패", "", moved(0, 0), "no money moved"),
        ("8900", "", "", "failed", moved(0, 0), "the same"),
    ] {
        assert_eq!(money(amount, cancelled, status, kind), expected, "{why}");
    }
    for (amount, cancelled, status, kind, says) in [
        ("8900.50", "", "", "", "the amount `8900.50` has decimals, and KRW has none"),
        ("", "", "", "", "there is no amount"),
        ("12x", "", "", "", "`12x` is not an amount"),
        ("8900", "x", "", "", "`x` is not an amount"),
        ("8900", "9000", "", "", "more was cancelled than was paid"),
        ("-8900", "100", "", "", "another amount than the one that the row takes back"),
        ("8900", "", "취소", "", "no cell of it says how much went back"),
        ("8900", "0", "부분취소", "", "no cell of it says how much went back"),
    ] {
        let (Wrong::Amount(what) | Wrong::Cancelled(what) | Wrong::Status(what)) =
            money(amount, cancelled, status, kind).unwrap_err();
        assert!(what.contains(says), "{what}");
    }
    assert!(Status::read("배송중").unwrap_err().contains("`배송중` is no status that is known"));
    assert_eq!((Status::read(" 결제 완료 "), Status::read("")), (Ok(Some(Status::Paid)), Ok(None)));
}

#[test]
fn times_are_read_as_lists_write_them() {
    let noon = |text: &str| When::read(text, &seoul());
    let day = date(2026, 11, 3);
    for text in ["2026-11-03", "2026/11/3", "2026.11.03", "2026. 11. 3", "20261103", "2026년 11월 3일"] {
        assert_eq!(noon(text), Some(When::Day(day)), "{text}");
    }
    for text in [
        "2026-11-03 19:30:04",
        "2026.11.03 19:30:04",
        "20261103193004",
        "20261103 193004",
        "20261103 19:30:04",
        "2026-11-03T19:30:04+09:00",
        "2026-11-03T10:30:04Z",
        "2026-11-03 오후 7:30:04",
        "2026-11-03 07:30:04 PM",
        "2026-11-03T19:30:04",
        "2026-11-03 19:30:04.000",
        "2026년 11월 3일 19시 30분 4초",
    ] {
        assert_eq!(noon(text), Some(When::At(day.at(19, 30, 4, 0))), "{text}");
    }
    assert_eq!(noon("2026-11-03 오전 12:00"), Some(When::At(day.at(0, 0, 0, 0))));
    for text in
        ["", "11-03", "2026-13-01", "2026-11-31", "46329", "어제", "2026-11-03 25:00", "3/11/2026", "-"]
    {
        assert_eq!(noon(text), None, "{text}");
    }
}

#[test]
fn a_day_is_of_a_time_where_any_of_it_is() {
    let span = november();
    for (day, is_in) in
        [((2026, 10, 31), false), ((2026, 11, 1), true), ((2026, 11, 30), true), ((2026, 12, 1), false)]
    {
        assert_eq!(span.has_told(When::Day(date(day.0, day.1, day.2))), is_in, "{day:?}");
    }
    let half = Span { until: at("2026-11-10"), ..span };
    assert!(half.has_told(When::Day(date(2026, 11, 10))));
    assert!(!half.has_told(When::At(date(2026, 11, 10).at(12, 0, 0, 0))));
}

/// Our payment of ₩10,000 with what went back of it; a third field is true where the PG did it without the gateway.
fn here(is_paid: bool, is_of_time: bool, backs: &[(&str, i64, bool)]) -> Here {
    Here {
        is_paid,
        amount: Amount::from_minor(10_000, Currency::KRW),
        is_of_time,
        backs: backs.iter().map(|(day, minor, outside)| (at(day), *minor, *outside)).collect(),
    }
}

/// Rows of theirs: sale, what went back, day of November.
fn there(rows: &[(i64, i64, i8)]) -> Vec<There> {
    let row = |(row, (sale_minor, back_minor, day)): (u32, &(i64, i64, i8))| There {
        row,
        currency: Currency::KRW,
        moved: Moved { sale_minor: *sale_minor, back_minor: *back_minor },
        at: Some(When::Day(date(2026, 11, *day))),
    };
    (0..).zip(rows).map(row).collect()
}

const BACK: (&str, i64, bool) = ("2026-11-20", 3_000, false);
const LATE: (&str, i64, bool) = ("2026-12-05", 2_000, false);
const OUTSIDE: (&str, i64, bool) = ("2026-11-21", 1_000, true);
const SALE: (i64, i64, i8) = (10_000, 0, 3);
const ITS_BACK: (i64, i64, i8) = (0, 3_000, 20);

fn by(telling: Telling, here: &Here, rows: &[(i64, i64, i8)]) -> Vec<Finding> {
    compare(here, &there(rows), telling, &november()).findings
}

fn refund(here_minor: i64, there_minor: i64, row: Option<u32>) -> Vec<Finding> {
    vec![Finding::RefundDiffers { here_minor, there_minor, row }]
}

#[test]
fn the_sale_of_one_payment_is_held_against_its_rows() {
    use Finding::{AmountDiffers, NoSale, StatusDiffers, Twice};
    let of = |is_paid, is_of_time| here(is_paid, is_of_time, &[]);
    let twice = Twice { row: 1, first: 0 };
    for (rule, here, rows, expected) in [
        ("the same", of(true, true), vec![SALE], vec![]),
        ("of another day", of(true, false), vec![SALE], vec![]),
        ("another amount", of(true, true), vec![(9_000, 0, 3)], vec![AmountDiffers { row: 0 }]),
        ("paid there alone", of(false, true), vec![SALE], vec![StatusDiffers { row: 0 }]),
        ("refunded there alone", of(false, true), vec![ITS_BACK], vec![StatusDiffers { row: 0 }]),
        ("no row", of(true, true), vec![], vec![NoSale]),
        ("no row, and of another time", of(true, false), vec![], vec![]),
        ("not paid, no row", of(false, true), vec![], vec![]),
        ("twice", of(true, true), vec![SALE, SALE], vec![twice]),
        ("twice, and another amount", of(true, true), vec![SALE, (9_000, 0, 3)], vec![twice]),
    ] {
        assert_eq!(by(Telling::Movements, &here, &rows), expected, "{rule}");
    }
    let dollars = There { currency: Currency::parse("USD").unwrap(), ..there(&[SALE])[0] };
    let told = compare(&of(true, true), &[dollars], Telling::Movements, &november());
    assert_eq!(told.findings, [AmountDiffers { row: 0 }], "the same digits of another currency");
}

#[test]
fn refunds_are_rows_of_their_own_in_a_list_of_movements() {
    let with = |is_of_time, backs: &[_]| here(true, is_of_time, backs);
    let twice = vec![Finding::Twice { row: 2, first: 1 }];
    for (rule, here, rows, expected) in [
        ("a row", with(true, &[BACK]), vec![SALE, ITS_BACK], vec![]),
        ("no row", with(true, &[BACK]), vec![SALE], refund(3_000, 0, Some(0))),
        ("another sum", with(true, &[BACK]), vec![SALE, (0, 500, 20)], refund(3_000, 500, Some(1))),
        ("of an earlier sale", with(false, &[BACK]), vec![ITS_BACK], vec![]),
        ("of an earlier sale without a row", with(false, &[BACK]), vec![], refund(3_000, 0, None)),
        ("of later without a row", with(true, &[LATE]), vec![SALE], vec![]),
        ("the PG's own may be there", with(true, &[BACK, OUTSIDE]), vec![SALE, (0, 4_000, 20)], vec![]),
        ("or not", with(true, &[BACK, OUTSIDE]), vec![SALE, ITS_BACK], vec![]),
        ("two alike are two", with(true, &[BACK, BACK]), vec![SALE, ITS_BACK, ITS_BACK], vec![]),
        ("or one that is there twice", with(true, &[BACK]), vec![SALE, ITS_BACK, ITS_BACK], twice),
    ] {
        assert_eq!(by(Telling::Movements, &here, &rows), expected, "{rule}");
    }
}

#[test]
fn refunds_are_a_state_in_a_list_of_payments() {
    let with = |is_of_time, backs: &[_]| here(true, is_of_time, backs);
    for (rule, here, cancelled, expected) in [
        ("a column", with(true, &[BACK]), 3_000, vec![]),
        ("not in its column", with(true, &[BACK]), 0, refund(3_000, 0, Some(0))),
        ("there alone", with(true, &[]), 500, refund(0, 500, Some(0))),
        ("a later one that the state may have", with(true, &[BACK, LATE]), 5_000, vec![]),
        ("or not have", with(true, &[BACK, LATE]), 3_000, vec![]),
        ("but no other sum", with(true, &[BACK, LATE]), 2_000, refund(3_000, 2_000, Some(0))),
        ("the PG's own may be in it", with(true, &[BACK, OUTSIDE]), 4_000, vec![]),
    ] {
        assert_eq!(by(Telling::Payments, &here, &[(10_000, cancelled, 3)]), expected, "{rule}");
    }
    assert_eq!(
        by(Telling::Payments, &with(false, &[BACK]), &[]),
        [],
        "an earlier sale has its row elsewhere"
    );
    let row = (10_000, 3_000, 3);
    let twice = by(Telling::Payments, &with(true, &[BACK]), &[row, row]);
    assert_eq!(twice, [Finding::Twice { row: 1, first: 0 }], "its refund stands there twice too");
}

#[test]
fn what_is_the_same_comes_to_the_same() {
    let told = |telling, backs: &[_], rows: &[_]| {
        let told = compare(&here(true, true, backs), &there(rows), telling, &november());
        (told.paid_minor, told.refunded_minor)
    };
    assert_eq!(told(Telling::Payments, &[BACK, LATE], &[(10_000, 5_000, 3)]), (10_000, 5_000));
    assert_eq!(told(Telling::Movements, &[BACK, LATE], &[SALE, ITS_BACK]), (10_000, 3_000));
    assert_eq!(told(Telling::Movements, &[BACK], &[SALE]), (10_000, 3_000), "ours, where it is another");
    let unpaid = compare(&here(false, true, &[]), &there(&[SALE]), Telling::Movements, &november());
    assert_eq!((unpaid.paid_minor, unpaid.refunded_minor), (0, 0));
}
