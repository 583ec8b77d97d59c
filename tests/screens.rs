//! What support staff see of many payments, at a terminal of their own.

use unicode_width::UnicodeWidthStr;

use crate::support::pty::Terminal;
use crate::support::world::World;

/// Charges on the sandbox.
fn charge(world: &World, customer: &str, amount: &str, name: &str, order: &[&str], code: i32) {
    let what = ["--sandbox", "charge", customer, "--amount", amount, "--name", name, "--yes"];
    let ran = world.run(&[&what[..], order].concat()).exits(code);
    let _ = ran.stderr.as_str();
}

/// Six payments with ids of every kind.
fn book() -> World {
    let world = World::bare();
    for (amount, plan) in [("8900", "basic"), ("9900", "family"), ("10900", "team")] {
        let period = ["--once-per", "month", "--plan", plan];
        charge(&world, "gildong_0001_1234", amount, "월 구독 프리미엄", &period, 0);
    }
    let order = |id| ["--merchant-uid", id];
    charge(&world, "gildong_0001_1234", "5500", "Monthly subscription", &order("order_monthly_0001"), 0);
    charge(&world, "younghee_0002_5678", "34500", "연간 구독", &order("order_yearly_2026_0002"), 0);
    charge(&world, "sandbox_declined", "8900", "월 구독", &order("order_monthly_0003"), 5);
    for (id, back) in [("order_monthly_0001", "5500"), ("order_yearly_2026_0002", "30000")] {
        world.run(&["--sandbox", "refund", id, "--amount", back, "--reason", "late", "--yes"]).exits(0);
    }
    world
}

fn screen(world: &World, columns: u16, command: &[&str]) -> String {
    let line = [&["--sandbox", "--color", "never"], command].concat();
    let mut terminal = Terminal::start_wide(world.command(&line), columns);
    terminal.exits(0);
    terminal.seen().replace('\r', "")
}

#[test]
fn every_column_is_there_at_eighty_and_at_a_hundred_and_twenty() {
    let world = book();
    for columns in [80, 100, 120] {
        let seen = screen(&world, columns, &["history"]);
        let rows = seen.lines().filter(|line| !line.contains("billkey --sandbox"));
        for line in rows {
            assert!(line.width() <= usize::from(columns), "{columns}: {line}");
        }
        for part in
            ["WHEN", "RESULT", "AMOUNT", "CUST", "PROD", "CARD", "APPROVAL", "ORDER", "홍길동", "김영희"]
        {
            assert!(seen.contains(part), "{columns}: `{part}` is missing\n{seen}");
        }
        for part in ["refunded", "part ref", "declined", "통장 잔액부족", "34,500", "order_monthly_0003"]
        {
            assert!(seen.contains(part), "{columns}: `{part}` is missing\n{seen}");
        }
        assert!(!seen.contains("gildong_0001_1234") && !seen.contains("No room"), "{columns}:\n{seen}");
    }
}

#[test]
fn show_takes_the_ids_as_the_table_has_them() {
    let world = book();
    let seen = screen(&world, 120, &["history"]);
    let mut shown = 0;
    for line in seen.lines().skip(1).filter(|line| line.contains("₩") && line.contains("홍길동")) {
        let id = line.split_whitespace().last().unwrap();
        let ran = world.run(&["--sandbox", "history", "show", id]).exits(0);
        assert!(ran.stdout.contains(&format!("order     {id}")), "{id}\n{ran}");
        shown += 1;
    }
    assert_eq!(shown, 4, "{seen}");
    assert!(
        seen.lines()
            .filter(|line| line.contains("월 구독 프리미엄"))
            .all(|line| { (8..=12).contains(&line.split_whitespace().last().unwrap().len()) }),
        "{seen}"
    );
}

#[test]
fn a_beginning_of_several_is_told_with_how_many() {
    let world = book();
    let several = world.run(&["--sandbox", "history", "show", "order_"]).exits(2).in_plain_words();
    assert!(
        several.stderr.contains("3 payments in ") && several.stderr.contains("order_monthly_0003"),
        "{several}"
    );
    world.run(&["--sandbox", "history", "show", "order_y"]).exits(0);
    world.run(&["--sandbox", "history", "show", "order_x"]).exits(10);
}

#[test]
fn the_last_lines_are_commands_that_show_more() {
    let world = book();
    let seen = screen(&world, 80, &["history", "구독", "--limit", "2", "--mode", "sandbox"]);
    let all = " all   billkey --sandbox history 구독 --mode sandbox --all";
    assert!(seen.lines().any(|line| line == all), "{seen}");
    let one = seen.lines().last().unwrap().trim();
    let words: Vec<&str> = one.split_whitespace().skip(2).collect();
    assert!(one.starts_with("one   billkey --sandbox history show "), "{seen}");
    world.run(&words).exits(0);
    let every = screen(&world, 80, &["history", "구독", "--all", "--mode", "sandbox"]);
    assert!(every.contains(" one   ") && !every.contains(" all   "), "{every}");
}

