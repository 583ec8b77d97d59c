use std::borrow::Cow;

use super::{Columns, ColumnsError, Listed, Shown, Value};
use crate::domain::customer::Customer;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Outcome, Payment};
use crate::domain::reason::Reason;
use crate::output::customer::customer_object;
use crate::output::json;
use crate::output::payment::{PaymentView, payment_object};
use crate::output::samples::{at, customer, declined, paid, seoul, won};

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

#[test]
fn the_payment_object_has_the_contracts_fields_in_the_contracts_order() {
    let payment = paid();
    let json =
        json::pretty(&payment_object(PaymentView { payment: &payment, replayed: true }, &seoul())).unwrap();
    let expected = r#"{
  "outcome": "paid",
  "replayed": true,
  "merchant_uid": "order_monthly_0001",
  "imp_uid": "imps_623347347957",
  "customer_uid": "gildong_0001_1234",
  "name": "Monthly subscription",
  "amount": 8900,
  "currency": "KRW",
  "cancel_amount": 0,
  "status": "paid",
  "apply_num": "30012345",
  "card_name": "신한카드",
  "card_number": "5409-26**-****-1234",
  "pg_provider": "html5_inicis",
  "pg_tid": "INIpayBILL1",
  "receipt_url": "https://receipt.example/1",
  "code": null,
  "message": null,
  "requested_at": "2026-11-23T19:30:04+09:00",
  "paid_at": "2026-11-23T19:30:04+09:00",
  "cancelled_at": null,
  "mode": "live",
  "attempts": 1,
  "note": null,
  "operator": "mina",
  "host": null,
  "doubt": null,
  "who_acts": null,
  "noted": null,
  "noted_at": null,
  "noted_by": null,
  "noted_evidence": null,
  "other_imp_uids": [],
  "alarm": false,
  "tax_free": null,
  "vat_amount": null,
  "refunded_outside": null,
  "refunded_outside_at": null,
  "refunded_outside_by": null,
  "refunded_outside_evidence": null
}"#;
    assert_eq!(json, expected);
}

