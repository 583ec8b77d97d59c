//! What the ledger knows of itself, in one process with many connections.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::{Asked, Place, mark, uid};
use crate::domain::payment::Outcome;
use crate::domain::standing::{Account, Distrust, Doubt, Standing};
use crate::domain::time::{BootReading, Moment, SendMark};
use crate::ledger::sqlite::mark::{Beside, Mark, look, make, path_of};
use crate::ledger::sqlite::open::open;
use crate::ledger::{Acceptance, Access, Create, Entry, Ledger, OpenOptions};

fn now() -> Moment {
    let boot = Some(BootReading { boot_id: "boot".into(), since_boot_ms: 50_000 });
    Moment { wall: Timestamp::from_second(1_800_000_000).unwrap(), boot }
}

fn opened(path: &Path, access: Access) -> (Ledger, Standing) {
    let options = OpenOptions { access, now: Some(now()), ..OpenOptions::new(Create::IfMissing) };
    let opened = Ledger::open_with(path, &options).unwrap();
    (opened.ledger, opened.standing.unwrap())
}

fn mark_of(path: &Path) -> Mark {
    match look(path).unwrap() {
        Beside::Mark(mark) => mark,
        other @ (Beside::Nothing | Beside::Unreadable) => panic!("{other:?}"),
    }
}

#[test]
fn each_intent_raises_the_mark_and_many_in_one_commit_raise_it_once() {
    let place = Place::new();
    let (mut ledger, standing) = opened(&place.path(), Access::Write);
    assert_eq!(look(&place.path()).unwrap(), Beside::Nothing, "nothing was ever sent");
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let first = mark_of(&place.path());
    let expected = Mark { id: standing.id.clone(), epoch: 1, last_event: 1, at: mark(0) };
    assert_eq!(first, expected);
    let many: Vec<Entry> = (2..=6)
        .map(|order| Entry::Intent(Asked::new(&format!("order-{order}"), order, order).intent()))
        .collect();
    assert!(ledger.write(&many).iter().all(Result::is_ok));
    assert_eq!(mark_of(&place.path()), Mark { last_event: 6, at: mark(6), ..expected });
    assert_eq!(ledger.mark_trouble().take(), None);
}

#[test]
fn a_ledger_belongs_to_the_key_that_it_was_first_charged_with() {
    let place = Place::new();
    let (mut ledger, standing) = opened(&place.path(), Access::Write);
    assert_eq!(standing.accounts, []);
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let [begun] = &ledger.standing().unwrap().accounts[..] else { panic!("one account") };
    let other = Account::of_key("another");
    assert!(!ledger.standing().unwrap().belongs_to(&other) && *begun != other);
    ledger.adopt(&other, Timestamp::UNIX_EPOCH).unwrap();
    assert!(ledger.standing().unwrap().belongs_to(&other), "it was shown to be the same");
    assert!(ledger.standing().unwrap().belongs_to(begun));
}

fn is_behind(standing: &Standing) -> Option<(i64, i64, SendMark)> {
    match &standing.distrusted {
        Some(Distrust { why: Doubt::Behind { marked, held }, since, .. }) => {
            Some((*marked, *held, since.clone()))
        }
        _ => None,
    }
}

#[test]
fn a_ledger_behind_its_mark_is_distrusted_since_the_marks_time() {
    let place = Place::new();
    let (mut ledger, standing) = opened(&place.path(), Access::Write);
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    drop(ledger);
    let ahead = Mark { id: standing.id.clone(), epoch: 1, last_event: 9, at: mark(700) };
    make(&place.path(), &ahead).unwrap();
    for _ in 0..2 {
        let (_, found) = opened(&place.path(), Access::Write);
        assert_eq!((found.epoch, is_behind(&found)), (2, Some((9, 1, mark(700)))));
    }
    let raised = mark_of(&place.path());
    assert_eq!((raised.epoch, raised.last_event), (2, 1), "the new epoch stands above all of the old one");
    // The mark of the second epoch, and a ledger of the first: older still.
    let (mut ledger, _) = opened(&place.path(), Access::Write);
    let acceptance =
        Acceptance { at: now().wall, operator: None, reason: "x".to_owned(), account: None, unasked: true };
    let accepted = ledger.accept(&acceptance).unwrap();
    assert!(accepted.distrust.is_some() && !accepted.account && accepted.unasked_until.is_some());
    drop(ledger);
    make(&place.path(), &Mark { epoch: 3, last_event: 1, ..raised }).unwrap();
    let (_, found) = opened(&place.path(), Access::Write);
    let distrust = found.distrusted.clone().unwrap();
    assert_eq!((found.epoch, distrust.accepted, found.unasked), (4, false, None));
}

