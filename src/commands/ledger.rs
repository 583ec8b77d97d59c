//! `billkey ledger`.

use clap::{Args, Subcommand};

use crate::commands::context::Context;
use crate::failure::{Exit, Failure};

mod accept;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox ledger accept --reason \"restored from Monday's backup\"
  billkey help ledger accept

`billkey ledger accept --help` says more, and its exit codes.";

/// Look after the ledger
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    Accept(AcceptArgs),
}

const ACCEPT_HELP: &str = "\
Examples:
  billkey --sandbox ledger accept --reason \"restored from Monday's backup\"
  billkey --sandbox ledger accept \\
      --reason \"the key was rotated on the 1st\" --json
  billkey --sandbox ledger accept --unasked \\
      --reason \"look-ups are down, the month is due\"

Exit codes:
  0 accepted, or there was nothing to accept
  8 --unasked on a ledger that is distrusted
  10 there is no ledger   1, 2, 3 as usual; see `billkey help exit-codes`";

/// Answer for what billkey is in doubt about
///
/// A ledger that is older than it was, one that is lost, and another API key are for a person to
/// judge. This accepts all that is open: the warning ends, the key becomes the ledger's own, and in
/// place of a lost ledger an empty one begins. What must not be charged twice is still waited for:
/// nothing is sent until settle_after has passed. Who accepted, when and why is kept.
#[derive(Debug, Args)]
#[command(after_long_help = ACCEPT_HELP)]
struct AcceptArgs {
    /// Why; it is kept in the ledger
    #[arg(long, value_name = "TEXT", required = true, help_heading = "What to accept")]
    reason: String,

    /// Let this ledger send for 24 hours what it never sent, while the gateway answers no questions
    ///
    /// An order that this ledger has never sent is then sent even where the gateway does not say
    /// whether it knows it. Another ledger may have charged it: only for whoever knows that there is none.
    #[arg(long, help_heading = "What to accept")]
    unasked: bool,
}

/// Looks after the ledger.
pub fn run(args: &LedgerArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    match &args.command {
        LedgerCommand::Accept(accept) => accept::run(accept, context),
    }
}
