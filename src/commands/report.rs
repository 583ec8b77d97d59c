//! `billkey report`.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::commands::added_up::added_up;
use crate::commands::context::Context;
use crate::commands::export::{self, ExportArgs};
use crate::commands::session::answered;
use crate::commands::when::{self, in_option};
use crate::failure::{Exit, Failure};
use crate::output::report::GoOn;
use crate::output::text::safe;
use crate::report::{By, Time};
use crate::words::Lang;

mod page;

const AFTER_HELP: &str = "\
A sale counts where it was approved, a refund on its own day, whatever the day
of its sale. A payment that was not paid counts where it was asked for. Money of
a test channel and each currency have sums of their own.

--export writes the lines that it adds up instead, as `month --export` does.

VAT is what was sent with a charge or refund, and else an eleventh of what is not
free of tax.

--html writes a page that opens in any browser without a network and prints
on A4: the days, the reasons of declines, what became of declined orders, the
refunds, and the oldest ten of what `billkey attention` lists. It has ids of
customers in it, and a new file is yours alone. Beside --json and its like the
report by days goes to stdout as well.

Examples:
  billkey --sandbox report
  billkey --sandbox report 2026-11
  billkey --sandbox report --since 2026-01 --by month --json
  billkey --sandbox report 2026-11 --by reason
  billkey report --since 2026-10 --export xlsx --output quarter.xlsx
  billkey --sandbox report --html report.html --lang ko

Exit codes:
  0 done   2 the file cannot be written   10 there is no ledger
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// Add up what was charged, refunded and declined in a time
///
/// From the ledger alone; nothing is asked of the gateway. Without a time it is this month until now.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ReportArgs {
    /// A month, such as 2026-11, or a day
    #[arg(value_name = "WHEN", conflicts_with_all = ["since", "until"])]
    pub on: Option<String>,

    /// From this time on
    #[arg(long, value_name = "WHEN", help_heading = "Which time")]
    pub since: Option<String>,

    /// Before this time; a day or month is included
    #[arg(long, value_name = "WHEN", help_heading = "Which time")]
    pub until: Option<String>,

    /// What a row is about [default: day]
    #[arg(
        long,
        value_name = "WHAT",
        value_parser = by(),
        conflicts_with = "export",
        help_heading = "What to print"
    )]
    pub by: Option<By>,

    /// Which time of a payment counts [default: approval]
    #[arg(long, value_name = "TIME", value_enum, help_heading = "Which time")]
    pub basis: Option<Basis>,

    #[command(flatten)]
    pub export: ExportArgs,

    /// Write it as a page, days and months by themselves
    #[arg(long, value_name = "FILE", conflicts_with = "by", help_heading = "What to print")]
    pub html: Option<PathBuf>,

    /// The language of the page [default: that of LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, value_name = "LANG", value_enum, requires = "html", help_heading = "What to print")]
    pub lang: Option<Lang>,
}

fn by() -> impl TypedValueParser<Value = By> {
    PossibleValuesParser::new(By::ALL.map(By::word)).try_map(|word| By::from_word(&word).ok_or("is no row"))
}

/// Which time of a payment counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    #[default]
    Approval,
    Request,
}

impl ValueEnum for Basis {
    fn value_variants<'a>() -> &'a [Basis] {
        &[Basis::Approval, Basis::Request]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Basis::Approval => PossibleValue::new("approval").help("when it was paid"),
            Basis::Request => PossibleValue::new("request").help("when it was asked for"),
        })
    }
}

/// Adds up, and writes what it comes to.
pub fn run(args: &ReportArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (now, zone) = (context.now(), context.settings.zone.clone());
    let (since, until) = time_of(args, now, &zone)?;
    let wanted = export::wanted(&args.export, context)?;
    let by_request = args.basis.unwrap_or_default() == Basis::Request;
    let time = Time { since, until, by_request, zone };
    if let Some(path) = &args.html {
        let lang = args.lang.unwrap_or_else(|| Lang::of_locale(context.settings.locale.as_deref()));
        return page::run(path, lang, time, context);
    }
    let ledger = context.read_ledger()?;
    if let Some(wanted) = wanted {
        let lines = wanted.of_time(&time, &ledger, context)?;
        return wanted.write(&lines, &named(&time), context);
    }
    let sums = added_up(&ledger, args.by.unwrap_or_default(), time, context.settings.tax)?;
    let go_on = GoOn { reconcile: context.hint("reconcile"), doubles: context.hint("history --doubles") };
    answered(context.ui.report(&sums, &go_on), Exit::Done)
}

/// `2026-10-01 to 2026-12-31`, by its first and last day.
fn named(time: &Time) -> String {
    let day = |at: Timestamp| at.to_zoned_datetime(time.zone.clone()).date();
    let last = time.until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(time.until);
    match (time.since == Timestamp::MIN, day(time.since), day(last)) {
        (true, _, last) => format!("everything until {last}"),
        (false, first, last) if first == last => first.to_string(),
        (false, first, last) => format!("{first} to {last}"),
    }
}

fn time_of(args: &ReportArgs, now: Timestamp, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Failure> {
    if let Some(on) = &args.on {
        let read = |error| Failure::usage(format!("{error}"));
        let (since, until) =
            (when::since(on, now, zone).map_err(read)?, when::until(on, now, zone).map_err(read)?);
        if since == until {
            let message = format!("`{}` is a moment; name a day or a month", safe(on));
            return Err(Failure::usage(message).hinted("from a moment on: --since WHEN"));
        }
        return Ok((since, until));
    }
    let since = match &args.since {
        Some(text) => when::since(text, now, zone).map_err(in_option("--since"))?,
        // With an end alone it is everything until then.
        None if args.until.is_some() => Timestamp::MIN,
        None => when::this_month(now, zone).ok_or_else(|| Failure::usage("the clock shows no time"))?,
    };
    let until = match &args.until {
        Some(text) => when::until(text, now, zone).map_err(in_option("--until"))?,
        None => when::until("today", now, zone).map_err(in_option("--until"))?,
    };
    if since >= until {
        let [from, to] = [&args.since, &args.until].map(|text| safe(text.as_deref().unwrap_or("today")));
        let message = format!("--since {from} is not before --until {to}; nothing can lie between them");
        return Err(Failure::usage(message));
    }
    Ok((since, until))
}
