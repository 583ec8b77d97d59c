//! What a newcomer does, and what an operator does every day.

use serde_json::json;

use crate::support::world::{Gateway, Ran, World, to_charge, to_charge_with};

#[test]
fn the_very_first_command_on_a_machine_charges_on_the_sandbox() {
    let world = World::bare();
    let order = ["--merchant-uid", "order_monthly_0001", "--yes"];
    let what =
        ["--sandbox", "charge", "gildong_0001_1234", "--amount", "8900", "--name", "Monthly subscription"];
    let charge = [&what[..], &order[..]].concat();
    let first = world.run(&charge).exits(0).answers(&["Paid ₩8,900 (SANDBOX). Approval "]);
    assert!(first.stderr.contains("Created the ledger"), "{first}");
    let again = world.run(&charge).exits(0).answers(&["Already paid ₩8,900", "Nothing was sent."]);
    assert_eq!(again.stderr, "", "{again}");
    let history = world.run(&["--sandbox", "history", "홍길동"]).exits(0);
    history.answers(&["order_monthly_0001", "paid", "₩8,900", "1 payment, 1 paid, net ₩8,900"]);
}

#[test]
fn a_customer_is_saved_charged_and_looked_up() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["token"]).exits(0);
    let added =
        world.run(&["customer", "add", "gildong_0001_1234", "--name", "홍길동", "--json"]).exits(0).json();
    assert_eq!(added["card_number"], "5409-26**-****-1234");
    let paid = world.charge("order_1", &[]).exits(0).json();
    assert_eq!(paid["outcome"], "paid");
    assert_eq!(paid["amount"], json!(8900));
    assert_eq!(paid["replayed"], json!(false));
    let number = paid["apply_num"].as_str().unwrap();
    let found = world.run(&["history", number, "--json"]).exits(0).json();
    assert_eq!(found[0]["merchant_uid"], "order_1");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    let events: Vec<&str> =
        shown["history"].as_array().unwrap().iter().filter_map(|e| e["event"].as_str()).collect();
    assert_eq!(events, ["intent", "answer"]);
    assert_eq!(shown["operator"], crate::support::user());
}

#[test]
fn the_payment_object_has_every_field_of_the_contract_in_every_place() {
    let fields = [
        "outcome",
        "replayed",
        "merchant_uid",
        "imp_uid",
        "customer_uid",
        "name",
        "amount",
        "currency",
        "cancel_amount",
        "status",
        "apply_num",
        "card_name",
        "card_number",
        "pg_provider",
        "pg_tid",
        "receipt_url",
        "code",
        "message",
        "requested_at",
        "paid_at",
        "cancelled_at",
        "mode",
        "attempts",
        "note",
        "operator",
        "host",
        "doubt",
        "who_acts",
        "noted",
        "noted_at",
        "noted_by",
        "noted_evidence",
        "other_imp_uids",
        "alarm",
        "tax_free",
        "vat_amount",
        "refunded_outside",
        "refunded_outside_at",
        "refunded_outside_by",
        "refunded_outside_evidence",
    ];
    let world = World::bare();
    let charge =
        |uid: &str, order: &str| world.run(&to_charge_with(uid, "8900", order, &["--sandbox", "--json"]));
    let objects = [
        charge("gildong_0001_1234", "order_1").exits(0).json(),
        charge("sandbox_declined", "order_2").exits(5).json(),
        charge("sandbox_rejected", "order_3").exits(6).json(),
        charge("sandbox_unknown", "order_4").exits(7).json(),
        world.run(&["--sandbox", "history", "--json"]).exits(0).json()[0].clone(),
        world.run(&["--sandbox", "history", "show", "order_1", "--json"]).exits(0).json(),
    ];
    for object in objects {
        for field in fields {
            assert!(object.get(field).is_some(), "{field} is missing in {object:#}");
        }
    }
}

