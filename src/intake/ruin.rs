//! What spreadsheets make of values, and what a value that was ruined looks like.
//!
//! Only what no person means is taken for a ruin: ISO dates, `12e4` and order numbers with letters stay what
//! they are.

use thiserror::Error;

use crate::intake::wanted::Kind;

/// Why a cell is no value, what did it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Ruin {
    #[error(
        "`{0}` is an error of the spreadsheet and no value; fix its formula there, and save the file again"
    )]
    Error(String),
    #[error("`{0}` is a column that was too narrow to show its value; widen it, and save the file again")]
    Narrow(String),
    #[error(
        "`{0}` is a long number as a spreadsheet shows it, and its last digits are lost; format the column as \
         text before the ids go in, and save the file again"
    )]
    Exponent(String),
    #[error("`{0}` is a number with an exponent or a fraction; write ids in quotes")]
    JsonNumber(String),
    #[error(
        "`{0}` is an id that a spreadsheet took for a date; format the column as text before the ids go in, and \
         save the file again"
    )]
    Date(String),
    #[error(
        "`{0}`: every id of 16 and more digits in this column is zeros after its 15th digit, because a \
         spreadsheet keeps no more; format the column as text before the ids go in, and save the file again"
    )]
    Zeros(String),
}

/// Errors of Excel, Google Sheets and LibreOffice, in English and Korean.
const ERRORS: [&str; 22] = [
    "#N/A",
    "#NAME?",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#EXTERNAL!",
    "#BUSY!",
    "#PYTHON!",
    "#ERROR!",
    "#TIMEOUT!",
    "#이름?",
    "#값!",
    "#참조!",
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The ruin that a cell of a column is, if it is one.
pub(super) fn ruin(kind: Kind, cell: &str) -> Option<Ruin> {
    let text = cell.trim();
    let owned = || text.to_owned();
    match text.as_bytes() {
        [b'#', rest @ ..] => {
            if rest.iter().all(|byte| *byte == b'#') {
                return Some(Ruin::Narrow(owned()));
            }
            if ERRORS.iter().any(|error| error.eq_ignore_ascii_case(text)) {
                return Some(Ruin::Error(owned()));
            }
        }
        [b'E', b'r', b'r', b':', digits @ ..]
            if digits.len() == 3 && digits.iter().all(u8::is_ascii_digit) =>
        {
            return Some(Ruin::Error(owned()));
        }
        _ => {}
    }
    if kind != Kind::Id {
        return None;
    }
    if is_exponent(text) {
        return Some(Ruin::Exponent(owned()));
    }
    is_date(text).then(|| Ruin::Date(owned()))
}

/// `2.02611E+13`, or `2,02611E+13` where decimals have a comma: a point and a plus, as a narrow column shows a long
/// number.
fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let Some((whole, fraction)) = mantissa.split_once(['.', ',']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    whole.len() == 1 && exponent.len() >= 2 && [whole, fraction, exponent].into_iter().all(is_digits)
}

/// `11월 28일`, `2026년 11월 28일`, `28-Nov`, `Nov-28`, `28-Nov-26`.
fn is_date(text: &str) -> bool {
    if let Some(rest) = text.strip_suffix('일') {
        let rest = rest.split_once('년').map_or(rest, |(_, rest)| rest);
        return rest
            .split_once('월')
            .is_some_and(|(month, day)| is_short(month.trim()) && is_short(day.trim()));
    }
    if text.len() > 11 || !text.is_ascii() {
        return false;
    }
    let is_month = |part: &str| MONTHS.iter().any(|month| month.eq_ignore_ascii_case(part));
    let is_year = |part: &str| is_digits(part) && matches!(part.len(), 2 | 4);
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [day, month] if is_month(month) => is_short(day),
        [month, year] if is_month(month) => is_year(year),
        [day, month, year] => is_short(day) && is_month(month) && is_year(year),
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_short(text: &str) -> bool {
    is_digits(text) && text.len() <= 2
}

/// How many digits of a number a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;

/// What becomes of the long ids of one column: one alone says nothing, all of them do.
#[derive(Debug, Default)]
pub(super) struct LongIds {
    /// The first ones that are zeros after the 15th digit, each with its line.
    pub zeros: Vec<(u64, String)>,
    count: u64,
    others: bool,
}

impl LongIds {
    pub(super) fn see(&mut self, line: u64, id: &str) {
        if id.len() <= KEPT_DIGITS || !is_digits(id) {
            return;
        }
        if id.bytes().skip(KEPT_DIGITS).all(|digit| digit == b'0') {
            self.count += 1;
            if self.zeros.len() < 100 {
                self.zeros.push((line, id.to_owned()));
            }
        } else {
            self.others = true;
        }
    }

    /// Whether they were ruined: there are some, and all of them are zeros at the end.
    pub(super) fn are_ruins(&self) -> bool {
        self.count > 0 && !self.others
    }

    /// The first one that may be one, among others that are not.
    pub(super) fn doubtful(&self) -> Option<&(u64, String)> {
        self.zeros.first().filter(|_| self.others)
    }
}

/// Whether a text names a sum and no customer.
pub(super) fn is_total(text: &str) -> bool {
    const TOTALS: [&str; 10] =
        ["합계", "소계", "총계", "총합계", "총합", "누계", "total", "subtotal", "grandtotal", "totals"];
    // Most ids are longer, or have digits.
    if text.is_empty() || text.len() > 40 || text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | '：'))
        .collect::<String>()
        .to_lowercase();
    TOTALS.contains(&bare.as_str())
}

