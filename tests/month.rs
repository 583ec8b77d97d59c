//! `billkey month`: what a month comes to, handed over to other programs, closed, and true afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::recipes::is_here;
use crate::support::world::{Gateway, Ran, World, client};

/// The first day of the month so many months ago, in Korea.
pub fn first(months_ago: i32) -> Date {
    let today = Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Seoul").unwrap()).date();
    today.first_of_month().checked_sub(months_ago.months()).unwrap()
}

pub fn name(months_ago: i32) -> String {
    first(months_ago).strftime("%Y-%m").to_string()
}

/// Noon of a day of that month, epoch seconds.
pub fn noon(months_ago: i32, day: i32) -> i64 {
    let day = first(months_ago).checked_add((day - 1).days()).unwrap();
    let midnight = day.to_zoned_datetime(TimeZone::get("Asia/Seoul").unwrap()).unwrap();
    midnight.timestamp().as_second() + 12 * 3600
}

/// A charge with a billing key that was made on another machine.
pub fn made(gateway: &Gateway, order: &str, amount: i64, at: i64, more: &Value) {
    let mut payment = json!({
        "merchant_uid": order, "amount": amount, "name": "월 구독; \"plus\" (a|b)", "buyer_name": "홍길동",
        "customer_uid": "gildong_0001_1234", "customer_uid_usage": "payment", "channel": "api", "status": "paid",
        "started_at": at, "paid_at": at,
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| payment[name] = value.clone());
    let url = format!("{}/_sandbox/payments", gateway.url());
    let answer = client().post(url).header("content-type", "application/json").body(payment.to_string());
    let answer = answer.send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

/// Last month: two sales, one of them refunded whole; a refund of a sale of the month before; one that failed.
fn shop() -> (Gateway, World) {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let back =
        |amount: i64, at: i64| json!({"status": "cancelled", "cancel_amount": amount, "cancelled_at": at});
    made(&gateway, "order_a", 10_000, noon(2, 5), &back(2_000, noon(1, 3)));
    made(&gateway, "order_b", 5_000, noon(1, 4), &json!({}));
    made(&gateway, "order_c", 7_700, noon(1, 5), &back(7_700, noon(1, 6)));
    let failed = json!({"status": "failed", "paid_at": 0, "failed_at": noon(1, 7), "fail_reason": "[CC10] 통장 잔액부족"});
    made(&gateway, "order_d", 900, noon(1, 7), &failed);
    import(&world);
    (gateway, world)
}

fn import(world: &World) -> Ran {
    let since = first(3).to_string();
    world.run(&["reconcile", "--since", &since, "--import", "--json"])
}

fn month(world: &World, months_ago: i32, more: &[&str]) -> Ran {
    world.run(&[&["month", &name(months_ago), "--json"], more].concat())
}

#[test]
fn a_month_comes_to_the_won_and_a_refund_is_of_its_own() {
    let (_gateway, world) = shop();
    let last = month(&world, 1, &[]).exits(0).json();
    let head = &last["head"];
    for (field, value) in [
        ("basis", json!("approval")),
        ("zone", json!("Asia/Seoul")),
        ("mode", json!("test")),
        ("over", json!(true)),
        ("unknown", json!(0)),
        ("doubts", json!(0)),
        ("doubles", json!(0)),
        ("drift", json!(0)),
        ("unread_from", Value::Null),
        ("closed_at", Value::Null),
    ] {
        assert_eq!(head[field], value, "{field}: {head:#}");
    }
    let total = &last["totals"][0];
    for (field, value) in [
        ("count", 2),
        ("gross", 12_700),
        ("refunded", 9_700),
        ("refunded_same", 7_700),
        ("refunded_earlier", 2_000),
        ("net", 3_000),
        ("declined", 1),
        ("vat", 455 - 182),
        ("tax_free", 0),
    ] {
        assert_eq!(total[field], json!(value), "{field}: {total:#}");
    }
    let sum = |rows: &Value, field: &str| {
        rows.as_array().unwrap().iter().map(|row| row[field].as_i64().unwrap()).sum::<i64>()
    };
    for rows in ["rows", "companies"] {
        assert_eq!(sum(&last[rows], "net"), 3_000, "{rows}");
        assert_eq!(last[rows][0]["vat_basis"], "derived");
    }
    let before = month(&world, 2, &[]).exits(0).json();
    assert_eq!(before["totals"][0]["net"], json!(10_000), "the refund of later is not in it");
    world.run(&["month", &name(1)]).exits(0).answers(&["TEST", "₩12,700", "-₩7,700", "-₩2,000", "fees"]);
}

#[test]
fn a_closed_month_stays_and_what_comes_later_is_a_correction_in_the_open_one() {
    let (gateway, world) = shop();
    let closed = month(&world, 1, &["--close"]).exits(0).json();
    assert_eq!(closed["closed"][0]["net"], json!(3_000));
    month(&world, 1, &["--close"]).exits(8).says(&["was closed on", "--verify"]);
    month(&world, 2, &["--close"]).exits(8).says(&["comes before it"]);
    let _ = month(&world, 1, &["--verify"]).exits(0);
    // A refund of now is of this month, and changes nothing of the last one.
    let part = ["refund", "order_b", "--amount", "1000", "--reason", "late", "--yes"];
    let _ = world.run(&part).exits(0);
    let _ = month(&world, 1, &["--verify"]).exits(0);
    assert_eq!(month(&world, 0, &[]).exits(0).json()["totals"][0]["refunded_earlier"], json!(1_000));
    // A sale that the gateway shows too late is.
    made(&gateway, "order_late", 3_300, noon(1, 20), &json!({}));
    let _ = import(&world);
    let verified = month(&world, 1, &["--verify"]).exits(8).json();
    assert_eq!(verified["changed"][0]["gross"], json!(3_300), "{verified:#}");
    assert_eq!(verified["closed"][0]["net"], json!(3_000), "what was closed stays");
    world
        .run(&["month", &name(1), "--verify"])
        .exits(8)
        .answers(&["not any more what was closed", "gross ₩3,300"]);
    let open = month(&world, 0, &[]).exits(0).json();
    let [correction] = &open["corrections"].as_array().unwrap()[..] else { panic!("{open:#}") };
    assert_eq!((&correction["month"], &correction["net"]), (&json!(name(1)), &json!(3_300)));
    world.run(&["month", &name(0)]).exits(0).answers(&["Corrections", "gross ₩3,300"]);
    assert_eq!(month(&world, 2, &[]).exits(0).json()["corrections"], json!([]));
}

#[test]
fn a_month_is_closed_only_over_what_is_settled_and_was_held_against_the_gateway() {
    let (gateway, world) = shop();
    month(&world, 0, &["--close"]).exits(8).says(&["is not over", "Nothing was closed"]);
    made(&gateway, "order_b2", 5_000, noon(1, 9), &json!({}));
    // Found and not recorded: a difference that nobody has settled.
    let _ = world.run(&["reconcile", "--since", &first(3).to_string()]).exits(8);
    month(&world, 1, &["--close"]).exits(8).says(&["1 different at the gateway", "billkey attention"]);
    // What is printed is pasted, and must ask the same ledger.
    let ledger = world.ledger_path().display().to_string();
    let elsewhere = world.run(&["--database", &ledger, "month", &name(1)]).exits(0);
    elsewhere.answers(&["1 different at the gateway: billkey", &format!("--database {ledger} attention")]);
    let _ = import(&world);
    let _ = month(&world, 1, &["--close"]).exits(0);
}

#[test]
fn without_a_reading_after_its_end_a_month_is_not_closed_and_the_hint_mends_it() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    made(&gateway, "order_b", 5_000, noon(1, 4), &json!({}));
    let (since, until) = (first(1).to_string(), first(1).checked_add(9.days()).unwrap().to_string());
    let _ = world.run(&["reconcile", "--since", &since, "--until", &until, "--import"]).exits(0);
    let refused = month(&world, 1, &["--close"]).exits(8);
    let hint = format!("billkey reconcile --since {since}");
    refused.says(&["nobody has held it against the gateway", &hint, "Nothing was closed"]);
    let _ = world.run(&["reconcile", "--since", &since]).exits(0);
    let _ = month(&world, 1, &["--close"]).exits(0);
}

#[test]
fn words_that_are_no_month_are_refused() {
    let (_gateway, world) = shop();
    for (text, says) in [
        ("2026", "is not a month"),
        ("2026-13", "is not a month"),
        ("november", "is not a month"),
        ("2199-01", "has not begun"),
        ("2020-01", "lies before the first payment"),
    ] {
        world.run(&["month", text]).exits(2).says(&[says]);
    }
    let empty = World::bare();
    let _ = empty.run(&["month", &name(1)]).exits(10);
    assert!(!empty.ledger_path().exists(), "nothing is created");
}

fn export(world: &World, which: &str, file: &str) -> std::path::PathBuf {
    let path = world.home().join(file);
    let shown = path.display().to_string();
    let ran = world.run(&["month", &name(1), "--export", which, "--output", &shown]).exits(0);
    ran.says(&["Wrote"]);
    path
}

/// What a bookkeeping program says to a file, where it is here.
fn asked(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    is_here(program).then(|| {
        let mut command = Command::new(program);
        for argument in arguments {
            let file = file.display().to_string();
            command.arg(if *argument == "FILE" { file.as_str() } else { argument });
        }
        let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program}: {said}");
        said
    })
}

