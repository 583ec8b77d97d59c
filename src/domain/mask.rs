//! Bodies without the card numbers that nobody masked in them, and without our own secrets: what is kept of an
//! answer, and what `-v` shows.

use std::borrow::Cow;

use crate::domain::card_number;
use crate::domain::secret::Secret;

/// A secret as long as this is looked for everywhere. A shorter one could be an id, or a word that decides the
/// outcome, and is looked for in what is said in words only.
const LONG: usize = 16;
/// One that is shorter than this could be part of any word, and is looked for as a word of its own.
const WORD: usize = 8;

/// Keys whose values decide what became of a charge.
const DECIDING_KEYS: [&str; 3] = ["status", "currency", "channel"];

/// Keys whose values are ids, however much like a card number one looks.
const ID_KEYS: [&str; 11] = [
    "merchant_uid",
    "imp_uid",
    "customer_uid",
    "customer_id",
    "apply_num",
    "pg_tid",
    "pg_id",
    "cancellation_id",
    "channel_key",
    "receipt_url",
    "cancel_receipt_urls",
];

/// Masks card numbers in a body: in JSON everywhere but in ids, however the digits are written; in anything else
/// everywhere.
#[must_use]
pub fn body(text: &str) -> Cow<'_, str> {
    if text.trim_start().starts_with(['{', '[']) { json(text) } else { card_number::masked(text) }
}

/// Puts stars in place of secrets in a body, however JSON has written them.
pub fn secrets(text: &str, secrets: &[&Secret]) -> String {
    let secrets: Vec<&str> = secrets.iter().map(|secret| secret.expose()).filter(|s| !s.is_empty()).collect();
    // As they are: also in what is no JSON, and in keys.
    let long = secrets.iter().filter(|secret| secret.len() >= LONG);
    let text = long.fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
    if !text.trim_start().starts_with(['{', '[']) {
        return starred(&text, &secrets).unwrap_or(text);
    }
    let (mut shown, mut key, mut rest) = (String::new(), None::<String>, &*text);
    while !rest.is_empty() {
        let (between, literal, after) = next_literal(rest);
        shown.push_str(between);
        let value = value_of(literal);
        if after.trim_start().starts_with(':') {
            let sought: Vec<&str> = secrets.iter().copied().filter(|secret| secret.len() >= LONG).collect();
            match starred(&value, &sought).map(|value| serde_json::to_string(&value)) {
                None => shown.push_str(literal),
                Some(written) => shown.push_str(&written.unwrap_or_else(|_| "\"***\"".to_owned())),
            }
            key = Some(value.into_owned());
        } else {
            let decides = |key: &str| ID_KEYS.contains(&key) || DECIDING_KEYS.contains(&key);
            let all = !key.as_deref().is_some_and(decides);
            let sought: Vec<&str> =
                secrets.iter().copied().filter(|secret| all || secret.len() >= LONG).collect();
            let starred = starred(&value, &sought).map(|value| serde_json::to_string(&value));
            match starred {
                None => shown.push_str(literal),
                Some(written) => shown.push_str(&written.unwrap_or_else(|_| "\"***\"".to_owned())),
            }
        }
        rest = after;
    }
    shown
}

/// The text with stars for each secret; `None` where there is none in it.
fn starred(text: &str, secrets: &[&str]) -> Option<String> {
    let starred = secrets.iter().fold(text.to_owned(), |text, secret| {
        if secret.len() >= WORD { text.replace(secret, "***") } else { words_starred(&text, secret) }
    });
    (starred != text).then_some(starred)
}

