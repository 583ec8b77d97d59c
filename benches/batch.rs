//! Batch speed and memory, as ratios in one run: `cargo bench --bench batch`.
//!
//! The gateway keeps its book in memory and runs in this process, on the same cores as whatever is
//! measured. The ledger is a real file, and both states of a charge are durable in it. A number
//! behind the name picks one measurement: `cargo bench --bench batch -- latency`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]
#![allow(clippy::float_arithmetic, clippy::as_conversions, reason = "ratios of times, no money")]

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use billkey::clock::SystemClock;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{Mode, Terms};
use billkey::domain::secret::Secret;
use billkey::gateway::{ApiKey, Client, HttpTransport, TransportConfig};

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");

type Part = fn(&Gateway);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, url, workers, count] = arguments.as_slice()
        && first == CLIENT
    {
        return without_ledger(url, workers.parse().unwrap(), count.parse().unwrap());
    }
    let wanted = arguments.into_iter().find(|argument| !argument.starts_with('-'));
    let gateway = Gateway::start();
    let parts: [(&str, Part); 6] = [
        ("script", script),
        ("bare", bare_client),
        ("latency", latency),
        ("fsync", fsyncs),
        ("large", large_file),
        ("one", one_customer),
    ];
    for (name, part) in parts {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            gateway.latency(Duration::ZERO);
            part(&gateway);
        }
    }
}

/// A directory with a config, and the program in it.
struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new(gateway: &Gateway) -> Room {
        Room::of(gateway, tempfile::tempdir().unwrap())
    }

    /// In memory, where a sync costs nothing: what is left is the program's own.
    fn without_disk(gateway: &Gateway) -> Option<Room> {
        Some(Room::of(gateway, tempfile::tempdir_in("/dev/shm").ok()?))
    }

    fn of(gateway: &Gateway, dir: tempfile::TempDir) -> Room {
        let config = dir.path().join("config.toml");
        let profile =
            format!("[profile.main]\napi_url = \"{}\"\nimp_key = \"k\"\nimp_secret = \"s\"\n", gateway.url);
        fs::write(&config, profile).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        }
        Room { dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file of rows that no other file has.
    fn rows(&self, count: usize) -> String {
        self.rows_of(count, false)
    }

    /// All of one customer, or each of another.
    fn rows_of(&self, count: usize, one_customer: bool) -> String {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let file = FILES.fetch_add(1, Ordering::Relaxed);
        let row = |n: usize| {
            let (customer, amount) = match one_customer {
                true => ("gildong_one".to_owned(), 1000 + n + file * count),
                false => (format!("gildong_{file}_{n:06}"), 1000 + n),
            };
            format!("{customer},{amount},Monthly subscription,order_{file}_{n:06}\n")
        };
        let text: String = (0..count).map(row).collect();
        let name = format!("{file}.csv");
        fs::write(self.path().join(&name), format!("customer_uid,amount,name,merchant_uid\n{text}")).unwrap();
        name
    }

    fn arguments(&self, file: &str, workers: usize, more: &[&str]) -> Vec<String> {
        let workers = workers.to_string();
        let all =
            [&["--config", "config.toml", "--quiet", "batch", file, "--yes", "--workers", &workers], more]
                .concat();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Runs it; the time it took, and what it said on stderr.
    fn run(&self, program: &[&str], arguments: &[String]) -> (Duration, String) {
        let mut command = match program {
            [] => Command::new(BILLKEY),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(BILLKEY);
                command
            }
        };
        command.args(arguments).env_clear().env("HOME", self.path()).env("PATH", "/usr/bin:/bin");
        command.current_dir(self.path()).stdin(Stdio::null());
        let begun = Instant::now();
        let output = command.output().expect("the program starts");
        let took = begun.elapsed();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
        (took, said)
    }

    fn batch(&self, file: &str, workers: usize) -> f64 {
        self.run(&[], &self.arguments(file, workers, &[])).0.as_secs_f64()
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(what: &str, ratio: f64, aim: &str) {
    println!("{what}: {ratio:.2} ({aim})");
}

/// What an operator has today: intent and result into SQLite, durably, and one curl between.
const SCRIPT: &str = r#"
IFS=,
set -- $1
customer=$1 amount=$2 name=$3 order=$4
sqlite3 -cmd '.timeout 10000' script.db "PRAGMA synchronous=FULL; INSERT INTO p (id, amount, state) VALUES ('$order', $amount, 'pending')" >/dev/null &&
answer=$(curl -sS -X POST -H 'Authorization: Bearer 0123456789abcdef0123456789abcdef01234567' -H 'Content-Type: application/json' \
    -d "{\"customer_uid\":\"$customer\",\"merchant_uid\":\"$order\",\"amount\":$amount,\"name\":\"$name\"}" "$URL/subscribe/payments/again") &&
case $answer in *'"status":"paid"'*) state=paid ;; *) state=failed ;; esac &&
sqlite3 -cmd '.timeout 10000' script.db "PRAGMA synchronous=FULL; UPDATE p SET state = '$state' WHERE id = '$order'" >/dev/null
"#;

