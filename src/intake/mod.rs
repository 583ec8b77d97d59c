//! Files that people hand in: bytes become rows with places, and everything that is wrong with them a sentence.
//!
//! The room knows no column of its own. Whoever reads says which columns there are and what kind each one is
//! ([`Wanted`]), takes the rows one by one, and tells people what was not done because of a problem.

mod columns;
mod csv;
mod encoding;
mod json;
mod lines;
mod pieces;
mod place;
mod problem;
mod ruin;
mod source;
mod table;
mod wanted;
mod xlsx;

use std::ops::ControlFlow;

pub use crate::intake::columns::column_name;
pub use crate::intake::encoding::Encoding;
pub use crate::intake::place::{At, Places};
pub use crate::intake::problem::{Problems, Unreadable, What};
use crate::intake::source::{Content, TextFormat};
pub use crate::intake::source::{Source, file, pipe};
pub use crate::intake::table::{ROWS_MAX, Take};
pub use crate::intake::wanted::{Column, Kind, Wanted, Whose};
pub use crate::intake::xlsx::Hidden;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header, then a row a line; cells between `,`, `;` or tabs.
    Csv,
    /// An object a line.
    Jsonl,
    /// An array of objects.
    Json,
    /// A workbook of Excel.
    Xlsx,
}

/// What was said of a file besides its name.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// `None`: as the file itself tells.
    pub format: Option<Format>,
    /// The sheet of a workbook that is meant.
    pub sheet: Option<String>,
    /// `None`: hidden rows and columns are refused.
    pub hidden: Option<Hidden>,
}

/// What there is to say of a file that was read to its end.
#[derive(Debug, Default)]
pub struct Read {
    /// Everything that is wrong. Without any, every row was taken.
    pub problems: Problems,
    /// Where the cells of the rows stand.
    pub places: Places,
    /// Columns that are known and not read, as the file spells them.
    pub passed_over: Vec<String>,
    /// Columns that are read, by their place in [`Wanted::columns`], as the file spells them.
    pub found: Vec<(usize, String)>,
    /// Rows of another's file that are sums, and were not taken.
    pub sums: Vec<u64>,
    /// What is to be looked at, and stands in nothing's way.
    pub warnings: Vec<String>,
    pub encoding: Encoding,
}

/// Reads a whole file and hands on its rows. The error is of a file that has none.
pub fn read(source: Source, how: &How, wanted: &Wanted, take: &mut Take<'_>) -> Result<Read, Unreadable> {
    let mut table = table::Table::new(wanted, take);
    let piped = source.piped;
    let content = source.content(how.format)?;
    let encoding = match content {
        Content::Workbook(bytes) => {
            xlsx::read(bytes, how.sheet.as_deref(), how.hidden, &mut table)?;
            Encoding::default()
        }
        Content::Text(_) if how.sheet.is_some() || how.hidden.is_some() => {
            return Err(Unreadable::NoWorkbook);
        }
        Content::Text(text) => {
            let read = match text.format {
                TextFormat::Csv => csv::read(text.reader, piped, &mut table),
                TextFormat::Jsonl => json::read_lines(text.reader, &mut table),
                TextFormat::Json => json::read_array(text.reader, &mut table),
            };
            read.map_err(Unreadable::Io)?;
            text.encoding
        }
    };
    Ok(table.finish(encoding))
}

/// Whether more rows are wanted.
type Flow = ControlFlow<()>;

#[cfg(test)]
mod tests;
