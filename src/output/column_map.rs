//! The lines of a book in columns that somebody has laid out: which fields, under which headings, in which form.
//!
//! What other programs take differs in everything but the values, so that a map of the config file says it. Formulas
//! stay texts here as in every other file of ours.

use std::borrow::Cow;
use std::io;

use encoding_rs::EUC_KR;
use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::domain::money::Amount;
use crate::domain::text::nfc;
use crate::domain::words::{nearest, number_of};
use crate::output::field::{Columns, Field, Listed as _, Shown, Value};
use crate::output::list::csv_error;
use crate::output::text::safe;
use crate::output::workbook::{Cell, book};
use crate::report::Line;

/// How a text file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextEncoding {
    #[default]
    Utf8,
    /// With the mark at the beginning by which Excel knows it.
    Utf8Bom,
    /// Code page 949, which older Korean programs take and nothing else.
    Cp949,
}

impl TextEncoding {
    pub const ALL: [TextEncoding; 3] = [TextEncoding::Utf8, TextEncoding::Utf8Bom, TextEncoding::Cp949];

    /// As the config file names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TextEncoding::Utf8 => "utf-8",
            TextEncoding::Utf8Bom => "utf-8-bom",
            TextEncoding::Cp949 => "cp949",
        }
    }
}

/// How the digits of money are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digits {
    /// `8900`.
    #[default]
    Plain,
    /// `8,900`.
    Grouped,
}

/// What tells that money went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refunds {
    /// `-8900`.
    #[default]
    Minus,
    /// `8900`, for a program that is told by another column.
    Plain,
}

/// One column of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapColumn {
    pub heading: String,
    pub content: Content,
}

/// What stands in the cells of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The same in each.
    Fixed(String),
    /// A field of the line.
    Field {
        name: String,
        /// Where the name was given, for a sentence about it.
        place: String,
        /// How a time is written, where it is not as in the map's other columns.
        times: Option<String>,
        /// Other texts for words of ours, such as `매출` for `sale`.
        words: Vec<(String, String)>,
    },
}

/// A map as the config file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    pub name: String,
    pub columns: Vec<MapColumn>,
    pub encoding: TextEncoding,
    pub separator: u8,
    /// `\r\n`, else `\n`.
    pub crlf: bool,
    /// A pattern that [`check_times`] takes.
    pub times: String,
    pub digits: Digits,
    pub refunds: Refunds,
}

/// How times are written unless a map says otherwise.
pub const TIMES: &str = "%Y-%m-%d %H:%M:%S";

/// The number of a line in its file, which no line knows.
const ROW: &str = "row";

/// What other lists call some of our fields, so that whoever knows those names is told ours.
const CALLED: [(&str, &str); 9] = [
    ("paid_at", "at"),
    ("date", "at"),
    ("approved_at", "at"),
    ("customer_name", "buyer_name"),
    ("card_company", "card_name"),
    ("tax", "vat"),
    ("vat_amount", "vat"),
    ("product", "name"),
    ("approval", "apply_num"),
];

/// Fields whose values are words of ours.
const WORDS: [&str; 3] = ["kind", "vat_basis", "mode"];

/// Ids are never changed, not even into composed letters.
const IDS: [&str; 5] = ["merchant_uid", "imp_uid", "customer_uid", "apply_num", "refund_id"];

/// The letters behind `%` that are taken: numbers alone, which are the same in every language.
const TIME_LETTERS: [char; 11] = ['Y', 'y', 'm', 'd', 'e', 'H', 'M', 'S', 'F', 'T', '%'];

