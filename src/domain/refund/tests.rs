use std::slice::from_ref;

use jiff::Timestamp;

use super::{
    AfterRefund, Look, NotRefundable, Reading, Refund, RefundAnswer, RefundEnd, Shown, Split, SplitError,
    answered, balance_is_certain, found_after, how_much, how_much_beside, in_the_way, is_short_settlement,
    read, review, shown, silence_proves, split,
};
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{CancelRecord, GatewayRecord, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;

pub(super) fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

/// Sent at second 1,000, of a payment of ₩10,000.
pub(super) fn refund(id: &str, amount: i64, balance_before: i64) -> Refund {
    let wall = Timestamp::from_second(1_000).unwrap();
    let sent = SendMark { wall, boot: None, gateway_s: Some(1_000) };
    let (id, uid) = (RefundId::parse(id).unwrap(), MerchantUid::parse("order_1").unwrap());
    Refund {
        outcome: RefundOutcome::Unknown,
        amount: won(amount),
        balance_before: won(balance_before),
        reason: "came too late".to_owned(),
        ..Refund::asked(id, uid, "imps_1", won(10_000), sent)
    }
}

pub(super) fn entry(amount: i64, at_s: i64, reason: &str) -> CancelRecord {
    CancelRecord {
        amount_text: Some(amount.to_string()),
        at_s: Some(at_s),
        reason: Some(reason.to_owned()),
        cancellation_id: Some(format!("cancel_{at_s}")),
        ..CancelRecord::default()
    }
}

pub(super) fn of(refunded: i64, history: &[CancelRecord]) -> Shown {
    let (refunded, cancelled) = (won(refunded), refunded > 0);
    Shown { paid: won(10_000), refunded, cancelled, history: Some(history.to_vec()) }
}

fn record(refunded: i64, history: &[CancelRecord]) -> GatewayRecord {
    GatewayRecord {
        imp_uid: Some("imps_1".to_owned()),
        status: Some(if refunded > 0 { "cancelled" } else { "paid" }.to_owned()),
        amount_text: Some("10000".to_owned()),
        cancel_amount_text: Some(refunded.to_string()),
        cancel_history: Some(history.to_vec()),
        ..GatewayRecord::default()
    }
}

pub(super) const OURS: &str = "came too late #aaaaaaaa";
pub(super) const CONSOLE: &str = "관리자페이지취소";

#[test]
fn a_balance_that_contradicts_what_is_known_is_no_balance() {
    let done = |id: &str, imp_uid: &str| Refund {
        outcome: RefundOutcome::Refunded,
        imp_uid: imp_uid.to_owned(),
        ..refund(id, 3_000, 10_000)
    };
    for (rule, ours, shown, is_certain) in [
        ("nothing is known", vec![], of(0, &[]), true),
        ("what is known is shown", vec![done("aaaaaaaa", "imps_1")], of(3_000, &[]), true),
        ("more is shown", vec![done("aaaaaaaa", "imps_1")], of(4_000, &[]), true),
        ("less is shown", vec![done("aaaaaaaa", "imps_1")], of(2_999, &[]), false),
        ("it is of another payment", vec![done("aaaaaaaa", "imps_2")], of(0, &[]), true),
        ("it is open", vec![refund("aaaaaaaa", 3_000, 10_000)], of(0, &[]), true),
        ("the history comes to more", vec![], of(0, &[entry(3_000, 1_001, CONSOLE)]), false),
    ] {
        assert_eq!(balance_is_certain("imps_1", &ours, &shown).is_ok(), is_certain, "{rule}");
    }
}

#[test]
fn the_same_refund_again_is_in_the_way_of_nothing_that_was_told() {
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    let done = Refund { outcome: RefundOutcome::Refunded, ..refund("aaaaaaaa", 3_000, 10_000) };
    let later = Refund { why: Some(Reason::RefundFoundLater), ..done.clone() };
    let told = Refund { why: Some(Reason::RefundFoundAndTold), ..done.clone() };
    let open = refund("aaaaaaaa", 3_000, 10_000);
    for (rule, other, amount, since, held) in [
        ("it went back a moment ago", &done, 3_000, at(900), true),
        ("it went back long ago", &done, 3_000, at(1_100), false),
        ("it went back, and its run was not told", &later, 3_000, at(1_100), true),
        ("the same, and the command that asks again may be the one that asked", &later, 3_000, None, true),
        ("the same, told meanwhile", &told, 3_000, at(1_100), true),
        ("told, and it is to go back again", &told, 3_000, None, false),
        ("another amount went back", &later, 1_000, at(1_100), false),
        ("nobody knows yet, whatever is asked for", &open, 1_000, None, true),
    ] {
        let others = from_ref(other);
        assert_eq!(in_the_way(others, "imps_1", won(amount), since).is_some(), held, "{rule}");
        assert_eq!(in_the_way(others, "imps_2", won(amount), since), None, "{rule}");
    }
}

#[test]
fn what_the_gateway_took_is_never_settled_by_silence() {
    let taken = Refund { why: Some(Reason::RefundTaken), ..refund("aaaaaaaa", 3_000, 10_000) };
    for look in [
        Look::Shown(of(0, &[])),
        Look::Shown(Shown { history: None, ..of(3_000, &[]) }),
        Look::Odd(Reason::ListEmpty),
        Look::NoAnswer(Reason::ListEmpty),
    ] {
        assert_eq!(review(&taken, &[], &look, true), None, "{look:?}");
        let end = found_after(&taken, &[], None, None, &look);
        assert_eq!(end, RefundEnd::Unknown(Reason::RefundTaken), "{look:?}");
    }
    let gone = Look::Shown(of(8_000, &[entry(8_000, 1_001, CONSOLE)]));
    let end = review(&taken, &[], &gone, true);
    assert_eq!(end, Some(RefundEnd::NotSent(Reason::NoTrace)), "what is left does not hold it");
    let made = Look::Shown(of(3_000, &[entry(3_000, 1_001, OURS)]));
    assert!(matches!(review(&taken, &[], &made, true), Some(RefundEnd::FoundLater(_))));
    assert!(silence_proves(Some("nice")) && silence_proves(None));
    assert!(!silence_proves(Some("paypal")) && !silence_proves(Some("paypal_v2")));
}

#[test]
fn what_has_ended_is_found_again_by_its_id_alone() {
    let refused = Refund { outcome: RefundOutcome::Refused, ..refund("aaaaaaaa", 3_000, 10_000) };
    let by_id = Look::Shown(of(3_000, &[entry(3_000, 1_001, OURS)]));
    let cut = Look::Shown(of(3_000, &[entry(3_000, 1_001, "came to")]));
    assert!(matches!(review(&refused, &[], &by_id, true), Some(RefundEnd::FoundLater(_))));
    assert_eq!(review(&refused, &[], &cut, true), None);
}

#[test]
fn what_the_pg_paid_back_without_the_gateway_does_not_go_back_again() {
    let outside = |left| Err(NotRefundable::PaidBackOutside { left: won(left) });
    for (rule, asked, refunded, noted, expected) in [
        ("all that is left", None, 0, 3_000, Ok(won(7_000))),
        ("a part of it", Some(won(7_000)), 0, 3_000, Ok(won(7_000))),
        ("more than is left, and less than the balance", Some(won(7_001)), 0, 3_000, outside(7_000)),
        ("nothing is left", None, 0, 10_000, outside(0)),
        ("nothing is left beside an earlier refund", Some(won(1)), 4_000, 6_000, outside(0)),
        (
            "more than the balance",
            Some(won(10_001)),
            0,
            3_000,
            Err(NotRefundable::OverBalance { balance: won(10_000) }),
        ),
        ("all of it was refunded at the gateway", None, 10_000, 3_000, Err(NotRefundable::AllRefunded)),
    ] {
        let much = how_much_beside(asked, &of(refunded, &[]), Some(won(noted)));
        assert_eq!(much, expected, "{rule}");
    }
}

#[test]
fn a_pg_that_is_short_of_settlement_money_is_known_by_its_words() {
    for (pg, words, is_short) in [
        (Some("kcp"), "[8178] 취소 금액보다 상계가능 정산금액 부족 으로 취소 불가합니다", true),
        (None, "[9029] 상점의 취소가능 금액이 부족합니다.", true),
        (Some("nice"), "취소 금액이 미정산 금액보다 큽니다", true),
        (Some("html5_inicis"), "[취소한도초과] 취소금액입금하여 한도증액요청", true),
        (Some("danal_tpay"), "취소불가 상태입니다", true),
        (Some("kcp"), "취소불가 상태입니다", false),
        (Some("nice"), "부분취소 불가능 거래(전체취소 요망)", false),
        (None, "기취소거래", false),
    ] {
        assert_eq!(is_short_settlement(pg, words), is_short, "{words}");
    }
}

#[test]
fn nothing_more_goes_back_than_is_left() {
    let eur = Amount::from_minor(100, Currency::parse("EUR").unwrap());
    for (rule, asked, refunded, expected) in [
        ("a part", Some(won(3_000)), 0, Ok(won(3_000))),
        ("all of it", None, 0, Ok(won(10_000))),
        ("all that is left", None, 7_000, Ok(won(3_000))),
        ("the rest, by its amount", Some(won(3_000)), 7_000, Ok(won(3_000))),
        (
            "more than is left",
            Some(won(3_001)),
            7_000,
            Err(NotRefundable::OverBalance { balance: won(3_000) }),
        ),
        ("nothing is left", None, 10_000, Err(NotRefundable::AllRefunded)),
        ("another currency", Some(eur), 0, Err(NotRefundable::Unreadable)),
    ] {
        assert_eq!(how_much(asked, &of(refunded, &[])), expected, "{rule}");
        assert_eq!(how_much_beside(asked, &of(refunded, &[]), None), expected, "{rule}");
    }
}

#[test]
fn only_money_that_is_shown_as_taken_can_go_back() {
    let paid = won(10_000);
    let with = |change: fn(&mut GatewayRecord)| {
        let mut record = record(0, &[]);
        change(&mut record);
        shown(&record, paid).map(|shown| shown.balance())
    };
    assert_eq!(with(|_| ()), Ok(won(10_000)));
    assert_eq!(with(|record| record.cancel_amount_text = None), Ok(won(10_000)));
    let of_what = with(|record| {
        (record.cancel_amount_text, record.cancel_history) = (None, Some(vec![entry(3_000, 1_001, CONSOLE)]));
    });
    assert_eq!(of_what, Err(NotRefundable::Unreadable), "how much of it went back is not said");
    let all_or_none = with(|record| record.status = Some("cancelled".to_owned()));
    assert_eq!(all_or_none, Err(NotRefundable::Unreadable), "cancelled, and nothing of it");
    let failed = with(|record| record.status = Some("failed".to_owned()));
    assert_eq!(failed, Err(NotRefundable::NotPaid(Some("failed".to_owned()))));
    assert_eq!(with(|record| record.amount_text = Some("1".to_owned())), Err(NotRefundable::Unreadable));
    let more_than_paid = with(|record| record.cancel_amount_text = Some("10001".to_owned()));
    assert_eq!(more_than_paid, Err(NotRefundable::Unreadable));
    let odd = with(|record| record.cancel_amount_text = Some("much".to_owned()));
    assert_eq!(odd, Err(NotRefundable::Unreadable));
}

#[test]
fn an_answer_is_believed_as_far_as_its_history_goes() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let accepted =
        |refunded, history: &[CancelRecord]| RefundAnswer::Accepted(Box::new(record(refunded, history)));
    let refused = RefundAnswer::Refused { code: -1, words: Some("no".to_owned()) };
    let said = AfterRefund::LookUp(Some(Said::Words("no".to_owned())));
    let entry = entry(3_000, 1_001, OURS);
    let done = AfterRefund::Settle(RefundEnd::Refunded(Box::new(entry.clone())));
    for (rule, answer, renewed, expected) in [
        ("its entry is there", accepted(3_000, &[entry]), false, done),
        ("it is only begun", accepted(0, &[]), false, AfterRefund::LookUp(None)),
        ("a no is looked up before it is told", refused, false, said),
        ("a token was not taken", RefundAnswer::Unauthorized, false, AfterRefund::Renew),
        (
            "a lost answer is not sent again",
            RefundAnswer::Unclear(Reason::AnswerBroken),
            false,
            AfterRefund::Settle(RefundEnd::Unknown(Reason::AnswerBroken)),
        ),
        (
            "it never left",
            RefundAnswer::NotSent(Reason::NotTls),
            true,
            AfterRefund::Settle(RefundEnd::NotSent(Reason::NotTls)),
        ),
    ] {
        assert_eq!(answered(&ours, &[], &answer, renewed), expected, "{rule}");
    }
    let second = answered(&ours, &[], &RefundAnswer::Unauthorized, true);
    assert!(matches!(second, AfterRefund::Settle(RefundEnd::NotSent(_))), "{second:?}");
}

