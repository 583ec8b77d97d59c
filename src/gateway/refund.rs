//! `POST /payments/cancel` (facts 4): a refund, whole or in part, sent once.

use serde_json::{Map, Value};

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::reason::Reason;
use crate::domain::refund::{Look, NotRefundable, Refund, RefundAnswer, shown};
use crate::gateway::classify::{http_status, no_envelope, proves_unprocessed};
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::transport::{HttpAnswer, TransportError};
use crate::gateway::wire::{self, Envelope};

/// An answer to a refund and what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReply {
    pub answer: RefundAnswer,
    pub received: Received,
}

/// What a payment that is to be refunded looks like, its record where there is one, and what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookReply {
    pub look: Look,
    /// Why it cannot be refunded, where the record itself says so.
    pub not_refundable: Option<NotRefundable>,
    pub record: Option<Box<GatewayRecord>>,
    pub received: Received,
}

impl Client {
    /// Sends one refund once; like [`Client::charge`] it is not repeated here, and needs a token in memory.
    /// `notify` asks for the merchant's webhook, which refunds leave silent otherwise (facts 15.2).
    pub fn refund(&self, refund: &Refund, notify: bool) -> RefundReply {
        let (answer, took_ms) = match body(refund, notify) {
            Some(body) => self.send_once("/payments/cancel", body),
            None => (Err(TransportError::NotSent { reason: Reason::RequestNotBuilt }), None),
        };
        let mut reply = read(refund, answer);
        reply.received.took_ms = took_ms;
        reply
    }

    /// What the gateway shows of a payment's money: `GET /payments/{imp_uid}`. `expected` is what was paid, where
    /// that is known; else the record's own amount counts, in `currency`.
    pub fn look_at(&self, imp_uid: &str, expected: Option<Amount>, currency: Currency) -> LookReply {
        let nothing = |look: Look| {
            let received = match &look {
                Look::Odd(reason) | Look::NoAnswer(reason) => Received::nothing(reason.clone()),
                Look::Shown(_) => Received::default(),
            };
            LookReply { look, not_refundable: None, record: None, received }
        };
        match self.payment(imp_uid) {
            Ok(Some(record)) => match expected.or_else(|| record.amount_in(currency)) {
                Some(paid) => looked_at(imp_uid, paid, record),
                None => nothing(Look::Odd(Reason::PaymentUnreadable { imp_uid: imp_uid.to_owned() })),
            },
            Ok(None) => nothing(Look::Odd(Reason::PaymentNotShown { imp_uid: imp_uid.to_owned() })),
            Err(failure) => nothing(Look::NoAnswer(reason_of(failure))),
        }
    }
}

fn reason_of(failure: GatewayFailure) -> Reason {
    match failure {
        GatewayFailure::Token(failure) => failure.reason(),
        GatewayFailure::NotReached { reason } | GatewayFailure::NoAnswer { reason } => reason,
        GatewayFailure::Refused { said, .. } => Reason::LookupRefused { said },
    }
}

fn looked_at(imp_uid: &str, paid: Amount, record: GatewayRecord) -> LookReply {
    // What was asked for by one id and answered with another says nothing.
    let about_it = record.imp_uid.as_deref() == Some(imp_uid);
    let unreadable = || Look::Odd(Reason::PaymentUnreadable { imp_uid: imp_uid.to_owned() });
    let (look, not_refundable) = match shown(&record, paid) {
        _ if !about_it => (unreadable(), Some(NotRefundable::Unreadable)),
        Ok(shown) => (Look::Shown(shown), None),
        Err(NotRefundable::NotPaid(status)) => {
            let word = status.clone().unwrap_or_default();
            let why = Reason::PaymentStatus { imp_uid: imp_uid.to_owned(), status: word };
            (Look::Odd(why), Some(NotRefundable::NotPaid(status)))
        }
        Err(why) => (unreadable(), Some(why)),
    };
    let received = Received {
        http_status: Some(200),
        code: Some(0),
        imp_uid: Some(imp_uid.to_owned()),
        ..Received::default()
    };
    LookReply { look, not_refundable, record: Some(Box::new(record)), received }
}

