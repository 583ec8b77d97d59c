//! The sandbox's own reading of the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the wall clock, in milliseconds since 1970.
///
/// The book is shared by processes and outlasts them, so its times have to be wall-clock times.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is a stranger to the program and brings its own clock"
)]
pub(super) fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Gives the year and the month of a time in Korea, where cards expire at the end of a month.
pub(super) fn year_and_month(at_ms: i64) -> (i64, i64) {
    // Days are counted from 1 March of the year 0, so that a leap day is the last of its year.
    let days = (at_ms + 9 * 3_600_000).div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let month = (5 * (day - (365 * year + year / 4 - year / 100)) + 2) / 153;
    let (year, month) = (era * 400 + year, month + 3);
    if month > 12 { (year + 1, month - 12) } else { (year, month) }
}

/// Turns milliseconds into the whole epoch seconds of the wire; 0 stays 0, which means "never" there.
pub(super) fn wire_seconds(at_ms: i64) -> i64 {
    at_ms.div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use crate::sandbox::clock::year_and_month;

    #[test]
    fn months_begin_at_midnight_in_korea() {
        for (at_s, month) in [
            (0, (1970, 1)),
            (951_750_000 - 1, (2000, 2)),
            (951_836_400, (2000, 3)),
            (951_836_400 - 1, (2000, 2)),
            (1_798_729_200 - 1, (2026, 12)),
            (1_798_729_200, (2027, 1)),
        ] {
            assert_eq!(year_and_month(at_s * 1000), month, "{at_s}");
        }
    }
}
