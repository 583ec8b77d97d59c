//! Answers to a look-up, through the client and `domain::lookup::judge`.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::prop_assert;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::domain::lookup::{Finding, LookupReply, Question, judge};
use crate::domain::payment::Mode;
use crate::domain::secret::Secret;
use crate::gateway::client::{ApiKey, Client};
use crate::gateway::fake::{FakeClock, token_body};
use crate::gateway::hostile::{
    broken, byte_edits, edited, envelope, field_edits, oracle, payment, status, terms,
};
use crate::gateway::transport::{HttpAnswer, HttpRequest, Method, Transport, TransportError};

/// Gives a token to whoever asks, and the same answer to every question.
struct Always {
    status: u16,
    body: Vec<u8>,
}

impl Transport for Always {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let (status, body) = match request.method {
            Method::Post => (200, token_body("0123456789", "1000", "2800").into_bytes()),
            Method::Get | Method::Delete => (self.status, self.body.clone()),
        };
        Ok(HttpAnswer { status, body, cut: false, retry_after: None })
    }
}

fn found(status: u16, body: &[u8]) -> (LookupReply, Finding) {
    let key = |text: &str| Secret::new(text.to_owned());
    let key = ApiKey { imp_key: key("key"), imp_secret: key("secret") };
    let transport = Box::new(Always { status, body: body.to_vec() });
    let clock = Arc::new(FakeClock::at(1000));
    let client = Client::new(transport, clock, key, None, Duration::from_secs(60));
    let terms = terms();
    let reply = client.look_up(&terms.merchant_uid);
    let question = Question {
        terms: &terms,
        mode: Mode::Live,
        declined_before: &[],
        unanswered: 1,
        waited: true,
        now_s: 0,
    };
    let finding = judge(&question, &reply);
    (reply, finding)
}

fn check(status: u16, body: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(body);
    let (reply, finding) = found(status, body);
    match finding {
        Finding::Charged { .. } => prop_assert!(oracle::shows_charge(status, body), "HTTP {status} {text}"),
        Finding::Declined(_) => {
            prop_assert!(oracle::shows_only_declines(status, body), "HTTP {status} {text}");
        }
        // Only this lets a payment be sent again.
        Finding::Nothing { .. } => {
            let not_found =
                (status == 404 || text.contains("존재하지 않는 결제정보")) && oracle::says_no(body);
            let empty = oracle::says_empty(body);
            let other = matches!(reply, LookupReply::Records { .. }) && !oracle::shows_charge(status, body);
            prop_assert!(not_found || empty || other, "HTTP {status} {text}");
        }
        Finding::Other { .. }
        | Finding::Strange { .. }
        | Finding::InWindow { .. }
        | Finding::NoAnswer { .. } => {}
    }
    Ok(())
}

fn page(list: &[String], next: &str) -> String {
    let list = list.join(",");
    envelope("0", &format!(r#"{{"total":1,"previous":0,"next":{next},"list":[{list}]}}"#))
}

fn next() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just("0"), 1 => select(vec!["1", "2", "-1", "null", "\"0\"", "9e9", "[]"])]
}

fn schema_page() -> impl Strategy<Value = String> {
    (vec(payment(), 0..4), next(), 0..6_u8).prop_map(|(list, next, form)| {
        // `GET /payments` answers with the list itself (facts 3.1).
        if form == 0 { envelope("0", &format!("[{}]", list.join(","))) } else { page(&list, next) }
    })
}

const NOT_FOUND: &str = r#"{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}"#;

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1000) })]

    #[test]
    fn random_bytes_show_nothing(status in any::<u16>(), body in any::<Vec<u8>>()) {
        check(status, &body)?;
    }

    #[test]
    fn a_recorded_page_with_broken_bytes_shows_no_more_than_is_left_of_it(
        status in status(),
        whole in prop_oneof![4 => Just(page(&[edited(&[])], "0")), 1 => Just(NOT_FOUND.to_owned())],
        edits in byte_edits(),
    ) {
        check(status, &broken(&whole, &edits))?;
    }

    #[test]
    fn a_recorded_page_with_broken_fields_shows_no_more_than_is_left_of_it(
        status in status(),
        edits in vec(field_edits(), 1..3),
        next in next(),
    ) {
        let list: Vec<String> = edits.iter().map(|edits| edited(edits)).collect();
        check(status, page(&list, next).as_bytes())?;
    }

    #[test]
    fn a_page_that_fits_the_schema_is_believed_only_where_all_of_it_holds(
        status in status(),
        body in schema_page(),
    ) {
        check(status, body.as_bytes())?;
    }
}

#[test]
fn what_is_made_up_here_shows_charges_often_enough_to_matter() {
    let mut runner = TestRunner::deterministic();
    let mut charged = 0;
    let mut declined = 0;
    for _ in 0..400 {
        let body = schema_page().new_tree(&mut runner).unwrap().current();
        match found(200, body.as_bytes()).1 {
            Finding::Charged { .. } => charged += 1,
            Finding::Declined(_) => declined += 1,
            Finding::Other { .. }
            | Finding::Strange { .. }
            | Finding::InWindow { .. }
            | Finding::Nothing { .. }
            | Finding::NoAnswer { .. } => {}
        }
    }
    assert!(charged >= 10 && declined >= 5, "{charged} {declined}");
}