/// The body of a refund. The amount is always named, because one that is left out is everything (facts 4); the
/// tax parts only where the charge had them, because 0 and absent are different (facts 15.1).
fn body(refund: &Refund, notify: bool) -> Option<String> {
    let mut body = Map::new();
    let string = |text: &str| Value::String(text.to_owned());
    body.insert("imp_uid".to_owned(), string(&refund.imp_uid));
    body.insert("amount".to_owned(), wire::number(refund.amount)?);
    body.insert("checksum".to_owned(), wire::number(refund.balance_before)?);
    for (key, part) in [("tax_free", refund.tax.tax_free), ("vat_amount", refund.tax.vat_amount)] {
        if let Some(part) = part {
            body.insert(key.to_owned(), wire::number(part)?);
        }
    }
    body.insert("reason".to_owned(), string(&refund.reason_sent()));
    if notify {
        body.insert("enable_webhook".to_owned(), Value::Bool(true));
    }
    serde_json::to_string(&Value::Object(body)).ok()
}

fn read(refund: &Refund, answer: Result<HttpAnswer, TransportError>) -> RefundReply {
    match answer {
        Err(TransportError::NotSent { reason }) => {
            RefundReply { received: Received::nothing(reason.clone()), answer: RefundAnswer::NotSent(reason) }
        }
        Err(TransportError::Lost { reason, status, body }) => RefundReply {
            received: Received {
                http_status: status,
                body: wire::kept(&body),
                ..Received::nothing(reason.clone())
            },
            answer: RefundAnswer::Unclear(reason),
        },
        Ok(answer) => {
            let envelope = Envelope::of(&answer);
            let meaning = meaning(refund, &answer, envelope.as_ref());
            let reason = match &meaning {
                RefundAnswer::Unclear(reason) | RefundAnswer::NotSent(reason) => Some(reason.clone()),
                RefundAnswer::Unauthorized => {
                    Some(Reason::TokenNotTaken { status: answer.status.to_string() })
                }
                RefundAnswer::Accepted(_) | RefundAnswer::Refused { .. } => None,
            };
            let received = Received {
                http_status: Some(answer.status),
                code: envelope.as_ref().map(|envelope| envelope.code),
                message: envelope.and_then(|envelope| envelope.message),
                reason,
                imp_uid: Some(refund.imp_uid.clone()),
                body: wire::kept(&answer.body),
                took_ms: None,
            };
            RefundReply { answer: meaning, received }
        }
    }
}

fn meaning(refund: &Refund, answer: &HttpAnswer, envelope: Option<&Envelope>) -> RefundAnswer {
    let status = answer.status;
    if answer.cut {
        return RefundAnswer::Unclear(Reason::AnswerTooLong);
    }
    if proves_unprocessed(answer, envelope) {
        return RefundAnswer::Unauthorized;
    }
    let Some(envelope) = envelope else {
        return RefundAnswer::Unclear(no_envelope(answer));
    };
    match status {
        200..=299 if envelope.code == 0 => match envelope.response.as_object().map(wire::record) {
            Some(record) if record.imp_uid.as_deref() == Some(&refund.imp_uid) => {
                RefundAnswer::Accepted(Box::new(record))
            }
            Some(other) => RefundAnswer::Unclear(Reason::OtherOrder {
                other: other.imp_uid.unwrap_or_default(),
                asked: refund.imp_uid.clone(),
            }),
            None => RefundAnswer::Unclear(Reason::CodeZeroNoPayment),
        },
        // What the limits and a proxy say is no word of the gateway's on the refund.
        401 | 403 | 429 => RefundAnswer::Unclear(http_status(status, envelope)),
        200..=499 if envelope.is_refusal() => {
            RefundAnswer::Refused { code: envelope.code, words: envelope.message.clone() }
        }
        _ => RefundAnswer::Unclear(http_status(status, envelope)),
    }
}

#[cfg(test)]
mod tests;
