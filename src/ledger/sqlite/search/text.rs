//! The box: what a caller reads out, as SQL. Each word must match, in whatever field.

use rusqlite::types::Value;

use crate::domain::money::{Amount, Currency};
use crate::domain::text::{nfc, spellings};
use crate::ledger::grams::{Whole, all_pieces, whole};
use crate::ledger::sqlite::search::Choice;

/// A telephone number's column, as people dial it here: without what stands between the digits, and without the
/// country.
macro_rules! digits_of {
    ($column:literal) => {
        concat!(
            "replace(replace(replace(replace(replace(replace(replace(",
            $column,
            ", '-', ''), ' ', ''), '.', ''), '(', ''), ')', ''), '+82', '0'), '+', '')"
        )
    };
}

pub(in crate::ledger::sqlite) use digits_of;

/// A column of text without its blanks: people read out a name in one piece.
macro_rules! tight {
    ($column:literal) => {
        concat!("replace(", $column, ", ' ', '')")
    };
}

/// Whether an id says nothing to a person: of a period, or made up. Inside one, any few digits are found.
const DERIVED: &str = "(once_per = 1 OR (length(merchant_uid) = 30 \
     AND substr(merchant_uid, 1, 14) NOT GLOB '*[^0-9]*' AND substr(merchant_uid, 15) NOT GLOB '*[^0-9a-f]*'))";

/// Every way a caller may name a payment, by one word; `#` stands for which word it is. A value that the word cannot
/// be is bound as NULL, which is equal to nothing. The currencies without and with three decimals are those of
/// `domain::money`; a test holds the two together.
const WORD: &str = concat!(
    "(merchant_uid LIKE :prefix# ESCAPE '\\' OR imp_uid LIKE :like# ESCAPE '\\' \
      OR apply_num LIKE :like# ESCAPE '\\' OR pg_tid LIKE :like# ESCAPE '\\' OR ",
    tight!("name"),
    " LIKE :like# ESCAPE '\\' OR customer_uid LIKE :like# ESCAPE '\\' OR ",
    tight!("buyer_name"),
    " LIKE :like# ESCAPE '\\' OR buyer_email LIKE :like# ESCAPE '\\' OR note LIKE :like# ESCAPE '\\' \
      OR message LIKE :like# ESCAPE '\\' OR card_name LIKE :like# ESCAPE '\\' OR ",
    digits_of!("buyer_tel"),
    " LIKE :digits# OR name LIKE :apart# ESCAPE '\\' \
      OR customer_uid LIKE :apart# ESCAPE '\\' OR buyer_name LIKE :apart# ESCAPE '\\' \
      OR substr(card_number, -4) = :last_four# OR card_number = :exact# \
      OR amount_minor = CASE \
         WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', \
             'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN :minor_0_# \
         WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN :minor_3_# \
         ELSE :minor_2_# END \
      OR EXISTS (SELECT 1 FROM records WHERE payment_id = payments.id AND (records.imp_uid LIKE :like# ESCAPE '\\' \
            OR records.apply_num LIKE :like# ESCAPE '\\')) \
      OR customer_uid IN (SELECT customer_uid FROM temp.people WHERE word = #)"
);

/// The saved customers that one word names.
const PEOPLE: &str = concat!(
    "SELECT #, customer_uid FROM customers WHERE (",
    tight!("name"),
    " LIKE :like# ESCAPE '\\' OR name LIKE :apart# ESCAPE '\\' OR email LIKE :like# ESCAPE '\\' OR ",
    digits_of!("tel"),
    " LIKE :digits#)"
);

/// How well a payment fits one word: an id or an approval number that is the word itself, or begins with it, comes
/// before all else.
const RANK: &str = "(2 * (merchant_uid = :exact# OR imp_uid IS :exact# OR apply_num IS :exact# \
      OR id IN (SELECT payment_id FROM records WHERE imp_uid = :exact# OR apply_num = :exact#)) \
      + (merchant_uid LIKE :prefix# ESCAPE '\\' OR ifnull(imp_uid LIKE :prefix# ESCAPE '\\', 0)))";

/// Fewer digits than this are in every telephone number.
const TEL_DIGITS_MIN: usize = 3;

/// So many digits, begun as they are, are one telephone number, whatever stands between them.
const WHOLE_TEL_DIGITS_MIN: usize = 9;

/// Longer than anything that is kept of a payment: no column holds it, and SQLite takes no such pattern.
const TEXT_BYTES_MAX: usize = 20_000;

