//! What a list of payments says about the one that was asked for.

use jiff::Timestamp;

use super::{
    Declines, Finding, LookedUp, LookupReply, Open, Question, doubt_elsewhere_s, judge, through_another_key,
};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received, Terms};
use crate::domain::reason::Reason;
use crate::domain::record::Record;
use crate::domain::time::SendMark;

fn terms() -> Terms {
    Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: Amount::from_minor(8900, Currency::KRW),
        mode: Mode::Live,
    }
}

fn record(imp_uid: &str, status: &str) -> GatewayRecord {
    GatewayRecord {
        imp_uid: Some(imp_uid.to_owned()),
        merchant_uid: Some("order_1".to_owned()),
        status: Some(status.to_owned()),
        amount_text: Some("8900".to_owned()),
        currency_text: Some("KRW".to_owned()),
        customer_uid: Some("gildong".to_owned()),
        customer_uid_usage: Some("payment".to_owned()),
        sandbox: Some(false),
        ..GatewayRecord::default()
    }
}

fn find(records: Vec<GatewayRecord>, declined_before: &[&str], unanswered: u32, waited: bool) -> Finding {
    let terms = terms();
    let declined_before: Vec<String> = declined_before.iter().map(|id| (*id).to_owned()).collect();
    let question = Question {
        terms: &terms,
        mode: Mode::Live,
        declined_before: &declined_before,
        unanswered,
        waited,
        now_s: 10_000,
    };
    judge(&question, &LookupReply::Records { records, received: Received::default() })
}

fn is_charged(finding: &Finding) -> bool {
    matches!(finding, Finding::Charged { .. })
}

#[test]
fn a_paid_record_for_what_was_asked_is_a_charge() {
    assert!(is_charged(&find(vec![record("a", "paid")], &[], 1, false)));
}

#[test]
fn a_refunded_record_was_charged_too_however_its_status_is_spelt() {
    for status in ["cancelled", "canceled"] {
        assert!(is_charged(&find(vec![record("a", status)], &[], 1, false)), "{status}");
    }
}

#[test]
fn a_second_payment_under_the_id_is_shown_and_not_hidden() {
    let mut other = record("b", "paid");
    other.amount_text = Some("100".to_owned());
    let Finding::Charged { record: first, others } =
        find(vec![other, record("a", "paid"), record("c", "paid")], &[], 1, false)
    else {
        panic!("not charged")
    };
    let ids: Vec<_> = others.iter().filter_map(|other| other.imp_uid.as_deref()).collect();
    assert_eq!((first.imp_uid.as_deref(), ids), (Some("a"), vec!["c", "b"]));
}

#[test]
fn a_paid_record_for_something_else_is_another_payment_and_never_a_charge() {
    let with = |change: fn(&mut GatewayRecord)| {
        let mut changed = record("a", "paid");
        change(&mut changed);
        find(vec![changed], &[], 1, true)
    };
    let amount =
        |shown: &str| Reason::ForOtherAmount { shown: shown.to_owned(), asked: "₩8,900".to_owned() };
    let customer = Reason::ForOtherCustomer { shown: "other".to_owned(), asked: "gildong".to_owned() };
    for (finding, expected) in [
        (with(|r| r.amount_text = Some("8901".to_owned())), amount("₩8,901")),
        (with(|r| r.amount_text = None), amount("no amount KRW")),
        (with(|r| r.currency_text = Some("USD".to_owned())), amount("USD 8,900.00")),
        (with(|r| r.customer_uid = Some("other".to_owned())), customer),
        (with(|r| r.sandbox = Some(true)), Reason::ThroughTestChannel),
    ] {
        let Finding::Other { record, why } = finding else { panic!("{finding:?}") };
        assert_eq!((record.imp_uid.as_deref(), why), (Some("a"), expected));
    }
}