#[test]
fn the_message_is_our_reason_where_there_is_one_and_else_the_gateways_words() {
    let mut payment = declined();
    let says = |payment: &Payment, message: &str| {
        let json = json::line(&payment_object(payment.into(), &seoul())).unwrap();
        assert!(json.contains(&format!(r#""message":"{message}","#)), "{json}");
    };
    says(&payment, "통장 잔액부족");
    payment.reason = Some(Reason::NoTrace);
    says(&payment, "the gateway shows no trace of it, long after it was sent");
    payment.message = None;
    says(&payment, "the gateway shows no trace of it, long after it was sent");
}

#[test]
fn json_amounts_are_the_digits_and_nothing_else() {
    let usd = Currency::parse("USD").unwrap();
    for (amount, digits) in [
        (Amount::from_minor(1420, usd), "14.20"),
        (Amount::from_minor(10, usd), "0.10"),
        (won(9_007_199_254_740_993), "9007199254740993"),
        (won(i64::MAX), "9223372036854775807"),
    ] {
        let mut payment = declined();
        payment.terms.amount = amount;
        let json = json::line(&payment_object((&payment).into(), &seoul())).unwrap();
        assert!(json.contains(&format!(r#""amount":{digits},"#)), "{json}");
    }
}

#[test]
fn the_customer_object_has_the_contracts_fields_in_the_contracts_order() {
    let json = json::line(&customer_object(&customer(), &seoul())).unwrap();
    let expected = concat!(
        r#"{"customer_uid":"gildong_0001_1234","name":"홍길동","email":null,"tel":"010-1234-5678","#,
        r#""note":null,"card_name":"신한카드","card_code":"041","card_number":"5409-26**-****-1234","#,
        r#""pg_provider":"html5_inicis","pg_id":"INIpayTest","mode":"live","#,
        r#""added_at":"2026-10-01T09:00:00+09:00","checked_at":"2026-11-01T09:00:00+09:00","#,
        r#""removed_at":null}"#,
    );
    assert_eq!(json, expected);
}

#[test]
fn texts_that_are_formulas_are_disarmed_in_csv_and_numbers_are_left_alone() {
    let zone = seoul();
    let shown = Shown { zone: &zone, replayed: false };
    for (given, cell) in [
        ("=1+1", "'=1+1"),
        ("+82-10-1234-5678", "'+82-10-1234-5678"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", r"'\u{d}=1"),
        ("'=1", "''=1"),
        ("''-1", "'''-1"),
        ("'it is", "'it is"),
        ("a=1", "a=1"),
        ("두 줄\n말", "두 줄\n말"),
        ("\u{1b}[2J", r"\u{1b}[2J"),
        ("", ""),
    ] {
        assert_eq!(text(given).for_csv(shown), cell, "{given:?}");
    }
    assert_eq!(Value::Whole(-1).for_csv(shown), "-1");
    assert_eq!(Value::Money(won(-8900)).for_csv(shown), "-8900");
    assert_eq!(Value::Absent.for_csv(shown), "");
}

#[test]
fn plain_cells_hold_no_tab_and_no_line_break() {
    let zone = seoul();
    let shown = Shown { zone: &zone, replayed: true };
    assert_eq!(text("a\tb\r\nc\u{1b}").for_plain(shown), r"a b  c\u{1b}");
    assert_eq!(Value::Money(won(8900)).for_plain(shown), "8900");
    assert_eq!(Value::Time(at("2026-11-23T10:30:04Z")).for_plain(shown), "2026-11-23T19:30:04+09:00");
    assert_eq!(Value::Replayed.for_plain(shown), "true");
    assert_eq!(Value::Outcome(Outcome::NotSent).for_plain(shown), "not_sent");
}

#[test]
fn people_see_money_and_times_as_people_write_them() {
    let zone = seoul();
    let shown = Shown { zone: &zone, replayed: false };
    assert_eq!(Value::Money(won(1_234_567)).for_people(shown), "₩1,234,567");
    assert_eq!(Value::Time(at("2026-11-23T10:30:04Z")).for_people(shown), "2026-11-23 19:30:04");
    assert_eq!(text("a\u{1b}\n").for_people(shown), r"a\u{1b}\u{a}");
}

#[test]
fn columns_are_picked_by_name_in_the_order_given() {
    let columns = Columns::<Payment>::parse(" amount, merchant-uid ,OUTCOME,amount,").unwrap();
    let names: Vec<_> = columns.fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["amount", "merchant_uid", "outcome"]);
    for field in Customer::FIELDS {
        assert!(Columns::<Customer>::parse(field.name).is_ok(), "{}", field.name);
    }
}

#[test]
fn the_tables_own_headings_are_columns_too() {
    let columns = Columns::<Payment>::parse("when,Result,CARD,order,product,card_name").unwrap();
    let names: Vec<_> = columns.fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["requested_at", "outcome", "card_name", "card_number", "merchant_uid", "name"]);
    let headings: Vec<_> = columns.table.iter().map(|column| column.heading.unwrap_or(column.name)).collect();
    assert_eq!(headings, ["WHEN", "RESULT", "CARD", "ORDER", "PRODUCT", "card_name"]);
    for column in Payment::TABLE {
        assert!(Columns::<Payment>::parse(column.heading.unwrap()).is_ok(), "{:?}", column.heading);
    }
    for column in Customer::TABLE {
        assert!(Columns::<Customer>::parse(column.heading.unwrap()).is_ok(), "{:?}", column.heading);
    }
}

#[test]
fn a_column_that_is_none_is_named_with_the_nearest_one() {
    let error = Columns::<Payment>::parse("amount,mercant_uid").err().unwrap().to_string();
    assert!(
        error.starts_with("`mercant_uid` is not a column of a payment; did you mean merchant_uid? "),
        "{error}"
    );
    assert!(error.contains("The columns are outcome, replayed, merchant_uid, imp_uid, "), "{error}");
    let hostile = Columns::<Payment>::parse("\u{1b}[2J").err().unwrap().to_string();
    assert!(hostile.starts_with(r"`\u{1b}[2J` is"), "{hostile}");
    assert!(matches!(Columns::<Payment>::parse(" , "), Err(ColumnsError::None { .. })));
}
