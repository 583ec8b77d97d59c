use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::refund::{Look, NotRefundable, Refund, RefundAnswer};
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;
use crate::gateway::client::Client;
use crate::gateway::fake::{FakeClock, FakeGateway, client};

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

fn refund(tax: Tax) -> Refund {
    let wall = Timestamp::from_second(1_512_446_940).unwrap();
    let sent = SendMark { wall, boot: None, gateway_s: None };
    let (id, uid) = (RefundId::parse("aaaaaaaa").unwrap(), MerchantUid::parse("order_1").unwrap());
    let (amount, reason) = (won(3_000), "늦게 옴".to_owned());
    Refund { amount, tax, reason, ..Refund::asked(id, uid, "imps_1", won(10_000), sent) }
}

/// A client that has a token at hand.
fn scene() -> (FakeGateway, Client) {
    let gateway = FakeGateway::default();
    let client = client(&gateway, &FakeClock::at(77));
    gateway.will_give_token("T1", 1_512_446_940, 1_512_448_740);
    client.token(false).unwrap();
    gateway.seen.lock().unwrap().clear();
    (gateway, client)
}

fn payment(status: &str, refunded: i64) -> Value {
    json!({"imp_uid": "imps_1", "merchant_uid": "order_1", "status": status, "amount": 10000,
        "cancel_amount": refunded, "currency": "KRW", "cancel_history": []})
}

fn enveloped(response: &Value) -> String {
    json!({"code": 0, "message": null, "response": response}).to_string()
}

fn sent_body(gateway: &FakeGateway) -> Value {
    let seen = gateway.seen.lock().unwrap();
    serde_json::from_str(seen.last().unwrap().json.as_ref().unwrap().expose()).unwrap()
}

#[test]
fn a_refund_names_its_amount_its_balance_and_its_id_and_no_tax_that_the_charge_did_not_name() {
    for (tax, notify, more) in [
        (Tax::default(), false, json!({})),
        (
            Tax { tax_free: Some(won(0)), vat_amount: Some(won(273)) },
            true,
            json!({"tax_free": 0, "vat_amount": 273, "enable_webhook": true}),
        ),
    ] {
        let (gateway, client) = scene();
        gateway.will(200, &enveloped(&payment("cancelled", 3_000)));
        client.refund(&refund(tax), notify);
        let mut expected =
            json!({"imp_uid": "imps_1", "amount": 3000, "checksum": 10000, "reason": "늦게 옴 #aaaaaaaa"});
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(sent_body(&gateway), expected);
        assert_eq!(gateway.requests(), ["POST /payments/cancel T1"]);
    }
}

#[test]
fn an_answer_to_a_refund_is_read_for_what_it_is() {
    let refused = r#"{"code":1,"message":"이미 전액취소된 주문입니다.","response":null}"#;
    let unauthorized = r#"{"code":-1,"message":"Unauthorized","response":null}"#;
    let other = enveloped(&json!({"imp_uid": "imps_2", "status": "cancelled", "amount": 10000}));
    for (status, body, expected) in [
        (200, enveloped(&payment("cancelled", 3_000)), "accepted"),
        (200, other, "unclear"),
        (200, r#"{"code":0,"message":null,"response":null}"#.to_owned(), "unclear"),
        (200, refused.to_owned(), "refused"),
        (400, refused.to_owned(), "refused"),
        (401, unauthorized.to_owned(), "unauthorized"),
        (403, refused.to_owned(), "unclear"),
        (429, refused.to_owned(), "unclear"),
        (500, refused.to_owned(), "unclear"),
        (502, "<html>".to_owned(), "unclear"),
        (200, "{\"code\":0".to_owned(), "unclear"),
    ] {
        let (gateway, client) = scene();
        gateway.will(status, &body);
        let reply = client.refund(&refund(Tax::default()), false);
        let read = match reply.answer {
            RefundAnswer::Accepted(_) => "accepted",
            RefundAnswer::Refused { .. } => "refused",
            RefundAnswer::Unauthorized => "unauthorized",
            RefundAnswer::NotSent(_) => "not sent",
            RefundAnswer::Unclear(_) => "unclear",
        };
        assert_eq!(read, expected, "{status} {body}");
        assert_eq!(reply.received.http_status, Some(status));
        assert_eq!(gateway.requests().len(), 1, "it is sent once");
    }
    let (gateway, client) = scene();
    gateway.will_hang();
    assert!(matches!(client.refund(&refund(Tax::default()), false).answer, RefundAnswer::Unclear(_)));
    gateway.will_be_unreachable();
    assert!(matches!(client.refund(&refund(Tax::default()), false).answer, RefundAnswer::NotSent(_)));
}

#[test]
fn a_payment_is_looked_at_as_what_it_is() {
    let not_found = r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#;
    let other = enveloped(&json!({"imp_uid": "imps_2", "status": "paid", "amount": 10000}));
    for (status, body, shown, why) in [
        (200, enveloped(&payment("paid", 0)), true, None),
        (200, enveloped(&payment("cancelled", 3_000)), true, None),
        (
            200,
            enveloped(&payment("failed", 0)),
            false,
            Some(NotRefundable::NotPaid(Some("failed".to_owned()))),
        ),
        (200, other, false, Some(NotRefundable::Unreadable)),
        (404, not_found.to_owned(), false, None),
        (403, not_found.to_owned(), false, None),
    ] {
        let (gateway, client) = scene();
        gateway.will(status, &body);
        let reply = client.look_at("imps_1", Some(won(10_000)), Currency::KRW);
        assert_eq!(
            (matches!(reply.look, Look::Shown(_)), reply.not_refundable),
            (shown, why),
            "{status} {body}"
        );
    }
}
