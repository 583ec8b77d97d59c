//! What `ledger check` notices.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{backed_up, charge, on, one, shop, sqlite3, tamper};
use crate::support::world::{Gateway, Ran, World};

const MAY_CHANGE: &str = "DROP TRIGGER payments_keep_their_terms; DROP TRIGGER events_are_not_changed; \
     DROP TRIGGER events_are_kept; DROP TRIGGER payments_are_kept; DROP TRIGGER records_are_kept;";

fn state<'a>(checked: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let checks = checked["checks"].as_array().unwrap().iter();
    let named = checks.filter(|check| check["name"] == *name);
    named.map(|check| (check["state"].as_str().unwrap(), check["message"].as_str().unwrap())).collect()
}

fn checked(world: &World) -> Ran {
    world.run(&["ledger", "check", "--json"])
}

#[test]
fn a_ledger_that_nobody_tinkered_with_is_what_was_written() {
    let gateway = Gateway::start("decline@order_9,lost_after@order_8");
    let world = shop(&gateway, 3);
    let _ = world.charge("order_9", &["--allow-similar"]).exits(5);
    let _ = world.charge("order_8", &["--allow-similar"]).exits(7);
    for line in [
        &["refund", "order_1", "--amount", "900", "--reason", "x", "--yes"][..],
        &["reconcile", "order_9"],
        &["reconcile", "order_2", "--note", "refunded-outside", "--amount", "100", "--evidence", "x"],
        &["reconcile", "--since", "2d", "--import"],
    ] {
        let ran = world.run(line);
        assert!([0, 8].contains(&ran.code), "{} {ran}", ran.stderr.as_str());
    }
    let found = checked(&world).exits(0).json();
    let names: Vec<&str> =
        found["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["pages", "references", "schema", "closings", "payments", "mark"]);
    assert_eq!(found["worst"], "ok", "{found}");
    assert!(state(&found, "payments")[0].1.starts_with("5 payments with "), "{found}");
    let _ = world.run(&["--quiet", "ledger", "check"]).exits(0);
}

/// One row of what somebody did: what, how, which lines are bad, and what they name.
type Tampered = (&'static str, &'static str, &'static [&'static str], &'static str);

const TAMPERED: [Tampered; 7] = [
    (
        "an amount",
        "UPDATE payments SET amount_minor = 1 WHERE merchant_uid = 'order_2'",
        &["payments"],
        "order_2 (its row",
    ),
    (
        "an outcome",
        "UPDATE payments SET status = 'failed' WHERE merchant_uid = 'order_2'",
        &["payments"],
        "order_2 (its row",
    ),
    (
        "a record",
        "UPDATE records SET cancelled_minor = 5 WHERE payment_id = 2",
        &["payments"],
        "order_2 (its row",
    ),
    (
        "an event",
        "UPDATE events SET http_status = 201 WHERE payment_id = 2",
        &["payments"],
        "order_2 (its events)",
    ),
    (
        "an event that is gone",
        "DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE payment_id = 2)",
        &["payments", "payments"],
        "missing: 1 event that stood here",
    ),
    (
        "a payment that is gone with its events",
        "DELETE FROM records WHERE payment_id = 2; DELETE FROM events WHERE payment_id = 2; DELETE FROM payments WHERE id = 2",
        &["payments", "payments"],
        "missing: 1 payment that stood here",
    ),
    (
        "a payment that is gone without them",
        "DELETE FROM payments WHERE id = 2",
        &["references", "payments", "payments"],
        "3 rows of payments that are not there",
    ),
];

#[test]
fn whatever_was_changed_by_other_means_is_named() {
    for (what, sql, bad, says) in TAMPERED {
        let gateway = Gateway::start("");
        let world = shop(&gateway, 3);
        tamper(&world.ledger_path(), &format!("{MAY_CHANGE}{sql}"));
        let found = checked(&world).exits(1).json();
        let names: Vec<&str> = found["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["state"] == "bad" && check["name"] != "schema")
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, bad, "{what}: {found}");
        assert!(found.to_string().contains(says), "{what}: {found}");
        // The triggers that were in the way, too.
        let schema = state(&found, "schema");
        assert!(schema[0].1.contains("the trigger payments_keep_their_terms is missing"), "{what}: {found}");
        assert!(found.to_string().contains("billkey ledger restore FILE"), "{found}");
        // It does not heal by what is written later.
        let order = if what.contains("gone with") { "order_3" } else { "order_2" };
        let _ = world.run(&["reconcile", order]).stderr.as_str();
        charge(&world, 4);
        let again = checked(&world).exits(1).json();
        assert!(again.to_string().contains(says), "{what}: {again}");
    }
}

#[test]
fn an_edited_amount_shows_where_the_triggers_stand_again() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let ledger = world.ledger_path();
    let trigger: String =
        one(&ledger, "SELECT sql FROM sqlite_schema WHERE name = 'payments_keep_their_terms'");
    let sql = format!(
        "DROP TRIGGER payments_keep_their_terms; UPDATE payments SET amount_minor = 1 WHERE id = 1; {trigger};"
    );
    assert!(sqlite3(&ledger, &sql) || std::env::var_os("CI").is_none());
    tamper(&ledger, "UPDATE payments SET name = 'x' WHERE id = 1");
    let found = checked(&world).exits(1).json();
    assert_eq!(state(&found, "schema")[0].0, "ok", "{found}");
    assert_eq!(
        state(&found, "payments"),
        [("bad", "1 of 2 payments is not what was written: order_1 (its row, or what belongs to it)")]
    );
    let text = world.run(&["ledger", "check"]).exits(1);
    text.answers(&[" bad   payments", "order_1", "fix: put a backup", "billkey ledger restore FILE"]);
}

