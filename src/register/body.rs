//! What `POST /billings` is asked, and what it answers.

use percent_encoding::percent_decode;
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
    /// The PG's window is open on another page: 409.
    InUse,
    /// The link has been used: 409.
    Used,
    /// The registration is over: 410.
    Over,
    /// The link's time is over: 410.
    Expired,
    /// The link was taken back, or its customer removed: 410.
    Revoked,
    /// More than 16 KB: 413.
    TooLarge,
    /// By its Content-Type neither JSON nor, where one is taken, a form: 415.
    NotJson,
    /// The Host is not one under which this server is reached: 421.
    Misdirected,
    /// Too many requests about one registration: 429.
    TooMany,
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
            Why::Conflict | Why::InUse | Why::Used => 409,
            Why::Over | Why::Expired | Why::Revoked => 410,
            Why::TooLarge => 413,
            Why::NotJson => 415,
            Why::Misdirected => 421,
            Why::TooMany => 429,
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
            Why::InUse => "in_use",
            Why::Used => "used",
            Why::Over => "over",
            Why::Expired => "expired",
            Why::Revoked => "revoked",
            Why::TooLarge => "too_large",
            Why::NotJson => "not_json",
            Why::Misdirected => "misdirected",
            Why::TooMany => "too_many",
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

/// Reads the body of a POST from a merchant's own page: JSON, or a form as jQuery makes one of an object. The gateway's
/// guide has an object sent by `jQuery.ajax` with `Content-Type: application/json`: what arrives is a form all the
/// same, and where a page makes JSON of it, jQuery calls that a form. So the text itself decides.
pub(super) fn read_either(bytes: &[u8]) -> Result<Posted, Refused> {
    let is_json = bytes.trim_ascii_start().first().is_none_or(|byte| b"{[\"".contains(byte));
    if is_json { read(bytes) } else { read_form(bytes) }
}

/// `customer_uid=gildong_0001_1234&imp_uid=…`
fn read_form(bytes: &[u8]) -> Result<Posted, Refused> {
    let bad = |reason: String| Refused::new(Why::Bad, reason);
    let word = |bytes: &[u8]| {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let decoded = percent_decode(&spaced).decode_utf8().map(String::from);
        decoded.map_err(|_| bad("The body is neither JSON nor a form in UTF-8.".to_owned()))
    };
    let (mut customer_uid, mut imp_uid, mut merchant_uid) = (None, None, None);
    for pair in bytes.trim_ascii().split(|byte| *byte == b'&') {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let name = word(sides.next().unwrap_or_default())?;
        let value = sides.next().map(word).transpose()?.unwrap_or_default();
        let place = match name.as_str() {
            "customer_uid" => &mut customer_uid,
            "imp_uid" => &mut imp_uid,
            "merchant_uid" => &mut merchant_uid,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(bad(format!("The body names two values for {name}.")));
        }
    }
    let Some(customer_uid) = customer_uid else {
        return Err(bad("The body is neither JSON nor a form with a customer_uid.".to_owned()));
    };
    let customer_uid = CustomerUid::parse(&customer_uid)
        .map_err(|error| bad(format!("The request cannot be followed: {error}.")))?;
    // jQuery writes null and undefined as nothing.
    let given = |text: &String| !text.is_empty();
    Ok(Posted { customer_uid, imp_uid: imp_uid.filter(given), merchant_uid: merchant_uid.filter(given) })
}

/// Reads the body of a POST that has to be JSON.
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
    use super::{Refused, Why, read, read_either};

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
    fn what_a_page_of_the_merchants_sends_is_read_as_what_it_is() {
        let ids = |body: &str| {
            let posted = read_either(body.as_bytes()).unwrap_or_else(|refused| panic!("{body}: {refused:?}"));
            (posted.customer_uid.to_string(), posted.imp_uid, posted.merchant_uid)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(ids("customer_uid=gildong_0001_1234"), ("gildong_0001_1234".to_owned(), None, None));
        let all = "imp_uid=imp_1&customer_uid=%EA%B8%B8%EB%8F%99&merchant_uid=a%26b&imp_success=true&x";
        assert_eq!(ids(all), ("길동".to_owned(), some("imp_1"), some("a&b")));
        assert_eq!(ids("customer_uid=a&imp_uid=&merchant_uid="), ("a".to_owned(), None, None));
        assert_eq!(ids(" {\"customer_uid\":\"a\"}"), ("a".to_owned(), None, None));
        for (body, reason) in [
            ("imp_uid=a", "neither JSON nor a form with a customer_uid"),
            ("customer_uid=a&customer_uid=b", "two values for customer_uid"),
            ("customer_uid=", "the customer_uid is empty"),
            ("customer_uid=a%2Fb", "a slash"),
            ("customer_uid=%FF", "UTF-8"),
            ("nonsense", "neither JSON nor a form"),
            ("", "The body is not JSON"),
            ("{customer_uid: 'a'}", "The body is not JSON"),
        ] {
            let Refused { why, reason: said } = read_either(body.as_bytes()).unwrap_err();
            assert_eq!(why, Why::Bad, "{body}");
            assert!(said.contains(reason), "{body}: {said}");
        }
    }

    #[test]
    fn a_refusal_is_json_with_a_word_and_a_sentence() {
        let refused = Refused::new(Why::NotFound, "There is no \"x\".");
        assert_eq!(refused.to_json(), r#"{"error":{"kind":"not_found","message":"There is no \"x\"."}}"#);
    }
}
