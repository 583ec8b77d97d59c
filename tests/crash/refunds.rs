//! Refunds, killed at seeded moments and at system calls, and raced: the gateway's book has each of them once.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::crash::books::was_killed;
use crate::crash::dice::Dice;
use crate::crash::relay::{Relay, Stage};
use crate::crash::syscalls::kill_points;
use crate::crash::{nothing_wrong, on_threads, strace, wanted};
use crate::support::sums::sums_are_right;
use crate::support::world::{Gateway, Ran, World};

/// The money is back at once, and the answer leaves after this.
const FAULTS: &str = "refund.slow=30ms";
const LATENCY_US: u64 = 30_000;
const SETTLE_AFTER: &str = "mode = \"test\"\nsettle_after = \"1500ms\"\n";
/// How long a run takes until its request is out, and from the answer to its end; about.
const BEFORE_US: u64 = 25_000;
const AFTER_US: u64 = 1_500;
const KILLS_PER_ORDER: usize = 2;
const WORKERS: usize = 4;
const AMOUNT: i64 = 1000;

fn to_refund(order: &str) -> [&str; 8] {
    ["refund", order, "--amount", "1000", "--reason", "came late", "--yes", "--json"]
}

/// The gateway's book, read as a file.
struct Book(Mutex<Connection>);

impl Book {
    fn of(gateway: &Gateway) -> Book {
        let connection =
            Connection::open_with_flags(gateway.book_path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        Book(Mutex::new(connection))
    }

    /// What went back of an order, refund by refund.
    fn refunds(&self, order: &str) -> Vec<i64> {
        let connection = self.0.lock().unwrap();
        let mut statement = connection
            .prepare_cached(
                "SELECT refunds.amount FROM refunds JOIN payments USING (imp_uid) WHERE merchant_uid = ?1",
            )
            .unwrap();
        let amounts = statement.query_map([order], |row| row.get::<_, String>(0)).unwrap();
        amounts.map(|amount| amount.unwrap().parse().unwrap()).collect()
    }
}

/// Holds what one run said against the book, as it was when the run had ended.
fn check_word(order: &str, ran: &Ran, book: &Book) -> Result<(), String> {
    let made = book.refunds(order);
    let wrong = |what: &str| Err(format!("{order}: {what}, and the gateway has {made:?}\n{ran}"));
    if made.len() > 1 || made.iter().any(|amount| *amount != AMOUNT) {
        return wrong("refunded more than once, or too much");
    }
    if ["panicked", "RUST_BACKTRACE", "SQLITE_", "Err("].iter().any(|word| ran.stderr.contains(word)) {
        return wrong("stderr shows the inside of the program");
    }
    if was_killed(ran) {
        return Ok(());
    }
    let said: Option<serde_json::Value> = serde_json::from_str(&ran.stdout).ok();
    let outcome = said.as_ref().and_then(|said| said["refund"]["outcome"].as_str());
    match (ran.code, outcome) {
        (0, Some("refunded")) | (8, None) if made.is_empty() => wrong("said that it went back"),
        (0, Some("refunded")) | (8, None) => Ok(()),
        (9, _) | (_, Some("not_sent" | "refused")) if !made.is_empty() => wrong("said that it did not"),
        (1 | 7 | 9, _) => Ok(()),
        _ => wrong("an end that nothing here can lead to"),
    }
}

/// Runs the same command again until it tells that the money is back.
fn settle(world: &World, book: &Book, order: &str) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let ran = world.run(&to_refund(order));
        check_word(order, &ran, book)?;
        match ran.code {
            0 => return Ok(()),
            8 => {
                let _ = ran.says(&["went back", "Nothing was sent."]);
                return Ok(());
            }
            7 | 9 if begun.elapsed() < Duration::from_secs(30) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            _ => return Err(format!("{order} does not settle:\n{ran}")),
        }
    }
}

/// The ledger against the gateway's book.
fn compare(world: &World, book: &Book, order: &str) -> Result<(), String> {
    let shown = world.run(&["history", "show", order, "--json"]).says(&[""]).json();
    let refunds = shown["refunds"].as_array().unwrap();
    let refunded = refunds.iter().filter(|refund| refund["outcome"] == "refunded").count();
    let open = refunds.iter().any(|refund| refund["outcome"] == "unknown" || refund["outcome"] == "pending");
    let made = book.refunds(order);
    if refunded != 1 || open || made != [AMOUNT] || shown["cancel_amount"] != AMOUNT {
        return Err(format!("{order}: the gateway has {made:?}, and the ledger\n{shown:#}"));
    }
    sums_are_right(&world.ledger_path())?;
    Ok(())
}

fn charge(world: &World, order: &str) {
    let _ = world.charge(order, &["--allow-similar"]).exits(0).says(&[""]);
}

/// Starts the refund and kills it at a moment of the dice's; how far it had come, and what it said.
fn run_and_kill(world: &World, relay: &Relay, order: &str, dice: &mut Dice) -> (Stage, Ran) {
    let (not_before, within_us) = match dice.below(10) {
        0..=2 => (Stage::Unsent, BEFORE_US),
        3..=6 => (Stage::InFlight, LATENCY_US),
        _ => (Stage::Answered, AFTER_US),
    };
    relay.run_and_kill(not_before, dice.below(within_us), || world.spawn(&to_refund(order)))
}

