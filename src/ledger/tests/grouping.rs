//! Several writes in one commit, and the one batch there may be.

use super::{
    Asked, Place, answer, at, attempt, charged, fail_on_request, failing_reply, mark, not_sent, reply, uid,
    won,
};
use crate::domain::payment::{Outcome, Received};
use crate::domain::reason::{Reason, Said};
use crate::ledger::{BatchLocked, Create, DailyLimit, Entry, Guards, How, LedgerError, Written};

fn intents(asked: &[Asked]) -> Vec<Entry> {
    asked.iter().map(|asked| Entry::Intent(asked.intent())).collect()
}

fn hows(written: Vec<Result<Written, LedgerError>>) -> Vec<How> {
    written.into_iter().map(|written| written.unwrap().how).collect()
}

#[test]
fn entries_are_written_together_and_what_one_writes_the_next_one_sees() {
    let place = Place::new();
    let (mut ledger, other) = (place.ledger(), place.ledger());
    let asked = Asked::new("order-1", 8900, 0);
    let mut entries = intents(&[Asked::new("order-1", 8900, 0), Asked::new("order-2", 500, 0)]);
    entries.push(answer("order-1", 1, 1, asked.settled(Outcome::Paid)));
    assert_eq!(hows(ledger.write(&entries)), [How::Claimed, How::Claimed, How::Kept]);
    for (order, outcome, events) in [("order-1", Outcome::Paid, 2), ("order-2", Outcome::Pending, 1)] {
        assert_eq!(other.find(&uid(order)).unwrap().unwrap().outcome, outcome);
        assert_eq!(other.events(&uid(order)).unwrap().len(), events);
    }
}

#[test]
fn one_write_that_fails_takes_nothing_of_the_others_with_it() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let resend =
        Entry::Resend { attempt: attempt("order-1", 1), at: at(9), mark: mark(9), refused: reply(401) };
    let two = Entry::Intent(Asked::new("order-2", 500, 9).intent());
    let results = ledger.write(&[resend, two, not_sent("nobody", 1, 9)]);
    assert!(matches!(results[0], Err(LedgerError::Changed { .. })), "{results:?}");
    assert!(matches!(results[1], Ok(Written { how: How::Claimed, .. })), "{results:?}");
    assert!(matches!(results[2], Err(LedgerError::NoSuchPayment { .. })), "{results:?}");
    assert_eq!(place.ledger().find(&uid("order-2")).unwrap().unwrap().outcome, Outcome::Pending);
    assert_eq!(place.ledger().events(&uid("order-1")).unwrap().len(), 2);
}

/// The second half of a write fails, when its first half is in the row already.
#[test]
fn a_write_that_fails_half_way_leaves_nothing_behind() {
    let place = Place::new();
    let mut ledger = place.ledger();
    fail_on_request(&ledger);
    let one = Asked::new("order-1", 8900, 0);
    charged(&mut ledger, &one, Outcome::Declined);
    let fails = Entry::Answer {
        attempt: attempt("order-1", 1),
        at: at(9),
        settled: one.settled(Outcome::Paid),
        received: failing_reply(),
        shown: Vec::new(),
    };
    let two = Entry::Intent(Asked::new("order-2", 500, 0).intent());
    let results = ledger.write(&[two, fails]);
    assert!(matches!(results[1], Err(LedgerError::Other { .. })), "{results:?}");
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
        asked.guards = Guards { passed: Some(Vec::new()), daily: Some(daily), ..Guards::default() };
        asked
    };
    let asked = [
        guarded("order-1", 600),
        guarded("order-2", 600),
        guarded("order-3", 500),
        guarded("order-1", 600),
        guarded("order-4", 400),
    ];
    let hows = hows(ledger.write(&intents(&asked)));
    assert_eq!((&hows[0], &hows[3], &hows[4]), (&How::Claimed, &How::Moved, &How::Claimed));
    assert!(matches!(&hows[1], How::Open(_)), "{hows:?}");
    assert!(matches!(&hows[2], How::OverDaily { .. }), "{hows:?}");
}

#[test]
fn no_entries_are_no_write() {
    let place = Place::new();
    assert!(place.ledger().write(&[]).is_empty());
}

/// What is told in several parts is read back in as many.
#[test]
fn a_separator_inside_of_a_reasons_words_does_not_part_them() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let reason = Reason::KeyRefused { said: Said::Words("a\u{1f}b".to_owned()) };
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let received = Received::default();
    let entry = Entry::NotSent { attempt: attempt("order-1", 1), at: at(1), reason, received };
    let _ = ledger.write_one(&entry).unwrap();
    let payment = ledger.find(&uid("order-1")).unwrap().unwrap();
    assert_eq!(payment.reason, Some(Reason::KeyRefused { said: Said::Words("a b".to_owned()) }));
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
