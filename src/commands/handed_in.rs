//! What `batch` and `customer import` share of the files that people hand in.

use std::io::{self, IsTerminal, StdinLock};
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::failure::{Failure, Kind};
use crate::intake::{self, Format, Hidden, How, Read, Take, Unreadable, Wanted};

/// How a file that is handed in is to be read.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArgs {
    /// How FILE is written [default: by its name and its first bytes]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "What to read")]
    pub input_format: Option<InputFormat>,

    /// The sheet of a workbook that is meant, where more than one has data
    #[arg(long, value_name = "NAME", help_heading = "What to read")]
    pub sheet: Option<String>,

    /// What becomes of hidden and filtered rows and columns of a workbook [default: refuse it]
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What to read")]
    pub hidden: Option<HiddenCells>,
}

/// What becomes of what a workbook hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HiddenCells {
    /// Leave it out
    Skip,
    /// Read it as all the rest
    Take,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// A header, then a row a line: cells between `,`, `;` or tabs
    Csv,
    /// A JSON object a line
    Jsonl,
    /// A JSON array of objects
    Json,
    /// A workbook of Excel
    Xlsx,
}

impl InputArgs {
    fn how(&self) -> How {
        let format = self.input_format.map(|format| match format {
            InputFormat::Csv => Format::Csv,
            InputFormat::Jsonl => Format::Jsonl,
            InputFormat::Json => Format::Json,
            InputFormat::Xlsx => Format::Xlsx,
        });
        let hidden = self.hidden.map(|hidden| match hidden {
            HiddenCells::Skip => Hidden::Skip,
            HiddenCells::Take => Hidden::Take,
        });
        How { format, sheet: self.sheet.clone(), hidden }
    }
}

/// A file that was read, and what it is called.
pub(super) struct HandedIn {
    pub name: String,
    pub read: Read,
}

/// Reads all of a file, or of stdin; `hint` is a command that sends something into it. The error is of a file
/// that has no rows; what is wrong with its rows is in [`Read::problems`].
pub(super) fn read(
    file: &Path,
    args: &InputArgs,
    hint: &str,
    wanted: &Wanted,
    take: &mut Take<'_>,
) -> Result<HandedIn, Failure> {
    let (name, source) = if is_stdin(file) {
        ("stdin".to_owned(), intake::pipe(piped(hint)?))
    } else {
        (file.display().to_string(), intake::file(file))
    };
    let read = source.and_then(|source| intake::read(source, &args.how(), wanted, take));
    match read {
        Ok(read) => Ok(HandedIn { name, read }),
        Err(Unreadable::Io(error)) => {
            // Whoever names a file that cannot be read named the wrong one.
            Err(Failure { kind: Kind::Usage, ..Failure::io(format!("read {name}"), &error) })
        }
        Err(error) => Err(Failure::usage(format!("{name}: {error}"))),
    }
}

/// Every problem of a file: one as the message, several as lines under it.
pub(super) fn refused(name: &str, read: &Read) -> Failure {
    let sentences = read.problems.sentences(&read.places);
    if let ([problem], 0) = (sentences.as_slice(), read.problems.more()) {
        return Failure::usage(format!("{name}: {problem}"));
    }
    let failure = Failure::usage(format!("{name} has {} problems", read.problems.count()));
    let failure =
        sentences.into_iter().fold(failure, |failure, problem| failure.detailed(format!("  {problem}")));
    match read.problems.more() {
        0 => failure,
        more => failure.detailed(format!("  and {more} more")),
    }
}

/// Whether `-` was given for a file.
pub(super) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// What is sent into the program; the hint shows the command that does it.
fn piped(hint: &str) -> Result<StdinLock<'static>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(
            Failure::usage("stdin is a terminal; name a file, or send one into it").hinted(hint.to_owned())
        );
    }
    Ok(stdin.lock())
}

#[cfg(test)]
mod tests {
    use super::refused;
    use crate::intake::{Problems, Read};

    #[test]
    fn one_problem_is_the_message_and_many_are_lines_under_it() {
        let of = |lines: u64| {
            let mut problems = Problems::default();
            (0..lines).for_each(|line| problems.say(line + 2, None, "x"));
            refused("a.csv", &Read { problems, ..Read::default() })
        };
        assert_eq!((of(1).message.as_str(), of(1).details.len()), ("a.csv: line 2: x", 0));
        let many = of(198);
        assert_eq!(many.message, "a.csv has 198 problems");
        assert_eq!((many.details.len(), many.details[0].as_str()), (101, "  line 2: x"));
        assert_eq!(many.details[100], "  and 98 more");
    }
}
