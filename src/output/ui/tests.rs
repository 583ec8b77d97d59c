use super::{Answer, Complaint, NotInteractive};
use crate::domain::payment::Outcome;
use crate::output::Format;
use crate::output::options::UiOptions;
use crate::output::payment::PaymentView;
use crate::output::prose::Story;
use crate::output::samples::{customer, declined, options, paid, ui};
use crate::output::text::width;

#[test]
fn the_answer_goes_to_stdout_and_the_rest_to_stderr() {
    let (mut ui, out, err) = ui(options(Format::Table), "");
    ui.answer("one\ntwo\u{1b}[2J").unwrap();
    ui.done("done").unwrap();
    ui.status("created the ledger");
    ui.warning("two\nlines");
    ui.note("\n  LIVE\n\n");
    assert_eq!(out.text(), "one\ntwo\\u{1b}[2J\ndone\n");
    assert_eq!(err.text(), "created the ledger\nwarning: two\\u{a}lines\n\n  LIVE\n");
}

#[test]
fn quiet_says_nothing_on_success_and_everything_else_all_the_same() {
    let (mut ui, out, err) = ui(UiOptions { quiet: true, ..options(Format::Table) }, "");
    ui.done("Paid").unwrap();
    ui.outcome(&Story::new(Outcome::Paid, "Paid", " ₩8,900.")).unwrap();
    ui.status("created");
    assert_eq!((out.text(), err.text()), (String::new(), String::new()));
    ui.outcome(&Story::new(Outcome::Declined, "Declined", ": no. Nothing was charged.")).unwrap();
    ui.warning("odd");
    assert_eq!(out.text(), "Declined: no. Nothing was charged.\n");
    assert_eq!(err.text(), "warning: odd\n");
}

#[test]
fn only_the_opening_of_an_outcome_is_coloured() {
    let (mut ui, out, _) = ui(UiOptions { colour_stdout: true, ..options(Format::Table) }, "");
    ui.outcome(&Story::new(Outcome::Paid, "Already paid", " ₩8,900.")).unwrap();
    ui.outcome(&Story::new(Outcome::Declined, "Declined", ": no")).unwrap();
    ui.outcome(&Story::new(Outcome::Unknown, "", "Something else")).unwrap();
    let expected =
        "\u{1b}[32mAlready paid\u{1b}[0m ₩8,900.\n\u{1b}[31mDeclined\u{1b}[0m: no\nSomething else\n";
    assert_eq!(out.text(), expected);
}

fn complaint<'a>(hints: &'a [String], details: Option<&'a str>) -> Complaint<'a> {
    Complaint { kind: "refused", message: "order_1 was asked for before", details, hints, exit: 8 }
}

#[test]
fn an_error_has_its_details_and_its_hints_under_it() {
    let hints = ["take a new one".to_owned(), "or wait\n".to_owned()];
    let (mut table, out, err) = ui(options(Format::Csv), "");
    table.error(&complaint(&hints, Some("            then       now\n")));
    let expected = "error: order_1 was asked for before\n            then       now\n  \
        hint: take a new one\n  hint: or wait\\u{a}\n";
    assert_eq!((out.text().as_str(), err.text().as_str()), ("", expected));

    let (mut coloured, _, err) = ui(UiOptions { colour_stderr: true, ..options(Format::Table) }, "");
    coloured.error(&complaint(&[], None));
    assert_eq!(err.text(), "\u{1b}[31merror:\u{1b}[0m order_1 was asked for before\n");
}

#[test]
fn with_json_an_error_is_an_object_on_stderr() {
    let hints = ["take a new one".to_owned(), "or wait".to_owned()];
    for format in [Format::Json, Format::Jsonl] {
        let (mut ui, out, err) = ui(options(format), "");
        ui.error(&complaint(&hints, None));
        ui.error(&Complaint { message: "a\u{1b}b", ..complaint(&[], None) });
        let expected = concat!(
            r#"{"error":{"kind":"refused","message":"order_1 was asked for before","#,
            r#""hint":"take a new one\nor wait","exit":8}}"#,
            "\n",
            r#"{"error":{"kind":"refused","message":"a\u001bb","hint":null,"exit":8}}"#,
            "\n"
        );
        assert_eq!((out.text().as_str(), err.text().as_str()), ("", expected));
    }
}

#[test]
fn with_json_the_details_of_an_error_are_kept() {
    let (mut ui, _, err) = ui(options(Format::Json), "");
    ui.error(&complaint(&[], Some("then now")));
    assert!(err.text().ends_with("\"hint\":null,\"exit\":8,\"details\":\"then now\"}}\n"), "{}", err.text());
}

#[test]
fn a_ui_can_be_handed_to_another_thread() {
    fn is_send<T: Send>(_: &T) -> bool {
        true
    }
    assert!(is_send(&ui(options(Format::Table), "").0));
}

#[test]
fn only_a_yes_is_a_yes() {
    for (typed, asked) in [
        ("y\n", Answer::Yes),
        ("YES \r\n", Answer::Yes),
        ("yes", Answer::Yes),
        ("\n", Answer::No),
        ("n\n", Answer::No),
        ("yy\n", Answer::No),
        ("", Answer::No),
    ] {
        let (mut ui, out, err) = ui(UiOptions { interactive: true, ..options(Format::Table) }, typed);
        assert_eq!(ui.ask("Charge this card?", |reading| Some(reading.to_its_end())), Ok(asked), "{typed:?}");
        let line_end = if typed.is_empty() { "\n" } else { "" };
        assert_eq!(err.text(), format!("Charge this card? [y/N] {line_end}"));
        assert_eq!(out.text(), "");
    }
}

