use std::time::Duration;

use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::pressure::{Gate, PAUSE_UNTOLD};
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::fake::{FakeClock, FakeGateway, client};

const NOT_FOUND: &str = r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#;
const UNAUTHORIZED: &str = r#"{"code":-1,"message":"Unauthorized","response":null}"#;
const GET_TOKEN: &str = "POST /users/getToken";

struct Scene {
    gateway: FakeGateway,
    clock: FakeClock,
    client: Client,
}

/// A client that has a token at hand.
fn scene() -> Scene {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", 1_512_446_940, 1_512_448_740);
    client.token(false).unwrap();
    gateway.seen.lock().unwrap().clear();
    Scene { gateway, clock, client }
}

impl Scene {
    fn look_up(&self) -> LookupReply {
        let reply = self.client.look_up(&MerchantUid::parse("주문 1?").unwrap());
        assert!(self.gateway.is_spent(), "{:?}", self.gateway.requests());
        reply
    }

    /// The look-up's reason, when it has no answer.
    fn reason(&self) -> String {
        let reply = self.look_up();
        let LookupReply::NoAnswer { reason, received, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(received.why(), Some(reason.to_string()));
        reason.to_string()
    }

    fn slept_ms(&self) -> Vec<u128> {
        self.clock.slept.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

fn page(next: &str, ids: &[&str]) -> String {
    let list: Vec<String> = ids.iter().map(|id| format!(r#"{{"imp_uid":"{id}","status":"paid"}}"#)).collect();
    let list = list.join(",");
    format!(
        r#"{{"code":0,"message":null,"response":{{"total":1,"previous":0,"next":{next},"list":[{list}]}}}}"#
    )
}

fn ids(reply: &LookupReply) -> Vec<String> {
    let LookupReply::Records { records, .. } = reply else { panic!("{reply:?}") };
    records.iter().map(|record| record.imp_uid.clone().unwrap()).collect()
}

#[test]
fn all_pages_are_read() {
    let scene = scene();
    scene
        .gateway
        .will(200, &page("2", &["a", "b"]))
        .will(207, &page("3", &["c"]))
        .will(200, &page("0", &["d"]));
    let reply = scene.look_up();
    assert_eq!(ids(&reply), ["a", "b", "c", "d"]);
    let received = reply.received();
    assert_eq!((received.http_status, received.code), (Some(200), Some(0)));
    assert_eq!((received.imp_uid.as_deref(), received.took_ms), (Some("a"), Some(0)));
    assert_eq!(received.body.as_deref(), Some(page("2", &["a", "b"]).as_str()), "the first page is kept");
    let path = "GET /payments/findAll/%EC%A3%BC%EB%AC%B8%201%3F?page";
    assert_eq!(
        scene.gateway.requests(),
        [1, 2, 3].map(|number| format!("{path}={number}&limit=100&include_sandbox=true T1"))
    );
}

#[test]
fn a_list_may_end_in_several_ways() {
    for next in ["0", "null", "false", "\"0\"", "\"\""] {
        let scene = scene();
        scene.gateway.will(200, &page(next, &["a"]));
        assert_eq!(ids(&scene.look_up()), ["a"], "{next}");
    }
    let bare = scene();
    bare.gateway.will(200, r#"{"code":0,"response":[{"imp_uid":"a"}]}"#);
    assert_eq!(ids(&bare.look_up()), ["a"]);
}

#[test]
fn a_list_without_an_end_is_no_answer() {
    let scene = scene();
    for number in 1..=50 {
        scene.gateway.will(200, &page(&(number + 1).to_string(), &[&format!("imp_{number}")]));
    }
    assert_eq!(scene.reason(), "the gateway's list of payments does not end");
    scene.gateway.will(200, &page("1", &["a"]));
    assert_eq!(scene.reason(), "the gateway's list of payments does not end");
}

#[test]
fn a_list_that_breaks_off_is_no_answer() {
    let scene = scene();
    scene.gateway.will(200, &page("2", &["a"])).will(404, NOT_FOUND);
    assert_eq!(scene.reason(), "the gateway's list ended in the middle");
    scene.gateway.will(200, &page("2", &["a"])).will(400, NOT_FOUND);
    assert_eq!(scene.reason(), "the gateway answered with HTTP 400: 존재하지 않는 결제정보입니다.");
}

#[test]
fn only_a_404_in_the_gateways_own_json_is_not_found() {
    let scene = scene();
    scene.gateway.will(404, NOT_FOUND);
    let LookupReply::NotFound { received } = scene.look_up() else { panic!("found") };
    assert_eq!((received.http_status, received.code), (Some(404), Some(-1)));
    assert_eq!(received.message.as_deref(), Some("존재하지 않는 결제정보입니다."));

    for (status, body) in [
        (404, "<html>404</html>"),
        (404, ""),
        (404, r#"{"error":"no route"}"#),
        (404, r#"{"code":0,"message":null,"response":null}"#),
        (404, r#"{"code":"none","message":"x","response":null}"#),
        (404, r#"{"code":-1,"message":"x","response":{"imp_uid":"a"}}"#),
        (200, r#"{"code":-1,"message":"x","response":null}"#),
        (400, NOT_FOUND),
        (302, NOT_FOUND),
        (403, "<html>"),
        (403, UNAUTHORIZED),
        (200, "{\"code\":0,\"response\":null}"),
        (200, "{\"code\":0,\"response\":{\"list\":\"none\"}}"),
        (200, "{\"code\":0,\"response\":{\"next\":0,\"list\":null}}"),
        (200, "{\"code\":0,\"response\":{\"next\":0,\"list\":[null]}}"),
        (200, "{\"code\":0,\"response\":{\"next\":0,\"list\":[]}}"),
        (200, "{\"code\":0,\"response\":{\"next\":0,\"list\":[{\"imp_uid\":\"a\"}"),
    ] {
        scene.gateway.will(status, body);
        let reply = scene.look_up();
        assert!(matches!(reply, LookupReply::NoAnswer { .. }), "{status} {body} {reply:?}");
        assert_eq!(reply.received().http_status, Some(status));
        assert!(reply.received().reason.is_some());
    }
    assert!(scene.slept_ms().is_empty());
}

/// The forms of the gateway's own no (contract, rule 8).
#[test]
fn not_found_comes_in_three_forms() {
    let scene = scene();
    let empty = r#"{"code":0,"message":null,"response":{"total":0,"previous":0,"next":0,"list":[]}}"#;
    for (status, body) in [(404, NOT_FOUND), (200, NOT_FOUND), (200, empty)] {
        scene.gateway.will(status, body);
        let reply = scene.look_up();
        assert!(matches!(reply, LookupReply::NotFound { .. }), "{status} {body} {reply:?}");
    }
}

#[test]
fn a_list_with_fewer_records_than_it_counts_is_no_answer() {
    let scene = scene();
    let short = page("0", &["a"]).replace("\"total\":1", "\"total\":2");
    scene.gateway.will(200, &short);
    assert_eq!(scene.reason(), "the gateway's list shows 1 of 2 payments");
    let none = page("0", &[]);
    scene.gateway.will(200, &none);
    assert_eq!(scene.reason(), "the gateway's list shows 0 of 1 payments");
}

#[test]
fn a_look_up_is_tried_three_times() {
    let scene = scene();
    scene.gateway.will_be_unreachable().will(502, "<html>").will(200, &page("0", &["a"]));
    assert_eq!(ids(&scene.look_up()), ["a"]);
    assert_eq!(scene.slept_ms(), [200, 800]);

    scene.gateway.will_hang().will(500, "").will(503, NOT_FOUND);
    assert_eq!(scene.reason(), "the gateway answered with HTTP 503: 존재하지 않는 결제정보입니다.");
    scene.gateway.will_be_unreachable().will_be_unreachable().will_hang();
    assert_eq!(scene.reason(), "the gateway did not answer within 30 s");
    assert_eq!(scene.gateway.requests().len(), 9);
}

#[test]
fn a_gateway_that_asks_for_a_pause_is_not_asked_again() {
    let scene = scene();
    scene.gateway.will(429, NOT_FOUND);
    assert_eq!(scene.reason(), "the gateway answered with HTTP 429: 존재하지 않는 결제정보입니다.");
    assert_eq!(scene.gateway.requests().len(), 1);
    assert_eq!(scene.client.gate(), (Gate::Paused(PAUSE_UNTOLD), Some(1)));
}

#[test]
fn a_refused_token_is_renewed_once() {
    let scene = scene();
    scene.gateway.will(401, UNAUTHORIZED).will_give_token("T2", 1, 1801).will(200, &page("0", &["a"]));
    assert_eq!(ids(&scene.look_up()), ["a"]);
    let tokens: Vec<_> =
        scene.gateway.requests().iter().map(|line| line.split(' ').nth(2).map(str::to_owned)).collect();
    assert_eq!(tokens, [Some("T1".to_owned()), None, Some("T2".to_owned())]);

    scene.gateway.will(401, "<html>").will_give_token("T3", 1, 1801).will(401, "<html>");
    assert_eq!(scene.reason(), "the gateway did not take a new token either (HTTP 401)");
    assert!(scene.slept_ms().is_empty());
}

#[test]
fn without_a_token_there_is_no_look_up() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let scene = Scene { client: client(&gateway, &clock), gateway, clock };
    scene.gateway.will_be_unreachable().will_hang().will_be_unreachable();
    assert_eq!(scene.reason(), "it refused the connection");
    assert_eq!(scene.gateway.requests(), [GET_TOKEN; 3]);
    assert_eq!(scene.slept_ms(), [200, 800]);
    scene.gateway.will(401, UNAUTHORIZED);
    assert_eq!(scene.reason(), "the gateway refused the API key: Unauthorized");
}

#[test]
fn one_payment_is_asked_for_in_test_channels_too() {
    let scene = scene();
    scene.gateway.will(200, r#"{"code":0,"message":null,"response":{"imp_uid":"imps_1","status":"paid"}}"#);
    let record = scene.client.payment("imps_1").unwrap().unwrap();
    assert_eq!(record.status.as_deref(), Some("paid"));
    assert_eq!(scene.gateway.requests(), ["GET /payments/imps_1?include_sandbox=true T1"]);

    scene.gateway.will(404, NOT_FOUND);
    assert_eq!(scene.client.payment("imps_2"), Ok(None));
    scene.gateway.will(404, "<html>");
    assert!(matches!(scene.client.payment("imps_2"), Err(GatewayFailure::NoAnswer { .. })));
    scene.gateway.will(200, NOT_FOUND);
    assert!(matches!(scene.client.payment("imps_2"), Err(GatewayFailure::Refused { code: -1, .. })));
    for odd in ["", "..", "a/b", "a?b", "가"] {
        assert_eq!(scene.client.payment(odd), Ok(None), "{odd}");
    }
}

#[test]
fn a_list_that_repeats_or_changes_between_its_pages_is_no_answer() {
    let counted = |total: &str, page: String| page.replace(r#""total":1"#, &format!(r#""total":{total}"#));
    for (rule, first, second, reason) in [
        (
            "a payment of the first page begins the second",
            counted("4", page("2", &["a", "b"])),
            counted("4", page("0", &["b", "c"])),
            "the gateway's list shows one payment twice",
        ),
        (
            "one more was counted meanwhile",
            counted("3", page("2", &["a", "b"])),
            counted("4", page("0", &["c", "d"])),
            "the gateway's list changed while it was read",
        ),
    ] {
        let scene = scene();
        scene.gateway.will(200, &first).will(200, &second);
        assert_eq!(scene.reason(), reason, "{rule}");
    }
}
