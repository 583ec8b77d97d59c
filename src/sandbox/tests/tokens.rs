use serde_json::json;

use crate::sandbox::tests::Bench;
use crate::sandbox::{IMP_KEY, IMP_SECRET};

fn get_token(bench: &Bench) -> (String, i64, i64) {
    let body = format!("imp_key={IMP_KEY}&imp_secret={IMP_SECRET}");
    let form = "application/x-www-form-urlencoded";
    let response = bench.exchange("POST", "/users/getToken", form, &body).unwrap().response();
    let seconds = |name: &str| response[name].as_i64().unwrap();
    (response["access_token"].as_str().unwrap().to_owned(), seconds("now"), seconds("expired_at"))
}

#[test]
fn a_second_call_gets_the_same_token_from_any_process() {
    let bench = Bench::start("");
    let (token, now, expired_at) = get_token(&bench);
    assert_eq!(token, bench.token);
    assert_eq!(token.len(), 40);
    assert!((1_790..=1_800).contains(&(expired_at - now)), "{}", expired_at - now);
    assert_eq!(get_token(&bench.neighbour()).2, expired_at);
}

#[test]
fn a_token_in_its_last_minute_lives_five_minutes_longer() {
    let bench = Bench::start("token_life=30s*1");
    let (token, now, expired_at) = get_token(&bench);
    assert_eq!(token, bench.token);
    assert!((320..=330).contains(&(expired_at - now)), "{}", expired_at - now);
}

#[test]
fn a_clock_that_is_ahead_shows_in_now_and_not_in_the_life() {
    let bench = Bench::start("");
    let (_, now, expired_at) = get_token(&bench);
    bench.set_faults("clock_skew=10m");
    let (_, skewed_now, skewed_expired_at) = get_token(&bench);
    assert!((600..=602).contains(&(skewed_now - now)));
    assert!((600..=602).contains(&(skewed_expired_at - expired_at)));
}

#[test]
fn a_wrong_secret_is_401_and_a_missing_one_400() {
    let bench = Bench::start("");
    let wrong = bench.post("/users/getToken", &json!({"imp_key": IMP_KEY, "imp_secret": "x"}));
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.refusal(), (-1, "인증에 실패하였습니다. API키와 secret을 확인하세요.".to_owned()));
    let missing = bench.post("/users/getToken", &json!({"imp_key": IMP_KEY}));
    assert_eq!(missing.status, 400);
    assert_eq!(missing.refusal().1, "imp_key, imp_secret 파라메터가 누락되었습니다.");
}

#[test]
fn both_forms_of_the_header_are_accepted_and_no_other_token() {
    let bench = Bench::start("");
    let status_as = |authorization: &str| {
        bench.exchange_as(authorization, "GET", "/users/pg", "application/json", "").unwrap().status
    };
    assert_eq!(status_as(&bench.token), 200);
    assert_eq!(status_as(&format!("Bearer {}", bench.token)), 200);
    assert_eq!(status_as("Bearer 0000"), 401);
    let refused = bench.exchange_as("", "GET", "/users/pg", "application/json", "").unwrap();
    assert_eq!(refused.body, r#"{"code":-1,"message":"Unauthorized","response":null}"#);
}

#[test]
fn a_revoked_token_is_401_and_its_successor_is_another_one() {
    let bench = Bench::start("revoke_token*1");
    assert_eq!(bench.again("gildong_0001_1234", "order_1").status, 401);
    assert_eq!(bench.charges("order_1"), (1, 0));
    assert_ne!(get_token(&bench).0, bench.token);
    bench.set_faults("forbidden");
    assert_eq!(bench.get("/users/pg").status, 403);
}
