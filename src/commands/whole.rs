//! Whole numbers on the command line: what is wrong with one is said in words, not by the parser.

use std::ops::RangeInclusive;

/// A reader of whole numbers in this range. Its error says what to give instead.
pub fn whole<T: TryFrom<u64> + 'static>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| match range.end() {
            &u64::MAX => format!("give a whole number, {} or more", range.start()),
            end => format!("give a whole number from {} to {end}", range.start()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_number_out_of_range_is_told_what_the_range_is() {
        let port = whole::<u16>(0..=65_535);
        assert_eq!((port("0"), port("65535")), (Ok(0), Ok(65_535)));
        for text in ["65536", "-1", "", "x", "1.5", "18446744073709551616"] {
            assert_eq!(port(text), Err("give a whole number from 0 to 65535".to_owned()), "{text}");
        }
        assert_eq!(whole::<u64>(1..=u64::MAX)("0"), Err("give a whole number, 1 or more".to_owned()));
    }
}
