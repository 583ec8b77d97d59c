use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

const CARD: &str = "5409-2600-0000-0006";

fn issue(bench: &Bench, customer_uid: &str, card_number: &str, expiry: &str) -> (u16, Value) {
    let body = json!({"card_number": card_number, "expiry": expiry, "birth": "900101", "pwd_2digit": "00"});
    let reply = bench.post(&format!("/subscribe/customers/{customer_uid}"), &body);
    (reply.status, reply.json())
}

#[test]
fn a_billing_key_is_made_of_a_card_s_numbers_and_charged() {
    let bench = Bench::start("");
    let (_, made) = issue(&bench, "new", CARD, "2099-12");
    assert_eq!(made["response"]["card_number"], "5409-26**-****-0006");
    assert_eq!(made["response"]["card_code"], "366");
    assert_eq!(bench.again("new", "order_1").response()["card_number"], "5409-26**-****-0006");
    let (_, second) = issue(&bench, "new", "4579-7300-0000-0005", "2099-12");
    assert_eq!(second["response"]["card_name"], "KB국민카드");
    assert_eq!(bench.get("/subscribe/customers/new").response()["card_name"], "KB국민카드");
}

#[test]
fn a_card_that_is_none_makes_no_billing_key() {
    let bench = Bench::start("");
    let refused = |number: &str, expiry: &str| {
        let (status, envelope) = issue(&bench, "new", number, expiry);
        (status, envelope["code"].clone(), envelope["message"].as_str().unwrap().to_owned())
    };
    let because = |words: &str| format!("카드정보 인증 및 빌키 발급에 실패하였습니다. {words}");
    let number = because("[F112]유효하지않은 카드번호를 입력하셨습니다. (card_bin 없음)");
    let card = because("[F113]거래거절 카드번호틀림");
    assert_eq!(refused("1234", "2099-12"), (200, json!(-1), number.clone()));
    assert_eq!(refused("1234-1234-1234-1234", "2099-12"), (200, json!(-1), number));
    assert_eq!(refused("4092-0230-1234-1234", "2099-12"), (200, json!(-1), card.clone()));
    assert_eq!(refused(CARD, "12/30"), (200, json!(-1), card));
    assert_eq!(refused(CARD, "").0, 400);
    bench.set_faults("channel_key_required");
    assert_eq!(refused(CARD, "2099-12").0, 400);
    assert_eq!(bench.get("/subscribe/customers/new").json()["code"], 1);
}

#[test]
fn a_channel_is_chosen_by_its_key_or_by_its_pg() {
    let bench = Bench::start("");
    for (index, (field, value)) in
        [("channel_key", "channel-key-sandbox-tosspayments"), ("pg", "tosspayments.iamporttest_4")]
            .into_iter()
            .enumerate()
    {
        let body = json!({"card_number": CARD, "expiry": "2099-12", field: value});
        let made = bench.post(&format!("/subscribe/customers/new_{index}"), &body).response();
        assert_eq!(made["pg_provider"], "tosspayments", "{field}");
    }
}

#[test]
fn a_payment_by_a_card_s_numbers_keeps_the_card_only_for_a_customer() {
    let bench = Bench::start("");
    let once = |merchant_uid: &str, customer_uid: Option<&str>, number: &str| {
        let body = json!({"merchant_uid": merchant_uid, "amount": 100, "card_number": number,
            "expiry": "2099-12", "customer_uid": customer_uid});
        bench.post("/subscribe/payments/onetime", &body)
    };
    let paid = once("order_1", None, CARD).response();
    assert_eq!((&paid["status"], &paid["customer_uid"]), (&json!("paid"), &Value::Null));
    assert_eq!(paid["customer_uid_usage"], Value::Null);
    // A duplicate is refused before the card is looked at (facts 2.5).
    assert!(once("order_1", Some("new"), "1").refusal().1.starts_with("이미 주문이 이루어진 건입니다"));
    let bad = once("order_2", Some("new"), "4092-0230-1234-1234").refusal();
    assert_eq!(bad, (-1, "카드정보 인증에 실패하였습니다. [F113]거래거절 카드번호틀림".to_owned()));
    assert_eq!(bench.get("/subscribe/customers/new").json()["code"], 1);
    once("order_2", Some("new"), CARD).response();
    assert_eq!(bench.again("new", "order_3").response()["status"], "paid");
    assert_eq!(bench.charges("order_1"), (2, 1));
}

#[test]
fn card_companies_are_listed_by_their_codes() {
    let bench = Bench::start("");
    let cards = bench.get("/cards").response();
    assert!(cards.as_array().unwrap().contains(&json!({"code": "366", "name": "신한카드"})));
    assert_eq!(bench.get("/cards/041").response()["name"], "우리카드");
    assert_eq!(bench.get("/cards/000").status, 404);
    assert_eq!(bench.get("/certifications/imp_1").refusal().1, "인증결과가 존재하지 않습니다.");
}

#[test]
fn an_amount_is_registered_ahead_once() {
    let bench = Bench::start("");
    let body = json!({"merchant_uid": "order_1", "amount": 100});
    assert_eq!(
        bench.get("/payments/prepare/order_1").refusal().1,
        "사전등록된 결제정보가 존재하지 않습니다."
    );
    assert_eq!(bench.post("/payments/prepare", &body).response(), body);
    assert_eq!(bench.get("/payments/prepare/order_1/").response(), body);
    let twice = bench.post("/payments/prepare", &body).refusal();
    assert_eq!(twice, (1, "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).".to_owned()));
    let other = json!({"merchant_uid": "order_1", "amount": 200}).to_string();
    bench.exchange("PUT", "/payments/prepare", "application/json", &other).unwrap().response();
    assert_eq!(bench.get("/payments/prepare/order_1").response()["amount"], 200);
}

#[test]
fn a_balance_tells_supply_vat_and_tax_free_parts() {
    let bench = Bench::start("");
    let body = json!({"customer_uid": "gildong_0001_1234", "merchant_uid": "order_1", "amount": 16000,
        "tax_free": 1000});
    let paid = bench.post("/subscribe/payments/again", &body).response();
    let path = format!("/payments/{}/balance", paid["imp_uid"].as_str().unwrap());
    let balance = bench.get(&path).response();
    assert_eq!(balance["primary"], json!({"service": 0, "supply": 13636, "tax_free": 1000, "vat": 1364}));
    let refund = json!({"merchant_uid": "order_1", "amount": 1000, "tax_free": 1000});
    bench.post("/payments/cancel", &refund).response();
    let balance = bench.get(&path).response();
    assert_eq!(balance["primary"], json!({"service": 0, "supply": 13636, "tax_free": 0, "vat": 1364}));
    assert_eq!(balance["amount"], 16000);
    assert_eq!(bench.get("/payments/imps_1/balance").status, 404);
}
