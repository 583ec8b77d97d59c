//! What support staff wait for, as ratios of whole processes against the `sqlite3` command line on the same file, in
//! one run: `cargo bench --bench history`, or `-- PAYMENTS LEDGER.db` for more payments than a million and a ledger that
//! is kept for the next time. The two sides of a ratio take turns.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "ratios of times, no money")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[path = "soak/made.rs"]
mod made;

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");

/// What is listed of each payment.
const LISTED: &str = "requested_at_ms, outcome, amount_minor, currency, customer_uid, name, card_name, card_number, \
     apply_num, merchant_uid, message";

/// The payment object, as far as it has columns.
const OBJECT: &str = "outcome, merchant_uid, imp_uid, customer_uid, name, amount_minor, currency, cancel_amount_minor, \
     status, apply_num, card_name, card_number, pg_provider, pg_tid, receipt_url, code, message, requested_at_ms, \
     paid_at_s, cancelled_at_s, mode, attempts, note, operator, host, noted, noted_at_ms, noted_by, noted_evidence, \
     tax_free_minor, vat_amount_minor, outside_minor, outside_at_ms, outside_by, outside_evidence";

const NEWEST: &str = "ORDER BY requested_at_ms DESC, id DESC LIMIT 20";

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let payments = arguments.first().map_or(1_000_000, |count| count.parse().expect("PAYMENTS is a number"));
    let room = tempfile::tempdir().unwrap();
    let path = arguments.get(1).map_or_else(|| room.path().join("ledger.db"), PathBuf::from);
    if !path.exists() {
        println!("making {payments} payments");
        made::make(&path, payments, &mut |_| {});
    }
    let bench = Bench { room: room.path().to_owned(), ledger: path };
    if Command::new("sqlite3").arg("-version").stdout(Stdio::null()).status().is_err() {
        println!("sqlite3 is not installed; nothing to compare with");
        return;
    }
    // An older ledger is brought up to date by the first who opens it.
    let brought = bench.ours(&["history", "--limit", "1"]);
    println!("{payments} payments; the first run of all: {:.0} ms", brought.as_secs_f64() * 1000.0);
    bench.newest();
    bench.looked_up();
    bench.texts();
    bench.exports();
    bench.memory(&["doctor"], "doctor");
}

struct Bench {
    room: PathBuf,
    ledger: PathBuf,
}

