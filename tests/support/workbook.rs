//! A small workbook (`.xlsx`), written as Excel does.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A workbook of one sheet. Cells are texts, and those of digits alone are numbers; `around` is XML behind the
/// rows, and a row that begins with `~` is hidden.
pub fn workbook(rows: &[&[&str]], around: &str) -> Vec<u8> {
    let mut data = String::new();
    for (cells, number) in rows.iter().zip(1..) {
        let hidden = cells.first().is_some_and(|cell| cell.starts_with('~'));
        data += &format!("<row r=\"{number}\"{}>", if hidden { " hidden=\"1\"" } else { "" });
        for (cell, column) in cells.iter().zip('A'..) {
            let cell = cell.trim_start_matches('~');
            data += &if !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("<c r=\"{column}{number}\"><v>{cell}</v></c>")
            } else {
                format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")
            };
        }
        data += "</row>";
    }
    packed(&[
        (
            "_rels/.rels",
            r#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="11월" sheetId="1" r:id="b"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="b" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        (
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet><sheetData>{data}</sheetData>{around}</worksheet>"),
        ),
    ])
}

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
