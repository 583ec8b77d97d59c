//! A gateway that says exactly what a test tells it to, byte by byte. It shares nothing with the
//! sandbox or the client, so that neither can be wrong in the same way.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the gateway does with one request.
pub enum Say {
    /// These bytes as a JSON body with this status.
    Json(u16, String),
    /// These bytes, head and all.
    Raw(Vec<u8>),
    /// These bytes, and then the connection breaks.
    Cut(Vec<u8>),
    /// Nothing at all: the connection breaks.
    Drop,
    /// Nothing for this long, then the connection breaks.
    Hang(Duration),
    /// Nothing for this long, then this.
    Late(Duration, Box<Say>),
    /// These bytes one by one, with a pause before each, and then the connection breaks.
    Drip(Duration, Vec<u8>),
}

/// A request as received.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn is_charge(&self) -> bool {
        self.path.starts_with("/subscribe/payments/again")
    }

    /// The order that a look-up is about, as it stands in the address.
    pub fn looks_up(&self) -> Option<String> {
        let rest = self.path.strip_prefix("/payments/findAll/")?;
        rest.split(['?', '/']).next().map(str::to_owned)
    }

    /// The order that a charge is about.
    pub fn merchant_uid(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        body["merchant_uid"].as_str().map(str::to_owned)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// The scripted gateway; it lives as long as the test's process.
pub struct Scripted {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// Answers token requests by itself, in the ordinary way, knows of no order before it was asked to charge
    /// it, and answers all else by the script.
    pub fn start(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
        let charged = Mutex::new(HashSet::new());
        Scripted::start_asked(move |asked| {
            let mut charged = charged.lock().unwrap();
            if asked.is_charge() {
                charged.extend(asked.merchant_uid());
            } else if asked.looks_up().is_some_and(|uid| !charged.contains(&uid)) {
                return no_such_payment();
            }
            drop(charged);
            script(asked)
        })
    }

    /// Answers token requests by itself, and all others by the script, the questions before a charge included.
    pub fn start_asked(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
        Scripted::start_whole(move |asked| {
            if asked.path == "/users/getToken" { Say::Json(200, token(1800)) } else { script(asked) }
        })
    }

    /// Answers everything by the script.
    pub fn start_whole(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &log, &*script));
            }
        });
        Scripted { url, asked }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every request so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests were made to a path that begins so.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.starts_with(path)).count()
    }

    pub fn charges(&self) -> usize {
        self.count("/subscribe/payments/again")
    }
}

/// A token answer with this many seconds to live.
pub fn token(left_s: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let token = "0123456789abcdef0123456789abcdef01234567";
    format!(
        r#"{{"code":0,"message":null,"response":{{"access_token":"{token}","expired_at":{},"now":{now}}}}}"#,
        now + left_s
    )
}

/// A payment object for what `again` was asked, with this status.
pub fn payment(asked: &Asked, status: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    record(
        body["merchant_uid"].as_str().unwrap(),
        body["customer_uid"].as_str().unwrap(),
        &body["amount"].to_string(),
        status,
    )
}

/// A payment object.
pub fn record(merchant_uid: &str, customer_uid: &str, amount: &str, status: &str) -> String {
    let paid_at = if status == "paid" { 1_795_000_000 } else { 0 };
    let reason = if status == "failed" { r#""[CC10] 통장 잔액부족""# } else { "null" };
    format!(
        r#"{{"amount":{amount},"apply_num":"30012345","cancel_amount":0,"currency":"KRW","customer_uid":"{customer_uid}","customer_uid_usage":"payment","fail_reason":{reason},"failed_at":0,"imp_uid":"imps_623347347957","merchant_uid":"{merchant_uid}","name":"x","paid_at":{paid_at},"sandbox":true,"started_at":1795000000,"status":"{status}"}}"#
    )
}

/// The gateway's envelope around a response.
pub fn envelope(response: &str) -> String {
    format!(r#"{{"code":0,"message":null,"response":{response}}}"#)
}

/// An answer with this head after its status line, and its length.
pub fn answer(status: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The gateway's own "no such payment" (facts 3.3).
pub fn no_such_payment() -> Say {
    Say::Json(404, r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#.to_owned())
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, script: &(dyn Fn(&Asked) -> Say + Send + Sync)) {
    let mut buffer = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut buffer) {
        // The question beside a customer's first charge comes at no certain moment: it is no part of any script.
        let beside = asked.path.starts_with("/subscribe/payments/schedule/customers/");
        let mut say = if beside {
            Say::Json(200, envelope("[]"))
        } else {
            log.lock().unwrap().push(asked.clone());
            script(&asked)
        };
        while let Say::Late(pause, then) = say {
            std::thread::sleep(pause);
            say = *then;
        }
        match say {
            Say::Late(..) => return,
            Say::Drip(pause, bytes) => {
                for byte in bytes {
                    std::thread::sleep(pause);
                    if stream.write_all(&[byte]).is_err() {
                        return;
                    }
                }
                return;
            }
            Say::Json(status, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
                    return;
                }
            }
            Say::Raw(bytes) => {
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
            Say::Cut(bytes) => {
                let _ = stream.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Say::Drop => return,
            Say::Hang(duration) => {
                std::thread::sleep(duration);
                return;
            }
        }
    }
}

fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let mut first = lines.next()?.split(' ');
            let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
                buffer.drain(..end + 4 + length);
                return Some(Asked { method, path, headers, body });
            }
        }
        let mut chunk = [0; 8192];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}
