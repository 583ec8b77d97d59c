//! What makes a batch stop, and what it leaves.

use std::time::{Duration, Instant};

use super::{arguments, batch, each_is_charged_once, file, rows};
use crate::support::world::{Gateway, Ran, World, eventually};

#[test]
fn a_broken_channel_does_not_burn_every_card() {
    let gateway = Gateway::start("decline");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(40));
    let ran = batch(&world, &["--workers", "1", "--max-failures", "3", "--json"]).exits(5);
    assert!(
        ran.stderr.contains("Stopped after 3 failures in a row") && ran.stderr.contains("37 rows not tried")
    );
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 3);
    let summary = &ran.json()["summary"];
    assert_eq!((&summary["declined"], &summary["not_tried"]), (&3.into(), &37.into()));
    assert_eq!(summary["stopped"], "max_failures");
    gateway.faults("");
    let ran = batch(&world, &["--retry-declined", "--max-failures", "3"]).exits(0);
    assert!(!ran.stderr.contains("Stopped"), "{ran}");
    each_is_charged_once(&gateway, &world, 40);
}

#[test]
fn failures_that_are_not_in_a_row_do_not_stop_it() {
    let gateway = Gateway::start("decline@order_0,reject@order_1,decline@order_3,decline@order_4");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(6));
    let ran = batch(&world, &["--workers", "1", "--max-failures", "3"]).exits(6);
    assert!(!ran.stderr.contains("Stopped"), "{ran}");
}

#[test]
fn a_refused_key_stops_at_the_first_row() {
    let gateway = Gateway::start("");
    let world = World::bare();
    world.configure(&format!(
        "[profile.main]\nmode = \"test\"\napi_url = \"{}\"\nimp_key = \"x\"\nimp_secret = \"y\"\n",
        gateway.url()
    ));
    file(&world, "charges.csv", rows(30));
    let ran = batch(&world, &["--workers", "1"]).exits(4).says(&["the gateway refused the API key"]);
    assert!(ran.stderr.contains("29 rows not tried"), "{ran}");
}

#[cfg(unix)]
fn signal(child: &std::process::Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

#[test]
#[cfg(unix)]
fn an_interrupt_finishes_what_is_under_way_and_begins_no_more() {
    use rustix::process::Signal;
    for sent in [Signal::INT, Signal::TERM, Signal::HUP] {
        let gateway = Gateway::start("slow=500ms");
        let world = World::for_gateway(&gateway.url());
        file(&world, "charges.csv", rows(30));
        let child = world.spawn(&arguments(&["--workers", "3", "--results", "out.csv", "--json"]));
        eventually("a charge arrives", || !gateway.book()["charges"].as_array().unwrap().is_empty());
        signal(&child, sent);
        let ran = Ran::from_output(&child.wait_with_output().unwrap()).exits(130);
        assert!(ran.stderr.contains("Stopping: no further row"), "{ran}");
        let charged = gateway.book()["payments"].as_array().unwrap().len();
        let summary = &ran.json()["summary"];
        assert_eq!(summary["paid"].as_u64(), u64::try_from(charged).ok(), "{ran}");
        assert!((1..=6).contains(&charged), "{charged} were charged");
        assert_eq!((&summary["unknown"], &summary["stopped"]), (&0.into(), &"interrupted".into()));
        let results = std::fs::read_to_string(world.home().join("out.csv")).unwrap();
        assert_eq!(results.lines().count(), 31, "a line for each row");
        gateway.faults("");
        batch(&world, &[]).exits(0).says(&["TEST  30 rows"]);
        each_is_charged_once(&gateway, &world, 30);
    }
}

#[test]
#[cfg(unix)]
fn a_second_interrupt_waits_for_nothing_and_leaves_the_rest_unknown() {
    let gateway = Gateway::start("slow=20s");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(10));
    let begun = Instant::now();
    let child = world.spawn(&arguments(&["--workers", "2", "--json"]));
    eventually("two charges arrive", || gateway.book()["charges"].as_array().unwrap().len() == 2);
    signal(&child, rustix::process::Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, rustix::process::Signal::INT);
    let ran = Ran::from_output(&child.wait_with_output().unwrap()).exits(7);
    assert!(begun.elapsed() < Duration::from_secs(10), "it did not wait");
    assert_eq!(ran.json()["summary"]["unknown"], 2, "{ran}");
    gateway.faults("");
    batch(&world, &[]).exits(0).says(&["look up first  2"]);
    each_is_charged_once(&gateway, &world, 10);
}

#[test]
fn one_batch_runs_at_a_time_and_single_charges_beside_it() {
    let gateway = Gateway::start("slow=1s@order_0");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(1));
    let first = world.spawn(&arguments(&[]));
    eventually("the first is at it", || gateway.received("order_0") == 1);
    let second = batch(&world, &["--json"]).exits(9);
    assert!(second.stderr.contains(&format!("process {}", first.id())), "{second}");
    world.charge("beside", &[]).exits(0);
    Ran::from_output(&first.wait_with_output().unwrap()).exits(0);
    batch(&world, &[]).exits(0).says(&["TEST  1 row"]).answers(&["already paid"]);
}

#[test]
fn the_rate_is_smooth() {
    let gateway = super::paying();
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(6));
    let begun = Instant::now();
    batch(&world, &["--rate", "10/s", "--workers", "6"]).exits(0).says(&["TEST  6 rows"]);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(490), "{took:?}");
    batch(&world, &["--rate", "fast"]).exits(2).says(&["--rate", "`fast`", "10/s"]);
}
