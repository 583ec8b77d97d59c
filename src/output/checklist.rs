//! What `doctor` found, a line a check: for people in words and colours, for programs as objects.

use std::io;

use serde::{Serialize, Serializer};

use crate::output::Format;
use crate::output::colour::{Style, mark, paint_marked};
use crate::output::field::{Columns, Field, Give, Listed, Value};
use crate::output::text::{pad, safe, width};
use crate::output::ui::Ui;

/// How a check came out, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ok,
    /// It works, and may not be what is meant.
    Warn,
    /// A charge would fail, or be at risk.
    Bad,
}

impl State {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Bad => "bad",
        }
    }

    fn style(self) -> Style {
        match self {
            State::Ok => Style::Green,
            State::Warn => Style::Yellow,
            State::Bad => Style::Red,
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A word for programs, such as `secret`; two lines may have the same.
    pub name: &'static str,
    pub state: State,
    /// What was found.
    pub message: String,
    /// What to do about it; `None` where there is nothing to do.
    pub fix: Option<String>,
}

#[derive(Serialize)]
struct Checklist<'a> {
    checks: &'a [Check],
    worst: State,
}

impl Ui {
    /// All of them on stdout: with `json` one object, with `jsonl` an object a line. With `--quiet`
    /// people see what is not in order, and nothing where all is.
    pub fn checklist(&mut self, checks: &[Check]) -> io::Result<()> {
        match self.format() {
            Format::Json => {
                let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
                self.json(&Checklist { checks, worst })
            }
            Format::Jsonl => checks.iter().try_for_each(|check| self.json(check)),
            Format::Plain | Format::Csv => {
                let mut list = self.list::<Check>(Columns::usual())?;
                checks.iter().try_for_each(|check| list.row(check))?;
                list.finish("").map(|_| ())
            }
            Format::Table => {
                let quiet = self.quiet();
                let options = self.options();
                let text = lines(checks, quiet, options.width, options.colour_stdout);
                if text.is_empty() { Ok(()) } else { self.write_answer(&text) }
            }
        }
    }
}

/// Columns of ` warn  `, with the longest of the words.
const WORD_COLUMNS: usize = 4;

fn lines(checks: &[Check], quiet: bool, available: Option<usize>, colour: bool) -> String {
    let shown = || checks.iter().filter(|check| !quiet || check.state != State::Ok);
    let name_columns = shown().map(|check| width(check.name)).max().unwrap_or(0);
    let indent = 1 + WORD_COLUMNS + 2 + name_columns + 2;
    let room = available.map_or(usize::MAX, |columns| columns.saturating_sub(indent).max(20));
    let mut text = String::new();
    for check in shown() {
        let word = mark(&pad(check.state.word(), WORD_COLUMNS), check.state.style());
        let fix = check.fix.as_deref().map(|fix| format!("fix: {}", safe(fix)));
        let body = wrapped(&safe(&check.message), room)
            .into_iter()
            .chain(fix.iter().flat_map(|fix| wrapped(fix, room)));
        for (index, line) in body.enumerate() {
            if index == 0 {
                text.push_str(&format!(" {word}  {}  {line}\n", pad(check.name, name_columns)));
            } else {
                text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
            }
        }
    }
    paint_marked(&text, colour)
}

/// The text in lines of at most so many columns, broken at spaces; a longer word is left whole,
/// because it may be a path to copy.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line).saturating_add(1 + width(word)) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

const fn field(name: &'static str, get: for<'a> fn(&'a Check) -> Value<'a>) -> Field<Check> {
    Field { name, heading: None, give: Give::Never, get }
}

impl Listed for Check {
    const FIELDS: &'static [Field<Check>] = &[
        field("name", |check| Value::Word(check.name)),
        field("state", |check| Value::Word(check.state.word())),
        field("message", |check| Value::Text(check.message.as_str().into())),
        field("fix", |check| Value::text(check.fix.as_ref())),
    ];
    const TABLE: &'static [Field<Check>] = Check::FIELDS;
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "check";
}

#[cfg(test)]
mod tests {
    use super::{Check, State, lines, wrapped};

    fn checks() -> Vec<Check> {
        let check = |name, state, message: &str, fix: Option<&str>| Check {
            name,
            state,
            message: message.to_owned(),
            fix: fix.map(str::to_owned),
        };
        vec![
            check("config", State::Ok, "/etc/x", None),
            check("secret", State::Bad, "can be read\u{1b} by others", Some("chmod 600 secret.txt")),
        ]
    }

    #[test]
    fn each_check_has_its_line_and_under_it_how_to_fix_it() {
        let expected = [
            " ok    config  /etc/x\n",
            " bad   secret  can be read\\u{1b} by others\n",
            "               fix: chmod 600 secret.txt\n",
        ];
        assert_eq!(lines(&checks(), false, None, false), expected.concat());
    }

    #[test]
    fn quietly_only_what_is_not_in_order_is_told() {
        assert!(!lines(&checks(), true, None, false).contains("config"));
        assert_eq!(lines(&checks()[..1], true, None, false), "");
    }

    #[test]
    fn colour_is_on_the_word_alone() {
        let text = lines(&checks(), false, None, true);
        assert!(text.starts_with(" \u{1b}[32mok  \u{1b}[0m  config"), "{text:?}");
    }

    #[test]
    fn a_narrow_terminal_breaks_lines_at_spaces_and_no_word() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a /a/very/long/path b", 6), ["a", "/a/very/long/path", "b"]);
        let text = lines(&checks(), false, Some(36), false);
        assert!(text.lines().all(|line| line.len() <= 36), "{text}");
    }
}
