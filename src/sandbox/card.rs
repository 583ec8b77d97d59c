//! A card as its holder types it in. Its number is masked here and kept nowhere else.

use crate::sandbox::clock::{now_ms, year_and_month};
use crate::sandbox::fields::Fields;

/// Card companies by the first digits of their cards, with their standard codes (facts 9).
const COMPANIES: [(&str, &str, &str); 7] = [
    ("5409", "신한카드", "366"),
    ("4579", "KB국민카드", "381"),
    ("4330", "현대카드", "367"),
    ("9430", "BC카드", "361"),
    ("5361", "삼성카드", "365"),
    ("5137", "롯데카드", "368"),
    ("", "신한카드", "366"),
];

/// First digits that no payment card has (ISO/IEC 7812).
const NOBODYS: [char; 4] = ['0', '1', '7', '8'];

/// The standard codes of card companies (facts 9).
pub(super) const CODES: [(&str, &str); 20] = [
    ("361", "BC카드"),
    ("364", "광주카드"),
    ("365", "삼성카드"),
    ("366", "신한카드"),
    ("367", "현대카드"),
    ("368", "롯데카드"),
    ("369", "수협카드"),
    ("370", "씨티카드"),
    ("371", "NH카드"),
    ("372", "전북카드"),
    ("373", "제주카드"),
    ("374", "하나SK카드"),
    ("381", "KB국민카드"),
    ("041", "우리카드"),
    ("071", "우체국"),
    ("002", "KDB산업은행"),
    ("045", "새마을금고"),
    ("048", "신협"),
    ("089", "케이뱅크"),
    ("090", "카카오뱅크"),
];

/// What is known of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    /// `5409-26**-****-1234`.
    pub(super) masked: String,
    pub(super) name: &'static str,
    pub(super) code: &'static str,
}

/// The PG's words of a number that no card company gives out (facts 2.5).
pub(super) const NO_COMPANY: &str = "[F112]유효하지않은 카드번호를 입력하셨습니다. (card_bin 없음)";
/// The PG's words of a card whose numbers are not right (facts 2.5).
pub(super) const WRONG_NUMBERS: &str = "[F113]거래거절 카드번호틀림";

impl Card {
    /// Reads the card whose numbers a form gave: `card_number` and `expiry`. An error is the PG's words.
    pub(super) fn of_form(form: &Fields) -> Result<Card, &'static str> {
        let card = Card::read(&form.text("card_number").unwrap_or_default())?;
        if Card::is_valid_expiry(form) { Ok(card) } else { Err(WRONG_NUMBERS) }
    }

    /// Reads a number of 14 to 16 digits, with or without blanks and hyphens, and its check digit. What no
    /// company gives out is told apart from a slip of the finger: the live suites of the public clients
    /// send both, and want the words of each.
    pub(super) fn read(number: &str) -> Result<Card, &'static str> {
        let card = Card::read_unchecked(number).filter(|card| !card.masked.starts_with(NOBODYS));
        let card = card.ok_or(NO_COMPANY)?;
        if passes_luhn(number) { Ok(card) } else { Err(WRONG_NUMBERS) }
    }

    /// The same without the check digit: the window takes made-up numbers.
    pub(super) fn read_unchecked(number: &str) -> Option<Card> {
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !(14..=16).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (_, name, code) = COMPANIES.into_iter().find(|(prefix, ..)| digits.starts_with(prefix))?;
        let (head, rest) = digits.split_at(4);
        let (middle, last) = (rest.get(..2)?, digits.get(digits.len() - 4..)?);
        Some(Card { masked: format!("{head}-{middle}**-****-{last}"), name, code })
    }

    /// Says whether the field `expiry` is a month as the gateway wants it, `YYYY-MM`, and not over.
    fn is_valid_expiry(fields: &Fields) -> bool {
        let text = fields.text("expiry").unwrap_or_default();
        let Some((year, month)) = text.split_once('-') else { return false };
        let has_digits =
            |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let (Ok(year_number), Ok(month_number)) = (year.parse(), month.parse()) else { return false };
        has_digits(year, 4)
            && has_digits(month, 2)
            && (1..=12).contains(&month_number)
            && (year_number, month_number) >= year_and_month(now_ms())
    }
}

fn passes_luhn(number: &str) -> bool {
    let digits = number.chars().rev().filter_map(|character| character.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(index, digit)| if index % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use crate::sandbox::card::{Card, NO_COMPANY, WRONG_NUMBERS};
    use crate::sandbox::fields::Fields;

    #[test]
    fn a_number_is_masked_and_must_be_one() {
        let masked = |number: &str| Card::read_unchecked(number).map(|card| card.masked);
        assert_eq!(masked("5409-2600-0000-1234").as_deref(), Some("5409-26**-****-1234"));
        assert_eq!(masked("36 123456 781234").as_deref(), Some("3612-34**-****-1234"));
        for bad in ["", "1234", "5409-2600-0000-123x", "54092600000012345"] {
            assert_eq!(masked(bad), None, "{bad}");
            assert_eq!(Card::read(bad), Err(NO_COMPANY), "{bad}");
        }
    }

    #[test]
    fn a_number_with_a_wrong_check_digit_is_none() {
        assert_eq!(Card::read("5409-2600-0000-0006").unwrap().code, "366");
        assert_eq!(Card::read("5409-2600-0000-0007"), Err(WRONG_NUMBERS));
        assert_eq!(Card::read("4092-0230-1234-1234"), Err(WRONG_NUMBERS));
    }

    #[test]
    fn a_number_that_no_company_gives_out_is_told_apart() {
        for number in ["1234-1234-1234-1234", "1111-2222-3333-4444", "0000-0000-0000-0000"] {
            assert_eq!(Card::read(number), Err(NO_COMPANY), "{number}");
        }
    }

    #[test]
    fn an_expiry_is_a_year_and_a_month() {
        for (expiry, is_good) in [("2030-12", true), ("2030-13", false), ("12/30", false), ("203-12", false)]
        {
            let fields = Fields::from_form(&format!("expiry={expiry}"));
            assert_eq!(Card::is_valid_expiry(&fields), is_good, "{expiry}");
        }
    }
}
