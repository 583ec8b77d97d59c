//! What every command is run with, and what becomes of its failure.

use std::io::{self, BufReader, Write};
use std::sync::Arc;

use clap::error::ErrorKind;
use jiff::tz::TimeZone;

use crate::clock::SystemClock;
use crate::commands::context::Context;
use crate::failure::{Exit, Failure, Kind};
use crate::output::options::is_broken_pipe;
use crate::output::ui::{Complaint, Ui};
use crate::settings::{Environment, Flags, Presentation, Settings, Streams};

/// One run of the program: everything that comes from outside.
#[derive(Clone, Debug)]
pub struct Session {
    pub flags: Flags,
    pub environment: Environment,
    pub streams: Streams,
    /// Builds the whole command line, for help, completions and manual pages. It is given from
    /// above: commands know nothing of the command line they are part of.
    pub root: fn() -> clap::Command,
}

impl Session {
    /// The whole command line.
    #[must_use]
    pub fn root(&self) -> clap::Command {
        (self.root)()
    }

    /// The same run with `--sandbox`.
    #[must_use]
    pub fn in_sandbox(&self) -> Session {
        Session { flags: Flags { sandbox: true, ..self.flags.clone() }, ..self.clone() }
    }

    /// Runs what needs the settings, and gives its exit code.
    pub fn with_settings(&self, run: impl FnOnce(&mut Context<'_>) -> Result<Exit, Failure>) -> u8 {
        self.with_settings_or(|failure| failure, run)
    }

    /// The same for what moves money: without settings nothing was sent, and that is said. `unwatched` names,
    /// with `--quiet`, what was to be done.
    pub fn with_settings_to_send(
        &self,
        unwatched: impl FnOnce(Failure) -> Failure,
        run: impl FnOnce(&mut Context<'_>) -> Result<Exit, Failure>,
    ) -> u8 {
        let unset = |failure: Failure| {
            let failure = failure.nothing_sent();
            if self.flags.quiet { unwatched(failure) } else { failure }
        };
        self.with_settings_or(unset, run)
    }

    fn with_settings_or(
        &self,
        unset: impl FnOnce(Failure) -> Failure,
        run: impl FnOnce(&mut Context<'_>) -> Result<Exit, Failure>,
    ) -> u8 {
        let settings = match Settings::resolve(&self.flags, &self.environment) {
            Ok(settings) => settings,
            Err(error) => return self.fail(&unset(Failure::from(error))),
        };
        let mut ui = self.ui(&settings.presentation, settings.zone.clone());
        for warning in &settings.warnings {
            ui.warning(warning);
        }
        let clock = Arc::new(SystemClock::start());
        let mut context = Context { settings: &settings, ui: &mut ui, clock, marks: None };
        let result = run(&mut context);
        context.tell_mark();
        conclude(result, &mut ui)
    }

    /// Runs what needs no settings, and gives its exit code. No file is read.
    pub fn without_settings(&self, run: impl FnOnce(&mut Ui) -> Result<Exit, Failure>) -> u8 {
        match Presentation::resolve(&self.flags, &self.environment) {
            Ok(presentation) => {
                let mut ui = self.ui(&presentation, TimeZone::UTC);
                conclude(run(&mut ui), &mut ui)
            }
            Err(error) => self.fail(&Failure::from(error)),
        }
    }

    /// Shows a failure that came before there was anything to run, and gives its exit code.
    pub fn fail(&self, failure: &Failure) -> u8 {
        let presentation = Presentation::resolve(&self.flags, &self.environment).unwrap_or_else(|_| {
            // Two formats were asked for; one of them is JSON.
            let flags = Flags { format: None, ..self.flags.clone() };
            Presentation::resolve(&flags, &self.environment).unwrap_or_default()
        });
        complain(failure, &mut self.ui(&presentation, TimeZone::UTC))
    }

    /// Shows what is wrong with a command line that clap did not take, and gives its exit code.
    pub fn fail_to_read(&self, error: &clap::Error) -> u8 {
        let presentation = Presentation::resolve(&self.flags, &self.environment).unwrap_or_default();
        if presentation.format.is_json() {
            return self.fail(&usage_failure(error));
        }
        let page = page(error, presentation.colour(self.streams.stderr_is_terminal));
        // Where stderr cannot be written, the exit code has to say it.
        let _ = io::stderr().write_all(page.as_bytes());
        Kind::Usage.code()
    }

    /// Prints a page of clap's, `--help` or `--version`, and gives its exit code.
    pub fn print(&self, page_asked_for: &clap::Error) -> u8 {
        let presentation = Presentation::resolve(&self.flags, &self.environment).unwrap_or_default();
        let page = page(page_asked_for, presentation.colour(self.streams.stdout_is_terminal));
        let mut stdout = io::stdout();
        let written = stdout.write_all(page.as_bytes()).and_then(|()| stdout.flush());
        answered(written, Exit::Done).map_or_else(|failure| self.fail(&failure), Exit::code)
    }

    fn ui(&self, presentation: &Presentation, zone: TimeZone) -> Ui {
        let options = presentation.ui_options(&self.streams, zone);
        let stdin = Box::new(BufReader::new(io::stdin()));
        let stdout: Box<dyn Write + Send> = if self.streams.stdout_is_terminal {
            Box::new(Terminal(io::stdout()))
        } else {
            Box::new(io::stdout())
        };
        Ui::new(options, stdout, Box::new(io::stderr()), stdin)
    }
}

/// Standard output at a terminal. One that is gone, because a window was closed or a connection ended, has no
/// reader: that is not a device that failed, though the system has one word for both.
struct Terminal<W>(W);

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(gone)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(gone)
    }
}

fn gone(error: io::Error) -> io::Error {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return io::ErrorKind::BrokenPipe.into();
    }
    error
}

