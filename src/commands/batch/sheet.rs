//! CSV: a header that names the columns, then a row a charge.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv::StringRecord;

use crate::commands::batch::problems::Problems;
use crate::commands::batch::reading::Reading;
use crate::commands::batch::row::{AMOUNT, COLUMNS, CUSTOMER_UID, Cells, NAME, NO_CELLS};
use crate::commands::handed_in::{column_name, unknown_column};
use crate::domain::words::number_of;
use crate::output::text::safe;

/// The longest row: anything longer is a quote that was never closed, or no CSV.
const ROW_BYTES_MAX: usize = 256 * 1024;

/// Reads all rows. The error is one of reading the bytes.
pub(super) fn read(text: impl Read, reading: &mut Reading<'_>) -> io::Result<()> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Watched::new(text));
    let mut record = StringRecord::new();
    let mut header: Option<Header> = None;
    while reader.read_record(&mut record).map_err(io_error)? {
        let begins = record.position().map_or(0, csv::Position::byte);
        let line = reader.get_mut().line_of(begins);
        match &header {
            None => match Header::read(&record, line, &mut reading.problems) {
                Some(read) => header = Some(read),
                None => break,
            },
            Some(header) => {
                if record.iter().all(|cell| cell.trim().is_empty()) {
                    continue;
                }
                if record.len() != header.places.len() {
                    let what = format!(
                        "the row has {}; the header names {}",
                        number_of(record.len(), "cell"),
                        number_of(header.places.len(), "column")
                    );
                    reading.problems.add(line, &what);
                    continue;
                }
                if !reading.row(line, &header.cells(&record)) {
                    return Ok(());
                }
            }
        }
    }
    match reader.get_ref().trouble {
        Some(Trouble::OpenQuote { line, column }) => {
            // What was read from there on is one cell that should have been many.
            reading.problems.forget_from(line);
            reading.problems.add(line, &format!("the quote at character {column} is never closed"));
        }
        Some(Trouble::LongRow { line }) => {
            reading.problems.forget_from(line);
            reading.problems.add(line, "the row is longer than 256 KB; this is not CSV");
        }
        Some(Trouble::AfterQuote { line, column }) => {
            reading.problems.add(line, &format!("at character {column} a closed quote is followed by text"));
        }
        None if header.is_none() && reading.problems.is_empty() => {
            reading.problems.add(1, "it is empty; its first line has to name the columns");
        }
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

/// Which cell is what.
struct Header {
    /// For each cell of a row, its column.
    places: Vec<usize>,
}

impl Header {
    fn read(record: &StringRecord, line: u64, problems: &mut Problems) -> Option<Header> {
        let known = |name: &str| COLUMNS.iter().position(|column| *column == name);
        let names: Vec<String> = record.iter().map(column_name).collect();
        if !names.iter().any(|name| known(name).is_some()) {
            let first: String = record.iter().collect::<Vec<_>>().join(",").chars().take(40).collect();
            let what = format!(
                "`{}` names no column; the first line is a header such as customer_uid,amount,name,merchant_uid",
                safe(&first)
            );
            problems.add(line, &what);
            return None;
        }
        let mut places: Vec<usize> = Vec::new();
        let mut wrong = false;
        for (index, (given, name)) in record.iter().zip(&names).enumerate() {
            let what = match known(name) {
                Some(column) if places.contains(&column) => format!("the column {name} is there twice"),
                Some(column) => {
                    places.push(column);
                    continue;
                }
                None if name.is_empty() => format!("column {} has no name", index + 1),
                None => unknown_column(given, &COLUMNS),
            };
            problems.add(line, &what);
            wrong = true;
        }
        for column in [CUSTOMER_UID, AMOUNT, NAME] {
            if !places.contains(&column) {
                problems.add(line, &format!("there is no column {}", COLUMNS[column]));
                wrong = true;
            }
        }
        (!wrong).then_some(Header { places })
    }

    fn cells<'r>(&self, record: &'r StringRecord) -> Cells<'r> {
        let mut cells = NO_CELLS;
        for (column, cell) in self.places.iter().zip(record) {
            if let Some(place) = cells.get_mut(*column) {
                *place = cell;
            }
        }
        cells
    }
}

/// Why the text is no CSV, as far as the reader of the crate would not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    OpenQuote { line: u64, column: u64 },
    AfterQuote { line: u64, column: u64 },
    LongRow { line: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    RowBegin,
    CellBegin,
    Bare,
    Quoted,
    /// Behind a quote inside quotes: their end, or the first of two.
    QuoteInQuoted,
}

/// The text on its way to the reader, watched: where each row begins, and what no reader should
/// overlook in a list of charges. It ends early where a row does not.
struct Watched<R> {
    text: R,
    byte: u64,
    line: u64,
    /// Characters of the line so far.
    character: u64,
    row_bytes: usize,
    row_line: u64,
    place: Place,
    quote: (u64, u64),
    /// The first byte and the line of each row that the reader has not come to.
    rows: VecDeque<(u64, u64)>,
    trouble: Option<Trouble>,
}

impl<R> Watched<R> {
    fn new(text: R) -> Watched<R> {
        Watched {
            text,
            byte: 0,
            line: 1,
            character: 0,
            row_bytes: 0,
            row_line: 1,
            place: Place::RowBegin,
            quote: (1, 1),
            rows: VecDeque::new(),
            trouble: None,
        }
    }

    /// The line of the row that the reader says begins there: it counts the empty lines before it too.
    fn line_of(&mut self, begins: u64) -> u64 {
        while let Some((byte, line)) = self.rows.pop_front() {
            if byte >= begins {
                return line;
            }
        }
        self.line
    }

    /// False when the text is to end here.
    fn watch(&mut self, byte: u8) -> bool {
        let ends_row = matches!(byte, b'\n' | b'\r');
        if byte & 0xc0 != 0x80 {
            self.character += 1;
        }
        if self.place == Place::RowBegin && !ends_row {
            self.rows.push_back((self.byte, self.line));
            (self.row_bytes, self.row_line) = (0, self.line);
        }
        self.row_bytes += 1;
        self.byte += 1;
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::Quoted, _) | (Place::QuoteInQuoted, b'"') => Place::Quoted,
            (_, b'\n' | b'\r') => Place::RowBegin,
            (_, b',') => Place::CellBegin,
            (Place::RowBegin | Place::CellBegin, b'"') => {
                self.quote = (self.line, self.character);
                Place::Quoted
            }
            (Place::QuoteInQuoted, _) => {
                self.trouble.get_or_insert(Trouble::AfterQuote { line: self.line, column: self.character });
                Place::Bare
            }
            (Place::RowBegin | Place::CellBegin | Place::Bare, _) => Place::Bare,
        };
        if byte == b'\n' {
            (self.line, self.character) = (self.line + 1, 0);
        }
        self.row_bytes <= ROW_BYTES_MAX
    }

    fn end(&mut self) {
        let (line, column) = self.quote;
        if self.place == Place::Quoted {
            self.trouble = Some(Trouble::OpenQuote { line, column });
        } else if self.row_bytes > ROW_BYTES_MAX {
            self.trouble = Some(Trouble::LongRow { line: self.row_line });
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.row_bytes > ROW_BYTES_MAX {
            return Ok(0);
        }
        let read = self.text.read(out)?;
        for byte in out.get(..read).unwrap_or_default() {
            if !self.watch(*byte) {
                self.end();
                return Ok(0);
            }
        }
        if read == 0 {
            self.end();
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
