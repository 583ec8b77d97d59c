//! Two books against each other, many payments at a time: `cargo bench --bench reconcile`.
//!
//! The gateway keeps its book in memory and runs in this process, on the same cores as whatever is measured. A word
//! behind the name picks one measurement: `cargo bench --bench reconcile -- import`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a bench reads clocks and environment itself")]

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");

/// How many payments are open.
const OPEN: usize = 10_000;

/// How many payments an account has made in two years.
const MADE: i64 = 100_000;

const YEARS_S: i64 = 2 * 365 * 86_400;

type Part = fn(&Gateway);

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let parts: [(&str, Part); 3] = [("bulk", shown_together), ("alone", shown_alone), ("import", import)];
    for (name, part) in parts {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            part(&Gateway::start());
        }
    }
}

/// Every answer to a charge was lost, and the gateway shows what it charged in lists of many ids.
fn shown_together(gateway: &Gateway) {
    settle(gateway, "10,000 unknown payments, shown in lists of many ids");
}

/// The same at a gateway that shows nothing in such lists.
fn shown_alone(gateway: &Gateway) {
    gateway.shared.hides_lists.store(true, Ordering::Relaxed);
    settle(gateway, "10,000 unknown payments, each shown to a question of its own");
}

fn settle(gateway: &Gateway, what: &str) {
    let room = Room::new(gateway);
    gateway.shared.loses.store(true, Ordering::Relaxed);
    let mut sheet = "customer_uid,amount,name,merchant_uid\n".to_owned();
    sheet.extend((0..OPEN).map(|n| format!("gildong_{n:05},{},Monthly,order_{n:05}\n", 1000 + n)));
    fs::write(room.path().join("rows.csv"), sheet).unwrap();
    // The most serious line of all: unknown.
    let lost = ["--quiet", "batch", "rows.csv", "--yes", "--workers", "32", "--format", "plain"];
    room.run(&lost, 7);
    gateway.shared.latency_us.store(20_000, Ordering::Relaxed);
    let [asked, tokens] = gateway.counts();
    let (took, peak) = room.run(&["reconcile", "--format", "csv"], 0);
    let [asked, tokens] = [gateway.counts()[0] - asked, gateway.counts()[1] - tokens];
    let settled = fs::read_to_string(room.path().join("out")).unwrap().matches(",settled\r\n").count();
    assert_eq!(settled, OPEN, "all of them are settled");
    println!("{what}, at 20 ms: {:.1} s (aim: under 30)", took.as_secs_f64());
    println!("  {asked} questions, {tokens} tokens (aim: 1 at most), peak memory {peak}");
}

fn import(gateway: &Gateway) {
    gateway.shared.has_history.store(true, Ordering::Relaxed);
    let room = Room::new(gateway);
    let history = ["reconcile", "--since", "2y", "--import", "--format", "csv"];
    for what in ["recorded", "read again"] {
        let before = gateway.counts()[0];
        let (took, peak) = room.run(&history, 0);
        let asked = gateway.counts()[0] - before;
        println!("100,000 payments of two years, {what}: {:.1} s, {asked} questions", took.as_secs_f64());
        println!("  peak memory: {peak} (aim: under 48 MB)");
    }
}

/// A directory with a config, and the program in it.
struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new(gateway: &Gateway) -> Room {
        let dir = tempfile::tempdir().unwrap();
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

    /// Runs it, and keeps its answer in the file `out`; how long it took, and its peak memory by GNU time.
    fn run(&self, arguments: &[&str], exit: i32) -> (Duration, String) {
        let time = Path::new("/usr/bin/time").exists();
        let mut command = if time { Command::new("/usr/bin/time") } else { Command::new(BILLKEY) };
        if time {
            command.args(["-f", "%M", BILLKEY]);
        }
        command.args(["--config", "config.toml"]).args(arguments);
        command.env_clear().env("HOME", self.path()).env("PATH", "/usr/bin:/bin");
        let out = fs::File::create(self.path().join("out")).unwrap();
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(out).stderr(Stdio::piped());
        let begun = Instant::now();
        let output = command.output().expect("the program starts");
        let took = begun.elapsed();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{command:?}: {said}");
        let kib = said.lines().last().and_then(|line| line.trim().parse::<u64>().ok());
        (took, kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MB", kib / 1024)))
    }
}

/// A gateway with its book in memory, and with the history of an account that is as long as it is asked for.
struct Gateway {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    latency_us: AtomicU64,
    /// Its answers to charges are lost.
    loses: AtomicBool,
    /// A question about many ids finds none.
    hides_lists: AtomicBool,
    has_history: AtomicBool,
    asked: AtomicUsize,
    tokens: AtomicUsize,
    /// What was charged, by order: the body of the request.
    book: Mutex<HashMap<String, serde_json::Value>>,
    begun_s: i64,
}

impl Gateway {
    fn start() -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            latency_us: AtomicU64::new(0),
            loses: AtomicBool::new(false),
            hides_lists: AtomicBool::new(false),
            has_history: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            tokens: AtomicUsize::new(0),
            book: Mutex::default(),
            begun_s: now_s(),
        });
        let gateway = Gateway { url, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        gateway
    }

    /// Questions, and tokens.
    fn counts(&self) -> [usize; 2] {
        [&self.shared.asked, &self.shared.tokens].map(|count| count.load(Ordering::Relaxed))
    }
}

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        buffer.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&buffer).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers = head.lines().filter_map(|line| line.split_once(':'));
        let mut length = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if body.len() < length.next().map_or(0, |(_, value)| value.trim().parse().unwrap()) {
            continue;
        }
        std::thread::sleep(Duration::from_micros(shared.latency_us.load(Ordering::Relaxed)));
        let Some((status, response)) = answer(head, body, shared) else { return };
        let body = match response {
            Some(response) => format!("{{\"code\":0,\"message\":null,\"response\":{response}}}"),
            None => {
                "{\"code\":-1,\"message\":\"존재하지 않는 결제정보입니다.\",\"response\":null}".to_owned()
            }
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: ");
        if stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
            return;
        }
        buffer.clear();
    }
}

