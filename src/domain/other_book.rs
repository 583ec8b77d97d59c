//! A list of payments from elsewhere, the console's or a PG's, held against ours: what a row of it means, and what its
//! rows of one payment say otherwise than we do. Pure, so that tables test it.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::money::{Amount, Currency, MoneyError};

mod when;

pub use crate::domain::other_book::when::When;

/// What a row says of its payment by a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Paid,
    /// Wholly or in part.
    Cancelled,
    /// No money moved.
    NoMoney,
}

const PAID: [&str; 22] = [
    "paid",
    "done",
    "approved",
    "success",
    "succeeded",
    "complete",
    "completed",
    "결제",
    "결제완료",
    "결제성공",
    "완료",
    "승인",
    "승인완료",
    "성공",
    "정상",
    "정상승인",
    "매입",
    "매입완료",
    "신용승인",
    "결제승인",
    "매출",
    "sale",
];

const CANCELLED: [&str; 31] = [
    "cancelled",
    "canceled",
    "cancel",
    "partial_cancelled",
    "partial_canceled",
    "partially_cancelled",
    "partly_cancelled",
    "partialcancelled",
    "refund",
    "refunded",
    "partial_refund",
    "취소",
    "취소완료",
    "결제취소",
    "결제취소완료",
    "승인취소",
    "매입취소",
    "매출취소",
    "전체취소",
    "전액취소",
    "부분취소",
    "부분취소완료",
    "결제부분취소",
    "부분환불",
    "환불",
    "환불완료",
    "전체환불",
    "당일취소",
    "취소승인",
    "신용취소",
    "outside_refund",
];

const NO_MONEY: [&str; 17] = [
    "failed",
    "fail",
    "failure",
    "ready",
    "pending",
    "waiting",
    "declined",
    "aborted",
    "expired",
    "실패",
    "결제실패",
    "승인실패",
    "거절",
    "승인거절",
    "미결제",
    "대기",
    "결제대기",
];

impl Status {
    /// Reads a word of a column of statuses or of kinds; an empty cell says nothing. The error is a sentence.
    pub fn read(word: &str) -> Result<Option<Status>, String> {
        let bare: String =
            word.trim().to_lowercase().chars().filter(|c| !matches!(c, ' ' | '\u{a0}')).collect();
        let is = |words: &[&str]| words.contains(&bare.as_str());
        Ok(Some(match bare.as_str() {
            "" | "-" => return Ok(None),
            _ if is(&PAID) => Status::Paid,
            _ if is(&CANCELLED) => Status::Cancelled,
            _ if is(&NO_MONEY) => Status::NoMoney,
            _ => {
                return Err(format!(
                    "`{}` is no status that is known, and whether money moved depends on it; known are such as 결제완료, \
                     취소 and 실패",
                    word.trim().escape_debug()
                ));
            }
        }))
    }
}

/// The cells of a row that are about money. An empty one was not given.
#[derive(Clone, Copy, Debug, Default)]
pub struct MoneyCells<'a> {
    pub amount: &'a str,
    pub cancelled: &'a str,
    pub status: Option<Status>,
    /// What kind of row it is, in a list that has a row for each movement.
    pub kind: Option<Status>,
}

/// What moved by one row, in minor units, neither less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub sale_minor: i64,
    pub back_minor: i64,
}

/// Which cell is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    Amount(String),
    Cancelled(String),
    Status(String),
}

impl MoneyCells<'_> {
    /// What moved. A positive amount of a row that says `cancelled` may be what went back as well as what was paid
    /// before: without a column of cancelled amounts nobody can tell, and it is not guessed.
    pub fn read(&self, currency: Currency) -> Result<Moved, Wrong> {
        let amount = signed(self.amount, currency).map_err(Wrong::Amount)?;
        let cancelled = signed(self.cancelled, currency).map_err(Wrong::Cancelled)?.map(i64::saturating_abs);
        if amount.is_none() && cancelled.is_none() {
            return Err(Wrong::Amount("there is no amount".to_owned()));
        }
        if self.status == Some(Status::NoMoney) || self.kind == Some(Status::NoMoney) {
            return Ok(Moved::default());
        }
        let (amount, back) = (amount.unwrap_or(0), cancelled.unwrap_or(0));
        let size = amount.saturating_abs();
        if self.kind == Some(Status::Cancelled) || amount < 0 {
            if back > 0 && size > 0 && back != size {
                return Err(Wrong::Cancelled(
                    "it is another amount than the one that the row takes back".to_owned(),
                ));
            }
            return Ok(Moved { sale_minor: 0, back_minor: size.max(back) });
        }
        if amount > 0 && back > amount {
            return Err(Wrong::Cancelled("more was cancelled than was paid".to_owned()));
        }
        if self.status == Some(Status::Cancelled) && back == 0 && amount > 0 {
            return Err(Wrong::Status(
                "the row is cancelled, and no cell of it says how much went back: name the column of cancelled amounts \
                 in a map (cancel_amount), or, where each row is one movement, this one as kind"
                    .to_owned(),
            ));
        }
        Ok(Moved { sale_minor: amount, back_minor: back })
    }
}

