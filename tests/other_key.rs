//! A key that was changed: the ledger belongs to an account, and open waits go on under every key of it
//! (contract, rule 12).

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::gateway::{Asked, Say, Scripted, envelope, no_such_payment, payment, record};
use crate::support::world::{Ran, World, to_charge, to_charge_with};

const SHORT: &str = "mode = \"test\"\nsettle_after = \"1s\"\n";

fn with_key(world: &World, url: &str, key: &str, lines: &str) {
    world.configure(&format!(
        "[profile.main]\napi_url = \"{url}\"\nimp_key = \"{key}\"\nimp_secret = \"s_0000\"\n{lines}\n"
    ));
}

fn under(url: &str, key: &str, lines: &str) -> World {
    let world = World::bare();
    with_key(&world, url, key, lines);
    world
}

/// A gateway that does not answer the first charge of `order_1`, and charges all else.
fn silent_at_first() -> Scripted {
    let silent = std::sync::atomic::AtomicBool::new(true);
    Scripted::start(move |asked: &Asked| {
        if !asked.is_charge() {
            return no_such_payment();
        }
        let first = asked.merchant_uid().as_deref() == Some("order_1");
        if first && silent.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Say::Drop;
        }
        Say::Json(200, envelope(&payment(asked, "paid")))
    })
}

/// The command that is printed to be pasted and has this in it.
#[track_caller]
fn hint(ran: &Ran, words: &str) -> Vec<String> {
    let text = format!("{}{}", ran.stdout, ran.stderr.as_str());
    let line = text
        .lines()
        .find_map(|line| line.find("billkey ").map(|at| &line[at..]).filter(|line| line.contains(words)));
    let line = line.unwrap_or_else(|| panic!("no command with `{words}`\n{ran}"));
    let line = line.replace("\"...\"", "checked").replace("\\\"...\\\"", "checked");
    line.split(' ').skip(1).map(|word| word.trim_matches(['\'', '"', '`', '.', ',']).to_owned()).collect()
}

fn paste(world: &World, words: &[String]) -> Ran {
    world.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn an_order_that_was_open_under_another_key_is_told_why_and_ends_well() {
    let gateway = silent_at_first();
    let world = under(gateway.url(), "k_old", SHORT);
    let warned = "settle_after is 1s";
    let _ = world.run(&to_charge("order_1", &[])).exits(7).says(&[warned]);
    with_key(&world, gateway.url(), "k_new", SHORT);
    thread::sleep(Duration::from_millis(1_100));
    let refused = world.run(&to_charge("order_1", &[])).exits(8);
    let refused = refused.says(&["the API key is another than the ledger", "Nothing was sent"]);
    // What this key shows is no answer about an order of another one.
    let open = world.run(&["reconcile"]).exits(9).answers(&["sent with another API key"]);
    let open = open.says(&["ledger accept --reason"]);
    assert_eq!(
        world.run(&["history", "--json"]).exits(0).json()[0]["outcome"],
        "unknown",
        "it says nothing of it"
    );
    assert_eq!(hint(&open, "ledger accept"), hint(&refused, "ledger accept"));
    let _ = paste(&world, &hint(&refused, "ledger accept")).exits(0).answers(&["this ledger's own"]);
    let paid = world.run(&to_charge("order_1", &["--json"])).exits(0).says(&[warned]);
    assert_eq!(paid.json()["outcome"], "paid");
    assert_eq!(gateway.charges(), 2);
}

#[test]
fn a_wait_goes_on_under_a_key_that_was_shown_to_be_of_the_same_account() {
    let silent = std::sync::atomic::AtomicBool::new(true);
    let gateway = Scripted::start_asked(move |asked: &Asked| {
        let uid = asked.merchant_uid().unwrap_or_default();
        if asked.is_charge() {
            if uid == "order_1" && silent.swap(false, std::sync::atomic::Ordering::SeqCst) {
                return Say::Drop;
            }
            return Say::Json(200, envelope(&payment(asked, "paid")));
        }
        if asked.looks_up().as_deref() == Some("order_0") && asked.header("authorization").is_some() {
            let paid = record("order_0", "younghee_0002_5678", "5500", "paid");
            let list = format!(r#"{{"total":1,"previous":0,"next":0,"list":[{paid}]}}"#);
            return Say::Json(200, envelope(&list));
        }
        no_such_payment()
    });
    let world = under(gateway.url(), "k_old", SHORT);
    // What is paid is known to the gateway before: it is recorded as found.
    let _ = world
        .run(&to_charge_with("younghee_0002_5678", "5500", "order_0", &[]))
        .exits(0)
        .says(&["as paid already"]);
    let _ = world.run(&to_charge("order_1", &[])).exits(7).says(&["settle_after is 1s"]);
    with_key(&world, gateway.url(), "k_new", SHORT);
    thread::sleep(Duration::from_millis(1_100));
    let settled = world.run(&["reconcile", "order_1"]).exits(9);
    let settled = settled.answers(&["no trace of it"]);
    assert!(!settled.stderr.contains("another API key"), "{settled}");
    let paid = world.run(&to_charge("order_1", &["--json"])).exits(0).says(&["settle_after is 1s"]);
    assert_eq!((paid.json()["outcome"].clone(), gateway.charges()), (json!("paid"), 2));
}

#[test]
fn a_dry_run_under_another_key_is_refused_as_the_run_is_and_adopts_nothing() {
    let gateway = silent_at_first();
    let world = under(gateway.url(), "k_old", "mode = \"test\"");
    let _ = world.run(&to_charge("order_1", &[])).exits(7);
    with_key(&world, gateway.url(), "k_new", "mode = \"test\"");
    for more in [&["--dry-run"][..], &[]] {
        let ran = world.run(&to_charge("order_9", more)).exits(8);
        let _ = ran.says(&[
            "the API key is another than the ledger",
            "ledger accept --reason",
            "Nothing was sent",
        ]);
    }
    assert_eq!(gateway.charges(), 1);
}
