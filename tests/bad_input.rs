//! Values that a user gives wrong: a sentence that names the value and the mend, exit 2, nothing
//! written and nothing sent.

use serde_json::Value;

use crate::support::gateway::{Say, Scripted};
use crate::support::world::{Ran, World};

/// A charge of this customer, amount, product and order, and more flags.
type Charge<'a> = ([&'a str; 4], &'a [&'a str]);

fn charge(world: &World, ([customer, amount, name, order], more): &Charge<'_>) -> Ran {
    let what = ["charge", customer, "--amount", amount, "--name", name, "--merchant-uid", order, "--yes"];
    world.run(&[&what[..], more].concat())
}

/// A gateway that must not hear of anything.
fn deaf() -> Scripted {
    Scripted::start_whole(|_| Say::Drop)
}

/// Runs each as text and as JSON: exit 2, all of the words, nothing written, nothing sent.
#[track_caller]
fn refused(charges: &[(Charge<'_>, &[&str])]) {
    let gateway = deaf();
    let world = World::for_gateway(gateway.url());
    for (wrong, words) in charges {
        let text = charge(&world, wrong).exits(2).in_plain_words().says(words);
        assert_eq!(text.stdout, "", "{text}");
        let more = [wrong.1, &["--json"]].concat();
        let json = charge(&world, &(wrong.0, &more)).exits(2).in_plain_words().error();
        assert_eq!((json["kind"].as_str(), json["exit"].as_i64()), (Some("usage"), Some(2)), "{json}");
        for word in *words {
            let said = format!("{} {}", json["message"], json["hint"]);
            assert!(said.contains(&word.replace('\\', r"\\")), "`{word}` is not in {said}");
        }
    }
    assert!(!world.ledger_path().exists(), "a refused charge made a ledger");
    assert_eq!(gateway.asked().len(), 0);
}

fn with_amount(amount: &str) -> Charge<'_> {
    (["gildong_0001_1234", amount, "Monthly", "order_1"], &[])
}

#[test]
fn an_amount_that_is_none_is_refused_by_name() {
    let sent = "Nothing was sent";
    refused(&[
        (with_amount("0"), &["`0`", "is not more than zero", sent]),
        (with_amount("-1"), &["`-1`", "is not more than zero", sent]),
        (with_amount("-8,900"), &["`-8,900`", "is not more than zero", sent]),
        (with_amount("-x"), &["`-x`", "is not an amount", "8900", sent]),
        (with_amount("89.5"), &["`89.5`", "whole units", sent]),
        (with_amount("1e5"), &["`1e5`", "is not an amount", sent]),
        (with_amount("0x10"), &["`0x10`", "is not an amount", sent]),
        (with_amount("NaN"), &["`NaN`", "is not an amount", sent]),
        (with_amount("8,9,0"), &["`8,9,0`", "is not an amount", sent]),
        (with_amount("８，９，０"), &["`８，９，０`", "is not an amount", sent]),
        (with_amount("9223372036854775808"), &["`9223372036854775808`", "too large", sent]),
        (with_amount("99999999999999999999999999"), &["too large", sent]),
        (with_amount(""), &["``", "is not an amount", sent]),
        (with_amount("   "), &["is not an amount", sent]),
    ]);
}

#[test]
fn texts_are_counted_in_characters_and_may_hold_no_control_characters() {
    let (name, long_name) = ("가".repeat(40), "가".repeat(41));
    let buyer = "홍".repeat(17);
    let order = "a".repeat(41);
    let customer = "c".repeat(81);
    let sent = "Nothing was sent";
    refused(&[
        ((["g", "8900", &long_name, "o"], &[]), &[&long_name, "41 characters", "40 at most", sent]),
        ((["g", "8900", " ", "o"], &[]), &["product name is empty", sent]),
        ((["g", "8900", "a\nb", "o"], &[]), &[r"`a\nb`", "newline", "leave it out", sent]),
        ((["g", "8900", "x", "o"], &["--buyer-name", &buyer]), &[&buyer, "17", "16 at most", sent]),
        ((["g", "8900", "x", "o"], &["--buyer-tel", "010-0000-0000-0000"]), &["18", "16 at most", sent]),
        ((["g", "8900", "x", &order], &[]), &[&order, "41 characters", "40 at most", sent]),
        ((["g", "8900", "x", ""], &[]), &["merchant_uid is empty", sent]),
        ((["g", "8900", "x", "a/b"], &[]), &["`a/b`", "slash", "Use an id without", sent]),
        (([&customer, "8900", "x", "o"], &[]), &[&customer, "81 characters", "80 at most", sent]),
        ((["", "8900", "x", "o"], &[]), &["customer_uid is empty", sent]),
        ((["a/b", "8900", "x", "o"], &[]), &["`a/b`", "slash", "Use an id without", sent]),
        ((["a\u{7}b", "8900", "x", "o"], &[]), &[r"`a\u{7}b`", "control character", sent]),
        ((["a\nb", "8900", "x", "o"], &[]), &[r"`a\nb`", "newline", sent]),
        ((["a\u{202e}b", "8900", "x", "o"], &[]), &["invisible character", sent]),
        ((["g", "8900", "x", "o"], &["--note", "a\u{1b}[31m"]), &["note", "control character", sent]),
    ]);
    let gateway = Scripted::start(|_| Say::Drop);
    let world = World::for_gateway(gateway.url());
    let fits = charge(&world, &(["g", "8900", &name, "o"], &["--dry-run"])).exits(0);
    assert!(fits.stdout.contains(&name), "{fits}");
}

#[test]
fn what_the_gateway_is_told_besides_is_checked_too() {
    let o = ["g", "8900", "x", "o"];
    let large = ["g", "60000", "x", "o"];
    let small = ["g", "49999", "x", "o"];
    let sent = "Nothing was sent";
    refused(&[
        ((large, &["--quota", "1"]), &["1 month", "leave --quota out", sent]),
        ((large, &["--quota", "37"]), &["37 months", "2 to 36", sent]),
        ((small, &["--quota", "2"]), &["₩49,999", "₩50,000", "Leave --quota out", sent]),
        ((large, &["--quota", "-2"]), &["'-2'", "give a whole number from 0 to 99"]),
        ((large, &["--quota", "two"]), &["'two'", "give a whole number from 0 to 99"]),
        ((o, &["--bypass", "{x"]), &["bypass", "`{x`", "is not JSON", sent]),
        ((o, &["--bypass", "[]"]), &["`[]`", "not an object", sent]),
        ((o, &["--custom-data", "{x"]), &["custom_data", "`{x`", "is not JSON", sent]),
        ((o, &["--currency", "WON1"]), &["`WON1`", "such as KRW or USD", sent]),
        ((o, &["--currency", "won"]), &["`won`", "the won is KRW", sent]),
        ((o, &["--currency", "RMB"]), &["`RMB`", "ISO 4217", sent]),
        ((o, &["--tax-free", "9000"]), &["tax_free", "₩9,000", "₩8,900", sent]),
        ((o, &["--vat", "-5"]), &["`-5`", sent]),
        ((o, &["--notice-url", "shop.example"]), &["`shop.example`", "https://", sent]),
        ((o, &["--timeout", "0"]), &["'0'", "give a whole number from 1 to 3600"]),
        ((o, &["--timeout", "soon"]), &["'soon'", "give a whole number from 1 to 3600"]),
        ((o, &["--product-type", "both"]), &["both", "real", "digital"]),
        ((o, &["--ammount", "1"]), &["--ammount", "--amount"]),
        ((o, &["--once-per", "month"]), &["--merchant-uid", "--once-per"]),
    ]);
}

#[test]
fn a_period_or_a_flag_that_does_not_fit_is_named() {
    let gateway = deaf();
    let world = World::for_gateway(gateway.url());
    let what = ["charge", "g", "--amount", "8900", "--name", "x", "--yes"];
    let run = |more: &[&str]| world.run(&[&what[..], more].concat()).exits(2).in_plain_words();
    run(&["--once-per", "fortnight"]).says(&["`fortnight`", "month", "Nothing was sent"]);
    run(&["--once-per", "2026-13"]).says(&["`2026-13`", "Nothing was sent"]);
    run(&["--merchant-uid", "o", "--plan", "basic"]).says(&["--merchant-uid", "--plan"]);
    run(&["--plan", "basic"]).says(&["--once-per"]);
    run(&[]).says(&["--merchant-uid", "--once-per", "Nothing was sent"]);
    world.run(&["charge", "g"]).exits(2).in_plain_words().says(&["--amount", "--name"]);
    world.run(&["chrage", "g"]).exits(2).in_plain_words().says(&["'chrage'", "'charge'"]);
    world.run(&["--format", "xml", "history"]).exits(2).says(&["'xml'", "jsonl"]);
    world
        .run(&["--json", "--format", "csv", "history"])
        .exits(2)
        .in_plain_words()
        .says(&["--json", "--format"]);
    world.run(&[]).exits(2).in_plain_words().says(&["Usage: billkey"]);
    assert_eq!(gateway.asked().len(), 0);
}

#[test]
fn what_history_is_asked_for_is_checked() {
    let world = World::bare();
    let run =
        |more: &[&str]| world.run(&[&["--sandbox", "history"], more].concat()).exits(2).in_plain_words();
    run(&["--since", "soon"]).says(&["`soon`", "2026-11-23", "yesterday"]);
    run(&["--since", "2026-02-30"]).says(&["`2026-02-30`", "calendar"]);
    run(&["--until", "2026-13"]).says(&["`2026-13`"]);
    run(&["--limit", "0"]).says(&["'0'", "1 or more"]);
    run(&["--limit", "-1"]).says(&["'-1'", "1 or more"]);
    run(&["--limit", "many"]).says(&["'many'", "1 or more"]);
    run(&["--limit", "2", "--all"]).says(&["--limit", "--all"]);
    run(&["--status", "payed"]).says(&["`payed`", "paid"]);
    run(&["--columns", "amout"]).says(&["`amout`", "did you mean amount"]);
    run(&["--columns", ""]).says(&["merchant_uid"]);
    run(&["--min-amount", "-8,900"]).says(&["`-8,900`"]);
    run(&["--min-amount", "x"]).says(&["`x`"]);
    run(&["--customer", "a/b"]).says(&["`a/b`"]);
    run(&["--by", "asked"]).says(&["asked", "requested"]);
    let error = world.run(&["--sandbox", "--json", "history", "show", "no_such"]).exits(10).error();
    assert_eq!((error["kind"].clone(), error["exit"].clone()), ("not_found".into(), 10.into()));
    assert!(error["message"].as_str().unwrap().contains("no_such"), "{error}");
}

#[test]
fn customers_are_checked_before_anything_is_asked_or_saved() {
    let gateway = deaf();
    let world = World::for_gateway(gateway.url());
    let add = |more: &[&str]| world.run(&[&["customer", "add"], more].concat()).exits(2).in_plain_words();
    add(&["a/b"]).says(&["`a/b`"]);
    add(&[""]).says(&["customer_uid is empty"]);
    add(&["g", "--name", "a\nb"]).says(&["newline"]);
    add(&["g", "--tel", "\u{1b}[2J"]).says(&["control character"]);
    world.run(&["customer", "check", "a/b"]).exits(2).in_plain_words().says(&["`a/b`"]);
    world.run(&["customer", "show", "nobody"]).exits(10).in_plain_words().says(&["there is no ledger"]);
    world.run(&["customer", "remove", "nobody"]).exits(10).in_plain_words().says(&["there is no ledger"]);
    assert_eq!(gateway.asked().len(), 0);
}

#[test]
fn every_class_of_error_is_one_json_object_with_the_exit_code_in_it() {
    let world = World::bare();
    let charge = |customer: &str, order: &str, more: &[&str]| {
        let what = ["--sandbox", "--json", "charge", customer, "--amount", "8900", "--name", "x"];
        world.run(&[&what[..], &["--merchant-uid", order], more].concat())
    };
    let token = |api_url: &str| World::for_gateway(api_url).run(&["token", "--json"]);
    let refusing = Scripted::start_whole(|_| {
        Say::Json(401, r#"{"code":-1,"message":"인증에 실패하였습니다.","response":null}"#.to_owned())
    });
    let cases: Vec<(Ran, i32, &str)> = vec![
        (World::bare().run(&["--database", "/dev/null", "history", "--json"]), 1, "local"),
        (world.run(&["charge", "--json"]), 2, "usage"),
        (world.run(&["--json"]), 2, "usage"),
        (World::bare().run(&["token", "--json"]), 3, "config"),
        (token(refusing.url()), 4, "auth"),
        (charge("sandbox_declined", "d", &["--yes"]), 5, "declined"),
        (charge("sandbox_rejected", "r", &["--yes"]), 6, "rejected"),
        (charge("sandbox_unknown", "u", &["--yes"]), 7, "unknown"),
        (charge("gildong_0001_1234", "n", &[]), 8, "refused"),
        (token("http://127.0.0.1:1"), 9, "network"),
        (world.run(&["--sandbox", "history", "show", "none", "--format", "jsonl"]), 10, "not_found"),
    ];
    for (ran, exit, kind) in cases {
        let ran = ran.exits(exit).in_plain_words();
        let error = ran.error();
        assert_eq!(
            (error["kind"].as_str(), error["exit"].as_i64()),
            (Some(kind), Some(exit.into())),
            "{ran}"
        );
        assert!(error["message"].is_string(), "{ran}");
        assert!(error["hint"].is_string() || error["hint"] == Value::Null, "{ran}");
        assert!(error.as_object().unwrap().contains_key("hint"), "{ran}");
        if matches!(exit, 5..=7) {
            assert_eq!(ran.json()["outcome"], kind, "{ran}");
        }
    }
}
