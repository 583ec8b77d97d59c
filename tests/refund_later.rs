//! What is made of refunds after their own run: by a dry run, by `reconcile`, by a person.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, client};

/// A shop with one paid order of ₩8,900, and a wait of 2 s.
struct Shop {
    gateway: Gateway,
    world: World,
}

impl Shop {
    fn open() -> Shop {
        let gateway = Gateway::start("");
        let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"2s\"\n");
        let shop = Shop { gateway, world };
        let _ = shop.world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
        shop
    }

    fn refund(&self, more: &[&str]) -> Ran {
        let what = ["refund", "order_1", "--reason", "늦게 옴", "--yes", "--json"];
        self.world.run(&[&what[..], more].concat())
    }

    /// The refunds as the ledger has them.
    fn refunds(&self) -> Value {
        self.world.run(&["history", "show", "order_1", "--json"]).exits(0).json()["refunds"].clone()
    }

    fn refund_id(&self) -> String {
        self.refunds()[0]["refund_id"].as_str().unwrap().to_owned()
    }

    fn control(&self, path: &str, body: &Value) {
        let url = format!("{}/_sandbox/{path}", self.gateway.url());
        let answer = client().post(url).body(body.to_string()).header("content-type", "application/json");
        let answer = answer.send().unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().unwrap());
    }

    /// The ledger's bytes, its log with them.
    fn bytes(&self) -> Vec<Option<Vec<u8>>> {
        let ledger = self.world.ledger_path();
        let beside = |ending: &str| PathBuf::from(format!("{}{ending}", ledger.display()));
        ["", "-wal"].map(|ending| std::fs::read(beside(ending)).ok()).to_vec()
    }
}

#[test]
fn a_dry_run_writes_nothing_of_what_it_sees_of_earlier_refunds_and_exits_as_the_run_would() {
    let shop = Shop::open();
    let dry = ["--amount", "1000", "--dry-run"];
    shop.gateway.faults("refund.lost_after");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    let before = shop.bytes();
    shop.refund(&dry).exits(8).says(&["a look-up has found", "Nothing was sent."]);
    assert!(shop.bytes() == before, "a dry run has written");
    assert_eq!(shop.refunds()[0]["outcome"], "unknown");
    // The run says and does the same, and writes it down.
    shop.refund(&["--amount", "1000"]).exits(8).says(&["a look-up has found", "Nothing was sent."]);
    assert_eq!(shop.refunds()[0]["outcome"], "refunded");

    shop.gateway.faults("refund.lost_before");
    shop.refund(&["--amount", "500"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    let before = shop.bytes();
    shop.refund(&["--amount", "500", "--dry-run"]).exits(7).says(&["is not known yet"]);
    sleep(Duration::from_secs(3));
    // Its wait is over, so that it stands in nobody's way any more.
    let would = shop.refund(&["--amount", "500", "--dry-run"]).exits(0).json();
    assert_eq!((&would["dry_run"], &would["checksum"]), (&json!(true), &json!(7900)));
    assert!(shop.bytes() == before, "a dry run has written");
    assert_eq!(shop.refunds()[1]["outcome"], "unknown");
}

#[test]
fn a_long_reason_is_kept_whole_and_its_refund_is_known_again() {
    let shop = Shop::open();
    let reason = "가".repeat(255);
    shop.gateway.faults("refund.lost_after");
    let what = ["refund", "order_1", "--amount", "1000", "--reason", &reason, "--yes", "--json"];
    shop.world.run(&what).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    let found = shop.world.run(&["reconcile", "order_1", "--json"]).exits(0).json();
    assert_eq!(
        (&found["refunds"][0]["outcome"], &found["refunds"][0]["reason"]),
        (&json!("refunded"), &json!(reason))
    );
}