#[test]
fn in_a_pipe_every_value_is_whole() {
    let world = book();
    let table = world.run(&["--sandbox", "history"]).exits(0).stdout;
    let json = world.run(&["--sandbox", "history", "--json"]).exits(0).json();
    for payment in json.as_array().unwrap() {
        assert!(table.contains(payment["merchant_uid"].as_str().unwrap()), "{table}");
        assert!(table.contains(payment["customer_uid"].as_str().unwrap()), "{table}");
    }
    assert!(!table.contains(" one   "), "{table}");
}

#[test]
fn payments_are_picked_by_when_they_were_refunded() {
    let world = book();
    let ran = world.run(&["--sandbox", "history", "--by", "cancelled"]).exits(0);
    assert!(ran.stdout.starts_with(" REFUNDED "), "{ran}");
    assert!(
        ran.stdout.contains("order_monthly_0001") && ran.stdout.contains("order_yearly_2026_0002"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("order_monthly_0003"), "{ran}");
    let none = ["--sandbox", "history", "--by", "cancelled", "--until", "yesterday"];
    assert!(world.run(&none).exits(10).stderr.contains("--by cancelled"));
}

#[test]
fn headings_of_the_table_are_columns() {
    let world = book();
    let csv =
        ["--sandbox", "history", "order_monthly_0001", "--format", "csv", "--columns", "RESULT,order,card"];
    let csv = world.run(&csv).exits(0).stdout;
    assert!(
        csv.starts_with("outcome,merchant_uid,card_name,card_number\r\npaid,order_monthly_0001,"),
        "{csv}"
    );
    let table = ["--sandbox", "history", "order_monthly_0001", "--columns", "result,order,card"];
    let table = world.run(&table).exits(0).stdout;
    assert!(
        table.starts_with(" RESULT    ORDER               CARD\n refunded  order_monthly_0001  신한 1234\n"),
        "{table}"
    );
    let wrong = world.run(&["--sandbox", "history", "--columns", "colour"]).exits(2).in_plain_words();
    assert!(
        wrong.stderr.contains("merchant_uid, imp_uid") && wrong.stderr.contains("WHEN, RESULT"),
        "{wrong}"
    );
}

#[test]
fn whom_to_write_to_is_a_mail_merge() {
    let world = book();
    let ran = world.run(&["--sandbox", "history", "--who", "customer", "--format", "csv"]).exits(0);
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected = "customer_uid customer_name email tel amount currency name message meaning_ko meaning_en again \
                    merchant_uid requested_at";
    assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "{ran}");
    assert_eq!((&rows[0][0], &rows[0][1], &rows[0][4]), ("sandbox_declined", "가상고객", "8900"));
    assert!(rows[0][7].contains("통장 잔액부족") && rows[0][10].contains("once a day"), "{ran}");
    let with = ["--sandbox", "history", "--who", "customer", "--format", "csv", "--columns", "order"];
    assert!(world.run(&with).exits(0).stdout.starts_with("merchant_uid\r\norder_monthly_0003\r\n"));
    let none = ["--sandbox", "history", "--who", "customer", "--format", "csv", "--until", "yesterday"];
    let none = world.run(&none).exits(10);
    assert!(none.stderr.contains("no payment") && none.stdout.starts_with("customer_uid,"), "{none}");
}

#[test]
fn a_paragraph_can_be_pasted_into_a_reply() {
    let world = book();
    let text = |more: &[&str]| {
        let show = ["--sandbox", "history", "show", "order_yearly_2026_0002", "--copy-text"];
        world.run(&[&show[..], more].concat()).exits(0)
    };
    let korean = text(&["--lang", "ko"]).stdout;
    assert!(
        korean.starts_with("김영희 고객님, ") && korean.contains("34,500원이 결제되었습니다."),
        "{korean}"
    );
    assert!(korean.contains("30,000원이") && korean.lines().count() == 1, "{korean}");
    assert!(text(&[]).stdout.contains("₩34,500 for \"연간 구독\" was charged"), "{korean}");
    assert_eq!(text(&["--json", "--lang", "ko"]).json()["text"].as_str(), Some(korean.trim_end()));
    world.run(&["--sandbox", "history", "show", "order_monthly_0003", "--lang", "ko"]).exits(2);
}

