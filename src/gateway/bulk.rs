//! What the gateway knows under many merchant_uids, in one call (facts 3.1): quicker than one by one, and
//! surer of nothing than it says.

use serde_json::Value;

use crate::domain::ids::MerchantUid;
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::pressure::Of;
use crate::gateway::client::Client;
use crate::gateway::lookup::encoded;
use crate::gateway::transport::Method;
use crate::gateway::wire::{self, Envelope};

/// The most ids in one call (facts 3.1).
pub const BULK_IDS_MAX: usize = 100;

/// The most bytes of one call's request line: what stands between asks for no more than servers take.
pub const BULK_BYTES_MAX: usize = 4000;

/// So many records may be as many as the gateway shows of more.
pub const BULK_SHOWN_MAX: usize = 20;

const PATH: &str = "/payments?include_sandbox=true";
const KEY: &str = "&merchant_uid[]=";

/// How many bytes of a request line one more id takes.
#[must_use]
pub fn bulk_bytes(uid: &MerchantUid) -> usize {
    KEY.len() + encoded(uid.as_str()).len()
}

/// How many bytes it takes without any.
#[must_use]
pub fn bulk_bytes_without_ids() -> usize {
    "GET  HTTP/1.1".len() + PATH.len()
}

/// The payments that the gateway shows of those asked for. It says nothing of what it leaves out: with 207 it
/// shows those that it found (facts 3.1).
#[derive(Clone, Debug)]
pub struct Bulk {
    pub records: Vec<GatewayRecord>,
    pub received: Received,
}

impl Client {
    /// Asks for the payments under many merchant_uids at once: `GET /payments?merchant_uid[]=…`. `None` where
    /// the answer is no list.
    pub fn look_up_many(&self, uids: &[MerchantUid]) -> Option<Bulk> {
        let ids: String = uids.iter().map(|uid| format!("{KEY}{}", encoded(uid.as_str()))).collect();
        let begun = self.clock.now();
        let answer = self.ask_for(Of::Many, Method::Get, &format!("{PATH}{ids}")).ok()?;
        let envelope = Envelope::of(&answer)?;
        if !matches!(answer.status, 200 | 207) || envelope.code != 0 || answer.cut {
            return None;
        }
        let Value::Array(list) = &envelope.response else { return None };
        // A payment that cannot be read could be the one that took the money.
        let records: Option<Vec<GatewayRecord>> =
            list.iter().map(|item| item.as_object().map(wire::record)).collect();
        let received = Received {
            http_status: Some(answer.status),
            code: Some(envelope.code),
            took_ms: self.took_ms(&begun),
            ..Received::default()
        };
        records.map(|records| Bulk { records, received })
    }
}
