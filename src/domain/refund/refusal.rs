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

/// What PGs say where the merchant's coming settlement is smaller than the refund, without its blanks (facts 15.2).
const SHORT_SETTLEMENT: [&str; 6] = [
    "정산금액부족",
    "정산예정금액이부족",
    "취소가능금액이부족",
    "취소가능금액부족",
    "취소금액이미정산금액보다",
    "취소한도초과",
];

/// And one of which its words alone do not say it.
const SHORT_AT_DANAL: &str = "취소불가상태입니다";

/// Whether a refusal is for want of settlement money at the PG: it can be paid back by hand or by force there, and
/// the gateway goes on saying paid (facts 15.2).
#[must_use]
pub fn is_short_settlement(pg: Option<&str>, words: &str) -> bool {
    let squeezed: String = nfc(words).chars().filter(|c| !c.is_whitespace()).collect();
    SHORT_SETTLEMENT.iter().any(|short| squeezed.contains(short))
        || (pg.is_some_and(|pg| pg.starts_with("danal")) && squeezed.contains(SHORT_AT_DANAL))
}

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
