//! `billkey batch`.

mod again;
mod board;
mod charges;
mod columns;
mod fate;
mod identify;
mod input;
mod mail;
mod plan;
mod reading;
mod rehearse;
mod row;
mod run;
mod scheduled;
mod tally;
mod tell;

use std::path::PathBuf;

use clap::Args;

pub use crate::commands::batch::mail::named_without_settings;
pub use crate::commands::batch::run::run;
use crate::commands::handed_in::InputArgs;

const AFTER_HELP: &str = "\
Columns of FILE, by the names in its first line, in any order:
  customer_uid, amount, name, and merchant_uid unless --once-per is given;
  currency, tax_free, vat_amount, quota, buyer_name, buyer_email,
  buyer_tel, custom_data and note where they are needed. An empty cell is
  not given. Korean names are known too: 고객, 금액, 상품명, 주문번호,
  통화, 비고 and others.
FILE is CSV (between commas, semicolons or tabs), JSON lines, a JSON
array, or a workbook (.xlsx). What a spreadsheet ruined or hides is
refused with its place.

Examples:
  printf 'customer_uid,amount,name\\ngildong_0001_1234,8900,Monthly\\n' \\
      > charges.csv
  billkey --sandbox batch charges.csv --once-per month --dry-run
  billkey --sandbox batch charges.csv --once-per month --yes \\
      --results results.csv
  billkey --sandbox --quiet batch charges.csv --once-per month --yes \\
      --max-failures 20

Exit codes:
  0 every row is paid, now or before; else that of the most serious row:
  7 unknown: may have been charged   8 refused by billkey   9 nothing was sent
  6 rejected   5 declined            130 interrupted, and the rest was not sent
  11 paid, and an order holds another payment   9 also where another batch is running on the ledger
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Charge many customers from a file, each row once
///
/// The whole file is checked before anything is sent: one bad row sends nothing. Then each row is
/// charged as `billkey charge` would, with its own intent and its own outcome. To run the same file
/// again is safe at any time: rows that are paid are not sent again, and rows whose answer was lost
/// are looked up first. A gateway that asks for a pause gets it; one that lets nobody in stops the
/// batch, and a PG that refuses the merchant's account stops its own rows. One batch runs at a time on a ledger.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct BatchArgs {
    /// The file: CSV, JSON lines, a JSON array or a workbook (.xlsx); `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub input: InputArgs,

    /// Make the order ids from account, customer, plan and period
    ///
    /// PERIOD is day, week, month, quarter or year, or a certain one such as 2026-11. The period is
    /// the one in which the batch begins, by the date in Seoul, for all of its rows.
    #[arg(long, value_name = "PERIOD", help_heading = "What to charge")]
    pub once_per: Option<String>,

    /// What is paid for once per period, where a customer has more than one
    #[arg(long, value_name = "PLAN", requires = "once_per", help_heading = "What to charge")]
    pub plan: Option<String>,

    /// How many charges are at the gateway at the same time, 1 to 64
    #[arg(
        long,
        value_name = "N",
        default_value_t = WORKERS,
        value_parser = clap::value_parser!(u8).range(1..=64),
        help_heading = "How fast"
    )]
    pub workers: u8,

    /// At most so many charges in a time, evenly spread: 10/s, 300/m
    #[arg(long, value_name = "N/s", help_heading = "How fast")]
    pub rate: Option<String>,

    /// Begin no further row after so many failures in a row
    ///
    /// A failure is a decline, a rejection, or a request that did not get through. Rows that are
    /// under way are finished.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "How to ask"
    )]
    pub max_failures: Option<u32>,

    /// Send declined and rejected rows once more, under the same merchant_uid
    #[arg(long, help_heading = "How to ask")]
    pub retry_declined: bool,

    /// With --retry-declined: also what the profile's rules for retries do not send yet
    ///
    /// A profile with rules ([profile.NAME.retry]) holds declined and rejected rows to them: those that
    /// `billkey retry-list` does not show as due are refused, each with a sentence.
    #[arg(long, requires = "retry_declined", help_heading = "How to ask")]
    pub beyond_rules: bool,

    /// Charge although a customer pays the same amount twice, here or a moment ago
    #[arg(long, help_heading = "How to ask")]
    pub allow_similar: bool,

    /// Charge without asking
    #[arg(long, short = 'y', help_heading = "How to ask")]
    pub yes: bool,

    /// Take every check, the gateway's word included, and send nothing
    ///
    /// It writes nothing either, and exits as the run would.
    #[arg(long, help_heading = "How to ask")]
    pub dry_run: bool,

    /// Write a line for each row, in the file's order, to this file: CSV, or JSON lines by its name
    #[arg(long, value_name = "FILE", help_heading = "What to record")]
    pub results: Option<PathBuf>,
}

/// How many charges are at the gateway at the same time, unless told.
const WORKERS: u8 = 4;
