//! What the gateway knows under one merchant_uid (facts 3), and under one imp_uid.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::reason::Reason;
use crate::gateway::classify::{http_status, no_envelope};
use crate::gateway::client::{Client, GatewayFailure, Unasked};
use crate::gateway::token::TokenFailure;
use crate::gateway::transport::{HttpAnswer, Method, TransportError};
use crate::gateway::wire::{self, Envelope};

/// More pages than this under one merchant_uid are not looked at: a gateway that pages for ever answers nothing.
const PAGES_MAX: i64 = 50;

/// Everything but the unreserved characters of RFC 3986.
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A piece of a path or query, percent-encoded.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &PATH).to_string()
}

/// One page of a list, or what came instead.
pub(super) enum Page {
    Records { records: Vec<GatewayRecord>, next: i64, total: Option<i64> },
    NotFound,
    NoAnswer { reason: Reason },
}

impl Client {
    /// Asks for every payment under a merchant_uid: `GET /payments/findAll/{merchant_uid}`, all
    /// pages. Payments of test channels are among them (facts 3.2).
    pub fn look_up(&self, uid: &MerchantUid) -> LookupReply {
        let begun = self.clock.now();
        let mut reply = self.all_pages(uid);
        match &mut reply {
            LookupReply::Records { received, .. }
            | LookupReply::NotFound { received }
            | LookupReply::NoAnswer { received, .. } => received.took_ms = self.took_ms(&begun),
        }
        reply
    }

    fn all_pages(&self, uid: &MerchantUid) -> LookupReply {
        let mut all: Vec<GatewayRecord> = Vec::new();
        let mut shown: HashSet<String> = HashSet::new();
        let mut first: Option<(Received, Option<i64>)> = None;
        let mut number = 1;
        while number <= PAGES_MAX {
            let path = format!(
                "/payments/findAll/{}?page={number}&limit=100&include_sandbox=true",
                encoded(uid.as_str())
            );
            let answer = match self.ask(Method::Get, &path) {
                Ok(answer) => answer,
                Err(unasked) => return no_answer_of(unasked),
            };
            let envelope = Envelope::of(&answer);
            let received = received(&answer, envelope.as_ref());
            match page(&answer, envelope) {
                Page::NotFound if number == 1 => return LookupReply::NotFound { received },
                Page::NotFound => return no_answer(Reason::ListEndedEarly, received),
                Page::NoAnswer { reason } => return no_answer(reason, received),
                Page::Records { records, next, total } => {
                    let (first, counted) = first.get_or_insert((received, total));
                    // A page that was moved meanwhile may have left a payment out between two others.
                    if *counted != total {
                        return no_answer(Reason::ListChanged, std::mem::take(first));
                    }
                    let mut ids = records.iter().filter_map(|record| record.imp_uid.as_ref());
                    if !ids.all(|id| shown.insert(id.clone())) {
                        return no_answer(Reason::ListRepeats, std::mem::take(first));
                    }
                    all.extend(records);
                    if next <= 0 {
                        let mut received = std::mem::take(first);
                        received.imp_uid = all.first().and_then(|record| record.imp_uid.clone());
                        return listed(all, total, received);
                    }
                    if next <= number {
                        return no_answer(Reason::ListEndless, std::mem::take(first));
                    }
                    number = next;
                }
            }
        }
        no_answer(Reason::ListEndless, first.map(|(received, _)| received).unwrap_or_default())
    }

    /// Asks for one payment: `GET /payments/{imp_uid}`, of a test channel too. `None` is the
    /// gateway's own "no such payment".
    pub fn payment(&self, imp_uid: &str) -> Result<Option<GatewayRecord>, GatewayFailure> {
        // Dots and slashes would be another address.
        let is_imp_uid =
            !imp_uid.is_empty() && imp_uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_imp_uid {
            return Ok(None);
        }
        let answer = self.ask(Method::Get, &format!("/payments/{imp_uid}?include_sandbox=true"))?;
        let Some(envelope) = Envelope::of(&answer) else {
            return Err(GatewayFailure::NoAnswer { reason: no_envelope(&answer) });
        };
        if answer.status == 404 && envelope.is_refusal() {
            return Ok(None);
        }
        accepted_object(&answer, &envelope).map(|object| Some(wire::record(object)))
    }
}

/// The object that a request was answered with, or why there is none.
pub(super) fn accepted_object<'a>(
    answer: &HttpAnswer,
    envelope: &'a Envelope,
) -> Result<&'a Map<String, Value>, GatewayFailure> {
    let success = (200..=299).contains(&answer.status);
    match envelope.response.as_object() {
        Some(object) if success && envelope.code == 0 => Ok(object),
        Some(_) | None if may_refuse(answer.status) && envelope.is_refusal() => {
            Err(GatewayFailure::Refused { code: envelope.code, said: envelope.said() })
        }
        Some(_) | None => Err(GatewayFailure::NoAnswer { reason: http_status(answer.status, envelope) }),
    }
}