/// More pieces of one text than this make it no rarer.
const PIECES_MAX: usize = 6;

/// So many words are told apart; whoever gives more has pasted something else.
const WORDS_MAX: usize = 16;

/// What a text asks for.
pub(in crate::ledger::sqlite) struct Asked {
    /// One condition a word. They look into `temp.people`.
    pub(in crate::ledger::sqlite) conditions: Vec<String>,
    /// What to sort by, descending, before all else.
    pub(in crate::ledger::sqlite) rank: String,
    pub(in crate::ledger::sqlite) params: Vec<(String, Value)>,
    pub(in crate::ledger::sqlite) words: Vec<Word>,
}

/// One word of it.
pub(in crate::ledger::sqlite) struct Word {
    /// Which saved customers it names, for `temp.people`.
    pub(in crate::ledger::sqlite) people: Choice,
    /// The pieces that a payment has in which it stands, by any of several ways; `None` where it is too short to have
    /// any. A payment whose customer it names needs none.
    pub(in crate::ledger::sqlite) pieces: Option<Vec<Vec<u32>>>,
}

/// Whether a text asks for anything.
pub(in crate::ledger::sqlite) fn asks(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The words of a text as SQL; `None` of one without any.
pub(in crate::ledger::sqlite) fn asked(text: &str) -> Option<Asked> {
    if text.len() > TEXT_BYTES_MAX {
        let conditions = vec!["0".to_owned()];
        return Some(Asked { conditions, rank: "0".to_owned(), params: Vec::new(), words: Vec::new() });
    }
    let texts = words(text);
    let mut words = Vec::new();
    let (mut conditions, mut rank, mut params) = (Vec::new(), Vec::new(), Vec::new());
    for (n, word) in texts.iter().enumerate() {
        let numbered = |sql: &str| sql.replace('#', &n.to_string());
        conditions.push(numbered(&format!(
            "{WORD} OR (NOT {DERIVED} AND (merchant_uid LIKE :like# ESCAPE '\\' OR merchant_uid LIKE :apart# ESCAPE '\\')))"
        )));
        rank.push(numbered(RANK));
        let minor = |code| Value::from(minor_of(word, code));
        let minors = [(":minor_0_", minor("KRW")), (":minor_2_", minor("USD")), (":minor_3_", minor("KWD"))];
        let prefix = like(&nfc(word)).trim_start_matches('%').to_owned();
        let own = [(":prefix", prefix.into()), (":exact", nfc(word).into_owned().into())];
        let all = text_params(word).into_iter().chain(minors).chain(own);
        params.extend(all.map(|(name, value)| (format!("{name}{n}"), value)));
        let of_people = text_params(word).into_iter().filter(|(name, _)| *name != ":last_four");
        let of_people = of_people.map(|(name, value)| (format!("{name}{n}"), value)).collect();
        words.push(Word {
            people: Choice { sql: numbered(PEOPLE), params: of_people },
            pieces: pieces_of(word),
        });
    }
    (!texts.is_empty()).then(|| Asked { conditions, rank: rank.join(" + "), params, words })
}

/// What [`WORD`] needs of a payment, for each of its ways: the text anywhere, composed or apart, or as digits; or a value
/// as a whole.
fn pieces_of(word: &str) -> Option<Vec<Vec<u32>>> {
    // SQL ends a pattern where this stands in it.
    if word.contains('\0') {
        return None;
    }
    let texts = spellings(&nfc(word)).into_iter().take(2).chain(tel_digits(word));
    let mut ways: Vec<Vec<u32>> = texts.map(|text| all_pieces(&text)).collect();
    if ways.iter().any(Vec::is_empty) {
        return None;
    }
    ways.push(vec![whole(Whole::Card, &nfc(word))]);
    ways.extend(last_four(word).map(|digits| vec![whole(Whole::LastFour, digits)]));
    let minors = ["KRW", "USD", "KWD"].into_iter().filter_map(|code| minor_of(word, code));
    ways.extend(minors.map(|minor| vec![whole(Whole::Amount, &minor.to_string())]));
    let mut ways: Vec<Vec<u32>> = ways.into_iter().map(telling).collect();
    ways.sort();
    ways.dedup();
    Some(ways)
}

/// A few of a text's pieces: those that are not all ASCII are the rarest, and come first, as the largest numbers do.
fn telling(mut grams: Vec<u32>) -> Vec<u32> {
    grams.sort_unstable_by(|one, other| other.cmp(one));
    let step = grams.len().div_ceil(PIECES_MAX).max(1);
    grams.into_iter().step_by(step).collect()
}

/// What stands between blanks; but a telephone number that is written apart is one word, and so is an amount and
/// its won.
fn words(text: &str) -> Vec<String> {
    let text = text.trim();
    let begins = text.starts_with(['0', '+']);
    if begins && tel_digits(text).is_some_and(|digits| digits.len() >= WHOLE_TEL_DIGITS_MIN) {
        return vec![text.to_owned()];
    }
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let words_so_far = words.len();
        match words.last_mut() {
            Some(amount) if word == "원" && amount.ends_with(|c: char| c.is_ascii_digit()) => {
                amount.push_str(word);
            }
            Some(rest) if words_so_far == WORDS_MAX => rest.push_str(word),
            Some(_) | None => words.push(word.to_owned()),
        }
    }
    words
}

