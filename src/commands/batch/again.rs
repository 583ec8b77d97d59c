//! The command that goes on with what a batch has left.

use std::path::{Path, absolute};

use clap::ValueEnum;
use jiff::Timestamp;

use crate::commands::batch::{BatchArgs, WORKERS};
use crate::commands::handed_in::is_stdin;
use crate::commands::pasted::command_with;
use crate::domain::period::{Period, business_date};
use crate::settings::Settings;

/// How the same rows are charged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// As they were this time.
    AsBefore,
    /// By a person, who is asked.
    Asked,
    /// By a person, who is asked, and what was declined or refused once more.
    AskedRetry,
}

/// The same batch as a command that can be pasted anywhere and at any time: the file by its whole path, the period by
/// its name, because the next month's is another one. `begun` is when the batch did. `None` where the rows came from
/// stdin, which nobody can name.
pub(super) fn again(args: &BatchArgs, how: Again, begun: Timestamp, settings: &Settings) -> Option<String> {
    if is_stdin(&args.file) {
        return None;
    }
    let file = whole(&args.file)?;
    let results = match args.results.as_deref() {
        Some(path) => Some(whole(path)?),
        None => None,
    };
    let period = args.once_per.as_ref().map(|text| {
        Period::parse(text, business_date(begun)).map_or(text.clone(), |period| period.as_str().to_owned())
    });
    let given = [
        ("--input-format", word(args.input.input_format.as_ref())),
        ("--sheet", args.input.sheet.clone()),
        ("--hidden", word(args.input.hidden.as_ref())),
        ("--once-per", period),
        ("--plan", args.plan.clone()),
        ("--workers", (args.workers != WORKERS).then(|| args.workers.to_string())),
        ("--rate", args.rate.clone()),
        ("--max-failures", args.max_failures.map(|count| count.to_string())),
        ("--results", results),
    ];
    let switches = [
        ("--retry-declined", args.retry_declined || how == Again::AskedRetry),
        ("--beyond-rules", args.beyond_rules),
        ("--allow-similar", args.allow_similar),
        ("--yes", args.yes && how == Again::AsBefore),
    ];
    let given = given.into_iter().filter_map(|(flag, value)| Some((flag, Some(value?))));
    let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| (flag, None));
    Some(command_with(settings, "batch", &file, given.chain(switches).collect()))
}

/// As it is written on a command line.
fn word(value: Option<&impl ValueEnum>) -> Option<String> {
    Some(value?.to_possible_value()?.get_name().to_owned())
}

/// Where a line ran is not where it is pasted. `None` for a name that is no text.
fn whole(path: &Path) -> Option<String> {
    absolute(path).ok()?.to_str().map(str::to_owned)
}
