//! The command line: global flags and the command. Reads no environment and does no IO.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};

use crate::commands::Command;
use crate::commands::help::dressed;
use crate::commands::version::long_version;
use crate::commands::whole::whole;
use crate::output::Format;
use crate::output::colour::ColourChoice;
use crate::settings::Flags;

const AFTER_HELP: &str = "\
Try it without an account, a key or a card:
  billkey --sandbox charge gildong_0001_1234 --amount 8900 --name Monthly \\
      --once-per month --yes

`billkey help COMMAND` says all about a command, `billkey help TOPIC` about
  globals      the options that every command takes: --profile, --json, ...
  exit-codes   how billkey ends, and whether to run the same command again
  states       was the customer charged, and what to do
  sandbox      the gateway inside this program
  columns      what a line of an export has
  environment  the variables that are read";

/// Charge saved cards through I'mport (PortOne V1), once each
///
/// billkey charges cards whose billing keys were registered at I'mport, keeps a ledger of what was
/// asked for and answered, and never charges the same merchant_uid twice. Whatever goes wrong, it
/// says whether the customer was charged.
#[derive(Debug, Parser)]
#[command(
    name = "billkey",
    version,
    long_version = long_version(),
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that are taken before and after the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Use this profile of the config file [env: BILLKEY_PROFILE]
    #[arg(long, value_name = "NAME", global = true)]
    pub profile: Option<String>,

    /// Read this config file [env: BILLKEY_CONFIG]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Keep the ledger in this file [env: BILLKEY_DATABASE]
    #[arg(long, value_name = "FILE", global = true)]
    pub database: Option<PathBuf>,

    /// Run against a gateway inside this program: no key, no network, no money
    ///
    /// The sandbox has a ledger and a book of its own; profiles and BILLKEY_DATABASE do not count.
    /// See `billkey help sandbox`.
    #[arg(long, global = true)]
    pub sandbox: bool,

    /// How to write the answer [default: table]
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub format: Option<Format>,

    /// Short for --format json
    #[arg(long, global = true)]
    pub json: bool,

    /// Begin CSV with a byte order mark, for Excel
    #[arg(long, global = true)]
    pub bom: bool,

    /// Say nothing on success
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Ask nothing: what needs a yes is refused (exit 8)
    #[arg(long, global = true)]
    pub no_input: bool,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: ColourChoice,

    /// How many seconds a charge waits for its answer, 1 to 3600 [default: 60]
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = whole::<u32>(1..=3600),
        allow_negative_numbers = true,
        global = true
    )]
    pub timeout: Option<u32>,

    /// Show requests and answers on stderr, secrets masked
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

impl GlobalArgs {
    /// The flags as `settings` takes them.
    #[must_use]
    pub fn flags(self) -> Flags {
        let GlobalArgs {
            profile,
            config,
            database,
            sandbox,
            format,
            json,
            bom,
            quiet,
            no_input,
            color,
            timeout,
            verbose,
        } = self;
        Flags {
            profile,
            config,
            database,
            sandbox,
            format,
            json,
            bom,
            quiet,
            no_input,
            color,
            timeout_s: timeout,
            verbose,
        }
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Format] {
        &Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Format::Table => "for people",
            Format::Plain => "tab-separated, without decoration",
            Format::Json => "one object, or one array for lists",
            Format::Jsonl => "one object a line, as it happens",
            Format::Csv => "RFC 4180 with a header, safe for a spreadsheet",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

impl ValueEnum for ColourChoice {
    fn value_variants<'a>() -> &'a [ColourChoice] {
        &ColourChoice::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            ColourChoice::Auto => "on a terminal, unless NO_COLOR or TERM=dumb say otherwise",
            ColourChoice::Always => "off a terminal too",
            ColourChoice::Never => "not at all",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

/// The whole command line, for help, completions and manual pages.
#[must_use]
pub fn root() -> clap::Command {
    Cli::command()
}

/// Reads the arguments, the program's name first.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = dressed(root()).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// The flags that say how an error is written, from a command line that clap did not take. What it
/// cannot make out it leaves out.
#[must_use]
pub fn flags_of_the_unreadable(arguments: &[OsString]) -> Flags {
    let mut flags = Flags::default();
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        match name {
            "--" => break,
            "--json" => flags.format = Some(Format::Json),
            "--format" => flags.format = value.or_else(|| words.next()).and_then(Format::from_word),
            "--color" => {
                let choice = value.or_else(|| words.next()).and_then(ColourChoice::from_word);
                flags.color = choice.unwrap_or_default();
            }
            _ => {}
        }
    }
    flags
}

#[cfg(test)]
mod tests;
