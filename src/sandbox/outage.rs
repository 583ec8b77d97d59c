//! Answers that come before anything is done: a gateway that is down, or will not hear of a call.

use crate::sandbox::answer::{Answer, cut_of};
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::faults::FaultValue;

/// Faults that answer before anything is done.
pub(super) fn answer_before_work(ask: &Ask<'_>, call: &Call) -> Option<Answer> {
    let is_longer = |value: FaultValue| call.line_bytes > value.count;
    if ask.fires(FaultKind::LongLine400).is_some_and(is_longer) {
        return Some(Answer::page(400, "Bad Request"));
    }
    if ask.fires(FaultKind::LongLine414).is_some_and(is_longer) {
        return Some(Answer::page(414, "Request-URI Too Large"));
    }
    if let Some(value) = ask.fires(FaultKind::LostBefore) {
        return Some(Answer::dropped(cut_of(&value.text)));
    }
    let fires = |kind| ask.fires(kind).is_some();
    if fires(FaultKind::Redirect) {
        let page = Answer::page(307, "Temporary Redirect");
        return Some(page.with_header("location", "/_sandbox/maintenance".to_owned()));
    }
    if fires(FaultKind::RateLimited) {
        return Some(too_many_requests());
    }
    if fires(FaultKind::Error500) {
        return Some(Answer::error(500, "Internal Server Error"));
    }
    if fires(FaultKind::Error503) {
        return Some(unavailable());
    }
    if let Some(value) = ask.fires(FaultKind::LookupsDown) {
        return Some(match value.text.as_str() {
            "429" => too_many_requests(),
            "403" => Answer::page(403, "Forbidden"),
            "html" => Answer::page(200, "Maintenance"),
            _ => unavailable(),
        });
    }
    if fires(FaultKind::Html502Before) {
        return Some(Answer::page(502, "Bad Gateway"));
    }
    fires(FaultKind::Html404).then(|| Answer::page(404, "Not Found"))
}

fn too_many_requests() -> Answer {
    Answer::error(429, "Too Many Requests").with_header("retry-after", "1".to_owned())
}

fn unavailable() -> Answer {
    Answer::page(503, "Service Temporarily Unavailable")
}