fn words_starred(text: &str, secret: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(secret) {
        let (before, from) = rest.split_at(at);
        let after = from.strip_prefix(secret).unwrap_or_default();
        let bound = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let is_word =
            bound(before.chars().last().or_else(|| shown.chars().last())) && bound(after.chars().next());
        shown.push_str(before);
        shown.push_str(if is_word { "***" } else { secret });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn json(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut changed = false;
    let mut key: Option<String> = None;
    let mut rest = text;
    let mut put = |part: &str, masked: Cow<'_, str>| {
        changed |= masked != part;
        shown.push_str(&masked);
    };
    while !rest.is_empty() {
        let (between, literal, after) = next_literal(rest);
        put(between, numbers(between, key.as_deref()));
        let is_key = after.trim_start().starts_with(':');
        if is_key {
            key = Some(value_of(literal).into_owned());
            put(literal, Cow::Borrowed(literal));
        } else {
            put(literal, string(literal, key.as_deref()));
        }
        rest = after;
    }
    if changed { Cow::Owned(shown) } else { Cow::Borrowed(text) }
}

/// What stands before the next string, the string in its quotes (not closed in a body that was cut off), and the
/// rest.
fn next_literal(text: &str) -> (&str, &str, &str) {
    let (between, from) = text.split_at(text.find('"').unwrap_or(text.len()));
    let mut escaped = false;
    let end = from.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (literal, after) = from.split_at(end.map_or(from.len(), |(at, quote)| at + quote.len_utf8()));
    (between, literal, after)
}

/// What a string says, its escapes read; as it is where that cannot be done.
fn value_of(literal: &str) -> Cow<'_, str> {
    let bare = literal.strip_prefix('"').unwrap_or(literal);
    let bare = bare.strip_suffix('"').unwrap_or(bare);
    if !bare.contains('\\') {
        return Cow::Borrowed(bare);
    }
    // One that was cut off is read as if it ended there.
    let read = serde_json::from_str(literal).or_else(|_| serde_json::from_str(&format!("{literal}\"")));
    read.map_or(Cow::Borrowed(bare), Cow::Owned)
}

fn string<'a>(literal: &'a str, key: Option<&str>) -> Cow<'a, str> {
    let value = value_of(literal);
    let masked = masked(&value, key);
    if masked == value {
        return Cow::Borrowed(literal);
    }
    serde_json::to_string(&masked).map_or_else(|_| Cow::Owned("\"***\"".to_owned()), Cow::Owned)
}

fn masked<'a>(value: &'a str, key: Option<&str>) -> Cow<'a, str> {
    match key {
        Some(key) if ID_KEYS.contains(&key) => Cow::Borrowed(value),
        Some("card_number") => card_number::masked_field(value),
        Some(_) | None => card_number::masked(value),
    }
}

