//! `billkey doctor`: what it finds, how it ends, and that it touches nothing.

use std::fs;
use std::net::TcpListener;

use billkey::sandbox::IMP_SECRET;
use serde_json::Value;

use crate::support::gateway::{Say, Scripted};
use crate::support::world::{Gateway, Ran, World, client, set_mode, to_charge_with};

/// `billkey doctor --json`, and each check by its name: the worst of those with the same.
fn examine(world: &World) -> (Ran, Value) {
    let ran = world.run(&["doctor", "--json"]);
    let report = ran.json();
    (ran, report)
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    let rank =
        |check: &&Value| ["ok", "warn", "bad"].iter().position(|word| check["state"] == **word).unwrap();
    let found = checks.iter().filter(|check| check["name"] == name).max_by_key(rank);
    found.unwrap_or_else(|| panic!("no check `{name}` in {report}"))
}

/// Asserts the state of a check, and that its message holds a text.
#[track_caller]
fn finds(report: &Value, name: &str, state: &str, text: &str) {
    let check = check(report, name);
    assert_eq!(check["state"], state, "{check}");
    assert!(check["message"].as_str().unwrap().contains(text), "{check}");
    assert!(state == "ok" || check["fix"].is_string(), "{check}");
}

#[test]
fn a_sandbox_is_in_order_from_the_first_moment_on_and_stays_so() {
    let world = World::bare();
    let first = world.run(&["--sandbox", "doctor"]).exits(0).answers(&["none yet; the first charge creates"]);
    assert_eq!(first.stderr, "");
    let ledger = world.home().join(".local/share/billkey/sandbox/ledger.db");
    assert!(!ledger.exists(), "doctor created a ledger");
    world.charge("order_1", &["--sandbox"]).exits(0);
    let report = world.run(&["--sandbox", "doctor", "--json"]).exits(0).json();
    assert_eq!(report["worst"], "ok", "{report}");
    for name in [
        "config",
        "secret",
        "files",
        "disk",
        "gateway",
        "key",
        "clock",
        "mode",
        "unsettled",
        "alarms",
        "attention",
    ] {
        assert_eq!(check(&report, name)["state"], "ok", "{report}");
    }
    finds(&report, "ledger", "ok", "is sound: schema ");
    assert_eq!(world.run(&["--sandbox", "--quiet", "doctor"]).exits(0).stdout, "");
}

#[test]
fn every_check_is_an_object_of_four_and_a_line_of_its_own_with_jsonl() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let (ran, report) = examine(&world);
    let ran = ran.exits(0);
    assert_eq!(report.as_object().unwrap().keys().collect::<Vec<_>>(), ["checks", "worst"]);
    for check in report["checks"].as_array().unwrap() {
        let keys: Vec<_> = check.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["fix", "message", "name", "state"], "{ran}");
    }
    let lines = world.run(&["doctor", "--format", "jsonl"]).exits(0).stdout;
    let names: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone()).collect();
    let expected: Vec<Value> =
        report["checks"].as_array().unwrap().iter().map(|check| check["name"].clone()).collect();
    assert_eq!(names, expected);
    let csv = world.run(&["doctor", "--format", "csv"]).exits(0).stdout;
    assert!(csv.starts_with("name,state,message,fix\r\n"), "{csv}");
    assert_eq!(gateway.book()["payments"].as_array().map_or(0, Vec::len), 0, "nothing is charged");
}

#[test]
fn a_key_that_the_gateway_refuses_is_bad_and_the_way_there_is_not() {
    let gateway = Gateway::start("");
    let world = World::bare();
    world.configure(&format!(
        "[profile.main]\nmode = \"test\"\napi_url = \"{}\"\nimp_key = \"a_wrong_key_000000\"\nimp_secret = \"a_wrong_secret_0000\"\n",
        gateway.url()
    ));
    let (ran, report) = examine(&world);
    let ran = ran.exits(3);
    finds(&report, "gateway", "ok", "answered");
    finds(&report, "key", "bad", "인증에 실패하였습니다");
    finds(&report, "clock", "warn", "not checked");
    assert!(!ran.stdout.contains("a_wrong"), "{ran}");
}

