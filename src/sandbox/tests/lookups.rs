use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

const NOT_FOUND: &str = "{\"code\":-1,\"message\":\"\\uc874\\uc7ac\\ud558\\uc9c0 \\uc54a\\ub294 \
    \\uacb0\\uc81c\\uc815\\ubcf4\\uc785\\ub2c8\\ub2e4.\",\"response\":null}";

fn merchant_uids(page: &Value) -> Vec<&str> {
    page["list"].as_array().unwrap().iter().map(|payment| payment["merchant_uid"].as_str().unwrap()).collect()
}

#[test]
fn what_is_not_there_is_a_404_with_this_very_body() {
    let bench = Bench::start("");
    for path in
        ["/payments/imps_1", "/payments/find/order_1", "/payments/find/order_1/", "/payments/findAll/order_1"]
    {
        let reply = bench.get(path);
        assert_eq!((reply.status, reply.body.as_str()), (404, NOT_FOUND), "{path}");
    }
}

#[test]
fn a_test_payment_is_hidden_by_imp_uid_unless_it_is_asked_for() {
    let bench = Bench::start("");
    let imp_uid =
        bench.again("gildong_0001_1234", "order_1").response()["imp_uid"].as_str().unwrap().to_owned();
    assert_eq!(bench.get(&format!("/payments/{imp_uid}")).body, NOT_FOUND);
    let shown = bench.get(&format!("/payments/{imp_uid}?include_sandbox=true")).response();
    assert_eq!(shown["merchant_uid"], "order_1");
    bench.set_faults("live_flag");
    let live = bench.again("gildong_0001_1234", "order_2").response();
    assert_eq!(bench.get(&format!("/payments/{}", live["imp_uid"].as_str().unwrap())).status, 200);
}

#[test]
fn paths_are_decoded_once_and_wholly() {
    let bench = Bench::start("");
    bench.again("gildong_0001_1234", "주문/1 %2F");
    let path = "/payments/findAll/%EC%A3%BC%EB%AC%B8%2F1%20%252F";
    assert_eq!(bench.get(path).response()["list"][0]["merchant_uid"], "주문/1 %2F");
}

#[test]
fn find_gives_the_newest_and_find_all_every_record_of_a_merchant_uid() {
    let bench = Bench::start("");
    bench.again("sandbox_declined", "order_1");
    bench.again("gildong_0001_1234", "order_1");
    assert_eq!(bench.get("/payments/find/order_1").response()["status"], "paid");
    assert_eq!(bench.get("/payments/find/order_1?sorting=started").response()["status"], "failed");
    assert_eq!(bench.get("/payments/find/order_1/failed").response()["status"], "failed");
    let page = bench.get("/payments/findAll/order_1").response();
    assert_eq!((&page["total"], &page["previous"], &page["next"]), (&json!(2), &json!(0), &json!(0)));
    assert_eq!(bench.get("/payments/findAll/order_1/cancelled").status, 404);
    let bad = bench.get("/payments/findAll/order_1/canceled");
    assert_eq!((bad.status, bad.refusal().1), (400, "지원되지 않는 상태값입니다.".to_owned()));
}

#[test]
fn pages_are_linked_by_numbers_and_end_with_zero() {
    let bench = Bench::start("");
    for order in 0..5 {
        bench.again("gildong_0001_1234", &format!("order_{order}"));
    }
    let first = bench.get("/payments/status/paid?limit=2").response();
    assert_eq!(merchant_uids(&first), ["order_4", "order_3"]);
    assert_eq!((&first["previous"], &first["next"], &first["total"]), (&json!(0), &json!(2), &json!(5)));
    let last = bench.get("/payments/status/all?limit=2&page=3&sorting=started").response();
    assert_eq!(merchant_uids(&last), ["order_4"]);
    assert_eq!((&last["previous"], &last["next"]), (&json!(2), &json!(0)));
    assert_eq!(bench.get("/payments/status/paid?limit=2&page=4").status, 400);
    assert_eq!(bench.get("/payments/status/failed").response()["total"], 0);
    assert_eq!(bench.get("/payments/status/done").status, 400);
    let of_customer = bench.get("/subscribe/customers/gildong_0001_1234/payments").response();
    assert_eq!(of_customer["total"], 5);
    assert_eq!(bench.get("/subscribe/customers/nobody/payments").response()["list"], json!([]));
}

#[test]
fn a_window_takes_the_time_of_the_last_status_and_at_most_ninety_days() {
    let bench = Bench::start("charge.clock_skew=-2400h*1");
    let old = bench.again("gildong_0001_1234", "order_old").response();
    let old_at = old["paid_at"].as_i64().unwrap();
    bench.again("gildong_0001_1234", "order_new");
    let total = |query: String| bench.get(&format!("/payments/status/{query}")).response()["total"].clone();
    assert_eq!(total("paid?from=0".to_owned()), 1);
    assert_eq!(total(format!("paid?from={old_at}&to={old_at}")), 1);
    assert_eq!(total(format!("paid?from={}&to={}", old_at + 1, old_at + 2)), 0);
    bench.post("/payments/cancel", &json!({"merchant_uid": "order_old"})).response();
    assert_eq!(total(format!("all?from={old_at}&to={old_at}")), 0);
    assert_eq!(total("cancelled".to_owned()), 1);
}

#[test]
fn a_list_of_ids_is_207_if_some_are_missing() {
    let bench = Bench::start("");
    let imp_uid =
        bench.again("gildong_0001_1234", "order_1").response()["imp_uid"].as_str().unwrap().to_owned();
    let all = bench.get(&format!("/payments?imp_uid[]={imp_uid}&merchant_uid%5B%5D=order_1"));
    assert_eq!((all.status, all.response().as_array().unwrap().len()), (200, 2));
    let some = bench.get("/payments?merchant_uid[]=order_1&merchant_uid[]=order_2");
    assert_eq!((some.status, some.response().as_array().unwrap().len()), (207, 1));
    assert_eq!(bench.get("/payments?merchant_uid[]=order_2").status, 404);
    let many = "merchant_uid[]=order_1&".repeat(101);
    assert_eq!(bench.get(&format!("/payments?{many}")).status, 400);
}

#[test]
fn a_billing_key_is_shown_listed_replaced_and_deleted() {
    let bench = Bench::start("");
    let path = "/subscribe/customers/gildong_0001_1234";
    let key = bench.get(path).response();
    assert_eq!(key["card_number"], "5409-26**-****-1234");
    assert_eq!(key["sandbox"], true);
    let some = bench.get("/subscribe/customers?customer_uid[]=gildong_0001_1234&customer_uid[]=nobody");
    assert_eq!((some.status, some.response().as_array().unwrap().len()), (207, 1));
    assert_eq!(bench.get("/subscribe/customers?customer_uid[]=nobody").status, 404);
    bench
        .post(
            "/_sandbox/billing-keys",
            &json!({"customer_uid": "gildong_0001_1234", "card_name": "삼성카드"}),
        )
        .response();
    assert_eq!(bench.get(path).response()["card_name"], "삼성카드");
    let deleted = bench.exchange("DELETE", path, "application/json", "").unwrap();
    assert_eq!(deleted.response()["customer_uid"], "gildong_0001_1234");
    let gone = bench.get(path);
    assert_eq!((gone.status, gone.refusal().0), (200, 1));
    assert!(gone.refusal().1.contains("customer_uid(gildong_0001_1234)"));
    bench.set_faults("customer_404");
    assert_eq!(bench.get(path).status, 404);
    assert_eq!(bench.get("/users/pg").response()[0]["sandbox"], true);
}