fn script(gateway: &Gateway) {
    if !has("curl") || !has("sqlite3") || !has("xargs") {
        println!("script: curl, sqlite3 or xargs is not installed; nothing to compare with");
        return;
    }
    let room = Room::new(gateway);
    fs::write(room.path().join("one.sh"), SCRIPT).unwrap();
    let table = "PRAGMA journal_mode=WAL; CREATE TABLE p (id TEXT PRIMARY KEY, amount INT, state TEXT)";
    let made = Command::new("sqlite3").arg(room.path().join("script.db")).arg(table).output().unwrap();
    assert!(made.status.success());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (few, many) = (room.rows(200), room.rows(4000));
        let begun = Instant::now();
        let line = format!("tail -n +2 {few} | tr '\\n' '\\0' | xargs -0 -P4 -n1 sh one.sh");
        let mut shell = Command::new("sh");
        let ran =
            shell.args(["-c", &line]).current_dir(room.path()).env("URL", &gateway.url).status().unwrap();
        assert!(ran.success());
        theirs.push(200.0 / begun.elapsed().as_secs_f64());
        ours.push(4000.0 / room.batch(&many, 4));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("xargs -P4 over curl and sqlite3: {theirs:.0}/s; batch with 4 workers: {ours:.0}/s");
    report("  batch / script", ours / theirs, "aim: 8 and more");
}

fn request(order: &str) -> ChargeRequest {
    ChargeRequest::new(
        Terms {
            merchant_uid: MerchantUid::parse(order).unwrap(),
            customer_uid: CustomerUid::parse("gildong").unwrap(),
            amount: Amount::from_minor(8900, Currency::KRW),
            mode: Mode::Live,
        },
        "Monthly subscription",
    )
}

/// Says to this program that it is the client without a ledger.
const CLIENT: &str = "client";

/// Charges a second of the same client in the same number of threads, with no ledger: a process of its own,
/// as the batch is.
fn bare(gateway: &Gateway, workers: usize, count: usize) -> f64 {
    let mut client = Command::new(std::env::current_exe().unwrap());
    client.args([CLIENT, &gateway.url, &workers.to_string(), &count.to_string()]);
    let begun = Instant::now();
    assert!(client.status().unwrap().success());
    count as f64 / begun.elapsed().as_secs_f64()
}

fn without_ledger(url: &str, workers: usize, count: usize) {
    let process = std::process::id();
    let next = AtomicUsize::new(0);
    let config = TransportConfig {
        api_url: url.to_owned(),
        connect_timeout: Duration::from_secs(10),
        ca_file: None,
        proxy: None,
        tier: None,
        trace: None,
        secrets: Vec::new(),
    };
    let transport = Box::new(HttpTransport::new(&config).unwrap());
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = ApiKey { imp_key: secret("k"), imp_secret: secret("s") };
    let client = Client::new(transport, Arc::new(SystemClock::start()), key, None, Duration::from_secs(60));
    client.token(false).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                for _ in 0..count / workers {
                    let order = format!("bare_{process}_{}", next.fetch_add(1, Ordering::Relaxed));
                    drop(client.charge(&request(&order)));
                }
            });
        }
    });
}

