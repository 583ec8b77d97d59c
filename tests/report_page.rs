//! `billkey report --html`: a time as a page, with the real program.

use std::fs;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::support::world::{Gateway, World, client, set_mode, to_charge_with};

/// What a customer might call a refund or themselves.
pub const EVIL: &str = "<script>document.title='taken'</script>";

/// The first day of last month, in Korea.
fn first() -> Date {
    let today = Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Seoul").unwrap()).date();
    today.first_of_month().checked_sub(1.month()).unwrap()
}

/// Last month, as `report` takes it.
pub fn last_month() -> String {
    first().strftime("%Y-%m").to_string()
}

/// So many hours into last month, epoch seconds. Less than nothing is the month before.
fn hour(hours: i64) -> i64 {
    let midnight = first().to_zoned_datetime(TimeZone::get("Asia/Seoul").unwrap()).unwrap();
    midnight.timestamp().as_second() + hours * 3_600
}

fn sale(order: &str, customer: &str, amount: &str, hours: i64) -> Value {
    json!({
        "merchant_uid": order, "amount": amount, "name": "월 구독", "buyer_name": "홍길동", "customer_uid": customer,
        "customer_uid_usage": "payment", "channel": "api", "status": "paid", "pg_provider": "kcp", "sandbox": false,
        "started_at": hour(hours), "paid_at": hour(hours),
    })
}

fn with(mut payment: Value, more: &Value) -> Value {
    more.as_object().unwrap().iter().for_each(|(name, value)| payment[name] = value.clone());
    payment
}

fn failed(order: &str, customer: &str, hours: i64, reason: &str) -> Value {
    let no = json!({"status": "failed", "paid_at": 0, "failed_at": hour(hours), "fail_reason": reason});
    with(sale(order, customer, "8900", hours), &no)
}

fn back(payment: Value, amount: i64, hours: i64, cause: &str) -> Value {
    with(
        payment,
        &json!({"status": "cancelled", "cancel_amount": amount, "cancelled_at": hour(hours), "cancel_reason": cause}),
    )
}

/// Three weeks of sales, fewer at week-ends, with declines, further tries, refunds of this month and of the one before,
/// dollars, and a test channel's.
fn payments() -> Vec<Value> {
    let mut all = Vec::new();
    for day in 0..21_i64 {
        let customers = if day % 7 < 5 { 4 + day % 3 } else { 1 };
        for one in (0..customers).filter(|_| day != 9) {
            let (order, customer) = (format!("order_{day}_{one}"), format!("customer_{day}_{one}"));
            let amount = if one % 2 == 0 { "8900" } else { "14900" };
            let sold = sale(&order, &customer, amount, day * 24 + 10 + one);
            let cause = if day % 2 == 0 { "고객 요청 환불" } else { "이중 신청" };
            all.push(if (day + one) % 6 == 5 { back(sold, 8_900, day * 24 + 40, cause) } else { sold });
        }
    }
    let words = [
        "[CC10] 통장 잔액부족",
        "[CC61] 거래금액 한도초과",
        "[CC62] 가맹점 한도초과",
        "[CC08] 1일 한도초과",
        EVIL,
    ];
    for (number, reason) in (0..14_i64).zip(words.iter().cycle()) {
        let customer = format!("poor_{number}");
        all.push(failed(&format!("poor_{number}_a"), &customer, number * 24 + 9, reason));
        if number % 2 == 0 {
            all.push(sale(
                &format!("poor_{number}_b"),
                &customer,
                "8900",
                number * 24 + 9 + 24 * (number / 2 + 1),
            ));
        }
    }
    let big = sale("order_big", "customer_big", "150000", -48);
    all.push(back(big, 150_000, 30, EVIL));
    all.push(with(sale("order_usd", "customer_usd", "19.90", 60), &json!({"currency": "USD"})));
    all.push(with(sale("order_usd_2", "customer_usd", "1234.5", 90), &json!({"currency": "USD"})));
    all.push(with(sale("order_test", "customer_test", "1000", 70), &json!({"sandbox": true})));
    all
}