/// What becomes of a command that has written its answer, or could not. A reader that went away
/// is no failure: the outcome's own exit code stands.
pub fn answered(written: io::Result<()>, exit: Exit) -> Result<Exit, Failure> {
    match written {
        Ok(()) => Ok(exit),
        Err(error) if is_broken_pipe(&error) => Ok(exit),
        Err(error) => Err(Failure::io("write the answer", &error)),
    }
}

fn conclude(result: Result<Exit, Failure>, ui: &mut Ui) -> u8 {
    match result {
        Ok(exit) => exit.code(),
        Err(failure) => complain(&failure, ui),
    }
}

/// Shows a failure and gives its exit code: the command's own, or that of one of many that the
/// command goes on after.
pub(in crate::commands) fn complain(failure: &Failure, ui: &mut Ui) -> u8 {
    let details = failure.details.join("\n");
    let exit = failure.kind.code();
    ui.error(&Complaint {
        kind: failure.kind.word(),
        message: &failure.sentences(),
        details: (!details.is_empty()).then_some(&details),
        hints: &failure.hints,
        exit,
    });
    if ui.options().verbose {
        failure.causes.iter().for_each(|cause| ui.note(&format!("  cause: {cause}")));
    }
    exit
}

fn page(error: &clap::Error, colour: bool) -> String {
    let text = error.render();
    if colour { text.ansi().to_string() } else { text.to_string() }
}

/// A command line that clap did not take, for programs: the first paragraph says what is wrong.
fn usage_failure(error: &clap::Error) -> Failure {
    let kinds = [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if kinds.contains(&error.kind()) {
        return Failure::usage("no command was given").hinted("`billkey help` lists the commands.");
    }
    let text = error.render().to_string();
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text
        .split("\n\n")
        .map(one_line)
        .filter(|text| !text.is_empty() && !text.starts_with("For more information"));
    let message = paragraphs.next().unwrap_or_default();
    let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(&message));
    paragraphs.fold(failure, Failure::hinted)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use clap::{Arg, Command};

    use super::{answered, usage_failure};
    use crate::failure::{Exit, Kind};

    #[test]
    fn a_reader_that_went_away_changes_no_exit_code() {
        let gone = || Err(Error::from(ErrorKind::BrokenPipe));
        assert_eq!(answered(gone(), Exit::Done), Ok(Exit::Done));
        assert_eq!(answered(gone(), Exit::With(Kind::Unknown)), Ok(Exit::With(Kind::Unknown)));
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_a_local_failure() {
        let failure = answered(Err(Error::from_raw_os_error(28)), Exit::Done).unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (Kind::Local, "cannot write the answer: no space left on device")
        );
    }

    #[test]
    fn a_wrong_line_is_told_in_one_sentence() {
        let command = || {
            let amount = Arg::new("amount").long("amount").value_name("AMOUNT").required(true);
            Command::new("billkey").arg(amount)
        };
        let failure = usage_failure(&command().try_get_matches_from(["billkey"]).unwrap_err());
        assert_eq!(failure.message, "the following required arguments were not provided: --amount <AMOUNT>");
        assert_eq!(failure.hints, ["Usage: billkey --amount <AMOUNT>"]);
        let helpful = command().arg_required_else_help(true);
        let failure = usage_failure(&helpful.try_get_matches_from(["billkey"]).unwrap_err());
        assert_eq!(failure.message, "no command was given");
    }
}
