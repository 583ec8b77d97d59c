//! So many charges a second and no more, evenly spread.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;
use thiserror::Error;

use crate::domain::time::{Clock, Moment};

/// The longest sleep at a time: whoever waits looks now and then whether there is still a reason to.
const NAP_MAX: Duration = Duration::from_millis(100);

/// The shortest pause between two charges that can be asked for.
const EVERY_MIN: Duration = Duration::from_micros(1);

/// A rate: one charge every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    every: Duration,
}

/// A rate that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a rate; write it as 10/s, 300/m or 5000/h")]
pub struct RateError(String);

impl Rate {
    /// Reads `10/s`, `300/m`, `5000/h`; a bare number is a second's.
    pub fn parse(text: &str) -> Result<Rate, RateError> {
        let bad = || RateError(text.escape_debug().to_string());
        let (count, unit) = text.trim().split_once('/').unwrap_or((text.trim(), "s"));
        let (count, unit) = (count.trim(), unit.trim());
        let word = |unit: &str| !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_lowercase());
        // The time that one unit takes; longer ones than an hour are no duration of jiff's.
        let unit = Some(unit).filter(|unit| word(unit)).map(|unit| format!("1{unit}")).ok_or_else(bad)?;
        let unit = SpanParser::new().parse_unsigned_duration(&unit).map_err(|_| bad())?;
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let count: u32 = if digits { count.parse().map_err(|_| bad())? } else { return Err(bad()) };
        let every = unit.checked_div(count).filter(|every| *every >= EVERY_MIN).ok_or_else(bad)?;
        Ok(Rate { every })
    }
}

/// Hands out the moments at which charges may begin. There is no saving up: after a pause the next
/// charges are as far apart as ever.
pub struct Pace {
    every: Duration,
    /// The first reading of the clock, and when the next charge may begin, counted from it.
    state: Mutex<Option<(Moment, Duration)>>,
}

impl Pace {
    #[must_use]
    pub fn new(rate: Rate) -> Pace {
        Pace { every: rate.every, state: Mutex::new(None) }
    }

    /// Waits for the caller's turn. False when `still_wanted` said no meanwhile.
    pub fn wait(&self, clock: &dyn Clock, still_wanted: &dyn Fn() -> bool) -> bool {
        let mut left = self.turn(&clock.now());
        loop {
            if !still_wanted() {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            let nap = left.min(NAP_MAX);
            clock.sleep(nap);
            left = left.saturating_sub(nap);
        }
    }

    /// Takes the next turn; how long it is until then.
    fn turn(&self, now: &Moment) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, next) = state.get_or_insert_with(|| (now.clone(), Duration::ZERO));
        // A clock that ran backwards stands still.
        let now = now.since(first).unwrap_or_default();
        let turn = (*next).max(now);
        *next = turn.saturating_add(self.every);
        turn.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Pace, Rate};
    use crate::domain::time::{BootReading, Clock, Moment};

    /// Time passes only by sleeping.
    struct Turned(Mutex<Duration>);

    impl Turned {
        fn at(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    impl Clock for Turned {
        fn now(&self) -> Moment {
            let since_boot_ms = i64::try_from(self.at().as_millis()).unwrap();
            let boot = BootReading { boot_id: "b".into(), since_boot_ms };
            // A wall clock that was stopped: it has no say.
            Moment { wall: Timestamp::UNIX_EPOCH, boot: Some(boot) }
        }

        fn sleep(&self, duration: Duration) {
            *self.0.lock().unwrap() += duration;
        }
    }

    fn turns(rate: &str, count: usize, clock: &Turned) -> Vec<u128> {
        let pace = Pace::new(Rate::parse(rate).unwrap());
        (0..count)
            .map(|_| {
                assert!(pace.wait(clock, &|| true));
                clock.at().as_millis()
            })
            .collect()
    }

    #[test]
    fn turns_are_evenly_spread_from_the_first_on() {
        let clock = Turned(Mutex::new(Duration::ZERO));
        assert_eq!(turns("4/s", 5, &clock), [0, 250, 500, 750, 1000]);
        let clock = Turned(Mutex::new(Duration::from_secs(7)));
        assert_eq!(turns("120/m", 3, &clock), [7000, 7500, 8000]);
    }

    #[test]
    fn a_pause_is_not_made_up_for_by_a_burst() {
        let clock = Turned(Mutex::new(Duration::ZERO));
        let pace = Pace::new(Rate::parse("10/s").unwrap());
        let turn = || {
            assert!(pace.wait(&clock, &|| true));
            clock.at().as_millis()
        };
        assert_eq!((turn(), turn()), (0, 100));
        clock.sleep(Duration::from_secs(5));
        assert_eq!((turn(), turn(), turn()), (5100, 5200, 5300));
    }

    #[test]
    fn whoever_is_not_wanted_any_more_stops_waiting() {
        let clock = Turned(Mutex::new(Duration::ZERO));
        let pace = Pace::new(Rate::parse("1/h").unwrap());
        assert!(pace.wait(&clock, &|| true));
        assert!(!pace.wait(&clock, &|| clock.at() < Duration::from_secs(1)));
        assert!(clock.at() <= Duration::from_millis(1100));
    }

    #[test]
    fn rates_are_read_and_what_is_none_is_named() {
        for (text, ns) in [
            ("10", 100_000_000),
            ("10/s", 100_000_000),
            ("300/m", 200_000_000),
            (" 3600 / h ", 1_000_000_000),
            ("30/min", 2_000_000_000),
            ("2/second", 500_000_000),
            ("1000000/s", 1_000),
        ] {
            assert_eq!(Rate::parse(text), Ok(Rate { every: Duration::from_nanos(ns) }), "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "1.5",
            "10/d",
            "/s",
            "ten",
            "10/",
            "10/2s",
            "10/s5",
            "10/M",
            "1000001/s",
            "99999999999",
        ] {
            assert!(Rate::parse(text).unwrap_err().to_string().starts_with(&format!("`{text}`")), "{text}");
        }
    }
}
