//! JSON lines: an object a charge.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::commands::batch::reading::Reading;
use crate::commands::batch::row::{COLUMNS, Cells};
use crate::commands::handed_in::{column_name, unknown_column};

/// The longest line.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// Reads all rows. The error is one of reading the bytes.
pub(super) fn read(text: impl Read, reading: &mut Reading<'_>) -> io::Result<()> {
    let mut text = BufReader::new(text);
    let (mut bytes, mut line, mut any) = (Vec::new(), 0, false);
    loop {
        bytes.clear();
        let read = text.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        line += 1;
        if u64::try_from(read).is_ok_and(|read| read >= LINE_BYTES_MAX) {
            reading.problems.add(line, "the line is longer than 256 KB; this is not a charge a line");
            return Ok(());
        }
        let json = bytes.trim_ascii();
        if json.is_empty() {
            continue;
        }
        any = true;
        if !row(json, line, reading) {
            return Ok(());
        }
    }
    if !any {
        reading.problems.add(1, "it is empty");
    }
    Ok(())
}

fn row(json: &[u8], line: u64, reading: &mut Reading<'_>) -> bool {
    let fields = match serde_json::from_slice::<Fields>(json) {
        Ok(Fields(fields)) => fields,
        Err(error) => {
            let what = if json.starts_with(b"[") {
                "it is an array; write one object a line".to_owned()
            } else {
                format!("character {}: it is no JSON object", error.column())
            };
            reading.problems.add(line, &what);
            return true;
        }
    };
    let mut texts = [const { String::new() }; COLUMNS.len()];
    let mut given = [false; COLUMNS.len()];
    let mut wrong = false;
    for (name, value) in fields {
        let known = COLUMNS.iter().position(|column| *column == column_name(&name));
        let Some(column) = known else {
            reading.problems.add(line, &unknown_column(&name, &COLUMNS));
            wrong = true;
            continue;
        };
        let text = match value {
            Value::Null => Some(String::new()),
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let (Some(text), Some(place), Some(seen)) = (text, texts.get_mut(column), given.get_mut(column))
        else {
            reading.problems.add_at(line, Some(column), "it is neither a text nor a number");
            wrong = true;
            continue;
        };
        if std::mem::replace(seen, true) {
            reading.problems.add_at(line, Some(column), "it is there twice");
            wrong = true;
        }
        *place = text;
    }
    let cells: Cells<'_> = std::array::from_fn(|column| texts.get(column).map_or("", String::as_str));
    wrong || reading.row(line, &cells)
}

/// The fields of an object, a name that is there twice included.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::commands::batch::reading::read_text;
    use crate::commands::batch::row::{Rows, Rules};
    use crate::domain::payment::Mode;

    fn lines(text: &str) -> Result<Rows, Vec<String>> {
        let rules = Rules { mode: Mode::Live, once_per: None, ledger: None };
        read_text(&rules, |reading| read(text.as_bytes(), reading))
    }

    #[test]
    fn an_object_is_a_row_and_numbers_are_exact() {
        let text = concat!(
            "{\"customer_uid\":\"gildong\",\"amount\":8900,\"name\":\"구독\",\"merchant_uid\":\"o1\",\"note\":null}\n",
            "\r\n",
            "{\"customer_uid\":\"gildong\",\"amount\":\"0.10\",\"currency\":\"USD\",\"name\":\"x\",\"merchant_uid\":\"o2\"}",
        );
        let rows = lines(text).unwrap();
        assert_eq!(rows.all().map(|row| rows.line(row)).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((rows.cells(0)[1], rows.cells(1)[1], rows.cells(0)[12]), ("8900", "0.10", ""));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let row = |more: &str| {
            format!("{{\"customer_uid\":\"a\",\"amount\":1,\"name\":\"x\",\"merchant_uid\":\"o\"{more}}}")
        };
        for (text, problem) in [
            (String::new(), "line 1: it is empty"),
            ("[{}]".to_owned(), "line 1: it is an array; write one object a line"),
            ("{\"amount\":1".to_owned(), "line 1: character 11: it is no JSON object"),
            ("7".to_owned(), "line 1: character 1: it is no JSON object"),
            (row(",\"amuont\":1"), "line 1: `amuont` is not a column; did you mean amount?"),
            (row(",\"amount\":2"), "line 1: column amount: it is there twice"),
            (row(",\"note\":[]"), "line 1: column note: it is neither a text nor a number"),
            (row(",\"quota\":1.5"), "line 1: column quota: `1.5` is not a number of months"),
            (format!("{}\n{}", row(""), row("")), "line 2: column merchant_uid: o is on line 1 already"),
        ] {
            let problems = lines(&text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with(problem), "{text}: {problems:?}");
        }
    }
}
