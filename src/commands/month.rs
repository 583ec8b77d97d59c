//! `billkey month`.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use std::path::PathBuf;

use crate::commands::context::Context;
use crate::commands::month::book::Book;
use crate::commands::session::answered;
use crate::failure::{Exit, Failure};

mod book;
mod close;
mod export;

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

Examples:
  billkey --sandbox month 2026-11
  billkey --sandbox month 2026-11 --export csv --output november.csv
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

    /// Write its lines for another program
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "What to do")]
    pub export: Option<Export>,

    /// Where to write them [default: stdout]
    #[arg(long, value_name = "FILE", requires = "export", help_heading = "What to do")]
    pub output: Option<PathBuf>,
}

/// What the lines of a month are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Csv,
    Xlsx,
    Portone,
    Hledger,
    Ledger,
    Beancount,
}

impl ValueEnum for Export {
    fn value_variants<'a>() -> &'a [Export] {
        &[Export::Csv, Export::Xlsx, Export::Portone, Export::Hledger, Export::Ledger, Export::Beancount]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Export::Csv => PossibleValue::new("csv").help("a line a sale and refund, with its parts"),
            Export::Xlsx => PossibleValue::new("xlsx").help("the same as a workbook"),
            Export::Portone => PossibleValue::new("portone")
                .help("a workbook of order, amount and day, for the console's own-data reconciliation"),
            Export::Hledger => PossibleValue::new("hledger").help("a journal for hledger"),
            Export::Ledger => PossibleValue::new("ledger").help("a journal for ledger"),
            Export::Beancount => PossibleValue::new("beancount").help("a journal for beancount"),
        })
    }
}

/// Shows, exports, closes or verifies a month.
pub fn run(args: &MonthArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let month = book::parse(&args.month, context)?;
    if let Some(export) = args.export {
        let ledger = context.read_ledger()?;
        let month = book::in_ledger(month, &ledger, context)?;
        return export::run(export, &month, args.output.as_deref(), &ledger, context);
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
