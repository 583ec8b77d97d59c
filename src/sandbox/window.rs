//! The JS SDK's stand-in and the PG window behind it (facts 6): a card form that makes a billing
//! key.

use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::card::Card;
use crate::sandbox::error::SandboxError;
use crate::sandbox::gateway::Gateway;

/// Where the SDK's script is, as at the real one.
pub const SDK_PATH: &str = "/v1/iamport.js";

const SDK: &str = include_str!("window/iamport.js");
const WINDOW: &str = include_str!("window/window.html");

/// `GET /v1/iamport.js`.
pub(super) fn sdk() -> Answer {
    Answer::file("text/javascript; charset=utf-8", SDK)
}

/// `GET /_sandbox/window`: the page inside the frame that the script lays over the merchant's.
pub(super) fn page() -> Answer {
    Answer::file("text/html; charset=utf-8", WINDOW)
}

/// `POST /_sandbox/window`: the form was sent. Its check digit is not looked at: made-up numbers are welcome.
pub(super) fn register(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let text = |name: &str| call.fields.text(name);
    let Some(customer_uid) = text("customer_uid") else {
        return Ok(Answer::refused(1, "customer_uid가 없습니다."));
    };
    let Some(card) = Card::read_unchecked(&text("card_number").unwrap_or_default()) else {
        return Ok(Answer::refused(1, "카드 번호를 확인해 주세요. The card number has 14 to 16 digits."));
    };
    let before = BillingKey::find(gateway.book().read()?, &customer_uid)?;
    let billing_key = BillingKey {
        pg_id: text("pg_id").unwrap_or_else(|| "sandbox".to_owned()),
        card_code: Some(card.code.to_owned()),
        card_name: Some(card.name.to_owned()),
        card_number: Some(card.masked),
        card_type: Some(0),
        // A customer whose charges go wrong is one with any card.
        faults: before.map(|before| before.faults).unwrap_or_default(),
        ..BillingKey::from_texts(customer_uid, text)
    };
    gateway.book().write(|book| {
        billing_key.save(book)?;
        Ok(Answer::ok(json!({
            "imp_uid": format!("imp_{:012}", billing_key.inserted_at_ms.rem_euclid(1_000_000_000_000)),
            "card_name": billing_key.card_name,
            "card_number": billing_key.card_number,
        })))
    })
}
