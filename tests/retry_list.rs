//! `billkey retry-list`: declined orders and when each may be tried again, and what `batch` makes of the list: with the
//! real program over real HTTP.

use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, to_charge_with};

/// Words that nobody knows are tried again after a second.
const AT_ONCE: &str =
    "mode = \"test\"\n[profile.main.retry.reasons]\nunknown = { after = [\"1s\", \"1s\", \"1s\"] }\n";
const NOBODY_KNOWS: &str = "decline=어떤 말*1";
const BALANCE: &str = "decline=[CC10] 통장 잔액부족*1";

/// An order that the gateway declines in these words.
fn declined(gateway: &Gateway, world: &World, customer: &str, order: &str, words: &str) {
    gateway.faults(words);
    let ran = world.run(&to_charge_with(customer, "8900", order, &["--json"])).exits(5);
    assert_eq!(ran.json()["outcome"], "declined");
}

fn list(world: &World, more: &[&str]) -> Vec<Value> {
    let ran = world.run(&[&["--quiet", "retry-list", "--json"], more].concat()).exits(0);
    ran.json().as_array().unwrap().clone()
}

/// Of each order on the list its id and one of its fields.
fn field(rows: &[Value], name: &str) -> Vec<(String, Value)> {
    let mut all: Vec<_> = rows
        .iter()
        .map(|row| (row["merchant_uid"].as_str().unwrap().to_owned(), row[name].clone()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn states(world: &World, more: &[&str]) -> Vec<(String, Value)> {
    field(&list(world, more), "state")
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, Value)> {
    pairs.iter().map(|(order, word)| ((*order).to_owned(), json!(word))).collect()
}

/// What is due, in a format, as it is piped into `batch`.
fn due(world: &World, format: &str) -> String {
    world.run(&["--quiet", "retry-list", "--due", "--format", format]).exits(0).stdout
}

fn batch(world: &World, file: &str, more: &[&str]) -> Ran {
    let line = [&["batch", "-", "--retry-declined", "--yes", "--json"], more].concat();
    world.run_fed(&line, file)
}

/// Everything that has happened so far happened so many days earlier.
fn age(world: &World, days: i64) {
    let ledger = Connection::open(world.ledger_path()).unwrap();
    let mut names = ledger
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('events', 'payments')",
        )
        .unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for name in names {
        ledger.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let ms = days * 86_400_000;
    ledger.execute("UPDATE events SET at_ms = at_ms - ?1", [ms]).unwrap();
    ledger
        .execute(
            "UPDATE payments SET requested_at_ms = requested_at_ms - ?1, last_send_ms = last_send_ms - ?1",
            [ms],
        )
        .unwrap();
    ledger.execute("UPDATE records SET failed_at_s = failed_at_s - ?1 / 1000", [ms]).unwrap();
}

#[test]
fn every_declined_order_stands_there_with_what_has_to_happen_first() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    for (customer, order, words) in [
        ("gildong_0001_1234", "order_balance", "decline=[CC10] 통장 잔액부족*1"),
        ("younghee_0002_5678", "order_stolen", "decline=[CC43] 도난카드*1"),
        ("chulsoo_0003_9012", "order_stopped", "decline=정지카드*1"),
        ("minji_0004_kakao", "order_nobody_knows", NOBODY_KNOWS),
        ("super_0005_3456", "order_doubt", "decline=[8041] 시스템 타임아웃(잠시후 재시도바람)*1"),
    ] {
        declined(&gateway, &world, customer, order, words);
    }
    gateway.faults("lost_after, hidden=1h");
    let _ = world.run(&to_charge_with("sandbox_no_refund", "8900", "order_unknown", &[])).exits(7);
    gateway.faults("");
    let _ = world.run(&to_charge_with("sandbox_reissued", "8900", "order_paid", &[])).exits(0);

    let rows = list(&world, &[]);
    let expected = [
        ("order_balance", "waits"),
        ("order_nobody_knows", "person"),
        ("order_stolen", "new_card"),
        ("order_stopped", "person"),
    ];
    assert_eq!(field(&rows, "state"), told(&expected));
    assert_eq!(rows[0]["merchant_uid"], "order_balance", "what is tried first comes first");
    assert_eq!(
        (&rows[0]["tries"], &rows[0]["tries_left"], &rows[0]["reason"]),
        (&json!(1), &json!(3), &json!("time"))
    );
    let next = rows[0]["next_try_at"].as_str().unwrap();
    assert!(next.ends_with("T10:00:00+09:00"), "{next}");
    assert_eq!((&rows[0]["mode"], &rows[0]["who_acts"]), (&json!("test"), &json!("customer")));
    assert_eq!(field(&rows, "next_try_at").iter().filter(|(_, at)| at.is_null()).count(), 3);

    let all = states(&world, &["--all"]);
    assert!(all.contains(&("order_doubt".to_owned(), json!("in_doubt"))), "{all:?}");
    assert!(all.iter().all(|(order, _)| order != "order_unknown" && order != "order_paid"), "{all:?}");

    let table = world.run(&["retry-list"]).exits(0);
    let table = table.answers(&[
        "1 waits, ₩8,900; 1 needs a new card, ₩8,900; 2 need a person, ₩17,800; left out: 1 in doubt, 1 pending or unknown",
        "find out   billkey reconcile",
        "left out   billkey retry-list --all",
        "one        billkey history show order_balance",
        "The card is suspended",
    ]);
    assert!(!table.stdout.contains("try again"), "{table}");
    let csv = due(&world, "csv");
    assert_eq!(
        csv,
        "customer_uid,amount,name,merchant_uid,currency,tax_free,vat_amount,buyer_name,buyer_email,buyer_tel,note\r\n"
    );
    assert_eq!((due(&world, "json").as_str(), due(&world, "jsonl").as_str()), ("[]\n", ""));
}

#[test]
fn a_choice_that_finds_nothing_is_told_and_a_reason_that_is_none_is_refused() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["retry-list"]).exits(10).says(&["no ledger"]);
    declined(&gateway, &world, "gildong_0001_1234", "order_1", BALANCE);
    declined(&gateway, &world, "younghee_0002_5678", "order_2", "decline=[CC43] 도난카드*1");
    assert_eq!(states(&world, &["--reason", "time"]), told(&[("order_1", "waits")]));
    assert_eq!(states(&world, &["--reason", "kcp:CC43"]), told(&[("order_2", "new_card")]));
    assert_eq!(states(&world, &["--customer", "younghee_0002_5678"]), told(&[("order_2", "new_card")]));
    assert_eq!(states(&world, &["--since", "1d", "--until", "today"]).len(), 2);
    for choice in [["--reason", "merchant"], ["--customer", "customer_z"], ["--until", "2d"]] {
        let line = [&["retry-list"][..], &choice].concat();
        world.run(&line).exits(10).in_plain_words().says(&["no declined order is to be tried again"]);
    }
    world.run(&["retry-list", "--due"]).exits(0).says(&["No order is due in", "1 waits, ₩8,900"]);
    let wrong = world.run(&["retry-list", "--reason", "kpc:CC10"]).exits(2).in_plain_words();
    wrong.says(&["--reason: `kpc:CC10` is no reason that is known; did you mean kcp:CC10?"]);
    world.run(&["retry-list", "--since", "today", "--until", "2d"]).exits(2).in_plain_words();
}

