//! The server over real HTTP, byte by byte: what a browser would not send is sent too.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::domain::secret::Secret;
use crate::register::body::{Posted, Refused, Saved, Why};
use crate::register::guard::Receiver;
use crate::register::news::{News, Standing};
use crate::register::page::tests::job;
use crate::register::routes::{Check, Hear};
use crate::register::server::Server;
use crate::register::stream::{LIMITS, Limits};

const UID: &str = "gildong_0001_5678";

/// Sends these bytes and gives the whole answer; nothing if the connection was cut.
pub(super) fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

pub(super) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

pub(super) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// Knows one customer_uid, and counts how often it was asked.
fn known(asked: &Arc<AtomicU32>) -> Check {
    let asked = Arc::clone(asked);
    Arc::new(move |posted: &Posted| {
        asked.fetch_add(1, Ordering::SeqCst);
        if posted.customer_uid.as_str() != UID {
            return Err(Refused::new(Why::NotFound, "The gateway knows of no such billing key."));
        }
        Ok(Saved {
            customer_uid: posted.customer_uid.to_string(),
            card_name: Some("신한카드".to_owned()),
            card_number: None,
        })
    })
}

fn hears() -> Hear {
    Arc::new(|_: &News| Ok(Standing::Waiting))
}

struct Page {
    server: Server,
    host: String,
    token: String,
    asked: Arc<AtomicU32>,
}

fn page() -> Page {
    let asked = Arc::new(AtomicU32::new(0));
    let server = Server::page(0, job(), known(&asked), hears()).unwrap();
    let (_, token) = server.page_address().rsplit_once('/').unwrap();
    Page { host: server.address().to_string(), token: token.to_owned(), asked, server }
}

impl Page {
    fn get(&self, path: &str, host: &str, more: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
        exchange(self.server.address(), request.as_bytes())
    }

    /// A POST like the page's, with these lines of its head replaced.
    fn post(&self, replaced: &[(&str, &str)], body: &str) -> String {
        let origin = format!("http://{}", self.host);
        let length = body.len().to_string();
        let mut lines = vec![
            ("Host", self.host.as_str()),
            ("Origin", &origin),
            ("X-Billkey-Token", &self.token),
            ("Content-Type", "application/json"),
            ("Content-Length", &length),
        ];
        let head = head_of(&mut lines, replaced);
        let request = format!("POST /billings HTTP/1.1\r\n{head}\r\n{body}");
        exchange(self.server.address(), request.as_bytes())
    }
}

/// The lines of a head, some of them replaced; by nothing, where a line is to be left out.
pub(super) fn head_of<'a>(lines: &mut Vec<(&'a str, &'a str)>, replaced: &[(&'a str, &'a str)]) -> String {
    for (name, value) in replaced {
        lines.retain(|(other, _)| other != name);
        if !value.is_empty() {
            lines.push((name, value));
        }
    }
    lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

