//! Colour: whether there is any, and which. Meaning never hangs on it alone.

use anstyle::{AnsiColor, Reset};

use crate::domain::payment::Outcome;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColourChoice {
    pub const ALL: [ColourChoice; 3] = [ColourChoice::Auto, ColourChoice::Always, ColourChoice::Never];

    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ColourChoice::Auto => "auto",
            ColourChoice::Always => "always",
            ColourChoice::Never => "never",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<ColourChoice> {
        ColourChoice::ALL.into_iter().find(|choice| choice.word() == word)
    }
}

/// Whether a stream gets colour. The flag beats the environment; `NO_COLOR` (no-color.org: set and
/// not empty) beats `CLICOLOR_FORCE` (set and not `0`), which beats `TERM=dumb` and what the stream
/// is.
#[must_use]
pub fn colour_wanted(
    choice: ColourChoice,
    is_terminal: bool,
    no_color: Option<&str>,
    clicolor_force: Option<&str>,
    term: Option<&str>,
) -> bool {
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if no_color.is_some_and(|value| !value.is_empty()) => false,
        ColourChoice::Auto if clicolor_force.is_some_and(|value| !value.is_empty() && value != "0") => true,
        ColourChoice::Auto => is_terminal && term != Some("dumb"),
    }
}

/// How a word looks on a terminal that has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Bold,
    Green,
    Red,
    Yellow,
    Dim,
}

impl Style {
    const ALL: [Style; 5] = [Style::Bold, Style::Green, Style::Red, Style::Yellow, Style::Dim];

    /// What a terminal is told.
    fn told(self) -> anstyle::Style {
        match self {
            Style::Bold => anstyle::Style::new().bold(),
            Style::Green => AnsiColor::Green.on_default(),
            Style::Red => AnsiColor::Red.on_default(),
            Style::Yellow => AnsiColor::Yellow.on_default(),
            Style::Dim => anstyle::Style::new().dimmed(),
        }
    }

    /// Stands for the style while a table is laid out: no columns wide, and never part of a value,
    /// because values are made safe first.
    fn mark(self) -> char {
        match self {
            Style::Bold => '\u{2060}',
            Style::Green => '\u{2061}',
            Style::Red => '\u{2062}',
            Style::Yellow => '\u{2063}',
            Style::Dim => '\u{2064}',
        }
    }
}

const END_MARK: char = '\u{206a}';

/// The style of an outcome's word.
#[must_use]
pub fn outcome_style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Paid => Style::Green,
        Outcome::Declined | Outcome::Rejected => Style::Red,
        Outcome::Unknown | Outcome::Pending => Style::Yellow,
        Outcome::NotSent => Style::Dim,
    }
}

/// The text in its style, or as it is when there is no colour.
#[must_use]
pub fn paint(text: &str, style: Style, colour: bool) -> String {
    let told = style.told();
    if colour && !text.is_empty() { format!("{told}{text}{told:#}") } else { text.to_owned() }
}

/// Marks a safe text for [`paint_marked`] without changing its width.
pub(in crate::output) fn mark(text: &str, style: Style) -> String {
    if text.is_empty() { String::new() } else { format!("{}{text}{END_MARK}", style.mark()) }
}

/// Turns marks into colour, or takes them out.
pub(in crate::output) fn paint_marked(line: &str, colour: bool) -> String {
    let style_of = |c: char| Style::ALL.into_iter().find(|style| style.mark() == c);
    let mut painted = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        match style_of(c) {
            Some(style) if colour => painted.push_str(&style.told().to_string()),
            None if c == END_MARK && colour => painted.push_str(&Reset.to_string()),
            None if c != END_MARK => painted.push(c),
            Some(_) | None => {}
        }
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::{ColourChoice, Style, colour_wanted, mark, outcome_style, paint, paint_marked};
    use crate::domain::payment::Outcome;
    use crate::output::text::{safe, width};

    #[test]
    fn the_flag_beats_the_environment_and_the_environment_the_stream() {
        use ColourChoice::{Always, Auto, Never};
        type Case =
            (ColourChoice, bool, Option<&'static str>, Option<&'static str>, Option<&'static str>, bool);
        let cases: [Case; 14] = [
            (Auto, true, None, None, Some("xterm"), true),
            (Auto, true, None, None, None, true),
            (Auto, false, None, None, Some("xterm"), false),
            (Auto, true, Some("1"), None, Some("xterm"), false),
            (Auto, true, Some("0"), None, Some("xterm"), false),
            (Auto, true, Some(""), None, Some("xterm"), true),
            (Auto, false, None, Some("1"), None, true),
            (Auto, false, None, Some("0"), None, false),
            (Auto, false, None, Some(""), None, false),
            (Auto, true, Some("1"), Some("1"), None, false),
            (Auto, true, None, None, Some("dumb"), false),
            (Auto, true, None, Some("1"), Some("dumb"), true),
            (Always, false, Some("1"), None, Some("dumb"), true),
            (Never, true, None, Some("1"), Some("xterm"), false),
        ];
        for (choice, terminal, no_color, force, term, wanted) in cases {
            let got = colour_wanted(choice, terminal, no_color, force, term);
            assert_eq!(got, wanted, "{choice:?} {terminal} {no_color:?} {force:?} {term:?}");
        }
    }

    #[test]
    fn marks_take_no_columns_and_no_value_can_hold_one() {
        for style in Style::ALL {
            let marked = mark("홍", style);
            assert_eq!(width(&marked), 2, "{style:?}");
            assert!(!safe(&marked).chars().any(|c| c == style.mark()));
            assert_eq!(paint_marked(&marked, true), paint("홍", style, true));
            assert_eq!(paint_marked(&marked, false), "홍");
        }
    }

    #[test]
    fn outcomes_have_their_colours() {
        assert_eq!(paint("paid", outcome_style(Outcome::Paid), true), "\u{1b}[32mpaid\u{1b}[0m");
        assert_eq!(paint("declined", outcome_style(Outcome::Declined), true), "\u{1b}[31mdeclined\u{1b}[0m");
        assert_eq!(paint("paid", outcome_style(Outcome::Paid), false), "paid");
    }
}