/// What stands between strings: a number that is a card's becomes a string, so that JSON stays JSON.
fn numbers<'a>(between: &'a str, key: Option<&str>) -> Cow<'a, str> {
    let mut shown = String::new();
    let mut rest = between;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        let part_of_more = before.ends_with(['.', '-', '+']) || after.starts_with(['.', 'e', 'E']);
        let masked = if part_of_more { Cow::Borrowed(digits) } else { masked(digits, key) };
        let quote = if masked == digits { "" } else { "\"" };
        shown.push_str(before);
        shown.push_str(&format!("{quote}{masked}{quote}"));
        rest = after;
    }
    shown.push_str(rest);
    if shown == between { Cow::Borrowed(between) } else { Cow::Owned(shown) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{body, secrets};
    use crate::domain::secret::Secret;

    #[test]
    fn a_secret_is_found_at_any_length_and_however_json_writes_it() {
        let long = "A/bcdefghijklmnop0123456789";
        for (secret, text, shown) in [
            (long, r#"{"message":"no A/bcdefghijklmnop0123456789"}"#, r#"{"message":"no ***"}"#),
            (long, r#"{"message":"no \u0041\/bcdefghijklmnop0123456789!"}"#, r#"{"message":"no ***!"}"#),
            (long, r#"{"merchant_uid":"\u0041\/bcdefghijklmnop0123456789"}"#, r#"{"merchant_uid":"***"}"#),
            (long, r#"{"message":"cut \u0041\/bcdefghijklmnop0123456789"#, r#"{"message":"cut ***""#),
            (long, "<p>A/bcdefghijklmnop0123456789</p>", "<p>***</p>"),
            (long, r#"{"\u0041\/bcdefghijklmnop0123456789":1}"#, r#"{"***":1}"#),
            ("s3cret-10b", r#"{"message":"key s3cret\u002d10b?","x":1}"#, r#"{"message":"key ***?","x":1}"#),
            ("abc", r#"{"message":"abc is abcd, \u0061bc"}"#, r#"{"message":"*** is abcd, ***"}"#),
            ("abc", "abc abcd", "*** abcd"),
            // What decides the outcome, and what a payment is known by, is no place for a short one.
            (
                "paid",
                r#"{"status":"paid","merchant_uid":"paid"}"#,
                r#"{"status":"paid","merchant_uid":"paid"}"#,
            ),
            ("message", r#"{"message":"x"}"#, r#"{"message":"x"}"#),
        ] {
            assert_eq!(secrets(text, &[&Secret::new(secret.to_owned())]), shown, "{text}");
        }
        assert_eq!(secrets(r#"{"a":"\q"}"#, &[&Secret::new(String::new())]), r#"{"a":"\q"}"#);
    }

    const CARD: &str = "4111111111111111";
    const MASKED: &str = "411111******1111";

    #[test]
    fn a_card_number_is_masked_wherever_an_answer_puts_it() {
        for (text, shown) in [
            (r#"{"card_number":"4111111111111111"}"#, r#"{"card_number":"411111******1111"}"#),
            (r#"{"card_number":"4111-1111-1111-1112"}"#, r#"{"card_number":"4111-11**-****-1112"}"#),
            (r#"{"card_number":4111111111111111,"x":1}"#, r#"{"card_number":"411111******1111","x":1}"#),
            (r#"{"name": "no 4111 1111 1111 1111"}"#, r#"{"name": "no 4111 11** **** 1111"}"#),
            (r#"{"a":["x",4111111111111111]}"#, r#"{"a":["x","411111******1111"]}"#),
            (r#"["4111111111111111"]"#, r#"["411111******1111"]"#),
            (r#"{"c":"\u0034111111111111111"}"#, r#"{"c":"411111******1111"}"#),
            (r#"{"c":"{\"n\":\"4111111111111111\"}"}"#, r#"{"c":"{\"n\":\"411111******1111\"}"}"#),
            (r#"{"c":"4111111111111111"#, r#"{"c":"411111******1111""#),
            (
                r#"{"merchant_uid":"a","c":"4111111111111111"}"#,
                r#"{"merchant_uid":"a","c":"411111******1111"}"#,
            ),
            ("<p>4111-1111-1111-1111</p>", "<p>4111-11**-****-1111</p>"),
        ] {
            assert_eq!(body(text), shown, "{text}");
        }
    }

    #[test]
    fn ids_times_and_masks_are_left_as_they_came() {
        for text in [
            r#"{"merchant_uid":"4111111111111111","imp_uid":"4111111111111111"}"#,
            r#"{"merchant_uid":4111111111111111,"apply_num":"4111111111111111"}"#,
            r#"{"pg_tid" : "4111111111111111","receipt_url":"https://x/4111111111111111"}"#,
            r#"{"cancel_receipt_urls":["a/4111111111111111","b/5555555555554444"]}"#,
            r#"{"paid_at":1764340000,"now":1764340000005,"amount":8900.4111111111111111}"#,
            r#"{"card_number":"5409-26**-****-1234","apply_num":"30012345"}"#,
            r#"{"a":"\ud800","b":"\q","c":"#,
            "",
            "{",
            "\"",
        ] {
            assert_eq!(body(text), text);
        }
    }

    #[test]
    fn a_body_stays_the_json_that_it_was() {
        let record = json!({
            "code": 0,
            "message": format!("no {CARD}"),
            "response": {"merchant_uid": CARD, "card_number": CARD, "name": format!("\"{CARD}\"\\"), "amount": 8900},
        });
        let shown: Value = serde_json::from_str(&body(&record.to_string())).unwrap();
        let expected = json!({
            "code": 0,
            "message": format!("no {MASKED}"),
            "response": {"merchant_uid": CARD, "card_number": MASKED, "name": format!("\"{MASKED}\"\\"), "amount": 8900},
        });
        assert_eq!(shown, expected);
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_harm(text in "[{\\[]?[\"\\\\:,{}\\[\\]0-9a가 ]{0,40}") {
            let shown = body(&text);
            prop_assert!(!shown.is_empty() || text.is_empty());
        }

        #[test]
        fn no_value_but_an_id_keeps_a_card_number(
            key in "[a-z_]{1,12}",
            before in "[가-힣 :=(\"{}\\\\]{0,6}",
            after in "[가-힣 :=)\"{}\\\\]{0,6}",
        ) {
            prop_assume!(!super::ID_KEYS.contains(&key.as_str()));
            let mut object = serde_json::Map::new();
            object.insert(key, Value::String(format!("{before}{CARD}{after}")));
            let text = Value::Object(object).to_string();
            prop_assert!(!body(&text).contains(CARD), "{text}");
        }
    }
}
