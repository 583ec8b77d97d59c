//! Rows counted: by what became of them, and while they end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Number;

use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::Fate;
use crate::domain::money::{Amount, Currency};
use crate::domain::time::format_duration;
use crate::output::field::exact_number;

/// How many rows of each fate there are, and what they come to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sums: BTreeMap<Fate, Sum>,
}

/// So many rows, and what they come to in each currency.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub rows: u64,
    amounts: BTreeMap<Currency, Amount>,
}

impl Sum {
    fn add(&mut self, amount: Amount) -> Option<()> {
        self.rows += 1;
        let none = Amount::from_minor(0, amount.currency());
        let sum = self.amounts.entry(amount.currency()).or_insert(none);
        *sum = sum.checked_add(amount)?;
        Some(())
    }

    pub(super) fn shown(&self) -> String {
        self.amounts.values().map(Amount::to_string).collect::<Vec<_>>().join(" + ")
    }
}

impl Tally {
    /// `None` when a sum is more than can be counted.
    pub(super) fn of(charges: &Charges, fate: impl Fn(u32) -> Fate) -> Option<Tally> {
        let mut tally = Tally::default();
        for row in charges.rows.all() {
            tally.sums.entry(fate(row)).or_default().add(charges.amount(row)?)?;
        }
        Some(tally)
    }

    pub(super) fn rows(&self, fate: Fate) -> u64 {
        self.sums.get(&fate).map_or(0, |sum| sum.rows)
    }

    /// The sum over several fates. They were added up as one before, so that it can be counted.
    pub(super) fn over(&self, wanted: impl Fn(Fate) -> bool) -> Sum {
        let mut all = Sum::default();
        for (_, sum) in self.sums.iter().filter(|(fate, _)| wanted(**fate)) {
            all.rows += sum.rows;
            for (currency, amount) in &sum.amounts {
                let none = Amount::from_minor(0, *currency);
                let place = all.amounts.entry(*currency).or_insert(none);
                *place = place.checked_add(*amount).unwrap_or(*place);
            }
        }
        all
    }
}

/// Rows that ended in this run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub ended: u64,
    pub paid: u64,
    pub declined: u64,
    pub unknown: u64,
}

/// By currency, for programs.
pub(super) fn amounts(sum: &Sum) -> BTreeMap<String, Number> {
    let amount = |(currency, amount): (&Currency, &Amount)| {
        Some((currency.code().to_owned(), exact_number(amount).ok()?))
    };
    sum.amounts.iter().filter_map(amount).collect()
}

/// `1m20s`, to the second.
pub(super) fn whole_seconds(ms: i64) -> String {
    format_duration(Duration::from_secs(u64::try_from(ms / 1000).unwrap_or(0)))
}
