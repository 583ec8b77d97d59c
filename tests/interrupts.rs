//! Ctrl-C, SIGTERM and SIGHUP: before the request leaves nothing is sent; after it the answer is waited for,
//! and a second one stops the wait. A terminal that goes is one of them.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment};
use crate::support::pty::Terminal;
use crate::support::world::{Gateway, Ran, World, eventually, to_charge};

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
    for one in [Signal::INT, Signal::TERM, Signal::HUP] {
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
    for one in [Signal::INT, Signal::TERM, Signal::HUP] {
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
    for (first, second) in [
        (Signal::INT, Signal::INT),
        (Signal::TERM, Signal::INT),
        (Signal::TERM, Signal::TERM),
        (Signal::HUP, Signal::HUP),
        (Signal::HUP, Signal::TERM),
    ] {
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

/// A gateway that pays after a while.
#[cfg(target_os = "linux")]
fn paying_late() -> Scripted {
    Scripted::start(|asked| {
        Say::Late(Duration::from_millis(1500), Box::new(Say::Json(200, envelope(&payment(asked, "paid")))))
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_goes_while_the_request_is_out_loses_neither_answer_nor_record() {
    for format in ["--format=table", "--format=json"] {
        let gateway = paying_late();
        let world = World::for_gateway(gateway.url());
        let command = world.command(&to_charge("order_1", &["-v", format]));
        let terminal = Terminal::start_as_session(&command);
        eventually("the charge is out", || gateway.charges() == 1);
        terminal.goes().exits(0);
        assert_eq!((outcome(&world).as_str(), gateway.charges()), ("paid", 1));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_goes_before_the_request_leaves_sends_nothing() {
    let gateway = Scripted::start_whole(|_| Say::Hang(LONG));
    let world = World::for_gateway(gateway.url());
    let terminal = Terminal::start_as_session(&world.command(&to_charge("order_1", &[])));
    eventually("the token was asked for", || gateway.count("/users/getToken") == 1);
    terminal.goes().exits(130);
    assert_eq!((outcome(&world).as_str(), gateway.charges()), ("not_sent", 0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_batch_whose_terminal_goes_finishes_what_is_under_way() {
    let gateway = paying_late();
    let world = World::for_gateway(gateway.url());
    let rows = |n| format!("gildong_0001_1234,{},Monthly,order_{n}\n", 1000 + n);
    let file = (1..=20).map(rows).collect::<String>();
    std::fs::write(
        world.home().join("charges.csv"),
        format!("customer_uid,amount,name,merchant_uid\n{file}"),
    )
    .unwrap();
    let line = ["batch", "charges.csv", "--yes", "--workers", "2"];
    let terminal = Terminal::start_as_session(&world.command(&line));
    eventually("two charges are out", || gateway.charges() == 2);
    terminal.goes().exits(130);
    let paid = world.run(&["history", "--status", "paid", "--all", "--json"]).exits(0).json();
    assert_eq!(paid.as_array().unwrap().len(), gateway.charges(), "what was sent was recorded");
    assert!(gateway.charges() <= 4, "{} were begun", gateway.charges());
}

#[test]
#[cfg(target_os = "linux")]
fn under_nohup_a_hangup_is_nothing() {
    let gateway = paying_late();
    let world = World::for_gateway(gateway.url());
    let command = world.command(&to_charge("order_1", &["--json"]));
    let mut nohup = std::process::Command::new("nohup");
    nohup.arg(command.get_program()).args(command.get_args()).env_clear().current_dir(world.home());
    nohup.envs(command.get_envs().map(|(name, value)| (name, value.unwrap())));
    let piped = std::process::Stdio::piped;
    let child = nohup.stdin(std::process::Stdio::null()).stdout(piped()).stderr(piped()).spawn().unwrap();
    eventually("the charge is out", || gateway.charges() == 1);
    signal(&child, Signal::HUP);
    signal(&child, Signal::HUP);
    let ran = soon(child).exits(0);
    assert!(!ran.stderr.contains("The request is out"), "{ran}");
    assert_eq!(ran.json()["outcome"], "paid");
}

/// The terminal is left as it was: on a line of its own, and with what is typed shown.
#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_at_the_open_question_sends_nothing_and_leaves_the_terminal_as_it_was() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    std::fs::write(
        world.home().join("charges.csv"),
        "customer_uid,amount,name,merchant_uid\ng,8900,x,order_3\n",
    )
    .unwrap();
    let charge = to_charge("order_2", &["--allow-similar"]);
    let charge: Vec<&str> = charge.into_iter().filter(|word| *word != "--yes").collect();
    for (line, question, said) in [
        (&charge[..], "Charge this card? [y/N]", "interrupted before order_2 was sent. Nothing was sent"),
        (
            &["batch", "charges.csv"],
            "Charge these cards? [y/N]",
            "interrupted before the first row was sent. Nothing was sent",
        ),
        (
            &["refund", "order_1", "--full", "--reason", "x"],
            "Refund this payment? [y/N]",
            "interrupted before order_1 was refunded. Nothing was sent",
        ),
    ] {
        let mut terminal = Terminal::start_as_session(&world.command(line));
        terminal.shows(question);
        terminal.types("y\u{3}");
        terminal.exits(130);
        terminal.shows(said);
        let seen = terminal.seen();
        let after = seen.split_once(question).unwrap().1;
        assert!(after.contains("^C\r\n") && after.lines().count() <= 4, "{seen:?}");
        assert!(seen.ends_with('\n') && terminal.echoes(), "{seen:?}");
    }
    let book = gateway.book();
    assert_eq!(book["charges"].as_array().unwrap().len(), 1, "{book}");
    assert_eq!(book["payments"][0]["cancel_amount"], 0, "{book}");
}
