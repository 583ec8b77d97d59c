//! Several writes in one commit, and the one batch there may be.

use super::{Asked, Place, charged, reply, uid, won};
use crate::domain::payment::Outcome;
use crate::ledger::{BatchLocked, Create, DailyLimit, Guards, IntentResult, Ledger, LedgerError};

#[test]
fn nothing_of_a_group_is_seen_before_its_commit_and_all_of_it_after() {
    let place = Place::new();
    let (mut ledger, other) = (place.ledger(), place.ledger());
    let (one, two) = (Asked::new("order-1", 8900, 0), Asked::new("order-2", 500, 0));
    let grouped = ledger.in_one_commit(|ledger| {
        one.written(ledger);
        two.written(ledger);
        assert!(ledger.find(&uid("order-1")).unwrap().is_some(), "inside it is there");
        assert_eq!(other.find(&uid("order-1")).unwrap(), None);
    });
    assert!(grouped.is_ok());
    for order in ["order-1", "order-2"] {
        assert_eq!(other.find(&uid(order)).unwrap().unwrap().outcome, Outcome::Pending);
        assert_eq!(other.events(&uid(order)).unwrap().len(), 1);
    }
}

#[test]
fn one_write_that_fails_takes_nothing_of_the_others_with_it() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let (again, two) = (Asked::new("order-1", 8900, 9), Asked::new("order-2", 500, 9));
    let mut results = Vec::new();
    let grouped = ledger.in_one_commit(|ledger| {
        // The row is inserted and then the resend of a paid one is refused half way.
        results.push(ledger.record_resend(&uid("order-1"), super::at(9), &again.mark, &reply(401)));
        two.written(ledger);
        results.push(ledger.record_not_sent(&uid("nobody"), super::at(9), "x", &reply(0)).map(drop));
    });
    assert!(grouped.is_ok());
    assert!(matches!(results[0], Err(LedgerError::Changed { .. })), "{results:?}");
    assert!(matches!(results[1], Err(LedgerError::NoSuchPayment { .. })), "{results:?}");
    assert_eq!(place.ledger().find(&uid("order-2")).unwrap().unwrap().outcome, Outcome::Pending);
    assert_eq!(place.ledger().events(&uid("order-1")).unwrap().len(), 2);
}

#[test]
fn guards_see_the_writes_of_their_own_group() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let daily = DailyLimit { max: won(1000), from: super::at(0), to: super::at(86_400) };
    let guarded = |order: &str, amount| {
        let mut asked = Asked::new(order, amount, 5);
        asked.guards = Guards { similar_since: Some(super::at(0)), daily: Some(daily) };
        asked
    };
    let grouped = ledger.in_one_commit(|ledger| {
        guarded("order-1", 600).written(ledger);
        assert!(matches!(guarded("order-2", 600).record(ledger), IntentResult::Similar(_)));
        assert!(matches!(guarded("order-3", 500).record(ledger), IntentResult::OverDaily { .. }));
        assert_eq!(guarded("order-1", 600).record(ledger), IntentResult::Lost);
        guarded("order-4", 400).written(ledger);
    });
    assert!(grouped.is_ok());
}

#[test]
fn a_group_that_cannot_begin_says_why_to_everybody() {
    let place = Place::new();
    let (mut ledger, blocker) = (place.ledger(), place.ledger());
    blocker.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut ran = false;
    let failed = ledger.in_one_commit(|_| ran = true).unwrap_err();
    assert!(matches!(failed.error(), LedgerError::Locked { .. }));
    assert!(matches!(failed.error(), LedgerError::Locked { .. }), "as often as there are callers");
    assert!(!ran);
    blocker.connection.execute_batch("ROLLBACK").unwrap();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
}

