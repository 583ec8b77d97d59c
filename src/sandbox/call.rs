//! A request as the endpoints want it: header, query and body, decoded.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::sandbox::decimal::Decimal;
use crate::sandbox::server::Connection;

/// No request of the API comes near this size.
const BODY_MAX_BYTES: usize = 1 << 20;

/// What a request line has besides its method and its target: two blanks and `HTTP/1.1`.
const VERSION_BYTES: usize = 10;

/// One request.
pub(super) struct Call {
    /// The connection it came from, if it came over one.
    pub(super) connection: Option<Connection>,
    /// The `Authorization` header, as sent.
    pub(super) authorization: Option<String>,
    /// The `User-Agent` header, or nothing.
    pub(super) user_agent: String,
    /// How long the request line was, its two blanks and the version included.
    pub(super) line_bytes: usize,
    /// The query's pairs in their order, decoded.
    pub(super) query: Vec<(String, String)>,
    /// The body's bytes as text.
    pub(super) text: String,
    /// The body's fields, from JSON or from a form; empty if it is neither.
    pub(super) fields: Fields,
}

impl<S: Sync> FromRequest<S> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Call, Infallible> {
        let (parts, body) = request.into_parts();
        let connection = parts.extensions.get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
        let bytes = to_bytes(body, BODY_MAX_BYTES).await.unwrap_or_else(|_| Bytes::new());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_json = header(&parts.headers, CONTENT_TYPE).map_or_else(
            || text.starts_with('{'),
            |content_type| content_type.to_ascii_lowercase().contains("json"),
        );
        Ok(Call {
            connection,
            authorization: header(&parts.headers, AUTHORIZATION),
            user_agent: header(&parts.headers, USER_AGENT).unwrap_or_default(),
            line_bytes: parts.method.as_str().len() + parts.uri.to_string().len() + VERSION_BYTES,
            query: decode_pairs(parts.uri.query().unwrap_or_default()),
            fields: if is_json { Fields::from_json(&text) } else { Fields::from_form(&text) },
            text,
        })
    }
}

impl Call {
    /// Gives the last value of a query parameter.
    pub(super) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Gives every value of `name[]`, with or without an index between the brackets.
    pub(super) fn query_list(&self, name: &str) -> Vec<String> {
        let is_item = |key: &str| {
            key.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'))
                .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
        };
        self.query.iter().filter(|(key, _)| is_item(key)).map(|(_, value)| value.clone()).collect()
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn decode_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// The fields of a request's body by name.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// Reads a JSON object; anything else has no fields.
    pub(super) fn from_json(text: &str) -> Fields {
        Fields(serde_json::from_str(text).unwrap_or_default())
    }

    fn from_form(text: &str) -> Fields {
        Fields(decode_pairs(text).into_iter().map(|(key, value)| (key, Value::String(value))).collect())
    }

    /// Gives a field as text; `None` if it is absent, null, empty, or no text.
    ///
    /// A number is accepted and goes through a binary fraction, as it does at the gateway: a numeric
    /// `merchant_uid` of many digits comes back as another one (facts 2.1).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => number.as_f64().map(|rounded| rounded.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
        .filter(|text| !text.is_empty())
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

#[cfg(test)]
mod tests {
    use crate::sandbox::call::{Fields, decode_pairs};

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
