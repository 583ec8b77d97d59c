//! Texts that are made the same way wherever they are wanted.

use std::{fmt, io};

/// What the operating system said, without Rust's "(os error 2)", as the end of a sentence.
///
/// The standard library gives the system's words with their number behind them and in no other way,
/// so that the number has to be cut off; this is the only place that does.
#[must_use]
pub fn os_words(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|code| format!(" (os error {code})"));
    let words = number.and_then(|number| text.strip_suffix(&number)).unwrap_or(&text);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Bytes as hexadecimal digits, two each.
#[must_use]
pub fn hex<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number and its noun, which takes an `s` in the plural: `1 row`, `12 rows`.
#[must_use]
pub fn number_of<N: Copy + fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// The known name that was probably meant: the first of those for which the fewest letters have to be put
/// in, left out, replaced or swapped with the next one. `None` where that would be more than half of them.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = |known: &&str| strsim::osa_distance(known, word);
    let letters = |known: &str| known.chars().count().max(word.chars().count());
    known.into_iter().min_by_key(far).filter(|known| far(known) * 2 <= letters(known))
}

#[cfg(test)]
mod tests {
    use super::{hex, nearest, number_of, os_words};

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(hex([1_u8, 2, 3].iter().take(2)), "0102");
    }

    #[test]
    fn one_is_singular_and_anything_else_is_plural() {
        assert_eq!([0_u64, 1, 2].map(|number| number_of(number, "row")), ["0 rows", "1 row", "2 rows"]);
    }

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        for (word, near) in [
            ("imp_secert", Some("imp_secret")),
            ("IMP_SECRET", None),
            ("imp_key", Some("imp_key")),
            ("mod", Some("mode")),
            ("moed", Some("mode")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, ["imp_key", "imp_secret", "mode"]), near, "{word}");
        }
        assert_eq!(nearest("mode", []), None);
        assert_eq!(nearest("홍길등", ["홍길동", "김철수"]), Some("홍길동"), "letters, not bytes");
    }

    #[test]
    fn the_systems_words_carry_no_number() {
        assert_eq!(os_words(&std::io::Error::from_raw_os_error(2)), "no such file or directory");
    }

    #[test]
    fn words_that_are_not_the_systems_are_left_whole() {
        let own = std::io::Error::other("Two (os error 2) in the middle");
        assert_eq!(os_words(&own), "two (os error 2) in the middle");
    }
}
