//! What stays of an answer: readable in the charset that it came in.

use encoding_rs::EUC_KR;

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment};
use crate::support::world::World;

/// A gateway that declines every charge in these bytes.
fn declining(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| match asked.method.as_str() {
        "POST" => Say::Raw(answer(asked)),
        _ => no_such_payment(),
    })
}

/// A failed payment whose reason is this.
fn failed(asked: &Asked, reason: &str) -> String {
    let body = envelope(&payment(asked, "failed"));
    assert!(body.contains("[CC10] 통장 잔액부족"), "{body}");
    body.replace("[CC10] 통장 잔액부족", reason)
}

#[test]
fn an_answer_in_another_charset_is_read_in_it() {
    let gateway = declining(|asked| {
        let body = failed(asked, "통장 잔액부족");
        answer("200 OK", "content-type: application/json; charset=EUC-KR\r\n", &EUC_KR.encode(&body).0)
    });
    let world = World::for_gateway(gateway.url());
    let charged = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(charged["message"], "통장 잔액부족");
    assert_eq!(charged["who_acts"], "customer");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert!(shown["history"][1]["body"].as_str().unwrap().contains("통장 잔액부족"), "{shown}");
}

#[test]
fn what_cannot_be_read_is_not_kept_as_text_and_hides_no_outcome() {
    let gateway = declining(|asked| {
        let body = failed(asked, "통장 잔액부족");
        answer("200 OK", "content-type: application/json\r\n", &EUC_KR.encode(&body).0)
    });
    let world = World::for_gateway(gateway.url());
    let charged = world.charge("order_1", &[]).exits(5);
    assert_eq!(charged.json()["outcome"], "declined", "{charged}");
    assert!(charged.json()["message"].is_null(), "{charged}");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0);
    assert!(shown.json()["history"][1]["body"].is_null(), "{shown}");
    assert!(!shown.stdout.contains('\u{fffd}') && !charged.stdout.contains('\u{fffd}'), "{shown}");
}
