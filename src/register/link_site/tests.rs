//! The pages behind links over real HTTP, byte by byte: what a browser would not send is sent too.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::domain::secret::Secret;
use crate::register::body::{Posted, Refused, Saved, Why};
use crate::register::guard::Receiver;
use crate::register::link_site::{LinkDesk, Links, OpenLink};
use crate::register::news::{News, Standing};
use crate::register::page::tests::job;
use crate::register::routes::Check;
use crate::register::server::Server;
use crate::register::tests::{body, exchange, head_of, status};

const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
const USED: &str = "1111111111111111111111111111111111111111";
const EXPIRED: &str = "2222222222222222222222222222222222222222";
const REVOKED: &str = "3333333333333333333333333333333333333333";
const UID: &str = "gildong_0001_5678";

/// Knows one link that can be used and three that cannot.
#[derive(Default)]
struct Desk {
    checked: AtomicU32,
    heard: Mutex<Vec<String>>,
}

impl LinkDesk for Desk {
    fn find(&self, token: &str) -> Result<OpenLink, Refused> {
        let why = match token {
            TOKEN => return Ok(OpenLink { id: "a".repeat(12), job: job() }),
            USED => Why::Used,
            EXPIRED => Why::Expired,
            REVOKED => Why::Revoked,
            _ => Why::NotFound,
        };
        Err(Refused::new(why, "No."))
    }

    fn hear(&self, token: &str, news: &News) -> Result<Standing, Refused> {
        let _ = self.find(token)?;
        self.heard.lock().unwrap().push(news.to_string());
        Ok(Standing::Waiting)
    }

    fn check(&self, token: &str) -> Result<Saved, Refused> {
        self.checked.fetch_add(1, Ordering::SeqCst);
        let _ = self.find(token)?;
        Ok(Saved { customer_uid: UID.to_owned(), card_name: None, card_number: None })
    }
}

struct Shop {
    server: Server,
    desk: Arc<Desk>,
    lines: Arc<Mutex<Vec<String>>>,
}

/// Served at `https://shop.example.com/billkey`, with a secret for the merchant's own pages.
fn shop() -> Shop {
    let (desk, lines) = (Arc::new(Desk::default()), Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&lines);
    let log: crate::register::Log = Arc::new(move |line: &str| kept.lock().unwrap().push(line.to_owned()));
    let nobody: Check = Arc::new(|_: &Posted| Err(Refused::new(Why::NotFound, "Nobody.")));
    let receiver = Receiver { secret: Some(Secret::new("s3cret".to_owned())), origins: Vec::new() };
    let public_url = "https://Shop.example.com/billkey".to_owned();
    let links = Links { public_url, desk: desk.clone() };
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::receiver(address, receiver, Some(links), nobody, log).unwrap();
    Shop { server, desk, lines }
}

impl Shop {
    fn get(&self, path: &str, head: &str) -> String {
        let head = if head.contains("Host:") {
            head.to_owned()
        } else {
            format!("Host: shop.example.com\r\n{head}")
        };
        exchange(self.server.address(), format!("GET {path} HTTP/1.1\r\n{head}\r\n").as_bytes())
    }

    /// A POST as the page sends it, with these lines of its head replaced.
    fn post(&self, path: &str, replaced: &[(&str, &str)], body: &str) -> String {
        let token = path.split('/').find(|part| part.len() == TOKEN.len()).unwrap_or_default();
        let length = body.len().to_string();
        let mut lines = vec![
            ("Host", "shop.example.com"),
            ("Origin", "https://shop.example.com"),
            ("X-Billkey-Token", token),
            ("Content-Type", "application/json"),
            ("Content-Length", &length),
        ];
        let head = head_of(&mut lines, replaced);
        exchange(self.server.address(), format!("POST {path} HTTP/1.1\r\n{head}\r\n{body}").as_bytes())
    }

    fn checked(&self) -> u32 {
        self.desk.checked.load(Ordering::SeqCst)
    }
}

