//! Many operators' charges from one number: the real ledger, the real client and the real protocol
//! over a simulated network and clock. `BILLKEY_SEEDS=1000000 cargo test --release simulation` goes
//! on for as long as wanted; `BILLKEY_SEED=7 cargo test simulation` replays one.

mod book;
mod hosts;
mod planted;
mod scenario;
mod wire;
mod world;

use std::path::Path;

use tempfile::TempDir;

use scenario::{Connections, Scenario, Setting};
use wire::Planted;

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
    }
    Ok(crashes)
}

#[test]
fn simulation_keeps_every_promise() {
    if let Ok(seed) = std::env::var("BILLKEY_SEED") {
        let seed: u64 = seed.parse().expect("BILLKEY_SEED is a number");
        let room = room();
        let connections = Connections::to(room.path().join("ledger.db"));
        let mut scenario = Scenario::new(seed, &connections, Setting::default());
        let end = scenario.live();
        println!("{}", scenario.story());
        end.unwrap();
        return;
    }
    let seeds = seeds_wanted(2000);
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
    if let Err((seed, broken, story)) = live(0..seeds_wanted(1500), setting) {
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
