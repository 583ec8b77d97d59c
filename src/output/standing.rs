//! What is told of a ledger that is older than it was (contract, rule 9).

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::standing::{Distrust, Doubt};
use crate::domain::time::{format_duration, later};
use crate::output::text::{when, when_from};

/// How much of the wait of a distrusted ledger is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Over,
    /// As far as this machine's clocks can say.
    Left(Duration),
    /// It began in another boot, or on another machine: the gateway's clock measures it.
    ByTheGateway(Duration),
}

/// The sentence of the warning, without what to do next. Every run says it until somebody answers for it.
#[must_use]
pub fn distrusted(distrust: &Distrust, zone: &TimeZone) -> String {
    let at = minute(distrust.since.wall, zone);
    let restored = "It may be a restored copy, and payments may be missing in it.";
    match distrust.why {
        // The events are all there, and its mark is of a later epoch.
        Doubt::Behind { marked, held } if marked <= held => format!(
            "this ledger is older than it was (its mark has seen a month closed, or a restore, that the file does not hold). \
             {restored}"
        ),
        Doubt::Behind { marked, held } => format!(
            "this ledger is older than it was (its mark: event {} of {at}; the file: event {}). {restored}",
            grouped(marked),
            grouped(held)
        ),
        Doubt::Restored { made, held } => format!(
            "this ledger was put back from a backup of {} (event {}). What was charged after that may be missing in it.",
            minute(made, zone),
            grouped(held)
        ),
        Doubt::MarkGone => format!("this ledger had a mark and has none (seen at {at}). {restored}"),
        Doubt::MarkUnreadable => format!("the mark of this ledger cannot be read (seen at {at}). {restored}"),
        Doubt::OtherMark => {
            format!("the mark beside this ledger is another ledger's (seen at {at}). {restored}")
        }
        Doubt::Lost => {
            format!("this ledger was begun anew in place of one that was lost (its last sign: {at}).")
        }
    }
}

/// Until when it sends nothing.
#[must_use]
pub fn sends_nothing(wait: Wait, now: Timestamp, zone: &TimeZone) -> Option<String> {
    match wait {
        Wait::Over => None,
        Wait::Left(left) => {
            // The first whole second at which it is over.
            let over = later(now, left + Duration::from_millis(999));
            Some(format!("Nothing is sent before {}.", when_from(over, now, zone)))
        }
        Wait::ByTheGateway(whole) => {
            let whole = format_duration(whole);
            Some(format!("Nothing is sent until {whole} have passed since then on the gateway's clock."))
        }
    }
}

/// A time as `--since` takes it, to the minute and never later: `2026-11-28T07:00`.
#[must_use]
pub fn since_word(at: Timestamp, zone: &TimeZone) -> String {
    minute(at, zone).replace(' ', "T")
}

fn minute(at: Timestamp, zone: &TimeZone) -> String {
    when(at, zone).chars().take("2026-11-28 09:00".len()).collect()
}

/// `1,204`
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{Wait, distrusted, grouped, sends_nothing};
    use crate::domain::standing::{Distrust, Doubt};
    use crate::domain::time::SendMark;

    #[test]
    fn every_doubt_is_told_with_what_it_may_mean() {
        let wall: Timestamp = "2026-11-28T00:00:30Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        let since = SendMark { wall, boot: None, gateway_s: None };
        let told = |why| {
            let distrust = Distrust { why, since: since.clone(), last_event_at: None, accepted: false };
            distrusted(&distrust, &zone)
        };
        assert_eq!(
            told(Doubt::Behind { marked: 1_204, held: 1_180 }),
            "this ledger is older than it was (its mark: event 1,204 of 2026-11-28 09:00; the file: event 1,180). \
             It may be a restored copy, and payments may be missing in it."
        );
        assert_eq!(
            told(Doubt::Restored { made: wall, held: 1_180 }),
            "this ledger was put back from a backup of 2026-11-28 09:00 (event 1,180). What was charged after that \
             may be missing in it."
        );
        for why in [Doubt::MarkGone, Doubt::MarkUnreadable, Doubt::OtherMark, Doubt::Lost] {
            assert!(told(why).contains("2026-11-28 09:00"), "{}", told(why));
        }
    }

    #[test]
    fn the_hour_is_never_told_too_early() {
        let now: Timestamp = "2026-11-28T00:00:30.500Z".parse().unwrap();
        let zone = TimeZone::UTC;
        let left = |ms| sends_nothing(Wait::Left(Duration::from_millis(ms)), now, &zone);
        assert_eq!(left(1), Some("Nothing is sent before 00:00:31.".to_owned()));
        assert_eq!(left(600_000), Some("Nothing is sent before 00:10:31.".to_owned()));
        assert_eq!(sends_nothing(Wait::Over, now, &zone), None);
        let unknown = sends_nothing(Wait::ByTheGateway(Duration::from_secs(900)), now, &zone);
        assert_eq!(
            unknown,
            Some("Nothing is sent until 15m have passed since then on the gateway's clock.".to_owned())
        );
    }

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        let groups = [(7, "7"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        groups.into_iter().for_each(|(number, text)| assert_eq!(grouped(number), text));
    }
}
