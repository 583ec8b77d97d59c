//! `billkey completions`.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::commands::completing::VARIABLE;
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

const NAME: &str = "billkey";

/// zsh runs the file itself at the first completion, and it has to answer then too.
const ZSH_LAST_LINE: &str = "compdef _clap_dynamic_completer_billkey billkey";
const ZSH_LAST_LINES: &str = "\
if [ \"$funcstack[1]\" = \"_billkey\" ]; then
    _clap_dynamic_completer_billkey \"$@\"
else
    compdef _clap_dynamic_completer_billkey billkey
fi";

/// Print the completions of a shell
///
/// They complete commands and options, and what this program knows of their values: customers with name and card,
/// the newest orders, profiles, columns. The script runs `billkey`, which has to be on the PATH, and writes nothing.
/// Printing it needs no config file.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<Exit, Failure> {
    answered(ui.answer(&script(args.shell)), Exit::Done)
}

/// The script of a shell: it asks this program for the candidates.
#[must_use]
pub fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let name = shell.to_string();
    // A script that is put together in memory cannot fail to be written.
    let written = shells
        .completer(&name)
        .map(|completer| completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script));
    let script = written.map(|_| String::from_utf8_lossy(&script).into_owned()).unwrap_or_default();
    if shell == Shell::Zsh { script.replace(ZSH_LAST_LINE, ZSH_LAST_LINES) } else { script }
}
