//! `--once-per`: one stable merchant_uid for a customer, a plan and a period, so that cron can run
//! the same line again.

use jiff::civil::Date;
use ring::digest;
use thiserror::Error;

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::words::hex;

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

impl Period {
    /// Reads a word, which means the one that `today` lies in, or a certain period. `today` is a
    /// date of the merchant's zone.
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
    pub fn merchant_uid(&self, profile: &str, customer: &CustomerUid, plan: &str) -> Option<MerchantUid> {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in ["billkey once-per 1", profile, customer.as_str(), plan, &self.0] {
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

    use super::Period;
    use crate::domain::ids::CustomerUid;

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

    #[test]
    fn the_id_is_the_same_each_time_and_other_for_anything_else() {
        let id = period("month").merchant_uid("main", &uid("gildong"), "basic").unwrap();
        assert_eq!(id.as_str(), "202611ba40d1c61bc66e014de94ed18446abd7be");
        assert!(id.as_str().len() == 40 && id.as_str().bytes().all(|b| b.is_ascii_alphanumeric()));
        for other in [
            period("2026-12").merchant_uid("main", &uid("gildong"), "basic"),
            period("month").merchant_uid("test", &uid("gildong"), "basic"),
            period("month").merchant_uid("main", &uid("gildong2"), "basic"),
            period("month").merchant_uid("main", &uid("gildong"), "plus"),
            period("month").merchant_uid("maing", &uid("ildong"), "basic"),
        ] {
            assert_ne!(other.unwrap(), id);
        }
    }
}
