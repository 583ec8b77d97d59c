//! A large ledger to try things on: `cargo bench --bench soak -- LEDGER.db 1000000`, or with `--profile dev` where a
//! hundred thousand payments will do.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "a rate, no money")]

use std::path::Path;
use std::time::Instant;

#[path = "soak/made.rs"]
mod made;

/// A line so often.
const SAID_EVERY: usize = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [path, payments] = arguments.as_slice() else {
        println!("usage: cargo bench --bench soak -- LEDGER.db PAYMENTS");
        return;
    };
    let (path, payments) = (Path::new(path), payments.parse().expect("PAYMENTS is a number"));
    assert!(!path.exists(), "{} is there already", path.display());
    let begun = Instant::now();
    made::make(path, payments, &mut |so_far| {
        if so_far % SAID_EVERY == 0 {
            let rate = so_far as f64 / begun.elapsed().as_secs_f64();
            println!("{so_far} payments, {rate:.0} a second");
        }
    });
    println!("{payments} payments in {:.1} s: {}", begun.elapsed().as_secs_f64(), path.display());
}
