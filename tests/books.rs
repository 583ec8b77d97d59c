//! `billkey reconcile --since`: ledger and gateway held against each other, with the real program.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::gateway::{Say, Scripted};
use crate::support::world::{Gateway, Ran, World, client, to_charge_with};

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn control(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let url = format!("{}/_sandbox/{path}", gateway.url());
    let answer = client().post(url).header("content-type", "application/json").body(body.to_string());
    let answer = answer.send().unwrap();
    let (status, text) = (answer.status(), answer.text().unwrap());
    assert!(status.is_success(), "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["response"].clone()
}

/// A charge with a billing key that was made on another machine, `ago_s` seconds ago.
fn elsewhere(merchant_uid: &str, ago_s: i64, more: &Value) -> Value {
    let at = now_s() - ago_s;
    let mut payment = json!({
        "merchant_uid": merchant_uid, "amount": 8900, "name": "Monthly", "customer_uid": "gildong_0001_1234",
        "customer_uid_usage": "payment", "channel": "api", "status": "paid",
        "started_at": at, "paid_at": at, "failed_at": at,
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| payment[name] = value.clone());
    payment
}

fn made(gateway: &Gateway, merchant_uid: &str, ago_s: i64, more: &Value) {
    let _ = control(gateway, "payments", &elsewhere(merchant_uid, ago_s, more));
}

fn reconcile(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["reconcile", "--since", "2d", "--json"], more].concat())
}

/// Each drift as `kind order`.
fn drift(ran: &Ran) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = ran.json()["drift"].clone();
    let lines = lines.as_array().unwrap().iter();
    lines.map(|line| format!("{} {}", text(&line["kind"]), text(&line["merchant_uid"]))).collect()
}

fn payment(world: &World, order: &str) -> Value {
    world.run(&["history", "show", order, "--json"]).exits(0).json()
}

const DAY_S: i64 = 86_400;

#[test]
fn books_that_agree_are_exit_0_and_what_is_no_charge_with_a_billing_key_is_counted() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let window = json!({"channel": "pc", "customer_uid_usage": null, "customer_uid": null});
    made(&gateway, "of_a_window", 60, &window);
    made(&gateway, "a_card", 60, &json!({"customer_uid_usage": "issue", "channel": "pc", "amount": 100}));
    let ran = reconcile(&world, &[]).exits(0);
    assert_eq!((drift(&ran).len(), &ran.json()["others"]), (0, &json!(2)), "{ran}");
    let table = world.run(&["reconcile", "--since", "2d", "--all"]).exits(0);
    let _ = table.answers(&[
        "1 unchanged",
        "2 at the gateway are no charges with a billing key",
        "of_a_window  ",
    ]);
}

#[test]
fn a_payment_made_elsewhere_is_drift_until_it_is_imported_and_is_replayed_by_a_later_charge() {
    let gateway = Gateway::start("");
    let world =
        World::with_profile(&gateway.url(), "mode = \"test\"\n[profile.main.limits]\ndaily_amount = 10000\n");
    let _ = world.charge("order_1", &["--allow-similar"]).exits(0);
    made(&gateway, "order_2", DAY_S + 3_600, &json!({}));
    made(&gateway, "order_3", DAY_S + 3_600, &json!({"customer_uid_usage": "payment.scheduled"}));
    made(
        &gateway,
        "order_4",
        DAY_S + 3_600,
        &json!({"status": "failed", "fail_reason": "[CC10] 통장 잔액부족"}),
    );
    let found = reconcile(&world, &[]).exits(8);
    let expected = ["only_at_gateway order_2", "charged_by_schedule order_3", "only_at_gateway order_4"];
    assert_eq!(drift(&found), expected);
    let csv = world.run(&["reconcile", "--since", "2d", "--format", "csv"]).exits(8).stdout;
    assert_eq!(csv.matches(",only_at_gateway\r\n").count(), 2, "{csv}");
    let table = world.run(&["reconcile", "--since", "2d"]).exits(8);
    let _ = table
        .answers(&["order_2  only_at_gateway  imps_", "  next     billkey reconcile --since 2d --import\n"]);
    let imported = reconcile(&world, &["--import"]).exits(0);
    assert_eq!((drift(&imported).len(), &imported.json()["imported"]), (0, &json!(3)), "{imported}");
    let order_2 = payment(&world, "order_2");
    assert_eq!((&order_2["outcome"], &order_2["attempts"]), (&json!("paid"), &json!(0)));
    assert_eq!(order_2["history"][0]["event"], "imported");
    assert_eq!(payment(&world, "order_4")["outcome"], "declined");
    // The second time there is nothing left to do.
    let again = reconcile(&world, &["--import"]).exits(0);
    assert_eq!((drift(&again).len(), &again.json()["imported"]), (0, &json!(0)), "{again}");
    // Yesterday's do not fill today's limit, which has room for 1,100 more.
    let _ = world.run(&to_charge_with("gildong_0001_1234", "1100", "order_5", &["--allow-similar"])).exits(0);
    let replayed = world.charge("order_2", &[]).exits(0);
    assert_eq!(replayed.json()["replayed"], true);
    assert_eq!(gateway.received("order_2"), 0);
}

