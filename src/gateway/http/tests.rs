use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{GatewaySetupError, HttpTransport, IDLE_MAX, ProxyAddress, TransportConfig};
use crate::domain::secret::Secret;
use crate::gateway::transport::{
    BODY_BYTES_MAX, Body, HttpAnswer, HttpRequest, Method, Transport, TransportError,
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

/// A server that does to every request what it was told, and counts.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `behave` gets the connection after each request that came whole, with its number from 1;
    /// `false` ends the connection.
    fn start(behave: impl Fn(&mut TcpStream, usize) -> bool + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Server { url, connections: Arc::default(), requests: Arc::default() };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        let behave = Arc::new(behave);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (mut stream, requests, behave) =
                    (stream.unwrap(), Arc::clone(&requests), Arc::clone(&behave));
                std::thread::spawn(move || {
                    while let Some(request) = read_request(&mut stream) {
                        let number = {
                            let mut requests = requests.lock().unwrap();
                            requests.push(request);
                            requests.len()
                        };
                        if !behave(&mut stream, number) {
                            break;
                        }
                    }
                });
            }
        });
        server
    }

    fn answering(answer: &'static str) -> Server {
        Server::start(move |stream, _| stream.write_all(answer.as_bytes()).is_ok())
    }

    /// Requests and connections so far, after a moment in which another could come.
    fn counts(&self) -> (usize, usize) {
        std::thread::sleep(Duration::from_millis(100));
        (self.requests.lock().unwrap().len(), self.connections.load(Ordering::SeqCst))
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse().ok())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
    }
}

fn config(url: &str) -> TransportConfig {
    TransportConfig {
        api_url: url.to_owned(),
        connect_timeout: Duration::from_secs(2),
        ca_file: None,
        proxy: None,
        tier: None,
        trace: None,
        secrets: Vec::new(),
    }
}

fn proxy(address: &str) -> ProxyAddress {
    ProxyAddress { address: address.to_owned(), shown: "http://***@p (HTTPS_PROXY)".to_owned() }
}

fn transport(url: &str) -> HttpTransport {
    HttpTransport::new(&config(url)).unwrap()
}

fn charge() -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        path_and_query: "/subscribe/payments/again".to_owned(),
        token: Some(Secret::new(TOKEN.to_owned())),
        json: Some(Body::Open(r#"{"amount":8900}"#.to_owned())),
        read_timeout: Duration::from_millis(500),
    }
}

fn lost(result: Result<HttpAnswer, TransportError>) -> (String, Option<u16>, Vec<u8>) {
    match result {
        Err(TransportError::Lost { reason, status, body }) => (reason.to_string(), status, body),
        other => panic!("{other:?}"),
    }
}

