use std::time::Duration;

use jiff::Timestamp;

use super::{TokenFailure, read_answer};
use crate::domain::reason::{Reason, Said};
use crate::domain::time::{BootReading, Moment};
use crate::gateway::fake::token_body;
use crate::gateway::transport::{HttpAnswer, TransportError};

const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

fn moment(wall_s: i64, boot: Option<(&str, i64)>) -> Moment {
    let boot = boot.map(|(id, ms)| BootReading { boot_id: id.into(), since_boot_ms: ms });
    Moment { wall: Timestamp::from_second(wall_s).unwrap(), boot }
}

fn read(status: u16, body: &str) -> Result<super::Cached, TokenFailure> {
    let answer = HttpAnswer { status, body: body.as_bytes().to_vec(), cut: false, retry_after: None };
    read_answer(Ok(answer), &moment(500, Some(("a", 10_000))))
}

fn half_hour() -> super::Cached {
    read(200, &token_body(TOKEN, "1512446940", "1512448740")).unwrap()
}

fn left_s(held: &super::Cached, now: &Moment) -> Option<u64> {
    held.reading.as_ref().unwrap().left(now).map(|left| left.as_secs())
}

#[test]
fn life_is_the_gateways_difference_on_the_boot_clock() {
    let held = half_hour();
    assert_eq!(held.access_token.expose(), TOKEN);
    // The wall clock is years from the gateway's, and jumps; it has no say.
    for wall_s in [500, 0, 9_999_999_999, 1_512_446_940] {
        assert_eq!(left_s(&held, &moment(wall_s, Some(("a", 10_000)))), Some(1800), "{wall_s}");
        assert_eq!(left_s(&held, &moment(wall_s, Some(("a", 1_010_000)))), Some(800), "{wall_s}");
        assert_eq!(left_s(&held, &moment(wall_s, Some(("a", 9_010_000)))), Some(0), "{wall_s}");
    }
}

#[test]
fn a_token_with_less_than_a_minute_is_not_fresh() {
    let held = half_hour();
    assert!(held.is_fresh(&moment(500, Some(("a", 10_000 + 1_740_000)))));
    assert!(!held.is_fresh(&moment(500, Some(("a", 10_000 + 1_740_001)))));
}

#[test]
fn in_another_boot_the_wall_clock_is_asked_unless_it_ran_backwards() {
    let held = half_hour();
    assert_eq!(left_s(&held, &moment(600, Some(("b", 1)))), Some(1700));
    assert_eq!(left_s(&held, &moment(600, None)), Some(1700));
    assert_eq!(left_s(&held, &moment(499, Some(("b", 1)))), None);
    assert!(!held.is_fresh(&moment(499, Some(("b", 1)))));
}

#[test]
fn a_boot_clock_that_ran_backwards_makes_it_no_token() {
    assert_eq!(left_s(&half_hour(), &moment(600, Some(("a", 9_999)))), None);
}

#[test]
fn the_gateways_clock_is_reckoned_within_one_boot_only() {
    let reading = half_hour().reading.unwrap();
    assert_eq!(reading.gateway_now_s(&moment(0, Some(("a", 70_000)))), Some(1_512_447_000));
    assert_eq!(reading.gateway_now_s(&moment(600, Some(("b", 70_000)))), None);
    assert_eq!(reading.gateway_now_s(&moment(600, None)), None);
    assert_eq!(reading.gateway_now_s(&moment(600, Some(("a", 9_999)))), None);
}

#[test]
fn times_are_read_leniently() {
    for (now, expired_at) in [
        ("1512446940", "1512448740"),
        ("1512446940.75", "1512448740.9"),
        ("\"1512446940\"", "\"1512448740\""),
        ("1.51244694e9", "1512448740.0"),
    ] {
        for status in [200, 201] {
            let held = read(status, &token_body(TOKEN, now, expired_at)).unwrap();
            assert_eq!(left_s(&held, &moment(500, Some(("a", 10_000)))), Some(1800), "{now}");
        }
    }
}

