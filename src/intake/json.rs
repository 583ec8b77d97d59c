//! JSON: an object a row, on lines of their own or in an array.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::intake::Flow;
use crate::intake::columns::Named;
use crate::intake::lines::Lines;
use crate::intake::place::At;
use crate::intake::problem::What;
use crate::intake::table::{Given, Shape, Table};

/// The longest line, and the longest object.
const OBJECT_BYTES_MAX: usize = 256 * 1024;

/// Reads an object a line. The error is one of reading the bytes.
pub(super) fn read_lines(text: impl Read, table: &mut Table<'_>) -> io::Result<()> {
    let mut text = BufReader::new(text);
    let mut objects = Objects::default();
    let (mut lines, mut any) = (Lines::from(1), false);
    let mut bytes = Vec::new();
    loop {
        let line = lines.line();
        bytes.clear();
        let ended = read_line(&mut text, &mut bytes, &mut lines)?;
        if bytes.len() > OBJECT_BYTES_MAX {
            table.problems.add(line, At::Row, What::LongLine);
            return Ok(());
        }
        let json = bytes.trim_ascii();
        if !json.is_empty() {
            if !any && json.starts_with(b"[") {
                table.problems.add(line, At::Row, What::ArrayAmongLines);
                return Ok(());
            }
            any = true;
            if objects.row(json, line, table).is_break() {
                return Ok(());
            }
        }
        if ended {
            break;
        }
    }
    if !any {
        table.problems.add(1, At::Row, What::NoObject);
    }
    Ok(())
}

/// Reads up to a line end, or to just behind the longest line. True at the end of the text.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>, lines: &mut Lines) -> io::Result<bool> {
    loop {
        let bytes = text.fill_buf()?;
        if bytes.is_empty() || line.len() > OBJECT_BYTES_MAX {
            return Ok(true);
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let used = end.map_or(bytes.len(), |end| end + 1);
        let passed = bytes.get(..used).unwrap_or_default();
        line.extend_from_slice(passed);
        lines.pass_all(passed);
        text.consume(used);
        if end.is_some() {
            return Ok(false);
        }
    }
}

/// What stands in an array, as far as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Array,
    FirstObject,
    Object,
    CommaOrEnd,
    Nothing,
}

/// Reads an array of objects. The error is one of reading the bytes.
pub(super) fn read_array(text: impl Read, table: &mut Table<'_>) -> io::Result<()> {
    let mut objects = Objects::default();
    let mut lines = Lines::from(1);
    let mut expect = Expect::Array;
    let mut character = 0;
    let mut open = Open::default();
    let mut begins = 1;
    for byte in BufReader::new(text).bytes() {
        let byte = byte?;
        let line = lines.line();
        character += u64::from(byte & 0xc0 != 0x80);
        if open.depth > 0 {
            if open.bytes.len() >= OBJECT_BYTES_MAX {
                table.problems.add(begins, At::Row, What::LongObject);
                return Ok(());
            }
            if open.pass(byte) {
                if objects.row(&open.bytes, begins, table).is_break() {
                    return Ok(());
                }
                expect = Expect::CommaOrEnd;
            }
        } else if !byte.is_ascii_whitespace() {
            let (next, wanted) = match (expect, byte) {
                (Expect::Array, b'[') => (Some(Expect::FirstObject), ""),
                (Expect::Array, _) => (None, "["),
                (Expect::FirstObject | Expect::Object, b'{') => {
                    begins = line;
                    open.begin();
                    (Some(expect), "")
                }
                (Expect::FirstObject | Expect::CommaOrEnd, b']') => (Some(Expect::Nothing), ""),
                (Expect::FirstObject | Expect::Object, _) => (None, "{"),
                (Expect::CommaOrEnd, b',') => (Some(Expect::Object), ""),
                (Expect::CommaOrEnd, _) => (None, ","),
                (Expect::Nothing, _) => (None, "the end"),
            };
            let Some(next) = next else {
                table.problems.add(line, At::Row, What::BadArray { character, wanted });
                return Ok(());
            };
            expect = next;
        }
        if lines.pass(byte) || byte == b'\n' {
            character = 0;
        }
    }
    match expect {
        Expect::Array => table.problems.add(1, At::Row, What::NoObject),
        Expect::Nothing => {}
        Expect::FirstObject | Expect::Object | Expect::CommaOrEnd => {
            table.problems.add(lines.line(), At::Row, What::OpenArray);
        }
    }
    Ok(())
}

/// An object whose end has not come.
#[derive(Default)]
struct Open {
    bytes: Vec<u8>,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Open {
    fn begin(&mut self) {
        self.bytes.clear();
        self.bytes.push(b'{');
        (self.depth, self.in_text, self.escaped) = (1, false, false);
    }

    /// True where the object ends with this byte.
    fn pass(&mut self, byte: u8) -> bool {
        self.bytes.push(byte);
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            b'{' | b'[' if !self.in_text => self.depth += 1,
            b'}' | b']' if !self.in_text => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }
}

/// The objects of one file: their fields have the same names over and over.
#[derive(Default)]
struct Objects {
    names: HashMap<String, Named>,
}

impl Objects {
    fn row(&mut self, json: &[u8], line: u64, table: &mut Table<'_>) -> Flow {
        let fields = match serde_json::from_slice::<Fields>(json) {
            Ok(Fields(fields)) => fields,
            Err(error) => {
                let line = line + u64::try_from(error.line()).unwrap_or(1).saturating_sub(1);
                let character = u64::try_from(error.column()).unwrap_or(0);
                table.problems.add(line, At::Row, What::NoJson { character });
                return ControlFlow::Continue(());
            }
        };
        let mut texts: Vec<Option<(String, Shape)>> = table.wanted.columns.iter().map(|_| None).collect();
        let mut wrong = false;
        for (name, value) in fields {
            let named = match self.names.get(&name) {
                Some(named) => *named,
                None => {
                    let named = table.wanted.named(&name);
                    if named == Named::PassedOver {
                        table.passed_over.push(name.clone());
                    }
                    self.names.insert(name.clone(), named);
                    named
                }
            };
            let column = match named {
                Named::Column(column) => column,
                Named::PassedOver => continue,
                Named::Nothing | Named::Unknown => {
                    table.problems.add(line, At::Row, table.wanted.unknown(&name));
                    wrong = true;
                    continue;
                }
            };
            let given = match value {
                Value::Null => Some((String::new(), Shape::Text)),
                Value::String(text) => Some((text, Shape::Text)),
                Value::Number(number) => Some((number.to_string(), Shape::JsonNumber)),
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            };
            let (Some(given), Some(place)) = (given, texts.get_mut(column)) else {
                table.problems.add(line, At::Column(column), What::NeitherTextNorNumber);
                wrong = true;
                continue;
            };
            if place.replace(given).is_some() {
                table.problems.add(line, At::Column(column), What::FieldTwice);
                wrong = true;
            }
        }
        if wrong {
            return ControlFlow::Continue(());
        }
        let given: Vec<Given<'_>> = texts
            .iter()
            .map(|text| text.as_ref().map_or(Given::text(""), |(text, shape)| Given { text, shape: *shape }))
            .collect();
        table.cells(line, &given)
    }
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
mod tests;
