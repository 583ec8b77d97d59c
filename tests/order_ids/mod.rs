//! Which order a command means, and that what it prints leads back to the same order. The gateway's guard
//! against charging an id twice is off where it matters.

mod hints;
mod keys;
mod spellings;

use std::fs;

use billkey::domain::ids::MerchantUid;
use billkey::domain::payment::Outcome;
use billkey::domain::period::Period;
use billkey::ledger::{Create, Ledger};
use serde_json::json;

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment};
use crate::support::world::{Gateway, World, to_charge, to_charge_with};

const PERIOD: [&str; 4] = ["--once-per", "2026-11", "--plan", "basic"];

fn once_per<'a>(customer: &'a str, amount: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let what = ["charge", customer, "--amount", amount, "--name", "Monthly", "--yes", "--json"];
    [&what[..], more].concat()
}

/// The order that a dry run names.
#[track_caller]
fn order_of(world: &World, more: &[&str]) -> String {
    let line = once_per("gildong_0001_1234", "8900", &[&["--dry-run"], more].concat());
    let ran = world.run(&line);
    // It asks the gateway, and names the order whether or not there is an answer.
    assert!([0, 9].contains(&ran.code), "{ran}");
    ran.json()["merchant_uid"].as_str().unwrap().to_owned()
}

fn profile(name: &str, url: &str, lines: &str) -> String {
    format!("[profile.{name}]\napi_url = \"{url}\"\nimp_key = \"k_0000\"\nimp_secret = \"s_0000\"\n{lines}\n")
}

fn world_of(config: &str) -> World {
    let world = World::bare();
    world.configure(config);
    world
}

fn paying() -> Scripted {
    Scripted::start(|asked| {
        if asked.is_charge() { Say::Json(200, envelope(&payment(asked, "paid"))) } else { no_such_payment() }
    })
}

/// One whose channel takes real money.
fn paying_live() -> Scripted {
    Scripted::start(|asked| {
        if asked.is_charge() {
            Say::Json(200, envelope(&live(&payment(asked, "paid"))))
        } else {
            no_such_payment()
        }
    })
}

fn live(payment: &str) -> String {
    payment.replace("\"sandbox\":true", "\"sandbox\":false")
}

#[test]
fn the_same_cron_line_under_another_home_is_the_same_order() {
    let config = profile("main", "http://127.0.0.1:1", "mode = \"test\"");
    assert_eq!(order_of(&world_of(&config), &PERIOD), order_of(&world_of(&config), &PERIOD));
    let gateway = Gateway::start("");
    let (root, user) = (World::for_gateway(&gateway.url()), World::for_gateway(&gateway.url()));
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    let paid = root.run(&line).exits(0).json();
    let again = user.run(&line).exits(0).says(&["as paid already"]).json();
    assert_eq!((&again["merchant_uid"], &again["replayed"]), (&paid["merchant_uid"], &json!(true)));
    assert_eq!(gateway.charged(paid["merchant_uid"].as_str().unwrap()), 1);
}

#[test]
fn a_renamed_profile_is_the_same_order() {
    let url = "http://127.0.0.1:1";
    let live = world_of(&profile("live", url, ""));
    let main = world_of(&profile("main", url, ""));
    assert_eq!(order_of(&live, &PERIOD), order_of(&main, &PERIOD));
    let mut from_environment = World::bare();
    from_environment.set("BILLKEY_IMP_KEY", "k_0000");
    from_environment.set("BILLKEY_IMP_SECRET", "s_0000");
    assert_eq!(order_of(&from_environment, &PERIOD), order_of(&main, &PERIOD));
}

