//! The rules, each as a sentence, what is known, and what must follow.

use super::{
    AfterSend, Before, BeforeSend, Opening, Review, Stored, Unprocessed, answered, found_after, found_before,
    open, review,
};
use crate::domain::answer::{Answer, Refusal, Settled};
use crate::domain::lookup::{Declines, Finding, LookedUp};
use crate::domain::payment::{GatewayRecord, Outcome};
use crate::domain::reason::{Reason, Said};

fn row(outcome: Outcome) -> Stored {
    Stored { outcome, same_terms: true, same_mode: true, unanswered: false }
}

fn record(imp_uid: &str) -> Box<GatewayRecord> {
    Box::new(GatewayRecord { imp_uid: Some(imp_uid.to_owned()), ..GatewayRecord::default() })
}

fn declines() -> Declines {
    Declines { earlier: vec![*record("imps_1")], last: record("imps_2") }
}

fn charged() -> Finding {
    Finding::Charged { record: record("imps_1"), others: Vec::new() }
}

fn declined() -> Finding {
    Finding::Declined(declines())
}

fn odd() -> Finding {
    Finding::Odd { record: record("imps_1"), why: Reason::WithoutStatus }
}

fn no_answer() -> Finding {
    Finding::NoAnswer { reason: Reason::ListEmpty, reached: true }
}

fn is_odd() -> Reason {
    Reason::ShownOdd { imp_uid: "imps_1".to_owned(), why: Box::new(Reason::WithoutStatus) }
}

fn got_no_answer() -> Reason {
    Reason::LookupNoAnswer { why: Box::new(Reason::ListEmpty) }
}

fn paid() -> LookedUp {
    LookedUp::Paid(record("imps_1"))
}

fn refusal(duplicate: bool) -> Refusal {
    Refusal { code: -1, words: Some("no".to_owned()), duplicate }
}

#[rustfmt::skip]
fn openings() -> Vec<(&'static str, Stored, bool, Opening)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let other_terms = |outcome| Stored { same_terms: false, ..row(outcome) };
    vec![
        ("a paid one is never sent again", row(Paid), false, Opening::Replay),
        ("a paid one is never sent again with --retry", row(Paid), true, Opening::Replay),
        ("a payment of another mode is no answer", Stored { same_mode: false, ..row(Paid) }, false,
            Opening::RefuseOtherTerms),
        ("one that left no trace is looked up once more", Stored { unanswered: true, ..row(NotSent) }, false,
            Opening::Ask(Before::Send)),
        ("a declined one is not sent by itself", row(Declined), false, Opening::Replay),
        ("a rejected one is not sent by itself", row(Rejected), false, Opening::Replay),
        ("a declined one is looked up before a retry", row(Declined), true, Opening::Ask(Before::Retry)),
        ("a rejected one is looked up before a retry", row(Rejected), true, Opening::Ask(Before::Retry)),
        ("a pending one is looked up first", row(Pending), false, Opening::Ask(Before::Send)),
        ("an unknown one is looked up first", row(Unknown), false, Opening::Ask(Before::Send)),
        ("an unknown one is looked up first with --retry", row(Unknown), true, Opening::Ask(Before::Send)),
        ("one that was not sent may be sent", row(NotSent), false, Opening::Claim),
        ("other terms refuse a paid one", other_terms(Paid), false, Opening::RefuseOtherTerms),
        ("other terms refuse a pending one", other_terms(Pending), false, Opening::RefuseOtherTerms),
        ("other terms refuse an unknown one", other_terms(Unknown), true, Opening::RefuseOtherTerms),
        ("other terms refuse a declined one", other_terms(Declined), true, Opening::RefuseOtherTerms),
        ("other terms refuse one not sent", other_terms(NotSent), false, Opening::RefuseOtherTerms),
    ]
}

#[test]
fn a_stored_row_decides_how_a_charge_begins() {
    for (rule, stored, retry, expected) in openings() {
        assert_eq!(open(&stored, retry), expected, "{rule}");
    }
}

