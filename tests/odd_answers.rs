//! Answers that are none: the outcome is unknown, one request was made, what came is kept, and a
//! terminal is safe from it.

use std::time::{Duration, Instant};

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment};
use crate::support::world::{Ran, World};

const JSON: &str = "content-type: application/json\r\n";

/// What the gateway answers to the one charge.
type Odd = Box<dyn Fn(&Asked) -> Say + Send + Sync>;

fn raw(bytes: Vec<u8>) -> Odd {
    Box::new(move |_| Say::Raw(bytes.clone()))
}

fn json(body: impl Into<Vec<u8>>) -> Odd {
    raw(answer("200 OK", JSON, &body.into()))
}

/// A paid answer with another text in the place of one.
fn paid_but(text: &'static str, other: &'static str) -> Odd {
    Box::new(move |asked| {
        let body = envelope(&payment(asked, "paid"));
        assert!(body.contains(text), "{body}");
        Say::Json(200, body.replace(text, other))
    })
}

/// Charges, and gives what was said and the body that is kept of the answer.
#[track_caller]
fn unknown(odd: Odd) -> (Ran, Option<String>) {
    let gateway = Scripted::start(move |asked| match asked.method.as_str() {
        "POST" => odd(asked),
        _ => no_such_payment(),
    });
    let world = World::for_gateway(gateway.url());
    let ran = world.charge("order_1", &["--timeout", "1"]).exits(7).in_plain_words().holds_nothing_odd();
    assert_eq!(ran.json()["outcome"], "unknown", "{ran}");
    assert_eq!(ran.error()["exit"], 7, "{ran}");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!((shown["outcome"].as_str(), shown["attempts"].as_i64()), (Some("unknown"), Some(1)));
    let events = shown["history"].as_array().unwrap();
    let kept = events.iter().find(|event| event["event"] == "answer").expect("the answer is kept");
    world
        .run(&["history", "show", "order_1"])
        .exits(0)
        .holds_nothing_odd()
        .answers(&["unknown", "reconcile order_1"]);
    world.run(&["history"]).exits(0).holds_nothing_odd();
    let again = world.charge("order_1", &[]).exits(7).holds_nothing_odd();
    assert_eq!(gateway.charges(), 1, "{again}");
    let posts = gateway.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(posts, 2, "one for the token, one charge");
    (ran, kept["body"].as_str().map(str::to_owned))
}

#[track_caller]
fn unknown_with(odd: Odd, words: &[&str], kept: &str) {
    let (ran, body) = unknown(odd);
    let ran = ran.says(words);
    let body = body.unwrap_or_else(|| panic!("nothing was kept of the answer\n{ran}"));
    assert!(body.starts_with(kept), "kept is {body:?}");
}

