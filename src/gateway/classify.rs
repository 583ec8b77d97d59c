//! From an answer to a charge to its meaning: a pure function over a status and bytes.
//!
//! An answer that is not certain is [`Answer::Unclear`]: the request may have charged, and the
//! ledger says `unknown` until a look-up settles it (facts 2.2, 2.5, 13).

use crate::domain::answer::{Answer, ChargeReply};
use crate::domain::charge::ChargeRequest;
use crate::domain::payment::{GatewayRecord, Received};
use crate::gateway::transport::{HttpAnswer, TransportError};
use crate::gateway::wire::{self, Envelope};

/// Words of a refusal which say that there was a payment under this merchant_uid before, in this
/// or another attempt (facts 2.5); the spaces are left out, as some PGs do. The first is the
/// gateway's own, the second that of its SDK, the rest are the PGs'.
const DUPLICATE_TEXTS: [&str; 6] =
    ["이미주문이이루어진", "이미결제", "이미처리된", "중복된주문번호", "주문번호중복", "승인내역중복"];

/// Says what an answer to `POST /subscribe/payments/again` means for the request that it answers.
#[must_use]
pub fn charge_answer(request: &ChargeRequest, answer: Result<HttpAnswer, TransportError>) -> ChargeReply {
    match answer {
        Err(TransportError::NotSent { reason }) => ChargeReply {
            received: Received { message: Some(reason.clone()), ..Received::default() },
            answer: Answer::NotSent { reason },
        },
        // A whole answer may be in it, or half of one that would have said something else.
        Err(TransportError::Lost { reason, status, body }) => ChargeReply {
            received: Received {
                http_status: status,
                message: Some(reason.clone()),
                body: wire::kept(&body),
                ..Received::default()
            },
            answer: Answer::Unclear { reason, record: None },
        },
        Ok(answer) => arrived(request, &answer),
    }
}

fn arrived(request: &ChargeRequest, answer: &HttpAnswer) -> ChargeReply {
    let envelope = Envelope::of(answer);
    let meaning = meaning(request, answer, envelope.as_ref());
    let (imp_uid, message) = match &meaning {
        Answer::Paid(record) => (record.imp_uid.clone(), None),
        Answer::Declined(record) => {
            let said = envelope.as_ref().and_then(|envelope| envelope.message.clone());
            (record.imp_uid.clone(), record.fail_reason.clone().or(said))
        }
        Answer::Refused { message, .. } => (None, message.clone()),
        Answer::Unauthorized => {
            let said = envelope.as_ref().and_then(|envelope| envelope.message.clone());
            let ours = || format!("the gateway did not take the token (HTTP {})", answer.status);
            (None, Some(said.unwrap_or_else(ours)))
        }
        Answer::NotSent { reason } => (None, Some(reason.clone())),
        Answer::Unclear { reason, record } => {
            (record.as_ref().and_then(|record| record.imp_uid.clone()), Some(reason.clone()))
        }
    };
    let received = Received {
        http_status: Some(answer.status),
        code: envelope.map(|envelope| envelope.code),
        message,
        imp_uid,
        body: wire::kept(&answer.body),
        took_ms: None,
    };
    ChargeReply { answer: meaning, received }
}

fn meaning(request: &ChargeRequest, answer: &HttpAnswer, envelope: Option<&Envelope>) -> Answer {
    let status = answer.status;
    if answer.cut {
        return unclear("the gateway's answer was too long to be one".to_owned());
    }
    if is_unauthorized(status, envelope) {
        return Answer::Unauthorized;
    }
    let Some(envelope) = envelope else {
        return unclear(no_envelope(answer));
    };
    match status {
        200..=299 if envelope.code == 0 => accepted(request, envelope),
        200..=299 | 400..=402 | 404..=407 | 409..=499 if envelope.is_refusal() => Answer::Refused {
            code: envelope.code,
            message: envelope.message.clone(),
            // A conflict is with something: perhaps with the same payment in flight.
            duplicate: status == 409 || is_duplicate(envelope.message.as_deref()),
        },
        200..=299 => Answer::Unclear {
            reason: format!("the gateway said both no (code {}) and a payment", envelope.code),
            record: envelope.response.as_object().map(|object| Box::new(wire::record(object))),
        },
        _ => unclear(format!("the gateway answered with HTTP {status}: {}", envelope.message_or_code())),
    }
}

