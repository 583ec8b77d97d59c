//! One table of the config file: typed values, and errors that name key, file and line.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::domain::money::{Amount, Currency};
use crate::domain::time::parse_duration;
use crate::domain::words::nearest;
use crate::settings::address::without_password;
use crate::settings::error::SettingsError;
use crate::settings::keys::{Located, place_of};

/// A table and where it stands.
pub(super) struct Section<'a> {
    text: &'a str,
    path: &'a Path,
    home: Option<&'a Path>,
    /// `profile.main.` with its dot, for names in messages; empty at the top.
    prefix: String,
    table: &'a DeTable<'a>,
    /// Whether the text stands in the file, so that its lines can be named.
    in_file: bool,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        text: &'a str,
        path: &'a Path,
        home: Option<&'a Path>,
        prefix: &str,
        table: &'a DeTable<'a>,
    ) -> Section<'a> {
        Section { text, path, home, prefix: prefix.to_owned(), table, in_file: true }
    }

    /// The same of a text that is not in the file.
    pub(super) fn of_draft(self) -> Section<'a> {
        Section { in_file: false, ..self }
    }

    pub(super) fn file(&self) -> &Path {
        self.path
    }

    /// The key's whole name, such as `profile.main.mode`.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// A sentence about a line of the file.
    pub(super) fn error(&self, line: usize, message: impl std::fmt::Display) -> SettingsError {
        match self.in_file {
            true => SettingsError::config(format!("{} line {line}: {message}", self.path.display())),
            false => SettingsError::config(message.to_string()),
        }
    }

    /// Refuses keys that are not known.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), SettingsError> {
        let Some(key) = self.keys().into_iter().find(|key| !known.contains(&key.value.as_str())) else {
            return Ok(());
        };
        let shown = self.name(&key.value.escape_debug().to_string());
        let error = self.error(key.line, format!("the key `{shown}` is not known"));
        if let Some(place) = place_of(&key.value) {
            return Err(error.hinted(format!("`{}` belongs {place}", key.value)));
        }
        Err(match nearest(&key.value, known.iter().copied()) {
            Some(near) => error.hinted(format!("did you mean `{}`", self.name(near))),
            None => error.hinted(format!("The keys there are: {}", known.join(", "))),
        })
    }

    /// Refuses more than one of a few keys that stand for the same thing.
    pub(super) fn at_most_one(&self, what: &str, keys: &[&str]) -> Result<(), SettingsError> {
        let mut found = keys.iter().filter_map(|key| self.table.get(*key).map(|value| (*key, value)));
        match (found.next(), found.next()) {
            (Some((first, _)), Some((second, value))) => {
                let (first, second) = (self.name(first), self.name(second));
                let message = format!("`{first}` and `{second}` both say {what}; keep one of them");
                Err(self.error(self.line(&value.span()), message))
            }
            (_, _) => Ok(()),
        }
    }

    pub(super) fn keys(&self) -> Vec<Located<String>> {
        let key = |key: &Spanned<_>| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            Located { value: name.clone().into_owned(), line: self.line(&key.span()) }
        };
        let mut keys: Vec<Located<String>> = self.table.keys().map(key).collect();
        keys.sort_by_key(|key| key.line);
        keys
    }

    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'_>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong_type(key, value, "a table"));
        };
        let prefix = format!("{}.", self.name(key));
        let Section { text, path, home, in_file, .. } = *self;
        Ok(Some(Section { text, path, home, prefix, table, in_file }))
    }

    /// The table's own name, such as `profile.main.limits`.
    pub(super) fn named(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    /// A line of the file, for a sentence that is said later.
    pub(super) fn place(&self, line: usize) -> String {
        format!("{} line {line}", self.path.display())
    }

    /// The line of the table's first key; 1 where it has none.
    pub(super) fn first_line(&self) -> usize {
        self.keys().first().map_or(1, |key| key.line)
    }

    /// A list of tables.
    pub(super) fn sections(&self, key: &str) -> Result<Option<Vec<Section<'_>>>, SettingsError> {
        const WANTED: &str = "a list of tables, such as [{ heading = \"일자\", field = \"at\" }]";
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(array) = value.get_ref().as_array() else { return Err(self.wrong_type(key, value, WANTED)) };
        let mut sections = Vec::new();
        for (item, number) in array.iter().zip(1..) {
            let Some(table) = item.get_ref().as_table() else {
                return Err(self.wrong_type(key, item, WANTED));
            };
            let prefix = format!("{}[{number}].", self.name(key));
            let Section { text, path, home, in_file, .. } = *self;
            sections.push(Section { text, path, home, prefix, table, in_file });
        }
        Ok(Some(sections))
    }

    /// A text, which may be empty.
    pub(super) fn text_or_empty(&self, key: &str) -> Result<Option<Located<String>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, "a text in quotes"));
        };
        Ok(Some(Located { value: text.to_owned(), line: self.line(&value.span()) }))
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &str) -> Result<Option<Located<String>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, "a text in quotes"));
        };
        let line = self.line(&value.span());
        if text.trim().is_empty() {
            let name = self.name(key);
            return Err(self.error(line, format!("`{name}` is empty; give a value or leave the line out")));
        }
        Ok(Some(Located { value: text.to_owned(), line }))
    }

    /// A text that is more than a text. It is shown when it cannot be read, so it must not be a
    /// secret's.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Located<T>>, SettingsError> {
        let Some(Located { value, line }) = self.text(key)? else { return Ok(None) };
        match parse(&value) {
            Ok(value) => Ok(Some(Located { value, line })),
            Err(why) => {
                let shown = without_password(&value).escape_debug().to_string();
                Err(self.error(line, format!("`{}` is `{shown}`: {why}", self.name(key))))
            }
        }
    }

    pub(super) fn duration(&self, key: &str) -> Result<Option<Located<Duration>>, SettingsError> {
        self.parsed(key, |text| parse_duration(text).map_err(|error| error.to_string()))
    }

    pub(super) fn duration_or_off(
        &self,
        key: &str,
    ) -> Result<Option<Located<Option<Duration>>>, SettingsError> {
        self.parsed(key, |text| match text {
            "off" => Ok(None),
            _ => parse_duration(text).map(Some).map_err(|error| format!("{error}, or off")),
        })
    }

    /// A path; a relative one is relative to the file, and `~/` is the home directory, because
    /// cron runs elsewhere than people do.
    pub(super) fn path(&self, key: &str) -> Result<Option<Located<PathBuf>>, SettingsError> {
        let Some(Located { value, line }) = self.text(key)? else { return Ok(None) };
        let path = match (value.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) => {
                let message = format!("`{}` begins with ~/, and there is no home directory", self.name(key));
                return Err(self.error(line, message));
            }
            (None, _) => self.path.parent().unwrap_or(Path::new("")).join(&value),
        };
        Ok(Some(Located { value: path, line }))
    }

    /// A list of texts, with at least one in it.
    pub(super) fn words(&self, key: &str) -> Result<Option<Located<Vec<String>>>, SettingsError> {
        const WANTED: &str = "a list of texts, such as [\"pass\", \"show\", \"iamport\"]";
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(array) = value.get_ref().as_array() else { return Err(self.wrong_type(key, value, WANTED)) };
        let mut words = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => words.push(text.to_owned()),
                None => return Err(self.wrong_type(key, item, WANTED)),
            }
        }
        let line = self.line(&value.span());
        if words.first().is_none_or(|program| program.trim().is_empty()) {
            return Err(self.error(line, format!("`{}` names no program; write {WANTED}", self.name(key))));
        }
        Ok(Some(Located { value: words, line }))
    }

    /// Whole won, as a number or as people write them: `"1,000,000"`.
    pub(super) fn won(&self, key: &str) -> Result<Option<Located<Amount>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let digits = value.get_ref().as_integer().filter(|number| number.radix() == 10);
        let Some(text) = digits.map(DeInteger::as_str).or(value.get_ref().as_str()) else {
            return Err(self.wrong_type(key, value, "whole won, such as 500000 or \"500,000\""));
        };
        let line = self.line(&value.span());
        match Amount::parse(text, Currency::KRW) {
            Ok(value) => Ok(Some(Located { value, line })),
            Err(error) => Err(self.error(line, format!("`{}`: {error}", self.name(key)))),
        }
    }

    /// A whole number within bounds, both of them included.
    pub(super) fn whole(
        &self,
        key: &str,
        (least, most): (i64, i64),
    ) -> Result<Option<Located<i64>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(number) = value.get_ref().as_integer() else {
            return Err(self.wrong_type(key, value, &format!("a whole number, {least} to {most}")));
        };
        let line = self.line(&value.span());
        let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
        match number.filter(|number| (least..=most).contains(number)) {
            Some(value) => Ok(Some(Located { value, line })),
            None => Err(self.error(line, format!("`{}` must be from {least} to {most}", self.name(key)))),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<Located<bool>>, SettingsError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        match value.get_ref().as_bool() {
            Some(flag) => Ok(Some(Located { value: flag, line: self.line(&value.span()) })),
            None => Err(self.wrong_type(key, value, "true or false")),
        }
    }

    /// A list of times, each longer than none, with at least one in it.
    pub(super) fn durations(&self, key: &str) -> Result<Option<Located<Vec<Duration>>>, SettingsError> {
        const WANTED: &str = "a list of times, such as [\"1d\", \"3d\"]";
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let Some(array) = value.get_ref().as_array() else { return Err(self.wrong_type(key, value, WANTED)) };
        let mut durations = Vec::new();
        for item in array {
            let Some(text) = item.get_ref().as_str() else { return Err(self.wrong_type(key, item, WANTED)) };
            let line = self.line(&item.span());
            let duration = parse_duration(text)
                .map_err(|error| self.error(line, format!("`{}`: {error}", self.name(key))))?;
            if duration.is_zero() {
                return Err(self.error(line, format!("`{}`: {text} is no time to wait", self.name(key))));
            }
            durations.push(duration);
        }
        let line = self.line(&value.span());
        if durations.is_empty() {
            return Err(self.error(line, format!("`{}` is empty; write {WANTED}", self.name(key))));
        }
        Ok(Some(Located { value: durations, line }))
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> SettingsError {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let name = self.name(key);
        self.error(self.line(&value.span()), format!("`{name}` must be {wanted}, not {found}"))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
    }
}
