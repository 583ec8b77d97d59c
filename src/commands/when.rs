//! WHEN of `--since` and `--until`: a day, a month, a time, or as long ago as so much.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use thiserror::Error;

use crate::domain::time::parse_duration;
use crate::failure::Failure;

/// Words that are no time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::commands) enum WhenError {
    #[error(
        "`{0}` is not a time; write 2026-11-23, 2026-11, 2026-11-23T09:00, today, yesterday, or as long \
         ago as 7d or 12h"
    )]
    Unreadable(String),
    #[error("`{0}` may be minutes or months; write {0}in or {0}o")]
    MinutesOrMonths(String),
    #[error("`{0}` is not in the calendar")]
    NoSuchDate(String),
}

/// The error as that of the option it was given to.
pub(in crate::commands) fn in_option(option: &'static str) -> impl Fn(WhenError) -> Failure {
    move |error| Failure::usage(format!("{option}: {error}"))
}

/// What was meant, before it is known which end of it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Day(Date),
    /// By its first day.
    Month(Date),
    At(Timestamp),
}

/// Where WHEN begins: what `--since` means.
pub(in crate::commands) fn since(
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Timestamp, WhenError> {
    match parse(text, now, zone)? {
        When::Day(first) | When::Month(first) => midnight(first, zone).ok_or_else(|| no_such_date(text)),
        When::At(at) => Ok(at),
    }
}

/// Where WHEN ends: what `--until` means. A day or a month is included to its end; a time is not.
pub(in crate::commands) fn until(
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Timestamp, WhenError> {
    let after = match parse(text, now, zone)? {
        When::Day(day) => day.tomorrow(),
        When::Month(first) => first.checked_add(1.month()),
        When::At(at) => return Ok(at),
    };
    after.ok().and_then(|day| midnight(day, zone)).ok_or_else(|| no_such_date(text))
}

/// Where the month of a time begins.
pub(in crate::commands) fn this_month(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    midnight(now.to_zoned_datetime(zone.clone()).date().first_of_month(), zone)
}

fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<When, WhenError> {
    let text = text.trim();
    let today = || now.to_zoned_datetime(zone.clone()).date();
    let in_calendar = |date: Option<Date>| date.ok_or_else(|| no_such_date(text));
    if matches!(text, "today" | "오늘") {
        return Ok(When::Day(today()));
    }
    if matches!(text, "yesterday" | "어제") {
        return in_calendar(today().yesterday().ok()).map(When::Day);
    }
    if is_count_of_m(text) {
        return Err(WhenError::MinutesOrMonths(text.to_owned()));
    }
    // With slashes or with a blank before the time of day: as Excel and people write it.
    let dashed = if has_shape(text.get(..7).unwrap_or_default(), "0000/00") {
        text.replace('/', "-")
    } else {
        text.to_owned()
    };
    if has_shape(&dashed, "0000-00-00") {
        in_calendar(dashed.parse().ok()).map(When::Day)
    } else if has_shape(&dashed, "0000-00") {
        in_calendar(format!("{dashed}-01").parse().ok()).map(When::Month)
    } else if TIMES.iter().any(|shape| has_shape(&dashed, shape)) {
        let at = dashed.parse::<DateTime>().ok().and_then(|time| time.to_zoned_datetime(zone.clone()).ok());
        at.map(|at| When::At(at.timestamp())).ok_or_else(|| no_such_date(text))
    } else if let Some(ago) = calendar_span(text) {
        in_calendar(today().checked_sub(ago).ok()).map(When::Day)
    } else if let Ok(ago) = parse_duration(text) {
        now.checked_sub(ago).map(When::At).map_err(|_| no_such_date(text))
    } else {
        // What billkey itself writes into JSON: a time with its offset.
        text.parse().map(When::At).map_err(|_| WhenError::Unreadable(text.escape_debug().to_string()))
    }
}

/// A day and a time of it.
const TIMES: [&str; 4] =
    ["0000-00-00T00:00", "0000-00-00T00:00:00", "0000-00-00 00:00", "0000-00-00 00:00:00"];

/// Whether it is a count of `m` alone.
fn is_count_of_m(text: &str) -> bool {
    let count = text.strip_suffix('m').unwrap_or_default();
    !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2w`, `3mo`, `2y`: whole weeks, months and years of the calendar, from the beginning of their day.
fn calendar_span(text: &str) -> Option<Span> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let count: i32 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    match text.strip_prefix(digits)? {
        "w" => Span::new().try_weeks(count).ok(),
        "mo" => Span::new().try_months(count).ok(),
        "y" => Span::new().try_years(count).ok(),
        _ => None,
    }
}

fn no_such_date(text: &str) -> WhenError {
    WhenError::NoSuchDate(text.escape_debug().to_string())
}

/// Whether the text has a digit for each `0` of the shape, and else its very characters.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// Where a day begins; in a zone that skips midnight, the first moment after it.
fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned_datetime(zone.clone()).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{WhenError, since, until};

    fn seoul() -> TimeZone {
        TimeZone::get("Asia/Seoul").unwrap()
    }

    /// Half past midnight in Seoul, and still the day before in UTC.
    fn now() -> Timestamp {
        "2026-11-23T00:30:00+09:00".parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_has_a_beginning_and_an_end_in_the_zone() {
        for (text, begins, ends) in [
            ("2026-11-20", "2026-11-20T00:00:00+09:00", "2026-11-21T00:00:00+09:00"),
            ("2026-12-31", "2026-12-31T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
            ("2028-02-29", "2028-02-29T00:00:00+09:00", "2028-03-01T00:00:00+09:00"),
            ("2026-11", "2026-11-01T00:00:00+09:00", "2026-12-01T00:00:00+09:00"),
            ("2026-12", "2026-12-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
            ("2026-11-23T09:00", "2026-11-23T09:00:00+09:00", "2026-11-23T09:00:00+09:00"),
            ("2026-11-23T09:00:59", "2026-11-23T09:00:59+09:00", "2026-11-23T09:00:59+09:00"),
            ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
            ("2026-11-23T09:00:00+01:00", "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
            ("2026/11/20", "2026-11-20T00:00:00+09:00", "2026-11-21T00:00:00+09:00"),
            ("2026/11", "2026-11-01T00:00:00+09:00", "2026-12-01T00:00:00+09:00"),
            ("2026-11-23 09:00", "2026-11-23T09:00:00+09:00", "2026-11-23T09:00:00+09:00"),
            ("2026/11/23 09:00:59", "2026-11-23T09:00:59+09:00", "2026-11-23T09:00:59+09:00"),
            ("오늘", "2026-11-23T00:00:00+09:00", "2026-11-24T00:00:00+09:00"),
            ("어제", "2026-11-22T00:00:00+09:00", "2026-11-23T00:00:00+09:00"),
            ("90min", "2026-11-22T23:00:00+09:00", "2026-11-22T23:00:00+09:00"),
            ("today", "2026-11-23T00:00:00+09:00", "2026-11-24T00:00:00+09:00"),
            ("yesterday", "2026-11-22T00:00:00+09:00", "2026-11-23T00:00:00+09:00"),
            ("7d", "2026-11-16T00:30:00+09:00", "2026-11-16T00:30:00+09:00"),
            ("2w", "2026-11-09T00:00:00+09:00", "2026-11-10T00:00:00+09:00"),
            ("3mo", "2026-08-23T00:00:00+09:00", "2026-08-24T00:00:00+09:00"),
            ("2y", "2024-11-23T00:00:00+09:00", "2024-11-24T00:00:00+09:00"),
            ("12h", "2026-11-22T12:30:00+09:00", "2026-11-22T12:30:00+09:00"),
            (" today ", "2026-11-23T00:00:00+09:00", "2026-11-24T00:00:00+09:00"),
        ] {
            assert_eq!(since(text, now(), &seoul()), Ok(at(begins)), "since {text}");
            assert_eq!(until(text, now(), &seoul()), Ok(at(ends)), "until {text}");
        }
    }

    #[test]
    fn a_day_is_as_long_as_the_zone_makes_it() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let (begins, ends) =
            (since("2026-11-01", now(), &zone).unwrap(), until("2026-11-01", now(), &zone).unwrap());
        assert_eq!(ends.as_second() - begins.as_second(), 25 * 3600);
    }

    #[test]
    fn a_date_that_is_not_in_the_calendar_is_named() {
        for text in ["2026-02-29", "2026-13", "2026-00", "2026-11-23T24:01", "2026-11-23T09:60"] {
            assert_eq!(since(text, now(), &seoul()), Err(WhenError::NoSuchDate(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn minutes_and_months_are_told_apart() {
        let error = since("15m", now(), &seoul()).unwrap_err();
        assert_eq!(error.to_string(), "`15m` may be minutes or months; write 15min or 15mo");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "",
            "now",
            "Today",
            "2026",
            "2026-1-2",
            "26-11-23",
            "7",
            "-7d",
            "2026/11-23T",
            "2026-11/23",
            "11-23",
            "min",
            "７d",
        ] {
            let error = until(text, now(), &seoul()).unwrap_err();
            assert_eq!(error, WhenError::Unreadable(text.to_owned()), "{text}");
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }
}
