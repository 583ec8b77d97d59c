//! `ledger restore`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{backed_up, beside, charge, charging, copy_of, names, on, one, orders, pasted, run_line, shop};
use crate::support::world::{Gateway, Ran, World, to_charge};

/// The only ledger that was kept beside another one.
fn kept(ledger: &Path) -> PathBuf {
    let folder = ledger.parent().unwrap();
    let kept: Vec<String> = names(folder)
        .into_iter()
        .filter(|name| name.contains(".before-") && !name.ends_with("-wal"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    folder.join(&kept[0])
}

#[track_caller]
fn distrusted(world: &World) {
    let told = world.run(&["history"]).exits(0);
    let _ = told.says(&["warning: this ledger was put back from a backup of ", "ledger accept --reason"]);
}

#[test]
fn a_restored_ledger_is_distrusted_and_the_old_one_stays_beside_it() {
    let gateway = Gateway::start("no_duplicate_refusal");
    let world = shop(&gateway, 2);
    let copy = backed_up(&world);
    charge(&world, 3);
    let ledger = world.ledger_path();
    let (mark, bytes) = (fs::read(beside(&ledger, ".mark")).unwrap(), fs::read(&copy).unwrap());
    let restored = world.run(&["ledger", "restore", "copy.db"]).exits(0);
    let said = restored.stdout.clone();
    restored.answers(&[
        "Restored 2 payments with 4 events from the backup of ",
        "Nothing is sent before ",
        "  next     billkey reconcile --since ",
        "  or       billkey ledger accept --reason",
    ]);
    assert_eq!(fs::read(beside(&ledger, ".mark")).unwrap(), mark, "the mark is left behind");
    assert_eq!(fs::read(&copy).unwrap(), bytes, "the backup stays what it is");
    let before = kept(&ledger);
    assert!(said.contains(before.to_str().unwrap()), "{said}");
    let left = names(ledger.parent().unwrap());
    assert!(left.len() <= 5, "nothing else is left: {left:?}");
    assert_eq!((orders(&world, &before).len(), orders(&world, &ledger).len()), (3, 2));
    distrusted(&world);
    // What was charged after the backup is found, and what is new waits.
    let again = world.charge("order_3", &["--allow-similar"]).exits(0).says(&["as paid already"]);
    assert_eq!((again.json()["replayed"].clone(), gateway.charged("order_3")), (json!(true), 1));
    let held = world.charge("order_4", &["--allow-similar"]).exits(9);
    let _ = held.says(&["put back from a backup", "waits"]);
    assert_eq!(gateway.received("order_4"), 0);
    assert_eq!(
        (one::<i64>(&ledger, "SELECT epoch FROM ledger"), one::<i64>(&ledger, "SELECT marked FROM ledger")),
        (2, 1)
    );
    // The command that was printed ends it.
    let rebuilt = run_line(&world, &pasted(&said, "next "));
    let _ = rebuilt.stderr.as_str();
    assert_eq!(rebuilt.code, 0, "{rebuilt}");
    let quiet = world.run(&["history"]).exits(0);
    assert_eq!(quiet.stderr, "", "{quiet}");
    let checked = world.run(&["ledger", "check"]).exits(0);
    assert_eq!(checked.stderr, "", "{checked}");
}

/// Nothing happened since the backup: nobody can know, and it is distrusted all the same.
#[test]
fn a_backup_of_this_moment_is_distrusted_too() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    backed_up(&world);
    let restored = world.run(&["ledger", "restore", "copy.db", "--json"]).exits(0).json();
    assert_eq!(
        (&restored["payments"], &restored["events"], &restored["epoch"]),
        (&json!(1), &json!(2), &json!(2))
    );
    distrusted(&world);
    let _ = world.run(&["ledger", "accept", "--reason", "x"]).exits(0);
    let again = world.run(&["history"]).exits(0);
    assert_eq!(again.stderr, "", "{again}");
    // And once more, from the same file.
    let _ = world.run(&["--quiet", "ledger", "restore", "copy.db"]).exits(0);
    distrusted(&world);
    assert_eq!(one::<i64>(&world.ledger_path(), "SELECT epoch FROM ledger"), 2);
}

#[test]
fn a_ledger_that_is_in_use_is_not_replaced() {
    let gateway = Gateway::start("slow=5s@order_2");
    let world = shop(&gateway, 1);
    let copy = backed_up(&world);
    let child = charging(&world, &gateway, "order_2");
    let refused = world.run(&["ledger", "restore", "copy.db"]).exits(9);
    let _ = refused.says(&["is in use by another process", "nothing was changed"]);
    let ran = Ran::from_output(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.json()["outcome"].clone()), (0, json!("paid")), "{ran}");
    assert_eq!(orders(&world, &world.ledger_path()), ["order_2", "order_1"]);
    let checked = world.run(&["ledger", "check"]).exits(0);
    assert_eq!(checked.stderr, "", "{checked}");
    let left = names(world.ledger_path().parent().unwrap());
    assert!(!left.iter().any(|name| name.contains("part") || name.contains("before")), "{left:?}");
    let _ = world.run(&["--quiet", "ledger", "restore", copy.to_str().unwrap()]).exits(0);
    distrusted(&world);
}

