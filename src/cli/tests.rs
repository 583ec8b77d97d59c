use std::ffi::OsString;
use std::fs;
use std::path::Path;

use clap_complete::Shell;

use super::{Cli, flags_of_the_unreadable, parse, root};
use crate::commands::Command;
use crate::commands::completions::script;
use crate::commands::history::{HistoryArgs, HistoryCommand};
use crate::output::Format;
use crate::output::text::safe_lines;
use crate::settings::Flags;

fn words(line: &[&str]) -> Vec<OsString> {
    std::iter::once("billkey").chain(line.iter().copied()).map(OsString::from).collect()
}

fn read(line: &[&str]) -> Cli {
    parse(&words(line)).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

fn flags(line: &[&str]) -> Flags {
    read(line).global.flags()
}

fn history(line: &[&str]) -> HistoryArgs {
    let Command::History(args) = read(line).command else { panic!("{line:?}") };
    args
}

/// Every command without further commands of its own.
fn leaves(command: &clap::Command) -> Vec<clap::Command> {
    let mut found: Vec<clap::Command> = command.get_subcommands().flat_map(leaves).collect();
    if !command.is_subcommand_required_set() {
        found.push(command.clone());
    }
    found
}

/// The examples of a help text, as a shell would split them.
fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace(" \\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("  billkey "));
    lines.map(|line| shell_words(line.split(" > ").next().unwrap_or(line))).collect()
}

fn shell_words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate().flat_map(|(index, part)| {
        let quoted = index % 2 == 1;
        let words: Vec<&str> = if quoted { vec![part] } else { part.split_whitespace().collect() };
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    parts.collect()
}

#[test]
fn clap_finds_nothing_wrong_with_it() {
    root().debug_assert();
}

#[test]
fn every_command_says_what_when_and_how_it_ends() {
    for command in leaves(&root()) {
        let name = command.get_name();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && !about.ends_with('.'), "{name}: {about}");
        let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Exit codes:"), "{name}");
        let examples = examples(&help);
        assert!(examples.len() >= 2, "{name}: {examples:?}");
        for example in examples {
            let line: Vec<&str> = example.iter().map(String::as_str).collect();
            read(&line);
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            let id = argument.get_id();
            assert!(argument.get_help().is_some(), "{name} {id}");
            assert!(argument.is_positional() || argument.get_help_heading().is_some(), "{name} {id}");
        }
    }
}

#[test]
fn global_flags_are_taken_before_and_after_the_command() {
    for line in [
        &["--sandbox", "--json", "--timeout", "5", "--database", "x.db", "customer", "list"][..],
        &["customer", "list", "--sandbox", "--json", "--timeout", "5", "--database", "x.db"],
        &["customer", "--sandbox", "--json", "list", "--timeout=5", "--database=x.db"],
    ] {
        let flags = flags(line);
        assert!(flags.sandbox && flags.json, "{line:?}");
        assert_eq!((flags.timeout_s, flags.database), (Some(5), Some("x.db".into())), "{line:?}");
    }
}

#[test]
fn a_time_out_is_one_second_to_one_hour() {
    for seconds in ["0", "3601", "-1", "1.5", "1m", ""] {
        assert!(parse(&words(&["--timeout", seconds, "history"])).is_err(), "{seconds}");
    }
    assert_eq!(flags(&["--timeout", "3600", "history"]).timeout_s, Some(3600));
}

#[test]
fn history_lists_and_shows() {
    assert!(history(&["history"]).command.is_none());
    assert_eq!(history(&["history", "홍길동", "--since", "7d"]).list.text, ["홍길동"]);
    for line in [
        &["history", "show", "order_1"][..],
        &["history", "--json", "show", "order_1"],
        &["--sandbox", "history", "show", "--json", "order_1"],
    ] {
        match history(line).command {
            Some(HistoryCommand::Show(args)) => assert_eq!(args.id, "order_1"),
            None => panic!("{line:?}"),
        }
    }
    let text = history(&["history", "--", "show"]);
    assert!(text.command.is_none());
    assert_eq!(text.list.text, ["show"]);
    assert_eq!(history(&["history", "help"]).list.text, ["help"]);
    assert_eq!(history(&["history", "--status", "paid,unknown"]).list.status, ["paid", "unknown"]);
}

#[test]
fn help_takes_topics_and_commands() {
    for line in [&["help"][..], &["help", "exit-codes"], &["help", "charge"], &["help", "customer", "add"]] {
        assert!(matches!(read(line).command, Command::Help(_)), "{line:?}");
    }
}

#[test]
fn a_negative_amount_reaches_the_one_who_can_say_what_is_wrong_with_it() {
    let line = ["charge", "a", "--amount", "-5", "--name", "b"];
    let Command::Charge(args) = read(&line).command else { panic!("{line:?}") };
    assert_eq!(args.amount, "-5");
}

#[test]
fn a_charge_has_one_order_id() {
    let charge = ["charge", "a", "--amount", "1", "--name", "b"];
    let with = |more: &[&str]| parse(&words(&[&charge, more].concat())).map(|_| ());
    assert!(with(&["--merchant-uid", "x", "--once-per", "month"]).is_err());
    assert!(with(&["--plan", "basic"]).is_err());
    assert!(with(&["--once-per", "month", "--plan", "basic"]).is_ok());
}

#[test]
fn no_flag_takes_a_secret() {
    for command in leaves(&root()) {
        for argument in command.get_arguments() {
            let of_a_file = argument.get_value_names().is_some_and(|names| names == ["FILE"]);
            assert!(of_a_file || !argument.get_id().as_str().contains("secret"), "{}", argument.get_id());
        }
    }
}

#[test]
fn the_form_of_an_error_is_made_out_of_a_wrong_line() {
    let format = |line: &[&str]| flags_of_the_unreadable(&words(line)).format;
    assert_eq!(format(&["charge", "--json"]), Some(Format::Json));
    assert_eq!(format(&["--format", "jsonl", "chrage"]), Some(Format::Jsonl));
    assert_eq!(format(&["--format=json", "--nonsense"]), Some(Format::Json));
    assert_eq!(format(&["charge", "--", "--json"]), None);
    assert_eq!(format(&["--format"]), None);
}

/// The file each shell looks for.
const COMPLETIONS: [(Shell, &str); 5] = [
    (Shell::Bash, "billkey.bash"),
    (Shell::Zsh, "_billkey"),
    (Shell::Fish, "billkey.fish"),
    (Shell::PowerShell, "_billkey.ps1"),
    (Shell::Elvish, "billkey.elv"),
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how a test is told to write files, not a setting of the program"
)]
fn the_completions_in_the_repository_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in COMPLETIONS {
        let script = script(shell);
        if std::env::var_os("BILLKEY_WRITE").is_some() {
            fs::write(folder.join(name), &script).unwrap();
        }
        let stored = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            stored.trim_end() == script.trim_end(),
            "completions/{name} is stale; for all of them: BILLKEY_WRITE=1 cargo test --lib completions"
        );
    }
}

#[test]
fn completions_are_printed_as_they_are() {
    for (shell, name) in COMPLETIONS {
        let script = script(shell);
        assert_eq!(safe_lines(&script), script, "{name}");
    }
}