#[test]
fn what_is_due_is_charged_once_by_batch_however_often_both_are_run() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), AT_ONCE);
    declined(&gateway, &world, "gildong_0001_1234", "order_1", NOBODY_KNOWS);
    declined(&gateway, &world, "gildong_0001_1234", "order_2", NOBODY_KNOWS);
    declined(&gateway, &world, "younghee_0002_5678", "order_3", "decline=어떤 말*9");
    sleep(Duration::from_millis(1_100));

    let expected = [("order_1", "due"), ("order_2", "waits"), ("order_3", "due")];
    assert_eq!(states(&world, &[]), told(&expected), "one order of a customer is tried at a time");
    assert_eq!(field(&list(&world, &[]), "behind")[1].1, "order_1");
    let first = due(&world, "csv");
    assert_eq!(first.lines().count(), 3, "{first}");
    for format in ["jsonl", "json"] {
        assert!(
            due(&world, format).contains("order_1") && !due(&world, format).contains("order_2"),
            "{format}"
        );
    }
    gateway.faults("");
    let ran = batch(&world, &first, &[]).exits(0);
    assert_eq!(ran.json()["summary"]["paid"], 2, "{ran}");
    // The list has moved on, and the file from before is harmless.
    let again = batch(&world, &first, &[]).exits(0);
    assert_eq!(again.json()["summary"]["replayed"], 2, "{again}");
    for order in ["order_1", "order_3"] {
        assert_eq!((gateway.charged(order), gateway.received(order)), (1, 2), "{order}");
    }
    // The customer has paid order_1 for the same amount, but that one is older: order_2 is owed still.
    assert_eq!(states(&world, &[]), told(&[("order_2", "due")]));
    let second = due(&world, "jsonl");
    let _ = batch(&world, &second, &["--input-format", "jsonl", "--allow-similar"]).exits(0);
    assert_eq!(gateway.charged("order_2"), 1);
    assert_eq!((list(&world, &[]), due(&world, "jsonl")), (Vec::new(), String::new()));
}

