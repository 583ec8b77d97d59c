//! What the suites of public Python, Node and Go clients send, byte for byte, and what they want to hear.
//!
//! Each request has the head and the body that the client itself puts on the wire; only the token, the host
//! and the length are filled in. What is wanted is what the client's own suite asks of the live gateway.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::sandbox::clock::now_ms;
use crate::sandbox::tests::{Bench, Reply, read_reply};
use crate::sandbox::{IMP_KEY, IMP_SECRET};

const GILDONG: &str = "gildong_0001_1234";
const NO_PAYMENT: &str = "존재하지 않는 결제정보입니다.";
const NO_CUSTOMER: &str = "로 등록된 정보를 찾을 수 없습니다.";
const NOTHING_TO_CANCEL: &str = "취소할 결제건이 존재하지 않습니다.";

/// A client's way of writing requests.
struct Client<'a> {
    bench: &'a Bench,
    /// The head after the request line, with `TOKEN`, `HOST` and, where there is a body, `LENGTH`.
    head: &'static str,
    /// The same of a request without a body.
    bare_head: &'static str,
}

/// requests 2.26 under the official Python client, which sends its token in two headers of its time.
const PYTHON: &str = "Host: HOST\r\nUser-Agent: python-requests/2.26.0\r\nAccept-Encoding: gzip, deflate\r\n\
    Accept: */*\r\nConnection: keep-alive\r\nAuthorization: TOKEN\r\nContent-Type: application/json\r\n\
    Content-Length: LENGTH\r\n\r\n";
const PYTHON_BARE: &str = "Host: HOST\r\nUser-Agent: python-requests/2.26.0\r\n\
    Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nX-ImpTokenHeader: TOKEN\r\n\r\n";
/// request 2.88 under the official Node client, which writes names of headers small.
const NODE: &str = "Authorization: TOKEN\r\nhost: HOST\r\naccept: application/json\r\n\
    content-type: application/json\r\ncontent-length: LENGTH\r\nConnection: close\r\n\r\n";
const NODE_BARE: &str = "Authorization: TOKEN\r\nhost: HOST\r\naccept: application/json\r\n\
    Connection: close\r\n\r\n";
/// The standard library under the official Go client. It calls text a form whose names follow a blank.
const GO: &str = "Host: HOST\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: LENGTH\r\n\
    Authorization: TOKEN\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n\r\n";
const GO_JSON: &str = "Host: HOST\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: LENGTH\r\n\
    Authorization: TOKEN\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n";
const GO_BARE: &str = "Host: HOST\r\nUser-Agent: Go-http-client/1.1\r\nAuthorization: TOKEN\r\n\
    Accept-Encoding: gzip\r\n\r\n";

impl Client<'_> {
    fn python(bench: &Bench) -> Client<'_> {
        Client { bench, head: PYTHON, bare_head: PYTHON_BARE }
    }

    fn node(bench: &Bench) -> Client<'_> {
        Client { bench, head: NODE, bare_head: NODE_BARE }
    }

    fn go(bench: &Bench) -> Client<'_> {
        Client { bench, head: GO, bare_head: GO_BARE }
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, self.bare_head, "")
    }

    fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, self.bare_head, "")
    }

    fn post(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, self.head, body)
    }

    fn post_json(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, GO_JSON, body)
    }

    /// Sends the bytes and reads one whole answer: these connections are kept open.
    fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Reply {
        let address = self.bench.sandbox.api_url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = head
            .replace("HOST", &address)
            .replace("TOKEN", &self.bench.token)
            .replace("LENGTH", &body.len().to_string());
        stream.write_all(format!("{method} {path} HTTP/1.1\r\n{head}{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let count = stream.read(&mut chunk).unwrap();
            bytes.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&bytes);
            let is_whole = text.contains("\r\n\r\n") && read_reply(&text).is_ok();
            assert!(count > 0 || is_whole, "{method} {path}: {text}");
            if is_whole {
                return read_reply(&text).unwrap();
            }
        }
    }
}

fn soon() -> i64 {
    now_ms() / 1000 + 1000
}

/// What a suite wants of a refusal: the status, the code, and words that are part of the message.
fn assert_refused(what: &str, reply: &Reply, wanted: (u16, i64, &str)) {
    let (code, message) = reply.refusal();
    assert_eq!((reply.status, code), (wanted.0, wanted.1), "{what}: {message}");
    assert!(message.contains(wanted.2), "{what}: {message}");
}