#[test]
fn a_text_that_is_not_the_gateways_json_is_unknown() {
    let html = "<!doctype html><title>점검 중</title>";
    let page = |status: &str| raw(answer(status, "content-type: text/html\r\n", html.as_bytes()));
    unknown_with(page("200 OK"), &["HTTP 200", "web page"], html);
    unknown_with(page("502 Bad Gateway"), &["HTTP 502", "web page"], html);
    unknown_with(page("503 Service Unavailable"), &["HTTP 503"], html);
    unknown_with(json("ok"), &["HTTP 200", "not its JSON"], "ok");
    unknown_with(json("null"), &["HTTP 200"], "null");
    unknown_with(json("[]"), &["HTTP 200"], "[]");
    unknown_with(json(r#"{"code":"no","response":null}"#), &["HTTP 200"], r#"{"code":"no""#);
    for status in ["200 OK", "204 No Content", "500 Internal Server Error"] {
        let (ran, body) = unknown(raw(answer(status, JSON, b"")));
        ran.says(&[&format!("HTTP {}", &status[..3])]);
        assert_eq!(body, None);
    }
}

#[test]
fn a_json_answer_that_does_not_say_paid_for_this_order_is_unknown() {
    unknown_with(json(envelope("null")), &["code 0", "no payment"], r#"{"code":0"#);
    unknown_with(json(envelope("[]")), &["code 0", "no payment"], r#"{"code":0"#);
    for status in ["ready", "cancelled", "PAID", "승인"] {
        let odd: Odd = Box::new(move |asked| Say::Json(200, envelope(&payment(asked, status))));
        unknown_with(odd, &[status], r#"{"code":0"#);
    }
    unknown_with(paid_but(r#""status":"paid""#, r#""state":"paid""#), &["without a status"], "{");
    unknown_with(paid_but(r#""amount":8900"#, r#""amount":8901"#), &["₩8,901", "₩8,900"], "{");
    unknown_with(paid_but(r#""amount":8900"#, r#""amount":-8900"#), &["₩8,900"], "{");
    unknown_with(paid_but(r#""amount":8900"#, r#""amount":8900.5"#), &["₩8,900"], "{");
    unknown_with(paid_but(r#""amount":8900"#, r#""amount":null"#), &["₩8,900"], "{");
    unknown_with(paid_but(r#""currency":"KRW""#, r#""currency":"USD""#), &["USD", "₩8,900"], "{");
    unknown_with(paid_but(r#""order_1""#, r#""order_2""#), &["order_2", "order_1"], "{");
    unknown_with(paid_but(r#""order_1""#, "null"), &["which order"], "{");
    unknown_with(paid_but("gildong_0001_1234", "younghee"), &["younghee"], "{");
    unknown_with(paid_but(r#"{"code":0,"#, r#"{"code":1,"code":0,"#), &["HTTP 200"], r#"{"code":1,"#);
    unknown_with(paid_but(r#""status":"#, r#""status":"failed","status":"#), &["HTTP 200"], "{");
    unknown_with(paid_but(r#"{"code":0,"#, r#"{"code":1,"#), &["code 1", "a payment"], r#"{"code":1"#);
    let odd: Odd = Box::new(|asked| Say::Json(500, envelope(&payment(asked, "paid"))));
    unknown_with(odd, &["HTTP 500"], r#"{"code":0"#);
}

#[test]
fn an_answer_that_breaks_off_is_unknown_wherever_it_breaks() {
    let cut = |at: fn(&[u8], usize) -> usize| -> Odd {
        Box::new(move |asked| {
            let body = envelope(&payment(asked, "paid"));
            let whole = answer("200 OK", JSON, body.as_bytes());
            let begins = whole.len() - body.len();
            Say::Cut(whole[..at(&whole, begins)].to_vec())
        })
    };
    for at in [
        |_: &[u8], _| 0,
        |_: &[u8], _| 7,
        |_: &[u8], _| 17,
        |_: &[u8], begins| begins - 2,
        |_: &[u8], begins| begins,
    ] {
        let (_, body) = unknown(cut(at));
        assert_eq!(body, None);
    }
    unknown_with(cut(|whole, begins| begins + (whole.len() - begins) / 2), &["middle"], r#"{"code":0"#);
    unknown_with(cut(|whole, _| whole.len() - 1), &["middle"], r#"{"code":0"#);
    unknown(Box::new(|_| Say::Drop));
    unknown(Box::new(|_| Say::Cut(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())));
    unknown(Box::new(|_| Say::Cut(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())));
    let chunk = |tail: &'static str| -> Odd {
        Box::new(move |asked| {
            let body = envelope(&payment(asked, "paid"));
            let head = format!("HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n");
            Say::Cut(format!("{head}{:x}\r\n{body}{tail}", body.len()).into_bytes())
        })
    };
    unknown_with(chunk("\r\n"), &["middle"], r#"{"code":0"#);
    unknown_with(chunk("\r\nzz\r\n"), &["middle"], r#"{"code":0"#);
    let shortened: Odd = Box::new(|asked| {
        let body = envelope(&payment(asked, "paid"));
        let head = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: {}\r\n\r\n", body.len() - 3);
        Say::Cut(format!("{head}{body}").into_bytes())
    });
    unknown_with(shortened, &["HTTP 200"], r#"{"code":0"#);
}

#[test]
fn an_answer_that_is_too_much_is_unknown_and_its_start_is_kept() {
    let long: Odd = Box::new(|asked| {
        let body =
            envelope(&payment(asked, "paid")).replace("null,", &format!("\"{}\",", "a".repeat(10 << 20)));
        Say::Json(200, body)
    });
    let (ran, body) = unknown(long);
    ran.says(&["too long"]);
    let body = body.unwrap();
    assert!(body.starts_with(r#"{"code":0,"message":"aaaa"#) && body.len() < 1 << 20, "{} bytes", body.len());
    let deep =
        format!(r#"{{"code":0,"message":null,"response":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    unknown_with(json(deep), &["not its JSON"], r#"{"code":0,"#);
}

#[test]
fn an_answer_that_comes_too_slowly_is_unknown() {
    let begun = Instant::now();
    let drip: Odd = Box::new(|asked| {
        let body = envelope(&payment(asked, "paid"));
        Say::Drip(Duration::from_millis(20), answer("200 OK", JSON, body.as_bytes()))
    });
    let (ran, _) = unknown(drip);
    ran.says(&["within 1 s"]);
    let (ran, _) = unknown(Box::new(|_| Say::Hang(Duration::from_secs(4))));
    ran.says(&["did not answer within 1 s"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_redirect_is_not_followed_and_nothing_is_sent_twice() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent"] {
        let there = "location: /subscribe/payments/again?moved\r\n";
        let (ran, _) = unknown(raw(answer(status, there, b"")));
        ran.says(&["redirect", &status[..3]]);
    }
}

#[test]
fn what_the_gateway_says_cannot_speak_to_a_terminal() {
    let nasty = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}paid\u{2066}\r\u{9b}31m";
    unknown_with(json(nasty), &["HTTP 200"], nasty);
    let escaped = r"\u001b[2J\u202e\u0007";
    let status: Odd = Box::new(move |asked| {
        let paid = envelope(&payment(asked, "paid"));
        Say::Json(200, paid.replace(r#""status":"paid""#, &format!(r#""status":"{escaped}""#)))
    });
    unknown_with(status, &["is no result"], "{");
    let binary: Vec<u8> = (0..=255).collect();
    let (ran, body) = unknown(json(binary));
    ran.says(&["HTTP 200"]);
    assert_eq!(body, None, "bytes that are no text in any charset that was named");
    for (answer, exit) in
        [(format!(r#"{{"code":1,"message":"no {escaped}","response":null}}"#), 6), (String::new(), 5)]
    {
        let gateway = Scripted::start(move |asked| match asked.method.as_str() {
            "POST" if answer.is_empty() => {
                Say::Json(200, envelope(&payment(asked, "failed").replace("통장", escaped)))
            }
            "POST" => Say::Json(200, answer.clone()),
            _ => no_such_payment(),
        });
        let world = World::for_gateway(gateway.url());
        world.charge("order_1", &["-v"]).exits(exit).holds_nothing_odd();
        let table = ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x", "--yes"];
        world.run(&[&table[..], &["--merchant-uid", "order_1"]].concat()).exits(exit).holds_nothing_odd();
        for format in ["table", "plain", "csv", "json", "jsonl"] {
            world.run(&["history", "--format", format]).exits(0).holds_nothing_odd();
            world.run(&["history", "show", "order_1", "--format", format]).exits(0).holds_nothing_odd();
        }
    }
}