#[test]
fn with_the_usual_rules_an_order_is_due_on_another_day_and_less_often_each_time() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    declined(&gateway, &world, "gildong_0001_1234", "order_1", BALANCE);
    assert_eq!(states(&world, &[]), told(&[("order_1", "waits")]));
    age(&world, 2);
    assert_eq!(states(&world, &[]), told(&[("order_1", "due")]));
    gateway.faults(BALANCE);
    let ran = batch(&world, &due(&world, "csv"), &[]).exits(5);
    assert_eq!(ran.json()["payments"][0]["attempts"], 2, "{ran}");
    let rows = list(&world, &[]);
    assert_eq!(
        (&rows[0]["state"], &rows[0]["tries"], &rows[0]["tries_left"]),
        (&json!("waits"), &json!(2), &json!(2)),
        "three days are waited for now: {rows:?}"
    );
    age(&world, 2);
    assert_eq!(states(&world, &[]), told(&[("order_1", "waits")]));
    age(&world, 2);
    assert_eq!(states(&world, &[]), told(&[("order_1", "due")]));
    age(&world, 30);
    assert_eq!(list(&world, &[]), Vec::<Value>::new());
    assert_eq!(states(&world, &["--all", "--since", "90d"]), told(&[("order_1", "too_old")]));
    world.run(&["retry-list"]).exits(0).says(&["left out: older ones"]);
}

#[test]
fn what_was_paid_since_removed_or_may_be_charged_is_left_out() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), AT_ONCE);
    declined(&gateway, &world, "gildong_0001_1234", "order_2026_10", NOBODY_KNOWS);
    declined(&gateway, &world, "younghee_0002_5678", "order_of_b", NOBODY_KNOWS);
    declined(&gateway, &world, "chulsoo_0003_9012", "order_of_c", NOBODY_KNOWS);
    gateway.faults("");
    let _ = world.run(&to_charge_with("gildong_0001_1234", "8900", "order_2026_11", &[])).exits(0);
    gateway.faults("lost_after, hidden=1h");
    let _ = world.run(&to_charge_with("younghee_0002_5678", "8900", "order_of_b_too", &[])).exits(7);
    gateway.faults("");
    let _ = world.run(&["customer", "add", "chulsoo_0003_9012", "--no-verify"]).exits(0);
    let _ = world.run(&["customer", "remove", "chulsoo_0003_9012", "--yes"]);
    sleep(Duration::from_millis(1_100));
    assert_eq!(list(&world, &[]), Vec::<Value>::new());
    let expected =
        [("order_2026_10", "paid_since"), ("order_of_b", "open_beside"), ("order_of_c", "customer_removed")];
    assert_eq!(states(&world, &["--all"]), told(&expected));
    let none = world.run(&["retry-list"]).exits(0);
    none.says(&[
        "left out: 1 beside an open order",
        "1 with a later order of the customer and amount that is paid",
    ]);
}

