//! `[profile.NAME.retry]`: when declined orders may be tried again. What contradicts itself is no rule.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::domain::retry_rules::{Reasons, RetryRules};
use crate::domain::time::format_duration;
use crate::settings::error::SettingsError;
use crate::settings::keys::{Located, REASON_KEYS, RETRY_KEYS};
use crate::settings::section::Section;

/// More tries than that on one card are a slip of the finger.
const TRIES_MAX: i64 = 30;

/// The rules as they stand in the file.
#[derive(Clone)]
pub(super) struct RetryRead {
    /// Their zone is the one below, or whichever the file has for all of it.
    pub(super) rules: RetryRules,
    zone: Option<TimeZone>,
}

impl RetryRead {
    /// The rules in their own zone, else in this one.
    pub(super) fn in_zone(self, zone: &TimeZone) -> RetryRules {
        RetryRules { zone: self.zone.unwrap_or_else(|| zone.clone()), ..self.rules }
    }
}

/// Reads the table of a profile, where it has one. One without a line in it is no rule.
pub(super) fn read(profile: &Section<'_>) -> Result<Option<Located<RetryRead>>, SettingsError> {
    let Some(section) = profile.section("retry")? else { return Ok(None) };
    section.only(&RETRY_KEYS)?;
    let reasons = section.section("reasons")?;
    let said = section.keys().len() - usize::from(reasons.is_some());
    if said == 0 && reasons.as_ref().is_none_or(|reasons| reasons.keys().is_empty()) {
        return Ok(None);
    }
    let line = profile.keys().into_iter().find(|key| key.value == "retry").map_or(0, |key| key.line);
    let tries = section.whole("tries", (1, TRIES_MAX))?;
    let tries = tries.and_then(|tries| u32::try_from(tries.value).ok()).unwrap_or(RetryRules::TRIES);
    let within = time(&section, "within")?.unwrap_or(RetryRules::WITHIN);
    let give_up = time(&section, "give_up")?.unwrap_or(RetryRules::GIVE_UP);
    let hour = section.whole("hour", (0, 23))?.and_then(|hour| i8::try_from(hour.value).ok());
    let zone = section.parsed("timezone", |name| {
        TimeZone::get(name).map_err(|_| "it is not known; give a name such as Asia/Seoul".to_owned())
    })?;
    let mut rules = RetryRules {
        after: RetryRules::usual_after(tries),
        tries,
        within,
        hour: hour.unwrap_or(RetryRules::HOUR),
        zone: TimeZone::UTC,
        give_up,
        reasons: Vec::new(),
    };
    if let Some(after) = waits(&section, &rules)? {
        rules.after = after;
    }
    if let Some(reasons) = reasons {
        for name in reasons.keys() {
            let rule = reason(&reasons, &name, &rules)?;
            rules.reasons.push(rule);
        }
    }
    Ok(Some(Located { value: RetryRead { rules, zone: zone.map(|zone| zone.value) }, line }))
}

/// What is said of one reason.
fn reason(
    reasons: &Section<'_>,
    name: &Located<String>,
    rules: &RetryRules,
) -> Result<(Reasons, Option<Vec<Duration>>), SettingsError> {
    let shown = reasons.name(&name.value.escape_debug().to_string());
    let refused = |why: &dyn std::fmt::Display| reasons.error(name.line, format!("`{shown}`: {why}"));
    let of = Reasons::parse(&name.value).map_err(|error| refused(&error))?;
    if !of.take_rules() {
        return Err(refused(&"no retry of the same card helps there; leave the line out"));
    }
    if rules.reasons.iter().any(|(known, _)| known.overlap(&of)) {
        return Err(refused(&"another line says something of the same reason; keep one of them"));
    }
    let Some(section) = reasons.section(&name.value)? else {
        return Ok((of, None));
    };
    section.only(&REASON_KEYS)?;
    let (after, retry) = (waits(&section, rules)?, section.flag("retry")?.map(|retry| retry.value));
    match (after, retry) {
        (Some(_), Some(false)) => {
            Err(refused(&"`after` says when, and `retry = false` never; keep one of them"))
        }
        (Some(after), Some(true) | None) => Ok((of, Some(after))),
        (None, Some(false)) => Ok((of, None)),
        (None, Some(true)) => Ok((of, Some(rules.after.clone()))),
        (None, None) => Err(refused(&"write { after = [\"3d\", \"7d\"] }, or { retry = false }")),
    }
}

fn waits(section: &Section<'_>, rules: &RetryRules) -> Result<Option<Vec<Duration>>, SettingsError> {
    let Some(Located { value, line }) = section.durations("after")? else { return Ok(None) };
    match rules.check(&value) {
        Ok(()) => Ok(Some(value)),
        Err(why) => {
            Err(section.error(line, format!("`{}` is {}: {why}", section.name("after"), list(&value))))
        }
    }
}

/// A time that is longer than none.
fn time(section: &Section<'_>, key: &str) -> Result<Option<Duration>, SettingsError> {
    match section.duration(key)? {
        Some(Located { value, line }) if value.is_zero() => {
            Err(section.error(line, format!("`{}` is no time at all", section.name(key))))
        }
        given => Ok(given.map(|given| given.value)),
    }
}

/// `after 1d, 3d, 7d; 4 tries in 30d; from 10:00 on; given up after 30d; 2 reasons of their own`
pub(super) fn shown(rules: &RetryRules) -> String {
    let own = match rules.reasons.len() {
        0 => String::new(),
        1 => "; 1 reason of its own".to_owned(),
        many => format!("; {many} reasons of their own"),
    };
    format!(
        "after {}; {} tries in {}; from {:02}:00 on; given up after {}{own}",
        list(&rules.after),
        rules.tries,
        format_duration(rules.within),
        rules.hour,
        format_duration(rules.give_up)
    )
}

fn list(waits: &[Duration]) -> String {
    waits.iter().map(|wait| format_duration(*wait)).collect::<Vec<_>>().join(", ")
}
