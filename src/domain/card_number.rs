//! Card numbers that nobody masked, and their masks: what must not be kept or shown, wherever an answer puts it.

use std::borrow::Cow;
use std::ops::Range;

/// The digits of a card number that stay to be read: the issuer's six and the last four.
const HEAD: usize = 6;
const TAIL: usize = 4;

/// The longest group that a person parts a card number into: `540926 0012 341234`. Longer ones side by side are
/// two numbers, such as two approvals.
const GROUP_DIGITS_MAX: usize = 6;

/// In which groups card numbers are written. Looked for inside of longer rows of groups too.
const GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];

/// Puts stars in a text over the middle of every card number (contract, rule 11): 13 to 19 digits, in one piece
/// or in groups with blanks, hyphens or the like between them, that have a card number's check digit and first
/// digits. What is part of a longer number or of a word with letters, such as an id, is left alone.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    // Nothing to look for in what most texts are.
    if text.chars().filter(|c| digit(*c).is_some()).count() < 13 {
        return Cow::Borrowed(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let found = numbers(&chars);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = chars;
    for range in found {
        star(&mut shown, range);
    }
    Cow::Owned(shown.into_iter().collect())
}

/// The value of a field that is a card number: of one with 13 or more digits to be read the middle is masked,
/// whatever its check digit says. A PG's own mask is left as it is.
#[must_use]
pub fn masked_field(number: &str) -> Cow<'_, str> {
    if number.chars().filter(|c| digit(*c).is_some()).count() < 13 {
        return Cow::Borrowed(number);
    }
    let mut chars: Vec<char> = number.chars().collect();
    let all = 0..chars.len();
    star(&mut chars, all);
    Cow::Owned(chars.into_iter().collect())
}

/// Whether two masked numbers cannot be of one card: of the first six places and the last four, one shows another
/// digit in both. Each PG masks in its own way, and what either hides says nothing.
#[must_use]
pub fn differ(one: &str, other: &str) -> bool {
    let places = |number: &str| -> Vec<Option<u32>> {
        number.chars().filter(|c| !is_separator(*c)).map(digit).collect()
    };
    let (one, other) = (places(one), places(other));
    let differs = |(one, other): (&Option<u32>, &Option<u32>)| matches!((one, other), (Some(one), Some(other)) if one != other);
    one.iter().zip(&other).take(HEAD).any(differs)
        || one.iter().rev().zip(other.iter().rev()).take(TAIL).any(differs)
}

/// Stars over all digits of the range but the first six and the last four; separators stay.
fn star(chars: &mut [char], range: Range<usize>) {
    let places: Vec<usize> = range.filter(|at| chars.get(*at).is_some_and(|c| digit(*c).is_some())).collect();
    for at in places.iter().take(places.len().saturating_sub(TAIL)).skip(HEAD) {
        if let Some(place) = chars.get_mut(*at) {
            *place = '*';
        }
    }
}

fn digit(c: char) -> Option<u32> {
    match c {
        '０'..='９' => u32::from(c).checked_sub(u32::from('０')),
        _ => c.to_digit(10),
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\n' | '\r')
        || matches!(c, '-' | '.' | '_' | '/' | '·' | '‐'..='―' | '－')
}

/// Where the card numbers stand.
fn numbers(chars: &[char]) -> Vec<Range<usize>> {
    let groups = groups(chars);
    let mut found = Vec::new();
    let mut next = 0;
    while next < groups.len() {
        let row = row(chars, &groups, next);
        next += row.len().max(1);
        found.extend(cards_in(chars, row));
    }
    found
}

/// The pieces of nothing but digits.
fn groups(chars: &[char]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| digit(**c).is_some()) {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            Some(_) | None => groups.push(at..at + 1),
        }
    }
    groups
}

/// The groups from this one on that have one separator of the same kind between each two.
fn row<'a>(chars: &[char], groups: &'a [Range<usize>], first: usize) -> &'a [Range<usize>] {
    let rest = groups.get(first..).unwrap_or_default();
    let between = |pair: &[Range<usize>]| match pair {
        [one, other] if other.start == one.end + 1 => {
            chars.get(one.end).copied().filter(|c| is_separator(*c))
        }
        _ => None,
    };
    let kind = rest.get(..2).and_then(between);
    let more = rest.windows(2).take_while(|pair| kind.is_some() && between(pair) == kind).count();
    rest.get(..=more).unwrap_or(rest)
}

