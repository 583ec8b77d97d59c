//! The table `texts.tsv`, built in and read when the first message is.
//!
//! Its columns: `pg_provider` (the PGs, with commas between them, under which the words are seen; `gateway`: its
//! own words, or words of any PG; `-`: a PG that the gateway does not carry), `code`, `text` (`…` stands for any
//! run of characters), `proof` (`refund`: an answer to a refund), `doubt`, `reach`, `who_acts`, `retry`,
//! `retry_after`, `meaning_ko`, `meaning_en`. UTF-8, NFC, tabs, a header, no quotes.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::domain::declines::words::{Parts, squeezed};
use crate::domain::declines::{Doubt, Known, Proof, Reach, Retry, RetryAfter, Who};

pub(super) const TEXTS: &str = include_str!("texts.tsv");

/// The more doubtful, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Proved,
    Refund,
    Question,
    Doubt(Doubt),
}

impl Says {
    fn rank(self) -> u8 {
        match self {
            Says::Proved => 0,
            Says::Refund => 1,
            Says::Question => 2,
            Says::Doubt(_) => 3,
        }
    }

    pub(super) fn is_of_a_refund(self) -> bool {
        match self {
            Says::Refund => true,
            Says::Proved | Says::Question | Says::Doubt(_) => false,
        }
    }

    /// Words about a refund in answer to a charge can only mean another request.
    pub(super) fn of_a_charge(self) -> Proof {
        match self {
            Says::Proved => Proof::Proved,
            Says::Refund | Says::Question => Proof::Question,
            Says::Doubt(doubt) => Proof::Doubt(doubt),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pgs: &'static str,
    code: &'static str,
    /// Squeezed.
    text: String,
    pub(super) says: Says,
    pub(super) known: Known,
}

impl Row {
    fn is_of(&self, pg: Option<&str>) -> bool {
        pg.is_some_and(|pg| self.pgs.split(',').any(|known| known == pg))
    }

    /// Those of a PG that the gateway does not carry never do.
    fn may_answer_a_charge(&self) -> bool {
        !self.says.is_of_a_refund() && self.pgs != "-"
    }
}

/// How a row was found: the surer, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Pattern,
    Text,
    Code,
    CodeAndText,
}

struct Table {
    rows: Vec<Row>,
    by_code: HashMap<&'static str, Vec<usize>>,
    by_text: HashMap<String, Vec<usize>>,
    /// Rows whose text has a `…`.
    patterns: Vec<usize>,
}

/// The row that counts among those which fit: the most doubtful, then the one that was found most surely, then
/// the one of this PG, then the first of the table.
pub(super) fn best(pg: Option<&str>, parts: &Parts) -> Option<&'static Row> {
    let table = table();
    let at = |index: &usize| table.rows.get(*index);
    let is_text = |row: &Row| parts.texts.iter().any(|text| fits(&row.text, text));
    let coded = parts.code.as_deref().and_then(|code| table.by_code.get(code)).into_iter().flatten();
    let coded = coded.filter_map(at).filter(|row| row.is_of(pg));
    let coded = coded.map(|row| (row, if is_text(row) { Found::CodeAndText } else { Found::Code }));
    let whole = parts.texts.iter().filter_map(|text| table.by_text.get(text)).flatten();
    let whole = whole.filter_map(at).map(|row| (row, Found::Text));
    let patterns = table.patterns.iter().filter_map(at).filter(|row| is_text(row));
    let all = coded.chain(whole).chain(patterns.map(|row| (row, Found::Pattern)));
    let weight = |(row, found): &(&Row, Found)| {
        // The longer a pattern, the less it says of other texts.
        let length = if *found == Found::Pattern { row.text.len() } else { 0 };
        (row.says.rank(), *found, row.is_of(pg), length)
    };
    all.reduce(|best, next| if weight(&next) > weight(&best) { next } else { best }).map(|(row, _)| row)
}

