//! SIGKILL at every system call by which a backup or a restore changes what stands in a folder: there is always a
//! ledger, the old one or the new one, and the same command again goes through.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{backed_up, beside, charge, names, on, orders, shop};
use crate::crash::strace;
use crate::support::world::{Gateway, Ran, World};

/// All that gives or takes a name, and all that makes it durable.
const CALLS: [&str; 8] =
    ["rename", "renameat2", "unlink", "link", "linkat", "fsync", "fdatasync", "ftruncate"];

/// Runs it, and lets this befall it at the `nth` of these calls.
fn befallen(world: &World, strace: &Path, (call, nth): (&str, usize), what: &str, arguments: &[&str]) -> Ran {
    let options = ["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{what}:when={nth}")];
    let options = options.map(str::to_owned);
    let log = world.home().join("strace.log");
    Ran::from_output(&strace::traced(strace, &log, &options, &world.command(arguments)).output().unwrap())
}

/// Every call of every kind, as long as there are any: `each` says whether there was one.
fn at_every_call(each: impl Fn((&str, usize)) -> bool + Sync) {
    let reached: Vec<usize> = std::thread::scope(|scope| {
        let each = &each;
        let threads =
            CALLS.map(|call| scope.spawn(move || (1..40).take_while(|nth| each((call, *nth))).count()));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(reached.iter().all(|count| *count < 39), "it never came to its end: {reached:?}");
    assert!(reached[2] > 2 && reached[5] > 0, "{reached:?}");
}

fn was_killed(ran: &Ran) -> bool {
    ran.code == -1 || ran.code == 137
}

/// A shop whose backup lacks its second order.
fn behind() -> (Gateway, World, String) {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let copy = backed_up(&world).display().to_string();
    charge(&world, 2);
    (gateway, world, copy)
}

/// Whether the ledger is the new one; it is one of the two, and whole.
fn is_new(world: &World, point: (&str, usize)) -> bool {
    let told = world.run(&["history", "--json"]);
    let said = told.stderr.as_str().to_owned();
    assert_eq!(told.code, 0, "{point:?}: {said}");
    let count = told.json().as_array().unwrap().len();
    let is_new = said.contains("put back from a backup");
    assert_eq!(count, if is_new { 1 } else { 2 }, "{point:?}: {said}");
    assert!(is_new || said.is_empty(), "{point:?}: nothing is wrong with the old one: {said}");
    let checked = world.run(&["ledger", "check"]);
    let _ = checked.stderr.as_str();
    assert_eq!(checked.code, 0, "{point:?}: {checked}");
    is_new
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_ledger_or_the_new_one() {
    let Some(strace) = strace::find("a restore that is killed") else { return };
    let (old, new) = (AtomicUsize::new(0), AtomicUsize::new(0));
    at_every_call(|point| {
        let (_gateway, world, copy) = behind();
        if !was_killed(&befallen(&world, &strace, point, "signal=SIGKILL", &["ledger", "restore", &copy])) {
            return false;
        }
        let met = if is_new(&world, point) { &new } else { &old };
        met.fetch_add(1, Ordering::SeqCst);
        let _ = world.run(&["--quiet", "ledger", "restore", &copy]).exits(0);
        assert!(is_new(&world, point), "{point:?}");
        let left = names(world.ledger_path().parent().unwrap());
        assert!(!left.iter().any(|name| name.contains("part")), "{point:?}: {left:?}");
        true
    });
    let met = (old.into_inner(), new.into_inner());
    assert!(met.0 > 4 && met.1 > 1, "{met:?}");
}

/// The same calls, each failing in its turn: what the disk refuses is told, and nothing is changed by half.
#[test]
fn a_restore_whose_disk_fails_leaves_the_old_ledger_or_the_new_one() {
    let Some(strace) = strace::find("a restore whose disk fails") else { return };
    at_every_call(|point| {
        let (_gateway, world, copy) = behind();
        let ran =
            befallen(&world, &strace, point, "error=EIO", &["ledger", "restore", &copy]).in_plain_words();
        let log = fs::read_to_string(world.home().join("strace.log")).unwrap();
        assert!(!ran.stderr.contains("panicked") && [0, 1].contains(&ran.code), "{point:?}: {ran}");
        let new = is_new(&world, point);
        assert!(new || ran.code == 1, "{point:?}: {ran}");
        log.contains("INJECTED")
    });
}

#[test]
fn a_restore_of_a_lost_ledger_that_is_killed_can_be_run_again() {
    let Some(strace) = strace::find("a restore that is killed") else { return };
    for gone in [&["", ".mark"][..], &["", "-wal", "-shm"]] {
        at_every_call(|point| {
            let (gateway, world, copy) = behind();
            let ledger = world.ledger_path();
            gone.iter().for_each(|suffix| fs::remove_file(beside(&ledger, suffix)).unwrap());
            if !was_killed(&befallen(&world, &strace, point, "signal=SIGKILL", &["ledger", "restore", &copy]))
            {
                return false;
            }
            // It is lost still, or it is there: never is it taken for one that is new.
            let told = world.charge("order_3", &["--allow-similar"]);
            let said = told.stderr.as_str().to_owned();
            assert!(
                (told.code == 1 && said.contains("ledger restore"))
                    || (told.code == 9 && said.contains("warning")),
                "{gone:?} {point:?}: {} {said}",
                told.code
            );
            let _ = world.run(&["--quiet", "ledger", "restore", &copy]).exits(0);
            assert_eq!(orders(&world, &ledger), ["order_1"], "{gone:?} {point:?}");
            assert_eq!(gateway.received("order_3"), 0, "{gone:?} {point:?}");
            true
        });
    }
}

#[test]
fn a_backup_that_is_killed_leaves_the_one_before_it() {
    let Some(strace) = strace::find("a backup that is killed") else { return };
    at_every_call(|point| {
        let (_gateway, world, copy) = behind();
        let before = fs::read(&copy).unwrap();
        let ran = befallen(&world, &strace, point, "signal=SIGKILL", &["ledger", "backup", "copy.db"]);
        let found = orders(&world, Path::new(&copy)).len();
        assert!(found == 2 || fs::read(&copy).unwrap() == before, "{point:?}");
        for database in [Path::new(&copy), &world.ledger_path()] {
            let checked = on(&world, database, &["ledger", "check"]).exits(0);
            assert_eq!(checked.stderr, "", "{point:?}: {checked}");
        }
        let _ = world.run(&["--quiet", "ledger", "backup", "copy.db"]).exits(0);
        assert_eq!(orders(&world, Path::new(&copy)).len(), 2, "{point:?}");
        assert!(!names(world.home()).iter().any(|name| name.contains("part")), "{point:?}");
        was_killed(&ran)
    });
}
