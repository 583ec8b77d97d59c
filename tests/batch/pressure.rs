//! A gateway that wants a pause, or does not let anybody in: nothing is lost, and nothing is sent too soon.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{HEADER, arguments, batch, file, rows};
use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment};
use crate::support::world::{Ran, World, eventually};

const BUSY: &str = r#"{"code":-1,"message":"Too Many Requests","response":null}"#;

/// How long what was under way may take to arrive after another answer.
const UNDER_WAY: Duration = Duration::from_millis(300);

fn busy(retry_after: &str) -> Say {
    let head = format!("content-type: application/json\r\n{retry_after}");
    Say::Raw(answer("429 X", &head, BUSY.as_bytes()))
}

fn page(status: &str) -> Say {
    Say::Raw(answer(status, "content-type: text/html\r\n", b"<html>Forbidden</html>"))
}

fn paid(asked: &Asked) -> Say {
    Say::Json(200, envelope(&payment(asked, "paid")))
}

/// Charges, by order.
fn sent(gateway: &Scripted) -> HashMap<String, usize> {
    let mut sent = HashMap::new();
    for asked in gateway.asked().iter().filter(|asked| asked.is_charge()) {
        *sent.entry(asked.merchant_uid().unwrap()).or_default() += 1;
    }
    sent
}

/// A gateway that answers the charge of this place in its own way, and knows what it paid.
fn with_charge(
    nth: usize,
    say: impl Fn() -> Say + Send + Sync + 'static,
) -> (Scripted, Arc<Mutex<Vec<Instant>>>) {
    let times = Arc::new(Mutex::new(Vec::new()));
    let arrivals = Arc::clone(&times);
    let gateway = Scripted::start(move |asked| {
        if !asked.is_charge() {
            return no_such_payment();
        }
        let place = {
            let mut arrivals = arrivals.lock().unwrap();
            arrivals.push(Instant::now());
            arrivals.len()
        };
        if place == nth { say() } else { Say::Late(Duration::from_millis(40), Box::new(paid(asked))) }
    });
    (gateway, times)
}

/// What waits for a payment to show waits no longer.
fn without_a_wait(world: &World) {
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    world.configure(&format!("{config}settle_after = \"0s\"\n"));
}

#[test]
fn after_a_429_nothing_is_sent_before_its_time_and_then_one_by_one() {
    for workers in ["1", "8"] {
        let (gateway, times) = with_charge(4, || busy("retry-after: 1\r\n"));
        let world = World::for_gateway(gateway.url());
        file(&world, "charges.csv", rows(30));
        let ran = batch(&world, &["--workers", workers, "--json"]).exits(7);
        assert!(ran.stderr.contains("asks for a pause (HTTP 429)"), "{ran}");
        let summary = &ran.json()["summary"];
        assert_eq!(
            (&summary["paid"], &summary["unknown"], &summary["not_tried"]),
            (&29.into(), &1.into(), &0.into())
        );
        let times = times.lock().unwrap().clone();
        let refused = times[3];
        let after = |at: &Instant| at.duration_since(refused);
        let late: Vec<&Instant> = times.iter().skip(4).filter(|at| after(at) > UNDER_WAY).collect();
        assert!(after(late[0]) >= Duration::from_millis(950), "sent after {:?}", after(late[0]));
        assert!(late[1].duration_since(*late[0]) >= Duration::from_millis(40), "two at once after the pause");
        let sent = sent(&gateway);
        assert!(sent.len() == 30 && sent.values().all(|count| *count == 1), "{sent:?}");
        // The one that may have been charged is asked for and sent when its time is over.
        without_a_wait(&world);
        batch(&world, &[]).exits(0).says(&["to look up first   1"]);
        assert_eq!(sent_twice(&gateway), 1);
    }
}

fn sent_twice(gateway: &Scripted) -> usize {
    let sent = sent(gateway);
    assert!(sent.values().all(|count| *count <= 2), "{sent:?}");
    sent.values().filter(|count| **count == 2).count()
}

