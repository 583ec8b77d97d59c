use crate::intake::Format;
use crate::intake::tests::{read_as, refused, rows};

const ROW: &str = r#"{"customer_uid":"gildong","amount":8900,"name":"구독","merchant_uid":"o1"}"#;

#[test]
fn an_object_is_a_row_on_a_line_of_its_own_and_in_an_array() {
    let taken = "gildong|8900|구독|o1||".to_owned();
    let other = ROW.replace("8900", "\"0.10\"").replace("gildong", "}\\\"{[");
    for end in ["\n", "\r\n", "\r"] {
        let text = [ROW, "", &other, "\u{1a}"].join(end);
        assert_eq!(rows(&text), [(1, taken.clone()), (3, "}\"{[|0.10|구독|o1||".into())], "{end:?}");
        let text = ["[", ROW, ",", &other, "]", ""].join(end);
        assert_eq!(rows(&text), [(2, taken.clone()), (4, "}\"{[|0.10|구독|o1||".into())], "{end:?}");
    }
    let long = ROW.replace(',', ",\n  ");
    assert_eq!(rows(&format!("\u{feff}[{long},\n{long}]")), [(1, taken.clone()), (5, taken)]);
    assert_eq!(rows("[]").len(), 0);
}

#[test]
fn korean_names_and_nulls_are_known() {
    let text = r#"{"고객":"gildong","금액":8900,"상품명":"구독","주문번호":null,"card_name":"x"}"#;
    assert_eq!(rows(text), [(1, "gildong|8900|구독|||".to_owned())]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let row = |more: &str| ROW.replace('}', &format!("{more}}}"));
    for (text, problem) in [
        ("{\"amount\":1".to_owned(), "line 1: character 11: it is no JSON object"),
        (format!("{ROW}\n7"), "line 2: character 1: it is no JSON object"),
        (row(",\"amuont\":1"), "line 1: `amuont` is not a column; did you mean amount?"),
        (row(",\"amount\":2"), "line 1: column amount: it is there twice"),
        (row(",\"note\":[]"), "line 1: column note: it is neither a text nor a number"),
        (
            row("").replace("\"o1\"", "2.0e13"),
            "line 1: column merchant_uid: `2.0e+13` is a number with an exponent",
        ),
        (row("").replace("\"o1\"", "\"2.0E+13\""), "line 1: column merchant_uid: `2.0E+13` is a long number"),
        (format!("[{ROW}\n"), "line 2: the array is not closed"),
        (format!("[{ROW},\n"), "line 2: the array is not closed"),
        (format!("[{ROW},\n]"), "line 2: character 1: an array of objects has `{` here"),
        (format!("[{ROW}\n{ROW}]"), "line 2: character 1: an array of objects has `,` here"),
        (format!("[{ROW}]\n[]"), "line 2: character 1: an array of objects has `the end` here"),
        (format!("[{ROW},\n{{\"a\":\n x}}]"), "line 3: character 2: it is no JSON object"),
        ("[".to_owned(), "line 1: the array is not closed"),
    ] {
        let problems = refused(&text);
        assert!(problems.len() == 1 && problems[0].starts_with(problem), "{text}: {problems:?}");
    }
}

#[test]
fn a_format_that_is_named_counts_more_than_what_the_text_looks_like() {
    let said = |text: &str, format| read_as(text.as_bytes(), Some(format)).unwrap().1.problems.count();
    assert_eq!(said(ROW, Format::Jsonl), 0);
    assert_eq!(said(&format!("[{ROW}]"), Format::Json), 0);
    assert_eq!(said(&format!("[{ROW}]"), Format::Jsonl), 1);
    assert_eq!((said("", Format::Json), said("", Format::Jsonl)), (1, 1));
    assert!(said(ROW, Format::Csv) > 0);
}

#[test]
fn an_object_without_an_end_is_not_read_to_it() {
    let endless = format!("{{\"name\":\"{}", "x".repeat(3_000_000));
    assert_eq!(refused(&endless), ["line 1: the line is longer than 256 KB; this is not a charge a line"]);
    assert!(refused(&format!("[\n{endless}"))[0].starts_with("line 2: the object is longer"));
}
