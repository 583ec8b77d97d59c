//! An account that was given another key: its orders stay its orders.

use serde_json::json;

use super::{PERIOD, once_per, paying, profile, world_of};

#[test]
fn an_order_of_a_period_is_not_charged_again_under_another_key_of_the_account() {
    let gateway = paying();
    let config = profile("main", gateway.url(), "mode = \"test\"");
    let world = world_of(&config);
    let line = once_per("gildong_0001_1234", "8900", &[&PERIOD[..], &["--allow-similar"]].concat());
    let paid = world.run(&line).exits(0).json();
    world.configure(&config.replace("k_0000", "k_0001"));
    // Whose key it is has not been said yet: neither a second charge nor another account's payment.
    let refused = world.run(&line).exits(8);
    let order = paid["merchant_uid"].as_str().unwrap();
    let _ = refused.says(&[order, "billkey ledger accept --reason", "Nothing was sent"]);
    let _ = world.run(&["ledger", "accept", "--reason", "the key was changed"]).exits(0);
    let again = world.run(&line).exits(0).json();
    assert_eq!(
        (&again["merchant_uid"], &again["replayed"], &again["imp_uid"]),
        (&paid["merchant_uid"], &json!(true), &paid["imp_uid"])
    );
    assert_eq!(gateway.charges(), 1);
    // What was never charged under the old key is this key's.
    let other = once_per("gildong_0001_1234", "8900", &["--once-per", "2026-12", "--allow-similar"]);
    let _ = world.run(&other).exits(0);
    assert_eq!(gateway.charges(), 2);
}