/// The card numbers of one row of groups: the whole row; else a group alone, or a card's usual groups in it.
fn cards_in(chars: &[char], row: &[Range<usize>]) -> Vec<Range<usize>> {
    let whole = match row {
        [first, .., last] if row.iter().all(|group| group.len() <= GROUP_DIGITS_MAX) => {
            Some(first.start..last.end)
        }
        _ => None,
    };
    if let Some(whole) = whole.filter(|whole| is_card(chars, whole)) {
        return vec![whole];
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < row.len() {
        let rest = row.get(at..).unwrap_or_default();
        let usual = GROUPS.iter().filter_map(|sizes| {
            rest.get(..sizes.len())
                .filter(|part| part.iter().map(ExactSizeIterator::len).eq(sizes.iter().copied()))
        });
        let alone = rest.get(..1);
        let parts =
            usual.chain(alone).filter_map(|part| Some((part.len(), part.first()?.start..part.last()?.end)));
        match parts.into_iter().find(|(_, range)| is_card(chars, range)) {
            Some((groups, range)) => {
                found.push(range);
                at += groups;
            }
            None => at += 1,
        }
    }
    found
}

fn is_card(chars: &[char], range: &Range<usize>) -> bool {
    let joins = |at: Option<usize>| {
        at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_')
    };
    if joins(range.start.checked_sub(1)) || joins(Some(range.end)) {
        return false;
    }
    let digits: Vec<u32> = chars.get(range.clone()).into_iter().flatten().filter_map(|c| digit(*c)).collect();
    is_issued(&digits) && has_check_digit(&digits)
}

/// Whether cards of this length begin like this. Thirteen digits that begin with 1 are a time in milliseconds,
/// fourteen that begin with 20 a date and a time.
fn is_issued(digits: &[u32]) -> bool {
    let [first, second, ..] = digits else { return false };
    match digits.len() {
        13 => *first == 4,
        14 => *first == 3,
        15..=19 => *first != 0 && (*first, *second) != (2, 0),
        _ => false,
    }
}

/// The sum that ISO/IEC 7812 (Luhn) asks for.
fn has_check_digit(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{differ, has_check_digit, masked, masked_field};

    #[test]
    fn a_card_number_in_a_text_keeps_its_first_six_and_last_four() {
        for (text, shown) in [
            ("5555555555554444", "555555******4444"),
            ("카드 4111-1111-1111-1111번 거절", "카드 4111-11**-****-1111번 거절"),
            ("카드4111 1111 1111 1111거절", "카드4111 11** **** 1111거절"),
            ("4111.1111.1111.1111", "4111.11**.****.1111"),
            ("3782-822463-10005", "3782-82****-*0005"),
            ("378282246310005", "378282*****0005"),
            ("30569309025904", "305693****5904"),
            ("4222222222222", "422222***2222"),
            ("(6304000000000000000)", "(630400*********0000)"),
            ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4 1 1 1 1 1 * * * * * * 1 1 1 1"),
            ("４１１１１１１１１１１１１１１１", "４１１１１１******１１１１"),
            ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "4111\u{a0}11**\u{a0}****\u{a0}1111"),
            ("4111–1111–1111–1111", "4111–11**–****–1111"),
            ("1 4111 1111 1111 1111", "1 4111 11** **** 1111"),
            ("4111111111111111 5555555555554444", "411111******1111 555555******4444"),
            ("4111111111111111,5555555555554444", "411111******1111,555555******4444"),
            ("[4111111111111111]", "[411111******1111]"),
            ("no=4111111111111111;", "no=411111******1111;"),
            ("4111 1111 1111 1111 2026", "4111 11** **** 1111 2026"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_card_number_is_left_alone() {
        for text in [
            "",
            "통장 잔액부족",
            "4111111111111112",
            "41111111111111110",
            "94111111111111111111",
            "imps_4111111111111111",
            "order4111111111111111",
            "4111111111111111x",
            "0000000000000000",
            "30012345 12345674",
            "2026-11-23 19:30:04",
            "20261123193008",
            "1764340000005",
            "010-1234-5678",
            "4111-11**-****-1111",
            "411111******1111",
            "4111 1111\n1111 1111",
            "₩4,111,111,111,111,111",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn a_field_of_a_card_number_is_masked_whatever_its_check_digit() {
        for (number, shown) in [
            ("4111111111111112", "411111******1112"),
            ("4111-1111-1111-1112", "4111-11**-****-1112"),
            ("540926*********1", "540926*********1"),
            ("5409-26**-****-1234", "5409-26**-****-1234"),
            ("54092600****1234", "54092600****1234"),
            ("5409260012341*34", "540926*****41*34"),
            ("", ""),
        ] {
            assert_eq!(masked_field(number), shown, "{number}");
        }
    }

    #[test]
    fn two_masks_are_of_two_cards_where_a_digit_that_both_show_differs() {
        for (one, other, two) in [
            ("5409-26**-****-1234", "5409-26**-****-1234", false),
            ("5409-26**-****-1234", "540926*********1234", false),
            ("5409-26**-****-1234", "************1234", false),
            ("5409-26**-****-1234", "54092600****1234", false),
            ("5409-26**-****-1234", "5409-26**-****-1235", true),
            ("5409-26**-****-1234", "5409-27**-****-1234", true),
            ("9430-20**-****-0000", "513792*********7", true),
            ("5409-26**-****-1234", "*", false),
            ("", "5409-26**-****-1234", false),
        ] {
            assert_eq!(differ(one, other), two, "{one} {other}");
            assert_eq!(differ(other, one), two, "{other} {one}");
        }
    }

    /// A number with its check digit behind it.
    fn issued(body: &str) -> String {
        let with = |last: u32| format!("{body}{last}");
        let digits = |text: &str| text.chars().filter_map(|c| c.to_digit(10)).collect::<Vec<_>>();
        (0..10).map(with).find(|number| has_check_digit(&digits(number))).unwrap()
    }

    proptest! {
        #[test]
        fn no_card_number_passes_in_any_words(
            body in "[3-9][0-9]{14,17}",
            before in "[가-힣 :=(\"]{0,5}",
            after in "[가-힣 ,.)\"]{0,5}",
        ) {
            let number = issued(&body);
            let text = format!("{before}{number}{after}");
            let shown = masked(&text);
            prop_assert!(!shown.contains(&number), "{shown}");
            prop_assert!(shown.contains(&number[..6]) && shown.contains(&number[number.len() - 4..]), "{shown}");
            prop_assert_eq!(shown.chars().count(), text.chars().count());
        }

        #[test]
        fn any_text_keeps_its_length(text in "\\PC{0,60}") {
            prop_assert_eq!(masked(&text).chars().count(), text.chars().count());
            prop_assert_eq!(masked_field(&text).chars().count(), text.chars().count());
        }
    }
}
