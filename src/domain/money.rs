//! Money: whole minor units and a currency, never a binary fraction.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

/// An ISO 4217 currency code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Currencies that count in whole units.
const WHOLE: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies with three decimals.
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// The won, which the gateway assumes when no currency is named (facts 2.1).
    pub const KRW: Currency = Currency(*b"KRW");

    /// Reads a code in either case.
    pub fn parse(text: &str) -> Result<Currency, MoneyError> {
        let code = text.trim().to_ascii_uppercase();
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Currency(code)),
            Ok(_) | Err(_) => Err(MoneyError::Currency(text.to_owned())),
        }
    }

    /// Reads the code of a currency that there is (ISO 4217), in either case. What people ask for is read so; what the
    /// gateway and the ledger name is read by [`Currency::parse`], whatever it is.
    pub fn asked_for(text: &str) -> Result<Currency, MoneyError> {
        let currency = Currency::parse(text)?;
        match iso_currency::Currency::from_code(currency.code()) {
            Some(_) => Ok(currency),
            None => Err(MoneyError::NoSuchCurrency(text.trim().to_owned())),
        }
    }

    /// The code, such as `KRW`.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals the minor unit has (ISO 4217): 0 for the won, 2 for most.
    #[must_use]
    pub fn decimals(&self) -> u8 {
        if WHOLE.contains(&self.code()) {
            0
        } else if THOUSANDTHS.contains(&self.code()) {
            3
        } else {
            2
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What is wrong with an amount or a currency, as a sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    #[error("`{0}` is not a currency code; give three letters such as KRW or USD")]
    Currency(String),
    #[error("there is no currency `{0}` (ISO 4217); the won is KRW, the dollar USD, the yen JPY")]
    NoSuchCurrency(String),
    #[error("`{0}` is not an amount; write it as 8900, 8,900 or 8900원")]
    Amount(String),
    #[error("the amount `{0}` has decimals; {1} is charged in whole units, such as 8900")]
    Fraction(String, Currency),
    #[error("the amount `{0}` has more than {2} decimals; {1} is charged with {2} at most")]
    Decimals(String, Currency, u8),
    #[error("the amount `{0}` is not more than zero; give an amount such as 8900")]
    NotPositive(String),
    #[error("the amount `{0}` is too large to be a payment")]
    TooLarge(String),
}

/// An amount of money in minor units of its currency: won, cents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

impl Amount {
    /// From minor units, as the ledger stores them.
    #[must_use]
    pub fn from_minor(minor: i64, currency: Currency) -> Amount {
        Amount { minor, currency }
    }

    /// Minor units.
    #[must_use]
    pub fn minor(&self) -> i64 {
        self.minor
    }

    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Reads what people and spreadsheets write: `8900`, `8,900`, `₩8,900`, `8,900 원`, `8900 KRW`, `8900.00`,
    /// digits of full width, and `14.20` with a currency that has decimals. A comma always parts thousands and
    /// a point decimals: `8.900` and `89,00` are refused and not guessed. More than zero, no exponent, no sign.
    pub fn parse(text: &str, currency: Currency) -> Result<Amount, MoneyError> {
        let amount = Amount::parse_or_zero(text, currency)?;
        if amount.minor > 0 { Ok(amount) } else { Err(MoneyError::NotPositive(text.to_owned())) }
    }

    /// Like [`Amount::parse`], for parts of an amount that may be zero (`tax_free`, `vat_amount`).
    pub fn parse_or_zero(text: &str, currency: Currency) -> Result<Amount, MoneyError> {
        let bad = || MoneyError::Amount(text.to_owned());
        let narrow = narrow(text);
        let digits = without_currency(narrow.trim(), currency);
        if let Some(rest) = digits.strip_prefix('-') {
            let negative_number = rest.starts_with(|c: char| c.is_ascii_digit());
            return Err(if negative_number { MoneyError::NotPositive(text.to_owned()) } else { bad() });
        }
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(bad()),
            None => (digits, ""),
        };
        let whole = without_group_commas(whole).ok_or_else(bad)?;
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let decimals = currency.decimals();
        // Spreadsheets write whole amounts with two decimals; three would be thousands elsewhere.
        let fraction = if decimals == 0 && matches!(fraction, "0" | "00") { "" } else { fraction };
        if fraction.len() > usize::from(decimals) {
            return Err(if decimals == 0 {
                MoneyError::Fraction(text.to_owned(), currency)
            } else {
                MoneyError::Decimals(text.to_owned(), currency, decimals)
            });
        }
        let minor =
            to_minor(&whole, fraction, decimals).ok_or_else(|| MoneyError::TooLarge(text.to_owned()))?;
        Ok(Amount { minor, currency })
    }

    /// Reads a JSON number or numeric string of the gateway's, digits as received: `8900`,
    /// `8900.0`, `8.9e3`, `"0"`. `None` when it is no number, is negative, or is finer than the
    /// currency's minor unit: then it matches nothing that was asked for.
    #[must_use]
    pub fn from_wire(text: &str, currency: Currency) -> Option<Amount> {
        let text = text.trim();
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || exponent.unsigned_abs() > 40 {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
        let (whole, fraction) = shift_point(&digits, point)?;
        let fraction = fraction.trim_end_matches('0');
        let decimals = currency.decimals();
        if fraction.len() > usize::from(decimals) {
            return None;
        }
        to_minor(&whole, fraction, decimals).map(|minor| Amount { minor, currency })
    }

    /// The digits that go on the wire and into JSON: `8900`, `14.20`. No grouping, no sign of a
    /// currency.
    #[must_use]
    pub fn to_digits(&self) -> String {
        let decimals = usize::from(self.currency.decimals());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// The sum, if it is the same currency and can be held.
    #[must_use]
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Amount { minor, currency: self.currency })
    }

    /// The difference, if it is the same currency and can be held. May be negative.
    #[must_use]
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Amount { minor, currency: self.currency })
    }
}