#[test]
fn keys_from_the_environment_keep_their_ledger_when_a_file_is_written() {
    let gateway = paying_live();
    let mut world = World::bare();
    world.set("BILLKEY_IMP_KEY", "k_0000");
    world.set("BILLKEY_IMP_SECRET", "s_0000");
    world.set("BILLKEY_API_URL", gateway.url());
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    world.run(&line).exits(0).json();
    world.run(&["config", "init"]).exits(0).says(&["Set imp_key"]);
    assert_eq!(world.run(&line).exits(0).json()["replayed"], json!(true));
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn another_timezone_is_the_same_order() {
    let config = profile("main", "http://127.0.0.1:1", "");
    let honolulu = world_of(&format!("timezone = \"Pacific/Honolulu\"\n{config}"));
    let kiritimati = world_of(&format!("timezone = \"Pacific/Kiritimati\"\n{config}"));
    // Their dates are always a day apart.
    assert_eq!(order_of(&honolulu, &["--once-per", "day"]), order_of(&kiritimati, &["--once-per", "day"]));
}

#[test]
fn test_and_live_another_key_a_tier_and_a_scope_are_other_orders() {
    let url = "http://127.0.0.1:1";
    let mut orders: Vec<String> = [
        profile("main", url, ""),
        profile("main", url, "mode = \"test\""),
        profile("main", url, "tier = \"001\""),
        profile("main", url, "scope = \"shop\""),
        profile("main", url, "").replace("k_0000", "k_0001"),
    ]
    .iter()
    .map(|config| order_of(&world_of(config), &PERIOD))
    .collect();
    orders.sort_unstable();
    orders.dedup();
    assert_eq!(orders.len(), 5);
}

#[test]
fn two_profiles_of_one_account_need_a_scope_in_both() {
    let url = "http://127.0.0.1:1";
    let two = |shop: &str, club: &str| {
        world_of(&format!("{}{}", profile("shop", url, shop), profile("club", url, club)))
    };
    let of = |world: &World, name: &str| order_of(world, &[&PERIOD[..], &["--profile", name]].concat());
    let line = once_per("gildong_0001_1234", "8900", &[&PERIOD[..], &["--profile", "shop"]].concat());
    for (shop, club) in [("", ""), ("scope = \"a\"", ""), ("", "scope = \"a\"")] {
        two(shop, club).run(&line).exits(3).says(&["`shop` and `club`", "scope", "Nothing was sent"]);
    }
    let one = two("scope = \"a\"", "scope = \"a\"");
    assert_eq!(of(&one, "shop"), of(&one, "club"));
    let apart = two("scope = \"a\"", "scope = \"b\"");
    assert_ne!(of(&apart, "shop"), of(&apart, "club"));
    // An order that is named needs none.
    let named = to_charge("order_1", &["--dry-run", "--profile", "shop"]);
    assert!(two("", "").run(&named).exits(9).stdout.contains("order_1"));
}

#[test]
fn without_a_key_there_is_no_order_of_a_period() {
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    World::bare().run(&line).exits(3).says(&["no REST API key", "BILLKEY_IMP_KEY", "Nothing was sent"]);
}

#[test]
fn a_tier_is_named_in_every_request() {
    let gateway = Scripted::start_whole(|asked| match asked.path.as_str() {
        "/users/getToken" => Say::Json(200, crate::support::gateway::token(1800)),
        _ if asked.is_charge() => Say::Json(200, envelope(&live(&payment(asked, "paid")))),
        _ => no_such_payment(),
    });
    let world = world_of(&profile("main", gateway.url(), "tier = \"001\""));
    world.charge("order_1", &[]).exits(0).json();
    assert!(gateway.asked().iter().all(|asked| asked.header("tier") == Some("001")));
    assert!(gateway.asked().len() >= 2);
}

/// Up to schema 4 the profile's name and the zone went into the id.
fn former(customer: &str, plan: &str) -> MerchantUid {
    let period = Period::parse("2026-11", jiff::civil::date(2026, 11, 28)).unwrap();
    period.former_merchant_uid("main", customer, plan).unwrap()
}

#[test]
fn a_period_that_an_older_billkey_charged_is_not_charged_again() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let order = former("gildong_0001_1234", "basic").to_string();
    world.charge(&order, &[]).exits(0).json();
    let again = world.run(&once_per("gildong_0001_1234", "8900", &PERIOD)).exits(0).json();
    assert_eq!((again["merchant_uid"].as_str(), &again["replayed"]), (Some(order.as_str()), &json!(true)));
    fs::write(
        world.home().join("charges.csv"),
        "customer_uid,amount,name\ngildong_0001_1234,8900,Monthly\nyounghee,8900,Monthly\n",
    )
    .unwrap();
    let batch = ["batch", "charges.csv", "--yes", "--json"];
    let batch = world.run(&[&batch[..], &PERIOD].concat()).exits(0).says(&["2 of 2"]).json();
    assert_eq!(batch["payments"][0]["merchant_uid"].as_str(), Some(order.as_str()));
    assert_eq!(gateway.charges(), 2, "the other customer's, once");
}

