//! Refunds that go another way, and what people do behind the API's back.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

const GILDONG: &str = "gildong_0001_1234";

fn cancel(bench: &Bench, body: &Value) -> (Value, String) {
    let envelope = bench.post("/payments/cancel", body).json();
    (envelope["code"].clone(), envelope["message"].as_str().unwrap_or_default().to_owned())
}

fn found(bench: &Bench, merchant_uid: &str) -> Value {
    bench.get(&format!("/payments/find/{merchant_uid}")).response()
}

/// What the PG holds of an order, which only the book knows.
fn held(bench: &Bench, merchant_uid: &str) -> Value {
    let book = bench.get("/_sandbox/book").response();
    let payments = book["payments"].as_array().unwrap().clone();
    payments.iter().find(|payment| payment["merchant_uid"] == merchant_uid).unwrap()["held_at_pg"].clone()
}

#[test]
fn a_refund_in_the_console_is_shown_with_the_console_s_reason() {
    let bench = Bench::start("");
    bench.again(GILDONG, "order_1").response();
    let console = |body: Value| bench.post("/_sandbox/console-refunds", &body);
    console(json!({"merchant_uid": "order_1", "amount": 900})).response();
    let payment = found(&bench, "order_1");
    assert_eq!((&payment["status"], &payment["cancel_amount"]), (&json!("cancelled"), &json!(900)));
    assert_eq!(payment["cancel_history"][0]["reason"], "관리자페이지취소");
    // Who believed the old balance is stopped by the checksum.
    assert_eq!(cancel(&bench, &json!({"merchant_uid": "order_1", "checksum": 8900})).0, 1);
    assert_eq!(console(json!({"merchant_uid": "order_1", "amount": 8001})).status, 400);
    console(json!({"merchant_uid": "order_1", "reason": "전화 요청"})).response();
    assert_eq!(
        (found(&bench, "order_1")["cancel_reason"].clone(), held(&bench, "order_1")),
        (json!("전화 요청"), json!(0))
    );
}

