//! What the gateway knows under many merchant_uids or customer_uids, in one call (facts 3.1, 5): quicker than one
//! by one, and surer of nothing than it says.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::pressure::Of;
use crate::gateway::client::{Client, Unasked};
use crate::gateway::customers::{BillingKey, found, is_unknown};
use crate::gateway::lookup::{encoded, is_not_found};
use crate::gateway::transport::{HttpAnswer, Method, TransportError};
use crate::gateway::wire::{self, Envelope};

/// The most ids in one call (facts 3.1).
pub const BULK_IDS_MAX: usize = 100;

/// The most bytes of one call's request line: what stands between asks for no more than servers take.
pub const BULK_BYTES_MAX: usize = 4000;

/// So many records may be as many as the gateway shows of more.
pub const BULK_SHOWN_MAX: usize = 20;

const PATH: &str = "/payments?include_sandbox=true";
const KEY: &str = "&merchant_uid[]=";

const CUSTOMERS_PATH: &str = "/subscribe/customers?";
const CUSTOMERS_KEY: &str = "customer_uid[]=";

/// How many bytes of a request line one more id takes.
#[must_use]
pub fn bulk_bytes(uid: &MerchantUid) -> usize {
    KEY.len() + encoded(uid.as_str()).len()
}

/// How many bytes one more customer_uid takes, with what parts it from the next.
#[must_use]
pub fn bulk_bytes_of_customer(uid: &CustomerUid) -> usize {
    CUSTOMERS_KEY.len() + encoded(uid.as_str()).len() + 1
}

/// How many bytes it takes without any; a question for customers takes fewer.
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

/// Why many were not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotListed {
    /// The question did not get through: fewer ids would not either.
    Unasked,
    /// There was no list in answer: to fewer ids there may be.
    Refused,
}

impl Client {
    /// Asks for the payments under many merchant_uids at once: `GET /payments?merchant_uid[]=…`. `None` where
    /// the answer is no list.
    pub fn look_up_many(&self, uids: &[MerchantUid]) -> Option<Bulk> {
        self.list_payments(uids, false).ok()
    }

    /// The same for whoever wants those that are shown, and takes nothing for absent: that there is none of them
    /// is an answer, and an empty list.
    pub fn look_up_shown(&self, uids: &[MerchantUid]) -> Result<Bulk, NotListed> {
        self.list_payments(uids, true)
    }

    fn list_payments(&self, uids: &[MerchantUid], may_be_none: bool) -> Result<Bulk, NotListed> {
        let ids: String = uids.iter().map(|uid| format!("{KEY}{}", encoded(uid.as_str()))).collect();
        let begun = self.clock.now();
        let (answer, envelope) = self.ask_for_many(&format!("{PATH}{ids}"))?;
        let none = may_be_none && is_not_found(answer.status, &envelope);
        let list = if none { &[] } else { listed(&answer, &envelope)? };
        // A payment that cannot be read could be the one that took the money.
        let records: Option<Vec<GatewayRecord>> =
            list.iter().map(|item| item.as_object().map(wire::record)).collect();
        let received = Received {
            http_status: Some(answer.status),
            code: Some(envelope.code),
            took_ms: self.took_ms(&begun),
            ..Received::default()
        };
        records.map(|records| Bulk { records, received }).ok_or(NotListed::Refused)
    }

    /// Asks for the billing keys behind many customer_uids at once: `GET /subscribe/customers?customer_uid[]=…`.
    /// Those that it shows; one that it does not show may be there all the same.
    pub fn billing_keys(&self, uids: &[CustomerUid]) -> Result<HashMap<CustomerUid, BillingKey>, NotListed> {
        let ids: Vec<String> =
            uids.iter().map(|uid| format!("{CUSTOMERS_KEY}{}", encoded(uid.as_str()))).collect();
        let (answer, envelope) = self.ask_for_many(&format!("{CUSTOMERS_PATH}{}", ids.join("&")))?;
        if is_unknown(&answer, &envelope) {
            return Ok(HashMap::new());
        }
        shown(uids, listed(&answer, &envelope)?).ok_or(NotListed::Refused)
    }

    fn ask_for_many(&self, path: &str) -> Result<(HttpAnswer, Envelope), NotListed> {
        let answer = self.ask_for(Of::Many, Method::Get, path).map_err(|unasked| match unasked {
            // The answer to a long question may be one that takes too long.
            Unasked::Transport(TransportError::Lost { .. }) => NotListed::Refused,
            Unasked::Token(_)
            | Unasked::Unauthorized(_)
            | Unasked::Transport(TransportError::NotSent { .. }) => NotListed::Unasked,
        })?;
        let envelope = Envelope::of(&answer).ok_or(NotListed::Refused)?;
        Ok((answer, envelope))
    }
}

fn listed<'a>(answer: &HttpAnswer, envelope: &'a Envelope) -> Result<&'a [Value], NotListed> {
    if !matches!(answer.status, 200 | 207) || envelope.code != 0 || answer.cut {
        return Err(NotListed::Refused);
    }
    envelope.response.as_array().map(Vec::as_slice).ok_or(NotListed::Refused)
}

/// The keys of a list by their customer_uids. One that is there twice is asked for alone; a list that names what
/// was not asked for is no answer to this question.
fn shown(uids: &[CustomerUid], list: &[Value]) -> Option<HashMap<CustomerUid, BillingKey>> {
    let asked: HashMap<&str, &CustomerUid> = uids.iter().map(|uid| (uid.as_str(), uid)).collect();
    let (mut shown, mut twice) = (HashMap::new(), HashSet::new());
    for item in list {
        let object = item.as_object()?;
        let uid = *asked.get(object.get("customer_uid")?.as_str()?)?;
        if shown.insert(uid.clone(), found(object)).is_some() {
            twice.insert(uid);
        }
    }
    shown.retain(|uid, _| !twice.contains(uid));
    Some(shown)
}

#[cfg(test)]
mod tests;