/// For people: `₩8,900`, `USD 14.20`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.to_digits();
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", digits.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let point = if fraction.is_empty() { "" } else { "." };
        if self.currency == Currency::KRW {
            f.pad(&format!("{sign}₩{grouped}"))
        } else {
            f.pad(&format!("{sign}{} {grouped}{point}{fraction}", self.currency))
        }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digits of full width, as Korean and Japanese keyboards write them, in the width that numbers have here.
fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let narrow = |c: char| match c {
        '０'..='９' => {
            u32::from(c).checked_sub(u32::from('０') - u32::from('0')).and_then(char::from_u32).unwrap_or(c)
        }
        '，' => ',',
        '．' => '.',
        '－' | '−' => '-',
        c => c,
    };
    Cow::Owned(text.chars().map(narrow).collect())
}

/// The number alone: no sign and no code of its own currency. A won sign is a backslash where Korean Excel
/// writes code page 949, which has none.
fn without_currency(text: &str, currency: Currency) -> &str {
    let mut digits = text;
    if currency == Currency::KRW {
        digits = digits.strip_prefix(['₩', '￦', '\\']).unwrap_or(digits);
        digits = digits.strip_suffix('원').unwrap_or(digits);
    }
    let code = currency.code();
    let is_code = |part: &str| part.eq_ignore_ascii_case(code);
    if let Some((number, _)) =
        digits.split_at_checked(digits.len().saturating_sub(3)).filter(|(_, end)| is_code(end))
    {
        digits = number;
    } else if let Some((_, number)) = digits.split_at_checked(3).filter(|(begin, _)| is_code(begin)) {
        digits = number;
    }
    digits.trim()
}

/// `8900` and `8,900` become `8900`; `89,00` and `,900` are no numbers.
fn without_group_commas(text: &str) -> Option<Cow<'_, str>> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        return None;
    }
    let mut groups = text.split(',');
    let first = groups.next()?;
    let grouped = text.contains(',');
    if first.is_empty() || (grouped && first.len() > 3) || groups.any(|group| group.len() != 3) {
        return None;
    }
    Some(if grouped { text.replace(',', "").into() } else { text.into() })
}

/// Puts the decimal point behind the first `point` digits, with zeros where there are none.
fn shift_point(digits: &str, point: i32) -> Option<(String, String)> {
    match usize::try_from(point) {
        Ok(point) if point >= digits.len() => {
            Some((format!("{digits}{}", "0".repeat(point - digits.len())), String::new()))
        }
        Ok(point) => {
            digits.split_at_checked(point).map(|(whole, fraction)| (whole.to_owned(), fraction.to_owned()))
        }
        Err(_) => {
            let zeros = usize::try_from(point.unsigned_abs()).ok()?;
            Some((String::new(), format!("{}{digits}", "0".repeat(zeros))))
        }
    }
}

