//! Many customers from a file: how long it takes to check one, to import it at a latency of 20 ms, and to import it
//! once more, and how much memory that takes: `cargo bench --bench customers`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "ratios of times, no money")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");
const LATENCY: Duration = Duration::from_millis(20);
const MANY: usize = 100_000;

fn main() {
    let room = tempfile::tempdir().unwrap();
    let config = room.path().join("config.toml");
    let text = format!("[profile.main]\napi_url = \"{}\"\nimp_key = \"k\"\nimp_secret = \"s\"\n", gateway());
    fs::write(&config, text).unwrap();
    owner_only(&config);
    // The last row is refused: all is read and checked, and nothing else is done.
    for (what, rows, text) in [
        ("CSV", MANY, csv(MANY) + "a/b,x,,,\n"),
        ("CSV", 1_000_000, csv(1_000_000)),
        ("JSON lines", MANY, json_lines(MANY) + "{\"customer_uid\":\"a/b\"}\n"),
    ] {
        let file = room.path().join(if what == "CSV" { "checked.csv" } else { "checked.jsonl" });
        let text = if rows > MANY { text + "a/b,x,,,\n" } else { text };
        fs::write(&file, text).unwrap();
        let (took, peak) = measured(&import(room.path(), &config, &file), 2);
        println!(
            "{what} of {rows} rows checked: {took:.2} s, {peak:.0} MB (aims for 100,000: well under 1 s; for a \
             million: under 64 MB)"
        );
    }
    let file = room.path().join("customers.csv");
    fs::write(&file, csv(MANY)).unwrap();
    let (took, peak) = measured(&import(room.path(), &config, &file), 0);
    println!("{MANY} customers imported at 20 ms: {took:.1} s, {peak:.0} MB (aims: minutes; bounded)");
    let (took, peak) = measured(&import(room.path(), &config, &file), 0);
    println!("the same once more, all checked lately: {took:.1} s, {peak:.0} MB (aim: seconds)");
}

fn import(room: &Path, config: &Path, file: &Path) -> Vec<String> {
    let database = room.join("main.db").display().to_string();
    let path = |path: &Path| path.display().to_string();
    let words = ["--config", &path(config), "--database", &database, "customer", "import", &path(file)];
    words.map(str::to_owned).to_vec()
}

fn csv(rows: usize) -> String {
    let mut text = "customer_uid,name,email,tel,note\n".to_owned();
    for row in 0..rows {
        writeln!(text, "gildong_{row:07},홍길동,gildong{row}@example.com,010-0000-{:04},", row % 10_000)
            .unwrap();
    }
    text
}

fn json_lines(rows: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        writeln!(
            text,
            "{{\"customer_uid\":\"gildong_{row:07}\",\"name\":\"홍길동\",\"email\":\"gildong{row}@example.com\"}}"
        )
        .unwrap();
    }
    text
}

/// Seconds, and megabytes at the peak, by GNU time; NaN without it.
fn measured(arguments: &[String], exit: i32) -> (f64, f64) {
    let mut timed = Command::new("/usr/bin/time");
    let begun = Instant::now();
    let output = timed.args(["-f", "%M", BILLKEY]).args(arguments).stdout(Stdio::null()).output();
    let took = begun.elapsed().as_secs_f64();
    let Ok(output) = output else {
        println!("GNU time is not installed");
        return (f64::NAN, f64::NAN);
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{said}");
    let kib: f64 = said.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(f64::NAN);
    (took, kib / 1024.0)
}

#[cfg(unix)]
fn owner_only(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn owner_only(_path: &PathBuf) {}

/// A gateway that has everybody, and answers after a while.
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
    let mut chunk = [0; 16 * 1024];
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
        std::thread::sleep(LATENCY);
        let response = response(head.split(' ').nth(1).unwrap_or_default());
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

fn response(path: &str) -> String {
    if path == "/users/getToken" {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        return format!(
            "{{\"access_token\":\"0123456789abcdef0123456789abcdef01234567\",\"expired_at\":{},\"now\":{now}}}",
            now + 1800
        );
    }
    if let Some(uid) = path.strip_prefix("/subscribe/customers/") {
        return key(uid);
    }
    let uids = path.split_once('?').map_or("", |(_, query)| query).split('&');
    let keys: Vec<String> = uids.filter_map(|uid| uid.rsplit_once('=')).map(|(_, uid)| key(uid)).collect();
    format!("[{}]", keys.join(","))
}

fn key(uid: &str) -> String {
    format!(
        "{{\"customer_uid\":\"{uid}\",\"card_name\":\"BC카드\",\"card_number\":\"1234-56**-****-7890\",\
         \"pg_provider\":\"nice\",\"pg_id\":\"n\",\"sandbox\":false,\"inserted\":1500000000,\"updated\":1500000000}}"
    )
}
