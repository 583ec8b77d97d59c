//! Text that is safe on a terminal, measured and cut in columns.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character could move the cursor, turn the text around or hide in it: C0, DEL, C1,
/// line and paragraph separators, directions, zero widths, fillers and tags.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    // Nearly all there is, and asked of each letter of an export.
    if matches!(c, ' '..='~' | '가'..='힣') {
        return false;
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text from elsewhere as one line that does nothing to a terminal: what is unsafe is spelt out
/// as `\u{1b}`.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    spell_out(text, is_unsafe)
}

/// Like [`safe`], with the line breaks kept: for prose of our own that has several lines.
#[must_use]
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    spell_out(text, |c| c != '\n' && is_unsafe(c))
}

/// Replaces the characters that `bad` picks by their code points.
pub(in crate::output) fn spell_out(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&bad) {
        return Cow::Borrowed(text);
    }
    let mut spelt = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if bad(c) {
            // Writing to a String cannot fail.
            let _ = write!(spelt, "\\u{{{:x}}}", u32::from(c));
        } else {
            spelt.push(c);
        }
    }
    Cow::Owned(spelt)
}

/// `12 KB`, `3 MB`: the largest unit that leaves a whole number.
#[must_use]
pub fn size(bytes: u64) -> String {
    let mut shown = (bytes, "bytes");
    for (unit, size) in [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)] {
        if bytes >= size {
            shown = (bytes / size, unit);
        }
    }
    format!("{} {}", shown.0, shown.1)
}

/// Columns on a terminal: Hangul and other wide characters take two.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` columns, the last of them `…` where something was cut off. A wide character
/// that does not fit whole is left out, so the result may be a column short.
#[must_use]
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    // Some sequences are wider than their characters taken one by one.
    while width(&kept) > room {
        kept.pop();
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// Lines of at most `columns` columns, broken at blanks; a longer word is cut.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(|word| cut(word, columns)) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) | None => lines.push(word.into_owned()),
        }
    }
    lines
}

/// Filled up with spaces to `columns` columns; never cut.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Safe, and with one full stop at its end: `잔액부족` and `잔액부족.` both become `잔액부족.`
#[must_use]
pub fn sentence(text: &str) -> String {
    let text = safe(text.trim());
    if text.is_empty() || text.ends_with(['.', '?', '!', '。']) {
        text.into_owned()
    } else {
        format!("{text}.")
    }
}

/// A word for a shell command that a person copies: quoted where the shell would read more into it.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/_-.:@%+=,".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", safe(text).replace('\'', r"'\''"))
}

/// For people: `2026-11-23 19:30:04` in the zone.
#[must_use]
pub fn when(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The time of day where `at` lies on the same day as `now`, else with its date.
#[must_use]
pub fn when_from(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (zoned, today) = (at.to_zoned_datetime(zone.clone()), now.to_zoned_datetime(zone.clone()).date());
    if zoned.date() == today { zoned.strftime("%H:%M:%S").to_string() } else { when(at, zone) }
}

/// For programs: RFC 3339 with the zone's offset, whole seconds: `2026-11-23T19:30:04+09:00`.
#[must_use]
pub fn when_rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at);
    let local = offset.to_datetime(at);
    let (seconds, sign) = (offset.seconds().unsigned_abs(), if offset.seconds() < 0 { '-' } else { '+' });
    // An export has millions of them, and a format that is read anew for each takes longer than the row.
    if !(0..=9999).contains(&local.year()) || seconds % 60 != 0 {
        return at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    }
    let mut text = String::with_capacity("2026-11-23T19:30:04+09:00".len());
    let mut digits = |number: u32, count: u32, after: char| {
        for place in (0..count).rev() {
            text.extend(char::from_digit(number / 10_u32.pow(place) % 10, 10));
        }
        text.push(after);
    };
    let two = |number: i8| u32::from(number.unsigned_abs());
    digits(u32::from(local.year().unsigned_abs()), 4, '-');
    digits(two(local.month()), 2, '-');
    digits(two(local.day()), 2, 'T');
    digits(two(local.hour()), 2, ':');
    digits(two(local.minute()), 2, ':');
    digits(two(local.second()), 2, sign);
    digits(seconds / 3600, 2, ':');
    digits(seconds / 60 % 60, 2, ' ');
    text.pop();
    text
}

#[cfg(test)]
mod tests;
