//! What became of money that was refused: at which try it was paid, and after how many days.

use jiff::tz::TimeZone;

use crate::domain::tries::Followed;

/// Tries are told apart up to the fifth, which stands for all behind it; the first is one that turned out paid by itself.
pub const TRIES: usize = 5;
/// The last day of each span of days, counted in calendar days from the first no; the last span has no end.
pub const DAYS: [Option<i64>; 5] = [Some(0), Some(3), Some(7), Some(14), None];

/// The orders of one mode and currency that were first asked for in a time and then refused, followed until now
/// ([`Case::followed`](crate::domain::tries::Case::followed)): an order that goes on from an earlier one is counted with
/// that one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    pub count: u64,
    pub minor: i64,
    /// By the try that was paid, and by the span of [`DAYS`] in which it was.
    pub paid: [[u64; DAYS.len()]; TRIES],
    /// Of those, how many by another order of the same customer and amount.
    pub by_another_order: [u64; TRIES],
    pub paid_minor: i64,
    /// Not paid until now, by the number of tries that were answered.
    pub unpaid: [u64; TRIES],
}

impl Cohort {
    pub fn add(&mut self, followed: &Followed, zone: &TimeZone) {
        let minor = followed.amount.minor();
        self.count += 1;
        self.minor = self.minor.saturating_add(minor);
        let place = |nth: usize| nth.saturating_sub(1).min(TRIES - 1);
        let Some(paid) = followed.paid else {
            raise(self.unpaid.get_mut(place(followed.tries)));
            return;
        };
        let day = |at: jiff::Timestamp| at.to_zoned_datetime(zone.clone()).date();
        let days = day(paid.at).duration_since(day(followed.first_refused_at)).as_hours() / 24;
        let span = DAYS.iter().position(|last| last.is_none_or(|last| days <= last));
        let row = self.paid.get_mut(place(paid.nth));
        raise(row.zip(span).and_then(|(row, span)| row.get_mut(span)));
        if paid.by_another_order {
            raise(self.by_another_order.get_mut(place(paid.nth)));
        }
        self.paid_minor = self.paid_minor.saturating_add(minor);
    }

    /// How many were paid at this try, counted from 0.
    #[must_use]
    pub fn paid_at(&self, place: usize) -> u64 {
        self.paid.get(place).map_or(0, |spans| spans.iter().sum())
    }

    #[must_use]
    pub fn paid_count(&self) -> u64 {
        self.paid.iter().flatten().sum()
    }

    #[must_use]
    pub fn unpaid_count(&self) -> u64 {
        self.unpaid.iter().sum()
    }
}

fn raise(count: Option<&mut u64>) {
    if let Some(count) = count {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::Mode;
    use crate::domain::tries::{Followed, PaidBy};
    use crate::report::cohort::Cohort;

    fn at(text: &str) -> Timestamp {
        format!("2026-{text}:00+09:00").parse().unwrap()
    }

    fn followed(tries: usize, paid: Option<(usize, &str, bool)>) -> Followed {
        Followed {
            mode: Mode::Live,
            amount: Amount::from_minor(8_900, Currency::KRW),
            first_refused_at: at("11-03T23:50"),
            tries,
            paid: paid.map(|(nth, when, by_another_order)| PaidBy { nth, at: at(when), by_another_order }),
        }
    }

    #[test]
    fn a_cohort_counts_each_order_once_by_try_and_by_calendar_days() {
        let mut cohort = Cohort::default();
        for one in [
            followed(1, None),
            followed(9, None),
            followed(1, Some((1, "11-03T23:59", false))),
            followed(2, Some((2, "11-04T00:01", false))),
            followed(2, Some((2, "11-06T23:59", true))),
            followed(3, Some((3, "11-07T00:00", false))),
            followed(7, Some((7, "11-18T00:00", true))),
        ] {
            cohort.add(&one, &TimeZone::get("Asia/Seoul").unwrap());
        }
        assert_eq!((cohort.count, cohort.minor), (7, 62_300));
        let mut expected = [[0; 5]; 5];
        expected[0][0] = 1;
        expected[1][1] = 2;
        expected[2][2] = 1;
        expected[4][4] = 1;
        assert_eq!(cohort.paid, expected);
        assert_eq!(cohort.by_another_order, [0, 1, 0, 0, 1]);
        assert_eq!(cohort.unpaid, [1, 0, 0, 0, 1]);
        assert_eq!(cohort.paid_count() + cohort.unpaid_count(), cohort.count);
        assert_eq!(cohort.paid_minor, 5 * 8_900);
    }
}
