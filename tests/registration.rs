//! `customer register` and `customer listen` without a browser: what scripts and operators meet.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::Child;

use serde_json::{Value, json};

use crate::support::gateway::{Say, Scripted, envelope};
use crate::support::world::{Gateway, Ran, World, client, set_mode};

/// A `customer listen` that runs.
pub struct Listening {
    child: Child,
    pub endpoint: String,
}

impl Listening {
    pub fn start(world: &World, more: &[&str]) -> Listening {
        let arguments = [&["customer", "listen", "--json"], more].concat();
        let mut listening = Listening { child: world.spawn(&arguments), endpoint: String::new() };
        let mut stdout = BufReader::new(listening.child.stdout.take().unwrap());
        let mut answer = String::new();
        while !answer.contains('}') {
            assert!(stdout.read_line(&mut answer).unwrap() > 0, "it did not listen");
        }
        let answer: Value = serde_json::from_str(&answer).unwrap();
        listening.endpoint = answer["endpoint"].as_str().unwrap().to_owned();
        listening
    }

    fn post(&self, secret: Option<&str>, body: &Value) -> (u16, Value) {
        let request = client().post(&self.endpoint).json(body);
        let request = match secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        };
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.json().unwrap())
    }

    /// SIGTERM, as a service manager sends it.
    pub fn end(mut self) -> Ran {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ran { stdout: String::new(), stderr: stderr.into(), code }
    }
}

/// A test that fails leaves nobody listening.
impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_listener_saves_what_the_gateway_knows_and_ends_in_order() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0"]);
    let (status, saved) =
        listening.post(None, &json!({"customer_uid": "gildong_0001_1234", "imp_uid": "imp_1"}));
    assert_eq!(status, 200, "{saved}");
    assert_eq!(
        saved,
        json!({"customer_uid": "gildong_0001_1234", "card_name": "신한카드", "card_number": "5409-26**-****-1234"})
    );
    let (status, refused) = listening.post(None, &json!({"customer_uid": "nobody_at_all"}));
    assert_eq!((status, &refused["error"]["kind"]), (404, &json!("not_found")));
    assert!(refused["error"]["message"].as_str().unwrap().ends_with("Nothing was saved."), "{refused}");
    let (status, _) = listening.post(None, &json!({"customer_uid": "a/b"}));
    assert_eq!(status, 400);
    let list = world.run(&["customer", "list", "--json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let ran = listening.end().exits(0);
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" POST /billings ")).collect();
    assert_eq!(lines.len(), 3, "{ran}");
    assert!(lines[0].contains(" 200 ") && lines[0].ends_with("gildong_0001_1234"), "{ran}");
    assert!(lines[1].contains(" 404 ") && lines[2].contains(" 400 "), "{ran}");
}

#[test]
fn a_listener_takes_another_spelling_for_the_customer_that_is_known_and_a_wrong_one_for_nobody() {
    let (composed, apart) = ("\u{ac00}_1", "\u{1100}\u{1161}_1");
    let gateway = Scripted::start(move |asked| match asked.path.split('?').next() {
        Some("/subscribe/customers/%EA%B0%80_1") => Say::Json(
            200,
            envelope(&format!(
                r#"{{"customer_uid":"{composed}","card_name":"신한카드","pg_provider":"nice"}}"#
            )),
        ),
        _ => Say::Json(
            404,
            r#"{"code":1,"message":"등록된 정보를 찾을 수 없습니다.","response":null}"#.to_owned(),
        ),
    });
    let world = World::for_gateway(gateway.url());
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0"]);
    let (status, refused) = listening.post(None, &json!({"customer_uid": apart}));
    assert_eq!(status, 400, "{refused}");
    assert!(
        refused["error"]["message"].as_str().unwrap().contains(composed),
        "its right spelling: {refused}"
    );
    assert_eq!(listening.post(None, &json!({"customer_uid": composed})).0, 200);
    let (status, saved) = listening.post(None, &json!({"customer_uid": apart}));
    assert_eq!((status, &saved["customer_uid"]), (200, &json!(composed)), "{saved}");
    let list = world.run(&["customer", "list", "--json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let ran = listening.end();
    assert!(ran.stderr.contains(" 400 "), "{ran}");
}

#[test]
fn a_gateway_that_cannot_be_asked_is_no_reason_to_save() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0"]);
    let uid = json!({"customer_uid": "gildong_0001_1234"});
    gateway.faults("customer.html_502");
    let (status, refused) = listening.post(None, &uid);
    assert_eq!((status, &refused["error"]["kind"]), (502, &json!("gateway")), "{refused}");
    gateway.faults("");
    assert_eq!(listening.post(None, &uid).0, 200, "the server is still up");
    let _ = listening.end().exits(0);
}

#[test]
fn beyond_this_machine_a_listener_needs_its_secret() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let refused = world.run(&["customer", "listen", "--bind", "0.0.0.0:0"]).exits(3);
    let _ = refused.says(&["0.0.0.0:0 can be reached from other machines", "`main` has no listen_secret"]);
    let secret = world.home().join("listen.txt");
    std::fs::write(&secret, "open-sesame-0123456789\n").unwrap();
    set_mode(&secret, 0o644);
    let lines = format!("mode = \"test\"\nlisten_secret_file = \"{}\"\n", secret.display());
    let world = World::with_profile(&gateway.url(), &lines);
    let _ =
        world.run(&["customer", "listen", "--bind", "0.0.0.0:0"]).exits(3).says(&["can be read by others"]);
    set_mode(&secret, 0o600);
    // On this machine too, where it is set.
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0"]);
    let uid = json!({"customer_uid": "gildong_0001_1234"});
    assert_eq!(listening.post(None, &uid).0, 401);
    assert_eq!(listening.post(Some("open-sesame"), &uid).0, 401);
    assert_eq!(listening.post(Some("open-sesame-0123456789"), &uid).0, 200);
    let ran = listening.end().exits(0);
    assert!(!ran.stderr.contains("sesame"), "{ran}");
    let shown = world.run(&["config", "show"]).exits(0);
    let shown = shown.says(&["Read ", "config.toml"]).answers(&["listen_secret_file"]);
    assert!(!shown.to_string().contains("sesame"), "{shown}");
}

