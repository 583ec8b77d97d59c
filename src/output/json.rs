//! JSON text: exact numbers, and nothing in it that a terminal would act on.

use std::fmt::Write as _;

use serde::Serialize;

use crate::output::text::is_unsafe;

/// One line, for `jsonl`.
pub fn line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(escape_unsafe)
}

/// Indented, for one object of `json`.
pub fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(value).map(escape_unsafe)
}

/// Writes what a terminal would act on as `\u` escapes. JSON text holds such characters only
/// inside of strings, so this changes no value; the line breaks between its tokens stay.
fn escape_unsafe(json: String) -> String {
    let bad = |c: char| c != '\n' && is_unsafe(c);
    if !json.chars().any(bad) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if bad(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{line, pretty};

    #[test]
    fn what_a_terminal_would_act_on_is_escaped_and_reads_back_the_same() {
        let hostile = "a\u{1b}[2J\u{9b}\u{202e}b\u{7f}\u{e0041}홍\n\u{200b}";
        let json = line(&hostile).unwrap();
        let expected = r#""a\u001b[2J\u009b\u202eb\u007f\udb40\udc41홍\n\u200b""#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }

    #[test]
    fn indented_json_keeps_its_lines() {
        assert_eq!(pretty(&[1, 2]).unwrap(), "[\n  1,\n  2\n]");
    }
}
