//! `billkey batch`, with the real program over real HTTP. The gateway's book is held against the
//! ledger: each row is charged once, whatever happened in between.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::gateway::{Asked, Say, Scripted, envelope, no_such_payment, payment};
use crate::support::world::{Gateway, Ran, World};

mod crash;
mod files;
mod pressure;
mod rehearsal;
mod stops;
#[cfg(unix)]
mod terminal;
mod workers;

const HEADER: &str = "customer_uid,amount,name,merchant_uid\n";

/// A file of so many rows, no two of them alike.
pub fn rows(count: usize) -> String {
    let row = |n: usize| format!("gildong_0001_1234,{},Monthly,order_{n}\n", 1000 + n);
    HEADER.to_owned() + &(0..count).map(row).collect::<String>()
}

/// Writes a file into the world's home.
pub fn file(world: &World, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = world.home().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// `batch charges.csv --yes` with more.
pub fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["batch", "charges.csv", "--yes"], more].concat()
}

#[must_use = "look at what the program said"]
pub fn batch(world: &World, more: &[&str]) -> Ran {
    world.run(&arguments(more))
}

/// A gateway that pays whatever is asked.
pub fn paying() -> Scripted {
    Scripted::start(|asked| match asked.is_charge() {
        true => Say::Json(200, envelope(&payment(asked, "paid"))),
        false => no_such_payment(),
    })
}

/// Every order of the file was charged exactly once, and the ledger says paid.
#[track_caller]
pub fn each_is_charged_once(gateway: &Gateway, world: &World, count: usize) {
    let book = gateway.book();
    for n in 0..count {
        let order = format!("order_{n}");
        let charged = book["charges"].as_array().unwrap().iter().find(|row| row["merchant_uid"] == *order);
        assert_eq!(charged.map_or(0, |row| row["charged"].as_u64().unwrap()), 1, "{order}");
    }
    let history = world.run(&["history", "--all", "--json"]).exits(0).json();
    let history = history.as_array().unwrap();
    assert_eq!(history.len(), count);
    assert!(history.iter().all(|payment| payment["outcome"] == "paid"));
}

#[test]
fn a_file_is_charged_once_however_often_it_is_run() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(20));
    let first = batch(&world, &["--json"]).exits(0).says(&["20 of 20 rows paid"]).json();
    assert_eq!((&first["summary"]["paid"], &first["summary"]["replayed"]), (&20.into(), &0.into()));
    assert_eq!(first["summary"]["totals"]["paid"]["KRW"], (0..20).map(|n| 1000 + n).sum::<i64>());
    assert_eq!(first["payments"].as_array().unwrap().len(), 20);
    assert_eq!(gateway.charges(), 20);
    let again = batch(&world, &["--json"]).exits(0).says(&["20 of 20 rows paid"]).json();
    assert_eq!((&again["summary"]["paid"], &again["summary"]["replayed"]), (&20.into(), &20.into()));
    assert!(again["payments"].as_array().unwrap().iter().all(|payment| payment["replayed"] == true));
    assert_eq!(gateway.charges(), 20, "no request goes to `again`");
    let quiet = batch(&world, &["--quiet"]).exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn once_per_makes_the_order_ids() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", "customer_uid,amount,name\ngildong,8900,Monthly\nyounghee,8900,Monthly\n");
    let line = ["--once-per", "2026-11", "--plan", "basic", "--json"];
    let first = batch(&world, &line).exits(0).says(&["2 of 2 rows paid"]).json();
    let id = first["payments"][0]["merchant_uid"].as_str().unwrap().to_owned();
    assert!(id.starts_with("202611") && id.len() == 40, "{id}");
    batch(&world, &line).exits(0).says(&["2 of 2 rows paid"]);
    assert_eq!(gateway.charges(), 2);
    batch(&world, &["--json"]).exits(2).says(&["line 2: column merchant_uid"]);
}

#[test]
fn the_exit_is_that_of_the_most_serious_line() {
    let gateway = Gateway::start("decline@order_1,reject@order_2");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(2));
    batch(&world, &[]).exits(5).answers(&["1 of 2 rows paid", "line 3  declined  order_1"]);
    file(&world, "charges.csv", rows(4));
    batch(&world, &[])
        .exits(6)
        .answers(&["2 of 4 rows paid", "line 4  rejected  order_2"])
        .says(&["declined or rejected before"]);
}

