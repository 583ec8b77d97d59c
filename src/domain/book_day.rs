//! What the payments of a day come to, as a ledger keeps it so that nobody has to read them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::domain::money::Currency;
use crate::domain::movement::Booked;
use crate::domain::payment::Mode;
use crate::domain::tax::TaxRule;

/// A day in Korea begins so long after it does in UTC, and has this many milliseconds.
const KOREA_HOURS: i8 = 9;
const DAY_MS: i64 = 86_400_000;

/// A day of one mode and currency, without what went back. Amounts are minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookDay {
    /// In Korea; of a payment that was paid the day of its approval, of any other the one on which it was asked for.
    pub day: Date,
    pub mode: Mode,
    pub currency: Currency,
    pub paid: u64,
    /// Declined and rejected.
    pub failed: u64,
    /// Pending ones too.
    pub unknown: u64,
    pub not_sent: u64,
    pub gross_minor: i64,
    /// As if what was not named free of tax were taxed.
    pub vat_minor: i64,
    pub tax_free_minor: i64,
    /// Of payments that named no part free of tax: what was paid, and their VAT.
    pub unnamed_minor: i64,
    pub unnamed_vat_minor: i64,
    pub failed_minor: i64,
}

impl BookDay {
    /// VAT and what is free of tax, by a profile's rule; the rest of the gross is supply.
    #[must_use]
    pub fn vat_and_tax_free(&self, rule: Option<TaxRule>) -> (i64, i64) {
        if rule == Some(TaxRule::TaxFree) {
            let vat = self.vat_minor.saturating_sub(self.unnamed_vat_minor);
            (vat, self.tax_free_minor.saturating_add(self.unnamed_minor))
        } else {
            (self.vat_minor, self.tax_free_minor)
        }
    }
}

/// The days of Korea that a time consists of (`first <= day < end`, counted from 1970-01-01), where it consists of nothing
/// but whole ones, and days of the zone are Korea's all the while.
#[must_use]
pub fn whole_days((since, until): (Timestamp, Timestamp), zone: &TimeZone) -> Option<(i64, i64)> {
    let offset = Offset::constant(KOREA_HOURS);
    let moved = zone.following(since).next().is_some_and(|change| change.timestamp() < until);
    if zone.to_offset(since) != offset || moved {
        return None;
    }
    let day = |at: Timestamp| {
        let ms = at.as_millisecond().checked_add(i64::from(KOREA_HOURS) * 3_600_000)?;
        (ms.rem_euclid(DAY_MS) == 0 && at.subsec_nanosecond() == 0).then_some(ms.div_euclid(DAY_MS))
    };
    Some((day(since)?, day(until)?))
}

/// A piece of what a time comes to.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    Day(&'a BookDay),
    /// A payment of which something may have gone back in the time.
    Back(&'a Booked),
    /// A payment of the time with others under its order.
    Further(&'a Booked),
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::whole_days;

    #[test]
    fn a_time_is_of_whole_days_only_between_midnights_of_korea() {
        for (since, until, zone, expected) in [
            ("2026-11-01T00:00+09:00", "2026-12-01T00:00+09:00", "Asia/Seoul", Some((20_758, 20_788))),
            ("2026-11-01T00:00+09:00", "2026-12-01T00:00+09:00", "Asia/Tokyo", Some((20_758, 20_788))),
            ("2026-11-01T00:00+09:00", "2026-11-01T00:00+09:00", "Asia/Seoul", Some((20_758, 20_758))),
            ("2026-11-01T00:00:00.001+09:00", "2026-12-01T00:00+09:00", "Asia/Seoul", None),
            ("2026-11-01T00:00:00.000000001+09:00", "2026-12-01T00:00+09:00", "Asia/Seoul", None),
            ("2026-11-01T00:00+09:00", "2026-11-30T23:59:59+09:00", "Asia/Seoul", None),
            ("2026-11-01T00:00Z", "2026-12-01T00:00Z", "UTC", None),
            ("2026-11-01T00:00+09:00", "2026-12-01T00:00+09:00", "UTC", None),
            ("1987-01-01T00:00+09:00", "1989-01-01T00:00+09:00", "Asia/Seoul", None),
            ("1970-01-01T00:00+09:00", "1970-01-02T00:00+09:00", "Asia/Seoul", Some((0, 1))),
        ] {
            let at = |text: &str| text.parse::<Timestamp>().unwrap();
            let zone_of = TimeZone::get(zone).unwrap();
            assert_eq!(whole_days((at(since), at(until)), &zone_of), expected, "{since} {until} {zone}");
        }
    }
}
