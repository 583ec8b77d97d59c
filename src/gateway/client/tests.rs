use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::domain::answer::Answer;
use crate::domain::charge::{ChargeRequest, ProductType};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Terms};
use crate::domain::reason::Reason;
use crate::gateway::fake::{FakeClock, FakeGateway, IMP_KEY, IMP_SECRET, api_key, client, token_body};
use crate::gateway::token::TokenFailure;
use crate::gateway::transport::Method;

const NOW_S: i64 = 1_512_446_940;
const GET_TOKEN: &str = "POST /users/getToken";

fn request(amount: Amount) -> ChargeRequest {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("95382678123123123").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount,
        mode: Mode::Live,
    };
    ChargeRequest::new(terms, "Monthly")
}

fn won(won: i64) -> Amount {
    Amount::from_minor(won, Currency::KRW)
}

fn with_cache(gateway: &FakeGateway, clock: &FakeClock, path: &Path) -> Client {
    let timeout = Duration::from_secs(60);
    Client::new(Box::new(gateway.clone()), Arc::new(clock.clone()), api_key(), Some(path.to_owned()), timeout)
}

#[test]
fn a_token_is_asked_for_once_and_kept_while_it_lives() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    let first = client.token(false).unwrap();
    assert_eq!((first.access_token.expose(), first.cached), ("T1", false));
    assert_eq!((first.expires_at_s, first.left.as_secs()), (NOW_S + 1800, 1800));
    clock.pass_s(1740);
    clock.set_wall_s(9_999_999_999);
    let second = client.token(false).unwrap();
    assert_eq!((second.cached, second.left.as_secs()), (true, 60));
    clock.pass_s(1);
    gateway.will_give_token("T1", NOW_S + 1741, NOW_S + 2100);
    assert_eq!(client.token(false).unwrap().left.as_secs(), 359);
    assert_eq!(gateway.requests(), [GET_TOKEN; 2]);
}

#[test]
fn refresh_asks_in_any_case() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will_give_token("T1", NOW_S, NOW_S + 1800);
    client.token(false).unwrap();
    assert!(!client.token(true).unwrap().cached);
    assert_eq!(gateway.requests().len(), 2);
}

#[test]
fn the_next_process_finds_the_token_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    with_cache(&gateway, &clock, &path).token(false).unwrap();
    clock.pass_s(100);
    let second = with_cache(&gateway, &clock, &path);
    assert_eq!(second.now_s(), Some(NOW_S + 100), "another process's reading is good in the same boot");
    let token = second.token(false).unwrap();
    assert_eq!((token.access_token.expose(), token.cached, token.left.as_secs()), ("T1", true, 1700));
    assert_eq!(gateway.requests(), [GET_TOKEN]);

    // After a reboot with a wall clock that went back, the file says nothing.
    clock.reboot();
    clock.set_wall_s(10);
    let third = with_cache(&gateway, &clock, &path);
    assert_eq!(third.now_s(), None);
    gateway.will_give_token("T2", NOW_S + 900, NOW_S + 1800);
    assert_eq!(third.fresh_now_s(), Some(NOW_S + 900));
    clock.pass_s(5);
    assert_eq!(third.now_s(), Some(NOW_S + 905));
    assert_eq!(third.token(false).unwrap().access_token.expose(), "T2");
    assert_eq!(gateway.requests(), [GET_TOKEN; 2]);
}

#[test]
fn without_a_boot_clock_the_gateway_is_asked_for_its_time() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    clock.without_boot_clock();
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will_give_token("T1", NOW_S + 1, NOW_S + 1800);
    client.token(false).unwrap();
    assert_eq!(client.now_s(), None);
    assert_eq!(client.fresh_now_s(), Some(NOW_S + 1));
    assert!(client.token(false).unwrap().cached);
}

#[test]
fn waits_of_another_boot_ask_for_the_gateways_time_once_and_are_never_told_a_later_one() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let one = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    assert_eq!(one.now_s_at_least(), Some(NOW_S));
    clock.pass_s(5);
    assert_eq!(one.now_s_at_least(), Some(NOW_S + 5));
    assert_eq!(gateway.requests(), [GET_TOKEN]);
    // Without a boot clock nobody knows how long ago it was: a time that is over is never too late.
    clock.without_boot_clock();
    clock.pass_s(5);
    assert_eq!(one.now_s_at_least(), Some(NOW_S));
    assert_eq!(gateway.requests(), [GET_TOKEN]);
    // What another process was told does not count.
    let other = client(&gateway, &clock);
    gateway.will_be_unreachable();
    assert_eq!(other.now_s_at_least(), None);
}

