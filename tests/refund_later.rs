//! What is made of refunds after their own run: by a dry run, by `reconcile`, by a person.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::gateway::{Say, Scripted, envelope, payment, record};
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
fn a_refund_that_the_gateway_made_after_its_no_or_its_silence_is_found_by_a_later_reconcile() {
    let shop = Shop::open();
    shop.gateway.faults("late_refund=5s");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    sleep(Duration::from_secs(3));
    shop.world.run(&["reconcile", "order_1", "--json"]).exits(9);
    assert_eq!(shop.refunds()[0]["outcome"], "not_sent");
    // Nothing has changed, and nothing is told.
    let still = shop.world.run(&["reconcile", "--json"]).exits(0).json();
    assert!(still.get("refunds").is_none(), "{still}");
    sleep(Duration::from_secs(3));
    shop.gateway.faults("lookup.error_503");
    let down = shop.world.run(&["reconcile", "--json"]).exits(9).json();
    assert_eq!(down["unanswered"][0]["merchant_uid"], "order_1");
    shop.gateway.faults("");
    let found = shop.world.run(&["reconcile", "--json"]).exits(0).json();
    assert_eq!(found["refunds"][0]["outcome"], "refunded");
    assert_eq!(shop.refunds()[0]["outcome"], "refunded");
}

#[test]
fn a_refund_that_the_pg_took_back_is_told_until_a_person_says_so_and_blocks_nothing_after_it() {
    let shop = Shop::open();
    let _ = shop.refund(&["--amount", "3000"]).exits(0);
    let _ = shop.world.run(&["reconcile"]).exits(0);
    shop.control("un-cancels", &json!({"merchant_uid": "order_1", "heard": true}));
    // Before anything was asked a refund says what is uncertain, and how it ends.
    shop.refund(&["--full"]).exits(9).says(&[
        "has seen ₩3,000 go back",
        "Nothing was sent",
        "billkey reconcile order_1",
    ]);
    let id = shop.refund_id();
    let told = shop.world.run(&["reconcile"]).exits(8);
    let command = format!("billkey reconcile {id} --note not-refunded --evidence ...");
    told.answers(&["order_1  refund_undone", "went back, and the gateway shows ₩0 as refunded", &command]);
    for _ in 0..2 {
        let told = shop.world.run(&["reconcile", "--since", "1d", "--json"]).exits(8).json();
        let kinds: Vec<_> =
            told["drift"].as_array().unwrap().iter().map(|drift| drift["kind"].clone()).collect();
        assert_eq!(kinds, ["refund_undone"], "{told}");
    }
    shop.world.run(&["attention"]).exits(8).answers(&["refund_undone  order_1", &command]);
    // Its money is back with the merchant, by every sum.
    shop.world.run(&["history"]).exits(0).answers(&["net ₩8,900"]);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    shop.world.run(&words).exits(0).answers(&["the PG has taken the refund", "₩8,900"]);
    shop.world.run(&words).exits(8).says(&["is noted already", "Nothing was noted"]);
    assert!(
        shop.refunds()[0]["message"].as_str().unwrap().contains("and the PG has taken it back since: ...")
    );
    let _ = shop.world.run(&["reconcile"]).exits(0);
    let _ = shop.world.run(&["attention"]).exits(0);
    // The same again is no similar one.
    let again = shop.refund(&["--amount", "3000"]).exits(0).json();
    assert_eq!(again["refund"]["outcome"], "refunded");
    let _ = shop.world.run(&["reconcile", "--since", "1d"]).exits(0);
}

#[test]
fn a_refund_that_the_pg_took_back_unheard_is_noted_by_its_own_id_and_told_as_settled_outside() {
    let shop = Shop::open();
    let _ = shop.refund(&["--amount", "3000"]).exits(0);
    shop.control("un-cancels", &json!({"merchant_uid": "order_1"}));
    let _ = shop.world.run(&["reconcile", "--since", "1d"]).exits(0);
    let id = shop.refund_id();
    let note =
        |of: &str| shop.world.run(&["reconcile", of, "--note", "not-refunded", "--evidence", "PG admin"]);
    let hint = format!("billkey reconcile {id} --note not-refunded");
    note("order_1").exits(8).says(&["has not been seen without it", &hint, "Nothing was noted"]);
    note(&id).exits(0).answers(&["the PG has taken the refund"]);
    let told = shop.world.run(&["reconcile", "--since", "1d", "--json"]).exits(0).json();
    assert_eq!(told["drift"][0]["kind"], "settled_outside", "{told}");
    assert!(told["drift"][0]["why"].as_str().unwrap().ends_with("PG admin"), "{told}");
    let _ = shop.world.run(&["attention"]).exits(0);
}

