//! Refunds from here beside those of the console: what `reconcile` says of both when it settles one of ours.

use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, client, to_charge_with};

fn console(gateway: &Gateway, order: &str, amount: u32) {
    let url = format!("{}/_sandbox/console-refunds", gateway.url());
    let body = json!({"merchant_uid": order, "amount": amount}).to_string();
    let answer = client().post(url).header("content-type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success());
}

/// A paid order of ₩8,900 of which a refund is open.
fn open_refund(fault: &str, amount: &str) -> (World, Gateway) {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    gateway.faults(fault);
    let _ = world.run(&["refund", "order_1", "--amount", amount, "--reason", "broken", "--yes"]).exits(7);
    gateway.faults("");
    (world, gateway)
}

fn kinds(ran: &Ran) -> Vec<String> {
    let whole = ran.json();
    let kind = |drift: &Value| drift["kind"].as_str().unwrap().to_owned();
    whole["drift"].as_array().unwrap().iter().map(kind).collect()
}

#[test]
fn a_refund_of_ours_alone_is_no_difference() {
    for how in [&["reconcile", "--json"][..], &["reconcile", "--since", "2d", "--json"]] {
        let (world, _gateway) = open_refund("refund.lost_after", "3000");
        let ran = world.run(how).exits(0);
        assert_eq!(
            (kinds(&ran).len(), &ran.json()["refunds"][0]["outcome"]),
            (0, &json!("refunded")),
            "{ran}"
        );
    }
}

#[test]
fn what_the_console_refunded_beside_ours_is_told_by_the_run_that_sees_it() {
    for how in [&["reconcile", "--json"][..], &["reconcile", "--since", "2d", "--json"]] {
        let (world, gateway) = open_refund("refund.lost_after", "3000");
        console(&gateway, "order_1", 1000);
        let ran = world.run(how).exits(8);
        assert_eq!(kinds(&ran), ["refund_differs"], "{ran}");
        let why = ran.json()["drift"][0]["why"].as_str().unwrap().to_owned();
        assert_eq!(
            why,
            "of ₩8,900 the gateway shows ₩4,000 as refunded, the ledger ₩3,000; it is in the ledger now"
        );
        assert_eq!(ran.json()["refunds"][0]["outcome"], "refunded", "{ran}");
        // It is in the ledger, and was told.
        let again = world.run(&["reconcile", "--since", "2d", "--json"]).exits(0);
        assert_eq!(kinds(&again).len(), 0, "{again}");
        let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
        assert_eq!(row["cancel_amount"], 4000);
    }
}

#[test]
fn what_the_console_refunded_while_ours_was_lost_is_told_and_ours_stays_open() {
    let (world, gateway) = open_refund("refund.lost_before", "8900");
    console(&gateway, "order_1", 8900);
    let ran = world.run(&["reconcile", "--since", "2d", "--json"]).exits(7);
    assert_eq!(kinds(&ran), ["status_differs", "refund_differs"], "{ran}");
    assert_eq!(ran.json()["refunds"][0]["outcome"], "unknown", "{ran}");
}

#[test]
fn a_refund_that_was_asked_about_in_vain_is_exit_9_and_so_is_what_was_not_asked_about() {
    for down in ["lookups_down=503", "lookups_down=429", "lookups_down=403"] {
        let (world, gateway) = open_refund("refund.lost_after", "3000");
        gateway.faults("charge.lost_after");
        let _ = world.run(&to_charge_with("younghee_0002_5678", "100", "order_2", &[])).exits(7);
        gateway.faults(down);
        let ran = world.run(&["reconcile", "--json"]).exits(9);
        assert_eq!(ran.json()["refunds"][0]["outcome"], "unknown", "{down}: {ran}");
        let unanswered = ran.json()["unanswered"].as_array().unwrap().clone();
        assert!(unanswered.iter().any(|payment| payment["merchant_uid"] == "order_2"), "{down}: {ran}");
        gateway.faults("");
        let ran = world.run(&["reconcile", "--json"]).exits(0);
        assert_eq!(ran.json()["refunds"][0]["outcome"], "refunded", "{down}: {ran}");
    }
}