#[test]
fn a_flood_of_bad_requests_costs_no_memory() {
    let world = World::bare();
    let listening = Listening::start(&world, &["--sandbox", "--bind", "127.0.0.1:0"]);
    let address = listening.endpoint.trim_start_matches("http://").trim_end_matches("/billings").to_owned();
    let resident_kb = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", listening.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let before = resident_kb();
    // Many clients that send a large head or body slowly, or never to its end, and stay.
    let junk = vec![b'x'; 60_000];
    let slow: Vec<TcpStream> = (0..150)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            let head = b"POST /billings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                         Content-Length: 64000\r\n\r\n";
            stream.set_nonblocking(true).unwrap();
            let _ = std::io::Write::write_all(&mut stream, head);
            let _ = std::io::Write::write_all(&mut stream, &junk);
            stream
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 20_000, "{grown} kB for 150 clients");
    drop(slow);
    for _ in 0..300 {
        let _ = send_junk(&address);
    }
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 20_000, "{grown} kB after 300 bad requests");
    let (status, _) = listening.post(None, &json!({"customer_uid": "gildong_0001_1234"}));
    assert_eq!(status, 200);
    let _ = listening.end().exits(0);
}

/// One request that is no HTTP.
fn send_junk(address: &str) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    std::io::Write::write_all(&mut stream, b"\x16\x03\x01 not HTTP at all\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new())
}

#[test]
fn a_registration_that_cannot_begin_says_why() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let missing = world.run(&["customer", "register", "gildong_0001_5678", "--no-open"]).exits(3);
    let _ = missing.says(&["the profile `main` has no imp_code", "식별코드 · API Keys"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let register = ["--sandbox", "customer", "register", "gildong_0001_5678", "--no-open"];
    let ran = world.run(&[&register[..], &["--port", &port]].concat()).exits(9);
    let _ = ran.says(&[&format!("cannot listen on {address}")]);
    let listen = ["--sandbox", "customer", "listen", "--bind", &address.to_string()];
    let _ = world.run(&listen).exits(9).says(&[&format!("cannot listen on {address}")]);
    for (more, expected) in [
        (&["--amount", "-1"][..], 2),
        (&["--amount", "8900.5"], 2),
        (&["--product", ""], 2),
        (&["--product", &"가".repeat(41)], 2),
        (&["--merchant-uid", &"1".repeat(41)], 2),
        (&["--name", &"가".repeat(17)], 2),
        (&["--pg", "paypal_v2"], 2),
        (&["--pg", "a", "--channel-key", "b"], 2),
        (&["--wait", "10"], 2),
    ] {
        let _ = world.run(&[&register[..], more].concat()).exits(expected);
    }
}

#[test]
fn nobody_came_in_time() {
    let world = World::bare();
    let arguments =
        ["--sandbox", "customer", "register", "gildong_0001_5678", "--no-open", "--wait", "200ms"];
    let ran = world.run(&arguments).exits(9);
    let ran = ran.says(&["no card was registered within 200ms; gildong_0001_5678 was not saved"]);
    assert_eq!(ran.stdout, "");
    let _ = world.run(&["--sandbox", "customer", "show", "gildong_0001_5678"]).exits(10);
}

#[test]
fn a_browser_is_opened_by_the_environments_word_and_its_failure_is_no_ones() {
    let mut world = World::bare();
    let note = world.home().join("opened");
    let script = world.home().join("browser.sh");
    std::fs::write(&script, format!("#!/bin/sh\necho \"$1\" > {}\n", note.display())).unwrap();
    set_mode(&script, 0o700);
    world.set("BROWSER", &script.display().to_string());
    let arguments = ["--sandbox", "customer", "register", "--name", "홍길동", "--wait", "1s"];
    let ran = world.run(&arguments).exits(9);
    let opened = std::fs::read_to_string(&note).unwrap();
    let page = ran.stderr.lines().find(|line| line.trim_start().starts_with("http://")).unwrap().trim();
    let (origin, _) = page.rsplit_once('/').unwrap();
    assert!(opened.starts_with(&format!("{origin}/open/")), "{opened}");
    assert!(!opened.contains(page.rsplit('/').next().unwrap()), "the token is in no argument list");
    assert!(ran.stderr.contains("the card of honggildong_"), "{ran}");
    for browser in ["/no/such/browser", "false"] {
        let mut world = World::bare();
        world.set("BROWSER", browser);
        world.set("PATH", "/usr/bin:/bin");
        let ran = world.run(&arguments).exits(9);
        let _ = ran.says(&["No browser could be opened; open the address yourself."]);
    }
}
