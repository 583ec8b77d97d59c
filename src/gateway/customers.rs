//! Billing keys: what stands behind a customer_uid (facts 5).

use serde_json::{Map, Value};

use crate::domain::customer::Card;
use crate::domain::ids::CustomerUid;
use crate::domain::reason::Said;
use crate::gateway::classify::no_envelope;
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::lookup::{accepted_object, encoded};
use crate::gateway::transport::{HttpAnswer, Method};
use crate::gateway::wire::{self, Envelope};

/// Words of a "no such customer" that comes with HTTP 200 (facts 5, 2.5); without spaces.
const NOT_FOUND_TEXTS: [&str; 3] = ["찾을수없", "등록되지않은", "존재하지않"];

/// What the gateway knows of a customer_uid.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillingKey {
    Found {
        /// Of a super billing key, the first channel's.
        card: Card,
        /// How many channels it can be charged through: more than one for a super billing key.
        channels: usize,
        customer_name: Option<String>,
        customer_tel: Option<String>,
        customer_email: Option<String>,
    },
    /// With what the gateway said.
    NotFound { said: Said },
}

/// What became of a billing key that was to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    Done,
    /// With what the gateway said.
    NotFound {
        said: Said,
    },
}

impl Client {
    /// Asks for the billing key behind a customer_uid: `GET /subscribe/customers/{customer_uid}`.
    pub fn billing_key(&self, uid: &CustomerUid) -> Result<BillingKey, GatewayFailure> {
        match self.customer(Method::Get, &path(uid))? {
            Ok(object) => Ok(found(&object)),
            Err(said) => Ok(BillingKey::NotFound { said }),
        }
    }

    /// Deletes the billing key, for good: `DELETE /subscribe/customers/{customer_uid}`. Some PGs
    /// want a reason. It is sent once; a failure may mean that it was done.
    pub fn delete_billing_key(&self, uid: &CustomerUid, reason: &str) -> Result<Deleted, GatewayFailure> {
        let path = match reason.trim() {
            "" => path(uid),
            reason => format!("{}?reason={}", path(uid), encoded(reason)),
        };
        match self.customer(Method::Delete, &path)? {
            Ok(_) => Ok(Deleted::Done),
            Err(said) => Ok(Deleted::NotFound { said }),
        }
    }

    /// The customer object, or what the gateway said where there is none.
    fn customer(
        &self,
        method: Method,
        path: &str,
    ) -> Result<Result<Map<String, Value>, Said>, GatewayFailure> {
        let answer = self.ask(method, path)?;
        let Some(envelope) = Envelope::of(&answer) else {
            return Err(GatewayFailure::NoAnswer { reason: no_envelope(&answer) });
        };
        // For a deletion only the words count: a PG's own refusal has code 1 too, and then the key lives.
        let by_code = method == Method::Get && is_unknown(&answer, &envelope);
        let in_words = (200..=299).contains(&answer.status) && says_not_found(&envelope);
        if by_code || (envelope.is_refusal() && (answer.status == 404 || in_words)) {
            return Ok(Err(envelope.said()));
        }
        accepted_object(&answer, &envelope).map(|object| Ok(object.clone()))
    }
}

fn path(uid: &CustomerUid) -> String {
    format!("/subscribe/customers/{}", encoded(uid.as_str()))
}

/// Whether the gateway says to a question that it has none of what was asked for. The schema says 404; live clients
/// got HTTP 200 with code 1 (facts 5).
pub(super) fn is_unknown(answer: &HttpAnswer, envelope: &Envelope) -> bool {
    let by_code = (200..=299).contains(&answer.status) && envelope.code == 1;
    envelope.is_refusal() && (answer.status == 404 || by_code)
}

fn says_not_found(envelope: &Envelope) -> bool {
    let message: String =
        envelope.message.iter().flat_map(|message| message.chars()).filter(|c| !c.is_whitespace()).collect();
    NOT_FOUND_TEXTS.iter().any(|text| message.contains(text))
}

pub(super) fn found(object: &Map<String, Value>) -> BillingKey {
    let channels: Vec<&Map<String, Value>> = match object.get("succeededChannels") {
        Some(Value::Array(channels)) => channels.iter().filter_map(Value::as_object).collect(),
        Some(_) | None => Vec::new(),
    };
    let mut card = wire::card(channels.first().copied().unwrap_or(object));
    // A channel of a super billing key may leave to the whole whether it is a test.
    card.sandbox = card.sandbox.or_else(|| wire::flag(object, "sandbox"));
    BillingKey::Found {
        card,
        channels: channels.len().max(1),
        customer_name: wire::words(object, "customer_name"),
        customer_tel: wire::text(object, "customer_tel"),
        customer_email: wire::text(object, "customer_email"),
    }
}

#[cfg(test)]
mod tests;
