//! Number formats: whether a number looks in its cell like the value that is stored, and what else it may be.

use jiff::Span;
use jiff::civil::{Date, date};

use crate::intake::table::Look;

/// The code of a format that Excel numbers and does not spell out.
pub(super) fn built_in(id: u32) -> &'static str {
    match id {
        0 => "General",
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5..=8 | 37..=44 => "#,##0",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 | 13 => "# ?/?",
        14..=17 | 27..=31 | 34..=36 | 50..=58 => "yyyy-mm-dd",
        18..=21 | 32 | 33 | 45..=47 => "hh:mm:ss",
        22 => "yyyy-mm-dd hh:mm",
        48 => "##0.0E+0",
        49 => "@",
        _ => "?",
    }
}

/// Letters and signs that stand beside an amount and do not change it.
const MONEY: [&str; 12] = ["₩", "￦", "원", "KRW", "USD", "EUR", "JPY", "$", "€", "¥", "£", "\\"];

/// Reads a format's code; of several sections the one for positive numbers.
pub(super) fn look(code: &str) -> Look {
    let (mut digits, mut words) = (String::new(), String::new());
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => words.extend(chars.by_ref().take_while(|c| *c != '"')),
            '\\' => words.extend(chars.next()),
            // As wide as the next character, or filled with it.
            '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                match inside.strip_prefix('$') {
                    Some(money) => words.push_str(money.split('-').next().unwrap_or_default()),
                    None if inside.trim_matches(['h', 'm', 's', 'H', 'M', 'S']).is_empty() => {
                        return Look::Date;
                    }
                    // A colour or a condition.
                    None => {}
                }
            }
            '₩' | '￦' | '$' | '€' | '¥' | '£' | '원' | ' ' | '(' | ')' | '+' => {}
            c => digits.push(c.to_ascii_lowercase()),
        }
    }
    let mut words = words.as_str().trim();
    for money in MONEY {
        words = words.trim_matches(' ').strip_prefix(money).unwrap_or(words);
    }
    let dash = digits.strip_prefix('-').unwrap_or(&digits);
    match dash {
        "general" | "0" if words.is_empty() => Look::Plain,
        "@" if words.is_empty() => Look::Text,
        _ if dash.contains("e+") || dash.contains("e-") => Look::Other,
        _ if dash.contains(['y', 'm', 'd', 'h', 's', '년', '월', '일', '시', '분']) => Look::Date,
        _ if !words.trim().is_empty() || !dash.contains(['0', '#']) => Look::Other,
        _ if dash.contains(|c| !matches!(c, '0' | '#' | '?' | ',' | '.')) => Look::Other,
        _ if dash.split('.').next().unwrap_or_default().ends_with(',') || dash.ends_with(',') => Look::Other,
        _ if dash.split('.').next().unwrap_or_default().contains("00") => Look::Padded,
        _ => Look::Number,
    }
}

/// A number as XML has it, without an exponent and without zeros that say nothing. `None` where it is none.
pub(super) fn plain_number(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) || exponent.abs() > 320
    {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let mut digits = format!("{whole}{fraction}");
    if point < 0 {
        digits.insert_str(0, &"0".repeat(usize::try_from(point.unsigned_abs()).ok()?));
    }
    let point = usize::try_from(point.max(0)).ok()?;
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at_checked(point)?;
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// A day as its number in a workbook, in the way that cannot be misread: `2026-11-28`, `2026-11-28 09:30:00`.
pub(super) fn day(number: &str, from_1904: bool) -> Option<String> {
    let (days, fraction) = number.split_once('.').unwrap_or((number, ""));
    let days: i64 = days.parse().ok()?;
    // Excel has a 29 February 1900, which the days before it do not know.
    let first: Date = match (from_1904, days < 60) {
        (true, _) => date(1904, 1, 1),
        (false, true) => date(1899, 12, 31),
        (false, false) => date(1899, 12, 30),
    };
    let day = first.checked_add(Span::new().try_days(days).ok()?).ok()?;
    if fraction.is_empty() {
        return Some(day.to_string());
    }
    let fraction = fraction.get(..fraction.len().min(12)).unwrap_or(fraction);
    let part: i64 = fraction.parse().ok()?;
    let whole = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let seconds = (part.checked_mul(86_400)?.checked_add(whole / 2)?) / whole;
    let time = day.at(0, 0, 0, 0).checked_add(Span::new().try_seconds(seconds).ok()?).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::{Look, built_in, day, look, plain_number};

    #[test]
    fn a_format_tells_whether_the_cell_shows_its_value() {
        for (code, expected) in [
            ("General", Look::Plain),
            ("0", Look::Plain),
            ("0_ ", Look::Plain),
            ("@", Look::Text),
            ("#,##0", Look::Number),
            ("#,##0_);[Red](#,##0)", Look::Number),
            ("[$₩-412]#,##0", Look::Number),
            ("\"₩\"#,##0;\\-\"₩\"#,##0", Look::Number),
            ("#,##0\"원\"", Look::Number),
            ("_-\\₩* #,##0_-;", Look::Number),
            ("#,##0.00\\ \"KRW\"", Look::Number),
            ("00000", Look::Padded),
            ("#,##0,", Look::Other),
            ("#,##0,\"천원\"", Look::Other),
            ("0\"만원\"", Look::Other),
            ("0%", Look::Other),
            ("0.00E+00", Look::Other),
            ("# ?/?", Look::Other),
            ("000-0000-0000", Look::Other),
            ("yyyy\"년\" m\"월\" d\"일\"", Look::Date),
            ("m\"월\" d\"일\"", Look::Date),
            ("[$-412]AM/PM h:mm", Look::Date),
            ("[h]:mm", Look::Date),
        ] {
            assert_eq!(look(code), expected, "{code}");
        }
        for (id, expected) in [
            (0, Look::Plain),
            (1, Look::Plain),
            (3, Look::Number),
            (14, Look::Date),
            (49, Look::Text),
            (42, Look::Number),
            (57, Look::Date),
            (200, Look::Other),
        ] {
            assert_eq!(look(built_in(id)), expected, "{id}");
        }
    }

    #[test]
    fn numbers_are_the_digits_that_they_are() {
        for (text, plain) in [
            ("8900", "8900"),
            ("8900.0", "8900"),
            ("8900.50", "8900.5"),
            ("2.0261123E13", "20261123000000"),
            ("1E-2", "0.01"),
            ("-5", "-5"),
            ("0.1", "0.1"),
            ("1.5e+1", "15"),
            ("0", "0"),
        ] {
            assert_eq!(plain_number(text).as_deref(), Some(plain), "{text}");
        }
        assert_eq!(
            [plain_number(""), plain_number("x"), plain_number("1e"), plain_number("NaN")],
            [const { None }; 4]
        );
    }

    #[test]
    fn days_are_counted_from_either_beginning() {
        assert_eq!(day("46354", false).as_deref(), Some("2026-11-28"));
        assert_eq!(day("44892", true).as_deref(), Some("2026-11-28"));
        assert_eq!(day("46354.395833333336", false).as_deref(), Some("2026-11-28 09:30:00"));
        assert_eq!(day("1", false).as_deref(), Some("1900-01-01"));
        assert_eq!((day("x", false), day("99999999999", false)), (None, None));
    }
}
