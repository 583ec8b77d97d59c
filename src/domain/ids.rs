//! The names that merchant and gateway call things by, and which of them can be asked for.

use std::fmt;

use thiserror::Error;

use crate::domain::text::{Problem, problem_with};

/// Most characters of a customer_uid (facts 2.1).
pub const CUSTOMER_UID_CHARS_MAX: usize = 80;
/// Most characters of a merchant_uid (facts 2.1).
pub const MERCHANT_UID_CHARS_MAX: usize = 40;

/// Why a name cannot be used, as a sentence that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    #[error("the {field} is empty; give one")]
    Empty { field: &'static str },
    #[error("the {field} `{value}` has {chars} characters; the gateway takes {max} at most")]
    TooLong { field: &'static str, value: String, chars: usize, max: usize },
    #[error(
        "the {field} `{value}` contains {what}; the gateway could not be asked for it again. Use an id without"
    )]
    Character { field: &'static str, value: String, what: &'static str },
    #[error("the {field} `{value}` {what}; write it as `{right}`")]
    Spelling { field: &'static str, value: String, what: &'static str, right: String },
}

/// The merchant's name for one customer's one card; the gateway maps it to a billing key
/// (facts 2.1: at most 80 characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerUid(String);

/// The merchant's order id: one payment, for ever (facts 2.1: at most 40 characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantUid(String);

impl CustomerUid {
    pub fn parse(text: &str) -> Result<CustomerUid, IdError> {
        check("customer_uid", text, CUSTOMER_UID_CHARS_MAX).map(CustomerUid)
    }

    /// One that nobody knows yet: its spelling has to be the right one too.
    pub fn parse_new(text: &str) -> Result<CustomerUid, IdError> {
        check_spelling("customer_uid", text)?;
        CustomerUid::parse(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MerchantUid {
    pub fn parse(text: &str) -> Result<MerchantUid, IdError> {
        check("merchant_uid", text, MERCHANT_UID_CHARS_MAX).map(MerchantUid)
    }

    /// One that nobody knows yet: its spelling has to be the right one too.
    pub fn parse_new(text: &str) -> Result<MerchantUid, IdError> {
        check_spelling("merchant_uid", text)?;
        MerchantUid::parse(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for MerchantUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Refuses what looks like another text (contract, rule 12). `field` is what the text is for.
pub fn check_spelling(field: &'static str, text: &str) -> Result<(), IdError> {
    match problem_with(text) {
        // Where nothing of it is left there is no right spelling to tell.
        Some(Problem { right, .. }) if right.is_empty() => Err(IdError::Empty { field }),
        Some(Problem { what, right }) => {
            Err(IdError::Spelling { field, value: text.escape_debug().to_string(), what, right })
        }
        None => Ok(()),
    }
}

/// Look-ups put the id into the path of an address, where a slash divides, `.` and `..` are
/// folded away, and servers refuse `%2F`; an id that cannot be looked up must not be charged.
fn check(field: &'static str, text: &str, max: usize) -> Result<String, IdError> {
    let chars = text.chars().count();
    let character = |what| Err(IdError::Character { field, value: text.escape_debug().to_string(), what });
    if text.is_empty() {
        Err(IdError::Empty { field })
    } else if chars > max {
        let value = text.escape_debug().to_string();
        Err(IdError::TooLong { field, value, chars, max })
    } else if let Some(what) = text.chars().find_map(unfit) {
        character(what)
    } else if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        character("white space at an end")
    } else if text == "." || text == ".." {
        character("only dots")
    } else {
        Ok(text.to_owned())
    }
}

/// What an id may hold nowhere.
fn unfit(c: char) -> Option<&'static str> {
    match c {
        '/' | '\\' => Some("a slash"),
        // Zero-width and direction characters: two ids that look the same would be two payments.
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{ad}' => Some("an invisible character"),
        c if c.is_control() => Some("a control character or a newline"),
        _ => None,
    }
}

/// The short id by which a refund is known again: eight letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefundId(String);

/// How many characters a refund's id has.
pub const REFUND_ID_LENGTH: usize = 8;

impl RefundId {
    /// Reads an id; `None` where it is not eight lower-case letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<RefundId> {
        let fits = text.len() == REFUND_ID_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        fits.then(|| RefundId(text.to_owned()))
    }

    /// An id of random bytes. Letters that are read for digits are left out.
    #[must_use]
    pub fn of_random(bytes: [u8; REFUND_ID_LENGTH]) -> RefundId {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
        let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('x', char::from);
        RefundId(bytes.into_iter().map(letter).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the reason of a refund ends with, on its way to the gateway (contract, "Commands").
    #[must_use]
    pub fn tail(&self) -> String {
        format!(" #{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CustomerUid, IdError, MerchantUid};

    #[test]
    fn ids_may_hold_what_the_gateway_can_be_asked_for() {
        for text in ["order_monthly_0001", "주문-1", "a b", "x?y#z%41", "...", &"가".repeat(40)] {
            assert_eq!(MerchantUid::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn ids_that_cannot_be_looked_up_are_refused() {
        assert_eq!(MerchantUid::parse(""), Err(IdError::Empty { field: "merchant_uid" }));
        assert!(matches!(
            MerchantUid::parse(&"a".repeat(41)),
            Err(IdError::TooLong { chars: 41, max: 40, .. })
        ));
        assert!(matches!(CustomerUid::parse(&"a".repeat(81)), Err(IdError::TooLong { .. })));
        for text in ["a/b", "a\\b", "a\nb", "a\u{7}b", " a", "a ", ".", "..", "a\u{202e}b", "\u{feff}a"] {
            assert!(matches!(CustomerUid::parse(text), Err(IdError::Character { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_new_id_is_spelled_right_or_its_right_spelling_is_told() {
        let decomposed = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";
        assert!(MerchantUid::parse(decomposed).is_ok(), "an older ledger may hold it");
        let error = MerchantUid::parse_new(decomposed).unwrap_err().to_string();
        assert!(error.ends_with("; write it as `주문_1`"), "{error}");
        let error = CustomerUid::parse_new(" gildong ").unwrap_err().to_string();
        assert_eq!(error, "the customer_uid ` gildong ` has white space at an end; write it as `gildong`");
        assert_eq!(MerchantUid::parse_new("\u{200b}"), Err(IdError::Empty { field: "merchant_uid" }));
        assert_eq!(MerchantUid::parse_new("주문_1").unwrap().as_str(), "주문_1");
    }

    #[test]
    fn an_error_shows_the_id_with_its_control_characters_escaped() {
        let error = CustomerUid::parse("a\nb").unwrap_err().to_string();
        assert!(error.contains(r"`a\nb`"), "{error}");
    }
}