#[test]
fn a_429_with_a_refusal_in_it_is_no_rejection() {
    let (gateway, _) = with_charge(1, || busy("retry-after: 0\r\n"));
    let world = World::for_gateway(gateway.url());
    let ran = world.charge("order_1", &[]).exits(7);
    assert_eq!(ran.json()["outcome"], "unknown", "{ran}");
}

#[test]
fn a_row_whose_question_met_a_429_is_asked_for_again_after_the_pause() {
    let questions = AtomicUsize::new(0);
    let gateway = Scripted::start_asked(move |asked| {
        if asked.is_charge() {
            return paid(asked);
        }
        if questions.fetch_add(1, Ordering::SeqCst) == 2 {
            busy("retry-after: 1\r\n")
        } else {
            no_such_payment()
        }
    });
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(12));
    let ran = batch(&world, &["--workers", "2"]).exits(0).says(&["asks for a pause"]);
    assert!(ran.stdout.contains("12 of 12 rows paid"), "{ran}");
    assert!(sent(&gateway).values().all(|count| *count == 1));
}

#[test]
fn a_pause_of_more_than_ten_minutes_stops_the_batch_and_the_same_line_sends_the_rest() {
    let (gateway, _) = with_charge(3, || busy("retry-after: 601\r\n"));
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(200));
    let begun = Instant::now();
    let ran = batch(&world, &["--workers", "1", "--json", "--results", "out.csv"]).exits(7);
    assert!(begun.elapsed() < Duration::from_secs(60), "it waited");
    let told = [
        "a pause of 10m1s (HTTP 429)",
        "197 rows not tried",
        "billkey batch /",
        "/charges.csv --workers 1 --results /",
        "/out.csv --yes",
    ];
    let ran = ran.says(&told);
    let summary = &ran.json()["summary"];
    assert_eq!((&summary["stopped"], &summary["not_tried"]), (&"rate_limited".into(), &197.into()));
    assert_eq!(ran.json()["payments"][199]["outcome"], "not_sent");
    let results = std::fs::read_to_string(world.home().join("out.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains("not_sent")).count(), 197);
    assert_eq!(gateway.charges(), 3);
    without_a_wait(&world);
    batch(&world, &["--quiet"]).exits(0).says(&["settle_after is 0s"]);
    assert_eq!((sent(&gateway).len(), sent_twice(&gateway)), (200, 1));
}

#[test]
fn a_pause_of_more_than_ten_minutes_before_anything_is_sent_is_9() {
    let gateway = Scripted::start_asked(|_| busy("retry-after: Thu, 31 Dec 2099 23:59:59 GMT\r\n"));
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(50));
    let ran = batch(&world, &["--workers", "1", "--json"]).exits(9);
    assert!(gateway.charges() == 0 && gateway.count("/payments/findAll") <= 2, "{ran}");
    assert_eq!(ran.json()["payments"].as_array().unwrap().len(), 50);
}

#[test]
fn the_second_403_or_page_stops_every_send_and_the_same_line_goes_on() {
    for status in ["403 Forbidden", "502 Bad Gateway", "200 OK"] {
        let closed = Arc::new(Mutex::new(true));
        let door = Arc::clone(&closed);
        let gateway = Scripted::start(move |asked| match asked.is_charge() {
            true if *door.lock().unwrap() => page(status),
            true => paid(asked),
            false => no_such_payment(),
        });
        let world = World::for_gateway(gateway.url());
        file(&world, "charges.csv", rows(300));
        let ran = batch(&world, &["--workers", "1", "--json"])
            .exits(7)
            .says(&["298 rows not tried", "billkey batch"]);
        let summary = &ran.json()["summary"];
        assert_eq!((&summary["unknown"], &summary["stopped"]), (&2.into(), &"barred".into()), "{status}");
        assert_eq!(gateway.charges(), 2, "{status}");
        *closed.lock().unwrap() = false;
        without_a_wait(&world);
        batch(&world, &["--quiet", "--workers", "8"]).exits(0).says(&["settle_after is 0s"]);
        assert_eq!((sent(&gateway).len(), sent_twice(&gateway)), (300, 2), "{status}");
    }
}

