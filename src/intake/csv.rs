//! CSV: a header that names the columns, then a row a line.

mod watched;

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use csv::{ByteRecord, StringRecord};

use crate::intake::csv::watched::{Trouble, Watched};
use crate::intake::place::At;
use crate::intake::problem::What;
use crate::intake::table::{Given, TITLE_ROWS_MAX, Table};
use crate::intake::wanted::{Wanted, Whose};

/// How much of the text is looked at to find its header.
const BEGIN_BYTES: u64 = 64 * 1024;

/// Reads all rows. The error is one of reading the bytes.
pub(super) fn read(mut text: impl Read, piped: bool, table: &mut Table<'_>) -> io::Result<()> {
    let mut begin = Vec::new();
    text.by_ref().take(BEGIN_BYTES).read_to_end(&mut begin)?;
    let mut first_line = 1;
    let separator = match named_separator(&begin) {
        Some((separator, line_bytes)) => {
            begin.drain(..line_bytes);
            first_line = 2;
            separator
        }
        None => separator(&begin, table.wanted),
    };
    table.protected = true;
    table.commas = separator == b',';
    rows(Watched::new(Cursor::new(begin).chain(text), separator, first_line), separator, piped, table)
}

fn rows<R: Read>(text: Watched<R>, separator: u8, piped: bool, table: &mut Table<'_>) -> io::Result<()> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text);
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(io_error)? {
        let begins = record.position().map_or(0, csv::Position::byte);
        let line = reader.get_mut().line_of(begins);
        let flow = if table.has_header() {
            let cells: Vec<Given<'_>> = record.iter().map(Given::text).collect();
            table.row(line, &cells)
        } else if record.iter().all(|cell| cell.trim().is_empty()) {
            ControlFlow::Continue(())
        } else {
            table.header(line, &record.iter().collect::<Vec<_>>())
        };
        if flow.is_break() {
            if !table.has_header() {
                break;
            }
            return Ok(());
        }
    }
    let watched = reader.get_ref();
    match watched.trouble() {
        Some(Trouble::OpenQuote { line, character }) => {
            // What was read from there on is one cell that should have been many.
            table.problems.forget_from(line);
            table.problems.add(line, At::Row, What::OpenQuote { character });
        }
        Some(Trouble::LongRow { line }) => {
            table.problems.forget_from(line);
            table.problems.add(line, At::Row, What::LongRow);
        }
        Some(Trouble::AfterQuote { line, character }) => {
            table.problems.add(line, At::Row, What::AfterQuote { character });
        }
        None if !table.has_header() && !table.has_titles() && table.problems.is_empty() => {
            table.problems.add(1, At::Row, What::Empty);
        }
        None if piped && !watched.ended_its_line() => table.broke_off(),
        None => {}
    }
    Ok(())
}

/// The text was read through before: what the crate does not take now was changed meanwhile.
fn io_error(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        io::Error::other("it was changed while it was read")
    }
}

/// What a first line such as `sep=;` says, which Excel obeys too, and how long that line is.
fn named_separator(begin: &[u8]) -> Option<(u8, usize)> {
    let is_end = |byte: &u8| matches!(*byte, b'\r' | b'\n');
    let end = begin.iter().position(is_end).unwrap_or(begin.len());
    let line = begin.get(..end)?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (name, separator) = line.split_at_checked(4)?;
    let [separator] = separator else { return None };
    let possible = separator.is_ascii() && !separator.is_ascii_alphanumeric() && *separator != b'"';
    let after = if begin.get(end..)?.starts_with(b"\r\n") { 2 } else { 1 };
    (possible && name.eq_ignore_ascii_case(b"sep=")).then_some((*separator, (end + after).min(begin.len())))
}

/// In how many rows the header is looked for.
fn header_within(wanted: &Wanted) -> u32 {
    match wanted.whose {
        Whose::Ours => 1,
        Whose::Anothers => TITLE_ROWS_MAX,
    }
}

/// The separator with which the header names most columns.
fn separator(begin: &[u8], wanted: &Wanted) -> u8 {
    let named = |separator: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(begin);
        let mut record = ByteRecord::new();
        let (mut most, mut rows) = (0, 0);
        while rows < header_within(wanted) && reader.read_byte_record(&mut record).unwrap_or(false) {
            let cells: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
                most = most.max(wanted.known_among(&cells));
                rows += 1;
            }
        }
        most
    };
    // Of several that do as well the first: `max_by_key` would take the last.
    let mut best = (b',', named(b','));
    for separator in [b';', b'\t'] {
        let count = named(separator);
        if count > best.1 {
            best = (separator, count);
        }
    }
    best.0
}

#[cfg(test)]
mod tests;