#[test]
fn a_token_without_a_time_tells_no_time() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    client.token(false).unwrap();
    clock.pass_s(60);
    gateway.will(200, &token_body("T1", "null", "null"));
    assert_eq!(client.fresh_now_s(), None);
    assert_eq!(client.now_s(), Some(NOW_S + 60), "the older reading is still good");
    gateway.will_be_unreachable();
    assert_eq!(client.fresh_now_s(), None);
}

#[test]
fn a_charge_is_one_request_with_the_schemas_fields() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will_hang();
    client.token(false).unwrap();
    let reply = client.charge(&request(won(8900)));
    assert!(matches!(reply.answer, Answer::Unclear { .. }));
    assert_eq!(reply.received.took_ms, Some(0));
    assert_eq!(gateway.requests(), [GET_TOKEN, "POST /subscribe/payments/again T1"]);
    let seen = gateway.seen.lock().unwrap();
    assert_eq!(seen[1].read_timeout, Duration::from_secs(60));
    assert_eq!(
        seen[1].json.as_ref().unwrap().expose(),
        r#"{"amount":8900,"customer_uid":"gildong","merchant_uid":"95382678123123123","name":"Monthly"}"#
    );
    let keys = format!(r#"{{"imp_key":"{IMP_KEY}","imp_secret":"{IMP_SECRET}"}}"#);
    assert_eq!(seen[0].json.as_ref().unwrap().expose(), keys);
    assert!(!format!("{:?}", *seen).contains(IMP_SECRET));
    assert_eq!((seen[0].read_timeout, seen[1].method), (Duration::from_secs(30), Method::Post));
}

#[test]
fn every_option_goes_out_as_the_schema_has_it() {
    let usd = Currency::parse("USD").unwrap();
    let mut full = request(Amount::from_minor(1420, usd));
    full.tax_free = Some(Amount::from_minor(0, usd));
    full.vat_amount = Some(Amount::from_minor(129, usd));
    full.card_quota = Some(3);
    full.buyer_name = Some("홍길동".to_owned());
    full.buyer_email = Some("a@b.example".to_owned());
    full.buyer_tel = Some("010".to_owned());
    full.custom_data = Some("{\"a\":1}".to_owned());
    full.notice_url = Some("https://shop.example/".to_owned());
    full.product_type = Some(ProductType::Digital);
    full.channel_key = Some("channel-key-1".to_owned());
    full.bypass = Some("{\"b\":\"\\\"\"}".to_owned());
    assert_eq!(
        crate::gateway::wire::charge_body(&full).unwrap(),
        concat!(
            r#"{"amount":14.20,"buyer_email":"a@b.example","buyer_name":"홍길동","buyer_tel":"010","#,
            r#""bypass":"{\"b\":\"\\\"\"}","card_quota":3,"channel_key":"channel-key-1","currency":"USD","#,
            r#""custom_data":"{\"a\":1}","customer_uid":"gildong","merchant_uid":"95382678123123123","#,
            r#""name":"Monthly","notice_url":"https://shop.example/","product_type":"digital","#,
            r#""tax_free":0.00,"vat_amount":1.29}"#,
        )
    );
    let mut lump_sum = request(won(i64::MAX));
    lump_sum.card_quota = Some(0);
    let body = crate::gateway::wire::charge_body(&lump_sum).unwrap();
    assert!(body.contains(r#""amount":9223372036854775807,"#) && !body.contains("quota"), "{body}");
}

#[test]
fn without_a_token_nothing_is_sent() {
    let gateway = FakeGateway::default();
    let client = client(&gateway, &FakeClock::at(77));
    assert_eq!(client.charge(&request(won(8900))).answer, Answer::NotSent(Reason::NoTokenAtHand));
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn a_refused_token_is_renewed_and_not_taken_from_the_file_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = with_cache(&gateway, &clock, &path);
    let refusal = r#"{"code":-1,"message":"Unauthorized","response":null}"#;
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, refusal).will(401, refusal);
    client.token(false).unwrap();
    assert_eq!(client.charge(&request(won(8900))).answer, Answer::Unauthorized);
    // Another thread's charge was about to go with it: it goes, and hears for itself that nothing
    // was processed. The file still holds the refused one.
    assert_eq!(client.charge(&request(won(8900))).answer, Answer::Unauthorized);
    gateway.will_give_token("T2", NOW_S, NOW_S + 1800).will_hang();
    client.renew_token().unwrap();
    client.renew_token().unwrap();
    client.charge(&request(won(8900)));
    let charge = |token| format!("POST /subscribe/payments/again {token}");
    assert_eq!(
        gateway.requests(),
        [GET_TOKEN.to_owned(), charge("T1"), charge("T1"), GET_TOKEN.to_owned(), charge("T2")]
    );
}

#[test]
fn a_token_that_the_gateway_offers_again_is_good_again() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, "");
    client.token(false).unwrap();
    client.charge(&request(won(8900)));
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    client.renew_token().unwrap();
    assert_eq!(client.token(false).unwrap().access_token.expose(), "T1");
    assert_eq!(gateway.requests().len(), 3, "it is not asked for a third time");
}

