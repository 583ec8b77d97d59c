//! What goes to stdout, in every format, and what a pipe, a colour or a zone makes of it.

use std::process::Stdio;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::support::world::{Ran, World};

const FORMATS: [&str; 5] = ["table", "plain", "json", "jsonl", "csv"];

fn run(world: &World, command: &[&str]) -> Ran {
    world.run(&[&["--sandbox"], command].concat()).in_plain_words().holds_nothing_odd()
}

/// Charges ₩8,900 on the sandbox.
fn charge(world: &World, customer: &str, name: &str, order: &str, more: &[&str]) -> Ran {
    let name = format!("--name={name}");
    let what = ["charge", customer, "--amount", "8900", &name, "--merchant-uid", order];
    run(world, &[&what[..], &["--yes", "--allow-similar"], more].concat())
}

/// The cells of RFC 4180, the header first.
#[track_caller]
fn csv(text: &str) -> Vec<Vec<String>> {
    assert!(text.ends_with("\r\n"), "{text:?}");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn an_answer_says_the_same_in_every_format() {
    let world = World::bare();
    for (format, order) in FORMATS.iter().zip(["o1", "o2", "o3", "o4", "o5"]) {
        let ran = charge(&world, "gildong_0001_1234", "구독", order, &["--format", format]).exits(0);
        let again = charge(&world, "gildong_0001_1234", "구독", order, &["--format", format]).exits(0);
        assert_eq!(again.stderr, "");
        match *format {
            "table" => assert!(ran.stdout.starts_with("Paid ₩8,900 (SANDBOX). Approval "), "{ran}"),
            "plain" => {
                let cells: Vec<&str> = ran.stdout.trim_end_matches('\n').split('\t').collect();
                assert_eq!((cells.len(), &cells[..3], cells[6]), (40, &["paid", "false", order][..], "8900"));
                assert!(again.stdout.starts_with("paid\ttrue\t"), "{again}");
            }
            "csv" => {
                let lines = csv(&ran.stdout);
                assert_eq!((lines.len(), lines[0].len(), lines[1].len()), (2, 40, 40));
                assert_eq!((lines[0][2].as_str(), lines[1][2].as_str()), ("merchant_uid", order));
            }
            _ => {
                assert_eq!(
                    (ran.json()["merchant_uid"].as_str(), &ran.json()["amount"]),
                    (Some(order), &json!(8900))
                );
                assert_eq!(ran.stdout.lines().count() == 1, *format == "jsonl", "{ran}");
            }
        }
    }
    let list = |format: &str| run(&world, &["history", "--format", format]).exits(0).stdout;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&list("json")).unwrap().len(), 5);
    assert_eq!(list("jsonl").lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 5);
    assert_eq!(csv(&list("csv")).len(), 6);
    assert_eq!(list("plain").lines().count(), 5);
    assert!(list("table").ends_with(" 5 payments, 5 paid, net ₩44,500\n"));
    for command in [&["customer", "list"][..], &["customer", "show", "gildong_0001_1234"], &["token"]] {
        for format in FORMATS {
            let ran = run(&world, &[command, &["--format", format]].concat()).exits(0);
            match format {
                "json" => assert!(ran.json().is_array() == (command == ["customer", "list"])),
                "jsonl" => {
                    assert!(ran.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
                }
                "csv" => assert!(csv(&ran.stdout).len() > 1, "{ran}"),
                _ => assert!(!ran.stdout.is_empty(), "{ran}"),
            }
        }
    }
}

#[test]
fn an_empty_list_is_empty_in_every_format() {
    let world = World::bare();
    charge(&world, "gildong_0001_1234", "x", "o", &[]).exits(0);
    let list = |format: &str| {
        let ran = run(&world, &["history", "nothing like it", "--format", format]).exits(10);
        ran.says(&["no payment in ", "`nothing like it`"]).stdout
    };
    assert_eq!(serde_json::from_str::<Value>(&list("json")).unwrap(), json!([]));
    assert_eq!((list("jsonl").as_str(), list("plain").as_str()), ("", ""));
    assert_eq!(csv(&list("csv")).len(), 1);
}