fn asks() -> String {
    format!(r#"{{"customer_uid":"{UID}"}}"#)
}

#[test]
fn a_link_leads_to_its_page_with_and_without_the_path_that_the_web_server_may_take_away() {
    let shop = shop();
    for path in
        [format!("/billkey/card/{TOKEN}"), format!("/card/{TOKEN}"), format!("/card/{TOKEN}?imp_uid=imp_1")]
    {
        let answer = shop.get(&path, "");
        assert_eq!(status(&answer), "200", "{path}");
        for head in [
            "content-security-policy: default-src 'none'; script-src 'nonce-",
            "frame-ancestors 'none'",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: strict-origin\r\n",
        ] {
            assert!(answer.contains(head), "{head}: {answer}");
        }
        assert!(!answer.contains("s3cret"), "{answer}");
    }
    for path in
        ["/card", "/card/", "/billkey/card", "/other/card/x", "/billkey/", "/card/x/y", "/card//billings"]
    {
        assert!(matches!(status(&shop.get(path, "")), "404" | "405"), "{path}");
    }
}

#[test]
fn a_link_that_leads_nowhere_has_a_page_and_a_status_of_its_own() {
    let shop = shop();
    for (token, expected, en, ko) in [
        (USED, "409", "This link has been used", "이미 사용한 링크입니다"),
        (EXPIRED, "410", "This link is no longer valid", "유효 기간이 지난 링크입니다"),
        (REVOKED, "410", "This link was taken back", "취소된 링크입니다"),
        ("0123456789abcdef0123456789abcdef01234568", "404", "There is no such link", "없는 링크입니다"),
        ("%2e%2e%2fledger.db", "404", "There is no such link", "없는 링크입니다"),
    ] {
        let path = format!("/card/{token}");
        let english = shop.get(&path, "Accept-Language: en-GB\r\n");
        assert_eq!(status(&english), expected, "{english}");
        assert!(english.contains(en) && english.contains("referrer-policy: no-referrer\r\n"), "{english}");
        assert!(!english.contains("<script"), "{english}");
        let korean = shop.get(&path, "Accept-Language: ko-KR,ko;q=0.9\r\n");
        assert!(korean.contains(ko) && korean.contains("lang=\"ko\""), "{korean}");
        let checked = shop.post(&format!("{path}/news"), &[], r#"{"kind":"opened","device":"d"}"#);
        if token.len() == TOKEN.len() {
            assert_eq!(status(&checked), expected, "{checked}");
        }
    }
}

#[test]
fn what_a_web_server_says_of_a_request_lets_nobody_in() {
    let shop = shop();
    let (path, own) = (format!("/card/{TOKEN}"), shop.server.address());
    for host in ["evil.example", "shop.example.com.evil.example", "shop.example.com:80", "127.0.0.1", ""] {
        for more in ["", "X-Forwarded-Host: shop.example.com\r\n", "Forwarded: host=shop.example.com\r\n"] {
            let answer = shop.get(&path, &format!("Host: {host}\r\n{more}"));
            assert_eq!(status(&answer), "421", "{host} {more}");
        }
    }
    let port = own.port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "SHOP.example.com:443".to_owned()]
    {
        assert_eq!(status(&shop.get(&path, &format!("Host: {host}\r\n"))), "200", "{host}");
    }
    // nginx speaks HTTP/1.0 unless it is told otherwise.
    let old = |head: &str| exchange(own, format!("GET {path} HTTP/1.0\r\n{head}\r\n").as_bytes());
    assert_eq!(status(&old("Host: shop.example.com\r\n")), "200");
    assert_eq!(status(&old("")), "421");
    assert_eq!(status(&shop.get(&path, "Host: shop.example.com\r\nHost: evil.example\r\n")), "421");
    for secret in ["", "Authorization: Bearer s3cret\r\n", "X-Forwarded-For: 127.0.0.1\r\n"] {
        assert_eq!(status(&shop.get("/card/guessed", secret)), "404", "{secret}");
    }
}

#[test]
fn only_the_links_own_page_can_post_and_only_about_its_own_customer() {
    let shop = shop();
    let path = format!("/billkey/card/{TOKEN}/billings");
    let large = format!("{{\"customer_uid\":\"{}\"}}", "x".repeat(17 * 1024));
    for (replaced, posted, expected) in [
        (("Origin", "https://evil.example"), asks(), "403"),
        (("Origin", "null"), asks(), "403"),
        (("Host", "evil.example"), asks(), "421"),
        (("X-Billkey-Token", ""), asks(), "403"),
        (("X-Billkey-Token", USED), asks(), "403"),
        (("Content-Type", "text/plain"), asks(), "415"),
        (("Content-Type", "application/x-www-form-urlencoded"), format!("customer_uid={UID}"), "415"),
        (("Content-Type", "application/json"), large.clone(), "413"),
        (("Content-Length", "10485760"), asks(), "413"),
        (("Content-Type", "application/json"), "{}".to_owned(), "400"),
        (("Content-Type", "application/json"), r#"{"customer_uid":"someone_else"}"#.to_owned(), "409"),
    ] {
        let answer = shop.post(&path, &[replaced], &posted);
        assert_eq!(status(&answer), expected, "{replaced:?} {answer}");
        assert!(body(&answer).starts_with(r#"{"error":{"kind":""#), "{answer}");
    }
    assert_eq!(shop.checked(), 0, "nothing of that reached the gateway");
    assert_eq!(status(&shop.get(&path, "")), "405");
    let good = shop.post(&path, &[], &asks());
    assert_eq!((status(&good), shop.checked()), ("200", 1), "{good}");
}

#[test]
fn who_asks_for_one_card_again_and_again_asks_the_gateway_once_a_second() {
    let shop = shop();
    let path = format!("/card/{TOKEN}/billings");
    let answers: Vec<String> = (0..5).map(|_| shop.post(&path, &[], &asks())).collect();
    let statuses: Vec<&str> = answers.iter().map(|answer| status(answer)).collect();
    assert_eq!(statuses[0], "200");
    assert!(statuses[1..].contains(&"429") && shop.checked() < 5, "{statuses:?}");
    let many = answers.iter().find(|answer| status(answer) == "429").unwrap();
    assert!(many.contains("retry-after: 5\r\n") && many.contains("\"too_many\""), "{many}");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(status(&shop.post(&path, &[], &asks())), "200");
}

#[test]
fn of_two_customers_at_one_link_one_has_the_window() {
    let shop = shop();
    let path = format!("/card/{TOKEN}/news");
    let news = |kind: &str, device: &str| {
        shop.post(&path, &[], &format!(r#"{{"kind":"{kind}","device":"{device}"}}"#))
    };
    for (kind, device, expected) in [
        ("opened", "a", "200"),
        ("opened", "b", "200"),
        ("window", "a", "200"),
        ("window", "b", "409"),
        ("ended", "a", "200"),
        ("window", "b", "200"),
        ("window", "a", "409"),
    ] {
        let answer = news(kind, device);
        assert_eq!(status(&answer), expected, "{kind} {device} {answer}");
        assert!(expected == "200" || answer.contains("\"in_use\""), "{answer}");
    }
    assert_eq!(body(&news("opened", "c")), r#"{"state":"waiting"}"#);
}

#[test]
fn the_log_names_links_and_holds_no_token() {
    let shop = shop();
    let _ = shop.get(&format!("/card/{TOKEN}"), "");
    let _ = shop.post(&format!("/billkey/card/{TOKEN}/news"), &[], r#"{"kind":"no_sdk","device":"d"}"#);
    let _ = shop.get("/card/some-guess", "");
    let _ = exchange(
        shop.server.address(),
        format!("GET /elsewhere/card/{TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes(),
    );
    shop.server.stop(Duration::from_secs(5));
    let lines = shop.lines.lock().unwrap();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(TOKEN) || line.contains("some-guess")), "{lines:?}");
    assert!(
        lines[0].contains(" 200 ") && lines[0].ends_with(&format!("{UID} by the link aaaaaaaaaaaa")),
        "{lines:?}"
    );
    assert!(lines[1].ends_with("the payment window could not be loaded"), "{lines:?}");
}
