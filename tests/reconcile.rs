//! `billkey reconcile`, with the real program against a gateway that loses answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::gateway::{Say, Scripted, envelope, record};
use crate::support::world::{Gateway, World, eventually, to_charge_with};

fn short(url: &str) -> World {
    World::with_profile(url, "mode = \"test\"\nsettle_after = \"1s\"\n")
}

fn outcome(world: &World, uid: &str) -> Value {
    world.run(&["history", "show", uid, "--json"]).exits(0).json()["outcome"].clone()
}

#[test]
fn a_charge_whose_answer_was_lost_is_settled_as_paid() {
    let gateway = Gateway::start("lost_after*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    let whole = world.run(&["reconcile", "--json"]).exits(0).json();
    assert_eq!(whole["settled"][0]["outcome"], "paid");
    assert_eq!((whole["undecided"].clone(), whole["drift"].clone()), (json!([]), json!([])));
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn what_was_sent_a_moment_ago_and_does_not_show_is_left_open_and_settled_after_the_wait() {
    let gateway = Gateway::start("lost_before*1");
    let world = short(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    let whole = world.run(&["reconcile", "order_1", "--json"]).exits(7).json();
    assert_eq!(whole["undecided"][0]["merchant_uid"], "order_1");
    std::thread::sleep(Duration::from_millis(1100));
    world.run(&["reconcile"]).exits(9).answers(&["order_1  Not sent", "It was unknown."]);
    assert_eq!(outcome(&world, "order_1"), "not_sent");
    world.charge("order_1", &[]).exits(0).says(&["settle_after is 1s, less than the time-out"]);
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (2, 1));
}

#[test]
fn a_charge_that_showed_after_all_is_found_though_it_was_called_not_sent() {
    let gateway = Gateway::start("hidden=4s*1, lost_after*1, no_duplicate_refusal");
    let world = short(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    std::thread::sleep(Duration::from_millis(1100));
    world.run(&["reconcile"]).exits(9);
    assert_eq!(outcome(&world, "order_1"), "not_sent");
    eventually("it shows", || {
        world.run(&["reconcile"]).exits(0);
        outcome(&world, "order_1") == "paid"
    });
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (1, 1));
}

#[test]
fn a_recent_decline_that_turned_to_paid_is_found() {
    let gateway = Gateway::start("flips_to_paid=10ms*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(5);
    std::thread::sleep(Duration::from_millis(1100));
    let whole = world.run(&["reconcile", "--json"]).exits(0).json();
    assert_eq!(whole["settled"][0]["outcome"], "paid");
}

#[test]
fn a_refusal_that_was_a_charge_is_found() {
    let gateway = Gateway::start("reject_but_charged=300ms*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    std::thread::sleep(Duration::from_millis(400));
    world.run(&["reconcile"]).exits(0).answers(&["order_1  Paid ₩8,900", "It was unknown."]);
}

#[test]
fn two_payments_under_one_id_are_an_alarm_and_exit_8() {
    let list = ["imps_1", "imps_2"]
        .map(|id| record("order_1", "gildong_0001_1234", "8900", "paid").replace("imps_623347347957", id));
    let body = envelope(&format!(r#"{{"total":2,"previous":0,"next":0,"list":[{}]}}"#, list.join(",")));
    let gateway =
        Scripted::start(
            move |asked| if asked.method == "POST" { Say::Drop } else { Say::Json(200, body.clone()) },
        );
    let world = short(gateway.url());
    world.charge("order_1", &[]).exits(7);
    let ran = world.run(&["reconcile", "--json"]).exits(8).says(&["A person must look", "imps_1", "imps_2"]);
    let whole = ran.json();
    assert_eq!(whole["settled"][0]["outcome"], "paid");
    assert_eq!(whole["drift"][0]["kind"], "two_payments");
}

#[test]
fn an_id_that_the_ledger_does_not_know_is_named() {
    let world = World::bare();
    world.run(&["--sandbox", "reconcile", "nobody_knows"]).exits(10).says(&["nobody_knows"]);
}

#[test]
fn without_a_network_what_was_settled_before_stays_settled() {
    let gateway = Gateway::start("lost_after");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    world.run(&to_charge_with("younghee_0002_5678", "100", "order_2", &[])).exits(7);
    world.run(&["reconcile", "order_1"]).exits(0);
    let url = gateway.url();
    drop(gateway);
    world.run(&["reconcile"]).exits(9).says(&["what was settled before stays settled"]);
    assert_eq!(outcome(&world, "order_1"), "paid");
    assert_eq!(outcome(&world, "order_2"), "unknown");
    assert!(!url.is_empty());
}

#[test]
fn a_wrong_key_is_exit_4() {
    let gateway = Gateway::start("lost_after");
    let mut world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    gateway.revoke_tokens();
    world.set("BILLKEY_IMP_SECRET", "not-the-secret-of-anything-at-all");
    world.run(&["reconcile"]).exits(4);
    assert_eq!(outcome(&world, "order_1"), "unknown");
}

#[test]
fn with_nothing_open_there_is_nothing_to_ask_and_no_key_is_needed() {
    let world = World::bare();
    let _ = world.run(&["reconcile"]).exits(10).says(&["there is no ledger"]);
    let _ = world.run(&["customer", "add", "gildong_0001_1234", "--no-verify"]).exits(0);
    world.run(&["reconcile"]).exits(0).answers(&["0 settled, 0 open"]);
}

#[test]
fn a_question_without_an_answer_is_listed_in_every_format_and_is_exit_9_whatever_the_row_was() {
    for down in ["lookups_down=503", "lookups_down=429", "lookups_down=403", "lookups_down=html", "html_404"]
    {
        let gateway = Gateway::start("lost_after@order_1, decline@order_2");
        let world = World::for_gateway(&gateway.url());
        world.charge("order_1", &[]).exits(7);
        // Of another customer: a charge of the same one would clear up order_1 before it.
        world.run(&to_charge_with("younghee_0002_5678", "100", "order_2", &[])).exits(5);
        gateway.faults(down);
        let whole = world.run(&["reconcile", "--json"]).exits(9).json();
        let orders = whole["unanswered"].as_array().unwrap().iter().map(|payment| &payment["merchant_uid"]);
        assert_eq!(orders.collect::<Vec<_>>(), ["order_1", "order_2"], "{down}");
        assert_eq!((&whole["settled"], &whole["undecided"]), (&json!([]), &json!([])), "{down}");
        let quiet = world.run(&["reconcile", "--quiet"]).exits(9);
        quiet.answers(&["order_1  ", "order_2  Declined as before; no answer", "2 without an answer"]);
        let csv = world.run(&["reconcile", "--format", "csv"]).exits(9).stdout;
        assert_eq!(csv.matches(",unanswered\r\n").count(), 2, "{csv}");
        let plain = world.run(&["reconcile", "order_2", "--format", "plain"]).exits(9).stdout;
        assert!(plain.ends_with("\tunanswered\n"), "{plain}");
    }
}

#[test]
fn what_was_not_asked_about_for_want_of_a_network_is_listed_too() {
    let gateway = Gateway::start("lost_after");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    world.run(&to_charge_with("younghee_0002_5678", "100", "order_2", &[])).exits(7);
    drop(gateway);
    let ran = world.run(&["reconcile", "--json"]).exits(9);
    assert_eq!(ran.json()["unanswered"].as_array().unwrap().len(), 2, "{ran}");
}
