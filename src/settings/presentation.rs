//! How to answer: what flags, environment and streams say of it. No file is read, so that an error
//! about the file comes out in the right form.

use std::io::IsTerminal;

use jiff::tz::TimeZone;

use crate::output::Format;
use crate::output::colour::{ColourChoice, colour_wanted};
use crate::output::options::UiOptions;
use crate::settings::Flags;
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;

/// What stdin, stdout and stderr are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// Columns of the terminal behind stdout; `None` off a terminal.
    pub width: Option<usize>,
    /// The same behind stderr.
    pub width_stderr: Option<usize>,
}

impl Streams {
    /// The process's own.
    #[must_use]
    pub fn of_process() -> Streams {
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Streams {
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal,
            width: if stdout_is_terminal { columns(std::io::stdout()) } else { None },
            width_stderr: if stderr_is_terminal { columns(std::io::stderr()) } else { None },
        }
    }
}

/// A terminal that does not know its size says 0.
#[cfg(unix)]
fn columns(terminal: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns<T>(_terminal: T) -> Option<usize> {
    None
}

/// How to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    pub format: Format,
    pub quiet: bool,
    /// Whether questions may be asked, if there is somebody to ask.
    pub input: bool,
    pub verbose: bool,
    pub bom: bool,
    colour: ColourChoice,
    no_color: Option<String>,
    clicolor_force: Option<String>,
    term: Option<String>,
}

impl Presentation {
    pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Presentation, SettingsError> {
        let format = match (flags.json, flags.format) {
            (false, format) => format.unwrap_or_default(),
            (true, None | Some(Format::Json)) => Format::Json,
            (true, Some(Format::Table | Format::Plain | Format::Jsonl | Format::Csv)) => {
                return Err(SettingsError::usage("--json and --format ask for two different formats")
                    .hinted("--json is short for --format json; leave one of them out."));
            }
        };
        Ok(Presentation {
            format,
            quiet: flags.quiet,
            input: !flags.no_input,
            verbose: flags.verbose,
            bom: flags.bom,
            colour: flags.color,
            no_color: environment.lossy("NO_COLOR"),
            clicolor_force: environment.lossy("CLICOLOR_FORCE"),
            term: environment.lossy("TERM"),
        })
    }

    /// Whether a stream gets colour.
    #[must_use]
    pub fn colour(&self, is_terminal: bool) -> bool {
        colour_wanted(
            self.colour,
            is_terminal,
            self.no_color.as_deref(),
            self.clicolor_force.as_deref(),
            self.term.as_deref(),
        )
    }

    /// All of it as `output` takes it.
    #[must_use]
    pub fn ui_options(&self, streams: &Streams, zone: TimeZone) -> UiOptions {
        UiOptions {
            format: self.format,
            colour_stdout: self.colour(streams.stdout_is_terminal),
            colour_stderr: self.colour(streams.stderr_is_terminal),
            stderr_is_terminal: streams.stderr_is_terminal,
            quiet: self.quiet,
            interactive: self.input && streams.stdin_is_terminal && streams.stderr_is_terminal,
            zone,
            width: streams.width,
            width_stderr: streams.width_stderr,
            csv_bom: self.bom,
            verbose: self.verbose,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Presentation, Streams};
    use crate::output::Format;
    use crate::settings::Flags;
    use crate::settings::environment::{Environment, Folders};

    fn terminal() -> Streams {
        Streams {
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            stderr_is_terminal: true,
            width: Some(80),
            width_stderr: Some(80),
        }
    }

    #[test]
    fn the_environments_words_on_colour_are_heard() {
        let colour = |variables: &[(&'static str, &str)], is_terminal| {
            let environment = Environment::of_values(variables, Folders::default());
            Presentation::resolve(&Flags::default(), &environment).unwrap().colour(is_terminal)
        };
        assert!(colour(&[], true) && !colour(&[], false));
        assert!(!colour(&[("NO_COLOR", "1")], true));
        assert!(colour(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!colour(&[("TERM", "dumb")], true));
    }

    #[test]
    fn json_is_short_for_the_format_and_clashes_with_another() {
        let environment = Environment::of_values(&[], Folders::default());
        let format = |json, format| {
            let flags = Flags { json, format, ..Flags::default() };
            Presentation::resolve(&flags, &environment).map(|presentation| presentation.format)
        };
        assert_eq!(format(false, None), Ok(Format::Table));
        assert_eq!(format(true, None), Ok(Format::Json));
        assert_eq!(format(true, Some(Format::Json)), Ok(Format::Json));
        assert!(format(true, Some(Format::Csv)).is_err());
    }

    #[test]
    fn questions_need_two_terminals_and_leave_to_ask() {
        let interactive = |streams: &Streams, no_input| {
            let flags = Flags { no_input, ..Flags::default() };
            let environment = Environment::of_values(&[], Folders::default());
            let presentation = Presentation::resolve(&flags, &environment).unwrap();
            presentation.ui_options(streams, TimeZone::UTC).interactive
        };
        assert!(interactive(&terminal(), false));
        assert!(!interactive(&terminal(), true));
        assert!(!interactive(&Streams { stdin_is_terminal: false, ..terminal() }, false));
        assert!(!interactive(&Streams { stderr_is_terminal: false, ..terminal() }, false));
        assert!(interactive(&Streams { stdout_is_terminal: false, ..terminal() }, false));
    }
}
