//! `reconcile` with many open payments: many ids a call where that shows enough, alone where it does not.

use std::fmt::Write;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::gateway::{Asked, Say, Scripted, no_such_payment, record};
use crate::support::world::World;

fn listed(status: u16, records: &[String]) -> Say {
    Say::Json(status, format!(r#"{{"code":0,"message":null,"response":[{}]}}"#, records.join(",")))
}

fn alone(records: &[String]) -> Say {
    let (total, list) = (records.len(), records.join(","));
    Say::Json(
        200,
        format!(
            r#"{{"code":0,"message":null,"response":{{"total":{total},"previous":0,"next":0,"list":[{list}]}}}}"#
        ),
    )
}

fn paid(uid: &str, amount: &str) -> String {
    record(uid, "gildong_0001_1234", amount, "paid")
}

/// The orders that a call about many names.
fn many(asked: &Asked) -> Option<Vec<String>> {
    let query = asked.path.strip_prefix("/payments?")?;
    let ids = query.split('&').filter_map(|part| part.strip_prefix("merchant_uid[]=").map(str::to_owned));
    Some(ids.collect())
}

/// A world in which the answers to so many charges, `order_00` and so on, were lost; after that `look_up` answers.
fn lost(rows: usize, look_up: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> (World, Scripted) {
    let charged = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&charged);
    let gateway = Scripted::start_asked(move |asked| match asked {
        asked if asked.is_charge() => Say::Drop,
        asked if told.load(Ordering::SeqCst) => look_up(asked),
        _ => no_such_payment(),
    });
    let world = World::for_gateway(gateway.url());
    let mut sheet = "customer_uid,amount,name,merchant_uid\n".to_owned();
    for row in 0..rows {
        writeln!(sheet, "gildong_0001_1234,{},coffee,order_{row:02}", 1000 + row).unwrap();
    }
    fs::write(world.home().join("c.csv"), sheet).unwrap();
    let line = ["batch", "c.csv", "--yes", "--workers", "8", "--allow-similar", "--quiet"];
    world.run(&line).exits(7);
    charged.store(true, Ordering::SeqCst);
    (world, gateway)
}

fn amount(uid: &str) -> String {
    (1000 + uid.trim_start_matches("order_").parse::<u32>().unwrap()).to_string()
}

#[test]
fn many_payments_that_are_shown_as_paid_are_settled_by_one_call_and_one_token() {
    let (world, gateway) = lost(40, |asked| {
        let uids = many(asked).unwrap_or_default();
        listed(200, &uids.iter().map(|uid| paid(uid, &amount(uid))).collect::<Vec<_>>())
    });
    let before = gateway.asked().len();
    let whole = world.run(&["reconcile", "--json"]).exits(0).json();
    assert_eq!(whole["settled"].as_array().unwrap().len(), 40);
    let later: Vec<String> = gateway.asked().into_iter().skip(before).map(|asked| asked.path).collect();
    assert_eq!(later.iter().filter(|path| path.starts_with("/payments?")).count(), 1, "{later:?}");
    assert_eq!(later.iter().filter(|path| path.contains("findAll")).count(), 0, "{later:?}");
    assert!(later.len() <= 2, "one call, and one token at most: {later:?}");
    let history = world.run(&["history", "--status", "paid", "--limit", "100", "--json"]).exits(0).json();
    assert_eq!(history.as_array().unwrap().len(), 40);
}

#[test]
fn what_is_not_shown_or_not_as_asked_for_is_looked_up_alone() {
    // The list leaves order_03 out, has another amount for order_05, and order_07 as failed. Alone, the gateway has
    // order_03 as paid, and the other two as the list said.
    let (world, gateway) = lost(30, |asked| {
        let record_of = |uid: &str| match uid {
            "order_05" => paid(uid, "77"),
            "order_07" => record(uid, "gildong_0001_1234", &amount(uid), "failed"),
            _ => paid(uid, &amount(uid)),
        };
        match (many(asked), asked.looks_up()) {
            (Some(uids), _) => {
                let shown = uids.iter().filter(|uid| *uid != "order_03").map(|uid| record_of(uid));
                listed(207, &shown.collect::<Vec<_>>())
            }
            (None, Some(uid)) => alone(&[record_of(&uid)]),
            (None, None) => no_such_payment(),
        }
    });
    let before = gateway.asked().len();
    let whole = world.run(&["reconcile", "--json"]).json();
    let mut looked_up: Vec<String> =
        gateway.asked().iter().skip(before).filter_map(Asked::looks_up).collect();
    looked_up.sort();
    assert_eq!(looked_up, ["order_03", "order_05", "order_07"]);
    let of = |uid: &str| {
        let shown = world.run(&["history", "show", uid, "--json"]).exits(0).json();
        shown["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!([of("order_03"), of("order_07"), of("order_08")], ["paid", "declined", "paid"], "{whole}");
    assert_ne!(of("order_05"), "paid");
}

#[test]
fn a_list_about_other_orders_settles_nothing() {
    let (world, gateway) = lost(20, |asked| match (many(asked), asked.looks_up()) {
        (Some(uids), _) => {
            let mut records: Vec<String> = uids.iter().map(|uid| paid(uid, &amount(uid))).collect();
            records.push(paid("order_99", "1099"));
            listed(200, &records)
        }
        (None, _) => no_such_payment(),
    });
    let before = gateway.asked().len();
    // The wait after the send is not over: nothing is known of any of them.
    let whole = world.run(&["reconcile", "--json"]).exits(7).json();
    assert_eq!(whole["undecided"].as_array().unwrap().len(), 20);
    let alone = gateway.asked().iter().skip(before).filter_map(Asked::looks_up).count();
    assert_eq!(alone, 20, "each was asked about by itself");
}

#[test]
fn look_ups_that_are_down_are_not_asked_for_each_of_many_and_what_was_settled_stays_settled() {
    for (status, page) in [(503, "<html>down</html>"), (429, "{}"), (403, "<html>forbidden</html>")] {
        let (world, gateway) = lost(200, move |asked| match many(asked) {
            // The first call about many shows ten of them; nothing else has an answer.
            Some(uids) if uids.iter().any(|uid| uid == "order_00") && uids.len() > 50 => {
                listed(200, &uids.iter().take(10).map(|uid| paid(uid, &amount(uid))).collect::<Vec<_>>())
            }
            Some(_) | None => Say::Json(status, page.to_owned()),
        });
        let before = gateway.asked().len();
        let whole = world.run(&["reconcile", "--json"]).exits(9).json();
        let listed = |name: &str| whole[name].as_array().unwrap().len();
        assert_eq!((listed("settled"), listed("unanswered")), (10, 190), "{status}");
        let alone = gateway.asked().iter().skip(before).filter_map(Asked::looks_up).count();
        // A look-up is made three times.
        assert!(alone < 190, "{status}: {alone} look-ups");
        let paid = world.run(&["history", "--status", "paid", "--limit", "100", "--json"]).exits(0).json();
        assert_eq!(paid.as_array().unwrap().len(), 10, "{status}");
    }
}

#[test]
fn what_no_list_shows_is_asked_about_by_itself_however_much_it_is() {
    // All of the same second: no time parts them.
    const COUNT: usize = 1_050;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = now.as_secs() - 3_600;
    let made = move |row: usize| {
        let whole = paid(&format!("order_{row:04}"), "8900");
        whole.replace("1795000000", &at.to_string()).replace("imps_623347347957", &format!("imps_{row}"))
    };
    let shows = Arc::new(AtomicBool::new(true));
    let listed = Arc::clone(&shows);
    let gateway = Scripted::start_asked(move |asked| {
        if let Some(uid) = asked.looks_up() {
            return alone(&[made(uid.trim_start_matches("order_").parse().unwrap())]);
        }
        let Some(query) = asked.path.strip_prefix("/payments/status/all?") else { return no_such_payment() };
        let page: usize =
            query.split('&').find_map(|part| part.strip_prefix("page=")).unwrap().parse().unwrap();
        let total = if listed.load(Ordering::SeqCst) { COUNT } else { 0 };
        let records: Vec<String> = (0..total).skip((page - 1) * 1000).take(1000).map(made).collect();
        let (next, list) = (if page * 1000 < total { page + 1 } else { 0 }, records.join(","));
        let response = format!(r#"{{"total":{total},"previous":0,"next":{next},"list":[{list}]}}"#);
        Say::Json(200, format!(r#"{{"code":0,"message":null,"response":{response}}}"#))
    });
    let world = World::for_gateway(gateway.url());
    let imported = world.run(&["reconcile", "--since", "2d", "--import", "--json"]).exits(0);
    assert_eq!(imported.json()["imported"], COUNT, "{imported}");
    shows.store(false, Ordering::SeqCst);
    let before = gateway.asked().len();
    let _ = world.run(&["reconcile", "--since", "2d", "--json"]).exits(0);
    let mut alone: Vec<String> = gateway.asked().iter().skip(before).filter_map(Asked::looks_up).collect();
    alone.sort();
    assert_eq!(alone, (0..COUNT).map(|row| format!("order_{row:04}")).collect::<Vec<_>>());
}

#[test]
fn many_payments_of_before_a_restart_take_one_token_and_not_one_each() {
    let (world, gateway) = lost(40, |asked| match asked.looks_up() {
        Some(uid) => alone(&[paid(&uid, &amount(&uid))]),
        None => no_such_payment(),
    });
    let db = rusqlite::Connection::open(world.ledger_path()).unwrap();
    let changed = db.execute("UPDATE payments SET last_send_boot_id = 'another boot'", []).unwrap();
    assert_eq!(changed, 40);
    drop(db);
    let before = gateway.asked().len();
    let whole = world.run(&["reconcile", "--json"]).exits(0).json();
    assert_eq!(whole["settled"].as_array().unwrap().len(), 40);
    let tokens = gateway.asked().iter().skip(before).filter(|asked| asked.path == "/users/getToken").count();
    assert!(tokens <= 1, "{tokens} tokens");
}
