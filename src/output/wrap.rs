//! Help that is read at a terminal, broken at its columns.

use textwrap::{Options, WordSplitter, fill};

/// The most columns that help takes, however wide the terminal is, and what it takes where there is none.
pub const HELP_COLUMNS: usize = 80;
/// Where a terminal is narrower, it breaks the lines itself.
const NARROW: usize = 40;

/// The columns for help on a terminal of this width; `None` off a terminal.
#[must_use]
pub fn help_columns(terminal: Option<usize>) -> usize {
    terminal.unwrap_or(HELP_COLUMNS).clamp(NARROW, HELP_COLUMNS)
}

/// One paragraph of at most `columns` columns, broken at blanks alone: an id, a path or a flag stays whole. `first`
/// stands before its first line, and as many blanks before the others.
#[must_use]
pub fn paragraph(text: &str, columns: usize, first: &str) -> String {
    let rest = " ".repeat(crate::output::text::width(first));
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(&rest)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    fill(text, options)
}

#[cfg(test)]
mod tests {
    use super::{help_columns, paragraph};
    use crate::output::text::width;

    #[test]
    fn help_is_as_wide_as_the_terminal_and_never_wider_than_80_columns() {
        let cases = [(None, 80), (Some(200), 80), (Some(80), 80), (Some(60), 60), (Some(7), 40)];
        for (terminal, columns) in cases {
            assert_eq!(help_columns(terminal), columns, "{terminal:?}");
        }
    }

    #[test]
    fn a_paragraph_is_broken_at_blanks_and_hangs_under_its_first_word() {
        let text = "Hangul is two columns wide: 홍길동 홍길동 홍길동, and --once-per stays whole";
        let broken = paragraph(text, 30, "  do  ");
        assert!(broken.lines().all(|line| width(line) <= 30), "{broken}");
        assert!(
            broken.starts_with("  do  Hangul")
                && broken.lines().skip(1).all(|line| line.starts_with("      "))
        );
        assert!(broken.contains("--once-per") && !broken.contains("홍길\n"), "{broken}");
        assert_eq!(
            paragraph("https://example.com/a/long/address", 10, ""),
            "https://example.com/a/long/address"
        );
    }
}
