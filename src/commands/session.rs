//! What every command is run with, and what becomes of its failure.

use std::io::{self, BufReader};

use jiff::tz::TimeZone;

use crate::failure::{Exit, Failure};
use crate::output::ui::{Complaint, Ui, is_broken_pipe};
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
    pub fn with_settings(&self, run: impl FnOnce(&Settings, &mut Ui) -> Result<Exit, Failure>) -> u8 {
        let settings = match Settings::resolve(&self.flags, &self.environment) {
            Ok(settings) => settings,
            Err(error) => return self.fail(&Failure::from(error)),
        };
        let mut ui = self.ui(&settings.presentation, settings.zone.clone());
        for warning in &settings.warnings {
            ui.warning(warning);
        }
        conclude(run(&settings, &mut ui), &mut ui)
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

    fn ui(&self, presentation: &Presentation, zone: TimeZone) -> Ui {
        let options = presentation.ui_options(&self.streams, zone);
        let stdin = Box::new(BufReader::new(io::stdin()));
        Ui::new(options, Box::new(io::stdout()), Box::new(io::stderr()), stdin)
    }
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

fn complain(failure: &Failure, ui: &mut Ui) -> u8 {
    let details = failure.details.join("\n");
    let exit = failure.kind.code();
    ui.error(&Complaint {
        kind: failure.kind.word(),
        message: &failure.message,
        details: (!details.is_empty()).then_some(&details),
        hints: &failure.hints,
        exit,
    });
    exit
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::answered;
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
            (Kind::Local, "cannot write the answer: No space left on device")
        );
    }
}
