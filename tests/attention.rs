//! `billkey attention`: what is left for a person, out of the ledger alone, with the real program.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use billkey::sandbox::{IMP_KEY, IMP_SECRET};
use serde_json::{Value, json};

use crate::support::world::{BILLKEY, Gateway, Ran, World, client, to_charge_with};

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn post(gateway: &Gateway, path: &str, body: &Value) {
    let url = format!("{}/_sandbox/{path}", gateway.url());
    let answer = client().post(url).header("content-type", "application/json").body(body.to_string());
    let answer = answer.send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

/// A charge with a billing key that was made on another machine, a minute ago.
fn made(gateway: &Gateway, merchant_uid: &str, more: &Value) {
    let at = now_s() - 60;
    let mut payment = json!({
        "merchant_uid": merchant_uid, "amount": 8900, "name": "Monthly", "customer_uid": "gildong_0001_1234",
        "customer_uid_usage": "payment", "channel": "api", "status": "paid", "started_at": at, "paid_at": at,
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| payment[name] = value.clone());
    post(gateway, "payments", &payment);
}

fn attention(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["attention", "--json"], more].concat())
}

fn kinds(ran: &Ran) -> Vec<String> {
    let items = ran.json();
    items.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

fn reconcile(world: &World) -> Ran {
    world.run(&["reconcile", "--since", "2d", "--json"])
}

/// Runs a command as it was printed, in the same home.
fn paste(world: &World, command: &str) -> Ran {
    let mut shell = Command::new("sh");
    let plain = world.command(&[]);
    shell.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.arg("-c").arg(command.replacen("billkey", BILLKEY, 1)).current_dir(world.home());
    Ran::from_output(&shell.output().unwrap())
}

fn command(item: &Value, field: &str) -> String {
    item[field].as_str().unwrap_or_else(|| panic!("no {field}: {item}")).to_owned()
}

#[test]
fn where_nothing_is_left_not_a_word_is_said_in_any_format() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    for format in ["table", "plain", "jsonl", "csv"] {
        let ran = world.run(&["attention", "--format", format]).exits(0);
        assert_eq!(ran.stdout, "", "{format}");
    }
    assert_eq!(attention(&world, &[]).exits(0).json(), json!([]));
    assert_eq!(world.run(&["--quiet", "attention", "--json"]).exits(0).stdout, "");
}

#[test]
fn it_needs_no_network_and_no_key_and_creates_nothing() {
    let world = World::bare();
    let ran = attention(&world, &[]).exits(10);
    assert_eq!(kinds(&ran), ["no_ledger"]);
    assert!(!world.ledger_path().exists());
    let _ = world.run(&["--sandbox", "attention"]).exits(0);
    let gateway = Gateway::start("lost_after");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1s\"\n");
    world.charge("order_1", &[]).exits(7).says(&["settle_after is 1s"]);
    drop(gateway);
    sleep(Duration::from_millis(1_200));
    assert_eq!(kinds(&attention(&world, &[]).exits(8)), ["unknown"]);
}

#[test]
fn an_unknown_charge_is_told_when_settle_after_is_over_with_the_command_that_settles_it() {
    let gateway = Gateway::start("lost_after*1");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"2s\"\n");
    world.charge("order_1", &[]).exits(7).says(&["settle_after is 2s"]);
    let _ = attention(&world, &[]).exits(0);
    sleep(Duration::from_millis(2_200));
    let ran = attention(&world, &[]).exits(8);
    let item = ran.json()[0].clone();
    assert_eq!((&item["kind"], &item["merchant_uid"]), (&json!("unknown"), &json!("order_1")));
    assert_eq!((&item["amount"], &item["currency"]), (&json!(8900), &json!("KRW")));
    let table = world.run(&["attention"]).exits(8);
    assert_eq!(table.stdout.lines().count(), 1, "{table}");
    assert!(table.stdout.ends_with("  billkey reconcile order_1\n"), "{table}");
    paste(&world, &command(&item, "command")).exits(0).answers(&["order_1  Paid ₩8,900"]);
    let _ = attention(&world, &[]).exits(0);
}

#[test]
fn drift_stays_after_the_run_that_found_it_and_goes_with_the_one_that_does_not() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_2", &json!({}));
    assert_eq!(reconcile(&world).exits(8).json()["drift"].as_array().unwrap().len(), 1);
    let found = attention(&world, &[]).exits(8).json();
    assert_eq!(
        (&found[0]["kind"], &found[0]["merchant_uid"]),
        (&json!("only_at_gateway"), &json!("order_2"))
    );
    // A run that does not look there changes nothing.
    let _ = world.run(&["reconcile"]).exits(0);
    let _ = world.run(&["reconcile", "--since", "3d", "--until", "2d"]).exits(0);
    assert_eq!(attention(&world, &[]).exits(8).json(), found);
    paste(&world, &command(&found[0], "command")).exits(0).answers(&["1 imported"]);
    let _ = attention(&world, &[]).exits(0);
}