#[test]
fn what_is_no_sound_backup_of_this_ledger_is_refused_and_nothing_changes() {
    let gateway = Gateway::start("");
    let (world, other) = (shop(&gateway, 2), shop(&gateway, 0));
    let _ = other.charge("order_9", &["--allow-similar"]).stderr.as_str();
    let copy = backed_up(&world);
    let whole = fs::read(&copy).unwrap();
    let home = world.home();
    fs::write(home.join("text.db"), "no ledger at all, but long enough to be looked at".repeat(40)).unwrap();
    fs::write(home.join("empty.db"), "").unwrap();
    fs::copy(backed_up(&other), home.join("other.db")).unwrap();
    let mut page = whole.clone();
    page[8192..12288].fill(0x5a);
    fs::write(home.join("page.db"), page).unwrap();
    fs::write(home.join("short.db"), &whole[..whole.len() / 2]).unwrap();
    for (file, code, says) in [
        ("text.db", 2, "is no backup that billkey made: it is not an SQLite file"),
        ("empty.db", 2, "there is nothing in it"),
        (".", 2, "it is not a regular file"),
        ("nothing.db", 10, "there is no file"),
        ("page.db", 1, "is damaged"),
        ("short.db", 1, "is damaged"),
        ("other.db", 8, "is of another ledger"),
    ] {
        let _ = world.run(&["ledger", "restore", file]).exits(code).says(&[says]).in_plain_words();
        assert_eq!(orders(&world, &world.ledger_path()), ["order_2", "order_1"], "{file}");
    }
    let quiet = world.run(&["history"]).exits(0);
    assert_eq!(quiet.stderr, "", "{quiet}");
}

/// The hints are followed to the letter.
#[test]
fn a_plain_copy_of_a_ledger_becomes_a_backup_by_the_commands_that_are_printed() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let plain = world.home().join("plain.db");
    let connection = rusqlite::Connection::open(world.ledger_path()).unwrap();
    connection.execute("VACUUM INTO ?1", [plain.to_str().unwrap()]).unwrap();
    drop(connection);
    let refused = world.run(&["ledger", "restore", plain.to_str().unwrap()]).exits(2);
    let said = refused.says(&["is a ledger and no backup"]).stderr.as_str().to_owned();
    let made = run_line(&world, &pasted(&said, "to make a backup of it:"));
    let _ = made.stderr.as_str();
    assert_eq!(made.code, 0, "{made}");
    let _ = run_line(&world, &pasted(&said, "and then:")).exits(0);
    distrusted(&world);
}

#[test]
fn a_lost_ledger_is_put_back_by_the_command_that_is_printed() {
    for gone in [&[""][..], &["", "-wal", "-shm"], &["", ".mark"], &["", "-wal", "-shm", ".mark"]] {
        let gateway = Gateway::start("");
        let world = shop(&gateway, 2);
        let copy = backed_up(&world);
        charge(&world, 3);
        let ledger = world.ledger_path();
        gone.iter().for_each(|suffix| fs::remove_file(beside(&ledger, suffix)).unwrap());
        let line = if gone.len() == 4 {
            // Nothing says that there ever was one: somebody knows it.
            "ledger restore FILE".to_owned()
        } else {
            let lost = world.run(&to_charge("order_4", &["--allow-similar"])).exits(1);
            pasted(lost.says(&["is lost"]).stderr.as_str(), "to put the newest backup back:")
        };
        let _ = run_line(&world, &line.replace("FILE", copy.to_str().unwrap())).exits(0);
        assert_eq!(orders(&world, &ledger), ["order_2", "order_1"], "{gone:?}");
        distrusted(&world);
        let _ = world.charge("order_4", &["--allow-similar"]).exits(9).says(&["put back from a backup"]);
        assert_eq!(gateway.received("order_4"), 0, "{gone:?}");
        // A log without its file is kept, though nobody can read it.
        let logs = names(ledger.parent().unwrap()).iter().filter(|name| name.contains(".before-")).count();
        assert_eq!(logs, usize::from(!gone.contains(&"-wal")), "{gone:?}");
    }
}