/// An amount as lists write it, less than nothing with a minus, a triangle or in brackets.
fn signed(text: &str, currency: Currency) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() || text == "-" {
        return Ok(None);
    }
    let in_brackets = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let bare = text.trim_start_matches(['₩', '￦', '\\']).trim_start();
    let signed = ["-", "−", "－", "△", "▲"].iter().find_map(|sign| bare.strip_prefix(sign));
    let (digits, is_less) = match in_brackets.or(signed) {
        Some(digits) => (digits.trim(), true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    match Amount::parse_or_zero(digits, currency) {
        Ok(amount) if is_less => Ok(Some(amount.minor().saturating_neg())),
        Ok(amount) => Ok(Some(amount.minor())),
        Err(MoneyError::Fraction(..)) => Err(format!(
            "the amount `{}` has decimals, and {currency} has none: a sum was divided, or the column is another one",
            text.escape_debug()
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// A time in which two books are held against each other: `since <= t < until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub since: Timestamp,
    pub until: Timestamp,
    pub zone: TimeZone,
}

impl Span {
    /// Whole days, the last one included.
    #[must_use]
    pub fn of_days(first: Date, last: Date, zone: &TimeZone) -> Option<Span> {
        let midnight = |day: Date| Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp());
        let until = midnight(last.checked_add(1.day()).ok()?)?;
        Some(Span { since: midnight(first)?, until, zone: zone.clone() })
    }

    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }

    /// Whether something that a list tells lies in it; a day does where any of it does.
    #[must_use]
    pub fn has_told(&self, when: When) -> bool {
        let (first, last) = match when {
            When::At(at) => (at, at),
            When::Day(day) => (day.at(0, 0, 0, 0), day.at(23, 59, 59, 0)),
        };
        let at = |time: DateTime| self.zone.to_timestamp(time);
        match (at(first), at(last)) {
            (Ok(first), Ok(last)) => first < self.until && last >= self.since,
            (_, _) => false,
        }
    }
}

/// Our side of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// The ledger says that it was paid.
    pub is_paid: bool,
    pub amount: Amount,
    /// It was approved in the time that is looked at.
    pub is_of_time: bool,
    /// What went back, with when it did, oldest first; and whether the PG did it without the gateway.
    pub backs: Vec<(Timestamp, i64, bool)>,
}

/// One row of the other book about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct There {
    /// Its number among all rows.
    pub row: u32,
    pub currency: Currency,
    pub moved: Moved,
    pub at: Option<When>,
}

/// What is different. Amounts are in minor units of their side's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Paid there, and not here.
    StatusDiffers {
        row: u32,
    },
    AmountDiffers {
        row: u32,
    },
    RefundDiffers {
        here_minor: i64,
        there_minor: i64,
        row: Option<u32>,
    },
    /// The sale has no row.
    NoSale,
    /// The same once more.
    Twice {
        row: u32,
        first: u32,
    },
}

/// How the other book tells refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// A row a payment, with what went back of it so far.
    Payments,
    /// A row for each movement, on its own day.
    Movements,
}

/// What comes of holding rows against a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub findings: Vec<Finding>,
    /// What our side has of it in the time, as far as the other book tells of it: what was paid, and what went back.
    pub paid_minor: i64,
    pub refunded_minor: i64,
}

