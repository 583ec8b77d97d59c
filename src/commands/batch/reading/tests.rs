use crate::commands::batch::reading::read_text;
use crate::commands::batch::row::{Rows, Rules};
use crate::domain::payment::Mode;
use crate::intake::ROWS_MAX;

fn rules() -> Rules {
    Rules { mode: Mode::Live, tax: None, pg: None, once_per: None, ledger: None }
}

fn sheet(text: &str) -> Result<Rows, Vec<String>> {
    read_text(&rules(), text)
}

const HEADER: &str = "customer_uid,amount,name,merchant_uid";

fn lines(rows: &Rows) -> Vec<(u64, &str)> {
    rows.all().map(|row| (rows.line(row), rows.cells(row)[3])).collect()
}

#[test]
fn columns_come_in_any_order_and_either_case() {
    let rows = sheet("Name,MERCHANT-UID,amount,Customer uid,note\n구독,o1,\"8,900\",gildong,\n").unwrap();
    assert_eq!(rows.cells(0)[..4], ["gildong", "8,900", "구독", "o1"]);
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for end in ["\n", "\r\n"] {
        let text = [HEADER, "a,10,x,o1", "", "", "b,20,\"x\"\"y\",o2", ",,,", "c,30,x,o3"].join(end);
        assert_eq!(lines(&sheet(&text).unwrap()), [(2, "o1"), (5, "o2"), (7, "o3")], "{end:?}");
    }
    let many: String = (0..9000).map(|n| format!("a,10,x,o{n}\n\n")).collect();
    let rows = sheet(&format!("{HEADER}\n{many}")).unwrap();
    assert_eq!((rows.line(0), rows.line(8999)), (2, 18_000));
}

#[test]
fn a_bad_file_gets_a_sentence_with_its_line() {
    let row = "gildong,8900,x,o1\n";
    for (text, problem) in [
        (String::new(), "line 1: it is empty"),
        ("\n\n".to_owned(), "line 1: it is empty"),
        (row.to_owned(), "line 1: `gildong,8900,x,o1` names no column"),
        (format!("{HEADER},amuont\n"), "line 1: `amuont` is not a column; did you mean amount?"),
        (format!("{HEADER},amount\n"), "line 1: the column amount is there twice"),
        ("customer_uid,amount,merchant_uid\n".to_owned(), "line 1: there is no column name"),
        (format!("{HEADER}\n{row}gildong,10,x\n"), "line 3: the row has 3 cells; the header names 4 columns"),
        (format!("{HEADER}\ngildong,8900,x,o1,y\n"), "line 2: the row has 5 cells"),
        (format!("{HEADER}\ngildong,8 900,x,o1\n"), "line 2: column amount: `8 900` holds a space"),
        (
            format!("{HEADER}\ngildong,8900.5,x,o1\n"),
            "line 2: column amount: the amount `8900.5` has decimals",
        ),
        (format!("{HEADER}\ngildong,9,x,o1\n"), "line 2: column amount: ₩9 is less than any PG charges"),
        (format!("{HEADER}\ngildong,8.900,x,o1\n"), "line 2: column amount: the amount `8.900` has decimals"),
        (format!("{HEADER}\ngildong,,x,o1\n"), "line 2: column amount: `` is not an amount"),
        (
            format!("{HEADER},currency\ngildong,8900,x,o1,WON\n"),
            "line 2: column currency: there is no currency `WON`",
        ),
        (format!("{HEADER}\n{row}{row}"), "line 3: column merchant_uid: o1 is on line 2 already"),
        (format!("{HEADER}\ngildong,10,x,\n"), "line 2: column merchant_uid: the merchant_uid is empty"),
        (
            format!("{HEADER}\n{row}a,10,\"x,o2\nb,2,x,o3\n"),
            "line 3: the quote at character 6 is never closed",
        ),
        (format!("{HEADER}\na,10,\"x\"y,o2\n"), "line 2: at character 9 a closed quote is followed by text"),
    ] {
        let problems = sheet(&text).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].starts_with(problem), "{problems:?}");
    }
}

#[test]
fn every_problem_is_named_and_no_row_is_lost_over_another() {
    let problems =
        sheet(&format!("{HEADER}\na/b,x,y,o1\n\ngildong,8900,x,o1\ngildong,-5,,o1\n")).unwrap_err();
    let begins = [
        "line 2: column customer_uid: the customer_uid `a/b` contains a slash",
        "line 2: column amount: `x` is not an amount",
        "line 5: column amount: the amount `-5` is not more than zero",
    ];
    assert_eq!(problems.len(), begins.len(), "{problems:?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem}");
    }
}

#[test]
fn a_row_without_an_end_is_not_read_to_it() {
    for (begin, problem) in
        [("gildong,10,\"", "line 2: the quote at character 12"), ("", "line 2: the row is longer")]
    {
        let endless = format!("{HEADER}\n{begin}{}", "x".repeat(3_000_000));
        let problems = sheet(&endless).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with(problem), "{problems:?}");
    }
}

#[test]
fn more_rows_than_are_taken_are_for_several_files() {
    let rows = |count: u64| (0..count).fold(format!("{HEADER}\n"), |all, n| all + &format!("a,10,x,o{n}\n"));
    assert!(sheet(&rows(ROWS_MAX)).is_ok());
    let problems = sheet(&rows(ROWS_MAX + 7)).unwrap_err();
    assert_eq!(problems, ["line 10002: there are more than 10000 rows; split the file"]);
}
