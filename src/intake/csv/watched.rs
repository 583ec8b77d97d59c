//! The text on its way to the reader of the crate.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::intake::lines::Lines;

/// The longest row: anything longer is a quote that was never closed, or no CSV.
const ROW_BYTES_MAX: usize = 256 * 1024;

/// Why the text is no CSV, as far as the reader of the crate would not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    OpenQuote { line: u64, character: u64 },
    AfterQuote { line: u64, character: u64 },
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

/// The text, watched: where each row begins, and what no reader should overlook in a list of charges. It ends
/// early where a row does not.
pub(super) struct Watched<R> {
    text: R,
    separator: u8,
    byte: u64,
    lines: Lines,
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
    pub(super) fn new(text: R, separator: u8, first_line: u64) -> Watched<R> {
        Watched {
            text,
            separator,
            byte: 0,
            lines: Lines::from(first_line),
            character: 0,
            row_bytes: 0,
            row_line: first_line,
            place: Place::RowBegin,
            quote: (first_line, 1),
            rows: VecDeque::new(),
            trouble: None,
        }
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Whether the text ended behind a line end.
    pub(super) fn ended_its_line(&self) -> bool {
        self.place == Place::RowBegin
    }

    /// The line of the row that the reader says begins there: it counts the empty lines before it too.
    pub(super) fn line_of(&mut self, begins: u64) -> u64 {
        while let Some((byte, line)) = self.rows.pop_front() {
            if byte >= begins {
                return line;
            }
        }
        self.lines.line()
    }

    /// False when the text is to end here.
    fn watch(&mut self, byte: u8) -> bool {
        let ends_row = matches!(byte, b'\n' | b'\r');
        if byte & 0xc0 != 0x80 {
            self.character += 1;
        }
        let line = self.lines.line();
        if self.place == Place::RowBegin && !ends_row {
            self.rows.push_back((self.byte, line));
            (self.row_bytes, self.row_line) = (0, line);
        }
        self.row_bytes += 1;
        self.byte += 1;
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::Quoted, _) | (Place::QuoteInQuoted, b'"') => Place::Quoted,
            (_, b'\n' | b'\r') => Place::RowBegin,
            (_, byte) if byte == self.separator => Place::CellBegin,
            (Place::RowBegin | Place::CellBegin, b'"') => {
                self.quote = (line, self.character);
                Place::Quoted
            }
            (Place::QuoteInQuoted, _) => {
                self.trouble.get_or_insert(Trouble::AfterQuote { line, character: self.character });
                Place::Bare
            }
            (Place::RowBegin | Place::CellBegin | Place::Bare, _) => Place::Bare,
        };
        if self.lines.pass(byte) || byte == b'\n' {
            self.character = 0;
        }
        self.row_bytes <= ROW_BYTES_MAX
    }

    fn end(&mut self) {
        let (line, character) = self.quote;
        if self.place == Place::Quoted {
            self.trouble = Some(Trouble::OpenQuote { line, character });
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
