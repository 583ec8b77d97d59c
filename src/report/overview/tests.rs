use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::charge::ChargeRequest;
use crate::domain::declines::Who;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::movement::{Booked, Cancellation};
use crate::domain::payment::{Mode, Outcome, Payment, Terms};
use crate::domain::tries::{Case, Tried, Try};
use crate::report::{Origin, Overview, Time};

fn at(text: &str) -> Timestamp {
    format!("{text}:00+09:00").parse().unwrap()
}

fn time(since: &str, until: &str) -> Time {
    let midnight = |day: &str| at(&format!("{day}T00:00"));
    Time {
        since: midnight(since),
        until: midnight(until),
        by_request: false,
        zone: TimeZone::get("Asia/Seoul").unwrap(),
    }
}

fn payment(minor: i64, outcome: Outcome, when: &str) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: Amount::from_minor(minor, Currency::KRW),
        mode: Mode::Live,
    };
    Payment {
        outcome,
        imp_uid: Some("imps_1".to_owned()),
        paid_at: (outcome == Outcome::Paid).then(|| at(when)),
        pg_provider: Some("kcp".to_owned()),
        ..ChargeRequest::new(terms, "a thing").unsent(at(when), None, None)
    }
}

fn booked(payment: Payment, back: Option<(i64, &str, &str)>) -> Booked {
    let money = |minor| Amount::from_minor(minor, Currency::KRW);
    let cancellations = back.map(|(minor, when, cause)| Cancellation {
        amount: money(minor),
        at: Some(at(when)),
        reason: Some(cause.to_owned()),
        cancellation_id: None,
        receipt_url: None,
    });
    let payment = Payment { cancel_amount: Some(money(back.map_or(0, |(minor, ..)| minor))), ..payment };
    Booked { payment, refunds: vec![], cancellations: cancellations.into_iter().collect() }
}

fn declined(words: &str, when: &str) -> Booked {
    booked(Payment { message: Some(words.to_owned()), ..payment(900, Outcome::Declined, when) }, None)
}

#[test]
fn all_days_of_a_month_are_there_and_those_ahead_are_marked() {
    let mut overview = Overview::new(time("2026-11-01", "2026-12-01"), None);
    overview.add(&booked(payment(5_000, Outcome::Paid, "2026-11-03T12:00"), None));
    let sections = overview.sections(None, at("2026-11-29T21:00"));
    let [section] = &sections[..] else { panic!("{sections:?}") };
    let keys: Vec<&str> = section.slots.iter().map(|slot| slot.key.as_str()).collect();
    assert_eq!((keys.len(), keys[0], keys[29]), (30, "2026-11-01", "2026-11-30"));
    let with_any: Vec<&str> =
        section.slots.iter().filter(|slot| slot.row.is_some()).map(|slot| slot.key.as_str()).collect();
    assert_eq!(with_any, ["2026-11-03"]);
    let ahead: Vec<&str> =
        section.slots.iter().filter(|slot| slot.ahead).map(|slot| slot.key.as_str()).collect();
    assert_eq!(ahead, ["2026-11-30"]);
}

#[test]
fn a_year_is_told_by_its_months_from_the_ledgers_first_until_now() {
    let mut overview = Overview::new(time("2026-01-01", "2027-01-01"), None);
    assert!(!overview.is_of_days());
    overview.add(&booked(payment(5_000, Outcome::Paid, "2026-11-03T12:00"), None));
    let sections = overview.sections(Some(at("2026-09-20T00:00")), at("2026-11-29T21:00"));
    let keys: Vec<&str> = sections[0].slots.iter().map(|slot| slot.key.as_str()).collect();
    assert_eq!(keys, ["2026-09", "2026-10", "2026-11"]);
    let all = Time { since: Timestamp::MIN, ..time("2026-01-01", "2026-12-01") };
    let mut overview = Overview::new(all, None);
    assert!(overview.sections(None, at("2026-11-29T21:00")).is_empty(), "nothing is no section");
    overview.add(&booked(payment(5_000, Outcome::Paid, "2026-11-03T12:00"), None));
    let sections = overview.sections(Some(at("2026-11-03T12:00")), at("2026-11-29T21:00"));
    assert_eq!(sections[0].slots.len(), 1);
}