/// A machine that is shared with others runs at another speed each second: each round is a ratio of its own.
fn bare_client(gateway: &Gateway) {
    const COUNT: usize = 16_000;
    const ROUNDS: usize = 7;
    // Both are to take about as long: what else the machine does is then as much of either.
    const COUNT_WITHOUT: usize = 3 * COUNT;
    let (room, memory) = (Room::new(gateway), Room::without_disk(gateway));
    let of = |room: &Room| COUNT as f64 / room.batch(&room.rows(COUNT), 16);
    let (mut rates, mut ratios, mut in_memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (theirs, ours) = (bare(gateway, 16, COUNT_WITHOUT), of(&room));
        rates.push((theirs, ours));
        ratios.push(ours / theirs);
        in_memory.extend(memory.iter().map(|room| of(room) / theirs));
    }
    let (theirs, ours): (Vec<f64>, Vec<f64>) = rates.into_iter().unzip();
    println!(
        "16 workers without a ledger: {:.0}/s; batch with 16 workers: {:.0}/s",
        median(theirs),
        median(ours)
    );
    ratios.sort_by(f64::total_cmp);
    let rounds = format!("no aim; rounds from {:.2} to {:.2}", ratios[0], ratios[ROUNDS - 1]);
    report("  batch / without a ledger", median(ratios), &rounds);
    if !in_memory.is_empty() {
        report("  the same, with the ledger in memory", median(in_memory), "no aim");
    }
    println!("  a sync of 100 KB that were written anew takes {:.2} ms on this disk", sync_ms(room.path()));
}

/// What one commit of a batch asks of the disk, in milliseconds.
fn sync_ms(dir: &Path) -> f64 {
    const ROUNDS: usize = 100;
    let mut file = fs::File::create(dir.join("sync")).unwrap();
    let group = [7; 100 * 1024];
    let round = |_| {
        file.rewind().unwrap();
        file.write_all(&group).unwrap();
        let begun = Instant::now();
        file.sync_data().unwrap();
        begun.elapsed().as_secs_f64() * 1000.0
    };
    median((0..ROUNDS).map(round).collect())
}

fn latency(gateway: &Gateway) {
    let room = Room::new(gateway);
    // Some seconds each: the start and the end of a batch take a tenth of one.
    for (latency_ms, workers, rounds, aim) in
        [(300, 4, 20, "0.97"), (300, 32, 20, "0.97"), (20, 4, 300, "-"), (20, 32, 300, "0.85")]
    {
        gateway.latency(Duration::from_millis(latency_ms));
        let took = room.batch(&room.rows(workers * rounds), workers);
        let bare = bare(gateway, workers, workers * rounds);
        let limit = workers as f64 * 1000.0 / latency_ms as f64;
        report(
            &format!("{latency_ms} ms, {workers} workers: of the limit workers / latency"),
            (workers * rounds) as f64 / took / limit,
            &format!("aim: {aim} and more; the client without a ledger: {:.2}", bare / limit),
        );
    }
}

fn fsyncs(gateway: &Gateway) {
    const COUNT: usize = 4000;
    if !has("strace") {
        println!("fsync: strace is not installed");
        return;
    }
    let room = Room::new(gateway);
    // The ledger and its log are made before.
    room.batch(&room.rows(100), 8);
    let program = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", "strace.txt"];
    let file = room.rows(COUNT);
    room.run(&program, &room.arguments(&file, 8, &[]));
    let text = fs::read_to_string(room.path().join("strace.txt")).unwrap();
    let of = |line: &str| -> Option<f64> {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(*words.last()?, "fsync" | "fdatasync").then(|| words[3].parse().ok())?
    };
    let syncs: f64 = text.lines().filter_map(of).sum();
    report("fsyncs a charge, 8 workers", syncs / COUNT as f64, "aim: 1.1 at most");
}

/// Time and peak memory, by GNU time.
fn measured(room: &Room, arguments: &[String]) -> (f64, f64) {
    let (took, said) = room.run(&["/usr/bin/time", "-f", "%M"], arguments);
    let kib: f64 = said.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(f64::NAN);
    (took.as_secs_f64(), kib / 1024.0)
}

fn large_file(gateway: &Gateway) {
    const COUNT: usize = 100_000;
    if !Path::new("/usr/bin/time").exists() {
        println!("large: GNU time is not installed");
        return;
    }
    let room = Room::new(gateway);
    let file = room.rows(COUNT);
    let (took, peak) = measured(&room, &room.arguments(&file, 16, &["--dry-run"]));
    println!("100,000 rows, checked and planned: {took:.2} s (aim: well under 1), {peak:.1} MB");
    let (took, peak) = measured(&room, &room.arguments(&file, 16, &["--results", "out.csv"]));
    println!("100,000 rows, charged by 16 workers with --results: {:.0}/s", COUNT as f64 / took);
    println!("  peak memory: {peak:.1} MB (aim: under 24)");
    let before = gateway.charges();
    let (took, peak) = measured(&room, &room.arguments(&file, 16, &["--results", "out.csv"]));
    let sent = gateway.charges() - before;
    println!("100,000 rows, run again with --results: {took:.2} s, {peak:.1} MB, {sent} requests (aim: 0)");
    let (took, _) = measured(&room, &room.arguments(&file, 16, &[]));
    println!("100,000 rows, run again: {took:.2} s (aim: a few)");
}

