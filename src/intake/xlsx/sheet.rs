//! The cells of one sheet, row by row, and what its rows and columns hide.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use quick_xml::events::BytesStart;

use crate::intake::Flow;
use crate::intake::problem::Unreadable;
use crate::intake::table::Look;
use crate::intake::xlsx::format::{day, plain_number};
use crate::intake::xlsx::parts::{DAMAGED, Parts, Piece, attribute, broken, is_set, next, push_unescaped};
use crate::intake::xlsx::workbook::Workbook;

/// The most columns that a sheet has.
const COLUMNS_MAX: u32 = 16_384;

/// One cell that holds something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub column: u32,
    text: (usize, usize),
    pub value: Value,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text,
    /// A number in the number format of a style.
    Number {
        style: usize,
    },
    /// A date that is written as one.
    Date,
    Truth,
    /// A formula whose value was never calculated.
    Uncalculated,
}

/// One row that holds something.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Counted from 1.
    pub number: u64,
    pub hidden: bool,
    pub cells: Vec<Cell>,
    text: String,
}

impl Row {
    pub(super) fn text(&self, cell: &Cell) -> &str {
        self.text.get(cell.text.0..cell.text.1).unwrap_or_default()
    }

    fn begin(&mut self, number: u64, hidden: bool) {
        (self.number, self.hidden) = (number, hidden);
        self.cells.clear();
        self.text.clear();
    }
}

/// What a sheet says outside of its rows.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Columns that are not shown, from and to.
    hidden_columns: Vec<(u32, u32)>,
    /// Rows are not shown unless they say so.
    rows_hidden: bool,
    /// Rows may be hidden by a filter.
    pub filtered: bool,
    pub merged: Vec<Range>,
}

impl Around {
    pub(super) fn hides_column(&self, column: u32) -> bool {
        self.hidden_columns.iter().any(|(from, to)| (*from..=*to).contains(&column))
    }
}

/// Cells from one corner to the other, counted from 0 and from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub columns: (u32, u32),
    pub rows: (u64, u64),
    pub written: String,
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    column: u32,
    kind: String,
    style: usize,
    text: String,
    has_formula: bool,
    has_value: bool,
}

/// Reads a sheet; `take` is told each row that holds something, and ends the reading with a break.
pub(super) fn walk<R: Read + Seek>(
    parts: &mut Parts<R>,
    part: &str,
    workbook: &Workbook,
    take: &mut dyn FnMut(&Row, &Around) -> Flow,
) -> Result<Around, Unreadable> {
    let mut xml = parts.xml(part)?;
    let mut walk = Walk { part, workbook, around: Around::default(), row: Row::default(), open: None };
    let mut buffer = Vec::new();
    let (mut in_text, mut in_reading, mut whole) = (false, false, false);
    while let Some(piece) = next(&mut xml, &mut buffer, part)? {
        match piece {
            Piece::Begin(element) => match element.local_name().into_inner() {
                "v" | "t" => in_text = !in_reading,
                "rPh" => in_reading = true,
                name => walk.begin(name, &element),
            },
            Piece::End(element) => match element.local_name().into_inner() {
                "v" | "t" => in_text = false,
                "rPh" => in_reading = false,
                "c" => walk.end_cell()?,
                "worksheet" => whole = true,
                "row" if !walk.row.cells.is_empty() && take(&walk.row, &walk.around).is_break() => {
                    return Ok(walk.around);
                }
                _ => {}
            },
            Piece::Text(text) => {
                if let Some(open) = walk.open.as_mut().filter(|_| in_text && !text.is_empty()) {
                    open.text.push_str(&text);
                    open.has_value = true;
                }
            }
        }
    }
    if whole { Ok(walk.around) } else { Err(broken(part, DAMAGED)) }
}

struct Walk<'w> {
    part: &'w str,
    workbook: &'w Workbook,
    around: Around,
    row: Row,
    open: Option<Open>,
}