#[test]
fn a_no_is_told_as_far_as_the_look_up_proves_it() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let entry = entry(3_000, 1_001, OURS);
    let unchanged = Look::Shown(of(0, &[]));
    let taken = Look::Shown(of(8_000, &[super::tests::entry(8_000, 999, CONSOLE)]));
    let made = Look::Shown(of(3_000, &[entry]));
    let silent = Look::NoAnswer(Reason::ListEmpty);
    for (rule, words, look, outcome) in [
        (
            "nothing shows, and the words are a no",
            "[8178] 취소 금액보다 상계가능 정산금액 부족",
            &unchanged,
            "refused",
        ),
        (
            "nothing shows, and a PG gave up",
            "[8041] 시스템 타임아웃(잠시후 재시도바람)",
            &unchanged,
            "unknown",
        ),
        ("the PG says it is back already", "기취소거래", &unchanged, "unknown"),
        ("the PG says it is back already, and the console did it", "기취소거래", &taken, "refused"),
        ("it shows all the same", "부분취소 불가", &made, "refunded"),
        ("no answer", "부분취소 불가", &silent, "unknown"),
    ] {
        let said = Said::Words(words.to_owned());
        let end = found_after(&ours, &[], Some("kcp"), Some(&said), look);
        assert_eq!(end.outcome().word(), outcome, "{rule}: {end:?}");
    }
    let begun = found_after(&ours, &[], None, None, &unchanged);
    assert_eq!(begun, RefundEnd::Unknown(Reason::RefundTaken));
}

