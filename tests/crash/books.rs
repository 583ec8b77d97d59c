//! The gateway's book and the ledger, read beside the programs that write them, and what one run
//! may say in the light of the two.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::Value;

use crate::support::world::{Gateway, Ran, World};

/// The gateway's book. It is read as a file: over the wire every look would carry all of it.
pub(super) struct Book(Mutex<Connection>);

/// What the gateway knows of one merchant_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Charge requests that arrived.
    pub(super) received: u32,
    /// The payments that were made.
    pub(super) charged: Vec<String>,
}

fn read_only(path: &Path) -> Connection {
    // A reader that may not write cannot write the log back either, which would undo what is tested.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

impl Book {
    pub(super) fn of(gateway: &Gateway) -> Book {
        Book(Mutex::new(read_only(&gateway.book_path())))
    }

    pub(super) fn known(&self, merchant_uid: &str) -> Known {
        let connection = self.0.lock().unwrap();
        let received = connection
            .prepare_cached("SELECT received FROM requests WHERE endpoint = 'charge' AND id = ?1")
            .unwrap()
            .query_row([merchant_uid], |row| row.get(0))
            .optional()
            .unwrap();
        let mut statement =
            connection.prepare_cached("SELECT imp_uid FROM payments WHERE merchant_uid = ?1").unwrap();
        let charged = statement.query_map([merchant_uid], |row| row.get(0)).unwrap();
        Known { received: received.unwrap_or(0), charged: charged.collect::<Result<_, _>>().unwrap() }
    }
}

/// The outcome in the ledger; `None` without a row, or without a ledger that can be read yet.
pub(super) fn in_ledger(path: &Path, merchant_uid: &str) -> Option<String> {
    if !path.exists() {
        return None;
    }
    let outcome = read_only(path).query_row(
        "SELECT outcome FROM payments WHERE merchant_uid = ?1",
        [merchant_uid],
        |row| row.get(0),
    );
    outcome.ok()
}

/// Whether the program was killed before it could come to an end.
pub(super) fn was_killed(ran: &Ran) -> bool {
    ran.code == -1
}

/// Holds what one run said against the book, as it was when the run had ended.
pub(super) fn check_word(ran: &Ran, known: &Known) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}, and the gateway knows {known:?}\n{ran}"));
    if known.charged.len() > 1 {
        return wrong("charged more than once");
    }
    let (charged, reached) = (known.charged.len() == 1, known.received > 0);
    if ["panicked", "RUST_BACKTRACE", "SQLITE_", "Err("].iter().any(|word| ran.stderr.contains(word)) {
        return wrong("stderr shows the inside of the program");
    }
    if was_killed(ran) {
        return Ok(());
    }
    let said: Option<Value> = serde_json::from_str(&ran.stdout).ok();
    let outcome = said.as_ref().and_then(|said| said["outcome"].as_str());
    match outcome {
        Some("paid") if !charged => return wrong("said paid, which it is not"),
        Some("paid") if said.as_ref().is_some_and(|said| said["imp_uid"] != known.charged[0].as_str()) => {
            return wrong("said paid with another payment's imp_uid");
        }
        Some("not_sent") if reached => return wrong("said not sent, which it was"),
        Some("declined" | "rejected") => return wrong("said a refusal, and there was none"),
        Some(_) | None => {}
    }
    // An earlier run may have sent: then the sentence must be about this one alone.
    let flatly = ["Nothing was sent.", "Nothing was sent\"", "Nothing was charged"];
    if ran.code != 0 && reached && flatly.iter().any(|words| ran.stderr.contains(words)) {
        return wrong("said that nothing was sent");
    }
    match ran.code {
        0 if !charged => wrong("exit 0 without a charge"),
        9 | 130 if reached => wrong("an exit that says nothing was sent"),
        0 | 1 | 3 | 7 | 9 => Ok(()),
        _ => wrong("an exit that nothing here can lead to"),
    }
}

/// Runs the same command again until it says paid, and checks every word on the way; the last run.
pub(super) fn settle(world: &World, book: &Book, merchant_uid: &str, more: &[&str]) -> Result<Ran, String> {
    let begun = Instant::now();
    loop {
        let ran = world.charge(merchant_uid, more);
        check_word(&ran, &book.known(merchant_uid))?;
        match ran.code {
            0 => return Ok(ran),
            // 9 while another order of the same customer and amount has its wait (contract, rule 12).
            7 | 9 if begun.elapsed() < Duration::from_secs(30) => {
                std::thread::sleep(Duration::from_millis(60));
            }
            _ => return Err(format!("{merchant_uid} does not settle:\n{ran}")),
        }
    }
}
