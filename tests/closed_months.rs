//! A month that was closed stays true, or it is told: late refunds, late payments, older ledgers, edited rows, kills.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::crash::strace;
use crate::month::{first, import, made, month, name, noon, shop};
use crate::support::world::{Gateway, Ran, World, client, set_mode};

fn verified(world: &World, code: i32) -> Value {
    month(world, 1, &["--verify"]).exits(code).json()
}

/// What is told to have been changed by other means.
fn trouble(verified: &Value) -> String {
    verified["verified"]["trouble"].to_string()
}

fn closed() -> (Gateway, World) {
    let (gateway, world) = shop();
    let _ = month(&world, 1, &["--close"]).exits(0);
    let found = verified(&world, 0);
    assert_eq!(found["verified"], json!({"as_closed": true, "payments": 4, "trouble": []}), "{found:#}");
    (gateway, world)
}

const MAY_CHANGE: &str = "PRAGMA foreign_keys = OFF; DROP TRIGGER payments_keep_their_terms; \
     DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_kept; DROP TRIGGER payments_are_kept; \
     DROP TRIGGER records_are_kept; DROP TRIGGER closings_are_not_changed; DROP TRIGGER closings_are_kept; \
     DROP TRIGGER closed_sums_are_not_changed; DROP TRIGGER closed_sums_are_kept; \
     DROP TRIGGER closing_seals_are_not_changed; DROP TRIGGER closing_seals_are_kept;";

fn tamper(world: &World, sql: &str) {
    let db = Connection::open(world.ledger_path()).unwrap();
    db.execute_batch(&format!("{MAY_CHANGE}{sql}")).unwrap();
}