#[test]
fn a_declined_row_is_sent_again_only_when_asked_for() {
    let gateway = Gateway::start("decline@order_0*1");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(2));
    batch(&world, &[]).exits(5);
    batch(&world, &[]).exits(5);
    assert_eq!(gateway.received("order_0"), 1);
    batch(&world, &["--retry-declined"]).exits(0).says(&["to send       1"]);
    each_is_charged_once(&gateway, &world, 2);
}

#[test]
fn jsonl_tells_each_row_as_it_ends_and_json_errors_are_objects() {
    let gateway = Gateway::start("slow=700ms@order_0,decline@order_2");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(4));
    let ran = batch(&world, &["--format", "jsonl"]).exits(5);
    let told: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 4, "{ran}");
    assert_eq!(
        (&told[3]["merchant_uid"], &told[3]["line"]),
        (&"order_0".into(), &2.into()),
        "the slow one is last"
    );
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!((&error["error"]["exit"], &error["error"]["kind"]), (&5.into(), &"declined".into()));
    for field in ["outcome", "replayed", "imp_uid", "amount", "note", "operator"] {
        assert!(told[0].get(field).is_some(), "{field}");
    }
}

#[test]
fn limits_similar_charges_and_strangers_are_refused_and_the_rest_is_charged() {
    let gateway = Gateway::start("");
    let world = World::with_profile(
        &gateway.url(),
        "mode = \"test\"\n[profile.main.limits]\nmax_amount = 10000\ndaily_amount = 12000\n",
    );
    world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    file(
        &world,
        "charges.csv",
        format!(
            "{HEADER}gildong_0001_1234,5000,x,o1\ngildong_0001_1234,5000,x,o2\ngildong_0001_1234,10001,x,o3\n\
             gildong_0001_1243,100,x,o4\ngildong_0001_1234,6000,x,o5\ngildong_0001_1234,2000,x,o6\n"
        ),
    );
    let plan = world.run(&["batch", "charges.csv", "--dry-run", "--json"]).exits(8).json();
    let plan = &plan["summary"];
    assert_eq!((&plan["rows"], &plan["to_send"], &plan["refused"]), (&6.into(), &2.into(), &4.into()));
    let ran = batch(&world, &["--json"]).exits(8).json();
    let refused: Vec<&str> = ran["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["refused"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(refused, ["-", "similar_charge", "max_amount", "unknown_customer", "-", "daily_amount"]);
    assert_eq!((gateway.charged("o1"), gateway.charged("o5"), gateway.received("o2")), (1, 1, 0));
    // The plan looked ahead; two workers at once hold to the limits too.
    file(&world, "charges.csv", format!("{HEADER}gildong_0001_1234,5000,y,o1\ngildong_0001_1234,400,x,o7\n"));
    let ran = batch(&world, &["--json"]).exits(0).says(&["2 of 2 rows paid"]).json();
    assert_eq!(ran["payments"][0]["replayed"], true);
    file(&world, "charges.csv", format!("{HEADER}gildong_0001_1234,5001,y,o1\n"));
    batch(&world, &[]).exits(8).answers(&["the merchant_uid was asked for before with another"]);
}

#[test]
fn customers_that_nobody_saved_are_told_in_one_line_and_refused_only_near_a_saved_one() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    let strangers: String = (0..2500).map(|n| format!("stranger_{n},{},x,s{n}\n", 100 + n)).collect();
    file(&world, "charges.csv", format!("{HEADER}{strangers}gildong_0001_1324,100,x,near\n"));
    let plan = world.run(&["batch", "charges.csv", "--dry-run", "--json"]).exits(8);
    let told = plan.stderr.lines().filter(|line| line.contains("not saved")).count();
    let plan = plan.says(&["warning: 2500 rows whose customers are not saved here: stranger_0, stranger_1, stranger_2 and others"]);
    assert_eq!((told, &plan.json()["summary"]["to_send"]), (1, &2500.into()), "{plan}");
    assert_eq!(plan.json()["summary"]["refused_rows"][0]["merchant_uid"], "near");
    // Whoever was paid here before is no slip of the finger.
    let other =
        ["charge", "gildong_0001_1324", "--amount", "1", "--name", "x", "--merchant-uid", "o", "--yes"];
    world.run(&other).exits(8).says(&["gildong_0001_1234, which is saved, is near"]);
}

