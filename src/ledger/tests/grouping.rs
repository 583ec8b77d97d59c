//! Several writes in one commit, and the one batch there may be.

use super::{Asked, Place, at, charged, fail_on_request, failing_reply, in_one_commit, reply, uid, won};
use crate::domain::payment::Outcome;
use crate::ledger::{BatchLocked, Create, DailyLimit, Guards, IntentResult, Ledger, LedgerError};

#[test]
fn nothing_of_a_group_is_seen_before_its_commit_and_all_of_it_after() {
    let place = Place::new();
    let (mut ledger, other) = (place.ledger(), place.ledger());
    let (one, two) = (Asked::new("order-1", 8900, 0), Asked::new("order-2", 500, 0));
    let grouped = in_one_commit(&mut ledger, |ledger| {
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
    let (mut results, mut runs) = (Vec::new(), 0);
    let grouped = in_one_commit(&mut ledger, |ledger| {
        runs += 1;
        let resent = ledger.record_resend(&uid("order-1"), at(9), &again.mark, &reply(401));
        two.written(ledger);
        let unsent = ledger.record_not_sent(&uid("nobody"), at(9), "x", &reply(0)).map(drop);
        results = vec![resent, unsent];
    });
    assert_eq!(runs, 2, "taken back, and done again each for itself");
    assert!(grouped.is_ok());
    assert!(matches!(results[0], Err(LedgerError::Changed { .. })), "{results:?}");
    assert!(matches!(results[1], Err(LedgerError::NoSuchPayment { .. })), "{results:?}");
    assert_eq!(place.ledger().find(&uid("order-2")).unwrap().unwrap().outcome, Outcome::Pending);
    assert_eq!(place.ledger().events(&uid("order-1")).unwrap().len(), 2);
}

/// The second half of a write fails, when its first half is in the row already.
#[test]
fn a_write_that_fails_half_way_leaves_nothing_behind() {
    let place = Place::new();
    let mut ledger = place.ledger();
    fail_on_request(&ledger);
    let (one, two) = (Asked::new("order-1", 8900, 0), Asked::new("order-2", 500, 0));
    charged(&mut ledger, &one, Outcome::Declined);
    let mut result = None;
    let grouped = in_one_commit(&mut ledger, |ledger| {
        two.written(ledger);
        let reply = failing_reply();
        result = Some(ledger.record_lookup(&uid("order-1"), at(9), Outcome::Paid, &reply, None, None));
    });
    assert!(grouped.is_ok());
    assert!(matches!(result, Some(Err(LedgerError::Other { .. }))), "{result:?}");
    assert_eq!(place.ledger().find(&uid("order-1")).unwrap().unwrap().outcome, Outcome::Declined);
    assert_eq!(place.ledger().find(&uid("order-2")).unwrap().unwrap().outcome, Outcome::Pending);
}

#[test]
fn guards_see_the_writes_of_their_own_group() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let daily = DailyLimit { max: won(1000), from: at(0), to: at(86_400) };
    let guarded = |order: &str, amount| {
        let mut asked = Asked::new(order, amount, 5);
        asked.guards = Guards { similar_since: Some(at(0)), daily: Some(daily) };
        asked
    };
    let grouped = in_one_commit(&mut ledger, |ledger| {
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
    let failed = in_one_commit(&mut ledger, |_| ran = true).unwrap_err();
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
    let grouped = in_one_commit(&mut ledger, |ledger| {
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
    assert!(in_one_commit(&mut ledger, |ledger| drop(asked[199].written(ledger))).is_ok());
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