#[test]
fn what_somebody_answers_for_is_told_no_more_but_where_it_is_asked_for() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_2", &json!({}));
    let table = world.run(&["reconcile", "--since", "2d"]).exits(8);
    table.answers(&["  next     billkey reconcile --acknowledge drift_"]);
    let item = attention(&world, &[]).exits(8).json()[0].clone();
    let acknowledge = command(&item, "otherwise").replace("...", "the other till");
    paste(&world, &acknowledge).exits(0).answers(&["only_at_gateway of the order order_2", "the other till"]);
    let _ = attention(&world, &[]).exits(0);
    let quiet = reconcile(&world).exits(0).json();
    assert_eq!(quiet["drift"], json!([]));
    let _ = world.run(&["reconcile", "--since", "2d"]).exits(0).answers(&["1 acknowledged"]);
    let marked = world.run(&["reconcile", "--since", "2d", "--all", "--json"]).exits(0).json();
    assert_eq!(marked["drift"][0]["acknowledged_reason"], "the other till");
    let all = attention(&world, &["--all"]).exits(0).json();
    assert_eq!((&all[0]["id"], &all[0]["acknowledged_reason"]), (&item["id"], &json!("the other till")));
    assert!(all[0]["acknowledged_at"].is_string() && all[0]["acknowledged_by"].is_string(), "{all}");
    // Refunded in the console since: that is another difference, and nobody has answered for it.
    made(&gateway, "order_3", &json!({}));
    let _ = reconcile(&world).exits(8);
    assert_eq!(attention(&world, &[]).exits(8).json()[0]["merchant_uid"], "order_3");
    let id = command(&item, "id");
    let back = ["reconcile", "--unacknowledge", &id, "--reason", "it was not", "--json"];
    assert_eq!(world.run(&back).exits(0).json()["acknowledged"], false);
    assert_eq!(attention(&world, &[]).exits(8).json().as_array().unwrap().len(), 2);
}

#[test]
fn an_order_that_is_about_two_differences_is_not_answered_for_in_one() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let imp_uid = gateway.book()["payments"][0]["imp_uid"].as_str().unwrap().to_owned();
    let url = format!("{}/_sandbox/payments", gateway.url());
    let body = json!({"imp_uid": imp_uid, "amount": 9900});
    let changed = client().put(url).header("content-type", "application/json").body(body.to_string());
    assert!(changed.send().unwrap().status().is_success());
    post(&gateway, "console-refunds", &json!({"imp_uid": imp_uid, "amount": 1000}));
    let _ = reconcile(&world).exits(8);
    assert_eq!(kinds(&attention(&world, &[]).exits(8)).len(), 2);
    let by_order = ["reconcile", "--acknowledge", "order_1", "--reason", "agreed by telephone"];
    world.run(&by_order).exits(8).says(&["amount_differs", "refund_differs", "Nothing was written"]);
    assert_eq!(kinds(&attention(&world, &[]).exits(8)).len(), 2);
    for item in attention(&world, &[]).exits(8).json().as_array().unwrap() {
        let field = if item["otherwise"].is_null() { "command" } else { "otherwise" };
        let _ = paste(&world, &command(item, field).replace("...", "agreed by telephone")).exits(0);
    }
    let _ = attention(&world, &[]).exits(0);
    let nobody = ["reconcile", "--acknowledge", "drift_0", "--reason", "x"];
    world.run(&nobody).exits(10).says(&["drift_0", "Nothing was written"]);
}

#[test]
fn two_payments_that_only_a_list_shows_are_kept_and_can_be_answered_for() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_1", &json!({}));
    reconcile(&world).exits(8).says(&["A person must look"]);
    let item = attention(&world, &[]).exits(8).json()[0].clone();
    assert_eq!((&item["kind"], &item["merchant_uid"]), (&json!("two_payments"), &json!("order_1")));
    assert!(command(&item, "command").contains("billkey refund imps_"), "{item}");
    let _ = paste(&world, &command(&item, "otherwise")).exits(0);
    let _ = attention(&world, &[]).exits(0);
}

