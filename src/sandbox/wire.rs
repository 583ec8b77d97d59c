//! JSON the way the gateway writes it (facts 0): compact, keys in alphabetical order, everything
//! outside ASCII as `\uXXXX`, a slash as `\/`.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Writes a value as the gateway would.
pub(super) fn encode(value: &Value) -> String {
    // The map keeps its order by itself today; a feature of serde_json switched on by some other crate would
    // change that silently.
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    let mut out = Vec::new();
    // Writing into memory cannot fail.
    let _ = sorted.serialize(&mut Serializer::with_formatter(&mut out, Ascii));
    String::from_utf8(out).unwrap_or_default()
}

/// serde_json's own compact form, but for what it lets stand as it is.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            match character {
                '/' => write!(out, "\\/")?,
                ' '..='~' => write!(out, "{character}")?,
                other => {
                    for unit in other.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
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
