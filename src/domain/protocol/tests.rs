//! The rules, each as a sentence, what is known, and what must follow.

use jiff::Timestamp;

use super::{
    AfterSend, Before, BeforeSend, Opening, Review, Stored, Unprocessed, answered, ends_doubt, found_after,
    found_before, open, review, review_noted,
};
use crate::domain::answer::{Answer, Refusal, Settled};
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::{Doubt, Proof};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::lookup::{Declines, Finding, LookedUp};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Terms};
use crate::domain::reason::{Reason, Said};

fn row(outcome: Outcome) -> Stored {
    Stored {
        outcome,
        same_terms: true,
        same_mode: true,
        unanswered: false,
        noted_charged: false,
        uncertain: false,
    }
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

fn nothing() -> Finding {
    Finding::Nothing { aside: None }
}

fn other() -> Finding {
    Finding::Other { record: record("imps_1"), why: Reason::WithoutStatus }
}

fn strange() -> Finding {
    Finding::Strange { record: record("imps_1"), why: Reason::WithoutStatus }
}

fn in_window() -> Finding {
    Finding::InWindow { record: record("imps_1"), until_s: 3600 }
}

fn doubted(imp_uid: &str) -> GatewayRecord {
    let fail_reason = Some("[CC72] 카드사 TIMEOUT".to_owned());
    GatewayRecord { status: Some("failed".to_owned()), fail_reason, ..*record(imp_uid) }
}

fn window() -> Reason {
    Reason::WindowOpen { imp_uid: "imps_1".to_owned() }
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

fn refusal() -> Refusal {
    Refusal { code: -1, words: Some("no".to_owned()), conflict: false }
}

#[rustfmt::skip]
fn openings() -> Vec<(&'static str, Stored, bool, Opening)> {
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let other_terms = |outcome| Stored { same_terms: false, ..row(outcome) };
    let unanswered = |outcome| Stored { unanswered: true, ..row(outcome) };
    let first = |retry| Opening::Ask(Before::First { retry, unasked: false });
    let retry = |doubted, uncertain| Opening::Ask(Before::Retry { doubted, uncertain });
    let replay = |unanswered| Opening::Ask(Before::Replay { unanswered });
    let uncertain = |outcome| Stored { uncertain: true, ..row(outcome) };
    vec![
        ("a paid one is never sent again", row(Paid), false, Opening::Replay),
        ("a paid one is never sent again with --retry", row(Paid), true, Opening::Replay),
        ("one noted as charged is never sent again", Stored { noted_charged: true, ..row(Unknown) }, true, Opening::Replay),
        ("of another mode it is no answer", Stored { noted_charged: true, same_mode: false, ..row(Unknown) }, false,
            Opening::RefuseOtherTerms),
        ("nor with other terms", Stored { noted_charged: true, same_terms: false, ..row(Unknown) }, false,
            Opening::RefuseOtherTerms),
        ("a payment of another mode is no answer", Stored { same_mode: false, ..row(Paid) }, false,
            Opening::RefuseOtherTerms),
        ("one that left no trace is looked up once more", unanswered(NotSent), false, first(false)),
        ("one that was never sent is looked up", row(NotSent), false, first(false)),
        ("one that was never sent is looked up with --retry", row(NotSent), true, first(true)),
        ("a declined one is not sent by itself", row(Declined), false, Opening::Replay),
        ("a rejected one is not sent by itself", row(Rejected), false, Opening::Replay),
        ("a decline beside an unanswered request is looked up", unanswered(Declined), false,
            replay(true)),
        ("a rejection beside an unanswered request is looked up", unanswered(Rejected), false,
            replay(true)),
        ("a declined one is looked up before a retry", row(Declined), true, retry(false, false)),
        ("a rejected one is looked up before a retry", row(Rejected), true, retry(false, false)),
        ("a retry after a no that proves nothing knows of it", uncertain(Declined), true, retry(true, true)),
        ("a decline that proves nothing is looked up again", uncertain(Declined), false, replay(false)),
        ("a rejection that proves nothing is looked up again", uncertain(Rejected), false, replay(false)),
        ("a retry beside an unanswered request knows of it", unanswered(Declined), true, retry(true, false)),
        ("a pending one is looked up first", row(Pending), false, Opening::Ask(Before::Send)),
        ("an unknown one is looked up first", row(Unknown), false, Opening::Ask(Before::Send)),
        ("an unknown one is looked up first with --retry", row(Unknown), true, Opening::Ask(Before::Send)),
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
        assert_eq!(open(&stored, retry, false), expected, "{rule}");
    }
}

#[test]
fn what_was_never_sent_may_go_unasked_where_somebody_has_accepted_that() {
    let unasked = |stored| open(&stored, false, true);
    let first = |unasked| Opening::Ask(Before::First { retry: false, unasked });
    assert_eq!(unasked(row(Outcome::NotSent)), first(true));
    assert_eq!(unasked(Stored { unanswered: true, ..row(Outcome::NotSent) }), first(false));
    assert_eq!(unasked(row(Outcome::Unknown)), Opening::Ask(Before::Send));
}

const FIRST: Before = Before::First { retry: false, unasked: false };
const FIRST_RETRY: Before = Before::First { retry: true, unasked: false };
const UNASKED: Before = Before::First { retry: false, unasked: true };
const RETRY: Before = Before::Retry { doubted: false, uncertain: false };
const REPLAY: Before = Before::Replay { unanswered: true };
const REPLAY_DOUBTED: Before = Before::Replay { unanswered: false };
const RETRY_DOUBTED: Before = Before::Retry { doubted: true, uncertain: true };
const RETRY_UNANSWERED: Before = Before::Retry { doubted: true, uncertain: false };

#[rustfmt::skip]
fn look_ups_before_a_send() -> Vec<(&'static str, Before, Finding, bool, BeforeSend)> {
    let unknown = |reason| BeforeSend::Settle(LookedUp::Unknown(reason));
    let refused = || BeforeSend::Refuse(record("imps_1"), Reason::WithoutStatus);
    let held = || BeforeSend::HoldUntil(window(), 3600);
    let goes = || BeforeSend::Claim { declines: None, aside: None };
    let goes_after_declines = || BeforeSend::Claim { declines: Some(declines()), aside: None };
    let declined_then = || BeforeSend::Settle(LookedUp::Declined(declines()));
    let no_word = || BeforeSend::GiveUp(Reason::NoWordOfOrder { why: Box::new(Reason::ListEmpty) });
    let told = Reason::OnlyOldWindow { imp_uid: "imps_1".to_owned() };
    let aside = || Finding::Nothing { aside: Some(told.clone()) };
    vec![
        // This ledger has never sent it.
        ("what another ledger charged is not sent", FIRST, charged(), true, BeforeSend::Settle(paid())),
        ("what the gateway does not know goes", FIRST, nothing(), true, goes()),
        ("what is no charge is told, and it goes", FIRST, aside(), true,
            BeforeSend::Claim { declines: None, aside: Some(told.clone()) }),
        ("a decline of another ledger's stands", FIRST, declined(), true, declined_then()),
        ("a decline of another ledger's is retried with --retry", FIRST_RETRY, declined(), true, goes_after_declines()),
        ("another payment under the id refuses it", FIRST, other(), true, refused()),
        ("a payment without an end may be a charge", FIRST, strange(), true, unknown(is_odd())),
        ("an open window holds it up", FIRST, in_window(), true, held()),
        ("no answer, no send", FIRST, no_answer(), true, no_word()),
        ("no answer, and sent as accepted", UNASKED, no_answer(), true, BeforeSend::Claim {
            declines: None, aside: Some(Reason::SentUnasked { why: Box::new(Reason::ListEmpty) }) }),
        ("accepted is only that there is no answer", UNASKED, other(), true, refused()),
        // An earlier request may have charged.
        ("a charge found is recorded", Before::Send, charged(), false, BeforeSend::Settle(paid())),
        ("a decline found is recorded", Before::Send, declined(), false, declined_then()),
        ("not found at once proves nothing", Before::Send, nothing(), false, unknown(Reason::NotShownYet)),
        ("not found after the wait may be sent", Before::Send, nothing(), true, goes()),
        ("a payment that is not ours stops the send", Before::Send, other(), true, unknown(is_odd())),
        ("a payment without an end stops the send", Before::Send, strange(), true, unknown(is_odd())),
        ("a window stops the send", Before::Send, in_window(), true, unknown(window())),
        ("no answer is not a no", Before::Send, no_answer(), true, unknown(got_no_answer())),
        // A decline or rejection is to be sent again.
        ("a decline that turned to paid is not sent", RETRY, charged(), false, BeforeSend::Settle(paid())),
        ("a decline that stands is sent", RETRY, nothing(), false, goes()),
        ("another decline does not stop a retry", RETRY, declined(), false, goes_after_declines()),
        ("another payment stops a retry", RETRY, other(), false, refused()),
        ("a payment without an end stops a retry", RETRY, strange(), false, unknown(is_odd())),
        ("an open window stops a retry", RETRY, in_window(), false, held()),
        ("a retry is not sent unasked", RETRY, no_answer(), false, no_word()),
        ("a retry waits for an unanswered request", RETRY_DOUBTED, nothing(), false,
            BeforeSend::Doubt(Reason::Unanswered)),
        ("a retry goes when that has had its time", RETRY_DOUBTED, nothing(), true, goes()),
        ("a retry beside a doubt and another payment is a doubt", RETRY_DOUBTED, other(), true,
            BeforeSend::Doubt(is_odd())),
        ("a retry beside a doubt and a window is a doubt", RETRY_DOUBTED, in_window(), true,
            BeforeSend::Doubt(window())),
        ("a retry beside a doubt and no answer is a doubt", RETRY_DOUBTED, no_answer(), true,
            BeforeSend::Doubt(got_no_answer())),
        // A decline or rejection beside a request that was never answered.
        ("an unanswered request that charged is paid", REPLAY, charged(), false, BeforeSend::Settle(paid())),
        ("a decline of the unanswered request is one", REPLAY, declined(), false, declined_then()),
        ("a decline is no answer before the wait is over", REPLAY, nothing(), false,
            BeforeSend::Doubt(Reason::Unanswered)),
        ("a decline is the answer after it", REPLAY, nothing(), true, BeforeSend::Replay { in_vain: None }),
        ("another payment beside a decline is a doubt", REPLAY, other(), true, BeforeSend::Doubt(is_odd())),
        ("one without an end beside a decline is a doubt", REPLAY, strange(), true,
            BeforeSend::Doubt(is_odd())),
        ("a window beside a decline is a doubt", REPLAY, in_window(), true, BeforeSend::Doubt(window())),
        ("no answer beside a decline is a doubt", REPLAY, no_answer(), true,
            BeforeSend::Doubt(got_no_answer())),
        // A decline or rejection in words that do not prove it.
        ("a doubtful no that charged is paid", REPLAY_DOUBTED, charged(), false, BeforeSend::Settle(paid())),
        ("another decline of a doubtful no is recorded", REPLAY_DOUBTED, declined(), false, declined_then()),
        ("a doubtful no is told as it was where nothing shows", REPLAY_DOUBTED, nothing(), false,
            BeforeSend::Replay { in_vain: None }),
        ("and where the gateway gives no answer, which is told", REPLAY_DOUBTED, no_answer(), true,
            BeforeSend::Replay { in_vain: Some(Reason::NoWordOfOrder { why: Box::new(Reason::ListEmpty) }) }),
        ("another payment beside a doubtful no is a doubt", REPLAY_DOUBTED, other(), true,
            BeforeSend::Doubt(is_odd())),
        ("one without an end beside a doubtful no is a doubt", REPLAY_DOUBTED, strange(), true,
            BeforeSend::Doubt(is_odd())),
        ("a window beside a doubtful no is a doubt", REPLAY_DOUBTED, in_window(), true, BeforeSend::Doubt(window())),
    ]
}

/// Declines that this ledger did not know, before `--retry` sends.
#[rustfmt::skip]
fn declines_before_a_retry() -> Vec<(&'static str, Before, Finding, bool, BeforeSend)> {
    let goes_after = |declines| BeforeSend::Claim { declines: Some(declines), aside: None };
    let declined_then = || BeforeSend::Settle(LookedUp::Declined(declines()));
    let doubts = || Declines { earlier: vec![doubted("imps_1")], last: record("imps_2") };
    let doubtful = || Finding::Declined(doubts());
    let doubtful_then = || BeforeSend::Settle(LookedUp::Declined(doubts()));
    vec![
        ("a retry goes beside another ledger's decline", FIRST_RETRY, declined(), false, goes_after(declines())),
        ("not where that is a fresh doubt", FIRST_RETRY, doubtful(), false, doubtful_then()),
        ("nor a retry of a decline of its own", RETRY, doubtful(), false, doubtful_then()),
        ("it goes when the doubt has had its time", FIRST_RETRY, doubtful(), true, goes_after(doubts())),
        ("an answer that was late lets a retry go", RETRY_UNANSWERED, declined(), false, goes_after(declines())),
        ("a proof of another ledger's is none of the own doubt", RETRY_DOUBTED, declined(), false, declined_then()),
        ("when that has had its time it goes", RETRY_DOUBTED, declined(), true, goes_after(declines())),
    ]
}

#[test]
fn a_look_up_decides_whether_a_charge_is_sent() {
    for (rule, before, finding, waited, expected) in
        look_ups_before_a_send().into_iter().chain(declines_before_a_retry())
    {
        assert_eq!(found_before(before, finding, waited), expected, "{rule}");
    }
}

fn payment(outcome: Outcome, message: &str, unanswered: u32) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: Amount::from_minor(8900, Currency::KRW),
        mode: Mode::Live,
    };
    let unsent = ChargeRequest::new(terms, "Monthly").unsent(Timestamp::UNIX_EPOCH, None, None);
    Payment { outcome, attempts: 2, unanswered, message: Some(message.to_owned()), ..unsent }
}

