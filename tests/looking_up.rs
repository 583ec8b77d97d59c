//! `history` with every way a caller names a payment, and `customer` with good and bad lists.

use std::fs;

use serde_json::Value;

use crate::support::world::{Gateway, Ran, World};

/// A sandbox with three payments: paid by 홍길동, paid by 김영희, declined.
struct Shop {
    world: World,
}

impl Shop {
    fn open() -> Shop {
        let world = World::bare();
        let charge = |customer, amount, name, more: &[&str]| {
            let what =
                ["--sandbox", "charge", customer, "--amount", amount, "--name", name, "--yes", "--json"];
            world.run(&[&what[..], more].concat())
        };
        charge("gildong_0001_1234", "8900", "Monthly 구독", &["--merchant-uid", "order_100%_a"]).exits(0);
        let buyer =
            ["--buyer-name", "이몽룡", "--buyer-email", "mong@shop.example", "--buyer-tel", "02-345-6789"];
        let order = ["--merchant-uid", "order_b"];
        charge("younghee_0002_5678", "12340", "Yearly", &[&order[..], &buyer].concat()).exits(0);
        charge("sandbox_declined", "500", "Coffee", &["--merchant-uid", "order_c"]).exits(5);
        Shop { world }
    }

    fn history(&self, more: &[&str]) -> Ran {
        self.world.run(&[&["--sandbox", "history"], more].concat())
    }

    /// The orders that are found, newest first, by their last letter.
    #[track_caller]
    fn finds(&self, more: &[&str], orders: &str) {
        let ran = self.history(&[more, &["--json"]].concat());
        let ran = if orders.is_empty() { ran.exits(10).says(&["no payment in "]) } else { ran.exits(0) };
        let found = ran.json();
        let found: String = found
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|payment| payment["merchant_uid"].as_str().unwrap().chars().last())
            .collect();
        assert_eq!(found, orders, "history {more:?}");
    }

    /// The same for a few digits, which an approval number may hold by chance as well.
    #[track_caller]
    fn finds_among_others(&self, digits: &str, order: &str) {
        let found = self.history(&[digits]).exits(0).stdout;
        assert!(found.contains(order), "history {digits}: {found}");
    }

    fn payment(&self, order: &str) -> Value {
        self.world.run(&["--sandbox", "history", "show", order, "--json"]).exits(0).json()
    }
}

#[test]
fn a_payment_is_found_by_whatever_a_caller_reads_out() {
    let shop = Shop::open();
    let paid = shop.payment("order_100%_a");
    let text = |field: &str| paid[field].as_str().unwrap().to_owned();
    for found in [
        "order_100%_a",
        "100%",
        &text("imp_uid"),
        &text("apply_num"),
        "8,900",
        "₩8,900",
        "8900원",
        "gildong_0001_1234",
        "홍길동",
        "길동",
        "010-0000-1234",
        "01000001234",
        "gildong@sandbox.invalid",
        "GILDONG@",
        "Monthly",
        "monthly",
        "구독",
        " 홍길동 ",
    ] {
        shop.finds(&[found], "a");
    }
    for found in ["이몽룡", "mong@shop", "02-345-6789", "023456789", "12,340", "Yearly"] {
        shop.finds(&[found], "b");
    }
    for (digits, order) in
        [("1234", "order_100%_a"), ("8900", "order_100%_a"), ("5678", "order_b"), ("12340", "order_b")]
    {
        shop.finds_among_others(digits, order);
    }
    for nothing in ["order_100__a", "order%a", "8,90", "nobody", "' OR 1=1 --", "%"] {
        shop.finds(&[nothing], if nothing == "%" { "a" } else { "" });
    }
    shop.history(&["nobody"]).says(&["`nobody`"]);
    assert_eq!(shop.payment(&text("imp_uid"))["merchant_uid"], "order_100%_a");
}

#[test]
fn payments_are_picked_by_state_time_amount_and_customer() {
    let shop = Shop::open();
    shop.finds(&[], "cba");
    for (more, orders) in [
        (&["--status", "paid"][..], "ba"),
        (&["--status", "declined"], "c"),
        (&["--status", "failed"], "c"),
        (&["--status", "paid,declined"], "cba"),
        (&["--status", "paid", "--status", "declined"], "cba"),
        (&["--status", "unknown,pending,cancelled"], ""),
        (&["--customer", "gildong_0001_1234"], "a"),
        (&["--since", "today"], "cba"),
        (&["--since", "1h"], "cba"),
        (&["--since", "7d", "--until", "today"], "cba"),
        (&["--until", "yesterday"], ""),
        (&["--since", "2020-01", "--until", "2020-02-03"], ""),
        (&["--until", "2020-01-01T09:00"], ""),
        (&["--by", "paid"], "ba"),
        (&["--by", "paid", "--since", "today"], "ba"),
        (&["--min-amount", "501"], "ba"),
        (&["--min-amount", "500", "--max-amount", "8,900"], "ca"),
        (&["--max-amount", "8899원"], "c"),
        (&["--limit", "1"], "c"),
        (&["--limit", "2"], "cb"),
        (&["--all"], "cba"),
        (&["--status", "paid", "--min-amount", "9000", "--since", "today", "Yearly"], "b"),
    ] {
        shop.finds(more, orders);
    }
    shop.history(&["--status", "paid"]).answers(&[" 2 payments, 2 paid, net ₩21,240\n"]);
    shop.history(&["--limit", "1"]).answers(&[" 3 payments (1 shown), 2 paid, net ₩21,240\n"]);
}