#[test]
fn refunds_in_the_console_differ_until_the_gateways_word_is_taken() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    for order in ["in_part", "whole", "kept"] {
        let _ = world.charge(order, &["--allow-similar"]).exits(0);
    }
    let _ = control(&gateway, "console-refunds", &json!({"merchant_uid": "in_part", "amount": 3000}));
    let _ = control(&gateway, "console-refunds", &json!({"merchant_uid": "whole"}));
    let found = reconcile(&world, &[]).exits(8);
    let mut kinds = drift(&found);
    kinds.sort();
    let all = ["refund_differs in_part", "refund_differs whole", "status_differs whole"];
    assert_eq!(kinds, all);
    // A list alone changes nothing, and says so again.
    let table = world.run(&["reconcile", "--since", "2d"]).exits(8);
    let _ = table.answers(&["in_part  refund_differs", "  next     billkey reconcile --since 2d --fix\n"]);
    // By name the order is looked up: that is told once, and in the row from then on.
    let table = world.run(&["reconcile", "in_part"]).exits(8);
    let told = "of ₩8,900 the gateway shows ₩3,000 as refunded, the ledger ₩0; it is in the ledger now";
    let table = table.answers(&["refund_differs  imps_", told, "1 unchanged"]);
    assert!(!table.stdout.contains("--fix"), "nothing is left to fix: {table}");
    assert_eq!(payment(&world, "in_part")["cancel_amount"], 3000);
    let one = world.run(&["reconcile", "in_part", "--json"]).exits(0);
    assert_eq!(drift(&one).len(), 0, "{one}");
    let fixed = reconcile(&world, &["--fix"]).exits(0);
    let settled = fixed.json()["settled"].clone();
    let orders: Vec<&Value> = settled.as_array().unwrap().iter().map(|one| &one["merchant_uid"]).collect();
    assert_eq!((drift(&fixed).len(), orders), (0, vec![&json!("whole")]), "{fixed}");
    let whole = payment(&world, "whole");
    assert_eq!((&whole["cancel_amount"], &whole["status"]), (&json!(8900), &json!("cancelled")));
    let events: Vec<&Value> =
        whole["history"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(events.last(), Some(&&json!("refund")), "as an event: {events:?}");
    let _ = reconcile(&world, &[]).exits(0);
}

#[test]
fn terms_that_differ_and_a_second_payment_are_left_to_a_person() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let first = world.charge("order_1", &[]).exits(0).json();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    let url = format!("{}/_sandbox/payments", gateway.url());
    let change = json!({"imp_uid": first["imp_uid"], "amount": 9900}).to_string();
    let changed = client().put(url).header("content-type", "application/json").body(change).send().unwrap();
    assert!(changed.status().is_success());
    made(&gateway, "order_2", 30, &json!({}));
    for more in [&[][..], &["--import", "--fix"]] {
        let ran = reconcile(&world, more).exits(8);
        let mut kinds = drift(&ran);
        kinds.sort();
        assert_eq!(kinds, ["amount_differs order_1", "two_payments order_2"], "{more:?}");
        let warned = ran.stderr.matches("the order holds another payment").count();
        assert_eq!(warned, 1, "an alarm is told once a run: {ran}");
    }
    assert_eq!(payment(&world, "order_1")["amount"], 8900, "nothing is overwritten");
}