#[test]
fn a_refund_that_was_refused_is_told_until_it_is_tried_again_or_answered_for() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1s\"\n");
    world.charge("order_1", &[]).exits(0).says(&["settle_after is 1s"]);
    gateway.faults("refund_refused=취소불가 상태입니다*1");
    let refund = ["refund", "order_1", "--amount", "3000", "--reason", "늦게 옴", "--yes"];
    let _ = world.run(&refund).exits(6);
    let item = attention(&world, &[]).exits(8).json()[0].clone();
    assert_eq!((&item["kind"], &item["amount"]), (&json!("refund_refused"), &json!(3000)));
    let signed = paste(&world, &command(&item, "otherwise")).exits(0);
    signed.answers(&["refund_refused of the order order_1"]);
    let _ = attention(&world, &[]).exits(0);
    let _ = paste(&world, &format!("{} --yes --again", command(&item, "command"))).exits(0);
    assert_eq!(kinds(&attention(&world, &["--all"]).exits(0)), Vec::<String>::new());
}

#[test]
fn a_refused_refund_of_more_than_the_console_has_left_is_told_with_a_command_that_works() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    gateway.faults("refund_refused=취소불가 상태입니다*1");
    world.run(&["refund", "order_1", "--full", "--reason", "moved away", "--yes"]).exits(6);
    gateway.faults("");
    post(&gateway, "console-refunds", &json!({"merchant_uid": "order_1", "amount": 3000}));
    let _ = world.run(&["reconcile", "order_1", "--fix"]);
    let left = attention(&world, &[]).exits(8);
    assert_eq!(kinds(&left), ["refund_refused"]);
    let again = command(&left.json()[0], "command");
    assert!(!again.contains("--amount"), "more is not there to be refunded: {again}");
    let _ = paste(&world, &format!("{again} --yes")).exits(0).answers(&["₩0 is left"]);
    let _ = world.run(&["attention"]).exits(0);
}

#[test]
fn a_refund_without_an_answer_is_told_when_its_time_is_over() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1s\"\n");
    world.charge("order_1", &[]).exits(0).says(&["settle_after is 1s"]);
    gateway.faults("refund_refused=기취소거래*1");
    let refund = ["refund", "order_1", "--full", "--reason", "늦게 옴", "--yes"];
    let _ = world.run(&refund).exits(7);
    sleep(Duration::from_millis(1_200));
    let item = attention(&world, &[]).exits(8).json()[0].clone();
    assert_eq!(item["kind"], "refund_unknown");
    // It is settled by the look-up: it was refused, and that is for a person too.
    let _ = paste(&world, &command(&item, "command")).exits(6);
    assert_eq!(kinds(&attention(&world, &[]).exits(8)), ["refund_refused"]);
}

#[test]
fn a_ledger_that_is_older_than_it_was_or_lost_is_for_a_person() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let ledger = world.ledger_path();
    fs::remove_file(format!("{}.mark", ledger.display())).unwrap();
    let ran = attention(&world, &[]).exits(8);
    assert_eq!(kinds(&ran), ["distrusted"]);
    assert!(command(&ran.json()[0], "command").ends_with(" --import"), "{ran}");
    let _ = paste(&world, &command(&ran.json()[0], "otherwise")).exits(0);
    let _ = attention(&world, &[]).exits(0);
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{suffix}", ledger.display())));
    }
    assert_eq!(kinds(&attention(&world, &[]).exits(8)), ["lost"]);
    assert!(!ledger.exists());
}

/// Has the gateway charge a customer by itself, a day from now.
fn schedule(gateway: &Gateway, order: &str) {
    schedule_in(gateway, order, 1);
}

fn schedule_in(gateway: &Gateway, order: &str, days: i64) {
    let token = client()
        .post(format!("{}/users/getToken", gateway.url()))
        .header("content-type", "application/json")
        .body(json!({"imp_key": IMP_KEY, "imp_secret": IMP_SECRET}).to_string());
    let token: Value = serde_json::from_str(&token.send().unwrap().text().unwrap()).unwrap();
    let token = token["response"]["access_token"].as_str().unwrap().to_owned();
    let body = json!({"customer_uid": "gildong_0001_1234", "schedules": [
        {"merchant_uid": order, "schedule_at": now_s() + days * 86_400, "amount": 8900, "name": "Monthly"},
    ]});
    let asked = client().post(format!("{}/subscribe/payments/schedule", gateway.url()));
    let asked = asked.header("authorization", token).header("content-type", "application/json");
    let answer = asked.body(body.to_string()).send().unwrap().text().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["code"], 0, "{answer}");
}

