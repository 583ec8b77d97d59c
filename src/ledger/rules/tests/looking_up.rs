//! What a row becomes by a look-up.

use jiff::Timestamp;

use super::{After, after, at, mark, record, row, won};
use crate::domain::lookup::{Declines, LookedUp};
use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment, Received};
use crate::domain::reason::Reason;
use crate::ledger::rules::looked_up;
use crate::ledger::seen::Seen;

fn looked(before: Payment, seen: &Seen, found: &LookedUp) -> (After, bool) {
    let received = Received::default();
    let change = looked_up(before, seen, at(9), found, &received, Some(-1));
    (after(&change), change.lost)
}

fn declines() -> LookedUp {
    LookedUp::Declined(Declines { earlier: vec![record("imps_1")], last: Box::new(record("imps_2")) })
}

#[rustfmt::skip]
fn look_ups() -> Vec<(&'static str, Payment, LookedUp, After)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let found = || LookedUp::Paid(Box::new(record("imps_1")));
    let rejected = || LookedUp::Rejected(Some("no".to_owned()));
    let not_yet = || LookedUp::Unknown(Reason::NotShownYet);
    let no_trace = || LookedUp::NotSent(Reason::NoTrace);
    vec![
        ("a charge found speaks for every request", row(Unknown, 2, 2), found(), (Paid, 2, 0, vec![(2, Paid)])),
        ("a charge found over a decline is paid", row(Declined, 1, 0), found(), (Paid, 1, 0, vec![(1, Paid)])),
        ("declines speak for every request, each a line", row(Unknown, 2, 2), declines(),
            (Declined, 2, 0, vec![(2, Declined), (2, Declined)])),
        ("one decline speaks for one of them", row(Unknown, 3, 3), declines(),
            (Declined, 3, 1, vec![(3, Declined), (3, Declined)])),
        ("a refusal without a payment speaks for its request", row(Pending, 2, 2), rejected(),
            (Rejected, 2, 1, vec![(2, Rejected)])),
        ("nothing yet leaves it open", row(Pending, 1, 1), not_yet(), (Unknown, 1, 1, vec![(1, Unknown)])),
        ("no trace after the wait leaves the request unanswered", row(Unknown, 1, 1), no_trace(),
            (NotSent, 1, 1, vec![(1, NotSent)])),
        ("no trace says nothing against a decline", row(Declined, 1, 0), no_trace(),
            (Declined, 1, 0, vec![(1, Declined)])),
        ("nothing new is a line of history", row(Declined, 1, 0), LookedUp::Nothing,
            (Declined, 1, 0, vec![(1, Declined)])),
        ("the end of a doubt leaves the decline", row(Declined, 1, 0), LookedUp::DoubtEnds,
            (Declined, 1, 0, vec![(1, Declined)])),
        ("and the request beside it that was never answered", row(Declined, 2, 1), LookedUp::DoubtEnds,
            (Declined, 2, 1, vec![(2, Declined)])),
        ("an open row has no doubt to end", row(Unknown, 1, 1), LookedUp::DoubtEnds,
            (Unknown, 1, 1, vec![(1, Unknown)])),
        ("a paid row is not declined by a look-up", row(Paid, 1, 0), declines(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a paid row is not rejected by a look-up", row(Paid, 1, 0), rejected(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a paid row is not opened by a look-up", row(Paid, 1, 0), not_yet(), (Paid, 1, 0, vec![(1, Paid)])),
        ("a paid row is not forgotten by a look-up", row(Paid, 1, 0), no_trace(), (Paid, 1, 0, vec![(1, Paid)])),
    ]
}

#[test]
fn a_look_up_settles_the_row_that_it_judged() {
    for (rule, before, found, expected) in look_ups() {
        let (seen, untouched, received) = (Seen::of(&before), before.clone(), Received::default());
        let change = looked_up(before, &seen, at(9), &found, &received, Some(-1));
        assert_eq!((after(&change), change.lost), (expected, false), "{rule}");
        assert_eq!(change.moved, change.payment != untouched, "{rule}");
    }
}

#[test]
fn a_doubt_ends_with_the_look_up_and_begins_anew_with_the_next_no() {
    let received = Received::default();
    let end = |before: Payment, seen: &Seen| {
        looked_up(before, seen, at(9), &LookedUp::DoubtEnds, &received, None).payment
    };
    for outcome in [Outcome::Declined, Outcome::Rejected, Outcome::Paid] {
        let before = row(outcome, 2, 1);
        let ended = end(before.clone(), &Seen::of(&before));
        assert_eq!(ended.doubt_ended_at, Some(at(9)), "{outcome}");
        let moved = Seen { attempts: 1, ..Seen::of(&before) };
        assert_eq!(end(before, &moved).doubt_ended_at, None, "{outcome}: it was judged by another row");
    }
    let ended = Payment { doubt_ended_at: Some(at(9)), ..row(Outcome::Declined, 1, 0) };
    let again = looked_up(ended.clone(), &Seen::of(&ended), at(10), &declines(), &received, None).payment;
    assert_eq!(again.doubt_ended_at, None, "another decline, another doubt");
    let same =
        looked_up(ended.clone(), &Seen::of(&ended), at(10), &LookedUp::Nothing, &received, None).payment;
    assert_eq!(same.doubt_ended_at, Some(at(9)));
}

#[test]
fn the_line_of_a_look_up_holds_what_came_back_and_what_it_means() {
    let received = Received { http_status: Some(200), ..Received::default() };
    let reason = Reason::NoTrace;
    for (found, imp_uids, why) in [
        (LookedUp::Paid(Box::new(record("imps_1"))), vec![Some("imps_1")], None),
        (declines(), vec![Some("imps_1"), Some("imps_2")], None),
        (LookedUp::Rejected(None), vec![None], None),
        (LookedUp::Unknown(Reason::NoTrace), vec![None], Some(&reason)),
        (LookedUp::NotSent(Reason::NoTrace), vec![None], Some(&reason)),
        (LookedUp::Nothing, vec![None], None),
    ] {
        for outcome in [Outcome::Pending, Outcome::Paid] {
            let before = row(outcome, 1, 1);
            let change = looked_up(before.clone(), &Seen::of(&before), at(9), &found, &received, None);
            let taken = outcome == Outcome::Pending || matches!(found, LookedUp::Paid(_));
            let expected = if taken { imp_uids.clone() } else { vec![None] };
            let shown: Vec<_> = change.happened.iter().map(|line| line.imp_uid).collect();
            assert_eq!(shown, expected, "{found:?}");
            for line in &change.happened {
                assert_eq!((line.kind, line.at, line.received), (EventKind::Lookup, at(9), Some(&received)));
                assert_eq!(line.reason, why, "{found:?}");
            }
        }
    }
}

#[test]
fn a_look_up_leaves_nothing_of_what_was_said_before_it() {
    let received = Received::default();
    let rejected = LookedUp::Rejected(Some("no".to_owned()));
    let no_trace = LookedUp::NotSent(Reason::NoTrace);
    let found = LookedUp::Paid(Box::new(record("imps_1")));
    let not_yet = LookedUp::Unknown(Reason::NotShownYet);
    for (found, message, reason) in [
        (&rejected, Some("no"), None),
        (&no_trace, None, Some(Reason::NoTrace)),
        (&found, None, None),
        (&not_yet, None, Some(Reason::NotShownYet)),
    ] {
        let before = Payment {
            imp_uid: Some("imps_0".to_owned()),
            message: Some("old words".to_owned()),
            reason: Some(Reason::WaitGivenUp),
            outcome_before: Some(Outcome::Declined),
            ..row(Outcome::Pending, 1, 1)
        };
        let payment = looked_up(before.clone(), &Seen::of(&before), at(9), found, &received, None).payment;
        let imp_uid = matches!(found, LookedUp::Paid(_)).then_some("imps_1");
        assert_eq!((payment.imp_uid.as_deref(), payment.outcome_before), (imp_uid, None), "{found:?}");
        assert_eq!((payment.message.as_deref(), payment.reason), (message, reason), "{found:?}");
    }
    let unknown = Payment {
        imp_uid: Some("imps_0".to_owned()),
        reason: Some(Reason::WaitGivenUp),
        ..row(Outcome::Unknown, 1, 1)
    };
    let payment = looked_up(unknown.clone(), &Seen::of(&unknown), at(9), &not_yet, &received, None).payment;
    assert_eq!(payment.imp_uid.as_deref(), Some("imps_0"), "it says nothing new");
    assert_eq!(payment.reason, Some(Reason::NotShownYet), "but the newest reason is told");
}

#[test]
fn what_is_shown_of_a_paid_payment_is_taken_over_and_its_code_and_words_stay() {
    let received = Received::default();
    let before = Payment { code: Some(3), ..row(Outcome::Paid, 1, 1) };
    let refunded = GatewayRecord {
        status: Some("cancelled".to_owned()),
        amount_text: Some("8900".to_owned()),
        cancelled_at_s: Some(1_700_000_600),
        card_name: Some("신한카드".to_owned()),
        card_number: Some("5409-26**-****-1234".to_owned()),
        pg_provider: Some("danal".to_owned()),
        pg_tid: Some("tid".to_owned()),
        receipt_url: Some("https://receipt.example/1".to_owned()),
        ..record("imps_1")
    };
    let found = LookedUp::Paid(Box::new(refunded));
    let change = looked_up(before.clone(), &Seen::of(&before), at(9), &found, &received, None);
    let payment = change.payment;
    assert!(change.moved && !change.lost);
    assert_eq!((payment.outcome, payment.unanswered, payment.code), (Outcome::Paid, 0, Some(3)));
    assert_eq!((payment.status.as_deref(), payment.cancel_amount), (Some("cancelled"), Some(won(900))));
    assert_eq!(payment.cancelled_at.map(Timestamp::as_second), Some(1_700_000_600));
    assert_eq!(
        (payment.card_name.as_deref(), payment.card_number.as_deref()),
        (Some("신한카드"), Some("5409-26**-****-1234"))
    );
    assert_eq!((payment.pg_provider.as_deref(), payment.pg_tid.as_deref()), (Some("danal"), Some("tid")));
    assert_eq!(payment.receipt_url.as_deref(), Some("https://receipt.example/1"));
}

#[rustfmt::skip]
fn overtaken() -> Vec<(&'static str, LookedUp, bool, Outcome, u32)> {
    use Outcome::{Paid, Pending};
    vec![
        ("a decline may be of the attempt before", declines(), true, Pending, 2),
        ("a rejection may be of the attempt before", LookedUp::Rejected(None), true, Pending, 2),
        ("an absence may be of the attempt before", LookedUp::Unknown(Reason::NotShownYet), true, Pending, 2),
        ("no trace was of the attempt before", LookedUp::NotSent(Reason::NoTrace), true, Pending, 2),
        ("nothing new takes nothing away", LookedUp::Nothing, false, Pending, 2),
        ("money is money, and the newest request is still unanswered",
            LookedUp::Paid(Box::new(record("imps_1"))), false, Paid, 2),
    ]
}

#[test]
fn a_look_up_of_a_row_that_has_moved_since_believes_in_money_alone() {
    for (rule, found, lost, outcome, unanswered) in overtaken() {
        let seen = Seen::of(&row(Outcome::Unknown, 1, 1));
        let (after, is_lost) = looked(row(Outcome::Pending, 2, 2), &seen, &found);
        assert_eq!((after.0, after.2, after.3.len(), is_lost), (outcome, unanswered, 1, lost), "{rule}");
    }
    let no_trace = LookedUp::NotSent(Reason::NoTrace);
    let same_attempt = Seen::of(&row(Outcome::Unknown, 1, 1));
    assert!(looked(row(Outcome::Declined, 1, 0), &same_attempt, &no_trace).1);
    let sent_again = Payment { last_send: Some(mark(900)), ..row(Outcome::Pending, 1, 1) };
    let before_that = Seen::of(&row(Outcome::Pending, 1, 1));
    assert!(looked(sent_again, &before_that, &no_trace).1, "the wait has begun anew");
}

#[test]
fn the_rows_code_is_that_of_the_refusal_and_not_of_the_look_up() {
    let received = Received { code: Some(-404), ..Received::default() };
    let code = |before: Payment, found: &LookedUp| {
        let seen = Seen::of(&before);
        looked_up(before, &seen, at(9), found, &received, Some(-1)).payment.code
    };
    let pending = || Payment { code: Some(3), ..row(Outcome::Pending, 1, 1) };
    assert_eq!(code(pending(), &LookedUp::Rejected(None)), Some(-1));
    assert_eq!(code(pending(), &LookedUp::Unknown(Reason::NotShownYet)), Some(-1));
    assert_eq!(code(pending(), &LookedUp::NotSent(Reason::NoTrace)), None);
    assert_eq!(code(pending(), &LookedUp::Paid(Box::new(record("imps_1")))), None);
    assert_eq!(code(pending(), &declines()), None);
    let unknown = Payment { code: Some(3), ..row(Outcome::Unknown, 1, 1) };
    assert_eq!(code(unknown, &LookedUp::Unknown(Reason::NotShownYet)), Some(3), "it says nothing new");
}

#[test]
fn each_decline_that_is_found_is_a_line_with_its_own_imp_uid_and_the_last_is_the_payments() {
    let (received, found) = (Received::default(), declines());
    let before = row(Outcome::Unknown, 2, 2);
    let change = looked_up(before.clone(), &Seen::of(&before), at(9), &found, &received, None);
    let ids: Vec<_> = change.happened.iter().map(|line| line.imp_uid).collect();
    assert_eq!(ids, [Some("imps_1"), Some("imps_2")]);
    assert_eq!(change.payment.imp_uid.as_deref(), Some("imps_2"));
    assert_eq!(change.payment.message.as_deref(), Some("no money"));
}