fn not_sent(result: Result<HttpAnswer, TransportError>) -> String {
    match result {
        Err(TransportError::NotSent { reason }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_request_goes_out_once_with_its_headers_and_its_body() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let answer = transport(&format!("{}/", server.url)).send(&charge()).unwrap();
    assert_eq!(answer, HttpAnswer { status: 200, body: b"{}".to_vec(), cut: false, retry_after: None });
    assert_eq!(server.counts(), (1, 1));
    let request = server.requests.lock().unwrap()[0].clone();
    assert!(request.starts_with("POST /subscribe/payments/again HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"amount\":8900}"), "{request}");
    for header in [
        format!("authorization: Bearer {TOKEN}"),
        "content-type: application/json".to_owned(),
        format!("user-agent: billkey/{}", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
}

#[test]
fn the_second_request_takes_the_first_ones_connection() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let transport = transport(&server.url);
    transport.send(&charge()).unwrap();
    transport.send(&charge()).unwrap();
    assert_eq!(server.counts(), (2, 1));
}

#[test]
fn a_connection_that_was_idle_for_seconds_is_not_used() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let transport = transport(&server.url);
    transport.send(&charge()).unwrap();
    std::thread::sleep(IDLE_MAX + Duration::from_millis(200));
    transport.send(&charge()).unwrap();
    assert_eq!(server.counts(), (2, 2));
}

#[test]
fn any_whole_answer_is_handed_on() {
    for (head, status) in [
        ("HTTP/1.1 404 Not Found", 404),
        ("HTTP/1.1 502 Bad Gateway", 502),
        ("HTTP/1.1 401 Unauthorized", 401),
    ] {
        let answer = format!("{head}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n<p>");
        let server = Server::start(move |stream, _| stream.write_all(answer.as_bytes()).is_ok());
        let answer = transport(&server.url).send(&charge()).unwrap();
        assert_eq!((answer.status, answer.body), (status, b"<p>".to_vec()));
        assert_eq!(server.counts(), (1, 1));
    }
}

#[test]
fn redirects_are_handed_on_and_not_followed() {
    let elsewhere = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let location = elsewhere.url.clone();
    for status in [301, 302, 303, 307, 308] {
        let head =
            format!("HTTP/1.1 {status} Moved\r\nLocation: {location}/again\r\nContent-Length: 0\r\n\r\n");
        let server = Server::start(move |stream, _| stream.write_all(head.as_bytes()).is_ok());
        assert_eq!(transport(&server.url).send(&charge()).unwrap().status, status);
        assert_eq!(server.counts(), (1, 1));
    }
    assert_eq!(elsewhere.counts(), (0, 0));
}

#[test]
fn a_closed_port_means_not_sent() {
    let reason = not_sent(transport(&format!("http://127.0.0.1:{}", closed_port())).send(&charge()));
    assert_eq!(reason, "127.0.0.1 refused the connection");
}

#[test]
fn a_gateway_that_does_not_answer_in_time_is_lost() {
    let server = Server::start(|_, _| {
        std::thread::sleep(Duration::from_secs(3));
        false
    });
    let begun = Instant::now();
    let (reason, status, body) = lost(transport(&server.url).send(&charge()));
    assert_eq!((reason.as_str(), status, body.len()), ("the gateway did not answer within 500 ms", None, 0));
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn slow_headers_are_waited_for() {
    let server = Server::start(|stream, _| {
        for part in ["HTTP/1.1 200 ", "OK\r\nContent-", "Length: 2\r\n\r\n", "{", "}"] {
            std::thread::sleep(Duration::from_millis(40));
            stream.write_all(part.as_bytes()).unwrap();
        }
        true
    });
    assert_eq!(transport(&server.url).send(&charge()).unwrap().body, b"{}");
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn a_connection_closed_after_the_request_is_lost() {
    let server = Server::start(|_, _| false);
    let (reason, status, _) = lost(transport(&server.url).send(&charge()));
    assert_eq!(reason, "the connection ended without an answer that can be read");
    assert_eq!((status, server.counts()), (None, (1, 1)));
}

#[test]
fn a_connection_reset_before_the_answer_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        // Closing with bytes unread resets the connection.
        let (stream, _) = listener.accept().unwrap();
        stream.peek(&mut [0]).unwrap();
        drop(stream);
        listener.set_nonblocking(true).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        listener.accept().is_err()
    });
    let (reason, status, _) = lost(transport(&url).send(&charge()));
    assert_eq!((reason.as_str(), status), ("the connection was reset before the gateway answered", None));
    assert!(server.join().unwrap(), "it was tried again");
}

#[test]
fn a_kept_connection_that_dies_under_a_request_does_not_repeat_it() {
    let server = Server::start(|stream, number| {
        number == 1 && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").is_ok()
    });
    let transport = transport(&server.url);
    transport.send(&charge()).unwrap();
    lost(transport.send(&charge()));
    assert_eq!(server.counts(), (2, 1));
}

#[test]
fn a_kept_connection_that_the_gateway_closed_is_not_used() {
    let server = Server::start(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
        false
    });
    let transport = transport(&server.url);
    transport.send(&charge()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    transport.send(&charge()).unwrap();
    assert_eq!(server.counts(), (2, 2));
}

#[test]
fn half_an_answer_is_lost_and_kept() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\":0",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"code\":0\r\n",
    ] {
        let server = Server::start(move |stream, _| {
            stream.write_all(answer.as_bytes()).unwrap();
            false
        });
        let (reason, status, body) = lost(transport(&server.url).send(&charge()));
        assert_eq!(reason, "the connection broke in the middle of the gateway's answer");
        assert_eq!((status, body), (Some(200), b"{\"code\":0".to_vec()));
        assert_eq!(server.counts(), (1, 1));
    }
}

#[test]
fn an_answer_that_trickles_past_the_time_is_lost() {
    let server = Server::start(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n").unwrap();
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(60));
        }
        false
    });
    let begun = Instant::now();
    let (reason, status, body) = lost(transport(&server.url).send(&charge()));
    assert_eq!(reason, "the gateway's answer was not complete within 500 ms");
    assert!(status == Some(200) && (1..99).contains(&body.len()), "{}", body.len());
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_endless_answer_is_cut() {
    let server = Server::start(|stream, _| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 10 * BODY_BYTES_MAX);
        stream.write_all(head.as_bytes()).unwrap();
        let block = vec![b'x'; BODY_BYTES_MAX];
        (0..10).all(|_| stream.write_all(&block).is_ok())
    });
    let mut request = charge();
    request.read_timeout = Duration::from_secs(10);
    let answer = transport(&server.url).send(&request).unwrap();
    assert_eq!((answer.status, answer.body.len(), answer.cut), (200, BODY_BYTES_MAX, true));
}

#[test]
fn an_answer_of_exactly_the_limit_is_whole() {
    let server = Server::start(|stream, _| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY_BYTES_MAX}\r\n\r\n");
        stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&vec![b'x'; BODY_BYTES_MAX]).is_ok()
    });
    let mut request = charge();
    request.read_timeout = Duration::from_secs(10);
    let answer = transport(&server.url).send(&request).unwrap();
    assert_eq!((answer.body.len(), answer.cut), (BODY_BYTES_MAX, false));
}

