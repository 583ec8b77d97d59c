//! Intents, answers, look-ups and what they make of a row.

use std::sync::Barrier;

use jiff::Timestamp;

use super::{
    Asked, Place, answer, at, attempt, below, charged, kept, look_up, mark, not_sent, record_of, reply, uid,
    won,
};
use crate::domain::answer::Settled;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment, Received};
use crate::domain::reason::{Reason, Said};
use crate::ledger::{Entry, How, Intent, Ledger, LedgerError};

fn kinds(ledger: &Ledger, merchant_uid: &str) -> Vec<(EventKind, Outcome, u32)> {
    let events = ledger.events(&uid(merchant_uid)).unwrap();
    events.into_iter().map(|event| (event.kind, event.outcome, event.attempt)).collect()
}

#[test]
fn the_first_intent_makes_a_pending_row_with_all_that_was_asked() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let mut asked = Asked::new("order-1", 8900, 0);
    asked.request.buyer_name = Some("홍길동".to_owned());
    let payment = asked.written(&mut ledger);
    assert_eq!((payment.outcome, payment.attempts, payment.unanswered), (Outcome::Pending, 1, 1));
    assert_eq!((&payment.terms, payment.outcome_before), (&asked.request.terms, None));
    assert_eq!((payment.requested_at, payment.last_send.as_ref()), (at(0), Some(&mark(0))));
    assert_eq!(payment.buyer_name.as_deref(), Some("홍길동"));
    assert_eq!(payment.account.as_deref(), Some("0123456789abcdef"));
    let events = ledger.events(&uid("order-1")).unwrap();
    assert_eq!(kinds(&ledger, "order-1"), [(EventKind::Intent, Outcome::Pending, 1)]);
    assert_eq!((events[0].at, events[0].operator.as_deref()), (at(0), Some("gildong")));
}

/// What a write returns is what the next look finds: nothing is read back from the row.
#[test]
fn what_is_returned_is_what_is_kept() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let uid = uid("order-1");
    let precisely = |second: i64| at(second) + jiff::SignedDuration::from_nanos(1_234_567);
    let asked = |second: i64| {
        let mut asked = Asked::new("order-1", 8900, second);
        asked.mark.wall = precisely(second);
        asked.request.buyer_name = Some("홍길동".to_owned());
        asked
    };
    let same = |ledger: &Ledger, payment: &Payment| {
        assert_eq!(ledger.find(&uid).unwrap().as_ref(), Some(payment));
    };
    let intent = Intent { at: precisely(0), note: Some("a note".to_owned()), ..asked(0).intent() };
    let unsent = kept(&mut ledger, &Entry::NeverBegun { intent, reason: Reason::NoTokenInAnswer });
    same(&ledger, &unsent);
    let again = asked(1).expecting(Outcome::NotSent, 0);
    let pending = again.written(&mut ledger);
    same(&ledger, &pending);
    let (first, second) = (attempt("order-1", 1), attempt("order-1", 2));
    let resent =
        Entry::Resend { attempt: first.clone(), at: precisely(2), mark: asked(2).mark, refused: reply(401) };
    let resent = kept(&mut ledger, &resent);
    same(&ledger, &resent);
    let received = Received { message: Some("통장 잔액부족".to_owned()), ..reply(200) };
    let settled = again.settled(Outcome::Declined);
    let declined = Entry::Answer { attempt: first, at: precisely(3), settled, received, shown: Vec::new() };
    let declined = kept(&mut ledger, &declined);
    assert_eq!(declined.message.as_deref(), Some("통장 잔액부족"));
    same(&ledger, &declined);
    asked(4).expecting(Outcome::Declined, 1).written(&mut ledger);
    let why = Box::new(Reason::CertificateExpired);
    let reason = Reason::NotSecure { host: "api.example".to_owned(), why };
    let reverted = Entry::NotSent { attempt: second, at: precisely(5), reason, received: reply(0) };
    let reverted = kept(&mut ledger, &reverted);
    same(&ledger, &reverted);
    let entry = look_up(&ledger, "order-1", 6, again.looked_up(Outcome::Paid));
    let paid = kept(&mut ledger, &entry);
    assert_eq!((paid.outcome, paid.paid_at.map(Timestamp::as_second)), (Outcome::Paid, Some(1_700_000_500)));
    same(&ledger, &paid);
}

