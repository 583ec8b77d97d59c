//! The fields of a record, by name: one list of them feeds JSON, CSV, plain text and tables.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Number;
use thiserror::Error;

use crate::domain::money::Amount;
use crate::domain::payment::Outcome;
use crate::domain::words::nearest;
use crate::output::text::{is_unsafe, safe, spell_out, when, when_rfc3339};

/// How and when values are shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub zone: &'a TimeZone,
    /// The record is the stored result of an earlier run: nothing was sent now.
    pub replayed: bool,
}

/// One value of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known: `null` in JSON, empty elsewhere.
    Absent,
    /// Text from people or from the gateway: not to be trusted.
    Text(Cow<'a, str>),
    /// A word of our own.
    Word(&'static str),
    Outcome(Outcome),
    Whole(i64),
    /// Whether the stored result of an earlier run is shown: a property of the run, not of the record.
    Replayed,
    Money(Amount),
    Time(Timestamp),
    Flag(bool),
    /// A number with one decimal, in tenths.
    Tenths(u64),
    /// Ids of the gateway's, an array in JSON.
    Ids(Vec<&'a str>),
}

impl<'a> Value<'a> {
    /// A text that may be missing.
    pub fn text(text: Option<&'a String>) -> Value<'a> {
        text.map_or(Value::Absent, |text| Value::Text(Cow::Borrowed(text)))
    }

    /// A time that may be missing.
    #[must_use]
    pub fn time(at: Option<Timestamp>) -> Value<'static> {
        at.map_or(Value::Absent, Value::Time)
    }

    /// For a table: safe, in one line, money and times as people read them.
    #[must_use]
    pub fn for_people(&self, shown: Shown<'_>) -> Cow<'_, str> {
        match self {
            Value::Money(amount) => Cow::Owned(amount.to_string()),
            Value::Time(at) => Cow::Owned(when(*at, shown.zone)),
            Value::Text(text) => safe(text),
            Value::Absent
            | Value::Word(_)
            | Value::Outcome(_)
            | Value::Whole(_)
            | Value::Replayed
            | Value::Flag(_)
            | Value::Tenths(_)
            | Value::Ids(_) => self.digits_and_words(shown),
        }
    }

    /// For a tab-separated line: tabs and line breaks become spaces, what else is unsafe is spelt
    /// out; money as digits, times as RFC 3339.
    #[must_use]
    pub fn for_plain(&self, shown: Shown<'_>) -> Cow<'_, str> {
        match self {
            Value::Text(text) if text.contains(['\t', '\n', '\r']) => {
                Cow::Owned(safe(&text.replace(['\t', '\n', '\r'], " ")).into_owned())
            }
            Value::Text(text) => safe(text),
            Value::Absent
            | Value::Word(_)
            | Value::Outcome(_)
            | Value::Whole(_)
            | Value::Replayed
            | Value::Money(_)
            | Value::Time(_)
            | Value::Flag(_)
            | Value::Tenths(_)
            | Value::Ids(_) => self.digits_and_words(shown),
        }
    }

    /// For a CSV cell. A text that a spreadsheet would read as a formula gets a leading `'`, and so does one
    /// that begins with such a `'` of its own, so that whoever takes one away has the text again (`intake`
    /// does); tabs and line feeds stay, because quotes hold them.
    #[must_use]
    pub fn for_csv(&self, shown: Shown<'_>) -> Cow<'_, str> {
        match self {
            Value::Text(text) => {
                let kept = |c| c == '\t' || c == '\n';
                let spelt = spell_out(text, |c| !kept(c) && is_unsafe(c));
                let formula = text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
                if formula { Cow::Owned(format!("'{spelt}")) } else { spelt }
            }
            Value::Absent
            | Value::Word(_)
            | Value::Outcome(_)
            | Value::Whole(_)
            | Value::Replayed
            | Value::Money(_)
            | Value::Time(_)
            | Value::Flag(_)
            | Value::Tenths(_)
            | Value::Ids(_) => self.digits_and_words(shown),
        }
    }

    fn digits_and_words(&self, shown: Shown<'_>) -> Cow<'_, str> {
        match self {
            Value::Absent => Cow::Borrowed(""),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Word(word) => Cow::Borrowed(word),
            Value::Outcome(outcome) => Cow::Borrowed(outcome.word()),
            Value::Whole(number) => Cow::Owned(number.to_string()),
            Value::Replayed => Cow::Borrowed(if shown.replayed { "true" } else { "false" }),
            Value::Money(amount) => Cow::Owned(amount.to_digits()),
            Value::Time(at) => Cow::Owned(when_rfc3339(*at, shown.zone)),
            Value::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Value::Tenths(tenths) => Cow::Owned(format!("{}.{}", tenths / 10, tenths % 10)),
            Value::Ids(ids) => Cow::Owned(ids.iter().map(|id| safe(id)).collect::<Vec<_>>().join(" ")),
        }
    }
}

/// An amount as an exact JSON number: the digits, never a binary fraction.
pub fn exact_number(amount: &Amount) -> Result<Number, serde_json::Error> {
    Number::from_str(&amount.to_digits())
}

/// A value on its way into JSON.
struct JsonValue<'a>(Value<'a>, Shown<'a>);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::Absent => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Word(word) => serializer.serialize_str(word),
            Value::Outcome(outcome) => serializer.serialize_str(outcome.word()),
            Value::Whole(number) => serializer.serialize_i64(*number),
            Value::Replayed => serializer.serialize_bool(self.1.replayed),
            // Their digits are those of the minor units, and need not be read to be written.
            Value::Money(amount) if amount.currency().decimals() == 0 => {
                serializer.serialize_i64(amount.minor())
            }
            Value::Money(amount) => exact_number(amount).map_err(S::Error::custom)?.serialize(serializer),
            Value::Time(at) => serializer.serialize_str(&when_rfc3339(*at, self.1.zone)),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Tenths(_) => {
                let digits = self.0.digits_and_words(self.1);
                Number::from_str(&digits).map_err(S::Error::custom)?.serialize(serializer)
            }
            Value::Ids(ids) => ids.serialize(serializer),
        }
    }
}

/// How a column of a table gives way on a terminal that is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Give {
    /// Never cut: ids, words, money.
    Never,
    /// Cut with `…`.
    Text,
    /// Loses its seconds, then its time of day.
    When,
    /// Loses the card company, keeps the last digits.
    Card,
}

/// A kind of record that can be listed.
pub trait Listed: Sized + 'static {
    /// Every field, in the order of the contract.
    const FIELDS: &'static [Field<Self>];
    /// The columns of a table when none are asked for.
    const TABLE: &'static [Field<Self>];
    /// How [`Listed::TABLE`] gives way: column and the width to go down to, in this order; 0 leaves
    /// the column out.
    const GIVES: &'static [(usize, usize)];
    /// `payment`, `customer`.
    const NOUN: &'static str;

    /// What stands on lines of its own under the row: the gateway's words, then ours.
    fn under(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

/// One field: its name, and how to get it out of a record.
pub struct Field<T> {
    /// The name in JSON, in CSV and for `--columns`.
    pub name: &'static str,
    /// The heading in a table, where it is not the name in capitals.
    pub heading: Option<&'static str>,
    pub give: Give,
    pub get: for<'a> fn(&'a T) -> Value<'a>,
}

impl<T: Listed> Field<T> {
    fn is_headed(&self, wanted: &str) -> bool {
        self.heading.is_some_and(|heading| heading.to_lowercase() == wanted)
    }

    /// The fields that a column of the table is made of: the one of its name, else those whose names begin so.
    fn stands_for(&self) -> Vec<&'static Field<T>> {
        let named: Vec<_> = T::FIELDS.iter().filter(|field| field.name == self.name).collect();
        if !named.is_empty() {
            return named;
        }
        let begin = |field: &&Field<T>| {
            field.name.strip_prefix(self.name).is_some_and(|rest| matches!(rest, "_name" | "_number"))
        };
        T::FIELDS.iter().filter(begin).collect()
    }
}

/// Every name there is, and the table's own headings.
fn all_names<T: Listed>() -> String {
    let names: Vec<_> = T::FIELDS.iter().map(|field| field.name).collect();
    let headings: Vec<_> = T::TABLE.iter().filter_map(|column| column.heading).collect();
    let headings = if headings.is_empty() {
        String::new()
    } else {
        format!("; or as they are headed: {}", headings.join(", "))
    };
    format!("{}{headings}", names.join(", "))
}

fn unknown_column<T: Listed>(given: &str, wanted: &str) -> ColumnsError {
    let (given, noun, all) = (safe(given).into_owned(), T::NOUN, all_names::<T>());
    match nearest(wanted, T::FIELDS.iter().map(|field| field.name)) {
        Some(meant) => ColumnsError::Misspelt { given, noun, meant, all },
        None => ColumnsError::Unknown { given, noun, all },
    }
}

/// Which fields to write, in which order.
pub struct Columns<T: 'static> {
    pub(in crate::output) fields: Vec<&'static Field<T>>,
    /// The same for a table.
    pub(in crate::output) table: Vec<&'static Field<T>>,
    /// Asked for by name: then none is left out of a table, and nothing is added to it.
    pub(in crate::output) chosen: bool,
}

