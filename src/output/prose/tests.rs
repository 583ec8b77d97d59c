use super::{ChargeCard, ChargeStory, Commands, Story, charge, confirmation};
use crate::domain::answer::Refusal;
use crate::domain::declines::{Certainty, Kind, Standing};
use crate::domain::lookup::{Finding, LookedUp};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::protocol::{BeforeSend, Opening, Stored, found_after, found_before, open};
use crate::domain::reason::{Reason, Said};
use crate::output::meaning::certainty;
use crate::output::samples::{at, declined, paid, seoul, shown, won};

/// What every outcome says of its order.
const ORDER: &str = "  order  order_monthly_0001   ₩8,900   gildong_0001_1234\n";

fn told(payment: &Payment, replayed: bool, not_before: Option<&str>) -> String {
    let zone = seoul();
    let now = at("2026-11-23T19:31:00+09:00");
    let commands = commands();
    let not_before = not_before.map(at);
    let story = ChargeStory { payment, replayed, not_before, now, zone: &zone, commands: &commands };
    shown_whole(&charge(&story))
}

fn commands() -> Commands {
    let charge = "billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001";
    Commands {
        reconcile: "billkey reconcile order_monthly_0001".to_owned(),
        again: charge.to_owned(),
        retry: format!("{charge} --retry"),
    }
}

fn shown_whole(story: &Story) -> String {
    format!("{}{}", story.opening, story.after_opening(None))
}

fn unknown() -> Payment {
    let reason = Some(Reason::NoAnswerWithin { within: "60 s".to_owned() });
    Payment { outcome: Outcome::Unknown, reason, ..paid() }
}