#[test]
fn pages_with_good_answers_between_them_stop_nothing() {
    let charges = AtomicUsize::new(0);
    let gateway = Scripted::start(move |asked| match asked.is_charge() {
        true if charges.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => page("403 Forbidden"),
        true => paid(asked),
        false => no_such_payment(),
    });
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(10));
    let ran = batch(&world, &["--workers", "1", "--json"]).exits(7);
    assert_eq!((&ran.json()["summary"]["unknown"], gateway.charges()), (&5.into(), 10), "{ran}");
}

#[test]
fn look_ups_behind_a_closed_door_stop_the_batch_with_nothing_sent() {
    let gateway = Scripted::start_asked(|_| page("200 OK"));
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(100));
    let ran = batch(&world, &["--workers", "1", "--json"]).exits(9).says(&["98 rows not tried"]);
    assert_eq!((gateway.charges(), gateway.count("/payments/findAll")), (0, 2), "{ran}");
}

#[test]
fn a_bulk_form_that_is_told_to_wait_fails_nothing_and_is_not_asked_for_ever() {
    let gateway = Scripted::start(|asked| match asked.path.starts_with("/payments?") {
        true => busy("retry-after: 700\r\n"),
        false => paid(asked),
    });
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(60));
    let ran = batch(&world, &["--workers", "2"]).exits(0).says(&["TEST  60 rows"]);
    assert!(gateway.count("/payments?") <= 8 && gateway.charges() == 60, "{ran}");
}

/// Answers a charge of a customer of this PG in these words, and pays all others.
fn refused_at(pg: &'static str, words: &'static str) -> Scripted {
    Scripted::start(move |asked| {
        if let Some(uid) = asked.path.strip_prefix("/subscribe/customers/") {
            let uid = uid.split('?').next().unwrap();
            let pg = match uid.split('_').next().unwrap() {
                "kcp" => "\"kcp_billing\"",
                "nice" => "\"nice_v2\"",
                _ => "null",
            };
            let card = format!(
                r#"{{"customer_uid":"{uid}","pg_provider":{pg},"card_name":"x","card_number":"5409-26**-****-1234","inserted":1,"updated":1}}"#
            );
            return Say::Json(200, envelope(&card));
        }
        if !asked.is_charge() {
            return no_such_payment();
        }
        let of_pg = asked.body.contains(if pg == "kcp_billing" { "\"kcp" } else { "\"nice" });
        if !of_pg {
            return paid(asked);
        }
        let failed = payment(asked, "failed").replace("[CC10] 통장 잔액부족", words);
        Say::Json(
            200,
            envelope(&failed.replace("\"name\":\"x\"", &format!("\"name\":\"x\",\"pg_provider\":\"{pg}\""))),
        )
    })
}

/// Rows of two PGs in turn, and one of a customer whose PG is not known.
fn two_pgs(world: &World) {
    world.run(&["customer", "add", "kcp_customer"]).exits(0);
    world.run(&["customer", "add", "nice_customer"]).exits(0);
    world.run(&["customer", "add", "other_customer"]).exits(0);
    let row = |n: usize| {
        let customer = if n.is_multiple_of(2) { "kcp_customer" } else { "nice_customer" };
        format!("{customer},{},Monthly,order_{n}\n", 1000 + n)
    };
    file(
        world,
        "charges.csv",
        HEADER.to_owned() + &(0..20).map(row).collect::<String>() + "other_customer,3000,x,order_20\n",
    );
}

