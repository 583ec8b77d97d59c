//! Many operators' charges from one number: the real ledger, the real client and the real protocol
//! over a simulated network and clock. `BILLKEY_SEEDS=1000000 cargo test --release simulation` goes
//! on for as long as wanted; `BILLKEY_SEED=7 cargo test simulation` replays one.

mod book;
mod bulk;
mod copies;
mod hosts;
mod ledgers;
mod planted;
mod refunds;
mod scenario;
mod shown;
mod till;
mod wire;
mod world;

use std::path::Path;

use tempfile::TempDir;

use bulk::Batches;
use copies::Copies;
use refunds::Refunds;
use scenario::{Connections, Scenario, Setting};
use till::PlantedRefund;
use wire::Planted;

use crate::support::sums::sums_are_right;

/// How many seeds share one ledger file before the next is begun.
const SEEDS_PER_LEDGER: usize = 200;
/// How many seeds a planted bug is given to show itself.
const SEEDS_TO_BITE: u64 = 3000;

/// Memory where there is some, so that the syncs cost nothing: what they are for is tested elsewhere.
fn room() -> TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { TempDir::new_in(shm).unwrap() } else { TempDir::new().unwrap() }
}

fn seeds_wanted(default: u64) -> u64 {
    std::env::var("BILLKEY_SEEDS").map_or(default, |text| text.parse().expect("BILLKEY_SEEDS is a number"))
}

/// The one seed to replay, if there is one.
fn seed_wanted() -> Option<u64> {
    let seed = std::env::var("BILLKEY_SEED").ok()?;
    Some(seed.parse().expect("BILLKEY_SEED is a number"))
}

fn live(seeds: std::ops::Range<u64>, setting: Setting) -> Result<u32, (u64, String, String)> {
    let mut crashes = 0;
    let mut seeds = seeds.peekable();
    while seeds.peek().is_some() {
        let room = room();
        let connections = Connections::to(room.path().join("ledger.db"));
        for seed in seeds.by_ref().take(SEEDS_PER_LEDGER) {
            let mut scenario = Scenario::new(seed, &connections, setting);
            scenario.live().map_err(|broken| (seed, broken, scenario.story()))?;
            crashes += scenario.world.look().crashes;
        }
        let last = seeds.peek().copied().unwrap_or_default();
        sums_are_right(&room.path().join("ledger.db"))
            .map_err(|wrong| (last, wrong, format!("the seeds before {last} share the ledger")))?;
    }
    Ok(crashes)
}