/// A status and what stands under `response`; nothing at all where the answer is lost.
fn answer(head: &str, body: &str, shared: &Shared) -> Option<(u16, Option<String>)> {
    let line: Vec<&str> = head.split(' ').take(2).collect();
    let (path, query) = line[1].split_once('?').unwrap_or((line[1], ""));
    if path == "/users/getToken" {
        shared.tokens.fetch_add(1, Ordering::Relaxed);
        let (token, now) = ("0123456789abcdef0123456789abcdef01234567", now_s());
        let token = format!("{{\"access_token\":\"{token}\",\"expired_at\":{},\"now\":{now}}}", now + 1800);
        return Some((200, Some(token)));
    }
    shared.asked.fetch_add(1, Ordering::Relaxed);
    if path == "/subscribe/payments/again" {
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        let order = asked["merchant_uid"].as_str().unwrap().to_owned();
        assert!(shared.book.lock().unwrap().insert(order, asked).is_none(), "an order was charged twice");
        assert!(shared.loses.load(Ordering::Relaxed), "nothing is charged after that");
        return None;
    }
    if path == "/payments/status/all" {
        return Some((200, Some(page(query, shared))));
    }
    let of_order = |order: &str| shared.book.lock().unwrap().get(order).map(paid);
    if let Some(order) = path.strip_prefix("/payments/findAll/") {
        let found = of_order(order.split('/').next().unwrap());
        let list =
            found.map(|record| format!("{{\"total\":1,\"previous\":0,\"next\":0,\"list\":[{record}]}}"));
        return Some((if list.is_some() { 200 } else { 404 }, list));
    }
    let orders = query.split('&').filter_map(|part| part.strip_prefix("merchant_uid[]="));
    let hides = shared.hides_lists.load(Ordering::Relaxed);
    let found: Vec<String> = orders.filter_map(of_order).filter(|_| !hides).collect();
    let list = (!found.is_empty()).then(|| format!("[{}]", found.join(",")));
    Some((if list.is_some() { 200 } else { 404 }, list))
}

fn paid(asked: &serde_json::Value) -> String {
    let (order, customer) = (&asked["merchant_uid"], &asked["customer_uid"]);
    let imp_uid = format!("imps_{}", order.as_str().unwrap());
    record(
        order.as_str().unwrap(),
        customer.as_str().unwrap(),
        &imp_uid,
        &asked["amount"].to_string(),
        now_s(),
    )
}

fn record(order: &str, customer: &str, imp_uid: &str, amount: &str, at_s: i64) -> String {
    format!(
        "{{\"amount\":{amount},\"apply_num\":\"30012345\",\"cancel_amount\":0,\"currency\":\"KRW\",\
         \"imp_uid\":\"{imp_uid}\",\"merchant_uid\":\"{order}\",\"customer_uid\":\"{customer}\",\
         \"customer_uid_usage\":\"payment\",\"channel\":\"api\",\"started_at\":{at_s},\"paid_at\":{at_s},\
         \"failed_at\":0,\"cancelled_at\":0,\"name\":\"Monthly subscription\",\"card_name\":\"신한카드\",\
         \"card_number\":\"5409-26**-****-1234\",\"pg_provider\":\"nice\",\"pg_tid\":\"nictest04m{imp_uid}\",\
         \"receipt_url\":\"https://receipt.invalid/{imp_uid}\",\"sandbox\":false,\"status\":\"paid\"}}"
    )
}

/// A page of the account's history: one payment every ten minutes, oldest first.
fn page(query: &str, shared: &Shared) -> String {
    let number = |name: &str| -> i64 {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).unwrap().1.parse().unwrap()
    };
    let (from_s, to_s) = (number("from"), number("to"));
    let (page, limit) = (number("page"), number("limit"));
    let (first_s, step_s) = (shared.begun_s - YEARS_S + 60, YEARS_S / MADE);
    let made = if shared.has_history.load(Ordering::Relaxed) { MADE } else { 0 };
    let begin = ((from_s - first_s).max(0) + step_s - 1).div_euclid(step_s).min(made);
    let end = ((to_s - first_s).div_euclid(step_s) + 1).clamp(begin, made);
    let shown = (begin + (page - 1) * limit).min(end)..(begin + page * limit).min(end);
    let next = if begin + page * limit < end { page + 1 } else { 0 };
    let list: Vec<String> = shown
        .map(|n| {
            let at_s = first_s + n * step_s;
            record(
                &format!("order_{n:06}"),
                &format!("gildong_{:04}", n % 5000),
                &format!("imps_{n}"),
                "8900",
                at_s,
            )
        })
        .collect();
    let total = end - begin;
    format!("{{\"total\":{total},\"previous\":{},\"next\":{next},\"list\":[{}]}}", page - 1, list.join(","))
}
