//! What people and scripts read: tables, plain text, JSON, JSON lines and CSV, prompts and
//! progress. Writes only to the writers it is given, and reads no clock and no environment.

pub mod addressee;
pub mod against;
pub mod alarm;
pub mod attention;
pub mod bars;
pub mod checklist;
pub mod colour;
pub mod column_map;
pub mod copy_text;
pub mod counted;
pub mod customer;
pub mod detail;
pub mod dossier;
pub mod field;
pub mod history_row;
pub mod journal;
pub mod json;
pub mod layout;
pub mod line;
pub mod list;
pub mod meaning;
pub mod month;
pub mod new_file;
pub mod options;
pub mod page;
pub mod payment;
pub mod progress;
pub mod prose;
pub mod reconciled;
pub mod refund;
pub mod report;
pub mod results;
pub mod retry_list;
#[cfg(test)]
mod samples;
pub mod standing;
pub mod sums;
pub mod table;
pub mod text;
pub mod timeline;
pub mod ui;
mod unseen;
pub mod workbook;
pub mod wrap;

/// How an answer is written (`--format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, on a terminal and off it.
    #[default]
    Table,
    /// Tab-separated, no header, no decoration.
    Plain,
    /// One object, or one array for lists.
    Json,
    /// One object a line, flushed as it happens.
    Jsonl,
    /// RFC 4180 with a header.
    Csv,
}

impl Format {
    pub const ALL: [Format; 5] = [Format::Table, Format::Plain, Format::Json, Format::Jsonl, Format::Csv];

    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Plain => "plain",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Whether errors are objects too (`json`, `jsonl`).
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Format::Json | Format::Jsonl)
    }
}
