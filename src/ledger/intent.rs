//! What a charge asks of the ledger before it may leave, and what the ledger says to it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::charge::ChargeRequest;
use crate::domain::ids::MerchantUid;
use crate::domain::money::Amount;
use crate::domain::payment::GatewayRecord;
use crate::domain::refund::Refund;
use crate::domain::time::SendMark;
use crate::ledger::seen::Seen;

/// A charge that is about to be let go.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Shared: who writes it down may be another thread than who lets it go.
    pub request: Arc<ChargeRequest>,
    /// Whether the order's id was made of a period.
    pub once_per: bool,
    /// Now: becomes `requested_at` of a new row.
    pub at: Timestamp,
    /// Now on every clock: the waiting time of a later run is measured from here.
    pub mark: SendMark,
    /// Fingerprint of the API key it is sent with.
    pub account: String,
    pub note: Option<String>,
    /// The operating system's user.
    pub operator: Option<String>,
    /// The name of the machine that it runs on.
    pub host: Option<String>,
    /// The row that the caller saw and decided on; `None` means that there was none. Anything else in the
    /// ledger now means that somebody came first.
    pub expected: Option<Seen>,
    pub guards: Guards,
    /// What the gateway has just shown under the order.
    pub shown: Vec<GatewayRecord>,
}

/// Checks made in the transaction that writes the intent, so that two runs at the same moment
/// cannot both pass them.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// Refuse when the same customer has another merchant_uid with the same amount and currency,
    /// asked for or last sent at or after this time, that is paid. Two orders of periods are never alike.
    pub similar_since: Option<Timestamp>,
    /// Refuse when another order of the same customer and amount is open and is none of these: it was looked at
    /// a moment ago, and may be passed by as it stood then. `None`: nobody asks.
    pub passed: Option<Vec<Passed>>,
    pub daily: Option<DailyLimit>,
}

/// An open order that another one may pass by, as long as it stands like that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub uid: MerchantUid,
    pub seen: Seen,
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

/// A refund that is about to be let go.
#[derive(Clone, Debug)]
pub struct RefundIntent {
    pub refund: Refund,
    /// Refuse when the same payment had a refund of the same amount at or after this time; `None` lets a second
    /// one pass.
    pub similar_since: Option<Timestamp>,
}