#[test]
fn each_way_not_to_reach_the_gateway_has_its_own_fix() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let fix = |world: &World| {
        let (ran, report) = examine(world);
        let _ = ran.exits(9);
        finds(&report, "gateway", "bad", "");
        finds(&report, "key", "warn", "not checked");
        check(&report, "gateway")["fix"].as_str().unwrap().to_owned()
    };
    assert!(fix(&World::for_gateway(&format!("http://{nobody}"))).contains("firewall"));
    assert!(fix(&World::for_gateway("https://no-such-host.invalid")).contains("DNS"));
    let hangs_up = TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = World::for_gateway(&format!("https://{}", hangs_up.local_addr().unwrap()));
    std::thread::spawn(move || hangs_up.incoming().for_each(drop));
    assert!(fix(&tls).contains("TLS"));
    let proxied = World::with_profile(
        "https://api.example.invalid",
        &format!("mode = \"test\"\nproxy = \"http://{nobody}\"\n"),
    );
    assert!(fix(&proxied).contains("proxy"));
    let silent = Scripted::start_whole(|_| Say::Json(502, "<html>".to_owned()));
    assert!(fix(&World::for_gateway(silent.url())).contains("again in a minute"));
}

#[test]
fn look_ups_that_are_down_are_told_with_what_goes_on_without_them() {
    for paid in [false, true] {
        let gateway = Gateway::start("");
        let world = World::for_gateway(&gateway.url());
        if paid {
            let _ = world.charge("order_1", &[]).exits(0);
        }
        let (ran, report) = examine(&world);
        let _ = ran.exits(0);
        finds(&report, "look-ups", "ok", if paid { "shows order_1" } else { "answers them" });
        for down in ["lookups_down=503", "lookups_down=403", "lookups_down=html"] {
            gateway.faults(down);
            let (ran, report) = examine(&world);
            let _ = ran.exits(9);
            finds(&report, "look-ups", "bad", "look-ups are down");
            let fix = check(&report, "look-ups")["fix"].as_str().unwrap().to_owned();
            assert!(fix.ends_with("billkey ledger accept --unasked --reason \"...\""), "{fix}");
            finds(&report, "key", "ok", "the gateway takes it");
            assert_eq!(world.charge("order_9", &[]).exits(9).json()["outcome"], "not_sent", "{down}");
        }
    }
}

#[test]
fn a_payment_that_look_ups_do_not_show_is_a_warning() {
    let gateway = Gateway::start("hidden=1h");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let (ran, report) = examine(&world);
    let _ = ran.exits(0);
    finds(&report, "look-ups", "warn", "does not show order_1");
}

#[test]
fn a_secret_that_others_can_read_is_bad_and_not_used() {
    let gateway = Gateway::start("");
    let world = World::bare();
    world.configure(&format!(
        "[profile.main]\nmode = \"test\"\napi_url = \"{}\"\nimp_key = \"sandbox_imp_key_0000\"\nimp_secret_file = \"secret.txt\"\n",
        gateway.url()
    ));
    let secret = world.config_path().with_file_name("secret.txt");
    fs::write(&secret, IMP_SECRET).unwrap();
    set_mode(&secret, 0o644);
    let (ran, report) = examine(&world);
    let ran = ran.exits(3);
    finds(&report, "secret", "bad", "can be read by others (mode 0644)");
    assert!(check(&report, "secret")["fix"].as_str().unwrap().starts_with("chmod 600 "));
    finds(&report, "gateway", "warn", "not checked");
    assert!(!ran.stdout.contains(IMP_SECRET), "{ran}");
    set_mode(&secret, 0o600);
    let ran = world.run(&["-v", "doctor"]).exits(0).says(&["the API key and secret, not shown"]);
    assert!(!ran.to_string().contains(IMP_SECRET), "{ran}");
}

#[test]
fn a_config_file_that_cannot_be_used_is_a_finding() {
    let world = World::bare();
    world.configure("[profile.main]\nmod = \"live\"\n");
    let (ran, report) = examine(&world);
    let _ = ran.exits(3);
    finds(&report, "config", "bad", "the key `profile.main.mod` is not known");
    world.run(&["doctor"]).exits(3).answers(&["bad", "fix: did you mean `profile.main.mode`"]);
    world.configure("[profile.main]\nmode = \"live\"\n");
    for (mode, name, text) in [
        (0o620, "files", "can be changed by others (mode 0620)"),
        (0o622, "config", "can be changed by everybody (mode 0622)"),
    ] {
        set_mode(&world.config_path(), mode);
        let (ran, report) = examine(&world);
        let _ = ran.exits(3);
        finds(&report, name, "bad", text);
    }
}

