//! The profile's `tax`: which tax parts leave with a charge, and what a refund asks for where nobody knows them.

use serde_json::{Value, json};

use crate::batch::{batch, file, paying};
use crate::support::gateway::{Asked, Say, Scripted, no_such_payment};
use crate::support::world::{Gateway, World, client};

fn world(api_url: &str, lines: &str) -> World {
    World::with_profile(api_url, &format!("mode = \"test\"\n{lines}"))
}

/// The tax parts of the charge requests, in the order in which they came.
fn parts(gateway: &Scripted) -> Vec<(Value, Value)> {
    let bodies = gateway.asked().into_iter().filter(Asked::is_charge);
    let bodies = bodies.map(|asked| serde_json::from_str::<Value>(&asked.body).unwrap());
    bodies.map(|body| (body["tax_free"].clone(), body["vat_amount"].clone())).collect()
}

#[test]
fn without_the_key_a_charge_names_what_it_is_given_and_nothing_else() {
    let gateway = paying();
    let world = world(gateway.url(), "");
    let _ = world.charge("order_1", &[]).exits(0);
    let _ = world.charge("order_2", &["--tax-free", "0", "--vat", "809", "--allow-similar"]).exits(0);
    assert_eq!(parts(&gateway), [(Value::Null, Value::Null), (json!(0), json!(809))]);
}

#[test]
fn mixed_names_its_part_in_every_charge_or_charges_nothing() {
    let gateway = paying();
    let world = world(gateway.url(), "tax = \"mixed\"\n");
    world.charge("order_1", &[]).exits(2).says(&["mixed", "₩8,900", "--tax-free", "Nothing was sent."]);
    world.charge("order_1", &["--dry-run"]).exits(2).says(&["mixed", "--tax-free"]);
    assert_eq!(gateway.charges(), 0);
    let paid = world.charge("order_1", &["--tax-free", "0"]).exits(0).json();
    assert_eq!(paid["tax_free"], json!(0));
    let replayed = world.charge("order_1", &[]).exits(0).json();
    assert_eq!(replayed["replayed"], json!(true), "what is only told again is not held to it");
    assert_eq!(parts(&gateway), [(json!(0), Value::Null)]);
}

#[test]
fn tax_free_is_the_whole_amount_and_no_other() {
    let gateway = paying();
    let world = world(gateway.url(), "tax = \"tax-free\"\n");
    world.charge("order_1", &["--tax-free", "100"]).exits(2).says(&["all of ₩8,900", "₩100"]);
    world.charge("order_1", &["--vat", "809"]).exits(2).says(&["no VAT", "₩809"]);
    let shown = world.charge("order_1", &["--dry-run"]).exits(0).json();
    assert_eq!(shown["request"]["tax_free"], json!(8900));
    let _ = world.charge("order_1", &[]).exits(0);
    assert_eq!(parts(&gateway), [(json!(8900), Value::Null)]);
}

#[test]
fn taxed_names_nothing_unless_given_and_nothing_at_all_at_ksnet_and_welcome() {
    for pg in ["ksnet", "welcome", "nice_v2"] {
        let gateway = paying();
        let world = world(gateway.url(), &format!("tax = \"taxed\"\npg = \"{pg}.shop\"\n"));
        let _ = world.charge("order_1", &[]).exits(0);
        let given = world.charge("order_2", &["--tax-free", "0", "--allow-similar"]);
        let nothing = (Value::Null, Value::Null);
        if pg == "nice_v2" {
            let _ = given.exits(0);
            assert_eq!(parts(&gateway), [nothing, (json!(0), Value::Null)]);
        } else {
            given.exits(2).says(&[pg, "leave --tax-free and --vat out", "Nothing was sent."]);
            assert_eq!(parts(&gateway), [nothing]);
        }
    }
}

#[test]
fn a_file_is_held_to_the_profiles_tax_line_by_line() {
    let gateway = paying();
    let mixed = world(gateway.url(), "tax = \"mixed\"\n");
    let rows = "customer_uid,amount,name,merchant_uid,tax_free\nkim,1000,a,order_1,0\nlee,2000,b,order_2,";
    let _ = file(&mixed, "charges.csv", rows);
    batch(&mixed, &["--json"]).exits(2).says(&["line 3", "tax_free", "₩2,000", "mixed"]);
    assert_eq!(gateway.charges(), 0);
    let _ = file(&mixed, "charges.csv", format!("{rows}500"));
    batch(&mixed, &["--json", "--workers", "1"]).exits(0).says(&["2 of 2 rows paid"]);
    assert_eq!(parts(&gateway), [(json!(0), Value::Null), (json!(500), Value::Null)]);
    let _ = file(&mixed, "charges.csv", rows.replace(",0\n", ",\n").replace("\nlee,2000,b,order_2,", ""));
    let again = batch(&mixed, &["--json"]).exits(0);
    let told = again.json();
    again.says(&["1 of 1 row"]);
    assert_eq!(told["payments"][0]["replayed"], json!(true));

    let gateway = paying();
    let free = world(gateway.url(), "tax = \"tax-free\"\n");
    let _ = file(&free, "charges.csv", rows);
    batch(&free, &["--json"]).exits(2).says(&["line 2", "tax_free", "all of ₩1,000"]);
    let _ = file(&free, "charges.csv", rows.replace(",0\n", ",\n"));
    let shown = batch(&free, &["--json", "--dry-run"]).exits(0).json();
    assert_eq!(shown["payments"][1]["tax_free"], json!(2000));
    batch(&free, &["--json", "--workers", "1"]).exits(0).says(&["2 of 2 rows paid"]);
    assert_eq!(parts(&gateway), [(json!(1000), Value::Null), (json!(2000), Value::Null)]);
}

