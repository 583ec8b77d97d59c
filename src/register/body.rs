//! What `POST /billings` is asked, and what it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::ids::CustomerUid;

/// The largest body that is read as a question.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;

/// A customer_uid that is said to be registered now. All of it is hearsay (facts 6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub customer_uid: CustomerUid,
    pub imp_uid: Option<String>,
    pub merchant_uid: Option<String>,
}

/// What was saved: the answer's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    pub customer_uid: String,
    pub card_name: Option<String>,
    /// As the gateway masks it.
    pub card_number: Option<String>,
}

/// Why nothing was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The body is not what it has to be: 400.
    Bad,
    /// The secret is missing or wrong: 401.
    Unauthorized,
    /// Host, Origin or token: 403.
    Forbidden,
    /// The gateway knows of no such billing key, or there is no such page: 404.
    NotFound,
    /// Something else than POST: 405.
    Method,
    /// The request did not come within its time: 408.
    TooSlow,
    /// Another customer_uid than the one that is being registered, or the old card: 409.
    Conflict,
    /// The registration is over: 410.
    Over,
    /// More than 16 KB: 413.
    TooLarge,
    /// No JSON by its Content-Type: 415.
    NotJson,
    /// The ledger could not be written, or a bug: 500.
    Local,
    /// The gateway was not reached, or refused the API key: 502.
    Gateway,
    /// Too much is asked at a time: 503.
    Busy,
}

impl Why {
    pub(super) fn status(self) -> u16 {
        match self {
            Why::Bad => 400,
            Why::Unauthorized => 401,
            Why::Forbidden => 403,
            Why::NotFound => 404,
            Why::Method => 405,
            Why::TooSlow => 408,
            Why::Conflict => 409,
            Why::Over => 410,
            Why::TooLarge => 413,
            Why::NotJson => 415,
            Why::Local => 500,
            Why::Gateway => 502,
            Why::Busy => 503,
        }
    }

    /// A word for programs and for the page, which has sentences of its own.
    pub(super) fn word(self) -> &'static str {
        match self {
            Why::Bad => "bad_request",
            Why::Unauthorized => "unauthorized",
            Why::Forbidden => "forbidden",
            Why::NotFound => "not_found",
            Why::Method => "method_not_allowed",
            Why::TooSlow => "too_slow",
            Why::Conflict => "conflict",
            Why::Over => "over",
            Why::TooLarge => "too_large",
            Why::NotJson => "not_json",
            Why::Local => "local",
            Why::Gateway => "gateway",
            Why::Busy => "busy",
        }
    }
}

/// A request that was not followed, and the reason as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub why: Why,
    pub reason: String,
}

impl Refused {
    pub fn new(why: Why, reason: impl Into<String>) -> Refused {
        Refused { why, reason: reason.into() }
    }

    /// `{"error":{"kind":"not_found","message":"…"}}`
    pub(super) fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: Fields<'a>,
        }
        #[derive(Serialize)]
        struct Fields<'a> {
            kind: &'a str,
            message: &'a str,
        }
        let envelope = Envelope { error: Fields { kind: self.why.word(), message: &self.reason } };
        // Texts alone: turning them into JSON cannot fail.
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

/// Reads the body of a POST.
pub(super) fn read(bytes: &[u8]) -> Result<Posted, Refused> {
    #[derive(Deserialize)]
    struct Fields {
        customer_uid: Option<Value>,
        imp_uid: Option<Value>,
        merchant_uid: Option<Value>,
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Refused::new(Why::Bad, format!("The body is not JSON: {error}.")))?;
    if !value.is_object() {
        return Err(Refused::new(Why::Bad, "The body is JSON, but not an object."));
    }
    let fields: Fields = serde_json::from_value(value)
        .map_err(|error| Refused::new(Why::Bad, format!("The body cannot be read: {error}.")))?;
    let Some(customer_uid) = text("customer_uid", fields.customer_uid)? else {
        return Err(Refused::new(Why::Bad, "The body has no customer_uid."));
    };
    let customer_uid = CustomerUid::parse(&customer_uid)
        .map_err(|error| Refused::new(Why::Bad, format!("The request cannot be followed: {error}.")))?;
    Ok(Posted {
        customer_uid,
        imp_uid: text("imp_uid", fields.imp_uid)?,
        merchant_uid: text("merchant_uid", fields.merchant_uid)?,
    })
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, Refused> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Refused::new(Why::Bad, format!("The {name} is not a text.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refused, Why, read};

    fn refusal(body: &str) -> String {
        let Refused { why, reason } = read(body.as_bytes()).unwrap_err();
        assert_eq!(why, Why::Bad, "{body}");
        reason
    }

    #[test]
    fn the_ids_are_read_and_only_the_customer_uid_is_needed() {
        let posted = read(r#"{"customer_uid":"a","imp_uid":"imp_1","merchant_uid":null,"x":1}"#.as_bytes());
        let posted = posted.unwrap();
        assert_eq!((posted.customer_uid.as_str(), posted.imp_uid.as_deref()), ("a", Some("imp_1")));
        assert_eq!(posted.merchant_uid, None);
        assert!(read(br#"{"customer_uid":"a"}"#).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said() {
        assert!(refusal("customer_uid=a").starts_with("The body is not JSON"));
        assert!(refusal("").starts_with("The body is not JSON"));
        assert_eq!(refusal("[]"), "The body is JSON, but not an object.");
        assert_eq!(refusal("{}"), "The body has no customer_uid.");
        assert_eq!(refusal(r#"{"customer_uid":7}"#), "The customer_uid is not a text.");
        assert!(refusal(r#"{"customer_uid":""}"#).contains("the customer_uid is empty"));
        assert!(refusal(r#"{"customer_uid":"a/b"}"#).contains("a slash"));
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        assert!(refusal(&deep).starts_with("The body is not JSON"));
    }

    #[test]
    fn a_refusal_is_json_with_a_word_and_a_sentence() {
        let refused = Refused::new(Why::NotFound, "There is no \"x\".");
        assert_eq!(refused.to_json(), r#"{"error":{"kind":"not_found","message":"There is no \"x\"."}}"#);
    }
}