#[test]
fn an_open_refund_that_no_look_up_ends_is_ended_by_a_person_with_evidence() {
    for (what, outcome, left) in [("refunded", "refunded", 7900), ("not-refunded", "not_sent", 8900)] {
        let shop = Shop::open();
        // Taken, and not made for longer than this test runs.
        shop.gateway.faults("refund_pending=1h");
        let taken = shop.refund(&["--amount", "1000"]).exits(7);
        let id = shop.refund_id();
        let command = format!("billkey reconcile {id} --note {what} --evidence ...");
        taken.says(&["does not show the refund yet", &command]);
        shop.gateway.faults("");
        sleep(Duration::from_secs(3));
        // No silence settles it, and what stands in the way says how it ends.
        shop.world.run(&["reconcile"]).exits(7).answers(&[&id, "may have gone back", "0 settled, 1 open"]);
        let csv = shop.world.run(&["reconcile", "--format", "csv"]).exits(7);
        csv.answers(&["order_1", &format!("refund {id}: Unknown"), "refund_unknown"]);
        shop.refund(&["--amount", "500"]).exits(7).says(&[&command, "Nothing was sent"]);
        shop.world.run(&["attention"]).exits(8).answers(&["refund_unknown  order_1"]);
        let note = ["reconcile", "order_1", "--note", what, "--evidence", "letter of the PG", "--json"];
        let noted = shop.world.run(&note).exits(0).json();
        assert_eq!(
            (&noted["refunds"][0]["refund_id"], &noted["refunds"][0]["outcome"]),
            (&json!(id), &json!(outcome))
        );
        assert!(noted["refunds"][0]["message"].as_str().unwrap().ends_with("letter of the PG"), "{noted}");
        let _ = shop.world.run(&["attention"]).exits(0);
        shop.world.run(&["history"]).exits(0).answers(&[&format!("net ₩{},900", left / 1000)]);
        // What is left can be refunded, and no more.
        let (most, over) = (left.to_string(), (left + 1).to_string());
        let _ = shop.refund(&["--amount", &over]).exits(8).says(&["Nothing was sent"]);
        let rest = shop.refund(&["--amount", &most]).exits(0).json();
        assert_eq!(rest["refund"]["outcome"], "refunded");
        shop.world.run(&note).exits(8).says(&["Nothing was noted"]);
    }
}

#[test]
fn a_refund_that_was_short_of_settlement_money_is_over_once_the_pg_paid_it_back_by_hand() {
    let shop = Shop::open();
    shop.gateway.faults("short_settlement");
    let note = "billkey reconcile order_1 --note refunded-outside --amount 700 --evidence ...";
    shop.refund(&["--amount", "700"]).exits(6).says(&["[8178]", note]);
    shop.gateway.faults("");
    shop.world.run(&["attention"]).exits(8).answers(&["refund_refused  order_1", "--amount 700", note]);
    let words: Vec<&str> = note.split(' ').skip(1).collect();
    let _ = shop.world.run(&words).exits(0);
    let _ = shop.world.run(&["attention"]).exits(0);
}

#[test]
fn the_console_being_faster_is_exit_6_with_the_balance_that_is_left() {
    let seen = Mutex::new(0);
    let gateway = Scripted::start(move |asked| {
        if asked.is_charge() {
            return Say::Json(200, envelope(&payment(asked, "paid")));
        }
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        let shown = record("order_1", "gildong_0001_1234", "8900", "paid");
        let entry = r#"[{"amount":900,"cancelled_at":1795000001,"reason":"관리자페이지취소","pg_tid":"t"}]"#;
        let refunded = shown
            .replace(r#""cancel_amount":0"#, &format!(r#""cancel_amount":900,"cancel_history":{entry}"#))
            .replace(r#""status":"paid""#, r#""status":"cancelled""#);
        Say::Json(200, envelope(if *seen == 1 { &shown } else { &refunded }))
    });
    let world = World::for_gateway(gateway.url());
    let _ = world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
    let ran = world.run(&["refund", "order_1", "--full", "--reason", "why", "--yes"]);
    ran.exits(6).says(&["₩8,900 was left", "₩8,000 is now", "Nothing was sent"]);
    assert_eq!(gateway.count("/payments/cancel"), 0);
}

#[test]
fn a_refund_that_fails_where_nobody_watches_is_named_in_its_mail() {
    let shop = Shop::open();
    let quiet = |more: &[&str]| {
        let what = ["--quiet", "refund", "order_1", "--reason", "why", "--yes"];
        shop.world.run(&[&what[..], more].concat())
    };
    assert_eq!(quiet(&["--amount", "100"]).exits(0).stdout, "");
    let facts = ["gildong_0001_1234", "order_1", "main", "₩9,900"];
    quiet(&["--amount", "9,900"]).exits(8).says(&facts);
    shop.gateway.faults("refund.lost_after");
    let lost = quiet(&["--amount", "200"]).exits(7).says(&[
        "may have gone back",
        "gildong_0001_1234",
        "₩200",
        "main",
    ]);
    assert_eq!(lost.stdout, "");
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
