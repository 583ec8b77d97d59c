//! Ctrl-C and SIGTERM: before the request leaves nothing is sent; after it the answer is waited for,
//! and a second one stops the wait.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment};
use crate::support::world::{Ran, World, eventually, to_charge};

const LONG: Duration = Duration::from_secs(30);

fn charge(world: &World) -> Child {
    world.spawn(&to_charge("order_1", &["--json"]))
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The end of it, which must come soon.
#[track_caller]
fn soon(child: Child) -> Ran {
    let begun = Instant::now();
    let ran = Ran::from_output(&child.wait_with_output().unwrap());
    assert!(begun.elapsed() < LONG / 2, "it went on waiting\n{ran}");
    ran.in_plain_words()
}

/// What the ledger says of the order.
fn outcome(world: &World) -> String {
    let row = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    row["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn before_the_request_leaves_an_interrupt_sends_nothing() {
    for one in [Signal::INT, Signal::TERM] {
        let gateway = Scripted::start_whole(|_| Say::Hang(LONG));
        let world = World::for_gateway(gateway.url());
        let child = charge(&world);
        eventually("the token was asked for", || gateway.count("/users/getToken") == 1);
        signal(&child, one);
        let ran = soon(child).exits(130).says(&["nterrupted", "Nothing was sent"]);
        let error = ran.error();
        assert_eq!((error["kind"].clone(), error["exit"].clone()), (json!("interrupted"), json!(130)));
        assert_eq!(outcome(&world), "not_sent");
        assert_eq!(gateway.charges(), 0);
    }
}

#[test]
fn after_it_left_one_interrupt_says_so_and_waits_for_the_answer() {
    for one in [Signal::INT, Signal::TERM] {
        let gateway = Scripted::start(|asked| {
            Say::Late(
                Duration::from_millis(1500),
                Box::new(Say::Json(200, envelope(&payment(asked, "paid")))),
            )
        });
        let world = World::for_gateway(gateway.url());
        let child = charge(&world);
        eventually("the charge is out", || gateway.charges() == 1);
        signal(&child, one);
        let ran = soon(child).exits(0).says(&["The request is out", "waiting for the answer"]);
        assert_eq!(ran.json()["outcome"], "paid");
        assert_eq!((outcome(&world).as_str(), gateway.charges()), ("paid", 1));
    }
}

#[test]
fn after_it_left_a_second_interrupt_leaves_the_outcome_unknown() {
    for (first, second) in
        [(Signal::INT, Signal::INT), (Signal::TERM, Signal::INT), (Signal::TERM, Signal::TERM)]
    {
        let gateway = Scripted::start(|asked| match asked.method.as_str() {
            "POST" => Say::Hang(LONG),
            _ => no_such_payment(),
        });
        let world = World::for_gateway(gateway.url());
        let mut child = charge(&world);
        eventually("the charge is out", || gateway.charges() == 1);
        signal(&child, first);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("Once more to stop") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "it ended with: {said}");
        }
        signal(&child, second);
        let ran = soon(child).exits(7);
        stderr.read_to_string(&mut said).unwrap();
        let ran = Ran { stderr: said.into(), ..ran }.says(&["The card may have been charged"]);
        assert_eq!(ran.json()["outcome"], "unknown");
        assert_eq!(ran.error()["exit"], 7);
        assert_eq!(outcome(&world), "unknown");
        world.charge("order_1", &[]).exits(7);
        assert_eq!(gateway.charges(), 1);
    }
}

#[test]
fn a_process_that_waits_for_another_can_be_interrupted_and_a_killed_one_blocks_nobody() {
    let gateway = Scripted::start(|asked| match asked.method.as_str() {
        "POST" => Say::Hang(LONG),
        _ => no_such_payment(),
    });
    let world = World::for_gateway(gateway.url());
    let mut first = charge(&world);
    eventually("the charge is out", || gateway.charges() == 1);
    let mut second = charge(&world);
    let mut stderr = BufReader::new(second.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("Another process is charging order_1"), "{said}");
    signal(&second, Signal::INT);
    let ran = soon(second).exits(130);
    stderr.read_to_string(&mut said).unwrap();
    Ran { stderr: said.into(), ..ran }.says(&["Nothing was sent"]);
    signal(&first, Signal::KILL);
    first.wait().unwrap();
    let begun = Instant::now();
    let third = world.charge("order_1", &[]).exits(7);
    assert!(begun.elapsed() < LONG / 2, "{third}");
    assert_eq!((outcome(&world).as_str(), gateway.charges()), ("unknown", 1));
}

#[test]
fn an_interrupt_in_a_look_up_leaves_the_payment_as_unknown_as_it_was() {
    let gateway = Scripted::start(|asked| match asked.method.as_str() {
        "POST" => Say::Drop,
        _ => Say::Hang(LONG),
    });
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(7);
    let child = charge(&world);
    eventually("it is looked up", || gateway.count("/payments/findAll") == 2);
    signal(&child, Signal::INT);
    let ran = soon(child).exits(7);
    assert_eq!(ran.json()["outcome"], "unknown");
    assert_eq!((outcome(&world).as_str(), gateway.charges()), ("unknown", 1));
}

#[test]
fn a_sandbox_that_serves_ends_quietly() {
    for one in [Signal::INT, Signal::TERM] {
        let world = World::bare();
        let mut child = world.spawn(&["sandbox", "serve"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("http://127.0.0.1:"), "{line}");
        signal(&child, one);
        soon(child).exits(0);
    }
}