#[test]
fn only_here_is_said_after_a_direct_look_up_only() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let shown = world.charge("order_1", &[]).exits(0).json();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    // The list leaves one out, and a look-up of its own shows it.
    gateway.faults("short_list*6");
    let ran = reconcile(&world, &[]).exits(8);
    assert_eq!(drift(&ran), ["unconfirmed -"], "{ran}");
    gateway.faults("");
    let url = format!("{}/_sandbox/payments", gateway.url());
    let hide = json!({"imp_uid": shown["imp_uid"], "hidden_ms": 3_600_000}).to_string();
    let hidden = client().put(url).header("content-type", "application/json").body(hide).send().unwrap();
    assert!(hidden.status().is_success());
    let ran = reconcile(&world, &[]).exits(8);
    let _ = ran.stderr.as_str();
    assert_eq!(drift(&ran), ["only_here order_1"]);
}

#[test]
fn a_list_that_contradicts_itself_loses_nothing_and_is_told_as_unconfirmed() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_0", &[]).exits(0);
    let many: Vec<Value> =
        (1..=1_500).map(|n| elsewhere(&format!("order_{n}"), DAY_S - n, &json!({}))).collect();
    let _ = control(&gateway, "payments", &Value::Array(many));
    gateway.faults("list_repeats");
    let ran = reconcile(&world, &["--import"]).exits(8);
    assert_eq!(drift(&ran), ["unconfirmed -"], "{ran}");
    assert_eq!(ran.json()["imported"], 1_500);
    gateway.faults("list_ends_early");
    let ran = reconcile(&world, &["--import"]).exits(0);
    assert_eq!((drift(&ran).len(), &ran.json()["imported"]), (0, &json!(0)), "{ran}");
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let gateway = Gateway::start("lookup.slow=200ms");
    let world = World::for_gateway(&gateway.url());
    let many: Vec<Value> =
        (0..1_500).map(|n| elsewhere(&format!("order_{n}"), DAY_S - n, &json!({}))).collect();
    let _ = control(&gateway, "payments", &Value::Array(many));
    let mut child = world.spawn(&["reconcile", "--since", "2d", "--import"]);
    let held = || {
        let db = rusqlite::Connection::open_with_flags(
            world.ledger_path(),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        );
        let count = |db: rusqlite::Connection| {
            db.query_row("SELECT count(*) FROM payments", [], |row| row.get::<_, i64>(0)).ok()
        };
        db.ok().and_then(count).unwrap_or(0)
    };
    // A page of hundreds takes its time on a machine that has much else to do.
    let begun = Instant::now();
    while held() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(90), "no page was ever recorded");
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    let _ = child.wait().unwrap();
    let before = held();
    assert!(before < 1_500, "it was killed in the middle");
    gateway.faults("");
    let ran = reconcile(&world, &["--import"]).exits(0);
    assert_eq!(ran.json()["imported"], 1_500 - before, "{ran}");
}

#[test]
fn a_payment_that_left_the_window_by_its_refund_is_looked_up_and_not_missed() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    for order in ["order_1", "order_2"] {
        made(&gateway, order, DAY_S, &json!({}));
    }
    let _ = reconcile(&world, &["--import"]).exits(0);
    // It is under `cancelled` from now on, at the time of the refund: after the end of the window.
    let _ = control(&gateway, "console-refunds", &json!({"merchant_uid": "order_1"}));
    let until = jiff::Timestamp::from_second(now_s() - 3_600).unwrap().to_string();
    let ran = reconcile(&world, &["--until", &until]).exits(8);
    assert_eq!(drift(&ran), ["status_differs order_1", "refund_differs order_1"]);
    // The look-up is in the row by now.
    assert_eq!(payment(&world, "order_1")["cancel_amount"], 8900);
    let again = reconcile(&world, &["--until", &until]).exits(0);
    assert_eq!(drift(&again).len(), 0, "{again}");
    let _ = control(&gateway, "console-refunds", &json!({"merchant_uid": "order_2"}));
    let fixed = reconcile(&world, &["--until", &until, "--fix"]).exits(0);
    assert_eq!(drift(&fixed).len(), 0, "{fixed}");
    assert_eq!(fixed.json()["settled"][0]["cancel_amount"], 8900);
}