fn to_minor(whole: &str, fraction: &str, decimals: u8) -> Option<i64> {
    let zeros = usize::from(decimals).checked_sub(fraction.len())?;
    let mut digits = whole.chars().chain(fraction.chars()).chain(std::iter::repeat_n('0', zeros));
    digits.try_fold(0_i64, |minor, digit| minor.checked_mul(10)?.checked_add(digit.to_digit(10)?.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Amount, Currency, MoneyError};

    fn won(text: &str) -> Result<i64, MoneyError> {
        Amount::parse(text, Currency::KRW).map(|amount| amount.minor())
    }

    fn usd() -> Currency {
        Currency::parse("usd").unwrap()
    }

    #[test]
    fn won_are_read_as_people_write_them() {
        for text in [
            "8900",
            "8,900",
            "8900원",
            "8,900원",
            " 8900 ",
            "08900",
            "₩8,900",
            "￦8,900",
            "₩ 8,900",
            "\\8,900",
            "8,900 원",
            "\u{a0}8,900\u{3000}",
            "8900.00",
            "8,900.0",
            "8,900.00원",
            "8900 KRW",
            "KRW 8,900",
            "8900krw",
            "８９００",
            "８，９００원",
        ] {
            assert_eq!(won(text), Ok(8900), "{text}");
        }
        assert_eq!(won("9223372036854775807"), Ok(i64::MAX));
    }

    #[test]
    fn what_is_no_amount_is_refused_and_named() {
        for text in
            ["", "원", "1e5", "8 900", "89,00", "8900,", ",900", "8900.", "abc", "+5", "0x10", "--5", "٣"]
        {
            assert_eq!(won(text), Err(MoneyError::Amount(text.to_owned())), "{text}");
        }
        for text in ["0", "-1", "-8,900", "000"] {
            assert_eq!(won(text), Err(MoneyError::NotPositive(text.to_owned())), "{text}");
        }
        for text in ["8.900", "8.000", "8900.000", "8,900.10"] {
            assert_eq!(won(text), Err(MoneyError::Fraction(text.to_owned(), Currency::KRW)), "{text}");
        }
        for text in ["8,900,00", "$8900", "8900 USD", "₩₩8900", "8900원원", "8.900,00", "(8900)", "KRW"]
        {
            assert_eq!(won(text), Err(MoneyError::Amount(text.to_owned())), "{text}");
        }
        assert_eq!(won("-₩8,900"), Err(MoneyError::Amount("-₩8,900".to_owned())));
        assert_eq!(won("₩-8,900"), Err(MoneyError::NotPositive("₩-8,900".to_owned())));
        assert_eq!(Amount::parse("₩14", usd()), Err(MoneyError::Amount("₩14".to_owned())));
        assert_eq!(won("89.5"), Err(MoneyError::Fraction("89.5".to_owned(), Currency::KRW)));
        assert_eq!(won("9223372036854775808"), Err(MoneyError::TooLarge("9223372036854775808".to_owned())));
    }

    #[test]
    fn other_currencies_keep_their_decimals() {
        let amount = Amount::parse("1,234.5", usd()).unwrap();
        assert_eq!((amount.minor(), amount.to_digits()), (123_450, "1234.50".to_owned()));
        assert_eq!(amount.to_string(), "USD 1,234.50");
        assert_eq!(Amount::parse("0.001", usd()), Err(MoneyError::Decimals("0.001".to_owned(), usd(), 2)));
        assert_eq!(Amount::parse("USD 14.20", usd()).unwrap().minor(), 1420);
        assert!(Amount::parse("14,20", usd()).is_err() && Amount::parse("14.200", usd()).is_err());
        assert_eq!(Amount::parse("0.05", usd()).unwrap().to_digits(), "0.05");
        assert_eq!(Amount::parse("1.234", Currency::parse("KWD").unwrap()).unwrap().minor(), 1234);
    }

    #[test]
    fn gateway_numbers_are_read_leniently_but_exactly() {
        let read = |text| Amount::from_wire(text, Currency::KRW).map(|amount| amount.minor());
        for text in ["8900", "8900.0", "8900.00", "8.9e3", "89E2", "890000e-2", "08900"] {
            assert_eq!(read(text), Some(8900), "{text}");
        }
        for text in ["8900.1", "-8900", "", "e", "8,900", "NaN", "1e99", "9223372036854775808", "1e-5", "."] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("0"), Some(0));
        assert_eq!(Amount::from_wire("14.2", usd()), Some(Amount::from_minor(1420, usd())));
    }

    #[test]
    fn amounts_are_shown_with_their_currency() {
        assert_eq!(Amount::from_minor(8900, Currency::KRW).to_string(), "₩8,900");
        assert_eq!(Amount::from_minor(-1_234_567, Currency::KRW).to_string(), "-₩1,234,567");
        assert_eq!(Amount::from_minor(i64::MIN, Currency::KRW).to_digits(), "-9223372036854775808");
        assert_eq!(Amount::from_minor(5, usd()).to_string(), "USD 0.05");
    }

    #[test]
    fn sums_do_not_wrap_and_do_not_mix_currencies() {
        let most = Amount::from_minor(i64::MAX, Currency::KRW);
        assert_eq!(most.checked_add(Amount::from_minor(1, Currency::KRW)), None);
        assert_eq!(most.checked_sub(Amount::from_minor(1, usd())), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in 1..=i64::MAX) {
            for currency in [Currency::KRW, usd()] {
                let amount = Amount::from_minor(minor, currency);
                prop_assert_eq!(Amount::from_wire(&amount.to_digits(), currency), Some(amount));
                prop_assert_eq!(Amount::parse(&amount.to_digits(), currency), Ok(amount));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = Amount::parse(&text, usd());
            let _ = Amount::from_wire(&text, usd());
        }
    }
}
