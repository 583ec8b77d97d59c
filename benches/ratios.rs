//! Whole-process speed, as ratios in one run: `cargo bench`.
//!
//! The two sides of a ratio take turns, so that a machine whose speed drifts slows both. The
//! gateway answers from memory; the ledger is a real file and both commits are durable.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "ratios of times, no money")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");
const ROUNDS: usize = 60;

fn main() {
    let room = tempfile::tempdir().unwrap();
    println!("medians of {ROUNDS} runs each, taken in turns");
    start(room.path());
    charge(room.path());
    size();
}

/// `billkey --version` beside a program that does nothing.
fn start(room: &Path) {
    let empty = room.join("empty");
    let source = room.join("empty.rs");
    fs::write(&source, "fn main() {}").unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let built = Command::new(rustc).arg("-O").arg("-o").arg(&empty).arg(&source).status().unwrap();
    assert!(built.success(), "the empty program did not build");
    let (ours, theirs) =
        in_turns(|_| run(Command::new(BILLKEY).arg("--version")), |_| run(&mut Command::new(&empty)));
    report("start: billkey --version / empty program", ours, theirs, "2.00");
}

/// One charge with a warm token, both commits durable, beside one `curl` of the same request.
fn charge(room: &Path) {
    let url = gateway();
    let config = room.join("config.toml");
    fs::write(&config, format!("[profile.main]\napi_url = \"{url}\"\nimp_key = \"k\"\nimp_secret = \"s\"\n"))
        .unwrap();
    owner_only(&config);
    let billkey = |n: usize| {
        let mut command = Command::new(BILLKEY);
        command.env_clear().env("HOME", room).arg("--config").arg(&config);
        command.args([
            "charge",
            "gildong_0001_1234",
            "--amount",
            "8900",
            "--name",
            "Monthly",
            "--allow-similar",
        ]);
        command.args(["--merchant-uid", &format!("bench_{n}"), "--yes", "--json"]);
        command
    };
    run(&mut billkey(1_000_000));
    let curl = |n: usize| {
        let mut command = Command::new("curl");
        command.args([
            "-sS",
            "-X",
            "POST",
            "-H",
            "Authorization: Bearer 0123456789abcdef0123456789abcdef01234567",
        ]);
        command.args(["-H", "Content-Type: application/json", "-d"]);
        command.arg(format!(
            "{{\"customer_uid\":\"gildong_0001_1234\",\"merchant_uid\":\"curl_{n}\",\"amount\":8900,\"name\":\"Monthly\"}}"
        ));
        command.arg(format!("{url}/subscribe/payments/again"));
        command
    };
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("charge: curl is not installed; nothing to compare with");
        return;
    }
    let (ours, theirs) = in_turns(|n| run(&mut billkey(n)), |n| run(&mut curl(n)));
    report("charge, token warm, durable / one curl POST", ours, theirs, "1.00");
    peak_memory(&mut billkey(2_000_000));
}

/// The largest resident set of one charge, by GNU time.
fn peak_memory(charge: &mut Command) {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]).arg(charge.get_program()).args(charge.get_args());
    timed.env_clear().envs(charge.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    match timed.stdout(Stdio::null()).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let kib: f64 = text.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(f64::NAN);
            println!("peak memory of a charge: {:.1} MB (aim: under 10)", kib / 1024.0);
        }
        Err(_) => println!("peak memory of a charge: GNU time is not installed"),
    }
}

fn size() {
    let bytes = fs::metadata(BILLKEY).unwrap().len();
    println!("program: {:.2} MB (aim: under 7)", bytes as f64 / 1_000_000.0);
}

fn run(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("the program starts");
    let took = begun.elapsed();
    assert!(status.success(), "{command:?} ended with {status}");
    took
}

fn in_turns(
    mut ours: impl FnMut(usize) -> Duration,
    mut theirs: impl FnMut(usize) -> Duration,
) -> (Vec<Duration>, Vec<Duration>) {
    (0..3).for_each(|n| {
        ours(3_000_000 + n);
        theirs(3_000_000 + n);
    });
    (0..ROUNDS).map(|n| (ours(n), theirs(n))).unzip()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn report(what: &str, mut ours: Vec<Duration>, mut theirs: Vec<Duration>, aim: &str) {
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    println!("{what}: {ours:.2} ms / {theirs:.2} ms = {:.2} (aim: at most {aim})", ours / theirs);
}

#[cfg(unix)]
fn owner_only(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn owner_only(_path: &PathBuf) {}

/// A gateway that approves everything at once and remembers nothing.
fn gateway() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    url
}

fn answer(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        buffer.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&buffer).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() < length {
            continue;
        }
        if head.starts_with("GET /payments") {
            let body = "{\"code\":-1,\"message\":\"존재하지 않는 결제정보입니다.\",\"response\":null}";
            let head = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ";
            if stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
                return;
            }
            buffer.clear();
            continue;
        }
        let response = if head.starts_with("POST /users/getToken") {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            format!(
                "{{\"access_token\":\"0123456789abcdef0123456789abcdef01234567\",\"expired_at\":{},\"now\":{now}}}",
                now + 1800
            )
        } else {
            let asked: serde_json::Value = serde_json::from_str(body).unwrap();
            format!(
                "{{\"amount\":{},\"apply_num\":\"30012345\",\"cancel_amount\":0,\"currency\":\"KRW\",\"imp_uid\":\"imps_1\",\
                 \"merchant_uid\":{},\"paid_at\":1795000000,\"sandbox\":false,\"status\":\"paid\"}}",
                asked["amount"], asked["merchant_uid"]
            )
        };
        let body = format!("{{\"code\":0,\"message\":null,\"response\":{response}}}");
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
        buffer.clear();
    }
}
