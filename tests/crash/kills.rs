//! SIGKILL at seeded moments, and the same command again until it settles.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::crash::books::{Book, check_word, in_ledger, settle, was_killed};
use crate::crash::dice::Dice;
use crate::crash::relay::{Relay, Stage};
use crate::crash::{nothing_wrong, on_threads, wanted};
use crate::support::sums::sums_are_right;
use crate::support::world::{Gateway, Ran, World, to_charge};

/// The charge lands after the first of these, and its answer leaves after both.
const FAULTS: &str = "no_duplicate_refusal,twins=25ms,slow=25ms";
const LATENCY_US: u64 = 50_000;
/// Longer than the latency, so that nothing is sent again while the first request may still land.
const SETTLE_AFTER: &str = "mode = \"test\"\nsettle_after = \"1500ms\"\n";
/// How long a run takes until its request is out, and from the answer to its end; about.
const BEFORE_US: u64 = 25_000;
const AFTER_US: u64 = 1_500;
const KILLS_PER_ORDER: usize = 3;
const WORKERS: usize = 8;

/// Where a killed run stood, by the wire and by the ledger.
type Phase = (Stage, String);

#[test]
fn a_killed_charge_is_never_made_twice_and_never_lost() {
    let kills_wanted = wanted("BILLKEY_KILLS", 300);
    let seed = u64::try_from(wanted("BILLKEY_SEED", 1)).unwrap();
    let gateway = Gateway::start(FAULTS);
    let book = Book::of(&gateway);
    let begun = Instant::now();
    let phases = Mutex::new(BTreeMap::<Phase, usize>::new());
    let (killed, orders) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let homes = Mutex::new(Vec::new());
    let wrong = on_threads(WORKERS, WORKERS, |worker| {
        let relay = Relay::to(&gateway.url());
        let world = World::with_profile(&relay.url(), SETTLE_AFTER);
        let mut dice = Dice::new(seed.wrapping_mul(1000).wrapping_add(worker as u64));
        let mut begun = Vec::new();
        while killed.load(Ordering::SeqCst) < kills_wanted {
            let order = format!("killed_{:05}", orders.fetch_add(1, Ordering::SeqCst));
            for _ in 0..KILLS_PER_ORDER {
                let (stage, ran) = run_and_kill(&world, &relay, &order, &mut dice);
                let row = in_ledger(&world.ledger_path(), &order).unwrap_or_else(|| "no row".to_owned());
                check_word(&ran, &book.known(&order))
                    .map_err(|what| format!("{order}, {stage:?}: {what}"))?;
                if was_killed(&ran) {
                    killed.fetch_add(1, Ordering::SeqCst);
                    *phases.lock().unwrap().entry((stage, row)).or_default() += 1;
                }
            }
            begun.push(order);
        }
        // Only now, so that the waits of all of them pass together.
        for order in begun {
            settle(&world, &book, &order, &["--allow-similar"])?;
        }
        homes.lock().unwrap().push(world);
        Ok(())
    });
    nothing_wrong(&wrong);
    let (phases, orders) = (phases.into_inner().unwrap(), orders.into_inner());
    let killed: usize = phases.values().sum();
    println!("{killed} kills of {orders} orders in {:.1?}, seed {seed}:", begun.elapsed());
    for ((stage, row), count) in &phases {
        println!("  {count:5}  {stage:?}, the ledger says {row}");
    }
    compare(&homes.into_inner().unwrap(), &book, orders);
    covers(&phases, killed);
}

/// The moments that matter were met, each by more than an accident.
fn covers(phases: &BTreeMap<Phase, usize>, killed: usize) {
    let count = |stage: Stage, row: &str| phases.get(&(stage, row.to_owned())).copied().unwrap_or(0);
    assert!(count(Stage::Unsent, "no row") > killed / 50, "before the intent: {phases:?}");
    assert!(count(Stage::InFlight, "pending") > killed / 50, "in flight: {phases:?}");
    assert!(count(Stage::Answered, "pending") > killed / 200, "between answer and record: {phases:?}");
}

/// The ledgers against the gateway's book, to the last order.
fn compare(homes: &[World], book: &Book, orders: usize) {
    let mut seen = 0;
    for world in homes {
        assert_eq!(sums_are_right(&world.ledger_path()), Ok(()));
        let rows = world.run(&["history", "--all", "--json"]).exits(0).json();
        for row in rows.as_array().unwrap() {
            let known = book.known(row["merchant_uid"].as_str().unwrap());
            assert_eq!(row["outcome"], "paid", "{row}");
            assert_eq!(known.charged.len(), 1, "{row}\n{known:?}");
            assert_eq!(row["imp_uid"], Value::from(known.charged[0].as_str()), "{row}");
            seen += 1;
        }
    }
    assert_eq!(seen, orders);
}

/// Starts the charge and kills it at a moment of the dice's; how far it had come, and what it said.
fn run_and_kill(world: &World, relay: &Relay, order: &str, dice: &mut Dice) -> (Stage, Ran) {
    let (not_before, within_us) = match dice.below(10) {
        0..=2 => (Stage::Unsent, BEFORE_US),
        3..=5 => (Stage::InFlight, LATENCY_US),
        _ => (Stage::Answered, AFTER_US),
    };
    relay.run_and_kill(not_before, dice.below(within_us), || {
        world.spawn(&to_charge(order, &["--json", "--allow-similar"]))
    })
}
