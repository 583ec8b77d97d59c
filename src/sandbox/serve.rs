//! The way every call goes: through what time has brought about, its faults, its token, its work.

use axum::response::Response;

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::error::SandboxError;
use crate::sandbox::execution::carry_out_due;
use crate::sandbox::fault_table::Place;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::outage::answer_before_work;
use crate::sandbox::token;

/// Takes one call through faults and work, and answers it.
///
/// Everything up to the answer happens without waiting, so that a client that goes away can stop a
/// request only by not having sent all of it.
pub(super) async fn serve(
    gateway: &Gateway,
    ask: Result<Ask<'_>, SandboxError>,
    call: &Call,
    work: impl FnOnce(&Ask<'_>) -> Result<Answer, SandboxError>,
) -> Response {
    let ask = match carry_out_due(gateway).and(ask) {
        Ok(ask) => ask,
        Err(error) => return broken(&error).send_plain(),
    };
    let answer = match answer_before_work(&ask, call) {
        Some(answer) => answer.finally(),
        None => work(&ask).unwrap_or_else(|error| broken(&error)),
    };
    answer.send(&ask, call.connection.as_ref()).await
}

/// Does the work only for a call with a living token.
pub(super) fn authorized(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    work: impl FnOnce() -> Result<Answer, SandboxError>,
) -> Result<Answer, SandboxError> {
    match token::refuse(gateway, ask, call)? {
        Some(answer) => Ok(answer.finally()),
        None => work(),
    }
}

/// Serves a call that has a token, at this place and about these payments.
pub(super) async fn serve_at(
    gateway: &Gateway,
    call: &Call,
    place: Place,
    merchant_uids: Vec<String>,
    work: impl FnOnce(&Ask<'_>) -> Result<Answer, SandboxError>,
) -> Response {
    let ask = Ask::new(gateway, place, merchant_uids);
    serve(gateway, Ok(ask), call, |ask| authorized(gateway, ask, call, || work(ask))).await
}

/// Answers a call to the control face, where neither faults nor tokens apply.
pub(super) fn controlled(answer: Result<Answer, SandboxError>) -> Response {
    answer.unwrap_or_else(|error| broken(&error)).send_plain()
}

/// Tells the client that the sandbox itself is at its end, for example because its disk is full.
pub(super) fn broken(error: &SandboxError) -> Answer {
    Answer::error(500, &error.to_string())
}