#[test]
fn a_life_that_is_none_is_over() {
    let held = read(200, &token_body(TOKEN, "1512448740", "1512446940")).unwrap();
    assert_eq!(left_s(&held, &moment(500, Some(("a", 10_000)))), Some(0));
}

#[test]
fn a_token_without_times_is_good_until_it_is_refused() {
    for (now, expired_at) in [("null", "null"), ("1512446940", "null"), ("\"x\"", "[]")] {
        let held = read(200, &token_body(TOKEN, now, expired_at)).unwrap();
        let much_later = moment(900_000, Some(("a", 900_000_000)));
        assert!(held.reading.is_none() && held.is_fresh(&much_later), "{now}");
        assert_eq!(held.shown(&much_later, false).left, Duration::from_secs(60));
    }
}

#[test]
fn the_gateways_no_is_about_the_key() {
    let refused =
        r#"{"code":-1,"message":"인증에 실패하였습니다. API키와 secret을 확인하세요.","response":null}"#;
    for status in [401, 400, 403, 200] {
        let failure = read(status, refused).unwrap_err();
        assert!(
            matches!(&failure, TokenFailure::KeyRefused { said: Said::Words(words) } if words.starts_with("인증에")),
            "{status} {failure:?}"
        );
    }
    assert_eq!(read(401, "<html>").unwrap_err(), TokenFailure::KeyRefused { said: Said::Status(401) });
}

#[test]
fn anything_else_is_no_answer() {
    let refused = r#"{"code":-1,"message":"x","response":null}"#;
    for (status, body) in [
        (500, refused),
        (429, refused),
        (404, refused),
        (403, "<html>"),
        (302, ""),
        (200, ""),
        (200, "<html>"),
        (200, r#"{"code":0,"response":null}"#),
        (200, r#"{"code":0,"response":{"now":1,"expired_at":2}}"#),
        (200, r#"{"code":0,"response":{"access_token":""}}"#),
        (200, r#"{"code":0,"response":{"access_token":12}}"#),
        (200, r#"{"code":0,"response":{"access_token":"a\r\nX-Evil: 1"}}"#),
    ] {
        assert!(matches!(read(status, body), Err(TokenFailure::NoAnswer { .. })), "{status} {body}");
    }
    let whole = token_body(TOKEN, "1", "2");
    let cut = HttpAnswer { status: 200, body: whole.into_bytes(), cut: true, retry_after: None };
    assert!(matches!(read_answer(Ok(cut), &moment(0, None)), Err(TokenFailure::NoAnswer { .. })));
}

#[test]
fn a_request_that_never_left_is_told_from_one_without_an_answer() {
    let not_sent = TransportError::NotSent { reason: Reason::NoTransport };
    let lost = TransportError::Lost { reason: Reason::ConnectionReset, status: None, body: Vec::new() };
    let now = moment(0, None);
    let not_reached = TokenFailure::NotReached { reason: Reason::NoTransport };
    let no_answer = TokenFailure::NoAnswer { reason: Reason::ConnectionReset };
    assert_eq!(read_answer(Err(not_sent), &now), Err(not_reached));
    assert_eq!(read_answer(Err(lost), &now), Err(no_answer));
}

#[test]
fn a_failure_and_the_reason_that_the_ledger_keeps_of_it_read_the_same() {
    for failure in [
        TokenFailure::KeyRefused { said: Said::Words("no such key".to_owned()) },
        TokenFailure::NotReached { reason: Reason::NoTransport },
        TokenFailure::NoAnswer { reason: Reason::ConnectionReset },
    ] {
        assert_eq!(failure.reason().to_string(), failure.to_string());
    }
}

#[test]
fn nothing_that_is_printed_shows_the_token() {
    let held = half_hour();
    let shown = held.shown(&moment(500, None), false);
    assert!(!format!("{held:?} {shown:?}").contains(TOKEN));
}
