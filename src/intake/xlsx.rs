//! Workbooks of Excel and of those that write as it does (`.xlsx`).
//!
//! What nobody who looked at the sheet has seen is refused and not read: hidden rows and columns, formulas
//! without a value, cells that are merged, more sheets than one. The XML is read here, and not by a crate for
//! spreadsheets, because visibility, the digits of a number as they are and the format they are shown in all
//! stand in it, and one pass over it has them together.

mod format;
mod parts;
mod sheet;
mod workbook;

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use crate::domain::text::nfc;
use crate::intake::Flow;
use crate::intake::place::{At, letters};
use crate::intake::problem::{Unreadable, What};
use crate::intake::table::{Given, Look, Shape, Table};
use crate::intake::xlsx::parts::Parts;
use crate::intake::xlsx::sheet::{Around, Range, Row, Value, has_data, walk};
use crate::intake::xlsx::workbook::{Sheet, Workbook};

/// What is done with rows and columns that are hidden or filtered out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// They are left out.
    Skip,
    /// They are read as all others.
    Take,
}

/// Reads the one sheet that is meant.
pub(super) fn read(
    bytes: impl Read + Seek,
    named: Option<&str>,
    hidden: Option<Hidden>,
    table: &mut Table<'_>,
) -> Result<(), Unreadable> {
    let mut parts = Parts::open(bytes)?;
    let workbook = Workbook::read(&mut parts)?;
    let sheet = choose(&mut parts, &workbook, named)?;
    table.begin_sheet();
    let mut reading =
        Reading { table, workbook: &workbook, hidden, unseen: Unseen::default(), rows: None, done: false };
    let around = walk(&mut parts, &sheet.part, &workbook, &mut |row, around| {
        if !reading.done {
            reading.done = reading.row(row, around).is_break();
        }
        ControlFlow::Continue(())
    })?;
    reading.finish(&around);
    Ok(())
}

/// The sheet that was named, or the only one that people see something in.
fn choose<'w, R: Read + Seek>(
    parts: &mut Parts<R>,
    workbook: &'w Workbook,
    named: Option<&str>,
) -> Result<&'w Sheet, Unreadable> {
    let names = |sheets: &[&Sheet]| sheets.iter().map(|sheet| sheet.name.clone()).collect();
    if let Some(named) = named {
        let same = |sheet: &&Sheet| nfc(sheet.name.trim()) == nfc(named.trim());
        let all: Vec<&Sheet> = workbook.sheets.iter().collect();
        let found = workbook.sheets.iter().find(same);
        return found.ok_or_else(|| Unreadable::NoSuchSheet { named: named.to_owned(), sheets: names(&all) });
    }
    let mut with_data = Vec::new();
    for sheet in workbook.sheets.iter().filter(|sheet| !sheet.hidden) {
        if has_data(parts, &sheet.part, workbook)? {
            with_data.push(sheet);
        }
    }
    match with_data.as_slice() {
        [only] => Ok(only),
        [] => Err(Unreadable::NoSheet),
        sheets => Err(Unreadable::ManySheets { sheets: names(sheets) }),
    }
}

/// What was read that nobody has seen.
#[derive(Default)]
struct Unseen {
    rows: Vec<u64>,
    columns: BTreeSet<u32>,
}

struct Reading<'r, 't> {
    table: &'r mut Table<'t>,
    workbook: &'r Workbook,
    hidden: Option<Hidden>,
    unseen: Unseen,
    /// The first and the last row that hold something.
    rows: Option<(u64, u64)>,
    /// No more rows are wanted; what stands behind them is.
    done: bool,
}

impl Reading<'_, '_> {
    fn row(&mut self, row: &Row, around: &Around) -> Flow {
        if row.hidden {
            match self.hidden {
                Some(Hidden::Skip) => return ControlFlow::Continue(()),
                Some(Hidden::Take) => {}
                None => self.unseen.rows.push(row.number),
            }
        }
        let (first, _) = self.rows.unwrap_or((row.number, row.number));
        self.rows = Some((first, row.number));
        let mut cells: Vec<Given<'_>> = Vec::new();
        for cell in &row.cells {
            if around.hides_column(cell.column) {
                match self.hidden {
                    Some(Hidden::Skip) => continue,
                    Some(Hidden::Take) => {}
                    None => drop(self.unseen.columns.insert(cell.column)),
                }
            }
            let at = usize::try_from(cell.column).unwrap_or(usize::MAX);
            if cells.len() <= at {
                cells.resize(at + 1, Given::text(""));
            }
            let shape = match cell.value {
                Value::Text => Shape::Text,
                Value::Truth => Shape::Truth,
                Value::Uncalculated => Shape::Uncalculated,
                Value::Date => Shape::Number { look: Look::Date, code: "yyyy-mm-dd" },
                Value::Number { style } => {
                    let format = self.workbook.formats.get(style);
                    format.map_or(Shape::Number { look: Look::Plain, code: "General" }, |(code, look)| {
                        Shape::Number { look: *look, code }
                    })
                }
            };
            if let Some(place) = cells.get_mut(at) {
                *place = Given { text: row.text(cell), shape };
            }
        }
        if self.table.has_header() {
            return self.table.row(row.number, &cells);
        }
        if cells.is_empty() {
            return ControlFlow::Continue(());
        }
        let uncalculated = cells.iter().zip(0..).filter(|(cell, _)| cell.shape == Shape::Uncalculated);
        for (_, number) in uncalculated {
            self.table.problems.add(row.number, At::Cell(number), What::Uncalculated);
        }
        self.table.header(row.number, &cells.iter().map(|cell| cell.text).collect::<Vec<_>>())
    }

    fn finish(self, around: &Around) {
        let Some((first, last)) = self.rows else {
            self.table.problems.add(1, At::Row, What::Empty);
            return;
        };
        let width = self.table.named_columns();
        let meets = |range: &&Range| {
            range.rows.0 <= last && range.rows.1 >= first && width.is_none_or(|width| range.columns.0 < width)
        };
        for range in around.merged.iter().filter(meets) {
            // Of merged cells only the first holds something: what is said of the others comes from that.
            self.table.problems.forget_within(range.rows, range.columns, &self.table.column_numbers());
            let what = What::Merged { range: range.written.clone() };
            self.table.problems.add(range.rows.0, At::Cell(range.columns.0), what);
        }
        if let Some(row) = self.unseen.rows.first() {
            let what = What::HiddenRows { rows: ranges(&self.unseen.rows), filtered: around.filtered };
            self.table.problems.add_first(*row, At::Row, what);
        }
        if let Some(column) = self.unseen.columns.first() {
            let columns: Vec<String> = self.unseen.columns.iter().map(|column| letters(*column)).collect();
            let what = What::HiddenColumns { columns: columns.join(", ") };
            self.table.problems.add_first(first, At::Cell(*column), what);
        }
    }
}

/// Numbers in a row as people say them: `3 to 5, 9`.
fn ranges(numbers: &[u64]) -> String {
    const SHOWN: usize = 20;
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 == *number => *to = *number,
            Some(_) | None => runs.push((*number, *number)),
        }
    }
    let said = runs
        .iter()
        .take(SHOWN)
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") });
    let more = if runs.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", said.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests;