/// Holds the rows of one payment against it. Without rows it is said what is missing.
#[must_use]
pub fn compare(here: &Here, there: &[There], telling: Telling, span: &Span) -> Compared {
    let mut findings = Vec::new();
    let sales: Vec<&There> = there.iter().filter(|row| row.moved.sale_minor > 0).collect();
    if !here.is_paid {
        findings.extend(there.first().map(|first| {
            let row = sales.first().map_or(first.row, |sale| sale.row);
            Finding::StatusDiffers { row }
        }));
        findings.extend(repeated(&sales));
        return Compared { findings, ..Compared::default() };
    }
    match sales.first() {
        Some(sale)
            if sale.currency != here.amount.currency() || sale.moved.sale_minor != here.amount.minor() =>
        {
            findings.push(Finding::AmountDiffers { row: sale.row });
        }
        Some(_) => {}
        None if here.is_of_time => findings.push(Finding::NoSale),
        None => {}
    }
    let counts = here.is_of_time || !sales.is_empty();
    findings.extend(repeated(&sales));
    // A sale that stands there twice has its refunds there twice.
    let counted: Vec<&There> = there
        .iter()
        .filter(|row| row.moved.sale_minor == 0 || sales.first().is_some_and(|first| first.row == row.row))
        .collect();
    let (refunds, refunded_minor) = refunds(here, &counted, telling, span);
    findings.extend(refunds);
    Compared { findings, paid_minor: if counts { here.amount.minor() } else { 0 }, refunded_minor }
}

/// A payment is made once: each further sale is the first one once more.
fn repeated<'a>(sales: &'a [&There]) -> impl Iterator<Item = Finding> + 'a {
    let first = sales.first().map_or(0, |first| first.row);
    sales.iter().skip(1).map(move |row| Finding::Twice { row: row.row, first })
}

/// What is different, and what went back here.
fn refunds(here: &Here, there: &[&There], telling: Telling, span: &Span) -> (Vec<Finding>, i64) {
    let backs: Vec<&There> = there.iter().copied().filter(|row| row.moved.back_minor > 0).collect();
    let sum: i64 = backs.iter().map(|row| row.moved.back_minor).sum();
    let expected = expected(here, telling, span, there.is_empty());
    if expected.contains(&sum) {
        return (Vec::new(), sum);
    }
    // Two refunds of the same amount at the same time may be two, and are one where only that comes to ours.
    let mut once: Vec<&There> = Vec::new();
    let mut again = Vec::new();
    for back in &backs {
        let same = |first: &&&There| first.at == back.at && first.moved.back_minor == back.moved.back_minor;
        match once.iter().find(same) {
            Some(first) => again.push(Finding::Twice { row: back.row, first: first.row }),
            None => once.push(back),
        }
    }
    let once_sum: i64 = once.iter().map(|row| row.moved.back_minor).sum();
    if expected.contains(&once_sum) {
        return (again, once_sum);
    }
    let here_minor = expected.first().copied().unwrap_or(0);
    let row = backs.first().or(there.first()).map(|back| back.row);
    (vec![Finding::RefundDiffers { here_minor, there_minor: sum, row }], here_minor)
}

/// What may have gone back by the other book, the most likely first: what the PG paid back without the gateway may stand
/// in it or not, and what went back after the time may be in a state and not in a list of movements.
fn expected(here: &Here, telling: Telling, span: &Span, has_no_rows: bool) -> Vec<i64> {
    let sum = |counts: &dyn Fn(Timestamp, bool) -> bool| -> i64 {
        here.backs.iter().filter(|(at, _, outside)| counts(*at, *outside)).map(|(_, minor, _)| minor).sum()
    };
    let mut sums = Vec::new();
    match telling {
        // A payment of another time has no row in a list of payments.
        Telling::Payments if has_no_rows => sums.push(0),
        Telling::Payments => {
            let ends = here.backs.iter().map(|(at, ..)| *at).filter(|at| *at >= span.until);
            let seen_until: Vec<Option<Timestamp>> = [None].into_iter().chain(ends.map(Some)).collect();
            for last in seen_until {
                let is_seen = |at: Timestamp| at < span.until || last.is_some_and(|last| at <= last);
                sums.push(sum(&|at, _| is_seen(at)));
                sums.push(sum(&|at, outside| is_seen(at) && !outside));
            }
        }
        Telling::Movements => {
            sums.push(sum(&|at, _| span.has(at)));
            sums.push(sum(&|at, outside| span.has(at) && !outside));
            if !has_no_rows {
                sums.push(sum(&|_, _| true));
                sums.push(sum(&|_, outside| !outside));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests;
