//! `billkey month`.

use clap::Args;

use crate::commands::context::Context;
use crate::commands::export::{self, ExportArgs};
use crate::commands::month::book::Book;
use crate::commands::session::answered;
use crate::failure::{Exit, Failure};

mod book;
mod close;

const AFTER_HELP: &str = "\
A sale counts where it was approved, a refund on its own day in its own month.
Fees are not known here, and left empty.

--close keeps the sums of a month for good. What changes in it later, a late
refund or a payment that turned out paid, is a correction in the month that is
open then. It is refused (exit 8) while something of the month is unknown, in doubt,
charged twice or different at the gateway and nobody has answered for it, and until
`billkey reconcile --since` has read the whole month after its end.

--verify adds a closed month up again, and tells (exit 8) what of it has
changed, and what was changed by other means than billkey.

--map NAME has the columns of [profile.PROFILE.export.NAME] in the config file:
`billkey help columns` says what such a map may have.

Examples:
  billkey --sandbox month 2026-11
  billkey --sandbox month 2026-11 --export csv --output november.csv
  billkey month 2026-11 --export csv --map accountant --output november.csv
  billkey month 2026-11 --export hledger
  billkey month 2026-11 --close
  billkey month 2026-11 --verify

Exit codes:
  0 done   8 it cannot be closed yet, or is not any more what was closed
  10 there is no ledger
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// Tell what a month comes to, hand it over, close it
///
/// From the ledger alone; nothing is asked of the gateway.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct MonthArgs {
    /// The month, such as 2026-11
    #[arg(value_name = "MONTH")]
    pub month: String,

    /// Keep its sums for good
    #[arg(long, conflicts_with_all = ["verify", "export", "output"], help_heading = "What to do")]
    pub close: bool,

    /// Add it up again and hold it against what was closed
    #[arg(long, conflicts_with_all = ["export", "output"], help_heading = "What to do")]
    pub verify: bool,

    #[command(flatten)]
    pub export: ExportArgs,
}

/// Shows, exports, closes or verifies a month.
pub fn run(args: &MonthArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let month = book::parse(&args.month, context)?;
    if let Some(wanted) = export::wanted(&args.export, context)? {
        let ledger = context.read_ledger()?;
        let month = book::in_ledger(month, &ledger, context)?;
        let lines = wanted.of_time(&month.time, &ledger, context)?;
        return wanted.write(&lines, &month.name, context);
    }
    if args.close {
        return close::run(month, context);
    }
    let ledger = context.read_ledger()?;
    let month = book::in_ledger(month, &ledger, context)?;
    let book = Book::read(&month, &ledger, context)?;
    if args.verify {
        return close::verify(&month, &ledger, &book, context);
    }
    answered(context.ui.month(&book.shown()), Exit::Done)
}
