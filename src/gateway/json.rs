//! A reader of JSON that takes no ambiguous text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How `serde_json` hands over a number whose digits it kept: as a map of this one key.
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// Reads one JSON text. `None` when it is not JSON, is nested too deep, or names a key twice in
/// one object: two readers could then read two different answers out of it.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Unambiguous.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
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
