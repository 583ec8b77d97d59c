//! JSON the way the gateway writes it (facts 0): compact, keys in alphabetical order, everything
//! outside ASCII as `\uXXXX`, a slash as `\/`.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes a value as the gateway would.
pub(super) fn encode(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // The map keeps its order by itself today; a feature of serde_json switched on by some
            // other crate would change that silently.
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write_value(out, &fields[key]);
            }
            out.push('}');
        }
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing into a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::wire::encode;

    #[test]
    fn text_outside_ascii_is_escaped_by_utf16_units() {
        assert_eq!(encode(&json!("홍 😀")), r#""\ud64d \ud83d\ude00""#);
    }

    #[test]
    fn slashes_quotes_and_controls_are_escaped() {
        assert_eq!(encode(&json!("a/b\"\\\n\u{1b}\u{7f}")), "\"a\\/b\\\"\\\\\\n\\u001b\\u007f\"");
    }

    #[test]
    fn keys_are_in_alphabetical_order_and_numbers_keep_their_digits() {
        let value: Value =
            serde_json::from_str(r#"{"b":14.20,"a":[null,true,12345678901234567890]}"#).unwrap();
        assert_eq!(encode(&value), r#"{"a":[null,true,12345678901234567890],"b":14.20}"#);
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_value() {
        let value = json!({"name": "월 구독/1", "list": [1, -2, "\u{202e}", {"x": {}}]});
        assert_eq!(serde_json::from_str::<Value>(&encode(&value)).unwrap(), value);
    }
}
