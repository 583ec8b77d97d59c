//! `billkey completions`.

use clap::Args;
use clap_complete::Shell;

use crate::commands::session::answered;
use crate::failure::{Exit, Failure};
use crate::output::ui::Ui;

const AFTER_HELP: &str = "\
Examples:
  billkey completions bash \\
      > ~/.local/share/bash-completion/completions/billkey
  billkey completions zsh > ~/.zfunc/_billkey
  billkey completions fish > ~/.config/fish/completions/billkey.fish

Exit codes:
  0 done   1 it cannot be written   2 there is no such shell";

/// Print the completions of a shell
///
/// They complete commands, options and their values. Needs no config file.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, root: clap::Command, ui: &mut Ui) -> Result<Exit, Failure> {
    answered(ui.answer(&script(args.shell, root)), Exit::Done)
}

/// The script of a shell.
#[must_use]
pub fn script(shell: Shell, mut root: clap::Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut root, "billkey", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