/// More rows than one thread looks at alone: each is held against its own payment, wherever it stands.
#[test]
fn a_long_file_is_planned_row_by_row() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let all = rows(6001);
    let paid = [0, 2999, 3000, 3001, 6000];
    let some = all.lines().skip(1).enumerate().filter(|(n, _)| paid.contains(n));
    file(
        &world,
        "charges.csv",
        HEADER.to_owned() + &some.map(|(_, row)| format!("{row}\n")).collect::<String>(),
    );
    batch(&world, &[]).exits(0).says(&["TEST  5 rows"]);
    file(&world, "charges.csv", all.replace(",4001,Monthly,order_3001", ",4002,Monthly,order_3001"));
    let plan = world.run(&["batch", "charges.csv", "--allow-similar", "--dry-run", "--json"]).exits(8).json();
    let plan = &plan["summary"];
    let counted = ["rows", "paid", "to_send", "refused"].map(|key| plan[key].as_u64().unwrap());
    assert_eq!(counted, [6001, 4, 5996, 1]);
    let refused = &plan["refused_rows"][0];
    assert_eq!((&refused["line"], &refused["merchant_uid"]), (&3003.into(), &"order_3001".into()));
}

#[test]
fn without_a_yes_and_with_nobody_to_ask_nothing_is_sent() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    file(&world, "charges.csv", rows(3));
    world.run(&["batch", "charges.csv"]).exits(8).says(&["3 rows", "to send", "--yes", "Nothing was sent"]);
    assert_eq!(gateway.charges(), 0);
    batch(&world, &[]).exits(0).says(&["TEST  3 rows"]);
    world.run(&["batch", "charges.csv"]).exits(0).says(&["TEST  3 rows"]).answers(&["already paid"]);
}

#[test]
fn the_gateway_is_asked_about_unknown_rows_before_anything_is_sent() {
    let gateway = Gateway::start("lost_after@order_3*1");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(4));
    batch(&world, &["--workers", "2"]).exits(7).answers(&["unknown", "may have been charged"]);
    file(&world, "charges.csv", rows(6));
    let ran =
        world.run(&arguments(&["--workers", "1", "--format", "jsonl"])).exits(0).says(&["6 of 6 rows paid"]);
    let order: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["merchant_uid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(order, ["order_0", "order_1", "order_2", "order_3", "order_4", "order_5"]);
    assert_eq!(gateway.received("order_3"), 1, "found, not sent again");
    each_is_charged_once(&gateway, &world, 6);
}

/// Answers 401 to every charge with the first token from the fifth on.
pub fn token_that_dies() -> Scripted {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let (tokens, charges) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Scripted::start_whole(move |asked: &Asked| {
        if asked.path == "/users/getToken" {
            let number = tokens.fetch_add(1, Ordering::SeqCst);
            let body = crate::support::gateway::token(1800);
            return Say::Json(200, body.replace("0123456789abcdef0123", &format!("{number:020}")));
        }
        if asked.looks_up().is_some() {
            return no_such_payment();
        }
        let first = asked.header("authorization").unwrap().contains(&format!("{:020}", 0));
        if first && charges.fetch_add(1, Ordering::SeqCst) >= 5 {
            return Say::Json(401, r#"{"code":-1,"message":"Unauthorized","response":null}"#.to_owned());
        }
        Say::Json(200, envelope(&payment(asked, "paid")))
    })
}

#[test]
fn a_token_that_dies_on_the_way_is_fetched_once_for_all() {
    for workers in ["1", "16"] {
        let gateway = token_that_dies();
        let world = World::for_gateway(gateway.url());
        file(&world, "charges.csv", rows(60));
        batch(&world, &["--workers", workers]).exits(0).says(&["TEST  60 rows"]);
        assert_eq!(gateway.count("/users/getToken"), 2, "{workers} workers");
        let answered = gateway.charges();
        assert!(answered > 60 && answered <= 60 + 16, "{answered} requests");
    }
}
