//! The real program, killed, starved and raced: the gateway's book and the ledger must agree when
//! the same command has been run again, and no run may ever say what is not so.
//!
//! `BILLKEY_KILLS=10000`, `BILLKEY_RACES=200` and `BILLKEY_EXHAUSTIVE=1` ask for more than a plain
//! `cargo test` does; `BILLKEY_POINT='pwrite64 killed at 30'` replays the points whose name holds that.

mod backup;
mod books;
mod dice;
mod disk;

mod full_disk;
mod kills;
mod mark;
mod power_cut;
mod races;
mod refunds;
mod relay;
pub mod strace;
mod syscalls;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says that a test was skipped, past the harness, which keeps to itself what a passing test prints.
pub fn skipped(test: &str, why: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {test}: {why}\n").as_bytes()).unwrap();
}

/// A number from the environment.
fn wanted(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Does a job for each number below `count`, on this many threads, and gives what they found wrong.
fn on_threads(threads: usize, count: usize, job: impl Fn(usize) -> Result<(), String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    if let Err(what) = job(index) {
                        wrong.lock().unwrap().push(what);
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

/// Fails with the first few of what was found wrong.
#[track_caller]
fn nothing_wrong(wrong: &[String]) {
    let first: Vec<&str> = wrong.iter().take(8).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} things are wrong. The first:\n\n{}", wrong.len(), first.join("\n\n"));
}
