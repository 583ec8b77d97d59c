//! The gateway's JSON: lenient readers of what it sends, and the bodies that are sent to it.
//!
//! Reading goes through `serde_json::Value` and small accessors rather than through derived
//! structs, so that one odd optional field never hides a charge.

use serde_json::{Map, Number, Value};

use crate::domain::card_number;
use crate::domain::charge::ChargeRequest;
use crate::domain::customer::Card;
use crate::domain::mask;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{BODY_KEPT_BYTES, CancelRecord, GatewayRecord};
use crate::domain::reason::Said;
use crate::domain::secret::Secret;
use crate::gateway::json;
use crate::gateway::transport::HttpAnswer;

/// The frame of every answer (facts 0): `{"code", "message", "response"}`.
pub(super) struct Envelope {
    pub(super) code: i64,
    pub(super) message: Option<String>,
    /// `Value::Null` when it is null or absent.
    pub(super) response: Value,
}

impl Envelope {
    /// Reads an answer that came to its end.
    pub(super) fn of(answer: &HttpAnswer) -> Option<Envelope> {
        if answer.cut { None } else { Envelope::read(&answer.body) }
    }

    /// Reads a body; `None` when it is not the gateway's frame, or is not certain to mean one
    /// thing only.
    fn read(body: &[u8]) -> Option<Envelope> {
        // A card company's name in a charset that is not named must not hide the rest.
        let mut value = json::read(&String::from_utf8_lossy(body))?;
        let object = value.as_object_mut()?;
        let code = match object.get("code")? {
            Value::Number(number) => number.to_string().parse().ok()?,
            Value::String(digits) => digits.parse().ok()?,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let message = words(object, "message");
        let response = object.remove("response").unwrap_or(Value::Null);
        Some(Envelope { code, message, response })
    }

    /// Whether the gateway says no and says nothing else.
    pub(super) fn is_refusal(&self) -> bool {
        self.code != 0 && self.response.is_null()
    }

    /// The message, or the code where there is none.
    pub(super) fn said(&self) -> Said {
        Said::words_or_code(self.message.as_deref(), self.code)
    }
}

/// A text; a number counts as its digits. Null, empty, unreadable and anything else are `None`.
pub(super) fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        // What stands for letters that could not be read is no text.
        Value::String(text) if text.trim().is_empty() || text.contains(char::REPLACEMENT_CHARACTER) => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text that people wrote: a card number in it is masked (contract, rule 11).
pub(super) fn words(object: &Map<String, Value>, key: &str) -> Option<String> {
    text(object, key).map(|text| card_number::masked(&text).into_owned())
}

/// The number of a card, masked by the PG or here.
fn number_of_card(object: &Map<String, Value>) -> Option<String> {
    text(object, "card_number").map(|number| card_number::masked_field(&number).into_owned())
}

/// A text that decides an outcome: what is there and is no text keeps its JSON, so that it matches
/// nothing instead of passing for absent.
fn deciding_text(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(other.to_string())
        }
    }
}

/// Whole epoch seconds out of a number or numeric string; fractions are dropped.
pub(super) fn epoch_s(object: &Map<String, Value>, key: &str) -> Option<i64> {
    let digits = text(object, key)?;
    let digits = digits.trim();
    if digits.contains(['e', 'E']) {
        // Won have no fraction to lose, and exponents are read there already.
        return Amount::from_wire(digits, Currency::KRW).map(|whole| whole.minor());
    }
    digits.split('.').next()?.parse().ok()
}

/// Like [`epoch_s`], with the gateway's 0 for "not yet" as `None` (facts 2.3).
fn moment_s(object: &Map<String, Value>, key: &str) -> Option<i64> {
    epoch_s(object, key).filter(|seconds| *seconds > 0)
}

