//! One manual page, in the order and under the names that section 1 has for its parts (man-pages(7)). What
//! `--help` prints beneath the options is one text; here its examples and exit codes are sections of their own.

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::commands::topics::{Part, Topic};

/// What stands on the left of every page's foot.
const SOURCE: &str = concat!("billkey ", env!("CARGO_PKG_VERSION"));

/// Pages of one version are the same whenever they are written. An empty word would be left out, and the source take
/// its place.
const NO_DATE: &str = " ";

/// The page of a built command, or nothing where it cannot be rendered.
pub(super) fn of_command(command: &clap::Command) -> Option<Vec<u8>> {
    let man = Man::new(command.clone()).date(NO_DATE).source(SOURCE);
    let mut page = Vec::new();
    man.render_title(&mut page).ok()?;
    man.render_name_section(&mut page).ok()?;
    man.render_synopsis_section(&mut page).ok()?;
    man.render_description_section(&mut page).ok()?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut page).ok()?;
    }
    if command.get_subcommands().any(|subcommand| !subcommand.is_hide_set()) {
        man.render_subcommands_section(&mut page).ok()?;
    }
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    let after = after.map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    let Beneath { notes, exit_codes, examples } = Beneath::of(&after);
    if !notes.is_empty() {
        roff.control("SH", ["NOTES"]);
        notes.iter().for_each(|paragraph| lines(&mut roff, paragraph));
    }
    if !exit_codes.is_empty() {
        roff.control("SH", ["EXIT STATUS"]);
        for (codes, meaning) in exit_items(&exit_codes) {
            roff.control("TP", []);
            roff.text([bold(codes)]);
            roff.text([roman(meaning)]);
        }
    }
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        as_is(&mut roff, examples.iter().map(|line| line.strip_prefix("  ").unwrap_or(line)));
    }
    see_also(&mut roff, command.get_display_name().unwrap_or_default() != "billkey");
    roff.to_writer(&mut page).ok()?;
    Some(page)
}

/// The page of a topic, in section 7.
pub(super) fn of_topic(topic: &Topic) -> Option<Vec<u8>> {
    let mut roff = Roff::new();
    let title = format!("billkey-{}", topic.name);
    roff.control("TH", [title.as_str(), "7", NO_DATE, SOURCE]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{title} - {}", topic.about))]);
    roff.control("SH", ["DESCRIPTION"]);
    for part in &topic.parts {
        match part {
            Part::Heading(text) => {
                roff.control("SH", [*text]);
            }
            Part::Prose(text) => {
                roff.control("PP", []);
                roff.text([roman(text)]);
            }
            Part::AsIs(text) => as_is(&mut roff, text.lines()),
            Part::Entries(entries) => terms(&mut roff, entries),
            Part::Pairs { of, rows } => {
                if let Some(of) = of {
                    roff.control("SS", [*of]);
                }
                terms(&mut roff, rows);
            }
            Part::ExitCodes(codes) => {
                for line in *codes {
                    roff.control("TP", []);
                    roff.text([bold(line.code.to_string())]);
                    roff.text([roman(format!(
                        "{}. Run the same command again? {}.",
                        line.meaning, line.again
                    ))]);
                }
            }
        }
    }
    see_also(&mut roff, true);
    let mut page = Vec::new();
    roff.to_writer(&mut page).ok()?;
    Some(page)
}

fn see_also(roff: &mut Roff, with_root: bool) {
    let root = if with_root { "billkey(1), " } else { "" };
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(format!("{root}billkey-exit-codes(7), billkey-states(7)"))]);
}

fn terms(roff: &mut Roff, rows: &[(String, String)]) {
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(text)]);
    }
}

/// A paragraph; lines that are indented, such as commands, are not broken.
fn lines(roff: &mut Roff, paragraph: &[&str]) {
    roff.control("PP", []);
    let prose: Vec<&str> = paragraph.iter().copied().take_while(|line| !line.starts_with(' ')).collect();
    if !prose.is_empty() {
        roff.text([roman(prose.join(" "))]);
    }
    as_is(roff, paragraph.iter().skip(prose.len()).map(|line| line.strip_prefix("  ").unwrap_or(line)));
}

