//! The words for how a payment stands, as `--status` takes them.

use crate::domain::payment::Outcome;

/// The gateway's words for a payment, where they are not outcomes of ours (facts 9).
/// Cancelled is what was wholly refunded, partly_cancelled what was refunded in part.
pub(in crate::commands) const GATEWAY_STATUSES: [&str; 4] =
    ["ready", "cancelled", "partly_cancelled", "failed"];

/// All of them: outcomes of ours, then the gateway's.
pub(in crate::commands) fn status_words() -> impl Iterator<Item = &'static str> {
    Outcome::ALL.into_iter().map(Outcome::word).chain(GATEWAY_STATUSES)
}
