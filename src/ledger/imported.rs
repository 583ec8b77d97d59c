//! What the ledger is told of a payment that was made elsewhere.

use jiff::Timestamp;

use crate::domain::payment::{GatewayRecord, Terms};

/// A payment that was made elsewhere: on another machine, by a schedule, or before the ledger was lost. A row that
/// was made of one keeps what comes later of the same order; of a row that billkey itself asked for it changes
/// nothing.
#[derive(Clone, Debug)]
pub struct Imported {
    pub terms: Terms,
    /// When it was begun, by the gateway's clock: limits count it on that day.
    pub requested_at: Timestamp,
    /// Paid, refunded or failed.
    pub record: Box<GatewayRecord>,
    /// Now.
    pub at: Timestamp,
    /// Fingerprint of the API key that showed it: a ledger that was not begun yet is begun with it.
    pub account: String,
    pub operator: Option<String>,
}
