//! The sandbox's own reading of the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the wall clock, in milliseconds since 1970.
///
/// The book is shared by processes and outlasts them, so its times have to be wall-clock times.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is a stranger to the program and brings its own clock"
)]
pub(super) fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Turns milliseconds into the whole epoch seconds of the wire; 0 stays 0, which means "never" there.
pub(super) fn wire_seconds(at_ms: i64) -> i64 {
    at_ms.div_euclid(1000)
}