/// The rows of a code, at one PG or at all that have it, each with its PGs. Those about refunds are left out.
pub(super) fn coded(pg: Option<&str>, code: &str) -> Vec<(&'static str, &'static Known)> {
    let table = table();
    let rows = table.by_code.get(code).into_iter().flatten().filter_map(|index| table.rows.get(*index));
    let rows = rows.filter(|row| row.may_answer_a_charge() && (pg.is_none() || row.is_of(pg)));
    rows.map(|row| (row.pgs, &row.known)).collect()
}

/// Every code of the same rows, with its PGs.
pub(super) fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = table().rows.iter().filter(|row| !row.code.is_empty() && row.may_answer_a_charge());
    rows.map(|row| (row.pgs, row.code))
}

/// Whether a text is a row's: all of it, with any run of characters for each `…`.
fn fits(row: &str, text: &str) -> bool {
    let mut parts = row.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    true
}

/// Read once, by the first message: most runs meet none.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows: Vec<Row> = TEXTS.lines().skip(1).filter_map(row).collect();
        let mut table = Table {
            rows: Vec::new(),
            by_code: HashMap::new(),
            by_text: HashMap::new(),
            patterns: Vec::new(),
        };
        for (index, row) in rows.iter().enumerate() {
            if !row.code.is_empty() {
                table.by_code.entry(row.code).or_default().push(index);
            }
            if row.text.contains('…') {
                table.patterns.push(index);
            } else {
                table.by_text.entry(row.text.clone()).or_default().push(index);
            }
        }
        Table { rows, ..table }
    })
}

/// `None` for a line that is none of the table's: a test reads each.
fn row(line: &'static str) -> Option<Row> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [pgs, code, text, proof, doubt, reach, who, retry, after, meaning_ko, meaning_en] = *cells.as_slice()
    else {
        return None;
    };
    let says = match (proof, doubt) {
        ("proved", "") => Says::Proved,
        ("refund", "") => Says::Refund,
        ("question", "") => Says::Question,
        ("doubt", "timeout") => Says::Doubt(Doubt::Timeout),
        ("doubt", "reversed") => Says::Doubt(Doubt::Reversed),
        ("doubt", "unanswered") => Says::Doubt(Doubt::Unanswered),
        _ => return None,
    };
    let retry = match says {
        // What a refund may do next is no advice for the charge that these words answered.
        Says::Refund => Retry::LookFirst,
        Says::Proved | Says::Question | Says::Doubt(_) => retry_of(retry)?,
    };
    let known = Known {
        reach: reach_of(reach)?,
        who: who_of(who)?,
        retry,
        retry_after: after_of(after)?,
        meaning_ko,
        meaning_en,
    };
    Some(Row { pgs, code, text: squeezed(text), says, known })
}

fn reach_of(word: &str) -> Option<Reach> {
    match word {
        "row" => Some(Reach::Row),
        "card" => Some(Reach::Card),
        "account" => Some(Reach::Account),
        _ => None,
    }
}

fn who_of(word: &str) -> Option<Who> {
    match word {
        "customer" => Some(Who::Customer),
        "merchant" => Some(Who::Merchant),
        "pg" => Some(Who::Pg),
        "later" => Some(Who::Later),
        _ => None,
    }
}

fn retry_of(word: &str) -> Option<Retry> {
    match word {
        "no" => Some(Retry::No),
        "yes" => Some(Retry::Yes),
        "look_first" => Some(Retry::LookFirst),
        "new_card" => Some(Retry::NewCard),
        "after_fix" => Some(Retry::AfterFix),
        _ => None,
    }
}

/// `after_fix` is no time of its own: `retry` says it.
fn after_of(word: &str) -> Option<Option<RetryAfter>> {
    match word {
        "" | "after_fix" => Some(None),
        "15m" => Some(Some(RetryAfter::QuarterHour)),
        "1h" => Some(Some(RetryAfter::Hour)),
        "1d" => Some(Some(RetryAfter::Day)),
        "3d" => Some(Some(RetryAfter::ThreeDays)),
        "next_month" => Some(Some(RetryAfter::NextMonth)),
        _ => None,
    }
}
