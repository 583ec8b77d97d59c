//! `billkey refund`.

mod mail;
mod order;
mod run;
mod tell;

use clap::{ArgGroup, Args};

pub use crate::commands::refund::run::run;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox refund order_monthly_0001 --full \\
      --reason \"charged by mistake\"
  billkey --sandbox refund order_monthly_0001 --amount 3000 \\
      --reason \"came late\" --yes
  billkey --sandbox refund imps_623347347957 --full \\
      --reason \"charged twice\" --dry-run

Exit codes:
  0 refunded   6 refused by the gateway or the PG
  7 unknown: the money may have gone back
  8 refused by billkey: never paid, nothing left, more than is left, not
    confirmed, a similar refund
  9 nothing was sent   10 there is no such payment
  130 interrupted before anything was sent
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Pay money back, whole or in part, once
///
/// Looks up what is left of the payment, shows it, and asks I'mport to pay back. How much is always said:
/// --full is all that is left, --amount a part. The refund is written to the ledger before it is sent, names
/// the balance it was looked up with, so that the gateway does nothing when that has changed, and is never
/// sent twice: one whose answer was lost is looked up in the payment's history of refunds.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
#[command(group = ArgGroup::new("how_much").required(true).args(["full", "amount"]))]
pub struct RefundArgs {
    /// The payment: its merchant_uid, imp_uid or approval number
    #[arg(value_name = "ID")]
    pub id: String,

    /// All that is left of it
    #[arg(long, help_heading = "How much")]
    pub full: bool,

    /// A part of it: 3000, 3,000 or 3000원
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "How much")]
    pub amount: Option<String>,

    /// The part of the refund that is free of tax; needed where the charge had one
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "How much")]
    pub tax_free: Option<String>,

    /// The part of the refund that is value added tax; needed where the charge had one
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "How much")]
    pub vat: Option<String>,

    /// Why, for the gateway, the PG and whoever reads it later; at most 255 characters
    ///
    /// The refund's id is put behind it, and a reason of more than 245 characters is cut off for that at the gateway,
    /// not in the ledger.
    #[arg(long, value_name = "TEXT", help_heading = "What to record")]
    pub reason: String,

    /// Send nothing unless the payment is this customer's
    #[arg(long, value_name = "CUSTOMER_UID", help_heading = "How to ask")]
    pub expect_customer: Option<String>,

    /// Ask the gateway to tell the merchant's own server: refunds are silent otherwise
    #[arg(long, help_heading = "What the gateway is told")]
    pub notify_webhook: bool,

    /// Refund without asking
    #[arg(long, short = 'y', help_heading = "How to ask")]
    pub yes: bool,

    /// Say what would be sent, and send nothing
    #[arg(long, help_heading = "How to ask")]
    pub dry_run: bool,

    /// Refund although the same amount of the same payment went back a moment ago
    #[arg(long, help_heading = "How to ask")]
    pub again: bool,
}