#[rustfmt::skip]
fn look_ups_before_a_send() -> Vec<(&'static str, Before, Finding, bool, BeforeSend)> {
    let unknown = |reason| BeforeSend::Settle(LookedUp::Unknown(reason));
    vec![
        ("a charge found is recorded", Before::Send, charged(), false, BeforeSend::Settle(paid())),
        ("a decline found is recorded", Before::Send, declined(), false,
            BeforeSend::Settle(LookedUp::Declined(declines()))),
        ("not found at once proves nothing", Before::Send, Finding::Nothing, false, unknown(Reason::NotShownYet)),
        ("not found after the wait may be sent", Before::Send, Finding::Nothing, true, BeforeSend::Claim(None)),
        ("a payment that is not ours stops the send", Before::Send, odd(), true, unknown(is_odd())),
        ("no answer is not a no", Before::Send, no_answer(), true, unknown(got_no_answer())),
        ("a decline that turned to paid is not sent", Before::Retry, charged(), false, BeforeSend::Settle(paid())),
        ("a decline that stands is sent", Before::Retry, Finding::Nothing, false, BeforeSend::Claim(None)),
        ("another decline does not stop a retry", Before::Retry, declined(), false,
            BeforeSend::Claim(Some(declines()))),
        ("an odd payment stops a retry", Before::Retry, odd(), false, unknown(is_odd())),
        ("a retry is not sent unasked", Before::Retry, no_answer(), false, BeforeSend::GiveUp(Reason::ListEmpty)),
    ]
}

#[test]
fn a_look_up_decides_whether_a_charge_is_sent() {
    for (rule, before, finding, waited, expected) in look_ups_before_a_send() {
        assert_eq!(found_before(before, finding, waited), expected, "{rule}");
    }
}

#[rustfmt::skip]
fn answers() -> Vec<(&'static str, Answer, bool, AfterSend)> {
    let unclear = || Answer::Unclear { reason: Reason::NoStatus, record: Some(record("imps_1")) };
    let unknown = || AfterSend::Settle(Settled::Unknown(Reason::NoStatus));
    let settled_paid = || AfterSend::Settle(Settled::Paid(record("imps_1")));
    vec![
        ("paid is paid", Answer::Paid(record("imps_1")), false, settled_paid()),
        ("failed is declined", Answer::Declined(record("imps_1")), false,
            AfterSend::Settle(Settled::Declined(record("imps_1")))),
        ("anything unclear is unknown", unclear(), false, unknown()),
        ("a request that never left is taken back", Answer::NotSent(Reason::NoThread), false,
            AfterSend::TakeBack(Unprocessed::NotReached(Reason::NoThread))),
        ("a refusal is looked up", Answer::Refused(refusal(false)), false, AfterSend::LookUp(refusal(false))),
        ("a duplicate is looked up", Answer::Refused(refusal(true)), false, AfterSend::LookUp(refusal(true))),
        ("a 401 renews the token", Answer::Unauthorized, false, AfterSend::Renew),
        ("a second 401 is the end", Answer::Unauthorized, true, AfterSend::TakeBack(Unprocessed::KeyRefused)),
        ("paid at the second send is paid", Answer::Paid(record("imps_1")), true, settled_paid()),
        ("unclear at the second send is unknown", unclear(), true, unknown()),
    ]
}

#[test]
fn an_answer_decides_what_became_of_a_send() {
    for (rule, answer, renewed, expected) in answers() {
        assert_eq!(answered(answer, renewed), expected, "{rule}");
    }
}

#[rustfmt::skip]
fn look_ups_after_a_refusal() -> Vec<(&'static str, bool, Finding, LookedUp)> {
    let words = || "no".to_owned();
    let not_shown = || LookedUp::Unknown(Reason::RefusedNotShown { said: Said::Words(words()) });
    let not_looked_up =
        || LookedUp::Unknown(Reason::RefusedNotLookedUp { said: Said::Words(words()), why: Box::new(Reason::ListEmpty) });
    let mut told = declines();
    told.last.fail_reason = Some(words());
    vec![
        ("a refusal with no payment is a rejection", false, Finding::Nothing, LookedUp::Rejected(Some(words()))),
        ("a refusal with a charge is paid", false, charged(), paid()),
        ("a refusal with a failed record is a decline for its reason", false, declined(), LookedUp::Declined(told)),
        ("a refusal that cannot be checked is unknown", false, no_answer(), not_looked_up()),
        ("a refusal with an odd payment is unknown", false, odd(), LookedUp::Unknown(is_odd())),
        ("a duplicate of our charge is paid", true, charged(), paid()),
        ("a duplicate that is not shown is unknown", true, Finding::Nothing, not_shown()),
        ("a duplicate is no decline", true, declined(), not_shown()),
        ("a duplicate that cannot be checked is unknown", true, no_answer(), not_looked_up()),
    ]
}

#[test]
fn a_look_up_decides_what_a_refusal_means() {
    for (rule, duplicate, finding, expected) in look_ups_after_a_refusal() {
        assert_eq!(found_after(&refusal(duplicate), finding), expected, "{rule}");
    }
}