#[test]
fn what_the_gateway_charges_by_itself_is_told_until_it_is_taken_back_or_answered_for() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    schedule(&gateway, "planned_1");
    world.run(&["doctor"]).exits(0).answers(&["1 scheduled payment", "planned_1 ₩8,900"]);
    // Doctor writes nothing down.
    let _ = attention(&world, &[]).exits(0);
    let show = || world.run(&["customer", "show", "gildong_0001_1234"]).exits(0);
    show().says(&["1 scheduled payment", "planned_1 ₩8,900 of gildong_0001_1234"]);
    let item = attention(&world, &[]).exits(8).json()[0].clone();
    assert_eq!((&item["kind"], &item["merchant_uid"]), (&json!("schedule"), &json!("planned_1")));
    paste(&world, &command(&item, "command")).exits(0).answers(&["schedule of the order planned_1"]);
    let _ = attention(&world, &[]).exits(0);
    let _ = show();
    schedule(&gateway, "planned_2");
    let _ = reconcile(&world).exits(0);
    assert_eq!(attention(&world, &[]).exits(8).json()[0]["merchant_uid"], "planned_2");
    let removed = world.run(&["customer", "remove", "gildong_0001_1234"]).exits(0);
    removed.says(&["1 scheduled payment", "planned_2"]);
    // An answer that cannot be read stops nothing and takes nothing out.
    gateway.faults("schedule.html_502");
    let _ = reconcile(&world).exits(0);
    assert_eq!(attention(&world, &[]).exits(8).json()[0]["merchant_uid"], "planned_2");
}

#[test]
fn the_first_charge_of_a_customer_says_that_the_gateway_charges_them_too() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    schedule(&gateway, "planned_1");
    world.charge("order_1", &[]).exits(0).says(&["1 scheduled payment", "planned_1 ₩8,900"]);
    assert_eq!(attention(&world, &[]).exits(8).json()[0]["merchant_uid"], "planned_1");
    // Later ones are spared the question.
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    // A gateway that does not answer it charges all the same, and as soon.
    gateway.faults("schedule.html_502");
    let other = to_charge_with("younghee_0002_5678", "100", "order_3", &["--json"]);
    assert_eq!(world.run(&other).exits(0).json()["outcome"], "paid");
}

#[test]
fn a_customer_shows_what_is_charged_once_a_year_and_how_far_that_was_read() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.run(&["customer", "add", "gildong_0001_1234"]).exits(0).says(&["created the ledger"]);
    let show =
        |more: &[&str]| world.run(&[&["customer", "show", "gildong_0001_1234"], more].concat()).exits(0);
    show(&[]).answers(&["scheduled  nothing before "]);
    schedule_in(&gateway, "planned_1", 364);
    schedule_in(&gateway, "planned_2", 40);
    let shown = show(&["--json"]).says(&["2 scheduled payments", "planned_2", "planned_1"]).json();
    let orders: Vec<_> =
        shown["schedules"].as_array().unwrap().iter().map(|one| &one["merchant_uid"]).collect();
    assert_eq!(orders, ["planned_2", "planned_1"], "the next one first");
    let first = &shown["schedules"][0];
    assert_eq!((&first["amount"], &first["acknowledged_at"]), (&json!(8900), &Value::Null));
    let until: jiff::Timestamp = shown["schedules_until"].as_str().unwrap().parse().unwrap();
    assert!(until.as_second() > now_s() + 440 * 86_400, "{until}");
    let id = first["id"].as_str().unwrap();
    let _ = world.run(&["reconcile", "--acknowledge", id, "--reason", "known"]).exits(0);
    let shown = show(&["--json"]).says(&["1 scheduled payment", "planned_1"]).json();
    assert_eq!(shown["schedules"][0]["acknowledged_reason"], "known");
    // Without an answer what was seen last is told, and that it is that.
    gateway.faults("schedule.html_502");
    let shown = show(&["--json"]).says(&["1 scheduled payment"]).json();
    assert_eq!((shown["schedules"].as_array().unwrap().len(), &shown["schedules_until"]), (2, &Value::Null));
    show(&[]).says(&["1 scheduled payment"]).answers(&["as it was last seen", "the gateway gave no answer"]);
}

#[test]
fn a_batch_says_once_a_customer_that_the_gateway_charges_them_too() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    schedule(&gateway, "planned_1");
    let batch = |orders: [&str; 2]| {
        let rows = format!(
            "merchant_uid,customer_uid,amount,name\n{},gildong_0001_1234,100,one\n{},gildong_0001_1234,200,two\n",
            orders[0], orders[1]
        );
        let file = world.home().join("rows.csv");
        fs::write(&file, rows).unwrap();
        world.run(&["batch", file.to_str().unwrap(), "--allow-similar", "--yes", "--json"]).exits(0)
    };
    let first =
        batch(["order_1", "order_2"]).says(&["1 scheduled payment", "planned_1 ₩8,900 of gildong_0001_1234"]);
    assert_eq!(first.stderr.matches("planned_1").count(), 1, "{first}");
    assert_eq!(attention(&world, &[]).exits(8).json()[0]["merchant_uid"], "planned_1");
    // Later ones are spared it.
    let later = batch(["order_3", "order_4"]);
    assert!(!later.stderr.contains("planned_1"), "{later}");
}
