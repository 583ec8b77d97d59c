//! The command that goes on with what a batch has left.

use clap::ValueEnum;

use crate::commands::batch::BatchArgs;
use crate::commands::handed_in::is_stdin;
use crate::commands::pasted::command_with;
use crate::settings::Settings;

/// The same command again; `None` where the rows came from stdin, which nobody can name.
pub(super) fn again(args: &BatchArgs, settings: &Settings) -> Option<String> {
    if is_stdin(&args.file) {
        return None;
    }
    let file = args.file.to_str()?;
    let format = args
        .input
        .input_format
        .as_ref()
        .and_then(|format| Some(format.to_possible_value()?.get_name().to_owned()));
    let hidden =
        args.input.hidden.as_ref().and_then(|hidden| Some(hidden.to_possible_value()?.get_name().to_owned()));
    let results = args.results.as_deref().map(|path| path.to_str().map(str::to_owned));
    let results = match results {
        Some(None) => return None,
        Some(named) => named,
        None => None,
    };
    let given = [
        ("--input-format", format),
        ("--sheet", args.input.sheet.clone()),
        ("--hidden", hidden),
        ("--once-per", args.once_per.clone()),
        ("--plan", args.plan.clone()),
        ("--workers", (args.workers != BatchArgs::WORKERS).then(|| args.workers.to_string())),
        ("--rate", args.rate.clone()),
        ("--max-failures", args.max_failures.map(|count| count.to_string())),
        ("--results", results),
    ];
    let switches = [
        ("--retry-declined", args.retry_declined),
        ("--allow-similar", args.allow_similar),
        ("--yes", args.yes),
    ];
    let given = given.into_iter().filter_map(|(flag, value)| Some((flag, Some(value?))));
    let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| (flag, None));
    Some(command_with(settings, "batch", file, given.chain(switches).collect()))
}
