//! A process that dies between a commit and the mark that follows it, and a log that ends before its mark.

use std::fs;

use serde_json::json;

use crate::crash::strace;
use crate::support::world::{Gateway, World, to_charge, to_charge_with};

#[test]
fn a_kill_between_the_commit_and_the_mark_is_no_alarm() {
    let Some(strace) = strace::find("a kill before the mark is raised") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let mark = world.ledger_path().with_extension("db.mark");
    let before = fs::read(&mark).unwrap();
    // The mark is opened to be read when the ledger is opened, and then to be raised.
    let options =
        ["-e", "trace=openat", "-e", "inject=openat:signal=SIGKILL:when=2", "-P"].map(str::to_owned);
    let options = [&options[..], &[mark.display().to_string()]].concat();
    let log = world.home().join("killed.log");
    let plain = world.command(&to_charge("order_2", &["--allow-similar"]));
    let _ = strace::traced(&strace, &log, &options, &plain).output().unwrap();
    assert_eq!(fs::read(&mark).unwrap(), before, "it was killed before the mark was raised");
    let left = world.run(&["history", "show", "order_2", "--json"]).exits(0);
    assert_eq!((left.json()["outcome"].clone(), left.stderr.as_str()), (json!("pending"), ""), "{left}");
    // Of another amount: an order that is open holds its like back.
    let next = world.run(&to_charge_with("gildong_0001_1234", "9900", "order_3", &[])).exits(0);
    assert_eq!(next.stderr, "", "{next}");
    assert_ne!(fs::read(&mark).unwrap(), before);
}

/// SQLite takes a log as ending before the first frame that is not what was written.
#[test]
fn a_log_with_one_bit_flipped_is_noticed_and_the_newest_order_is_not_charged_again() {
    let gateway = Gateway::start("no_duplicate_refusal");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let log = world.ledger_path().with_extension("db-wal");
    let before = fs::read(&log).unwrap().len();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    let mut bytes = fs::read(&log).unwrap();
    assert!(bytes.len() > before, "the newest order is in the log");
    bytes[before + 24 + 100] ^= 1;
    fs::write(&log, bytes).unwrap();
    fs::remove_file(world.ledger_path().with_extension("db-shm")).unwrap();
    let again = world.charge("order_2", &["--allow-similar"]).exits(0);
    let again = again.says(&["warning: this ledger is older than it was", "order_2 as paid already"]);
    assert_eq!(gateway.charged("order_2"), 1, "{again}");
    let _ = world.charge("order_3", &["--allow-similar"]).exits(9).says(&["is older than it was"]);
    assert_eq!(gateway.received("order_3"), 0, "nothing is sent until earlier charges would show");
}