/// Whether two neighbouring cells are an amount that a comma cut in two: `1` and `000`. Where the second may be
/// an amount itself, only one that begins with a zero is no amount.
pub(super) fn is_split_amount(first: &str, second: &str, second_is_amount: bool) -> bool {
    let first = first.trim().trim_start_matches(['₩', '￦']).trim_start();
    let second = second.trim().trim_end_matches('원').trim_end();
    let second = second.strip_suffix(".00").unwrap_or(second);
    is_digits(first)
        && first.len() <= 3
        && !first.starts_with('0')
        && second.len() == 3
        && is_digits(second)
        && (!second_is_amount || second.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::{LongIds, Ruin, is_split_amount, is_total, ruin};
    use crate::intake::wanted::Kind;

    #[test]
    fn errors_and_narrow_columns_are_ruins_in_any_cell() {
        for kind in [Kind::Id, Kind::Amount, Kind::Text] {
            for text in ["#N/A", " #NAME? ", "#ref!", "#DIV/0!", "#값!", "Err:502"] {
                assert_eq!(ruin(kind, text), Some(Ruin::Error(text.trim().to_owned())));
            }
            assert_eq!(ruin(kind, "####"), Some(Ruin::Narrow("####".to_owned())));
            for text in ["#1 구독", "#NAME", "a#", "Error:502", "", "N/A"] {
                assert_eq!(ruin(kind, text), None, "{text}");
            }
        }
    }

    #[test]
    fn long_numbers_and_dates_are_ruins_as_ids_only() {
        for text in ["2.02611E+13", "1.5e+10", "-2.0E+12", "2,02611E+13"] {
            assert_eq!(ruin(Kind::Id, text), Some(Ruin::Exponent(text.to_owned())), "{text}");
            assert_eq!((ruin(Kind::Amount, text), ruin(Kind::Text, text)), (None, None));
        }
        for text in ["11월 28일", "11월28일", "2026년 11월 28일", "28-Nov", "1-may", "Nov-28", "28-Nov-2026"]
        {
            assert_eq!(ruin(Kind::Id, text), Some(Ruin::Date(text.to_owned())), "{text}");
            assert_eq!(ruin(Kind::Text, text), None);
        }
    }

    #[test]
    fn what_people_write_is_no_ruin() {
        for text in [
            "12e4",
            "12E+4",
            "2E+13",
            "1.5E10",
            "20.5E+13",
            "2026-11-28",
            "2026-11",
            "11-28",
            "2026/11/28",
            "order-Nov",
            "a-Nov",
            "Nov",
            "11월",
            "11월분",
            "28-November",
            "may-a",
            "128-Nov",
            "11월 28일분",
            "월 일",
            "1e10",
        ] {
            assert_eq!(ruin(Kind::Id, text), None, "{text}");
        }
    }

    #[test]
    fn long_ids_are_ruins_when_all_of_them_end_in_zeros() {
        let seen = |ids: &[&str]| {
            let mut long = LongIds::default();
            ids.iter().zip(2..).for_each(|(id, line)| long.see(line, id));
            (long.are_ruins(), long.doubtful().map(|(line, _)| *line))
        };
        assert_eq!(seen(&["2026112300010000", "20261123000100000", "a", "7"]), (true, None));
        assert_eq!(seen(&["2026112300010001", "2026112300010000"]), (false, Some(3)));
        assert_eq!(seen(&["2026112300010001", "202611230001000", "o2026112300010000"]), (false, None));
        assert_eq!(seen(&[]), (false, None));
    }

    #[test]
    fn sums_are_known_by_their_name() {
        for text in ["합계", " 합 계 ", "소계:", "Total", "TOTAL", "Sub-total", "Grand total"] {
            assert!(is_total(text), "{text}");
        }
        for text in ["", "합계상사", "total_1", "gildong"] {
            assert!(!is_total(text), "{text}");
        }
    }

    #[test]
    fn an_amount_cut_at_its_comma_is_known_by_its_halves() {
        for (first, second, amount) in
            [("1", "000", false), ("₩12", "345원", false), ("1", "000", true), ("1", "000.00", false)]
        {
            assert!(is_split_amount(first, second, amount), "{first} {second}");
        }
        for (first, second, amount) in [
            ("8900", "000", false),
            ("990", "구독", false),
            ("990원", "365", false),
            ("990", "190", true),
            ("0", "000", false),
            ("1", "00", false),
        ] {
            assert!(!is_split_amount(first, second, amount), "{first} {second}");
        }
    }
}
