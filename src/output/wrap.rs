//! Help and sentences that are read at a terminal, broken at its columns.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, fill};

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

/// Sentences as a terminal of so many columns shows them best; as they are off a terminal. They are broken at blanks
/// alone, and not within what can be pasted: between two backticks, and from a `billkey` to the end of the line,
/// where commands stand. `first` stands before the first line, and `rest` before the others.
pub(in crate::output) fn sentences(text: &str, columns: Option<usize>, first: &str, rest: &str) -> String {
    let Some(columns) = columns else { return format!("{first}{text}") };
    let options = Options::new(columns.max(NARROW))
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(WordSeparator::Custom(pieces));
    fill(text, options)
}

/// The same for text of several lines: those that are indented or laid out in columns stay as they are.
pub(in crate::output) fn lines_of_sentences(text: &str, columns: Option<usize>) -> String {
    let laid_out = |line: &str| line.starts_with(' ') || line.contains("  ");
    let told = text
        .split('\n')
        .map(|line| if laid_out(line) { line.to_owned() } else { sentences(line, columns, "", "") });
    told.collect::<Vec<_>>().join("\n")
}

/// What stays in one piece, each with the blanks behind it.
fn pieces(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut left = line;
    Box::new(std::iter::from_fn(move || {
        let (piece, after) = left.split_at(end_of_piece(left));
        left = after;
        (!piece.is_empty()).then(|| Word::from(piece))
    }))
}

fn end_of_piece(text: &str) -> usize {
    if text.starts_with("billkey ") {
        return text.len();
    }
    let (mut quoted, mut after_blank) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            ' ' if !quoted => after_blank = true,
            _ if after_blank => return at,
            '`' => quoted = !quoted,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{help_columns, lines_of_sentences, paragraph, sentences};
    use crate::output::text::width;

    #[test]
    fn help_is_as_wide_as_the_terminal_and_never_wider_than_80_columns() {
        let cases = [(None, 80), (Some(200), 80), (Some(80), 80), (Some(60), 60), (Some(7), 40)];
        for (terminal, columns) in cases {
            assert_eq!(help_columns(terminal), columns, "{terminal:?}");
        }
    }

    #[test]
    fn sentences_are_broken_at_the_terminals_columns_and_nowhere_else() {
        let text =
            "거절: [CC10] 통장 잔액부족 (not enough money in the account). Nothing was charged to the card.";
        assert_eq!(sentences(text, None, "error: ", "       "), format!("error: {text}"));
        assert_eq!(sentences(text, Some(200), "", "  "), text);
        let broken = sentences(text, Some(50), "error: ", "       ");
        assert!(broken.lines().count() > 1 && broken.lines().all(|line| width(line) <= 50), "{broken}");
        assert_eq!(broken.split_whitespace().collect::<Vec<_>>().join(" "), format!("error: {text}"));
        let narrow = sentences(text, Some(3), "", "");
        assert!(
            narrow.lines().any(|line| width(line) > 20),
            "a terminal of 3 columns breaks the lines itself"
        );
    }

    #[test]
    fn what_can_be_pasted_is_never_broken() {
        let command =
            "billkey charge gildong_0001_1234 --amount 8900 --name 'a b c' --merchant-uid order_0001";
        let quoted = "`billkey config show --profile main` says where they are from";
        let id = "order_of_a_very_long_name_that_is_wider_than_the_terminal_0001";
        for columns in 1..120 {
            let broken =
                sentences(&format!("the card is new; this saves it: {command}"), Some(columns), "", "  ");
            assert!(broken.contains(command), "{columns}: {broken}");
            let broken = sentences(&format!("to see it, {quoted}, and {id} too"), Some(columns), "", "  ");
            assert!(broken.contains("`billkey config show --profile main`"), "{columns}: {broken}");
            assert!(broken.contains(id), "{columns}: {broken}");
        }
    }

    #[test]
    fn what_is_laid_out_stays_as_it_is() {
        let text = "One sentence that is longer than the terminal is wide, and goes on\n  order    order_0001   \
                    ₩8,900   홍길동  gildong_0001_1234\nTEST  30 rows   30 to send   and more of them\n";
        let told = lines_of_sentences(text, Some(40));
        assert!(told.starts_with("One sentence that is longer than the\nterminal is wide"), "{told}");
        assert_eq!(told.lines().skip(2).collect::<Vec<_>>(), text.lines().skip(1).collect::<Vec<_>>());
        assert_eq!(lines_of_sentences(text, None), text);
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
