//! What a profile holds every charge to, one by one and in a batch.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use crate::domain::money::Amount;
use crate::domain::time::later;
use crate::ledger::{DailyLimit, Guards};
use crate::settings::{Limits, Settings};

/// Another process may have just begun to wait for its answer; what it does then takes a moment.
pub(in crate::commands) const LOCK_WAIT_MORE: Duration = Duration::from_secs(2);

/// One of the profile's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Limit {
    MaxAmount,
    DailyAmount,
}

impl Limit {
    /// Its name in the config file.
    pub(in crate::commands) fn key(self) -> &'static str {
        match self {
            Limit::MaxAmount => "max_amount",
            Limit::DailyAmount => "daily_amount",
        }
    }
}

/// Why a limit stops an amount by itself, whatever was charged before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum OverLimit {
    OtherCurrency {
        limit: Limit,
        max: Amount,
    },
    /// It is more than one charge may be.
    OneCharge {
        max: Amount,
    },
}

/// A limit that cannot be held against an amount stops it: a limit that is silently not there is
/// worse than none.
pub(in crate::commands) fn check_limits(limits: &Limits, amount: Amount) -> Result<(), OverLimit> {
    let set = [(Limit::MaxAmount, limits.max_amount), (Limit::DailyAmount, limits.daily_amount)];
    for (limit, max) in set {
        if let Some(max) = max
            && max.currency() != amount.currency()
        {
            return Err(OverLimit::OtherCurrency { limit, max });
        }
    }
    match limits.max_amount {
        Some(max) if amount > max => Err(OverLimit::OneCharge { max }),
        Some(_) | None => Ok(()),
    }
}

/// What the ledger holds an intent against, at the moment it is written.
pub(in crate::commands) fn guards(
    allow_similar: bool,
    settings: &Settings,
    amount: Amount,
    now: Timestamp,
) -> Guards {
    let similar_since = settings.limits.similar_within.filter(|_| !allow_similar).map(|within| {
        now.checked_sub(jiff::SignedDuration::try_from(within).unwrap_or_default()).unwrap_or(now)
    });
    let daily = settings.limits.daily_amount.filter(|max| max.currency() == amount.currency()).map(|max| {
        let (from, to) = day_around(now, settings);
        DailyLimit { max, from, to }
    });
    Guards { similar_since, daily, ..Guards::default() }
}

/// The merchant's day that `now` lies in.
fn day_around(now: Timestamp, settings: &Settings) -> (Timestamp, Timestamp) {
    let zoned = now.to_zoned_datetime(settings.zone.clone());
    let day = Duration::from_secs(86_400);
    let start = zoned.start_of_day().ok();
    let end = start.as_ref().and_then(|start| start.checked_add(1.day()).ok());
    let start = start.map_or(now, |start| start.timestamp());
    (start, end.map_or_else(|| later(start, day), |end| end.timestamp()))
}
