//! Values that must not be printed.

use std::fmt;

/// An API secret or an access token. It has no way into a log, an error or JSON: no Display, no
/// Serialize, no Deref, and Debug prints stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The text itself, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Enough to tell two apart by eye, for people: the first four characters and the length, or
    /// stars alone when it is short.
    #[must_use]
    pub fn masked(&self) -> String {
        let length = self.0.chars().count();
        if length < 16 {
            return "****".to_owned();
        }
        let head: String = self.0.chars().take(4).collect();
        format!("{head}…({length} characters)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_and_mask_do_not_show_it() {
        let secret = Secret::new("0123456789abcdef0123".to_owned());
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.masked(), "0123…(20 characters)");
        assert_eq!(Secret::new("short".to_owned()).masked(), "****");
    }
}
