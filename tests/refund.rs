//! `billkey refund` against the sandbox: once, never too much, and never told for what it is not.

use serde_json::{Value, json};

use crate::support::world::{Gateway, Ran, World, client};

/// A shop with one paid order of ₩8,900.
struct Shop {
    gateway: Gateway,
    world: World,
}

impl Shop {
    fn open(faults: &str) -> Shop {
        let gateway = Gateway::start("");
        let world = World::with_profile(&gateway.url(), "settle_after = \"2s\"\n");
        let shop = Shop { gateway, world };
        shop.world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
        shop.gateway.faults(faults);
        shop
    }

    fn charge(&self, order: &str, more: &[&str]) {
        self.world.charge(order, more).exits(0).says(&["settle_after is 2s"]);
    }

    fn refund(&self, more: &[&str]) -> Ran {
        let what = ["refund", "order_1", "--reason", "늦게 옴", "--yes", "--json"];
        self.world.run(&[&what[..], more].concat())
    }

    fn imp_uid(&self) -> String {
        let shown = self.world.run(&["history", "show", "order_1", "--json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        shown["imp_uid"].as_str().unwrap().to_owned()
    }

    /// Of the gateway's own book.
    fn balance(&self) -> i64 {
        let rows = self.gateway.book();
        let payment =
            rows["payments"].as_array().unwrap().iter().find(|row| row["merchant_uid"] == "order_1");
        let payment = payment.unwrap();
        payment["amount"].as_i64().unwrap() - payment["cancel_amount"].as_i64().unwrap()
    }

    fn control(&self, path: &str, body: &Value) {
        let url = format!("{}/_sandbox/{path}", self.gateway.url());
        let answer = client().post(url).body(body.to_string()).header("content-type", "application/json");
        let answer = answer.send().unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().unwrap());
    }

    fn console_refunds(&self, amount: i64) {
        self.console_refunds_of("order_1", amount);
    }

    fn console_refunds_of(&self, order: &str, amount: i64) {
        let shown = self.world.run(&["history", "show", order, "--json"]).json();
        self.control("console-refunds", &json!({"imp_uid": shown["imp_uid"], "amount": amount}));
    }
}

#[test]
fn a_part_and_the_rest_go_back_and_not_a_won_more() {
    let shop = Shop::open("");
    let part = shop.refund(&["--amount", "3,000"]).exits(0).json();
    assert_eq!((&part["outcome"], &part["cancel_amount"]), (&json!("paid"), &json!(3000)));
    let refund = &part["refund"];
    assert_eq!((&refund["outcome"], &refund["amount"]), (&json!("refunded"), &json!(3000)));
    assert!(refund["cancellation_id"].is_string() && refund["refunded_at"].is_string(), "{refund}");
    shop.refund(&["--amount", "5,901"]).exits(8).says(&[
        "₩5,900 of ",
        " can be refunded",
        "Nothing was sent.",
    ]);
    let listed = || shop.world.run(&["history"]).exits(0);
    listed().answers(&["₩3,000 of it was refunded, ₩5,900 is left", "net ₩5,900"]);
    let rest = shop.refund(&["--full"]).exits(0).json();
    assert_eq!(rest["refund"]["amount"], json!(5900));
    assert_eq!(shop.balance(), 0);
    listed().answers(&["all of it was refunded", "net ₩0"]);
    shop.refund(&["--full"]).exits(8).says(&["was refunded before", "Nothing was sent."]);
    let shown = shop.world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(shown["refunds"].as_array().unwrap().len(), 2);
}

#[test]
fn how_much_and_why_are_never_left_out() {
    let shop = Shop::open("");
    let refund = |more: &[&str]| shop.world.run(&[&["refund", "order_1", "--yes"], more].concat());
    refund(&["--reason", "why"]).exits(2).says(&["--full"]);
    refund(&["--full", "--amount", "1", "--reason", "why"]).exits(2).says(&["--amount"]);
    refund(&["--full"]).exits(2).says(&["--reason"]);
    refund(&["--full", "--reason", "  "]).exits(2).says(&["--reason is empty", "Nothing was sent."]);
    let long = "가".repeat(256);
    refund(&["--full", "--reason", &long]).exits(2).says(&["255", "Nothing was sent."]);
    refund(&["--amount", "0", "--reason", "why"]).exits(2).says(&["not more than zero"]);
    assert_eq!(shop.balance(), 8900);
}

#[test]
fn what_was_never_paid_is_not_refunded() {
    let shop = Shop::open("");
    shop.world.run(&["refund", "order_9", "--full", "--reason", "why", "--yes"]).exits(10).says(&["order_9"]);
    shop.gateway.faults("decline");
    shop.world.charge("order_2", &["--allow-similar"]).exits(5);
    shop.world.run(&["refund", "order_2", "--full", "--reason", "why", "--yes"]).exits(8).says(&[
        "order_2 was never paid",
        "declined",
        "Nothing was sent.",
    ]);
    shop.refund(&["--full", "--expect-customer", "somebody"]).exits(8).says(&["not of somebody"]);
    assert_eq!(shop.balance(), 8900);
}

#[test]
fn the_same_refund_again_needs_a_word_of_its_own() {
    let shop = Shop::open("");
    shop.refund(&["--amount", "1000"]).exits(0);
    shop.refund(&["--amount", "1000"]).exits(8).says(&[
        "went back a moment ago",
        "--again",
        "Nothing was sent.",
    ]);
    assert_eq!(shop.balance(), 7900);
    shop.refund(&["--amount", "1000", "--again"]).exits(0);
    assert_eq!(shop.balance(), 6900);
}

#[test]
fn an_answer_that_was_lost_is_looked_up_and_never_sent_again() {
    let shop = Shop::open("refund.lost_after");
    let lost = shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back", "reconcile"]);
    assert_eq!(lost.json()["refund"]["outcome"], "unknown");
    assert_eq!(shop.balance(), 7900);
    shop.gateway.faults("");
    // Whoever asks for another one first learns what became of this one.
    shop.refund(&["--amount", "1000"]).exits(8).says(&["went back, as "]);
    assert_eq!(shop.balance(), 7900);
    let shown = shop.world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(shown["refunds"][0]["outcome"], "refunded");
}

#[test]
fn a_refund_of_ours_that_reconcile_finds_is_no_drift() {
    let gateway = Gateway::start("refund.lost_after");
    let world = World::for_gateway(&gateway.url());
    let shop = Shop { gateway, world };
    shop.world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    let found = shop.world.run(&["reconcile", "order_1", "--json"]).exits(0).json();
    assert_eq!((&found["refunds"][0]["outcome"], &found["drift"]), (&json!("refunded"), &json!([])));
    // The command that was lost learns it all the same.
    shop.refund(&["--amount", "1000"]).exits(8).says(&["went back, as ", "a look-up has found"]);
    assert_eq!(shop.balance(), 7900);
}

#[test]
fn a_refund_that_a_later_run_has_found_is_not_made_again_however_late() {
    let gateway = Gateway::start("");
    let lines = "settle_after = \"2s\"\n[profile.main.limits]\nsimilar_within = \"1s\"\n";
    let world = World::with_profile(&gateway.url(), lines);
    let shop = Shop { gateway, world };
    shop.world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
    shop.gateway.faults("refund.lost_after");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    std::thread::sleep(std::time::Duration::from_secs(3));
    // Exit 7 says: run the same command again. Whoever does it later than any similar one counts was not told yet.
    let found = ["went back, as ", "a look-up has found", "--again", "Nothing was sent."];
    // Even where the command that was lost asked for one again: nobody was told of it.
    shop.refund(&["--amount", "1000", "--again"]).exits(8).says(&found);
    shop.refund(&["--amount", "1000"]).exits(8).says(&found);
    assert_eq!(shop.balance(), 7900);
    shop.refund(&["--amount", "1000", "--again"]).exits(0);
    assert_eq!(shop.balance(), 6900);
}

#[test]
fn a_request_that_was_lost_is_settled_after_the_wait_and_blocks_nothing() {
    let shop = Shop::open("refund.lost_before");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    assert_eq!(shop.balance(), 8900);
    shop.gateway.faults("");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["is not known yet", "Nothing was sent by this run."]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    shop.refund(&["--amount", "1000"]).exits(0);
    assert_eq!(shop.balance(), 7900);
}

#[test]
fn a_refund_that_comes_late_never_doubles() {
    let shop = Shop::open("late_refund=1s");
    shop.refund(&["--amount", "5000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    std::thread::sleep(std::time::Duration::from_secs(3));
    shop.refund(&["--amount", "5000"]).exits(8).says(&["can be refunded"]);
    assert_eq!(shop.balance(), 3900);
}

#[test]
fn an_answer_that_is_not_final_is_not_told_as_one() {
    let shop = Shop::open("refund_pending=1s");
    let begun = shop.refund(&["--amount", "1000"]).exits(7).says(&["does not show the refund yet"]);
    assert_eq!(begun.json()["refund"]["outcome"], "unknown");
    shop.gateway.faults("");
    std::thread::sleep(std::time::Duration::from_secs(2));
    shop.refund(&["--amount", "1000"]).exits(8).says(&["went back, as "]);
    assert_eq!(shop.balance(), 7900);
}

#[test]
fn a_reason_that_was_cut_off_is_known_again() {
    let shop = Shop::open("refund_reason_cut=3, refund.lost_after");
    shop.refund(&["--amount", "1000"]).exits(7).says(&["may have gone back"]);
    shop.gateway.faults("");
    shop.refund(&["--amount", "1000"]).exits(8).says(&["went back, as "]);
    assert_eq!(shop.balance(), 7900);
}

#[test]
fn a_no_is_told_in_the_gateways_words_and_proved_by_the_history() {
    for (fault, exit, words) in [
        ("short_settlement", 6, "Refused: [8178]"),
        ("refund_refused=취소불가 상태입니다", 6, "Refused: 취소불가 상태입니다"),
        ("whole_refunds_only", 6, "부분취소 불가능 거래"),
        ("refund_refused=기취소거래", 7, "earlier refund"),
    ] {
        let shop = Shop::open(fault);
        let told = shop.refund(&["--amount", "1000"]).exits(exit).says(&[words]);
        let outcome = if exit == 6 { "refused" } else { "unknown" };
        assert_eq!(told.json()["refund"]["outcome"], outcome, "{fault}");
        assert_eq!(shop.balance(), 8900, "{fault}");
    }
}

#[test]
fn a_refund_in_the_console_is_seen_before_anything_is_sent() {
    let shop = Shop::open("");
    shop.console_refunds(8000);
    shop.refund(&["--amount", "1000"]).exits(8).says(&["₩900 of "]);
    let rest = shop.refund(&["--full"]).exits(0).json();
    assert_eq!((&rest["refund"]["amount"], shop.balance()), (&json!(900), 0));
}

#[test]
fn two_at_once_send_one() {
    let shop = Shop::open("refund.slow=1s");
    let what = ["refund", "order_1", "--amount", "5000", "--reason", "twice", "--yes", "--json"];
    let both = [shop.world.spawn(&what), shop.world.spawn(&what)];
    let mut codes: Vec<i32> =
        both.into_iter().map(|child| child.wait_with_output().unwrap().status.code().unwrap()).collect();
    codes.sort_unstable();
    // The other one meets it under way, or done.
    assert!(codes == [0, 7] || codes == [0, 8], "{codes:?}");
    assert_eq!(shop.balance(), 3900);
}

#[test]
fn look_ups_that_are_down_keep_a_refund_from_being_sent() {
    let shop = Shop::open("lookup.error_503");
    shop.refund(&["--full"]).exits(9).says(&[
        "did not say what is left",
        "Nothing was sent by this run.",
        "billkey refund order_1 --full --reason",
    ]);
    assert_eq!(shop.balance(), 8900);
}

#[test]
fn a_dry_run_shows_what_would_be_sent_and_sends_nothing() {
    let shop = Shop::open("");
    let what = ["refund", "order_1", "--amount", "1000", "--reason", "why", "--dry-run"];
    let shown = shop.world.run(&what).exits(0);
    for part in ["refund ₩1,000 of ₩8,900", "₩7,900 left", "why", "Nothing was sent."] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(shop.balance(), 8900);
    let shown = shop.world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(shown["refunds"], json!([]));
}

#[test]
fn nobody_to_ask_is_a_no() {
    let shop = Shop::open("");
    let what = ["refund", "order_1", "--full", "--reason", "why"];
    shop.world.run(&what).exits(8).says(&["was not confirmed", "add --yes"]);
    assert_eq!(shop.balance(), 8900);
}

#[test]
fn a_charge_with_tax_parts_is_refunded_with_them() {
    let shop = Shop::open("");
    shop.charge("order_2", &["--tax-free", "0", "--vat", "809", "--allow-similar"]);
    let refund = |more: &[&str]| {
        let what = ["refund", "order_2", "--reason", "why", "--yes", "--json"];
        shop.world.run(&[&what[..], more].concat())
    };
    refund(&["--amount", "4000"]).exits(2).says(&["--tax-free 0 --vat 364", "Nothing was sent."]);
    let part = refund(&["--amount", "4000", "--tax-free", "0", "--vat", "364"]).exits(0).json();
    assert_eq!((&part["refund"]["tax_free"], &part["refund"]["vat_amount"]), (&json!(0), &json!(364)));
    assert_eq!((&part["tax_free"], &part["vat_amount"]), (&json!(0), &json!(809)), "the charge had these");
    let rest = refund(&["--full"]).exits(0).json();
    assert_eq!((&rest["refund"]["tax_free"], &rest["refund"]["vat_amount"]), (&json!(0), &json!(445)));
}

#[test]
fn an_approval_number_finds_the_payment() {
    let shop = Shop::open("");
    let shown = shop.world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    let approval = shown["apply_num"].as_str().unwrap();
    shop.world.run(&["refund", approval, "--full", "--reason", "why", "--yes"]).exits(0);
    assert_eq!(shop.balance(), 0);
}

#[test]
fn the_second_payment_of_an_order_goes_back_by_the_command_that_its_alarm_prints() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\n");
    let shop = Shop { gateway, world };
    let _ = shop.world.charge("order_1", &[]).exits(0);
    let at = jiff::Timestamp::now().as_second();
    shop.control(
        "payments",
        &json!({
            "merchant_uid": "order_1", "amount": 8900, "name": "Monthly", "customer_uid": "gildong_0001_1234",
            "customer_uid_usage": "payment", "channel": "api", "status": "paid", "started_at": at, "paid_at": at,
        }),
    );
    let alarm = shop.world.run(&["reconcile", "order_1"]).exits(8).says(&["A person must look"]);
    // The order is of two payments now, and a number of one means that one.
    let own = shop.imp_uid();
    let shown = shop.world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    let records = shown["records"].as_array().unwrap();
    let other = records.iter().find(|record| record["imp_uid"] != own).unwrap();
    let (other, number) = (other["imp_uid"].as_str().unwrap(), other["apply_num"].as_str().unwrap());
    let [of_own, of_other] =
        [own.as_str(), other].map(|id| format!("billkey refund {id} --full --reason why"));
    let which = ["refund", "order_1", "--full", "--reason", "why", "--yes"];
    shop.world.run(&which).exits(8).says(&["is of 2 payments", &of_own, &of_other, "Nothing was sent"]);
    let dry = ["refund", number, "--full", "--reason", "why", "--dry-run", "--json"];
    assert_eq!(shop.world.run(&dry).exits(0).json()["imp_uid"], other);
    let note = ["reconcile", number, "--note", "refunded-outside", "--evidence", "letter"];
    shop.world.run(&note).exits(8).says(&[other, "Nothing was noted"]);
    let line = alarm.stderr.lines().find_map(|line| line.split_once("give it back: billkey ")).unwrap().1;
    let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('"')).collect();
    let ran = shop.world.run(&[&words[..], &["--yes", "--json"]].concat()).exits(0).json();
    assert_eq!((&ran["refund"]["outcome"], &ran["refund"]["amount"]), (&json!("refunded"), &json!(8900)));
    assert_eq!(shop.world.run(&["reconcile", "order_1"]).exits(0).stderr, "", "the alarm is over");
    let own = shop.imp_uid();
    assert!(!words.contains(&own.as_str()));
    assert_eq!(shop.world.charge("order_1", &[]).exits(0).json()["alarm"], false);
}

#[test]
fn what_went_back_counts_by_its_own_date_and_parts_are_found_apart() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\n");
    let shop = Shop { gateway, world };
    let at = jiff::Timestamp::now().as_second() - 3 * 86_400;
    shop.control(
        "payments",
        &json!({
            "merchant_uid": "order_0", "amount": 5000, "name": "Monthly", "customer_uid": "gildong_0001_1234",
            "customer_uid_usage": "payment", "channel": "api", "status": "paid", "started_at": at, "paid_at": at,
        }),
    );
    let _ = shop.world.charge("order_1", &[]);
    let _ = shop.world.charge("order_2", &["--allow-similar"]);
    let _ = shop.world.run(&["reconcile", "--since", "5d", "--import", "--json"]);
    let back = |order: &str, amount: &str| {
        let what = ["refund", order, "--amount", amount, "--reason", "why", "--yes", "--json"];
        let _ = shop.world.run(&what).exits(0);
    };
    back("order_0", "1000");
    back("order_1", "8900");
    back("order_2", "200");
    shop.console_refunds_of("order_2", 300);
    let _ = shop.world.run(&["reconcile", "order_2"]);
    let note =
        ["reconcile", "order_2", "--note", "refunded-outside", "--amount", "40", "--evidence", "letter"];
    let _ = shop.world.run(&note).exits(0);
    let listed = |more: &[&str]| shop.world.run(&[&["history"], more].concat()).exits(0).stdout;
    let today = listed(&["--since", "1d"]);
    assert!(today.contains("2 payments, 2 paid, net ₩8,360; refunded in that time ₩10,440"), "{today}");
    let before = listed(&["--since", "5d", "--until", "2d"]);
    assert!(before.contains("1 payment, 1 paid, net ₩4,000\n"), "{before}");
    assert!(!listed(&[]).contains("in that time"));
    // The same for programs.
    let totals = |more: &[&str]| shop.world.run(&[&["history", "--totals"], more].concat()).exits(0);
    let sums = totals(&["--since", "1d", "--json"]).json();
    assert_eq!((&sums["count"], &sums["net"]), (&json!(2), &json!({"KRW": 8360})));
    assert_eq!(sums["refunded"], json!({"test": {"KRW": 10_440}}));
    assert_eq!(totals(&["--json"]).json()["refunded"], json!({}));
    let csv = totals(&["--since", "1d", "--format", "csv"]).stdout;
    assert_eq!(csv, "sum,mode,amount,currency\r\nnet,,8360,KRW\r\nrefunded,test,10440,KRW\r\n");
    assert!(totals(&["--since", "1d"]).stdout.contains("refunded in that time ₩10,440"));
    // And by the day of the last refund, whatever day the payment is of.
    let by = ["--by", "cancelled", "--since", "1d", "--columns", "merchant_uid", "--format", "plain"];
    let mut back: Vec<String> = listed(&by).lines().map(str::to_owned).collect();
    back.sort();
    assert_eq!(back, ["order_0", "order_1", "order_2"]);
    assert!(listed(&["--by", "cancelled"]).contains("REFUNDED"));
    let orders = |status: &str| {
        let found = shop.world.run(&[
            "history",
            "--status",
            status,
            "--format",
            "plain",
            "--columns",
            "merchant_uid",
        ]);
        found.exits(0).stdout
    };
    assert_eq!(
        (orders("partly-cancelled"), orders("cancelled")),
        ("order_2\norder_0\n".into(), "order_1\n".into())
    );
    assert_eq!(orders("cancelled,partly-cancelled"), "order_2\norder_1\norder_0\n");
}

#[test]
fn a_time_that_ends_before_it_begins_is_wrong_usage_and_asks_nothing() {
    let shop = Shop::open("");
    let span = ["reconcile", "--since", "2026-11-20", "--until", "2026-11-10"];
    shop.world.run(&span).exits(2).says(&["--since 2026-11-20 is not before --until 2026-11-10"]);
    let _ = shop.world.run(&["reconcile", "--since", "2026-11-10", "--until", "2026-11-10"]).exits(0);
}