#[test]
fn reasons_come_to_the_declined_and_say_who_acts() {
    let mut overview = Overview::new(time("2026-11-01", "2026-12-01"), None);
    for one in [
        declined("[CC10] 통장 잔액부족", "2026-11-03T12:00"),
        declined("[CC10] 통장 잔액부족", "2026-11-04T12:00"),
        declined("[CC62] 가맹점 한도초과", "2026-11-04T12:00"),
        declined("nobody knows these words", "2026-11-05T12:00"),
        declined("[CC10] 통장 잔액부족", "2026-10-31T12:00"),
        booked(payment(5_000, Outcome::Paid, "2026-11-03T12:00"), None),
    ] {
        overview.add(&one);
    }
    let sections = overview.sections(None, at("2026-12-29T21:00"));
    let (reasons, total) = (sections[0].reasons, &sections[0].total);
    let counts: Vec<u64> = reasons.all().iter().map(|reason| reason.count).collect();
    assert_eq!((counts.iter().sum::<u64>(), counts[0]), (total.declined, 2));
    let by_who = [Some(Who::Customer), Some(Who::Merchant), Some(Who::Pg), Some(Who::Later), None];
    assert_eq!(by_who.map(|who| reasons.of(who)), [2, 1, 0, 0, 1]);
    assert_eq!(reasons.all().iter().map(|reason| reason.minor).sum::<i64>(), total.declined_minor);
}

#[test]
fn reasons_of_too_many_kinds_are_counted_together_and_none_is_lost() {
    let mut overview = Overview::new(time("2026-11-01", "2026-12-01"), None);
    for number in 0..700 {
        overview.add(&declined(&format!("trouble number {number}"), "2026-11-05T12:00"));
    }
    let sections = overview.sections(None, at("2026-12-29T21:00"));
    let reasons = sections[0].reasons;
    assert_eq!((reasons.all().len(), reasons.others, reasons.others_minor), (500, 200, 180_000));
    assert_eq!(reasons.of(None), sections[0].total.declined);
}

#[test]
fn refunds_are_told_by_cause_and_come_to_the_total() {
    let mut overview = Overview::new(time("2026-11-01", "2026-12-01"), None);
    for (sold, back) in [
        ("2026-11-01T12:00", (1_000, "2026-11-02T12:00", "고객 요청")),
        ("2026-10-01T12:00", (2_000, "2026-11-02T12:00", "고객 요청")),
        ("2026-10-01T12:00", (4_000, "2026-11-02T12:00", " ")),
        ("2026-11-01T12:00", (8_000, "2026-12-02T12:00", "too late")),
    ] {
        overview.add(&booked(payment(9_000, Outcome::Paid, sold), Some(back)));
    }
    let sections = overview.sections(None, at("2026-12-29T21:00"));
    let (backs, total) = (sections[0].backs, &sections[0].total);
    let told: Vec<(Origin, &str, u64, i64, i64)> = backs
        .all()
        .iter()
        .map(|back| (back.origin, back.cause.as_str(), back.count, back.same_minor, back.earlier_minor))
        .collect();
    assert_eq!(
        told,
        [(Origin::Elsewhere, "", 1, 0, 4_000), (Origin::Elsewhere, "고객 요청", 2, 1_000, 2_000)]
    );
    assert_eq!(backs.count(), 3);
    assert_eq!((total.refunded_same_minor, total.refunded_earlier_minor), (1_000, 6_000));
}

#[test]
fn test_money_and_other_currencies_are_sections_of_their_own() {
    let mut overview = Overview::new(time("2026-11-01", "2026-12-01"), None);
    let live = payment(100, Outcome::Paid, "2026-11-05T00:00");
    let test = Payment { sandbox: Some(true), ..payment(200, Outcome::Declined, "2026-11-05T00:00") };
    overview.add(&booked(live, None));
    overview.add(&booked(test, None));
    let refused = Tried {
        amount: Amount::from_minor(200, Currency::KRW),
        mode: Mode::Test,
        once_per: false,
        requested_at: at("2026-11-05T00:00"),
        tries: vec![Try { at: at("2026-11-05T00:01"), refused: true, paid_at: None }],
    };
    overview.add_refused(&Case { order: refused, beside: vec![] });
    let sections = overview.sections(None, at("2026-12-29T21:00"));
    let told: Vec<(Mode, i64, u64, u64)> = sections
        .iter()
        .map(|section| {
            (section.mode, section.total.gross_minor, section.reasons.of(None), section.cohort.count)
        })
        .collect();
    assert_eq!(told, [(Mode::Live, 100, 0, 0), (Mode::Test, 0, 1, 1)]);
}