/// Why a map cannot be used, or what cannot be written with it.
#[derive(Debug, Error)]
pub enum MapError {
    #[error("the map `{0}` has no columns")]
    NoColumns(String),
    #[error("{place}: `{given}` is not a field of an export{near} The fields are {all}")]
    NoField { place: String, given: String, near: String, all: String },
    #[error("{place}: the field `{field}` is no time, and `times` is for times")]
    NoTime { place: String, field: &'static str },
    #[error("{place}: the field `{field}` is no word of ours, and `words` is for the words of {all}")]
    NoWords { place: String, field: &'static str, all: String },
    #[error("{}", lost(.0))]
    Lost(Vec<String>),
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for MapError {
    fn from(error: io::Error) -> MapError {
        MapError::Io(error)
    }
}

fn lost(places: &[String]) -> String {
    let cells = number_of(places.len(), "cell");
    let verb = if places.len() == 1 { "has" } else { "have" };
    format!("{cells} {verb} letters that CP949 does not have")
}

/// Whether a pattern for times can be used: letters behind `%` that are numbers, and any text between them.
pub fn check_times(pattern: &str) -> Result<(), String> {
    let mut letters = pattern.chars();
    let mut any = false;
    while let Some(letter) = letters.next() {
        if letter.is_control() {
            return Err("it has a character that cannot be seen".to_owned());
        }
        if letter != '%' {
            continue;
        }
        let behind = letters.next();
        let behind = if behind == Some('-') { letters.next() } else { behind };
        match behind {
            Some('%') => {}
            Some(behind) if TIME_LETTERS.contains(&behind) => any = true,
            behind => {
                let shown = behind.map_or_else(|| "%".to_owned(), |behind| format!("%{behind}"));
                return Err(format!(
                    "`{}` is not taken; write the time with %Y %y %m %d %e %H %M %S %F %T, each also with a - before \
                     its letter, and %% for a %",
                    shown.escape_debug()
                ));
            }
        }
    }
    if any { Ok(()) } else { Err(format!("it has nothing of a time in it; write it as {TIMES}")) }
}

/// Every field that a map may name.
#[must_use]
pub fn field_names() -> Vec<&'static str> {
    let mut names = vec![ROW];
    names.extend(Columns::<Line>::all_names());
    names
}

/// A map whose fields are known.
pub struct Mapped<'m> {
    map: &'m ColumnMap,
    columns: Vec<Filled<'m>>,
}

enum Filled<'m> {
    Fixed(&'m str),
    Row,
    Field { field: &'static Field<Line>, times: &'m str, words: &'m [(String, String)] },
}

/// What comes into one cell.
enum Written<'a> {
    Text(Cow<'a, str>),
    Money(Amount),
    Whole(u64),
}

impl ColumnMap {
    /// Looks up the fields. The error names the nearest one there is.
    pub fn fields(&self) -> Result<Mapped<'_>, MapError> {
        if self.columns.is_empty() {
            return Err(MapError::NoColumns(safe(&self.name).into_owned()));
        }
        let columns = self.columns.iter().map(|column| self.filled(column));
        Ok(Mapped { map: self, columns: columns.collect::<Result<_, _>>()? })
    }

    fn filled<'m>(&'m self, column: &'m MapColumn) -> Result<Filled<'m>, MapError> {
        let (name, place, times, words) = match &column.content {
            Content::Fixed(text) => return Ok(Filled::Fixed(text)),
            Content::Field { name, place, times, words } => (name, place, times, words),
        };
        let wanted = name.trim().to_lowercase().replace('-', "_");
        if wanted == ROW {
            return Ok(Filled::Row);
        }
        let Some(field) = Line::FIELDS.iter().find(|field| field.name == wanted) else {
            let called = CALLED.iter().find(|(called, _)| *called == wanted).map(|(_, ours)| *ours);
            let near = called.or_else(|| nearest(&wanted, field_names()));
            return Err(MapError::NoField {
                place: place.clone(),
                given: safe(name).into_owned(),
                near: near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean {near}?")),
                all: field_names().join(", "),
            });
        };
        if times.is_some() && field.name != "at" {
            return Err(MapError::NoTime { place: place.clone(), field: field.name });
        }
        if !words.is_empty() && !WORDS.contains(&field.name) {
            return Err(MapError::NoWords { place: place.clone(), field: field.name, all: WORDS.join(", ") });
        }
        Ok(Filled::Field { field, times: times.as_deref().unwrap_or(&self.times), words })
    }
}

impl Mapped<'_> {
    fn headings(&self) -> impl Iterator<Item = &str> {
        self.map.columns.iter().map(|column| column.heading.as_str())
    }

