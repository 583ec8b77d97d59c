//! From what was typed to the payments that are meant.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::commands::history::{HistoryBy, HistoryListArgs};
use crate::commands::statuses::{GATEWAY_STATUSES, status_words};
use crate::commands::when::{self, in_option};
use crate::domain::ids::CustomerUid;
use crate::domain::money::{Amount, Currency, MoneyError};
use crate::domain::payment::Outcome;
use crate::domain::words::nearest;
use crate::failure::Failure;
use crate::ledger::{By, Filter};
use crate::output::text::safe;

/// How many are listed unless told otherwise (contract, "Commands").
const LIMIT_USUAL: u64 = 20;

/// Reads every option that picks payments.
pub(super) fn filter(args: &HistoryListArgs, now: Timestamp, zone: &TimeZone) -> Result<Filter, Failure> {
    let (outcomes, statuses) = statuses(&args.status)?;
    // clap takes `--on` alone.
    let (from, to) = (args.on.as_ref().or(args.since.as_ref()), args.on.as_ref().or(args.until.as_ref()));
    let (from_option, to_option) = if args.on.is_some() { ("--on", "--on") } else { ("--since", "--until") };
    let since = from.map(|text| when::since(text, now, zone)).transpose().map_err(in_option(from_option))?;
    let until = to.map(|text| when::until(text, now, zone)).transpose().map_err(in_option(to_option))?;
    if let (Some(on), true) = (&args.on, since.is_some() && since == until) {
        let message = format!("--on: `{}` is a moment; name a day or a month", safe(on));
        return Err(Failure::usage(message).hinted("from a moment on: --since WHEN"));
    }
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let [from, to] = [&args.since, &args.until].map(|text| text.as_deref().unwrap_or_default());
        let [from, to] = [safe(from), safe(to)];
        let message = format!("--since {from} is not before --until {to}; no payment can lie between them");
        return Err(Failure::usage(message));
    }
    let min = args.min_amount.as_deref().map(amount).transpose()?;
    let max = args.max_amount.as_deref().map(amount).transpose()?;
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = format!("--min-amount {min} is more than --max-amount {max}; no payment can be both");
        return Err(Failure::usage(message));
    }
    Ok(Filter {
        text: Some(args.text.join(" ")).filter(|text| !text.trim().is_empty()),
        customer: args.customer.as_deref().map(CustomerUid::parse).transpose()?,
        outcomes,
        statuses,
        since,
        until,
        by: match args.by.unwrap_or_default() {
            HistoryBy::Requested => By::Requested,
            HistoryBy::Paid => By::Paid,
            HistoryBy::Cancelled => By::Cancelled,
        },
        min: min.map(|amount| amount.minor()),
        max: max.map(|amount| amount.minor()),
        card: args.card.as_deref().map(last_four).transpose()?,
        approval: args.approval.clone(),
        mode: args.mode,
        operator: args.operator.clone(),
        who: args.who,
        refunded: args.refunded,
        doubles: args.doubles,
        limit: match (args.all || args.export.export.is_some(), args.limit) {
            (_, Some(limit)) => Some(limit),
            (true, None) => None,
            (false, None) => Some(LIMIT_USUAL),
        },
    })
}

/// What the filter was, as it was typed, for a person who found nothing; empty without one.
pub(super) fn described(args: &HistoryListArgs) -> String {
    let mut parts = Vec::new();
    parts.extend((!args.text.is_empty()).then(|| format!("`{}`", safe(&args.text.join(" ")))));
    for (option, value) in options(args) {
        parts.push(value.map_or_else(|| option.to_owned(), |value| format!("{option} {}", safe(&value))));
    }
    parts.join(", ")
}

/// The words of the command line that picks the same payments and shows all of them.
pub(super) fn all_of_them(args: &HistoryListArgs) -> Vec<(&'static str, Option<String>)> {
    let mut all = options(args);
    all.extend(args.columns.clone().map(|columns| ("--columns", Some(columns))));
    all.push(("--all", None));
    all
}