#[test]
fn a_ledger_that_is_damaged_foreign_or_newer_is_bad_and_left_alone() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    let ledger = world.ledger_path();
    // A copy of the whole, with its log written back.
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let whole = fs::read(&ledger).unwrap();

    let mut damaged = whole.clone();
    for page in damaged.chunks_mut(4096).skip(2) {
        page[..100].fill(0xff);
    }
    for (bytes, text) in [
        (damaged, "damaged"),
        (b"this is no database, and long enough to be told from one".repeat(40), "not an SQLite file"),
    ] {
        fs::write(&ledger, &bytes).unwrap();
        let (ran, report) = examine(&world);
        let _ = ran.exits(1);
        finds(&report, "ledger", "bad", text);
        assert_eq!(fs::read(&ledger).unwrap(), bytes, "doctor changed it");
    }

    fs::write(&ledger, &whole).unwrap();
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let (ran, report) = examine(&world);
    let _ = ran.exits(1);
    finds(&report, "ledger", "bad", "newer billkey (schema 99");
    assert_eq!(check(&report, "ledger")["fix"], "update billkey");
}

#[test]
fn a_clock_that_disagrees_with_the_gateways_is_a_warning() {
    for (skew, text) in [("5m", "behind the gateway"), ("-5m", "ahead of the gateway")] {
        let gateway = Gateway::start(&format!("clock_skew={skew}"));
        let (ran, report) = examine(&World::for_gateway(&gateway.url()));
        let _ = ran.exits(0);
        finds(&report, "clock", "warn", text);
        assert_eq!(report["worst"], "warn");
    }
}

#[test]
fn what_is_in_doubt_is_shown_with_what_settles_it() {
    let gateway = Gateway::start("lost_after");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(7);
    world.run(&to_charge_with("gildong_0001_1234", "9900", "order_2", &[])).exits(7);
    let (ran, report) = examine(&world);
    let _ = ran.exits(0);
    finds(&report, "unsettled", "warn", "2 payments were charged; the oldest is order_1, unknown");
    assert_eq!(check(&report, "unsettled")["fix"], "billkey reconcile");
    world.run(&["--quiet", "doctor"]).exits(0).answers(&["warn  unsettled", "fix: billkey reconcile"]);
}

#[test]
fn a_profile_that_says_otherwise_than_the_channel_is_a_warning() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"live\"\n");
    world.charge("order_1", &[]).exits(0).says(&["TEST channel although the profile is live"]);
    let (ran, report) = examine(&world);
    let _ = ran.exits(0);
    finds(&report, "mode", "warn", "the gateway says of order_1 that it is no sale: TEST channel");
    finds(&report, "limits", "warn", "slip of the finger");
    finds(&report, "address", "warn", "not I'mport's own");
}

#[test]
fn a_test_channel_that_really_withdraws_is_named() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\npg = \"html5_inicis.INIBillTst\"\n");
    let (ran, report) = examine(&world);
    let _ = ran.exits(0);
    finds(&report, "channels", "warn", "through html5_inicis really withdraws");
}

#[test]
fn a_difference_that_nobody_has_settled_is_for_a_person_until_somebody_answers_for_it() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    let url = format!("{}/_sandbox/console-refunds", gateway.url());
    let refund = client().post(url).header("content-type", "application/json");
    assert!(refund.body(r#"{"merchant_uid":"order_1","amount":900}"#).send().unwrap().status().is_success());
    let found = world.run(&["reconcile", "--since", "2d", "--json"]).exits(8).json();
    let (ran, report) = examine(&world);
    let _ = ran.exits(8);
    finds(&report, "attention", "bad", "do not agree on one thing, found on ");
    assert_eq!(check(&report, "attention")["fix"], "billkey attention");
    let id = found["drift"][0]["id"].as_str().unwrap();
    let _ = world.run(&["reconcile", "--acknowledge", id, "--reason", "known"]).exits(0);
    let (ran, report) = examine(&world);
    let _ = ran.exits(0);
    finds(&report, "attention", "ok", "");
    let _ = world.run(&["reconcile", "--unacknowledge", id, "--reason", "not so"]).exits(0);
    let _ = examine(&world).0.exits(8);
}