#[test]
fn the_second_refusal_of_the_account_stops_the_rows_of_that_pg_alone() {
    let gateway = refused_at("kcp_billing", "[CC62] 가맹점 한도초과");
    let world = World::for_gateway(gateway.url());
    two_pgs(&world);
    let ran = batch(&world, &["--workers", "1", "--json", "--results", "out.csv"]).exits(8);
    let told = ["kcp_billing", "가맹점 한도초과", "8 rows not sent", "billkey batch /"];
    let ran = ran.says(&told);
    let json = ran.json();
    let summary = &json["summary"];
    let counted = ["paid", "declined", "not_sent", "not_tried"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(counted, [11, 2, 8, 0], "{ran}");
    assert_eq!(summary["stopped_pgs"], serde_json::json!(["kcp_billing"]));
    let left = &json["payments"][18];
    assert_eq!((&left["outcome"], &left["merchant_uid"]), (&"not_sent".into(), &"order_18".into()));
    assert!(left["message"].as_str().unwrap().contains("kcp_billing"), "{left}");
    assert_eq!(gateway.charges(), 13);
    let results = std::fs::read_to_string(world.home().join("out.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains("not_sent")).count(), 8);
    // The same line tries them again, and meets the same two refusals.
    let _ = batch(&world, &["--workers", "1", "--json"]).exits(8);
    assert_eq!(gateway.charges(), 15);
}

#[test]
fn refusals_of_a_card_and_words_of_doubt_stop_no_pg() {
    for words in
        ["[CC10] 통장 잔액부족", "[8041] 시스템 타임아웃(잠시후 재시도바람)", "nobody knows these words"]
    {
        let gateway = refused_at("kcp_billing", words);
        let world = World::for_gateway(gateway.url());
        two_pgs(&world);
        let ran = batch(&world, &["--workers", "1", "--json"]);
        assert_eq!(gateway.charges(), 21, "{words}: {ran}");
        assert_eq!(ran.json()["summary"]["stopped_pgs"], serde_json::json!([]), "{words}");
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_a_pause_at_once() {
    let (gateway, times) = with_charge(2, || busy("retry-after: 300\r\n"));
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(20));
    let child = world.spawn(&arguments(&["--workers", "1", "--json"]));
    eventually("the second charge arrives", || times.lock().unwrap().len() == 2);
    std::thread::sleep(UNDER_WAY);
    let begun = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::from_output(&child.wait_with_output().unwrap()).exits(7);
    assert!(begun.elapsed() < Duration::from_secs(5), "it went on waiting");
    let summary = &ran.json()["summary"];
    assert_eq!((&summary["paid"], &summary["not_tried"]), (&1.into(), &18.into()), "{ran}");
    assert_eq!(times.lock().unwrap().len(), 2);
}

#[test]
fn a_storm_in_a_long_file_loses_no_row() {
    let (charges, began) = (AtomicUsize::new(0), Mutex::new(None::<Instant>));
    let gateway = Scripted::start(move |asked| {
        if !asked.is_charge() {
            return no_such_payment();
        }
        if charges.fetch_add(1, Ordering::SeqCst) < 50 {
            return paid(asked);
        }
        let begun = *began.lock().unwrap().get_or_insert_with(Instant::now);
        if begun.elapsed() < Duration::from_millis(500) { busy("retry-after: 1\r\n") } else { paid(asked) }
    });
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(1000));
    let first = batch(&world, &["--workers", "16", "--json"]).exits(7).json();
    let unknown = first["summary"]["unknown"].as_u64().unwrap();
    assert!((1..=16).contains(&unknown), "{}", first["summary"]);
    without_a_wait(&world);
    batch(&world, &["--quiet", "--workers", "16"]).exits(0).says(&["settle_after is 0s"]);
    assert_eq!(sent(&gateway).len(), 1000);
    let again = usize::try_from(unknown).unwrap();
    assert_eq!(sent_twice(&gateway), again, "only what may have been charged was asked for twice");
}