/// The options that pick payments, as they were given.
fn options(args: &HistoryListArgs) -> Vec<(&'static str, Option<String>)> {
    let statuses = (!args.status.is_empty()).then(|| args.status.join(","));
    let word = |word: &str| Some(word.to_owned());
    let given = [
        ("--customer", args.customer.clone()),
        ("--status", statuses),
        ("--card", args.card.clone()),
        ("--approval", args.approval.clone()),
        ("--mode", args.mode.and_then(|mode| word(mode.word()))),
        ("--operator", args.operator.clone()),
        ("--who", args.who.and_then(|who| word(who.word()))),
        ("--on", args.on.clone()),
        ("--since", args.since.clone()),
        ("--until", args.until.clone()),
        ("--by", args.by.and_then(|by| word(by.word()))),
        ("--min-amount", args.min_amount.clone()),
        ("--max-amount", args.max_amount.clone()),
    ];
    let mut options: Vec<_> = given.into_iter().filter(|(_, value)| value.is_some()).collect();
    for (option, given) in [("--refunded", args.refunded), ("--doubles", args.doubles)] {
        options.extend(given.then_some((option, None)));
    }
    options
}

fn last_four(text: &str) -> Result<String, Failure> {
    let digits = text.trim();
    if digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(digits.to_owned());
    }
    let message = format!("--card: `{}` is not the last four digits of a card", safe(text));
    Err(Failure::usage(message))
}

/// Whole won; the least and the most may be zero.
fn amount(text: &str) -> Result<Amount, MoneyError> {
    Amount::parse_or_zero(text, Currency::KRW)
}

/// Sorts words into outcomes of ours and statuses of the gateway's. `paid` is an outcome.
fn statuses(words: &[String]) -> Result<(Vec<Outcome>, Vec<String>), Failure> {
    let (mut outcomes, mut statuses) = (Vec::new(), Vec::new());
    for given in words {
        let word = given.trim().to_lowercase().replace('-', "_");
        if let Some(outcome) = Outcome::from_word(&word) {
            outcomes.push(outcome);
        } else if GATEWAY_STATUSES.contains(&word.as_str()) {
            statuses.push(word);
        } else {
            return Err(unknown_status(given, &word));
        }
    }
    Ok((outcomes, statuses))
}