#[test]
fn the_journals_are_read_by_the_programs_they_are_for_and_come_to_the_same() {
    let (_gateway, world) = shop();
    let journal = export(&world, "hledger", "month.journal");
    let text = fs::read_to_string(&journal).unwrap();
    assert!(text.contains("not charged: order_d"), "{text}");
    assert!(text.contains("imp_uid: imp"), "{text}");
    if let Some(said) = asked("hledger", &["-f", "FILE", "balance", "--flat", "-N"], &journal) {
        assert!(said.contains("3000 KRW  Assets:Receivable:PG"), "{said}");
        assert!(said.contains("-273 KRW  Liabilities:VAT"), "{said}");
    }
    let journal = export(&world, "ledger", "month.ledger");
    if let Some(said) = asked("ledger", &["-f", "FILE", "balance", "--flat"], &journal) {
        assert!(said.contains("3000 KRW  Assets:Receivable:PG"), "{said}");
    }
    let journal = export(&world, "beancount", "month.beancount");
    let _ = asked("bean-check", &["FILE"], &journal);
}

#[test]
fn lines_are_written_for_a_spreadsheet_and_for_the_console() {
    let (_gateway, world) = shop();
    let csv = fs::read_to_string(export(&world, "csv", "month.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    assert!(lines[0].starts_with("at,kind,merchant_uid,imp_uid"), "{csv}");
    assert!(
        lines[1].contains("refund,order_a") && lines[1].contains(",-2000,-1818,-182,0,derived,,KRW,"),
        "{csv}"
    );
    let _ = export(&world, "portone", "month.xlsx");
    // Read back by the reader of what people hand in: the workbook is one.
    let rows = world.run(&["batch", &world.home().join("month.xlsx").display().to_string(), "--dry-run"]);
    rows.exits(2).says(&["customer_uid"]);
    let stdout = world.run(&["month", &name(1), "--export", "hledger"]).exits(0).stdout;
    assert!(stdout.contains("Assets:Receivable:PG"), "{stdout}");
}

#[test]
fn an_export_is_never_put_in_the_place_of_the_ledger_and_is_whole_or_not_there() {
    let (_gateway, world) = shop();
    let before = fs::read(world.ledger_path()).unwrap();
    let ledger = world.ledger_path().display().to_string();
    let onto = ["month", &name(1), "--export", "csv", "--output", &ledger];
    world.run(&onto).exits(2).says(&["--output names", "a ledger"]);
    assert_eq!(fs::read(world.ledger_path()).unwrap(), before);
    let nowhere = ["month", &name(1), "--export", "csv", "--output", "/nowhere/month.csv"];
    world.run(&nowhere).exits(2).says(&["/nowhere/month.csv"]);
}
