//! From an answer to a charge to its meaning: a pure function over a status and bytes.
//!
//! An answer that is not certain is [`Answer::Unclear`]: the request may have charged, and the
//! ledger says `unknown` until a look-up settles it (facts 2.2, 2.5, 13).

use crate::domain::answer::{Answer, ChargeReply, Refusal};
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::{Kind, Proof, read};
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::reason::Reason;
use crate::gateway::transport::{HttpAnswer, TransportError};
use crate::gateway::wire::{self, Envelope};

/// Says what an answer to `POST /subscribe/payments/again` means for the request that it answers.
#[must_use]
pub fn charge_answer(request: &ChargeRequest, answer: Result<HttpAnswer, TransportError>) -> ChargeReply {
    match answer {
        Err(TransportError::NotSent { reason }) => {
            ChargeReply { received: Received::nothing(reason.clone()), answer: Answer::NotSent(reason) }
        }
        // A whole answer may be in it, or half of one that would have said something else.
        Err(TransportError::Lost { reason, status, body }) => ChargeReply {
            received: Received {
                http_status: status,
                body: wire::kept(&body),
                ..Received::nothing(reason.clone())
            },
            answer: Answer::Unclear { reason, record: None },
        },
        Ok(answer) => arrived(request, &answer),
    }
}

fn arrived(request: &ChargeRequest, answer: &HttpAnswer) -> ChargeReply {
    let envelope = Envelope::of(answer);
    let meaning = meaning(request, answer, envelope.as_ref());
    let said = envelope.as_ref().and_then(|envelope| envelope.message.clone());
    let (record, message, reason) = match &meaning {
        Answer::Paid(record) => (Some(record), None, None),
        Answer::Declined(record) => (Some(record), record.fail_reason.clone().or(said), None),
        Answer::Refused(refusal) => (None, refusal.words.clone(), None),
        Answer::Unauthorized => {
            let silent = said.is_none();
            let reason = Reason::TokenNotTaken { status: answer.status.to_string() };
            (None, said, silent.then_some(reason))
        }
        Answer::NotSent(reason) => (None, None, Some(reason.clone())),
        Answer::Unclear { reason, record } => (record.as_ref(), said, Some(reason.clone())),
    };
    let received = Received {
        http_status: Some(answer.status),
        code: envelope.map(|envelope| envelope.code),
        message,
        reason,
        imp_uid: record.and_then(|record| record.imp_uid.clone()),
        body: wire::kept(&answer.body),
        took_ms: None,
    };
    ChargeReply { answer: meaning, received }
}

fn meaning(request: &ChargeRequest, answer: &HttpAnswer, envelope: Option<&Envelope>) -> Answer {
    let status = answer.status;
    if answer.cut {
        return unclear(Reason::AnswerTooLong);
    }
    if is_unauthorized(status, envelope) {
        return Answer::Unauthorized;
    }
    let Some(envelope) = envelope else {
        return unclear(no_envelope(answer));
    };
    match status {
        200..=299 if envelope.code == 0 => accepted(request, envelope),
        200..=299 | 400..=402 | 404..=407 | 409..=428 | 430..=499 if envelope.is_refusal() => {
            Answer::Refused(Refusal {
                code: envelope.code,
                words: envelope.message.clone(),
                proof: proof(status, envelope.message.as_deref()),
            })
        }
        200..=299 => Answer::Unclear {
            reason: Reason::BothNoAndPayment { code: envelope.code.to_string() },
            record: envelope.response.as_object().map(|object| Box::new(wire::record(object))),
        },
        _ => unclear(http_status(status, envelope)),
    }
}

/// Whether the answer proves that the token was not taken: authentication comes before anything
/// else (facts 1). A 403 counts in the gateway's own words only; a proxy's is another matter.
pub(super) fn is_unauthorized(status: u16, envelope: Option<&Envelope>) -> bool {
    status == 401 || (status == 403 && envelope.is_some_and(Envelope::is_refusal))
}

fn unclear(reason: Reason) -> Answer {
    Answer::Unclear { reason, record: None }
}

/// The gateway's own JSON under a status that says nothing certain.
pub(super) fn http_status(status: u16, envelope: &Envelope) -> Reason {
    Reason::HttpStatus { status: status.to_string(), said: envelope.said() }
}

/// What came instead of the gateway's JSON.
pub(super) fn no_envelope(answer: &HttpAnswer) -> Reason {
    let status = answer.status.to_string();
    match answer {
        HttpAnswer { status: 300..=399, .. } => Reason::Redirect { status },
        HttpAnswer { cut: true, .. } => Reason::MoreThanRead { status },
        HttpAnswer { body, .. } if body.is_empty() => Reason::NoBody { status },
        HttpAnswer { body, .. } if body.trim_ascii_start().starts_with(b"<") => Reason::WebPage { status },
        HttpAnswer { .. } => Reason::NotJson { status },
    }
}

/// `code` is 0: the request was processed. Charged or declined is what the payment says.
fn accepted(request: &ChargeRequest, envelope: &Envelope) -> Answer {
    let Some(object) = envelope.response.as_object() else {
        return unclear(Reason::CodeZeroNoPayment);
    };
    let record = Box::new(wire::record(object));
    let asked = &request.terms;
    let other_order = record.merchant_uid.as_deref().filter(|uid| *uid != asked.merchant_uid.as_str());
    if let Some(other) = other_order {
        // Its record is not handed on: its approval and receipt are not this payment's.
        let asked = asked.merchant_uid.to_string();
        return unclear(Reason::OtherOrder { other: other.to_owned(), asked });
    }
    match record.status.as_deref() {
        Some("failed") => Answer::Declined(record),
        Some("paid") => match mismatch(request, &record) {
            None => Answer::Paid(record),
            Some(reason) => Answer::Unclear { reason, record: Some(record) },
        },
        Some(other) => {
            let reason = Reason::NoResult { status: other.to_owned() };
            Answer::Unclear { reason, record: Some(record) }
        }
        None => Answer::Unclear { reason: Reason::NoStatus, record: Some(record) },
    }
}

/// Why a paid record is not what was asked for. Its merchant_uid is not another one; here it must
/// be there as well.
fn mismatch(request: &ChargeRequest, record: &GatewayRecord) -> Option<Reason> {
    let asked = &request.terms;
    if record.merchant_uid.is_none() {
        return Some(Reason::NoOrderNamed);
    }
    if record.amount_in(asked.amount.currency()) != Some(asked.amount) {
        let (shown, asked) = (record.amount_shown(), asked.amount.to_string());
        return Some(Reason::OtherAmountPaid { shown, asked });
    }
    match record.customer_uid.as_deref() {
        Some(customer) if customer != asked.customer_uid.as_str() => {
            let (shown, asked) = (customer.to_owned(), asked.customer_uid.to_string());
            Some(Reason::OtherCustomerPaid { shown, asked })
        }
        Some(_) | None => None,
    }
}

/// What a refusal says of its request. A conflict is with something: perhaps with the same payment in flight.
fn proof(status: u16, words: Option<&str>) -> Proof {
    if status == 409 { Proof::Question } else { read(None, words.unwrap_or_default(), Kind::Refusal).proof }
}

#[cfg(test)]
mod tests;