/// A column name that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ColumnsError {
    #[error("`{given}` is not a column of a {noun}; did you mean {meant}? The columns are {all}")]
    Misspelt { given: String, noun: &'static str, meant: &'static str, all: String },
    #[error("`{given}` is not a column of a {noun}; the columns are {all}")]
    Unknown { given: String, noun: &'static str, all: String },
    #[error("no columns are named; the columns are {all}")]
    None { all: String },
}

impl<T: Listed> Columns<T> {
    /// Every field; a table shows fewer.
    #[must_use]
    pub fn usual() -> Columns<T> {
        Columns { fields: T::FIELDS.iter().collect(), table: T::TABLE.iter().collect(), chosen: false }
    }

    /// Every name there is.
    #[must_use]
    pub fn all_names() -> Vec<&'static str> {
        T::FIELDS.iter().map(|field| field.name).collect()
    }

    /// These fields, in this order; a name that is none is left out.
    #[must_use]
    pub(in crate::output) fn of(names: &[&str]) -> Columns<T> {
        let fields = names.iter().filter_map(|name| T::FIELDS.iter().find(|field| field.name == *name));
        let fields: Vec<_> = fields.collect();
        Columns { table: fields.clone(), fields, chosen: true }
    }

    /// Reads `--columns a,b,…`: names of fields, or the headings of the table, whose columns are then as they are
    /// there. A name that is none is an error that names the nearest one.
    pub fn parse(text: &str) -> Result<Columns<T>, ColumnsError> {
        let mut columns = Columns { fields: Vec::new(), table: Vec::new(), chosen: true };
        for given in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let wanted = given.to_lowercase().replace('-', "_");
            let field = T::FIELDS.iter().find(|field| field.name == wanted);
            match (field, T::TABLE.iter().find(|column| column.is_headed(&wanted))) {
                (Some(field), _) => columns.add(&[field], field),
                (None, Some(column)) => columns.add(&column.stands_for(), column),
                (None, None) => return Err(unknown_column::<T>(given, &wanted)),
            }
        }
        if columns.fields.is_empty() {
            Err(ColumnsError::None { all: all_names::<T>() })
        } else {
            Ok(columns)
        }
    }

    /// Twice the same name would be twice the same key of a JSON object.
    fn add(&mut self, fields: &[&'static Field<T>], column: &'static Field<T>) {
        for field in fields {
            if self.fields.iter().all(|known| known.name != field.name) {
                self.fields.push(field);
            }
        }
        if self.table.iter().all(|known| known.name != column.name) {
            self.table.push(column);
        }
    }

    /// The names of the fields, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }

    /// Reads the option where it was given, else takes the usual columns.
    pub fn parse_or_usual(text: Option<&str>) -> Result<Columns<T>, ColumnsError> {
        text.map_or_else(|| Ok(Columns::usual()), Columns::parse)
    }
}

/// A record as a JSON object with the given fields, in their order; absent values are `null`.
pub struct Object<'a, T: 'static> {
    pub(in crate::output) row: &'a T,
    pub(in crate::output) columns: Cow<'a, [&'static Field<T>]>,
    pub(in crate::output) shown: Shown<'a>,
}

impl<'a, T: Listed> Object<'a, T> {
    /// A record with every field that it has.
    #[must_use]
    pub fn whole(row: &'a T, zone: &'a TimeZone) -> Object<'a, T> {
        Object { row, columns: T::FIELDS.iter().collect(), shown: Shown { zone, replayed: false } }
    }
}

impl<T: Listed> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for field in self.columns.iter() {
            map.serialize_entry(field.name, &JsonValue((field.get)(self.row), self.shown))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
