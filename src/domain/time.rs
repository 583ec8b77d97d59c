//! Readings of clocks, and how long ago something was, when clocks cannot be trusted.

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::friendly::{Spacing, SpanParser, SpanPrinter};
use jiff::{RoundMode, SignedDuration, Span, SpanRelativeTo, SpanRound, Timestamp, Unit};
use thiserror::Error;

/// A reading of a clock that runs from boot and through sleep, which nobody can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReading {
    /// Which boot of which machine, as which time namespace sees it; readings of two cannot be compared.
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
    /// How long ago that was for certain: the least that any clock in common says, because none of them may
    /// contradict the end of a wait. Only the boot clock, within one boot of one machine, and the gateway's
    /// own clock are asked. The wall clock has no say: it may have been set. A clock that ran backwards gives
    /// zero, so that a wait gets longer and never shorter.
    #[must_use]
    pub fn age(&self, now: &Moment, gateway_now_s: Option<i64>) -> Duration {
        self.ages(now, gateway_now_s).min().unwrap_or(Duration::ZERO)
    }

    /// How long ago it may have been: the most that any clock in common says. For what must not happen late.
    #[must_use]
    pub fn age_at_most(&self, now: &Moment, gateway_now_s: Option<i64>) -> Duration {
        self.ages(now, gateway_now_s).max().unwrap_or(Duration::ZERO)
    }

    /// The same moment with the gateway's clock added, reckoned back from a later mark that has it; `None`
    /// where nothing is to be added. Without that clock no other boot could ever measure the wait. Where the
    /// two share no clock at all the wait begins anew.
    #[must_use]
    pub fn anchored(&self, now: &SendMark) -> Option<SendMark> {
        let gateway_now_s = now.gateway_s.filter(|_| self.gateway_s.is_none())?;
        let moment = Moment { wall: now.wall, boot: now.boot.clone() };
        let elapsed_s = i64::try_from(self.age(&moment, None).as_secs()).unwrap_or(0);
        Some(SendMark { gateway_s: Some(gateway_now_s.saturating_sub(elapsed_s)), ..self.clone() })
    }

    fn ages(&self, now: &Moment, gateway_now_s: Option<i64>) -> impl Iterator<Item = Duration> {
        let by_boot = self.boot.as_ref().zip(now.boot.as_ref()).and_then(|(then, now)| now.ms_since(then));
        let by_boot = by_boot.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        let by_gateway = self
            .gateway_s
            .zip(gateway_now_s)
            .map(|(then, now)| Duration::from_secs(u64::try_from(now.saturating_sub(then)).unwrap_or(0)));
        [by_boot, by_gateway].into_iter().flatten()
    }
}

/// A duration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a duration; write it as 90s, 15m, 2h or 1d")]
pub struct DurationError(String);

/// Reads `500ms`, `90s`, `15m`, `2h`, `1d`, and sums such as `1h30m`, the largest unit first. A bare number is
/// refused: nobody should have to guess its unit. So are signs, fractions and times of day, which jiff would read.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let counts_with_units =
        |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    Some(text.trim())
        .filter(counts_with_units)
        .and_then(|text| SpanParser::new().parse_span(text).ok())
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| *duration <= DURATION_MAX)
        .ok_or_else(|| DurationError(text.to_owned()))
}

/// Ten years: longer is a slip of the finger, and could not be added to a time of day.
const DURATION_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);