impl Walk<'_> {
    fn begin(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "sheetFormatPr" => self.around.rows_hidden = is_set(element, "zeroHeight"),
            "col" => {
                let number = |name| attribute(element, name).and_then(|text| text.parse::<u32>().ok());
                if let (true, Some(min), Some(max)) =
                    (is_hidden(element, "width"), number("min"), number("max"))
                {
                    self.around.hidden_columns.push((min.saturating_sub(1), max.saturating_sub(1)));
                }
            }
            "row" => {
                let number = attribute(element, "r").and_then(|text| text.parse().ok());
                let shown = attribute(element, "ht").is_some() || attribute(element, "hidden").is_some();
                let hidden = is_hidden(element, "ht") || (self.around.rows_hidden && !shown);
                self.row.begin(number.unwrap_or(self.row.number + 1), hidden);
                self.open = None;
            }
            "c" => {
                let after = self.row.cells.last().map_or(0, |cell| cell.column + 1);
                let after = self.open.as_ref().map_or(after, |open| open.column + 1);
                let column =
                    attribute(element, "r").and_then(|place| corner(&place)).map(|(column, _)| column);
                self.open = Some(Open {
                    column: column.unwrap_or(after),
                    kind: attribute(element, "t").unwrap_or_default(),
                    style: attribute(element, "s").and_then(|text| text.parse().ok()).unwrap_or(0),
                    ..Open::default()
                });
            }
            "f" => {
                if let Some(open) = &mut self.open {
                    open.has_formula = true;
                }
            }
            "filterColumn" => self.around.filtered = true,
            "mergeCell" => {
                let range = attribute(element, "ref").and_then(|range| Range::read(&range));
                self.around.merged.extend(range);
            }
            _ => {}
        }
    }

    fn end_cell(&mut self) -> Result<(), Unreadable> {
        let Some(open) = &self.open else { return Ok(()) };
        if open.column >= COLUMNS_MAX {
            return Err(broken(self.part, "it has more columns than a sheet can have"));
        }
        let begin = self.row.text.len();
        let text = open.text.as_str();
        let value = if open.has_formula && !open.has_value && open.kind != "str" {
            Value::Uncalculated
        } else {
            let number = Value::Number { style: open.style };
            match open.kind.as_str() {
                "s" => {
                    let shared = text.trim().parse().ok().and_then(|index| self.workbook.strings.get(index));
                    let Some(shared) = shared else {
                        return Err(broken(self.part, "it names a text that the workbook does not have"));
                    };
                    self.row.text.push_str(shared);
                    Value::Text
                }
                "inlineStr" | "str" => {
                    push_unescaped(&mut self.row.text, text);
                    Value::Text
                }
                "e" => {
                    self.row.text.push_str(text);
                    Value::Text
                }
                "b" => {
                    self.row.text.push_str(if text.trim() == "1" { "TRUE" } else { "FALSE" });
                    Value::Truth
                }
                "d" => {
                    self.row.text.push_str(text);
                    Value::Date
                }
                _ if text.trim().is_empty() => Value::Text,
                _ => {
                    let plain = plain_number(text.trim()).unwrap_or_else(|| text.to_owned());
                    let is_date = self.look(open.style) == Look::Date;
                    let day = if is_date { day(&plain, self.workbook.from_1904) } else { None };
                    self.row.text.push_str(&day.unwrap_or(plain));
                    number
                }
            }
        };
        let end = self.row.text.len();
        let is_empty = self.row.text.get(begin..end).is_none_or(|text| text.trim().is_empty());
        if value == Value::Uncalculated || !is_empty {
            self.row.cells.push(Cell { column: open.column, text: (begin, end), value });
        }
        Ok(())
    }

    fn look(&self, style: usize) -> Look {
        self.workbook.formats.get(style).map_or(Look::Plain, |(_, look)| *look)
    }
}

/// Whether a row or column is not shown: it says so, or nothing is left of it.
fn is_hidden(element: &BytesStart<'_>, size: &str) -> bool {
    let nothing = |text: String| text.trim_matches(['0', '.']).is_empty();
    is_set(element, "hidden") || attribute(element, size).is_some_and(nothing)
}

/// A cell's name as its column, counted from 0, and its row, counted from 1.
fn corner(place: &str) -> Option<(u32, u64)> {
    let place = place.replace('$', "");
    let at = place.find(|c: char| !c.is_ascii_alphabetic())?;
    let (letters, digits) = place.split_at_checked(at)?;
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        column.checked_mul(26)?.checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    })?;
    Some((column.checked_sub(1)?, digits.parse().ok()?))
}

impl Range {
    fn read(written: &str) -> Option<Range> {
        let (from, to) = written.split_once(':')?;
        let ((left, top), (right, bottom)) = (corner(from)?, corner(to)?);
        (from != to).then(|| Range {
            columns: (left, right),
            rows: (top, bottom),
            written: written.to_owned(),
        })
    }
}

/// Whether a sheet holds anything.
pub(super) fn has_data<R: Read + Seek>(
    parts: &mut Parts<R>,
    part: &str,
    workbook: &Workbook,
) -> Result<bool, Unreadable> {
    let mut any = false;
    walk(parts, part, workbook, &mut |_, _| {
        any = true;
        ControlFlow::Break(())
    })?;
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::{Range, corner};

    #[test]
    fn cells_are_named_by_letters_and_a_number() {
        for (place, expected) in [
            ("A1", Some((0, 1))),
            ("$C$7", Some((2, 7))),
            ("XFD1048576", Some((16_383, 1_048_576))),
            ("7", None),
            ("C", None),
        ] {
            assert_eq!(corner(place), expected, "{place}");
        }
        let range = Range::read("B2:C4").unwrap();
        assert_eq!((range.columns, range.rows), ((1, 2), (2, 4)));
        assert_eq!((Range::read("A1:A1"), Range::read("A1")), (None, None));
    }
}
