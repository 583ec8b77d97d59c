//! `billkey history`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use crate::commands::context::Context;
use crate::commands::export::ExportArgs;
use crate::commands::whole::whole;
use crate::domain::declines::Who;
use crate::domain::payment::Mode;
use crate::failure::{Exit, Failure};
use crate::words::Lang;

mod filter;
mod list;
mod show;

const AFTER_HELP: &str = "\
WHEN is 2026-11-23, 2026/11/23, 2026-11, \"2026-11-23 09:00\", today, yesterday,
or as long ago as 12h, 90min, 7d, 2w or 3mo.

To look for a TEXT that is `show`: billkey history -- show

Examples:
  billkey --sandbox history
  billkey --sandbox history 길동 8,900
  billkey --sandbox history 홍길동 --since 2026-10 --status paid,unknown
  billkey --sandbox history --since 7d --all --format csv
  billkey --sandbox history --since 7d --who customer --all --format csv
  billkey --sandbox history --since 2026-11 --totals --json
  billkey --sandbox history 홍길동 --since 2026-01 --export csv
  billkey --sandbox history show order_monthly_0001

Exit codes:
  0 done   10 nothing was found
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// List payments, newest first
///
/// TEXT finds what a caller reads out: merchant_uid, imp_uid, approval number, last four digits of
/// the card or all of it as it is printed, amount, customer_uid, name, telephone number, e-mail
/// address, product name, pg_tid, note, card company, or the reason of a decline. An id or an approval
/// number that is the word itself comes first; of a made-up or `--once-per` id its beginning is
/// found. All from the ledger; nothing is asked of the gateway. `billkey history show ID` tells
/// everything about one. With `--who customer` CSV has whom to write to, a line for each payment. With `--export`
/// all that were picked are written as the lines of a book: each sale, and each refund of it whenever it was.
#[derive(Debug, Args)]
#[command(
    after_long_help = AFTER_HELP,
    override_usage = "billkey history [OPTIONS] [TEXT]\n       billkey history show [OPTIONS] <ID>"
)]
pub struct HistoryArgs {
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    #[command(flatten)]
    pub list: HistoryListArgs,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    Show(HistoryShowArgs),
}

#[derive(Debug, Default, PartialEq, Eq, Args)]
pub struct HistoryListArgs {
    /// What to look for: every word must match, each in any field
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,

    /// Payments of this customer alone
    #[arg(long, value_name = "CUSTOMER_UID", help_heading = "Which payments")]
    pub customer: Option<String>,

    /// Payments with one of these outcomes, or of the gateway's words
    ///
    /// Outcomes: paid, declined, rejected, unknown, not_sent, pending. The gateway's: cancelled
    /// (wholly refunded), partly_cancelled, failed, ready.
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', help_heading = "Which payments")]
    pub status: Vec<String>,

    /// Charged to a card that ends so
    #[arg(long, value_name = "LAST4", help_heading = "Which payments")]
    pub card: Option<String>,

    /// With this approval number, to the letter
    #[arg(long, value_name = "NUM", help_heading = "Which payments")]
    pub approval: Option<String>,

    /// Of this mode, by the gateway's word where it has one
    #[arg(long, value_name = "MODE", value_parser = mode(), help_heading = "Which payments")]
    pub mode: Option<Mode>,

    /// Asked for by this operator, the last time
    #[arg(long, value_name = "OPERATOR", help_heading = "Which payments")]
    pub operator: Option<String>,

    /// Not paid, and these have to act: customer, merchant, pg or later (nobody)
    #[arg(long, value_name = "WHO", value_parser = who(), help_heading = "Which payments")]
    pub who: Option<Who>,

    /// Refunded, in part or whole
    #[arg(long, help_heading = "Which payments")]
    pub refunded: bool,

    /// More than one payment took money under the order
    #[arg(long, help_heading = "Which payments")]
    pub doubles: bool,

    /// On this day or in this month
    #[arg(long, value_name = "WHEN", conflicts_with_all = ["since", "until"], help_heading = "Which payments")]
    pub on: Option<String>,

    /// From this time on
    #[arg(long, value_name = "WHEN", help_heading = "Which payments")]
    pub since: Option<String>,

    /// Before this time; a day or month is included
    #[arg(long, value_name = "WHEN", help_heading = "Which payments")]
    pub until: Option<String>,

    /// Which time counts, and sorts [default: requested]
    #[arg(long, value_name = "TIME", value_enum, help_heading = "Which payments")]
    pub by: Option<HistoryBy>,

