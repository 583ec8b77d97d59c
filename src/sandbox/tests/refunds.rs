use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

fn cancel(bench: &Bench, body: &Value) -> Value {
    bench.post("/payments/cancel", body).json()
}

#[test]
fn partial_refunds_add_up_and_every_one_is_cancelled() {
    let bench = Bench::start("");
    bench.again("gildong_0001_1234", "order_1");
    let first = cancel(
        &bench,
        &json!({"merchant_uid": "order_1", "amount": 900, "checksum": 8900, "reason": "사과"}),
    );
    assert_eq!(first["response"]["status"], "cancelled");
    assert_eq!(first["response"]["cancel_amount"], 900);
    let second = cancel(&bench, &json!({"merchant_uid": "order_1", "checksum": 8000}));
    assert_eq!(second["response"]["cancel_amount"], 8900);
    let history = second["response"]["cancel_history"].as_array().unwrap();
    assert_eq!((&history[0]["amount"], &history[1]["amount"]), (&json!(900), &json!(8000)));
    assert_eq!(history[0]["reason"], "사과");
    assert_ne!(history[0]["cancellation_id"], history[1]["cancellation_id"]);
    assert_eq!(second["response"]["cancel_receipt_urls"].as_array().unwrap().len(), 2);
    let third = cancel(&bench, &json!({"merchant_uid": "order_1"}));
    assert_eq!((&third["code"], &third["message"]), (&json!(1), &json!("이미 전액취소된 주문입니다.")));
}

#[test]
fn a_wrong_checksum_or_too_much_changes_nothing() {
    let bench = Bench::start("");
    let imp_uid = bench.again("gildong_0001_1234", "order_1").response()["imp_uid"].clone();
    for body in [json!({"imp_uid": imp_uid, "checksum": 8899}), json!({"imp_uid": imp_uid, "amount": 8901})] {
        assert_eq!(cancel(&bench, &body)["code"], 1, "{body}");
    }
    assert_eq!(bench.get("/payments/find/order_1").response()["cancel_amount"], 0);
}

#[test]
fn a_wrong_imp_uid_wins_over_a_right_merchant_uid() {
    let bench = Bench::start("");
    bench.again("gildong_0001_1234", "order_1");
    let refused = cancel(&bench, &json!({"imp_uid": "imps_000000000000", "merchant_uid": "order_1"}));
    assert_eq!(refused["message"], "취소할 결제건이 존재하지 않습니다.");
    assert!(cancel(&bench, &json!({}))["message"].as_str().unwrap().ends_with("지정해주셔야합니다."));
}

#[test]
fn a_refund_can_be_refused_and_its_answer_lost() {
    let bench = Bench::start("");
    bench.again("sandbox_no_refund", "order_1");
    let refused = cancel(&bench, &json!({"merchant_uid": "order_1"}));
    assert_eq!((&refused["code"], &refused["message"]), (&json!(-1), &json!("기취소거래")));
    bench.again("gildong_0001_1234", "order_2");
    bench.set_faults("refund.lost_after@order_2");
    let body = json!({"merchant_uid": "order_2", "amount": 1}).to_string();
    bench.exchange("POST", "/payments/cancel", "application/json", &body).unwrap_err();
    assert_eq!(bench.get("/payments/find/order_2").response()["cancel_amount"], 1);
    let book = bench.get("/_sandbox/book").response();
    assert_eq!(book["refunds"][1], json!({"id": "order_2", "received": 1, "refunded": 1}));
}
