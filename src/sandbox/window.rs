//! The JS SDK's stand-in and the PG window behind it (facts 6): a card form that makes a billing
//! key.

use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Gateway;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::error::SandboxError;

/// Where the SDK's script is, as at the real one.
pub const SDK_PATH: &str = "/v1/iamport.js";

const SDK: &str = include_str!("window/iamport.js");
const WINDOW: &str = include_str!("window/window.html");

/// Card companies by the first digits of their cards, with their standard codes (facts 9).
const COMPANIES: [(&str, &str, &str); 7] = [
    ("5409", "신한카드", "366"),
    ("4579", "KB국민카드", "381"),
    ("4330", "현대카드", "367"),
    ("9430", "BC카드", "361"),
    ("5361", "삼성카드", "365"),
    ("5137", "롯데카드", "368"),
    ("", "신한카드", "366"),
];

/// `GET /v1/iamport.js`.
pub(super) fn sdk() -> Answer {
    Answer::file("text/javascript; charset=utf-8", SDK)
}

/// `GET /_sandbox/window`: the page inside the frame that the script lays over the merchant's.
pub(super) fn page() -> Answer {
    Answer::file("text/html; charset=utf-8", WINDOW)
}

/// `POST /_sandbox/window`: the form was sent. The number is masked here and kept nowhere else.
pub(super) fn register(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let text = |name: &str| call.fields.text(name);
    let Some(customer_uid) = text("customer_uid") else {
        return Ok(Answer::refused(1, "customer_uid가 없습니다."));
    };
    let Some(card_number) = masked(&text("card_number").unwrap_or_default()) else {
        return Ok(Answer::refused(1, "카드 번호를 확인해 주세요. The card number has 14 to 16 digits."));
    };
    let number = card_number.replace(['-', '*'], "");
    let company = COMPANIES.into_iter().find(|(digits, _, _)| number.starts_with(digits));
    let before = BillingKey::find(gateway.book().read()?, &customer_uid)?;
    let billing_key = BillingKey {
        pg_id: text("pg_id").unwrap_or_else(|| "sandbox".to_owned()),
        card_code: company.map(|(_, _, code)| code.to_owned()),
        card_name: company.map(|(_, name, _)| name.to_owned()),
        card_number: Some(card_number),
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

/// `5409-26**-****-1234`; `None` if it is no card's number.
fn masked(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if !(14..=16).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (head, rest) = digits.split_at(4);
    let (middle, last) = (rest.get(..2)?, digits.get(digits.len() - 4..)?);
    Some(format!("{head}-{middle}**-****-{last}"))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_number_is_masked_and_must_be_one() {
        assert_eq!(masked("5409-2600-0000-1234").as_deref(), Some("5409-26**-****-1234"));
        assert_eq!(masked("36 123456 781234").as_deref(), Some("3612-34**-****-1234"));
        for bad in ["", "1234", "5409-2600-0000-123x", "54092600000012345"] {
            assert_eq!(masked(bad), None, "{bad}");
        }
    }
}
