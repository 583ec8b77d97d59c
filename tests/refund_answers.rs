//! What comes back over a refund, byte by byte: told for what it proves, and sent once.

use std::sync::Mutex;

use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, payment, record};
use crate::support::world::World;

/// The payment as a look-up shows it, with so much refunded and this history.
fn shown(refunded: i64, history: &str) -> String {
    let status = if refunded > 0 { "cancelled" } else { "paid" };
    record("order_1", "gildong_0001_1234", "8900", status)
        .replace(r#""cancel_amount":0"#, &format!(r#""cancel_amount":{refunded},"cancel_history":{history}"#))
}

/// A gateway that charges `order_1`, answers its refund so, and shows nothing refunded.
fn refunds(say: impl Fn() -> Say + Send + Sync + 'static) -> (Scripted, World) {
    let gateway = Scripted::start(move |asked| {
        if asked.is_charge() {
            return Say::Json(200, envelope(&payment(asked, "paid")));
        }
        if asked.path.starts_with("/payments/cancel") {
            say()
        } else {
            Say::Json(200, envelope(&shown(0, "[]")))
        }
    });
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
    (gateway, world)
}

type Answer = Box<dyn Fn() -> Say + Send + Sync>;

const TO_REFUND: [&str; 8] =
    ["refund", "order_1", "--amount", "1000", "--reason", "came late", "--yes", "--json"];

#[test]
fn an_answer_to_a_refund_is_told_for_what_it_proves_and_the_refund_is_sent_once() {
    let refusal = |words: &str| format!(r#"{{"code":-1,"message":"{words}","response":null}}"#);
    let entry = |amount: i64, reason: &str| {
        format!(r#"[{{"amount":{amount},"cancelled_at":1795000001,"reason":"{reason}","pg_tid":"t"}}]"#)
    };
    let json = |status: u16, body: String| move || Say::Json(status, body.clone());
    let other = envelope(&shown(1000, "[]").replace("imps_623347347957", "imps_1"));
    let cases: Vec<(&str, Answer, i32, &str, usize)> = vec![
        ("no words that anybody knows", Box::new(json(200, refusal("무엇인가"))), 6, "refused", 1),
        ("an earlier refund", Box::new(json(200, refusal("기취소거래"))), 7, "unknown", 1),
        ("a time-out at the PG", Box::new(json(200, refusal("[8041] 시스템 타임아웃"))), 7, "unknown", 1),
        ("code 0, and nothing refunded", Box::new(json(200, envelope(&shown(0, "[]")))), 7, "unknown", 1),
        ("code 0, and no entry", Box::new(json(200, envelope(&shown(1000, "[]")))), 7, "unknown", 1),
        (
            "code 0, and another's entry",
            Box::new(json(200, envelope(&shown(1000, &entry(1000, "관리자페이지취소"))))),
            7,
            "unknown",
            1,
        ),
        ("code 0, and another payment", Box::new(json(200, other)), 7, "unknown", 1),
        ("code 0, and no payment", Box::new(json(200, envelope("null"))), 7, "unknown", 1),
        ("403", Box::new(json(403, refusal("Forbidden"))), 7, "unknown", 1),
        ("429", Box::new(json(429, refusal("Too Many Requests"))), 7, "unknown", 1),
        ("500", Box::new(json(500, refusal("internal"))), 7, "unknown", 1),
        ("HTML", Box::new(json(200, "<html>점검 중</html>".to_owned())), 7, "unknown", 1),
        ("a 401 of a proxy", Box::new(json(401, "<html>Log in</html>".to_owned())), 7, "unknown", 1),
        ("a cut answer", Box::new(|| Say::Cut(b"HTTP/1.1 200 OK\r\ncontent-len".to_vec())), 7, "unknown", 1),
        ("two refused tokens", Box::new(json(401, refusal("Unauthorized"))), 4, "not_sent", 2),
    ];
    for (what, say, exit, outcome, sent) in cases {
        let (gateway, world) = refunds(say);
        let ran = world.run(&TO_REFUND);
        assert_eq!(
            (ran.code, ran.json()["refund"]["outcome"].as_str()),
            (exit, Some(outcome)),
            "{what}: {ran}"
        );
        assert_eq!(gateway.count("/payments/cancel"), sent, "{what}");
        // Exit 7 says to run the same again: it asks, and sends nothing.
        let again = world.run(&TO_REFUND);
        if exit == 7 {
            assert_eq!((again.code, gateway.count("/payments/cancel")), (7, sent), "{what}: {again}");
        }
        let _ = again.stderr.is_empty();
    }
}

#[test]
fn a_record_that_contradicts_itself_or_the_ledger_is_nothing_to_refund_by() {
    let entry = r#"[{"amount":1000,"cancelled_at":1795000001,"reason":"관리자페이지취소","pg_tid":"t"}]"#;
    let without_sum = shown(0, entry).replace(r#""cancel_amount":0,"#, "");
    for (what, record, exit) in [
        ("a history without a sum", without_sum, 8),
        ("a history that comes to more than the sum", shown(0, entry), 9),
        ("cancelled, and nothing of it", shown(0, "[]").replace(r#""paid""#, r#""cancelled""#), 8),
        ("more than was paid", shown(8901, "[]"), 8),
        ("another amount", shown(0, "[]").replace("8900", "8901"), 8),
        ("never paid", shown(0, "[]").replace(r#""paid""#, r#""failed""#), 8),
    ] {
        let body = Mutex::new(record);
        let gateway = Scripted::start(move |asked| {
            if asked.is_charge() {
                return Say::Json(200, envelope(&payment(asked, "paid")));
            }
            Say::Json(200, envelope(&body.lock().unwrap()))
        });
        let world = World::for_gateway(gateway.url());
        world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
        let ran = world.run(&TO_REFUND);
        assert_eq!(ran.code, exit, "{what}: {ran}");
        assert!(ran.stderr.contains("Nothing was sent"), "{what}: {ran}");
        assert_eq!((gateway.count("/payments/cancel"), &ran.stdout), (0, &String::new()), "{what}");
        assert_eq!(ran.error()["exit"], json!(exit), "{what}");
    }
}
