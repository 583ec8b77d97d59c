//! The maps of a profile: how an export is laid out, and what another book calls its columns.

use crate::output::column_map::{
    ColumnMap, Content, Digits, MapColumn, Refunds, TIMES, TextEncoding, check_times,
};
use crate::settings::error::SettingsError;
use crate::settings::keys::{COLUMN_KEYS, EXPORT_KEYS, Located};
use crate::settings::section::Section;

/// What the columns of another book are called: `[profile.NAME.against.MAP]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadingMap {
    pub name: String,
    pub headings: Vec<Heading>,
}

/// One column of another book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Our name of what it holds, as it was given.
    pub field: String,
    /// As the file is to spell it.
    pub heading: String,
    /// Where that was said, for a sentence about it.
    pub place: String,
}

/// `[profile.NAME.export.MAP]`, each of them.
pub(super) fn exports(profile: &Section<'_>) -> Result<Vec<ColumnMap>, SettingsError> {
    let Some(maps) = profile.section("export")? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for name in maps.keys() {
        if let Some(section) = maps.section(&name.value)? {
            all.push(export(&name, &section)?);
        }
    }
    Ok(all)
}

fn export(name: &Located<String>, section: &Section<'_>) -> Result<ColumnMap, SettingsError> {
    section.only(&EXPORT_KEYS)?;
    let mut columns = Vec::new();
    for column in section.sections("columns")?.unwrap_or_default() {
        columns.push(map_column(&column)?);
    }
    let word = |key, all: &'static [(&'static str, u8)]| {
        section.parsed(key, move |text| {
            let known = all.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            let words = || all.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>();
            known.ok_or_else(|| format!("it is one of {}", words().join(", ")))
        })
    };
    let encoding = section.parsed("encoding", |text| {
        let known = TextEncoding::ALL.into_iter().find(|encoding| encoding.word() == text.to_lowercase());
        known.ok_or_else(|| "an encoding is `utf-8`, `utf-8-bom` or `cp949`".to_owned())
    })?;
    let separator = word("separator", &[(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')])?;
    let line_ends = word("line_ends", &[("crlf", 1), ("lf", 0)])?;
    let amounts = word("amounts", &[("digits", 0), ("grouped", 1)])?;
    let refunds = word("refunds", &[("minus", 0), ("plain", 1)])?;
    let is = |given: Option<Located<u8>>, value| given.is_some_and(|given| given.value == value);
    Ok(ColumnMap {
        name: name.value.clone(),
        columns,
        encoding: encoding.map_or(TextEncoding::Utf8, |encoding| encoding.value),
        separator: separator.map_or(b',', |separator| separator.value),
        crlf: !is(line_ends, 0),
        times: times(section)?.unwrap_or_else(|| TIMES.to_owned()),
        digits: if is(amounts, 1) { Digits::Grouped } else { Digits::Plain },
        refunds: if is(refunds, 1) { Refunds::Plain } else { Refunds::Minus },
    })
}

fn times(section: &Section<'_>) -> Result<Option<String>, SettingsError> {
    let times = section.parsed("times", |text| check_times(text).map(|()| text.to_owned()))?;
    Ok(times.map(|times| times.value))
}

fn map_column(section: &Section<'_>) -> Result<MapColumn, SettingsError> {
    section.only(&COLUMN_KEYS)?;
    section.at_most_one("what the column holds", &["field", "value"])?;
    let heading = section.text("heading")?;
    let (field, value) = (section.text("field")?, section.text_or_empty("value")?);
    let times = times(section)?;
    let mut words = Vec::new();
    if let Some(section) = section.section("words")? {
        for word in section.keys() {
            let text = section.text_or_empty(&word.value)?;
            words.extend(text.map(|text| (word.value, text.value)));
        }
    }
    let (content, own) = match (field, value) {
        (Some(field), _) => {
            let place = section.place(field.line);
            (Content::Field { name: field.value.clone(), place, times, words }, field.value)
        }
        (None, Some(value)) => (Content::Fixed(value.value), String::new()),
        (None, None) => {
            let message = format!(
                "`{}` says nothing of what it holds; give it a `field` or a `value`",
                section.named()
            );
            return Err(section.error(section.first_line(), message));
        }
    };
    Ok(MapColumn { heading: heading.map_or(own, |heading| heading.value), content })
}

/// `[profile.NAME.against.MAP]`, each of them. Which fields there are is known where a map is used.
pub(super) fn against(profile: &Section<'_>) -> Result<Vec<HeadingMap>, SettingsError> {
    let Some(maps) = profile.section("against")? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for name in maps.keys() {
        let Some(section) = maps.section(&name.value)? else { continue };
        let mut headings = Vec::new();
        for field in section.keys() {
            let heading = section.text(&field.value)?;
            headings.extend(heading.map(|heading| Heading {
                field: field.value,
                heading: heading.value,
                place: section.place(heading.line),
            }));
        }
        all.push(HeadingMap { name: name.value, headings });
    }
    Ok(all)
}