/// Our own reasons are values, the gateway's words are as they came.
#[test]
fn a_reason_is_kept_apart_from_the_gateways_words() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    asked.written(&mut ledger);
    let why = Reason::HttpStatus { status: "502".to_owned(), said: Said::Words("점검 중".to_owned()) };
    let received = Received { message: Some("점검 중".to_owned()), ..reply(502) };
    let settled = Settled::Unknown(why.clone());
    let entry =
        Entry::Answer { attempt: attempt("order-1", 1), at: at(1), settled, received, shown: Vec::new() };
    let payment = kept(&mut ledger, &entry);
    assert_eq!((payment.reason.as_ref(), payment.message.as_ref()), (Some(&why), None));
    let event = ledger.events(&uid("order-1")).unwrap().pop().unwrap();
    assert_eq!(event.received.reason.as_ref(), Some(&why));
    assert_eq!(event.received.message.as_deref(), Some("점검 중"));
    assert_eq!(below(&ledger, "UPDATE payments SET note = note WHERE reason = 'http_status'"), Ok(1));
}

#[test]
fn a_row_that_is_there_loses_an_intent_that_expected_none() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    asked.written(&mut ledger);
    assert_eq!(asked.how(&mut ledger), How::Moved);
    assert_eq!(kinds(&ledger, "order-1").len(), 1, "a lost intent leaves no trace");
}

#[test]
fn a_row_is_claimed_again_only_as_it_was_seen() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    let again = || Asked::new("order-1", 8900, 60);
    assert_eq!(again().expecting(Outcome::Declined, 2).how(&mut ledger), How::Moved);
    assert_eq!(again().expecting(Outcome::Unknown, 1).how(&mut ledger), How::Moved);
    let absent = Asked::new("order-2", 1, 0).expecting(Outcome::NotSent, 0);
    assert_eq!(absent.how(&mut ledger), How::Moved);
    let payment = again().expecting(Outcome::Declined, 1).written(&mut ledger);
    assert_eq!((payment.attempts, payment.unanswered), (2, 1));
    assert_eq!(payment.outcome_before, Some(Outcome::Declined));
    assert_eq!((payment.requested_at, payment.last_send), (at(0), Some(mark(60))));
}

#[test]
fn a_paid_row_is_never_claimed() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let again = Asked::new("order-1", 8900, 60).expecting(Outcome::Paid, 1);
    assert_eq!(again.how(&mut ledger), How::Moved);
}

#[test]
fn a_row_with_other_terms_is_never_claimed() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    let other = Asked::new("order-1", 9900, 60).expecting(Outcome::Declined, 1);
    assert_eq!(other.how(&mut ledger), How::Moved);
}

#[test]
fn of_two_threads_with_the_same_intent_one_writes_it() {
    let place = Place::new();
    place.ledger();
    for round in 0..20 {
        let merchant_uid = format!("order-{round}");
        let barrier = Barrier::new(2);
        let results: Vec<How> = std::thread::scope(|scope| {
            let run = || {
                let mut ledger = place.ledger();
                let asked = Asked::new(&merchant_uid, 8900, 0);
                barrier.wait();
                asked.how(&mut ledger)
            };
            let threads = [scope.spawn(run), scope.spawn(run)];
            threads.map(|thread| thread.join().unwrap()).into()
        });
        let written = results.iter().filter(|result| **result == How::Claimed).count();
        let lost = results.iter().filter(|result| **result == How::Moved).count();
        assert_eq!((written, lost), (1, 1), "{results:?}");
    }
}

#[test]
fn an_answer_is_kept_with_the_row_and_as_an_event() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    asked.written(&mut ledger);
    let body = "{\"code\":0}".to_owned();
    let received = Received { body: Some(body.clone()), ..reply(200) };
    let settled = asked.settled(Outcome::Paid);
    let entry =
        Entry::Answer { attempt: attempt("order-1", 1), at: at(1), settled, received, shown: Vec::new() };
    let payment = kept(&mut ledger, &entry);
    assert_eq!((payment.outcome, payment.unanswered, payment.code), (Outcome::Paid, 0, None));
    assert_eq!(payment.imp_uid.as_deref(), Some("imps_order-1_paid"));
    assert_eq!(payment.cancel_amount, Some(won(0)));
    assert_eq!(payment.paid_at.map(Timestamp::as_second), Some(1_700_000_500));
    assert_eq!(ledger.find(&uid("order-1")).unwrap(), Some(payment));
    let event = ledger.events(&uid("order-1")).unwrap().remove(1);
    assert_eq!((event.kind, event.outcome), (EventKind::Answer, Outcome::Paid));
    assert_eq!((event.received.body, event.received.took_ms), (Some(body), Some(12)));
    assert_eq!(event.received.imp_uid.as_deref(), Some("imps_order-1_paid"));
}

