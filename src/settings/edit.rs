//! The config file's text with one value set or taken out: comments, order and everything else stay as they are.

use std::ops::Range;

use toml::Table as Content;
use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::domain::words::nearest;
use crate::settings::address::without_password;
use crate::settings::error::SettingsError;
use crate::settings::file::{bad_profile_name, is_profile_name};
use crate::settings::keys::{
    IMP_SECRET_KEYS, LIMIT_KEYS, LISTEN_SECRET_KEYS, PROFILE_KEYS, PROFILE_TABLES, TOP_KEYS,
};

/// A key as a command line names it: `timezone`, `mode`, `limits.max_amount`, or with its profile,
/// `profile.main.mode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where the line names one.
    pub profile: Option<String>,
    place: Place,
    name: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Top,
    Profile,
    Limits,
}

/// What is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    Text(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

impl Key {
    /// Every key that can be set, as it is named without its profile.
    pub fn all() -> impl Iterator<Item = String> {
        Key::known().map(|(place, name)| shown(place, name))
    }

    fn known() -> impl Iterator<Item = (Place, &'static str)> {
        let top = TOP_KEYS.into_iter().filter(|name| *name != "profile").map(|name| (Place::Top, name));
        let of_profile = PROFILE_KEYS.into_iter().filter(|name| !PROFILE_TABLES.contains(name));
        let limits = LIMIT_KEYS.into_iter().map(|name| (Place::Limits, name));
        top.chain(of_profile.map(|name| (Place::Profile, name))).chain(limits)
    }

    /// Reads a name; one that is not known is an error that offers the nearest.
    pub fn parse(text: &str) -> Result<Key, SettingsError> {
        let (profile, rest) = match text.strip_prefix("profile.").and_then(|rest| rest.split_once('.')) {
            Some((profile, rest)) => (Some(profile), rest),
            None => (None, text),
        };
        if let Some(profile) = profile.filter(|profile| !is_profile_name(profile)) {
            return Err(SettingsError::usage(bad_profile_name(profile)));
        }
        let found = Key::known()
            .filter(|(place, _)| profile.is_none() || *place != Place::Top)
            .find(|(place, name)| shown(*place, name) == rest);
        if let Some((place, name)) = found {
            return Ok(Key { profile: profile.map(str::to_owned), place, name });
        }
        let table =
            rest.split('.').next().filter(|first| *first != "limits" && PROFILE_TABLES.contains(first));
        if let Some(table) = table {
            let message = format!("what is in the table `{table}` is written in the config file itself");
            return Err(SettingsError::usage(message).hinted("`billkey config path` says where the file is"));
        }
        let unknown = SettingsError::usage(format!("there is no key `{}`", text.escape_debug()));
        let limit = LIMIT_KEYS.contains(&rest).then(|| format!("limits.{rest}"));
        let names: Vec<String> = Key::all().collect();
        Err(match limit.as_deref().or_else(|| nearest(rest, names.iter().map(String::as_str))) {
            Some(near) => unknown.hinted(format!("did you mean `{near}`")),
            None => unknown.hinted(format!("The keys there are: {}", names.join(", "))),
        })
    }

    /// As it is named without its profile: `limits.max_amount`.
    #[must_use]
    pub fn name(&self) -> String {
        shown(self.place, self.name)
    }

    /// Whether it is a key of the file and of none of its profiles.
    #[must_use]
    pub fn is_of_file(&self) -> bool {
        self.place == Place::Top
    }

    /// Whether its value is a secret itself.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.name == IMP_SECRET_KEYS[0] || self.name == LISTEN_SECRET_KEYS[0]
    }

    /// Whether this value of it holds a password: that of a proxy may.
    #[must_use]
    pub fn has_password(&self, value: &str) -> bool {
        self.name == "proxy" && without_password(value) != value
    }

    /// Whether its value is a program and its arguments.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.name == IMP_SECRET_KEYS[2] || self.name == LISTEN_SECRET_KEYS[2]
    }

    /// The keys that say where the same secret is, itself among them; none for any other key.
    #[must_use]
    pub fn alternatives(&self) -> &'static [&'static str] {
        static SECRETS: [[&str; 3]; 2] = [IMP_SECRET_KEYS, LISTEN_SECRET_KEYS];
        SECRETS.iter().find(|keys| keys.contains(&self.name)).map_or(&[], |keys| keys.as_slice())
    }

    /// The tables that it stands in, from the top.
    fn tables<'a>(&self, profile: &'a str) -> Vec<&'a str> {
        match self.place {
            Place::Top => Vec::new(),
            Place::Profile => vec!["profile", profile],
            Place::Limits => vec!["profile", profile, "limits"],
        }
    }
}

fn shown(place: Place, name: &str) -> String {
    match place {
        Place::Top | Place::Profile => name.to_owned(),
        Place::Limits => format!("limits.{name}"),
    }
}

impl Given {
    fn value(&self) -> Value {
        match self {
            Given::Text(text) => Value::from(text.as_str()),
            Given::Words(words) => Value::from(words.iter().map(String::as_str).collect::<Array>()),
        }
    }

