//! The mail of a failed cron line: with `--quiet` it is all that its reader has.

use std::fs;

use crate::batch;
use crate::support::world::{Gateway, Ran, World, to_charge_with};

/// A charge that fails is told on stderr alone, with everything that its reader would have to look up.
#[track_caller]
fn names_it(ran: Ran, customer: &str, order: &str, profile: &str) -> Ran {
    let ran = ran.in_plain_words().holds_nothing_odd();
    let fact = |label: &str| {
        let line = ran.stderr.lines().find(|line| line.trim_start().starts_with(&format!("{label}  ")));
        line.unwrap_or_else(|| panic!("no {label}: {ran}")).split_once("  ").unwrap().1.to_owned()
    };
    assert!(fact("customer").ends_with(customer), "{ran}");
    assert!(fact("order").ends_with(order), "{ran}");
    assert!(fact("amount").ends_with("₩8,900"), "{ran}");
    assert!(fact("time").contains("20"), "{ran}");
    assert!(fact("profile").ends_with(profile), "{ran}");
    assert!(ran.stderr.contains("billkey "), "no next command: {ran}");
    assert_eq!(ran.stdout, "", "{ran}");
    ran
}

fn quiet(world: &World, customer: &str, order: &str, more: &[&str]) -> Ran {
    world.run(&to_charge_with(customer, "8900", order, &[&["--quiet"], more].concat()))
}

#[test]
fn a_charge_that_fails_names_customer_order_amount_time_profile_and_the_next_command() {
    let world = World::bare();
    let charge = |customer: &str, order: &str, code: i32| {
        let ran = quiet(&world, customer, order, &["--sandbox"]).exits(code);
        names_it(ran, customer, order, "sandbox")
    };
    let again = "--merchant-uid d --retry";
    charge("sandbox_declined", "d", 5).says(&["error: Declined", "Nothing was charged.", again]);
    charge("sandbox_declined", "d", 5).says(&["Declined before", again]);
    charge("sandbox_rejected", "r", 6).says(&["error: Rejected", "--merchant-uid r --retry"]);
    charge("sandbox_unknown", "u", 7).says(&["The card may have been charged.", "reconcile u"]);
    quiet(&world, "gildong_0001_1234", "o1", &["--sandbox"]).exits(0);
    charge("gildong_0001_1234", "o2", 8).says(&["a moment ago", "--allow-similar"]);
    // Other terms than before: the mail tells what was asked for now.
    charge("younghee_0002_5678", "o1", 8).says(&["with other terms", "history show o1"]);
}

#[test]
fn a_charge_that_could_not_even_begin_names_them_too() {
    // Nothing is configured.
    let bare = quiet(&World::bare(), "gildong", "o1", &[]).exits(3);
    names_it(bare, "gildong", "o1", "default").says(&["no REST API key"]);
    // The configuration cannot be read.
    let world = World::bare();
    world.configure("this is no TOML");
    let line = ["--quiet", "--profile", "main", "charge", "gildong", "--amount", "8,900", "--name", "x"];
    let line = [&line[..], &["--once-per", "month", "--plan", "basic", "--yes"]].concat();
    let ran = world.run(&line).exits(3);
    let ran =
        ran.says(&["gildong", "once per month, plan basic", "₩8,900", "+09:00", "main", "Nothing was sent"]);
    assert_eq!(ran.stdout, "");
    // The gateway is not there, and the profile is of another name.
    let gone = World::for_gateway("http://127.0.0.1:9");
    let ran = names_it(quiet(&gone, "gildong", "o1", &[]).exits(9), "gildong", "o1", "main");
    ran.says(&["billkey charge gildong --amount 8900 --name Monthly --merchant-uid o1"]);
}

#[test]
fn a_program_gets_its_object_as_usual_and_the_mail_names_them_all_the_same() {
    let world = World::bare();
    for format in ["json", "jsonl"] {
        let ran = quiet(&world, "sandbox_declined", format, &["--sandbox", "--format", format]).exits(5);
        assert_eq!(
            (&ran.json()["outcome"], &ran.json()["merchant_uid"]),
            (&"declined".into(), &format.into())
        );
        let told = ran.error()["details"].as_str().unwrap().to_owned();
        for what in ["sandbox_declined", format, "₩8,900", "sandbox"] {
            assert!(told.contains(what), "{what}: {ran}");
        }
        assert!(ran.error()["hint"].as_str().unwrap().contains("billkey --sandbox charge sandbox_declined"));
    }
    let loud = world.run(&to_charge_with("sandbox_declined", "8900", "loud", &["--sandbox"])).exits(5);
    assert_eq!(loud.stderr, "", "without --quiet the answer is on stdout: {loud}");
    loud.answers(&["Declined", "loud"]);
}

#[test]
fn a_batch_that_fails_names_what_how_many_the_profile_and_the_next_command() {
    let gateway = Gateway::start("decline@order_1");
    let world = World::for_gateway(&gateway.url());
    batch::file(&world, "charges.csv", batch::rows(3));
    let ran = batch::batch(&world, &["--quiet"]).exits(5).in_plain_words();
    let ran = ran.says(&["2 of 3 rows paid", "line 3  declined  order_1", "profile  main", "time  "]);
    assert_eq!(ran.stdout, "", "{ran}");
    let line = ran.stderr.lines().find(|line| line.trim_start().starts_with("billkey ")).unwrap().trim();
    assert!(line.starts_with("billkey batch /") && line.ends_with("/charges.csv --retry-declined"), "{line}");
    // The line is whole: it can be pasted, with a yes.
    gateway.faults("");
    let words: Vec<&str> = line.split(' ').skip(1).chain(["--yes", "--quiet"]).collect();
    let paid = world.run(&words).exits(0);
    assert_eq!((paid.stdout.as_str(), paid.stderr.as_str()), ("", ""));
}

#[test]
fn a_batch_that_could_not_begin_names_its_file_and_the_period_it_was_for() {
    let world = World::for_gateway("http://127.0.0.1:9");
    fs::write(world.home().join("charges.csv"), "customer_uid,amount,name\na,1000,x\n").unwrap();
    let ran = batch::batch(&world, &["--quiet", "--once-per", "month", "--plan", "basic"]).exits(9);
    let ran = ran.in_plain_words().says(&["/charges.csv", "profile  main", "--once-per 20", "--plan basic"]);
    assert!(!ran.stderr.contains("--once-per month"), "the next month would be another one: {ran}");
    world.configure("this is no TOML");
    batch::batch(&world, &["--quiet"]).exits(3).says(&["/charges.csv", "not named", "Nothing was sent"]);
}
