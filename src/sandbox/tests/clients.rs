//! What public clients of the gateway send, byte for byte, and what badly behaved ones do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::tests::{Bench, Reply, read_reply};
use crate::sandbox::{IMP_KEY, IMP_SECRET};

const GILDONG: &str = "gildong_0001_1234";

fn connect(bench: &Bench) -> TcpStream {
    let stream = TcpStream::connect(bench.sandbox.api_url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends bytes as they are and reads to the end of the connection.
fn send(bench: &Bench, request: &str) -> Reply {
    let mut stream = connect(bench);
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    read_reply(&text).unwrap()
}

#[test]
fn a_slash_at_the_end_of_a_path_makes_no_difference() {
    let bench = Bench::start("");
    let body = json!({"customer_uid": GILDONG, "merchant_uid": "order_1", "amount": 100, "name": "n"});
    let paid = bench.post("/subscribe/payments/again/", &body).response();
    let imp_uid = paid["imp_uid"].as_str().unwrap();
    assert_eq!(bench.get(&format!("/payments/?imp_uid[0]={imp_uid}")).response()[0]["imp_uid"], imp_uid);
    assert_eq!(bench.get("/payments/findAll/order_1/").response()["total"], 1);
    assert_eq!(bench.get("/payments/find/order_1/?sorting=-started").response()["imp_uid"], imp_uid);
    assert_eq!(
        bench.post("/payments/cancel/", &json!({"imp_uid": imp_uid})).response()["cancel_amount"],
        100
    );
}

#[test]
fn the_go_client_s_blank_before_imp_secret_is_borne() {
    let bench = Bench::start("");
    let form = "application/x-www-form-urlencoded";
    for body in [
        format!("imp_key={IMP_KEY}&+imp_secret={IMP_SECRET}"),
        format!("imp_key={IMP_KEY}&%20imp_secret={IMP_SECRET}"),
    ] {
        assert_eq!(bench.exchange("POST", "/users/getToken", form, &body).unwrap().status, 200, "{body}");
    }
}

#[test]
fn a_multipart_form_is_a_form() {
    let bench = Bench::start("");
    let part = |name: &str, value: &str| {
        format!("--------x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [
        part("customer_uid", GILDONG),
        part("merchant_uid", "order_1"),
        part("amount", "8900"),
        part("name", "월 구독"),
        "--------x--\r\n".to_owned(),
    ]
    .concat();
    let content_type = "multipart/form-data; boundary=------x";
    let paid = bench.exchange("POST", "/subscribe/payments/again", content_type, &body).unwrap().response();
    assert_eq!((&paid["status"], &paid["name"]), (&json!("paid"), &json!("월 구독")));
}

#[test]
fn a_token_is_taken_from_an_old_header_and_from_the_query() {
    let bench = Bench::start("");
    let token = bench.token.as_str();
    let with = |path: &str, header: &str| {
        send(&bench, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}Connection: close\r\n\r\n")).status
    };
    assert_eq!(with("/users/pg", ""), 401);
    assert_eq!(with("/users/pg", &format!("X-ImpTokenHeader: {token}\r\n")), 200);
    assert_eq!(with(&format!("/users/pg?_token={token}"), ""), 200);
    assert_eq!(with("/users/pg?_token=0000", ""), 401);
    assert_eq!(with(&format!("/users/pg?_token={token}"), "Authorization: Bearer 0000\r\n"), 401);
}

#[test]
fn a_charge_without_a_name_is_made() {
    let bench = Bench::start("");
    let body = json!({"customer_uid": GILDONG, "merchant_uid": "order_1", "amount": 100});
    let paid = bench.post("/subscribe/payments/again", &body).response();
    assert_eq!((&paid["status"], &paid["name"]), (&json!("paid"), &Value::Null));
}

#[test]
fn a_long_merchant_uid_is_minded_after_the_customer() {
    let bench = Bench::start("");
    let long = "m".repeat(60);
    assert_eq!(bench.again("nobody", &long).refusal(), (1, "등록되지 않은 구매자입니다.".to_owned()));
    let refused = bench.again(GILDONG, &long);
    assert_eq!((refused.status, refused.refusal().0), (400, -1));
    assert_eq!(bench.charges(&long), (2, 0));
}

#[test]
fn what_is_not_served_is_told_in_json_and_only_to_who_has_a_token() {
    let bench = Bench::start("");
    for (method, path, status) in [
        ("GET", "/payments/find/order_1/paid/more", 404),
        ("POST", "/no/such/path", 404),
        ("GET", "/payments/cancel", 405),
        ("DELETE", "/subscribe/payments/again", 405),
    ] {
        let reply = bench.exchange(method, path, "application/json", "").unwrap();
        assert_eq!((reply.status, reply.refusal().0), (status, -1), "{method} {path}");
        let stranger = bench.exchange_as("Bearer 0000", method, path, "application/json", "").unwrap();
        assert_eq!(
            (stranger.status, stranger.refusal().1.as_str()),
            (401, "Unauthorized"),
            "{method} {path}"
        );
    }
}

#[test]
fn a_request_without_a_host_is_refused() {
    let bench = Bench::start("");
    let token = &bench.token;
    let head = format!("Authorization: {token}\r\nConnection: close\r\n\r\n");
    assert_eq!(send(&bench, &format!("GET /users/pg HTTP/1.1\r\n{head}")).status, 400);
    assert_eq!(send(&bench, &format!("GET /users/pg HTTP/1.1\r\nHost: a\r\nHost: b\r\n{head}")).status, 400);
    assert_eq!(send(&bench, &format!("GET /users/pg HTTP/1.0\r\n{head}")).status, 200);
}

#[test]
fn a_body_that_is_too_long_or_breaks_off_charges_nothing() {
    let bench = Bench::start("");
    let order = |padding: usize| {
        let custom_data = "x".repeat(padding);
        json!({"customer_uid": GILDONG, "merchant_uid": "order_1", "amount": 100, "custom_data": custom_data})
    };
    let long = bench.post("/subscribe/payments/again", &order(1 << 20));
    assert_eq!((long.status, bench.charges("order_1")), (413, (0, 0)));
    let body = order(10).to_string();
    let (token, length) = (&bench.token, body.len() + 1);
    let mut stream = connect(&bench);
    let head = format!(
        "POST /subscribe/payments/again HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(bench.charges("order_1"), (0, 0));
    assert_eq!(bench.post("/subscribe/payments/again", &order(100_000)).response()["status"], "paid");
}

#[test]
fn connections_that_bring_no_whole_request_are_given_up() {
    let bench = Bench::start("idle_limit=300ms");
    let start = Instant::now();
    let silent = connect(&bench);
    let mut in_its_head = connect(&bench);
    in_its_head.write_all(b"GET /users/pg HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut in_its_body = connect(&bench);
    in_its_body
        .write_all(b"POST /users/getToken HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nimp_")
        .unwrap();
    let mut after_an_answer = connect(&bench);
    after_an_answer.write_all(b"GET /users/pg HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    for (what, mut stream) in [
        ("silent", silent),
        ("in its head", in_its_head),
        ("in its body", in_its_body),
        ("after an answer", after_an_answer),
    ] {
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(ended.is_ok(), "{what}: {ended:?} after {:?}", start.elapsed());
    }
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(250) && waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn a_client_that_drips_its_request_is_not_waited_for_longer() {
    let bench = Bench::start("idle_limit=300ms");
    let start = Instant::now();
    let mut stream = connect(&bench);
    let mut sent = stream.write_all(b"GET /users/pg HTTP/1.1\r\nX-Slow: ");
    while sent.is_ok() && start.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(50));
        sent = stream.write_all(b"x");
    }
    assert!(sent.is_err(), "still held after {:?}", start.elapsed());
}

#[test]
fn an_answer_may_take_longer_than_a_request() {
    let bench = Bench::start("idle_limit=200ms,slow=900ms");
    assert_eq!(bench.again(GILDONG, "order_1").response()["status"], "paid");
}