#[test]
fn a_spreadsheet_is_given_no_formula_and_a_byte_order_mark_on_request() {
    let world = World::bare();
    for (order, name) in [("o1", "=1+1"), ("o2", "+82"), ("o3", "-5"), ("o4", "@SUM(A1)"), ("o5", "a,\"b\"")]
    {
        let ran = charge(&world, "gildong_0001_1234", name, order, &["--format", "csv"]).exits(0);
        let shown = if order == "o5" { name.to_owned() } else { format!("'{name}") };
        assert_eq!(csv(&ran.stdout)[1][5], shown, "{ran}");
        assert_eq!(charge(&world, "gildong_0001_1234", name, order, &["--json"]).json()["name"], name);
    }
    let bom = world.run(&["--sandbox", "history", "--format", "csv", "--bom"]).exits(0);
    assert!(bom.stdout.starts_with("\u{feff}outcome,"), "{bom}");
    let bare = world.run(&["--sandbox", "history", "--format", "csv"]).exits(0);
    assert!(bare.stdout.starts_with("outcome,"), "{bare}");
}

#[test]
fn hangul_stands_in_straight_columns() {
    let world = World::bare();
    charge(&world, "gildong_0001_1234", "월간 구독", "order_a", &[]).exits(0);
    charge(&world, "younghee_0002_5678", "a", "order_b", &[]).exits(0);
    charge(&world, "sandbox_declined", "é日本", "order_c", &[]).exits(5);
    let table = run(&world, &["history"]).exits(0).stdout;
    let column = |line: &str, text: &str| line.find(text).map(|at| line[..at].width());
    let header = column(table.lines().next().unwrap(), "ORDER").unwrap();
    for order in ["order_a", "order_b", "order_c"] {
        let line = table.lines().find(|line| line.contains(order)).unwrap();
        assert_eq!(column(line, order), Some(header), "{table}");
    }
    let list = run(&world, &["customer", "list"]).exits(0).stdout;
    let mut lines = list.lines();
    let header = column(lines.next().unwrap(), "CHECKED").unwrap();
    let columns: Vec<_> = lines.filter_map(|line| column(line, "20")).filter(|at| *at > 40).collect();
    assert!(columns.len() > 10 && columns.iter().all(|at| *at == header), "{list}");
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let world = World::bare();
    charge(&world, "gildong_0001_1234", "x", "order_0", &[]).exits(0);
    let closed = |command: &[&str]| {
        let mut command = world.command(&[&["--sandbox"], command].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Ran::from_output(&child.wait_with_output().unwrap())
    };
    let pay = |customer, order| {
        ["charge", customer, "--amount", "5", "--name", "x", "--merchant-uid", order, "--yes", "--json"]
    };
    for (ran, exit) in [
        (closed(&pay("gildong_0001_1234", "order_1")), 0),
        (closed(&pay("sandbox_declined", "order_2")), 5),
        (closed(&pay("sandbox_unknown", "order_3")), 7),
        (closed(&["history"]), 0),
        (closed(&["customer", "list", "--format", "csv"]), 0),
        (closed(&["--help"]), 0),
        (closed(&["help", "states"]), 0),
        (closed(&["completions", "bash"]), 0),
    ] {
        let ran = ran.exits(exit);
        assert!(!ran.stderr.to_lowercase().contains("pipe"), "{ran}");
        assert!(exit != 0 || ran.stderr.is_empty(), "{ran}");
    }
    let row = run(&world, &["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(row["outcome"], "paid");
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_not_taken_for_said() {
    let world = World::bare();
    charge(&world, "gildong_0001_1234", "x", "order_0", &[]).exits(0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = world.command(&["--sandbox", "history"]);
    let ran = Ran::from_output(
        &command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap(),
    );
    ran.exits(1).in_plain_words().says(&["cannot write the answer", "no space left"]);
}

#[test]
fn quiet_says_nothing_on_success_and_everything_else() {
    let world = World::bare();
    for command in [
        &["customer", "add", "gildong_0001_1234"][..],
        &["charge", "gildong_0001_1234", "--amount", "5", "--name", "x", "--merchant-uid", "o", "--yes"],
        &[
            "charge",
            "gildong_0001_1234",
            "--amount",
            "5",
            "--name",
            "x",
            "--merchant-uid",
            "o",
            "--yes",
            "--json",
        ],
    ] {
        let ran = run(&world, &[command, &["--quiet"]].concat()).exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    }
    let unknown = charge(&world, "sandbox_unknown", "x", "u", &["--quiet", "--json"]).exits(7);
    assert_eq!(unknown.json()["outcome"], "unknown");
    assert!(
        !run(&world, &["history", "--quiet"]).exits(0).stdout.is_empty(),
        "what was asked for is no noise"
    );
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let world = World::bare();
    charge(&world, "gildong_0001_1234", "x", "o", &[]).exits(0);
    let painted = |variables: &[(&str, &str)], flags: &[&str]| {
        let mut command = world.command(&[&["--sandbox", "history"], flags].concat());
        let ran = Ran::from_output(&command.envs(variables.iter().copied()).output().unwrap());
        ran.exits(0).stdout.contains('\u{1b}')
    };
    assert!(!painted(&[], &[]), "off a terminal");
    assert!(painted(&[], &["--color", "always"]));
    assert!(painted(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]), "flags beat the environment");
    assert!(painted(&[("NO_COLOR", "1")], &["--color", "always"]), "flags beat the environment");
    assert!(!painted(&[("NO_COLOR", "1")], &[]));
    for format in ["json", "jsonl", "csv", "plain"] {
        assert!(!painted(&[("CLICOLOR_FORCE", "1")], &["--color", "always", "--format", format]), "{format}");
    }
}

#[test]
fn times_are_in_the_zone_of_the_config_and_else_in_seoul() {
    let mut world = World::bare();
    world.set("TZ", "America/Los_Angeles");
    let at =
        |world: &World, order| charge(world, "gildong_0001_1234", "x", order, &["--json"]).exits(0).json();
    assert!(at(&world, "o1")["paid_at"].as_str().unwrap().ends_with("+09:00"));
    world.configure("timezone = \"Asia/Kolkata\"\n");
    assert!(at(&world, "o1")["paid_at"].as_str().unwrap().ends_with("+05:30"));
    let token = run(&world, &["token", "--json"]).exits(0).json();
    assert!(token["expires_at"].as_str().unwrap().ends_with("+05:30"), "{token}");
    let list = run(&world, &["customer", "list", "--json"]).exits(0).json();
    assert!(list[0]["added_at"].as_str().unwrap().ends_with("+05:30"), "{list}");
    let table = run(&world, &["history", "--json"]).exits(0).json();
    let asked = table[0]["requested_at"].as_str().unwrap().to_owned();
    run(&world, &["history"]).exits(0).answers(&[&asked[..19].replace('T', " ")]);
}

#[test]
fn global_flags_stand_before_and_after_the_command() {
    let world = World::bare();
    let pay = ["charge", "gildong_0001_1234", "--amount", "5", "--name", "x", "--merchant-uid", "o", "--yes"];
    let before = world.run(&[&["--sandbox", "--json", "--database", "l.db"], &pay[..]].concat()).exits(0);
    let after = world.run(&[&pay[..], &["--sandbox", "--json", "--database", "l.db"]].concat()).exits(0);
    assert_eq!(before.json()["imp_uid"], after.json()["imp_uid"]);
    assert!(world.home().join("l.db").exists());
    let between =
        world.run(&["history", "--sandbox", "show", "--database=l.db", "o", "--format=json"]).exits(0);
    assert_eq!(between.json()["merchant_uid"], "o");
    world.run(&["token", "--sandbox"]).exits(0).answers(&["SANDBOX"]);
    world.run(&["customer", "list", "--sandbox", "-q", "-v"]).exits(0);
}
