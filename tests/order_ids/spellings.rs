//! Ids that are equal to the eye.

use std::fs;

use billkey::domain::customer::{Card, Customer};
use billkey::domain::ids::CustomerUid;
use billkey::domain::payment::Mode;
use billkey::ledger::{Create, Ledger};
use serde_json::json;

use super::{once_per, paying};
use crate::support::gateway::Asked;
use crate::support::world::{World, to_charge_with};

/// 주문_1, 홍길동 and 기본 in single letters, as macOS writes them.
const ORDER_APART: &str = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";
const NAME_APART: &str = "\u{1112}\u{1169}\u{11bc}\u{1100}\u{1175}\u{11af}\u{1103}\u{1169}\u{11bc}";
const PLAN_APART: &str = "\u{1100}\u{1175}\u{1107}\u{1169}\u{11ab}";

#[test]
fn an_id_in_single_letters_is_refused_with_its_right_spelling() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    for (given, right) in [
        (ORDER_APART, "write it as `주문_1`"),
        (" order_1", "write it as `order_1`"),
        ("order_1\u{a0}", "write it as `order_1`"),
        ("order\u{200b}_1", "write it as `order_1`"),
        ("주문\u{3164}_1", "write it as `주문_1`"),
    ] {
        world.charge(given, &[]).exits(2).says(&[right]);
    }
    let plan = once_per("gildong_0001_1234", "8900", &["--once-per", "2026-11", "--plan", PLAN_APART]);
    world.run(&plan).exits(2).says(&["the plan", "write it as `기본`"]);
    let customer = to_charge_with(NAME_APART, "8900", "order_1", &[]);
    world.run(&customer).exits(2).says(&["write it as `홍길동`", "billkey customer add"]);
    fs::write(
        world.home().join("charges.csv"),
        format!("customer_uid,amount,name,merchant_uid\ngildong,8900,Monthly,{ORDER_APART}\n"),
    )
    .unwrap();
    world.run(&["batch", "charges.csv", "--yes"]).exits(2).says(&["merchant_uid", "`주문_1`"]);
    assert_eq!(gateway.charges(), 0);
}

#[test]
fn another_spelling_of_a_known_order_is_that_order() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    world.charge("주문_1", &[]).exits(0).json();
    let again = world.charge(ORDER_APART, &[]).exits(0).json();
    assert_eq!((again["merchant_uid"].as_str(), &again["replayed"]), (Some("주문_1"), &json!(true)));
    world.run(&["history", "show", ORDER_APART]).exits(0).answers(&["주문_1"]);
    fs::write(
        world.home().join("charges.csv"),
        format!("customer_uid,amount,name,merchant_uid\ngildong_0001_1234,8900,Monthly,{ORDER_APART}\n"),
    )
    .unwrap();
    let batch = world.run(&["batch", "charges.csv", "--yes", "--json"]).exits(0).says(&["1 of 1"]).json();
    assert_eq!(batch["payments"][0]["merchant_uid"].as_str(), Some("주문_1"));
    // The customer and the plan, too.
    let period = |plan| once_per("홍길동", "9900", &["--once-per", "2026-11", "--plan", plan]);
    world.run(&period("기본")).exits(0).json();
    assert_eq!(world.run(&period(PLAN_APART)).exits(0).json()["replayed"], json!(true));
    let apart = once_per(NAME_APART, "9900", &["--once-per", "2026-11", "--plan", PLAN_APART]);
    assert_eq!(world.run(&apart).exits(0).json()["replayed"], json!(true));
    assert_eq!(gateway.charges(), 2);
}

#[test]
fn an_id_that_two_rows_are_known_by_is_refused_with_both() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    world.charge("주문_1", &[]).exits(0).json();
    // An older billkey charged both spellings.
    rusqlite::Connection::open(world.ledger_path())
        .unwrap()
        .execute(
            "INSERT INTO payments (merchant_uid, nfc_key, customer_uid, amount_minor, currency, mode, outcome, \
                 name, attempts, unanswered, requested_at_ms) \
             SELECT ?1, merchant_uid, customer_uid, amount_minor, currency, mode, outcome, name, attempts, \
                 unanswered, requested_at_ms FROM payments",
            [ORDER_APART],
        )
        .unwrap();
    let both = ["주문_1", ORDER_APART, r"\u{110c}", "Nothing was sent"];
    for order in ["주문_1", ORDER_APART] {
        world.charge(order, &[]).exits(8).says(&both);
        world.run(&["history", "show", order]).exits(0).answers(&[order]);
    }
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn an_id_is_sent_as_it_is_known() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let mut ledger = Ledger::open_at(&world.ledger_path(), Create::IfMissing).unwrap().ledger;
    let saved = Customer {
        customer_uid: CustomerUid::parse(NAME_APART).unwrap(),
        name: Some(NAME_APART.to_owned()),
        email: None,
        tel: None,
        note: None,
        card: Card::default(),
        mode: Mode::Test,
        added_at: jiff::Timestamp::UNIX_EPOCH,
        checked_at: None,
        removed_at: None,
    };
    ledger.save_customer(&saved).unwrap();
    drop(ledger);
    let line = to_charge_with("홍길동", "8900", "order_1", &["--json"]);
    assert_eq!(world.run(&line).exits(0).json()["customer_uid"].as_str(), Some(NAME_APART));
    let sent = gateway.asked().into_iter().find(Asked::is_charge).unwrap();
    assert!(sent.body.contains(NAME_APART), "the gateway knows the customer by it");
    world.run(&["customer", "list", "홍길동"]).exits(0).answers(&["홍길동"]);
    world.run(&["customer", "show", "홍길동"]).exits(0).answers(&["홍길동"]);
    world.run(&["history", "--customer", "홍길동"]).exits(0).answers(&["order_1"]);
}

#[test]
fn names_are_counted_and_sent_in_syllables() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    // 21 syllables are 63 letters.
    let name = NAME_APART.repeat(7);
    let line =
        ["charge", "gildong", "--amount", "8900", "--name", &name, "--merchant-uid", "order_1", "--yes"];
    world.run(&line).exits(0).answers(&["Paid"]);
    let sent = gateway.asked().into_iter().find(Asked::is_charge).unwrap();
    assert!(sent.body.contains(&"홍길동".repeat(7)), "{}", sent.body);
}
