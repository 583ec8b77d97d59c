//! What a row becomes by a person's note.

use super::{after, at, record, row};
use crate::domain::lookup::{Declines, LookedUp};
use crate::domain::payment::{Noted, Outcome, Payment, Received};
use crate::domain::reason::Reason;
use crate::ledger::rules::{looked_up, noted};
use crate::ledger::seen::Seen;

fn note(charged: bool) -> Noted {
    Noted { charged, at: at(9), by: Some("mina".to_owned()), evidence: "statement".to_owned() }
}

fn doubtful(outcome: Outcome) -> Payment {
    Payment { message: Some("타임아웃".to_owned()), ..row(outcome, 1, 0) }
}

#[test]
fn only_what_the_gateway_leaves_open_is_noted() {
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let proved = Payment { message: Some("통장 잔액부족".to_owned()), ..row(Declined, 1, 0) };
    let before = |charged| Payment { noted: Some(note(charged)), ..row(Unknown, 1, 1) };
    for (rule, before, charged, not_charged) in [
        ("an unknown one", row(Unknown, 1, 1), Some(Unknown), Some(NotSent)),
        ("one whose process died", row(Pending, 1, 1), Some(Unknown), Some(NotSent)),
        ("a doubtful decline", doubtful(Declined), Some(Unknown), Some(Declined)),
        ("a doubtful rejection", doubtful(Rejected), Some(Unknown), Some(Rejected)),
        ("one that was noted before", before(true), Some(Unknown), Some(NotSent)),
        ("a decline that is proved", proved, None, None),
        ("a paid one", row(Paid, 1, 0), None, None),
        ("one of which no request left", row(NotSent, 1, 0), None, None),
    ] {
        let seen = Seen::of(&before);
        for (is_charged, expected) in [(true, charged), (false, not_charged)] {
            let written = noted(before.clone(), &seen, &note(is_charged));
            let outcome = written.as_ref().ok().map(|payment| payment.outcome);
            assert_eq!(outcome, expected, "{rule}, noted as charged: {is_charged}");
            let Ok(payment) = written else { continue };
            assert_eq!(payment.noted, Some(note(is_charged)), "{rule}");
            assert_eq!(
                (payment.attempts, payment.unanswered),
                (before.attempts, before.unanswered),
                "{rule}"
            );
            assert_eq!(payment.message, before.message, "{rule}: the gateway's words stay");
        }
        let moved = Seen { attempts: 9, ..seen };
        assert!(noted(before, &moved, &note(true)).is_err(), "{rule}: it is about another row");
    }
}

#[test]
fn what_the_gateway_shows_counts_for_more_than_a_note_and_silence_does_not() {
    let declines = || LookedUp::Declined(Declines { earlier: Vec::new(), last: Box::new(record("imps_1")) });
    let received = Received::default();
    for charged in [true, false] {
        for (found, stands) in [
            (LookedUp::Paid(Box::new(record("imps_1"))), false),
            (declines(), false),
            (LookedUp::Nothing, true),
        ] {
            let row = row(Outcome::Unknown, 1, 1);
            let noted = noted(row.clone(), &Seen::of(&row), &note(charged)).unwrap();
            let change = looked_up(noted.clone(), &Seen::of(&noted), at(10), &found, &received, None);
            assert_eq!(change.payment.noted.is_some(), stands, "{charged} {found:?}");
            let outcome = found.outcome().unwrap_or(noted.outcome);
            assert_eq!(after(&change).0, outcome, "{charged} {found:?}");
        }
    }
}

#[test]
fn a_note_says_itself_until_it_is_beaten() {
    let row = row(Outcome::Unknown, 1, 1);
    let noted = noted(row.clone(), &Seen::of(&row), &note(true)).unwrap();
    assert_eq!(noted.why().as_deref(), Some("it was noted by hand as charged: statement"));
    let found = LookedUp::Paid(Box::new(record("imps_1")));
    let received = Received::default();
    let paid = looked_up(noted.clone(), &Seen::of(&noted), at(10), &found, &received, None).payment;
    assert_eq!((paid.why(), paid.noted), (None, None));
    let evidence = "statement".to_owned();
    assert_eq!(note(false).reason(), Reason::NotedNotCharged { evidence });
}