/// Whether the answer proves that the token was not taken: authentication comes before anything
/// else (facts 1). A 403 counts in the gateway's own words only; a proxy's is another matter.
pub(super) fn is_unauthorized(status: u16, envelope: Option<&Envelope>) -> bool {
    status == 401 || (status == 403 && envelope.is_some_and(Envelope::is_refusal))
}

fn unclear(reason: String) -> Answer {
    Answer::Unclear { reason, record: None }
}

/// What came instead of the gateway's JSON, as the end of a sentence.
pub(super) fn no_envelope(answer: &HttpAnswer) -> String {
    let HttpAnswer { status, body, cut } = answer;
    match status {
        300..=399 => format!("the gateway answered with a redirect (HTTP {status}), which is not followed"),
        _ if *cut => format!("the gateway answered with HTTP {status} and more than can be read"),
        _ if body.is_empty() => format!("the gateway answered with HTTP {status} and nothing else"),
        _ if body.trim_ascii_start().starts_with(b"<") => {
            format!("the gateway answered with HTTP {status} and a web page")
        }
        _ => format!("the gateway answered with HTTP {status} and a text that is not its JSON"),
    }
}

/// `code` is 0: the request was processed. Charged or declined is what the payment says.
fn accepted(request: &ChargeRequest, envelope: &Envelope) -> Answer {
    let Some(object) = envelope.response.as_object() else {
        return unclear("the gateway said code 0 and showed no payment".to_owned());
    };
    let record = Box::new(wire::record(object));
    let asked = &request.terms;
    let other_order = record.merchant_uid.as_deref().filter(|uid| *uid != asked.merchant_uid.as_str());
    if let Some(other) = other_order {
        // Its record is not handed on: its approval and receipt are not this payment's.
        return unclear(format!("the gateway answered about {other}, not about {}", asked.merchant_uid));
    }
    match record.status.as_deref() {
        Some("failed") => Answer::Declined(record),
        Some("paid") => match mismatch(request, &record) {
            None => Answer::Paid(record),
            Some(reason) => Answer::Unclear { reason, record: Some(record) },
        },
        Some(other) => {
            let reason = format!("the gateway gave the payment the status `{other}`, which is no result");
            Answer::Unclear { reason, record: Some(record) }
        }
        None => {
            let reason = "the gateway showed a payment without a status".to_owned();
            Answer::Unclear { reason, record: Some(record) }
        }
    }
}

/// Why a paid record is not what was asked for. Its merchant_uid is not another one; here it must
/// be there as well.
fn mismatch(request: &ChargeRequest, record: &GatewayRecord) -> Option<String> {
    let asked = &request.terms;
    if record.merchant_uid.is_none() {
        return Some("the gateway says paid and does not say which order".to_owned());
    }
    if record.amount_in(asked.amount.currency()) != Some(asked.amount) {
        let shown = record.amount_shown();
        return Some(format!("the gateway says {shown} was paid, not {}", asked.amount));
    }
    match record.customer_uid.as_deref() {
        Some(customer) if customer != asked.customer_uid.as_str() => {
            Some(format!("the gateway says the customer {customer} paid, not {}", asked.customer_uid))
        }
        Some(_) | None => None,
    }
}

fn is_duplicate(message: Option<&str>) -> bool {
    let Some(message) = message else { return false };
    let squeezed: String = message.chars().filter(|c| !c.is_whitespace()).collect();
    DUPLICATE_TEXTS.iter().any(|text| squeezed.contains(text))
}

#[cfg(test)]
mod tests;
