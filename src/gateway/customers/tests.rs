use super::{BillingKey, Deleted};
use crate::domain::ids::CustomerUid;
use crate::domain::reason::Said;
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::fake::{FakeClock, FakeGateway, client};
use crate::gateway::token::TokenFailure;

const UNKNOWN: &str = r#"{"code":1,
    "message":"요청하신 customer_uid(gildong)로 등록된 정보를 찾을 수 없습니다.","response":null}"#;

fn scene() -> (FakeGateway, Client) {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", 1_512_446_940, 1_512_448_740);
    client.token(false).unwrap();
    gateway.seen.lock().unwrap().clear();
    (gateway, client)
}

fn uid() -> CustomerUid {
    CustomerUid::parse("gil dong%").unwrap()
}

#[test]
fn a_billing_key_shows_its_card() {
    let (gateway, client) = scene();
    gateway.will(
        200,
        r#"{"code":0,"message":null,"response":{"card_code":"041","card_name":"신한카드",
        "card_number":"5409-26**-****-1234","customer_email":null,
        "customer_name":"홍길동","customer_tel":"010-1234-5678",
        "customer_uid":"gil dong%",
        "inserted":1500000000,"pg_id":"nictest04m","pg_provider":"nice","sandbox":true,
        "updated":1500000001.5}}"#,
    );
    let BillingKey::Found { card, channels, customer_name, customer_tel, customer_email } =
        client.billing_key(&uid()).unwrap()
    else {
        panic!("not found")
    };
    assert_eq!(card.shown().as_deref(), Some("신한카드 5409-26**-****-1234"));
    assert_eq!((card.card_code.as_deref(), card.sandbox), (Some("041"), Some(true)));
    assert_eq!((card.inserted_s, card.updated_s), (Some(1_500_000_000), Some(1_500_000_001)));
    assert_eq!((channels, customer_email), (1, None));
    assert_eq!((customer_name.as_deref(), customer_tel.as_deref()), (Some("홍길동"), Some("010-1234-5678")));
    assert_eq!(gateway.requests(), ["GET /subscribe/customers/gil%20dong%25 T1"]);
}

#[test]
fn a_super_billing_key_shows_its_first_channel() {
    let (gateway, client) = scene();
    gateway.will(
        200,
        r#"{"code":0,"response":{"customer_uid":"x","channelGroupId":"g",
        "customer_name":"홍길동","failedChannels":null,
        "succeededChannels":[{"pg_provider":"nice","pg_id":"a","card_name":"BC카드","inserted":1,"update":2},
        {"pg_provider":"kcp","pg_id":"b","inserted":1,"update":2}]}}"#,
    );
    let BillingKey::Found { card, channels, .. } = client.billing_key(&uid()).unwrap() else {
        panic!("not found")
    };
    assert_eq!((card.pg_provider.as_deref(), card.updated_s, channels), (Some("nice"), Some(2), 2));
}

#[test]
fn both_forms_of_not_found_are_read() {
    let (gateway, client) = scene();
    for status in [404, 200] {
        gateway.will(status, UNKNOWN);
        let BillingKey::NotFound { said } = client.billing_key(&uid()).unwrap() else { panic!("found") };
        assert!(matches!(&said, Said::Words(words) if words.ends_with("찾을 수 없습니다.")), "{said}");
        gateway.will(status, UNKNOWN);
        assert!(matches!(client.delete_billing_key(&uid(), ""), Ok(Deleted::NotFound { .. })));
    }
    gateway.will(200, r#"{"code":-1,"message":"등록되지 않은 사용자입니다.","response":null}"#);
    assert!(matches!(client.billing_key(&uid()), Ok(BillingKey::NotFound { .. })));
}

#[test]
fn what_is_no_answer_does_not_pass_for_not_found() {
    let (gateway, client) = scene();
    gateway.will(404, "<html>");
    assert!(matches!(client.billing_key(&uid()), Err(GatewayFailure::NoAnswer { .. })));
    gateway.will(200, r#"{"code":-1,"message":"점검중입니다.","response":null}"#);
    assert!(matches!(client.billing_key(&uid()), Err(GatewayFailure::Refused { code: -1, .. })));
    gateway.will(200, r#"{"code":0,"message":null,"response":null}"#);
    assert!(matches!(client.billing_key(&uid()), Err(GatewayFailure::NoAnswer { .. })));
    gateway.will_be_unreachable().will_be_unreachable().will_be_unreachable();
    assert!(matches!(client.billing_key(&uid()), Err(GatewayFailure::NotReached { .. })));
    gateway.will(401, "").will(401, r#"{"code":-1,"message":"x","response":null}"#);
    assert!(matches!(
        client.billing_key(&uid()),
        Err(GatewayFailure::Token(TokenFailure::KeyRefused { .. }))
    ));
}

#[test]
fn a_deletion_is_sent_once_and_with_its_reason() {
    let (gateway, client) = scene();
    gateway.will_hang();
    assert!(matches!(client.delete_billing_key(&uid(), "x"), Err(GatewayFailure::NoAnswer { .. })));
    gateway.will(502, "<html>");
    assert!(matches!(client.delete_billing_key(&uid(), "x"), Err(GatewayFailure::NoAnswer { .. })));
    gateway.will(200, r#"{"code":0,"message":null,"response":{"customer_uid":"gil dong%"}}"#);
    assert_eq!(client.delete_billing_key(&uid(), "해지 요청"), Ok(Deleted::Done));
    assert_eq!(
        gateway.requests(),
        [
            "DELETE /subscribe/customers/gil%20dong%25?reason=x T1",
            "DELETE /subscribe/customers/gil%20dong%25?reason=x T1",
            "DELETE /subscribe/customers/gil%20dong%25?reason=%ED%95%B4%EC%A7%80%20%EC%9A%94%EC%B2%AD T1",
        ]
    );
}

#[test]
fn a_deletion_that_got_no_token_is_told_from_one_that_got_no_answer() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_hang();
    let failure = client.delete_billing_key(&uid(), "x").unwrap_err();
    assert!(matches!(failure, GatewayFailure::Token(TokenFailure::NoAnswer { .. })), "{failure:?}");
    assert_eq!(gateway.requests().len(), 1, "nothing but the token was asked for");
}

#[test]
fn a_refused_deletion_is_no_missing_key_although_its_code_is_1() {
    let (gateway, client) = scene();
    gateway.will(200, r#"{"code":1,"message":"삭제 사유가 필요합니다.","response":null}"#);
    let answer = client.delete_billing_key(&uid(), "");
    assert!(matches!(answer, Err(GatewayFailure::Refused { code: 1, .. })), "{answer:?}");
    gateway.will(200, UNKNOWN);
    assert!(matches!(client.delete_billing_key(&uid(), ""), Ok(Deleted::NotFound { .. })));
}
