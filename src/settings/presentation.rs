//! How to answer: what flags and environment say of it. No file is read, so that an error about
//! the file comes out in the right form.

use crate::output::Format;
use crate::settings::Flags;
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    Always,
    Never,
}

/// How to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    pub format: Format,
    pub color: Color,
    pub quiet: bool,
    /// Whether questions may be asked, if there is somebody to ask.
    pub input: bool,
    pub verbose: bool,
}

/// Whether to use colour, once it is known where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    Yes,
    No,
    OnTerminal,
}

impl Color {
    #[must_use]
    pub fn on(self, is_terminal: bool) -> bool {
        match self {
            Color::Yes => true,
            Color::No => false,
            Color::OnTerminal => is_terminal,
        }
    }
}

impl Presentation {
    pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Presentation, SettingsError> {
        let format = match (flags.json, flags.format) {
            (false, None) => Format::Table,
            (false, Some(format)) => format,
            (true, None | Some(Format::Json)) => Format::Json,
            (true, Some(Format::Table | Format::Plain | Format::Jsonl | Format::Csv)) => {
                return Err(SettingsError::usage("--json and --format ask for two different formats")
                    .hinted("--json is short for --format json; leave one of them out."));
            }
        };
        Ok(Presentation {
            format,
            color: color(flags.color, environment),
            quiet: flags.quiet,
            input: !flags.no_input,
            verbose: flags.verbose,
        })
    }
}

/// The flag decides; then NO_COLOR (no-color.org), CLICOLOR_FORCE (bixense.com/clicolors) and a
/// terminal that calls itself dumb.
fn color(choice: ColorChoice, environment: &Environment) -> Color {
    match choice {
        ColorChoice::Always => Color::Yes,
        ColorChoice::Never => Color::No,
        ColorChoice::Auto if environment.lossy("NO_COLOR").is_some() => Color::No,
        ColorChoice::Auto if environment.lossy("CLICOLOR_FORCE").is_some_and(|value| value != "0") => {
            Color::Yes
        }
        ColorChoice::Auto if environment.lossy("TERM").as_deref() == Some("dumb") => Color::No,
        ColorChoice::Auto => Color::OnTerminal,
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, ColorChoice, Presentation};
    use crate::output::Format;
    use crate::settings::Flags;
    use crate::settings::environment::{Environment, Folders};

    fn colour(choice: ColorChoice, variables: &[(&'static str, &str)]) -> Color {
        let flags = Flags { color: choice, ..Flags::default() };
        let environment = Environment::of_values(variables, Folders::default());
        Presentation::resolve(&flags, &environment).unwrap().color
    }

    #[test]
    fn the_flag_beats_the_environment_and_no_color_beats_the_force() {
        assert_eq!(colour(ColorChoice::Auto, &[]), Color::OnTerminal);
        assert_eq!(colour(ColorChoice::Always, &[("NO_COLOR", "1")]), Color::Yes);
        assert_eq!(colour(ColorChoice::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), Color::No);
        assert_eq!(colour(ColorChoice::Auto, &[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")]), Color::Yes);
        assert_eq!(colour(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")]), Color::OnTerminal);
        assert_eq!(colour(ColorChoice::Auto, &[("TERM", "dumb")]), Color::No);
        assert_eq!(colour(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")]), Color::No);
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
}
