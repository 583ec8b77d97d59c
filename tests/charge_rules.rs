//! The rules of "was the customer charged?", with the real program over real HTTP. The gateway's
//! own book is held against what the program says.

use std::time::Duration;

use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment, record};
use crate::support::world::{Gateway, World, eventually, to_charge, to_charge_with};

const SHORT_WAIT: &str = "mode = \"test\"\nsettle_after = \"1s\"\n";

#[test]
fn a_paid_order_is_never_sent_again_even_with_retry() {
    let gateway = Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))));
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(0);
    let again = world.charge("order_1", &["--retry"]).exits(0).json();
    assert_eq!((again["replayed"].clone(), again["outcome"].clone()), (json!(true), json!("paid")));
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_paid_order_is_told_without_key_or_network() {
    let gateway = Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))));
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(0);
    world.configure(
        "[profile.main]\nmode = \"test\"\nimp_key = \"k\"\nimp_secret_command = [\"/nonexistent\"]\n",
    );
    assert_eq!(world.charge("order_1", &[]).exits(0).json()["replayed"], json!(true));
}

#[test]
fn the_same_order_with_other_terms_is_refused_and_both_sides_are_shown() {
    let gateway = Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))));
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(0);
    let other = to_charge_with("gildong_0001_1234", "9900", "order_1", &[]);
    world.run(&other).exits(8).says(&["order_1", "₩8,900", "₩9,900", "Nothing was sent"]);
    let json = world.run(&[&other[..], &["--json"]].concat()).exits(8);
    json.says(&["\"kind\":\"refused\"", "₩8,900", "₩9,900"]);
    let other = to_charge_with("younghee", "8900", "order_1", &[]);
    world.run(&other).exits(8).says(&["gildong_0001_1234", "younghee"]);
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_lost_answer_is_unknown_and_the_next_run_finds_the_charge() {
    let gateway = Gateway::start("lost_after*1");
    let world = World::for_gateway(&gateway.url());
    let first = world.charge("order_1", &[]).exits(7);
    assert_eq!(first.json()["outcome"], "unknown");
    let second = world.charge("order_1", &[]).exits(0).json();
    assert_eq!((second["outcome"].clone(), second["replayed"].clone()), (json!("paid"), json!(true)));
    assert_eq!(gateway.charged("order_1"), 1);
}

#[test]
fn a_lost_request_is_left_alone_for_the_wait_and_then_sent_under_the_same_id() {
    let gateway = Gateway::start("lost_before*1");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"3s\"\n");
    world.charge("order_1", &[]).exits(7);
    let waiting = world.charge("order_1", &[]).exits(7);
    assert_eq!(waiting.json()["outcome"], "unknown");
    assert_eq!(gateway.received("order_1"), 1, "nothing was sent within the wait");
    eventually("the order is paid", || {
        world.charge("order_1", &[]).says(&["settle_after is 3s, less than the time-out"]).code == 0
    });
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (2, 1));
}

#[test]
fn a_decline_is_final_until_retry_and_then_sent_once() {
    let gateway = Gateway::start("decline=[CC10] 통장 잔액부족*1");
    let world = World::for_gateway(&gateway.url());
    let declined = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(declined["message"], "[CC10] 통장 잔액부족");
    let again = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(again["replayed"], json!(true));
    assert_eq!(gateway.received("order_1"), 1);
    let retried = world.charge("order_1", &["--retry"]).exits(0).json();
    assert_eq!((retried["attempts"].clone(), retried["replayed"].clone()), (json!(2), json!(false)));
    assert_eq!(gateway.received("order_1"), 2);
}