#[test]
fn an_open_refund_ends_by_a_look_up_and_never_by_a_guess() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let refused = Refund { message: Some("기취소거래".to_owned()), ..ours.clone() };
    let done = Refund { outcome: RefundOutcome::Refunded, ..ours.clone() };
    let not_sent = Refund { outcome: RefundOutcome::NotSent, ..ours.clone() };
    let made = Look::Shown(of(3_000, &[entry(3_000, 1_001, OURS)]));
    let unchanged = Look::Shown(of(0, &[]));
    let undecided = Look::Shown(Shown { history: None, ..of(3_000, &[]) });
    let silent = Look::NoAnswer(Reason::ListEmpty);
    for (rule, refund, look, waited, expected) in [
        ("it shows", &ours, &made, false, Some("refunded")),
        ("it does not show yet", &ours, &unchanged, false, Some("unknown")),
        ("it does not show, long after", &ours, &unchanged, true, Some("not_sent")),
        (
            "it was refused in doubt, and does not show long after",
            &refused,
            &unchanged,
            true,
            Some("refused"),
        ),
        ("nobody can say, however long", &ours, &undecided, true, Some("unknown")),
        ("no answer settles nothing", &ours, &silent, true, Some("unknown")),
        ("what is told stays", &done, &unchanged, true, None),
        ("what was not sent, and shows", &not_sent, &made, true, Some("refunded")),
        ("what was not sent, and does not", &not_sent, &unchanged, true, None),
    ] {
        let end = review(refund, &[], look, waited).map(|end| end.outcome().word());
        assert_eq!(end, expected, "{rule}");
    }
}

