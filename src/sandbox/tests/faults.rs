use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::tests::Bench;
use crate::sandbox::{IMP_KEY, IMP_SECRET};

const GILDONG: &str = "gildong_0001_1234";

fn found(bench: &Bench, merchant_uid: &str) -> Option<Value> {
    let reply = bench.get(&format!("/payments/find/{merchant_uid}"));
    (reply.status == 200).then(|| reply.response())
}

/// Waits for a payment to be found with this status.
fn wait_for(bench: &Bench, merchant_uid: &str, status: &str) {
    let start = Instant::now();
    while found(bench, merchant_uid).is_none_or(|payment| payment["status"] != status) {
        assert!(start.elapsed() < Duration::from_secs(5), "{merchant_uid} never was {status}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_answer_lost_after_the_charge_leaves_a_paid_record() {
    let bench = Bench::start("");
    assert_eq!(bench.try_again("sandbox_unknown", "order_1").unwrap_err(), "nothing");
    assert_eq!(found(&bench, "order_1").unwrap()["status"], "paid");
    bench.set_faults("lost_after=reset");
    assert_eq!(bench.try_again(GILDONG, "order_2").unwrap_err(), "ConnectionReset");
    assert_eq!(bench.charges("order_2"), (1, 1));
}

#[test]
fn a_request_lost_before_the_charge_leaves_nothing() {
    let bench = Bench::start("lost_before@order_1*1");
    assert_eq!(bench.try_again(GILDONG, "order_1").unwrap_err(), "nothing");
    assert_eq!(bench.charges("order_1"), (1, 0));
    assert_eq!(bench.again(GILDONG, "order_1").response()["status"], "paid");
}

#[test]
fn a_late_charge_lands_after_the_connection_was_dropped() {
    let bench = Bench::start("late_charge=300ms");
    bench.try_again(GILDONG, "order_1").unwrap_err();
    assert!(found(&bench, "order_1").is_none());
    let neighbour = bench.neighbour();
    drop(bench.sandbox);
    wait_for(&neighbour, "order_1", "paid");
}

#[test]
fn a_slow_answer_comes_late_and_its_client_may_leave() {
    let bench = Bench::start("slow=300ms");
    let start = Instant::now();
    bench.again(GILDONG, "order_1").response();
    assert!(start.elapsed() >= Duration::from_millis(300));
    bench.set_faults("slow=1h");
    let body =
        json!({"customer_uid": GILDONG, "merchant_uid": "order_2", "amount": 1, "name": "n"}).to_string();
    bench.abandon("/subscribe/payments/again", &body);
    wait_for(&bench, "order_2", "paid");
}

#[test]
fn a_hidden_payment_is_found_later_and_refused_as_a_duplicate_meanwhile() {
    let bench = Bench::start("hidden=300ms@order_1");
    let imp_uid = bench.again(GILDONG, "order_1").response()["imp_uid"].as_str().unwrap().to_owned();
    assert!(found(&bench, "order_1").is_none());
    assert_eq!(bench.get(&format!("/payments/{imp_uid}?include_sandbox=true")).status, 404);
    assert_eq!(bench.get("/payments/status/all").response()["total"], 0);
    assert_eq!(bench.again(GILDONG, "order_1").refusal().0, 1);
    wait_for(&bench, "order_1", "paid");
}

#[test]
fn a_failed_payment_turns_paid() {
    let bench = Bench::start("flips_to_paid=300ms");
    let payment = bench.again(GILDONG, "order_1").response();
    assert_eq!((&payment["status"], &payment["apply_num"]), (&json!("failed"), &Value::Null));
    wait_for(&bench, "order_1", "paid");
    let payment = found(&bench, "order_1").unwrap();
    assert_eq!((&payment["failed_at"], &payment["fail_reason"]), (&json!(0), &Value::Null));
    assert!(payment["apply_num"].is_string() && payment["paid_at"] != 0);
}

#[test]
fn a_rejected_payment_may_have_been_charged() {
    let bench = Bench::start("reject_but_charged=300ms");
    assert_eq!(bench.again(GILDONG, "order_1").refusal().0, -1);
    assert!(found(&bench, "order_1").is_none());
    wait_for(&bench, "order_1", "paid");
}

#[test]
fn twins_are_both_charged_and_a_later_one_is_refused() {
    let bench = Bench::start("twins=500ms");
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(bench.again(GILDONG, "order_1").response()["status"], "paid");
            });
        }
    });
    assert_eq!(bench.again(GILDONG, "order_1").refusal().0, 1);
    assert_eq!(bench.charges("order_1"), (3, 2));
}

#[test]
fn the_rules_about_duplicates_can_be_changed() {
    let bench = Bench::start("no_duplicate_refusal*2,duplicate_code=-1");
    bench.again(GILDONG, "order_1").response();
    bench.again(GILDONG, "order_1").response();
    assert_eq!(bench.again(GILDONG, "order_1").refusal().0, -1);
    bench.set_faults("failed_burns");
    bench.again("sandbox_declined", "order_2").response();
    assert_eq!(bench.again(GILDONG, "order_2").refusal().0, 1);
    bench.set_faults("customer_first");
    assert_eq!(bench.again("nobody", "order_1").refusal().1, "등록되지 않은 구매자입니다.");
}