/// What `:like`, `:apart`, `:digits` and `:last_four` stand for. What is kept is composed, but for what an older
/// billkey wrote down as it came: `:apart` finds that.
pub(in crate::ledger::sqlite) fn text_params(text: &str) -> [(&'static str, Value); 4] {
    let apart = spellings(&nfc(text)).into_iter().nth(1);
    [
        (":like", like(&nfc(text)).into()),
        (":apart", apart.map(|text| like(&text)).into()),
        (":digits", tel_digits(text).map(|digits| format!("%{digits}%")).into()),
        (":last_four", last_four(text).map(str::to_owned).into()),
    ]
}

/// A pattern that finds the text itself anywhere: its own wildcards are letters.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The digits of what may be a piece of a telephone number.
fn tel_digits(text: &str) -> Option<String> {
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '.' | '(' | ')' | '+')) {
        return None;
    }
    let digits: String = text.replace("+82", "0").chars().filter(char::is_ascii_digit).collect();
    // Some dial the trunk's 0 after the country all the same.
    let digits = if digits.starts_with("00") { digits.replacen('0', "", 1) } else { digits };
    (digits.len() >= TEL_DIGITS_MIN).then_some(digits)
}

fn last_four(text: &str) -> Option<&str> {
    (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// The text as an amount in this currency; the sign of the won may stand before it.
fn minor_of(text: &str, code: &str) -> Option<i64> {
    let digits = text.strip_prefix('₩').unwrap_or(text);
    let amount = Currency::parse(code).ok().and_then(|currency| Amount::parse(digits, currency).ok());
    amount.map(|amount| amount.minor())
}

#[cfg(test)]
mod tests {
    use super::{WORD, like, tel_digits, words};
    use crate::domain::money::Currency;

    #[test]
    fn the_searchs_decimals_are_those_of_every_currency() {
        let (whole, rest) = WORD.split_once(":minor_0").unwrap();
        let (thousandths, _) = rest.split_once(":minor_3").unwrap();
        for code in (0..26 * 26 * 26_u32).map(|n| {
            [n / 676, n / 26 % 26, n % 26]
                .map(|i| char::from_u32(u32::from(b'A') + i).unwrap())
                .iter()
                .collect::<String>()
        }) {
            let quoted = format!("'{code}'");
            let decimals = if whole.contains(&quoted) {
                0
            } else if thousandths.contains(&quoted) {
                3
            } else {
                2
            };
            assert_eq!(Currency::parse(&code).unwrap().decimals(), decimals, "{code}");
        }
    }

    #[test]
    fn wildcards_in_a_text_are_letters() {
        assert_eq!(like(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn only_digits_and_what_stands_between_them_are_a_telephone_number() {
        assert_eq!(tel_digits("010-1234").as_deref(), Some("0101234"));
        assert_eq!(tel_digits("+82 (10) 1234.5678").as_deref(), Some("01012345678"));
        for text in ["01", "order-0101234", "", "--"] {
            assert_eq!(tel_digits(text), None, "{text}");
        }
    }

    #[test]
    fn a_word_ends_at_a_blank_but_for_numbers_that_are_written_apart() {
        for (text, expected) in [
            ("홍길동  8,900", vec!["홍길동", "8,900"]),
            ("8,900 원 kim", vec!["8,900원", "kim"]),
            ("010 1234 5678", vec!["010 1234 5678"]),
            ("+82 10-1234-5678", vec!["+82 10-1234-5678"]),
            ("8900 30012345", vec!["8900", "30012345"]),
            ("  ", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