#[test]
fn lists_without_an_answer_are_exit_9_and_listed_in_every_format() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    gateway.faults("lookups_down=503");
    let ran = reconcile(&world, &["--import"]).exits(9);
    assert_eq!(drift(&ran), ["unconfirmed -"], "{ran}");
    let csv = world.run(&["--quiet", "reconcile", "--since", "2d", "--format", "csv"]).exits(9).stdout;
    assert!(csv.contains("may be missing here") && csv.ends_with(",unconfirmed\r\n"), "{csv}");
}

#[test]
fn what_a_list_shows_is_told_although_the_question_about_it_had_no_answer() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    for order in ["order_1", "order_2"] {
        let _ = world.charge(order, &["--allow-similar"]).exits(0);
        let _ = control(&gateway, "console-refunds", &json!({"merchant_uid": order, "amount": 3000}));
    }
    gateway.faults("lookups_down=503@order_1");
    let ran = reconcile(&world, &["--fix"]).exits(9);
    assert_eq!(drift(&ran), ["refund_differs order_1"], "{ran}");
    assert_eq!(ran.json()["unanswered"][0]["merchant_uid"], "order_1", "{ran}");
    assert_eq!(ran.json()["settled"][0]["merchant_uid"], "order_2", "what was settled stays settled: {ran}");
    assert_eq!(
        (&payment(&world, "order_1")["cancel_amount"], &payment(&world, "order_2")["cancel_amount"]),
        (&json!(0), &json!(3000))
    );
    let _ =
        world.run(&["attention"]).exits(8).answers(&["refund_differs  order_1", "reconcile order_1 --fix"]);
    gateway.faults("");
    let _ = world.run(&["reconcile", "order_1", "--fix"]).exits(0);
    let _ = world.run(&["attention"]).exits(0);
}

#[test]
fn what_could_not_be_read_is_read_again_and_nobody_has_to_answer_for_it() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    gateway.faults("short_list*3");
    let ran = world.run(&["reconcile", "--since", "2d"]).exits(8);
    let ran = ran.answers(&["-  unconfirmed  ", "  next     billkey reconcile --since 2d\n"]);
    assert!(!ran.stdout.contains("--acknowledge"), "{ran}");
    let again = world.run(&["attention", "--json"]).exits(8).json();
    gateway.faults("");
    let command = again[0]["command"].as_str().unwrap().to_owned();
    let command: Vec<&str> = command.split(' ').skip(1).collect();
    let _ = world.run(&command).exits(0);
    let _ = world.run(&["attention"]).exits(0);
}

#[test]
fn a_payment_that_the_ledger_cannot_keep_is_for_a_person_and_no_import_is_proposed_for_ever() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_2", 60, &json!({"customer_uid": null}));
    let ran = world.run(&["reconcile", "--since", "2d", "--import"]).exits(8);
    let _ = ran.answers(&["order_2  only_at_gateway", "  next     billkey reconcile --acknowledge drift_"]);
    let left = world.run(&["attention", "--json"]).exits(8).json();
    assert!(
        left[0]["command"].as_str().unwrap().starts_with("billkey reconcile --acknowledge drift_"),
        "{left}"
    );
}

#[test]
fn a_customers_payments_alone_are_compared() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_2", 60, &json!({"customer_uid": "younghee_0002_5678"}));
    made(&gateway, "order_3", 60, &json!({}));
    let ran = reconcile(&world, &["--customer", "younghee_0002_5678", "--import"]).exits(0);
    assert_eq!(ran.json()["imported"], 1);
    let ran = reconcile(&world, &[]).exits(8);
    assert_eq!(drift(&ran), ["only_at_gateway order_3"]);
}

#[test]
fn without_import_no_ledger_is_created_and_with_it_one_is_rebuilt() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    made(&gateway, "order_1", 60, &json!({}));
    let _ = world.run(&["reconcile", "--since", "2d"]).exits(10).says(&["there is no ledger"]);
    assert!(!world.ledger_path().exists());
    let _ = reconcile(&world, &["--import"]).exits(0).says(&["created the ledger"]);
    assert_eq!(payment(&world, "order_1")["outcome"], "paid");
}