#[test]
fn an_outcome_has_its_exit_code_and_its_words() {
    let world = World::bare();
    let charge = |uid: &str, order: &str| world.run(&to_charge_with(uid, "8900", order, &["--sandbox"]));
    charge("sandbox_declined", "d").exits(5).answers(&["Declined", "Nothing was charged."]);
    charge("sandbox_rejected", "r").exits(6).answers(&["Rejected", "Nothing was charged."]);
    charge("sandbox_unknown", "u").exits(7).answers(&["Unknown", "The card may have been charged."]);
    charge("sandbox_unknown", "u").exits(0).answers(&["Already paid"]);
    charge("nobody_at_all", "n").exits(6).answers(&["Rejected", "등록되지 않은 구매자입니다."]);
}

#[test]
fn cron_can_run_the_same_line_again() {
    let world = World::bare();
    let line = [
        "--sandbox",
        "--quiet",
        "charge",
        "gildong_0001_1234",
        "--amount",
        "8900",
        "--name",
        "x",
        "--once-per",
        "month",
        "--plan",
        "basic",
        "--yes",
    ];
    let first = world.run(&line).exits(0);
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), ("", ""));
    let again = world.run(&line).exits(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    let history = world.run(&["--sandbox", "history", "--json"]).exits(0).json();
    assert_eq!(history.as_array().unwrap().len(), 1);
    assert_eq!(history[0]["attempts"], 1);
}

#[test]
fn a_dry_run_writes_and_sends_nothing() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let dry = world.charge("order_1", &["--dry-run"]).exits(0).json();
    assert_eq!(dry["request"]["merchant_uid"], "order_1");
    assert_eq!(dry["would"], "send");
    assert!(!world.ledger_path().exists());
    assert_eq!(gateway.book()["payments"].as_array().unwrap().len(), 0);
    world.charge("order_1", &[]).exits(0);
    assert_eq!(world.charge("order_1", &["--dry-run"]).exits(0).json()["would"], "replay");
}

#[test]
fn the_readme_s_first_command_is_the_main_job_and_its_second_runs_the_tests() {
    let readme = include_str!("../README.md");
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cargo ")).collect();
    let [job, tests] = commands[..] else { panic!("not two commands: {commands:?}") };
    assert_eq!(tests, "cargo test --locked");
    let arguments = job.strip_prefix("cargo run --locked -- ").expect("runs the program");
    let arguments: Vec<String> = shell_words(arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    World::bare().run(&arguments).exits(0).answers(&["Paid ₩8,900"]);
}

/// Words and "words in quotes".
fn shell_words(line: &str) -> Vec<String> {
    line.split('"')
        .enumerate()
        .flat_map(|(index, part)| -> Vec<String> {
            if index % 2 == 1 {
                vec![part.to_owned()]
            } else {
                part.split_whitespace().map(str::to_owned).collect()
            }
        })
        .collect()
}

/// As cron runs it, and `env -i`.
#[test]
#[cfg(target_os = "linux")]
fn who_ran_a_charge_and_where_is_kept_without_a_word_of_the_environments() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let mut bare = world.command(&to_charge("order_1", &["--json"]));
    let shown = Ran::from_output(&bare.env("USER", "somebody").output().unwrap()).exits(0).json();
    let said = |program: &str, argument: &str| {
        let output = std::process::Command::new(program).arg(argument).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let (user, host) = (said("id", "-rnu"), said("uname", "-n"));
    assert_eq!((shown["operator"].as_str(), shown["host"].as_str()), (Some(&*user), Some(&*host)));
    let detail = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(
        (&detail["host"], &detail["history"][0]["host"]),
        (&host.clone().into(), &host.clone().into())
    );
    let _ = world.run(&["history", "show", "order_1"]).exits(0).answers(&["run by", &user, "on host", &host]);
    let _ = world.run(&["history", "--columns", "operator,host"]).exits(0).answers(&[&user, &host]);
}
