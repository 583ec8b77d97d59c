//! The gateway is asked about an order before it is sent, every time (contract, rule 8). Its own guard against
//! charging an id twice is off: nothing but the question keeps a second charge away.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, payment, record};
#[cfg(unix)]
use crate::support::pty::Terminal;
use crate::support::world::{Gateway, World, client, to_charge_with};

const UNGUARDED: &str = "no_duplicate_refusal";

fn unguarded(more: &str) -> Gateway {
    Gateway::start(
        &[UNGUARDED, more].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", "),
    )
}

/// A payment that was made elsewhere.
fn made_elsewhere(gateway: &Gateway, payment: &serde_json::Value) {
    let url = format!("{}/_sandbox/payments", gateway.url());
    let body = payment.to_string();
    let answer = client().post(url).header("Content-Type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

#[test]
fn no_answer_no_send() {
    for down in ["lookups_down=503", "lookups_down=429", "lookups_down=403", "lookups_down=html", "html_404"]
    {
        let gateway = unguarded(down);
        let world = World::for_gateway(&gateway.url());
        let held = world.charge("order_1", &[]).exits(9).says(&["Nothing was sent"]);
        assert_eq!(held.json()["outcome"], "not_sent", "{down}: {held}");
        assert_eq!(gateway.received("order_1"), 0, "{down}");
        gateway.faults(UNGUARDED);
        let _ = world.charge("order_1", &[]).exits(0);
        assert_eq!(gateway.charged("order_1"), 1, "{down}");
    }
}

#[test]
fn every_way_of_saying_that_there_is_none_lets_an_order_go() {
    for says in ["", "absent_is_empty", "absent_is_code", "test_needs_flag"] {
        let gateway = unguarded(says);
        let world = World::for_gateway(&gateway.url());
        let _ = world.charge("order_1", &[]).exits(0);
        assert_eq!(gateway.charged("order_1"), 1, "{says}");
    }
}

#[test]
fn what_another_machine_charged_is_not_charged_again_however_the_gateway_answers() {
    for answers in ["", "absent_is_empty", "absent_is_code", "test_needs_flag", "no_flag"] {
        let gateway = unguarded(answers);
        let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
        let paid = there.charge("order_1", &[]).exits(0).json();
        let found = here.charge("order_1", &[]).exits(0).says(&["as paid already"]).json();
        assert_eq!((&found["outcome"], &found["imp_uid"]), (&json!("paid"), &paid["imp_uid"]), "{answers}");
        assert_eq!(gateway.charged("order_1"), 1, "{answers}");
    }
}

#[test]
fn another_payment_under_the_order_refuses_it_and_both_are_shown() {
    let gateway = unguarded("");
    let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let _ = there.run(&to_charge_with("gildong_0001_1234", "100", "order_1", &[])).exits(0);
    let refused = here.charge("order_1", &[]).exits(8).says(&["another payment", "₩100", "₩8,900"]);
    assert!(refused.stderr.contains("Nothing was sent"), "{refused}");
    assert_eq!(gateway.charged("order_1"), 1);
}

#[test]
fn a_list_that_leaves_payments_out_is_no_answer() {
    let gateway = unguarded("short_list");
    made_elsewhere(
        &gateway,
        &json!({"merchant_uid": "order_1", "customer_uid": "gildong_0001_1234", "amount": 8900, "status": "paid"}),
    );
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(9).says(&["Nothing was sent"]);
    assert_eq!(gateway.received("order_1"), 0);
}

#[test]
fn a_dry_run_asks_and_exits_as_the_run_would() {
    let gateway = unguarded("");
    let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let would = |order: &str, exit: i32| {
        let ran = here.charge(order, &["--dry-run"]);
        assert_eq!(ran.code, exit, "{ran}");
        ran.json()["would"].clone()
    };
    let _ = there.charge("order_1", &[]).exits(0);
    assert_eq!(would("order_1", 0), "replay");
    assert_eq!(would("order_2", 0), "send");
    gateway.faults("lookups_down");
    assert_eq!(would("order_2", 9), "wait");
    assert!(!here.ledger_path().exists(), "a dry run writes nothing");
    assert_eq!((gateway.received("order_1"), gateway.received("order_2")), (1, 0));
}

/// An order that never left here may have been charged by another ledger since.
#[test]
fn an_order_that_never_left_here_is_asked_about_when_the_same_line_runs_again() {
    let gateway = unguarded("");
    let (here, there) = (World::for_gateway("http://127.0.0.1:1"), World::for_gateway(&gateway.url()));
    let line = to_charge_with("gildong_0001_1234", "8900", "order_1", &["--json"]);
    assert_eq!(here.run(&line).exits(9).json()["outcome"], "not_sent");
    let _ = there.run(&line).exits(0);
    let config = std::fs::read_to_string(here.config_path()).unwrap();
    here.configure(&config.replace("http://127.0.0.1:1", &gateway.url()));
    let found = here.run(&line).exits(0).says(&["as paid already"]).json();
    assert_eq!((&found["outcome"], &found["replayed"]), (&json!("paid"), &json!(true)));
    assert_eq!(gateway.charged("order_1"), 1);
}

/// K9 of a day in the field: whatever the run refuses, the dry run does too, with the same exit and in one look.
#[test]
fn whatever_stands_in_the_way_of_a_run_stands_in_the_way_of_its_dry_run() {
    const LIMITS: &str = "mode = \"test\"\n[profile.main.limits]\ndaily_amount = 20000\nmax_amount = 15000\n";
    type Prepare = fn(&World, &Gateway);
    let cases: [(&str, Prepare, [&str; 3], i32, &str); 8] = [
        ("nothing", |_, _| {}, ["gildong_0001_1234", "8900", "order_9"], 0, "send"),
        (
            "a similar charge",
            |world, _| drop(world.charge("order_1", &[]).exits(0)),
            ["gildong_0001_1234", "8900", "order_9"],
            8,
            "refuse",
        ),
        (
            "the day's limit",
            |world, _| {
                drop(world.run(&to_charge_with("gildong_0001_1234", "14000", "order_1", &[])).exits(0));
            },
            ["gildong_0001_1234", "8900", "order_9"],
            8,
            "refuse",
        ),
        (
            "an order on other terms",
            |world, _| drop(world.charge("order_9", &[]).exits(0)),
            ["gildong_0001_1234", "9900", "order_9"],
            8,
            "refuse",
        ),
        (
            "an order that is paid",
            |world, _| drop(world.charge("order_9", &[]).exits(0)),
            ["gildong_0001_1234", "8900", "order_9"],
            0,
            "replay",
        ),
        (
            "an open order of the customer",
            |world, gateway| {
                gateway.faults("no_duplicate_refusal, lost_before@order_1*1");
                let _ = world.charge("order_1", &[]).exits(7);
            },
            ["gildong_0001_1234", "8900", "order_9"],
            9,
            "wait",
        ),
        (
            "look-ups that are down",
            |_, gateway| gateway.faults("lookups_down=503"),
            ["gildong_0001_1234", "8900", "order_9"],
            9,
            "wait",
        ),
        (
            "a ledger that is older than it was",
            |world, _| {
                let _ = world.charge("order_1", &[]).exits(0);
                let mut mark = world.ledger_path().into_os_string();
                mark.push(".mark");
                std::fs::remove_file(mark).unwrap();
            },
            ["gildong_0001_1234", "5500", "order_9"],
            9,
            "wait",
        ),
    ];
    for (what, prepare, [customer, amount, order], exit, would) in cases {
        let gateway = unguarded("");
        let world = World::with_profile(&gateway.url(), LIMITS);
        prepare(&world, &gateway);
        let line = to_charge_with(customer, amount, order, &["--json"]);
        let sent = gateway.received(order);
        let dry = world.run(&[&line[..], &["--dry-run"]].concat());
        assert_eq!((dry.code, gateway.received(order)), (exit, sent), "{what}: {dry}");
        assert_eq!(dry.json()["would"], would, "{what}: {dry}");
        let run = world.run(&line);
        assert_eq!(run.code, exit, "{what}: {run}{}", run.stderr.as_str());
        let _ = dry.stderr.as_str();
    }
}

#[test]
fn a_dry_run_names_a_saved_customer_that_is_nearly_the_one_given() {
    let gateway = unguarded("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    let line = to_charge_with("gildong_0001_1243", "8900", "order_1", &["--dry-run"]);
    let _ = world.run(&line).exits(8).says(&["gildong_0001_1234", "Nothing was sent"]);
    let line = to_charge_with("somebody_else", "8900", "order_1", &["--dry-run"]);
    let _ = world.run(&line).exits(0).says(&["somebody_else is not saved here"]);
}

/// However a bulk answer lies, what was charged elsewhere is not charged by a batch, and the rest is.
#[test]
fn a_batch_charges_what_nobody_has_charged() {
    for answers in [
        "",
        "bulk_always_200",
        "bulk_ignores_merchant_uid",
        "bulk_cut=3",
        "bulk_shows=oldest",
        "bulk_shows=all",
        "absent_is_empty",
        "absent_is_code",
        "test_needs_flag",
        "long_line_400=300",
        "long_line_414=300",
    ] {
        let gateway = unguarded(answers);
        let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
        let orders: Vec<String> = (0..12).map(|row| format!("order_{row:02}")).collect();
        for order in orders.iter().step_by(3) {
            let _ = there.charge(order, &["--allow-similar"]).exits(0);
        }
        let rows: String =
            orders.iter().map(|order| format!("gildong_0001_1234,8900,Monthly,{order}\n")).collect();
        let file = here.home().join("charges.csv");
        std::fs::write(&file, format!("customer_uid,amount,name,merchant_uid\n{rows}")).unwrap();
        let ran = here.run(&["batch", file.to_str().unwrap(), "--yes", "--allow-similar"]);
        let ran = ran.exits(0).says(&["order_09 as paid already"]);
        for order in &orders {
            assert_eq!(gateway.charged(order), 1, "{answers}: {order}: {ran}");
        }
    }
}

/// What stands in the way is told before anybody says yes to it.
#[test]
#[cfg(unix)]
fn nobody_is_asked_about_a_charge_that_would_be_refused() {
    let gateway = unguarded("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let line =
        ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "Monthly", "--merchant-uid", "order_2"];
    let mut terminal = Terminal::start(world.command(&line));
    terminal.exits(8);
    terminal.shows("--allow-similar");
    assert!(!terminal.seen().contains("Charge this card?"), "{}", terminal.seen());
    let mut asked = Terminal::start(world.command(&[&line[..], &["--allow-similar"]].concat()));
    asked.shows("Charge this card?");
    assert_eq!(gateway.received("order_2"), 0, "nothing before the yes");
    asked.types("y\n");
    asked.exits(0);
    assert_eq!(gateway.charged("order_2"), 1);
}

#[test]
fn a_decline_in_doubt_that_another_ledger_was_told_waits_for_a_retry_too() {
    let doubt = |ago_s: i64| {
        let started_at = format!("\"started_at\":{}", Timestamp::now().as_second() - ago_s);
        let record = record("order_1", "gildong_0001_1234", "8900", "failed");
        let record = record.replace("[CC10] 통장 잔액부족", "[8041] 시스템 타임아웃");
        let record = record.replace("\"started_at\":1795000000", &started_at);
        envelope(&format!(r#"{{"list":[{record}],"next":0,"previous":0,"total":1}}"#))
    };
    let shows = Arc::new(Mutex::new(doubt(60)));
    let shown = Arc::clone(&shows);
    let gateway = Scripted::start_asked(move |asked| {
        let answer =
            if asked.is_charge() { envelope(&payment(asked, "paid")) } else { shown.lock().unwrap().clone() };
        Say::Json(200, answer)
    });
    let world = World::for_gateway(gateway.url());
    let ran = world.charge("order_1", &["--retry"]).exits(5);
    let ran = ran.says(&["It is not certain that nothing was charged."]).json();
    assert_eq!((&ran["outcome"], &ran["doubt"]), (&json!("declined"), &json!("timeout")), "{ran}");
    let _ = world.charge("order_1", &["--retry"]).exits(7).says(&["will not be sent again before"]);
    let again = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(again["doubt"], "timeout", "a look-up of the same hour ends no doubt");
    assert_eq!(gateway.charges(), 0);
    let ledger = Connection::open(world.ledger_path()).unwrap();
    ledger.execute("UPDATE records SET started_at_s = started_at_s - 900", []).unwrap();
    *shows.lock().unwrap() = doubt(960);
    let _ = world.charge("order_1", &["--retry"]).exits(0);
    assert_eq!(gateway.charges(), 1, "it has had its time");
}