#[test]
fn a_record_without_an_end_is_strange() {
    let status = |status: Option<&str>| {
        let mut changed = record("a", "paid");
        changed.status = status.map(str::to_owned);
        find(vec![changed], &[], 1, true)
    };
    let no_result = |status: &str| Reason::StatusNoResult { status: status.to_owned() };
    for (finding, expected) in [
        (status(Some("ready")), no_result("ready")),
        (status(Some("in_review")), no_result("in_review")),
        (status(None), Reason::WithoutStatus),
    ] {
        let Finding::Strange { record, why } = finding else { panic!("{finding:?}") };
        assert_eq!((record.imp_uid.as_deref(), why), (Some("a"), expected));
    }
}

/// Now is second 10,000.
#[test]
fn a_window_is_open_for_an_hour_and_no_charge_after_it() {
    let window = |channel: &str, started_at_s: Option<i64>| {
        let mut ready = record("a", "ready");
        (ready.channel, ready.started_at_s) = (Some(channel.to_owned()), started_at_s);
        ready
    };
    let find = |record| find(vec![record], &[], 0, true);
    for channel in ["pc", "mobile"] {
        let until = |started| {
            let finding = find(window(channel, started));
            let Finding::InWindow { until_s, .. } = finding else { panic!("{finding:?}") };
            until_s
        };
        assert_eq!((until(Some(6401)), until(None)), (10_001, 13_600));
        let aside = Some(Reason::OnlyOldWindow { imp_uid: "a".to_owned() });
        assert_eq!(find(window(channel, Some(6400))), Finding::Nothing { aside });
        let mut transfer = window(channel, Some(6400));
        transfer.vbank_num = Some("123".to_owned());
        assert!(matches!(find(transfer), Finding::Other { why: Reason::WaitsForTransfer, .. }));
    }
    assert!(matches!(find(window("api", Some(1))), Finding::Strange { .. }));
}

#[test]
fn another_spelling_of_the_id_alone_is_another_payment_and_beside_ours_none() {
    let mut other = record("b", "paid");
    other.merchant_uid = Some("ORDER_1".to_owned());
    let alone = find(vec![other.clone()], &[], 0, true);
    let shown = "ORDER_1".to_owned();
    assert!(matches!(alone, Finding::Other { why: Reason::OtherSpelling { shown: s }, .. } if s == shown));
    let beside = find(vec![other, record("a", "failed")], &[], 0, true);
    assert!(matches!(beside, Finding::Declined(_)), "{beside:?}");
}

#[test]
fn what_weighs_more_is_told_first() {
    let strange = record("b", "in_review");
    let mut window = record("c", "ready");
    window.channel = Some("pc".to_owned());
    let mut other = record("d", "paid");
    other.amount_text = Some("1".to_owned());
    let records = [record("e", "failed"), window, strange, other, record("a", "paid")];
    let finds = |count: usize| find(records[..count].to_vec(), &[], 0, true);
    assert!(matches!(finds(1), Finding::Declined(_)));
    assert!(matches!(finds(2), Finding::InWindow { .. }));
    assert!(matches!(finds(3), Finding::Strange { .. }));
    assert!(matches!(finds(4), Finding::Other { .. }));
    assert!(is_charged(&finds(5)));
}

#[test]
fn missing_optional_fields_do_not_hide_a_charge() {
    let mut bare = record("a", "paid");
    (bare.sandbox, bare.customer_uid, bare.customer_uid_usage) = (None, None, None);
    (bare.merchant_uid, bare.currency_text) = (None, None);
    assert!(is_charged(&find(vec![bare], &[], 1, false)));
}

#[test]
fn the_registration_of_a_card_is_no_charge() {
    let mut issue = record("a", "paid");
    issue.customer_uid_usage = Some("issue".to_owned());
    let aside = Some(Reason::OnlyRegistration { imp_uid: "a".to_owned() });
    assert_eq!(find(vec![issue.clone()], &[], 1, true), Finding::Nothing { aside: aside.clone() });
    issue.pg_provider = Some("kakaopay".to_owned());
    assert!(is_charged(&find(vec![issue.clone()], &[], 1, true)), "a PG that charges when it registers");
    issue.amount_text = Some("0".to_owned());
    assert_eq!(find(vec![issue], &[], 1, true), Finding::Nothing { aside });
}

#[test]
fn a_decline_known_before_says_nothing_of_the_attempt_after_it() {
    assert_eq!(find(vec![record("a", "failed")], &["a"], 1, true), Finding::Nothing { aside: None });
    assert!(is_charged(&find(vec![record("a", "paid")], &["a"], 1, false)), "a decline that turned to paid");
}

