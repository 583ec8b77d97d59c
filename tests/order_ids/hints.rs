//! What a person does who pastes what the screen says.

use std::process::Command;

use super::{PERIOD, once_per};
use crate::support::world::{BILLKEY, Gateway, Ran, World, to_charge};

/// The hints of what was said, each the command of it.
fn commands(ran: &Ran) -> Vec<String> {
    let text = format!("{}{}", ran.stdout, ran.stderr.as_str());
    let command = |line: &str| line.find("billkey ").map(|at| line[at..].trim().to_owned());
    text.lines().filter_map(command).collect()
}

/// Runs a command as a shell reads it, with a yes.
fn paste(world: &World, command: &str) -> Ran {
    let yes = if command.contains(" charge ") { " --yes" } else { "" };
    let command = command.replacen("billkey", BILLKEY, 1) + yes;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&command).env_clear().current_dir(world.home());
    shell.env("HOME", world.home()).env("USER", "tester").env("LANG", "C.UTF-8");
    Ran::from_output(&shell.output().unwrap())
}

#[test]
fn after_a_decline_the_pasted_hint_sends_the_same_order_once_more() {
    let gateway = Gateway::start("no_duplicate_refusal, decline=[CC10] 통장 잔액부족*1");
    let world = World::for_gateway(&gateway.url());
    let name = "월 구독";
    let line = ["charge", "gildong_0001_1234", "--amount", "8900", "--name", name];
    let line = [&line[..], &["--merchant-uid", "order 1", "--profile", "main", "--yes"]].concat();
    let declined = world.run(&line).exits(5);
    assert!(declined.stdout.contains("\n  order  order 1   "), "{declined}");
    let [hint] = &commands(&declined)[..] else { panic!("{declined}") };
    assert_eq!(
        hint,
        "billkey --profile main charge gildong_0001_1234 --amount 8900 --name '월 구독' \
         --merchant-uid 'order 1' --retry"
    );
    paste(&world, hint).exits(0);
    assert_eq!((gateway.charged("order 1"), gateway.received("order 1")), (1, 2));
}

#[test]
fn a_late_approval_is_found_by_the_pasted_hint() {
    let gateway = Gateway::start("no_duplicate_refusal, flips_to_paid=10ms*1");
    let world = World::for_gateway(&gateway.url());
    let declined = world.run(&to_charge("order_1", &[])).exits(5);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let [reconcile, retry] = &commands(&declined)[..] else { panic!("{declined}") };
    assert!(reconcile.starts_with("billkey reconcile order_1"), "{reconcile}");
    paste(&world, retry).exits(0);
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn after_an_unknown_outcome_every_hint_is_of_the_same_order() {
    let gateway = Gateway::start("no_duplicate_refusal, lost_after*1");
    let world = World::for_gateway(&gateway.url());
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    let unknown = world.run(&line[..line.len() - PERIOD.len() - 1]).exits(2);
    assert!(unknown.stderr.contains("--merchant-uid"), "{unknown}");
    let table: Vec<&str> = line.iter().copied().filter(|word| *word != "--json").collect();
    let unknown = world.run(&table).exits(7);
    let [reconcile, again] = &commands(&unknown)[..] else { panic!("{unknown}") };
    assert!(reconcile.starts_with("billkey reconcile 202611"), "{reconcile}");
    assert!(again.contains(" --merchant-uid 202611"), "{again}");
    assert!(!again.contains("--allow-similar"), "{again}");
    paste(&world, again).exits(0);
    let book = gateway.book();
    assert_eq!(book["charges"].as_array().unwrap().len(), 1, "{book}");
    let payments: Vec<_> = book["payments"].as_array().unwrap().iter().collect();
    assert_eq!(payments.len(), 1, "{book}");
}