/// `15m`, `1h30m`, `2s`: what [`parse_duration`] reads back, to the millisecond.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let units = SpanRound::new()
        .largest(Unit::Day)
        .smallest(Unit::Millisecond)
        .mode(RoundMode::Trunc)
        .days_are_24_hours();
    let span = SignedDuration::try_from(duration).and_then(Span::try_from).and_then(|span| span.round(units));
    SpanPrinter::new().spacing(Spacing::None).span_to_string(&span.unwrap_or_default())
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

    #[test]
    fn an_age_is_the_least_that_the_clocks_in_common_say() {
        let much = 9_999_999_999;
        // The boot clock began the send at 5 s, the gateway's at 70 s.
        for (what, boot, gateway_s, least_s, most_s) in [
            ("one boot, and nothing of the gateway", boot("a", 8_000), None, 3, 3),
            ("both agree", boot("a", 8_000), Some(73), 3, 3),
            ("the gateway's clock contradicts the boot clock", boot("a", 8_000), Some(71), 1, 3),
            ("the boot clock contradicts the gateway's", boot("a", 8_000), Some(9_999), 3, 9_929),
            ("another boot: the gateway's alone", boot("b", 9_000_000), Some(100), 30, 30),
            ("another boot, and nothing of the gateway", boot("b", 9_000_000), None, 0, 0),
            ("no boot clock", None, Some(100), 30, 30),
            ("the boot clock ran backwards", boot("a", 1), None, 0, 0),
            ("the boot clock ran backwards, whatever the gateway says", boot("a", 1), Some(9_999), 0, 9_929),
            ("the gateway's clock ran backwards", boot("b", 1), Some(5), 0, 0),
        ] {
            let now = moment(much, boot);
            assert_eq!(mark().age(&now, gateway_s), Duration::from_secs(least_s), "{what}");
            assert_eq!(mark().age_at_most(&now, gateway_s), Duration::from_secs(most_s), "{what}");
        }
    }

    #[test]
    fn without_any_clock_in_common_nothing_has_passed() {
        let blind = SendMark { gateway_s: None, ..mark() };
        assert_eq!(blind.age(&moment(9_999_999_999, None), Some(9_999_999)), Duration::ZERO);
    }

    #[test]
    fn a_wait_without_the_gateways_clock_can_be_measured_in_the_next_boot_once_it_is_anchored() {
        let seen = SendMark { gateway_s: None, ..mark() };
        let at = |boot, gateway_s| SendMark { wall: Timestamp::UNIX_EPOCH, boot, gateway_s };
        assert_eq!(seen.anchored(&at(boot("a", 8_000), None)), None, "nothing to anchor it with");
        assert_eq!(mark().anchored(&at(boot("a", 8_000), Some(1_000))), None, "it is anchored");
        for (what, boot_then, gateway_s) in
            [("3 s ago by the boot clock", boot("a", 8_000), 997), ("begins anew", boot("b", 9_000), 1_000)]
        {
            let anchored = seen.anchored(&at(boot_then, Some(1_000))).unwrap();
            assert_eq!(anchored.gateway_s, Some(gateway_s), "{what}");
            let later = moment(0, boot("c", 1));
            assert_eq!(
                anchored.age(&later, Some(1_100)).as_secs(),
                1_100 - gateway_s.unsigned_abs(),
                "{what}"
            );
        }
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, ms) in [
            ("15m", 900_000),
            ("90s", 90_000),
            (" 1h30m ", 5_400_000),
            ("2d", 172_800_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("500ms", 500),
            ("90min", 5_400_000),
            ("2w", 1_209_600_000),
            ("0s", 0),
        ] {
            let duration = Duration::from_millis(ms);
            assert_eq!(parse_duration(text), Ok(duration), "{text}");
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration), "{text}");
        }
        for text in [
            "",
            "15",
            "m",
            "1x",
            "-1s",
            "+1s",
            "1.5h",
            "1:30",
            "00:15:00",
            "1h 30m",
            "1s ago",
            "15M",
            "30m1h",
            "2mo",
            "1y",
            "PT15M",
            "99999999999999999999s",
            "99999d",
        ] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not a duration")), "{text}: {error}");
        }
    }

    #[test]
    fn a_duration_is_written_in_the_largest_units_and_to_the_millisecond() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_millis(1_500), "1s500ms"),
            (Duration::from_secs(5_400), "1h30m"),
            (Duration::from_secs(36 * 3_600), "1d12h"),
            (Duration::from_secs(400 * 86_400), "400d"),
            (Duration::from_micros(2_999_999), "2s999ms"),
            (Duration::from_micros(999), "0s"),
        ] {
            assert_eq!(format_duration(duration), text, "{duration:?}");
        }
    }
}
