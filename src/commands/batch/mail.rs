//! What a failed batch names where nobody watches: with `--quiet` its reader has the mail of a cron line alone
//! (contract, "Streams and formats"). How many rows came to what is told by the summary.

use std::path::{Path, absolute};

use jiff::Timestamp;

use crate::commands::batch::BatchArgs;
use crate::commands::batch::again::{Again, again};
use crate::commands::context::Context;
use crate::commands::handed_in::is_stdin;
use crate::commands::unwatched::{profile_asked_for, seoul_now};
use crate::failure::{Exit, Failure, Kind};
use crate::output::table::facts;
use crate::output::text::when;
use crate::settings::{Environment, Flags};

/// Names what failed: of a summary that is told already in lines of its own, of a failure in its details. `begun`
/// is when the batch did, which its period hangs on.
pub(super) fn named(
    result: Result<Exit, Failure>,
    args: &BatchArgs,
    begun: Timestamp,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    if !context.ui.quiet() || result == Ok(Exit::Done) {
        return result;
    }
    let at = when(context.now(), context.ui.zone());
    let rows = rows(args, at, context.settings.profile.clone());
    match result {
        Ok(Exit::With(kind)) => {
            let next = next(kind).zip(command(args, kind, begun, context));
            let next = next.map(|(words, command)| format!("  {words}\n    {command}\n"));
            context.ui.note(&format!("{}{}", facts(&rows), next.unwrap_or_default()));
            Ok(Exit::With(kind))
        }
        Ok(Exit::Done) => Ok(Exit::Done),
        Err(failure) => {
            let hint = next(failure.kind).filter(|_| failure.hints.is_empty());
            let hint = hint.zip(command(args, failure.kind, begun, context));
            let hint = hint.map(|(words, command)| format!("{words} {command}"));
            let failure = facts(&rows).lines().fold(failure, Failure::detailed);
            Err(hint.into_iter().fold(failure, Failure::hinted))
        }
    }
}

/// The same of a run that has no settings.
pub fn named_without_settings(
    failure: Failure,
    args: &BatchArgs,
    flags: &Flags,
    environment: &Environment,
) -> Failure {
    let rows = rows(args, seoul_now(), profile_asked_for(flags, environment));
    facts(&rows).lines().fold(failure, Failure::detailed)
}

fn rows(args: &BatchArgs, at: String, profile: String) -> [(&'static str, String); 3] {
    [("file", whole(&args.file)), ("time", at), ("profile", profile)]
}

/// What to do about the most serious of the rows; nothing where the line itself is wrong.
fn next(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Declined | Kind::Rejected => Some("When the customers have acted, the same rows again:"),
        Kind::Refused => Some("What is paid is not sent again. When the refused rows are put right:"),
        Kind::Unknown => Some("What may have been charged is asked about first. Later, the same rows again:"),
        Kind::Local | Kind::Config | Kind::Auth => {
            Some("What is paid is not sent again. When that is put right, the same rows again:")
        }
        Kind::Network | Kind::Interrupted | Kind::NotFound => {
            Some("What is paid is not sent again. To go on with the same rows:")
        }
        Kind::Alarm => Some(
            "All of it is charged. When two payments of one order are settled, to see that nothing is left:",
        ),
        Kind::Usage => None,
    }
}

fn command(args: &BatchArgs, kind: Kind, begun: Timestamp, context: &Context<'_>) -> Option<String> {
    let retry = matches!(kind, Kind::Declined | Kind::Rejected);
    again(args, if retry { Again::AskedRetry } else { Again::Asked }, begun, context.settings)
}

/// Where cron runs a line is not where its mail is read.
fn whole(file: &Path) -> String {
    if is_stdin(file) {
        return "-".to_owned();
    }
    absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}