#[test]
fn a_refund_at_the_pg_is_not_heard_of_and_fails_the_one_by_api() {
    let bench = Bench::start("");
    bench.again(GILDONG, "order_1").response();
    bench.post("/_sandbox/pg-refunds", &json!({"merchant_uid": "order_1"})).response();
    let payment = found(&bench, "order_1");
    assert_eq!((&payment["status"], &payment["cancel_amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(held(&bench, "order_1"), 0);
    let refused = cancel(&bench, &json!({"merchant_uid": "order_1", "checksum": 8900}));
    assert_eq!(refused, (json!(-1), "기취소거래".to_owned()));
}

#[test]
fn an_un_cancel_at_the_pg_takes_the_money_again_and_is_not_heard_of() {
    let bench = Bench::start("");
    bench.again(GILDONG, "order_1").response();
    let uncancel = |body: Value| bench.post("/_sandbox/un-cancels", &body);
    assert_eq!(uncancel(json!({"merchant_uid": "order_1"})).status, 400);
    cancel(&bench, &json!({"merchant_uid": "order_1"}));
    assert_eq!(held(&bench, "order_1"), 0);
    let shown = uncancel(json!({"merchant_uid": "order_1"})).response();
    assert_eq!((&shown["status"], &shown["held_at_pg"]), (&json!("cancelled"), &json!(8900)));
    let again = cancel(&bench, &json!({"merchant_uid": "order_1"}));
    assert_eq!(again, (json!(1), "이미 전액취소된 주문입니다.".to_owned()));
}

#[test]
fn an_un_cancel_that_is_heard_of_leaves_no_trace_of_the_refund() {
    let bench = Bench::start("");
    bench.again(GILDONG, "order_1").response();
    let refund = |amount: i64| cancel(&bench, &json!({"merchant_uid": "order_1", "amount": amount}));
    refund(1000);
    refund(3000);
    let uncancel = |body: Value| bench.post("/_sandbox/un-cancels", &body);
    assert_eq!(uncancel(json!({"merchant_uid": "order_1", "amount": 2000, "heard": true})).status, 400);
    let shown = uncancel(json!({"merchant_uid": "order_1", "amount": 1000, "heard": true})).response();
    assert_eq!((&shown["status"], &shown["cancel_amount"]), (&json!("cancelled"), &json!(3000)));
    let shown = uncancel(json!({"merchant_uid": "order_1", "heard": true})).response();
    assert_eq!((&shown["status"], &shown["cancel_history"]), (&json!("paid"), &json!([])));
    assert_eq!(held(&bench, "order_1"), 8900);
    assert_eq!(refund(8900).0, json!(0));
}

#[test]
fn a_late_refund_lands_after_the_connection_was_dropped_also_beside_a_second_one() {
    let bench = Bench::start("late_refund=400ms*1");
    bench.again(GILDONG, "order_1").response();
    let body = json!({"merchant_uid": "order_1", "amount": 1000, "checksum": 8900});
    bench.exchange("POST", "/payments/cancel", "application/json", &body.to_string()).unwrap_err();
    assert_eq!(found(&bench, "order_1")["status"], "paid");
    // Who sends it again without looking has refunded twice: the checksum is still right.
    assert_eq!(cancel(&bench, &body).0, 0);
    let start = Instant::now();
    while found(&bench, "order_1")["cancel_amount"] != 2000 {
        assert!(start.elapsed() < Duration::from_secs(5), "the late refund never landed");
        thread::sleep(Duration::from_millis(20));
    }
    bench.set_faults("late_refund=1ms");
    let whole = json!({"merchant_uid": "order_1"}).to_string();
    bench.exchange("POST", "/payments/cancel", "application/json", &whole).unwrap_err();
    bench.post("/_sandbox/console-refunds", &json!({"merchant_uid": "order_1", "amount": 1})).json();
    thread::sleep(Duration::from_millis(20));
    let cancelled = found(&bench, "order_1")["cancel_amount"].as_i64().unwrap();
    assert!(cancelled <= 8900, "{cancelled}");
}

#[test]
fn a_pending_refund_is_answered_before_it_is_made() {
    let bench = Bench::start("refund_pending=300ms");
    bench.again(GILDONG, "order_1").response();
    let answer = bench.post("/payments/cancel", &json!({"merchant_uid": "order_1"})).response();
    assert_eq!((&answer["status"], &answer["cancel_history"]), (&json!("paid"), &json!([])));
    thread::sleep(Duration::from_millis(350));
    assert_eq!(found(&bench, "order_1")["status"], "cancelled");
}

#[test]
fn a_pg_refuses_refunds_for_reasons_of_its_own() {
    let bench = Bench::start("short_settlement*1,whole_refunds_only*1,partial_refunds_max=1");
    bench.again(GILDONG, "order_1").response();
    let part = json!({"merchant_uid": "order_1", "amount": 100});
    assert!(cancel(&bench, &part).1.starts_with("[8178] "));
    assert_eq!(cancel(&bench, &part), (json!(-1), "부분취소 불가능 거래(전체취소 요망)".to_owned()));
    assert_eq!(cancel(&bench, &part).0, 0);
    assert_eq!(cancel(&bench, &part).0, -1);
    assert_eq!(found(&bench, "order_1")["cancel_amount"], 100);
}

#[test]
fn tax_parts_are_kept_and_no_more_of_them_is_refunded_than_was_charged() {
    let bench = Bench::start("refund_reason_cut=2");
    let body = json!({"customer_uid": GILDONG, "merchant_uid": "order_1", "amount": 1100, "tax_free": 0,
        "vat_amount": 100});
    bench.post("/subscribe/payments/again", &body).response();
    let refund = |tax_free: Option<i64>, vat_amount: Option<i64>| {
        let body = json!({"merchant_uid": "order_1", "amount": 550, "tax_free": tax_free,
            "vat_amount": vat_amount, "reason": "반품 #a1"});
        cancel(&bench, &body).0
    };
    assert_eq!((refund(Some(1), None), refund(None, Some(101))), (json!(1), json!(1)));
    assert_eq!(refund(Some(0), Some(50)), 0);
    assert_eq!(refund(Some(0), Some(51)), 1);
    let book = bench.get("/_sandbox/book").response();
    assert_eq!(
        (&book["payments"][0]["tax_free"], &book["payments"][0]["vat_amount"]),
        (&json!(0), &json!(100))
    );
    let refunded = json!({"imp_uid": book["payments"][0]["imp_uid"], "amount": "550", "tax_free": "0",
        "vat_amount": "50", "reason": "반품"});
    assert_eq!(book["refunded"], json!([refunded]));
    bench.again(GILDONG, "order_2").response();
    let book = bench.get("/_sandbox/book").response();
    assert_eq!(book["payments"][1]["tax_free"], Value::Null);
}

#[test]
fn a_payment_made_elsewhere_is_found_as_it_was_written() {
    let bench = Bench::start("");
    let record = |body: Value| bench.post("/_sandbox/payments", &body);
    let window =
        record(json!({"merchant_uid": "주문 1", "amount": 0, "channel": "mobile", "status": "ready",
        "vbank_num": "123-456", "started_at": 1_700_000_000}))
        .response();
    assert!(window["imp_uid"].as_str().unwrap().starts_with("imp_"));
    assert_eq!((&window["customer_uid"], &window["apply_num"]), (&Value::Null, &Value::Null));
    assert_eq!((&window["vbank_num"], &window["channel"]), (&json!("123-456"), &json!("mobile")));
    let ready = bench.get("/payments/status/ready?from=1700000000&to=1700000000").response();
    assert_eq!(ready["total"], 1);
    // One that was begun in a window and not paid burns nothing.
    assert_eq!(bench.again(GILDONG, "주문 1").response()["status"], "paid");
    record(json!({"merchant_uid": "issued", "amount": 0, "customer_uid": GILDONG, "customer_uid_usage": "issue"}))
        .response();
    assert_eq!(found(&bench, "issued")["customer_uid_usage"], "issue");
    let live = record(json!({"merchant_uid": "api", "amount": 100, "channel": "api", "sandbox": false,
        "customer_uid": GILDONG, "customer_uid_usage": "payment", "status": "cancelled", "cancel_amount": 30,
        "paid_at": 1_700_000_000, "cancelled_at": 1_700_000_100, "currency": "USD", "imp_uid": "imps_9"}))
    .response();
    assert_eq!((&live["cancel_amount"], &live["status"]), (&json!(30), &json!("cancelled")));
    assert_eq!((&live["paid_at"], &live["cancelled_at"]), (&json!(1_700_000_000), &json!(1_700_000_100)));
    assert_eq!(bench.get("/payments/imps_9").status, 200, "a live payment needs no flag");
    assert_eq!(record(json!({"merchant_uid": "api", "amount": 1, "imp_uid": "imps_9"})).status, 400);
    assert_eq!(record(json!({"merchant_uid": "api", "amount": 1, "status": "done"})).status, 400);
    record(json!({"merchant_uid": "no", "amount": 5, "status": "failed", "fail_reason": "[CC10]"}))
        .response();
    assert_eq!(found(&bench, "no")["fail_reason"], "[CC10]");
    assert_eq!(cancel(&bench, &json!({"merchant_uid": "no"})).0, 1);
    record(json!({"merchant_uid": "late", "amount": 5, "status": "failed", "hidden_ms": 200, "turns_paid_ms": 200}))
        .json();
    assert_eq!(bench.get("/payments/find/late").status, 404);
    thread::sleep(Duration::from_millis(250));
    assert_eq!(found(&bench, "late")["status"], "paid");
}

#[test]
fn many_payments_are_recorded_at_once_and_all_or_none() {
    let bench = Bench::start("");
    let many: Vec<Value> = (0..1_500)
        .map(|index| {
            json!({"merchant_uid": format!("order_{index}"), "amount": 100, "paid_at": 1_700_000_000 + index})
        })
        .collect();
    let recorded = bench.post("/_sandbox/payments", &Value::Array(many)).response();
    assert_eq!(recorded["recorded"], 1_500);
    let window = "/payments/status/paid?from=1700000000&to=1700002000&limit=1000&sorting=paid";
    let pages = [bench.get(window).response(), bench.get(&format!("{window}&page=2")).response()];
    assert_eq!(
        (&pages[0]["next"], &pages[1]["next"], &pages[1]["total"]),
        (&json!(2), &json!(0), &json!(1_500))
    );
    assert_eq!(pages[1]["list"][499]["merchant_uid"], "order_1499");
    let bad = json!([{"merchant_uid": "good", "amount": 1}, {"merchant_uid": "bad"}]);
    assert_eq!(bench.post("/_sandbox/payments", &bad).status, 400);
    assert_eq!(bench.get("/payments/find/good").status, 404);
}

#[test]
fn a_payment_can_be_changed_against_every_rule() {
    let bench = Bench::start("");
    let imp_uid = bench.again(GILDONG, "order_1").response()["imp_uid"].clone();
    let change = |body: Value| {
        bench.exchange("PUT", "/_sandbox/payments", "application/json", &body.to_string()).unwrap()
    };
    change(json!({"imp_uid": imp_uid, "amount": 7000, "status": "failed", "sandbox": false})).response();
    let payment = found(&bench, "order_1");
    assert_eq!((&payment["amount"], &payment["status"]), (&json!(7000), &json!("failed")));
    assert_eq!((&payment["sandbox"], &payment["currency"]), (&json!(false), &json!("KRW")));
    change(json!({"imp_uid": imp_uid, "hidden_ms": 3_600_000})).response();
    assert_eq!(bench.get("/payments/find/order_1").status, 404);
    assert_eq!(change(json!({"imp_uid": "imps_0", "amount": 1})).status, 400);
    assert_eq!(change(json!({"imp_uid": imp_uid, "status": "done"})).status, 400);
}
