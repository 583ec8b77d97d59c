//! What proves that nothing was charged, and what only seems to: with the real program over real HTTP.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment, record};
use crate::support::world::{Gateway, World, eventually, to_charge};

const UNAUTHORIZED: &str = r#"{"code":-1,"message":"Unauthorized","response":null}"#;

/// Answers each charge so, and shows no payment.
fn charges(say: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| if asked.is_charge() { say(asked) } else { no_such_payment() })
}

#[test]
fn a_401_or_403_that_may_be_anothers_word_leaves_the_order_unknown_and_is_sent_once() {
    let paid = |status| move |asked: &Asked| Say::Json(status, envelope(&payment(asked, "paid")));
    let text = |status, body: &'static str| move |_: &Asked| Say::Json(status, body.to_owned());
    let cut = |_: &Asked| {
        let whole = answer("401 Unauthorized", "content-type: application/json\r\n", UNAUTHORIZED.as_bytes());
        Say::Cut(whole[..whole.len() - 10].to_vec())
    };
    for (what, gateway) in [
        ("403 in the gateway's JSON", charges(text(403, UNAUTHORIZED))),
        ("403 of a proxy", charges(text(403, "<html>Forbidden</html>"))),
        ("403 without a body", charges(text(403, ""))),
        ("403 that says paid", charges(paid(403))),
        ("401 that says paid", charges(paid(401))),
        ("401 with code 0", charges(text(401, r#"{"code":0,"message":null,"response":null}"#))),
        ("401 of a proxy", charges(text(401, "<html>Log in</html>"))),
        ("401 in somebody else's JSON", charges(text(401, r#"{"error":"unauthorized"}"#))),
        ("half a 401", charges(cut)),
        ("429 in the gateway's JSON", charges(text(429, UNAUTHORIZED))),
    ] {
        let world = World::for_gateway(gateway.url());
        let ran = world.charge("order_1", &[]);
        assert_eq!((ran.code, ran.json()["outcome"].as_str()), (7, Some("unknown")), "{what}: {ran}");
        assert!(!ran.stderr.contains("Nothing was charged"), "{what}: {ran}");
        let ran = world.charge("order_1", &["--retry"]);
        assert_eq!(ran.code, 7, "{what}: {ran}");
        assert_eq!(gateway.charges(), 1, "{what}: sent again");
    }
}

#[test]
fn two_refused_tokens_are_exit_4_with_the_payment_on_stdout() {
    for body in [UNAUTHORIZED, r#"{"code":-1,"message":"Unauthorized"}"#, ""] {
        let gateway = charges(|_| Say::Json(401, body.to_owned()));
        let world = World::for_gateway(gateway.url());
        let ran = world.charge("order_1", &[]).exits(4).says(&["Nothing was charged"]);
        assert_eq!(ran.json()["outcome"], "not_sent", "{ran}");
        assert_eq!(ran.error()["exit"], 4, "{ran}");
        assert_eq!(gateway.charges(), 2, "once, and once more with a new token");
        let world = World::for_gateway(gateway.url());
        world.run(&to_charge("order_2", &[])).exits(4).says(&["Nothing was charged"]);
    }
}

#[test]
fn a_token_that_was_forgotten_is_renewed_and_a_403_is_no_forgotten_token() {
    let gateway = Gateway::start("revoke_token*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    assert_eq!(gateway.charged("order_1"), 1);
    gateway.faults("forbidden");
    gateway.revoke_tokens();
    let ran = world.charge("order_2", &["--allow-similar"]).exits(9).says(&["Nothing was sent"]);
    assert_eq!(ran.json()["outcome"], "not_sent", "{ran}");
    assert_eq!(gateway.received("order_2"), 0);
}

/// The customer's PG, as the gateway shows it of the billing key.
fn customer(pg: &str) -> Say {
    let key = format!(
        r#"{{"card_code":"366","card_name":"신한카드","card_number":"5409-26**-****-1234","card_type":0,"customer_uid":"gildong_0001_1234","inserted":1795000000,"pg_id":"x","pg_provider":"{pg}","sandbox":true,"updated":1795000000}}"#
    );
    Say::Json(200, envelope(&key))
}

fn refused(words: &str) -> Say {
    Say::Json(200, json!({ "code": -1, "message": words, "response": null }).to_string())
}

/// A failed record of the order in these words.
fn failed(order: &str, words: &str, pg: &str) -> String {
    let record = record(order, "gildong_0001_1234", "8900", "failed").replace("[CC10] 통장 잔액부족", words);
    record.replace(r#""sandbox":true"#, &format!(r#""pg_provider":"{pg}","sandbox":true"#))
}

fn list(records: &[String]) -> Say {
    let (all, total) = (records.join(","), records.len());
    Say::Json(200, envelope(&format!(r#"{{"list":[{all}],"next":0,"previous":0,"total":{total}}}"#)))
}

/// A gateway that says no to every charge, and what its look-ups show: what it was told last.
struct Saying {
    gateway: Scripted,
    shows: Arc<Mutex<Shows>>,
}

#[derive(Clone)]
enum Shows {
    Nothing,
    Records(Vec<String>),
    NoAnswer,
}

impl Saying {
    /// As a refusal, or as a decline whose record look-ups show.
    fn no(words: &'static str, pg: &'static str, decline: bool) -> Saying {
        let shows = Arc::new(Mutex::new(Shows::Nothing));
        let shown = Arc::clone(&shows);
        let gateway = Scripted::start(move |asked| {
            if asked.path.starts_with("/subscribe/customers/") {
                return customer(pg);
            }
            if asked.is_charge() {
                if !decline {
                    return refused(words);
                }
                let record = failed(&asked.merchant_uid().unwrap(), words, pg);
                *shown.lock().unwrap() = Shows::Records(vec![record.clone()]);
                return Say::Json(200, envelope(&record));
            }
            match &*shown.lock().unwrap() {
                Shows::Nothing => no_such_payment(),
                Shows::Records(records) => list(records),
                Shows::NoAnswer => Say::Json(403, UNAUTHORIZED.to_owned()),
            }
        });
        Saying { gateway, shows }
    }

    fn shows(&self, shows: Shows) {
        *self.shows.lock().unwrap() = shows;
    }

    /// Look-ups from now on show it as paid.
    fn shows_paid(&self, order: &str) {
        self.shows(Shows::Records(vec![record(order, "gildong_0001_1234", "8900", "paid")]));
    }

    fn look_ups(&self) -> usize {
        self.gateway.count("/payments/findAll/")
    }

    fn world(&self) -> World {
        World::for_gateway(self.gateway.url())
    }
}

/// Makes the last send of an order look as if it had been so long ago.
fn age(world: &World, hours: i64) {
    let ledger = Connection::open(world.ledger_path()).unwrap();
    let changed = ledger.execute(
        "UPDATE payments SET last_send_since_boot_ms = last_send_since_boot_ms - ?1, \
         last_send_gateway_s = last_send_gateway_s - ?1 / 1000",
        [hours * 3_600_000],
    );
    assert_eq!(changed.unwrap(), 1);
}

#[test]
fn a_no_that_proves_nothing_is_sent_once_and_its_retry_waits() {
    for (words, pg) in [
        ("결제에 실패하였습니다. [8041] 시스템 타임아웃(잠시후 재시도바람)", "kcp"),
        ("[BANK_FIRM_UNKNOWN] 은행과 진행중인 거래건이 존재합니다.", "kakaopay"),
        ("(PG사 결제 장애) Internal error", "nice"),
        ("[8128] 신용카드 중복거래 요청 거절", "kcp"),
        ("[R201] 승인요청 완료건으로 재승인 요청 불가", "html5_inicis"),
    ] {
        let saying = Saying::no(words, pg, false);
        let world = saying.world();
        let ran = world.charge("order_1", &[]).exits(7).says(&["The card may have been charged."]);
        assert_eq!(ran.json()["outcome"], "unknown", "{words}");
        assert_ne!(ran.json()["doubt"], Value::Null, "{words}: {ran}");
        let _ = world.charge("order_1", &[]).exits(7);
        let ran = world.charge("order_1", &["--retry"]).exits(7).says(&["will not be sent again before"]);
        assert_eq!(ran.json()["merchant_uid"], "order_1");
        assert_eq!(saying.gateway.charges(), 1, "{words}: as a refusal");

        let saying = Saying::no(words, pg, true);
        let world = saying.world();
        let ran =
            world.charge("order_1", &[]).exits(5).says(&["It is not certain that nothing was charged."]);
        assert_eq!(ran.json()["outcome"], "declined", "{words}");
        assert_ne!(ran.json()["doubt"], Value::Null, "{words}: {ran}");
        let ran = world.charge("order_1", &["--retry"]).exits(7).says(&["will not be sent again before"]);
        assert_eq!(ran.json()["outcome"], "unknown", "{ran}");
        assert_eq!(saying.gateway.charges(), 1, "{words}: as a decline");
    }
}

#[test]
fn a_refusal_is_read_with_the_saved_customers_pg() {
    for (saved, exit, sentence) in [(true, 0, "Nothing was charged."), (false, 7, "shows no payment.")] {
        let once = AtomicBool::new(false);
        let gateway = Scripted::start(move |asked| match asked.path.as_str() {
            path if path.starts_with("/subscribe/customers/") => customer("kcp"),
            _ if !asked.is_charge() => no_such_payment(),
            _ if once.swap(true, Ordering::SeqCst) => Say::Json(200, envelope(&payment(asked, "paid"))),
            _ => refused("[CC10] 표에 없는 말"),
        });
        let world = World::for_gateway(gateway.url());
        if saved {
            world.run(&["customer", "add", "gildong_0001_1234"]).exits(0).says(&["ledger"]);
        }
        let rejected = world.charge("order_1", &[]).exits(6).says(&[sentence]);
        assert_eq!(rejected.json()["who_acts"], if saved { json!("customer") } else { Value::Null });
        let before = gateway.count("/payments/findAll/");
        let _ = world.charge("order_1", &[]).exits(6).says(&[sentence]);
        assert_eq!(
            gateway.count("/payments/findAll/") - before,
            usize::from(!saved),
            "only a doubt is asked about"
        );
        let _ = world.charge("order_1", &["--retry"]).exits(exit);
        assert_eq!(gateway.charges(), 1 + usize::from(saved));
    }
}

#[test]
fn a_stored_doubt_is_looked_up_by_whatever_run_meets_it() {
    let file = "merchant_uid,customer_uid,amount,name\norder_1,gildong_0001_1234,8900,Monthly\n";
    let runs: [(&str, &[&str]); 3] = [
        ("charge", &to_charge("order_1", &["--json"])),
        ("batch", &["batch", "rows.csv", "--yes", "--json"]),
        ("reconcile", &["reconcile", "--json"]),
    ];
    for (name, arguments) in runs {
        let saying = Saying::no("[8041] 시스템 타임아웃", "kcp", true);
        let world = saying.world();
        fs::write(world.home().join("rows.csv"), file).unwrap();
        world.charge("order_1", &[]).exits(5);
        let before = saying.look_ups();
        let same = world.run(arguments);
        assert_eq!(same.code, if name == "reconcile" { 0 } else { 5 }, "{name}: {same}");
        assert_eq!(saying.look_ups(), before + 1, "{name}: {same}");
        saying.shows_paid("order_1");
        let ran = world.run(arguments);
        assert_eq!((ran.code, ran.stderr.contains("warning")), (0, false), "{name}: {ran}");
        let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
        assert_eq!((row["outcome"].as_str(), &row["doubt"]), (Some("paid"), &Value::Null), "{name}");
        assert_eq!(saying.gateway.charges(), 1, "{name}");
    }
}

#[test]
fn a_doubt_without_an_answer_is_told_as_it_was_with_a_word_about_that() {
    let saying = Saying::no("[8041] 시스템 타임아웃", "kcp", true);
    let world = saying.world();
    world.charge("order_1", &[]).exits(5);
    saying.shows(Shows::NoAnswer);
    let ran = world.charge("order_1", &[]).exits(5).says(&["order_1 is told as declined", "HTTP 403"]);
    assert_eq!((&ran.json()["outcome"], &ran.json()["replayed"]), (&json!("declined"), &json!(true)));
    let _ = world.charge("order_1", &["--dry-run"]).exits(5);
}

#[test]
fn a_doubt_ends_with_the_first_look_up_after_three_days_that_shows_no_money() {
    let saying = Saying::no("[8041] 시스템 타임아웃", "kcp", true);
    let world = saying.world();
    let row = || world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    world.charge("order_1", &[]).exits(5);
    age(&world, 71);
    world.run(&["reconcile"]).exits(0).answers(&["1 unchanged"]);
    assert_eq!(row()["doubt"], "timeout", "it is too early");
    age(&world, 1);
    saying.shows(Shows::NoAnswer);
    let _ = world.run(&["reconcile"]);
    assert_eq!(row()["doubt"], "timeout", "no answer shows nothing");
    saying.shows(Shows::Records(vec![failed("order_1", "[8041] 시스템 타임아웃", "kcp")]));
    let ended =
        world.charge("order_1", &[]).exits(5).says(&["more than three days after", "showed no money"]);
    assert_eq!((&ended.json()["doubt"], &ended.json()["outcome"]), (&Value::Null, &json!("declined")));
    let told = row()["history"].as_array().unwrap().last().unwrap()["message"].clone();
    assert!(told.as_str().unwrap().contains("three days"), "{told}");
    let before = saying.look_ups();
    let _ = world.charge("order_1", &[]).exits(5);
    assert_eq!(saying.look_ups(), before, "it is asked about no more");
    let _ = world.charge("order_1", &["--retry"]).exits(5);
    assert_eq!(saying.gateway.charges(), 2, "a retry goes at once");
    assert_eq!(row()["doubt"], "timeout", "and is a doubt of its own");
}

#[test]
fn a_charge_that_was_recorded_as_refused_is_found_by_every_run_after_it() {
    let gateway = Gateway::start("reject_but_charged=2s");
    let world = World::for_gateway(&gateway.url());
    let refused = world.charge("order_1", &[]).exits(7);
    assert!(!refused.stderr.contains("Nothing was charged"), "{refused}");
    let _ = world.charge("order_1", &["--retry"]).exits(7);
    assert_eq!(gateway.received("order_1"), 1, "a retry waits");
    eventually("a plain run finds it", || world.charge("order_1", &[]).code == 0);
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (1, 1));

    let saying = Saying::no("아무도 모르는 말", "kcp", false);
    let world = saying.world();
    let refused =
        world.charge("order_1", &[]).exits(6).says(&["The gateway refused it and shows no payment."]);
    assert_eq!(refused.json()["doubt"], Value::Null);
    let _ = world.charge("order_1", &["--retry"]).exits(7);
    saying.shows_paid("order_1");
    assert_eq!(world.charge("order_1", &[]).exits(0).json()["outcome"], "paid");
    assert_eq!(saying.gateway.charges(), 1);
}

#[test]
fn a_paid_order_beside_a_request_without_an_answer_is_looked_at_by_plain_reconcile() {
    let sent = AtomicBool::new(false);
    let shows = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&shows);
    let gateway = Scripted::start(move |asked| match asked.is_charge() {
        true if sent.swap(true, Ordering::SeqCst) => Say::Json(200, envelope(&payment(asked, "paid"))),
        true => Say::Drop,
        false if shown.lock().unwrap().is_empty() => no_such_payment(),
        false => list(&shown.lock().unwrap()),
    });
    let world = World::with_profile(gateway.url(), "mode = \"test\"\nsettle_after = \"0s\"\n");
    world.charge("order_1", &[]).exits(7).says(&["settle_after"]);
    world.charge("order_1", &[]).exits(0).says(&["settle_after"]);
    let ours = record("order_1", "gildong_0001_1234", "8900", "paid");
    let late = ours
        .replace("imps_623347347957", "imps_2")
        .replace(r#""started_at":1795000000"#, r#""started_at":1795000009"#);
    *shows.lock().unwrap() = vec![ours.clone(), late];
    world.run(&["reconcile"]).exits(8).says(&[
        "the order holds another payment. A person must look.",
        "imps_623347347957",
        "imps_2",
    ]);
    // The alarm is another matter than the request that was never answered: somebody signs for it.
    let signed = ["reconcile", "--acknowledge", "imps_2", "--reason", "two seats"];
    world.run(&signed).exits(0);
    *shows.lock().unwrap() = vec![ours];
    let asked = || gateway.count("/payments/findAll/");
    let before = asked();
    world.run(&["reconcile"]).exits(0).answers(&["1 unchanged"]);
    assert_eq!(asked(), before + 1, "it is too early to be sure");
    age(&world, 73);
    world.run(&["reconcile"]).exits(0).answers(&["1 unchanged"]);
    world.run(&["reconcile"]).exits(0).answers(&["0 unchanged"]);
    assert_eq!(asked(), before + 2, "three days later it is");
}

/// An order whose one request was never answered, and that look-ups do not show.
fn lost(order: &str) -> (Saying, World) {
    let shows = Arc::new(Mutex::new(Shows::Nothing));
    let shown = Arc::clone(&shows);
    let gateway = Scripted::start(move |asked| match &*shown.lock().unwrap() {
        _ if asked.is_charge() => Say::Drop,
        Shows::Nothing => no_such_payment(),
        Shows::Records(records) => list(records),
        Shows::NoAnswer => Say::Json(403, UNAUTHORIZED.to_owned()),
    });
    let saying = Saying { gateway, shows };
    let world = saying.world();
    world.charge(order, &[]).exits(7);
    (saying, world)
}

const CHARGED: [&str; 6] = ["reconcile", "order_1", "--note", "charged", "--evidence", "card statement"];

#[test]
fn what_is_noted_as_charged_counts_as_paid_until_the_gateway_shows_something() {
    let (saying, world) = lost("order_1");
    let noted = world.run(&[&CHARGED[..], &["--json"]].concat()).exits(0).json();
    let row = &noted["settled"][0];
    assert_eq!((&row["outcome"], &row["noted"]), (&json!("unknown"), &json!("charged")));
    let user = crate::support::user();
    assert_eq!((&row["noted_by"], &row["noted_evidence"]), (&json!(user), &json!("card statement")));
    let asked = saying.look_ups();
    for more in [&[][..], &["--retry"]] {
        let again = world.charge("order_1", more).exits(0).json();
        assert_eq!((&again["outcome"], &again["replayed"]), (&json!("unknown"), &json!(true)));
    }
    let table = world.run(&to_charge("order_1", &[])).exits(0);
    let by = format!("by {user} on");
    table.answers(&["Noted as charged ₩8,900", &by, "card statement", "Nothing was sent now."]);
    let rows = world.home().join("rows.csv");
    fs::write(rows, "merchant_uid,customer_uid,amount,name\norder_1,gildong_0001_1234,8900,Monthly\n")
        .unwrap();
    world.run(&["batch", "rows.csv", "--yes"]).exits(0).says(&["already paid"]);
    assert_eq!(
        (saying.gateway.charges(), saying.look_ups()),
        (1, asked),
        "it is not asked about and not sent"
    );
    world.charge("order_2", &[]).exits(8).says(&["is noted as charged", "order_1"]);
    world.run(&["history"]).exits(0).answers(&["1 noted as charged, ₩8,900"]);
    world.run(&["reconcile"]).exits(0).answers(&["1 unchanged"]);
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    let events: Vec<_> =
        shown["history"].as_array().unwrap().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["intent", "answer", "noted", "lookup"]);
    assert_eq!(shown["history"][2]["message"], "it was noted by hand as charged: card statement");
    saying.shows_paid("order_1");
    world.run(&["reconcile"]).exits(0).answers(&["1 settled"]);
    let paid = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!((&paid["outcome"], &paid["noted"]), (&json!("paid"), &Value::Null));
}

#[test]
fn a_decline_that_shows_later_beats_a_note_too() {
    let (saying, world) = lost("order_1");
    world.run(&CHARGED).exits(0).answers(&["Noted as charged", "It was unknown."]);
    saying.shows(Shows::Records(vec![failed("order_1", "[CC10] 통장 잔액부족", "kcp")]));
    let _ = world.run(&["reconcile", "order_1"]).exits(5);
    let row = world.charge("order_1", &[]).exits(5).json();
    assert_eq!((&row["outcome"], &row["noted"]), (&json!("declined"), &Value::Null));
}

#[test]
fn what_is_noted_as_not_charged_is_asked_about_and_sent_at_once() {
    let (saying, world) = lost("order_1");
    let _ = world.charge("order_1", &[]).exits(7);
    let not_charged = ["reconcile", "order_1", "--note", "not-charged", "--evidence", "the PG's console"];
    world.run(&not_charged).exits(0).answers(&["Noted as not charged", "at once"]);
    let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!((&row["outcome"], &row["noted"]), (&json!("not_sent"), &json!("not_charged")));
    let asked = saying.look_ups();
    saying.shows(Shows::NoAnswer);
    let _ = world.charge("order_1", &[]).exits(9);
    assert_eq!(saying.gateway.charges(), 1, "no answer, no send");
    saying.shows(Shows::Nothing);
    let _ = world.charge("order_1", &[]).exits(7);
    assert_eq!(saying.gateway.charges(), 2, "there was nothing left to wait for");
    assert!(saying.look_ups() >= asked + 2, "it was asked about before");
    let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(
        (&row["outcome"], &row["noted"]),
        (&json!("unknown"), &Value::Null),
        "a new request, a new doubt"
    );
}

#[test]
fn a_doubtful_decline_that_is_noted_is_a_doubt_no_more() {
    let saying = Saying::no("[8041] 시스템 타임아웃", "kcp", true);
    let world = saying.world();
    world.charge("order_1", &[]).exits(5);
    world
        .run(&["reconcile", "order_1", "--note", "not-charged", "--evidence", "x"])
        .exits(0)
        .answers(&["Noted"]);
    let asked = saying.look_ups();
    let row = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(
        (&row["outcome"], &row["doubt"], &row["noted"]),
        (&json!("declined"), &Value::Null, &json!("not_charged"))
    );
    assert_eq!(saying.look_ups(), asked);
    world.run(&CHARGED).exits(0).answers(&["Noted as charged", "It was declined."]);
    assert_eq!(world.charge("order_1", &["--retry"]).exits(0).json()["outcome"], "unknown");
    assert_eq!(saying.gateway.charges(), 1);
}

#[test]
fn only_one_open_payment_is_noted_and_only_with_evidence() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    world.run(&CHARGED).exits(8).says(&["order_1 is paid", "Nothing was noted"]);
    let note = |more: &[&'static str]| world.run(&[&["reconcile", "--note", "charged"][..], more].concat());
    note(&["--evidence", "x"]).exits(2).says(&["exactly one ID"]);
    note(&["order_1", "order_2", "--evidence", "x"]).exits(2).says(&["exactly one ID"]);
    note(&["order_1"]).exits(2).says(&["--evidence"]);
    note(&["order_1", "--evidence", " "]).exits(2).says(&["the evidence is empty"]);
    note(&["order_9", "--evidence", "x"]).exits(10).says(&["order_9"]);
    world.run(&["reconcile", "order_1", "--evidence", "x"]).exits(2).says(&["--note"]);
}
