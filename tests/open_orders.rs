//! An order of the same customer and amount that is open is cleared up before another one goes out beside it
//! (contract, rule 12). The gateway's own guard against charging an id twice is off.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::world::{Gateway, Ran, World, eventually, to_charge};

const UNGUARDED: &str = "no_duplicate_refusal";

fn unguarded(more: &str) -> Gateway {
    Gateway::start(&format!("{UNGUARDED}, {more}"))
}

/// How often the gateway was charged, whatever for.
fn charges(gateway: &Gateway) -> u64 {
    gateway.book()["charges"].as_array().unwrap().iter().map(|row| row["charged"].as_u64().unwrap()).sum()
}

/// The commands that a run prints to be pasted, one a line.
fn commands(ran: &Ran) -> Vec<String> {
    let text = format!("{}{}", ran.stdout, ran.stderr.as_str());
    let at = |line: &str| line.find("billkey ").map(|at| line[at..].trim_end().to_owned());
    text.lines().filter(|line| !line.starts_with('{')).filter_map(at).collect()
}

#[test]
fn an_open_order_that_turns_out_to_be_paid_is_a_similar_charge() {
    let gateway = unguarded("lost_after@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    let refused =
        world.charge("order_2", &[]).exits(8).says(&["order_1", "--allow-similar", "Nothing was sent"]);
    assert_eq!(refused.stdout, "", "{refused}");
    assert_eq!((gateway.charged("order_1"), gateway.received("order_2")), (1, 0));
    let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(row["outcome"], "paid", "what was seen is written down: {row}");
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    assert_eq!(charges(&gateway), 2);
}

#[test]
fn an_open_order_that_does_not_show_yet_holds_the_next_one_back_with_the_hour_and_whole_commands() {
    let gateway = unguarded("lost_before@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    for more in [&[][..], &["--allow-similar"]] {
        let held = world.run(&to_charge("order_2", more)).exits(9);
        let held = held.answers(&["order_1, may have charged the card", "Nothing was sent", " on:"]);
        assert!(more == ["--allow-similar"] || !held.stdout.contains("--allow-similar"), "{held}");
        let hints = commands(&held);
        let hinted = |words: &str| hints.iter().any(|hint| hint.contains(words));
        assert!(hinted("reconcile order_1") && hinted("--merchant-uid order_2"), "{held}");
    }
    assert_eq!((gateway.received("order_1"), gateway.received("order_2")), (1, 0));
    let told = world.charge("order_2", &[]).exits(9).json();
    assert_eq!((&told["outcome"], &told["merchant_uid"]), (&json!("not_sent"), &json!("order_2")));
}

#[test]
fn no_answer_about_an_open_order_is_no_leave_for_the_next_one() {
    let gateway = unguarded("lost_after@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    gateway.faults(&format!("{UNGUARDED}, lookups_down=503@order_1"));
    let held = world.charge("order_2", &[]).exits(9).says(&["order_1, may have charged the card"]);
    assert_eq!((gateway.received("order_2"), held.json()["outcome"].clone()), (0, json!("not_sent")));
    gateway.faults(UNGUARDED);
    let _ = world.charge("order_2", &[]).exits(8).says(&["order_1"]);
    assert_eq!(charges(&gateway), 1);
}

#[test]
fn an_open_order_whose_wait_is_over_is_passed_by_with_a_warning_that_names_it() {
    let gateway = unguarded("lost_before@order_1*1");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"2s\"\n");
    let _ = world.charge("order_1", &[]).exits(7);
    let _ = world.charge("order_2", &[]).exits(9).says(&["order_1"]);
    thread::sleep(Duration::from_millis(2_100));
    let paid = world.charge("order_2", &[]).exits(0);
    let paid = paid.says(&["order_2: another order of this customer and amount, order_1, was open"]);
    assert_eq!(paid.json()["outcome"], "paid");
    assert_eq!((gateway.charged("order_1"), gateway.charged("order_2")), (0, 1));
}

#[test]
fn a_doubtful_decline_is_an_open_order_and_a_proved_one_is_none() {
    let gateway = unguarded("decline=[8041] 시스템 타임아웃(잠시후 재시도바람)@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(5);
    let _ = world.charge("order_2", &[]).exits(9).says(&["order_1, may have charged the card"]);
    assert_eq!(gateway.received("order_2"), 0);
    let gateway = unguarded("decline=[CC10] 통장 잔액부족@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(5);
    let _ = world.charge("order_2", &[]).exits(0);
}

#[test]
fn another_customer_and_another_amount_wait_for_nobody() {
    let gateway = unguarded("lost_before@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    let line = |customer, amount, order| {
        ["charge", customer, "--amount", amount, "--name", "x", "--merchant-uid", order, "--yes"]
    };
    let _ = world.run(&line("gildong_0001_1234", "9900", "order_2")).exits(0);
    let _ = world.run(&line("younghee_0002_5678", "8900", "order_3")).exits(0);
}

#[test]
fn an_order_that_another_process_sends_is_waited_for() {
    let gateway = unguarded("slow=1500ms@order_1");
    let world = World::for_gateway(&gateway.url());
    let mut first = world.spawn(&to_charge("order_1", &["--json"]));
    eventually("the first order is out", || gateway.received("order_1") == 1);
    let _ = world.charge("order_2", &[]).exits(8).says(&["order_1", "Nothing was sent"]);
    assert!(first.wait().unwrap().success());
    assert_eq!(gateway.received("order_2"), 0);
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
}

#[test]
fn two_open_orders_that_are_run_again_at_once_do_not_wait_for_each_other() {
    let gateway = unguarded("lost_before@order_1*1, lost_before@order_2*1");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1s\"\n");
    let _ = world.charge("order_1", &[]).exits(7);
    thread::sleep(Duration::from_millis(1_100));
    let _ = world.charge("order_2", &[]).exits(7);
    thread::sleep(Duration::from_millis(1_100));
    let runs = ["order_1", "order_2"].map(|order| world.spawn(&to_charge(order, &["--json"])));
    let codes: Vec<i32> =
        runs.into_iter().map(|run| run.wait_with_output().unwrap().status.code().unwrap()).collect();
    assert!(codes.contains(&0), "one of them is charged: {codes:?}");
    assert_eq!(charges(&gateway), 1, "and the other is like it: {codes:?}");
}

#[test]
fn two_periods_are_no_similar_charges_and_an_open_one_is_cleared_up_all_the_same() {
    let gateway = unguarded("");
    let world = World::for_gateway(&gateway.url());
    let line = |period| {
        [
            "charge",
            "gildong_0001_1234",
            "--amount",
            "8900",
            "--name",
            "x",
            "--once-per",
            period,
            "--yes",
            "--json",
        ]
    };
    let october = world.run(&line("2026-10")).exits(0).json();
    let _ = world.run(&line("2026-11")).exits(0);
    gateway.faults(&format!("{UNGUARDED}, lost_after*1"));
    let _ = world.run(&line("2026-12")).exits(7);
    let quiet = world.run(&line("2027-01")).exits(0);
    assert_eq!(quiet.stderr, "", "the open one is paid, and another period's: {quiet}");
    assert_eq!(charges(&gateway), 4);
    // Named by its id it is an order of a period still.
    gateway.faults(&format!("{UNGUARDED}, lost_after*1"));
    let _ = world.run(&line("2027-02")).exits(7);
    let _ = world.charge(october["merchant_uid"].as_str().unwrap(), &[]).exits(0);
    let _ = world.charge("order_1", &[]).exits(8).says(&["--allow-similar"]);
}

#[test]
fn one_charge_asks_once_where_nothing_is_open() {
    use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment};

    let gateway = Scripted::start(|asked| {
        if asked.is_charge() { Say::Json(200, envelope(&payment(asked, "paid"))) } else { no_such_payment() }
    });
    let world = World::for_gateway(gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    assert_eq!((gateway.charges(), gateway.count("/payments")), (2, 2));
}

#[test]
fn a_dry_run_says_what_an_open_order_means_and_writes_nothing() {
    let gateway = unguarded("lost_after@order_1*1, hidden=1h@order_1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    let events = |world: &World| {
        world.run(&["history", "show", "order_1", "--json"]).exits(0).json()["history"]
            .as_array()
            .unwrap()
            .len()
    };
    let before = events(&world);
    let dry = |expected: i32| world.charge("order_2", &["--dry-run"]).exits(expected).json();
    let held = dry(9);
    assert_eq!(held["would"], "wait");
    let why = held["why"].as_str().unwrap();
    assert!(why.contains("order_1") && why.contains("not before 20"), "{why}");
    gateway.faults(&format!("{UNGUARDED}, lookups_down=503"));
    let blind = dry(9);
    let why = blind["why"].as_str().unwrap();
    assert!(
        why.contains("not checked: whether the gateway knows the order, and what it knows of order_1"),
        "{why}"
    );
    assert_eq!((events(&world), gateway.received("order_2")), (before, 0));
}

#[test]
fn rows_of_one_customer_and_amount_go_one_after_another() {
    let gateway = unguarded("slow=300ms, lost_before@row_1*1");
    let world = World::for_gateway(&gateway.url());
    let rows: String = (0..4).map(|row| format!("gildong_0001_1234,8900,Monthly,row_{row}\n")).collect();
    let file = world.home().join("rows.csv");
    std::fs::write(&file, format!("customer_uid,amount,name,merchant_uid\n{rows}")).unwrap();
    let file = file.display().to_string();
    let line = ["batch", &file, "--allow-similar", "--workers", "4", "--yes", "--json"];
    let ran = world.run(&line).exits(7);
    let payments = ran.json()["payments"].as_array().unwrap().clone();
    let of = |outcome: &str| payments.iter().filter(|row| row["outcome"] == outcome).count();
    assert_eq!(of("unknown"), 1, "{ran}");
    // Whoever came after the one without an answer waits until that would show.
    assert_eq!(of("paid") + of("not_sent"), 3, "{ran}");
    assert_eq!(charges(&gateway), u64::try_from(of("paid")).unwrap());
    let alone = unguarded("slow=100ms");
    let world = World::for_gateway(&alone.url());
    std::fs::write(world.home().join("rows.csv"), format!("customer_uid,amount,name,merchant_uid\n{rows}"))
        .unwrap();
    let file = world.home().join("rows.csv").display().to_string();
    let line = ["batch", &file, "--allow-similar", "--workers", "4", "--yes", "--json"];
    let _ = world.run(&line).exits(0).says(&["4 of 4 rows paid"]);
    assert_eq!(charges(&alone), 4);
}

#[cfg(unix)]
#[test]
fn a_person_is_not_asked_about_a_charge_that_an_open_order_holds_back() {
    use crate::support::pty::Terminal;

    let gateway = unguarded("lost_before@order_1*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    let line =
        ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x", "--merchant-uid", "order_2"];
    let mut terminal = Terminal::start(world.command(&line));
    terminal.exits(9);
    assert!(!terminal.seen().contains("[y/N]"), "{}", terminal.seen());
    assert!(terminal.seen().contains("reconcile order_1"), "{}", terminal.seen());
    assert_eq!(gateway.received("order_2"), 0);
}