fn json(uid: &str) -> String {
    format!(r#"{{"customer_uid":"{uid}","imp_uid":null,"merchant_uid":"m"}}"#)
}

#[test]
fn the_page_is_at_its_token_and_nowhere_else() {
    let page = page();
    let good = page.get(&format!("/{}", page.token), &page.host, "");
    assert_eq!(status(&good), "200");
    for head in [
        "content-security-policy: default-src 'none'; script-src 'nonce-",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "frame-ancestors 'none'",
    ] {
        assert!(good.contains(head), "{head}");
    }
    let with_query = page.get(&format!("/{}?imp_uid=imp_1&imp_success=true", page.token), &page.host, "");
    assert_eq!(status(&with_query), "200");
    for path in ["/", "/index.html", "/billings/", "/00000000000000000000000000000000", "/open/x"] {
        assert_eq!(status(&page.get(path, &page.host, "")), "404", "{path}");
    }
    assert_eq!(status(&page.get("/billings", &page.host, "")), "405");
}

#[test]
fn the_address_a_browser_is_started_with_works_once() {
    let page = page();
    let (_, once) = page.server.open_address().split_once(&page.host).unwrap();
    let first = page.get(once, &page.host, "");
    assert_eq!(status(&first), "303");
    assert!(first.contains(&format!("location: /{}\r\n", page.token)));
    let second = page.get(once, &page.host, "");
    assert_eq!(status(&second), "410");
    assert!(!second.contains(&page.token));
}

#[test]
fn a_foreign_host_or_origin_gets_nothing() {
    let page = page();
    let path = format!("/{}", page.token);
    for host in ["evil.example", "localhost:80", "127.0.0.1"] {
        assert_eq!(status(&page.get(&path, host, "")), "403", "{host}");
        assert_eq!(status(&page.post(&[("Host", host)], &json(UID))), "403", "{host}");
    }
    assert_eq!(status(&page.get(&path, &page.host, "Origin: https://evil.example\r\n")), "403");
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(status(&page.post(&[("Origin", origin)], &json(UID))), "403", "{origin}");
    }
    assert_eq!(page.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_post_needs_the_token_json_and_the_one_customer_uid() {
    let page = page();
    let good = page.post(&[], &json(UID));
    assert_eq!((status(&good), body(&good).contains("신한카드")), ("200", true));
    assert_eq!(page.asked.swap(0, Ordering::SeqCst), 1);
    let large = "x".repeat(17 * 1024);
    for (replaced, posted, expected) in [
        (("X-Billkey-Token", ""), json(UID), "403"),
        (("X-Billkey-Token", "0123"), json(UID), "403"),
        (("Content-Type", ""), json(UID), "415"),
        (("Content-Type", "text/plain"), json(UID), "415"),
        (("Content-Type", "application/json; charset=utf-8"), "{".to_owned(), "400"),
        (("Content-Type", "application/json"), "{}".to_owned(), "400"),
        (("Content-Type", "application/json"), json("someone_else"), "409"),
        (("Content-Type", "application/json"), format!("\"{large}\""), "413"),
        (("Content-Type", "application/json"), format!("\"{}\"", large.repeat(100)), "413"),
        (("Content-Length", "4000000000"), json(UID), "413"),
    ] {
        let answer = page.post(&[replaced], &posted);
        assert_eq!(status(&answer), expected, "{replaced:?} {answer}");
        assert!(body(&answer).starts_with(r#"{"error":{"kind":""#), "{answer}");
    }
    assert_eq!(page.asked.load(Ordering::SeqCst), 0, "nothing of that reached the gateway");
    assert_eq!(status(&page.post(&[], &json(UID))), "200", "the server is still up");
}

fn receiver(limits: Limits, check: Check) -> Server {
    let receiver = Receiver {
        secret: Some(Secret::new("s3cret".to_owned())),
        origins: vec!["https://shop.example.com".to_owned()],
    };
    Server::with_limits(receiver, check, limits).unwrap()
}

fn posted_to(server: &Server, head: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST /billings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         {head}\r\n{body}"
    );
    exchange(server.address(), request.as_bytes())
}

const BEARER: &str = "Authorization: Bearer s3cret\r\n";

#[test]
fn a_receiver_wants_its_secret_and_says_what_it_knows() {
    let asked = Arc::new(AtomicU32::new(0));
    let server = receiver(LIMITS, known(&asked));
    let without = posted_to(&server, "", &json(UID));
    assert_eq!(status(&without), "401");
    assert!(without.contains("www-authenticate: Bearer\r\n"), "{without}");
    assert_eq!(status(&posted_to(&server, "Authorization: Bearer wrong\r\n", &json(UID))), "401");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(status(&posted_to(&server, BEARER, &json("nobody"))), "404");
    let good = posted_to(&server, BEARER, &json(UID));
    assert_eq!(
        body(&good),
        r#"{"customer_uid":"gildong_0001_5678","card_name":"신한카드","card_number":null}"#
    );
}

/// As `jQuery.ajax` sends what the gateway's guide has it send, and as other pages do: an object becomes a form
/// whatever the Content-Type says, and a text is sent as it is.
#[test]
fn a_receiver_takes_what_the_guides_page_sends_at_either_address() {
    let asked = Arc::new(AtomicU32::new(0));
    let server = receiver(LIMITS, known(&asked));
    let send = |path: &str, content_type: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: shop.example.com\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\
             Accept: */*\r\n{content_type}{BEARER}Origin: https://shop.example.com\r\nX-Requested-With: \
             XMLHttpRequest\r\nReferer: https://shop.example.com/card\r\n\r\n{body}"
        );
        exchange(server.address(), request.as_bytes())
    };
    let (json_type, form_type) = (
        "Content-Type: application/json\r\n",
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
    );
    let (form, long_form) =
        (format!("customer_uid={UID}"), format!("imp_uid=&customer_uid={UID}&merchant_uid=m+1"));
    let object = json(UID);
    for path in ["/billings", "/billings/"] {
        for content_type in [json_type, form_type, "Content-Type: application/json; charset=utf-8\r\n"] {
            for body in [&form, &long_form, &object] {
                let answer = send(path, content_type, body);
                assert_eq!(status(&answer), "200", "{path} {content_type} {body}: {answer}");
                assert!(body_of_saved(&answer), "{answer}");
            }
        }
    }
    assert_eq!(asked.swap(0, Ordering::SeqCst), 18);
    for (path, content_type, body, expected) in [
        ("/billings//", json_type, form.as_str(), "404"),
        ("/billings/x", json_type, &form, "404"),
        ("/billings/", "Content-Type: text/plain\r\n", &form, "415"),
        ("/billings/", "Content-Type: multipart/form-data; boundary=x\r\n", &form, "415"),
        ("/billings/", "", &object, "415"),
        ("/billings/", form_type, "imp_uid=imp_1", "400"),
        ("/billings/", json_type, "[object Object]", "400"),
    ] {
        assert_eq!(status(&send(path, content_type, body)), expected, "{path} {content_type} {body}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nothing of that reached the gateway");
}

fn body_of_saved(answer: &str) -> bool {
    body(answer).starts_with(&format!(r#"{{"customer_uid":"{UID}","card_name":"#))
}

#[test]
fn the_registration_page_itself_sends_json_and_nothing_else_is_taken_there() {
    let page = page();
    let form = format!("customer_uid={UID}");
    assert_eq!(status(&page.post(&[("Content-Type", "application/x-www-form-urlencoded")], &form)), "415");
    assert_eq!(status(&page.post(&[], &form)), "400");
    assert_eq!(page.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn only_the_origins_that_were_named_are_told_that_they_may() {
    let server = receiver(LIMITS, known(&Arc::default()));
    let preflight = |origin: &str| {
        let request = format!(
            "OPTIONS /billings HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\n\r\n"
        );
        exchange(server.address(), request.as_bytes())
    };
    let allowed = preflight("https://shop.example.com");
    assert_eq!(status(&allowed), "204");
    assert!(allowed.contains("access-control-allow-origin: https://shop.example.com\r\n"), "{allowed}");
    assert!(
        allowed.contains("access-control-allow-headers: authorization, content-type, x-requested-with\r\n"),
        "{allowed}"
    );
    let refused = preflight("https://evil.example");
    assert_eq!(status(&refused), "403");
    assert!(!refused.contains("access-control"), "{refused}");
    let head = format!("{BEARER}Origin: https://shop.example.com\r\n");
    let posted = posted_to(&server, &head, &json(UID));
    assert!(
        status(&posted) == "200" && posted.contains("access-control-allow-origin: https://shop"),
        "{posted}"
    );
    let head = format!("{BEARER}Origin: https://evil.example\r\n");
    assert_eq!(status(&posted_to(&server, &head, &json(UID))), "403");
}

#[test]
fn slow_clients_are_cut_off_and_the_others_are_served() {
    let limits = Limits { connections: 4, patience: Duration::from_millis(300), bytes: 4096 };
    let server = receiver(limits, known(&Arc::default()));
    // More of them than there are places: one sends nothing, the others half a head, or half a body.
    let slow: Vec<TcpStream> = (0..8)
        .map(|index| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            let half = format!("POST /billings HTTP/1.1\r\n{BEARER}Content-Length: 50\r\n");
            let sent = [String::new(), half.clone(), format!("{half}Host: x\r\n\r\n{{")];
            stream.write_all(sent[index % 3].as_bytes()).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(status(&posted_to(&server, BEARER, &json(UID))), "200");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(slow);
    let endless = vec![b'a'; 100_000];
    assert!(matches!(status(&exchange(server.address(), &endless)), "" | "400"));
    assert_eq!(status(&posted_to(&server, BEARER, &json(UID))), "200");
}

#[test]
fn a_check_that_takes_long_is_waited_for() {
    let limits = Limits { connections: 4, patience: Duration::from_millis(200), bytes: 4096 };
    let slow: Check = Arc::new(|posted: &Posted| {
        std::thread::sleep(Duration::from_millis(700));
        let customer_uid = posted.customer_uid.to_string();
        Ok(Saved { customer_uid, card_name: None, card_number: None })
    });
    let server = receiver(limits, slow);
    assert_eq!(status(&posted_to(&server, BEARER, &json(UID))), "200");
}

#[test]
fn a_check_that_panics_is_one_requests_trouble() {
    let bad: Check = Arc::new(|_: &Posted| panic!("on purpose"));
    let server = receiver(LIMITS, bad);
    for _ in 0..2 {
        assert_eq!(status(&posted_to(&server, BEARER, &json(UID))), "500");
    }
}

#[test]
fn every_request_has_its_line_and_no_secret_is_in_it() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let receiver = Receiver { secret: Some(Secret::new("s3cret".to_owned())), origins: Vec::new() };
    let log: crate::register::Log = Arc::new(move |line: &str| kept.lock().unwrap().push(line.to_owned()));
    let server =
        Server::receiver("127.0.0.1:0".parse().unwrap(), receiver, None, known(&Arc::default()), log)
            .unwrap();
    let _ = posted_to(&server, BEARER, &json(UID));
    let _ = posted_to(&server, "Authorization: Bearer s3cre\r\n", &json(UID));
    let _ = exchange(server.address(), b"GET /x?token=s3cret HTTP/1.1\r\nHost: x\r\n\r\n");
    server.stop(Duration::from_secs(5));
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("POST /billings 200 ") && lines[0].ends_with(UID), "{lines:?}");
    assert!(lines[1].starts_with("POST /billings 401 "), "{lines:?}");
    assert!(lines[2].starts_with("GET /x 404 "), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("s3cre")), "{lines:?}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let page = page();
    let error =
        Server::page(page.server.address().port(), job(), known(&Arc::default()), hears()).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}: address already in use", page.host));
}

#[test]
fn a_request_that_is_there_is_answered_before_the_end() {
    let slow: Check = Arc::new(|_: &Posted| {
        std::thread::sleep(Duration::from_millis(300));
        Err(Refused::new(Why::NotFound, "No."))
    });
    let server = receiver(LIMITS, slow);
    let address = server.address();
    let asking = std::thread::spawn(move || {
        let body = json(UID);
        let request = format!(
            "POST /billings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{BEARER}Content-Length: \
             {}\r\n\r\n{body}",
            body.len()
        );
        exchange(address, request.as_bytes())
    });
    std::thread::sleep(Duration::from_millis(100));
    server.stop(Duration::from_secs(5));
    assert_eq!(status(&asking.join().unwrap()), "404");
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn as_many_silent_connections_as_there_are_places_keep_nobody_out() {
    let asked = Arc::new(AtomicU32::new(0));
    let server = receiver(LIMITS, known(&asked));
    let connect = || TcpStream::connect(server.address()).unwrap();
    let silent: Vec<TcpStream> = (0..LIMITS.connections).map(|_| connect()).collect();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(status(&posted_to(&server, BEARER, &json(UID))), "200");
    }
    assert!(begun.elapsed() < LIMITS.patience / 2, "{:?}", begun.elapsed());
    drop(silent);
}
