//! What a charge asks of the ledger before it may leave, and what the ledger says to it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::charge::ChargeRequest;
use crate::domain::money::Amount;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::time::SendMark;

/// A charge that is about to be let go.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Shared: who writes it down may be another thread than who lets it go.
    pub request: Arc<ChargeRequest>,
    /// Now: becomes `requested_at` of a new row.
    pub at: Timestamp,
    /// Now on every clock: the waiting time of a later run is measured from here.
    pub mark: SendMark,
    /// Fingerprint of the API key it is sent with.
    pub account: String,
    pub note: Option<String>,
    /// The operating system's user.
    pub operator: Option<String>,
    /// What the caller saw and decided on: `None` means that there was no row, else the row's
    /// outcome and its attempts. Anything else in the ledger now means that somebody came first.
    pub expected: Option<(Outcome, u32)>,
    pub guards: Guards,
}

/// Checks made in the transaction that writes the intent, so that two runs at the same moment
/// cannot both pass them.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// Refuse when the same customer has another merchant_uid with the same amount and currency,
    /// asked for or last sent at or after this time, that is paid, pending or unknown.
    pub similar_since: Option<Timestamp>,
    pub daily: Option<DailyLimit>,
}

/// The most that may be charged in one day, over all customers, in one currency.
#[derive(Clone, Copy, Debug)]
pub struct DailyLimit {
    pub max: Amount,
    /// The day: `from <= t < to`. A payment counts when it was asked for or last sent in it and is
    /// paid, pending or unknown.
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "only a written intent may be sent"]
pub enum IntentResult {
    /// It is durable and the caller's alone: the request may leave, once.
    Written(Payment),
    /// The row is not what was expected: read it again.
    Lost,
    /// A charge like this one is in the way; nothing was written.
    Similar(Payment),
    /// It would go over the day's limit; nothing was written.
    OverDaily { spent: Amount, max: Amount },
}