#[test]
fn words_of_a_refund_are_read_as_what_they_prove() {
    for (pg, words, expected) in [
        (
            Some("kcp"),
            "[8178] 취소 금액보다 상계가능 정산금액 부족 으로 취소 불가합니다 KCP 또는 상점으로 문의해 주십시오",
            Reading::No,
        ),
        (Some("nice"), "취소 금액이 미정산 금액보다 큽니다", Reading::No),
        (Some("danal"), "취소불가 상태입니다", Reading::No),
        (None, "기취소거래", Reading::Doubt),
        (None, "기 취소 거래", Reading::Doubt),
        (Some("html5_inicis"), "501127|부분취소 History 처리 실패(중복요청여부확인요망)", Reading::Doubt),
        (None, "이미 전액취소된 주문입니다.", Reading::Doubt),
        (None, "[8041] 시스템 타임아웃(잠시후 재시도바람)", Reading::Doubt),
        (None, "연결 통신 오류", Reading::Doubt),
        (None, "", Reading::Doubt),
        (None, "nobody knows these words", Reading::No),
    ] {
        assert_eq!(read(pg, words), expected, "{words}");
    }
}

fn tax(tax_free: Option<i64>, vat_amount: Option<i64>) -> Tax {
    Tax { tax_free: tax_free.map(won), vat_amount: vat_amount.map(won) }
}

