use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::intake::tests::{Rows, read_how};
use crate::intake::{Hidden, How, Unreadable};

/// A workbook as it is written: the XML of its sheets, and what is beside them.
struct Book {
    sheets: Vec<(&'static str, &'static str, String)>,
    strings: Option<&'static str>,
    styles: &'static str,
    properties: &'static str,
    absolute: bool,
}

/// Styles 0 to 7: General, `0`, `#,##0`, `@`, a date, `00000`, `₩#,##0`, percent.
const STYLES: &str = r##"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="2">
<numFmt numFmtId="176" formatCode="00000"/><numFmt numFmtId="177" formatCode="&quot;₩&quot;#,##0"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="1"/><xf numFmtId="3"/><xf numFmtId="49"/><xf numFmtId="14"/><xf numFmtId="176"/>
<xf numFmtId="177"/><xf numFmtId="9"/></cellXfs></styleSheet>"##;

impl Book {
    fn of(data: &str) -> Book {
        Book {
            sheets: vec![("Sheet1", "", data.to_owned())],
            strings: None,
            styles: STYLES,
            properties: "",
            absolute: false,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, text: &str| {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        };
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let relations = |all: &str| format!("<?xml version=\"1.0\"?><Relationships>{all}</Relationships>");
        let one = |id: &str, what: &str, target: &str| {
            format!(r#"<Relationship Id="{id}" Type="{kind}/{what}" Target="{target}"/>"#)
        };
        add("_rels/.rels", &relations(&one("rId1", "officeDocument", "xl/workbook.xml")));
        let folder = if self.absolute { "/xl/" } else { "" };
        let mut related = one("rIdS", "styles", &format!("{folder}styles.xml"));
        related += &one("rIdT", "sharedStrings", &format!("{folder}sharedStrings.xml"));
        let mut sheets = String::new();
        for (number, (name, attributes, data)) in self.sheets.iter().enumerate() {
            related +=
                &one(&format!("rId{number}"), "worksheet", &format!("{folder}worksheets/sheet{number}.xml"));
            sheets += &format!(
                r#"<sheet name="{name}" sheetId="{}" {attributes} r:id="rId{number}"/>"#,
                number + 1
            );
            let xml = format!(r#"<worksheet xmlns="x" xmlns:r="y">{data}</worksheet>"#);
            add(&format!("xl/worksheets/sheet{number}.xml"), &xml);
        }
        let workbook =
            format!("<workbook xmlns:r=\"{kind}\">{}<sheets>{sheets}</sheets></workbook>", self.properties);
        add("xl/workbook.xml", &workbook);
        add("xl/_rels/workbook.xml.rels", &relations(&related));
        add("xl/styles.xml", self.styles);
        if let Some(strings) = self.strings {
            add("xl/sharedStrings.xml", &format!("<sst>{strings}</sst>"));
        }
        zip.finish().unwrap().into_inner()
    }
}

/// A cell of text, as Google Sheets and openpyxl may write it.
fn text(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn number(place: &str, style: u32, value: &str) -> String {
    format!(r#"<c r="{place}" s="{style}"><v>{value}</v></c>"#)
}

fn row(number: u32, attributes: &str, cells: &[String]) -> String {
    format!(r#"<row r="{number}" {attributes}>{}</row>"#, cells.concat())
}

fn header() -> String {
    row(
        1,
        "",
        &[
            text("A1", "고객"),
            text("B1", "금액"),
            text("C1", "상품명"),
            text("D1", "주문번호"),
            text("F1", "메모"),
        ],
    )
}

fn charge(at: u32, attributes: &str) -> String {
    let place = |column: &str| format!("{column}{at}");
    let order = text(&place("D"), &format!("o{at}"));
    row(
        at,
        attributes,
        &[text(&place("A"), "gildong"), number(&place("B"), 2, "8900"), text(&place("C"), "구독"), order],
    )
}

fn sheet(rows: &[String]) -> String {
    format!("<sheetData>{}</sheetData>", rows.concat())
}

fn read(book: &Book) -> Result<(Rows, Vec<String>), Unreadable> {
    read_with(book, &How::default())
}

fn read_with(book: &Book, how: &How) -> Result<(Rows, Vec<String>), Unreadable> {
    let (rows, read) = read_how(&book.bytes(), how)?;
    Ok((rows, read.problems.sentences(&read.places)))
}

fn good(data: &str) -> Rows {
    let (rows, problems) = read(&Book::of(data)).unwrap();
    assert_eq!(problems, [""; 0], "{data}");
    rows
}

fn refused(data: &str) -> Vec<String> {
    read(&Book::of(data)).unwrap().1
}

#[test]
fn a_sheet_is_read_with_texts_where_they_are_and_texts_that_are_shared() {
    let plain = good(&sheet(&[header(), charge(2, ""), row(3, "", &[]), charge(7, "")]));
    assert_eq!(plain, [(2, "gildong|8900|구독|o2||".to_owned()), (7, "gildong|8900|구독|o7||".to_owned())]);
    let shared = |index: u32, place: &str| format!(r#"<c r="{place}" t="s"><v>{index}</v></c>"#);
    let cells: Vec<String> =
        ["A1", "B1", "C1", "D1"].iter().zip(0..).map(|(place, index)| shared(index, place)).collect();
    let data = [shared(4, "A2"), number("B2", 0, "8900"), shared(5, "C2"), shared(6, "D2")];
    let book = Book {
        strings: Some(
            "<si><t>customer_uid</t></si><si><t>amount</t></si><si><t>name</t></si><si><t>merchant_uid</t></si>\
             <si><t>gil</t><rPh sb=\"0\" eb=\"1\"><t>read aloud</t></rPh></si>\
             <si><r><t xml:space=\"preserve\">월 </t></r><r><t>구독 &amp; &#xAC00;_x0041_</t></r></si><si><t>o1</t></si>",
        ),
        absolute: true,
        ..Book::of(&sheet(&[row(1, "", &cells), row(2, "", &data)]))
    };
    assert_eq!(read(&book).unwrap().0, [(2, "gil|8900|월 구독 & 가A|o1||".to_owned())]);
}

#[test]
fn rows_and_cells_need_no_names_and_elements_may_have_a_prefix() {
    let cell = |value: &str| format!("<x:c t=\"str\"><x:v>{value}</x:v></x:c>");
    let line = |cells: [&str; 3]| format!("<x:row>{}</x:row>", cells.map(cell).concat());
    let data = [line(["customer_uid", "amount", "name"]), line(["a", "8,900", "x"]), line(["b", "₩10", "y"])]
        .concat();
    let data = format!("<x:sheetData>{data}</x:sheetData>");
    assert_eq!(good(&data), [(2, "a|8,900|x|||".to_owned()), (3, "b|₩10|y|||".to_owned())]);
}

#[test]
fn ids_are_text_or_whole_numbers_that_look_as_they_are() {
    let with = |cell: String| {
        sheet(&[header(), row(2, "", &[text("A2", "a"), number("B2", 6, "10.0"), text("C2", "x"), cell])])
    };
    assert_eq!(good(&with(number("D2", 0, "202611280000001"))), [(2, "a|10|x|202611280000001||".to_owned())]);
    assert_eq!(good(&with(number("D2", 1, "2.0261128E13")))[0].1, "a|10|x|20261128000000||");
    for (cell, said) in [
        (
            number("D2", 0, "2026112800000010"),
            "cell D2 (merchant_uid): the id `2026112800000010` is a number",
        ),
        (number("D2", 0, "1.5"), "cell D2 (merchant_uid): the id `1.5` is a number that is not whole"),
        (number("D2", 5, "123"), "cell D2 (merchant_uid): the id is a number shown as `00000`"),
        (number("D2", 3, "123"), "cell D2 (merchant_uid): the id is a number shown as `@`"),
        (number("D2", 4, "46354"), "cell D2 (merchant_uid): the id is a number shown as `yyyy-mm-dd`"),
        (r#"<c r="D2" t="b"><v>1</v></c>"#.to_owned(), "cell D2 (merchant_uid): `TRUE` is a truth value"),
        (r#"<c r="D2" t="e"><v>#N/A</v></c>"#.to_owned(), "cell D2 (merchant_uid): `#N/A` is an error"),
        (text("D2", "2.02611E+13"), "cell D2 (merchant_uid): `2.02611E+13` is a long number"),
        (text("E2", "x"), "cell E2: `x` stands in a column without a name"),
        (text("H2", "x"), "cell H2: `x` stands in a column without a name"),
        (r#"<c r="D2"><f>A1</f></c>"#.to_owned(), "cell D2 (merchant_uid): the formula here has no value"),
        (
            r#"<c r="D2"><f>A1</f><v></v></c>"#.to_owned(),
            "cell D2 (merchant_uid): the formula here has no value",
        ),
    ] {
        let problems = refused(&with(cell));
        assert!(problems.len() == 1 && problems[0].starts_with(said), "{said}: {problems:?}");
    }
    assert_eq!(
        good(&with(r#"<c r="D2" t="str"><f>"o"&amp;1</f><v>o1</v></c>"#.to_owned()))[0].1,
        "a|10|x|o1||"
    );
    let total = sheet(&[header(), row(2, "", &[text("A2", "합계"), number("B2", 2, "8900")])]);
    assert_eq!(
        refused(&total),
        ["cell A2 (customer_uid): `합계` is a sum and no customer; leave the row out"]
    );
}

#[test]
fn amounts_and_texts_are_what_their_cells_show() {
    let with = |amount: String, note: String| {
        sheet(&[header(), row(2, "", &[text("A2", "a"), amount, text("C2", "x"), note])])
    };
    let note = |style, value| good(&with(number("B2", 5, "8900"), number("F2", style, value)))[0].1.clone();
    assert_eq!((note(0, "1.5"), note(4, "46354")), ("a|8900|x|||1.5".into(), "a|8900|x|||2026-11-28".into()));
    assert!(
        refused(&with(number("B2", 7, "0.5"), String::new()))[0]
            .starts_with("cell B2 (amount): the amount is shown as `0%`")
    );
    assert!(refused(&with(number("B2", 4, "46354"), String::new()))[0].starts_with("cell B2 (amount)"));
    assert!(
        refused(&with(number("B2", 0, "10"), number("F2", 5, "1")))[0]
            .starts_with("cell F2 (note): the text is a number")
    );
    let book = Book {
        properties: "<workbookPr date1904=\"1\"/>",
        ..Book::of(&with(number("B2", 0, "10"), number("F2", 4, "44892")))
    };
    assert_eq!(read(&book).unwrap().0[0].1, "a|10|x|||2026-11-28");
}

#[test]
fn hidden_and_filtered_rows_and_columns_are_for_a_person_to_decide() {
    let hidden = r#"hidden="1""#;
    let rows = sheet(&[header(), charge(2, ""), charge(3, hidden), charge(4, hidden), charge(6, "ht=\"0\"")]);
    let filter = r#"<autoFilter ref="A1:D6"><filterColumn colId="0"/></autoFilter>"#;
    for (data, said) in [
        (rows.clone(), "row 3: hidden: rows 3 to 4, 6. Show them and look, or add --hidden skip"),
        (format!("{rows}{filter}"), "row 3: hidden (the sheet has a filter): rows 3 to 4, 6."),
        (
            format!(
                "<cols><col min=\"4\" max=\"9\" hidden=\"1\"/></cols>{}",
                sheet(&[header(), charge(2, "")])
            ),
            "cell D1: hidden: columns D, F.",
        ),
        (
            format!(
                "<sheetFormatPr zeroHeight=\"1\"/>{}",
                sheet(&[header().replace("r=\"1\" ", "r=\"1\" ht=\"15\" "), charge(2, "")])
            ),
            "row 2: hidden: rows 2.",
        ),
    ] {
        let problems = refused(&data);
        assert!(problems.len() == 1 && problems[0].starts_with(said), "{problems:?}");
    }
    let lines = |hidden| {
        let how = How { hidden: Some(hidden), ..How::default() };
        let (taken, problems) = read_with(&Book::of(&rows), &how).unwrap();
        assert_eq!(problems, [""; 0]);
        taken.into_iter().map(|(line, _)| line).collect::<Vec<_>>()
    };
    assert_eq!((lines(Hidden::Skip), lines(Hidden::Take)), (vec![2], vec![2, 3, 4, 6]));
    let skipped = How { hidden: Some(Hidden::Skip), ..How::default() };
    let columns =
        format!("<cols><col min=\"6\" max=\"6\" width=\"0\"/></cols>{}", sheet(&[header(), charge(2, "")]));
    assert_eq!(read_with(&Book::of(&columns), &skipped).unwrap().1, [""; 0]);
    let empty = format!(
        "<cols><col min=\"9\" max=\"16384\" hidden=\"1\"/></cols>{}",
        sheet(&[header(), charge(2, ""), row(9, hidden, &[])])
    );
    assert_eq!(good(&empty).len(), 1, "what is hidden and empty hides nothing");
}

#[test]
fn merged_cells_are_refused_and_explain_what_is_missing_under_them() {
    let rows = sheet(&[
        header(),
        charge(2, ""),
        row(3, "", &[number("B3", 0, "10"), text("C3", "x"), text("D3", "o")]),
    ]);
    let merged = |range: &str| format!("{rows}<mergeCells><mergeCell ref=\"{range}\"/></mergeCells>");
    for range in ["A2:A3", "A1:B1", "$A$2:$A$3"] {
        let problems = refused(&merged(range));
        assert!(
            problems.len() == 1 && problems[0].contains(&format!("the cells {range} are merged")),
            "{problems:?}"
        );
    }
    for range in ["J2:J9", "A20:B20"] {
        assert_eq!(good(&merged(range)).len(), 2, "{range}");
    }
    let title = sheet(&[row(1, "", &[text("A1", "11월 청구")]), row(2, "", &[text("A2", "고객")])]);
    let problems = refused(&format!("{title}<mergeCells><mergeCell ref=\"A1:D1\"/></mergeCells>"));
    assert!(
        problems.iter().any(|problem| problem.starts_with("cell A1: the cells A1:D1 are merged")),
        "{problems:?}"
    );
}

#[test]
fn of_several_sheets_one_has_to_be_named() {
    let data = || sheet(&[header(), charge(2, "")]);
    let mut book = Book::of(&data());
    book.sheets.push(("빈 시트", "", sheet(&[row(1, "", &["<c r=\"A1\" s=\"1\"/>".to_owned()])])));
    book.sheets.push(("숨김", "state=\"hidden\"", data()));
    assert_eq!(read(&book).unwrap().0.len(), 1, "empty and hidden sheets are not counted");
    book.sheets.push((
        "12월 &amp; 1월",
        "state=\"visible\"",
        sheet(&[header(), charge(2, ""), charge(3, "")]),
    ));
    let many = read(&book).unwrap_err().to_string();
    assert!(many.contains("`Sheet1`, `12월 & 1월`; add --sheet"), "{many}");
    let named = |name: &str| read_with(&book, &How { sheet: Some(name.to_owned()), ..How::default() });
    assert_eq!((named("12월 & 1월").unwrap().0.len(), named("숨김").unwrap().0.len()), (2, 1));
    assert!(named("13월").unwrap_err().to_string().contains("no sheet `13월`; its sheets are `Sheet1`"));
    assert!(matches!(read(&Book::of("<sheetData/>")), Err(Unreadable::NoSheet)));
    assert!(matches!(read(&Book { sheets: Vec::new(), ..Book::of("") }), Err(Unreadable::NoSheet)));
}

#[test]
fn what_is_no_workbook_is_named_with_its_fix() {
    let said = |bytes: &[u8]| read_how(bytes, &How::default()).unwrap_err().to_string();
    let old = [b"\xd0\xcf\x11\xe0".as_slice(), &[0; 600]].concat();
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(said(&old).contains("an old .xls workbook"));
    for before in [0, 65_520, 65_530, 200_000] {
        assert!(
            said(&[old.as_slice(), &vec![0; before], &name].concat()).contains("it is encrypted"),
            "{before}"
        );
    }
    assert!(said(b"PK\x03\x04\x14\x00").contains("no whole .xlsx workbook"));
    assert!(said(b"\n<html><table>").contains("a web page"));
    let whole = Book::of(&sheet(&[header(), charge(2, "")])).bytes();
    assert!(said(&whole[..whole.len() / 2]).contains("no whole .xlsx workbook"));
    let cut = Book::of("<sheetData><row r=\"1\"><c r=\"A1\"").bytes();
    assert!(said(&cut).contains("xl/worksheets/sheet0.xml"));
    let other = |name: &str| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.finish().unwrap().into_inner()
    };
    assert!(
        said(&other("content.xml")).contains("OpenDocument")
            && said(&other("a.txt")).contains("a ZIP archive")
    );
    let how = How { sheet: Some("a".to_owned()), ..How::default() };
    assert!(matches!(read_how(b"customer_uid\na\n", &how), Err(Unreadable::NoWorkbook)));
}
