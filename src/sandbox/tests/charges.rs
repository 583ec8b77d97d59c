use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

const AGAIN: &str = "/subscribe/payments/again";

#[test]
fn an_approved_charge_looks_like_a_recorded_one() {
    let bench = Bench::start("");
    let reply = bench.again("gildong_0001_1234", "order_1");
    assert_eq!(reply.status, 200);
    assert!(reply.body.starts_with(r#"{"code":0,"message":null,"response":{"amount":8900,"apply_num":"3"#));
    assert!(
        reply.body.contains(r#""card_name":"\uc2e0\ud55c\uce74\ub4dc","card_number":"5409-26**-****-1234""#)
    );
    assert!(reply.body.contains(r#""receipt_url":"https:\/\/receipt.sandbox.invalid\/"#));
    let payment = reply.response();
    let imp_uid = payment["imp_uid"].as_str().unwrap();
    assert!(imp_uid.len() == 17 && imp_uid.starts_with("imps_"));
    assert_eq!(payment["apply_num"].as_str().unwrap().len(), 8);
    assert_eq!(payment["status"], "paid");
    assert_eq!(payment["sandbox"], true);
    assert_eq!(payment["paid_at"], payment["started_at"]);
    assert_eq!(payment["failed_at"], 0);
    assert_eq!(payment["cancel_history"], json!([]));
    assert_eq!(payment["name"], "월 구독");
    assert_eq!(payment["customer_uid_usage"], "payment");
}

#[test]
fn a_form_charges_too_and_foreign_money_keeps_its_digits() {
    let bench = Bench::start("");
    let body = "customer_uid=gildong_0001_1234&merchant_uid=order%2F1&amount=14.20&currency=USD&name=a+b";
    let reply = bench.exchange("POST", AGAIN, "application/x-www-form-urlencoded", body).unwrap();
    assert!(reply.body.contains(r#""amount":14.20,"#), "{}", reply.body);
    assert_eq!(reply.response()["merchant_uid"], "order/1");
}

#[test]
fn a_merchant_uid_is_charged_once_and_stays_burnt_after_a_refund() {
    let bench = Bench::start("");
    bench.again("gildong_0001_1234", "order_1");
    let duplicate = (
        1,
        "이미 주문이 이루어진 건입니다. (동일한 merchant_uid로 결제 또는 취소된 기록이 있습니다)".to_owned(),
    );
    assert_eq!(bench.again("gildong_0001_1234", "order_1").refusal(), duplicate);
    bench.post("/payments/cancel", &json!({"merchant_uid": "order_1"})).response();
    assert_eq!(bench.again("nobody", "order_1").refusal(), duplicate);
    assert_eq!(bench.charges("order_1"), (3, 1));
}

#[test]
fn a_decline_is_a_record_and_its_merchant_uid_may_be_charged_again() {
    let bench = Bench::start("");
    let declined = bench.again("sandbox_declined", "order_1");
    assert_eq!(declined.status, 200);
    let payment = declined.response();
    assert_eq!(payment["status"], "failed");
    assert_eq!(payment["fail_reason"], "[CC10] 통장 잔액부족");
    assert_eq!(payment["paid_at"], 0);
    assert_eq!(payment["apply_num"], Value::Null);
    assert_eq!(payment["receipt_url"], Value::Null);
    assert!(payment["failed_at"].as_i64().unwrap() > 0);
    let second = bench.again("gildong_0001_1234", "order_1").response();
    assert_eq!(second["status"], "paid");
    assert_ne!(second["imp_uid"], payment["imp_uid"]);
}

#[test]
fn an_unknown_customer_and_a_rejection_leave_no_record() {
    let bench = Bench::start("");
    assert_eq!(bench.again("nobody", "order_1").refusal(), (1, "등록되지 않은 구매자입니다.".to_owned()));
    assert_eq!(bench.again("sandbox_rejected", "order_1").refusal().0, -1);
    assert_eq!(bench.get("/payments/findAll/order_1").status, 404);
}

#[test]
fn terms_that_are_missing_are_a_400_in_an_envelope() {
    let bench = Bench::start("");
    let reply = bench.post(AGAIN, &json!({"customer_uid": "gildong_0001_1234", "merchant_uid": "order_1"}));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.refusal().0, -1);
    assert_eq!(bench.charges("order_1"), (1, 0));
}

#[test]
fn two_processes_with_one_book_charge_a_merchant_uid_once() {
    let bench = Bench::start("");
    let neighbour = bench.neighbour();
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for turn in 0..8 {
            let (side, barrier) = (if turn % 2 == 0 { &bench } else { &neighbour }, &barrier);
            scope.spawn(move || {
                barrier.wait();
                side.again("gildong_0001_1234", "order_1");
            });
        }
    });
    assert_eq!(bench.charges("order_1"), (8, 1));
}

#[test]
fn a_wallet_has_no_card_and_a_super_billing_key_has_channels() {
    let bench = Bench::start("");
    let payment = bench.again("minji_0004_kakao", "order_1").response();
    assert_eq!(payment["pay_method"], "point");
    assert_eq!(payment["card_number"], Value::Null);
    let key = bench.get("/subscribe/customers/super_0005_3456").response();
    assert_eq!(key["succeededChannels"].as_array().unwrap().len(), 2);
    assert_eq!(bench.again("super_0005_3456", "order_2").response()["status"], "paid");
}
