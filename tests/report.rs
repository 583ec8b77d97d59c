//! `billkey report`: what was charged, refunded and declined, from the ledger alone, with the real program.

use serde_json::{Value, json};

use crate::support::world::{Gateway, World, client, to_charge_with};

fn console_refunds(gateway: &Gateway, imp_uid: &Value, amount: i64) {
    let url = format!("{}/_sandbox/console-refunds", gateway.url());
    let body = json!({"imp_uid": imp_uid, "amount": amount}).to_string();
    let answer = client().post(url).header("content-type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success());
}

/// Three orders: one paid with a part free of tax, of which two parts went back, ours and the console's; one paid; one
/// declined.
pub(crate) fn world(gateway: &Gateway) -> World {
    let world = World::for_gateway(&gateway.url());
    let paid = world.charge("order_1", &["--tax-free", "900"]).exits(0).json();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    let declined = to_charge_with("sandbox_declined", "8900", "order_3", &[]);
    let _ = world.run(&declined).exits(5);
    let part = ["refund", "order_1", "--amount", "1100", "--tax-free", "0", "--reason", "late", "--yes"];
    let _ = world.run(&part).exits(0);
    console_refunds(gateway, &paid["imp_uid"], 890);
    let _ = world.run(&["reconcile", "--since", "1d", "--fix"]);
    world
}

#[test]
fn sums_come_to_the_won_with_every_refund_and_its_parts() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let report = world.run(&["report", "--since", "2d", "--json"]).exits(0).json();
    assert_eq!(
        (&report["by"], &report["basis"], &report["zone"]),
        (&json!("day"), &json!("approval"), &json!("Asia/Seoul"))
    );
    let totals = report["totals"].as_array().unwrap();
    let [total] = &totals[..] else { panic!("{report:#}") };
    // Of order_1 VAT is an eleventh of what is not free of tax; a refund of ours has its own parts, the console's a
    // share of the sale's.
    let expected = json!({
        "key": null, "mode": "test", "currency": "KRW", "count": 2, "gross": 17_800,
        "refunded": 1_990, "refunded_same": 1_990, "refunded_earlier": 0, "net": 15_810,
        "supply": 7_273 + 8_091 - 1_000 - 727, "vat": 727 + 809 - 100 - 73, "tax_free": 900 - 90,
        "declined": 1, "declined_amount": 8_900, "decline_rate": 33.3,
        "unknown": 0, "further": 0, "further_amount": 0, "who_acts": null, "vat_basis": null,
    });
    assert_eq!(*total, expected);
    let parts = ["supply", "vat", "tax_free"].map(|part| total[part].as_i64().unwrap());
    assert_eq!(parts.iter().sum::<i64>(), 15_810);
}

#[test]
fn rows_are_about_what_was_asked_for() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let keys = |by: &str| {
        let report = world.run(&["report", "--since", "2d", "--by", by, "--json"]).exits(0).json();
        let rows = report["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys("customer"), ["gildong_0001_1234", "sandbox_declined"]);
    let mut statuses = keys("status");
    statuses.sort_unstable();
    assert_eq!(statuses, ["declined", "paid", "partly_cancelled"]);
    assert_eq!(keys("day").len(), 1);
    assert_eq!(keys("month").len(), 1);
    let reasons = world.run(&["report", "--since", "2d", "--by", "reason", "--format", "csv"]).exits(0);
    reasons.answers(&[",customer,", "not enough money"]);
    world.run(&["report", "--since", "2d"]).exits(0).answers(&[
        "TEST 2 payments paid",
        "net ₩15,810",
        "33.3 %",
    ]);
}

#[test]
fn a_time_without_payments_and_words_that_are_none_are_said() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    world.run(&["report", "2020-02"]).exits(0).answers(&["2020-02-01 to 2020-02-29", "Nothing was charged"]);
    let nothing = world.run(&["report", "2020-02", "--json"]).exits(0).json();
    assert_eq!((&nothing["rows"], &nothing["totals"]), (&json!([]), &json!([])));
    world.run(&["report", "2026-13"]).exits(2).says(&["`2026-13` is not in the calendar"]);
    world.run(&["report", "2026-11-03T09:00"]).exits(2).says(&["is a moment"]);
    world.run(&["report", "--since", "2026-12", "--until", "2026-11"]).exits(2).says(&["is not before"]);
    world.run(&["report", "--by", "colour"]).exits(2).says(&["colour"]);
    let empty = World::bare();
    let _ = empty.run(&["report"]).exits(10);
    assert!(!empty.ledger_path().exists(), "nothing is created");
}