#[test]
fn a_failed_record_keeps_its_own_reason_and_a_refusal_without_words_is_told_by_its_code() {
    let mut told = declines();
    told.last.fail_reason = Some("no money".to_owned());
    let kept = found_after(&refusal(false), Finding::Declined(told.clone()));
    assert_eq!(kept, LookedUp::Declined(told));
    let wordless = Refusal { words: None, ..refusal(true) };
    let expected = LookedUp::Unknown(Reason::RefusedNotShown { said: Said::Code(-1) });
    assert_eq!(found_after(&wordless, Finding::Nothing), expected);
}

#[rustfmt::skip]
fn reviews() -> Vec<(&'static str, Outcome, Finding, bool, Review)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let to_paid = || Review::Settle(paid());
    let to_declined = || Review::Settle(LookedUp::Declined(declines()));
    vec![
        ("a charge found is recorded", Unknown, charged(), false, to_paid()),
        ("a charge of a killed process is recorded", Pending, charged(), false, to_paid()),
        ("a decline that turned to paid is recorded", Declined, charged(), false, to_paid()),
        ("a rejection that was a charge is recorded", Rejected, charged(), false, to_paid()),
        ("a charge that showed late is recorded", NotSent, charged(), false, to_paid()),
        ("a decline found is recorded", Unknown, declined(), false, to_declined()),
        ("a decline of a killed process is recorded", Pending, declined(), false, to_declined()),
        ("a decline that showed late is recorded", NotSent, declined(), false, to_declined()),
        ("no trace within the wait proves nothing", Unknown, Finding::Nothing, false,
            Review::StayUnknown(Reason::NotShownYet)),
        ("no trace after the wait means that it did not arrive", Unknown, Finding::Nothing, true,
            Review::Settle(LookedUp::NotSent(Reason::NoTrace))),
        ("no trace of a killed process after the wait means the same", Pending, Finding::Nothing, true,
            Review::Settle(LookedUp::NotSent(Reason::NoTrace))),
        ("an odd payment leaves it open", Pending, odd(), true, Review::StayUnknown(is_odd())),
        ("no answer leaves it open", Unknown, no_answer(), true, Review::StayUnknown(got_no_answer())),
        ("a paid one that shows is as it should be", Paid, charged(), true, Review::Keep),
        ("a paid one that does not show is an alarm", Paid, Finding::Nothing, true,
            Review::Contradicted(Reason::NotShown)),
        ("a paid one that was declined is an alarm", Paid, declined(), true,
            Review::Contradicted(Reason::DeclinedOnly)),
        ("a paid one that is another is an alarm", Paid, odd(), true, Review::Contradicted(is_odd())),
        ("a decline beside an odd payment is an alarm", Declined, odd(), true, Review::Contradicted(is_odd())),
        ("a rejection beside an odd payment is an alarm", Rejected, odd(), true, Review::Contradicted(is_odd())),
        ("one not sent beside an odd payment is an alarm", NotSent, odd(), true, Review::Contradicted(is_odd())),
        ("a decline that stands stays", Declined, Finding::Nothing, true, Review::Keep),
        ("a decline with its record stays", Declined, declined(), true, Review::Keep),
        ("a rejection that stands stays", Rejected, declined(), true, Review::Keep),
        ("a rejection without a trace stays", Rejected, Finding::Nothing, true, Review::Keep),
        ("one that was not sent and is not there stays", NotSent, Finding::Nothing, true, Review::Keep),
        ("no answer changes no decline", Declined, no_answer(), true, Review::Keep),
        ("no answer changes no payment", Paid, no_answer(), true, Review::Keep),
    ]
}

#[test]
fn every_review_holds() {
    for (rule, recorded, finding, waited, expected) in reviews() {
        assert_eq!(review(recorded, &finding, waited), expected, "{rule}");
    }
}

#[test]
fn no_review_takes_a_payment_back() {
    for finding in [charged(), declined(), odd(), Finding::Nothing, no_answer()] {
        for waited in [false, true] {
            let review = review(Outcome::Paid, &finding, waited);
            assert!(matches!(review, Review::Keep | Review::Contradicted(_)), "{review:?}");
        }
    }
}

#[test]
fn a_payment_without_an_imp_uid_is_odd_all_the_same() {
    let nameless = Finding::Odd { record: Box::default(), why: Reason::WithoutStatus };
    let reason = Reason::ShownOddNameless { why: Box::new(Reason::WithoutStatus) };
    assert_eq!(review(Outcome::Unknown, &nameless, true), Review::StayUnknown(reason));
}
