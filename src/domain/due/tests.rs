//! What the rules say of a declined order: a sentence, what is known, and what follows.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Judged, State, Tried, Try, Why, behind, judge};
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::Who;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Noted, Outcome, Payment, Terms};
use crate::domain::retry_rules::{Reasons, RetryRules};

const DAY: Duration = Duration::from_secs(86_400);
const BALANCE: &str = "[CC10] 통장 잔액부족";

fn at(text: &str) -> Timestamp {
    format!("2026-{text}:00+09:00").parse().unwrap()
}

fn rules() -> RetryRules {
    RetryRules::usual(TimeZone::get("Asia/Seoul").unwrap())
}

fn declined(words: &str) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: Amount::from_minor(8900, Currency::KRW),
        mode: Mode::Live,
    };
    let unsent = ChargeRequest::new(terms, "Monthly").unsent(at("11-01T23:30"), None, None);
    Payment {
        outcome: Outcome::Declined,
        pg_provider: Some("kcp".to_owned()),
        message: Some(words.to_owned()),
        reason: None,
        attempts: 1,
        ..unsent
    }
}

/// Tries of the order itself.
fn own(times: &[&str]) -> Tried {
    let tries = times.iter().map(|time| Try { at: at(time), own: true }).collect();
    Tried { tries, ..Tried::default() }
}

/// The same with those of the customer's other orders.
fn and_others(tried: Tried, times: &[&str]) -> Tried {
    let others = times.iter().map(|time| Try { at: at(time), own: false });
    let mut tries: Vec<Try> = tried.tries.into_iter().chain(others).collect();
    tries.sort_by_key(|one| one.at);
    Tried { tries, ..tried }
}

fn told(judged: &Judged) -> (State, Option<Timestamp>, u32) {
    (judged.state, judged.next_at, judged.tries_left)
}

#[test]
fn an_order_is_due_by_the_calendar_from_the_hour_on_and_as_often_as_its_rule_says() {
    let first = ["11-01T23:30"];
    let third = ["11-01T23:30", "11-02T10:05", "11-05T10:05"];
    let fourth = ["11-01T23:30", "11-02T10:05", "11-05T10:05", "11-12T10:05"];
    for (what, tried, now, state, next, left) in [
        ("the same night", &first[..], "11-01T23:59", State::Waits, Some("11-02T10:00"), 3),
        ("before the hour", &first, "11-02T09:59", State::Waits, Some("11-02T10:00"), 3),
        ("from the hour on", &first, "11-02T10:00", State::Due, Some("11-02T10:00"), 3),
        ("days later it is due still", &first, "11-09T03:00", State::Due, Some("11-02T10:00"), 3),
        ("the third wait", &third, "11-05T10:06", State::Waits, Some("11-12T10:00"), 1),
        ("all tries of the rule are made", &fourth, "11-20T10:00", State::Over, None, 0),
    ] {
        let judged = judge(&declined(BALANCE), &own(tried), &rules(), at(now));
        assert_eq!(told(&judged), (state, next.map(at), left), "{what}");
        assert_eq!(judged.tries, u32::try_from(tried.len()).unwrap(), "{what}");
    }
    let unknown_to_events = judge(&declined(BALANCE), &Tried::default(), &rules(), at("11-02T10:00"));
    assert_eq!((unknown_to_events.state, unknown_to_events.tries), (State::Due, 1), "found by a look-up");
}

#[test]
fn no_rule_is_quicker_than_the_words_ask_for() {
    let hurried = RetryRules { after: vec![Duration::from_secs(60)], ..rules() };
    for (words, next) in [
        (BALANCE, "11-02T10:00"),
        ("[CC61] 거래금액 한도초과", "11-04T10:00"),
        ("결제에 실패하였습니다. [CC08] 1일 한도초과", "11-02T10:00"),
    ] {
        let judged = judge(&declined(words), &own(&["11-01T23:30"]), &hurried, at("11-01T23:45"));
        assert_eq!(told(&judged), (State::Waits, Some(at(next)), 1), "{words}");
    }
}

#[test]
fn what_a_retry_cannot_help_is_for_the_customers_card_or_for_a_person() {
    for (words, state, who) in [
        ("[CC43] 도난카드", State::NewCard, Some("customer")),
        ("[CC54] 카드유효기간만료 또는 불일치", State::NewCard, Some("customer")),
        ("[CC45] 정지카드", State::Person, Some("customer")),
        ("[CC62] 가맹점 한도초과", State::Person, Some("merchant")),
        ("[CC40] 승인거래 제한 업종", State::Person, Some("merchant")),
        ("어떤 말", State::Person, None),
    ] {
        let judged = judge(&declined(words), &own(&["11-01T23:30"]), &rules(), at("11-20T12:00"));
        assert_eq!(told(&judged), (state, None, 0), "{words}");
        assert_eq!(judged.who.map(Who::word), who, "{words}");
    }
    let reasons = vec![(Reasons::parse("unknown").unwrap(), Some(vec![DAY * 2]))];
    let allowed = RetryRules { reasons, ..rules() };
    let judged = judge(&declined("어떤 말"), &own(&["11-01T23:30"]), &allowed, at("11-03T10:00"));
    assert_eq!(told(&judged), (State::Due, Some(at("11-03T10:00")), 1));
}