#[test]
fn an_unknown_answer_leaves_its_request_unanswered() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let payment = charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
    assert_eq!((payment.outcome, payment.unanswered), (Outcome::Unknown, 1));
    let payment = Asked::new("order-1", 8900, 1000).expecting(Outcome::Unknown, 1).written(&mut ledger);
    assert_eq!((payment.attempts, payment.unanswered), (2, 2));
    let settled = Asked::new("order-1", 8900, 0).settled(Outcome::Declined);
    let received = Received { message: Some("no money".to_owned()), ..reply(200) };
    let entry =
        Entry::Answer { attempt: attempt("order-1", 2), at: at(1001), settled, received, shown: Vec::new() };
    let payment = kept(&mut ledger, &entry);
    assert_eq!((payment.outcome, payment.unanswered), (Outcome::Declined, 1));
    assert_eq!((payment.outcome_before, payment.message.as_deref()), (None, Some("no money")));
}

#[test]
fn a_refusal_that_is_being_looked_up_is_kept_and_the_row_stays_pending() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let pending = Asked::new("order-1", 8900, 0).written(&mut ledger);
    let received = Received { code: Some(1), message: Some("no such customer".to_owned()), ..reply(200) };
    let after = kept(&mut ledger, &Entry::Refusal { attempt: attempt("order-1", 1), at: at(1), received });
    assert_eq!(after, pending);
    let words = "no such customer".to_owned();
    let entry = look_up(&ledger, "order-1", 2, LookedUp::Rejected(Some(words.clone())));
    let payment = kept(&mut ledger, &entry);
    assert_eq!((payment.outcome, payment.unanswered), (Outcome::Rejected, 0));
    assert_eq!(payment.code, Some(1), "the refusal's code, not the look-up's");
    assert_eq!(payment.message, Some(words));
    let expected = [
        (EventKind::Intent, Outcome::Pending, 1),
        (EventKind::Answer, Outcome::Pending, 1),
        (EventKind::Lookup, Outcome::Rejected, 1),
    ];
    assert_eq!(kinds(&ledger, "order-1"), expected);
}

#[test]
fn a_look_up_answers_every_request_there_was() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
    Asked::new("order-1", 8900, 1000).expecting(Outcome::Unknown, 1).written(&mut ledger);
    let paid = Asked::new("order-1", 8900, 0).looked_up(Outcome::Paid);
    let entry = look_up(&ledger, "order-1", 1001, paid);
    let payment = kept(&mut ledger, &entry);
    assert_eq!((payment.outcome, payment.unanswered), (Outcome::Paid, 0));
}

#[test]
fn a_look_up_in_vain_is_an_event_and_changes_nothing() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let before = charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    let entry = look_up(&ledger, "order-1", 9, LookedUp::Nothing);
    let after = kept(&mut ledger, &entry);
    assert_eq!(after, before);
    assert_eq!(kinds(&ledger, "order-1").last(), Some(&(EventKind::Lookup, Outcome::Declined, 1)));
}

#[test]
fn a_refund_seen_by_a_look_up_is_taken_over() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    charged(&mut ledger, &asked, Outcome::Paid);
    let refunded = GatewayRecord {
        status: Some("cancelled".to_owned()),
        cancel_amount_text: Some("8900".to_owned()),
        cancelled_at_s: Some(1_700_009_000),
        ..record_of(&asked.request, Outcome::Paid).unwrap()
    };
    let seen = |ledger: &mut Ledger, second: i64, record: GatewayRecord| {
        let entry = look_up(ledger, "order-1", second, LookedUp::Paid(Box::new(record)));
        kept(ledger, &entry)
    };
    let payment = seen(&mut ledger, 9, refunded.clone());
    assert_eq!((payment.outcome, payment.status.as_deref()), (Outcome::Paid, Some("cancelled")));
    assert_eq!(payment.cancel_amount, Some(won(8900)));
    let foreign = GatewayRecord { currency_text: Some("USD".to_owned()), ..refunded };
    let payment = seen(&mut ledger, 10, foreign);
    assert_eq!(payment.cancel_amount, None, "dollars are not won");
}

