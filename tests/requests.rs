//! The requests that leave, held against the gateway's published parameters, and the secrets that
//! must not leave by any other way.

use std::fs;
use std::path::Path;

use serde_json::Value;

use billkey::sandbox::{IMP_KEY, IMP_SECRET};

use crate::support::gateway::{Asked, Say, Scripted, envelope, no_such_payment, payment, record};
use crate::support::world::{Gateway, Ran, World};

const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Type {
    Text(usize),
    Number,
    Whole,
    Flag,
    Object,
}

/// The parameters of `POST /subscribe/payments/again`: name, type with its most characters, and
/// whether it must be there.
const AGAIN: &[(&str, Type, bool)] = &[
    ("customer_uid", Type::Text(80), true),
    ("merchant_uid", Type::Text(40), true),
    ("amount", Type::Number, true),
    ("name", Type::Text(40), true),
    ("currency", Type::Text(3), false),
    ("tax_free", Type::Number, false),
    ("vat_amount", Type::Number, false),
    ("buyer_name", Type::Text(16), false),
    ("buyer_email", Type::Text(64), false),
    ("buyer_tel", Type::Text(16), false),
    ("buyer_addr", Type::Text(128), false),
    ("buyer_postcode", Type::Text(8), false),
    ("card_quota", Type::Whole, false),
    ("interest_free_by_merchant", Type::Flag, false),
    ("use_card_point", Type::Flag, false),
    ("custom_data", Type::Text(usize::MAX), false),
    ("notice_url", Type::Text(usize::MAX), false),
    ("browser_ip", Type::Text(usize::MAX), false),
    ("product_type", Type::Text(usize::MAX), false),
    ("product_count", Type::Whole, false),
    ("cash_receipt_type", Type::Text(usize::MAX), false),
    ("bypass", Type::Text(usize::MAX), false),
    ("extra", Type::Object, false),
    ("promotion_id", Type::Text(usize::MAX), false),
    ("channel_key", Type::Text(55), false),
];

#[track_caller]
fn conforms(body: &str, parameters: &[(&str, Type, bool)]) {
    let body: Value = serde_json::from_str(body).unwrap();
    let body = body.as_object().expect("an object");
    for (name, value) in body {
        let known = parameters.iter().find(|(known, _, _)| known == name);
        let (_, kind, _) = known.unwrap_or_else(|| panic!("there is no parameter {name}"));
        let fits = match kind {
            Type::Text(max) => value.as_str().is_some_and(|text| text.chars().count() <= *max),
            Type::Number => value.is_number(),
            Type::Whole => value.as_u64().is_some(),
            Type::Flag => value.is_boolean(),
            Type::Object => value.is_object(),
        };
        assert!(fits, "{name} is {value}, not {kind:?}");
    }
    for (name, _, required) in parameters {
        assert!(!required || body.contains_key(*name), "{name} is missing");
    }
}

/// What is true of every request.
#[track_caller]
fn is_in_form(asked: &Asked) {
    assert_eq!(asked.header("user-agent"), Some(concat!("billkey/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(asked.header("accept"), Some("application/json"));
    assert!(asked.path.is_ascii() && !asked.path.contains(' '), "{}", asked.path);
    for secret in [TOKEN, IMP_KEY, IMP_SECRET, "_token"] {
        assert!(!asked.path.contains(secret), "{}", asked.path);
    }
    if asked.path == "/users/getToken" {
        assert_eq!(asked.header("authorization"), None);
    } else {
        assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
        assert!(!asked.body.contains(IMP_SECRET) && !asked.body.contains(IMP_KEY), "{}", asked.body);
    }
    if asked.body.is_empty() {
        assert_ne!(asked.method, "POST");
    } else {
        assert_eq!(asked.method, "POST");
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("content-length"), Some(&*asked.body.len().to_string()));
    }
    assert_eq!(asked.header("expect"), None);
    assert_eq!(asked.header("cookie"), None);
    assert_eq!(asked.header("referer"), None);
}

fn paying() -> Scripted {
    Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))))
}