#[test]
fn what_a_charge_and_a_batch_say_of_a_decline_says_what_to_do() {
    let world = World::bare();
    let meaning = "There is not enough money behind the card for this payment.";
    let next = "The customer has to act. Again: after a day, at most once a day on one card.";
    let line = ["--sandbox", "charge", "sandbox_declined", "--amount", "8900", "--name", "구독", "--yes"];
    let ran = world.run(&[&line[..], &["--merchant-uid", "order_1"]].concat()).exits(5);
    assert!(ran.stdout.contains(meaning) && ran.stdout.contains(next), "{ran}");
    let mail = world.run(&[&line[..], &["--merchant-uid", "order_2", "--quiet", "--allow-similar"]].concat());
    assert!(mail.stderr.contains(meaning) && mail.stderr.contains(next), "{mail}");
    let rows = "customer_uid,amount,name,merchant_uid\nsandbox_declined,9900,구독,order_3\n";
    std::fs::write(world.home().join("charges.csv"), rows).unwrap();
    let batch = world.run(&["--sandbox", "batch", "charges.csv", "--yes"]).exits(5);
    assert!(batch.stdout.contains(meaning) && batch.stdout.contains(next), "{batch}");
    let _ = batch.stderr.as_str();
}

#[test]
fn a_customer_is_shown_with_cards_months_and_declines_in_a_row() {
    let world = book();
    charge(&world, "gildong_0001_1234", "100", "구독", &["--merchant-uid", "small_1"], 0);
    let seen = screen(&world, 80, &["customer", "show", "gildong_0001_1234"]);
    for part in ["first paid", "last paid", "charged to  신한카드", "5 payments", "█", "5 paid", "APPROVAL"]
    {
        assert!(seen.contains(part), "`{part}` is missing\n{seen}");
    }
    assert!(seen.lines().all(|line| line.width() <= 80), "{seen}");
    let piped = world.run(&["--sandbox", "customer", "show", "gildong_0001_1234"]).exits(0);
    assert!(piped.stdout.contains("5 paid") && !piped.stdout.contains('█'), "{piped}");
    let declined = world.run(&["--sandbox", "customer", "show", "sandbox_declined"]).exits(0);
    assert!(
        declined.stdout.lines().any(|line| line.split_whitespace().eq(["declines", "1", "in", "a", "row"])),
        "{declined}"
    );
    let json = world.run(&["--sandbox", "customer", "show", "gildong_0001_1234", "--json"]).exits(0).json();
    assert_eq!(json["dossier"]["months"][0]["paid"], 5, "{json}");
    assert_eq!(json["dossier"]["cards"][0]["payments"], 5, "{json}");
}

#[test]
fn a_mistyped_customer_is_told_with_the_near_one() {
    let world = World::bare();
    world.run(&["--sandbox", "customer", "list"]).exits(0).stderr.as_str();
    let near = world.run(&["--sandbox", "customer", "show", "gildong_0001_1243"]).exits(10).in_plain_words();
    let command = "did you mean gildong_0001_1234? billkey --sandbox customer show gildong_0001_1234";
    assert!(near.stderr.contains(command), "{near}");
    let far = world.run(&["--sandbox", "customer", "show", "nobody"]).exits(10).in_plain_words();
    assert!(!far.stderr.contains("did you mean"), "{far}");
    let charged = ["--sandbox", "charge", "gildong_0001_1243", "--amount", "8900", "--name", "구독", "--yes"];
    let charged = world.run(&[&charged[..], &["--merchant-uid", "o1"]].concat()).exits(8);
    assert!(charged.stderr.contains("gildong_0001_1234, which is saved, is near"), "{charged}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_that_cannot_be_written_is_a_failure_and_one_that_nobody_reads_on_is_none() {
    use std::fs::File;
    use std::process::Stdio;

    let world = book();
    for format in ["table", "plain", "json", "jsonl", "csv"] {
        for command in [&["history"][..], &["customer", "list"], &["history", "show", "order_monthly_0001"]] {
            let line = [&["--sandbox", "--format", format], command].concat();
            let full = File::options().write(true).open("/dev/full").unwrap();
            let ran = world.command(&line).stdout(full).stderr(Stdio::piped()).output().unwrap();
            assert_eq!(ran.status.code(), Some(1), "{line:?}");
            let said = String::from_utf8(ran.stderr).unwrap();
            assert!(said.contains("write the answer") && said.contains("no space left"), "{line:?}: {said}");
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let ran = world.command(&line).stdout(writer).stderr(Stdio::piped()).output().unwrap();
            assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(0), &b""[..]), "{line:?}");
        }
    }
}