#[test]
fn a_killed_refund_is_never_made_twice_and_never_lost() {
    let kills_wanted = wanted("BILLKEY_KILLS", 48);
    let seed = u64::try_from(wanted("BILLKEY_SEED", 1)).unwrap();
    let gateway = Gateway::start(FAULTS);
    let book = Book::of(&gateway);
    let (killed, in_flight, orders) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong = on_threads(WORKERS, WORKERS, |worker| {
        let relay = Relay::to(&gateway.url());
        let world = World::with_profile(&relay.url(), SETTLE_AFTER);
        let mut dice = Dice::new(seed.wrapping_mul(1000).wrapping_add(worker as u64));
        let mut begun = Vec::new();
        while killed.load(Ordering::SeqCst) < kills_wanted {
            let order = format!("refunded_{:05}", orders.fetch_add(1, Ordering::SeqCst));
            charge(&world, &order);
            for _ in 0..KILLS_PER_ORDER {
                let (stage, ran) = run_and_kill(&world, &relay, &order, &mut dice);
                check_word(&order, &ran, &book).map_err(|what| format!("{stage:?}: {what}"))?;
                if was_killed(&ran) {
                    killed.fetch_add(1, Ordering::SeqCst);
                    in_flight.fetch_add(usize::from(stage != Stage::Unsent), Ordering::SeqCst);
                }
            }
            begun.push(order);
        }
        // Half of them are settled by `reconcile`, the others by the command itself.
        std::thread::sleep(Duration::from_millis(1600));
        let (by_reconcile, by_refund) = begun.split_at(begun.len() / 2);
        let named: Vec<&str> = by_reconcile.iter().map(String::as_str).collect();
        let reconciled = world.run(&[&["reconcile", "--json"][..], &named].concat()).says(&[""]);
        // 9 of one that was killed before its send: nothing of it went back, and it may be asked for again.
        if !by_reconcile.is_empty() && ![0, 9].contains(&reconciled.code) {
            return Err(format!("reconcile does not settle\n{reconciled}"));
        }
        for order in by_refund.iter().chain(by_reconcile) {
            settle(&world, &book, order)?;
            compare(&world, &book, order)?;
        }
        Ok(())
    });
    nothing_wrong(&wrong);
    let (killed, in_flight) = (killed.into_inner(), in_flight.into_inner());
    println!("{killed} kills, {in_flight} of them after the send, seed {seed}");
    assert!(in_flight > killed / 20 && in_flight < killed, "{in_flight} of {killed} after the send");
}

#[test]
fn many_processes_at_each_refund_make_it_once() {
    let orders = wanted("BILLKEY_RACES", 4);
    let gateway = Gateway::start(FAULTS);
    let book = Book::of(&gateway);
    let world = World::for_gateway(&gateway.url());
    for order in 0..orders {
        let order = format!("raced_{order}");
        charge(&world, &order);
        let children: Vec<_> = (0..12).map(|_| world.spawn(&to_refund(&order))).collect();
        let runs: Vec<Ran> =
            children.into_iter().map(|child| Ran::from_output(&child.wait_with_output().unwrap())).collect();
        for ran in &runs {
            assert_eq!(check_word(&order, ran, &book), Ok(()));
        }
        let done = runs.iter().filter(|ran| ran.code == 0).count();
        assert_eq!((done, book.refunds(&order)), (1, vec![AMOUNT]), "one of them sent it");
        assert_eq!(compare(&world, &book, &order), Ok(()));
    }
}

/// A plain `cargo test` tries every so many-th point; all of them with `BILLKEY_EXHAUSTIVE=1`.
const ONE_IN: usize = 30;

#[test]
fn a_refund_killed_at_any_system_call_is_made_once() {
    let Some(strace) = strace::find("a refund killed at a system call") else { return };
    let gateway = Gateway::start("");
    let book = Book::of(&gateway);
    let traced = |world: &World, order: &str, options: &[String]| {
        let log = world.home().join("log");
        let plain = world.command(&to_refund(order));
        let output = strace::traced(&strace, &log, options, &plain).output().unwrap();
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        // strace dies as the program did.
        let killed = output.status.signal() == Some(9);
        let ran = Ran::from_output(&output);
        (if killed { Ran { code: -1, ..ran } } else { ran }, text)
    };
    let world = || World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1200ms\"\n");
    let untouched = world();
    charge(&untouched, "untouched");
    let (ran, log) = traced(&untouched, "untouched", &[]);
    assert_eq!(ran.code, 0, "{ran}");
    let mut points = kill_points(&strace::calls(&log), untouched.home());
    // Those have files of their own, which nothing writes here.
    points.retain(|point| !point.options.iter().any(|option| option.starts_with("std")));
    let exhaustive = std::env::var("BILLKEY_EXHAUSTIVE").is_ok_and(|value| value == "1");
    let chosen: Vec<_> = points.iter().step_by(if exhaustive { 1 } else { ONE_IN }).collect();
    let met = AtomicUsize::new(0);
    let wrong = on_threads(WORKERS, chosen.len(), |index| {
        let (world, order) = (world(), format!("refund_at_{index:05}"));
        charge(&world, &order);
        let (ran, _) = traced(&world, &order, &chosen[index].options);
        met.fetch_add(usize::from(was_killed(&ran)), Ordering::Relaxed);
        let checked = check_word(&order, &ran, &book).and_then(|()| settle(&world, &book, &order));
        checked
            .and_then(|()| compare(&world, &book, &order))
            .map_err(|what| format!("{}: {what}", chosen[index].name))
    });
    let met = met.into_inner();
    println!("{met} of {} points met, of {} in all", chosen.len(), points.len());
    nothing_wrong(&wrong);
    assert!(met * 10 >= chosen.len() * 8, "only {met} of {} points were met", chosen.len());
}
