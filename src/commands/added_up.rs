//! Sums over a time, out of the ledger.

use std::ops::ControlFlow;

use crate::domain::book_day::{Piece, whole_days};
use crate::domain::tax::TaxRule;
use crate::ledger::{self, Ledger, LedgerError};
use crate::report::{By, Sums, Time};

/// Adds up a time. Days and months by approval come of what the ledger keeps of days, whatever else of the payments.
pub(super) fn added_up(
    ledger: &Ledger,
    by: By,
    time: Time,
    rule: Option<TaxRule>,
) -> Result<Sums, LedgerError> {
    let (span, by_time) = ((time.since, time.until), basis(&time));
    let is_kept = by.is_of_time() && by_time == ledger::By::Paid;
    let days = is_kept.then(|| whole_days(span, &time.zone)).flatten();
    let mut sums = Sums::new(by, time, rule);
    match days {
        Some(days) => ledger.book_days(days, span, &mut |piece| match piece {
            Piece::Day(day) => sums.add_day(day),
            Piece::Back(booked) => sums.add_back(booked),
            Piece::Further(booked) => sums.add_further(booked),
        })?,
        None => {
            ledger.booked(by_time, span, &mut |booked| {
                sums.add(booked);
                ControlFlow::Continue(())
            })?;
        }
    }
    Ok(sums)
}

/// Which time of a payment counts.
pub(super) fn basis(time: &Time) -> ledger::By {
    if time.by_request { ledger::By::Requested } else { ledger::By::Paid }
}
