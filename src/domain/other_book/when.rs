//! Times as lists write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// When something was, as far as a list tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    Day(Date),
    At(DateTime),
}

impl When {
    #[must_use]
    pub fn day(self) -> Date {
        match self {
            When::Day(day) => day,
            When::At(at) => at.date(),
        }
    }

    /// Reads `2026-11-23`, `2026.11.23`, `2026/11/23`, `20261123`, `2026년 11월 23일`, each with a time of day behind it,
    /// and RFC 3339. `None` where it is none of these.
    #[must_use]
    pub fn read(text: &str, zone: &TimeZone) -> Option<When> {
        let text = text.trim();
        if text.contains('T')
            && let Ok(at) = text.parse::<Timestamp>()
        {
            return Some(When::At(at.to_zoned_datetime(zone.clone()).datetime()));
        }
        let (afternoon, text) = meridiem(text);
        let digits: Vec<&str> =
            text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        let apart = |c: char| {
            c.is_ascii_digit()
                || matches!(c, '-' | '.' | '/' | ':' | ' ' | 'T' | '년' | '월' | '일' | '시' | '분' | '초')
        };
        if !text.chars().all(apart) || text.starts_with('-') {
            return None;
        }
        let (date, time) = match digits.as_slice() {
            [whole] if whole.len() == 8 => (cut(whole, &[4, 2, 2])?, Vec::new()),
            [whole] if whole.len() == 14 => split(cut(whole, &[4, 2, 2, 2, 2, 2])?),
            [day, time] if day.len() == 8 && time.len() == 6 => {
                (cut(day, &[4, 2, 2])?, cut(time, &[2, 2, 2])?)
            }
            [day, time @ ..] if day.len() == 8 => (cut(day, &[4, 2, 2])?, numbers(time)?),
            [year, month, day, time @ ..] if year.len() == 4 => {
                (numbers(&[year, month, day])?, numbers(time)?)
            }
            _ => return None,
        };
        let [year, month, day] = date.as_slice() else { return None };
        let small = |number: &u32| i8::try_from(*number).ok();
        let day = Date::new(i16::try_from(*year).ok()?, small(month)?, small(day)?).ok()?;
        let (hour, minute, second) = match time.as_slice() {
            [] => return Some(When::Day(day)),
            [hour, minute] => (hour, minute, &0),
            [hour, minute, second] | [hour, minute, second, _] => (hour, minute, second),
            _ => return None,
        };
        let hour = match afternoon {
            Some(true) if *hour < 12 => hour + 12,
            Some(false) if *hour == 12 => 0,
            Some(_) | None => *hour,
        };
        let time = Time::new(small(&hour)?, small(minute)?, small(second)?, 0).ok()?;
        Some(When::At(day.to_datetime(time)))
    }
}

/// `오후 3:04` and `3:04 PM`: whether it is after noon, and the text without it.
fn meridiem(text: &str) -> (Option<bool>, String) {
    for (word, is_after) in [("오전", false), ("오후", true), ("AM", false), ("PM", true)] {
        if text.contains(word) {
            return (Some(is_after), text.replacen(word, " ", 1));
        }
    }
    (None, text.to_owned())
}

fn numbers(parts: &[&str]) -> Option<Vec<u32>> {
    parts.iter().map(|part| part.parse().ok()).collect()
}

fn cut(digits: &str, lengths: &[usize]) -> Option<Vec<u32>> {
    let mut rest = digits;
    let mut parts = Vec::new();
    for length in lengths {
        let (part, after) = rest.split_at_checked(*length)?;
        parts.push(part.parse().ok()?);
        rest = after;
    }
    rest.is_empty().then_some(parts)
}

fn split(mut parts: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
    let time = parts.split_off(3);
    (parts, time)
}
