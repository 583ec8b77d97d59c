//! The gateway is asked about an order before it is sent, every time (contract, rule 8). Its own guard against
//! charging an id twice is off: nothing but the question keeps a second charge away.

use serde_json::json;

#[cfg(unix)]
use crate::support::pty::Terminal;
use crate::support::world::{Gateway, World, client, to_charge_with};

const UNGUARDED: &str = "no_duplicate_refusal";

fn unguarded(more: &str) -> Gateway {
    Gateway::start(
        &[UNGUARDED, more].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", "),
    )
}

/// A payment that was made elsewhere.
fn made_elsewhere(gateway: &Gateway, payment: &serde_json::Value) {
    let url = format!("{}/_sandbox/payments", gateway.url());
    let body = payment.to_string();
    let answer = client().post(url).header("Content-Type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().unwrap());
}

#[test]
fn no_answer_no_send() {
    for down in ["lookups_down=503", "lookups_down=429", "lookups_down=403", "lookups_down=html", "html_404"]
    {
        let gateway = unguarded(down);
        let world = World::for_gateway(&gateway.url());
        let held = world.charge("order_1", &[]).exits(9).says(&["Nothing was sent"]);
        assert_eq!(held.json()["outcome"], "not_sent", "{down}: {held}");
        assert_eq!(gateway.received("order_1"), 0, "{down}");
        gateway.faults(UNGUARDED);
        let _ = world.charge("order_1", &[]).exits(0);
        assert_eq!(gateway.charged("order_1"), 1, "{down}");
    }
}

#[test]
fn every_way_of_saying_that_there_is_none_lets_an_order_go() {
    for says in ["", "absent_is_empty", "absent_is_code", "test_needs_flag"] {
        let gateway = unguarded(says);
        let world = World::for_gateway(&gateway.url());
        let _ = world.charge("order_1", &[]).exits(0);
        assert_eq!(gateway.charged("order_1"), 1, "{says}");
    }
}

#[test]
fn what_another_machine_charged_is_not_charged_again_however_the_gateway_answers() {
    for answers in ["", "absent_is_empty", "absent_is_code", "test_needs_flag", "no_flag"] {
        let gateway = unguarded(answers);
        let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
        let paid = there.charge("order_1", &[]).exits(0).json();
        let found = here.charge("order_1", &[]).exits(0).says(&["as paid already"]).json();
        assert_eq!((&found["outcome"], &found["imp_uid"]), (&json!("paid"), &paid["imp_uid"]), "{answers}");
        assert_eq!(gateway.charged("order_1"), 1, "{answers}");
    }
}

#[test]
fn another_payment_under_the_order_refuses_it_and_both_are_shown() {
    let gateway = unguarded("");
    let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let _ = there.run(&to_charge_with("gildong_0001_1234", "100", "order_1", &[])).exits(0);
    let refused = here.charge("order_1", &[]).exits(8).says(&["another payment", "₩100", "₩8,900"]);
    assert!(refused.stderr.contains("Nothing was sent"), "{refused}");
    assert_eq!(gateway.charged("order_1"), 1);
}

#[test]
fn a_list_that_leaves_payments_out_is_no_answer() {
    let gateway = unguarded("short_list");
    made_elsewhere(
        &gateway,
        &json!({"merchant_uid": "order_1", "customer_uid": "gildong_0001_1234", "amount": 8900, "status": "paid"}),
    );
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(9).says(&["Nothing was sent"]);
    assert_eq!(gateway.received("order_1"), 0);
}

#[test]
fn a_dry_run_asks_and_exits_as_the_run_would() {
    let gateway = unguarded("");
    let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let would = |order: &str, exit: i32| {
        let ran = here.charge(order, &["--dry-run"]);
        assert_eq!(ran.code, exit, "{ran}");
        ran.json()["would"].clone()
    };
    let _ = there.charge("order_1", &[]).exits(0);
    assert_eq!(would("order_1", 0), "replay");
    assert_eq!(would("order_2", 0), "send");
    gateway.faults("lookups_down");
    assert_eq!(would("order_2", 9), "wait");
    assert!(!here.ledger_path().exists(), "a dry run writes nothing");
    assert_eq!((gateway.received("order_1"), gateway.received("order_2")), (1, 0));
}

/// However a bulk answer lies, what was charged elsewhere is not charged by a batch, and the rest is.
#[test]
fn a_batch_charges_what_nobody_has_charged() {
    for answers in [
        "",
        "bulk_always_200",
        "bulk_ignores_merchant_uid",
        "bulk_cut=3",
        "bulk_shows=oldest",
        "bulk_shows=all",
        "absent_is_empty",
        "absent_is_code",
        "test_needs_flag",
        "long_line_400=300",
        "long_line_414=300",
    ] {
        let gateway = unguarded(answers);
        let (here, there) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
        let orders: Vec<String> = (0..12).map(|row| format!("order_{row:02}")).collect();
        for order in orders.iter().step_by(3) {
            let _ = there.charge(order, &["--allow-similar"]).exits(0);
        }
        let rows: String =
            orders.iter().map(|order| format!("gildong_0001_1234,8900,Monthly,{order}\n")).collect();
        let file = here.home().join("charges.csv");
        std::fs::write(&file, format!("customer_uid,amount,name,merchant_uid\n{rows}")).unwrap();
        let ran = here.run(&["batch", file.to_str().unwrap(), "--yes", "--allow-similar"]);
        let ran = ran.exits(0).says(&["order_09 as paid already"]);
        for order in &orders {
            assert_eq!(gateway.charged(order), 1, "{answers}: {order}: {ran}");
        }
    }
}

/// What stands in the way is told before anybody says yes to it.
#[test]
#[cfg(unix)]
fn nobody_is_asked_about_a_charge_that_would_be_refused() {
    let gateway = unguarded("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let line =
        ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "Monthly", "--merchant-uid", "order_2"];
    let mut terminal = Terminal::start(world.command(&line));
    terminal.exits(8);
    terminal.shows("--allow-similar");
    assert!(!terminal.seen().contains("Charge this card?"), "{}", terminal.seen());
    let mut asked = Terminal::start(world.command(&[&line[..], &["--allow-similar"]].concat()));
    asked.shows("Charge this card?");
    assert_eq!(gateway.received("order_2"), 0, "nothing before the yes");
    asked.types("y\n");
    asked.exits(0);
    assert_eq!(gateway.charged("order_2"), 1);
}