#[test]
fn a_paid_payment_stays_paid_whatever_is_said_later() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let paid = charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let asked = Asked::new("order-1", 8900, 0);
    // What else was shown under the order is kept beside it.
    let row = |payment: Payment| Payment { records: paid.records.clone(), ..payment };
    for outcome in [Outcome::Unknown, Outcome::Declined] {
        assert_eq!(row(kept(&mut ledger, &answer("order-1", 1, 9, asked.settled(outcome)))), paid);
    }
    for outcome in
        [Outcome::Unknown, Outcome::Declined, Outcome::Rejected, Outcome::NotSent, Outcome::Pending]
    {
        let entry = look_up(&ledger, "order-1", 9, asked.looked_up(outcome));
        assert_eq!(row(kept(&mut ledger, &entry)), paid);
    }
    assert_eq!(row(kept(&mut ledger, &not_sent("order-1", 1, 9))), paid);
    assert_eq!(ledger.find(&uid("order-1")).unwrap().map(row), Some(paid.clone()));
    assert_eq!(kinds(&ledger, "order-1").len(), 10, "each of them is an event");
}

#[test]
fn what_never_left_takes_the_row_back_to_what_it_was() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let uid = uid("order-1");
    let asked = Asked::new("order-1", 8900, 0);
    asked.written(&mut ledger);
    let payment = kept(&mut ledger, &not_sent("order-1", 1, 1));
    assert_eq!((payment.outcome, payment.attempts, payment.unanswered), (Outcome::NotSent, 1, 0));
    assert_eq!(payment.reason, Some(Reason::Interrupted));

    let declined = charged(
        &mut ledger,
        &Asked::new("order-1", 8900, 10).expecting(Outcome::NotSent, 1),
        Outcome::Declined,
    );
    Asked::new("order-1", 8900, 20).expecting(Outcome::Declined, 2).written(&mut ledger);
    let payment = kept(&mut ledger, &not_sent("order-1", 3, 21));
    assert_eq!((payment.outcome, payment.outcome_before), (Outcome::Declined, None));
    assert_eq!((payment.imp_uid, payment.message), (declined.imp_uid, declined.message));
    assert_eq!((payment.attempts, payment.unanswered), (3, 0));
    let event = ledger.events(&uid).unwrap().pop().unwrap();
    assert_eq!((event.kind, event.outcome, event.attempt), (EventKind::NotSent, Outcome::Declined, 3));
    assert_eq!(event.received.reason, Some(Reason::Interrupted));
}

#[test]
fn a_killed_runs_pending_row_stays_doubtful_when_the_next_attempt_never_left() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    Asked::new("order-1", 8900, 1000).expecting(Outcome::Pending, 1).written(&mut ledger);
    let payment = kept(&mut ledger, &not_sent("order-1", 2, 1001));
    assert_eq!((payment.outcome, payment.unanswered), (Outcome::Pending, 1));
}

#[test]
fn an_unknown_row_is_not_taken_back() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let unknown = charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
    let after = kept(&mut ledger, &not_sent("order-1", 1, 9));
    assert_eq!(after, unknown);
}

/// Gives each answer in its order, looks the payment up as rejected, and tells the row's code.
fn code_after(ledger: &mut Ledger, answers: &[(u32, i64)]) -> Option<i64> {
    for (second, (number, code)) in (900..).zip(answers) {
        let received = Received { code: Some(*code), ..reply(200) };
        let attempt = attempt("order-1", *number);
        let _ = kept(ledger, &Entry::Refusal { attempt, at: at(second), received });
    }
    let mut entry = look_up(ledger, "order-1", 980, LookedUp::Nothing);
    if let Entry::Lookup { received, .. } = &mut entry {
        received.code = Some(-404);
    }
    let _ = kept(ledger, &entry);
    let entry = look_up(ledger, "order-1", 990, LookedUp::Rejected(None));
    kept(ledger, &entry).code
}