#[test]
fn simulation_keeps_every_promise() {
    if let Some(seed) = seed_wanted() {
        let room = room();
        let connections = Connections::to(room.path().join("ledger.db"));
        let mut scenario = Scenario::new(seed, &connections, Setting::default());
        let end = scenario.live();
        println!("{}", scenario.story());
        end.unwrap();
        return;
    }
    let seeds = seeds_wanted(1000);
    // Two halves, for two cores.
    let halves = [0..seeds / 2, seeds / 2..seeds];
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            halves.into_iter().map(|half| scope.spawn(|| live(half, Setting::default()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut crashes = 0;
    for result in results {
        match result {
            Ok(count) => crashes += count,
            Err((seed, broken, story)) => {
                panic!(
                    "{broken}\n\n{story}\n\nreplay: BILLKEY_SEED={seed} cargo test simulation -- --nocapture"
                )
            }
        }
    }
    println!("{seeds} seeds, {crashes} crashes");
    assert!(crashes > 0, "no process was ever killed: the simulation does not bite");
}

#[test]
fn simulation_keeps_every_promise_where_no_lock_stands_between_the_runs() {
    let setting = Setting { planted: None, between_hosts: true };
    if let Err((seed, broken, story)) = live(0..seeds_wanted(500), setting) {
        panic!("{broken}\n\n{story}\n\nseed {seed}");
    }
}

fn live_with_copies(
    seeds: std::ops::Range<u64>,
    planted: Option<Planted>,
) -> Result<(), (u64, String, String)> {
    for seed in seeds {
        let mut copies = Copies::new(seed, planted);
        copies.live().map_err(|broken| (seed, broken, copies.story()))?;
    }
    Ok(())
}

#[test]
fn simulation_keeps_every_promise_with_ledgers_that_are_copied_restored_and_lost() {
    let seeds = match seed_wanted() {
        Some(seed) => seed..seed + 1,
        None => 0..seeds_wanted(120),
    };
    if let Err((seed, broken, story)) = live_with_copies(seeds, None) {
        panic!("{broken}\n\n{story}\n\nreplay: BILLKEY_SEED={seed} cargo test simulation -- --nocapture");
    }
}

fn live_with_batches(
    seeds: std::ops::Range<u64>,
    planted: Option<Planted>,
) -> Result<(), (u64, String, String)> {
    for seed in seeds {
        let mut batches = Batches::new(seed, planted);
        batches.live().map_err(|broken| (seed, broken, batches.story()))?;
    }
    Ok(())
}

/// A batch has threads of its own, so that a seed says what happens and not in which order.
#[test]
fn simulation_keeps_every_promise_to_batches_whatever_is_shown_of_many_orders_at_once() {
    if let Err((seed, broken, story)) = live_with_batches(0..seeds_wanted(25), None) {
        panic!("{broken}\n\n{story}\n\nseed {seed}");
    }
}

/// A simulation that finds nothing proves nothing: each of these bugs must be found.
#[track_caller]
fn bites(planted: Planted) {
    let between_hosts = matches!(planted, Planted::ResendNotFenced | Planted::AnswerNotFenced);
    match live(0..SEEDS_TO_BITE, Setting { planted: Some(planted), between_hosts }) {
        Ok(_) => panic!("{planted:?} was not found in {SEEDS_TO_BITE} seeds"),
        Err((seed, broken, _)) => println!("{planted:?} was found at seed {seed}: {broken}"),
    }
}

#[test]
fn simulation_finds_a_send_before_the_intent() {
    bites(Planted::SendBeforeIntent);
}

#[test]
fn simulation_finds_a_retry_on_timeout() {
    bites(Planted::RetryOnTimeout);
}

#[test]
fn simulation_finds_a_look_up_of_one_payment_only() {
    bites(Planted::FindInsteadOfAll);
}

#[test]
fn simulation_finds_a_404_trusted_at_once() {
    bites(Planted::TrustNotFoundAtOnce);
}

#[test]
fn simulation_finds_a_code_zero_taken_for_paid() {
    bites(Planted::CodeZeroIsPaid);
}

#[test]
fn simulation_finds_a_403_taken_for_not_processed() {
    bites(Planted::ForbiddenIsUnprocessed);
}

#[test]
fn simulation_finds_a_second_send_that_is_not_fenced_by_its_attempt() {
    bites(Planted::ResendNotFenced);
}

#[test]
fn simulation_finds_an_attempt_that_is_settled_by_the_decline_of_the_one_before() {
    bites(Planted::AnswerNotFenced);
}

#[test]
fn simulation_finds_a_second_payment_that_is_shown_and_forgotten() {
    bites(Planted::AlarmForgotten);
}

#[test]
fn simulation_finds_a_doubt_that_is_replayed_as_a_proof() {
    bites(Planted::DoubtReplayedAsProof);
}

#[test]
fn simulation_finds_an_answer_about_many_orders_that_is_believed_though_it_is_cut() {
    match live_with_batches(0..SEEDS_TO_BITE, Some(Planted::CutBulkBelieved)) {
        Ok(()) => panic!("a cut answer that is believed was not found in {SEEDS_TO_BITE} seeds"),
        Err((seed, broken, story)) => {
            println!("a cut answer that is believed was found at seed {seed}: {broken}");
            assert!(broken.ends_with("was charged 2 times"), "{broken}\n\n{story}");
        }
    }
}

/// The same for those that only several ledgers show, or one that was put back.
#[track_caller]
fn bites_with_copies(planted: Planted) {
    match live_with_copies(0..SEEDS_TO_BITE, Some(planted)) {
        Ok(()) => panic!("{planted:?} was not found in {SEEDS_TO_BITE} seeds"),
        Err((seed, broken, story)) => {
            println!("{planted:?} was found at seed {seed}: {broken}");
            assert!(broken.ends_with("was charged 2 times"), "{broken}\n\n{story}");
        }
    }
}

#[test]
fn simulation_finds_an_absence_that_is_remembered_from_another_run() {
    bites_with_copies(Planted::AbsenceRemembered);
}

#[test]
fn simulation_finds_a_ledger_without_the_order_that_is_taken_for_never_charged() {
    bites_with_copies(Planted::EmptyLedgerNotAsked);
}

#[test]
fn simulation_finds_a_distrusted_ledger_that_does_not_wait() {
    bites_with_copies(Planted::DistrustedSends);
}

#[test]
fn simulation_finds_a_cut_list_that_is_believed() {
    bites_with_copies(Planted::CutListBelieved);
}

#[test]
fn simulation_finds_a_mark_that_is_lowered() {
    bites_with_copies(Planted::MarkLowered);
}

fn live_with_refunds(
    seeds: std::ops::Range<u64>,
    planted: Option<PlantedRefund>,
) -> Result<u32, (u64, String, String)> {
    let mut crashes = 0;
    for seed in seeds {
        let mut refunds = Refunds::new(seed, planted);
        refunds.live().map_err(|broken| (seed, broken, refunds.story()))?;
        crashes += refunds.crashes();
    }
    Ok(crashes)
}

#[test]
fn simulation_refunds_once_and_never_too_much_and_tells_what_happened() {
    let seeds = match seed_wanted() {
        Some(seed) => seed..seed + 1,
        None => 0..seeds_wanted(60),
    };
    match live_with_refunds(seeds, None) {
        Ok(crashes) => assert!(crashes > 0 || seed_wanted().is_some(), "no process was ever killed"),
        Err((seed, broken, story)) => {
            panic!("{broken}\n\n{story}\n\nreplay: BILLKEY_SEED={seed} cargo test simulation -- --nocapture")
        }
    }
}

#[test]
fn simulation_finds_every_bug_that_is_planted_in_refunds() {
    // Each from a little before where it bites first, so that it is found soon.
    for (planted, from) in [
        (PlantedRefund::NoChecksum, 45),
        (PlantedRefund::RetryOnTimeout, 8),
        (PlantedRefund::AmountLeftOut, 0),
        (PlantedRefund::FirstEntryIsOurs, 40),
        (PlantedRefund::FoundIsTold, 70),
        (PlantedRefund::TakenIsSettled, 5),
        (PlantedRefund::OneOfTwoIsOurs, 30),
        (PlantedRefund::UndoneIsBelieved, 0),
        (PlantedRefund::ConsoleIsOverlooked, 104),
    ] {
        let found = live_with_refunds(from..from + SEEDS_TO_BITE, Some(planted));
        let Err((seed, broken, _)) = found else { panic!("{planted:?} was not found") };
        println!("{planted:?} was found at seed {seed}: {broken}");
    }
}