/// As many rows of one customer, each of another amount, as of as many customers.
fn one_customer(gateway: &Gateway) {
    const COUNT: usize = 20_000;
    let times = |one: bool| {
        let room = Room::new(gateway);
        let (first, second) = (room.rows_of(COUNT, one), room.rows_of(COUNT, one));
        let charged = room.run(&[], &room.arguments(&first, 16, &[])).0;
        let planned = room.run(&[], &room.arguments(&second, 16, &["--dry-run"])).0;
        (charged.as_secs_f64(), planned.as_secs_f64())
    };
    let ((one, one_planned), (many, many_planned)) = (times(true), times(false));
    println!("20,000 rows, charged: {one:.1} s of one customer, {many:.1} s of 20,000 (aim: the same)");
    println!("20,000 rows more, checked: {one_planned:.2} s of one customer, {many_planned:.2} s of 20,000");
}

/// A gateway that pays, with its book in memory: a merchant_uid is paid once.
struct Gateway {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    latency_us: AtomicU64,
    book: Mutex<HashSet<String>>,
    charges: AtomicUsize,
}

impl Gateway {
    fn start() -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let gateway = Gateway { url, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        gateway
    }

    fn latency(&self, latency: Duration) {
        self.shared.latency_us.store(u64::try_from(latency.as_micros()).unwrap(), Ordering::Relaxed);
    }

    fn charges(&self) -> usize {
        self.shared.charges.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        buffer.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&buffer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers = head.lines().filter_map(|line| line.split_once(':'));
        let mut length = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if body.len() < length.next().map_or(0, |(_, value)| value.trim().parse().unwrap()) {
            continue;
        }
        if let Some(asked) = head.strip_prefix("GET /payments") {
            let (status, body) = shown(asked.split(' ').next().unwrap(), shared);
            let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: ");
            if stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
                return;
            }
            buffer.clear();
            continue;
        }
        let response = if head.starts_with("POST /users/getToken") {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let token = "0123456789abcdef0123456789abcdef01234567";
            format!("{{\"access_token\":\"{token}\",\"expired_at\":{},\"now\":{now}}}", now + 1800)
        } else {
            pay(body, shared)
        };
        let body = format!("{{\"code\":0,\"message\":null,\"response\":{response}}}");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        if stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
            return;
        }
        buffer.clear();
    }
}

/// What is known under the orders that are asked for, in as much time as a charge takes.
fn shown(asked: &str, shared: &Shared) -> (u16, String) {
    std::thread::sleep(Duration::from_micros(shared.latency_us.load(Ordering::Relaxed)));
    let book = shared.book.lock().unwrap();
    let orders = asked.split("merchant_uid[]=").skip(1).map(|order| order.trim_end_matches('&'));
    let known: Vec<String> = orders
        .filter(|order| book.contains(*order))
        .map(|order| {
            format!(
                "{{\"amount\":1,\"imp_uid\":\"imps_{order}\",\"merchant_uid\":\"{order}\",\"status\":\"paid\"}}"
            )
        })
        .collect();
    if known.is_empty() {
        return (
            404,
            "{\"code\":-1,\"message\":\"존재하지 않는 결제정보입니다.\",\"response\":null}".to_owned(),
        );
    }
    (207, format!("{{\"code\":0,\"message\":null,\"response\":[{}]}}", known.join(",")))
}

fn pay(body: &str, shared: &Shared) -> String {
    shared.charges.fetch_add(1, Ordering::Relaxed);
    std::thread::sleep(Duration::from_micros(shared.latency_us.load(Ordering::Relaxed)));
    let asked: serde_json::Value = serde_json::from_str(body).unwrap();
    let order = asked["merchant_uid"].as_str().unwrap();
    assert!(shared.book.lock().unwrap().insert(order.to_owned()), "{order} was charged twice");
    format!(
        "{{\"amount\":{},\"apply_num\":\"30012345\",\"cancel_amount\":0,\"currency\":\"KRW\",\
         \"imp_uid\":\"imps_{order}\",\"merchant_uid\":\"{order}\",\"paid_at\":1795000000,\
         \"sandbox\":false,\"status\":\"paid\"}}",
        asked["amount"]
    )
}
