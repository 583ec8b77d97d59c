//! Who may charge, and who must wait: between handles and between processes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::{Asked, Place, uid};
use crate::ledger::{Create, Entry, Ledger, LedgerError, OpenOptions};

#[test]
fn one_handle_has_a_payments_lock_until_it_is_dropped() {
    let place = Place::new();
    let (one, two) = (place.ledger(), place.ledger());
    let held = one.lock_payment(&uid("order-1")).unwrap();
    assert!(held.is_some());
    assert!(two.lock_payment(&uid("order-1")).unwrap().is_none());
    assert!(one.lock_payment(&uid("order-1")).unwrap().is_none(), "nor a second time by the same handle");
    assert!(two.lock_payment(&uid("order-2")).unwrap().is_some(), "another payment is free");
    drop(held);
    assert!(two.lock_payment(&uid("order-1")).unwrap().is_some());
}

/// Where locks are bytes of one file.
#[test]
#[cfg(target_os = "linux")]
fn locks_are_let_go_without_litter() {
    let place = Place::new();
    let ledger = place.ledger();
    for order in 0..100 {
        drop(ledger.lock_payment(&uid(&format!("order-{order}"))).unwrap().unwrap());
    }
    let dir = place.dir.path().join("ledger.db.locks");
    let left: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["payments"]);
}

#[test]
fn a_worker_locks_one_payment_beside_another() {
    let place = Place::new();
    let (ledger, other) = (place.ledger(), place.ledger());
    let (worker, next) = (ledger.payment_locks().of_worker(), ledger.payment_locks().of_worker());
    let first = worker.lock_payment(&uid("order-1")).unwrap().unwrap();
    let second = worker.lock_payment(&uid("order-2")).unwrap().unwrap();
    for order in ["order-1", "order-2"] {
        assert!(other.lock_payment(&uid(order)).unwrap().is_none(), "another process waits");
        assert!(next.lock_payment(&uid(order)).unwrap().is_none(), "so does another worker");
    }
    drop(first);
    assert!(next.lock_payment(&uid("order-1")).unwrap().is_some());
    assert!(next.lock_payment(&uid("order-2")).unwrap().is_none(), "the other one is still held");
    drop(second);
    let theirs = other.lock_payment(&uid("order-2")).unwrap().unwrap();
    assert!(worker.lock_payment(&uid("order-2")).unwrap().is_none());
    drop(theirs);
}

#[test]
fn of_many_threads_one_at_a_time_has_the_lock() {
    let place = Place::new();
    place.ledger();
    let inside = std::sync::atomic::AtomicU32::new(0);
    let order = std::sync::atomic::Ordering::SeqCst;
    let taken = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let ledger = place.ledger();
                for _ in 0..500 {
                    if let Some(_lock) = ledger.lock_payment(&uid("order-1")).unwrap() {
                        assert_eq!(inside.fetch_add(1, order), 0);
                        taken.fetch_add(1, order);
                        inside.fetch_sub(1, order);
                    }
                }
            });
        }
    });
    assert!(taken.into_inner() > 0);
}

#[test]
#[cfg(unix)]
fn every_name_of_a_ledger_leads_to_the_same_lock() {
    let place = Place::new();
    let direct = place.ledger();
    let link = place.dir.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    let linked = Ledger::open_at(&link, Create::Never).unwrap().ledger;
    let dotted =
        Ledger::open_at(&place.dir.path().join(".").join("ledger.db"), Create::Never).unwrap().ledger;
    assert_eq!((linked.place(), dotted.place()), (direct.place(), direct.place()));
    let _held = direct.lock_payment(&uid("order-1")).unwrap().unwrap();
    assert!(linked.lock_payment(&uid("order-1")).unwrap().is_none());
    assert!(dotted.lock_payment(&uid("order-1")).unwrap().is_none());
}

#[test]
fn a_ledger_that_another_handle_writes_is_locked_after_the_busy_time_out() {
    let place = Place::new();
    let (one, mut two) = (place.ledger(), place.ledger());
    one.connection().execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = std::time::Instant::now();
    let error = two.write_one(&Entry::Intent(Asked::new("order-1", 8900, 0).intent())).unwrap_err();
    assert!(started.elapsed() >= Duration::from_millis(50), "it waited");
    assert!(error.is_locked(), "{error}");
    assert!(error.to_string().contains("did not come free within 60ms"), "{error}");
    one.connection().execute_batch("ROLLBACK").unwrap();
    Asked::new("order-1", 8900, 0).written(&mut two);
}

/// What a test has another process do with its ledger; see [`the_other_process`].
fn other_process(place: &Place, task: &str) -> Other {
    std::fs::write(place.dir.path().join("task"), task).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["ledger::sqlite::tests::locking::the_other_process", "--exact", "--ignored", "--nocapture"])
        .current_dir(place.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "the other process came up");
    }
    Other { child, _stdout: stdout }
}

