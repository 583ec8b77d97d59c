//! `reconcile --since` of a long history: it can be stopped at any moment, goes on where it was, and bears a gateway
//! that wants a pause.

#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::gateway::{Asked, Say, Scripted, envelope, no_such_payment, record};
#[cfg(target_os = "linux")]
use crate::support::pty::Terminal;
use crate::support::world::{Ran, World, eventually};

const LONG: Duration = Duration::from_secs(30);

/// How many payments the account has, and how many a page holds.
const MADE: usize = 60;
const A_PAGE: usize = 20;

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The number of the page that is asked for.
fn page_of(asked: &Asked) -> Option<usize> {
    let query = asked.path.strip_prefix("/payments/status/all?")?;
    query.split('&').find_map(|part| part.strip_prefix("page="))?.parse().ok()
}

fn made(row: usize, begun_s: u64) -> String {
    let at = (begun_s - 3_600 + u64::try_from(row).unwrap()).to_string();
    let one = record(&format!("order_{row:02}"), "gildong_0001_1234", "8900", "paid");
    one.replace("1795000000", &at).replace("imps_623347347957", &format!("imps_{row}"))
}

fn page(number: usize, begun_s: u64) -> Say {
    let made = |row| made(row, begun_s);
    let records: Vec<String> = (0..MADE).skip((number - 1) * A_PAGE).take(A_PAGE).map(made).collect();
    let (next, list) = (if number * A_PAGE < MADE { number + 1 } else { 0 }, records.join(","));
    Say::Json(200, envelope(&format!(r#"{{"total":{MADE},"previous":0,"next":{next},"list":[{list}]}}"#)))
}

/// A gateway whose list has several pages; `odd` may answer one of them otherwise, by its number and by how often it
/// was asked for before.
fn listing(odd: impl Fn(usize, usize) -> Option<Say> + Send + Sync + 'static) -> Scripted {
    let (begun_s, second) = (now_s(), AtomicUsize::new(0));
    Scripted::start_asked(move |asked| match page_of(asked) {
        Some(number) => {
            let before = if number == 2 { second.fetch_add(1, Ordering::SeqCst) } else { 0 };
            odd(number, before).unwrap_or_else(|| page(number, begun_s))
        }
        None => no_such_payment(),
    })
}

fn held(world: &World) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let db = rusqlite::Connection::open_with_flags(world.ledger_path(), flags).ok();
    let count =
        |db: rusqlite::Connection| db.query_row("SELECT count(*) FROM payments", [], |row| row.get(0)).ok();
    db.and_then(count).unwrap_or(0)
}

const IMPORT: [&str; 5] = ["reconcile", "--since", "2d", "--import", "--json"];

fn busy(seconds: u32) -> Say {
    let head = format!("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\nretry-after: {seconds}\r\n");
    Say::Raw(format!("{head}content-type: application/json\r\n\r\n{{}}").into_bytes())
}

#[test]
fn an_interrupt_ends_the_wait_for_a_page_at_once_and_the_next_run_goes_on() {
    let gateway = listing(|number, before| (number == 2 && before == 0).then_some(Say::Hang(LONG)));
    let world = World::for_gateway(gateway.url());
    let child = world.spawn(&IMPORT);
    let is_second = |asked: &Asked| page_of(asked) == Some(2);
    eventually("the second page is asked for", || gateway.asked().iter().any(is_second));
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = Ran::from_output(&child.wait_with_output().unwrap());
    assert!(begun.elapsed() < LONG / 3, "it went on waiting\n{ran}");
    let ran = ran.exits(130).says(&["interrupted; what was recorded before stays recorded"]);
    assert_eq!((ran.json()["imported"].clone(), held(&world)), (json!(A_PAGE), 20));
    let ran = world.run(&IMPORT).exits(0);
    assert_eq!((ran.json()["imported"].clone(), held(&world)), (json!(MADE - A_PAGE), 60));
}

#[test]
fn a_pause_that_the_gateway_wants_in_the_middle_of_a_list_is_waited_for() {
    let gateway = listing(|number, before| (number == 2 && before == 0).then(|| busy(1)));
    let world = World::for_gateway(gateway.url());
    let ran = world.run(&IMPORT).exits(0);
    assert_eq!((ran.json()["imported"].clone(), &ran.json()["drift"]), (json!(MADE), &json!([])));
    let pages: Vec<usize> = gateway.asked().iter().filter_map(page_of).collect();
    assert!(pages.starts_with(&[1, 2, 2, 3]), "no page is read twice for it: {pages:?}");
}

#[test]
fn a_gateway_that_wants_one_pause_after_another_or_a_long_one_is_exit_9_and_what_was_read_is_kept() {
    for (seconds, asked_for) in [(1, 3), (3_000, 1)] {
        let gateway = listing(move |number, _| (number == 2).then(|| busy(seconds)));
        let world = World::for_gateway(gateway.url());
        let begun = Instant::now();
        let ran = world.run(&IMPORT).exits(9).says(&["run the same command again"]);
        assert!(begun.elapsed() < LONG / 2, "{seconds}: it went on waiting");
        assert_eq!((ran.json()["imported"].clone(), held(&world)), (json!(A_PAGE), 20), "{seconds}");
        assert_eq!(ran.json()["drift"][0]["kind"], "unconfirmed", "{seconds}");
        let second = gateway.asked().iter().filter(|asked| page_of(asked) == Some(2)).count();
        assert_eq!(second, asked_for, "{seconds}");
    }
}

#[test]
fn a_payment_that_is_refunded_while_the_list_is_read_is_not_lost() {
    // The second page comes late, and by then the console has refunded what stood on it: from then on it is listed at
    // the time of its refund.
    let begun_s = now_s();
    let refunded_s = Arc::new(AtomicU64::new(0));
    let at = Arc::clone(&refunded_s);
    let gateway = Scripted::start_asked(move |asked| {
        let Some(number) = page_of(asked) else { return no_such_payment() };
        let to_s: u64 =
            asked.path.split('&').find_map(|part| part.strip_prefix("to=")).unwrap().parse().unwrap();
        let from_s: u64 =
            asked.path.split('&').find_map(|part| part.strip_prefix("from=")).unwrap().parse().unwrap();
        if number == 2 && at.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(2_100));
            at.store(now_s() - 1, Ordering::SeqCst);
        }
        let refunded_s = at.load(Ordering::SeqCst);
        let is_in = |row: usize| {
            let second = if row == 25 && refunded_s > 0 { refunded_s } else { begun_s - 3_600 + row as u64 };
            (from_s..=to_s).contains(&second)
        };
        let shown = |row: &usize| {
            let whole = made(*row, begun_s);
            if *row != 25 || refunded_s == 0 {
                return whole;
            }
            let refunded = format!(r#""cancel_amount":8900,"cancelled_at":{refunded_s}"#);
            whole
                .replace(r#""cancel_amount":0"#, &refunded)
                .replace(r#""status":"paid""#, r#""status":"cancelled""#)
        };
        let rows: Vec<usize> = (0..MADE).filter(|row| is_in(*row)).collect();
        let of_page: Vec<String> = rows.iter().skip((number - 1) * A_PAGE).take(A_PAGE).map(shown).collect();
        let (total, next) = (rows.len(), if number * A_PAGE < rows.len() { number + 1 } else { 0 });
        let of_page = of_page.join(",");
        Say::Json(
            200,
            envelope(&format!(r#"{{"total":{total},"previous":0,"next":{next},"list":[{of_page}]}}"#)),
        )
    });
    let world = World::for_gateway(gateway.url());
    let ran = world.run(&IMPORT).exits(0);
    assert_eq!((ran.json()["imported"].clone(), held(&world)), (json!(MADE), 60), "{ran}");
    assert!(refunded_s.load(Ordering::SeqCst) > begun_s);
    let row = world.run(&["history", "show", "order_25", "--json"]).exits(0).json();
    assert_eq!(row["cancel_amount"], 8900, "{row}");
}

#[test]
#[cfg(target_os = "linux")]
fn at_a_terminal_the_counting_before_the_list_ends_at_an_interrupt_too() {
    let gateway = listing(|_, _| Some(Say::Hang(LONG)));
    let world = World::for_gateway(gateway.url());
    let terminal = Terminal::start_as_session(&world.command(&IMPORT));
    eventually("the payments are counted", || gateway.asked().iter().any(|asked| page_of(asked).is_some()));
    let begun = Instant::now();
    terminal.goes().exits(130);
    assert!(begun.elapsed() < LONG / 3, "it went on waiting");
}