#[test]
fn one_decline_does_not_speak_for_two_unanswered_requests() {
    assert_eq!(find(vec![record("a", "failed")], &[], 2, false), Finding::Nothing { aside: None });
    for (records, waited) in
        [(vec![record("a", "failed"), record("b", "failed")], false), (vec![record("a", "failed")], true)]
    {
        assert!(matches!(find(records, &[], 2, waited), Finding::Declined(_)));
    }
}

#[test]
fn every_decline_is_told_oldest_first() {
    let mut older = record("a", "failed");
    let mut newer = record("b", "failed");
    (older.failed_at_s, newer.failed_at_s) = (Some(1), Some(2));
    let Finding::Declined(declines) = find(vec![newer, older], &[], 1, false) else { panic!("not declined") };
    assert_eq!(declines.last.imp_uid.as_deref(), Some("b"));
    let earlier: Vec<_> = declines.earlier.iter().map(|record| record.imp_uid.as_deref()).collect();
    assert_eq!(earlier, [Some("a")]);
}

#[test]
fn what_was_looked_up_makes_the_payment_what_it_is() {
    let declines = Declines { earlier: Vec::new(), last: Box::new(record("a", "failed")) };
    for (looked_up, outcome) in [
        (LookedUp::Paid(Box::new(record("a", "paid"))), Some(Outcome::Paid)),
        (LookedUp::Declined(declines), Some(Outcome::Declined)),
        (LookedUp::Rejected(None), Some(Outcome::Rejected)),
        (LookedUp::Unknown(Reason::NotShownYet), Some(Outcome::Unknown)),
        (LookedUp::NotSent(Reason::NoTrace), Some(Outcome::NotSent)),
        (LookedUp::Nothing, None),
    ] {
        assert_eq!(looked_up.outcome(), outcome, "{looked_up:?}");
        let sandbox = matches!(looked_up, LookedUp::Paid(_)).then_some(false);
        assert_eq!(looked_up.sandbox_flag(), sandbox, "{looked_up:?}");
    }
}

#[test]
fn whatever_took_money_beside_the_charge_is_shown_and_nothing_else_is() {
    let mut others: Vec<GatewayRecord> =
        ["paid", "cancelled", "canceled", "ready"].map(|status| record(status, status)).into();
    others.iter_mut().for_each(|other| other.amount_text = Some("100".to_owned()));
    others.push(record("a", "paid"));
    let Finding::Charged { others, .. } = find(others, &[], 1, false) else { panic!("it was charged") };
    let ids: Vec<_> = others.iter().filter_map(|other| other.imp_uid.as_deref()).collect();
    assert_eq!(ids, ["paid", "cancelled", "canceled"]);
}

#[test]
fn a_decline_without_an_imp_uid_is_not_one_that_is_known() {
    let nameless = GatewayRecord { imp_uid: None, ..record("a", "failed") };
    assert!(matches!(find(vec![nameless], &["a"], 1, false), Finding::Declined(_)));
}

#[test]
fn another_key_can_show_a_charge_and_its_silence_says_nothing() {
    let nothing = Finding::Nothing { aside: None };
    assert_eq!(
        through_another_key(nothing),
        Finding::NoAnswer { reason: Reason::OtherKey, reached: true },
        "another account cannot see it"
    );
    let charged = find(vec![record("imps_1", "paid")], &[], 1, true);
    assert!(is_charged(&through_another_key(charged)));
}

const IN_DOUBT: &str = "[CC72] 카드사 TIMEOUT";
const PROVED: &str = "[CC10] 통장 잔액부족";

fn failed(imp_uid: &str, words: &str, started_at_s: Option<i64>) -> GatewayRecord {
    GatewayRecord { fail_reason: Some(words.to_owned()), started_at_s, ..record(imp_uid, "failed") }
}

fn payment(outcome: Outcome, words: &str, unanswered: u32) -> Payment {
    let unsent = ChargeRequest::new(terms(), "Monthly").unsent(Timestamp::UNIX_EPOCH, None, None);
    Payment { outcome, unanswered, message: Some(words.to_owned()), ..unsent }
}

