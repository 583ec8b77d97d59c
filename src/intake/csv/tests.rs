use encoding_rs::EUC_KR;

use crate::intake::tests::{piped, read, refused, rows};
use crate::intake::{Encoding, Unreadable};

const HEADER: &str = "customer_uid,amount,name,merchant_uid";

#[test]
fn cells_stand_between_commas_semicolons_or_tabs_as_the_header_says() {
    for separator in [",", ";", "\t"] {
        let text =
            ["고객,금액,상품명,주문번호", "gildong,8900,월 구독,o1"].join("\n").replace(',', separator);
        assert_eq!(rows(&text), [(2, "gildong|8900|월 구독|o1||".to_owned())], "{separator:?}");
    }
    let text = format!("{}\na;\"8,900\";x;o1\n", HEADER.replace(',', ";"));
    assert_eq!(rows(&text), [(2, "a|8,900|x|o1||".to_owned())]);
}

#[test]
fn a_line_that_names_the_separator_is_obeyed_and_counted() {
    for (line, separator) in [("sep=;", ";"), ("SEP=\t", "\t"), ("\"sep=|\"", "|"), ("sep=,", ",")] {
        let text = [line, HEADER, "a,1,x,o1"].join("\r\n").replace(',', separator).replace("sep=,", line);
        assert_eq!(rows(&text), [(3, "a|1|x|o1||".to_owned())], "{line:?}");
    }
}

#[test]
fn every_line_end_and_every_end_of_a_text_is_taken() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [HEADER, "a,1,x,o1", "", ",,,", "b,2,\"x\"\"y\",o2", ""].join(end);
        for tail in ["", "\u{1a}", "\u{1a}\u{1a}"] {
            let read = rows(&format!("{text}{tail}"));
            assert_eq!(read, [(2, "a|1|x|o1||".into()), (5, "b|2|x\"y|o2||".into())], "{end:?} {tail:?}");
        }
    }
}

#[test]
fn empty_columns_without_a_name_are_passed_over_and_full_ones_are_not() {
    let text = format!("{HEADER},,\na,1,x,o1,,\nb,2,x,o2\nc,3,x,o3,,,,\n");
    assert_eq!(rows(&text).len(), 3);
    let text = format!(",{HEADER},\n,a,1,x,o1,y\n,b,2,x,o2,,z\n");
    assert_eq!(
        refused(&text),
        [
            "line 2: column 6: `y` stands in a column without a name; name the column, or empty it",
            "line 3: the row has 7 cells; the header names 5 columns",
        ]
    );
}

#[test]
fn our_own_exports_are_read_back_to_the_letter() {
    let text = format!("\u{feff}{HEADER},note\r\n'-1001,₩8900,'=x,''@o1,\"'it is\"\r\n");
    assert_eq!(rows(&text), [(2, "-1001|₩8900|=x|'@o1||'it is".to_owned())]);
}

#[test]
fn texts_become_composed_and_ids_never() {
    let (ga, decomposed) = ("가", "\u{1100}\u{1161}");
    let text = format!("{HEADER}\n{decomposed},1,{decomposed},{decomposed}\n");
    assert_eq!(rows(&text), [(2, format!("{decomposed}|1|{ga}|{decomposed}||"))]);
}

#[test]
fn utf_16_is_read_by_its_mark_and_cp949_without_one() {
    let text = format!("{}\r\n홍길동\t8900\t월 구독 뷁\to1\r\n", HEADER.replace(',', "\t"));
    let expected = [(2, "홍길동|8900|월 구독 뷁|o1||".to_owned())];
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, encoding) in [
        ([b"\xff\xfe", little.as_slice()].concat(), Encoding::Utf16Le),
        ([b"\xfe\xff", big.as_slice()].concat(), Encoding::Utf16Be),
        (EUC_KR.encode(&text).0.into_owned(), Encoding::Cp949),
        (text.clone().into_bytes(), Encoding::Utf8),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8),
    ] {
        let (taken, told) = read(&bytes).unwrap();
        assert_eq!((taken.as_slice(), told.encoding), (expected.as_slice(), encoding));
    }
}

#[test]
fn what_korean_excel_writes_is_decoded_wherever_a_piece_ends() {
    const PIECE: usize = 64 * 1024;
    for before in [0, 1, PIECE - 3, PIECE - 2, PIECE - 1, 2 * PIECE] {
        let text = format!("{HEADER},note\n{}\na,1,홍길동 뷁,o1,김영희\n", "\n".repeat(before));
        let (taken, _) = read(&EUC_KR.encode(&text).0).unwrap();
        assert_eq!(taken[0].1, "a|1|홍길동 뷁|o1||김영희", "{before}");
    }
}