#[test]
fn the_code_of_a_rejection_is_the_newest_answers_to_the_newest_attempt() {
    for (answers, code) in [
        (&[(2, -3), (2, 7)][..], Some(7)),
        (&[(2, -3), (1, 7)], Some(-3)),
        (&[(2, -3), (2, 0)], None),
        (&[(1, 7)], None),
        (&[], None),
    ] {
        let place = Place::new();
        let mut ledger = place.ledger();
        charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
        let no_trace = look_up(&ledger, "order-1", 500, LookedUp::Unknown(Reason::NotShownYet));
        let _ = kept(&mut ledger, &no_trace);
        Asked::new("order-1", 8900, 800).expecting(Outcome::Unknown, 1).written(&mut ledger);
        assert_eq!(code_after(&mut ledger, answers), code, "{answers:?}");
    }
}

#[test]
fn a_later_attempts_result_shows_nothing_of_an_earlier_one() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    let payment = charged(
        &mut ledger,
        &Asked::new("order-1", 8900, 9).expecting(Outcome::Declined, 1),
        Outcome::Unknown,
    );
    assert_eq!((payment.imp_uid, payment.status, payment.card_number), (None, None, None));
    assert_eq!(ledger.declined_imp_uids(&uid("order-1")).unwrap(), ["imps_order-1_failed"]);
}

fn resend(number: u32, second: i64) -> Entry {
    let refused = Received { code: Some(-1), ..reply(401) };
    Entry::Resend { attempt: attempt("order-1", number), at: at(second), mark: mark(second), refused }
}

#[test]
fn a_second_send_of_an_attempt_is_two_events_and_a_new_time() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    kept(&mut ledger, &resend(1, 2));
    let payment = ledger.find(&uid("order-1")).unwrap().unwrap();
    assert_eq!((payment.attempts, payment.unanswered, payment.last_send), (1, 1, Some(mark(2))));
    let expected = [
        (EventKind::Intent, Outcome::Pending, 1),
        (EventKind::Answer, Outcome::Pending, 1),
        (EventKind::Resend, Outcome::Pending, 1),
    ];
    assert_eq!(kinds(&ledger, "order-1"), expected);
}

#[test]
fn a_row_that_is_not_pending_is_not_sent_a_second_time() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
    let error = ledger.write_one(&resend(1, 2)).unwrap_err();
    assert!(matches!(error, LedgerError::Changed { .. }), "{error}");
    assert_eq!(kinds(&ledger, "order-1").len(), 2, "the answer's event went with it");
}

#[test]
fn a_charge_without_a_token_is_a_row_that_may_be_sent() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let asked = Asked::new("order-1", 8900, 0);
    let never = |reason| Entry::NeverBegun { intent: asked.intent(), reason };
    let payment = kept(&mut ledger, &never(Reason::NoTokenInAnswer));
    assert_eq!((payment.outcome, payment.attempts, payment.unanswered), (Outcome::NotSent, 0, 0));
    assert_eq!((payment.last_send, payment.account), (None, None));
    let again = kept(&mut ledger, &never(Reason::Interrupted));
    assert_eq!(again.reason, Some(Reason::NoTokenInAnswer));
    assert_eq!(kinds(&ledger, "order-1"), [(EventKind::NotSent, Outcome::NotSent, 0); 2]);
    let payment = Asked::new("order-1", 8900, 9).expecting(Outcome::NotSent, 0).written(&mut ledger);
    assert_eq!((payment.attempts, payment.outcome_before), (1, Some(Outcome::NotSent)));
}

#[test]
fn a_payment_that_is_not_there_is_an_error_that_names_it() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let error = ledger.write_one(&not_sent("order-9", 1, 0)).unwrap_err();
    assert!(error.to_string().ends_with("has no payment order-9"));
}

#[test]
fn the_ledger_itself_refuses_to_forget() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    for sql in [
        "UPDATE events SET outcome = 'declined'",
        "DELETE FROM events",
        "DELETE FROM payments",
        "UPDATE payments SET amount_minor = 1",
        "UPDATE payments SET merchant_uid = 'other'",
        "UPDATE payments SET outcome = 'unknown'",
        "UPDATE payments SET attempts = 1.5",
        "UPDATE payments SET mode = 'real'",
        "UPDATE payments SET unanswered = 2",
        "INSERT INTO events (payment_id, at_ms, kind, outcome, attempt) VALUES (99, 0, 'answer', 'paid', 1)",
    ] {
        assert!(below(&ledger, sql).is_err(), "{sql}");
    }
    assert_eq!(kinds(&ledger, "order-1").len(), 2);
}