#[test]
fn a_paid_charge_says_so_first_and_then_its_ids() {
    insta::assert_snapshot!(told(&paid(), false, None), @"
    Paid ₩8,900. Approval 30012345, 2026-11-23 19:30:04.
      order    order_monthly_0001
      payment  imps_623347347957
      receipt  https://receipt.example/1
    ");
}

#[test]
fn what_the_gateway_left_out_is_left_out() {
    let bare = Payment { apply_num: None, paid_at: None, receipt_url: None, imp_uid: None, ..paid() };
    assert_eq!(told(&bare, false, None), "Paid ₩8,900.\n  order  order_monthly_0001\n");
    let no_approval = Payment { apply_num: None, ..bare.clone() };
    let timed = Payment { paid_at: paid().paid_at, ..no_approval };
    assert!(told(&timed, false, None).starts_with("Paid ₩8,900. 2026-11-23 19:30:04.\n"));
    assert_eq!(told(&bare, true, None), format!("Already paid ₩8,900. Nothing was sent.\n{ORDER}"));
}

#[test]
fn a_replay_says_that_nothing_was_sent() {
    assert_eq!(
        told(&paid(), true, None),
        format!("Already paid ₩8,900 on 2026-11-23 19:30:04. Nothing was sent.\n{ORDER}")
    );
    let refunded = Payment {
        cancel_amount: Some(won(900)),
        cancelled_at: Some(at("2026-11-24T10:00:00+09:00")),
        ..paid()
    };
    assert_eq!(
        told(&refunded, true, None),
        format!(
            "Already paid ₩8,900 on 2026-11-23 19:30:04. ₩900 of it was refunded on 2026-11-24 10:00:00. \
             Nothing was sent.\n{ORDER}"
        )
    );
}

#[test]
fn a_payment_that_was_refunded_whole_needs_another_order() {
    let whole = told(&Payment { cancel_amount: Some(won(8900)), ..paid() }, true, None);
    assert!(whole.contains("To charge again, name a new order with --merchant-uid."), "{whole}");
    let part = told(&Payment { cancel_amount: Some(won(900)), ..paid() }, true, None);
    assert!(!part.contains("--merchant-uid"), "{part}");
}

#[test]
fn a_decline_quotes_the_card_company_and_says_what_to_do() {
    let mut payment = declined();
    payment.message = Some("[CC10] 통장 잔액부족".to_owned());
    insta::assert_snapshot!(told(&payment, false, None), @"
    Declined: [CC10] 통장 잔액부족. There is not enough money behind the card for this payment. Nothing was charged.
      order  order_monthly_0000   ₩8,900   gildong_0001_1234
      The customer has to act. Again: after a day, at most once a day on one card. To try the same order again:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001 --retry
    ");
    assert!(told(&payment, true, None).starts_with(
        "Declined before: [CC10] 통장 잔액부족. There is not enough money behind the card for this payment. \
             Nothing was charged. Nothing was sent now.\n"
    ));
}

#[test]
fn the_gateways_words_cannot_act_on_the_terminal() {
    let mut payment = declined();
    payment.message = Some("\u{1b}[2JPaid ₩8,900.\nPaid".to_owned());
    let text = told(&payment, false, None);
    assert!(text.starts_with(r"Declined: \u{1b}[2JPaid ₩8,900.\u{a}Paid. The gateway has it"), "{text}");
}

#[test]
fn a_rejection_names_the_gateways_code() {
    let with = |message: &str| {
        let message = Some(message.to_owned());
        Payment { outcome: Outcome::Rejected, code: Some(1), message, ..declined() }
    };
    insta::assert_snapshot!(told(&with("등록되지 않은 구매자입니다."), false, None), @"
    Rejected: 등록되지 않은 구매자입니다. The gateway has no card under this customer_uid; check the uid, and if it is right the card must be registered again. Nothing was charged.
      order  order_monthly_0000   ₩8,900   gildong_0001_1234
      The merchant has to act. Again: once the merchant has acted. To try the same order again:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001 --retry
    ");
    insta::assert_snapshot!(told(&with("알 수 없는 말"), false, None), @"
    Rejected: 알 수 없는 말. The gateway refused it and shows no payment.
      order  order_monthly_0000   ₩8,900   gildong_0001_1234
      The gateway's code is 1. To try the same order again:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001 --retry
    ");
    insta::assert_snapshot!(told(&with("알 수 없는 타임아웃"), false, Some("2026-11-23T19:45:10+09:00")), @"
    Rejected: 알 수 없는 타임아웃. It is not certain that nothing was charged.
      order  order_monthly_0000   ₩8,900   gildong_0001_1234
      The gateway's code is 1. Later runs look again by themselves. To find out now:
        billkey reconcile order_monthly_0001
      To try the same order again, from 19:45:10 on:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001 --retry
    ");
    let ended = Payment {
        doubt_ended_at: Some(at("2026-11-26T19:31:00+09:00")),
        ..with("알 수 없는 타임아웃")
    };
    insta::assert_snapshot!(told(&ended, true, None), @"
    Rejected before: 알 수 없는 타임아웃. The gateway refused it and shows no payment. A look-up on 2026-11-26 19:31:00, more than three days after it was sent, showed no money. Nothing was sent now.
      order  order_monthly_0000   ₩8,900   gildong_0001_1234
      The gateway's code is 1. To try the same order again:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001 --retry
    ");
}

#[test]
fn an_unknown_charge_says_until_when_it_is_not_sent_again_and_how_to_find_out() {
    insta::assert_snapshot!(told(&unknown(), false, Some("2026-11-23T19:45:10+09:00")), @"
    Unknown: the gateway did not answer within 60 s. The card may have been charged.
      order  order_monthly_0001   ₩8,900   gildong_0001_1234
      order_monthly_0001 will not be sent again before 19:45:10. To find out now:
        billkey reconcile order_monthly_0001
      To go on with the same order:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001
    ");
    let tomorrow = told(&unknown(), true, Some("2026-11-24T00:10:00+09:00"));
    assert!(tomorrow.contains("charged. Nothing was sent now.\n"), "{tomorrow}");
    assert!(tomorrow.contains(" not be sent again before 2026-11-24 00:10:00. "), "{tomorrow}");
    insta::assert_snapshot!(told(&unknown(), false, None), @"
    Unknown: the gateway did not answer within 60 s. The card may have been charged.
      order  order_monthly_0001   ₩8,900   gildong_0001_1234
      The gateway is asked before anything is sent again. To find out now:
        billkey reconcile order_monthly_0001
      To go on with the same order:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001
    ");
}

#[test]
fn a_pending_charge_without_a_word_is_unknown_too() {
    let payment = Payment { outcome: Outcome::Pending, message: None, ..paid() };
    let text = told(&payment, false, None);
    let expected = "Unknown: no answer of the gateway's is known. The card may have been charged.\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_failure_for_programs_is_made_of_the_same_parts() {
    let zone = seoul();
    let (payment, now) = (unknown(), at("2026-11-23T19:31:00+09:00"));
    let commands = commands();
    let story = charge(&ChargeStory {
        payment: &payment,
        replayed: false,
        not_before: None,
        now,
        zone: &zone,
        commands: &commands,
    });
    assert_eq!(
        story.first_line(),
        "Unknown: the gateway did not answer within 60 s. The card may have been charged."
    );
    assert_eq!(
        story.advice.unwrap().line(),
        "The gateway is asked before anything is sent again. To find out now: \
         billkey reconcile order_monthly_0001"
    );
}

fn never_left() -> Payment {
    let reason = Some(Reason::ConnectionRefused { host: "api.iamport.kr".to_owned() });
    Payment { outcome: Outcome::NotSent, reason, ..paid() }
}

#[test]
fn what_never_left_is_not_sent_and_what_was_sent_twice_to_no_avail_charged_nothing() {
    insta::assert_snapshot!(told(&never_left(), false, None), @"
    Not sent: api.iamport.kr refused the connection. Nothing was sent.
      order  order_monthly_0001   ₩8,900   gildong_0001_1234
      To go on with the same order:
        billkey charge gildong_0001_1234 --amount 8900 --merchant-uid order_monthly_0001
    ");
    let refused = Reason::KeyRefused { said: Said::Words("Unauthorized".to_owned()) };
    let twice = told(&Payment { reason: Some(refused), ..never_left() }, false, None);
    assert!(
        twice.contains("the gateway refused the API key: Unauthorized. Nothing was charged.\n"),
        "{twice}"
    );
    let no_trace = Payment { reason: Some(Reason::NoTrace), unanswered: 1, ..never_left() };
    let no_trace = told(&no_trace, false, None);
    assert!(
        no_trace.starts_with("Not sent: the gateway shows no trace of it, long after it was sent.\n"),
        "{no_trace}"
    );
}

#[test]
fn money_that_is_not_real_is_marked() {
    let mut payment = paid();
    payment.terms.mode = Mode::Sandbox;
    assert!(told(&payment, false, None).starts_with("Paid ₩8,900 (SANDBOX). Approval "));
    assert!(told(&payment, true, None).starts_with("Already paid ₩8,900 (SANDBOX) on "));
    payment = unknown();
    payment.terms.mode = Mode::Test;
    assert!(told(&payment, false, None).starts_with("Unknown (TEST): the gateway"));
}

#[test]
fn the_card_to_confirm_shows_the_mode_first() {
    let mut card = ChargeCard {
        mode: Mode::Live,
        amount: won(8900),
        product: "Monthly subscription",
        customer_name: Some("홍길동"),
        customer_uid: "gildong_0001_1234",
        card: Some("신한카드 5409-26**-****-1234"),
        merchant_uid: "order_monthly_0001",
        more: &[],
    };
    assert_eq!(
        confirmation(&card),
        "
  LIVE   ₩8,900   Monthly subscription
  to     홍길동  gildong_0001_1234
  card   신한카드 5409-26**-****-1234
  order  order_monthly_0001

"
    );
    let more = [("quota", "3 months".to_owned())];
    (card.mode, card.customer_name, card.card, card.more) = (Mode::Sandbox, None, None, &more);
    card.product = "x\u{1b}[2J";
    insta::assert_snapshot!(shown(&confirmation(&card)), @r#"
    $

      SANDBOX  ₩8,900   x\u{1b}[2J
      to       gildong_0001_1234
      card     not known
      order    order_monthly_0001
      quota    3 months
    "#);
}

/// What a no in these words makes of its charge where look-ups show no money, what is said of it, and whether
/// `--retry` goes at once (contract, rule 10).
fn judged(kind: Kind, pg: Option<&str>, words: &str) -> (Outcome, Certainty, bool) {
    let message = Some(words.to_owned());
    let nothing = || Finding::Nothing { aside: None };
    let refusal = Refusal { code: -1, words: message.clone(), conflict: false };
    let unpaid = Payment {
        imp_uid: None,
        pg_provider: None,
        customer_pg: pg.map(str::to_owned),
        message: message.clone(),
        ..declined()
    };
    let payment = match kind {
        Kind::Decline => Payment { pg_provider: pg.map(str::to_owned), ..unpaid },
        Kind::Refusal => match found_after(&refusal, refusal.proof(pg), nothing()) {
            LookedUp::Rejected(message) => Payment { outcome: Outcome::Rejected, message, ..unpaid },
            LookedUp::Unknown(reason) => Payment {
                outcome: Outcome::Unknown,
                message: None,
                reason: Some(reason),
                unanswered: 1,
                ..unpaid
            },
            other @ (LookedUp::Paid(_)
            | LookedUp::Declined(_)
            | LookedUp::NotSent(_)
            | LookedUp::DoubtEnds
            | LookedUp::Nothing) => panic!("{words}: {other:?}"),
        },
    };
    let standing = Standing::of(&payment).unwrap();
    let stored = Stored {
        outcome: payment.outcome,
        same_terms: true,
        same_mode: true,
        noted_charged: false,
        unanswered: payment.unanswered > 0,
        uncertain: standing.is_open(),
    };
    let Opening::Ask(before) = open(&stored, true, false) else { panic!("{words}: nothing is sent unasked") };
    let at_once = matches!(found_before(before, nothing(), false), BeforeSend::Claim { .. });
    assert!(
        matches!(found_before(before, nothing(), true), BeforeSend::Claim { .. }),
        "{words}: it goes at last"
    );
    (payment.outcome, standing.certainty, at_once)
}

#[test]
fn no_more_is_said_of_a_no_than_is_known() {
    use Certainty::{HeldAsFailed, MayHaveCharged, NotCertain, NothingCharged, RefusedAndNotShown};
    use Outcome::{Declined, Rejected, Unknown};
    let kcp = Some("kcp");
    for (rule, pg, words, decline, refusal) in [
        (
            "what is proved",
            None,
            "통장 잔액부족",
            (Declined, NothingCharged, true),
            (Rejected, NothingCharged, true),
        ),
        (
            "a code with its PG",
            kcp,
            "[CC10] 표에 없는 말",
            (Declined, NothingCharged, true),
            (Rejected, NothingCharged, true),
        ),
        (
            "the code alone",
            None,
            "[CC10] 표에 없는 말",
            (Declined, HeldAsFailed, true),
            (Rejected, RefusedAndNotShown, false),
        ),
        (
            "words that nobody knows",
            kcp,
            "표에 없는 말",
            (Declined, HeldAsFailed, true),
            (Rejected, RefusedAndNotShown, false),
        ),
        ("no words at all", None, "", (Declined, HeldAsFailed, true), (Rejected, RefusedAndNotShown, false)),
        (
            "words that nobody knows, of a PG whose declines turn paid",
            Some("paypal"),
            "표에 없는 말",
            (Declined, NotCertain, false),
            (Rejected, RefusedAndNotShown, false),
        ),
        (
            "a doubt",
            kcp,
            "[8041] 시스템 타임아웃(잠시후 재시도바람)",
            (Declined, NotCertain, false),
            (Unknown, MayHaveCharged, false),
        ),
        (
            "a doubt of the gateway's",
            None,
            "(PG사 결제 장애) Internal error",
            (Declined, NotCertain, false),
            (Unknown, MayHaveCharged, false),
        ),
        (
            "a question",
            kcp,
            "[8128] 신용카드 중복거래 요청 거절",
            (Declined, NotCertain, false),
            (Unknown, MayHaveCharged, false),
        ),
        (
            "a question in another PG's words",
            Some("html5_inicis"),
            "[R201] 승인요청 완료건으로 재승인 요청 불가",
            (Declined, NotCertain, false),
            (Unknown, MayHaveCharged, false),
        ),
    ] {
        assert_eq!(judged(Kind::Decline, pg, words), decline, "{rule}, as a decline: {words}");
        assert_eq!(judged(Kind::Refusal, pg, words), refusal, "{rule}, as a refusal: {words}");
    }
}

#[test]
fn each_degree_of_certainty_is_one_sentence() {
    use Certainty::{HeldAsFailed, MayHaveCharged, NotCertain, NothingCharged, RefusedAndNotShown};
    for (certain, sentence) in [
        (NothingCharged, "Nothing was charged."),
        (HeldAsFailed, "The gateway has it as failed."),
        (NotCertain, "It is not certain that nothing was charged."),
        (MayHaveCharged, "The card may have been charged."),
        (RefusedAndNotShown, "The gateway refused it and shows no payment."),
    ] {
        assert_eq!(certainty(certain), sentence);
    }
}
