//! Money that the PG paid back without the gateway: refused there, noted by hand, and never paid back twice.

use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, client};

struct Shop {
    gateway: Gateway,
    world: World,
}

impl Shop {
    /// One paid order of ₩8,900.
    fn open() -> Shop {
        let gateway = Gateway::start("");
        let world = World::for_gateway(&gateway.url());
        let _ = world.charge("order_1", &[]).exits(0);
        Shop { gateway, world }
    }

    fn note(&self, what: &str, more: &[&str]) -> Ran {
        let words = ["reconcile", "order_1", "--note", what, "--evidence", "KCP letter of 3 Dec"];
        self.world.run(&[&words[..], more].concat())
    }

    fn refund(&self, more: &[&str]) -> Ran {
        self.world.run(&[&["refund", "order_1", "--reason", "why", "--yes", "--json"], more].concat())
    }

    fn shown(&self) -> Value {
        self.world.run(&["history", "show", "order_1", "--json"]).exits(0).json()
    }

    fn drift(&self, exit: i32) -> Vec<String> {
        let ran = self.world.run(&["reconcile", "--since", "2d", "--json"]).exits(exit);
        let told = ran.json();
        let lines = told["drift"].as_array().unwrap().iter();
        lines.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn console_refunds(&self, amount: i64) {
        let url = format!("{}/_sandbox/console-refunds", self.gateway.url());
        let body = json!({"imp_uid": self.shown()["imp_uid"], "amount": amount}).to_string();
        let answer = client().post(url).header("content-type", "application/json").body(body).send();
        assert!(answer.unwrap().status().is_success());
    }
}

#[test]
fn a_pg_short_of_settlement_is_told_with_the_way_out_and_the_way_out_works() {
    let shop = Shop::open();
    shop.gateway.faults("short_settlement");
    let refused = shop.refund(&["--full"]).exits(6);
    refused.says(&[
        "[8178]",
        "The gateway does not show this refund",
        "--note refunded-outside --evidence ...",
    ]);
    let part = shop.refund(&["--amount", "3000"]).exits(6);
    part.says(&["reconcile order_1 --note refunded-outside --amount 3000 --evidence ..."]);
    let noted = shop.note("refunded-outside", &[]).exits(0);
    let _ = noted.answers(&["₩8,900 was paid back outside of the gateway, ₩0 is left"]);
    let row = shop.shown();
    assert_eq!((&row["outcome"], &row["cancel_amount"]), (&json!("paid"), &json!(0)));
    assert!(row["operator"].is_string());
    assert_eq!(
        (&row["refunded_outside"], &row["refunded_outside_by"], &row["refunded_outside_evidence"]),
        (&json!(8900), &row["operator"], &json!("KCP letter of 3 Dec"))
    );
    let event = row["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&event["event"], &event["operator"]), (&json!("noted"), &row["operator"]));
    assert!(event["message"].as_str().unwrap().contains("₩8,900 was paid back outside"), "{event}");
    let listed = shop.world.run(&["history"]).exits(0);
    let _ = listed.answers(&["all of it was refunded; ₩8,900 of that outside", " noted", "net ₩0"]);
    shop.gateway.faults("");
    shop.refund(&["--full"]).exits(8).says(&["as was noted by hand", "₩0 of imp", "Nothing was sent."]);
    shop.note("refunded-outside", &[]).exits(8).says(&[
        "nothing of order_1 is left",
        "is noted by",
        "Nothing was noted",
    ]);
    assert_eq!(shop.shown()["history"].as_array().unwrap().last(), Some(&event));
}

#[test]
fn the_two_books_differ_by_a_note_and_nothing_is_left_to_do() {
    let shop = Shop::open();
    let _ = shop.note("refunded-outside", &["--amount", "3,000"]).exits(0);
    assert_eq!(shop.drift(0), ["settled_outside"]);
    shop.refund(&["--amount", "6000"]).exits(8).says(&["₩5,900 of imp"]);
    let rest = shop.refund(&["--full"]).exits(0).json();
    assert_eq!(rest["refund"]["amount"], json!(5900), "and not what the PG paid back");
    assert_eq!(shop.shown()["refunded_outside"], json!(3000));
    let _ = shop.world.run(&["history"]).exits(0).answers(&["net ₩0"]);
    assert_eq!(shop.drift(0), ["settled_outside"]);
}

#[test]
fn a_gateway_that_learns_of_it_in_the_end_ends_the_note() {
    let shop = Shop::open();
    let _ = shop.note("refunded-outside", &["--amount", "3000"]).exits(0);
    shop.console_refunds(3000);
    assert_eq!(shop.drift(8), ["refund_differs"], "until the ledger has taken it");
    let _ = shop.world.run(&["reconcile", "--since", "2d", "--fix"]).exits(0);
    let row = shop.shown();
    assert_eq!((&row["cancel_amount"], &row["refunded_outside"]), (&json!(3000), &Value::Null));
    assert_eq!(shop.drift(0), Vec::<String>::new());
    let _ = shop.world.run(&["history"]).exits(0).answers(&["net ₩5,900"]);
}

#[test]
fn a_note_that_was_wrong_is_taken_back_and_both_stay_on_record() {
    let shop = Shop::open();
    shop.note("not-refunded-outside", &[]).exits(8).says(&["nobody has noted", "Nothing was noted"]);
    let _ = shop.note("refunded-outside", &[]).exits(0);
    let _ = shop.note("not-refunded-outside", &[]).exits(0).answers(&["₩8,900 is left"]);
    let row = shop.shown();
    assert_eq!(row["refunded_outside"], Value::Null);
    let events = row["history"].as_array().unwrap().iter();
    assert_eq!(events.filter(|event| event["event"] == "noted").count(), 2);
    assert_eq!(shop.refund(&["--full"]).exits(0).json()["refund"]["amount"], json!(8900));
}

#[test]
fn only_what_was_paid_and_is_left_can_have_been_paid_back() {
    let shop = Shop::open();
    shop.note("refunded-outside", &["--amount", "8901"]).exits(8).says(&["₩8,900 of order_1", "₩8,901"]);
    shop.note("charged", &["--amount", "100"]).exits(2).says(&["Nothing was noted"]);
    let without = shop.world.run(&["reconcile", "order_1", "--note", "refunded-outside"]);
    without.exits(2).says(&["--evidence"]);
    shop.gateway.faults("decline");
    let _ = shop.world.charge("order_2", &["--allow-similar"]).exits(5);
    let words = ["reconcile", "order_2", "--note", "refunded-outside", "--evidence", "x"];
    shop.world.run(&words).exits(8).says(&["order_2 is declined", "Nothing was noted"]);
    shop.gateway.faults("refund.lost_before");
    let _ = shop.refund(&["--amount", "100"]).exits(7);
    shop.note("refunded-outside", &[]).exits(8).says(&["is not known yet", "billkey reconcile order_1"]);
    assert_eq!(shop.shown()["refunded_outside"], Value::Null);
}