#[test]
fn a_decline_that_is_found_answers_one_request_and_ends_no_doubt() {
    use Outcome::{Declined, Pending, Rejected, Unknown};
    let one = |words| Declines { earlier: Vec::new(), last: Box::new(failed("b", words, None)) };
    let after_doubt =
        Declines { earlier: vec![failed("a", IN_DOUBT, None)], last: Box::new(failed("b", PROVED, None)) };
    let open = |unanswered, doubts| Open { unanswered, doubts };
    for (rule, row, declines, left) in [
        ("the only request is answered", payment(Unknown, "", 1), one(PROVED), open(0, 0)),
        ("its own words say that it is in doubt", payment(Unknown, "", 1), one(IN_DOUBT), open(0, 0)),
        ("the other request is not answered", payment(Pending, "", 2), one(PROVED), open(1, 0)),
        ("an earlier one is answered in doubt", payment(Unknown, "", 2), after_doubt.clone(), open(0, 1)),
        ("a doubt that was there stays", payment(Declined, IN_DOUBT, 0), one(PROVED), open(0, 1)),
        ("so do those before it", Payment { doubts: 1, ..payment(Unknown, "", 1) }, one(PROVED), open(0, 1)),
        ("a proof that was there is none", payment(Declined, PROVED, 0), one(PROVED), open(0, 0)),
        ("a refusal in doubt is answered late", payment(Rejected, IN_DOUBT, 0), one(PROVED), open(0, 0)),
        (
            "what is over stays over",
            Payment {
                doubt_ended_at: Some(Timestamp::UNIX_EPOCH),
                doubts: 1,
                ..payment(Declined, IN_DOUBT, 1)
            },
            one(PROVED),
            open(0, 0),
        ),
    ] {
        assert_eq!(declines.leave_open(&row), left, "{rule}");
    }
    assert!(after_doubt.leave_doubt() && one(IN_DOUBT).leave_doubt() && !one(PROVED).leave_doubt());
}

#[test]
fn a_doubt_that_another_ledger_left_is_as_old_as_its_request() {
    let now_s = 10_000;
    let at = |second| Timestamp::from_second(second).unwrap();
    let kept = |record: GatewayRecord, seen_s| {
        let record = Record::of(&record, at(seen_s)).unwrap();
        Payment { records: vec![record], ..payment(Outcome::Declined, IN_DOUBT, 0) }
    };
    let sent = |second, row: Payment| Payment {
        last_send: Some(SendMark { wall: at(second), boot: None, gateway_s: None }),
        ..row
    };
    let doubt = |started| failed("a", IN_DOUBT, started);
    for (rule, row, shown, expected) in [
        ("nothing is known", None, vec![], None),
        ("a proof is no doubt", None, vec![failed("a", PROVED, Some(9_000))], None),
        ("a paid one is none", None, vec![record("a", "paid")], None),
        ("from when it came to the gateway", None, vec![doubt(Some(9_000))], Some(9_000)),
        (
            "the newest counts",
            None,
            vec![doubt(Some(9_000)), failed("b", IN_DOUBT, Some(9_500))],
            Some(9_500),
        ),
        ("one without a time may have come just now", None, vec![doubt(None)], Some(now_s)),
        ("one from tomorrow too", None, vec![doubt(Some(99_000))], Some(now_s)),
        (
            "one that was seen before and is not shown",
            Some(kept(doubt(Some(8_000)), 9_000)),
            vec![],
            Some(8_000),
        ),
        ("from when it was first seen", Some(kept(doubt(None), 9_000)), vec![doubt(None)], Some(9_000)),
        (
            "an own request has a wait of its own",
            Some(sent(7_999, kept(doubt(Some(8_000)), 8_001))),
            vec![],
            None,
        ),
        (
            "one that came later has another",
            Some(sent(7_000, kept(doubt(Some(8_000)), 8_001))),
            vec![],
            Some(8_000),
        ),
    ] {
        assert_eq!(doubt_elsewhere_s(row.as_ref(), &shown, now_s), expected, "{rule}");
    }
}
