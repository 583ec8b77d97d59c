//! A reader of JSON that takes no ambiguous text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How `serde_json` hands over a number whose digits it kept: as a map of this one key.
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// Reads one JSON text. `None` when it is not JSON, is nested too deep, or names a key twice in
/// one object: two readers could then read two different answers out of it.
///
/// Half a character is read as the replacement character: a name that was cut to so many UTF-16
/// units, in the middle of an emoji, must not hide the payment around it.
pub(super) fn read(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = whole_characters(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value = Unambiguous.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Replaces every `\uD800` to `\uDFFF` that is not one half of a pair.
fn whole_characters(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let (kept, length) = match (utf16_unit(escape), escape.get(6..).and_then(utf16_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..12), 12),
            (Some(0xd800..=0xdfff), _) => (Some("\\ufffd"), 6),
            // The escaped character may itself be a backslash.
            (_, _) => (escape.get(..2), 2),
        };
        let Some(kept) = kept else { break };
        whole.push_str(kept);
        rest = escape.get(length..).unwrap_or("");
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The UTF-16 unit that a text begins with, if it begins with one in the form `\uXXXX`.
fn utf16_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.starts_with('+') { None } else { u16::from_str_radix(digits, 16).ok() }
}

/// Builds a [`Value`] and refuses a key that is there twice.
struct Unambiguous;

impl<'de> DeserializeSeed<'de> for Unambiguous {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated keys")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Unambiguous)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER_KEY && object.is_empty() {
                let digits: String = entries.next_value()?;
                return digits.parse().map(Value::Number).map_err(Error::custom);
            }
            let value = entries.next_value_seed(Unambiguous)?;
            if object.insert(key, value).is_some() {
                return Err(Error::custom("a key is there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn values_are_read_as_serde_json_reads_them() {
        for text in [
            "null",
            "true",
            "-0",
            "8900",
            "8900.00",
            "8.9e3",
            "123456789012345678901234567890.5",
            r#""\u00e9\/""#,
            "[]",
            r#"[1,"a",[null]]"#,
            "{}",
            r#" {"a":{"b":[1,{"c":false}]},"d":""} "#,
        ] {
            assert_eq!(read(text), serde_json::from_str(text).ok(), "{text}");
            assert!(read(text).is_some(), "{text}");
        }
        assert_eq!(read("8900.00").unwrap().to_string(), "8900.00");
    }

    #[test]
    fn half_a_character_does_not_hide_the_rest() {
        for (text, read_as) in [
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\uD83D\uDE00""#, "😀"),
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00a""#, "\u{fffd}a"),
            (r#""\ud83dx\n\ud83d\ud83d\ude00""#, "\u{fffd}x\n\u{fffd}😀"),
            (r#""\\ud83d""#, r"\ud83d"),
            (r#""\\\ud83d가""#, "\\\u{fffd}가"),
            ("\u{feff}\"a\"", "a"),
        ] {
            assert_eq!(read(text), Some(read_as.into()), "{text}");
        }
        for text in
            [r#""\ud83"#, r#""\ud83d\"#, r#""\ud83d\u"#, r#""\ud83d"#, r#""\가\ud83d""#, r#""\u+d83""#]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_or_could_be_read_twice_is_nothing() {
        let deep = "[".repeat(100_000);
        let closed = format!("{}{}", "[".repeat(500), "]".repeat(500));
        for text in [
            "",
            "NaN",
            "Infinity",
            "{",
            "{} {}",
            "{}x",
            "<html>",
            r#"{"code":0,"code":1}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"[{"a":1,"\u0061":2}]"#,
            deep.as_str(),
            closed.as_str(),
        ] {
            assert_eq!(read(text), None, "{}", text.get(..40).unwrap_or(text));
        }
    }
}