    /// Of this amount or more
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "Which payments")]
    pub min_amount: Option<String>,

    /// Of this amount or less
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "Which payments")]
    pub max_amount: Option<String>,

    /// How many at most [default: 20]
    #[arg(
        long,
        value_name = "N",
        value_parser = whole::<u64>(1..=u64::MAX),
        allow_negative_numbers = true,
        conflicts_with = "all",
        help_heading = "What to print"
    )]
    pub limit: Option<u64>,

    /// All of them
    #[arg(long, help_heading = "What to print")]
    pub all: bool,

    /// What they come to, instead of the payments: how many, net, and what was refunded in the time
    ///
    /// Refunds count by their own day, whatever day the payment is of. For programs: a table has it in its
    /// last line.
    #[arg(
        long,
        conflicts_with_all = ["columns", "limit", "all", "export"],
        help_heading = "What to print"
    )]
    pub totals: bool,

    /// These columns, in this order: names of the payment object, or headings of the table
    #[arg(long, value_name = "COLUMN,...", conflicts_with = "export", help_heading = "What to print")]
    pub columns: Option<String>,

    #[command(flatten)]
    pub export: ExportArgs,
}

fn mode() -> impl TypedValueParser<Value = Mode> {
    let modes = [Mode::Live, Mode::Test, Mode::Sandbox].map(Mode::word);
    PossibleValuesParser::new(modes).try_map(|word| Mode::from_word(&word).ok_or("is no mode"))
}

fn who() -> impl TypedValueParser<Value = Who> {
    PossibleValuesParser::new(Who::ALL.map(Who::word))
        .try_map(|word| Who::from_word(&word).ok_or("is nobody who has to act"))
}

/// Which time of a payment counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryBy {
    #[default]
    Requested,
    Paid,
    Cancelled,
}

impl HistoryBy {
    const ALL: [HistoryBy; 3] = [HistoryBy::Requested, HistoryBy::Paid, HistoryBy::Cancelled];

    fn word(self) -> &'static str {
        match self {
            HistoryBy::Requested => "requested",
            HistoryBy::Paid => "paid",
            HistoryBy::Cancelled => "cancelled",
        }
    }
}

impl ValueEnum for HistoryBy {
    fn value_variants<'a>() -> &'a [HistoryBy] {
        &HistoryBy::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            HistoryBy::Requested => "when it was asked for",
            HistoryBy::Paid => "when it was paid",
            HistoryBy::Cancelled => "when the gateway refunded it, the last time",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

const SHOW_HELP: &str = "\
Examples:
  billkey --sandbox history show order_monthly_0001
  billkey --sandbox history show imps_623347347957
  billkey --sandbox history show order_monthly_0001 --json
  billkey --sandbox history show order_monthly_0001 --copy-text --lang ko

Exit codes:
  0 done   10 there is no such payment   2 several begin so
  1, 3 as usual; see `billkey help exit-codes`";

/// Tell everything about one payment
///
/// Every attempt with its times, HTTP status and the gateway's words, refunds, other payments under the
/// order, the receipt, and who ran it. All from the ledger; nothing is asked of the gateway.
#[derive(Debug, Args)]
#[command(after_long_help = SHOW_HELP)]
pub struct HistoryShowArgs {
    /// A merchant_uid, an imp_uid, an approval number, or the beginning of an id that no other has
    #[arg(value_name = "ID")]
    pub id: String,

    /// A paragraph to paste into a reply to the customer, and nothing else
    #[arg(long, help_heading = "What to print")]
    pub copy_text: bool,

    /// The language of that paragraph [default: en]
    #[arg(long, value_name = "LANG", value_enum, requires = "copy_text", help_heading = "What to print")]
    pub lang: Option<Lang>,
}

impl ValueEnum for Lang {
    fn value_variants<'a>() -> &'a [Lang] {
        &Lang::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Lang::Ko => "Korean",
            Lang::En => "English",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

/// Lists payments, or shows one.
pub fn run(args: &HistoryArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    match &args.command {
        None => list::run(&args.list, context),
        Some(HistoryCommand::Show(_)) if args.list != HistoryListArgs::default() => Err(Failure::usage(
            "`billkey history show` takes an ID and none of the options that pick payments",
        )
        .hinted("to look for a text that is `show`: billkey history -- show")),
        Some(HistoryCommand::Show(show)) => show::run(show, context),
    }
}