fn as_is<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() {
        return;
    }
    roff.control("PP", []);
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// What stands beneath the options.
#[derive(Debug, Default, PartialEq, Eq)]
struct Beneath<'a> {
    /// Paragraphs, each as its lines.
    notes: Vec<Vec<&'a str>>,
    exit_codes: Vec<&'a str>,
    examples: Vec<&'a str>,
}

impl<'a> Beneath<'a> {
    fn of(text: &'a str) -> Beneath<'a> {
        let mut beneath = Beneath::default();
        for paragraph in text.split("\n\n") {
            let lines: Vec<&str> = paragraph.lines().collect();
            match lines.split_first() {
                Some((&"Examples:", rest)) => beneath.examples.extend(rest),
                Some((&"Exit codes:", rest)) => beneath.exit_codes.extend(rest),
                Some(_) => beneath.notes.push(lines),
                None => {}
            }
        }
        beneath
    }
}

/// Codes and what they mean. A line has several, parted by blanks, or goes on with the one above.
fn exit_items(lines: &[&str]) -> Vec<(String, String)> {
    let mut items: Vec<(String, String)> = Vec::new();
    for line in lines {
        for item in line.trim().split("   ").map(str::trim).filter(|item| !item.is_empty()) {
            let words: Vec<&str> = item.split(' ').collect();
            let is_code = |word: &&&str| word.trim_end_matches(',').bytes().all(|byte| byte.is_ascii_digit());
            let codes = words.iter().take_while(is_code).count();
            match (items.last_mut(), codes) {
                (Some((_, meaning)), 0) => *meaning = format!("{meaning} {item}"),
                (_, codes) => {
                    let (codes, meaning) = words.split_at(codes);
                    items.push((codes.join(" "), meaning.join(" ")));
                }
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::{Beneath, exit_items, of_command, of_topic};
    use crate::commands::topics::{exit_codes, states};

    const HELP: &str = "A note.\n\nExamples:\n  billkey x \\\n      --y\n\nExit codes:\n  0 done   10 not there\n  \
                        8 not sure, and\n    so on\n  1, 2 as usual; see `x`";

    #[test]
    fn examples_and_exit_codes_are_sections_of_their_own() {
        let mut command = Command::new("x").about("Do x").after_long_help(HELP);
        command.build();
        let page = String::from_utf8(of_command(&command).unwrap()).unwrap();
        let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "NOTES",
            "\"EXIT STATUS\"",
            "EXAMPLES",
            "\"SEE ALSO\"",
        ];
        assert_eq!(sections, expected, "{page}");
        assert!(page.contains(".nf\nbillkey x \\\\\n    \\-\\-y\n.fi"), "{page}");
    }

    #[test]
    fn a_help_text_is_parted_by_its_headings() {
        let beneath = Beneath::of(HELP);
        assert_eq!(beneath.notes, [["A note."]]);
        assert_eq!(beneath.examples, ["  billkey x \\", "      --y"]);
        let items = exit_items(&beneath.exit_codes);
        let items: Vec<(&str, &str)> =
            items.iter().map(|(code, text)| (code.as_str(), text.as_str())).collect();
        let expected =
            [("0", "done"), ("10", "not there"), ("8", "not sure, and so on"), ("1, 2", "as usual; see `x`")];
        assert_eq!(items, expected);
    }

    #[test]
    fn topics_are_pages_of_section_7() {
        let page = String::from_utf8(of_topic(&states()).unwrap()).unwrap();
        for part in [".TH billkey-states 7 \" \" \"billkey ", ".SH NAME", ".SS not_sent", "\\fBnever\\fR"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let page = String::from_utf8(of_topic(&exit_codes()).unwrap()).unwrap();
        assert!(page.contains("\\fB130\\fR\ninterrupted before"), "{page}");
    }
}
