//! What a row becomes: a sentence, the row, what was heard, and the row after it.

mod looking_up;
mod noting;
mod outside;

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Change, answered, counts, first_attempt, is_as_expected, is_similar, never_begun, next_attempt, not_sent,
    refused, resent, stands_open,
};
use crate::domain::answer::Settled;
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::Standing;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{EventKind, GatewayRecord, Mode, Outcome, Payment, Received, Terms};
use crate::domain::reason::Reason;
use crate::domain::time::{BootReading, SendMark};
use crate::ledger::intent::{DailyLimit, Guards, Intent, Passed};
use crate::ledger::seen::Seen;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

fn request() -> ChargeRequest {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order-1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: won(8900),
        mode: Mode::Live,
    };
    ChargeRequest::new(terms, "Monthly".to_owned())
}

fn mark(second: i64) -> SendMark {
    let boot = Some(BootReading { boot_id: "boot".into(), since_boot_ms: second * 1000 });
    SendMark { wall: at(second), boot, gateway_s: Some(second) }
}

fn intent(request: ChargeRequest, second: i64) -> Intent {
    Intent {
        request: Arc::new(request),
        once_per: false,
        at: at(second),
        mark: mark(second),
        account: "account".to_owned(),
        note: None,
        operator: Some("gildong".to_owned()),
        host: Some("office".to_owned()),
        expected: None,
        guards: Guards::default(),
        shown: Vec::new(),
    }
}

/// A row at its newest attempt.
fn row(outcome: Outcome, attempts: u32, unanswered: u32) -> Payment {
    Payment { outcome, attempts, unanswered, ..first_attempt(&intent(request(), 0)) }
}

fn record(imp_uid: &str) -> GatewayRecord {
    GatewayRecord {
        imp_uid: Some(imp_uid.to_owned()),
        status: Some("failed".to_owned()),
        cancel_amount_text: Some("900".to_owned()),
        fail_reason: Some("no money".to_owned()),
        apply_num: Some("30012345".to_owned()),
        paid_at_s: Some(1_700_000_500),
        ..GatewayRecord::default()
    }
}

fn paid() -> Settled {
    Settled::Paid(Box::new(record("imps_1")))
}

fn declined() -> Settled {
    Settled::Declined(Box::new(record("imps_1")))
}

fn unknown() -> Settled {
    Settled::Unknown(Reason::WaitGivenUp)
}

/// Outcome, attempts and unanswered requests of the row; attempt and outcome of each new event.
type After = (Outcome, u32, u32, Vec<(u32, Outcome)>);

fn after(change: &Change<'_>) -> After {
    let Payment { outcome, attempts, unanswered, .. } = &change.payment;
    let happened = change.happened.iter().map(|line| (line.attempt, line.outcome)).collect();
    (*outcome, *attempts, *unanswered, happened)
}

