//! Two payments under one order: told by every command that meets them, until one is refunded or somebody signs for
//! it (contract, rule 11).

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, record};
use crate::support::world::{Ran, World, to_charge, to_charge_with};

/// What the gateway shows under `order_1`, for the test to change.
type Shown = Arc<Mutex<Vec<String>>>;

fn payment(imp_uid: &str, approval: &str) -> String {
    record("order_1", "gildong_0001_1234", "8900", "paid")
        .replace("imps_623347347957", imp_uid)
        .replace("30012345", approval)
}

fn ours() -> String {
    payment("imps_ours", "11111111")
}

fn other() -> String {
    payment("imps_other", "22222222")
}

fn refunded(payment: &str, amount: &str) -> String {
    payment
        .replace(r#""status":"paid""#, r#""status":"cancelled""#)
        .replace(r#""cancel_amount":0"#, &format!(r#""cancel_amount":{amount},"cancelled_at":1795000900"#))
}

/// A gateway that charges `order_1` as `imps_ours`, and shows of it what the test says.
fn gateway(shown: &Shown) -> Scripted {
    let shown = Arc::clone(shown);
    Scripted::start_asked(move |asked| {
        let mut shown = shown.lock().unwrap();
        if asked.is_charge() && asked.merchant_uid().as_deref() == Some("order_1") {
            shown.push(ours());
            return Say::Json(200, envelope(&ours()));
        }
        if asked.is_charge() {
            let answer = record(&asked.merchant_uid().unwrap(), "younghee_0002_5678", "100", "paid");
            return Say::Json(200, envelope(&answer.replace("imps_623347347957", "imps_third")));
        }
        if asked.looks_up().as_deref() != Some("order_1") || shown.is_empty() {
            return no_such_payment();
        }
        let list = shown.join(",");
        let total = shown.len();
        Say::Json(200, envelope(&format!(r#"{{"total":{total},"previous":0,"next":0,"list":[{list}]}}"#)))
    })
}

/// `order_1` is paid, and then the gateway shows another payment under it.
fn twice() -> (Shown, Scripted, World) {
    let shown = Shown::default();
    let gateway = gateway(&shown);
    let world = World::with_profile(gateway.url(), "mode = \"test\"\n");
    let _ = world.charge("order_1", &[]).exits(0);
    shown.lock().unwrap().push(other());
    (shown, gateway, world)
}

fn is_told(ran: Ran) -> Ran {
    ran.says(&[
        "A person must look",
        "order_1",
        "imps_ours",
        "11111111",
        "imps_other",
        "22222222",
        "--acknowledge",
    ])
}

fn alarm_of(payment: &Value) -> (Value, Value) {
    (payment["alarm"].clone(), payment["other_imp_uids"].clone())
}

fn acknowledge(world: &World, imp_uid: &str) -> Ran {
    world.run(&["reconcile", "--acknowledge", imp_uid, "--reason", "two seats"])
}

#[test]
fn every_command_that_meets_two_payments_tells_both() {
    let (_shown, gateway, world) = twice();
    let found = is_told(world.run(&["reconcile", "order_1", "--json"]).exits(8));
    assert_eq!(found.json()["drift"][0]["kind"], "two_payments");
    assert_eq!(found.json()["drift"][0]["imp_uid"], "imps_other");
    for more in [&[][..], &["--quiet"], &["--format", "table"], &["--format", "csv"]] {
        let again = is_told(world.run(&to_charge("order_1", more)).exits(11));
        assert!(more.contains(&"--quiet") || !again.stdout.is_empty(), "{again}");
    }
    let object = is_told(world.charge("order_1", &[]).exits(11)).json();
    assert_eq!(alarm_of(&object), (json!(true), json!(["imps_other"])));
    assert_eq!((&object["outcome"], &object["imp_uid"]), (&json!("paid"), &json!("imps_ours")));
    let _ = is_told(world.charge("order_1", &["--dry-run"]).exits(11));
    let other_terms = to_charge_with("gildong_0001_1234", "100", "order_1", &[]);
    let _ = is_told(world.run(&other_terms).exits(8));
    let _ = is_told(world.run(&["reconcile"]).exits(8));
    let _ = is_told(world.run(&["--quiet", "reconcile"]).exits(8));
    world.run(&["doctor"]).exits(8).answers(&["order_1 holds several payments", "imps_ours", "imps_other"]);
    let list = world.run(&["history"]).exits(0);
    list.answers(&[
        "ALARM: the order holds imps_other (approval 22222222) too",
        "net ₩8,900",
        "₩8,900 in 1 further",
    ]);
    let rows = world.run(&["history", "--json"]).exits(0).json();
    assert_eq!(alarm_of(&rows[0]), (json!(true), json!(["imps_other"])));
    let csv = world.run(&["history", "--format", "csv", "--columns", "alarm,other_imp_uids"]).exits(0);
    assert!(csv.stdout.contains("true,imps_other"), "{csv}");
    for text in ["22222222", "imps_other", "11111111", "imps_ours"] {
        world.run(&["history", text]).exits(0).answers(&["order_1"]);
        let show = world.run(&["history", "show", text]).exits(0);
        show.answers(&["imps_ours", "11111111", "imps_other", "22222222", "A person must look"]);
    }
    let show = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(show["records"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&show["records"][1]["imp_uid"], &show["records"][1]["amount"]),
        (&json!("imps_other"), &json!(8900))
    );
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_batch_tells_an_order_with_two_payments_on_every_run_and_exits_11() {
    let (_shown, gateway, world) = twice();
    let _ = world.run(&["reconcile", "order_1"]).exits(8).says(&["A person must look"]);
    let file = world.home().join("charges.csv");
    let rows =
        "gildong_0001_1234,8900,Monthly subscription,order_1\nyounghee_0002_5678,100,Monthly,order_2\n";
    std::fs::write(&file, format!("customer_uid,amount,name,merchant_uid\n{rows}")).unwrap();
    for more in [&[][..], &["--quiet"], &["--format", "json"], &["--format", "jsonl"]] {
        let line = [&["batch", file.to_str().unwrap(), "--yes"], more].concat();
        let _ = is_told(world.run(&line).exits(11));
    }
    let line = ["batch", file.to_str().unwrap(), "--yes", "--json"];
    let whole = world.run(&line).exits(11).says(&["imps_other"]).json();
    assert_eq!(
        (&whole["payments"][0]["alarm"], &whole["payments"][1]["alarm"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(whole["summary"]["exit"], 11);
    assert_eq!(gateway.charges(), 2);
    acknowledge(&world, "imps_other").exits(0);
    let _ = world.run(&line).exits(0).says(&["2 of 2 rows paid"]);
}

#[test]
fn somebody_may_answer_for_the_second_payment_and_take_that_back() {
    let (_shown, _gateway, world) = twice();
    let _ = world.run(&["reconcile", "order_1"]).exits(8).says(&["A person must look"]);
    acknowledge(&world, "imps_other")
        .exits(0)
        .answers(&["imps_other of the order order_1 is acknowledged", "two seats"]);
    acknowledge(&world, "imps_other").exits(0);
    world.run(&["reconcile"]).exits(0);
    world.run(&["reconcile", "order_1"]).exits(0);
    world.run(&["doctor"]).exits(0);
    let object = world.charge("order_1", &[]).exits(0).json();
    assert_eq!(alarm_of(&object), (json!(false), json!(["imps_other"])));
    let show = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(show["records"][1]["acknowledged"]["reason"], "two seats");
    world.run(&["history", "show", "order_1"]).exits(0).answers(&["acknowledged", "two seats"]);
    world.run(&["history"]).exits(0).answers(&["₩8,900 in 1 further payment"]);
    let back = world.run(&["reconcile", "--unacknowledge", "imps_other", "--reason", "wrong", "--json"]);
    let back = is_told(back.exits(8)).json();
    assert_eq!(back["settled"][0]["alarm"], true);
    let _ = is_told(world.charge("order_1", &[]).exits(11));
    let _ = world
        .run(&["reconcile", "--unacknowledge", "imps_other", "--reason", "x"])
        .exits(10)
        .says(&["nobody"]);
}

#[test]
fn only_what_is_a_part_of_an_alarm_can_be_signed_for() {
    let (_shown, _gateway, world) = twice();
    acknowledge(&world, "imps_other").exits(10).says(&["knows no payment imps_other", "Nothing was written"]);
    acknowledge(&world, "imps_ours").exits(10).says(&["no alarm", "imps_ours", "Nothing was written"]);
    let _ = world.run(&["reconcile", "--acknowledge", "imps_ours"]).exits(2).says(&["--reason"]);
    let _ =
        world.run(&["reconcile", "--acknowledge", "imps_ours", "--reason", " "]).exits(2).says(&["--reason"]);
    let _ = is_told(world.run(&["reconcile", "order_1"]).exits(8));
    acknowledge(&world, "imps_ours").exits(0);
}

#[test]
fn the_refund_of_one_of_them_ends_the_alarm_when_it_is_seen() {
    let (shown, _gateway, world) = twice();
    let _ = is_told(world.run(&["reconcile", "order_1"]).exits(8));
    *shown.lock().unwrap() = vec![ours(), refunded(&other(), "900")];
    let _ = is_told(world.run(&["reconcile"]).exits(8));
    *shown.lock().unwrap() = vec![ours(), refunded(&other(), "8900")];
    world.run(&["reconcile"]).exits(0);
    let object = world.charge("order_1", &[]).exits(0).json();
    assert_eq!(alarm_of(&object), (json!(false), json!(["imps_other"])));
    let show = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    let history = show["history"].as_array().unwrap().iter();
    let refunds: Vec<&Value> = history.filter(|event| event["event"] == "refund").collect();
    let seen = |sum: &str| format!("the gateway shows {sum} of imps_other as refunded");
    assert_eq!(
        refunds.iter().map(|event| (&event["imp_uid"], &event["message"])).collect::<Vec<_>>(),
        [(&json!("imps_other"), &json!(seen("₩900"))), (&json!("imps_other"), &json!(seen("₩8,900"))),],
        "each is a line of the history: {show}"
    );
    assert_eq!(show["refunds"], json!([]), "none of them is ours");
    assert_eq!(show["cancel_amount"], 0, "the order's own is not refunded");
    let other = show["records"].as_array().unwrap().iter().find(|record| record["imp_uid"] == "imps_other");
    assert_eq!(other.unwrap()["cancel_amount"], 8900);
}

#[test]
fn a_refund_in_the_console_is_in_the_row_after_a_look_up() {
    let (shown, _gateway, world) = twice();
    *shown.lock().unwrap() = vec![refunded(&ours(), "900")];
    let told = world.run(&["reconcile", "order_1", "--json"]).exits(8).json();
    let kinds: Vec<&Value> = told["drift"].as_array().unwrap().iter().map(|drift| &drift["kind"]).collect();
    assert_eq!(kinds, ["refund_differs"], "the run that sees it tells it: {told}");
    world.run(&["reconcile", "order_1"]).exits(0).answers(&["1 unchanged, 0 contradicted"]);
    let object = world.charge("order_1", &[]).exits(0).json();
    assert_eq!((&object["cancel_amount"], &object["status"]), (&json!(900), &json!("cancelled")));
    assert!(object["cancelled_at"].is_string(), "{object}");
    world.run(&["history"]).exits(0).answers(&["net ₩8,000"]);
}

/// The other one is found first, and the answer to our own request comes late.
#[test]
fn both_are_named_when_the_other_one_was_charged_from_elsewhere() {
    let shown: Shown = Arc::new(Mutex::new(vec![other()]));
    let gateway = gateway(&shown);
    let world = World::with_profile(gateway.url(), "mode = \"test\"\n");
    let found = world.charge("order_1", &[]).exits(0).says(&["as paid already"]).json();
    assert_eq!(found["imp_uid"], "imps_other");
    shown.lock().unwrap().insert(0, ours());
    let told = is_told(world.run(&["reconcile", "order_1", "--json"]).exits(8)).json();
    assert_eq!(told["drift"][0]["imp_uid"], "imps_ours");
    assert_eq!(gateway.charges(), 0);
}

#[test]
fn a_payment_that_stands_in_the_way_is_kept_and_found() {
    let shown: Shown = Arc::new(Mutex::new(vec![other().replace("8900", "100")]));
    let gateway = gateway(&shown);
    let world = World::with_profile(gateway.url(), "mode = \"test\"\n");
    let _ = world.charge("order_1", &[]).exits(8).says(&["another payment", "imps_other"]);
    world.run(&["history", "22222222"]).exits(0).answers(&["order_1", "not_sent"]);
    world.run(&["history", "show", "imps_other"]).exits(0).answers(&["imps_other", "₩100", "22222222"]);
    assert_eq!(gateway.charges(), 0);
}

#[test]
fn a_test_payment_of_a_live_profile_is_told_as_what_it_is_in_every_view() {
    let shown = Shown::default();
    let gateway = gateway(&shown);
    let world = World::with_profile(gateway.url(), "");
    let charged = world.charge("order_1", &[]).exits(0).says(&["TEST channel"]);
    assert!(!charged.stderr.contains("no money moved"), "{charged}");
    assert_eq!(charged.json()["mode"], "test");
    let line = to_charge_with("younghee_0002_5678", "100", "order_2", &["--format", "table"]);
    let _ = world.run(&line).exits(0).says(&["TEST channel"]);
    let rows = world.run(&["history", "--json"]).exits(0).json();
    assert_eq!((&rows[0]["mode"], &rows[1]["mode"]), (&json!("test"), &json!("test")));
    world.run(&["history", "show", "order_1"]).exits(0).answers(&["TEST channel, of a profile that is live"]);
    world.run(&["history"]).exits(0).answers(&["2 paid", "TEST net ₩9,000"]);
    shown.lock().unwrap().push(other());
    let _ = world.run(&["reconcile", "order_1"]).exits(8).says(&["TEST channel"]);
}
