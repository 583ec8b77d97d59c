//! `billkey ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::context::Context;
use crate::failure::{Exit, Failure};

mod accept;
mod backup;
mod bar;
mod check;
mod compact;
mod failed;
mod restore;
mod stats;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox ledger stats
  billkey --sandbox ledger check
  billkey --sandbox ledger backup copy.db
  billkey --sandbox ledger accept --reason \"restored from Monday's backup\"

`billkey ledger COMMAND --help` says more, and its exit codes.";

/// Look after the ledger
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    Check(CheckArgs),
    Backup(BackupArgs),
    Restore(RestoreArgs),
    Compact(CompactArgs),
    Stats(StatsArgs),
    Accept(AcceptArgs),
}

const CHECK_HELP: &str = "\
Each payment carries a hash over everything that was ever written of it. A row
that was changed, put in or taken away by other means than billkey is named.
There is no secret in it: it finds what went wrong and what was tinkered with,
and proves nothing against somebody who has billkey's code and means to deceive.

Examples:
  billkey ledger check
  billkey --sandbox ledger check --json
  billkey --database copy.db ledger check

Exit codes:
  0 all of it is what was written; a warning may stand there
  1 something is damaged, was changed, or is missing
  10 there is no ledger   2, 3 as usual; see `billkey help exit-codes`";

/// Read the whole ledger, and say whether it is what was written
///
/// Every page and index, what refers to what, the schema, every payment against its hash chain, the
/// mark beside the ledger, and of a backup its stamp. It reads for a while where there are millions of
/// payments; others may go on charging. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_long_help = CHECK_HELP)]
struct CheckArgs {}

const BACKUP_HELP: &str = "\
Examples:
  billkey --sandbox ledger backup copy.db
  billkey --sandbox ledger backup copy.db --json
  billkey --database copy.db history

Exit codes:
  0 the backup is whole, on the disk, and has its name
  1 it could not be written, or the ledger is damaged: what stood there before
    is as it was
  2 FILE is the ledger, something else of billkey's, or a file that is no
    backup of this ledger
  9 another run is writing the same file   10 there is no ledger
  3 as usual; see `billkey help exit-codes`";

/// Make a copy of the ledger as it is now
///
/// Charges may go on meanwhile. The copy is read through before it gets its name, in place of an
/// earlier backup of this ledger, for its owner alone, and carries a stamp over everything in it. It
/// can be read like a ledger (`--database FILE`), and takes no charge until `ledger restore` puts it
/// in a ledger's place.
#[derive(Debug, Args)]
#[command(after_long_help = BACKUP_HELP)]
struct BackupArgs {
    /// Where the backup goes: a new file, or an earlier backup of this ledger
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const RESTORE_HELP: &str = "\
What was charged after the backup was made is missing in it. So nothing is sent
until settle_after has passed since the ledger last sent something, and every
run warns, until `billkey reconcile --since ... --import` has read what the
gateway has (the command is printed), or until `billkey ledger accept`.

Examples:
  billkey ledger restore copy.db
  billkey --sandbox ledger restore copy.db --json
  billkey --database /srv/billkey/main.db ledger restore copy.db

Exit codes:
  0 the backup is the ledger now, and distrusted
  1 the backup is damaged, or could not be put there: the ledger is as it was
  2 FILE is no backup that billkey made
  8 FILE is a backup of another ledger
  9 the ledger is in use: run it again when the other has ended
  10 there is no such file   3 as usual; see `billkey help exit-codes`";

/// Put a backup in the ledger's place
///
/// The backup is read through, copied beside the ledger, and given its name in one step. What stood
/// there stays beside it under another name, which is printed. Whoever is killed in the middle has the old
/// ledger or the new one. The backup stays what it is.
#[derive(Debug, Args)]
#[command(after_long_help = RESTORE_HELP)]
struct RestoreArgs {
    /// A backup that `billkey ledger backup` made
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const COMPACT_HELP: &str = "\
Examples:
  billkey ledger compact
  billkey --sandbox ledger compact --json

Exit codes:
  0 written anew
  1 there is no room for it, or the ledger is damaged: it is as it was
  9 the ledger is in use: run it again when the other has ended
  10 there is no ledger   2, 3 as usual; see `billkey help exit-codes`";

/// Write the ledger anew, without the room that nothing is in
///
/// A ledger that only grows has little to gain. It needs as much room beside the ledger as the ledger
/// has, and the ledger for itself: nobody charges meanwhile. Nothing in it is changed.
#[derive(Debug, Args)]
#[command(after_long_help = COMPACT_HELP)]
struct CompactArgs {}

const STATS_HELP: &str = "\
Examples:
  billkey --sandbox ledger stats
  billkey --sandbox ledger stats --json

Exit codes:
  0 done
  10 there is no ledger   1, 2, 3 as usual; see `billkey help exit-codes`";

/// Count what is in the ledger
///
/// Payments by mode, currency and outcome, events, refunds, customers, the first and the last payment,
/// the size of the file, its schema and its id.
#[derive(Debug, Args)]
#[command(after_long_help = STATS_HELP)]
struct StatsArgs {}

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
        LedgerCommand::Check(CheckArgs {}) => check::run(context),
        LedgerCommand::Backup(backup) => backup::run(backup, context),
        LedgerCommand::Restore(restore) => restore::run(restore, context),
        LedgerCommand::Compact(CompactArgs {}) => compact::run(context),
        LedgerCommand::Stats(StatsArgs {}) => stats::run(context),
        LedgerCommand::Accept(accept) => accept::run(accept, context),
    }
}
