//! Words for people.

use std::io;

/// What the operating system said, without Rust's "(os error 2)", as the end of a sentence.
#[must_use]
pub fn os_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::os_words;

    #[test]
    fn the_systems_words_carry_no_number() {
        assert_eq!(os_words(&std::io::Error::from_raw_os_error(2)), "no such file or directory");
    }
}