    fn content(&self) -> toml::Value {
        match self {
            Given::Text(text) => toml::Value::from(text.as_str()),
            Given::Words(words) => toml::Value::from(words.clone()),
        }
    }
}

/// The text with this value, whether or not there was one. `None` where the text is not what a config file is.
///
/// A new one goes beneath the line that has it commented out, as the sample has every key.
#[must_use]
pub(super) fn set(text: &str, profile: &str, key: &Key, given: &Given) -> Option<String> {
    let tables = key.tables(profile);
    let mut wanted: Content = text.parse().ok()?;
    content_at(&mut wanted, &tables)?.insert(key.name.to_owned(), given.content());
    let says = |text: &String| text.parse::<Content>().is_ok_and(|content| content == wanted);
    let beneath = beneath_its_comment(text, &tables, key.name, &given.value());
    beneath.filter(says).or_else(|| put(text, &tables, key.name, given.value())).filter(says)
}

/// The text without this value; `None` where it has none.
#[must_use]
pub(super) fn unset(text: &str, profile: &str, key: &Key) -> Option<String> {
    let tables = key.tables(profile);
    let mut wanted: Content = text.parse().ok()?;
    content_at(&mut wanted, &tables)?.remove(key.name)?;
    let says = |text: &String| text.parse::<Content>().is_ok_and(|content| content == wanted);
    without_its_lines(text, &tables, key.name).filter(says).or_else(|| taken(text, &tables, key.name))
}

fn content_at<'a>(content: &'a mut Content, tables: &[&str]) -> Option<&'a mut Content> {
    tables.iter().try_fold(content, |content, name| {
        let inner = content.entry(*name).or_insert_with(|| toml::Value::Table(Content::new()));
        inner.as_table_mut()
    })
}

/// Where a table of a file begins and ends that has a line `[its.name]`; the top of the file for no name.
fn section(text: &str, tables: &[&str]) -> Option<Range<usize>> {
    let header = (!tables.is_empty()).then(|| format!("[{}]", tables.join(".")));
    let (mut at, mut start) = (0, header.is_none().then_some(0));
    for line in text.split_inclusive('\n') {
        let begun = line.trim_start().starts_with('[');
        if let Some(start) = start
            && begun
        {
            return Some(start..at);
        }
        at += line.len();
        let content = line.split_once('#').map_or(line, |(content, _)| content);
        if begun && header.as_deref() == Some(content.trim()) {
            start = Some(at);
        }
    }
    start.map(|start| start..at)
}

fn beneath_its_comment(text: &str, tables: &[&str], name: &str, value: &Value) -> Option<String> {
    let section = section(text, tables)?;
    let is_it = |line: &str| {
        let shown = line.trim_start().strip_prefix('#').map(str::trim_start);
        let rest = shown.and_then(|shown| shown.strip_prefix(name));
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut at = section.start;
    for line in text.get(section)?.split_inclusive('\n') {
        at += line.len();
        if is_it(line) {
            let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
            let before = if line.ends_with('\n') { "" } else { end };
            let (above, below) = text.split_at_checked(at)?;
            return Some(format!("{above}{before}{name} = {value}{end}{below}"));
        }
    }
    None
}

/// A value that is there already keeps its place and what stands behind it.
fn put(text: &str, tables: &[&str], name: &str, value: Value) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut inline = false;
    for (depth, part) in tables.iter().enumerate() {
        let fresh = || {
            if inline {
                return Item::Value(Value::InlineTable(InlineTable::new()));
            }
            let mut fresh = Table::new();
            // A line `[profile]` of its own would say nothing.
            fresh.set_implicit(depth + 1 < tables.len());
            Item::Table(fresh)
        };
        let item = table.entry(part).or_insert_with(fresh);
        inline = item.is_inline_table();
        table = item.as_table_like_mut()?;
    }
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(there) => {
            let around = there.decor().clone();
            *there = value;
            *there.decor_mut() = around;
        }
        None => {
            table.insert(name, Item::Value(value));
        }
    }
    Some(document.to_string())
}

/// Cuts the lines from the key to the end of its value, so that the comments around them stay.
fn without_its_lines(text: &str, tables: &[&str], name: &str) -> Option<String> {
    let document: Document<&str> = Document::parse(text).ok()?;
    let mut table: &dyn TableLike = document.as_table();
    for part in tables {
        table = table.get(part)?.as_table_like()?;
    }
    let (key, item) = table.get_key_value(name)?;
    let (from, to) = (key.span()?.start, item.span()?.end);
    let start = text.get(..from)?.rfind('\n').map_or(0, |at| at + 1);
    let end = text.get(to..)?.find('\n').map_or(text.len(), |at| to + at + 1);
    Some(format!("{}{}", text.get(..start)?, text.get(end..)?))
}

fn taken(text: &str, tables: &[&str], name: &str) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in tables {
        table = table.get_mut(part)?.as_table_like_mut()?;
    }
    table.remove(name)?;
    Some(document.to_string())
}

#[cfg(test)]
mod tests;