#[test]
fn a_batch_is_held_to_the_profiles_rules_and_to_none_where_there_are_none() {
    let row = "customer_uid,amount,name,merchant_uid\ngildong_0001_1234,8900,Monthly,order_1\n";
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    declined(&gateway, &world, "gildong_0001_1234", "order_1", BALANCE);
    gateway.faults(BALANCE);
    let _ = batch(&world, row, &[]).exits(5);
    assert_eq!(gateway.received("order_1"), 2, "without rules of its own it sends what it is told");

    let config = std::fs::read_to_string(world.config_path()).unwrap();
    world.configure(&format!("{config}[profile.main.retry]\nafter = [\"1d\"]\n"));
    gateway.faults("");
    let held = batch(&world, row, &[]).exits(8);
    let payment = &held.json()["payments"][0];
    assert_eq!(
        (&payment["refused"], &payment["outcome"], &payment["replayed"]),
        (&json!("beyond_rules"), &json!("declined"), &json!(true)),
        "{held}"
    );
    assert_eq!(held.json()["summary"]["refused"], 1, "{held}");
    assert_eq!(gateway.received("order_1"), 2, "nothing was sent");
    let rehearsed = batch(&world, row, &["--dry-run"]).exits(8);
    assert!(rehearsed.stdout.contains("beyond_rules"), "{rehearsed}");
    let _ = batch(&world, row, &["--beyond-rules"]).exits(0);
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (3, 1));
    world.run(&["batch", "x.csv", "--beyond-rules"]).exits(2).says(&["--retry-declined"]);
}

#[test]
fn a_customers_next_try_stands_in_customer_show() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let add = ["customer", "add", "gildong_0001_1234", "--no-verify", "--json"];
    let _ = world.run(&add);
    declined(&gateway, &world, "gildong_0001_1234", "order_1", BALANCE);
    let shown = world.run(&["customer", "show", "gildong_0001_1234"]).exits(0);
    let _ = shown.answers(&["retries  order_1  next try ", " 10:00, 3 tries left"]);
    let shown = world.run(&["customer", "show", "gildong_0001_1234", "--json"]).exits(0).json();
    let retry = &shown["retries"][0];
    assert_eq!((&retry["merchant_uid"], &retry["state"]), (&json!("order_1"), &json!("waits")));
    assert_eq!(retry["tries_left"], 3);
}

#[test]
fn a_card_that_was_registered_again_is_tried_again_where_the_gateway_says_so() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    declined(&gateway, &world, "gildong_0001_1234", "order_1", "decline=[CC43] 도난카드*1");
    assert_eq!(states(&world, &[]), told(&[("order_1", "new_card")]));
    age(&world, 3);
    let _ = world.run(&["customer", "add", "gildong_0001_1234", "--no-verify"]).exits(0);
    assert_eq!(states(&world, &[]), told(&[("order_1", "new_card")]), "nothing proves another card");
    let ledger = Connection::open(world.ledger_path()).unwrap();
    ledger.execute("UPDATE customers SET card_updated_s = unixepoch() - 3600", []).unwrap();
    drop(ledger);
    let rows = list(&world, &[]);
    assert_eq!(
        (&rows[0]["state"], &rows[0]["tries"], &rows[0]["tries_left"]),
        (&json!("due"), &json!(0), &json!(4))
    );
}

#[test]
fn rules_that_contradict_themselves_stop_every_command() {
    let world = World::with_profile(
        "http://127.0.0.1:9",
        "mode = \"test\"\n[profile.main.retry]\ntries = 2\nafter = [\"1d\", \"2d\"]\n",
    );
    for line in [&["retry-list"][..], &["history"]] {
        let ran = world.run(line).exits(3).in_plain_words();
        ran.says(&[
            "`profile.main.retry.after` is 1d, 2d: with the first one that is 3 tries",
            "`tries` allows 2",
        ]);
    }
}
