//! Amounts as exact decimals: compared, added and subtracted without a binary fraction.

use std::fmt;

use rust_decimal::RoundingStrategy;
use serde_json::{Number, Value};

/// The most digits before and after the point: far beyond money, and few enough for sums to be exact.
const WHOLE_DIGITS_MAX: usize = 18;
const FRACTION_DIGITS_MAX: usize = 8;

/// An exact decimal number. It keeps the digits it was read from, so `14.20` prints as `14.20`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// Reads `8900`, `-3`, `14.20`. Exponents, signs other than a minus, and blanks are refused, and so is what
    /// the crate would read beyond that: `1_000`, `+5`, `.5`.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let some_digits = |part: &str, most| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !some_digits(whole, WHOLE_DIGITS_MAX) || !some_digits(fraction, FRACTION_DIGITS_MAX) {
            return None;
        }
        rust_decimal::Decimal::from_str_exact(text).ok().map(Decimal)
    }

    /// Adds exactly.
    pub(super) fn plus(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_add(other.0))
    }

    /// Subtracts exactly.
    pub(super) fn minus(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_sub(other.0))
    }

    /// Divides by a number that is not 0, and rounds to as many digits as this has, half away from nothing.
    pub(super) fn divided_by(self, divisor: u32) -> Decimal {
        let digits = self.0.scale();
        let quotient = self.0.checked_div(divisor.into()).unwrap_or_default();
        let mut rounded = quotient.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(digits);
        Decimal(rounded)
    }

    /// Says whether this is more than nothing.
    pub(super) fn is_positive(self) -> bool {
        self.0 > rust_decimal::Decimal::ZERO
    }

    /// Says whether this is nothing.
    pub(super) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Says whether this is a whole number, however many zeros follow its point.
    pub(super) fn is_whole(self) -> bool {
        self.0.is_integer()
    }

    /// Gives the amount as a JSON number with these very digits.
    pub(super) fn to_json(self) -> Value {
        Value::Number(Number::from_string_unchecked(self.to_string()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::decimal::Decimal;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn amounts_are_equal_by_value_and_keep_their_digits() {
        assert_eq!(decimal("14.2"), decimal("14.20"));
        assert_eq!(decimal("14.20").to_string(), "14.20");
        assert_eq!(decimal("-0.05").to_string(), "-0.05");
        assert_eq!(decimal("-0").to_string(), "0");
        let longest = "123456789012345678.12345678";
        assert_eq!(decimal(longest).to_string(), longest);
    }

    #[test]
    fn sums_are_exact_where_binary_fractions_are_not() {
        assert_eq!(decimal("0.1").plus(decimal("0.2")), decimal("0.3"));
        assert_eq!(decimal("8900").minus(decimal("0.01")).to_string(), "8899.99");
        assert_eq!(decimal("8900").minus(decimal("8900")).to_string(), "0");
        assert_eq!(decimal("14.20").plus(decimal("1")).to_string(), "15.20");
        assert!(decimal("9.99") < decimal("10"));
    }

    #[test]
    fn a_quotient_is_rounded_to_the_same_digits() {
        assert_eq!(decimal("15000").divided_by(11).to_string(), "1364");
        assert_eq!(decimal("14.20").divided_by(11).to_string(), "1.29");
        assert_eq!(decimal("22.00").divided_by(11).to_string(), "2.00");
        assert_eq!(decimal("-15000").divided_by(11).to_string(), "-1364");
        assert_eq!(decimal("5").divided_by(11).to_string(), "0");
    }

    #[test]
    fn whole_numbers_are_told_from_fractions() {
        assert!(decimal("8900.00").is_whole());
        assert!(!decimal("8900.50").is_whole());
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in
            ["", "-", ".5", "5.", "1e3", "+5", "8,900", "8_900", "--5", " 5", "１", "1234567890123456789"]
        {
            assert!(Decimal::parse(text).is_none(), "{text:?} was read as a number");
        }
    }
}