#[test]
fn a_decline_that_turned_to_paid_is_found_before_a_retry_is_sent() {
    let gateway = Gateway::start("flips_to_paid=10ms*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(5);
    std::thread::sleep(Duration::from_millis(1100));
    let retried = world.charge("order_1", &["--retry"]).exits(0).json();
    assert_eq!(retried["outcome"], "paid");
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn a_refusal_is_looked_up_before_it_is_called_a_rejection() {
    let gateway = Gateway::start("reject=등록되지 않은 구매자입니다.*1");
    let world = World::for_gateway(&gateway.url());
    let rejected = world.charge("order_1", &[]).exits(6).json();
    assert_eq!(
        (rejected["outcome"].clone(), rejected["message"].clone()),
        (json!("rejected"), json!("등록되지 않은 구매자입니다."))
    );
    world.charge("order_1", &[]).exits(6);
    world.charge("order_1", &["--retry"]).exits(0);
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (2, 1));
}

#[test]
fn a_refusal_that_proves_nothing_has_its_time_before_a_retry() {
    let gateway = Gateway::start("reject=아무도 모르는 말*1");
    let world = World::for_gateway(&gateway.url());
    let rejected = world.charge("order_1", &[]).exits(6);
    assert!(!rejected.stderr.contains("Nothing was charged"), "{rejected}");
    let _ = world.charge("order_1", &["--retry"]).exits(7);
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn a_refusal_for_a_time_out_is_no_rejection() {
    let gateway = Gateway::start("reject=승인 타임아웃*1");
    let world = World::for_gateway(&gateway.url());
    assert_eq!(world.charge("order_1", &[]).exits(7).json()["outcome"], "unknown");
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn a_refusal_whose_look_up_fails_is_unknown() {
    let no = r#"{"code":-1,"message":"x","response":null}"#;
    let gateway = Scripted::start(move |asked| match asked.method.as_str() {
        "POST" => Say::Json(200, no.to_owned()),
        _ => Say::Json(500, no.to_owned()),
    });
    World::for_gateway(gateway.url()).charge("order_1", &[]).exits(7);
}

#[test]
fn an_order_charged_from_elsewhere_is_found_and_not_charged_again() {
    let gateway = Gateway::start("");
    let (here, elsewhere) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    elsewhere.charge("order_1", &[]).exits(0);
    let found =
        here.charge("order_1", &["--quiet"]).exits(0).says(&["order_1 as paid already", "nothing was sent"]);
    assert_eq!(found.stdout, "");
    let known = here.charge("order_1", &[]).exits(0).json();
    assert_eq!((known["outcome"].clone(), known["replayed"].clone()), (json!("paid"), json!(true)));
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (1, 1));
}

#[test]
fn a_duplicate_that_cannot_be_found_is_unknown() {
    let gateway = Scripted::start(|asked| {
        if asked.path.starts_with("/subscribe") {
            Say::Json(
                200,
                r#"{"code":1,"message":"이미 주문이 이루어진 건입니다. (x)","response":null}"#.to_owned(),
            )
        } else {
            no_such_payment()
        }
    });
    World::for_gateway(gateway.url()).charge("order_1", &[]).exits(7);
}

#[test]
fn only_the_gateways_own_404_is_a_not_found() {
    for look_up in [
        Say::Json(404, "<html>not found</html>".to_owned()),
        Say::Json(500, r#"{"code":-1,"message":"x","response":null}"#.to_owned()),
        Say::Json(200, envelope(r#"{"total":1,"previous":0,"next":0,"list":[]}"#)),
        Say::Drop,
    ] {
        let look_up = std::sync::Mutex::new(look_up);
        let gateway =
            Scripted::start(move |asked| match (&*look_up.lock().unwrap(), asked.method.as_str()) {
                (_, "POST") => Say::Drop,
                (Say::Json(status, body), _) => Say::Json(*status, body.clone()),
                (_, _) => Say::Drop,
            });
        let world = World::with_profile(gateway.url(), "mode = \"test\"\nsettle_after = \"0s\"\n");
        world.charge("order_1", &[]).exits(7);
        world.charge("order_1", &[]).exits(7);
        assert_eq!(gateway.charges(), 1);
    }
}

#[test]
fn a_401_renews_the_token_and_sends_once_more_and_a_second_one_is_the_end() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["token"]).exits(0);
    gateway.revoke_tokens();
    world.charge("order_1", &[]).exits(0);
    assert_eq!(gateway.charged("order_1"), 1);
    let stubborn = Scripted::start(|_| {
        Say::Json(401, r#"{"code":-1,"message":"Unauthorized","response":null}"#.to_owned())
    });
    let world = World::for_gateway(stubborn.url());
    world.charge("order_1", &[]).exits(4);
    assert_eq!(stubborn.charges(), 2);
    let row = world.run(&["history", "--json"]).exits(0).json();
    assert_eq!(row[0]["outcome"], "not_sent");
}

#[test]
fn a_gateway_that_cannot_be_reached_is_not_sent_and_the_same_command_sends_later() {
    let gateway = Gateway::start("");
    let nowhere = World::for_gateway("http://127.0.0.1:1");
    let refused = nowhere.charge("order_1", &[]).exits(9);
    assert_eq!(refused.json()["outcome"], "not_sent");
    nowhere.configure(
        &std::fs::read_to_string(nowhere.config_path())
            .unwrap()
            .replace("http://127.0.0.1:1", &gateway.url()),
    );
    nowhere.charge("order_1", &[]).exits(0);
    assert_eq!(gateway.charged("order_1"), 1);
}

#[test]
fn a_wrong_key_is_exit_4_and_nothing_is_sent() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    world.set("BILLKEY_IMP_SECRET", "not-the-secret-of-anything-at-all");
    let ran = world.charge("order_1", &[]).exits(4);
    assert!(!ran.stderr.contains("not-the-secret"), "{ran}");
    assert_eq!(gateway.received("order_1"), 0);
}

#[test]
fn two_processes_at_one_order_send_one_request_and_both_report_it() {
    let gateway = Gateway::start("slow=300ms, no_duplicate_refusal");
    let world = World::for_gateway(&gateway.url());
    let order = to_charge("twin", &["--json"]);
    let children: Vec<_> = (0..6).map(|_| world.spawn(&order)).collect();
    let mut replayed = 0;
    for child in children {
        let ran = crate::support::world::Ran::from_output(&child.wait_with_output().unwrap()).exits(0);
        replayed += usize::from(ran.json()["replayed"] == json!(true));
    }
    assert_eq!(replayed, 5);
    assert_eq!((gateway.received("twin"), gateway.charged("twin")), (1, 1));
}

#[test]
fn a_killed_process_blocks_nobody_and_its_order_is_looked_up() {
    let gateway = Gateway::start("slow=2s*1");
    let world = World::for_gateway(&gateway.url());
    let order = to_charge("order_1", &[]);
    let mut child = world.spawn(&order);
    eventually("the request arrives", || gateway.received("order_1") == 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let pending = world.run(&["history", "--json"]).exits(0).json();
    assert_eq!(pending[0]["outcome"], "pending");
    eventually("the charge is found", || world.charge("order_1", &[]).code == 0);
    assert_eq!((gateway.received("order_1"), gateway.charged("order_1")), (1, 1));
}

#[test]
fn a_similar_charge_is_refused_and_allowed_on_demand() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    world.charge("order_2", &[]).exits(8).says(&["order_1", "--allow-similar", "Nothing was sent"]);
    world.charge("order_2", &["--allow-similar"]).exits(0);
}

#[test]
fn limits_refuse_before_anything_is_sent() {
    let gateway = Gateway::start("");
    let world = World::with_profile(
        &gateway.url(),
        "mode = \"test\"\n[profile.main.limits]\nmax_amount = 10000\ndaily_amount = 20000\nsimilar_within = \"off\"\n",
    );
    let charge =
        |order: &str, amount: &str| world.run(&to_charge_with("gildong_0001_1234", amount, order, &[]));
    charge("a", "10001").exits(8).says(&["₩10,001", "₩10,000", "Nothing was sent"]);
    charge("b", "10000").exits(0);
    charge("c", "10000").exits(0);
    charge("d", "1").exits(8).says(&["₩20,000", "Nothing was sent"]);
    assert_eq!(gateway.book()["payments"].as_array().unwrap().len(), 2);
}

#[test]
fn an_answer_for_the_other_mode_is_recorded_and_reported_loudly() {
    let gateway = Gateway::start("live_flag");
    let world = World::for_gateway(&gateway.url());
    let ran = world.charge("order_1", &[]).exits(0).says(&["warning:", "LIVE"]);
    assert_eq!(ran.json()["outcome"], "paid");
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "");
    world.charge("order_1", &[]).exits(0).says(&["warning:", "TEST"]);
}

#[test]
fn a_test_payment_found_by_a_live_look_up_is_no_money() {
    let gateway = Gateway::start("lost_after*1");
    let world = World::with_profile(&gateway.url(), "");
    world.charge("order_1", &[]).exits(7);
    world.charge("order_1", &[]).exits(7).says(&["TEST channel"]);
    assert_eq!(gateway.received("order_1"), 1);
}

#[test]
fn two_payments_under_one_id_are_an_alarm() {
    let list = [("imps_1", "8900"), ("imps_2", "8900")].map(|(id, amount)| {
        record("order_1", "gildong_0001_1234", amount, "paid").replace("imps_623347347957", id)
    });
    let body = envelope(&format!(r#"{{"total":2,"previous":0,"next":0,"list":[{}]}}"#, list.join(",")));
    let gateway =
        Scripted::start(
            move |asked| if asked.method == "POST" { Say::Drop } else { Say::Json(200, body.clone()) },
        );
    let world = World::with_profile(gateway.url(), SHORT_WAIT);
    world.charge("order_1", &[]).exits(7);
    world.charge("order_1", &[]).exits(11).says(&["A person must look", "imps_1", "imps_2"]);
    let again = world.charge("order_1", &["--quiet"]).exits(11).says(&["A person must look"]).json();
    assert_eq!((again["replayed"].clone(), again["alarm"].clone()), (json!(true), json!(true)));
    assert_eq!(again["other_imp_uids"], json!(["imps_2"]));
}

#[test]
fn a_charge_needs_a_yes_where_nobody_can_be_asked() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let order =
        ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x", "--merchant-uid", "order_1"];
    world.run(&order).exits(8).says(&["--yes", "Nothing was sent"]);
    let order = ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x", "--yes"];
    world.run(&order).exits(2).says(&["--merchant-uid", "--once-per"]);
    assert_eq!(gateway.book()["payments"].as_array().unwrap().len(), 0);
}

#[test]
fn a_card_that_is_another_than_the_saved_one_is_told() {
    let world = World::bare();
    let line = to_charge_with("sandbox_reissued", "8900", "order_1", &["--sandbox", "--json"]);
    let card =
        world.run(&line).exits(0).says(&["another card", "order_1", "sandbox_reissued", "customer check"]);
    let number = card.json()["card_number"].as_str().unwrap().to_owned();
    assert!(card.stderr.contains(&number), "{card}");
    let again = world.run(&line).exits(0);
    assert_eq!(again.stderr, "", "it was told when it was charged");
    let file = world.home().join("charges.csv");
    std::fs::write(&file, "customer_uid,amount,name,merchant_uid\nsandbox_reissued,100,x,order_2\n").unwrap();
    let _ = world
        .run(&["--sandbox", "batch", file.to_str().unwrap(), "--yes"])
        .exits(0)
        .says(&["another card", "order_2"]);
}
