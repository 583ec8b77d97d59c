//! Bytes as the answer to a charge: no panic, and no `paid` unless the contract's whole condition
//! holds, read here by other means than the program's. The first byte chooses the HTTP status.

#![no_main]

use billkey::domain::answer::Answer;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{Mode, Terms};
use billkey::gateway::HttpAnswer;
use billkey::gateway::classify::charge_answer;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const STATUSES: [u16; 12] = [200, 200, 200, 200, 201, 207, 302, 400, 401, 403, 404, 502];
const ORDER: &str = "order_1";
const CUSTOMER: &str = "gildong";

fn request() -> ChargeRequest {
    let terms = Terms {
        merchant_uid: MerchantUid::parse(ORDER).expect("a valid id"),
        customer_uid: CustomerUid::parse(CUSTOMER).expect("a valid id"),
        amount: Amount::from_minor(8900, Currency::KRW),
        mode: Mode::Live,
    };
    ChargeRequest::new(terms, "Monthly")
}

/// A text, or the digits of a number.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_8900(value: &Value) -> bool {
    // Coarse: it cannot tell 8900.0000000000000001 from it. The package's own tests compare digits.
    (value.is_number() || value.is_string()) && shown(value).trim().parse::<f64>() == Ok(8900.0)
}

fn holds(status: u16, body: &Value) -> bool {
    let payment = &body["response"];
    (200..300).contains(&status)
        && shown(&body["code"]).parse() == Ok(0)
        && payment["status"] == "paid"
        && shown(&payment["merchant_uid"]) == ORDER
        && is_8900(&payment["amount"])
        && ["", "null", "krw"].contains(&shown(&payment["currency"]).to_lowercase().as_str())
        && ["null", "", CUSTOMER].contains(&shown(&payment["customer_uid"]).as_str())
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*choice) % STATUSES.len()];
    let reply = charge_answer(&request(), Ok(HttpAnswer { status, body: body.to_vec(), cut: false, retry_after: None }));
    if matches!(reply.answer, Answer::Paid(_)) {
        let text = String::from_utf8_lossy(body);
        let read = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'));
        // Half a character is read as a replacement by the program, and refused by serde_json.
        let half_a_character = text.to_lowercase().contains("\\ud");
        assert!(read.map_or(half_a_character, |value| holds(status, &value)), "HTTP {status} {text}");
    }
});