#[test]
fn a_scope_that_is_given_to_a_profile_later_charges_nothing_again() {
    let gateway = paying_live();
    let world = world_of(&profile("main", gateway.url(), ""));
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    world.run(&line).exits(0).json();
    world.configure(&profile("main", gateway.url(), "scope = \"shop\""));
    assert_eq!(world.run(&line).exits(0).json()["replayed"], json!(true));
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_payment_of_a_test_channel_counts_when_the_profile_is_said_to_be_a_test() {
    let gateway = paying();
    let world = world_of(&profile("main", gateway.url(), ""));
    let line = once_per("gildong_0001_1234", "8900", &PERIOD);
    let paid = world.run(&line).exits(0).says(&["TEST channel although the profile is live"]).json();
    world.configure(&profile("main", gateway.url(), "mode = \"test\""));
    let again = world.run(&line).exits(0).json();
    assert_eq!((&again["merchant_uid"], &again["replayed"]), (&paid["merchant_uid"], &json!(true)));
    let named = ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x", "--yes", "--json"];
    let named = [&named[..], &["--merchant-uid", paid["merchant_uid"].as_str().unwrap()]].concat();
    assert_eq!(world.run(&named).exits(0).json()["replayed"], json!(true));
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_new_price_within_the_period_is_refused_without_advice_to_charge_again() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    world.run(&once_per("gildong_0001_1234", "8900", &PERIOD)).exits(0).json();
    let risen = world.run(&once_per("gildong_0001_1234", "9900", &PERIOD)).exits(8);
    assert!(!risen.stderr.contains("new merchant_uid"), "{risen}");
    risen.says(&["this order keeps its price", "counts from the next period"]);
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn an_order_that_was_never_sent_takes_a_new_price() {
    let gateway = paying_live();
    let world = world_of(&profile("main", "http://127.0.0.1:1", ""));
    world.run(&once_per("gildong_0001_1234", "8900", &PERIOD)).exits(9);
    world.configure(&profile("main", gateway.url(), ""));
    let paid = world.run(&once_per("gildong_0001_1234", "9900", &PERIOD)).exits(0).json();
    assert_eq!((&paid["amount"], &paid["outcome"]), (&json!(9900), &json!("paid")));
    let order = paid["merchant_uid"].as_str().unwrap();
    world.run(&["history", "show", order]).exits(0).answers(&["before: ₩8,900"]);
    world.run(&once_per("gildong_0001_1234", "8900", &PERIOD)).exits(8).says(&["₩9,900"]);
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_retry_and_a_yes_need_an_order_that_is_named() {
    let world = World::bare();
    let line = ["--sandbox", "charge", "gildong_0001_1234", "--amount", "8900", "--name", "x"];
    let both = ["--merchant-uid", "--once-per", "Nothing was sent"];
    for more in [&["--yes"][..], &["--retry"], &["--yes", "--retry"]] {
        world.run(&[&line[..], more].concat()).exits(2).says(&both);
    }
    world.run(&line).exits(2).says(&both);
}

#[cfg(unix)]
#[test]
fn a_made_up_id_is_shown_before_the_question_and_an_open_payment_comes_first() {
    use crate::support::pty::Terminal;

    let gateway = Gateway::start("no_duplicate_refusal, lost_after*1");
    let world = World::for_gateway(&gateway.url());
    let line = ["charge", "gildong_0001_1234", "--amount", "8900", "--name", "x"];
    let mut terminal = Terminal::start(world.command(&[&line[..], &["--yes"]].concat()));
    terminal.exits(2);
    let mut terminal = Terminal::start(world.command(&line));
    terminal.shows("Charge this card? [y/N]");
    assert!(terminal.seen().contains("  order  20"), "{}", terminal.seen());
    terminal.types("y\n");
    terminal.exits(7);
    let ledger = Ledger::open_at(&world.ledger_path(), Create::Never).unwrap().ledger;
    let open = ledger.unsettled().unwrap();
    assert_eq!((open.len(), open[0].outcome), (1, Outcome::Unknown));
    let mut terminal = Terminal::start(world.command(&line));
    terminal.exits(8);
    terminal.shows(&format!("--merchant-uid {}", open[0].terms.merchant_uid));
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 1, "nothing goes beside it");
}

#[test]
fn a_customer_that_is_nearly_a_saved_one_is_refused_and_named() {
    let world = World::bare();
    let line = |customer| {
        let line = to_charge_with(customer, "8900", "order_1", &[]);
        [&["--sandbox"], &line[..]].concat()
    };
    world.run(&["--sandbox", "customer", "list"]).exits(0).answers(&["gildong_0001_1234"]);
    world.run(&line("gildong_0001_1243")).exits(8).says(&[
        "gildong_0001_1243",
        "gildong_0001_1234",
        "billkey --sandbox customer add gildong_0001_1243",
        "Nothing was sent",
    ]);
    assert_eq!(world.run(&line("gildong_0001_1234")).exits(0).stdout.lines().count(), 4);
}

#[test]
fn doctor_names_ledgers_that_no_profile_points_at_and_profiles_of_one_account() {
    let gateway = paying_live();
    let world = world_of(&profile("live", gateway.url(), ""));
    world.run(&once_per("gildong_0001_1234", "8900", &PERIOD)).exits(0).json();
    let quiet = world.run(&["doctor"]).exits(0).stdout;
    assert!(!quiet.contains("no profile points at"), "{quiet}");
    world.configure(&profile("main", gateway.url(), ""));
    world.run(&["doctor"]).exits(0).answers(&["no profile points at", "live.db", "database = "]);
    let two = format!("{}{}", profile("live", gateway.url(), ""), profile("main", gateway.url(), ""));
    world.configure(&two);
    let said = world.run(&["doctor", "--profile", "main"]).exits(0);
    let said = said.answers(&["main (no scope), live (no scope)", "give both the same scope"]);
    assert!(!said.stdout.contains("no profile points at"), "{said}");
}