#[test]
fn a_question_that_is_given_up_ends_its_line_and_is_the_last_one() {
    let (mut ui, _, err) = ui(UiOptions { interactive: true, ..options(Format::Table) }, "y\ny\n");
    assert_eq!(ui.ask("Charge?", |reading| Some(reading.to_its_end())), Ok(Answer::Yes));
    assert_eq!(ui.ask("Once more?", |_| None), Ok(Answer::GivenUp));
    assert_eq!(err.text(), "Charge? [y/N] Once more? [y/N] \n");
    assert_eq!(ui.ask("And now?", |reading| Some(reading.to_its_end())), Err(NotInteractive));
}

#[test]
fn where_nobody_is_there_nobody_is_asked() {
    let (mut ui, out, err) = ui(options(Format::Table), "y\n");
    assert_eq!(ui.ask("Charge this card?", |reading| Some(reading.to_its_end())), Err(NotInteractive));
    assert_eq!((out.text(), err.text()), (String::new(), String::new()));
}

#[test]
fn one_payment_is_written_in_every_format() {
    let written = |format| {
        let (mut ui, out, _) = ui(options(format), "");
        ui.payment(PaymentView { payment: &declined(), replayed: true }).unwrap();
        out.text()
    };
    assert!(written(Format::Json).starts_with("{\n  \"outcome\": \"declined\",\n  \"replayed\": true,\n"));
    assert!(written(Format::Jsonl).starts_with("{\"outcome\":\"declined\",\"replayed\":true,"));
    assert_eq!(written(Format::Jsonl).lines().count(), 1);
    assert!(written(Format::Plain).starts_with("declined\ttrue\torder_monthly_0000\t"));
    assert!(written(Format::Csv).contains("\r\ndeclined,true,order_monthly_0000,"));
    assert!(written(Format::Table).contains("\n 2026-10-23 19:30:02  declined  ₩8,900  "));
}

#[test]
fn one_customer_is_written_in_every_format() {
    for format in Format::ALL {
        let (mut ui, out, _) = ui(options(format), "");
        ui.customer(&customer()).unwrap();
        assert!(out.text().contains("gildong_0001_1234"), "{format:?}");
    }
}

#[test]
fn any_object_can_be_an_answer() {
    let (mut ui, out, _) = ui(options(Format::Jsonl), "");
    ui.json(&[paid().name.as_str()]).unwrap();
    assert_eq!(out.text(), "[\"Monthly subscription\"]\n");
}

#[test]
fn progress_off_a_terminal_leaves_no_trace() {
    let (mut ui, out, err) = ui(options(Format::Table), "");
    let progress = ui.progress(Some(2), "charging");
    let wait = ui.waiting("waiting for the gateway");
    progress.advance(1);
    ui.status("one done");
    drop((progress, wait));
    assert_eq!((out.text().as_str(), err.text().as_str()), ("", "one done\n"));
}

#[test]
fn what_is_said_at_a_terminal_is_broken_at_its_columns_and_what_can_be_pasted_is_not() {
    let command = "billkey charge gildong_0001_1234 --amount 8900 --name 'Monthly subscription' --retry";
    let rest = ": [CC10] 통장 잔액부족 (not enough money in the account). Nothing was charged to this card.";
    let story = Story::new(Outcome::Declined, "Declined", rest)
        .advised(
            "The customer has to act. To try the same order again later, the same line with one word more:",
            None,
        )
        .and_advised("Or:", Some(command.to_owned()));
    let said = |options: UiOptions| {
        let (mut ui, out, err) = ui(options, "");
        ui.outcome(&story).unwrap();
        ui.warning(&format!("the card that was saved is another one now; this saves the new one: {command}"));
        let hints = [command.to_owned()];
        ui.error(&Complaint {
            kind: "refused",
            message: "order_monthly_0001 was asked for before with other terms, and is not sent. Nothing was sent.",
            details: None,
            hints: &hints,
            exit: 8,
        });
        ui.note("One sentence that is longer than the terminal is wide, and is broken.\n  order   order_1");
        out.text() + &err.text()
    };
    let terminal = UiOptions { width: Some(50), width_stderr: Some(50), ..options(Format::Table) };
    let (piped, shown) = (said(options(Format::Table)), said(terminal.clone()));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&piped), words(&shown), "nothing but blanks differs");
    assert_eq!(piped.lines().count(), 9, "{piped}");
    assert!(shown.lines().all(|line| width(line) <= 50 || line.contains(command)), "{shown}");
    assert_eq!(shown.matches(command).count(), 3, "{shown}");
    let coloured = said(UiOptions { colour_stdout: true, colour_stderr: true, ..terminal });
    for (label, painted) in
        [("Declined", "\u{1b}[31mDeclined\u{1b}[0m"), ("error:", "\u{1b}[31merror:\u{1b}[0m")]
    {
        assert!(shown.contains(label) && coloured.contains(painted), "{coloured:?}");
    }
}
