//! What a run of answers leads to, a sentence each.

use std::time::Duration;

use super::Heard::{Barred, Busy, Good, Nothing};
use super::Of::{Charge, Many, Question};
use super::{Gate, Halt, Heard, Of, Pressure, RetryAfter};

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// When, to what, and what was heard.
type Answers<'a> = &'a [(u64, Of, Heard)];

/// A sentence, answers, a second, and what is so then.
type Paused<'a> = (&'a str, Answers<'a>, u64, (Gate, Option<usize>));
type Closed<'a> = (&'a str, Answers<'a>, Gate);

/// The gate after these answers, each to a request that left in the second in which it was heard.
fn after(answers: &[(u64, Of, Heard)], now_s: u64) -> (Gate, Option<usize>) {
    let mut pressure = Pressure::default();
    for (at, of, heard) in answers {
        pressure.hear(*of, *heard, s(*at), s(*at));
    }
    (pressure.gate(s(now_s)), pressure.at_once())
}

const OPEN: Gate = Gate::Open;
const BARRED: Gate = Gate::Halted(Halt::Barred);

fn busy(seconds: u64) -> Heard {
    Busy(s(seconds))
}

#[test]
fn every_sentence_about_pauses_holds() {
    let table: &[Paused<'_>] = &[
        ("nobody who was not asked to waits", &[(0, Charge, Good)], 0, (OPEN, None)),
        ("a 429 pauses for as long as it asks", &[(5, Charge, busy(7))], 6, (Gate::Paused(s(6)), Some(1))),
        ("and then one request goes", &[(5, Charge, busy(7))], 12, (OPEN, Some(1))),
        ("a 429 to a question pauses too", &[(5, Question, busy(7))], 6, (Gate::Paused(s(6)), Some(1))),
        ("and one to many at once", &[(5, Many, busy(7))], 6, (Gate::Paused(s(6)), Some(1))),
        (
            "a 429 that asks for nothing is given a second",
            &[(5, Charge, busy(0))],
            5,
            (Gate::Paused(s(1)), Some(1)),
        ),
        (
            "each good answer to a charge lets one more go",
            &[(0, Charge, busy(1)), (2, Charge, Good), (3, Charge, Good)],
            4,
            (OPEN, Some(3)),
        ),
        (
            "a good answer to a question does not",
            &[(0, Charge, busy(1)), (2, Question, Good)],
            4,
            (OPEN, Some(1)),
        ),
        (
            "the longer of two pauses counts",
            &[(0, Charge, busy(9)), (0, Question, busy(2))],
            8,
            (Gate::Paused(s(1)), Some(1)),
        ),
        (
            "a 429 after the pause doubles it",
            &[(0, Charge, busy(1)), (1, Charge, busy(1))],
            2,
            (Gate::Paused(s(1)), Some(1)),
        ),
        (
            "a good answer between them makes it no second one",
            &[(0, Charge, busy(1)), (1, Charge, Good), (2, Charge, busy(1))],
            3,
            (OPEN, Some(1)),
        ),
        ("ten minutes are waited for", &[(0, Charge, busy(600))], 1, (Gate::Paused(s(599)), Some(1))),
        ("a second more is not", &[(0, Charge, busy(601))], 1, (Gate::Halted(Halt::Busy(s(601))), Some(1))),
        (
            "nor are ten minutes in several pieces",
            &[(0, Question, busy(250)), (250, Question, busy(1))],
            251,
            (Gate::Halted(Halt::BusyStill), Some(1)),
        ),
        ("a pause of many that is too long stops nothing", &[(0, Many, busy(601))], 1, (OPEN, None)),
    ];
    for (sentence, answers, now_s, expected) in table {
        assert_eq!(after(answers, *now_s), *expected, "{sentence}");
    }
}

#[test]
fn every_sentence_about_closed_doors_holds() {
    let table: &[Closed<'_>] = &[
        ("one 403 or page is borne", &[(0, Charge, Barred)], OPEN),
        ("the second stops everything", &[(0, Charge, Barred), (1, Charge, Barred)], BARRED),
        (
            "not with a good answer between them",
            &[(0, Charge, Barred), (1, Charge, Good), (2, Charge, Barred)],
            OPEN,
        ),
        (
            "no answer is no good one",
            &[(0, Charge, Barred), (1, Charge, Nothing), (2, Charge, Barred)],
            BARRED,
        ),
        (
            "a look-up that is answered says nothing of charges",
            &[(0, Charge, Barred), (1, Question, Good), (2, Charge, Barred)],
            BARRED,
        ),
        ("look-ups stop everything too", &[(0, Question, Barred), (1, Question, Barred)], BARRED),
        ("the bulk form never does", &[(0, Many, Barred), (1, Many, Barred), (2, Many, Barred)], OPEN),
    ];
    for (sentence, answers, expected) in table {
        assert_eq!(after(answers, 9).0, *expected, "{sentence}");
    }
}

#[test]
fn what_was_under_way_when_the_pause_began_is_not_a_further_no() {
    let mut pressure = Pressure::default();
    for heard_at in [10, 11, 12] {
        pressure.hear(Charge, busy(200), s(9), s(heard_at));
    }
    pressure.hear(Charge, Good, s(9), s(13));
    assert_eq!((pressure.gate(s(13)), pressure.at_once()), (Gate::Paused(s(199)), Some(1)));
}

#[test]
fn a_retry_after_is_seconds_or_a_date_and_the_answers_own_date_counts() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let table = [
        ("120", None, Some(s(120))),
        (" 0 ", None, Some(s(0))),
        ("99999999999999999999999", None, Some(Duration::from_secs(u64::MAX))),
        (date, Some("Sun, 06 Nov 1994 08:49:07 GMT"), Some(s(30))),
        (date, Some("Sun, 06 Nov 1994 09:00:00 GMT"), Some(s(0))),
        (date, None, Some(s(7))),
        (date, Some("today"), Some(s(7))),
        ("-3", None, None),
        ("soon", None, None),
        ("", None, None),
    ];
    for (value, written, expected) in table {
        let wait = RetryAfter::parse(value, written).map(|after| after.wait(784_111_770));
        assert_eq!(wait, expected, "{value:?} {written:?}");
    }
}
