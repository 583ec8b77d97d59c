//! Texts that are equal to the eye: which of them mean the same, and which may not begin to mean anything.
//!
//! The same Hangul is written in syllables (NFC) or in single letters (NFD, as macOS names files). NFC is for
//! comparing; an id that is known is sent and looked up as it is known (contract, rule 12).

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text in composed letters. Most texts are that already, and are handed back as they came.
#[must_use]
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let composed: String = text.nfc().collect();
    if composed == text { Cow::Borrowed(text) } else { Cow::Owned(composed) }
}

/// What two spellings of one id have in common.
#[must_use]
pub fn nfc_key(text: &str) -> String {
    nfc(text).into_owned()
}

/// The key of a text that is not its own key; `None` for the many that are.
#[must_use]
pub fn other_key(text: &str) -> Option<String> {
    match nfc(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(key) => Some(key),
    }
}

/// The text as given, composed and in single letters, each once: whatever an older run may have been given
/// for it.
#[must_use]
pub fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if !text.is_ascii() {
        for other in [nfc_key(text), text.nfd().collect()] {
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

/// Why a text may not become an id, and how it is spelled right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The end of a sentence that begins with the text.
    pub what: &'static str,
    /// Empty where nothing of the text is left.
    pub right: String,
}

/// Looks at a text that is about to become an id: two ids that look the same would be two payments.
#[must_use]
pub fn problem_with(text: &str) -> Option<Problem> {
    let what = if text.chars().any(char::is_control) {
        "contains a control character or a newline"
    } else if text.chars().any(is_invisible) {
        "contains an invisible character"
    } else if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        "has white space at an end"
    } else if other_key(text).is_some() {
        "is written in single letters (NFD) and not in syllables (NFC)"
    } else {
        return None;
    };
    let seen: String = text.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    Some(Problem { what, right: nfc_key(seen.trim()) })
}

/// Characters that no font shows: zero-width and direction marks, fillers, selectors and tags.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::{any, proptest};

    use super::{nfc, nfc_key, other_key, problem_with, spellings};

    /// 주문_1 in single letters.
    const DECOMPOSED: &str = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab}_1";

    #[test]
    fn what_looks_the_same_has_the_same_key() {
        assert_ne!(DECOMPOSED, "주문_1");
        assert_eq!(nfc_key(DECOMPOSED), "주문_1");
        assert_eq!(other_key("주문_1"), None, "it is its own key");
        assert!(matches!(nfc("order_1"), Cow::Borrowed("order_1")));
        assert_eq!(nfc_key("e\u{301}"), "é");
        assert_ne!(nfc_key("Ａ"), "A", "full-width letters are seen to be others");
    }

    #[test]
    fn every_spelling_that_an_older_run_may_have_been_given_is_named_once() {
        assert_eq!(spellings("basic"), ["basic"]);
        assert_eq!(spellings("주문_1"), ["주문_1", DECOMPOSED]);
        assert_eq!(spellings(DECOMPOSED), [DECOMPOSED, "주문_1"]);
    }

    #[test]
    fn what_may_not_become_an_id_is_told_with_its_right_spelling() {
        for (text, right) in [
            (DECOMPOSED, "주문_1"),
            (" order_1", "order_1"),
            ("order_1\u{a0}", "order_1"),
            ("order\u{200b}_1", "order_1"),
            ("주문\u{3164}_1", "주문_1"),
            ("or\u{7}der\n", "order"),
            ("\u{feff}", ""),
        ] {
            let problem = problem_with(text).unwrap_or_else(|| panic!("{text:?}"));
            assert_eq!(problem.right, right, "{text:?}");
            assert!(right.is_empty() || problem_with(right).is_none(), "{text:?}");
        }
        for good in ["order_1", "주문_1", "a b", "주문 1", "Ａ"] {
            assert_eq!(problem_with(good), None, "{good}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in any::<String>()) {
            let key = nfc_key(&text);
            assert_eq!(nfc_key(&key), key);
            assert_eq!(other_key(&key), None);
        }
    }
}
