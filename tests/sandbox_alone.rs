//! `billkey sandbox serve`, as a program of its own that other programs talk to.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use billkey::sandbox::{IMP_KEY, IMP_SECRET};

use crate::support::world::{World, client, eventually};

/// A sandbox that runs until it is dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(world: &World) -> Served {
        Served::start_in("table", world, |line| line.trim().rsplit(' ').next())
    }

    /// The same, told in a format whose first line has the address somewhere.
    fn start_in(format: &str, world: &World, address: impl Fn(&str) -> Option<&str>) -> Served {
        let mut child = world.spawn(&["sandbox", "serve", "--format", format]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = address(&line).unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Served { child, url }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let keys = json!({"imp_key": IMP_KEY, "imp_secret": IMP_SECRET}).to_string();
        let ask = |method: &str, path: &str, body: &str, token: &str| {
            let request = client()
                .request(method.parse().unwrap(), format!("{}{path}", self.url))
                .header("content-type", "application/json")
                .header("authorization", token);
            let answer = request.body(body.to_owned()).send().unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().unwrap();
            (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        };
        let token = ask("POST", "/users/getToken", &keys, "").1;
        ask(method, path, body, token["response"]["access_token"].as_str().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

#[test]
fn a_script_reads_address_and_keys_between_tabs() {
    let world = World::bare();
    let served = Served::start_in("plain", &world, |line| {
        let values: Vec<&str> = line.trim_end().split('\t').collect();
        assert_eq!((values.len(), &values[1..3]), (4, &[IMP_KEY, IMP_SECRET][..]), "{line:?}");
        values.first().copied()
    });
    assert_eq!(served.send("GET", "/cards", "").0, 200);
}

#[test]
fn a_switch_is_set_at_the_start_and_by_a_control_endpoint() {
    let mut world = World::bare();
    world.set("BILLKEY_SANDBOX_FAULTS", "lookups_down=403");
    let served = Served::start(&world);
    let path = "/payments?merchant_uid[]=order_1";
    assert_eq!(served.send("GET", path, "").0, 403);
    assert_eq!(served.send("PUT", "/_sandbox/faults", "absent_is_code").0, 200);
    let (status, answer) = served.send("GET", path, "");
    assert_eq!((status, &answer["code"]), (200, &json!(-1)));
    let (status, refused) = served.send("PUT", "/_sandbox/faults", "bulk_shows=some");
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("newest, oldest, all"), "{refused}");
}

#[test]
fn a_schedule_outlasts_the_program_and_is_carried_out_by_the_next_one() {
    let world = World::bare();
    let at = {
        let served = Served::start(&world);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let at = now + 2;
        let item = json!({"merchant_uid": "order_1", "schedule_at": at, "amount": 8900});
        let body = json!({"customer_uid": "gildong_0001_1234", "schedules": [item]}).to_string();
        assert_eq!(served.send("POST", "/subscribe/payments/schedule", &body).1["code"], 0);
        at
    };
    let served = Served::start(&world);
    let found = || served.send("GET", "/payments/find/order_1", "").1["response"].clone();
    eventually("the schedule is carried out", || found()["status"] == "paid");
    assert_eq!(
        (&found()["customer_uid_usage"], &found()["paid_at"]),
        (&json!("payment.scheduled"), &json!(at))
    );
}