    fn written<'a>(
        &'a self,
        column: &'a Filled<'_>,
        row: u64,
        line: &'a Line,
        zone: &TimeZone,
    ) -> Written<'a> {
        let (field, times, words) = match column {
            Filled::Fixed(text) => return Written::Text(Cow::Borrowed(text)),
            Filled::Row => return Written::Whole(row),
            Filled::Field { field, times, words } => (field, times, words),
        };
        let shown = Shown { zone, replayed: false };
        let value = (field.get)(line);
        if let Value::Money(amount) = value {
            return Written::Money(match self.map.refunds {
                Refunds::Minus => amount,
                Refunds::Plain => Amount::from_minor(amount.minor().saturating_abs(), amount.currency()),
            });
        }
        if let Value::Time(at) = value {
            return Written::Text(Cow::Owned(time(at, times, zone)));
        }
        if let Value::Text(text) = value {
            return Written::Text(if IDS.contains(&field.name) { text } else { composed(text) });
        }
        let word = value.for_plain(shown).into_owned();
        let other =
            words.iter().find(|(ours, _)| *ours == word).map(|(_, text)| Cow::Borrowed(text.as_str()));
        Written::Text(other.unwrap_or(Cow::Owned(word)))
    }

    /// A text between separators, in the map's encoding. Where that lacks a letter nothing is written: a name that
    /// was changed on its way into somebody's books is found by nobody.
    pub fn csv(&self, lines: &[Line], zone: &TimeZone) -> Result<Vec<u8>, MapError> {
        let map = self.map;
        let mut text = Vec::new();
        let mut lost = Vec::new();
        let end = if map.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().delimiter(map.separator).terminator(end).from_writer(&mut text);
        for (heading, number) in self.headings().zip(1..) {
            let cell =
                Value::Text(Cow::Borrowed(heading)).for_csv(Shown { zone, replayed: false }).into_owned();
            self.note_lost(&cell, (1, number, heading, None), &mut lost);
            writer.write_field(cell.as_bytes()).map_err(csv_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(csv_error)?;
        for (line, row) in lines.iter().zip(1_u64..) {
            for ((column, heading), number) in self.columns.iter().zip(self.headings()).zip(1..) {
                let cell = match self.written(column, row, line, zone) {
                    Written::Money(amount) => self.digits(amount),
                    Written::Whole(number) => number.to_string(),
                    Written::Text(text) => {
                        Value::Text(text).for_csv(Shown { zone, replayed: false }).into_owned()
                    }
                };
                self.note_lost(&cell, (row + 1, number, heading, Some(line)), &mut lost);
                writer.write_field(cell.as_bytes()).map_err(csv_error)?;
            }
            writer.write_record(None::<&[u8]>).map_err(csv_error)?;
        }
        writer.flush()?;
        drop(writer);
        if !lost.is_empty() {
            return Err(MapError::Lost(lost));
        }
        Ok(match map.encoding {
            TextEncoding::Utf8 => text,
            TextEncoding::Utf8Bom => [b"\xef\xbb\xbf".as_slice(), &text].concat(),
            TextEncoding::Cp949 => EUC_KR.encode(&String::from_utf8_lossy(&text)).0.into_owned(),
        })
    }

    /// The same as a workbook, where money is a number and all else a text.
    pub fn xlsx(&self, lines: &[Line], zone: &TimeZone) -> io::Result<Vec<u8>> {
        let headings: Vec<&str> = self.headings().collect();
        // A book asks for its cells row by row, each with its line and its number from 1.
        book(&headings, lines, |line, (row, column)| {
            let Some(column) = self.columns.get(column) else { return Cell::Empty };
            match self.written(column, row, line, zone) {
                Written::Money(amount) => Cell::of_money(amount, self.map.digits == Digits::Grouped),
                Written::Whole(number) => Cell::of_digits(&number.to_string()),
                Written::Text(text) if text.is_empty() => Cell::Empty,
                Written::Text(text) => Cell::Text(safe(&text).into_owned()),
            }
        })
    }

    fn digits(&self, amount: Amount) -> String {
        let digits = amount.to_digits();
        match self.map.digits {
            Digits::Plain => digits,
            Digits::Grouped => grouped(&digits),
        }
    }

    /// Says which cell has what the encoding lacks, with its line's order.
    fn note_lost(
        &self,
        cell: &str,
        (row, column, heading, line): (u64, u32, &str, Option<&Line>),
        lost: &mut Vec<String>,
    ) {
        if self.map.encoding != TextEncoding::Cp949 || cell.is_ascii() || !EUC_KR.encode(cell).2 {
            return;
        }
        let mut letters = String::new();
        for letter in cell.chars().filter(|letter| EUC_KR.encode(&letter.to_string()).2) {
            if !letters.contains(letter) {
                letters.push(letter);
            }
        }
        let order = line.map_or_else(String::new, |line| format!(" (order {})", safe(&line.merchant_uid)));
        lost.push(format!("row {row}, column {column} {}{order}: {}", safe(heading), safe(&letters)));
    }
}

fn composed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => nfc(text),
        Cow::Owned(text) => Cow::Owned(nfc(&text).into_owned()),
    }
}

/// A pattern that was checked cannot fail.
fn time(at: Timestamp, pattern: &str, zone: &TimeZone) -> String {
    let at = at.to_zoned_datetime(zone.clone());
    BrokenDownTime::from(&at).to_string(pattern).unwrap_or_else(|_| at.datetime().to_string())
}

/// `-1234567.50` as `-1,234,567.50`.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests;