/// Whether a no under this status is about what was asked: 401, 403 and 429 are about who asks and how often.
fn may_refuse(status: u16) -> bool {
    status < 500 && !matches!(status, 401 | 403 | 429)
}

impl From<Unasked> for GatewayFailure {
    fn from(unasked: Unasked) -> GatewayFailure {
        match unasked {
            Unasked::Token(failure) => failure.into(),
            Unasked::Transport(TransportError::NotSent { reason }) => GatewayFailure::NotReached { reason },
            Unasked::Transport(TransportError::Lost { reason, .. }) => GatewayFailure::NoAnswer { reason },
            // A token that the gateway itself has just given: it is the key that it does not like.
            Unasked::Unauthorized(answer) => match Envelope::of(&answer) {
                Some(envelope) if envelope.is_refusal() => {
                    TokenFailure::KeyRefused { said: envelope.said() }.into()
                }
                Some(_) | None => GatewayFailure::NoAnswer { reason: not_taken(answer.status) },
            },
        }
    }
}

/// What a list that was read to its end says. One with fewer records than it counts is none; and only one that
/// says so itself is empty.
fn listed(all: Vec<GatewayRecord>, total: Option<i64>, received: Received) -> LookupReply {
    let shown = i64::try_from(all.len()).unwrap_or(i64::MAX);
    match total {
        Some(0) if all.is_empty() => LookupReply::NotFound { received },
        None if all.is_empty() => no_answer(Reason::ListEmpty, received),
        Some(total) if shown < total => {
            no_answer(Reason::ListShort { shown: shown.to_string(), total: total.to_string() }, received)
        }
        Some(_) | None => LookupReply::Records { records: all, received },
    }
}

/// The gateway's own words for a payment that it does not know (facts 3.3).
const NO_SUCH_PAYMENT: &str = "존재하지 않는 결제정보";

/// Whether the gateway says that there is no such payment: with 404, or with 200 and in those words.
pub(super) fn is_not_found(status: u16, envelope: &Envelope) -> bool {
    let in_words = || envelope.message.as_deref().is_some_and(|words| words.contains(NO_SUCH_PAYMENT));
    envelope.is_refusal() && (status == 404 || (status == 200 && in_words()))
}

pub(super) fn page(answer: &HttpAnswer, envelope: Option<Envelope>) -> Page {
    let Some(envelope) = envelope else {
        return Page::NoAnswer { reason: no_envelope(answer) };
    };
    if is_not_found(answer.status, &envelope) {
        return Page::NotFound;
    }
    if !(200..=299).contains(&answer.status) || envelope.code != 0 {
        return Page::NoAnswer { reason: http_status(answer.status, &envelope) };
    }
    let (list, next, total) = match &envelope.response {
        Value::Array(list) => (list.as_slice(), 0, None),
        Value::Object(object) => match object.get("list") {
            Some(Value::Array(list)) => {
                let whole = |key| wire::epoch_s(object, key);
                (list.as_slice(), whole("next").unwrap_or(0), whole("total"))
            }
            Some(Value::Null) | None => (&[][..], 0, None),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Page::NoAnswer { reason: Reason::ListNotAList };
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Page::NoAnswer { reason: Reason::CodeZeroNoList };
        }
    };
    // A payment that cannot be read could be the one that took the money.
    let records: Option<Vec<GatewayRecord>> =
        list.iter().map(|item| item.as_object().map(wire::record)).collect();
    match records {
        Some(records) => Page::Records { records, next, total },
        None => Page::NoAnswer { reason: Reason::ListHoldsOther },
    }
}

fn received(answer: &HttpAnswer, envelope: Option<&Envelope>) -> Received {
    Received {
        http_status: Some(answer.status),
        code: envelope.map(|envelope| envelope.code),
        message: envelope.and_then(|envelope| envelope.message.clone()),
        reason: None,
        imp_uid: None,
        body: wire::kept(&answer.body),
        took_ms: None,
    }
}

fn not_taken(status: u16) -> Reason {
    Reason::NewTokenNotTaken { status: status.to_string() }
}

fn no_answer(reason: Reason, received: Received) -> LookupReply {
    let received = Received { reason: Some(reason.clone()), ..received };
    LookupReply::NoAnswer { reason, reached: true, received }
}

/// The look-up never left, or the token for it was not to be had.
fn not_asked(reason: Reason) -> LookupReply {
    let received = Received::nothing(reason.clone());
    LookupReply::NoAnswer { reason, reached: false, received }
}

fn no_answer_of(unasked: Unasked) -> LookupReply {
    match unasked {
        Unasked::Token(failure) => not_asked(failure.reason()),
        Unasked::Transport(TransportError::NotSent { reason }) => not_asked(reason),
        Unasked::Transport(TransportError::Lost { reason, status, body }) => {
            let received = Received { http_status: status, body: wire::kept(&body), ..Received::default() };
            no_answer(reason, received)
        }
        Unasked::Unauthorized(answer) => {
            let envelope = Envelope::of(&answer);
            no_answer(not_taken(answer.status), received(&answer, envelope.as_ref()))
        }
    }
}

#[cfg(test)]
mod tests;