fn unknown_status(given: &str, word: &str) -> Failure {
    let meant =
        nearest(word, status_words()).map_or_else(String::new, |known| format!("; did you mean {known}?"));
    let list = status_words().collect::<Vec<_>>().join(", ");
    Failure::usage(format!("--status: `{}` is not a status{meant}", safe(given)))
        .hinted(format!("the statuses are {list}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{all_of_them, described, filter, statuses};
    use crate::commands::export::ExportArgs;
    use crate::commands::history::{HistoryBy, HistoryListArgs};
    use crate::domain::declines::Who;
    use crate::domain::payment::{Mode, Outcome};
    use crate::failure::{Failure, Kind};
    use crate::ledger::{By, Filter};

    fn read(args: &HistoryListArgs) -> Result<Filter, Failure> {
        filter(args, "2026-11-23T12:00:00+09:00".parse().unwrap(), &TimeZone::get("Asia/Seoul").unwrap())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn usage_of(args: &HistoryListArgs) -> String {
        let failure = read(args).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        failure.message
    }

    #[test]
    fn without_options_the_newest_twenty_of_all() {
        let all_of_twenty = Filter { limit: Some(20), ..Filter::default() };
        assert_eq!(read(&HistoryListArgs::default()), Ok(all_of_twenty));
        assert_eq!(described(&HistoryListArgs::default()), "");
    }

    #[test]
    fn every_option_reaches_the_filter() {
        let args = HistoryListArgs {
            text: words(&["홍길동", "8,900"]),
            customer: some("gildong_0001_1234"),
            status: words(&["paid", "cancelled"]),
            since: some("2026-11"),
            until: some("today"),
            by: Some(HistoryBy::Paid),
            min_amount: some("0"),
            max_amount: some("8,900원"),
            card: some("1234"),
            approval: some("30012345"),
            mode: Some(Mode::Test),
            operator: some("kim"),
            who: Some(Who::Customer),
            on: None,
            refunded: true,
            totals: false,
            doubles: true,
            limit: None,
            all: true,
            columns: None,
            export: ExportArgs::default(),
        };
        let read = read(&args).unwrap();
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!((read.text.as_deref(), read.limit), (Some("홍길동 8,900"), None));
        assert_eq!(read.customer.unwrap().as_str(), "gildong_0001_1234");
        assert_eq!((read.outcomes, read.statuses), (vec![Outcome::Paid], words(&["cancelled"])));
        assert_eq!((read.since, read.until), (time("2026-10-31T15:00:00Z"), time("2026-11-23T15:00:00Z")));
        assert_eq!((read.by, read.min, read.max), (By::Paid, Some(0), Some(8900)));
        assert_eq!((read.card, read.approval, read.operator), (some("1234"), some("30012345"), some("kim")));
        assert_eq!((read.mode, read.who), (Some(Mode::Test), Some(Who::Customer)));
        assert!(read.refunded && read.doubles);
        assert_eq!(
            described(&args),
            "`홍길동 8,900`, --customer gildong_0001_1234, --status paid,cancelled, --card 1234, --approval 30012345, \
             --mode test, --operator kim, --who customer, --since 2026-11, --until today, \
             --by paid, --min-amount 0, --max-amount 8,900원, --refunded, --doubles"
        );
        let all: Vec<&str> = all_of_them(&args).iter().map(|(option, _)| *option).collect();
        assert!(all.starts_with(&["--customer", "--status"]) && all.ends_with(&["--doubles", "--all"]));
    }

    #[test]
    fn a_status_is_an_outcome_or_a_word_of_the_gateways() {
        let sorted = statuses(&words(&["Not-Sent", " unknown", "failed", "READY"])).unwrap();
        assert_eq!(sorted, (vec![Outcome::NotSent, Outcome::Unknown], words(&["failed", "ready"])));
        for (given, nearest) in [("payed", "paid"), ("canceled", "cancelled"), ("decline", "declined")] {
            let failure = statuses(&words(&[given])).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            let starts = format!("--status: `{given}` is not a status; did you mean {nearest}");
            assert!(failure.message.starts_with(&starts), "{}", failure.message);
        }
        let failure = statuses(&words(&[""])).unwrap_err();
        assert_eq!(failure.message, "--status: `` is not a status");
    }

    #[test]
    fn what_no_payment_can_be_is_wrong_usage() {
        let times =
            HistoryListArgs { since: some("2026-12"), until: some("2026-11"), ..HistoryListArgs::default() };
        assert_eq!(
            usage_of(&times),
            "--since 2026-12 is not before --until 2026-11; no payment can lie between them"
        );
        let amounts = HistoryListArgs {
            min_amount: some("9000"),
            max_amount: some("8900"),
            ..HistoryListArgs::default()
        };
        assert_eq!(
            usage_of(&amounts),
            "--min-amount ₩9,000 is more than --max-amount ₩8,900; no payment can be both"
        );
        let one_day =
            HistoryListArgs { since: some("today"), until: some("today"), ..HistoryListArgs::default() };
        assert!(read(&one_day).is_ok(), "a day is included to its end");
    }

    #[test]
    fn on_a_day_is_from_its_beginning_to_its_end() {
        let on = |text| HistoryListArgs { on: some(text), ..HistoryListArgs::default() };
        let day = read(&on("2026-11-30")).unwrap();
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!((day.since, day.until), (time("2026-11-29T15:00:00Z"), time("2026-11-30T15:00:00Z")));
        assert_eq!(usage_of(&on("7d")), "--on: `7d` is a moment; name a day or a month");
        assert!(usage_of(&on("soon")).starts_with("--on: `soon` is not a time"));
    }

    #[test]
    fn an_option_that_cannot_be_read_is_named() {
        for card in ["123", "12345", "１２３４"] {
            let args = HistoryListArgs { card: some(card), ..HistoryListArgs::default() };
            assert_eq!(usage_of(&args), format!("--card: `{card}` is not the last four digits of a card"));
        }
        let args = HistoryListArgs { until: some("soon"), ..HistoryListArgs::default() };
        assert!(usage_of(&args).starts_with("--until: `soon` is not a time"), "{}", usage_of(&args));
        let args = HistoryListArgs { min_amount: some("-5"), ..HistoryListArgs::default() };
        assert!(usage_of(&args).contains("`-5`"), "{}", usage_of(&args));
    }
}