#[rustfmt::skip]
fn answers() -> Vec<(&'static str, Payment, u32, Settled, After)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Unknown};
    vec![
        ("paid answers its request", row(Pending, 1, 1), 1, paid(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a decline answers its request", row(Pending, 1, 1), 1, declined(), (Declined, 1, 0, vec![(1, Declined)])),
        ("unknown answers none", row(Pending, 1, 1), 1, unknown(), (Unknown, 1, 1, vec![(1, Unknown)])),
        ("a decline of the second speaks for one of two", row(Pending, 2, 2), 2, declined(),
            (Declined, 2, 1, vec![(2, Declined)])),
        ("an answer counts after a look-up that saw nothing", row(NotSent, 1, 1), 1, declined(),
            (Declined, 1, 0, vec![(1, Declined)])),
        ("a paid row is not declined any more", row(Paid, 1, 1), 1, declined(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a paid row is not unknown any more", row(Paid, 1, 0), 1, unknown(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a late decline is of its own attempt alone", row(Pending, 2, 2), 1, declined(),
            (Pending, 2, 1, vec![(1, Declined)])),
        ("a late decline does not answer the newest request", row(Pending, 2, 1), 1, declined(),
            (Pending, 2, 1, vec![(1, Declined)])),
        ("a late decline leaves an unknown row unknown", row(Unknown, 2, 2), 1, declined(),
            (Unknown, 2, 1, vec![(1, Declined)])),
        ("a late decline answers the last open request of a settled row", row(Declined, 2, 1), 1, declined(),
            (Declined, 2, 0, vec![(1, Declined)])),
        ("a late decline does not answer the newest request of an unknown row", row(Unknown, 2, 1), 1, declined(),
            (Unknown, 2, 1, vec![(1, Declined)])),
        ("a late decline where every request is answered opens none", row(Unknown, 2, 0), 1, declined(),
            (Unknown, 2, 0, vec![(1, Declined)])),
        ("a late unknown changes nothing", row(Pending, 2, 2), 1, unknown(), (Pending, 2, 2, vec![(1, Unknown)])),
        ("late money is money", row(Pending, 2, 2), 1, paid(), (Paid, 2, 1, vec![(1, Paid)])),
        ("late money over a decline is money", row(Declined, 2, 1), 1, paid(), (Paid, 2, 0, vec![(1, Paid)])),
    ]
}

#[test]
fn an_answer_settles_its_own_attempt() {
    for (rule, before, attempt, settled, expected) in answers() {
        let received = Received::default();
        let change = answered(before, attempt, at(9), &settled, &received);
        assert_eq!((after(&change), change.lost), (expected, false), "{rule}");
    }
}

#[test]
fn the_line_of_an_answer_holds_what_came_back_and_what_it_means() {
    let received = Received { http_status: Some(200), ..Received::default() };
    let why = Reason::WaitGivenUp;
    for (settled, imp_uid, reason) in
        [(paid(), Some("imps_1"), None), (declined(), Some("imps_1"), None), (unknown(), None, Some(&why))]
    {
        let change = answered(row(Outcome::Pending, 1, 1), 1, at(9), &settled, &received);
        let line = &change.happened[0];
        assert_eq!((line.kind, line.at, line.operator), (EventKind::Answer, at(9), None));
        assert_eq!((line.imp_uid, line.reason, line.received), (imp_uid, reason, Some(&received)));
    }
}

#[test]
fn a_row_that_an_answer_leaves_alone_is_not_written() {
    let received = Received::default();
    let moved = |before: Payment, attempt, settled: &Settled| {
        let untouched = before.clone();
        let change = answered(before, attempt, at(9), settled, &received);
        assert_eq!(change.moved, change.payment != untouched);
        change.moved
    };
    assert!(moved(row(Outcome::Pending, 1, 1), 1, &unknown()));
    assert!(moved(row(Outcome::Pending, 2, 2), 1, &declined()));
    assert!(!moved(row(Outcome::Pending, 2, 1), 1, &declined()));
    assert!(!moved(row(Outcome::Pending, 2, 2), 1, &unknown()));
    assert!(!moved(row(Outcome::Paid, 1, 0), 1, &unknown()));
}

#[test]
fn an_answer_leaves_nothing_of_what_was_said_before_it() {
    let before = Payment {
        imp_uid: Some("imps_0".to_owned()),
        apply_num: Some("1".to_owned()),
        message: Some("old words".to_owned()),
        reason: Some(Reason::NoTrace),
        outcome_before: Some(Outcome::Declined),
        code: Some(7),
        ..row(Outcome::Pending, 2, 1)
    };
    let received = Received { code: Some(0), message: Some("no money".to_owned()), ..Received::default() };
    let payment = answered(before.clone(), 2, at(9), &declined(), &received).payment;
    assert_eq!(
        (payment.imp_uid.as_deref(), payment.apply_num.as_deref()),
        (Some("imps_1"), Some("30012345"))
    );
    assert_eq!((payment.message.as_deref(), payment.reason), (Some("no money"), None));
    assert_eq!((payment.outcome_before, payment.code), (None, None));
    assert_eq!(payment.cancel_amount, Some(won(900)));
    assert_eq!(payment.paid_at.map(Timestamp::as_second), Some(1_700_000_500));
    let received = Received { code: Some(-1), ..received };
    let payment = answered(before, 2, at(9), &unknown(), &received).payment;
    assert_eq!((payment.imp_uid, payment.apply_num, payment.message), (None, None, None));
    assert_eq!((payment.reason, payment.code), (Some(Reason::WaitGivenUp), Some(-1)));
}

#[rustfmt::skip]
fn taken_back() -> Vec<(&'static str, Payment, u32, After)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Unknown};
    let before = |outcome, unanswered| Payment { outcome_before: Some(outcome), ..row(Pending, 2, unanswered) };
    vec![
        ("the first attempt was not sent", row(Pending, 1, 1), 1, (NotSent, 1, 0, vec![(1, NotSent)])),
        ("a retry is the decline that it was", before(Declined, 1), 2, (Declined, 2, 0, vec![(2, Declined)])),
        ("what was in doubt stays in doubt", before(Unknown, 2), 2, (Unknown, 2, 1, vec![(2, Unknown)])),
        ("a killed run's row stays pending", before(Pending, 2), 2, (Pending, 2, 1, vec![(2, Pending)])),
        ("an unknown row is not taken back", row(Unknown, 1, 1), 1, (Unknown, 1, 1, vec![(1, Unknown)])),
        ("a paid row is not taken back", row(Paid, 1, 0), 1, (Paid, 1, 0, vec![(1, Paid)])),
        ("an overtaken attempt takes back itself alone", row(Pending, 2, 2), 1, (Pending, 2, 1, vec![(1, NotSent)])),
        ("an overtaken attempt leaves the newest unanswered", row(Pending, 2, 1), 1,
            (Pending, 2, 1, vec![(1, NotSent)])),
    ]
}

#[test]
fn what_never_left_takes_back_its_own_attempt() {
    let received = Received::default();
    for (rule, before, attempt, expected) in taken_back() {
        let untouched = before.clone();
        let change = not_sent(before, attempt, at(9), &Reason::Interrupted, &received);
        assert_eq!((after(&change), change.lost), (expected, false), "{rule}");
        assert_eq!(change.moved, change.payment != untouched, "{rule}");
        let line = &change.happened[0];
        assert_eq!((line.kind, line.at, line.imp_uid), (EventKind::NotSent, at(9), None));
        assert_eq!((line.reason, line.received), (Some(&Reason::Interrupted), Some(&received)));
    }
}

#[test]
fn a_row_that_was_not_sent_says_why_and_one_that_is_again_what_it_was_keeps_its_words() {
    let received = Received::default();
    let words = || Some("no money".to_owned());
    let first = Payment { message: words(), code: Some(3), ..row(Outcome::Pending, 1, 1) };
    let payment = not_sent(first, 1, at(9), &Reason::Interrupted, &received).payment;
    assert_eq!((payment.message, payment.reason, payment.code), (None, Some(Reason::Interrupted), None));
    let outcome_before = Some(Outcome::Declined);
    let retry = Payment { message: words(), code: Some(3), outcome_before, ..row(Outcome::Pending, 2, 1) };
    let payment = not_sent(retry, 2, at(9), &Reason::Interrupted, &received).payment;
    assert_eq!((payment.message, payment.reason, payment.code), (words(), None, Some(3)));
}

#[test]
fn only_the_pending_attempt_is_sent_a_second_time() {
    let received = Received::default();
    let resend = |before: Payment, attempt| resent(before, attempt, at(9), &mark(9), &received).is_some();
    assert!(resend(row(Outcome::Pending, 1, 1), 1));
    assert!(!resend(row(Outcome::Pending, 2, 2), 1), "another attempt has begun since");
    for outcome in Outcome::ALL {
        assert_eq!(resend(row(outcome, 1, 1), 1), outcome == Outcome::Pending, "{outcome}");
    }
    let change = resent(row(Outcome::Pending, 1, 1), 1, at(9), &mark(9), &received).unwrap();
    assert_eq!((change.payment.last_send, change.moved, change.lost), (Some(mark(9)), true, false));
    let lines: Vec<_> = change.happened.iter().map(|line| (line.kind, line.received)).collect();
    assert_eq!(lines, [(EventKind::Answer, Some(&received)), (EventKind::Resend, None)]);
}

#[test]
fn a_refusal_that_is_looked_up_is_a_line_of_its_own_attempt() {
    let received = Received::default();
    let change = refused(row(Outcome::Pending, 2, 2), 1, at(9), &received);
    assert_eq!(
        (after(&change), change.moved, change.lost),
        ((Outcome::Pending, 2, 2, vec![(1, Outcome::Pending)]), false, false)
    );
    assert_eq!((change.happened[0].kind, change.happened[0].received), (EventKind::Answer, Some(&received)));
}

#[test]
fn a_further_attempt_takes_over_who_asks_now_and_keeps_what_was_said() {
    let first = Intent { note: Some("first".to_owned()), ..intent(request(), 0) };
    let before = Payment {
        outcome: Outcome::Declined,
        unanswered: 0,
        imp_uid: Some("imps_1".to_owned()),
        message: Some("no money".to_owned()),
        ..first_attempt(&first)
    };
    let asked = ChargeRequest {
        name: "Yearly".to_owned(),
        buyer_name: Some("홍길동".to_owned()),
        buyer_email: Some("a@b.example".to_owned()),
        buyer_tel: Some("010".to_owned()),
        terms: Terms { mode: Mode::Test, ..request().terms },
        ..request()
    };
    let (account, operator) = ("another".to_owned(), Some("cron".to_owned()));
    let next = Intent { account: account.clone(), operator: operator.clone(), ..intent(asked.clone(), 60) };
    let after = next_attempt(before.clone(), &next).unwrap();
    assert_eq!((after.outcome, after.outcome_before), (Outcome::Pending, Some(Outcome::Declined)));
    assert_eq!((after.attempts, after.unanswered, after.requested_at), (2, 1, at(0)));
    assert_eq!((after.name, after.terms.mode), (asked.name, Mode::Test));
    assert_eq!(
        (after.buyer_name, after.buyer_email, after.buyer_tel),
        (asked.buyer_name, asked.buyer_email, asked.buyer_tel)
    );
    assert_eq!((after.account, after.operator, after.last_send), (Some(account), operator, Some(mark(60))));
    assert_eq!((after.note.as_deref(), after.imp_uid.as_deref()), (Some("first"), Some("imps_1")));
    let noted = Intent { note: Some("second".to_owned()), ..next };
    assert_eq!(next_attempt(before.clone(), &noted).unwrap().note.as_deref(), Some("second"));
    assert_eq!(next_attempt(Payment { attempts: u32::MAX, ..before }, &noted), None);
}

#[test]
fn a_doubt_outlives_the_no_that_a_further_attempt_is_told() {
    let proved =
        GatewayRecord { fail_reason: Some("[CC10] 통장 잔액부족".to_owned()), ..record("imps_2") };
    let received = Received { message: proved.fail_reason.clone(), ..Received::default() };
    let settled = Settled::Declined(Box::new(proved));
    for (outcome, words, left) in [
        (Outcome::Declined, "[CC72] 카드사 TIMEOUT", 1),
        (Outcome::Rejected, "[CC72] 카드사 TIMEOUT", 1),
        (Outcome::Rejected, "words of nobody", 1),
        (Outcome::Declined, "[CC10] 통장 잔액부족", 0),
    ] {
        let before = Payment { message: Some(words.to_owned()), ..row(outcome, 1, 0) };
        let pending = next_attempt(before.clone(), &intent(request(), 60)).unwrap();
        let after = answered(pending.clone(), 2, at(61), &settled, &received).payment;
        assert_eq!((after.outcome, after.unanswered), (Outcome::Declined, 0), "{outcome} {words}");
        assert_eq!(after.doubts, left, "{outcome} {words}");
        assert_eq!(Standing::of(&after).unwrap().is_open(), left > 0, "{outcome} {words}");
        let back = not_sent(pending, 2, at(61), &Reason::Interrupted, &received).payment;
        assert_eq!((back.outcome, back.message, back.doubts), (outcome, before.message, 0));
        let message = Some(words.to_owned());
        let ended = Payment { doubt_ended_at: Some(at(59)), message, doubts: 1, ..row(outcome, 1, 0) };
        assert_eq!(next_attempt(ended, &intent(request(), 60)).unwrap().doubts, 0, "the doubt is over");
    }
}

#[test]
fn a_decline_in_doubt_that_comes_late_stays_a_doubt() {
    let status = Some("failed".to_owned());
    let fail_reason = Some("[CC72] 카드사 TIMEOUT".to_owned());
    let doubtful = GatewayRecord { status, fail_reason, ..record("imps_1") };
    let (settled, received) = (Settled::Declined(Box::new(doubtful)), Received::default());
    for (before, attempt, doubts) in [
        (row(Outcome::Pending, 2, 2), 1, 1),
        (row(Outcome::Paid, 1, 0), 1, 1),
        (row(Outcome::Pending, 1, 1), 1, 0),
    ] {
        let after = answered(before, attempt, at(61), &settled, &received);
        assert_eq!((after.payment.doubts, after.moved), (doubts, true), "{attempt}");
    }
}

#[test]
fn a_first_attempt_is_pending_and_unanswered_from_its_send_on() {
    let first = first_attempt(&intent(request(), 30));
    assert_eq!((first.outcome, first.attempts, first.unanswered), (Outcome::Pending, 1, 1));
    assert_eq!((first.last_send, first.account.as_deref()), (Some(mark(30)), Some("account")));
    assert_eq!((first.requested_at, first.reason, first.outcome_before), (at(30), None, None));
    let finer = |at: Timestamp| at + jiff::SignedDuration::from_nanos(1);
    let exact = intent(request(), 30);
    let exact = Intent { at: finer(at(30)), mark: SendMark { wall: finer(at(30)), ..mark(30) }, ..exact };
    let kept = first_attempt(&exact);
    assert_eq!((kept.requested_at, kept.last_send), (at(30), Some(mark(30))), "whole milliseconds are kept");
}

#[test]
fn a_charge_that_never_began_has_no_attempt() {
    let unsent = never_begun(&intent(request(), 0), Some(&Reason::Interrupted));
    assert_eq!((unsent.outcome, unsent.attempts, unsent.unanswered), (Outcome::NotSent, 0, 0));
    assert_eq!((unsent.reason, unsent.last_send, unsent.account), (Some(Reason::Interrupted), None, None));
}

#[test]
fn an_intent_is_for_the_row_that_its_caller_saw() {
    let expecting = |outcome, attempts| Intent {
        expected: Some(Seen::of(&row(outcome, attempts, 1))),
        ..intent(request(), 60)
    };
    let declined = row(Outcome::Declined, 1, 0);
    assert!(is_as_expected(&declined, &expecting(Outcome::Declined, 1)));
    assert!(!is_as_expected(&declined, &expecting(Outcome::Declined, 2)));
    assert!(!is_as_expected(&declined, &expecting(Outcome::Unknown, 1)));
    assert!(!is_as_expected(&declined, &intent(request(), 60)), "it was not there");
    assert!(!is_as_expected(&row(Outcome::Paid, 1, 0), &expecting(Outcome::Paid, 1)), "paid is for ever");
    let sent_again = Payment { last_send: Some(mark(30)), ..row(Outcome::Pending, 1, 1) };
    assert!(!is_as_expected(&sent_again, &expecting(Outcome::Pending, 1)), "the wait has begun anew");
    let mut other = declined.clone();
    other.terms.amount = won(8901);
    assert!(!is_as_expected(&other, &expecting(Outcome::Declined, 1)));
    other = declined;
    other.terms.customer_uid = CustomerUid::parse("other").unwrap();
    assert!(!is_as_expected(&other, &expecting(Outcome::Declined, 1)));
}

#[test]
fn a_payment_counts_for_the_day_on_which_it_was_asked_for_or_sent() {
    let day = DailyLimit { max: won(1), from: at(10), to: at(20) };
    let asked = |requested: i64, sent: i64, outcome| {
        let requested_at = at(requested);
        counts(&Payment { requested_at, last_send: Some(mark(sent)), ..row(outcome, 1, 1) }, &day)
    };
    for outcome in Outcome::ALL {
        assert_eq!(asked(10, 10, outcome), outcome.may_have_charged(), "{outcome}");
    }
    assert!(!asked(9, 9, Outcome::Paid) && !asked(20, 20, Outcome::Paid));
    assert!(asked(9, 10, Outcome::Paid) && asked(19, 30, Outcome::Paid));
    let never_sent = Payment { requested_at: at(9), last_send: None, ..row(Outcome::Paid, 1, 0) };
    assert!(!counts(&never_sent, &day) && counts(&Payment { requested_at: at(10), ..never_sent }, &day));
    let dollars = DailyLimit { max: Amount::from_minor(1, Currency::parse("USD").unwrap()), ..day };
    assert!(!counts(&Payment { requested_at: at(10), ..row(Outcome::Paid, 1, 0) }, &dollars));
}

#[test]
fn a_charge_is_similar_to_another_of_the_same_customer_and_amount() {
    let mut asked = request().terms;
    asked.merchant_uid = MerchantUid::parse("order-2").unwrap();
    let paid = row(Outcome::Paid, 1, 0);
    assert!(is_similar(&paid, &asked, false, at(0)));
    assert!(!is_similar(&paid, &asked, false, at(1)));
    assert!(is_similar(&Payment { last_send: Some(mark(5)), ..paid.clone() }, &asked, false, at(5)));
    assert!(!is_similar(&Payment { last_send: None, ..paid.clone() }, &asked, false, at(1)));
    assert!(!is_similar(&paid, &request().terms, false, at(0)), "it is not like itself");
    assert!(!is_similar(&paid, &Terms { amount: won(1), ..asked.clone() }, false, at(0)));
    let customer_uid = CustomerUid::parse("other").unwrap();
    assert!(!is_similar(&paid, &Terms { customer_uid, ..asked.clone() }, false, at(0)));
    for outcome in Outcome::ALL {
        let paid = outcome == Outcome::Paid;
        assert_eq!(is_similar(&row(outcome, 1, 0), &asked, false, at(0)), paid, "{outcome}");
    }
    let of_a_period = Payment { once_per: true, ..paid.clone() };
    assert!(!is_similar(&of_a_period, &asked, true, at(0)), "two periods or plans");
    assert!(is_similar(&of_a_period, &asked, false, at(0)) && is_similar(&paid, &asked, true, at(0)));
}

#[test]
fn an_open_order_of_the_same_customer_and_amount_stands_in_the_way_until_it_was_looked_at() {
    let mut asked = request().terms;
    asked.merchant_uid = MerchantUid::parse("order-2").unwrap();
    let unknown = row(Outcome::Unknown, 1, 1);
    let passed = |row: &Payment| Passed { uid: row.terms.merchant_uid.clone(), seen: Seen::of(row) };
    assert!(stands_open(&unknown, &asked, &[]));
    assert!(!stands_open(&unknown, &asked, &[passed(&unknown)]));
    let sent_again = Payment { last_send: Some(mark(5)), ..unknown.clone() };
    assert!(stands_open(&sent_again, &asked, &[passed(&unknown)]), "it was sent again since");
    assert!(!stands_open(&unknown, &request().terms, &[]), "not in its own way");
    assert!(!stands_open(&unknown, &Terms { amount: won(1), ..asked.clone() }, &[]));
    let customer_uid = CustomerUid::parse("other").unwrap();
    assert!(!stands_open(&unknown, &Terms { customer_uid, ..asked.clone() }, &[]));
    let words = |outcome, words: &str| Payment { message: Some(words.to_owned()), ..row(outcome, 1, 0) };
    for (what, row, open) in [
        ("it may leave any moment", row(Outcome::Pending, 1, 1), true),
        ("paid is no longer open", row(Outcome::Paid, 1, 0), false),
        ("never sent", row(Outcome::NotSent, 0, 0), false),
        ("a decline that proves it", words(Outcome::Declined, "[CC10] 통장 잔액부족"), false),
        (
            "a decline that is a doubt",
            words(Outcome::Declined, "[8041] 시스템 타임아웃(잠시후 재시도바람)"),
            true,
        ),
        ("a decline beside a silent request", row(Outcome::Declined, 2, 1), true),
    ] {
        assert_eq!(stands_open(&row, &asked, &[]), open, "{what}");
    }
}
