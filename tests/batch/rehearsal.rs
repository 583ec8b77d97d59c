//! `batch --dry-run` is the run without its sends.

use std::fs;

use serde_json::{Value, json};

use super::{HEADER, batch, file, rows};
use crate::support::world::{Gateway, Ran, World, client};

#[must_use = "look at what the program said"]
fn dry(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["batch", "charges.csv", "--dry-run"], more].concat())
}

/// A payment that was made elsewhere.
fn made_elsewhere(gateway: &Gateway, payment: &Value) {
    let url = format!("{}/_sandbox/payments", gateway.url());
    let request = client().post(url).header("Content-Type", "application/json").body(payment.to_string());
    let answer = request.send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

fn elsewhere(order: &str, amount: u32, status: &str) -> Value {
    json!({"merchant_uid": order, "customer_uid": "gildong_0001_1234", "amount": amount, "status": status})
}

#[test]
fn a_dry_run_sends_nothing_writes_nothing_and_has_the_shape_of_a_batch() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    made_elsewhere(&gateway, &elsewhere("order_1", 1001, "paid"));
    file(&world, "charges.csv", rows(5));
    let plan = dry(&world, &["--json"]).exits(0).json();
    let summary = &plan["summary"];
    let counted =
        ["rows", "to_send", "paid", "replayed", "not_checked"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!((counted, &summary["dry_run"]), ([5, 4, 1, 1, 0], &true.into()), "{plan}");
    let would_be_sent: Vec<&str> = plan["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["merchant_uid"].as_str().unwrap())
        .collect();
    assert_eq!(would_be_sent, ["order_0", "order_2", "order_3", "order_4"]);
    let lines = dry(&world, &["--format", "jsonl"]).exits(0);
    let told: Vec<Value> = lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<&str> = told.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["not_sent", "paid", "not_sent", "not_sent", "not_sent"]);
    for format in ["plain", "csv"] {
        let ran = dry(&world, &["--format", format]).exits(0);
        assert!(!ran.stdout.contains('{') && ran.stdout.contains("order_4"), "{ran}");
    }
    dry(&world, &[]).exits(0).answers(&[
        "to send       4",
        "already paid  1",
        "Nothing was sent (--dry-run).",
    ]);
    assert!(!world.ledger_path().exists());
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 0);
}

#[test]
fn a_dry_run_exits_as_the_run_does() {
    let table: [(&str, &str, Value, i32); 4] = [
        ("failed before", "", elsewhere("order_1", 1001, "failed"), 5),
        ("paid on other terms", "", elsewhere("order_1", 9, "paid"), 8),
        ("no answer to a question", "lookup.error_503@order_1", elsewhere("order_9", 1, "paid"), 9),
        ("a refused key comes before all", "", elsewhere("order_9", 1, "paid"), 4),
    ];
    for (what, faults, payment, code) in table {
        let gateway = Gateway::start(faults);
        let mut world = World::for_gateway(&gateway.url());
        if code == 4 {
            world.set("BILLKEY_IMP_SECRET", "another_secret_that_is_wrong");
        }
        made_elsewhere(&gateway, &payment);
        file(&world, "charges.csv", rows(3));
        let ran = dry(&world, &["--json", "--workers", "1"]);
        assert_eq!(ran.code, code, "{what}: {ran}");
        assert_eq!(ran.json()["summary"]["exit"], code, "{what}");
        assert!(!world.ledger_path().exists(), "{what}");
        let ran = batch(&world, &["--json", "--workers", "1"]);
        assert_eq!(ran.code, code, "{what}: {ran}");
    }
}

#[test]
fn rows_that_the_run_refuses_are_refused_by_the_dry_run() {
    let gateway = Gateway::start("");
    let world =
        World::with_profile(&gateway.url(), "mode = \"test\"\n[profile.main.limits]\ndaily_amount = 3000\n");
    file(&world, "charges.csv", format!("{HEADER}a,1000,x,o1\na,1000,x,o2\nb,2500,x,o3\nb,1500,x,o4\n"));
    let plan = dry(&world, &["--json"]).exits(8).json();
    assert_eq!((&plan["summary"]["to_send"], &plan["summary"]["refused"]), (&2.into(), &2.into()), "{plan}");
    let refused = |json: &Value| -> Vec<String> {
        let rows = json["summary"]["refused_rows"].as_array().unwrap().iter();
        rows.map(|row| row["merchant_uid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(refused(&plan), ["o2", "o3"]);
    let ran = batch(&world, &["--json"]).exits(8).json();
    let refused: Vec<&Value> =
        ran["payments"].as_array().unwrap().iter().filter(|row| !row["refused"].is_null()).collect();
    assert_eq!((&refused[0]["merchant_uid"], &refused[1]["merchant_uid"]), (&"o2".into(), &"o3".into()));
}

#[test]
fn without_a_network_a_dry_run_says_what_is_missing_and_exits_9() {
    let world = World::for_gateway("http://127.0.0.1:9");
    file(&world, "charges.csv", rows(2000));
    let ran = dry(&world, &["--json"]).exits(9).says(&["not checked", "2000 rows", "refused the connection"]);
    assert_eq!(ran.json()["summary"]["not_checked"], 2000);
    assert!(!fs::exists(world.ledger_path()).unwrap());
}

#[test]
fn a_dry_run_of_many_rows_asks_for_many_at_once_and_stops_at_a_closed_door() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(1));
    batch(&world, &["--quiet"]).exits(0);
    file(&world, "charges.csv", rows(500));
    let plan = dry(&world, &["--json"]).exits(0).json();
    assert_eq!(plan["payments"].as_array().unwrap().len(), 499);
    gateway.faults("lookups_down=html");
    let ran = dry(&world, &["--json", "--workers", "1"]).exits(9).says(&["not checked", "web page"]);
    assert_eq!(ran.json()["summary"]["stopped"], "barred");
}

#[test]
fn the_ledger_is_as_it_was_after_a_dry_run() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(3));
    batch(&world, &["--quiet"]).exits(0);
    file(&world, "charges.csv", rows(6));
    let before = world.run(&["history", "--all", "--json"]).exits(0).stdout;
    dry(&world, &["--json"]).exits(0).json();
    assert_eq!(world.run(&["history", "--all", "--json"]).exits(0).stdout, before);
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 3);
}
