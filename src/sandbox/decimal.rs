//! Amounts as exact decimals: compared, added and subtracted without a binary fraction.

use std::fmt;

use serde_json::{Number, Value};

/// The most digits before and after the point: far beyond money, and within `i128` whatever is summed.
const WHOLE_DIGITS_MAX: usize = 18;
const FRACTION_DIGITS_MAX: usize = 8;

/// An exact decimal number. It keeps the digits it was read from, so `14.20` prints as `14.20`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    /// Reads `8900`, `-3`, `14.20`. Exponents, signs other than a minus, and blanks are refused.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dangling_point = digits.contains('.') && fraction.is_empty();
        if whole.is_empty() || dangling_point || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        if whole.len() > WHOLE_DIGITS_MAX || fraction.len() > FRACTION_DIGITS_MAX {
            return None;
        }
        let units: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Decimal { units: if negative { -units } else { units }, scale })
    }

    /// Adds exactly.
    pub(super) fn plus(self, other: Decimal) -> Decimal {
        let (left, right, scale) = self.aligned(other);
        Decimal { units: left + right, scale }
    }

    /// Subtracts exactly.
    pub(super) fn minus(self, other: Decimal) -> Decimal {
        self.plus(Decimal { units: -other.units, scale: other.scale })
    }

    /// Divides, and rounds to as many digits as this has, half away from nothing.
    pub(super) fn divided_by(self, divisor: i128) -> Decimal {
        let half = divisor / 2 * self.units.signum();
        Decimal { units: (self.units + half) / divisor, scale: self.scale }
    }

    /// Says whether this is more than nothing.
    pub(super) fn is_positive(self) -> bool {
        self.units > 0
    }

    /// Says whether this is nothing.
    pub(super) fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Says whether this is a whole number, however many zeros follow its point.
    pub(super) fn is_whole(self) -> bool {
        self.units % 10_i128.pow(self.scale) == 0
    }

    /// Gives the amount as a JSON number with these very digits.
    pub(super) fn to_json(self) -> Value {
        Value::Number(Number::from_string_unchecked(self.to_string()))
    }

    /// Brings two numbers to one scale, which both limits on digits together keep within `i128`.
    fn aligned(self, other: Decimal) -> (i128, i128, u32) {
        let scale = self.scale.max(other.scale);
        let left = self.units * 10_i128.pow(scale - self.scale);
        let right = other.units * 10_i128.pow(scale - other.scale);
        (left, right, scale)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        let (left, right, _) = self.aligned(*other);
        left == right
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<std::cmp::Ordering> {
        let (left, right, _) = self.aligned(*other);
        left.partial_cmp(&right)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let one = 10_u128.pow(self.scale);
        let units = self.units.unsigned_abs();
        let whole = units / one;
        if self.scale == 0 {
            return write!(formatter, "{sign}{whole}");
        }
        let width = usize::try_from(self.scale).unwrap_or(usize::MAX);
        write!(formatter, "{sign}{whole}.{:0width$}", units % one)
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
    }

    #[test]
    fn sums_are_exact_where_binary_fractions_are_not() {
        assert_eq!(decimal("0.1").plus(decimal("0.2")), decimal("0.3"));
        assert_eq!(decimal("8900").minus(decimal("0.01")).to_string(), "8899.99");
        assert!(decimal("9.99") < decimal("10"));
    }

    #[test]
    fn a_quotient_is_rounded_to_the_same_digits() {
        assert_eq!(decimal("15000").divided_by(11).to_string(), "1364");
        assert_eq!(decimal("14.20").divided_by(11).to_string(), "1.29");
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
        for text in ["", "-", ".5", "5.", "1e3", "+5", "8,900", " 5", "１", "1234567890123456789"] {
            assert!(Decimal::parse(text).is_none(), "{text:?} was read as a number");
        }
    }
}
