mod props;

use super::{charge_answer, no_envelope};
use crate::domain::answer::Answer;
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::{Doubt, Proof};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{BODY_KEPT_BYTES, Mode, Terms};
use crate::domain::reason::{Reason, Said};
use crate::gateway::transport::{HttpAnswer, TransportError};

/// The recorded approval of facts 2.4, for the order asked for here.
const PAID: &str = concat!(
    r#"{"code":0,"message":null,"response":{"amount":8900,"apply_num":"06261080","bank_code":null,"#,
    r#""bank_name":null,"buyer_addr":null,"buyer_email":null,"buyer_name":null,"#,
    r#""buyer_postcode":null,"buyer_tel":null,"cancel_amount":0,"cancel_history":[],"#,
    r#""cancel_reason":null,"cancel_receipt_urls":[],"cancelled_at":0,"card_code":"374","#,
    r#""card_name":"\ud558\ub098(\uad6c\uc678\ud658)","card_quota":0,"cash_receipt_issued":false,"#,
    r#""channel":"api","currency":"KRW","custom_data":null,"escrow":false,"fail_reason":null,"#,
    r#""failed_at":0,"imp_uid":"imps_156288298043","merchant_uid":"95382678123123120","#,
    r#""name":"\uc6d4\uad6c\ub3c5","paid_at":1524813288,"pay_method":"card","#,
    r#""pg_provider":"danal_tpay","pg_tid":"201804271614461095101400","#,
    r#""receipt_url":"https:\/\/www.danalpay.com\/receipt\/1","status":"paid","#,
    r#""user_agent":"sorry_not_supported_anymore","vbank_code":null,"vbank_date":0,"#,
    r#""vbank_holder":null,"vbank_name":null,"vbank_num":null}}"#,
);

fn request() -> ChargeRequest {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("95382678123123120").unwrap(),
        customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
        amount: Amount::from_minor(8900, Currency::KRW),
        mode: Mode::Live,
    };
    ChargeRequest::new(terms, "월구독")
}

fn answered(status: u16, body: &[u8]) -> Answer {
    let answer = HttpAnswer { status, body: body.to_vec(), cut: false, retry_after: None };
    charge_answer(&request(), Ok(answer)).answer
}

/// An answer without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    Paid,
    Declined,
    Refused(Proof),
    Unauthorized,
    NotSent,
    Unclear,
}

fn kind_of(answer: &Answer) -> Answered {
    match answer {
        Answer::Paid(_) => Answered::Paid,
        Answer::Declined(_) => Answered::Declined,
        Answer::Refused(refusal) => Answered::Refused(refusal.proof(None)),
        Answer::Unauthorized => Answered::Unauthorized,
        Answer::NotSent(_) => Answered::NotSent,
        Answer::Unclear { .. } => Answered::Unclear,
    }
}

fn kind(status: u16, body: &[u8]) -> Answered {
    kind_of(&answered(status, body))
}

/// The approval with one piece of it changed.
fn paid_but(from: &str, to: &str) -> String {
    assert!(PAID.contains(from), "{from}");
    PAID.replace(from, to)
}

