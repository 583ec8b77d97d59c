//! What can be wrong with a file, each with its place, and what can be wrong with all of it.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::domain::text::is_invisible;
use crate::domain::words::number_of;
use crate::intake::place::{At, Places};
use crate::intake::ruin::Ruin;

/// How many problems are shown; more are fixed at their common cause.
const PROBLEMS_SHOWN: usize = 100;

/// What is wrong at a place: a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum What {
    #[error("it is empty; its first line has to name the columns")]
    Empty,
    #[error("it is empty")]
    NoObject,
    #[error("`{}` names no column; the first line is a header such as {example}", Plain(first))]
    NoHeader { first: String, example: &'static str },
    #[error("`{}` is not a column{} The columns are {}", Plain(given), meant(*near), names.join(", "))]
    UnknownColumn { given: String, near: Option<&'static str>, names: Vec<&'static str> },
    #[error("the column {name} is there twice")]
    ColumnTwice { name: &'static str },
    #[error("there is no column {name}")]
    NoColumn { name: &'static str },
    #[error(
        "none of its first rows names two columns that are known; it begins with {}{} The columns are {}",
        quoted(found),
        meant_of(near.as_ref()),
        names.join(", ")
    )]
    NoneKnown { found: Vec<String>, near: Option<(String, &'static str)>, names: Vec<&'static str> },
    #[error(
        "both `{}` and `{}` may be the column {name}; say which one in a map",
        Plain(first),
        Plain(second)
    )]
    EitherColumn { name: &'static str, first: String, second: String },
    #[error(
        "there is no column {name}; the file has {}{}",
        quoted(found),
        near.as_ref().map_or_else(String::new, |near| format!(". Is `{}` it? Say so in a map", Plain(near)))
    )]
    NotAmong { name: &'static str, found: Vec<String>, near: Option<String> },
    #[error("there is no column `{}`, which the map names for {name}{}; the file has {}", Plain(heading),
        near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{}`?", Plain(near))), quoted(found))]
    NotAsMapped { name: &'static str, heading: String, near: Option<String>, found: Vec<String> },
    #[error("the row has {}; the header names {}", number_of(*cells, "cell"), number_of(*columns, "column"))]
    Width { cells: usize, columns: usize },
    #[error("`{}` stands in a column without a name; name the column, or empty it", Plain(text))]
    Nameless { text: String },
    #[error("there are more than {max} rows; split the file")]
    TooManyRows { max: u64 },
    #[error("the quote at character {character} is never closed")]
    OpenQuote { character: u64 },
    #[error("at character {character} a closed quote is followed by text")]
    AfterQuote { character: u64 },
    #[error("the row is longer than 256 KB; this is not CSV")]
    LongRow,
    #[error("the line is longer than 256 KB; this is not a charge a line")]
    LongLine,
    #[error("the object is longer than 256 KB; this is no array of rows")]
    LongObject,
    #[error("it is an array; name the file .json, or add --input-format json")]
    ArrayAmongLines,
    #[error("character {character}: it is no JSON object")]
    NoJson { character: u64 },
    #[error("the array is not closed: `]` is missing, and so may be rows")]
    OpenArray,
    #[error("character {character}: an array of objects has `{wanted}` here")]
    BadArray { character: u64, wanted: &'static str },
    #[error("it is neither a text nor a number")]
    NeitherTextNorNumber,
    #[error("it is there twice")]
    FieldTwice,
    #[error(
        "the input ends inside this row, without a line end, and its last cell may be cut off; \
         end the last row with a line end, or name a file"
    )]
    CutOff,
    #[error(
        "`{first}` and `{second}` look like the amount {first},{second} cut in two at its comma; write it as \
         {first}{second}, or in quotes. If {first} is meant, write it as {first}원"
    )]
    SplitAmount { first: String, second: String },
    #[error("`{}` is a sum and no customer; leave the row out", Plain(text))]
    Total { text: String },
    #[error(
        "the formula here has no value: nobody calculated it; open the file in a spreadsheet program and save it"
    )]
    Uncalculated,
    #[error("the cells {range} are merged, and nobody can tell which rows their value is of; unmerge them")]
    Merged { range: String },
    #[error(
        "hidden{}: rows {rows}. Show them and look, or add --hidden skip to leave hidden rows and columns out, \
         or --hidden take to read them too",
        if *filtered { " (the sheet has a filter)" } else { "" }
    )]
    HiddenRows { rows: String, filtered: bool },
    #[error(
        "hidden: columns {columns}. Show them and look, or add --hidden skip to leave hidden rows and columns \
         out, or --hidden take to read them too"
    )]
    HiddenColumns { columns: String },
    #[error(
        "the id is a number shown as `{}`, so that people see another id than the cell holds; make it text",
        Plain(code)
    )]
    IdFormat { code: String },
    #[error(
        "the id `{}` is a number that is not whole, or has more than 15 digits; make it text",
        Plain(text)
    )]
    IdNumber { text: String },
    #[error("`{}` is a truth value, and neither an id nor an amount", Plain(text))]
    Truth { text: String },
    #[error(
        "the amount is shown as `{}`, so that people see another number than the cell holds",
        Plain(code)
    )]
    AmountFormat { code: String },
    #[error(
        "the text is a number shown as `{}`, so that people see another one than the cell holds; make it text",
        Plain(code)
    )]
    TextFormat { code: String },
    #[error(transparent)]
    Ruin(#[from] Ruin),
    /// What whoever reads has to say of a cell.
    #[error("{0}")]
    Said(String),
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean {near}?"))
}

fn meant_of(near: Option<&(String, &'static str)>) -> String {
    near.map_or_else(
        || ".".to_owned(),
        |(given, near)| format!(", where `{}` may be meant as {near}.", Plain(given)),
    )
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", Plain(name))).collect::<Vec<_>>().join(", ")
}

/// A text of the file within a sentence, safe for a terminal.
pub(super) struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.0.chars().enumerate() {
            match c {
                _ if at == 60 => return f.write_str("…"),
                _ if c.is_control() || is_invisible(c) => write!(f, "{}", c.escape_default())?,
                _ => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a file: as many problems as are shown, each with its place, and how many more there are.
#[derive(Debug, Default)]
pub struct Problems {
    shown: Vec<(u64, At, What)>,
    more: u64,
}

impl Problems {
    pub fn add(&mut self, line: u64, at: At, what: What) {
        if self.shown.len() < PROBLEMS_SHOWN {
            self.shown.push((line, at, what));
        } else {
            self.more += 1;
        }
    }

    /// What whoever reads has to say of a cell of a column, or of a row.
    pub fn say(&mut self, line: u64, column: Option<usize>, what: &str) {
        self.add(line, column.map_or(At::Row, At::Column), What::Said(what.to_owned()));
    }

    /// Drops what was said of a line and those after it, which is explained by something else.
    pub(super) fn forget_from(&mut self, line: u64) {
        self.shown.retain(|(at, ..)| *at < line);
    }

    /// Drops what was said of cells between two rows and two columns; `numbers` has the number of each column
    /// that is wanted.
    pub(super) fn forget_within(&mut self, rows: (u64, u64), columns: (u32, u32), numbers: &[Option<u32>]) {
        self.shown.retain(|(line, at, _)| {
            let number = match at {
                At::Row => None,
                At::Cell(number) => Some(*number),
                At::Column(column) => numbers.get(*column).copied().flatten(),
            };
            let inside = number.is_some_and(|number| (columns.0..=columns.1).contains(&number));
            !(inside && (rows.0..=rows.1).contains(line))
        });
    }

    /// Adds what explains others, and is shown whatever else is.
    pub(super) fn add_first(&mut self, line: u64, at: At, what: What) {
        self.shown.insert(0, (line, at, what));
        if self.shown.len() > PROBLEMS_SHOWN {
            self.shown.pop();
            self.more += 1;
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// How many there are, shown or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.shown.len()).unwrap_or(u64::MAX).saturating_add(self.more)
    }

    /// How many are not shown.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Both of them, in the order of their lines.
    #[must_use]
    pub fn with(mut self, other: Problems) -> Problems {
        self.shown.extend(other.shown);
        self.shown.sort_by_key(|(line, ..)| *line);
        let over = self.shown.len().saturating_sub(PROBLEMS_SHOWN);
        self.shown.truncate(PROBLEMS_SHOWN);
        self.more += other.more + u64::try_from(over).unwrap_or(u64::MAX);
        self
    }

    /// Those that are shown, each a sentence that begins with its place.
    #[must_use]
    pub fn sentences(&self, places: &Places) -> Vec<String> {
        self.shown.iter().map(|(line, at, what)| format!("{}: {what}", places.at(*line, *at))).collect()
    }
}

/// Why a file has no rows at all.
#[derive(Debug, Error)]
pub enum Unreadable {
    #[error("{0}")]
    Io(io::Error),
    #[error("it is a directory; name a file")]
    Directory,
    #[error("it is longer than 512 MB; split it")]
    TooLong,
    #[error("line {line} holds a zero byte; it is not a text file")]
    ZeroByte { line: u64 },
    #[error("line {line} is neither UTF-8 nor CP949; save the file as `CSV UTF-8`")]
    NoEncoding { line: u64 },
    #[error("its first bytes say UTF-16, and line {line} is none; save the file as `CSV UTF-8`")]
    BadUtf16 { line: u64 },
    #[error("it is a workbook (.xlsx) and no text; leave out --input-format, or say --input-format xlsx")]
    Spreadsheet,
    #[error("it is {what} and no .xlsx workbook; open it in a spreadsheet program, and save it as .xlsx")]
    NotXlsx { what: &'static str },
    #[error(
        "it is an old .xls workbook; open it in a spreadsheet program, and save it as .xlsx or `CSV UTF-8`"
    )]
    OldXls,
    #[error("it is encrypted; open it with its password, take the password off, and save it again")]
    Encrypted,
    #[error(
        "it is a web page or XML, whatever its name says; open it in a spreadsheet program, and save it as .xlsx"
    )]
    Markup,
    #[error("it is no whole .xlsx workbook: {part}: {why}")]
    Broken { part: String, why: &'static str },
    #[error("no sheet that is shown has any data")]
    NoSheet,
    #[error("it has no sheet `{}`; its sheets are {}", Plain(named), quoted(sheets))]
    NoSuchSheet { named: String, sheets: Vec<String> },
    #[error(
        "more than one sheet has data: {}; add --sheet and the name of the one that is meant",
        quoted(sheets)
    )]
    ManySheets { sheets: Vec<String> },
    #[error("it is text; --sheet and --hidden are for .xlsx workbooks")]
    NoWorkbook,
}

#[cfg(test)]
mod tests {
    use super::{At, Places, Plain, Problems, What};
    use crate::intake::columns::tests::WANTED;

    #[test]
    fn the_first_hundred_problems_are_shown_and_the_rest_counted() {
        let mut problems = Problems::default();
        for line in 2..200 {
            problems.add(line, At::Row, What::NoObject);
        }
        let mut others = Problems::default();
        others.say(3, Some(3), "order_1 is on line 2 already");
        let problems = problems.with(others);
        assert_eq!((problems.count(), problems.more()), (199, 99));
        let shown = problems.sentences(&Places::lines(WANTED.columns));
        assert_eq!(shown.len(), 100);
        assert_eq!(shown[2], "line 3: column merchant_uid: order_1 is on line 2 already");
    }

    #[test]
    fn texts_of_the_file_are_safe_within_a_sentence() {
        assert_eq!(Plain("홍 \u{1b}[2J\u{200b}").to_string(), r"홍 \u{1b}[2J\u{200b}");
        assert_eq!(Plain(&"x".repeat(100)).to_string().chars().count(), 61);
    }
}
