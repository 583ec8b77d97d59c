//! `--once-per`: one stable merchant_uid for a customer, a plan and a period, so that cron can run
//! the same line again.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use ring::digest;
use thiserror::Error;

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::Mode;
use crate::domain::text::nfc;
use crate::domain::words::hex;

/// The gateway's business day begins by this clock, whatever `timezone` says. Korea has had no other offset
/// since 1988.
const SEOUL: Offset = Offset::constant(9);

/// A stretch of the calendar, such as `2026-11`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period(String);

/// A period that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a period; give day, week, month, quarter or year, or a certain one such as 2026-11, 2026-11-23, \
     2026-W48, 2026-Q4 or 2026"
)]
pub struct PeriodError(String);

/// What orders are numbered within: one account's, live or test (contract, rule 12). None of it is a label, a
/// path or a zone, which may change without anybody meaning another order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub account: String,
    pub mode: Mode,
    /// Empty where none is named.
    pub scope: String,
}

/// The date by the gateway's business day.
#[must_use]
pub fn business_date(now: Timestamp) -> Date {
    now.to_zoned_datetime(TimeZone::fixed(SEOUL)).date()
}

/// The words that mean the period that today lies in.
pub const KINDS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

impl Period {
    /// Reads a word, which means the one that `today` lies in, or a certain period.
    pub fn parse(text: &str, today: Date) -> Result<Period, PeriodError> {
        let week = || {
            let date = today.iso_week_date();
            format!("{:04}-W{:02}", date.year(), date.week())
        };
        let period = match text {
            "day" => today.to_string(),
            "week" => week(),
            "month" => format!("{:04}-{:02}", today.year(), today.month()),
            "quarter" => format!("{:04}-Q{}", today.year(), (today.month() - 1) / 3 + 1),
            "year" => format!("{:04}", today.year()),
            certain if is_certain(certain) => certain.to_owned(),
            _ => return Err(PeriodError(text.to_owned())),
        };
        Ok(Period(period))
    }

    /// `2026-11`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The order id for this period: letters and digits only and at most 40 of them, because some
    /// PGs take no others and cut the rest off in silence (facts 2.7, `smartro_v2`). The period
    /// stands in front for people; the rest is a hash of all that the charge is for.
    #[must_use]
    pub fn merchant_uid(&self, series: &Series, customer: &CustomerUid, plan: &str) -> Option<MerchantUid> {
        let Series { account, mode, scope } = series;
        let (customer, plan) = (nfc(customer.as_str()), nfc(plan));
        self.hashed(&["billkey once-per 2", account, mode.word(), &nfc(scope), &customer, &plan])
    }

    /// The id that billkey gave up to schema 4: from the profile's name, and from the letters as they were
    /// given. An order that is known by it keeps it.
    #[must_use]
    pub fn former_merchant_uid(&self, profile: &str, customer: &str, plan: &str) -> Option<MerchantUid> {
        self.hashed(&["billkey once-per 1", profile, customer, plan])
    }

    fn hashed(&self, parts: &[&str]) -> Option<MerchantUid> {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in parts.iter().copied().chain([self.as_str()]) {
            // The length goes first, so that no two lists of parts are the same bytes.
            hash.update(format!("{}:", part.len()).as_bytes());
            hash.update(part.as_bytes());
        }
        let period: String = self.0.chars().filter(char::is_ascii_alphanumeric).collect();
        let digits = period.to_lowercase() + &hex(hash.finish().as_ref());
        MerchantUid::parse(digits.get(..40)?).ok()
    }
}

fn is_certain(text: &str) -> bool {
    let year_ok = |year: &str| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    let number = |digits: &str| -> Option<u8> { if digits.len() == 2 { digits.parse().ok() } else { None } };
    match text.split_once('-') {
        None => year_ok(text),
        Some((year, _)) if !year_ok(year) => false,
        Some((_, rest)) => match (rest.strip_prefix('W'), rest.strip_prefix('Q')) {
            (Some(week), _) => number(week).is_some_and(|week| (1..=53).contains(&week)),
            (None, Some(quarter)) => matches!(quarter, "1" | "2" | "3" | "4"),
            (None, None) if rest.len() == 2 => number(rest).is_some_and(|month| (1..=12).contains(&month)),
            (None, None) => text.parse::<Date>().is_ok_and(|date| date.to_string() == text),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Period, Series, business_date};
    use crate::domain::ids::CustomerUid;
    use crate::domain::payment::Mode;

    fn period(text: &str) -> Period {
        Period::parse(text, date(2026, 11, 23)).unwrap()
    }

    fn uid(text: &str) -> CustomerUid {
        CustomerUid::parse(text).unwrap()
    }

    #[test]
    fn words_mean_the_period_that_today_lies_in() {
        for (word, certain) in [
            ("day", "2026-11-23"),
            ("week", "2026-W48"),
            ("month", "2026-11"),
            ("quarter", "2026-Q4"),
            ("year", "2026"),
        ] {
            assert_eq!(period(word).as_str(), certain);
            assert_eq!(period(certain).as_str(), certain);
        }
        let new_year = Period::parse("week", date(2027, 1, 1)).unwrap();
        assert_eq!(new_year.as_str(), "2026-W53", "an ISO week belongs to the year of its Thursday");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in
            ["", "monthly", "2026-13", "2026-02-30", "26-11", "2026-Q5", "2026-W54", "2026-1", "2026-11-"]
        {
            assert!(Period::parse(text, date(2026, 11, 23)).is_err(), "{text}");
        }
    }

    fn series() -> Series {
        Series { account: "0123456789abcdef".to_owned(), mode: Mode::Live, scope: String::new() }
    }

    fn id(period: &Period, series: &Series, customer: &str, plan: &str) -> String {
        period.merchant_uid(series, &uid(customer), plan).unwrap().to_string()
    }

    #[test]
    fn the_id_is_the_same_each_time_and_other_for_anything_else() {
        let month = period("month");
        let first = id(&month, &series(), "gildong", "basic");
        assert_eq!(first, "2026119c50e76ce79861a64ef36f7abb165dafca");
        assert!(first.len() == 40 && first.bytes().all(|b| b.is_ascii_alphanumeric()));
        let of = |change: &dyn Fn(&mut Series)| {
            let mut series = series();
            change(&mut series);
            id(&month, &series, "gildong", "basic")
        };
        for other in [
            id(&period("2026-12"), &series(), "gildong", "basic"),
            id(&month, &series(), "gildong2", "basic"),
            id(&month, &series(), "gildong", "plus"),
            id(&month, &series(), "gildongb", "asic"),
            of(&|series| series.account = "other".to_owned()),
            of(&|series| series.mode = Mode::Test),
            of(&|series| series.scope = "shop".to_owned()),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn a_customer_and_a_plan_are_the_same_however_they_are_spelled() {
        let (composed, apart) = ("가", "\u{1100}\u{1161}");
        assert_eq!(
            id(&period("month"), &series(), composed, apart),
            id(&period("month"), &series(), apart, composed)
        );
    }

    #[test]
    fn an_order_of_an_older_billkey_is_known_by_its_id() {
        let former = period("month").former_merchant_uid("main", "gildong", "basic").unwrap();
        assert_eq!(former.as_str(), "202611ba40d1c61bc66e014de94ed18446abd7be");
    }

    #[test]
    fn the_business_day_is_seouls() {
        let at = |text: &str| business_date(text.parse().unwrap());
        assert_eq!(at("2026-11-30T14:59:59Z"), date(2026, 11, 30));
        assert_eq!(at("2026-11-30T15:00:00Z"), date(2026, 12, 1));
    }
}
