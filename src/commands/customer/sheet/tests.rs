use super::{Line, Sheet, WANTED};
use crate::commands::customer::saving::Given;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::intake::{How, Read, pipe};
use crate::output::field::Listed;

fn read_all(text: &str) -> (Sheet, Read) {
    let mut sheet = Sheet::default();
    let read = crate::intake::read(
        pipe(text.as_bytes()).unwrap(),
        &How::default(),
        &WANTED,
        &mut |number, cells, problems| sheet.row(number, cells, problems),
    );
    let mut read = read.unwrap();
    read.problems = read.problems.with(sheet.twins(|line| read.places.row(line)));
    (sheet, read)
}

fn read(text: impl AsRef<str>) -> Result<Sheet, Vec<String>> {
    let (sheet, read) = read_all(text.as_ref());
    if read.problems.is_empty() { Ok(sheet) } else { Err(read.problems.sentences(&read.places)) }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn lines(sheet: &Sheet) -> Vec<Line> {
    (0..sheet.count()).map(|place| sheet.line(place).unwrap()).collect()
}

fn numbers(sheet: &Sheet) -> Vec<(u64, String)> {
    lines(sheet).into_iter().map(|line| (line.number, line.customer_uid.to_string())).collect()
}

#[test]
fn columns_come_in_any_order_and_empty_cells_are_not_given() {
    let sheet = read("name,Customer-UID,note\n홍길동, gildong ,\n,younghee,\"a, b\"\n").unwrap();
    let line = |number, uid, name, note| Line {
        number,
        customer_uid: CustomerUid::parse(uid).unwrap(),
        given: Given { name, note, ..Given::default() },
    };
    assert_eq!(
        lines(&sheet),
        [line(2, "gildong", some("홍길동"), None), line(3, "younghee", None, some("a, b"))]
    );
}

#[test]
fn a_byte_order_mark_and_either_line_break_are_no_difference() {
    for text in ["customer_uid,name\na,b\n", "\u{feff}customer_uid,name\r\na,b\r\n", "customer_uid,name\na,b"]
    {
        assert_eq!(numbers(&read(text).unwrap()), [(2, "a".to_owned())], "{text:?}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for end in ["\n", "\r\n"] {
        let text = ["customer_uid,note", "a,1", "", "b,2", ",", "c,3"].join(end);
        assert_eq!(
            numbers(&read(text).unwrap()),
            [(2, "a".to_owned()), (4, "b".to_owned()), (6, "c".to_owned())],
            "{end:?}"
        );
    }
    let quoted = read("customer_uid,note\na,\"x\"\"y\"\nb/,\n").unwrap_err();
    assert!(matches!(quoted.as_slice(), [one] if one.starts_with("line 3: ")), "{quoted:?}");
}

#[test]
fn every_problem_is_reported_with_its_line() {
    let text = "customer_uid,name\na,1\n,2\nb/c,3\nd\ne,4,5\na,6\na,7\nf,\"x\ny\"\n";
    let problems = read(text).unwrap_err();
    let begins: Vec<&str> = problems.iter().map(|problem| problem.split(';').next().unwrap()).collect();
    assert_eq!(
        begins,
        [
            "line 3: the customer_uid is empty",
            "line 4: the customer_uid `b/c` contains a slash",
            "line 5: the row has 1 cell",
            "line 6: the row has 3 cells",
            "line 7: a is on line 2 already",
            "line 8: a is on line 2 already",
            "line 9: the name `x\\ny` contains a control character or a newline",
        ]
    );
}

#[test]
fn a_header_that_is_none_is_refused_by_name() {
    for (text, problem) in [
        ("", "line 1: it is empty; its first line has to name the columns"),
        ("name,tel\n", "line 1: there is no column customer_uid"),
        ("customer_uid,name,name\n", "line 1: the column name is there twice"),
        (
            "customer_uid,nmae\n",
            "line 1: `nmae` is not a column; did you mean name? The columns are customer_uid, name, \
             email, tel, note",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), [problem], "{text:?}");
    }
    assert!(read("gildong,Hong\n").unwrap_err()[0].contains("names no column"), "no header at all");
}

#[test]
fn our_own_list_can_be_read_back() {
    let text = "customer_uid,name,email,tel,note,card_name,mode\r\n\
        gildong,홍길동,,'+82-10-0000-1234,'it is,신한카드,live\r\n";
    let (sheet, told) = read_all(text);
    assert_eq!(told.passed_over, ["card_name", "mode"]);
    let given = sheet.line(0).unwrap().given;
    assert_eq!(sheet.line(1), None);
    assert_eq!((given.tel, given.note), (some("+82-10-0000-1234"), some("'it is")));
}

#[test]
fn every_field_of_a_customer_is_read_or_passed_over() {
    for field in Customer::FIELDS {
        let read = WANTED.columns.iter().any(|column| column.name == field.name);
        assert!(read != WANTED.passed_over.contains(&field.name), "{}", field.name);
    }
}
