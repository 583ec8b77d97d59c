//! `customer import` and `customer check --all`: many ids a call, alone what such a call does not show, and on from
//! where a run was stopped.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

use crate::support::gateway::{Asked, Say, Scripted};
use crate::support::world::{World, eventually};

/// The customer_uids that a question is about; ids here need no decoding.
fn asked_for(asked: &Asked) -> Vec<String> {
    match asked.path.strip_prefix("/subscribe/customers?") {
        Some(query) => query.split('&').map(|part| part.replace("customer_uid[]=", "")).collect(),
        None => asked.path.strip_prefix("/subscribe/customers/").map(str::to_owned).into_iter().collect(),
    }
}

fn is_many(asked: &Asked) -> bool {
    asked.path.starts_with("/subscribe/customers?")
}

fn key(uid: &str) -> String {
    format!(
        r#"{{"customer_uid":"{uid}","card_name":"BC카드","card_number":"1234-56**-****-7890","pg_provider":"nice","pg_id":"n","sandbox":true,"inserted":1500000000,"updated":1500000000}}"#
    )
}

fn one(uid: &str) -> Say {
    Say::Json(200, format!(r#"{{"code":0,"message":null,"response":{}}}"#, key(uid)))
}

fn list(status: u16, uids: &[String]) -> Say {
    let keys: Vec<String> = uids.iter().map(|uid| key(uid)).collect();
    Say::Json(status, format!(r#"{{"code":0,"message":null,"response":[{}]}}"#, keys.join(",")))
}

fn nobody() -> Say {
    Say::Json(404, r#"{"code":-1,"message":"없는 customer_uid입니다.","response":null}"#.to_owned())
}

/// A gateway that has everybody.
fn everybody(asked: &Asked) -> Say {
    let uids = asked_for(asked);
    if is_many(asked) { list(200, &uids) } else { one(&uids[0]) }
}

/// How many questions were about many, and the customers that were asked for alone, in their order.
fn questions(gateway: &Scripted) -> (usize, Vec<String>) {
    let asked = gateway.asked();
    let alone = asked.iter().filter(|asked| !is_many(asked)).flat_map(asked_for).collect::<BTreeSet<_>>();
    (asked.iter().filter(|asked| is_many(asked)).count(), alone.into_iter().collect())
}

/// A world with `c.csv`, which has so many customers: `c_0001` on line 2 and so on.
fn world(gateway: &Scripted, rows: usize) -> World {
    let world = World::for_gateway(gateway.url());
    let mut sheet = "customer_uid,name\n".to_owned();
    for row in 1..=rows {
        writeln!(sheet, "c_{row:04},name {row}").unwrap();
    }
    fs::write(world.home().join("c.csv"), sheet).unwrap();
    world
}

fn saved(world: &World) -> usize {
    // Of an empty ledger it says so on stderr too.
    let listed = world.command(&["customer", "list", "--json"]).output().unwrap();
    serde_json::from_slice::<Vec<serde_json::Value>>(&listed.stdout).unwrap_or_default().len()
}

#[test]
fn an_import_asks_about_a_hundred_customers_in_one_call_and_with_one_token() {
    let gateway = Scripted::start_asked(everybody);
    let world = world(&gateway, 250);
    world.run(&["customer", "import", "c.csv"]).exits(0).answers(&["Saved 250 customers."]);
    assert_eq!(questions(&gateway), (3, Vec::new()));
    assert_eq!(gateway.count("/users/getToken"), 1);
    let shown = world.run(&["customer", "show", "c_0250", "--json"]).exits(0).json();
    assert_eq!((&shown["name"], &shown["card_name"]), (&"name 250".into(), &"BC카드".into()));
    assert!(shown["checked_at"].is_string(), "{shown}");
}

#[test]
fn who_is_not_shown_beside_others_is_missed_only_when_asked_for_alone() {
    // The list hides c_0003 and c_0007; alone, the gateway has c_0003.
    let gateway = Scripted::start_asked(|asked| {
        let mut uids = asked_for(asked);
        if is_many(asked) {
            uids.retain(|uid| uid != "c_0003" && uid != "c_0007");
            return list(207, &uids);
        }
        if uids[0] == "c_0007" { nobody() } else { one(&uids[0]) }
    });
    let world = world(&gateway, 40);
    let ran = world.run(&["customer", "import", "c.csv", "--json"]).exits(10);
    let listed: Vec<String> =
        ran.json().as_array().unwrap().iter().map(|it| it["customer_uid"].to_string()).collect();
    assert_eq!(listed.len(), 39, "{ran}");
    assert!(listed.is_sorted(), "in the order of the file: {listed:?}");
    assert_eq!(questions(&gateway), (1, vec!["c_0003".to_owned(), "c_0007".to_owned()]));
    ran.says(&["line 8", "c_0007"]);
    assert_eq!(saved(&world), 39);
}

#[test]
fn a_list_that_names_somebody_else_saves_nobody_by_itself() {
    let gateway = Scripted::start_asked(|asked| match asked_for(asked) {
        _ if is_many(asked) => list(200, &["c_0001".to_owned(), "c_9999".to_owned()]),
        uids => one(&uids[0]),
    });
    let world = world(&gateway, 5);
    world.run(&["customer", "import", "c.csv"]).exits(0).answers(&["Saved 5 customers."]);
    assert_eq!(questions(&gateway).1.len(), 5, "each was asked for alone");
}

#[test]
fn no_import_fails_because_the_gateway_takes_no_lists() {
    let gateway = Scripted::start_asked(|asked| {
        if is_many(asked) { Say::Json(414, "<html>too long</html>".to_owned()) } else { everybody(asked) }
    });
    let world = world(&gateway, 120);
    world.run(&["customer", "import", "c.csv"]).exits(0).answers(&["Saved 120 customers."]);
    let (many, alone) = questions(&gateway);
    // Of 20 ids it takes four calls to come to one; whoever has the 100 may come before, between or after them.
    assert!((4..=12).contains(&many), "halved until one is left, by two workers at most: {many}");
    assert_eq!(alone.len(), 120);
}

#[test]
fn who_was_checked_within_a_day_is_not_asked_about_again() {
    let gateway = Scripted::start_asked(everybody);
    let world = world(&gateway, 3);
    world.run(&["customer", "import", "c.csv"]).exits(0);
    fs::write(world.home().join("more.csv"), "customer_uid,name\nc_0002,another\nc_0004,\n").unwrap();
    world
        .run(&["customer", "import", "more.csv"])
        .exits(0)
        .answers(&["Saved 2 customers."])
        .says(&["1 customer was checked within 24 hours", "--recheck"]);
    let later: Vec<String> = gateway.asked().iter().skip(2).flat_map(asked_for).collect();
    assert_eq!(later, ["c_0004"], "c_0002 was not asked about");
    let shown = world.run(&["customer", "show", "c_0002", "--json"]).exits(0).json();
    assert_eq!((&shown["name"], &shown["card_name"]), (&"another".into(), &"BC카드".into()));
    // One that was removed is seen again, and so is everybody with --recheck.
    world.run(&["customer", "remove", "c_0001", "--yes"]).exits(0);
    world.run(&["customer", "import", "c.csv"]).exits(0).says(&["2 customers were checked"]);
    let before = gateway.asked().len();
    world.run(&["customer", "import", "c.csv", "--recheck"]).exits(0);
    let last: BTreeSet<String> = gateway.asked().iter().skip(before).flat_map(asked_for).collect();
    assert_eq!(last.len(), 3);
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_is_saved_and_the_next_run_goes_on_from_there() {
    use rustix::process::{Pid, Signal, kill_process};

    use crate::support::world::Ran;

    // The first call is answered; the others never are.
    let gateway = Scripted::start_asked(|asked| {
        if asked_for(asked).contains(&"c_0001".to_owned()) {
            return everybody(asked);
        }
        Say::Hang(Duration::from_secs(60))
    });
    let (world, hanging) = (world(&gateway, 900), gateway.url().to_owned());
    let child = world.spawn(&["customer", "import", "c.csv", "--json"]);
    eventually("the first hundred are saved", || world.ledger_path().exists() && saved(&world) == 100);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = Ran::from_output(&child.wait_with_output().unwrap()).exits(130).in_plain_words();
    assert_eq!(ran.json().as_array().unwrap().len(), 100);
    ran.says(&["Interrupted: 800 of 900 customers not tried", "stay saved"]);
    assert_eq!(saved(&world), 100);

    let gateway = Scripted::start_asked(everybody);
    let config = fs::read_to_string(world.config_path()).unwrap().replace(&hanging, gateway.url());
    world.configure(&config);
    world.run(&["customer", "import", "c.csv"]).exits(0).says(&["100 customers were checked"]);
    let again: Vec<String> = gateway.asked().iter().flat_map(asked_for).collect();
    assert_eq!((again.len(), saved(&world)), (800, 900));
}

#[test]
fn a_gateway_out_of_reach_stops_the_import_and_is_not_told_for_each_line() {
    let gateway = Scripted::start_asked(|_| Say::Drop);
    let world = world(&gateway, 400);
    let ran = world.run(&["customer", "import", "c.csv"]).exits(9).in_plain_words();
    let told = ran.stderr.matches("was not saved").count();
    assert!((3..=5).contains(&told), "{told} of them\n{ran}");
    ran.says(&["Stopped:", "of 400 customers not tried"]);
}

#[test]
fn a_refused_key_is_told_once() {
    let gateway = Scripted::start_whole(|asked| match asked.path.as_str() {
        "/users/getToken" => {
            Say::Json(401, r#"{"code":-1,"message":"인증 실패","response":null}"#.to_owned())
        }
        _ => Say::Json(401, r#"{"code":-1,"message":"Unauthorized","response":null}"#.to_owned()),
    });
    let world = world(&gateway, 400);
    let ran = world.run(&["customer", "import", "c.csv"]).exits(4).in_plain_words();
    assert_eq!(ran.stderr.matches("was not saved").count(), 1, "{ran}");
    ran.says(&["line 2", "Stopped: 399 of 400 customers not tried"]);
}

#[test]
fn a_check_of_all_asks_many_at_a_time_and_begins_with_the_oldest_check() {
    let gateway = Scripted::start_asked(everybody);
    let world = world(&gateway, 130);
    world.run(&["customer", "import", "c.csv", "--no-verify"]).exits(0);
    world.run(&["customer", "check", "c_0001", "c_0002"]).exits(0);
    let before = gateway.asked().len();
    world.run(&["customer", "check", "--all"]).exits(0).answers(&["130 customers, registered"]);
    let calls: Vec<Vec<String>> = gateway.asked().iter().skip(before).map(asked_for).collect();
    let mut sizes: Vec<usize> = calls.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [30, 100]);
    let last = calls.iter().find(|call| call.len() == 30).unwrap();
    assert_eq!(last[28..], ["c_0001", "c_0002"], "they were checked already");
}

/// More than are asked about at a time: what is said of one that comes later names its own line.
#[test]
fn a_long_file_is_asked_about_in_pieces_and_told_in_its_order() {
    const ROWS: usize = 10_105;
    let gateway = Scripted::start_asked(|asked| {
        let uids: Vec<String> = asked_for(asked).into_iter().filter(|uid| uid != "c_10103").collect();
        match (is_many(asked), uids.first()) {
            (true, _) => list(200, &uids),
            (false, Some(uid)) => one(uid),
            (false, None) => nobody(),
        }
    });
    let world = world(&gateway, ROWS);
    let ran = world.run(&["customer", "import", "c.csv", "--format", "jsonl"]).exits(10);
    let ran = ran.says(&["line 10104: ", "c_10103"]);
    let uid = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["customer_uid"].clone();
    let told: Vec<serde_json::Value> = ran.stdout.lines().map(uid).collect();
    let expected = (1..=ROWS).filter(|row| *row != 10_103).map(|row| format!("c_{row:04}"));
    assert!(told == expected.map(serde_json::Value::from).collect::<Vec<_>>(), "in the file's order");
    assert_eq!(questions(&gateway), (102, vec!["c_10103".to_owned()]));
    assert_eq!(saved(&world), ROWS - 1);
}