/// A page limit stands for a full disk.
#[test]
fn on_a_full_disk_what_is_told_to_be_written_is_and_the_rest_is_not() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let number = |ledger: &Ledger, sql: &str| -> i64 {
        ledger.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let pages = number(&ledger, "PRAGMA page_count");
    number(&ledger, &format!("PRAGMA max_page_count = {}", pages + 2));
    let asked: Vec<Asked> = (0..200).map(|n| Asked::new(&format!("order-{n}"), 100 + n, 0)).collect();
    let mut told = Vec::new();
    let grouped = ledger.in_one_commit(|ledger| {
        told = asked.iter().map(|one| ledger.record_intent(&one.intent())).collect();
    });
    let full = |result: &&Result<_, _>| matches!(result, Err(LedgerError::Full { .. }));
    assert!(told.iter().filter(full).count() > 0, "the disk was not full");
    let other = place.ledger();
    for (one, told) in asked.iter().zip(&told) {
        let there = other.find(&one.request.terms.merchant_uid).unwrap().is_some();
        assert_eq!(there, grouped.is_ok() && told.is_ok());
    }
    number(&ledger, "PRAGMA max_page_count = 1000000");
    assert!(ledger.in_one_commit(|ledger| drop(asked[199].written(ledger))).is_ok());
    assert!(other.find(&uid("order-199")).unwrap().is_some());
}

#[test]
fn there_is_one_batch_at_a_time_and_the_second_learns_whose() {
    let place = Place::new();
    let (one, two) = (place.ledger(), place.try_open(Create::Never).unwrap());
    let BatchLocked::Ours(first) = one.lock_batch().unwrap() else { panic!("nobody has it") };
    let pid = std::process::id();
    assert!(matches!(two.lock_batch().unwrap(), BatchLocked::Theirs { pid: Some(p) } if p == pid));
    assert!(two.lock_payment(&uid("order-1")).unwrap().is_some(), "single charges run beside it");
    drop(first);
    assert!(matches!(two.lock_batch().unwrap(), BatchLocked::Ours(_)));
}

#[test]
#[cfg(unix)]
fn a_workers_one_file_locks_one_payment_after_another() {
    let place = Place::new();
    let (ledger, other) = (place.ledger(), place.ledger());
    let worker = ledger.payment_locks().of_worker(0);
    let next = ledger.payment_locks().of_worker(1);
    for order in ["order-1", "order-2"] {
        let held = worker.lock_payment(&uid(order)).unwrap().unwrap();
        assert!(other.lock_payment(&uid(order)).unwrap().is_none(), "another process waits");
        assert!(next.lock_payment(&uid(order)).unwrap().is_none(), "so does another worker");
        assert!(next.lock_payment(&uid("order-3")).unwrap().is_some());
        drop(held);
        let theirs = other.lock_payment(&uid(order)).unwrap().unwrap();
        assert!(worker.lock_payment(&uid(order)).unwrap().is_none(), "a file of another process's");
        drop(theirs);
    }
    let names: Vec<String> = std::fs::read_dir(place.dir.path().join("ledger.db.locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| name.starts_with("batch.")), "{names:?}");
}

/// What a killed worker leaves: its file under a payment's name, and nobody who holds it.
#[test]
#[cfg(unix)]
fn a_name_that_a_killed_worker_left_blocks_nobody() {
    let place = Place::new();
    let ledger = place.ledger();
    let worker = ledger.payment_locks().of_worker(0);
    std::mem::forget(worker.lock_payment(&uid("order-1")).unwrap());
    let dir = place.dir.path().join("ledger.db.locks");
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 2);
    // The system lets go of a dead process's locks; here a copy without any stands for its file.
    for path in left {
        let aside = dir.join("aside");
        std::fs::copy(&path, &aside).unwrap();
        std::fs::rename(&aside, &path).unwrap();
    }
    let again = ledger.payment_locks().of_worker(0);
    assert!(again.lock_payment(&uid("order-1")).unwrap().is_some());
    assert!(again.lock_payment(&uid("order-2")).unwrap().is_some());
}
