//! What a no to a refund proves.

use crate::domain::declines;
use crate::domain::text::nfc;

/// What the words of a refusal say of the refund that they answer, once a look-up does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It was refused.
    No,
    /// It may have gone through, or may show later.
    Doubt,
}

/// Words of an earlier refund, anywhere in the message without its blanks: a PG that was asked twice by the
/// gateway says so of the refund that it has just made.
const OF_AN_EARLIER_ONE: [&str; 7] =
    ["기취소", "기승인취소", "취소완료", "이미취소", "이미전액", "이미정상", "중복"];

/// Reads the words of a refusal (facts 4, 19). `pg` is the payment's `pg_provider`.
#[must_use]
pub fn read(pg: Option<&str>, words: &str) -> Reading {
    let squeezed: String = nfc(words).chars().filter(|c| !c.is_whitespace()).collect();
    if squeezed.is_empty() || OF_AN_EARLIER_ONE.iter().any(|word| squeezed.contains(word)) {
        return Reading::Doubt;
    }
    // A time-out or the wire, in any other words than those of a refund.
    if !declines::is_of_a_refund(pg, words) && declines::names_a_doubt(words) {
        return Reading::Doubt;
    }
    Reading::No
}