/// Every page of the file in its turn holds something else. Some of them SQLite opens nothing without.
#[test]
fn a_damaged_page_is_a_check_that_failed_and_no_panic() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 6);
    let ledger = world.ledger_path();
    let connection = Connection::open(&ledger).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let whole = fs::read(&ledger).unwrap();
    let mark = super::beside(&ledger, ".mark");
    let marked = fs::read(&mark).unwrap();
    let (mut found, pages) = (0, whole.len() / 4096);
    for page in 1..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 4096].fill(0x5a);
        fs::write(&ledger, damaged).unwrap();
        fs::write(&mark, &marked).unwrap();
        ["-wal", "-shm"].iter().for_each(|suffix| drop(fs::remove_file(super::beside(&ledger, suffix))));
        let ran = checked(&world).in_plain_words();
        let said = format!("{}{}", ran.stdout, ran.stderr.as_str());
        // A page of the table that is only there for what a person signs may be unused.
        if ran.code != 0 {
            assert_eq!(ran.code, 1, "page {page}: {said}");
            assert!(said.contains("ledger restore FILE"), "page {page}: {said}");
            found += 1;
        }
    }
    assert!(found * 10 >= (pages - 1) * 9, "{found} of {pages}");
}

#[test]
fn the_doctor_is_quick_and_says_what_it_left() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    world.run(&["doctor"]).exits(0).answers(&["is sound: schema", "is left to billkey ledger check"]);
    let connection = Connection::open(world.ledger_path()).unwrap();
    connection
        .execute_batch("CREATE TABLE x (a); INSERT INTO x VALUES (zeroblob(20000000)); DROP TABLE x;")
        .unwrap();
    drop(connection);
    world
        .run(&["doctor"])
        .exits(0)
        .answers(&["can be read: schema", "every page of it, and whether every payment"]);
}

#[test]
fn a_backup_that_was_changed_is_known_by_its_stamp() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let copy = backed_up(&world);
    let found = on(&world, &copy, &["ledger", "check", "--json"]).exits(0).json();
    assert!(state(&found, "stamp")[0].1.contains("nothing in it has changed since"), "{found}");
    // A whole payment with its right head: only the stamp knows of it.
    tamper(
        &copy,
        &format!(
            "{MAY_CHANGE} DELETE FROM records WHERE payment_id = 2; \
        DELETE FROM events WHERE payment_id = 2; DELETE FROM payments WHERE id = 2"
        ),
    );
    let found = on(&world, &copy, &["ledger", "check", "--json"]).exits(1).json();
    assert_eq!(state(&found, "stamp")[0].0, "bad", "{found}");
    let _ = world.run(&["ledger", "restore", "copy.db"]).exits(1).says(&["is damaged: what is in it is not"]);
    let still = checked(&world).exits(0).json();
    assert_eq!(still["worst"], json!("ok"));
}