#[test]
fn answers_that_prove_nothing_come_with_and_without_a_charge() {
    let bench = Bench::start("");
    let cases = [
        ("html_502", 502, 1),
        ("html_502_before", 502, 0),
        ("error_500", 500, 0),
        ("error_500_after", 500, 1),
        ("error_503", 503, 0),
        ("rate_limited", 429, 0),
        ("redirect", 307, 0),
        ("empty", 200, 1),
        ("status_201", 201, 1),
    ];
    for (fault, status, charged) in cases {
        bench.set_faults(fault);
        let reply = bench.again(GILDONG, fault);
        assert_eq!((reply.status, bench.charges(fault).1), (status, charged), "{fault}: {}", reply.head);
    }
    bench.set_faults("redirect");
    assert!(bench.again(GILDONG, "r").head.contains("location: /_sandbox/maintenance"));
}

#[test]
fn a_fault_of_the_answer_waits_for_work_that_was_done() {
    let bench = Bench::start("error_503*1,revoke_token*1,lost_after*1");
    assert_eq!(bench.again(GILDONG, "order_1").status, 503);
    assert_eq!(bench.again(GILDONG, "order_1").status, 401);
    let body = json!({"imp_key": IMP_KEY, "imp_secret": IMP_SECRET});
    let token = bench.post("/users/getToken", &body).response()["access_token"].as_str().unwrap().to_owned();
    let bench = Bench { token, ..bench };
    assert_eq!(bench.try_again(GILDONG, "order_1").unwrap_err(), "nothing");
    assert_eq!(bench.charges("order_1"), (3, 1));
}

#[test]
fn a_body_can_be_cut_empty_huge_or_deep() {
    let bench = Bench::start("cut_json@order_1,null_response@order_2,deep@order_3");
    assert!(bench.try_again(GILDONG, "order_1").unwrap_err().starts_with("cut after"));
    assert_eq!(bench.again(GILDONG, "order_2").json(), json!({"code": 0, "message": null, "response": null}));
    assert!(bench.again(GILDONG, "order_3").body.contains("[[[[[[[["));
    bench.set_faults("huge");
    assert!(bench.again(GILDONG, "order_4").body.len() > 10_000_000);
    for order in 1..=4 {
        assert_eq!(bench.charges(&format!("order_{order}")), (1, 1));
    }
}

#[test]
fn a_payment_can_differ_from_what_was_asked_for() {
    let bench = Bench::start("amount_differs=100,currency_differs=USD,message_set");
    let recorded = bench.again(GILDONG, "order_1");
    assert_eq!(recorded.json()["message"], "정상적으로 처리되었습니다.");
    let found = found(&bench, "order_1").unwrap();
    assert_eq!((&found["amount"], &found["currency"]), (&json!(100), &json!("USD")));
    let changed = |fault: &str, field: &str| {
        bench.set_faults(fault);
        bench.again(GILDONG, fault).response().get(field).cloned()
    };
    assert_eq!(changed("ready_status", "status"), Some(json!("ready")));
    assert_eq!(changed("unknown_status=odd", "status"), Some(json!("odd")));
    assert_eq!(changed("other_merchant_uid=x", "merchant_uid"), Some(json!("x")));
    assert_eq!(changed("missing_fields", "name"), None);
    assert_eq!(changed("no_flag", "sandbox"), None);
    assert_eq!(changed("usage", "customer_uid_usage"), Some(json!("issue")));
    assert!(changed("extra_fields", "a_new_field").is_some());
    assert!(changed("fractional_times", "paid_at").unwrap().to_string().ends_with(".25"));
    assert!(changed("escapes", "name").unwrap().as_str().unwrap().contains("\u{1b}[2J"));
}

#[test]
fn a_reissued_card_is_charged_in_place_of_the_old_one() {
    let bench = Bench::start("reissue");
    let before = bench.get("/subscribe/customers/gildong_0001_1234").response();
    let payment = bench.again(GILDONG, "order_1").response();
    assert_ne!(payment["card_number"], before["card_number"]);
    let after = bench.get("/subscribe/customers/gildong_0001_1234").response();
    assert_eq!(payment["card_number"], after["card_number"]);
}

#[test]
fn look_ups_can_be_down_and_come_back() {
    let bench = Bench::start("lookups_down*1,html_404*1,lookup.null_response*1");
    bench.again(GILDONG, "order_1").response();
    assert_eq!(bench.get("/payments/findAll/order_1").status, 503);
    let page = bench.get("/payments/findAll/order_1");
    assert_eq!((page.status, page.body.starts_with("<html>")), (404, true));
    assert_eq!(bench.get("/payments/findAll/order_1").response(), Value::Null);
    assert_eq!(bench.get("/payments/findAll/order_1").response()["total"], 1);
}

#[test]
fn a_wrong_plan_is_refused_and_the_old_one_stays() {
    let bench = Bench::start("decline");
    let refused = bench.exchange("PUT", "/_sandbox/faults", "text/plain", "lost_aftr").unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.refusal().1.contains("lost_after"));
    assert_eq!(bench.again(GILDONG, "order_1").response()["status"], "failed");
}
