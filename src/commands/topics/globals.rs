//! What every command takes, on its line and from the environment. It is told once, and of the command line itself.

use clap::{Arg, Command};

use crate::commands::topics::{Part, Topic};
use crate::settings::VARIABLES;

/// The options of every command, as the command line has them.
#[must_use]
pub(in crate::commands) fn globals(root: &Command) -> Topic {
    let options = root.get_arguments().filter(|arg| arg.is_global_set());
    let entries = options.map(|arg| (term(arg), about(arg))).collect();
    let intro = "These go before or after the command. Flags beat environment variables, environment variables beat \
                 the config file (`billkey config show`); `billkey help environment` has the variables.";
    Topic {
        name: "globals",
        about: "the options that every command takes",
        parts: vec![Part::Prose(intro.to_owned()), Part::Entries(entries)],
    }
}

/// `-q, --quiet`, `--profile <NAME>`.
fn term(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let value = match arg.get_action().takes_values() {
        true => arg.get_value_names().and_then(<[_]>::first).map(|name| format!(" <{name}>")),
        false => None,
    };
    format!("{short}--{}{}", arg.get_long().unwrap_or_default(), value.unwrap_or_default())
}

fn about(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    // A paragraph of its own in the long help goes on in the line here.
    let mut sentences: Vec<String> = help.split("\n\n").map(stopped).collect();
    let takes = arg.get_action().takes_values();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| takes && !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({help})", value.get_name()),
            None => value.get_name().to_owned(),
        })
        .collect();
    if !values.is_empty() {
        sentences.push(stopped(&values.join("; ")));
    }
    sentences.join(" ")
}

fn stopped(sentence: &str) -> String {
    let sentence = sentence.trim().trim_end_matches('.');
    format!("{sentence}.")
}

/// The variables that are read.
#[must_use]
pub(in crate::commands) fn environment() -> Topic {
    let rows = VARIABLES.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect();
    let intro = "Variables that billkey reads. Flags beat them, and they beat the config file. One that is empty counts \
                 as not set. Programs that it starts do not see its key and its secret.";
    Topic {
        name: "environment",
        about: "the variables that are read",
        parts: vec![Part::Prose(intro.to_owned()), Part::Pairs { of: None, rows }],
    }
}