#[test]
fn a_charge_with_every_flag_is_what_the_gateway_publishes() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let email = format!("{}@shop.example", "e".repeat(51));
    let mut flags = vec!["charge", "gildong_0001_1234", "--amount", "110,000원", "--name"];
    let name = "가".repeat(40);
    flags.extend([&name, "--merchant-uid", "95382678123123123", "--tax-free", "10000", "--vat", "9090"]);
    flags.extend(["--quota", "3", "--buyer-name", "홍길동", "--buyer-email", &email, "--buyer-tel"]);
    flags.extend(["010-1234-5678", "--custom-data", r#"{"plan": "basic"}"#, "--notice-url"]);
    flags.extend([
        "https://shop.example/hook",
        "--product-type",
        "digital",
        "--channel-key",
        "channel-key-1",
    ]);
    flags.extend(["--bypass", r#"{"pg": {"a": 1}}"#, "--note", "a remark of ours", "--yes"]);
    world.run(&flags).exits(0);
    let [token, look_up, charge] = &gateway.asked()[..] else { panic!("{:?}", gateway.asked()) };
    is_in_form(token);
    is_in_form(look_up);
    is_in_form(charge);
    assert_eq!((charge.method.as_str(), charge.path.as_str()), ("POST", "/subscribe/payments/again"));
    conforms(&token.body, &[("imp_key", Type::Text(99), true), ("imp_secret", Type::Text(200), true)]);
    conforms(&charge.body, AGAIN);
    let body: Value = serde_json::from_str(&charge.body).unwrap();
    assert_eq!(body["merchant_uid"], "95382678123123123", "a text, though it is all digits");
    for (key, number) in
        [("amount", "110000"), ("tax_free", "10000"), ("vat_amount", "9090"), ("card_quota", "3")]
    {
        assert_eq!(body[key].to_string(), number, "{key}");
    }
    assert_eq!(body["bypass"], r#"{"pg": {"a": 1}}"#, "a text, as it was given");
    assert_eq!(body["name"], name);
    assert_eq!(body.as_object().unwrap().len(), 15, "{body:#}");
    assert!(!charge.body.contains("remark"), "the gateway does not see the note");
}

#[test]
fn a_plain_charge_holds_what_is_required_and_nothing_else() {
    let gateway = paying();
    World::for_gateway(gateway.url()).charge("order_1", &["--quota", "0"]).exits(0);
    let charge = gateway.asked().pop().unwrap();
    conforms(&charge.body, AGAIN);
    let body: Value = serde_json::from_str(&charge.body).unwrap();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["amount", "customer_uid", "merchant_uid", "name"]);
}

#[test]
fn foreign_money_keeps_its_very_digits() {
    for (given, sent) in [("14.20", "14.20"), ("14.2", "14.20"), ("0.10", "0.10"), ("1,234.05", "1234.05")] {
        let gateway =
            Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid").replace("KRW", "USD"))));
        let world = World::for_gateway(gateway.url());
        let what = ["charge", "g", "--amount", given, "--currency", "usd", "--name", "x", "--json"];
        let ran = world.run(&[&what[..], &["--merchant-uid", "o", "--yes"]].concat()).exits(0);
        let charge = gateway.asked().pop().unwrap();
        conforms(&charge.body, AGAIN);
        assert!(charge.body.contains(&format!(r#""amount":{sent},"#)), "{}", charge.body);
        assert!(charge.body.contains(r#""currency":"USD""#), "{}", charge.body);
        assert!(ran.stdout.contains(&format!(r#""amount": {sent},"#)), "{ran}");
    }
}

#[test]
fn ids_stand_in_paths_percent_encoded() {
    let gateway = Scripted::start(|asked| match asked.method.as_str() {
        "POST" => Say::Drop,
        "DELETE" => Say::Json(200, envelope("{}")),
        _ if asked.path.starts_with("/payments/") => no_such_payment(),
        _ => Say::Json(
            200,
            r#"{"code":1,"message":"등록된 정보를 찾을 수 없습니다.","response":null}"#.to_owned(),
        ),
    });
    let world = World::for_gateway(gateway.url());
    let (order, customer) = ("주문 1?&#%41+;", "홍 길동@shop=1");
    let what = ["charge", "g", "--amount", "5", "--name", "x", "--yes", "--merchant-uid", order];
    world.run(&what).exits(7);
    world.run(&what).exits(7);
    world.run(&["customer", "add", customer]).exits(10);
    world.run(&["customer", "add", customer, "--no-verify"]).exits(0);
    world.run(&["customer", "remove", customer, "--delete-billing-key", "--yes"]).exits(0);
    let asked = gateway.asked();
    asked.iter().for_each(is_in_form);
    let paths: Vec<(&str, &str)> = asked
        .iter()
        .filter(|asked| asked.method != "POST")
        .map(|asked| {
            (asked.method.as_str(), asked.path.split_once("?").map_or(&*asked.path, |(path, _)| path))
        })
        .collect();
    let (order, customer) =
        ("%EC%A3%BC%EB%AC%B8%201%3F%26%23%2541%2B%3B", "%ED%99%8D%20%EA%B8%B8%EB%8F%99%40shop%3D1");
    let customer = format!("/subscribe/customers/{customer}");
    let look_up = format!("/payments/findAll/{order}");
    let look_up = ("GET", &*look_up);
    assert_eq!(paths, [look_up, look_up, ("GET", &customer), ("DELETE", &customer)]);
    let look_up = asked.iter().find(|asked| asked.path.starts_with("/payments/")).unwrap();
    let (_, query) = look_up.path.split_once('?').unwrap();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let number = ["page", "limit"].contains(&name) && value.parse::<u32>().is_ok();
        assert!(number || (name, value) == ("include_sandbox", "true"), "{query}");
    }
}

#[test]
fn a_payment_on_a_second_page_is_found() {
    let gateway = Scripted::start(|asked| {
        if asked.method == "POST" {
            return Say::Drop;
        }
        let (payment, imp_uid, next) = match asked.path.contains("page=2") {
            true => ("paid", "imps_2", 0),
            false => ("failed", "imps_1", 2),
        };
        let payment = record("order_1", "gildong_0001_1234", "8900", payment);
        let payment = payment.replace("imps_623347347957", imp_uid);
        let page = format!(r#"{{"total":2,"previous":0,"next":{next},"list":[{payment}]}}"#);
        Say::Json(200, envelope(&page))
    });
    let world = World::for_gateway(gateway.url());
    world.charge("order_1", &[]).exits(7);
    let found = world.charge("order_1", &[]).exits(0).json();
    assert_eq!((&found["imp_uid"], gateway.charges()), (&"imps_2".into(), 1));
}

/// Says that none of the secrets is in what was said.
#[track_caller]
fn keeps_secrets(ran: &Ran) {
    for secret in [TOKEN, IMP_SECRET, IMP_KEY] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "`{secret}` is shown\n{ran}");
    }
}

/// Says that none of the secrets is in any file but the ones made for them.
fn files_keep_secrets(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_keep_secrets(&path);
        } else if !path.ends_with("config.toml") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let cache = path.to_str().unwrap().contains("/.cache/billkey/token-");
            assert!(cache || !text.contains(TOKEN), "the token is in {}", path.display());
            assert!(
                !text.contains(IMP_SECRET) && !text.contains(IMP_KEY),
                "the key is in {}",
                path.display()
            );
        }
    }
}

#[test]
fn no_command_shows_a_secret_even_with_v() {
    // What it says repeats the request's headers.
    let gateway = Scripted::start(|asked| {
        let headers: Vec<String> =
            asked.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let echo = headers.join(" ");
        if asked.body.contains("order_rejected") {
            Say::Json(200, format!(r#"{{"code":1,"message":"{echo}","response":null}}"#))
        } else if asked.body.contains("order_paid") {
            Say::Json(200, envelope(&payment(asked, "paid").replace("30012345", &echo)))
        } else if asked.body.contains("order_401") {
            Say::Json(401, format!(r#"{{"code":-1,"message":"{echo}","response":null}}"#))
        } else if asked.path.contains("order_rejected") {
            no_such_payment()
        } else {
            Say::Json(502, format!("<pre>{echo}</pre>"))
        }
    });
    let world = World::for_gateway(gateway.url());
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["token"],
        vec!["token", "--refresh", "--json"],
        vec!["config", "show"],
        vec!["config", "show", "--json"],
        vec!["config", "path"],
        vec!["customer", "add", "gildong_0001_1234"],
        vec!["customer", "list", "--json"],
        vec!["history", "--format", "csv"],
    ];
    let orders = ["order_paid", "order_rejected", "order_401", "order_unknown", "order_unknown"];
    for order in orders {
        let mut charge = vec!["charge", "gildong_0001_1234", "--amount", "5", "--name", "x", "--yes"];
        charge.extend(["--allow-similar", "--merchant-uid", order]);
        commands.push(charge);
        commands.push(vec!["history", "show", order]);
        commands.push(vec!["history", "show", order, "--json"]);
    }
    for command in commands {
        for more in [&[][..], &["-v"]] {
            keeps_secrets(&world.run(&[&command[..], more].concat()));
        }
    }
    let shown = world.run(&["token", "--show", "-v"]).exits(0);
    assert_eq!(shown.stdout, format!("{TOKEN}\n"));
    assert!(!shown.stderr.contains(TOKEN), "{shown}");
    files_keep_secrets(world.home());
}

#[test]
fn a_key_that_is_refused_is_not_repeated() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    world.set("BILLKEY_IMP_SECRET", "wrong-secret-wrong-secret-wrong");
    for command in [&["token", "-v"][..], &["token", "--json", "-v"], &["config", "show"], &["history", "-v"]]
    {
        let ran = world.run(command);
        keeps_secrets(&ran);
        assert!(!format!("{ran}").contains("wrong-secret"), "{ran}");
    }
    let echo = Scripted::start_whole(|asked| {
        let message = asked.body.replace('"', "'");
        Say::Json(401, format!(r#"{{"code":-1,"message":"{message}","response":null}}"#))
    });
    let world = World::for_gateway(echo.url());
    for more in ["-v", "--json"] {
        keeps_secrets(&world.run(&["token", more]).exits(4));
        keeps_secrets(&world.charge("order_1", &["-v"]).exits(4));
    }
    keeps_secrets(&world.run(&["history", "show", "order_1", "--json"]).exits(0));
    files_keep_secrets(world.home());
}

#[test]
fn v_shows_each_request_and_answer_on_stderr_alone() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    // A customer's first charge has a question of its own beside it.
    let _ = world.charge("order_0", &["--allow-similar"]).exits(0);
    fs::remove_dir_all(world.home().join(".cache")).unwrap();
    let ran = world.charge("order_1", &["-v", "--allow-similar"]).exits(0);
    ran.json();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let begins = |begin: &str| lines.iter().filter(|line| line.starts_with(begin)).count();
    assert_eq!(begins("> POST /users/getToken"), 1, "{ran}");
    assert_eq!(begins("> POST /subscribe/payments/again"), 1, "{ran}");
    assert_eq!(begins("< HTTP 200 in "), 2, "{ran}");
}
