//! Readings of clocks, and how long ago something was, when clocks cannot be trusted.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// A reading of a clock that runs from boot and through sleep, which nobody can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReading {
    /// Which boot of which machine; readings of two boots cannot be compared.
    pub boot_id: Arc<str>,
    pub since_boot_ms: i64,
}

/// One reading of all of this machine's clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock: for people, never for deciding whether a wait is over.
    pub wall: Timestamp,
    /// `None` where the system has no such clock.
    pub boot: Option<BootReading>,
}

impl BootReading {
    /// Milliseconds since an earlier reading; `None` between two boots. A clock that ran backwards gives
    /// less than zero.
    #[must_use]
    pub fn ms_since(&self, earlier: &BootReading) -> Option<i64> {
        if self.boot_id == earlier.boot_id {
            self.since_boot_ms.checked_sub(earlier.since_boot_ms)
        } else {
            None
        }
    }
}

impl Moment {
    /// How long an earlier moment is ago: on the boot clock where both were read in one boot, because
    /// the wall clock may have been set in between. `None` where the clock that is asked ran backwards.
    #[must_use]
    pub fn since(&self, earlier: &Moment) -> Option<Duration> {
        let by_boot =
            self.boot.as_ref().zip(earlier.boot.as_ref()).and_then(|(now, then)| now.ms_since(then));
        let by_wall = || self.wall.as_millisecond().checked_sub(earlier.wall.as_millisecond());
        let ms = by_boot.or_else(by_wall)?;
        u64::try_from(ms).ok().map(Duration::from_millis)
    }
}

/// The clocks of this machine, passed in so that a test can turn them.
pub trait Clock: Send + Sync {
    fn now(&self) -> Moment;
    /// Waits; a simulation lets its time pass instead.
    fn sleep(&self, duration: Duration);
}

/// When a charge request was last sent, on every clock there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMark {
    pub wall: Timestamp,
    pub boot: Option<BootReading>,
    /// The gateway's clock in epoch seconds, reckoned from the `now` of a token answer (facts 1).
    pub gateway_s: Option<i64>,
}

impl SendMark {
    /// How long ago that was for certain. The boot clock decides within one boot; between boots
    /// the gateway's own clock does. The wall clock has no say: it may have been set. A clock that
    /// ran backwards gives zero, so that a wait gets longer and never shorter.
    #[must_use]
    pub fn age(&self, now: &Moment, gateway_now_s: Option<i64>) -> Duration {
        if let (Some(then), Some(now)) = (&self.boot, &now.boot)
            && let Some(elapsed_ms) = now.ms_since(then)
        {
            return Duration::from_millis(u64::try_from(elapsed_ms).unwrap_or(0));
        }
        match (self.gateway_s, gateway_now_s) {
            (Some(then), Some(now)) => {
                Duration::from_secs(u64::try_from(now.saturating_sub(then)).unwrap_or(0))
            }
            (None, _) | (_, None) => Duration::ZERO,
        }
    }
}

/// A duration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a duration; write it as 90s, 15m, 2h or 1d")]
pub struct DurationError(String);

/// Reads `500ms`, `90s`, `15m`, `2h`, `1d`, and sums such as `1h30m`. A bare number is refused:
/// nobody should have to guess its unit.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let bad = || DurationError(text.to_owned());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (digits, tail) = rest.split_at(digits_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        let count: u64 = digits.parse().map_err(|_| bad())?;
        let part = Duration::from_millis(count.checked_mul(unit_ms).ok_or_else(bad)?);
        total = total.checked_add(part).filter(|total| *total <= DURATION_MAX).ok_or_else(bad)?;
        rest = tail;
    }
    Ok(total)
}

/// Ten years: longer is a slip of the finger, and could not be added to a time of day.
const DURATION_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);

/// `15m`, `1h30m`, `2s`: what [`parse_duration`] reads back.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut ms = duration.as_millis();
    let mut text = String::new();
    for (unit, unit_ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if ms >= unit_ms {
            text.push_str(&format!("{}{unit}", ms / unit_ms));
            ms %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// `moment + duration`, or the moment itself where that cannot be held.
#[must_use]
pub fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|d| moment.checked_add(d).ok()).unwrap_or(moment)
}

/// Epoch seconds of the gateway's as a time; zero and less mean "not yet" (facts 2.3).
#[must_use]
pub fn from_epoch_s(seconds: i64) -> Option<Timestamp> {
    if seconds > 0 { Timestamp::from_second(seconds).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{BootReading, Moment, SendMark, format_duration, parse_duration};

    fn boot(id: &str, ms: i64) -> Option<BootReading> {
        Some(BootReading { boot_id: id.into(), since_boot_ms: ms })
    }

    fn moment(wall_s: i64, boot: Option<BootReading>) -> Moment {
        Moment { wall: Timestamp::from_second(wall_s).unwrap(), boot }
    }

    #[test]
    fn a_moment_ago_is_measured_by_the_clock_that_nobody_can_set() {
        let begun = moment(1_000, boot("a", 5_000));
        for (now, ms) in [
            (moment(900, boot("a", 5_250)), Some(250)),
            (moment(9_000, boot("a", 4_999)), None),
            (moment(1_002, boot("b", 5)), Some(2_000)),
            (moment(1_002, None), Some(2_000)),
            (moment(999, boot("b", 9_000)), None),
        ] {
            assert_eq!(now.since(&begun), ms.map(Duration::from_millis), "{now:?}");
        }
    }

    fn mark() -> SendMark {
        SendMark {
            wall: Timestamp::from_second(1_000_000).unwrap(),
            boot: boot("a", 5_000),
            gateway_s: Some(70),
        }
    }

    fn now(wall_s: i64, boot: Option<BootReading>) -> Moment {
        Moment { wall: Timestamp::from_second(wall_s).unwrap(), boot }
    }

    #[test]
    fn within_one_boot_only_the_boot_clock_counts() {
        let now = now(9_999_999_999, boot("a", 8_000));
        assert_eq!(mark().age(&now, Some(9_999_999)), Duration::from_secs(3));
    }

    #[test]
    fn between_boots_only_the_gateways_clock_counts() {
        let now = now(9_999_999_999, boot("b", 9_000_000));
        assert_eq!(mark().age(&now, Some(100)), Duration::from_secs(30));
        assert_eq!(mark().age(&now, None), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_ran_backwards_makes_the_wait_longer() {
        assert_eq!(mark().age(&now(0, boot("a", 1)), None), Duration::ZERO);
        assert_eq!(mark().age(&now(0, boot("b", 1)), Some(5)), Duration::ZERO);
    }

    #[test]
    fn without_any_clock_in_common_nothing_has_passed() {
        let mut blind = mark();
        blind.gateway_s = None;
        assert_eq!(blind.age(&now(9_999_999_999, None), Some(9_999_999)), Duration::ZERO);
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, seconds) in [("15m", 900), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(parse_duration(&format_duration(Duration::from_secs(seconds))), parse_duration(text));
        }
        for text in ["", "15", "m", "1x", "-1s", "1.5h", "99999999999999999999s", "99999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
