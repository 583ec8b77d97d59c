//! The lines of a book as a file for a spreadsheet.

use std::fmt::Display;
use std::io;

use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::domain::money::Amount;
use crate::output::field::{Columns, Listed as _, Shown, Value};
use crate::output::list::csv_error;
use crate::report::Line;

/// RFC 4180 with a header; safe where a cell would be read as a formula.
pub fn csv(lines: &[Line], zone: &TimeZone, bom: bool) -> io::Result<Vec<u8>> {
    let mut bytes = if bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut bytes);
    writer.write_record(Line::FIELDS.iter().map(|field| field.name)).map_err(csv_error)?;
    let shown = Shown { zone, replayed: false };
    for line in lines {
        for field in Line::FIELDS {
            writer.write_field((field.get)(line).for_csv(shown).as_bytes()).map_err(csv_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(csv_error)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(bytes)
}

/// The same as a workbook: money is a number, everything else a text, so that nothing is read as a formula and no
/// id loses its zeros.
pub fn xlsx(lines: &[Line], zone: &TimeZone) -> io::Result<Vec<u8>> {
    let names: Vec<&str> = Columns::<Line>::usual().fields.iter().map(|field| field.name).collect();
    let shown = Shown { zone, replayed: false };
    book(&names, lines, |line, (_, column)| {
        let field = Line::FIELDS.get(column);
        field.map_or(Cell::Empty, |field| cell(&(field.get)(line), shown))
    })
}

/// What the console's own-data reconciliation takes: order number, recognised amount, recognition day (facts 15.3).
pub fn portone(lines: &[Line], zone: &TimeZone) -> io::Result<Vec<u8>> {
    book(&["주문번호", "인식금액", "인식일자"], lines, |line, (_, column)| match column {
        0 => Cell::Text(line.merchant_uid.clone()),
        1 => cell(&Value::Money(line.signed()), Shown { zone, replayed: false }),
        _ => Cell::Text(line.at.to_zoned_datetime(zone.clone()).date().to_string()),
    })
}

/// What one cell of a workbook holds.
pub(in crate::output) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    /// A number shown with commas, and with as many decimals as its currency has.
    Grouped {
        number: f64,
        has_decimals: bool,
    },
}

impl Cell {
    pub(in crate::output) fn of_money(amount: Amount, is_grouped: bool) -> Cell {
        let Cell::Number(number) = Cell::of_digits(&amount.to_digits()) else { return Cell::Empty };
        if is_grouped {
            Cell::Grouped { number, has_decimals: amount.currency().decimals() > 0 }
        } else {
            Cell::Number(number)
        }
    }

    /// A workbook has no other numbers than binary fractions; the digits are exact up to 2^53.
    pub(in crate::output) fn of_digits(digits: &str) -> Cell {
        digits.parse().map_or(Cell::Empty, Cell::Number)
    }
}

fn cell(value: &Value<'_>, shown: Shown<'_>) -> Cell {
    if let Value::Money(amount) = value {
        return Cell::of_money(*amount, false);
    }
    let text = value.for_people(shown);
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.into_owned()) }
}

/// A sheet with a line a row. `get` is told the number of a line, counted from 1, and that of a column, from 0.
pub(in crate::output) fn book(
    names: &[&str],
    lines: &[Line],
    get: impl Fn(&Line, (u64, usize)) -> Cell,
) -> io::Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let bold = Format::new().set_bold();
    let commas = GROUPED.map(|index| Format::new().set_num_format_index(index));
    for (column, name) in (0_u16..).zip(names) {
        sheet.write_string_with_format(0, column, *name, &bold).map_err(failed)?;
        let width = if *name == "at" { 26.0 } else { 18.0 };
        sheet.set_column_width(column, width).map_err(failed)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    for (row, line) in (1_u32..).zip(lines) {
        for column in 0..names.len() {
            let cell = get(line, (u64::from(row), column));
            put(sheet, row, column, cell, &commas).map_err(failed)?;
        }
    }
    workbook.save_to_buffer().map_err(failed)
}

/// The numbers of Excel's own formats `#,##0` and `#,##0.00`.
const GROUPED: [u8; 2] = [3, 4];

fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: usize,
    cell: Cell,
    [whole, with_decimals]: &[Format; 2],
) -> Result<(), XlsxError> {
    let column = u16::try_from(column).unwrap_or(u16::MAX);
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, text)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, number)?),
        Cell::Grouped { number, has_decimals } => {
            let format = if has_decimals { with_decimals } else { whole };
            sheet.write_number_with_format(row, column, number, format)?;
        }
    }
    Ok(())
}

/// More rows than a sheet has, or a text that is too long for a cell.
fn failed(error: impl Display) -> io::Error {
    io::Error::other(format!("the workbook could not be made: {error}"))
}
