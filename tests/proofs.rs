//! What proves that nothing was charged, and what only seems to: with the real program over real HTTP.

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment};
use crate::support::world::{Gateway, World, to_charge};

const UNAUTHORIZED: &str = r#"{"code":-1,"message":"Unauthorized","response":null}"#;

/// Answers each charge so, and shows no payment.
fn charges(say: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| if asked.is_charge() { say(asked) } else { no_such_payment() })
}

#[test]
fn a_401_or_403_that_may_be_anothers_word_leaves_the_order_unknown_and_is_sent_once() {
    let paid = |status| move |asked: &Asked| Say::Json(status, envelope(&payment(asked, "paid")));
    let text = |status, body: &'static str| move |_: &Asked| Say::Json(status, body.to_owned());
    let cut = |_: &Asked| {
        let whole = answer("401 Unauthorized", "content-type: application/json\r\n", UNAUTHORIZED.as_bytes());
        Say::Cut(whole[..whole.len() - 10].to_vec())
    };
    for (what, gateway) in [
        ("403 in the gateway's JSON", charges(text(403, UNAUTHORIZED))),
        ("403 of a proxy", charges(text(403, "<html>Forbidden</html>"))),
        ("403 without a body", charges(text(403, ""))),
        ("403 that says paid", charges(paid(403))),
        ("401 that says paid", charges(paid(401))),
        ("401 with code 0", charges(text(401, r#"{"code":0,"message":null,"response":null}"#))),
        ("401 of a proxy", charges(text(401, "<html>Log in</html>"))),
        ("401 in somebody else's JSON", charges(text(401, r#"{"error":"unauthorized"}"#))),
        ("half a 401", charges(cut)),
        ("429 in the gateway's JSON", charges(text(429, UNAUTHORIZED))),
    ] {
        let world = World::for_gateway(gateway.url());
        let ran = world.charge("order_1", &[]);
        assert_eq!((ran.code, ran.json()["outcome"].as_str()), (7, Some("unknown")), "{what}: {ran}");
        assert!(!ran.stderr.contains("Nothing was charged"), "{what}: {ran}");
        let ran = world.charge("order_1", &["--retry"]);
        assert_eq!(ran.code, 7, "{what}: {ran}");
        assert_eq!(gateway.charges(), 1, "{what}: sent again");
    }
}

#[test]
fn two_refused_tokens_are_exit_4_with_the_payment_on_stdout() {
    for body in [UNAUTHORIZED, r#"{"code":-1,"message":"Unauthorized"}"#, ""] {
        let gateway = charges(|_| Say::Json(401, body.to_owned()));
        let world = World::for_gateway(gateway.url());
        let ran = world.charge("order_1", &[]).exits(4).says(&["Nothing was charged"]);
        assert_eq!(ran.json()["outcome"], "not_sent", "{ran}");
        assert_eq!(ran.error()["exit"], 4, "{ran}");
        assert_eq!(gateway.charges(), 2, "once, and once more with a new token");
        let world = World::for_gateway(gateway.url());
        world.run(&to_charge("order_2", &[])).exits(4).says(&["Nothing was charged"]);
    }
}

#[test]
fn a_token_that_was_forgotten_is_renewed_and_a_403_is_no_forgotten_token() {
    let gateway = Gateway::start("revoke_token*1");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0);
    assert_eq!(gateway.charged("order_1"), 1);
    gateway.faults("forbidden");
    gateway.revoke_tokens();
    let ran = world.charge("order_2", &["--allow-similar"]).exits(9).says(&["Nothing was sent"]);
    assert_eq!(ran.json()["outcome"], "not_sent", "{ran}");
    assert_eq!(gateway.received("order_2"), 0);
}
