//! Random names that cannot be guessed.

use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};

use crate::domain::words::hex;
use crate::register::error::RegisterError;

/// So many random bytes as hexadecimal digits, two each.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn random_hex(bytes: usize) -> Result<String, RegisterError> {
    let mut random = vec![0; bytes];
    SystemRandom::new().fill(&mut random).map_err(|_| RegisterError::Random)?;
    Ok(hex(&random))
}

/// A token's SHA-256 as hexadecimal digits: what is kept of it, because nobody gets back from there.
pub(super) fn fingerprint(token: &str) -> String {
    hex(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::{is_same, random_hex};

    #[test]
    fn two_tokens_are_long_and_never_alike() {
        let (one, other) = (random_hex(16).unwrap(), random_hex(16).unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn only_the_whole_text_is_the_same() {
        assert!(is_same("secret", "secret"));
        for other in ["", "secre", "secrets", "secreT", "Secret"] {
            assert!(!is_same("secret", other), "{other}");
        }
    }
}
