//! A ledger that knows less than the gateway: restored from a backup, or on a second machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::world::{Gateway, World};

/// The ledger's file and the two beside it.
fn files(ledger: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = ledger.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

#[test]
fn an_order_charged_after_the_backup_is_found_and_not_charged_again() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("before_the_backup", &[]).exits(0);
    let kept = files(&world.ledger_path()).map(|file| fs::read(file).ok());
    let paid = world.charge("after_the_backup", &["--allow-similar"]).exits(0).json();
    for (file, bytes) in files(&world.ledger_path()).iter().zip(kept) {
        match bytes {
            Some(bytes) => fs::write(file, bytes).unwrap(),
            None => drop(fs::remove_file(file)),
        }
    }
    let _ = world.run(&["history", "show", "after_the_backup"]).exits(10);
    let again = world
        .charge("after_the_backup", &["--allow-similar"])
        .exits(0)
        .says(&["as paid already", "older than it was"])
        .json();
    assert_eq!((&again["outcome"], &again["replayed"]), (&json!("paid"), &json!(true)));
    assert_eq!((&again["imp_uid"], &again["apply_num"]), (&paid["imp_uid"], &paid["apply_num"]));
    assert_eq!((gateway.charged("after_the_backup"), gateway.received("after_the_backup")), (1, 1));
    // From now on the ledger knows by itself.
    let _ = world.charge("after_the_backup", &[]).exits(0).says(&["older than it was"]);
    assert_eq!(gateway.received("after_the_backup"), 1);
    assert_eq!(gateway.charged("before_the_backup"), 1);
    // What the gateway does not show may have been charged all the same, and not show yet.
    let waits = "older than it was, and waits";
    for _ in 0..2 {
        let held =
            world.charge("new_order", &["--allow-similar"]).exits(9).says(&["warning: this ledger is"]);
        assert_eq!(held.json()["outcome"], "not_sent", "{held}");
        assert!(held.stderr.contains(waits), "{held}");
    }
    // Somebody answers for it: the wait stays.
    let _ = world.run(&["ledger", "accept", "--reason", "Monday's backup"]).exits(0);
    let _ = world.charge("new_order", &["--allow-similar"]).exits(9).says(&[waits]);
    assert_eq!(gateway.received("new_order"), 0);
}

/// What lies beside a database that was put back, without its log.
#[derive(Clone, Copy, Debug)]
enum MarkLeft {
    Newer,
    OfTheBackup,
    None,
}

/// Two payments between the backup and the restore. The gateway would charge them again.
#[test]
fn two_payments_after_the_backup_are_found_whichever_mark_lies_beside_it() {
    for (left, says, new_order) in [
        (MarkLeft::Newer, "older than it was", 9),
        (MarkLeft::None, "had a mark and has none", 9),
        // A folder that was put back whole is not seen; the gateway is asked as ever.
        (MarkLeft::OfTheBackup, "as paid already", 0),
    ] {
        let gateway = Gateway::start("no_duplicate_refusal");
        let world = World::for_gateway(&gateway.url());
        let _ = world.charge("before_the_backup", &[]).exits(0);
        let [ledger, log, _] = files(&world.ledger_path());
        let mark = ledger.with_extension("db.mark");
        let connection = rusqlite::Connection::open(&ledger).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        let backup = [&ledger, &mark].map(|file| fs::read(file).unwrap());
        for order in ["after_1", "after_2"] {
            let _ = world.charge(order, &["--allow-similar"]).exits(0);
        }
        fs::write(&ledger, &backup[0]).unwrap();
        for file in [log, ledger.with_extension("db-shm")] {
            let _ = fs::remove_file(file);
        }
        match left {
            MarkLeft::Newer => {}
            MarkLeft::OfTheBackup => fs::write(&mark, &backup[1]).unwrap(),
            MarkLeft::None => fs::remove_file(&mark).unwrap(),
        }
        for order in ["after_1", "after_2"] {
            let again = world.charge(order, &["--allow-similar"]).exits(0).says(&["as paid already", says]);
            assert_eq!(again.json()["replayed"], json!(true), "{left:?} {again}");
        }
        let new = world.charge("new_order", &["--allow-similar"]);
        assert_eq!(new.code, new_order, "{left:?} {new}");
        assert_eq!((gateway.received("after_1"), gateway.received("after_2")), (1, 1), "{left:?}");
    }
}

#[test]
fn an_order_charged_on_another_machine_is_found_and_not_charged_again() {
    let gateway = Gateway::start("");
    let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let paid = there.charge("order_1", &[]).exits(0).json();
    let again = here.charge("order_1", &[]).exits(0).says(&["as paid already"]).json();
    assert_eq!((&again["outcome"], &again["replayed"]), (&json!("paid"), &json!(true)));
    assert_eq!(again["imp_uid"], paid["imp_uid"]);
    assert_eq!(gateway.charged("order_1"), 1);
}

/// The other name may be in another folder, where a backup of links was made.
#[test]
#[cfg(target_os = "linux")]
fn the_command_that_finds_a_second_name_finds_it_in_any_folder() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let other = world.home().join("elsewhere/ledger.db");
    fs::create_dir(other.parent().unwrap()).unwrap();
    fs::hard_link(world.ledger_path(), &other).unwrap();
    let refused = world.charge("order_2", &["--allow-similar"]).exits(3);
    let told = refused.stderr.as_str();
    let search = told.split('`').nth(1).unwrap();
    let words: Vec<&str> = search.split(' ').collect();
    let [find, within, "-xdev", "-inum", inode] = words[..] else { panic!("{search}") };
    assert!(find == "find" && other.starts_with(within), "{search}");
    // The whole file system would take long here: the same search of the home.
    let found = std::process::Command::new(find).arg(world.home()).args(["-inum", inode]).output().unwrap();
    assert!(String::from_utf8_lossy(&found.stdout).contains("elsewhere/ledger.db"));
}