#[test]
fn an_order_that_is_spelt_otherwise_is_the_known_one() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("주문_1", &[]).exits(0);
    let paid = payment(&world, "주문_1");
    let url = format!("{}/_sandbox/payments", gateway.url());
    // The same letters taken apart.
    let apart = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";
    let change = json!({"imp_uid": paid["imp_uid"], "merchant_uid": apart}).to_string();
    let changed = client().put(url).header("content-type", "application/json").body(change).send().unwrap();
    assert!(changed.status().is_success());
    let ran = reconcile(&world, &["--import"]).exits(0);
    assert_eq!((drift(&ran).len(), &ran.json()["imported"]), (0, &json!(0)), "{ran}");
}

#[test]
fn a_lost_ledger_is_not_begun_anew_by_an_import() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    ["", "-wal", "-shm"].iter().for_each(|suffix| drop(fs::remove_file(beside(&world, suffix))));
    let _ = reconcile(&world, &["--import"]).exits(1).says(&["ledger accept"]);
    let _ = world.run(&["ledger", "accept", "--reason", "the disk is gone"]).exits(0);
    let _ = reconcile(&world, &["--import"]).exits(0);
    assert_eq!(payment(&world, "order_1")["outcome"], "paid");
}

fn beside(world: &World, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", world.ledger_path().display()))
}

/// The command after `next` on stderr, as a shell reads it.
fn next_command(ran: &Ran) -> Vec<String> {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("  next     billkey ")).unwrap();
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_distrusted_ledger_is_rebuilt_and_freed_by_the_command_that_the_warning_prints() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let kept: Vec<_> =
        ["", "-wal"].map(|suffix| (beside(&world, suffix), fs::read(beside(&world, suffix)))).into();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
    let _ = fs::remove_file(beside(&world, "-shm"));
    kept.iter().for_each(|(path, bytes)| fs::write(path, bytes.as_ref().unwrap()).unwrap());
    let warned = world.run(&["history", "--json"]).exits(0);
    assert_eq!(warned.json().as_array().unwrap().len(), 1);
    let command = next_command(&warned);
    assert_eq!((&*command[0], &*command[1], &*command[3]), ("reconcile", "--since", "--import"));
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    // Less than that frees nothing, and says so.
    let now = jiff::Timestamp::now().to_string();
    for less in [&["reconcile", "--since", &now, "--import"][..], &command[..3]] {
        let _ = world.run(less).says(&["the ledger stays distrusted: "]);
    }
    gateway.faults("short_list");
    let _ = world.run(&command).says(&["the ledger stays distrusted: "]);
    gateway.faults("");
    let freed = world.run(&command).exits(0);
    let _ = freed.says(&["is not distrusted any more. The wait before the next charge stays."]);
    let quiet = world.run(&["history", "--json"]).exits(0);
    assert_eq!((quiet.stderr.as_str(), quiet.json().as_array().unwrap().len()), ("", 2), "{quiet}");
    // The wait stays.
    let _ = world.charge("order_3", &["--allow-similar"]).exits(9);
    assert_eq!(gateway.received("order_3"), 0);
}

#[test]
fn a_test_payment_in_a_live_account_is_told() {
    let gateway = Gateway::start("live_flag");
    let world = World::with_profile(&gateway.url(), "mode = \"live\"\n");
    let _ = world.charge("order_1", &[]).exits(0);
    made(&gateway, "order_2", 60, &json!({"sandbox": true}));
    let ran = reconcile(&world, &[]).exits(8);
    assert_eq!(drift(&ran), ["test_in_live order_2"]);
}

#[test]
fn the_account_of_another_key_is_not_mixed_in() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let token = crate::support::gateway::token(1_800);
    let other = Scripted::start_whole(move |asked| {
        if asked.path == "/users/getToken" {
            return Say::Json(200, token.clone());
        }
        Say::Json(404, r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#.to_owned())
    });
    world.set("BILLKEY_IMP_KEY", "the-key-of-another-account");
    world.set("BILLKEY_API_URL", other.url());
    let _ = reconcile(&world, &["--import"]).exits(8).says(&["another account"]);
    assert_eq!(other.count("/payments/status"), 0);
}
