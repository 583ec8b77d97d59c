//! The sandbox over real sockets, spoken to by a client that knows nothing but bytes.

mod behind_the_back;
mod bulk;
mod cards;
mod charges;
mod clients;
mod faults;
mod lookups;
mod refunds;
mod schedules;
mod suites;
mod tokens;
mod window;
mod wire;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sandbox::{FaultPlan, IMP_KEY, IMP_SECRET, Options, Sandbox};

/// A sandbox with a book of its own, and a token for it.
struct Bench {
    sandbox: Sandbox,
    directory: TempDir,
    token: String,
}

/// One answer, split into its parts.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    fn response(&self) -> Value {
        let envelope = self.json();
        assert_eq!(envelope["code"], 0, "{envelope}");
        envelope["response"].clone()
    }

    /// The code and the message of a refusal.
    fn refusal(&self) -> (i64, String) {
        let envelope = self.json();
        assert_eq!(envelope["response"], Value::Null);
        (envelope["code"].as_i64().unwrap(), envelope["message"].as_str().unwrap().to_owned())
    }
}

impl Bench {
    fn start(faults: &str) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        Bench::start_in(directory, faults)
    }

    fn start_in(directory: TempDir, faults: &str) -> Bench {
        let options = Options {
            book: directory.path().join("sandbox.db"),
            port: 0,
            faults: FaultPlan::parse(faults).unwrap(),
        };
        let mut bench = Bench { sandbox: Sandbox::start(&options).unwrap(), directory, token: String::new() };
        let body = json!({"imp_key": IMP_KEY, "imp_secret": IMP_SECRET});
        let reply = bench.post("/users/getToken", &body);
        bench.token = reply.response()["access_token"].as_str().unwrap().to_owned();
        bench
    }

    /// A second sandbox over the same book, as another process would have it.
    fn neighbour(&self) -> Bench {
        let options =
            Options { book: self.directory.path().join("sandbox.db"), port: 0, faults: FaultPlan::default() };
        Bench {
            sandbox: Sandbox::start(&options).unwrap(),
            directory: tempfile::tempdir().unwrap(),
            token: self.token.clone(),
        }
    }

    fn get(&self, path: &str) -> Reply {
        self.exchange("GET", path, "application/json", "").unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.exchange("POST", path, "application/json", &body.to_string()).unwrap()
    }

    fn again(&self, customer_uid: &str, merchant_uid: &str) -> Reply {
        self.try_again(customer_uid, merchant_uid).unwrap()
    }

    /// Charges; an error is a connection that ended before the answer was whole.
    fn try_again(&self, customer_uid: &str, merchant_uid: &str) -> Result<Reply, String> {
        let body = json!({
            "customer_uid": customer_uid, "merchant_uid": merchant_uid, "amount": 8900, "name": "월 구독",
        });
        self.exchange("POST", "/subscribe/payments/again", "application/json", &body.to_string())
    }

    fn set_faults(&self, plan: &str) {
        let reply = self.exchange("PUT", "/_sandbox/faults", "text/plain", plan).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    fn exchange(&self, method: &str, path: &str, content_type: &str, body: &str) -> Result<Reply, String> {
        self.exchange_as(&format!("Bearer {}", self.token), method, path, content_type, body)
    }

    fn exchange_as(
        &self,
        authorization: &str,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> Result<Reply, String> {
        let address = self.sandbox.api_url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(|error| format!("{:?}", error.kind()))?;
        read_reply(&String::from_utf8(bytes).unwrap())
    }

    /// Sends a request and leaves before the answer.
    fn abandon(&self, path: &str, body: &str) {
        let address = self.sandbox.api_url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(50));
    }

    /// The book's line about the charges of one `merchant_uid`: how often asked for, how often charged.
    fn charges(&self, merchant_uid: &str) -> (i64, i64) {
        let book = self.get("/_sandbox/book").response();
        let lines = book["charges"].as_array().unwrap().clone();
        lines
            .iter()
            .find(|line| line["merchant_uid"] == merchant_uid)
            .map(|line| (line["received"].as_i64().unwrap(), line["charged"].as_i64().unwrap()))
            .unwrap_or_default()
    }
}

fn read_reply(text: &str) -> Result<Reply, String> {
    if text.is_empty() {
        return Err("nothing".to_owned());
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let announced = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    if announced.is_some_and(|length| length.parse::<usize>().unwrap() != body.len()) {
        return Err(format!("cut after {} bytes", body.len()));
    }
    Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
}
