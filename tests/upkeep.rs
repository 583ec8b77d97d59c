//! `ledger check|backup|restore|compact|stats`: real files, the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, eventually, to_charge};

mod backups;
mod checks;
#[cfg(target_os = "linux")]
mod kills;
mod restores;

fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A ledger with `count` paid orders.
fn shop(gateway: &Gateway, count: usize) -> World {
    let world = World::for_gateway(&gateway.url());
    (1..=count).for_each(|order| charge(&world, order));
    world
}

fn charge(world: &World, order: usize) {
    let _ = world.charge(&format!("order_{order}"), &["--allow-similar"]).exits(0);
}

fn copy_of(world: &World) -> PathBuf {
    world.home().join("copy.db")
}

/// A backup of a world's ledger, beside its home's other files.
fn backed_up(world: &World) -> PathBuf {
    let _ = world.run(&["--quiet", "ledger", "backup", "copy.db"]).exits(0);
    copy_of(world)
}

/// Runs it on another file.
#[must_use = "look at what the program said"]
fn on(world: &World, database: &Path, arguments: &[&str]) -> Ran {
    world.run(&[&["--database", database.to_str().unwrap()], arguments].concat())
}

/// Does what is in the file, without anything that would stop it.
fn tamper(file: &Path, sql: &str) {
    let db = Connection::open(file).unwrap();
    db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
}

fn one<T: rusqlite::types::FromSql>(file: &Path, sql: &str) -> T {
    Connection::open(file).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The orders that a ledger has, newest first.
fn orders(world: &World, database: &Path) -> Vec<String> {
    let listed = on(world, database, &["history", "--all", "--json"]);
    let _ = listed.stderr.as_str();
    let listed = listed.exits(0).json();
    let name = |row: &Value| row["merchant_uid"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(name).collect()
}

/// What stands in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The command behind the words in a line of what was said.
fn pasted(said: &str, words: &str) -> String {
    let line = said
        .lines()
        .find_map(|line| line.split_once(words))
        .unwrap_or_else(|| panic!("no `{words}`:\n{said}"));
    line.1.trim().strip_prefix("billkey ").unwrap().to_owned()
}

/// Runs a line as it was printed.
#[must_use = "look at what the program said"]
fn run_line(world: &World, line: &str) -> Ran {
    let words: Vec<&str> = line.split_whitespace().collect();
    world.run(&words)
}

#[test]
fn stats_counts_what_is_there() {
    let gateway = Gateway::start("decline@order_3");
    let world = shop(&gateway, 2);
    let _ = world.charge("order_3", &["--allow-similar"]).exits(5);
    let _ = world.run(&["--quiet", "customer", "add", "younghee_0002_5678"]).exits(0);
    let _ =
        world.run(&["--quiet", "refund", "order_1", "--amount", "900", "--reason", "x", "--yes"]).exits(0);
    let stats = world.run(&["ledger", "stats", "--json"]).exits(0).json();
    let groups = json!([
        {"mode": "test", "currency": "KRW", "outcome": "declined", "count": 1, "amount": 8900},
        {"mode": "test", "currency": "KRW", "outcome": "paid", "count": 2, "amount": 17800},
    ]);
    assert_eq!(stats["groups"], groups, "{stats}");
    for (name, value) in [
        ("payments", 3),
        ("events", 8),
        ("refunds", 1),
        ("customers", 1),
        ("customers_removed", 0),
        ("epoch", 1),
    ] {
        assert_eq!(stats[name], json!(value), "{name}: {stats}");
    }
    let id: String = one(&world.ledger_path(), "SELECT id FROM ledger");
    assert_eq!((stats["id"].as_str(), stats["backup_made_at"].clone()), (Some(&id[..]), Value::Null));
    assert!(stats["first_requested_at"].as_str() <= stats["last_requested_at"].as_str(), "{stats}");
    world.run(&["ledger", "stats"]).exits(0).answers(&[&id, "8 events, 1 refund", "₩17,800", "3 payments"]);
    let csv = world.run(&["ledger", "stats", "--format", "csv"]).exits(0);
    assert_eq!(csv.stdout.lines().next(), Some("mode,currency,outcome,count,amount"));
    for command in [&["stats"][..], &["check"], &["compact"], &["backup", "copy.db"]] {
        let nothing = World::for_gateway(&gateway.url());
        let _ = nothing.run(&[&["ledger"], command].concat()).exits(10).says(&["there is no ledger at"]);
        assert!(!nothing.ledger_path().exists() && !copy_of(&nothing).exists());
    }
}

#[test]
fn a_ledger_that_is_written_anew_is_the_same_and_has_its_mark() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let ledger = world.ledger_path();
    let connection = Connection::open(&ledger).unwrap();
    connection
        .execute_batch("CREATE TABLE x (a); INSERT INTO x VALUES (zeroblob(400000)); DROP TABLE x;")
        .unwrap();
    drop(connection);
    let mark = fs::read(beside(&ledger, ".mark")).unwrap();
    let compacted = world.run(&["ledger", "compact", "--json"]).exits(0).json();
    let bytes = |name: &str| compacted[name].as_u64().unwrap();
    assert!(bytes("bytes_after") + 300_000 < bytes("bytes_before"), "{compacted}");
    assert_eq!(fs::metadata(&ledger).unwrap().len(), bytes("bytes_after"));
    assert_eq!(fs::read(beside(&ledger, ".mark")).unwrap(), mark);
    assert_eq!(orders(&world, &ledger), ["order_2", "order_1"]);
    let checked = world.run(&["ledger", "check"]).exits(0);
    assert_eq!(checked.stderr, "", "{checked}");
    charge(&world, 3);
    let left = names(ledger.parent().unwrap());
    assert_eq!(left, ["main.db", "main.db-shm", "main.db-wal", "main.db.locks", "main.db.mark"]);
    // Somebody who only looks is in the way as well.
    let other = Connection::open(&ledger).unwrap();
    let _: i64 = other.query_row("SELECT count(*) FROM payments", [], |row| row.get(0)).unwrap();
    let held = world.run(&["ledger", "compact"]).exits(9).says(&["is in use", "nothing was changed"]);
    drop((held, other));
    let _ = world.run(&["ledger", "compact"]).exits(0);
}

/// A charge that is out: its request is with the gateway, and its answer comes later.
fn charging(world: &World, gateway: &Gateway, order: &str) -> std::process::Child {
    let child = world.spawn(&to_charge(order, &["--json", "--allow-similar"]));
    eventually("the charge is out", || gateway.received(order) > 0);
    child
}

fn sqlite3(file: &Path, sql: &str) -> bool {
    Command::new("sqlite3").arg(file).arg(sql).status().is_ok_and(|status| status.success())
}