#[test]
fn columns_are_the_ones_asked_for_in_their_order() {
    let shop = Shop::open();
    let columns = ["--columns", "amount,merchant_uid,paid_at", "--status", "declined"];
    let plain = shop.history(&[&columns[..], &["--format", "plain"]].concat());
    assert_eq!(plain.stdout, "500\torder_c\t\n");
    let csv = shop.history(&[&columns[..], &["--format", "csv"]].concat());
    assert_eq!(csv.stdout, "amount,merchant_uid,paid_at\r\n500,order_c,\r\n");
    let json = shop.history(&[&columns[..], &["--format", "jsonl"]].concat());
    assert_eq!(json.stdout, "{\"amount\":500,\"merchant_uid\":\"order_c\",\"paid_at\":null}\n");
    shop.history(&columns).answers(&["AMOUNT", "₩500", "order_c"]);
}

#[test]
fn a_good_list_of_customers_is_imported_and_found() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let sheet = "\u{feff}customer_uid,name,tel,note\r\ngildong_0001_1234,홍길동,'+82-10-1,\"a, b\"\r\n\
                 younghee_0002_5678,,,\r\n\r\n";
    fs::write(world.home().join("c.csv"), sheet).unwrap();
    world.run(&["customer", "import", "c.csv"]).exits(0).answers(&["Saved 2 customers."]);
    let list = world.run(&["customer", "list", "--json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let shown = world.run(&["customer", "show", "gildong_0001_1234", "--json"]).exits(0).json();
    assert_eq!((shown["tel"].as_str(), shown["note"].as_str()), (Some("+82-10-1"), Some("a, b")));
    assert_eq!(shown["card_number"], "5409-26**-****-1234");
    for text in ["홍길", "gildong", "+82-10-1", "010-1", "a, b", "1234"] {
        let found = world.run(&["customer", "list", text, "--json"]).exits(0).json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{text}");
    }
    // What billkey writes, billkey reads.
    let exported = world.run(&["customer", "list", "--format", "csv", "--bom"]).exits(0).stdout;
    fs::write(world.home().join("again.csv"), exported).unwrap();
    world
        .run(&["customer", "import", "again.csv", "--no-verify"])
        .exits(0)
        .says(&["Not read from again.csv"]);
    let again = world.run(&["customer", "show", "gildong_0001_1234", "--json"]).exits(0).json();
    assert_eq!(
        (&again["tel"], &again["name"], &again["note"]),
        (&shown["tel"], &shown["name"], &shown["note"])
    );
}

#[test]
fn an_import_saves_what_it_can_and_names_the_lines_it_cannot() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let sheet = "customer_uid\ngildong_0001_1234\nno_such_customer\nyounghee_0002_5678\n";
    let ran = world.run_fed(&["customer", "import", "-", "--json"], sheet).exits(10).in_plain_words();
    assert_eq!(ran.json().as_array().unwrap().len(), 2, "{ran}");
    assert_eq!(ran.error()["exit"], 10);
    ran.says(&["line 3", "no_such_customer"]);
    let list = world.run(&["customer", "list", "--json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[test]
fn a_key_that_is_gone_is_told_in_both_of_the_gateways_ways() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    world.run(&["customer", "add", "super_0005_3456"]).exits(0);
    world.run(&["customer", "add", "nobody_at_all", "--no-verify"]).exits(0);
    for not_found in ["", "customer_404"] {
        gateway.faults(not_found);
        let gone = world.run(&["customer", "check", "nobody_at_all"]).exits(10).in_plain_words();
        assert!(format!("{gone}").contains("nobody_at_all"), "{gone}");
        world.run(&["customer", "add", "nobody_else"]).exits(10).says(&["nobody_else"]);
    }
    gateway.faults("");
    world.run(&["customer", "remove", "nobody_at_all"]).exits(0);
    world.run(&["customer", "check", "--all"]).exits(0);
    world.run(&["customer", "remove", "gildong_0001_1234"]).exits(0);
    world.charge("order_1", &[]).exits(8).says(&["was removed", "Nothing was sent", "customer add"]);
    assert_eq!(gateway.received("order_1"), 0);
}
