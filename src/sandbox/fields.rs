//! The fields of a request's body, from JSON or from a form.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::sandbox::decimal::Decimal;

/// The fields of a request's body by name.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// Reads a JSON object; anything else has no fields.
    pub(super) fn from_json(text: &str) -> Fields {
        Fields(serde_json::from_str(text).unwrap_or_default())
    }

    /// Reads `name=value&…`.
    pub(super) fn from_form(text: &str) -> Fields {
        Fields::from_pairs(decode_pairs(text))
    }

    /// Takes the pairs of a form. A blank before a name is not part of it: the official Go client
    /// sends ` imp_secret`.
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Fields {
        let trimmed = |(name, value): (String, String)| (name.trim_start().to_owned(), Value::String(value));
        Fields(pairs.into_iter().map(trimmed).collect())
    }

    /// Gives a field as text; `None` if it is absent, null, empty, or no text.
    ///
    /// A number is accepted and goes through a binary fraction, as it does at the gateway: a numeric
    /// `merchant_uid` of many digits comes back as another one (facts 2.1).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text_of(self.0.get(name)?)
    }

    /// Gives a field as an amount; an error if it is there and is none.
    pub(super) fn amount(&self, name: &str) -> Result<Option<Decimal>, ()> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(()),
        };
        Decimal::parse(&text).map(Some).ok_or(())
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_f64().map(|rounded| rounded.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.is_empty())
}

/// Reads `name=value&…`, as in a query or a form.
pub(super) fn decode_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::sandbox::fields::{Fields, decode_pairs};

    #[test]
    fn forms_are_decoded_and_numeric_strings_are_amounts() {
        let fields = Fields::from_form(
            "name=%EC%9B%94+%EA%B5%AC%EB%8F%85&amount=8900&extra%5BnaverUseCfm%5D=20261123",
        );
        assert_eq!(fields.text("name").unwrap(), "월 구독");
        assert_eq!(fields.amount("amount").unwrap().unwrap().to_string(), "8900");
        assert_eq!(fields.text("extra[naverUseCfm]").unwrap(), "20261123");
    }

    #[test]
    fn a_blank_before_the_name_of_a_form_field_is_not_part_of_it() {
        assert_eq!(Fields::from_form("imp_key=k&+imp_secret=s").text("imp_secret").unwrap(), "s");
        assert_eq!(Fields::from_form("%20imp_secret=s").text("imp_secret").unwrap(), "s");
    }

    #[test]
    fn a_numeric_merchant_uid_loses_digits_and_an_amount_does_not() {
        let fields = Fields::from_json(r#"{"merchant_uid":95382678123123123,"amount":14.20}"#);
        assert_eq!(fields.text("merchant_uid").unwrap(), "95382678123123120");
        assert_eq!(fields.amount("amount").unwrap().unwrap().to_string(), "14.20");
    }

    #[test]
    fn an_amount_that_is_no_number_is_an_error_and_an_absent_one_is_not() {
        let fields = Fields::from_json(r#"{"amount":{"total":8900},"checksum":null}"#);
        assert!(fields.amount("amount").is_err());
        assert!(fields.amount("checksum").unwrap().is_none());
    }

    #[test]
    fn a_query_keeps_its_repeated_names() {
        let pairs = decode_pairs("imp_uid[]=a&imp_uid%5B%5D=b%2Fc&page=2");
        assert_eq!(pairs[1], ("imp_uid[]".to_owned(), "b/c".to_owned()));
        assert_eq!(pairs.len(), 3);
    }
}