#[test]
fn a_damaged_ledger_is_put_back_by_the_command_that_is_printed() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let copy = backed_up(&world);
    let ledger = world.ledger_path();
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    for (from, to) in [(0, 4096), (100, 4096), (4096, 40_960)] {
        let mut bytes = fs::read(&ledger).unwrap();
        bytes[from..to].fill(0x5a);
        fs::write(&ledger, &bytes).unwrap();
        let _ = fs::remove_file(beside(&ledger, "-shm"));
        let told = world.run(&["ledger", "check"]);
        let said = format!("{}{}", told.stdout, told.stderr.as_str());
        assert_eq!(told.code, 1, "{from}: {said}");
        assert!(said.contains("ledger restore FILE"), "{from}: {said}");
        let _ = world.run(&["--quiet", "ledger", "restore", copy.to_str().unwrap()]).exits(0);
        assert_eq!(orders(&world, &ledger), ["order_2", "order_1"], "{from}");
        distrusted(&world);
        fs::remove_file(kept(&ledger)).unwrap();
        let connection = rusqlite::Connection::open(&ledger).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
}

/// What a person did before there was a command: the backup lies in the ledger's place.
#[test]
fn a_backup_that_was_copied_over_the_ledger_is_made_one_by_the_command_that_is_printed() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let copy = backed_up(&world);
    charge(&world, 2);
    let ledger = world.ledger_path();
    ["-wal", "-shm"].iter().for_each(|suffix| fs::remove_file(beside(&ledger, suffix)).unwrap());
    fs::copy(&copy, &ledger).unwrap();
    let refused = world
        .run(&to_charge("order_3", &["--allow-similar"]))
        .exits(3)
        .says(&["is a backup", "Nothing was sent"]);
    assert_eq!(gateway.received("order_3"), 0);
    let _ = world.run(&["history"]).exits(0);
    let line = pasted(refused.stderr.as_str(), "to make it a ledger:");
    let _ = run_line(&world, &line).exits(0);
    assert_eq!(orders(&world, &ledger), ["order_1"]);
    distrusted(&world);
    let _ = on(&world, &kept(&ledger), &["ledger", "check"]).exits(0);
}

#[test]
fn a_new_machine_gets_its_ledger_from_a_backup() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let copy = backed_up(&world);
    let new = World::for_gateway(&gateway.url());
    let restored = new.run(&["ledger", "restore", copy.to_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(restored["kept_as"], json!(null));
    assert!(beside(&new.ledger_path(), ".mark").exists());
    distrusted(&new);
    let _ = new.charge("order_2", &["--allow-similar"]).exits(9).stderr.as_str();
    assert_eq!(gateway.received("order_2"), 0);
    // Another ledger was begun where the backup belongs: the way on is printed, and can be gone.
    let begun = World::for_gateway(&gateway.url());
    let _ = begun.charge("order_5", &["--allow-similar"]).stderr.as_str();
    let refused = begun.run(&["ledger", "restore", copy.to_str().unwrap()]).exits(8);
    let said = refused.says(&["is of another ledger"]).stderr.as_str().to_owned();
    let (_, line) = said.split_once("to put it there all the same: ").unwrap();
    let line = line.lines().next().unwrap().replace("; billkey ", "; $BILLKEY ");
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(&line).env("HOME", begun.home()).env("BILLKEY", crate::support::world::BILLKEY);
    let ran = Ran::from_output(&shell.output().unwrap());
    assert_eq!(ran.code, 0, "{line}\n{ran}");
    assert_eq!(orders(&begun, &begun.ledger_path()), ["order_1"]);
    assert_eq!(copy_of(&world), copy);
}
