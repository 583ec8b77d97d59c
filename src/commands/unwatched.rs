//! What is said of a run that failed where nobody watches (`--quiet`), even if it did not get its settings.

use jiff::tz::TimeZone;

use crate::clock::SystemClock;
use crate::domain::time::Clock;
use crate::failure::Failure;
use crate::output::table::facts;
use crate::output::text::when_rfc3339;
use crate::settings::{Environment, Flags, SANDBOX_PROFILE, TIMEZONE};

/// The failure with customer, order and amount, the time and the profile under it.
pub(in crate::commands) fn with_facts(
    failure: Failure,
    [customer, order, amount]: [String; 3],
    at: String,
    profile: String,
) -> Failure {
    let rows =
        [("customer", customer), ("order", order), ("amount", amount), ("time", at), ("profile", profile)];
    facts(&rows).lines().fold(failure, Failure::detailed)
}

/// The time, with its offset: no zone is configured where nothing could be read.
pub(in crate::commands) fn seoul_now() -> String {
    let zone = TimeZone::get(TIMEZONE).unwrap_or(TimeZone::UTC);
    when_rfc3339(SystemClock::start().now().wall, &zone)
}

/// The profile's name as far as flags and environment tell it.
pub(in crate::commands) fn profile_asked_for(flags: &Flags, environment: &Environment) -> String {
    if flags.sandbox {
        return SANDBOX_PROFILE.to_owned();
    }
    let named = flags.profile.clone().or_else(|| environment.lossy("BILLKEY_PROFILE"));
    named.unwrap_or_else(|| "not named: the config's default_profile".to_owned())
}
