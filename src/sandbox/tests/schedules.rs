use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::clock::now_ms;
use crate::sandbox::tests::Bench;

const GILDONG: &str = "gildong_0001_1234";
const SCHEDULE: &str = "/subscribe/payments/schedule";

fn now_s() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap()
}

fn schedule(bench: &Bench, customer_uid: &str, merchant_uid: &str, schedule_at: u64) -> Value {
    let item = json!({"merchant_uid": merchant_uid, "schedule_at": schedule_at, "amount": 8900});
    bench.post(SCHEDULE, &json!({"customer_uid": customer_uid, "schedules": [item]})).json()
}

fn status_of(bench: &Bench, merchant_uid: &str) -> (Value, Value) {
    let found = bench.get(&format!("{SCHEDULE}/{merchant_uid}")).response();
    (found["schedule_status"].clone(), found["payment_status"].clone())
}

/// Schedules an order for the running second, and waits until it has been carried out.
fn carried_out(bench: &Bench, customer_uid: &str, merchant_uid: &str) {
    assert_eq!(schedule(bench, customer_uid, merchant_uid, now_s() + 1)["code"], 0);
    while status_of(bench, merchant_uid).0 == "scheduled" {
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_schedule_is_shown_before_its_time_and_revoked_by_its_order_or_its_customer() {
    let bench = Bench::start("");
    let at = now_s() + 86_400;
    let made = schedule(&bench, GILDONG, "order_1", at)["response"][0].clone();
    assert_eq!((&made["schedule_status"], &made["payment_status"]), (&json!("scheduled"), &Value::Null));
    assert_eq!(
        (&made["schedule_at"], &made["imp_uid"], &made["amount"]),
        (&json!(at), &Value::Null, &json!(8900))
    );
    let name = made["name"].as_str().unwrap();
    assert!(name.starts_with(&format!("{GILDONG} 고객에 대한 20")) && name.ends_with(" 예약 결제"), "{name}");
    assert_eq!(made["buyer_name"], "홍길동");
    schedule(&bench, GILDONG, "order_2", at + 1);
    schedule(&bench, GILDONG, "order_3", at + 2);
    let unschedule = "/subscribe/payments/unschedule";
    let one =
        bench.post(unschedule, &json!({"customer_uid": GILDONG, "merchant_uid": ["order_1"]})).response();
    assert_eq!((one.as_array().unwrap().len(), &one[0]["schedule_status"]), (1, &json!("revoked")));
    let all = bench.post(unschedule, &json!({"customer_uid": GILDONG})).response();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let none = bench.post(unschedule, &json!({"customer_uid": GILDONG})).refusal();
    assert_eq!(none, (1, "취소할 예약결제 기록이 존재하지 않습니다.".to_owned()));
    assert_eq!(bench.get("/payments/status/all").response()["total"], 0);
}

#[test]
fn a_schedule_is_carried_out_by_the_gateway_and_outlasts_it() {
    let bench = Bench::start("");
    let at = now_s() + 1;
    schedule(&bench, GILDONG, "order_1", at);
    let Bench { sandbox, directory, .. } = bench;
    drop(sandbox);
    thread::sleep(Duration::from_millis(1_100));
    let bench = Bench::start_in(directory, "");
    let paid = bench.get("/payments/find/order_1").response();
    assert_eq!((&paid["status"], &paid["customer_uid_usage"]), (&json!("paid"), &json!("payment.scheduled")));
    assert_eq!((&paid["channel"], &paid["paid_at"]), (&json!("api"), &json!(at)));
    let found = bench.get(&format!("{SCHEDULE}/order_1")).response();
    assert_eq!((&found["executed_at"], &found["imp_uid"]), (&json!(at), &paid["imp_uid"]));
    bench.post("/payments/cancel", &json!({"merchant_uid": "order_1"})).response();
    assert_eq!(status_of(&bench, "order_1"), (json!("executed"), json!("cancelled")));
    assert_eq!(bench.charges("order_1"), (0, 0));
}

#[test]
fn a_scheduled_payment_fails_for_its_customer_and_is_retried_under_the_same_id() {
    let bench = Bench::start("");
    carried_out(&bench, "sandbox_declined", "order_1");
    assert_eq!(status_of(&bench, "order_1"), (json!("executed"), json!("failed")));
    assert_eq!(bench.get("/payments/find/order_1").response()["fail_reason"], "[CC10] 통장 잔액부족");
    let retry = |order: &str| bench.post(&format!("{SCHEDULE}/{order}/retry"), &json!({}));
    assert_eq!(retry("order_1").response()["status"], "failed");
    assert_eq!(bench.get("/payments/findAll/order_1").response()["total"], 2);
    let plain = json!({"customer_uid": "sandbox_declined", "card_name": "삼성카드"});
    bench.post("/_sandbox/billing-keys", &plain).response();
    assert_eq!(retry("order_1").response()["status"], "paid");
    assert_eq!((retry("order_1").status, retry("none").status), (400, 404));
}

#[test]
fn an_order_that_was_charged_meanwhile_is_not_charged_by_its_schedule() {
    let bench = Bench::start("");
    // In whole seconds: one of them may be over in a moment.
    schedule(&bench, GILDONG, "order_1", now_s() + 2);
    bench.again(GILDONG, "order_1").response();
    thread::sleep(Duration::from_millis(2_100));
    let found = bench.get(&format!("{SCHEDULE}/order_1")).response();
    assert_eq!((&found["payment_status"], &found["imp_uid"]), (&json!("failed"), &Value::Null));
    assert!(found["fail_reason"].as_str().unwrap().starts_with("이미 주문이 이루어진 건입니다."));
    assert_eq!(bench.get("/payments/findAll/order_1").response()["total"], 1);
}

#[test]
fn a_schedule_is_moved_while_it_is_open_and_renewed_when_it_is_not() {
    let bench = Bench::start("");
    let at = now_s() + 3_600;
    schedule(&bench, GILDONG, "order_1", at);
    let path = format!("{SCHEDULE}/order_1");
    let put = |body: &Value| bench.exchange("PUT", &path, "application/json", &body.to_string()).unwrap();
    assert_eq!(put(&json!({"schedule_at": at + 60})).response()["schedule_at"], at + 60);
    assert_eq!(put(&json!({"schedule_at": 1})).status, 400);
    assert_eq!(put(&json!({})).status, 400);
    let reschedule = format!("{path}/reschedule");
    assert_eq!(bench.post(&reschedule, &json!({"schedule_at": at})).status, 400);
    bench.post("/subscribe/payments/unschedule", &json!({"merchant_uid": "order_1"})).response();
    assert_eq!(put(&json!({"schedule_at": at})).status, 400);
    assert_eq!(
        bench.post(&reschedule, &json!({"schedule_at": at})).response()["schedule_status"],
        "scheduled"
    );
    assert_eq!(bench.get(&format!("{SCHEDULE}/none")).status, 404);
}

#[test]
fn schedules_are_listed_by_range_and_by_customer_as_an_array_or_in_pages() {
    let bench = Bench::start("");
    let at = now_s() + 1_000;
    for (index, customer) in [GILDONG, GILDONG, "younghee_0002_5678"].into_iter().enumerate() {
        schedule(&bench, customer, &format!("order_{index}"), at + u64::try_from(index).unwrap());
    }
    let orders = |path: String| -> Vec<String> {
        let list = bench.get(&path).response();
        list["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["merchant_uid"].as_str().unwrap().to_owned())
            .collect()
    };
    let range = |from: u64, to: u64| format!("{SCHEDULE}?schedule_from={from}&schedule_to={to}");
    assert_eq!(orders(range(at, at + 3)), ["order_2", "order_1", "order_0"]);
    assert_eq!(orders(range(at, at + 2)), ["order_1", "order_0"], "the end is not part of the range");
    assert_eq!(orders(format!("{}&sorting=scheduled&limit=1&page=2", range(at, at + 3))), ["order_1"]);
    assert!(orders(format!("{}&schedule_status=revoked", range(at, at + 3))).is_empty());
    for path in [
        format!("/subscribe/customers/{GILDONG}/schedules?from={at}&to={}&schedule-status=scheduled", at + 9),
        format!("{SCHEDULE}/customers/{GILDONG}?from={at}&to={}", at + 9),
    ] {
        assert_eq!(orders(path), ["order_1", "order_0"]);
    }
    for bad in [
        SCHEDULE.to_owned(),
        range(at, at + 93 * 86_400),
        format!("{}&schedule_status=done", range(at, at + 1)),
        format!("/subscribe/customers/{GILDONG}/schedules"),
    ] {
        assert_eq!(bench.get(&bad).status, 400, "{bad}");
    }
    let page = bench.get(&format!("{}&limit=2", range(at, at + 3))).response();
    assert_eq!((&page["total"], &page["next"], &page["previous"]), (&json!(3), &json!(2), &json!(0)));
    bench.set_faults("schedule_array");
    let list = bench.get(&format!("{}&limit=2", range(at, at + 3))).response();
    assert_eq!(list.as_array().unwrap().len(), 2);
    bench.set_faults("schedule.error_503");
    assert_eq!(bench.get(&range(at, at + 1)).status, 503);
}

#[test]
fn what_cannot_be_scheduled_is_refused_whole() {
    let bench = Bench::start("");
    let at = now_s() + 1_000;
    assert_eq!(schedule(&bench, "nobody", "order_1", at)["message"], "등록된 고객정보가 없습니다.");
    assert_eq!(schedule(&bench, GILDONG, "order_1", 1_478_150_985)["code"], 1);
    schedule(&bench, GILDONG, "order_1", at);
    assert_eq!(schedule(&bench, GILDONG, "order_1", at)["code"], 1);
    let items = json!([
        {"merchant_uid": "order_2", "schedule_at": at, "amount": 1},
        {"merchant_uid": "order_1", "schedule_at": at, "amount": 1},
    ]);
    assert_eq!(bench.post(SCHEDULE, &json!({"customer_uid": GILDONG, "schedules": items})).json()["code"], 1);
    assert_eq!(bench.get(&format!("{SCHEDULE}/order_2")).status, 404);
    let mut card = json!({"customer_uid": "new", "card_number": "4092-0230-1234-1234", "expiry": "2099-12",
        "schedules": [{"merchant_uid": "order_3", "schedule_at": at, "amount": 1}]});
    let bad = bench.post(SCHEDULE, &card).refusal();
    assert_eq!(bad, (1, "카드정보 확인에 실패하였습니다. [F113]거래거절 카드번호틀림".to_owned()));
    card["card_number"] = json!("5409-2600-0000-0006");
    card["checking_amount"] = json!(100);
    bench.post(SCHEDULE, &card).response();
    let checked = bench.get("/subscribe/customers/new/payments").response()["list"][0].clone();
    assert_eq!((&checked["status"], &checked["cancel_amount"]), (&json!("cancelled"), &json!(100)));
}

#[test]
fn a_form_schedules_as_the_php_client_sends_it() {
    let bench = Bench::start("");
    let at = now_s() + 1_000;
    let body = format!(
        "customer_uid={GILDONG}&schedules%5B0%5D%5Bmerchant_uid%5D=order_1&schedules%5B0%5D%5Bschedule_at%5D={at}\
         &schedules%5B0%5D%5Bamount%5D=8900&schedules[1][merchant_uid]=order_2&schedules[1][schedule_at]={at}\
         &schedules[1][amount]=100&schedules[1][name]=n"
    );
    let form = "application/x-www-form-urlencoded";
    let made = bench.exchange("POST", SCHEDULE, form, &body).unwrap().response();
    assert_eq!((&made[0]["amount"], &made[1]["name"]), (&json!(8900), &json!("n")));
    let revoked = bench
        .exchange("POST", "/subscribe/payments/unschedule", form, "merchant_uid%5B%5D=order_2")
        .unwrap()
        .response();
    assert_eq!((revoked.as_array().unwrap().len(), &revoked[0]["merchant_uid"]), (1, &json!("order_2")));
}