#[test]
fn a_late_refusal_of_the_old_token_does_not_cost_the_new_one() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, "");
    let old = client.token(false).unwrap().access_token;
    client.charge(&request(won(8900)));
    gateway.will_give_token("T2", NOW_S, NOW_S + 1800);
    client.renew_token().unwrap();
    // Another thread had sent with the old token and hears of it only now.
    client.refuse(&old);
    client.renew_token().unwrap();
    assert_eq!(client.token(false).unwrap().access_token.expose(), "T2");
    assert_eq!(gateway.requests().len(), 3, "nothing is asked again");
}

#[test]
fn a_token_that_another_process_renewed_is_taken_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = with_cache(&gateway, &clock, &path);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, "");
    client.token(false).unwrap();
    assert_eq!(client.charge(&request(won(8900))).answer, Answer::Unauthorized);
    gateway.will_give_token("T2", NOW_S, NOW_S + 1800);
    with_cache(&gateway, &clock, &path).token(true).unwrap();
    let before = gateway.requests().len();
    client.renew_token().unwrap();
    assert_eq!(gateway.requests().len(), before, "nothing is asked");
    gateway.will_hang();
    client.charge(&request(won(8900)));
    assert_eq!(gateway.requests().last().unwrap(), "POST /subscribe/payments/again T2");
}

#[test]
fn a_gateway_that_gives_the_refused_token_again_is_believed() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, "");
    client.token(false).unwrap();
    client.charge(&request(won(8900)));
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800).will(401, "");
    client.renew_token().unwrap();
    assert_eq!(client.charge(&request(won(8900))).answer, Answer::Unauthorized);
    assert!(gateway.is_spent());
}

#[test]
fn no_token_is_told_apart_by_its_reason() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_be_unreachable().will_hang().will(401, r#"{"code":-1,"message":"x","response":null}"#);
    assert!(matches!(client.token(false), Err(TokenFailure::NotReached { .. })));
    assert!(matches!(client.token(false), Err(TokenFailure::NoAnswer { .. })));
    assert!(matches!(client.token(false), Err(TokenFailure::KeyRefused { .. })));
    assert_eq!(gateway.requests().len(), 3, "a token is asked for once each time");
}

#[test]
fn secrets_that_an_answer_repeats_are_not_kept() {
    let token = "0123456789abcdef0123456789abcdef01234567";
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    let page = format!("<pre>Authorization: Bearer {token} {token}\nimp_secret={IMP_SECRET}</pre>");
    gateway.will_give_token(token, NOW_S, NOW_S + 1800).will(502, &page);
    client.token(false).unwrap();
    let reply = client.charge(&request(won(8900)));
    assert_eq!(
        reply.received.body.as_deref(),
        Some("<pre>Authorization: Bearer *** ***\nimp_secret=***</pre>")
    );
    assert!(matches!(reply.answer, Answer::Unclear { .. }));
}

#[test]
fn an_account_is_named_without_its_key() {
    let client = client(&FakeGateway::default(), &FakeClock::at(77));
    let account = client.account();
    assert!(account.len() == 16 && account.bytes().all(|byte| byte.is_ascii_hexdigit()), "{account}");
    assert!(!account.contains(IMP_KEY));
}

#[test]
fn threads_that_find_no_token_ask_once() {
    let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
    let client = client(&gateway, &clock);
    gateway.will_give_token("T1", NOW_S, NOW_S + 1800);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.token(false).unwrap());
        }
    });
    assert_eq!(gateway.requests(), [GET_TOKEN]);
}