#[test]
fn an_order_that_may_have_arrived_keeps_the_tax_parts_it_was_begun_with() {
    let gateway = Scripted::start(|asked| match asked.is_charge() {
        true => Say::Drop,
        false => no_such_payment(),
    });
    let lines = "settle_after = \"1s\"\n";
    let begun = world(gateway.url(), lines);
    let _ = begun.charge("order_1", &["--vat", "0"]).exits(7);
    let config = std::fs::read_to_string(begun.config_path()).unwrap();
    begun.configure(&format!("{config}tax = \"tax-free\"\n"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let ran = begun.charge("order_1", &["--dry-run"]).exits(0);
    let shown = ran.json();
    ran.says(&["settle_after is 1s"]);
    assert_eq!(shown["request"]["vat_amount"], json!(0), "{shown}");
    assert_eq!(shown["request"].get("tax_free"), None, "{shown}");
    let _ = begun.charge("order_1", &[]).exits(7);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let rows = "customer_uid,amount,name,merchant_uid\ngildong_0001_1234,8900,Monthly,order_1\n";
    let _ = file(&begun, "charges.csv", rows);
    let _ = batch(&begun, &["--json"]).exits(7);
    assert_eq!(parts(&gateway), [(); 3].map(|()| (Value::Null, json!(0))));
}

#[test]
fn a_refund_of_a_charge_whose_parts_nobody_wrote_down_has_to_name_them() {
    let gateway = Gateway::start("");
    let world = world(&gateway.url(), "");
    let at = jiff::Timestamp::now().as_second() - 60;
    let elsewhere = json!({
        "merchant_uid": "order_1", "amount": 8900, "name": "Monthly", "customer_uid": "gildong_0001_1234",
        "customer_uid_usage": "payment", "channel": "api", "status": "paid", "started_at": at, "paid_at": at,
    });
    let url = format!("{}/_sandbox/payments", gateway.url());
    let made =
        client().post(url).header("content-type", "application/json").body(elsewhere.to_string()).send();
    assert!(made.unwrap().status().is_success());
    let _ = world.charge("order_2", &["--allow-similar"]);
    let _ = world.run(&["reconcile", "--since", "1d", "--import", "--json"]);
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    world.configure(&format!("{config}tax = \"taxed\"\n"));
    let refund = |order: &str, more: &[&str]| {
        world.run(&[&["refund", order, "--reason", "why", "--yes", "--json"], more].concat())
    };
    refund("order_1", &["--amount", "3000"]).exits(2).says(&[
        "₩3,000",
        "order_1 --amount 3000 --tax-free 0",
        "order_1 --amount 3000 --tax-free 3000",
        "Nothing was sent.",
    ]);
    let part = refund("order_1", &["--amount", "3000", "--tax-free", "0"]).exits(0).json();
    assert_eq!(part["refund"]["tax_free"], json!(0));
    let own = refund("order_2", &["--full"]).exits(0).json();
    assert_eq!(own["refund"]["tax_free"], Value::Null, "its charge named none, and that is known");
}

#[test]
fn doctor_and_config_show_tell_of_it() {
    let gateway = Gateway::start("");
    for pg in ["html5_inicis", "kcp"] {
        let unset = world(&gateway.url(), &format!("pg = \"{pg}.shop\"\n"));
        unset.run(&["doctor"]).exits(0).answers(&["warn  tax", pg, "set tax to"]);
        let set = world(&gateway.url(), &format!("pg = \"{pg}.shop\"\ntax = \"mixed\"\n"));
        set.run(&["doctor"]).exits(0).answers(&["tax  ", "mixed"]);
        let shown = set.run(&["config", "show", "--json"]).exits(0).json();
        assert_eq!(shown["settings"]["tax"]["value"], json!("mixed"));
    }
    let other = world(&gateway.url(), "pg = \"nice_v2.shop\"\n");
    assert!(!other.run(&["doctor"]).exits(0).stdout.contains("set tax to"));
    let wrong = world(&gateway.url(), "tax = \"free\"\n");
    wrong.run(&["config", "show"]).exits(3).says(&["tax", "`free`", "`tax-free`"]);
}