fn declined() -> String {
    paid_but(r#""status":"paid""#, r#""status":"failed""#)
        .replace(r#""fail_reason":null"#, r#""fail_reason":"[CC10] 통장 잔액부족""#)
}

fn refusal(code: &str, message: &str) -> String {
    format!(r#"{{"code":{code},"message":"{message}","response":null}}"#)
}

/// A rule as a sentence, a status, a body, and what it must mean.
type Rule = (&'static str, u16, String, Answered);

const UNKNOWN_CUSTOMER: &str = "등록되지 않은 구매자입니다.";
const NO: Answered = Answered::Refused(Proof::Proved);
const NO_WORDS: Answered = Answered::Refused(Proof::Unknown);
const FAULT: Answered = Answered::Refused(Proof::Doubt(Doubt::Unanswered));
const TWICE: Answered = Answered::Refused(Proof::Question);

fn paid() -> Vec<Rule> {
    use Answered::Paid;
    vec![
        ("what was asked for is paid", 200, PAID.to_owned(), Paid),
        ("201 is as good as 200", 201, PAID.to_owned(), Paid),
        ("an amount may be a text", 200, paid_but(":8900", r#":"8900""#), Paid),
        ("an amount may have a point", 200, paid_but(":8900", ":8900.00"), Paid),
        ("no currency is won", 200, paid_but(r#""currency":"KRW","#, ""), Paid),
        ("a null currency is won", 200, paid_but(r#""KRW""#, "null"), Paid),
        ("the code may be a text", 200, paid_but(r#""code":0"#, r#""code":"0""#), Paid),
        ("unknown fields are read over", 200, paid_but("{\"code\"", "{\"new\":[{}],\"code\""), Paid),
        (
            "odd optional fields hide nothing",
            200,
            paid_but(r#""card_code":"374""#, r#""card_code":{"a":[]}"#),
            Paid,
        ),
        ("a fractional time hides nothing", 200, paid_but("1524813288", "1524813288.123"), Paid),
        (
            "a null list hides nothing",
            200,
            paid_but(r#""cancel_history":[]"#, r#""cancel_history":null"#),
            Paid,
        ),
        (
            "the customer asked for has paid",
            200,
            paid_but(r#""amount""#, r#""customer_uid":"gildong_0001_1234","amount""#),
            Paid,
        ),
        ("white space around it is nothing", 200, format!("\r\n {PAID}\n"), Paid),
    ]
}

fn mismatched() -> Vec<Rule> {
    use Answered::Unclear;
    vec![
        ("another amount is not it", 200, paid_but(":8900", ":8901"), Unclear),
        ("a fraction of a won is not it", 200, paid_but(":8900", ":8900.1"), Unclear),
        ("no amount is not it", 200, paid_but(r#""amount":8900,"#, ""), Unclear),
        ("an amount that is no number is not it", 200, paid_but(":8900", ":true"), Unclear),
        ("a negative amount is not it", 200, paid_but(":8900", ":-8900"), Unclear),
        (
            "an amount with an object around it is not it",
            200,
            paid_but(":8900", r#":{"total":8900}"#),
            Unclear,
        ),
        ("another currency is not it", 200, paid_but(r#""KRW""#, r#""USD""#), Unclear),
        ("a currency that is no text is not won", 200, paid_but(r#""KRW""#, "[]"), Unclear),
        ("another order is not it", 200, paid_but("95382678123123120", "95382678123123121"), Unclear),
        ("no order is not it", 200, paid_but(r#""merchant_uid":"95382678123123120","#, ""), Unclear),
        (
            "another customer is not it",
            200,
            paid_but(r#""amount""#, r#""customer_uid":"cheolsu","amount""#),
            Unclear,
        ),
        ("PAID is not a word of the gateway's", 200, paid_but(r#""paid""#, r#""PAID""#), Unclear),
        ("ready is no result", 200, paid_but(r#""paid""#, r#""ready""#), Unclear),
        ("cancelled is no result", 200, paid_but(r#""paid""#, r#""cancelled""#), Unclear),
        ("no status is no result", 200, paid_but(r#""status":"paid","#, ""), Unclear),
        (
            "a list is no payment",
            200,
            paid_but(r#""response":{"#, r#""response":[{"#).replace("}}", "}]}"),
            Unclear,
        ),
    ]
}

fn declined_or_not() -> Vec<Rule> {
    use Answered::{Declined, Unclear};
    vec![
        ("failed is declined", 200, declined(), Declined),
        ("failed without a reason is declined", 200, paid_but(r#""paid""#, r#""failed""#), Declined),
        (
            "failed without an order is declined",
            200,
            declined().replace(r#""merchant_uid":"95382678123123120","#, ""),
            Declined,
        ),
        (
            "a decline of another order is not ours",
            200,
            declined().replace("8123123120", "8123123121"),
            Unclear,
        ),
        (
            "a decline with a code is both yes and no",
            200,
            declined().replace("\"code\":0", "\"code\":1"),
            Unclear,
        ),
    ]
}

fn refused() -> Vec<Rule> {
    use Answered::Unclear;
    let burnt = "이미 주문이 이루어진 건입니다. (동일한 merchant_uid로 결제 또는 취소된 기록이 있습니다)";
    vec![
        ("a code and no payment is a refusal", 200, refusal("1", UNKNOWN_CUSTOMER), NO),
        ("-1 is a refusal too", 200, refusal("-1", "카드정보 인증에 실패하였습니다."), FAULT),
        ("a code may be a text", 200, refusal("\"-7\"", "service unavailable."), FAULT),
        ("a refusal may come without words", 200, r#"{"code":1,"response":null}"#.to_owned(), NO_WORDS),
        ("a refusal may leave the response out", 200, r#"{"code":1,"message":"x"}"#.to_owned(), NO_WORDS),
        ("a refusal may come with 400", 400, refusal("1", UNKNOWN_CUSTOMER), NO),
        ("a refusal may come with 404", 404, refusal("1", UNKNOWN_CUSTOMER), NO),
        ("a refusal with 429 is none", 429, refusal("1", UNKNOWN_CUSTOMER), Unclear),
        ("a burnt id is a question", 200, refusal("-1", burnt), TWICE),
        ("a burnt id is a question without spaces", 200, refusal("1", &burnt.replace(' ', "")), TWICE),
        ("a burnt id is a question with 400", 400, refusal("1", burnt), TWICE),
        ("the SDK's words are a question", 200, refusal("1", "이미 결제가 이루어진 거래건입니다."), TWICE),
        ("a PG's duplicate order is a question", 200, refusal("-1", "[A016] 중복된 주문번호입니다"), TWICE),
        ("a PG's order number twice is a question", 200, refusal("-1", "주문번호 중복"), TWICE),
        ("a PG's finished deal is a question", 200, refusal("-1", "이미 처리된 거래입니다"), TWICE),
        ("a PG's approval twice is a question", 200, refusal("-1", "승인내역 중복"), TWICE),
        ("a conflict is a question", 409, refusal("1", "처리중"), TWICE),
        ("a code and a payment is both", 200, paid_but(r#""code":0"#, r#""code":1"#), Unclear),
    ]
}

fn unauthorized() -> Vec<Rule> {
    use Answered::{Unauthorized, Unclear};
    let token = refusal("-1", "Unauthorized");
    vec![
        ("401 with the gateway's refusal is the token", 401, token.clone(), Unauthorized),
        (
            "401 with a refusal that leaves the response out is the token",
            401,
            r#"{"code":-1,"message":"Unauthorized"}"#.to_owned(),
            Unauthorized,
        ),
        ("401 without a body is the token", 401, String::new(), Unauthorized),
        ("401 that says paid is nothing", 401, PAID.to_owned(), Unclear),
        ("401 with code 0 and no payment is nothing", 401, refusal("0", "x"), Unclear),
        ("401 with a no and a payment is nothing", 401, paid_but(r#""code":0"#, r#""code":-1"#), Unclear),
        ("401 with a page is nothing", 401, "<html>".to_owned(), Unclear),
        ("401 with half a refusal is nothing", 401, r#"{"code":-1,"message":"Una"#.to_owned(), Unclear),
        ("401 in somebody else's JSON is nothing", 401, r#"{"error":"unauthorized"}"#.to_owned(), Unclear),
        ("401 with a blank is nothing", 401, " ".to_owned(), Unclear),
        ("403 in the gateway's words is nothing", 403, token, Unclear),
        ("403 of a proxy is nothing", 403, "<html>".to_owned(), Unclear),
        ("403 without a body is nothing", 403, String::new(), Unclear),
        ("403 with a payment is nothing", 403, PAID.to_owned(), Unclear),
        ("429 in the gateway's words is nothing", 429, refusal("-1", "Too many requests"), Unclear),
    ]
}

fn unanswered() -> Vec<Rule> {
    use Answered::Unclear;
    vec![
        (
            "code 0 without a payment is nothing",
            200,
            r#"{"code":0,"message":null,"response":null}"#.to_owned(),
            Unclear,
        ),
        ("a time-out of the gateway is nothing", 408, refusal("1", UNKNOWN_CUSTOMER), Unclear),
        ("a redirect is nothing", 302, PAID.to_owned(), Unclear),
        ("a 307 is nothing", 307, refusal("1", UNKNOWN_CUSTOMER), Unclear),
        ("500 is nothing even with a refusal", 500, refusal("1", UNKNOWN_CUSTOMER), Unclear),
        ("502 is nothing", 502, "<html>502</html>".to_owned(), Unclear),
        ("503 is nothing even with a payment", 503, PAID.to_owned(), Unclear),
        ("paid with a 4xx is nothing", 400, PAID.to_owned(), Unclear),
        ("a status nobody knows is nothing", 600, refusal("1", UNKNOWN_CUSTOMER), Unclear),
        ("no text is nothing", 200, String::new(), Unclear),
        ("a page is nothing", 200, "<html></html>".to_owned(), Unclear),
        ("a list is nothing", 200, format!("[{PAID}]"), Unclear),
        ("a code that is no number is nothing", 200, refusal("true", "x"), Unclear),
        ("a code with a point is nothing", 200, refusal("1.5", "x"), Unclear),
        ("a code that is words is nothing", 200, refusal("\"no\"", "x"), Unclear),
        ("no code is nothing", 200, r#"{"message":"x","response":null}"#.to_owned(), Unclear),
        ("two answers are nothing", 200, format!("{PAID}{PAID}"), Unclear),
        ("two codes are nothing", 200, paid_but(r#""code":0"#, r#""code":1,"code":0"#), Unclear),
        ("two statuses are nothing", 200, paid_but(r#""status""#, r#""status":"failed","status""#), Unclear),
        ("two amounts are nothing", 200, paid_but(r#""amount""#, r#""amount":1,"amount""#), Unclear),
        ("NaN is nothing", 200, paid_but(":8900", ":NaN"), Unclear),
        (
            "a bottomless list is nothing",
            200,
            paid_but(":8900", &format!(":{}", "[".repeat(200_000))),
            Unclear,
        ),
    ]
}

#[test]
fn every_rule_holds() {
    let rules = [paid(), mismatched(), declined_or_not(), refused(), unauthorized(), unanswered()];
    for (rule, status, body, expected) in rules.into_iter().flatten() {
        assert_eq!(
            kind(status, body.as_bytes()),
            expected,
            "{rule}: HTTP {status} {}",
            body.get(..60).unwrap_or(&body)
        );
    }
}

#[test]
fn which_status_may_carry_a_yes_or_a_no() {
    let both = paid_but(r#""code":0"#, r#""code":1"#);
    for status in 100..700 {
        let yes = kind(status, PAID.as_bytes());
        assert_eq!(yes == Answered::Paid, (200..300).contains(&status), "HTTP {status}");
        let no = kind(status, refusal("1", UNKNOWN_CUSTOMER).as_bytes());
        let no = [NO, TWICE].into_iter().find(|refused| *refused == no);
        let said = match status {
            401 | 403 | 408 | 429 => None,
            409 => Some(TWICE),
            200..=299 | 400..=499 => Some(NO),
            _ => None,
        };
        assert_eq!(no, said, "HTTP {status}");
        let shows_payment =
            matches!(answered(status, both.as_bytes()), Answer::Unclear { record: Some(_), .. });
        assert_eq!(shows_payment, (200..300).contains(&status), "HTTP {status}");
    }
}

#[test]
fn an_answer_cut_anywhere_is_not_paid_declined_or_refused() {
    for whole in [PAID.to_owned(), declined(), refusal("1", "등록되지 않은 구매자입니다.")] {
        for end in 0..whole.len() {
            let cut = &whole.as_bytes()[..end];
            assert_eq!(kind(200, cut), Answered::Unclear, "{end}");
        }
    }
}

#[test]
fn what_broke_off_is_unclear_even_when_it_reads_like_an_answer() {
    let lost = TransportError::Lost {
        reason: Reason::AnswerBroken,
        status: Some(200),
        body: PAID.as_bytes().to_vec(),
    };
    let reply = charge_answer(&request(), Err(lost));
    assert_eq!(reply.answer, Answer::Unclear { reason: Reason::AnswerBroken, record: None });
    assert_eq!((reply.received.reason, reply.received.message), (Some(Reason::AnswerBroken), None));
    assert_eq!(reply.received.http_status, Some(200));
    assert_eq!(reply.received.body.as_deref(), Some(PAID));

    for status in [200, 401] {
        let cut = HttpAnswer { status, body: PAID.as_bytes().to_vec(), cut: true, retry_after: None };
        let reply = charge_answer(&request(), Ok(cut));
        assert_eq!(reply.answer, Answer::Unclear { reason: Reason::AnswerTooLong, record: None }, "{status}");
        assert_eq!(reply.received.code, None, "what was cut is not read");
    }
}

#[test]
fn only_what_never_left_is_not_sent() {
    let reason = Reason::NoAddress { host: "x".to_owned() };
    let reply = charge_answer(&request(), Err(TransportError::NotSent { reason: reason.clone() }));
    assert_eq!(reply.answer, Answer::NotSent(reason));
    assert_eq!(reply.received.why().as_deref(), Some("there is no address for x"));
    assert_eq!(reply.received.message, None, "the gateway said nothing");
    assert_eq!(reply.received.http_status, None);
}

#[test]
fn the_gateways_words_are_kept() {
    let reply = |status, body: String| {
        charge_answer(
            &request(),
            Ok(HttpAnswer { status, body: body.into_bytes(), cut: false, retry_after: None }),
        )
        .received
    };
    let paid = reply(200, PAID.to_owned());
    assert_eq!((paid.code, paid.imp_uid.as_deref()), (Some(0), Some("imps_156288298043")));
    assert_eq!(paid.body.as_deref(), Some(PAID));
    let failed = reply(200, declined().replace(r#""message":null"#, r#""message":"x""#));
    assert_eq!(failed.message.as_deref(), Some("[CC10] 통장 잔액부족"), "the payment's words go first");
    let (status, imp_uid) = (failed.http_status, failed.imp_uid.as_deref());
    assert_eq!((status, imp_uid), (Some(200), Some("imps_156288298043")));
    let refused = reply(200, refusal("-1", "안 됩니다"));
    assert_eq!((refused.code, refused.message.as_deref()), (Some(-1), Some("안 됩니다")));
    let mismatch = reply(200, paid_but(":8900", ":100"));
    assert_eq!(mismatch.imp_uid.as_deref(), Some("imps_156288298043"));
    assert_eq!(mismatch.why().as_deref(), Some("the gateway says ₩100 was paid, not ₩8,900"));
    assert_eq!(
        reply(502, "<html>".to_owned()).why().as_deref(),
        Some("the gateway answered with HTTP 502 and a web page")
    );
    let quoted = |said| Reason::HttpStatus { status: "503".to_owned(), said };
    assert_eq!(reply(503, refusal("-7", "점검 중")).reason, Some(quoted(Said::Words("점검 중".to_owned()))));
    let silent = r#"{"code":-7,"response":null}"#.to_owned();
    assert_eq!(reply(503, silent).reason, Some(quoted(Said::Code(-7))));
    let token = reply(401, refusal("-1", "Unauthorized"));
    assert_eq!((token.message.as_deref(), token.reason), (Some("Unauthorized"), None));
    let not_taken = Reason::TokenNotTaken { status: "401".to_owned() };
    assert_eq!(reply(401, String::new()).reason, Some(not_taken));
}

#[test]
fn what_came_instead_of_the_gateways_json_is_named() {
    for (status, body, cut, expected) in [
        (300, "", false, Reason::Redirect { status: "300".to_owned() }),
        (399, "<html>", false, Reason::Redirect { status: "399".to_owned() }),
        (302, PAID, true, Reason::Redirect { status: "302".to_owned() }),
        (200, PAID, true, Reason::MoreThanRead { status: "200".to_owned() }),
        (400, "", true, Reason::MoreThanRead { status: "400".to_owned() }),
        (299, "", false, Reason::NoBody { status: "299".to_owned() }),
        (400, "", false, Reason::NoBody { status: "400".to_owned() }),
        (502, "\r\n <html>", false, Reason::WebPage { status: "502".to_owned() }),
        (200, " ", false, Reason::NotJson { status: "200".to_owned() }),
        (200, "a <html>", false, Reason::NotJson { status: "200".to_owned() }),
    ] {
        let answer = HttpAnswer { status, body: body.as_bytes().to_vec(), cut, retry_after: None };
        assert_eq!(no_envelope(&answer), expected, "HTTP {status} {cut} {body}");
        if !cut {
            let unclear = Answer::Unclear { reason: expected, record: None };
            assert_eq!(answered(status, body.as_bytes()), unclear, "HTTP {status} {body}");
        }
    }
}

#[test]
fn a_record_that_does_not_match_is_handed_on() {
    for body in
        [paid_but(":8900", ":1"), paid_but(r#""paid""#, r#""ready""#), paid_but(r#""code":0"#, r#""code":1"#)]
    {
        let Answer::Unclear { record: Some(record), .. } = answered(200, body.as_bytes()) else {
            panic!("no record")
        };
        assert_eq!(record.imp_uid.as_deref(), Some("imps_156288298043"));
    }
}

#[test]
fn the_record_of_another_order_is_not_handed_on() {
    let body = paid_but("95382678123123120", "95382678123123121").into_bytes();
    let reply =
        charge_answer(&request(), Ok(HttpAnswer { status: 200, body, cut: false, retry_after: None }));
    assert!(matches!(reply.answer, Answer::Unclear { record: None, .. }));
    assert_eq!(reply.received.imp_uid, None);
    let reason = "the gateway answered about 95382678123123121, not about 95382678123123120";
    assert_eq!(reply.received.why().as_deref(), Some(reason));
}

#[test]
fn the_record_is_read_as_it_came() {
    let Answer::Paid(record) = answered(200, PAID.as_bytes()) else { panic!("not paid") };
    assert_eq!(record.card_name.as_deref(), Some("하나(구외환)"));
    assert_eq!(record.apply_num.as_deref(), Some("06261080"));
    assert_eq!(record.receipt_url.as_deref(), Some("https://www.danalpay.com/receipt/1"));
    assert_eq!(
        (record.paid_at_s, record.failed_at_s, record.cancelled_at_s),
        (Some(1_524_813_288), None, None)
    );
    assert_eq!((record.buyer_name, record.sandbox), (None, None));
}

#[test]
fn foreign_money_is_compared_to_the_cent() {
    let mut request = request();
    let usd = Currency::parse("USD").unwrap();
    request.terms.amount = Amount::from_minor(1420, usd);
    let kind = |amount: &str, currency: &str| {
        let body = PAID.replace(":8900", amount).replace(r#""KRW""#, currency);
        let answer = HttpAnswer { status: 200, body: body.into_bytes(), cut: false, retry_after: None };
        kind_of(&charge_answer(&request, Ok(answer)).answer)
    };
    assert_eq!(kind(":14.2", r#""USD""#), Answered::Paid);
    assert_eq!(kind(":14.20", r#""usd""#), Answered::Paid);
    assert_eq!(kind(":14.19", r#""USD""#), Answered::Unclear);
    assert_eq!(kind(":14.200000001", r#""USD""#), Answered::Unclear);
    assert_eq!(kind(":14.2", r#""KRW""#), Answered::Unclear);
    assert_eq!(kind(":14.2", "null"), Answered::Unclear);
}

#[test]
fn a_long_body_is_kept_in_part_and_between_characters() {
    let body = "가".repeat(BODY_KEPT_BYTES).into_bytes();
    let reply =
        charge_answer(&request(), Ok(HttpAnswer { status: 200, body, cut: false, retry_after: None }));
    let kept = reply.received.body.unwrap();
    assert!(kept.len() <= BODY_KEPT_BYTES && kept.len() > BODY_KEPT_BYTES - 3);
}
