//! What no body may do, however it was made.

use proptest::prelude::{any, proptest};
use proptest::prop_assert;

use super::{Answered, PAID, kind};
use crate::domain::money::{Amount, Currency};
use crate::gateway::json;

/// The whole condition of `paid`, said again in another way.
fn is_truly_paid(status: u16, body: &[u8]) -> bool {
    let Some(value) = json::read(&String::from_utf8_lossy(body)) else { return false };
    let digits = |value: &serde_json::Value| value.to_string().replace('"', "");
    let payment = &value["response"];
    let amount = Amount::from_wire(&digits(&payment["amount"]), Currency::KRW).map(|amount| amount.minor());
    (200..300).contains(&status)
        && digits(&value["code"]).parse() == Ok(0)
        && payment["status"] == "paid"
        && digits(&payment["merchant_uid"]) == "95382678123123120"
        && amount == Some(8900)
        && (payment["currency"].is_null()
            || payment["currency"].as_str().is_some_and(|c| c.is_empty() || c.eq_ignore_ascii_case("KRW")))
}

proptest! {
    #[test]
    fn random_bytes_are_never_paid(status in any::<u16>(), body in any::<Vec<u8>>()) {
        let kind = kind(status, &body);
        prop_assert!(!matches!(kind, Answered::Paid | Answered::Declined | Answered::NotSent));
    }

    #[test]
    fn a_mutated_approval_is_paid_only_where_all_of_it_holds(
        status in proptest::sample::select(vec![200_u16, 200, 200, 201, 207, 400, 500]),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut body = PAID.as_bytes().to_vec();
        for (at, byte, edit) in edits {
            let at = at.index(body.len());
            match edit {
                0 => body[at] = byte,
                1 => { body.remove(at); }
                _ => body.insert(at, byte),
            }
        }
        if kind(status, &body) == Answered::Paid {
            prop_assert!(is_truly_paid(status, &body), "{}", String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn pieces_put_together_anyhow_are_paid_only_where_all_of_it_holds(
        status in proptest::sample::select(vec![200_u16, 201, 400, 401, 500]),
        code in proptest::sample::select(vec!["0", "1", "-1", "\"0\"", "null", "0.0"]),
        state in proptest::sample::select(vec!["\"paid\"", "\"failed\"", "\"ready\"", "null", "1"]),
        order in proptest::sample::select(vec!["\"95382678123123120\"", "\"x\"", "null"]),
        amount in proptest::sample::select(vec!["8900", "8900.0", "\"8900\"", "89e2", "1", "null"]),
        currency in proptest::sample::select(vec!["\"KRW\"", "\"krw\"", "\"USD\"", "null", "\"\"", "0"]),
    ) {
        let payment = format!(
            r#"{{"status":{state},"merchant_uid":{order},"amount":{amount},"currency":{currency}}}"#
        );
        let body = format!(r#"{{"code":{code},"response":{payment}}}"#);
        let paid = kind(status, body.as_bytes()) == Answered::Paid;
        prop_assert!(paid == is_truly_paid(status, body.as_bytes()), "{status} {body}");
    }
}
