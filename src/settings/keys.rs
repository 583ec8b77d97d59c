//! The keys of the config file, and in which of its tables each belongs.

pub(super) const TOP_KEYS: [&str; 3] = ["default_profile", "timezone", "profile"];
pub(super) const PROFILE_KEYS: [&str; 25] = [
    "mode",
    "imp_key",
    "imp_secret",
    "imp_secret_file",
    "imp_secret_command",
    "listen_secret",
    "listen_secret_file",
    "listen_secret_command",
    "imp_code",
    "channel_key",
    "pg",
    "api_url",
    "sdk_url",
    "public_url",
    "ca_file",
    "proxy",
    "database",
    "settle_after",
    "scope",
    "tier",
    "tax",
    "limits",
    "export",
    "against",
    "retry",
];
/// Those of a profile's keys that are tables.
pub(super) const PROFILE_TABLES: [&str; 4] = ["limits", "export", "against", "retry"];
pub(super) const LIMIT_KEYS: [&str; 3] = ["max_amount", "daily_amount", "similar_within"];
pub(super) const RETRY_KEYS: [&str; 7] =
    ["after", "tries", "within", "hour", "timezone", "give_up", "reasons"];
/// Of what is said of one reason.
pub(super) const REASON_KEYS: [&str; 2] = ["after", "retry"];

pub(super) const EXPORT_KEYS: [&str; 7] =
    ["columns", "encoding", "separator", "line_ends", "times", "amounts", "refunds"];
pub(super) const COLUMN_KEYS: [&str; 5] = ["heading", "field", "value", "times", "words"];

/// The keys of a secret: itself, its file, its program.
pub(super) const IMP_SECRET_KEYS: [&str; 3] = ["imp_secret", "imp_secret_file", "imp_secret_command"];
pub(super) const LISTEN_SECRET_KEYS: [&str; 3] =
    ["listen_secret", "listen_secret_file", "listen_secret_command"];

/// Where a key belongs that stands in the wrong table; `None` for one that is not known at all.
pub(super) fn place_of(key: &str) -> Option<&'static str> {
    if TOP_KEYS.contains(&key) {
        Some("at the top of the file, before the first line in [brackets]")
    } else if PROFILE_KEYS.contains(&key) {
        Some("under a line such as [profile.main]")
    } else if LIMIT_KEYS.contains(&key) {
        Some("under a line such as [profile.main.limits]")
    } else if EXPORT_KEYS.contains(&key) {
        Some("under a line such as [profile.main.export.accountant]")
    } else if RETRY_KEYS.contains(&key) {
        Some("under a line such as [profile.main.retry]")
    } else {
        None
    }
}

/// A value of the file and its line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) line: usize,
}
