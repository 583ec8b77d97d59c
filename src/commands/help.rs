//! `billkey help`.

mod dress;

use clap::Args;
use serde_json::json;

pub use crate::commands::help::dress::dressed;
use crate::commands::session::answered;
use crate::commands::topics::{TOPICS, columns, environment, exit_codes, globals, sandbox, states};
use crate::domain::words::nearest;
use crate::failure::{EXIT_CODES, Exit, ExitCode, Failure};
use crate::output::ui::Ui;
use crate::output::wrap::help_columns;

const AFTER_HELP: &str = "\
Topics:
  exit-codes   how billkey ends, and whether to run the same command again
  states       was the customer charged, and what to do
  sandbox      the gateway inside this program
  columns      what a line of an export has
  globals      the options that every command takes: --profile, --json, ...
  environment  the variables that are read

Examples:
  billkey help charge
  billkey help customer add
  billkey help exit-codes

Exit codes:
  0 done   2 there is no such command or topic";

/// Explain a command or a topic
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct HelpArgs {
    /// A command such as `charge` or `customer add`, or a topic such as `exit-codes`
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

/// Prints the page that was asked for. `sandbox` is a topic and a command; the topic tells of both.
pub fn run(args: &HelpArgs, root: clap::Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let width = help_columns(ui.options().width);
    let written = match words.as_slice() {
        ["exit-codes"] if ui.format().is_json() => {
            let line =
                |line: &ExitCode| json!({ "code": line.code, "meaning": line.meaning, "again": line.again });
            ui.json(&EXIT_CODES.iter().map(line).collect::<Vec<_>>())
        }
        ["exit-codes"] => ui.answer(&exit_codes().text(width)),
        ["states"] => ui.answer(&states().text(width)),
        ["columns"] => ui.answer(&columns().text(width)),
        ["sandbox"] => ui.answer(&sandbox().text(width)),
        ["globals"] => ui.answer(&globals(&root).text(width)),
        ["environment"] => ui.answer(&environment().text(width)),
        _ => ui.answer(&page(root, &words)?),
    };
    answered(written, Exit::Done)
}

/// The long help of a command.
fn page(root: clap::Command, words: &[&str]) -> Result<String, Failure> {
    let mut root = dressed(root);
    root.build();
    let mut command = &mut root;
    for word in words {
        let mut known: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        if command.get_name() == "billkey" {
            known.extend(TOPICS.map(str::to_owned));
        }
        match command.find_subcommand_mut(word) {
            Some(found) => command = found,
            None => return Err(unknown(&words.join(" "), word, &known)),
        }
    }
    Ok(command.render_long_help().to_string())
}

fn unknown(asked: &str, word: &str, known: &[String]) -> Failure {
    let failure = Failure::usage(format!("there is no command or topic `{}`", asked.escape_debug()));
    match nearest(word, known.iter().map(String::as_str)) {
        Some(near) => failure.hinted(format!("did you mean `{near}`")),
        None => failure.hinted("`billkey help` lists the commands and the topics."),
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::failure::Kind;

    fn root() -> clap::Command {
        let add = clap::Command::new("add").about("Save a customer");
        clap::Command::new("billkey").subcommand(clap::Command::new("customer").subcommand(add))
    }

    #[test]
    fn a_command_is_explained_by_its_path() {
        assert!(page(root(), &["customer", "add"]).unwrap().contains("Usage: billkey customer add"));
        assert!(page(root(), &[]).unwrap().contains("Commands:"));
    }

    #[test]
    fn a_slip_of_the_finger_is_told_the_nearest_name() {
        let failure = page(root(), &["exit-code"]).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert_eq!(failure.hints, ["did you mean `exit-codes`"]);
        assert_eq!(page(root(), &["customer", "ad"]).unwrap_err().hints, ["did you mean `add`"]);
    }
}
