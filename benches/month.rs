//! `report` and `month` over many payments: how long they take beside the program's start, and whether another program
//! (`tests/recount/recount.py`) comes to the same to the won: `cargo bench --bench month`, or `-- PAYMENTS LEDGER.db` for
//! another number than a million and a ledger that is kept for the next time.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "times, no money")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use billkey::ledger::{Create, Ledger};

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");
const ROUNDS: usize = 5;

/// What is asked, all of it of a whole month or more.
const LINES: [&[&str]; 11] = [
    &["report", "2026-09", "--by", "day"],
    &["report", "2026-09", "--by", "month"],
    &["report", "--since", "2026-08", "--until", "2026-10", "--by", "month"],
    &["report", "2026-09", "--by", "day", "--basis", "request"],
    &["report", "2026-09", "--by", "customer"],
    &["report", "2026-09", "--by", "card"],
    &["report", "2026-09", "--by", "product"],
    &["report", "2026-09", "--by", "status"],
    &["report", "2026-09", "--by", "reason"],
    &["month", "2026-09"],
    &["month", "2026-10"],
];

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let payments = arguments.first().map_or("1000000", String::as_str);
    let room = tempfile::tempdir().unwrap();
    let ledger = arguments.get(1).map_or_else(|| room.path().join("ledger.db"), PathBuf::from);
    if python("made.py", &[]).is_none() {
        println!("python3 is not installed; nothing to compare with");
        return;
    }
    if !ledger.exists() {
        println!("making {payments} payments of three months");
        drop(Ledger::open_at(&ledger, Create::IfMissing).unwrap());
        assert!(python("made.py", &[ledger.to_str().unwrap(), payments]).unwrap());
    }
    let start = median(|| run(room.path(), &["--version"]).0);
    println!("start: {:.1} ms", ms(start));
    let mut answers = Vec::new();
    for (nth, line) in LINES.iter().enumerate() {
        let arguments = [&["--database", ledger.to_str().unwrap()], *line, &["--json"]].concat();
        let took = median(|| run(room.path(), &arguments).0);
        let path = room.path().join(format!("answer_{nth}.json"));
        fs::write(&path, run(room.path(), &arguments).1).unwrap();
        answers.push(path.display().to_string());
        println!("{}: {:.1} ms beside the start", line.join(" "), ms(took.saturating_sub(start)));
    }
    let mut arguments = vec![ledger.to_str().unwrap()];
    arguments.extend(answers.iter().map(String::as_str));
    assert!(python("recount.py", &arguments).unwrap(), "another program comes to something else");
}

/// Runs one of the scripts; whether it was content, `None` where there is no Python. Without arguments it only looks.
fn python(script: &str, arguments: &[&str]) -> Option<bool> {
    if arguments.is_empty() {
        return Command::new("python3").arg("-c").arg("").status().ok().map(|status| status.success());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recount").join(script);
    Some(Command::new("python3").arg("-B").arg(script).args(arguments).status().unwrap().success())
}

fn run(home: &Path, arguments: &[&str]) -> (Duration, Vec<u8>) {
    let begun = Instant::now();
    let output = Command::new(BILLKEY).env_clear().env("HOME", home).args(arguments).output().unwrap();
    let took = begun.elapsed();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (took, output.stdout)
}

fn median(mut once: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..ROUNDS).map(|_| once()).collect();
    all.sort();
    all[ROUNDS / 2]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