/// Another ledger's mark says when that one last sent, and nothing of this one.
#[test]
fn beside_another_ledgers_mark_the_wait_begins_when_it_was_seen() {
    for access in [Access::Read, Access::Write] {
        let place = Place::new();
        let (mut ledger, _) = opened(&place.path(), Access::Write);
        Asked::new("order-1", 8900, 0).written(&mut ledger);
        drop(ledger);
        let long_ago = SendMark { wall: Timestamp::UNIX_EPOCH, ..mark(-90_000) };
        let others = Mark { id: "b".repeat(32), epoch: 1, last_event: 9, at: long_ago };
        make(&place.path(), &others).unwrap();
        let distrust = opened(&place.path(), access).1.distrusted.unwrap();
        let first_seen = SendMark { wall: now().wall, boot: now().boot, gateway_s: None };
        assert_eq!((distrust.why, distrust.since), (Doubt::OtherMark, first_seen));
    }
}

#[test]
fn a_doubt_that_no_clock_could_measure_is_anchored_to_the_gateways() {
    let place = Place::new();
    let (mut ledger, _) = opened(&place.path(), Access::Write);
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    drop(ledger);
    fs::remove_file(path_of(&place.path())).unwrap();
    let (mut ledger, found) = opened(&place.path(), Access::Write);
    let distrust = found.distrusted.unwrap();
    assert_eq!((distrust.why, distrust.since.gateway_s), (Doubt::MarkGone, None));
    let later = BootReading { boot_id: "boot".into(), since_boot_ms: 53_000 };
    let heard = SendMark { wall: now().wall, boot: Some(later), gateway_s: Some(5_000) };
    for _ in 0..2 {
        ledger.anchor_distrust(&heard).unwrap();
        let since = ledger.standing().unwrap().distrusted.unwrap().since;
        assert_eq!(since.gateway_s, Some(4_997), "three seconds ago");
    }
}

