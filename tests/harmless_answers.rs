//! Answers that deviate from the published form without meaning anything else by it: everything
//! works as ever.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, payment, record, token};
use crate::support::world::World;

const JSON: &str = "content-type: application/json\r\n";

/// A gateway's way of putting an answer onto the wire.
type Style = fn(status: u16, body: &str) -> Say;

fn usual(status: u16, head: &str, body: &str) -> Say {
    Say::Raw(answer(&format!("{status} Whatever"), head, body.as_bytes()))
}

/// From a member of an object to the members that stand in its place.
type Change<'a> = dyn Fn(&str, Value) -> Vec<(String, Value)> + 'a;

/// The body with each member of each object changed.
fn changed(body: &str, change: &Change<'_>) -> String {
    fn walk(value: Value, change: &Change<'_>) -> Value {
        match value {
            Value::Object(object) => {
                let members = object.into_iter().flat_map(|(key, value)| change(&key, walk(value, change)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            Value::Array(items) => items.into_iter().map(|item| walk(item, change)).collect(),
            other => other,
        }
    }
    walk(serde_json::from_str(body).unwrap(), change).to_string()
}

/// Objects with their keys the other way round.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let members =
                object.iter().rev().map(|(key, value)| format!("{}:{}", json!(key), reversed(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

const STYLES: &[(&str, Style)] = &[
    ("HTTP 201", |status, body| usual(if status == 200 { 201 } else { status }, JSON, body)),
    ("HTTP 202", |status, body| usual(if status == 200 { 202 } else { status }, JSON, body)),
    ("fractional times", |status, body| {
        let body = changed(body, &|key, value| {
            let time = key.ends_with("_at") || ["now", "inserted", "updated"].contains(&key);
            let value = if time && value.is_number() {
                serde_json::from_str(&format!("{value}.625")).unwrap()
            } else {
                value
            };
            vec![(key.to_owned(), value)]
        });
        usual(status, JSON, &body)
    }),
    ("numbers as strings", |status, body| {
        let body = changed(body, &|key, value| {
            let value = if value.is_number() { json!(value.to_string()) } else { value };
            vec![(key.to_owned(), value)]
        });
        usual(status, JSON, &body)
    }),
    ("amounts with decimals", |status, body| usual(status, JSON, &body.replace(":8900,", ":8900.00,"))),
    ("unknown fields", |status, body| {
        let body = changed(body, &|key, value| {
            let new = json!({"new": [1, {"status": "failed", "code": 1}], "amount": 1});
            vec![(key.to_owned(), value), (format!("x_{key}"), new)]
        });
        usual(status, JSON, &body)
    }),
    ("missing optional fields", |status, body| {
        let needed = [
            "code",
            "response",
            "access_token",
            "now",
            "expired_at",
            "list",
            "next",
            "total",
            "imp_uid",
            "merchant_uid",
            "status",
            "amount",
            "customer_uid",
            "paid_at",
            "started_at",
        ];
        let body = changed(body, &|key, value| {
            needed.contains(&key).then(|| (key.to_owned(), value)).into_iter().collect()
        });
        usual(status, JSON, &body)
    }),
    ("optional fields null", |status, body| {
        let optional = ["sandbox", "apply_num", "cancel_amount", "fail_reason", "name", "cancel_history"];
        let body = changed(body, &|key, value| {
            vec![(key.to_owned(), if optional.contains(&key) { Value::Null } else { value })]
        });
        usual(status, JSON, &body)
    }),
    ("a message with a success", |status, body| {
        usual(status, JSON, &body.replace(r#""message":null"#, r#""message":"성공""#))
    }),
    ("white space", |status, body| {
        let value: Value = serde_json::from_str(body).unwrap();
        usual(status, JSON, &format!("\r\n\t {} \n\n", serde_json::to_string_pretty(&value).unwrap()))
    }),
    ("keys in another order", |status, body| {
        usual(status, JSON, &reversed(&serde_json::from_str(body).unwrap()))
    }),
    ("escaped characters and slashes", |status, body| {
        let escaped: String = body
            .chars()
            .map(|c| match c {
                '/' => "\\/".to_owned(),
                c if c.is_ascii() => c.to_string(),
                c => format!("\\u{:04x}", u32::from(c)),
            })
            .collect();
        usual(status, JSON, &escaped)
    }),
    ("a charset", |status, body| usual(status, "Content-Type: application/json;charset=UTF-8\r\n", body)),
    ("another content type", |status, body| usual(status, "content-type: text/html\r\n", body)),
    ("no content type", |status, body| usual(status, "", body)),
    ("upper-case header names", |status, body| {
        let head = format!("HTTP/1.1 {status} OK\r\nCONTENT-TYPE: application/json\r\n");
        Say::Raw(format!("{head}CONTENT-LENGTH:{}\r\n\r\n{body}", body.len()).into_bytes())
    }),
    ("a connection for each", |status, body| {
        let head = format!("{JSON}Connection: close\r\n");
        Say::Cut(answer(&format!("{status} OK"), &head, body.as_bytes()))
    }),
    ("a connection cut in silence", |status, body| {
        Say::Cut(answer(&format!("{status} OK"), JSON, body.as_bytes()))
    }),
    ("HTTP/1.0", |status, body| Say::Cut(format!("HTTP/1.0 {status} OK\r\n{JSON}\r\n{body}").into_bytes())),
    ("chunks", |status, body| {
        let mut bytes =
            format!("HTTP/1.1 {status} OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for chunk in body.as_bytes().chunks(100) {
            bytes.extend(format!("{:X};x=y\r\n", chunk.len()).into_bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\nx-trailer: 1\r\n\r\n");
        Say::Raw(bytes)
    }),
    ("100 Continue first", |status, body| {
        let whole = answer(&format!("{status} OK"), JSON, body.as_bytes());
        Say::Raw([b"HTTP/1.1 100 Continue\r\n\r\n", &whole[..]].concat())
    }),
    ("many headers", |status, body| {
        let head: String = (0..60).map(|n| format!("x-header-{n}: {}\r\n", "v".repeat(50))).collect();
        usual(status, &format!("{JSON}{head}"), body)
    }),
];

const CUSTOMER: &str = r#"{"card_code":"366","card_name":"신한카드","card_number":"5409-26**-****-1234","card_type":0,"customer_name":"홍길동","customer_uid":"gildong_0001_1234","inserted":1795000000,"pg_id":"nictest04m","pg_provider":"nice","sandbox":true,"updated":1795000000}"#;

/// What an ordinary gateway says: status and body. The answer to `order_lost` gets lost; `charged`: it was.
fn ordinary(asked: &Asked, charged: bool) -> Option<(u16, String)> {
    let path = asked.path.split('?').next().unwrap();
    Some(match path {
        "/users/getToken" => (200, token(1800)),
        "/subscribe/payments/again" if asked.body.contains("order_lost") => return None,
        "/subscribe/payments/again" if asked.body.contains("order_declined") => {
            (200, envelope(&payment(asked, "failed")))
        }
        "/subscribe/payments/again" => (200, envelope(&payment(asked, "paid"))),
        "/subscribe/customers/gildong_0001_1234" => (200, envelope(CUSTOMER)),
        "/payments/findAll/order_lost" if charged => {
            let paid = record("order_lost", "gildong_0001_1234", "8900", "paid");
            (200, envelope(&format!(r#"{{"list":[{paid}],"next":0,"previous":0,"total":1}}"#)))
        }
        path if path.starts_with("/payments/findAll/") => {
            (404, r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#.to_owned())
        }
        other => panic!("the gateway was asked for {other}"),
    })
}

/// Whether `order_lost` was charged before this request.
fn charged(asked: &Asked, lost: &AtomicUsize) -> bool {
    let is_now = asked.is_charge() && asked.body.contains("order_lost");
    lost.fetch_add(usize::from(is_now), Ordering::SeqCst) > 0
}

#[test]
fn every_command_works_with_every_harmless_deviation() {
    for (name, style) in STYLES {
        let lost = AtomicUsize::new(0);
        let gateway = Scripted::start_whole(move |asked| match ordinary(asked, charged(asked, &lost)) {
            Some((status, body)) => style(status, &body),
            None => Say::Drop,
        });
        let world = World::for_gateway(gateway.url());
        let context = |ran: &crate::support::world::Ran| format!("with {name}: {ran}");
        let token = world.run(&["token", "--refresh", "--json"]).exits(0);
        let left = token.json()["expires_in"].as_i64().unwrap();
        assert!((1790..=1800).contains(&left), "{}", context(&token));
        let added = world.run(&["customer", "add", "gildong_0001_1234", "--json"]).exits(0);
        if *name != "missing optional fields" {
            assert_eq!(added.json()["card_number"], "5409-26**-****-1234", "{}", context(&added));
        }
        let paid = world.charge("order_1", &[]);
        assert_eq!((paid.code, paid.stderr.as_str()), (0, ""), "{}", context(&paid));
        assert_eq!(paid.json()["amount"], json!(8900), "{}", context(&paid));
        assert_eq!(paid.json()["paid_at"], "2026-11-18T20:06:40+09:00", "{}", context(&paid));
        let declined = world.charge("order_declined", &["--allow-similar"]);
        assert_eq!(declined.code, 5, "{}", context(&declined));
        assert_eq!(world.charge("order_lost", &["--allow-similar"]).code, 7, "with {name}");
        let found = world.charge("order_lost", &["--allow-similar"]);
        assert_eq!(found.code, 0, "{}", context(&found));
        assert_eq!(found.json()["imp_uid"], "imps_623347347957", "{}", context(&found));
        assert_eq!(gateway.charges(), 3, "with {name}");
        assert_eq!(gateway.count("/users/getToken"), 1, "with {name}: the token was not kept");
    }
}
