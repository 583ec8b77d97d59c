//! What cannot be recorded is not sent, and an answer that cannot be recorded is printed whole: with
//! files that may not grow, and with the ledger locked by another program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::crash::books::{Book, Known, check_word, settle};
use crate::support::world::{Gateway, Ran, World, eventually, to_charge};

/// How a charge ended that wanted for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    NothingSent,
    AnswerPrinted,
    Paid,
}

/// Holds a run that could perhaps not write against the book.
pub(super) fn judge(ran: &Ran, known: &Known) -> Ended {
    check_word(ran, known).unwrap();
    match (ran.code, known.received) {
        (0, 1) => Ended::Paid,
        (1, 0) => {
            assert_eq!(ran.stdout, "", "{ran}");
            Ended::NothingSent
        }
        (1, 1) => {
            printed_whole(ran, known);
            Ended::AnswerPrinted
        }
        _ => panic!("the gateway knows {known:?}\n{ran}"),
    }
}

/// The gateway's answer is on stderr to its last byte, and what it means.
fn printed_whole(ran: &Ran, known: &Known) {
    let body = ran.stderr.lines().find(|line| line.starts_with("{\"code\":0"));
    let body: Value = serde_json::from_str(body.unwrap_or_else(|| panic!("no answer\n{ran}"))).unwrap();
    assert_eq!(body["response"]["imp_uid"], known.charged[0].as_str(), "{ran}");
    assert_eq!(body["response"]["status"], "paid", "{ran}");
    assert!(ran.stderr.contains("its outcome is paid"), "{ran}");
    assert_eq!(ran.stdout, "", "{ran}");
}

/// With room again, the same command finds or makes the one charge.
pub(super) fn settles(world: &World, book: &Book, order: &str, ended: Ended, more: &[&str]) {
    let paid = settle(world, book, order, more).unwrap().json();
    assert_eq!(paid["replayed"], json!(ended != Ended::NothingSent), "{order}");
    let known = book.known(order);
    assert_eq!((known.received, known.charged.len()), (1, 1), "{order}: {known:?}");
}

/// Makes charges of which each has more room than the one before, until one is paid. Some must be stopped
/// before they are sent, and some with their answer printed, and all of them settle once there is room.
pub(super) fn with_more_and_more_room(
    gateway: &Gateway,
    steps_max: u64,
    mut charge: impl FnMut(&str, &str, u64) -> (World, Ran),
) -> Vec<Ended> {
    let book = Book::of(gateway);
    let mut seen = Vec::new();
    for step in 0..steps_max {
        let order = format!("order_{step}");
        let (world, ran) = charge(&format!("first_{step}"), &order, step);
        let ended = judge(&ran, &book.known(&order));
        seen.push(ended);
        if ended == Ended::Paid {
            break;
        }
        settles(&world, &book, &order, ended, &["--allow-similar"]);
    }
    let count = |ended| seen.iter().filter(|seen| **seen == ended).count();
    println!("{} nothing sent, {} printed", count(Ended::NothingSent), count(Ended::AnswerPrinted));
    assert!(count(Ended::NothingSent) > 2 && count(Ended::AnswerPrinted) > 2, "{seen:?}");
    assert_eq!(count(Ended::Paid), 1, "{seen:?}");
    seen
}

/// The charge, with no file allowed to grow beyond this many blocks of the shell's.
fn charge_within(world: &World, order: &str, blocks: u64) -> Ran {
    let plain = world.command(&to_charge(order, &["--json", "--allow-similar"]));
    // Ignored, the signal leaves an error where it would have killed.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).arg(plain.get_program()).args(plain.get_args());
    command.env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::from_output(&command.current_dir(world.home()).stdin(Stdio::null()).output().unwrap())
}

#[test]
fn files_that_cannot_grow_stop_the_charge_or_have_its_answer_printed() {
    let gateway = Gateway::start("no_duplicate_refusal");
    let seen = with_more_and_more_room(&gateway, 200, |first, order, step| {
        let world = World::for_gateway(&gateway.url());
        let _ = world.charge(first, &[]).exits(0);
        let ran = charge_within(&world, order, 40 + step * 6);
        (world, ran)
    });
    assert!(seen.is_sorted(), "{seen:?}");
}

#[test]
fn a_ledger_that_cannot_be_created_stops_the_charge() {
    let gateway = Gateway::start("no_duplicate_refusal");
    let book = Book::of(&gateway);
    for blocks in [0, 1, 8, 16, 60] {
        let world = World::for_gateway(&gateway.url());
        let order = format!("order_{blocks}");
        let ran = charge_within(&world, &order, blocks);
        assert_eq!(judge(&ran, &book.known(&order)), Ended::NothingSent, "{ran}");
        settles(&world, &book, &order, Ended::NothingSent, &[]);
    }
}

/// Another program in the ledger, in the middle of a transaction.
fn lock(ledger: &Path) -> Connection {
    let other = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    other
}

#[test]
fn a_ledger_locked_by_another_program_stops_the_charge() {
    let gateway = Gateway::start("no_duplicate_refusal");
    let book = Book::of(&gateway);
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("first", &[]).exits(0);
    let other = lock(&world.ledger_path());
    let begun = Instant::now();
    let ran = world.charge("order", &["--allow-similar"]).exits(1).says(&["locked", "main.db"]);
    assert!(begun.elapsed() > Duration::from_secs(5), "it did not even wait: {:?}", begun.elapsed());
    assert_eq!(judge(&ran, &book.known("order")), Ended::NothingSent);
    drop(other);
    settles(&world, &book, "order", Ended::NothingSent, &["--allow-similar"]);
}

#[test]
fn a_ledger_locked_while_the_request_is_out_has_the_answer_printed() {
    let gateway = Gateway::start("no_duplicate_refusal,slow=500ms");
    let book = Book::of(&gateway);
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("first", &[]).exits(0);
    let child = world.spawn(&to_charge("order", &["--json", "--allow-similar"]));
    eventually("the request is out", || book.known("order").received == 1);
    let other = lock(&world.ledger_path());
    let ran = Ran::from_output(&child.wait_with_output().unwrap()).exits(1);
    assert_eq!(judge(&ran, &book.known("order")), Ended::AnswerPrinted);
    drop(other);
    settles(&world, &book, "order", Ended::AnswerPrinted, &["--allow-similar"]);
}