fn made(gateway: &Gateway, payments: &[Value]) {
    let url = format!("{}/_sandbox/payments", gateway.url());
    let body = Value::Array(payments.to_vec()).to_string();
    let answer = client().post(url).header("content-type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

/// A live profile whose ledger has all of them, and a dozen things that wait for a person.
pub fn shop() -> (Gateway, World) {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "");
    made(&gateway, &payments());
    let since = first().checked_sub(1.month()).unwrap().to_string();
    let _ = world.run(&["reconcile", "--since", &since, "--import", "--json"]);
    let elsewhere: Vec<Value> = (0..12)
        .map(|number| {
            sale(
                &format!("elsewhere_{number}"),
                if number == 0 { EVIL } else { "someone" },
                "8900",
                300 + number,
            )
        })
        .collect();
    made(&gateway, &elsewhere);
    let _ = world.run(&["reconcile", "--since", &since, "--json"]).exits(8);
    (gateway, world)
}

/// Writes the page of a time, and gives its place.
pub fn written(world: &World, arguments: &[&str]) -> PathBuf {
    let path = world.home().join("report.html");
    let all = [&["report"][..], arguments, &["--html", "report.html"]].concat();
    world.run(&all).exits(0).says(&["Wrote the report to report.html."]);
    path
}

#[test]
fn a_page_has_the_same_numbers_as_the_report_each_currency_and_test_money_apart() {
    let (_gateway, world) = shop();
    let month = last_month();
    let page = fs::read_to_string(written(&world, &[&month, "--lang", "ko"])).unwrap();
    let report = world.run(&["report", &month, "--json"]).exits(0).json();
    let totals = report["totals"].as_array().unwrap();
    assert_eq!(totals.len(), 3, "{report:#}");
    let grouped = |value: &Value| {
        let digits = value.to_string();
        let head = digits.len() % 3;
        let mut parts = vec![digits[..head].to_owned()];
        parts.extend(
            digits.as_bytes()[head..].chunks(3).map(|three| String::from_utf8(three.to_vec()).unwrap()),
        );
        parts.retain(|part| !part.is_empty());
        parts.join(",")
    };
    for field in ["gross", "refunded", "refunded_earlier", "net", "vat"] {
        let shown = format!("{}원", grouped(&totals[0][field]));
        assert!(page.contains(&shown), "{field} {shown}");
    }
    assert_eq!(totals[0]["refunded_earlier"], json!(150_000));
    assert!(page.contains("USD 1,254.40") && page.contains("시험 채널의 결제입니다"));
    assert!(page.contains(">실거래</p>"), "the profile is live");
    // Seven of the fourteen were paid by another order; the last of those came within two weeks, too.
    assert!(
        page.contains("거절된 주문 14건(124,600원) 가운데 7건(62,300원), 50.0%가 그 뒤 결제되었습니다."),
        "{page}"
    );
    assert!(page.contains("통장 잔액이 부족") || page.contains("잔액"), "what the words mean");
    assert!(page.contains("고객 요청 환불") && page.contains("이중 신청"));
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;document.title"));
    let items = page.matches("<p class=\"what\">").count();
    assert_eq!(items, 10);
    assert!(page.contains("billkey attention"));
    assert!(!page.contains("a_line_of_nobody") && page.ends_with("</html>\n"));
}

#[test]
fn tries_of_one_order_are_followed_and_what_is_not_known_is_said() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    gateway.faults("decline=[CC10] 통장 잔액부족");
    let order = to_charge_with("gildong_0001_1234", "8900", "order_1", &[]);
    let _ = world.run(&order).exits(5);
    let _ = world.run(&[&order[..], &["--retry"]].concat()).exits(5);
    gateway.faults("");
    let _ = world.run(&[&order[..], &["--retry"]].concat()).exits(0);
    let page = fs::read_to_string(written(&world, &["--since", "2d"])).unwrap();
    assert!(page.contains("<html lang=\"en\">"), "C.UTF-8 is not Korean");
    assert!(page.contains("Declined orders: 1 (₩8,900). Paid since: 1 (₩8,900), 100.0%."), "{page}");
    let row = page.split("3rd try</th>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(row.starts_with("<td class=\"n\">1</td>"), "on the same day: {row}");
    assert!(page.contains("<p class=\"mode\" data-mode=\"test\">TEST</p>"));
}

#[test]
fn the_language_is_that_of_the_locale_unless_it_is_told() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    world.set("LC_ALL", "ko_KR.UTF-8");
    let korean = fs::read_to_string(written(&world, &[])).unwrap();
    assert!(korean.contains("<html lang=\"ko\">") && korean.contains("결제 보고서"));
    let english = fs::read_to_string(written(&world, &["--lang", "en"])).unwrap();
    assert!(english.contains("<html lang=\"en\">") && english.contains("Payment report"));
    world.run(&["report", "--lang", "ko"]).exits(2).says(&["--html"]);
    world.run(&["report", "--html", "x.html", "--lang", "fr"]).exits(2).says(&["fr"]);
}

#[test]
fn a_place_that_takes_no_page_is_left_as_it_is_and_said() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let ledger = world.ledger_path();
    let before = fs::read(&ledger).unwrap();
    let to = |path: &str| world.run(&["report", "--html", path]).exits(2).in_plain_words();
    to(ledger.to_str().unwrap()).says(&["--html names", "it was left as it is"]);
    assert_eq!(fs::read(&ledger).unwrap(), before);
    to(world.config_path().to_str().unwrap()).says(&["it was left as it is"]);
    to(".").says(&["--html: cannot write .", "nothing was written"]);
    to("nowhere/report.html").says(&["nowhere/report.html", "nothing was written"]);
    world.run(&["report", "--html", "x.html", "--by", "card"]).exits(2).says(&["--by"]);
    assert!(!world.home().join("x.html").exists());
    let empty = World::bare();
    let _ = empty.run(&["report", "--html", "x.html"]).exits(10);
    assert!(!empty.home().join("x.html").exists(), "no page of no ledger");
}

#[test]
#[cfg(unix)]
fn a_page_is_for_its_owner_alone_and_takes_the_place_of_an_earlier_one() {
    use std::os::unix::fs::PermissionsExt as _;

    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let path = written(&world, &[]);
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::write(&path, "an earlier one").unwrap();
    set_mode(&path, 0o640);
    let page = fs::read_to_string(written(&world, &["2020-02", "--lang", "en"])).unwrap();
    assert!(page.contains("Nothing was charged in this time, and nothing refunded."), "{page}");
    assert_eq!(mode(), 0o640, "who shares it goes on to");
    let names = fs::read_dir(world.home()).unwrap().flatten();
    let parts = names.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0);
}

#[test]
fn beside_a_page_a_program_gets_the_same_numbers() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let alone = world.run(&["report", "--json"]).exits(0).json();
    let ran = world.run(&["report", "--json", "--html", "report.html"]).exits(0);
    assert_eq!(ran.json(), alone);
    ran.says(&["Wrote the report to report.html."]);
    let ran = world.run(&["--quiet", "report", "--html", "report.html"]).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}