#[test]
fn a_saved_ledger_of_schema_4_is_brought_up_to_date_and_belongs_to_its_key() {
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers");
    let mut ids = Vec::new();
    for schema in ["schema_3.db", "schema_4.db"] {
        let place = Place::new();
        fs::copy(saved.join(schema), place.path()).unwrap();
        let (mut ledger, standing) = opened(&place.path(), Access::Read);
        let begun = Account::of_key("9944783c6fe1a230");
        assert_eq!((standing.epoch, &standing.accounts[..]), (1, &[begun][..]), "{schema}");
        assert_eq!((standing.distrusted, standing.unasked), (None, None), "it never had a mark: {schema}");
        ids.push(standing.id);
        for (order, outcome) in [
            ("order_paid", Outcome::Paid),
            ("order_declined", Outcome::Declined),
            ("order_rejected", Outcome::Rejected),
            ("order_unknown", Outcome::Unknown),
            ("order_pending", Outcome::Pending),
            ("order_other_amount", Outcome::Unknown),
        ] {
            assert_eq!(ledger.find(&uid(order)).unwrap().unwrap().outcome, outcome, "{schema} {order}");
        }
        assert_eq!(ledger.newest_paid(None).unwrap().map(|payment| payment.outcome), Some(Outcome::Paid));
        Asked::new("order-1", 8900, 0).written(&mut ledger);
        drop(ledger);
        let (_, again) = opened(&place.path(), Access::Write);
        assert_eq!((again.distrusted, &again.id), (None, ids.last().unwrap()), "{schema}");
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_distrust_is_ended_by_what_was_read_for_it_and_its_wait_stays() {
    let place = Place::new();
    let (mut ledger, _) = opened(&place.path(), Access::Write);
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    drop(ledger);
    fs::remove_file(path_of(&place.path())).unwrap();
    let (mut ledger, standing) = opened(&place.path(), Access::Write);
    let doubt = standing.distrusted.unwrap();
    let other = Distrust { why: Doubt::OtherMark, ..doubt.clone() };
    let at = Timestamp::UNIX_EPOCH;
    assert!(!ledger.end_distrust(&other, at, None, "read").unwrap(), "another doubt has come up");
    assert_eq!(ledger.standing().unwrap().distrusted, Some(doubt.clone()));
    assert!(ledger.end_distrust(&doubt, at, Some("gildong"), "read").unwrap());
    let waits = Some(Distrust { accepted: true, ..doubt });
    assert_eq!(ledger.standing().unwrap().distrusted, waits);
}

/// Thousands of opens beside as many writes, and the mark made meanwhile: nobody may be alarmed. Each thread
/// has connections of its own, as processes have.
#[test]
fn thousands_of_readers_and_writers_at_once_raise_no_false_alarm() {
    let place = Place::new();
    let path = place.path();
    let (writers, writes, opens) = (4, 150, 600);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let path = &path;
            scope.spawn(move || {
                let mut ledger = None;
                for write in 0..writes {
                    // Every few writes another process.
                    if write % 5 == 0 {
                        ledger = None;
                    }
                    let ledger = ledger.get_or_insert_with(|| {
                        let (ledger, standing) = opened(path, Access::Write);
                        assert_eq!((standing.epoch, standing.distrusted), (1, None));
                        ledger
                    });
                    Asked::new(&format!("order-{writer}-{write}"), 8900, 0).written(ledger);
                    assert_eq!(ledger.mark_trouble().take(), None);
                }
            });
        }
        for _ in 0..writers {
            let (path, over) = (&path, &over);
            scope.spawn(move || {
                for open in 0..opens {
                    let access = if open % 2 == 0 { Access::Read } else { Access::Write };
                    let (_, standing) = opened(path, access);
                    assert_eq!((standing.epoch, standing.distrusted), (1, None), "{open}");
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                }
                over.store(true, Ordering::Relaxed);
            });
        }
    });
    let (ledger, standing) = opened(&path, Access::Write);
    assert_eq!((standing.epoch, standing.distrusted), (1, None));
    let held = ledger.connection().query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0));
    let (held, marked) = (held.unwrap(), mark_of(&path).last_event);
    assert_eq!(
        (held, marked),
        (writers * writes, held),
        "the last to commit is the last to raise, or somebody higher"
    );
}

/// Who may read and not write has no write lock to look again under.
#[test]
fn a_reader_that_may_not_write_is_not_alarmed_by_those_who_write() {
    let place = Place::new();
    let path = place.path();
    let (mut ledger, _) = opened(&path, Access::Write);
    Asked::new("order-0", 8900, 0).written(&mut ledger);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..2 {
            let (path, over) = (&path, &over);
            scope.spawn(move || {
                let mut looks = 0;
                while !over.load(Ordering::Relaxed) {
                    let before = look(path).unwrap();
                    let mut file = open(path, &OpenOptions::new(Create::Never)).unwrap().ledger;
                    file.read_only = true;
                    let standing = file.find_doubt(&before, &now()).unwrap();
                    assert_eq!(standing.distrusted, None, "{reader} {looks}");
                    looks += 1;
                }
                assert!(looks > 100, "{looks}");
            });
        }
        for write in 1..=1_500 {
            Asked::new(&format!("order-{write}"), 8900, 0).written(&mut ledger);
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(mark_of(&path).last_event, 1_501);
}

#[test]
fn one_doubt_is_stored_once_however_many_find_it_at_once() {
    for round in 0..20 {
        let place = Place::new();
        let path = place.path();
        let (mut ledger, standing) = opened(&path, Access::Write);
        Asked::new("order-1", 8900, 0).written(&mut ledger);
        drop(ledger);
        make(&path, &Mark { id: standing.id, epoch: 1, last_event: 9, at: mark(700) }).unwrap();
        std::thread::scope(|scope| {
            for opener in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let access = if opener % 2 == 0 { Access::Read } else { Access::Write };
                    let (_, found) = opened(path, access);
                    assert_eq!((found.epoch, is_behind(&found)), (2, Some((9, 1, mark(700)))), "{round}");
                });
            }
        });
        assert_eq!((mark_of(&path).epoch, mark_of(&path).last_event), (2, 1));
    }
}