impl Bench {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BILLKEY);
        command.env_clear().env("HOME", &self.room).arg("--database").arg(&self.ledger).args(arguments);
        command
    }

    fn ours(&self, arguments: &[&str]) -> Duration {
        // 10 is a search that found nothing.
        run(&mut self.command(arguments), &[0, 10])
    }

    fn theirs(&self, options: &[&str], sql: &str) -> Duration {
        run(Command::new("sqlite3").args(options).arg("-readonly").arg(&self.ledger).arg(sql), &[0])
    }

    /// One value out of the ledger.
    fn value(&self, sql: &str) -> String {
        let output = Command::new("sqlite3").arg("-readonly").arg(&self.ledger).arg(sql).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn ratio(&self, rounds: usize, what: &str, ours: &[&str], (options, sql): (&[&str], &str), aim: &str) {
        self.ours(ours);
        self.theirs(options, sql);
        let rounds = (0..rounds).map(|_| (self.ours(ours), self.theirs(options, sql)));
        let (ours, theirs): (Vec<Duration>, Vec<Duration>) = rounds.unzip();
        let (ours, theirs) = (median(ours), median(theirs));
        println!("{what}: {ours:.1} ms / {theirs:.1} ms = {:.3} (aim: at most {aim})", ours / theirs);
    }

    fn newest(&self) {
        let newest = format!("SELECT {LISTED} FROM payments {NEWEST}");
        self.ratio(40, "history, newest 20 with totals / the newest 20", &["history"], (&[], &newest), "1.3");
        let month = ["history", "--since", "2026-08-15", "--until", "2026-09-14"];
        self.ratio(20, "history of a month / the newest 20", &month, (&[], &newest), "1.3");
        let open = format!("SELECT {LISTED} FROM payments WHERE outcome IN ('pending', 'unknown') {NEWEST}");
        let status = ["history", "--status", "unknown,pending"];
        self.ratio(20, "history --status unknown,pending", &status, (&[], &open), "2");
    }

    fn looked_up(&self) {
        let middle = "WHERE id = (SELECT max(id) / 2 FROM payments)";
        let of = |column: &str| self.value(&format!("SELECT {column} FROM payments {middle}"));
        let (uid, customer) = (of("merchant_uid"), of("customer_uid"));
        let approval =
            self.value("SELECT apply_num FROM payments WHERE apply_num IS NOT NULL LIMIT 1 OFFSET 5000");
        let card = of("substr(card_number, -4)");
        let by = |condition: &str| format!("SELECT {LISTED} FROM payments WHERE {condition} {NEWEST}");
        let in_records =
            |condition: &str| by(&format!("id IN (SELECT payment_id FROM records WHERE {condition})"));
        let number = in_records(&format!("apply_num = '{approval}'"));
        self.ratio(20, "history --approval", &["history", "--approval", &approval], (&[], &number), "1.3");
        self.ratio(20, "history APPROVAL", &["history", &approval], (&[], &number), "1.3");
        let last = in_records(&format!("card_number IS NOT NULL AND substr(card_number, -4) = '{card}'"));
        self.ratio(20, "history --card", &["history", "--card", &card], (&[], &last), "1.3");
        self.ratio(20, "history LAST4", &["history", &card], (&[], &last), "1.3");
        let id = by(&format!("merchant_uid = '{uid}'"));
        self.ratio(20, "history show ID", &["history", "show", &uid], (&[], &id), "1.3");
        self.ratio(20, "history ID", &["history", &uid], (&[], &id), "1.3");
        let of_customer = by(&format!("customer_uid = '{customer}'"));
        self.ratio(
            20,
            "history --customer",
            &["history", "--customer", &customer],
            (&[], &of_customer),
            "1.3",
        );
    }

    /// Against a look at every payment, in the fields that people read out.
    fn texts(&self) {
        let rare = made::Person::nth(3);
        let tel: String = rare.tel.chars().filter(char::is_ascii_digit).collect();
        let (tel, three) = (tel[tel.len() - 8..].to_owned(), rare.name.replace(' ', ""));
        for (what, text, aim) in [
            ("two syllables, rare: 탁궁", "탁궁", "0.05"),
            ("two syllables, nowhere: 없는", "없는", "0.05"),
            ("two syllables, common: 민수", "민수", "0.3"),
            ("three syllables", three.as_str(), "0.05"),
            ("the end of a telephone number", tel.as_str(), "0.05"),
            ("an e-mail address", rare.email.as_str(), "0.05"),
            ("a product, one in twelve: 꽃 정기구독", "꽃 정기구독", "0.3"),
            ("a decline's words", "잔액부족", "0.3"),
            ("nothing: zzzqqq", "zzzqqq", "0.05"),
        ] {
            let like = [
                "merchant_uid",
                "imp_uid",
                "apply_num",
                "pg_tid",
                "name",
                "customer_uid",
                "buyer_name",
                "buyer_email",
                "buyer_tel",
                "note",
                "message",
                "card_name",
            ]
            .map(|column| format!("{column} LIKE '%{text}%'"))
            .join(" OR ");
            // All of them are counted, as the last line of the list does: newest first would stop at the twentieth.
            let sql = format!("SELECT count(*), sum(amount_minor) FROM payments WHERE {like}");
            self.ratio(3, what, &["history", text], (&[], &sql), aim);
        }
    }

    fn exports(&self) {
        let sql = format!("SELECT {OBJECT} FROM payments ORDER BY requested_at_ms DESC, id DESC");
        for (what, format, option) in [("CSV", "csv", "-csv"), ("JSON lines", "jsonl", "-json")] {
            let ours = ["history", "--all", "--format", format];
            self.ratio(3, &format!("{what} of all"), &ours, (&[option], &sql), "0.75");
            self.memory(&ours, &format!("{what} of all"));
        }
        let few =
            "SELECT merchant_uid, amount_minor, outcome FROM payments ORDER BY requested_at_ms DESC, id DESC";
        let ours = ["history", "--all", "--format", "csv", "--columns", "merchant_uid,amount,outcome"];
        self.ratio(3, "CSV of three columns", &ours, (&["-csv"], few), "0.75");
    }

    /// The largest resident set, by GNU time.
    fn memory(&self, arguments: &[&str], what: &str) {
        let command = self.command(arguments);
        let mut timed = Command::new("/usr/bin/time");
        timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args());
        timed.env_clear().env("HOME", &self.room);
        match timed.stdout(Stdio::null()).output() {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                let kib: f64 =
                    text.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(f64::NAN);
                println!("{what}: peak memory {:.1} MB (aim: at most 16, of doctor 32)", kib / 1024.0);
            }
            Err(_) => println!("{what}: GNU time is not installed"),
        }
    }
}

fn run(command: &mut Command, may_end_with: &[i32]) -> Duration {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program starts");
    let took = begun.elapsed();
    assert!(
        status.code().is_some_and(|code| may_end_with.contains(&code)),
        "{command:?} ended with {status}"
    );
    took
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
