//! SIGKILL at every system call by which a backup or a restore changes what stands in a folder: there is always a
//! ledger, the old one or the new one, and the same command again goes through.

use std::fs;

use super::{backed_up, beside, charge, copy_of, names, on, orders, shop};
use crate::crash::strace;
use crate::support::world::{Gateway, World};

/// All that gives or takes a name, and all that makes it durable.
const CALLS: &str = "rename,renameat,renameat2,unlink,unlinkat,link,linkat,fsync,fdatasync,ftruncate";

/// Runs it, killed at the `nth` of those calls; false where it came to its end before that.
fn killed_at(world: &World, strace: &std::path::Path, nth: usize, arguments: &[&str]) -> bool {
    let options =
        ["-e", &format!("trace={CALLS}"), "-e", &format!("inject={CALLS}:signal=SIGKILL:when={nth}")];
    let options = options.map(str::to_owned);
    let log = world.home().join("strace.log");
    let plain = world.command(arguments);
    let output = strace::traced(strace, &log, &options, &plain).output().unwrap();
    !output.status.success()
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_ledger_or_the_new_one() {
    let Some(strace) = strace::find("a restore that is killed") else { return };
    let (mut old, mut new) = (0, 0);
    for nth in 1..60 {
        let gateway = Gateway::start("");
        let world = shop(&gateway, 1);
        let ledger = world.ledger_path();
        let copy = backed_up(&world);
        charge(&world, 2);
        if !killed_at(&world, &strace, nth, &["ledger", "restore", copy.to_str().unwrap()]) {
            assert!(nth > 8 && old > 0 && new > 0, "{nth}: {old} old, {new} new");
            return;
        }
        let told = world.run(&["history", "--json"]);
        let said = told.stderr.as_str().to_owned();
        assert_eq!(told.code, 0, "{nth}: {said}");
        match told.json().as_array().unwrap().len() {
            2 => {
                assert_eq!(said, "", "{nth}: nothing is wrong with the old one");
                old += 1;
            }
            _ => {
                assert!(said.contains("put back from a backup"), "{nth}: {said}");
                new += 1;
            }
        }
        let checked = on(&world, &ledger, &["ledger", "check"]);
        let _ = checked.stderr.as_str();
        assert_eq!(checked.code, 0, "{nth}: {checked}");
        let _ = world.run(&["--quiet", "ledger", "restore", copy.to_str().unwrap()]).exits(0);
        assert_eq!(orders(&world, &ledger), ["order_1"], "{nth}");
        let left = names(ledger.parent().unwrap());
        assert!(!left.iter().any(|name| name.contains("part")), "{nth}: {left:?}");
    }
    panic!("it never came to its end");
}

#[test]
fn a_restore_of_a_lost_ledger_that_is_killed_can_be_run_again() {
    let Some(strace) = strace::find("a restore that is killed") else { return };
    for gone in [&["", ".mark"][..], &["", "-wal", "-shm"]] {
        for nth in 1..60 {
            let gateway = Gateway::start("");
            let world = shop(&gateway, 1);
            let ledger = world.ledger_path();
            let copy = backed_up(&world);
            gone.iter().for_each(|suffix| fs::remove_file(beside(&ledger, suffix)).unwrap());
            if !killed_at(&world, &strace, nth, &["ledger", "restore", copy.to_str().unwrap()]) {
                break;
            }
            // It is lost still, or it is there: never is it taken for one that is new.
            let told = world.charge("order_2", &["--allow-similar"]);
            let said = told.stderr.as_str().to_owned();
            assert!(
                (told.code == 1 && said.contains("ledger restore"))
                    || (told.code == 9 && said.contains("warning")),
                "{gone:?} {nth}: {} {said}",
                told.code
            );
            let _ = world.run(&["--quiet", "ledger", "restore", copy.to_str().unwrap()]).exits(0);
            assert_eq!(orders(&world, &ledger), ["order_1"], "{gone:?} {nth}");
            assert_eq!(gateway.received("order_2"), 0, "{gone:?} {nth}");
        }
    }
}

#[test]
fn a_backup_that_is_killed_leaves_the_one_before_it() {
    let Some(strace) = strace::find("a backup that is killed") else { return };
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    backed_up(&world);
    charge(&world, 2);
    let copy = copy_of(&world);
    for nth in 1..60 {
        let before = fs::read(&copy).unwrap();
        let killed = killed_at(&world, &strace, nth, &["ledger", "backup", "copy.db"]);
        let found = orders(&world, &copy).len();
        let checked = on(&world, &copy, &["ledger", "check"]).exits(0);
        assert_eq!(checked.stderr, "", "{nth}: {checked}");
        if !killed {
            assert!(nth > 4 && found == 2, "{nth}: {found}");
            let left = names(world.home());
            assert!(!left.iter().any(|name| name.contains("part")), "{left:?}");
            return;
        }
        if found == 1 {
            assert_eq!(fs::read(&copy).unwrap(), before, "{nth}");
        }
        let checked = world.run(&["ledger", "check"]).exits(0);
        assert_eq!(checked.stderr, "", "{nth}: {checked}");
    }
    panic!("it never came to its end");
}