#[test]
fn what_is_no_text_is_refused_with_its_line() {
    let refused = |bytes: &[u8], what: &str| {
        let message = read(bytes).unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    refused(b"a\nb\n\xff\xff\n", "line 3 is neither UTF-8 nor CP949");
    refused(b"a\rcaf\xe9", "line 2 is neither");
    refused(b"a\nb\0c\n", "line 2 holds a zero byte");
    refused(b"\xff\xfea\0\n\0\0\xd8", "line 2 is none");
    let mut cut = "홍".as_bytes().to_vec();
    cut.pop();
    refused(&[b"a\n", cut.as_slice()].concat(), "line 2 is neither");
    assert!(matches!(read(b"a\0").unwrap_err(), Unreadable::ZeroByte { line: 1 }));
}

#[test]
fn an_amount_that_its_comma_cut_in_two_is_named() {
    for row in ["u_1,1,000,a1", "u_1,1,000,구독,a1", "u_1,₩12,000,a1"] {
        let problems = refused(&format!("{HEADER}\n{row}\n"));
        let said = problems.len() == 1 && problems[0].contains("look like the amount");
        assert!(said && problems[0].starts_with("line 2: column amount: `"), "{problems:?}");
    }
    assert_eq!(rows(&format!("{HEADER}\nu_1,990원,365,a1\n")).len(), 1);
    let beside = "customer_uid,amount,tax_free,name,merchant_uid";
    assert_eq!(rows(&format!("{beside}\nu_1,990,190,x,a1\n")).len(), 1);
    assert!(refused(&format!("{beside}\nu_1,1,000,x,a1\n"))[0].contains("1,000"));
    assert_eq!(rows(&format!("{}\nu_1;100;200;a1\n", HEADER.replace(',', ";"))).len(), 1);
}

#[test]
fn ruins_are_named_with_their_cause() {
    for (row, begin) in [
        ("gildong,1,x,2.02611E+13", "line 2: column merchant_uid: `2.02611E+13` is a long number"),
        ("#N/A,1,x,o1", "line 2: column customer_uid: `#N/A` is an error of the spreadsheet"),
        ("a,####,x,o1", "line 2: column amount: `####` is a column that was too narrow"),
        ("a,1,#NAME?,o1", "line 2: column name: `#NAME?` is an error"),
        (
            "a,1,x,11월 28일",
            "line 2: column merchant_uid: `11월 28일` is an id that a spreadsheet took for a date",
        ),
        ("합계,8900,,", "line 2: column customer_uid: `합계` is a sum and no customer"),
        ("a,1,x,2026112300010000", "line 2: column merchant_uid: `2026112300010000`: every id of 16"),
    ] {
        let problems = refused(&format!("{HEADER}\n{row}\n"));
        assert!(problems.len() == 1 && problems[0].starts_with(begin), "{problems:?}");
    }
    let text = format!("{HEADER}\na,1,x,2026112300010000\nb,1,x,2026112300010001\n");
    let (taken, told) = read(text.as_bytes()).unwrap();
    assert_eq!((taken.len(), told.problems.count()), (2, 0));
    assert!(
        told.warnings[0].starts_with("line 2: column merchant_uid: 2026112300010000 is zeros"),
        "{told:?}"
    );
}

#[test]
fn a_pipe_that_ends_within_a_row_may_have_cut_an_id_or_an_amount() {
    let cut = format!("{HEADER}\na,1,x,o1\nb,2,y,o2");
    let problems = piped(&cut).1;
    assert!(
        problems.len() == 1 && problems[0].starts_with("line 3: column merchant_uid: the input ends"),
        "{problems:?}"
    );
    assert_eq!(rows(&cut).len(), 2, "a file says how long it is");
    assert_eq!(piped(&format!("{cut}\n")).1, [""; 0]);
    let text_last = "customer_uid,merchant_uid,amount,name\na,o1,1,x\nb,o2,2,y";
    assert_eq!((piped(text_last).0, piped(text_last).1), (2, vec![]));
    assert!(piped(&format!("{HEADER}\na,1,x")).1[0].contains("the row has 3 cells"));
}