#[test]
fn tries_of_all_orders_count_on_one_card_and_it_is_tried_once_a_day() {
    let tried = own(&["11-01T23:30"]);
    let today = and_others(tried.clone(), &["11-03T09:00"]);
    let judged = judge(&declined(BALANCE), &today, &rules(), at("11-03T12:00"));
    assert_eq!(told(&judged), (State::Waits, Some(at("11-04T10:00")), 2));
    let full = and_others(tried.clone(), &["11-03T10:00", "11-04T10:00", "11-05T10:00"]);
    let judged = judge(&declined(BALANCE), &full, &rules(), at("11-08T12:00"));
    // The oldest of the four leaves the thirty days then.
    assert_eq!(told(&judged), (State::Waits, Some(at("12-01T23:30")), 0));
    let shorter = RetryRules { within: DAY * 4, ..rules() };
    let judged = judge(&declined(BALANCE), &full, &shorter, at("11-08T12:00"));
    // One of the four is in that time still.
    assert_eq!(told(&judged), (State::Due, Some(at("11-06T10:00")), 3));
}

#[test]
fn a_card_that_is_known_to_be_registered_since_begins_anew() {
    let tries = ["11-01T23:30", "11-02T10:05", "11-05T10:05", "11-12T10:05"];
    let key = |since: &str| Tried { key_since: Some(at(since)), ..own(&tries) };
    let now = at("11-13T15:00");
    for (what, words, tried, expected) in [
        (
            "after the last try",
            "[CC43] 도난카드",
            key("11-13T14:00"),
            (State::Due, Some(at("11-13T14:00")), 4),
        ),
        ("of the balance too", BALANCE, key("11-13T14:00"), (State::Due, Some(at("11-13T14:00")), 4)),
        ("before the last two", BALANCE, key("11-03T00:00"), (State::Waits, Some(at("11-15T10:00")), 2)),
        ("no proof", "[CC43] 도난카드", own(&tries), (State::NewCard, None, 0)),
        (
            "what is not about the card",
            "[CC62] 가맹점 한도초과",
            key("11-13T14:00"),
            (State::Person, None, 0),
        ),
    ] {
        assert_eq!(told(&judge(&declined(words), &tried, &rules(), now)), expected, "{what}");
    }
}

#[test]
fn what_may_be_paid_or_owed_no_more_is_left_out() {
    let tried = || own(&["11-01T23:30"]);
    let noted = Noted { charged: true, at: at("11-02T10:00"), by: None, evidence: "x".to_owned() };
    let plain = || declined(BALANCE);
    for (why, payment, tried, now) in [
        (Why::InDoubt, declined("[8041] 시스템 타임아웃(잠시후 재시도바람)"), tried(), "11-03T10:00"),
        (Why::InDoubt, Payment { unanswered: 1, ..plain() }, tried(), "11-03T10:00"),
        (Why::MoneySeen, Payment { noted: Some(noted), ..plain() }, tried(), "11-03T10:00"),
        (Why::OtherMode, Payment { sandbox: Some(true), ..plain() }, tried(), "11-03T10:00"),
        (Why::CustomerRemoved, plain(), Tried { customer_removed: true, ..tried() }, "11-03T10:00"),
        (Why::OpenBeside, plain(), Tried { open_beside: true, ..tried() }, "11-03T10:00"),
        (Why::PaidSince, plain(), Tried { paid_since: true, ..tried() }, "11-03T10:00"),
        (Why::TooOld, plain(), tried(), "12-02T10:00"),
    ] {
        let judged = judge(&payment, &tried, &rules(), at(now));
        assert_eq!((judged.state, judged.next_at), (State::Left(why), None), "{why:?}");
    }
}

#[test]
fn of_a_customers_orders_the_oldest_goes_first() {
    let now = at("11-03T11:00");
    let due = judge(&declined(BALANCE), &own(&["11-01T23:30"]), &rules(), now);
    let older = MerchantUid::parse("order_0").unwrap();
    let waits = behind(&due, older.clone(), &rules(), now);
    assert_eq!((told(&waits), waits.behind), ((State::Waits, Some(at("11-04T10:00")), 3), Some(older)));
}