pub(super) fn flag(object: &Map<String, Value>, key: &str) -> Option<bool> {
    match object.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) => match word.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.to_string().as_str() {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A payment as the gateway describes it (facts 2.3).
pub(super) fn record(object: &Map<String, Value>) -> GatewayRecord {
    GatewayRecord {
        imp_uid: text(object, "imp_uid"),
        merchant_uid: deciding_text(object, "merchant_uid"),
        channel: text(object, "channel"),
        vbank_num: text(object, "vbank_num"),
        status: deciding_text(object, "status"),
        amount_text: deciding_text(object, "amount"),
        currency_text: deciding_text(object, "currency"),
        cancel_amount_text: text(object, "cancel_amount"),
        apply_num: text(object, "apply_num"),
        card_name: words(object, "card_name"),
        card_code: text(object, "card_code"),
        card_number: number_of_card(object),
        pg_provider: text(object, "pg_provider"),
        pg_tid: text(object, "pg_tid"),
        pg_id: text(object, "pg_id"),
        receipt_url: text(object, "receipt_url"),
        name: words(object, "name"),
        buyer_name: words(object, "buyer_name"),
        fail_reason: words(object, "fail_reason"),
        cancel_reason: words(object, "cancel_reason"),
        started_at_s: moment_s(object, "started_at"),
        paid_at_s: moment_s(object, "paid_at"),
        failed_at_s: moment_s(object, "failed_at"),
        cancelled_at_s: moment_s(object, "cancelled_at"),
        sandbox: flag(object, "sandbox"),
        customer_uid: deciding_text(object, "customer_uid"),
        customer_uid_usage: text(object, "customer_uid_usage"),
        cancel_history: cancel_history(object),
    }
}

/// A payment's refunds. A list that holds something else than refunds is none: one that is not read could be ours.
fn cancel_history(object: &Map<String, Value>) -> Option<Vec<CancelRecord>> {
    let list = object.get("cancel_history")?.as_array()?;
    let entry = |item: &Value| {
        let object = item.as_object()?;
        Some(CancelRecord {
            amount_text: deciding_text(object, "amount"),
            at_s: moment_s(object, "cancelled_at"),
            reason: words(object, "reason"),
            cancellation_id: text(object, "cancellation_id"),
            pg_tid: text(object, "pg_tid"),
            receipt_url: text(object, "receipt_url"),
        })
    };
    list.iter().map(entry).collect()
}

/// Whether the payment in a kept answer went through a test channel; of a list, its first. `None`
/// when the answer shows no payment or does not say.
#[must_use]
pub fn sandbox_flag(body: &str) -> Option<bool> {
    let envelope = Envelope::read(body.as_bytes())?;
    let object = envelope.response.as_object()?;
    match object.get("list").and_then(Value::as_array) {
        Some(list) => flag(list.first()?.as_object()?, "sandbox"),
        None => flag(object, "sandbox"),
    }
}

/// The card behind a customer_uid (facts 5); the times of a super billing key's channels are
/// spelled `update` in the schema.
pub(super) fn card(object: &Map<String, Value>) -> Card {
    Card {
        card_name: words(object, "card_name"),
        card_code: text(object, "card_code"),
        card_number: number_of_card(object),
        pg_provider: text(object, "pg_provider"),
        pg_id: text(object, "pg_id"),
        sandbox: flag(object, "sandbox"),
        inserted_s: moment_s(object, "inserted"),
        updated_s: moment_s(object, "updated").or_else(|| moment_s(object, "update")),
    }
}

/// The body of `POST /subscribe/payments/again` (facts 2.1). `None` when it cannot be written,
/// which no amount can bring about.
pub fn charge_body(request: &ChargeRequest) -> Option<String> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    let string = |text: &str| Some(Value::String(text.to_owned()));
    let optional = |text: &Option<String>| text.clone().map(Value::String);
    let terms = &request.terms;
    put("customer_uid", string(terms.customer_uid.as_str()));
    // Always a JSON string: a numeric one came back with other digits (facts 2.1).
    put("merchant_uid", string(terms.merchant_uid.as_str()));
    put("amount", Some(number(terms.amount)?));
    put("name", string(&request.name));
    // Won are the default, and the schema knows `currency` for few PGs only.
    if terms.amount.currency() != Currency::KRW {
        put("currency", string(terms.amount.currency().code()));
    }
    for (key, part) in [("tax_free", request.tax_free), ("vat_amount", request.vat_amount)] {
        if let Some(part) = part {
            put(key, Some(number(part)?));
        }
    }
    // A lump sum leaves it out: some keys must not be sent it at all (facts 2.7).
    let months = request.card_quota.filter(|months| *months > 0);
    put("card_quota", months.map(|months| Value::Number(Number::from(months))));
    put("buyer_name", optional(&request.buyer_name));
    put("buyer_email", optional(&request.buyer_email));
    put("buyer_tel", optional(&request.buyer_tel));
    put("custom_data", optional(&request.custom_data));
    put("notice_url", optional(&request.notice_url));
    put("product_type", request.product_type.map(|kind| Value::String(kind.word().to_owned())));
    put("channel_key", optional(&request.channel_key));
    put("bypass", optional(&request.bypass));
    serde_json::to_string(&Value::Object(body)).ok()
}

/// The amount's own digits as a JSON number.
pub(super) fn number(amount: Amount) -> Option<Value> {
    amount.to_digits().parse::<Number>().ok().map(Value::Number)
}

/// The body of `POST /users/getToken` (facts 1).
pub(super) fn token_body(imp_key: &Secret, imp_secret: &Secret) -> Option<Secret> {
    let mut body = Map::new();
    body.insert("imp_key".to_owned(), Value::String(imp_key.expose().to_owned()));
    body.insert("imp_secret".to_owned(), Value::String(imp_secret.expose().to_owned()));
    serde_json::to_string(&Value::Object(body)).ok().map(Secret::new)
}

/// A body as it is kept for the record: as text without card numbers, and not more than the ledger holds of it.
/// `None` when it is empty, or no text that can be read.
pub(super) fn kept(body: &[u8]) -> Option<String> {
    let text = match str::from_utf8(body) {
        Ok(text) => text,
        // An answer that broke off may end within a letter.
        Err(error) if error.error_len().is_none() => str::from_utf8(body.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    if text.is_empty() {
        return None;
    }
    let mut text = mask::body(text).into_owned();
    text.truncate(text.floor_char_boundary(BODY_KEPT_BYTES));
    Some(text)
}
