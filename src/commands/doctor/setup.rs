//! The settings: where they come from, whether the secret can be read, and whether they are fit for
//! real money.

use std::time::Duration;

use crate::commands::doctor::report::Report;
use crate::domain::payment::Mode;
use crate::domain::time::format_duration;
use crate::failure::Kind;
use crate::settings::{Origin, Settings, TIMEOUT_S, TIMEZONE};

/// The gateway's own hosts (facts 0).
const GATEWAY_HOSTS: [&str; 2] = ["https://api.iamport.kr", "https://static-api.iamport.kr"];

/// The key printed in public examples: an account that all the world shares (facts 10).
const DEMO_KEY: &str = "imp_apikey";

/// Which file was read, and where each value that somebody set comes from.
pub(super) fn config(settings: &Settings, report: &mut Report) {
    let Settings { profile, mode, .. } = settings;
    let file = match &settings.config_file {
        Some(path) => path.display().to_string(),
        None => "there is no config file".to_owned(),
    };
    report.ok("config", format!("{file}; profile {profile}, mode {mode}"));
    let mut origins: Vec<(String, Vec<&str>)> = Vec::new();
    for shown in settings.shown() {
        let origin = match &shown.origin {
            Some(Origin::File { .. }) => "the file".to_owned(),
            Some(Origin::Flag(_) | Origin::Environment(_)) => {
                shown.origin.as_ref().map(ToString::to_string).unwrap_or_default()
            }
            Some(Origin::Default) | None => continue,
        };
        match origins.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, keys)) => keys.push(shown.key),
            None => origins.push((origin, vec![shown.key])),
        }
    }
    let mut parts: Vec<String> =
        origins.iter().map(|(origin, keys)| format!("{} from {origin}", keys.join(", "))).collect();
    parts.push(if parts.is_empty() { "all by default" } else { "the rest by default" }.to_owned());
    report.ok("settings", parts.join("; "));
}

/// Reads the secret as a charge would, and shows nothing of it. False when there is none to use.
pub(super) fn secret(settings: &Settings, report: &mut Report) -> bool {
    if settings.sandbox() {
        report.ok("secret", "the sandbox has a key of its own");
        return true;
    }
    let credentials = match settings.credentials() {
        Ok(credentials) => credentials,
        Err(error) => {
            report.bad(Kind::Config, "secret", error.message, error.hint);
            return false;
        }
    };
    let row = settings.shown().iter().find(|row| row.key.starts_with("imp_secret"));
    let place = match (settings.secret_file(), row.and_then(|row| row.origin.as_ref())) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(Origin::Environment(name))) => (*name).to_owned(),
        (None, Some(_)) if row.is_some_and(|row| row.key == "imp_secret_command") => {
            "imp_secret_command".to_owned()
        }
        (None, Some(_) | None) => "the config file".to_owned(),
    };
    report.ok("secret", format!("can be read, from {place}"));
    let key = credentials.imp_key.expose();
    let digits = key.strip_prefix("imp").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if key.eq_ignore_ascii_case(DEMO_KEY) {
        report.warn(
            "secret",
            "imp_key is the one printed in public examples: an account that all the world shares",
            "set your own, from the console",
        );
    } else if digits && settings.api_url.starts_with("https:") {
        report.warn(
            "secret",
            "imp_key looks like the merchant's identification code (imp and digits)",
            "the REST API key is another line in the console; the code goes into imp_code",
        );
    }
    true
}

/// What a tool can see of the points to settle before real money moves (facts 0, 2.6, 8).
pub(super) fn going_live(settings: &Settings, report: &mut Report) {
    if settings.sandbox() {
        report.ok("address", "the gateway inside this program");
    } else {
        address(settings, report);
    }
    waits(settings, report);
    match settings.limits.similar_within {
        Some(within) => {
            let within = format_duration(within);
            report.ok("similar_charges", format!("the same customer and amount within {within} is refused"));
        }
        None => report.warn(
            "similar_charges",
            "a second charge of the same customer and amount is not looked for",
            "set similar_within, such as \"10m\"",
        ),
    }
    limits(settings, report);
    let zone = settings.zone.iana_name().unwrap_or("a zone without a name");
    if zone == TIMEZONE {
        report.ok("timezone", zone);
    } else {
        report.warn(
            "timezone",
            format!("days begin in {zone}, and the gateway's business day in {TIMEZONE}"),
            format!("leave timezone out, or set it to \"{TIMEZONE}\", unless it is meant"),
        );
    }
}

fn address(settings: &Settings, report: &mut Report) {
    let url = settings.api_url.as_str();
    if GATEWAY_HOSTS.contains(&url) {
        report.ok("address", url);
    } else if settings.mode == Mode::Live {
        let plain = if url.starts_with("https:") { "" } else { ", and without TLS" };
        report.warn(
            "address",
            format!("the profile is live, and its gateway is {url}, not I'mport's own{plain}"),
            "leave api_url out, unless it is meant",
        );
    } else {
        report.ok("address", format!("{url}, not I'mport's own"));
    }
}

fn waits(settings: &Settings, report: &mut Report) {
    let advised = Duration::from_secs(u64::from(TIMEOUT_S));
    let (timeout, settle_after) = (format_duration(settings.timeout), format_duration(settings.settle_after));
    if let Some(warning) = settings.settle_after_warning() {
        report.warn("settle_after", warning, "set settle_after to \"15m\", or leave it out");
    } else if settings.timeout < advised {
        report.warn(
            "settle_after",
            format!("a charge waits {timeout} for its answer; a card company may take longer"),
            "leave --timeout out: 60 s is the gateway's own advice",
        );
    } else {
        report.ok("settle_after", format!("{settle_after}, and a charge waits {timeout} for its answer"));
    }
}

fn limits(settings: &Settings, report: &mut Report) {
    let shown = [("a charge", settings.limits.max_amount), ("a day", settings.limits.daily_amount)];
    let set: Vec<String> =
        shown.iter().filter_map(|(of, most)| most.map(|most| format!("{most} {of}"))).collect();
    if !set.is_empty() {
        report.ok("limits", format!("at most {}", set.join(", ")));
    } else if settings.mode == Mode::Live {
        report.warn(
            "limits",
            "nothing stops a slip of the finger from charging any amount",
            "set max_amount and daily_amount in the profile's limits",
        );
    } else {
        report.ok("limits", "none; a live profile should have some");
    }
}