#[test]
fn what_is_not_http_is_lost() {
    let server = Server::answering("SSH-2.0-OpenSSH_9.9\r\n\r\n");
    let (reason, ..) = lost(transport(&server.url).send(&charge()));
    assert_eq!(reason, "the connection ended without an answer that can be read");
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn a_peer_without_tls_gets_no_byte_of_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let mut seen = Vec::new();
        let _ = stream.read_to_end(&mut seen);
        seen
    });
    let reason = not_sent(transport(&format!("https://{address}")).send(&charge()));
    assert_eq!(reason, "no secure connection to 127.0.0.1: the other side does not speak TLS as it should");
    let seen = String::from_utf8_lossy(&seen.join().unwrap()).into_owned();
    assert!(!seen.is_empty() && !seen.contains("again") && !seen.contains(TOKEN));
}

#[test]
fn a_handshake_that_hangs_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&format!("https://{}", listener.local_addr().unwrap()));
    config.connect_timeout = Duration::from_millis(200);
    let reason = not_sent(HttpTransport::new(&config).unwrap().send(&charge()));
    assert_eq!(reason, "127.0.0.1 could not be reached within 200 ms");
}

#[test]
fn a_token_that_is_no_header_is_not_sent() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut request = charge();
    request.token = Some(Secret::new("a\r\nX-Evil: 1".to_owned()));
    assert_eq!(
        not_sent(transport(&server.url).send(&request)),
        "the access token cannot be sent in a header"
    );
    assert_eq!(server.counts(), (0, 0));
}

#[test]
fn only_this_machine_is_reached_without_encryption() {
    for url in ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "http://127.9.9.9/base/"] {
        assert!(HttpTransport::new(&config(url)).is_ok(), "{url}");
    }
    for url in ["http://api.iamport.kr", "http://10.0.0.1", "http://localhost.evil.example", "http://0.0.0.0"]
    {
        assert!(matches!(HttpTransport::new(&config(url)), Err(GatewaySetupError::Insecure { .. })), "{url}");
    }
    for url in
        ["", "api.iamport.kr", "ftp://a", "https://a/?b", "https://a/#b", "https://user:pass@a", "https://"]
    {
        let error = HttpTransport::new(&config(url)).err().unwrap().to_string();
        assert!(error.starts_with("the gateway's address"), "{url}: {error}");
        assert!(!error.contains("pass@"), "{error}");
    }
    assert!(HttpTransport::new(&config("https://api.iamport.kr")).is_ok());
}

#[test]
fn certificates_and_proxies_are_checked_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let mut config = config("https://api.iamport.kr");
    config.ca_file = Some(path.clone());
    let error = |config: &TransportConfig| HttpTransport::new(config).err().unwrap().to_string();
    assert!(error(&config).contains("ca.pem cannot be read"), "{}", error(&config));
    std::fs::write(&path, "no certificate").unwrap();
    assert!(error(&config).ends_with("it holds no certificate in PEM form"), "{}", error(&config));
    config.ca_file = None;
    config.proxy = Some(proxy("http://"));
    assert!(error(&config).starts_with("the proxy's address"), "{}", error(&config));
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let mut config = config("https://api.iamport.kr");
    config.proxy = Some(proxy(&format!("http://kim:s3cret@127.0.0.1:{}", closed_port())));
    let error = HttpTransport::new(&config).unwrap().send(&charge()).unwrap_err();
    assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
    let expected = "the proxy http://***@p (HTTPS_PROXY) to api.iamport.kr refused the connection";
    assert_eq!(error.reason().to_string(), expected);
}

#[test]
fn an_address_of_this_machine_needs_no_proxy_and_no_certificates() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let mut config = config(&server.url);
    config.proxy = Some(proxy(&format!("http://127.0.0.1:{}", closed_port())));
    config.ca_file = Some(PathBuf::from("/nowhere/ca.pem"));
    assert_eq!(HttpTransport::new(&config).unwrap().send(&charge()).unwrap().status, 200);
}

#[test]
fn a_trace_shows_what_went_by_and_no_secret() {
    let server = Server::start(|stream, _| {
        let body = format!("{{\"access_token\":\"{TOKEN}\"}}");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).is_ok()
    });
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&lines);
    let mut config = config(&server.url);
    config.trace = Some(Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned())));
    let mut request = charge();
    request.json = Some(Body::Sealed(Secret::new(r#"{"imp_secret":"very secret"}"#.to_owned())));
    HttpTransport::new(&config).unwrap().send(&request).unwrap();
    let lines = lines.lock().unwrap().join("\n");
    assert!(lines.starts_with("> POST /subscribe/payments/again, token 0123…(40 characters)"), "{lines}");
    assert!(lines.contains("< HTTP 200 in ") && lines.contains(r#"{"access_token":"***"}"#), "{lines}");
    assert!(!lines.contains(TOKEN) && !lines.contains("very secret"), "{lines}");
}

#[test]
fn a_short_read_time_leaves_room_to_tell_a_failed_connection() {
    let of = TransportConfig::connect_timeout_for;
    assert_eq!(of(Duration::from_secs(60)), Duration::from_secs(10));
    assert_eq!(of(Duration::from_secs(4)), Duration::from_secs(2));
}
