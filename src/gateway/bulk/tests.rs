//! What a list of many says, and what it does not.

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::gateway::client::Client;
use crate::gateway::customers::BillingKey;
use crate::gateway::fake::{FakeClock, FakeGateway, client};

fn scene() -> (FakeGateway, Client) {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", 1_512_446_940, 1_512_448_740);
    client.token(false).unwrap();
    gateway.seen.lock().unwrap().clear();
    (gateway, client)
}

/// The customers of `a`, `b c` and `c` that an answer shows; `None` where it is no answer.
fn shown(status: u16, body: &str) -> Option<Vec<String>> {
    let (gateway, client) = scene();
    gateway.will(status, body);
    let uids = ["a", "b c", "c"].map(|uid| CustomerUid::parse(uid).unwrap());
    let shown = client.billing_keys(&uids);
    let path = "GET /subscribe/customers?customer_uid[]=a&customer_uid[]=b%20c&customer_uid[]=c T1";
    assert_eq!(gateway.requests(), [path]);
    let mut shown: Vec<String> = shown.ok()?.into_keys().map(|uid| uid.as_str().to_owned()).collect();
    shown.sort();
    Some(shown)
}

fn list(customers: &[&str]) -> String {
    let one = |uid: &&str| format!(r#"{{"customer_uid":"{uid}","card_name":"BC카드","inserted":1}}"#);
    let customers: Vec<String> = customers.iter().map(one).collect();
    format!(r#"{{"code":0,"message":null,"response":[{}]}}"#, customers.join(","))
}

#[test]
fn a_list_of_customers_shows_whose_keys_are_there() {
    assert_eq!(shown(200, &list(&["c", "a", "b c"])).unwrap(), ["a", "b c", "c"]);
    assert_eq!(shown(207, &list(&["b c"])).unwrap(), ["b c"]);
}

#[test]
fn that_none_is_known_is_an_answer_that_shows_nobody() {
    for (status, code) in [(404, -1), (404, 1), (200, 1)] {
        let body = format!(r#"{{"code":{code},"message":"찾을 수 없습니다.","response":null}}"#);
        assert_eq!(shown(status, &body).unwrap(), [""; 0], "{status}, code {code}");
    }
}

#[test]
fn a_list_that_names_another_customer_or_none_is_no_answer() {
    assert_eq!(shown(200, &list(&["a", "d"])), None);
    assert_eq!(shown(200, &list(&["a", "A"])), None);
    assert_eq!(shown(200, r#"{"code":0,"response":[{"card_name":"BC카드"}]}"#), None);
    assert_eq!(shown(200, r#"{"code":0,"response":["a"]}"#), None);
}

#[test]
fn a_customer_who_is_listed_twice_is_not_shown() {
    assert_eq!(shown(200, &list(&["a", "c", "a"])).unwrap(), ["c"]);
    assert_eq!(shown(200, &list(&["a", "a", "a"])).unwrap(), [""; 0]);
}

#[test]
fn what_is_no_list_is_no_answer() {
    assert_eq!(shown(200, r#"{"code":0,"response":{"list":[]}}"#), None);
    assert_eq!(shown(414, "<html>too long</html>"), None);
    assert_eq!(shown(400, r#"{"code":-1,"message":"no","response":null}"#), None);
}

#[test]
fn a_super_billing_key_in_a_list_shows_its_channels() {
    let (gateway, client) = scene();
    gateway.will(
        200,
        r#"{"code":0,"response":[{"customer_uid":"a","channelGroupId":"g",
        "succeededChannels":[{"pg_provider":"nice","inserted":1},{"pg_provider":"kcp","inserted":1}]}]}"#,
    );
    let uid = CustomerUid::parse("a").unwrap();
    let shown = client.billing_keys(std::slice::from_ref(&uid)).unwrap();
    let Some(BillingKey::Found { channels, card, .. }) = shown.get(&uid) else { panic!("{shown:?}") };
    assert_eq!((*channels, card.pg_provider.as_deref()), (2, Some("nice")));
}

#[test]
fn that_there_is_no_payment_is_an_answer_to_who_wants_those_that_are_shown() {
    let uids = [MerchantUid::parse("order_1").unwrap()];
    let none = r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#;
    let (gateway, client) = scene();
    gateway.will(404, none).will(404, none);
    assert!(client.look_up_many(&uids).is_none());
    assert!(client.look_up_shown(&uids).unwrap().records.is_empty());
}
