//! A month that was closed: its sums, and what changed in it afterwards.

use jiff::Timestamp;

use crate::domain::money::Currency;
use crate::domain::payment::Mode;

/// What a month comes to in one mode and currency, in minor units. A difference of two may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthSum {
    pub mode: Mode,
    pub currency: Currency,
    /// Payments that were paid.
    pub count: i64,
    pub gross_minor: i64,
    /// What went back in the month, of its own payments and of earlier ones.
    pub same_minor: i64,
    pub earlier_minor: i64,
    /// The parts of what is left.
    pub supply_minor: i64,
    pub vat_minor: i64,
    pub tax_free_minor: i64,
}

impl MonthSum {
    /// Nothing at all.
    #[must_use]
    pub fn none(mode: Mode, currency: Currency) -> MonthSum {
        MonthSum {
            mode,
            currency,
            count: 0,
            gross_minor: 0,
            same_minor: 0,
            earlier_minor: 0,
            supply_minor: 0,
            vat_minor: 0,
            tax_free_minor: 0,
        }
    }

    #[must_use]
    pub fn net_minor(&self) -> i64 {
        self.gross_minor.saturating_sub(self.same_minor).saturating_sub(self.earlier_minor)
    }

    fn parts(&self) -> [i64; 7] {
        [
            self.count,
            self.gross_minor,
            self.same_minor,
            self.earlier_minor,
            self.supply_minor,
            self.vat_minor,
            self.tax_free_minor,
        ]
    }

    fn with(self, other: &MonthSum, sign: i64) -> MonthSum {
        let mut parts = self.parts();
        for (part, more) in parts.iter_mut().zip(other.parts()) {
            *part = part.saturating_add(more.saturating_mul(sign));
        }
        let [count, gross_minor, same_minor, earlier_minor, supply_minor, vat_minor, tax_free_minor] = parts;
        MonthSum {
            count,
            gross_minor,
            same_minor,
            earlier_minor,
            supply_minor,
            vat_minor,
            tax_free_minor,
            ..self
        }
    }

    fn is_none(&self) -> bool {
        self.parts().iter().all(|part| *part == 0)
    }
}

/// A month as it was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// `2026-11`.
    pub month: String,
    /// The zone that its days are of.
    pub zone: String,
    pub at: Timestamp,
    pub operator: Option<String>,
    pub host: Option<String>,
    /// Over every line of the month, and how many they were.
    pub hash: String,
    pub lines: u64,
    /// What the month itself comes to.
    pub sums: Vec<MonthSum>,
    /// What it took over of months that were closed before.
    pub corrections: Vec<(String, MonthSum)>,
}

/// What of a closed month is in the books: its own closing, and every correction of it since.
#[must_use]
pub fn booked(closings: &[Closing], month: &str) -> Vec<MonthSum> {
    let own = closings.iter().filter(|closing| closing.month == month).flat_map(|closing| &closing.sums);
    let later = closings.iter().flat_map(|closing| &closing.corrections);
    let later = later.filter(|(of, _)| of == month).map(|(_, sum)| sum);
    let mut sums: Vec<MonthSum> = Vec::new();
    for sum in own.chain(later) {
        add(&mut sums, sum, 1);
    }
    sums
}

/// What a month comes to now beyond what is in the books of it: nothing where it is as it was closed.
#[must_use]
pub fn correction(now: &[MonthSum], booked: &[MonthSum]) -> Vec<MonthSum> {
    let mut sums = now.to_vec();
    for sum in booked {
        add(&mut sums, sum, -1);
    }
    sums.retain(|sum| !sum.is_none());
    sums
}

fn add(sums: &mut Vec<MonthSum>, sum: &MonthSum, sign: i64) {
    let like = |known: &&mut MonthSum| (known.mode, known.currency) == (sum.mode, sum.currency);
    match sums.iter_mut().find(like) {
        Some(known) => *known = known.with(sum, sign),
        None => sums.push(MonthSum::none(sum.mode, sum.currency).with(sum, sign)),
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use jiff::Timestamp;

    use super::{Closing, MonthSum, booked, correction};
    use crate::domain::money::Currency;
    use crate::domain::payment::Mode;

    fn sum(count: i64, gross: i64, earlier: i64) -> MonthSum {
        MonthSum {
            count,
            gross_minor: gross,
            earlier_minor: earlier,
            supply_minor: gross - earlier,
            ..MonthSum::none(Mode::Live, Currency::KRW)
        }
    }

    fn closing(month: &str, sums: Vec<MonthSum>, corrections: Vec<(&str, MonthSum)>) -> Closing {
        Closing {
            month: month.to_owned(),
            zone: "Asia/Seoul".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            operator: None,
            host: None,
            hash: "0".to_owned(),
            lines: 0,
            sums,
            corrections: corrections.into_iter().map(|(of, sum)| (of.to_owned(), sum)).collect(),
        }
    }

    #[test]
    fn a_change_after_the_closing_is_a_correction_once() {
        let first = closing("2026-10", vec![sum(3, 300, 0)], vec![]);
        let in_books = booked(from_ref(&first), "2026-10");
        assert_eq!(correction(&[sum(3, 300, 0)], &in_books), []);
        let late = sum(4, 400, 50);
        assert_eq!(correction(&[late], &in_books), [sum(1, 100, 50)]);
        let second = closing("2026-11", vec![sum(1, 10, 0)], vec![("2026-10", sum(1, 100, 50))]);
        let in_books = booked(&[first, second], "2026-10");
        assert_eq!(correction(&[late], &in_books), [], "it is in the next month's book");
        assert_eq!(correction(&[], &in_books), [sum(-4, -400, -50)], "all of it is gone");
    }

    #[test]
    fn currencies_and_modes_are_corrected_apart() {
        let test = MonthSum { mode: Mode::Test, ..sum(1, 10, 0) };
        let usd = MonthSum { currency: Currency::parse("USD").unwrap(), ..sum(1, 10, 0) };
        assert_eq!(correction(&[sum(1, 10, 0), test, usd], &[sum(1, 10, 0)]), [test, usd]);
    }
}
