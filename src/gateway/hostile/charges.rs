//! Answers to a charge.

use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use crate::domain::answer::Answer;
use crate::domain::reason::Reason;
use crate::gateway::classify::charge_answer;
use crate::gateway::hostile::{
    broken, byte_edits, edited, envelope, field_edits, object, oracle, payment, recorded, request, status,
};
use crate::gateway::transport::HttpAnswer;

fn answered(status: u16, body: &[u8], cut: bool) -> Answer {
    charge_answer(&request(), Ok(HttpAnswer { status, body: body.to_vec(), cut, retry_after: None })).answer
}

/// What was made of an answer, held against what the answer says.
fn judge(status: u16, body: &[u8]) -> Result<(), proptest::test_runner::TestCaseError> {
    let text = String::from_utf8_lossy(body);
    match answered(status, body, false) {
        Answer::Paid(_) => prop_assert!(oracle::says_paid(status, body), "paid: HTTP {status} {text}"),
        Answer::Declined(_) => {
            prop_assert!(oracle::says_declined(status, body), "declined: HTTP {status} {text}");
        }
        Answer::Refused(_) => prop_assert!(oracle::says_no(body), "refused: HTTP {status} {text}"),
        Answer::Unauthorized => {
            prop_assert!(status == 401, "not processed: HTTP {status} {text}");
            prop_assert!(body.is_empty() || oracle::says_no(body), "not processed: HTTP {status} {text}");
        }
        Answer::NotSent(_) => prop_assert!(false, "an answer proves that it was sent"),
        Answer::Unclear { .. } => {}
    }
    if matches!(status, 401 | 403) && !(status == 401 && (body.is_empty() || oracle::says_no(body))) {
        let unclear = matches!(answered(status, body, false), Answer::Unclear { .. });
        prop_assert!(unclear, "HTTP {status} says nothing of the charge: {text}");
    }
    let cut = answered(status, body, true);
    prop_assert_eq!(cut, Answer::Unclear { reason: Reason::AnswerTooLong, record: None });
    Ok(())
}

fn code() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => select(vec!["0"]), 1 => select(vec!["\"0\"", "1", "-1", "null", "0.0", "false", "-0"])]
}

/// Bodies that fit the schema of `PaymentResponse`, or nearly.
fn schema_body() -> impl Strategy<Value = String> {
    (code(), payment()).prop_map(|(code, payment)| envelope(code, &payment))
}

fn recordings() -> Vec<String> {
    let paid = object(&recorded());
    let declined = paid.replace("\"status\":\"paid\"", "\"status\":\"failed\"");
    let refused = r#"{"code":1,"message":"등록되지 않은 구매자입니다.","response":null}"#;
    vec![envelope("0", &paid), envelope("0", &declined), refused.to_owned()]
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1500) })]

    #[test]
    fn random_bytes_say_nothing(status in any::<u16>(), body in any::<Vec<u8>>()) {
        judge(status, &body)?;
    }

    #[test]
    fn a_recorded_answer_with_broken_bytes_says_no_more_than_is_left_of_it(
        status in status(),
        which in select(recordings()),
        edits in byte_edits(),
    ) {
        judge(status, &broken(&which, &edits))?;
    }

    #[test]
    fn a_recorded_payment_with_broken_fields_says_no_more_than_is_left_of_it(
        status in status(),
        code in code(),
        edits in field_edits(),
    ) {
        judge(status, envelope(code, &edited(&edits)).as_bytes())?;
    }

    #[test]
    fn json_that_fits_the_schema_is_believed_only_where_all_of_it_holds(
        status in status(),
        body in schema_body(),
    ) {
        judge(status, body.as_bytes())?;
    }
}

/// Without this the tests above could hold because nothing they make is ever paid.
#[test]
fn what_is_made_up_here_is_paid_often_enough_to_matter() {
    let mut runner = TestRunner::deterministic();
    let mut count = |strategy: &dyn Fn(&mut TestRunner) -> Vec<u8>, is_it: fn(&Answer) -> bool| {
        (0..400).filter(|_| is_it(&answered(200, &strategy(&mut runner), false))).count()
    };
    let schema = |runner: &mut TestRunner| schema_body().new_tree(runner).unwrap().current().into_bytes();
    let fields = |runner: &mut TestRunner| {
        envelope("0", &edited(&field_edits().new_tree(runner).unwrap().current())).into_bytes()
    };
    let bytes =
        |runner: &mut TestRunner| broken(&recordings()[0], &byte_edits().new_tree(runner).unwrap().current());
    let is_paid = |answer: &Answer| matches!(answer, Answer::Paid(_));
    assert!(count(&schema, is_paid) >= 5);
    assert!(count(&schema, |answer| matches!(answer, Answer::Declined(_))) >= 5);
    assert!(count(&fields, is_paid) >= 50);
    assert!(count(&bytes, is_paid) >= 10);
}
