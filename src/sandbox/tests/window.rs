//! The PG window, as its own page asks.

use serde_json::json;

use crate::sandbox::tests::Bench;

#[test]
fn the_sdk_and_the_window_are_served() {
    let bench = Bench::start("");
    let sdk = bench.get("/v1/iamport.js");
    assert!(sdk.head.contains("text/javascript") && sdk.body.contains("window.IMP = {"), "{}", sdk.head);
    let window = bench.get("/_sandbox/window");
    assert!(window.head.contains("text/html") && window.body.contains("SANDBOX"), "{}", window.head);
}

#[test]
fn an_approved_card_is_a_billing_key_that_is_charged() {
    let bench = Bench::start("");
    let uid = "gildong_0001_5678";
    let (code, _) = bench.get(&format!("/subscribe/customers/{uid}")).refusal();
    assert_eq!(code, 1);
    let form = json!({
        "customer_uid": uid, "customer_name": "홍길동", "pg_provider": "tosspayments",
        "card_number": "4579-7300-0000-5678",
    });
    let answer = bench.post("/_sandbox/window", &form).response();
    assert_eq!(
        (&answer["card_name"], &answer["card_number"]),
        (&json!("KB국민카드"), &json!("4579-73**-****-5678"))
    );
    let key = bench.get(&format!("/subscribe/customers/{uid}")).response();
    assert_eq!((&key["pg_provider"], &key["card_code"]), (&json!("tosspayments"), &json!("381")));
    let charge = json!({"customer_uid": uid, "merchant_uid": "order_1", "amount": 8900, "name": "Monthly"});
    assert_eq!(bench.post("/subscribe/payments/again", &charge).response()["status"], "paid");
}

#[test]
fn a_number_that_is_none_makes_no_billing_key() {
    let bench = Bench::start("");
    for form in
        [json!({"customer_uid": "a", "card_number": "1234"}), json!({"card_number": "5409260000001234"})]
    {
        assert_eq!(bench.post("/_sandbox/window", &form).refusal().0, 1, "{form}");
    }
    assert_eq!(bench.get("/subscribe/customers/a").refusal().0, 1);
}

#[test]
fn a_customer_whose_charges_go_wrong_stays_one_with_a_new_card() {
    let bench = Bench::start("");
    let form = json!({"customer_uid": "sandbox_declined", "card_number": "5409-2600-0000-1234"});
    bench.post("/_sandbox/window", &form).response();
    let charge =
        json!({"customer_uid": "sandbox_declined", "merchant_uid": "d", "amount": 8900, "name": "Monthly"});
    assert_eq!(bench.post("/subscribe/payments/again", &charge).response()["status"], "failed");
}