#[test]
fn the_suite_of_the_official_python_client_hears_what_it_wants() {
    let bench = Bench::start("");
    let python = Client::python(&bench);
    let card = r#""card_number": "4092-0230-1234-1234", "expiry": "2019-03", "birth": "500203""#;
    let schedules = format!(
        r#"[{{"merchant_uid": "pay_schedule_1", "schedule_at": {}, "amount": 5000, "name": "\uc8fc\ubb38\uba85", "buyer_name": "\uc8fc\ubb38\uc790\uba85", "buyer_email": "\uc8fc\ubb38\uc790 Email\uc8fc\uc18c", "buyer_tel": "\uc8fc\ubb38\uc790 \uc804\ud654\ubc88\ud638", "buyer_addr": "\uc8fc\ubb38\uc790 \uc8fc\uc18c", "buyer_postcode": "\uc6b0\ud3b8\ubc88\ud638"}}]"#,
        soon()
    );
    for (path, body, wanted) in [
        (
            "/subscribe/payments/again",
            r#"{"customer_uid": "00000000", "merchant_uid": "1234qwer", "amount": 5000}"#.to_owned(),
            (200, 1, "등록되지 않은 구매자입니다."),
        ),
        (
            "/subscribe/payments/onetime",
            format!(r#"{{"merchant_uid": "LE8B2NB5Q2", "amount": 5000, {card}, "pwd_2digit": "19"}}"#),
            (200, -1, "카드정보 인증에 실패하였습니다."),
        ),
        (
            "/subscribe/customers/customer_1234",
            format!(r#"{{"customer_uid": "customer_1234", {card}}}"#),
            (200, -1, "카드정보 인증 및 빌키 발급에 실패하였습니다."),
        ),
        (
            "/subscribe/payments/foreign",
            r#"{"merchant_uid": "uid", "amount": 100, "card_number": "card-number", "expiry": "2016-08"}"#
                .to_owned(),
            (200, -1, ""),
        ),
        (
            "/subscribe/payments/schedule",
            format!(r#"{{"customer_uid": "00000000", "schedules": {schedules}}}"#),
            (200, 1, "등록된 고객정보가 없습니다."),
        ),
        (
            "/subscribe/payments/unschedule",
            r#"{"customer_uid": "00000000", "extra": ""}"#.to_owned(),
            (200, 1, "취소할 예약결제 기록이 존재하지 않습니다."),
        ),
        (
            "/payments/cancel",
            r#"{"imp_uid": "nothing", "reason": "reason", "amount": 100}"#.to_owned(),
            (200, 1, NOTHING_TO_CANCEL),
        ),
        (
            "/payments/cancel",
            r#"{"merchant_uid": "any-merchant_uid", "reason": "any-reason"}"#.to_owned(),
            (200, 1, NOTHING_TO_CANCEL),
        ),
    ] {
        assert_refused(path, &python.post(path, &body), wanted);
    }
    for (path, wanted) in [
        ("/payments/test", (404, -1, NO_PAYMENT)),
        ("/payments/find/%C3%A2%C3%A0%C3%A1a%C4%81", (404, -1, NO_PAYMENT)),
        ("/subscribe/customers/000000", (200, 1, NO_CUSTOMER)),
        ("/certifications/imp_12341234", (404, -1, "인증결과가 존재하지 않습니다.")),
        ("/subscribe/payments/schedule/no_such_order", (404, -1, "")),
        ("/subscribe/customers?customer_uid%5B%5D=00000000", (404, -1, NO_CUSTOMER)),
    ] {
        assert_refused(path, &python.get(path), wanted);
    }
    assert_refused("delete", &python.delete("/subscribe/customers/00000000"), (200, 1, NO_CUSTOMER));
    assert_refused("delete", &python.delete("/certifications/imp_12341234"), (404, -1, "인증결과"));
    assert_refused("vbank", &python.delete("/vbanks/imp_12341234"), (404, -1, ""));
}

#[test]
fn the_official_python_client_pays_finds_and_schedules() {
    let bench = Bench::start("");
    let python = Client::python(&bench);
    let body = format!(r#"{{"customer_uid": "{GILDONG}", "merchant_uid": "1234qwer", "amount": 5000}}"#);
    assert_eq!(python.post("/subscribe/payments/again", &body).response()["status"], "paid");
    for path in ["/payments/find/1234qwer", "/payments/find/1234qwer/paid"] {
        let found = python.get(path).response();
        assert_eq!((&found["merchant_uid"], &found["amount"]), (&"1234qwer".into(), &5000.into()), "{path}");
    }
    assert_eq!(python.get("/payments/find/1234qwer/cancelled").status, 404);
    let prepared = python.post("/payments/prepare", r#"{"merchant_uid": "mid", "amount": 12000}"#).response();
    assert_eq!((&prepared["merchant_uid"], &prepared["amount"]), (&"mid".into(), &12000.into()));
    assert_eq!(python.get("/payments/prepare/mid").response()["amount"], 12000);
    let at = soon();
    let body = format!(
        r#"{{"customer_uid": "{GILDONG}", "schedules": [{{"merchant_uid": "s_1", "schedule_at": {at}, "amount": 2001}}]}}"#
    );
    assert_eq!(python.post("/subscribe/payments/schedule", &body).response()[0]["merchant_uid"], "s_1");
    let range = format!("schedule_from={at}&schedule_to={}", at + 1);
    // A parameter that the caller left empty is sent all the same.
    for query in [format!("?{range}"), format!("?{range}&schedule_status=&page=&limit=")] {
        let found = python.get(&format!("/subscribe/payments/schedule{query}")).response();
        assert_eq!(found["list"][0]["merchant_uid"], "s_1", "{query}");
    }
    let body = format!(r#"{{"customer_uid": "{GILDONG}", "merchant_uid": "s_1"}}"#);
    let revoked = python.post("/subscribe/payments/unschedule", &body).response();
    assert_eq!(revoked[0]["schedule_status"], "revoked");
    let paid = python.get(&format!("/subscribe/customers/{GILDONG}/payments")).response();
    assert_eq!(paid["list"].as_array().unwrap().len(), 1);
}

#[test]
fn the_suites_of_two_node_clients_hear_what_they_want() {
    let bench = Bench::start("");
    let node = Client::node(&bench);
    let card = r#""card_number":"1234-1234-1234-1234","expiry":"2020-02","birth":"920220""#;
    let number = "유효하지않은 카드번호를 입력하셨습니다.";
    let holder = r#""vbank_code":"03","vbank_due":1795938000,"vbank_holder":"PLAT Corp""#;
    let order = r#""merchant_uid":"iamporter-test-merchant-uid","amount":5000"#;
    for (path, body, wanted) in [
        ("/subscribe/payments/onetime", format!("{{{order},{card}}}"), (200, -1, number)),
        ("/subscribe/payments/foreign", format!("{{{order},{card}}}"), (200, -1, number)),
        (
            "/subscribe/payments/again",
            format!(r#"{{"customer_uid":"iamporter-test-customer-uid",{order}}}"#),
            (200, 1, "등록되지 않은 구매자입니다."),
        ),
        (
            "/payments/cancel",
            r#"{"imp_uid":"iamporter-test-imp-uid"}"#.to_owned(),
            (200, 1, NOTHING_TO_CANCEL),
        ),
        ("/payments/cancel", "{}".to_owned(), (200, 1, "지정해주셔야합니다.")),
        ("/vbanks", format!("{{{order},{holder}}}"), (200, -1, "계약이 필요합니다.")),
        ("/users/getToken", r#"{"imp_key":"","imp_secret":""}"#.to_owned(), (400, -1, "누락되었습니다.")),
    ] {
        assert_refused(path, &node.post(path, &body), wanted);
    }
    for (path, wanted) in [
        ("/payments/iamporter-test-imp-uid", (404, -1, NO_PAYMENT)),
        ("/payments/find/iamporter-test-merchant-uid", (404, -1, NO_PAYMENT)),
        ("/payments/findAll/iamporter-test-merchant-uid/", (404, -1, NO_PAYMENT)),
        ("/payments/status/iamporter-test-status", (400, -1, "지원되지 않는 상태값입니다.")),
        (
            "/payments/prepare/iamporter-test-merchant-uid",
            (404, -1, "사전등록된 결제정보가 존재하지 않습니다."),
        ),
        ("/certifications/iamporter-test-imp-uid", (404, -1, "인증결과가 존재하지 않습니다.")),
        ("/subscribe/customers/iamporter-test-uid", (200, 1, NO_CUSTOMER)),
    ] {
        assert_refused(path, &node.get(path), wanted);
    }
    assert_refused("delete", &node.delete("/subscribe/customers/iamporter-test-uid"), (200, 1, NO_CUSTOMER));
    let stranger = Bench { token: "invalid-token".to_owned(), ..bench.neighbour() };
    let stranger = Client::node(&stranger);
    for path in ["/payments/undefined", "/subscribe/customers/undefined", "/payments/prepare/undefined"] {
        assert_refused(path, &stranger.get(path), (401, -1, "Unauthorized"));
    }
}

#[test]
fn two_node_clients_pay_cancel_and_ask_for_lists() {
    let bench = Bench::start("");
    let node = Client::node(&bench);
    let card = r#""card_number":"5409-2600-0000-0006","expiry":"2099-12","birth":"900101","pwd_2digit":"00""#;
    let body = format!(r#"{{"merchant_uid":"merchant_1","amount":1000,"customer_uid":"new",{card}}}"#);
    assert_eq!(node.post("/subscribe/payments/onetime", &body).response()["status"], "paid");
    let body = r#"{"customer_uid":"new","merchant_uid":"merchant_2","amount":"1000"}"#;
    let paid = node.post("/subscribe/payments/again", body).response();
    assert_eq!((&paid["status"], &paid["amount"]), (&"paid".into(), &1000.into()), "an amount as text");
    for query in ["", "?page=1&limit=5&from=&to=", "?sorting=-started", "?page=1"] {
        let list = node.get(&format!("/payments/status/all{query}")).response();
        assert_eq!(list["list"].as_array().unwrap().len(), 2, "{query}");
    }
    let ids = "?imp_uid%5B%5D=IMP&imp_uid%5B%5D=imp_none".replace("IMP", paid["imp_uid"].as_str().unwrap());
    let found = node.get(&format!("/payments{ids}"));
    assert_eq!((found.status, &found.response()[0]["merchant_uid"]), (207, &"merchant_2".into()));
    let body = r#"{"merchant_uid":"merchant_2","reason":"x","amount":"100"}"#;
    assert_eq!(node.post("/payments/cancel", body).response()["cancel_amount"], 100);
    let at = soon();
    let one = |order: &str| format!(r#"{{"merchant_uid":"{order}","schedule_at":{at},"amount":10}}"#);
    let body = format!(r#"{{"customer_uid":"new","schedules":[{},{}]}}"#, one("s_1"), one("s_2"));
    assert_eq!(node.post("/subscribe/payments/schedule", &body).response()[1]["merchant_uid"], "s_2");
    let range = format!("page=1&from={at}&to={}&schedule-status=scheduled", at + 1);
    for path in ["/subscribe/payments/schedule/customers/new", "/subscribe/customers/new/schedules"] {
        let list = node.get(&format!("{path}?{range}")).response();
        assert_eq!(list["list"].as_array().unwrap().len(), 2, "{path}");
    }
    let deleted = node.delete("/subscribe/customers/new?reason=r&requester=me").response();
    assert_eq!(deleted["customer_uid"], "new");
}

#[test]
fn the_suite_of_the_official_go_client_hears_what_it_wants() {
    let bench = Bench::start("");
    let go = Client::go(&bench);
    let order = "merchant_2026-11-29 06=00=00.123456789 +0900 KST m=+0.004567";
    let who = "testcustomer_gosdk_2026-11-29 06=00=00.12 +0900 KST m=+0.004";
    let buyer = "name=아임포트 GO SDK 테스트& buyer_name=홍길동& buyer_email=example@example.com& buyer_tel=01012341234";
    for (path, body, wanted) in [
        (
            "/subscribe/payments/again",
            format!("customer_uid={who}& merchant_uid={order}& amount=1000& {buyer}"),
            (200, 1, "등록되지 않은 구매자입니다."),
        ),
        (
            "/subscribe/payments/onetime",
            format!(
                "merchant_uid=merchant_1&amount=1000&card_number=1111-2222-3333-4444&expiry=2025-08&birth=911125&pwd_2digit=11&{buyer}"
            ),
            (200, -1, "유효하지않은 카드번호를 입력하셨습니다."),
        ),
        ("/payments/cancle", "imp_uid=imp_1&amount=10.5".to_owned(), (405, -1, "")),
    ] {
        assert_refused(path, &go.post(path, &body), wanted);
    }
    let who = "testcustomer_gosdk_2026-11-29 06:00:00.12 +0900 KST m=+0.004";
    let card =
        r#""card_number":"1111-2222-3333-4444", "expiry":"2025-08", "birth":"911125", "pwd_2digit":"11""#;
    let schedule = format!(
        r#"{{"merchant_uid":"merchant_", "schedule_at":{}, "amount":1000, "name":"아임포트 GO SDK 테스트"}}"#,
        soon()
    );
    for (path, body, wanted) in [
        (
            "/subscribe/payments/schedule",
            format!(r#"{{"customer_uid":"{who}", {card}, "schedules":[{schedule}]}}"#),
            (200, 1, "카드"),
        ),
        (
            "/subscribe/payments/unschedule",
            format!(r#"{{"customer_uid":"{who}"}}"#),
            (200, 1, "취소할 예약결제 기록이 존재하지 않습니다."),
        ),
        (
            "/subscribe/customers/testcustomer_gosdk_aBcDe",
            format!(r#"{{"customer_uid":"testcustomer_gosdk_aBcDe", {card}}}"#),
            (200, -1, "유효하지않은 카드번호를 입력하셨습니다."),
        ),
    ] {
        assert_refused(path, &go.post_json(path, &body), wanted);
    }
    for (path, wanted) in [
        ("/payments/find/ORD20180131-0009728/123", (400, -1, "지원되지 않는 상태값입니다.")),
        ("/payments/findAll/ORD20180131-0009728/123", (400, -1, "지원되지 않는 상태값입니다.")),
        (
            "/subscribe/customers?customer_uid[]=gosdk_aBcDe&customer_uid[]=gosdk_fGhIj",
            (404, -1, NO_CUSTOMER),
        ),
        ("/subscribe/customers/testcustomer_gosdk_aBcDe", (200, 1, NO_CUSTOMER)),
        (
            "/subscribe/payments/schedule/merchant_2026-11-29%2006:00:00.1%20+0900%20KST%20m=+0.01",
            (404, -1, ""),
        ),
    ] {
        assert_refused(path, &go.get(path), wanted);
    }
    let path = "/subscribe/customers/testcustomer_gosdk_aBcDe?reason=just%20test&requester=";
    assert_refused(path, &go.delete(path), (200, 1, NO_CUSTOMER));
    let to = now_ms() / 1000;
    let range = format!("page=1&from={}&to={to}&schedule-status=", to - 100_000);
    for path in [
        format!("/subscribe/payments/schedule/customers/gosdk_aBcDe?{range}"),
        format!("/subscribe/customers/gosdk_aBcDe/schedules?{range}"),
        "/subscribe/customers/gosdk_aBcDe/payments?page=0".to_owned(),
    ] {
        assert_eq!(go.get(&path).response()["list"], Value::Array(Vec::new()), "{path}");
    }
}

#[test]
fn the_official_go_client_finds_its_payments_newest_first() {
    let bench = Bench::start("");
    let go = Client::go(&bench);
    let token = go.post("/users/getToken", &format!("imp_key={IMP_KEY}& imp_secret={IMP_SECRET}")).response();
    assert_eq!(token["access_token"], bench.token.as_str(), "a token that lives is given again");
    let older = bench.again(GILDONG, "ORD20180131-0009728").response()["imp_uid"].clone();
    std::thread::sleep(Duration::from_millis(5));
    let newer = bench.again(GILDONG, "merchant_1601964102920").response()["imp_uid"].clone();
    let (older, newer) = (older.as_str().unwrap(), newer.as_str().unwrap());
    let both = go.get(&format!("/payments?imp_uid[]={older}&imp_uid[]={newer}")).response();
    assert_eq!((&both[0]["imp_uid"], &both[1]["imp_uid"]), (&newer.into(), &older.into()));
    assert_eq!(go.get(&format!("/payments/{older}")).status, 404, "of a test channel (facts 3.2)");
    assert_eq!(go.get(&format!("/payments/{older}?include_sandbox=true")).response()["imp_uid"], older);
    for path in ["find/ORD20180131-0009728/", "find/ORD20180131-0009728/paid"] {
        assert_eq!(go.get(&format!("/payments/{path}")).response()["imp_uid"], older, "{path}");
    }
    for path in ["", "paid", "?page=1", "paid?page=1", "paid?sorting=paid&page=1"] {
        let list = go.get(&format!("/payments/findAll/ORD20180131-0009728/{path}")).response();
        assert_eq!(list["list"][0]["imp_uid"], older, "{path}");
    }
    assert_eq!(go.get("/payments/findAll/ORD20180131-0009728/?page=2").status, 400);
    let (from, to) = (now_ms() / 1000 - 86_400, now_ms() / 1000 + 1);
    for path in ["all", "all?limit=10", &format!("paid?limit=10&from={from}&to={to}&sorting=-paid")] {
        let list = go.get(&format!("/payments/status/{path}")).response();
        assert_eq!(list["list"].as_array().unwrap().len(), 2, "{path}");
    }
    let prepared = go.post("/payments/prepare", "amount=4711&merchant_uid=aBcDeFgHiJ").response();
    assert_eq!((&prepared["merchant_uid"], &prepared["amount"]), (&"aBcDeFgHiJ".into(), &4711.into()));
    assert_eq!(go.get("/payments/prepare/aBcDeFgHiJ").response(), prepared);
    assert_eq!(go.get(&format!("/payments/{older}/balance")).response()["amount"], 8900);
}