#[test]
fn a_refund_names_the_tax_parts_that_its_charge_named() {
    let none = tax(None, None);
    let mixed = Some(tax(Some(4_000), Some(545)));
    let zero_rated = Some(tax(Some(0), Some(0)));
    let first = [tax(Some(1_000), Some(300))];
    for (rule, charged, matters, refunded, amount, given, expected) in [
        ("nothing was named", Some(none), false, Some(&[][..]), 3_000, none, Ok(none)),
        ("all of a mixed one", mixed, false, Some(&[]), 10_000, none, Ok(tax(Some(4_000), Some(545)))),
        ("zero is not absent", zero_rated, false, Some(&[]), 10_000, none, Ok(tax(Some(0), Some(0)))),
        (
            "a part of a mixed one has to be split by a person",
            mixed,
            false,
            Some(&[]),
            3_000,
            none,
            Err(SplitError::Needed { proposed: tax(Some(1_200), Some(164)) }),
        ),
        (
            "who has split it",
            mixed,
            false,
            Some(&[]),
            3_000,
            tax(Some(0), Some(273)),
            Ok(tax(Some(0), Some(273))),
        ),
        (
            "half a split is none",
            mixed,
            false,
            Some(&[]),
            3_000,
            tax(Some(0), None),
            Err(SplitError::Needed { proposed: tax(Some(1_200), Some(164)) }),
        ),
        (
            "more than is left of a part",
            mixed,
            false,
            Some(&first),
            5_000,
            tax(Some(3_001), Some(0)),
            Err(SplitError::TooMuch { part: "tax_free", given: won(3_001), most: won(3_000) }),
        ),
        (
            "more than the refund",
            Some(none),
            false,
            Some(&[]),
            3_000,
            tax(Some(3_001), None),
            Err(SplitError::TooMuch { part: "tax_free", given: won(3_001), most: won(3_000) }),
        ),
        ("not recorded, and it does not matter", None, false, None, 3_000, none, Ok(none)),
        (
            "not recorded, and it matters",
            None,
            true,
            None,
            3_000,
            none,
            Err(SplitError::NotRecorded { amount: won(3_000) }),
        ),
        ("not recorded, and said", None, true, None, 3_000, tax(Some(0), None), Ok(tax(Some(0), None))),
    ] {
        let money = Split {
            paid: won(10_000),
            charged,
            matters,
            balance: won(10_000),
            refunded,
            amount: won(amount),
        };
        assert_eq!(split(&money, &given), expected, "{rule}");
    }
}

#[test]
fn the_rest_takes_the_rest_of_each_part() {
    let first = [tax(Some(1_200), Some(164))];
    let charged = Some(tax(Some(4_000), Some(545)));
    let money = |refunded| Split {
        paid: won(10_000),
        charged,
        matters: false,
        balance: won(7_000),
        refunded,
        amount: won(7_000),
    };
    assert_eq!(split(&money(Some(&first)), &Tax::default()), Ok(tax(Some(2_800), Some(381))));
    let proposed = tax(Some(2_800), Some(382));
    assert_eq!(split(&money(None), &Tax::default()), Err(SplitError::Needed { proposed }));
}

#[test]
fn an_id_is_eight_letters_and_digits() {
    assert_eq!(RefundId::of_random([0, 31, 32, 63, 64, 95, 128, 255]).as_str(), "a9a9a9a9");
    for bad in ["", "aaaaaaa", "aaaaaaaaa", "AAAAAAAA", "aaaa-aaa", "가aaaaa"] {
        assert_eq!(RefundId::parse(bad), None, "{bad}");
    }
}
