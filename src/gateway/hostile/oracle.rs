//! The contract's conditions once more, straight over `serde_json::Value` and with nothing of the
//! program's: two readings that agree are unlikely to be wrong in the same way.

use serde_json::Value;

use crate::gateway::hostile::{CUSTOMER, ORDER, WON};

/// The body as `serde_json` reads it. Half a character is made whole first, because the program
/// reads over it too.
pub(super) fn value_of(body: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_halves(text))).ok()
}

/// Every `\uD8xx` to `\uDFxx` that `serde_json` would refuse, as a question mark.
fn without_halves(text: &str) -> String {
    let units: Vec<char> = text.chars().collect();
    let escape_at = |at: usize| -> Option<u32> {
        let six: String = units.get(at..at + 6)?.iter().collect();
        let digits =
            six.strip_prefix("\\u").filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::new();
    let mut at = 0;
    while at < units.len() {
        if units[at] != '\\' {
            whole.push(units[at]);
            at += 1;
            continue;
        }
        let pair = (escape_at(at), escape_at(at + 6));
        let length = match pair {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push('?');
                at += 6;
                continue;
            }
            _ => 2,
        };
        whole.extend(units[at..].iter().take(length));
        at += length;
    }
    whole
}

/// A text as it is, a number as its digits.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value == ""
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

pub(super) fn code(body: &Value) -> Option<i64> {
    let code = &body["code"];
    if code.is_number() || code.is_string() { shown(code).parse().ok() } else { None }
}

/// Whether digits, point and exponent come to exactly so many won: compared as digits and the power
/// of ten behind them, without any arithmetic on the amount.
fn is_won(value: &Value, won: i64) -> bool {
    fn normal(text: &str) -> Option<(String, i64)> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let bare = digits.trim_end_matches('0');
        let zeros = i64::try_from(digits.len() - bare.len()).ok()?;
        Some((bare.to_owned(), exponent.checked_add(zeros)? - i64::try_from(fraction.len()).ok()?))
    }
    (value.is_number() || value.is_string())
        && normal(shown(value).trim()).is_some_and(|found| Some(found) == normal(&won.to_string()))
}

fn is_for_us(payment: &Value) -> bool {
    let currency = &payment["currency"];
    let customer = &payment["customer_uid"];
    is_won(&payment["amount"], WON)
        && (is_absent(currency) || currency.as_str().is_some_and(|code| code.eq_ignore_ascii_case("KRW")))
        && (is_absent(customer) || shown(customer) == CUSTOMER)
}

/// The whole condition of `paid` (contract, "The five outcomes of a charge").
pub(super) fn says_paid(status: u16, body: &[u8]) -> bool {
    let Some(body) = value_of(body) else { return false };
    let payment = &body["response"];
    is_success(status)
        && code(&body) == Some(0)
        && payment["status"] == "paid"
        && shown(&payment["merchant_uid"]) == ORDER
        && is_for_us(payment)
}

/// The condition of `declined`.
pub(super) fn says_declined(status: u16, body: &[u8]) -> bool {
    let Some(body) = value_of(body) else { return false };
    let payment = &body["response"];
    let order = &payment["merchant_uid"];
    is_success(status)
        && code(&body) == Some(0)
        && payment["status"] == "failed"
        && (is_absent(order) || shown(order) == ORDER)
}

/// Whether the body is the gateway's own list of nothing: code 0, and a total of 0.
pub(super) fn says_empty(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let list = body["response"]["list"].as_array();
    body["code"].to_string().trim_matches('"') == "0"
        && body["response"]["total"].to_string().trim_matches('"') == "0"
        && list.is_none_or(Vec::is_empty)
}

/// The gateway's no, with no payment beside it.
pub(super) fn says_no(body: &[u8]) -> bool {
    value_of(body).is_some_and(|body| code(&body).is_some_and(|code| code != 0) && body["response"].is_null())
}

/// The payments of a list, or a list of one page.
pub(super) fn listed(body: &Value) -> Vec<&Value> {
    let response = &body["response"];
    response
        .as_array()
        .or_else(|| response["list"].as_array())
        .map(|list| list.iter().collect())
        .unwrap_or_default()
}

fn concerns_us(payment: &Value) -> bool {
    let order = &payment["merchant_uid"];
    (is_absent(order) || shown(order) == ORDER) && shown(&payment["customer_uid_usage"]) != "issue"
}

pub(super) fn took_money(payment: &Value) -> bool {
    ["paid", "cancelled", "canceled"].iter().any(|word| payment["status"] == *word)
}

/// Whether a look-up's answer shows that we were charged, on a live profile.
pub(super) fn shows_charge(status: u16, body: &[u8]) -> bool {
    let Some(body) = value_of(body) else { return false };
    let live = |payment: &&Value| !["true", "1"].contains(&shown(&payment["sandbox"]).as_str());
    is_success(status)
        && code(&body) == Some(0)
        && listed(&body)
            .iter()
            .any(|payment| took_money(payment) && concerns_us(payment) && is_for_us(payment) && live(payment))
}

/// Whether a look-up's answer shows a decline of ours, and no payment of ours that took money or
/// may still take it.
pub(super) fn shows_only_declines(status: u16, body: &[u8]) -> bool {
    let Some(body) = value_of(body) else { return false };
    let ours: Vec<&Value> = listed(&body).into_iter().filter(|payment| concerns_us(payment)).collect();
    is_success(status)
        && code(&body) == Some(0)
        && !ours.is_empty()
        && ours.iter().all(|payment| payment["status"] == "failed")
}

#[test]
fn amounts_are_the_same_only_to_the_last_digit() {
    let same = |json: &str| is_won(&serde_json::from_str(json).unwrap(), WON);
    for json in ["8900", "8900.000", "\"8900\"", "89e2", "0.89E+4", "\"08900\""] {
        assert!(same(json), "{json}");
    }
    for json in
        ["8900.0000000000000000001", "8899.9999999999999999999", "-8900", "890", "89000", "null", "true"]
    {
        assert!(!same(json), "{json}");
    }
}