/// Its stdout stays open, or it would fail to write its own test result.
struct Other {
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

#[test]
#[ignore = "run by the tests beside it, as another process"]
fn the_other_process() {
    let Ok(task) = std::fs::read_to_string("task") else { return };
    let path = PathBuf::from("ledger.db");
    let ready = || {
        println!("ready");
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read_line(&mut String::new());
    };
    if task == "create" {
        ready();
        let created = Ledger::open_at(&path, Create::IfMissing).unwrap().created;
        std::fs::write(format!("created-{}", std::process::id()), created.to_string()).unwrap();
        return;
    }
    let ledger = Ledger::open_at(&path, Create::IfMissing).unwrap().ledger;
    let _lock = ledger.lock_payment(&uid("order-1")).unwrap().unwrap();
    if task == "hold all" {
        ledger.connection().execute_batch("BEGIN EXCLUSIVE").unwrap();
    }
    ready();
}

#[test]
fn a_killed_process_leaves_the_lock_and_the_ledger_free() {
    let place = Place::new();
    place.ledger();
    let mut child = other_process(&place, "hold all").child;
    let mut ledger = place.ledger();
    assert!(ledger.lock_payment(&uid("order-1")).unwrap().is_none());
    let asked = Asked::new("order-1", 8900, 0);
    assert!(matches!(ledger.write_one(&Entry::Intent(asked.intent())), Err(LedgerError::Locked { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ledger.lock_payment(&uid("order-1")).unwrap().is_some());
    asked.written(&mut ledger);
}

#[test]
fn processes_that_create_the_same_ledger_at_once_all_succeed() {
    for _ in 0..5 {
        let place = Place::new();
        let mut others: Vec<Other> = (0..4).map(|_| other_process(&place, "create")).collect();
        for Other { child, .. } in &mut others {
            child.stdin.take().unwrap().write_all(b"\n").unwrap();
        }
        for Other { child, .. } in &mut others {
            assert!(child.wait().unwrap().success());
        }
        let created = others.iter().filter(|other| is_created(place.dir.path(), other.child.id())).count();
        assert_eq!(created, 1, "one of them says that it was new");
        Asked::new("order-1", 8900, 0).written(&mut place.ledger());
    }
}

fn is_created(dir: &Path, id: u32) -> bool {
    std::fs::read_to_string(dir.join(format!("created-{id}"))).unwrap() == "true"
}

#[test]
fn threads_that_create_the_same_ledger_at_once_all_succeed() {
    for _ in 0..10 {
        let place = Place::new();
        let options = OpenOptions::new(Create::IfMissing);
        let created: Vec<bool> = std::thread::scope(|scope| {
            let open = || Ledger::open_with(&place.path(), &options).unwrap().created;
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(created.iter().filter(|created| **created).count(), 1);
    }
}

#[test]
fn entries_whose_transaction_cannot_begin_all_learn_why() {
    let place = Place::new();
    let (mut ledger, blocker) = (place.ledger(), place.ledger());
    blocker.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let entries = [Asked::new("order-1", 8900, 0), Asked::new("order-2", 500, 0)];
    let entries: Vec<Entry> = entries.iter().map(|asked| Entry::Intent(asked.intent())).collect();
    let failed = ledger.write(&entries);
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|failed| matches!(failed, Err(LedgerError::Locked { .. }))), "{failed:?}");
    blocker.connection().execute_batch("ROLLBACK").unwrap();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
}

/// A page limit stands for a full disk.
#[test]
fn on_a_full_disk_what_is_told_to_be_written_is_and_the_rest_is_not() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let number = |ledger: &Ledger, sql: &str| -> i64 {
        ledger.connection().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let pages = number(&ledger, "PRAGMA page_count");
    number(&ledger, &format!("PRAGMA max_page_count = {}", pages + 2));
    let asked: Vec<Asked> = (0..200).map(|n| Asked::new(&format!("order-{n}"), 100 + n, 0)).collect();
    let entries: Vec<Entry> = asked.iter().map(|asked| Entry::Intent(asked.intent())).collect();
    let told = ledger.write(&entries);
    let full = |result: &&Result<_, _>| matches!(result, Err(LedgerError::Full { .. }));
    assert!(told.iter().filter(full).count() > 0, "the disk was not full");
    let other = place.ledger();
    for (one, told) in asked.iter().zip(&told) {
        assert_eq!(other.find(&one.request.terms.merchant_uid).unwrap().is_some(), told.is_ok());
    }
    number(&ledger, "PRAGMA max_page_count = 1000000");
    asked[199].written(&mut ledger);
    assert!(other.find(&uid("order-199")).unwrap().is_some());
}