#[test]
fn a_look_up_that_shows_no_money_ends_a_doubt_and_nothing_else() {
    use Outcome::{Declined, NotSent, Paid, Rejected, Unknown};
    let twice = || Finding::Charged { record: record("imps_1"), others: vec![*record("imps_2")] };
    for (rule, row, finding, ends) in [
        ("a doubtful decline of which nothing more shows", payment(Declined, "타임아웃", 0), nothing(), true),
        ("a refusal in words nobody knows", payment(Rejected, "새로운 말", 0), nothing(), true),
        (
            "a proof beside a request without an answer",
            payment(Declined, "통장 잔액부족", 1),
            nothing(),
            true,
        ),
        ("a proof is no doubt", payment(Declined, "통장 잔액부족", 0), nothing(), false),
        ("a decline in words nobody knows is none", payment(Declined, "새로운 말", 0), nothing(), false),
        ("no answer shows nothing", payment(Declined, "타임아웃", 0), no_answer(), false),
        ("another payment is no end", payment(Declined, "타임아웃", 0), other(), false),
        ("nor is an open window", payment(Declined, "타임아웃", 0), in_window(), false),
        ("another decline is judged by itself", payment(Declined, "타임아웃", 0), declined(), false),
        ("money is no end", payment(Declined, "타임아웃", 0), charged(), false),
        ("an unknown one is settled otherwise", payment(Unknown, "타임아웃", 1), nothing(), false),
        ("one not sent has none", payment(NotSent, "", 1), nothing(), false),
        ("a paid one beside a request without an answer", payment(Paid, "", 1), charged(), true),
        ("a paid one that shows twice is an alarm", payment(Paid, "", 1), twice(), false),
        ("a paid one that does not show is one too", payment(Paid, "", 1), nothing(), false),
        ("a paid one whose requests were answered has no doubt", payment(Paid, "", 0), charged(), false),
    ] {
        assert_eq!(ends_doubt(&row, &finding), ends, "{rule}");
        let ended = Payment { doubt_ended_at: Some(Timestamp::UNIX_EPOCH), ..row };
        assert!(!ends_doubt(&ended, &finding), "{rule}: it ends once");
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
        ("a refusal is looked up", Answer::Refused(refusal()), false, AfterSend::LookUp(refusal())),
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
fn look_ups_after_a_refusal() -> Vec<(&'static str, Proof, Finding, LookedUp)> {
    use Proof::{Proved, Question, Unknown};
    let late = Proof::Doubt(Doubt::Timeout);
    let words = || "no".to_owned();
    let not_shown = || LookedUp::Unknown(Reason::RefusedNotShown { said: Said::Words(words()) });
    let not_looked_up =
        || LookedUp::Unknown(Reason::RefusedNotLookedUp { said: Said::Words(words()), why: Box::new(Reason::ListEmpty) });
    let mut told = declines();
    told.last.fail_reason = Some(words());
    vec![
        ("a refusal with no payment is a rejection", Unknown, nothing(), LookedUp::Rejected(Some(words()))),
        ("a refusal with a charge is paid", Unknown, charged(), paid()),
        ("a refusal with a failed record is a decline for its reason", Unknown, declined(), LookedUp::Declined(told.clone())),
        ("a refusal that cannot be checked is unknown", Unknown, no_answer(), not_looked_up()),
        ("a refusal with another payment is unknown", Unknown, other(), LookedUp::Unknown(is_odd())),
        ("a refusal with a payment without an end is unknown", Unknown, strange(), LookedUp::Unknown(is_odd())),
        ("a refusal beside an open window is unknown", Unknown, in_window(), LookedUp::Unknown(window())),
        ("a duplicate of our charge is paid", Question, charged(), paid()),
        ("a duplicate that is not shown is unknown", Question, nothing(), not_shown()),
        ("a duplicate is no decline", Question, declined(), not_shown()),
        ("a duplicate that cannot be checked is unknown", Question, no_answer(), not_looked_up()),
        ("a proved refusal with no payment is a rejection", Proved, nothing(), LookedUp::Rejected(Some(words()))),
        ("a proved refusal needs no look-up", Proved, no_answer(), LookedUp::Rejected(Some(words()))),
        ("a proved refusal with a charge is paid all the same", Proved, charged(), paid()),
        ("a refusal for a time-out that is not shown is unknown", late, nothing(), not_shown()),
        ("a refusal for a time-out that cannot be checked is unknown", late, no_answer(), not_looked_up()),
        ("a refusal for a time-out with a failed record is a decline", late, declined(), LookedUp::Declined(told)),
    ]
}

#[test]
fn a_look_up_decides_what_a_refusal_means() {
    for (rule, proof, finding, expected) in look_ups_after_a_refusal() {
        assert_eq!(found_after(&refusal(), proof, finding), expected, "{rule}");
    }
}

#[test]
fn a_failed_record_keeps_its_own_reason_and_a_refusal_without_words_is_told_by_its_code() {
    let mut told = declines();
    told.last.fail_reason = Some("no money".to_owned());
    let kept = found_after(&refusal(), Proof::Unknown, Finding::Declined(told.clone()));
    assert_eq!(kept, LookedUp::Declined(told));
    let wordless = Refusal { words: None, ..refusal() };
    let expected = LookedUp::Unknown(Reason::RefusedNotShown { said: Said::Code(-1) });
    assert_eq!(found_after(&wordless, Proof::Question, nothing()), expected);
}

#[test]
fn a_note_stands_until_the_gateway_shows_something() {
    for (rule, finding, expected) in [
        ("a charge beats it", charged(), Review::Settle(paid())),
        ("a decline beats it", declined(), Review::Settle(LookedUp::Declined(declines()))),
        ("another payment contradicts it", other(), Review::Contradicted(is_odd())),
        ("one without an end contradicts it", strange(), Review::Contradicted(is_odd())),
        ("silence does not", nothing(), Review::Keep),
        ("nor an open window", in_window(), Review::Keep),
        ("nor no answer", no_answer(), Review::Keep),
    ] {
        assert_eq!(review_noted(&finding), expected, "{rule}");
    }
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
        ("no trace within the wait proves nothing", Unknown, nothing(), false,
            Review::StayUnknown(Reason::NotShownYet)),
        ("no trace after the wait means that it did not arrive", Unknown, nothing(), true,
            Review::Settle(LookedUp::NotSent(Reason::NoTrace))),
        ("no trace of a killed process after the wait means the same", Pending, nothing(), true,
            Review::Settle(LookedUp::NotSent(Reason::NoTrace))),
        ("an odd payment leaves it open", Pending, other(), true, Review::StayUnknown(is_odd())),
        ("no answer leaves it open", Unknown, no_answer(), true, Review::StayUnknown(got_no_answer())),
        ("one without an end leaves it open", Unknown, strange(), true, Review::StayUnknown(is_odd())),
        ("an open window leaves it open", Unknown, in_window(), true, Review::StayUnknown(window())),
        ("an open window says nothing against a decline", Declined, in_window(), true, Review::Keep),
        ("a paid one that shows is as it should be", Paid, charged(), true, Review::Keep),
        ("a paid one that does not show is an alarm", Paid, nothing(), true,
            Review::Contradicted(Reason::NotShown)),
        ("a paid one that was declined is an alarm", Paid, declined(), true,
            Review::Contradicted(Reason::DeclinedOnly)),
        ("a paid one that is another is an alarm", Paid, other(), true, Review::Contradicted(is_odd())),
        ("a decline beside an odd payment is an alarm", Declined, other(), true, Review::Contradicted(is_odd())),
        ("a rejection beside an odd payment is an alarm", Rejected, other(), true, Review::Contradicted(is_odd())),
        ("one not sent beside an odd payment is an alarm", NotSent, other(), true, Review::Contradicted(is_odd())),
        ("a decline that stands stays", Declined, nothing(), true, Review::Keep),
        ("a decline with its record stays", Declined, declined(), true, Review::Keep),
        ("a rejection that stands stays", Rejected, declined(), true, Review::Keep),
        ("a rejection without a trace stays", Rejected, nothing(), true, Review::Keep),
        ("one that was not sent and is not there stays", NotSent, nothing(), true, Review::Keep),
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
    for finding in [charged(), declined(), other(), strange(), in_window(), nothing(), no_answer()] {
        for waited in [false, true] {
            let review = review(Outcome::Paid, &finding, waited);
            assert!(matches!(review, Review::Keep | Review::Contradicted(_)), "{review:?}");
        }
    }
}

#[test]
fn a_payment_without_an_imp_uid_is_odd_all_the_same() {
    let nameless = Finding::Other { record: Box::default(), why: Reason::WithoutStatus };
    let reason = Reason::ShownOddNameless { why: Box::new(Reason::WithoutStatus) };
    assert_eq!(review(Outcome::Unknown, &nameless, true), Review::StayUnknown(reason));
}