/// What somebody did; what `--verify` says of it; whether it says that the month itself is as it was closed.
type Tampered = (&'static str, &'static str, &'static str, bool);

const ORDER_B: &str = "(SELECT id FROM payments WHERE merchant_uid = 'order_b')";
const TAMPERED: [Tampered; 12] = [
    (
        "an amount",
        "UPDATE payments SET amount_minor = 5001 WHERE id = ORDER_B",
        "1 payment is not what was written: order_b",
        false,
    ),
    (
        "what no line has",
        "UPDATE payments SET name = 'x' WHERE id = ORDER_B",
        "1 payment is not what was written: order_b",
        true,
    ),
    (
        "a payment that was not paid",
        "UPDATE payments SET code = 77 WHERE merchant_uid = 'order_d'",
        "1 payment is not what was written: order_d",
        true,
    ),
    (
        "the day of a refund",
        "UPDATE cancellations SET at_s = at_s - 86400 * 40",
        "2 payments are not what was written",
        false,
    ),
    ("a record", "UPDATE records SET apply_num = '1' WHERE payment_id = ORDER_B", "order_b", true),
    ("an event", "UPDATE events SET http_status = 201 WHERE payment_id = ORDER_B", "histories", true),
    (
        "events that are gone",
        "DELETE FROM events WHERE payment_id = ORDER_B",
        "1 payment is not what was written: order_b",
        true,
    ),
    (
        "a payment that is gone with all of it",
        "DELETE FROM records WHERE payment_id = ORDER_B; DELETE FROM events WHERE payment_id = ORDER_B; \
         DELETE FROM payments WHERE id = ORDER_B",
        "1 payment that it was closed over is not in the ledger any more",
        false,
    ),
    (
        "a sum of the closing",
        "UPDATE closed_sums SET gross_minor = gross_minor + 1",
        "is not what was written",
        false,
    ),
    (
        "who has closed it",
        "UPDATE closings SET operator = 'nobody'",
        "the closing of MONTH, or one before it, is not what was written",
        true,
    ),
    (
        "what it was sealed over",
        "UPDATE closing_seals SET last_event = last_event - 1",
        "the closing of MONTH, or one before it, is not what was written",
        true,
    ),
    ("the seal alone", "DELETE FROM closing_seals", "a month that was closed is not closed any more", true),
];

#[test]
fn whatever_was_changed_by_other_means_shows_in_a_closed_month() {
    for (what, sql, says, as_closed) in TAMPERED {
        let (_gateway, world) = closed();
        tamper(&world, &sql.replace("ORDER_B", ORDER_B));
        let found = verified(&world, 8);
        let says = says.replace("MONTH", &name(1));
        assert!(trouble(&found).contains(&says), "{what}: {found:#}");
        assert_eq!(found["verified"]["as_closed"], json!(as_closed), "{what}: {found:#}");
        let told = world.run(&["month", &name(1), "--verify"]).exits(8);
        told.answers(&["by other means than billkey", &says, "billkey ledger check"]);
        // What the program writes afterwards does not heal it.
        let _ = world.run(&["reconcile", "--since", &first(3).to_string(), "--import"]).stderr.as_str();
        assert!(trouble(&verified(&world, 8)).contains(&says), "{what}, later");
    }
}

#[test]
fn a_closing_that_is_gone_is_told_and_so_it_is_by_ledger_check() {
    let (_gateway, world) = closed();
    let _ = world.run(&["--quiet", "ledger", "check"]).exits(0);
    tamper(&world, "DELETE FROM closed_sums; DELETE FROM closing_seals; DELETE FROM closings");
    month(&world, 1, &["--verify"])
        .exits(8)
        .says(&["proves nothing", "a month that was closed is not closed any more"]);
    let checked = world.run(&["ledger", "check", "--json"]).exits(1).json();
    assert!(checked.to_string().contains("is not closed any more"), "{checked}");
}

#[test]
fn a_closed_month_without_any_payment_left_is_told_and_not_taken_for_a_mistake() {
    let (_gateway, world) = closed();
    tamper(
        &world,
        "DELETE FROM records; DELETE FROM cancellations; DELETE FROM events; DELETE FROM payments",
    );
    let said = trouble(&verified(&world, 8));
    assert!(said.contains("4 payments that it was closed over"), "{said}");
}

#[test]
fn a_closed_month_has_the_days_that_it_was_closed_by() {
    let (_gateway, world) = closed();
    let config = fs::read_to_string(world.config_path()).unwrap();
    world.configure(&format!("timezone = \"America/New_York\"\n{config}"));
    let found = verified(&world, 0);
    assert_eq!(found["head"]["zone"], json!("Asia/Seoul"), "{found:#}");
    assert_eq!(month(&world, 0, &[]).exits(0).json()["corrections"], json!([]));
    assert_eq!(month(&world, 2, &[]).exits(0).json()["head"]["zone"], json!("America/New_York"));
}

#[test]
fn a_month_over_payments_that_somebody_edited_is_not_closed() {
    let (_gateway, world) = shop();
    tamper(&world, "UPDATE payments SET name = 'x' WHERE merchant_uid = 'order_b'");
    let refused = month(&world, 1, &["--close"]).exits(8);
    refused.says(&[
        "1 payment is not what was written: order_b",
        "Nothing was closed",
        "billkey ledger check",
    ]);
    let verified = month(&world, 1, &["--verify"]).exits(8);
    verified.says(&["was not closed", "--close"]);
}

/// The ledger as one file, without what is beside it.
fn copied(world: &World, to: &str) -> PathBuf {
    let path = world.home().join(to);
    let db = Connection::open(world.ledger_path()).unwrap();
    db.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    path
}

fn put_back(world: &World, copy: &Path) {
    let ledger = world.ledger_path();
    for beside in ["-wal", "-shm"] {
        let mut path = ledger.as_os_str().to_owned();
        path.push(beside);
        let _ = fs::remove_file(path);
    }
    fs::copy(copy, ledger).unwrap();
}

#[test]
fn a_ledger_from_before_the_closing_is_known_for_what_it_is() {
    let (_gateway, world) = shop();
    let before = copied(&world, "before.db");
    let _ = month(&world, 1, &["--close"]).exits(0);
    put_back(&world, &before);
    // Nothing was charged since: all events are there.
    let told = month(&world, 1, &["--verify"]).exits(8);
    let _ = told.says(&[
        "its mark has seen a month closed",
        "it may have been closed since",
        "which proves nothing",
    ]);
    let refused = month(&world, 1, &["--close"]).exits(8);
    refused.says(&["warning", "the ledger is older than it was", "Nothing was closed"]);
    let shown = world.run(&["month", &name(1), "--json"]).exits(0);
    let shown = shown.says(&["this ledger is older than it was"]);
    assert_eq!(shown.json()["head"]["distrusted"], json!(true));
}

#[test]
fn a_ledger_from_after_the_closing_that_lost_what_came_later_says_so() {
    let (_gateway, world) = closed();
    let before = copied(&world, "before.db");
    let _ = world.charge("order_new", &["--allow-similar"]).exits(0);
    put_back(&world, &before);
    let told = world.run(&["month", &name(1), "--verify"]).exits(0);
    let told = told.says(&["this ledger is older than it was"]);
    told.answers(&["comes to what was closed", "what was written after that is not in it"]);
}

#[test]
fn refunds_that_come_later_leave_a_closed_month_as_it_is() {
    let (gateway, world) = closed();
    let part = ["refund", "order_b", "--amount", "1000", "--reason", "late", "--yes"];
    let _ = world.run(&part).exits(0);
    let _ = verified(&world, 0);
    // At the console, of the rest of it and of an earlier month's payment.
    let payments = world.run(&["history", "--all", "--json"]).exits(0).json();
    let imp_uid = |order: &str| {
        let rows = payments.as_array().unwrap().iter();
        rows.into_iter().find(|row| row["merchant_uid"] == *order).unwrap()["imp_uid"].clone()
    };
    for (order, amount) in [("order_b", 4_000), ("order_a", 8_000)] {
        let body = json!({"imp_uid": imp_uid(order), "amount": amount}).to_string();
        let url = format!("{}/_sandbox/console-refunds", gateway.url());
        let answer = client().post(url).header("content-type", "application/json").body(body).send().unwrap();
        assert!(answer.status().is_success());
    }
    let _ = world.run(&["reconcile", "--since", &first(3).to_string(), "--fix"]).stderr.as_str();
    let found = verified(&world, 0);
    assert_eq!(found["changed"], json!([]), "{found:#}");
    let open = month(&world, 0, &[]).exits(0).json();
    assert_eq!(open["totals"][0]["refunded_earlier"], json!(13_000), "{open:#}");
    // A person's note, and the note taken back, are of this month too.
    let noted = ["reconcile", "order_b", "--note", "charged", "--evidence", "x"];
    let _ = world.run(&noted).stderr.as_str();
    let _ = verified(&world, 0);
}

#[test]
fn a_payment_found_late_is_a_correction_and_no_tampering() {
    let (gateway, world) = closed();
    made(&gateway, "order_late", 3_300, noon(1, 20), &json!({}));
    let _ = import(&world);
    let found = verified(&world, 8);
    assert_eq!(trouble(&found), "[]", "{found:#}");
    assert_eq!(found["changed"][0]["gross"], json!(3_300), "{found:#}");
    // It is checked as the others are, once it is there.
    tamper(&world, "UPDATE payments SET name = 'x' WHERE merchant_uid = 'order_late'");
    assert!(trouble(&verified(&world, 8)).contains("order_late"));
}

/// Everything that makes something of a closing durable.
const CALLS: [&str; 5] = ["pwrite64", "fdatasync", "fsync", "rename", "ftruncate"];

#[test]
fn a_closing_that_is_killed_at_any_system_call_is_there_or_not_there() {
    let Some(strace) = strace::find("a closing that is killed") else { return };
    let (_gateway, world) = shop();
    let before = copied(&world, "before.db");
    let mark = world.ledger_path().with_extension("db.mark");
    let (mut kept, mut lost) = (0, 0);
    for call in CALLS {
        for nth in 1..40 {
            let _ = fs::remove_file(&mark);
            put_back(&world, &before);
            let options =
                ["-e", &format!("trace={call}"), "-e", &format!("inject={call}:signal=SIGKILL:when={nth}")];
            let options = options.map(str::to_owned);
            let log = world.home().join("strace.log");
            let line = world.command(&["month", &name(1), "--close"]);
            let ran = Ran::from_output(&strace::traced(&strace, &log, &options, &line).output().unwrap());
            let _ = ran.stderr.as_str();
            if ran.code == 0 {
                break;
            }
            assert!(ran.code == -1 || ran.code == 137, "{call} {nth}: {ran}");
            let after = month(&world, 1, &["--verify"]);
            let said = after.stderr.as_str().to_owned();
            assert!(!said.contains("older than it was"), "{call} {nth}: no alarm: {said}");
            if after.code == 0 {
                kept += 1;
                assert_eq!(trouble(&after.json()), "[]", "{call} {nth}");
            } else {
                lost += 1;
                assert!(said.contains("was not closed"), "{call} {nth}: {said}");
                let _ = month(&world, 1, &["--close"]).exits(0);
                let _ = verified(&world, 0);
            }
        }
    }
    assert!(lost > 2, "{kept} {lost}");
}

#[test]
fn two_who_close_a_month_at_once_close_it_once() {
    let (_gateway, world) = shop();
    let line = ["month", &name(1), "--close"];
    let children: Vec<_> = (0..6).map(|_| world.spawn(&line)).collect();
    let ran: Vec<Ran> =
        children.into_iter().map(|child| Ran::from_output(&child.wait_with_output().unwrap())).collect();
    let mut codes: Vec<i32> = ran.iter().map(|ran| ran.code).collect();
    ran.iter().for_each(|ran| drop(ran.stderr.as_str().to_owned()));
    codes.sort_unstable();
    assert_eq!(codes, [0, 8, 8, 8, 8, 8]);
    let _ = verified(&world, 0);
}

#[test]
fn a_month_on_a_ledger_behind_its_mark_is_not_closed() {
    let (_gateway, world) = shop();
    let _ = world.charge("order_1", &["--allow-similar"]).exits(0);
    let before = copied(&world, "before.db");
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    put_back(&world, &before);
    let refused = month(&world, 1, &["--close"]).exits(8);
    refused
        .says(&["the ledger is older than it was, and payments may be missing in it", "Nothing was closed"]);
}

#[test]
fn an_output_that_cannot_be_written_is_a_sentence_and_changes_nothing() {
    let (_gateway, world) = shop();
    let home = world.home();
    fs::create_dir(home.join("folder")).unwrap();
    fs::create_dir(home.join("shut")).unwrap();
    fs::write(home.join("shut/old.csv"), "old").unwrap();
    let export = |to: &str| world.run(&["month", &name(1), "--export", "csv", "--output", to]);
    for (to, says) in [
        ("folder", "nothing was written"),
        ("folder/", "nothing was written"),
        ("nowhere/month.csv", "nothing was written"),
        ("month.csv/", "nothing was written"),
        ("/proc/month.csv", "nothing was written"),
        ("/dev/full", "what came to it is not whole"),
    ] {
        export(to).exits(2).says(&[to, says, "--output FILE"]);
    }
    set_mode(&home.join("shut"), 0o500);
    // Root may write everything; for root there is nothing to test here.
    if fs::write(home.join("shut/probe"), "").is_err() {
        for to in ["shut/old.csv", "shut/new.csv"] {
            export(to).exits(2).says(&[to, "nothing was written"]);
        }
    }
    set_mode(&home.join("shut"), 0o700);
    assert_eq!(fs::read_to_string(home.join("shut/old.csv")).unwrap(), "old");
    let left: Vec<String> = fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".part") || name.contains("month.csv"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(fs::read_dir(home.join("folder")).unwrap().count(), 0);
    // One that is read by somebody at this moment is replaced, and who reads it has the old one.
    fs::write(home.join("held.csv"), "old").unwrap();
    let mut held = fs::File::open(home.join("held.csv")).unwrap();
    export("held.csv").exits(0).says(&["Wrote"]);
    let mut old = String::new();
    std::io::Read::read_to_string(&mut held, &mut old).unwrap();
    assert_eq!(old, "old");
    assert!(fs::read_to_string(home.join("held.csv")).unwrap().starts_with("at,kind"));
}
