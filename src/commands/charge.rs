//! `billkey charge`.

mod card;
mod dry_run;
mod mail;
mod order;
mod run;
mod scheduled;
mod tell;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

pub use crate::commands::charge::mail::named_without_settings;
pub use crate::commands::charge::run::run;
use crate::commands::whole::whole;
use crate::domain::charge::ProductType;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox charge gildong_0001_1234 --amount 8900 \\
      --name \"Monthly subscription\" --merchant-uid order_monthly_0001
  billkey --sandbox charge gildong_0001_1234 --amount 8,900 \\
      --name \"Monthly subscription\" --once-per month --plan basic \\
      --yes --json
  billkey --sandbox charge sandbox_declined --amount 8900 \\
      --name \"Monthly subscription\" --merchant-uid order_monthly_0002 --yes

Exit codes:
  0 paid, now or before   5 declined   6 rejected
  7 unknown: may have been charged
  8 refused by billkey   9 nothing was sent
  130 interrupted before anything was sent
  11 paid, and the order holds another payment: a person must look
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Charge a customer's saved card, once
///
/// Asks I'mport to charge the billing key behind CUSTOMER_UID and says whether the customer was
/// charged. The intent is written to the ledger before the request leaves. One merchant_uid is one
/// payment, for ever: the same command is the same charge as long as it means the same order, by
/// --merchant-uid or by --once-per, and a charge whose answer was lost is looked up before anything
/// is sent again. Where a person is asked, an order id is made up and shown; the hints name it.
#[derive(Debug, Args)]
#[command(
    after_long_help = AFTER_HELP,
    override_usage = "billkey charge [OPTIONS] --amount <AMOUNT> --name <PRODUCT>\n                      <CUSTOMER_UID>"
)]
pub struct ChargeArgs {
    /// The customer whose card is charged
    #[arg(value_name = "CUSTOMER_UID")]
    pub customer_uid: String,

    /// How much: 8900, 8,900 or 8900원
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "What to charge")]
    pub amount: String,

    /// For what: the product name, at most 40 characters
    #[arg(long, value_name = "PRODUCT", help_heading = "What to charge")]
    pub name: String,

    /// The order id: one payment, for ever; at most 40 characters
    ///
    /// Another spelling of a known id (Hangul in single letters, as macOS names files) means the known
    /// one. A new id is spelled in syllables, without blanks at its ends and invisible characters.
    #[arg(long, value_name = "ID", conflicts_with = "once_per", help_heading = "What to charge")]
    pub merchant_uid: Option<String>,

    /// Make the order id from account, customer, plan and period
    ///
    /// PERIOD is day, week, month, quarter or year by the date in Seoul, the gateway's business day,
    /// or a certain one such as 2026-11, 2026-11-23, 2026-W48, 2026-Q4 or 2026. Within one period the
    /// id is always the same, so that cron can run the line again: on any machine and under any
    /// profile name. Live and test are apart, and so are profiles with another scope.
    #[arg(long, value_name = "PERIOD", help_heading = "What to charge")]
    pub once_per: Option<String>,

    /// What is paid for once per period, where a customer has more than one
    #[arg(
        long,
        value_name = "PLAN",
        requires = "once_per",
        conflicts_with = "merchant_uid",
        help_heading = "What to charge"
    )]
    pub plan: Option<String>,

    /// The currency of all amounts
    #[arg(long, value_name = "CODE", default_value = "KRW", help_heading = "What to charge")]
    pub currency: String,

    /// The part of the amount that is free of tax
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "What to charge")]
    pub tax_free: Option<String>,

    /// The part of the amount that is value added tax
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, help_heading = "What to charge")]
    pub vat: Option<String>,

    /// Months of instalments, 2 or more, from ₩50,000 on
    #[arg(
        long,
        value_name = "MONTHS",
        value_parser = whole::<u32>(0..=99),
        allow_negative_numbers = true,
        help_heading = "What to charge"
    )]
    pub quota: Option<u32>,

    /// At most 16 characters; some PGs must have it
    #[arg(long, value_name = "NAME", help_heading = "What the gateway is told")]
    pub buyer_name: Option<String>,

    /// At most 64 characters; some PGs must have it
    #[arg(long, value_name = "EMAIL", help_heading = "What the gateway is told")]
    pub buyer_email: Option<String>,

    /// At most 16 characters; some PGs must have it
    #[arg(long, value_name = "TEL", help_heading = "What the gateway is told")]
    pub buyer_tel: Option<String>,

    /// A text that comes back with the payment
    #[arg(long, value_name = "TEXT", help_heading = "What the gateway is told")]
    pub custom_data: Option<String>,

    /// Where the gateway is to send its webhook for this payment
    #[arg(long, value_name = "URL", help_heading = "What the gateway is told")]
    pub notice_url: Option<String>,

    /// What is sold; some PGs must know
    #[arg(long, value_name = "TYPE", value_enum, help_heading = "What the gateway is told")]
    pub product_type: Option<ProductType>,

    /// The channel to charge through, for a super billing key
    #[arg(long, value_name = "KEY", help_heading = "What the gateway is told")]
    pub channel_key: Option<String>,

    /// A JSON object for the PG, handed on as it is
    #[arg(long, value_name = "JSON", help_heading = "What the gateway is told")]
    pub bypass: Option<String>,

    /// Charge without asking
    #[arg(long, short = 'y', help_heading = "How to ask")]
    pub yes: bool,

    /// Say what would be sent, and send nothing
    #[arg(long, help_heading = "How to ask")]
    pub dry_run: bool,

    /// Send a declined or rejected order once more; it is named by --merchant-uid or --once-per
    #[arg(long, help_heading = "How to ask")]
    pub retry: bool,

    /// Charge although the customer paid the same amount a moment ago
    #[arg(long, help_heading = "How to ask")]
    pub allow_similar: bool,

    /// A remark for the ledger; the gateway does not see it
    #[arg(long, value_name = "TEXT", help_heading = "What to record")]
    pub note: Option<String>,
}

impl ValueEnum for ProductType {
    fn value_variants<'a>() -> &'a [ProductType] {
        &[ProductType::Real, ProductType::Digital]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}
