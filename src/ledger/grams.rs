//! Pieces of texts, as numbers: a text holds another one only if it has all of its pieces.
//!
//! Hangul is written in syllables, so that a name is three letters and a piece of it two: pieces of three find none of
//! those. Two letters of ASCII are in nearly every id, and so these are three. Pure: what is stored of them is said in
//! `found.rs`, and whether a text is found is said by SQL (`search/text.rs`), which sees all that these let through.

/// The pieces of a text, blanks left out and capitals as small letters: that is how SQL compares. Given to `each` as
/// often as they are met.
pub(super) fn pieces(text: &str, each: &mut impl FnMut(u32)) {
    let letters = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase());
    let (mut before, mut last): (Option<char>, Option<char>) = (None, None);
    for letter in letters {
        if let Some(last) = last {
            if !(last.is_ascii() && letter.is_ascii()) {
                each(pair(last, letter));
            } else if let Some(before) = before.filter(char::is_ascii) {
                each(triple(before, last, letter));
            }
        }
        (before, last) = (last, Some(letter));
    }
}

/// The pieces of a text, each once; nothing of one that is too short to have any.
pub(super) fn all_pieces(text: &str) -> Vec<u32> {
    let mut all = Vec::new();
    pieces(text, &mut |gram| all.push(gram));
    all.sort_unstable();
    all.dedup();
    all
}

/// A value that is only ever looked for as a whole.
pub(super) fn whole(kind: Whole, value: &str) -> u32 {
    let seed = match kind {
        Whole::LastFour => 1,
        Whole::Card => 2,
        Whole::Amount => 3,
    };
    MIXED | value.bytes().fold(mix(seed), |hash, byte| mix(hash ^ u32::from(byte)))
}

/// What is looked for as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    /// The last four digits of a card.
    LastFour,
    /// A card's number as it is printed.
    Card,
    /// Minor units.
    Amount,
}

/// Set in every number but those of three ASCII letters, which are exact.
const MIXED: u32 = 1 << 31;

fn triple(a: char, b: char, c: char) -> u32 {
    u32::from(a) << 14 | u32::from(b) << 7 | u32::from(c)
}

fn pair(a: char, b: char) -> u32 {
    MIXED | mix(mix(u32::from(a)) ^ u32::from(b))
}

/// Spreads numbers; two that come to the same only let more through.
fn mix(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_add(0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    let number = (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35);
    number ^ (number >> 16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Whole, all_pieces, whole};

    fn holds(text: &str, piece: &str) -> bool {
        let all = all_pieces(text);
        all_pieces(piece).iter().all(|gram| all.contains(gram))
    }

    #[test]
    fn two_syllables_are_a_piece_and_two_ascii_letters_are_none() {
        for (text, count) in [
            ("", 0),
            ("수", 0),
            ("ab", 0),
            ("민수", 1),
            ("김민수", 2),
            ("abc", 1),
            ("ABCD", 2),
            ("a민b", 2),
            ("01a수", 2),
        ] {
            assert_eq!(all_pieces(text).len(), count, "{text}");
        }
        assert_eq!(all_pieces("홍 길동"), all_pieces("홍길동"));
        assert_eq!(all_pieces("Monthly"), all_pieces("mOnThLy"));
        assert!(!holds("김민수", "민지") && !holds("김민수", "수김") && holds("김민수", "민수"));
        assert!(!holds("010-1234", "0123"));
        assert_ne!(whole(Whole::LastFour, "1234"), whole(Whole::Card, "1234"));
    }

    proptest! {
        #[test]
        fn a_text_has_the_pieces_of_every_text_in_it(
            before in any::<String>(), text in "[a-zA-Z0-9 가-힣\u{1100}-\u{1112}%_'\u{1f600}]{0,12}", after in any::<String>(),
        ) {
            let holding = format!("{before}{text}{after}");
            prop_assert!(holds(&holding, &text));
            prop_assert!(holds(&holding.to_ascii_uppercase(), &text));
        }
    }
}
