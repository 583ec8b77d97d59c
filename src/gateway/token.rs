//! Access tokens and how long they live (facts 1).
//!
//! The gateway's clock and this machine's may be minutes apart, so a token's life is the
//! difference of two of the gateway's own times, counted down on this machine's boot clock.

use std::time::Duration;

use thiserror::Error;

use crate::domain::reason::{Reason, Said};
use crate::domain::secret::Secret;
use crate::domain::time::Moment;
use crate::gateway::classify::{http_status, no_envelope};
use crate::gateway::transport::{HttpAnswer, TransportError};
use crate::gateway::wire::{self, Envelope};

/// A token with less life than this is renewed: the gateway then gives it five minutes more
/// (facts 1).
pub(super) const LIFE_LEFT_MIN: Duration = Duration::from_secs(60);

/// What is assumed of a token that came without its times.
const LIFE_ASSUMED: Duration = Duration::from_secs(60);

/// An access token, for those who ask for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub access_token: Secret,
    /// On the gateway's clock, epoch seconds.
    pub expires_at_s: i64,
    pub left: Duration,
    /// Whether it was at hand, in memory or in the cache file, and not asked for now.
    pub cached: bool,
}

/// Why there is no token. Nothing that needs one can have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenFailure {
    /// What the gateway said about key and secret.
    #[error("the gateway refused the API key: {said}")]
    KeyRefused { said: Said },
    /// The request for a token never reached the gateway.
    #[error("{reason}")]
    NotReached { reason: Reason },
    #[error("{reason}")]
    NoAnswer { reason: Reason },
}

impl TokenFailure {
    /// The same as the ledger keeps it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            TokenFailure::KeyRefused { said } => Reason::KeyRefused { said: said.clone() },
            TokenFailure::NotReached { reason } | TokenFailure::NoAnswer { reason } => reason.clone(),
        }
    }
}

/// One look at the gateway's clock, and when that was on this machine's clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The gateway's `now`, epoch seconds.
    pub(super) now_s: i64,
    pub(super) expired_at_s: i64,
    /// When that was here.
    pub(super) read_at: Moment,
}

impl Reading {
    /// How much life the token has left; `None` when no clock can tell. The wall clock is asked
    /// only where there is no boot clock in common, and not when it ran backwards: a token that
    /// dies early costs one 401, which proves that nothing was processed.
    pub(super) fn left(&self, now: &Moment) -> Option<Duration> {
        let since = now.since(&self.read_at)?;
        let life_s = self.expired_at_s.checked_sub(self.now_s)?;
        let life = Duration::from_secs(u64::try_from(life_s).unwrap_or(0));
        Some(life.saturating_sub(since))
    }

    /// The gateway's clock at another moment of the same boot, epoch seconds.
    pub(super) fn gateway_now_s(&self, now: &Moment) -> Option<i64> {
        let (then, now) = (self.read_at.boot.as_ref()?, now.boot.as_ref()?);
        let since_ms = now.ms_since(then).filter(|since_ms| *since_ms >= 0)?;
        self.now_s.checked_add(since_ms / 1000)
    }
}

/// A token as it is kept, in memory and in the cache file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cached {
    pub(super) access_token: Secret,
    /// `None` when the gateway did not say how long it lives.
    pub(super) reading: Option<Reading>,
}

impl Cached {
    /// Whether it can be used without asking again. One without times is good until it is refused.
    pub(super) fn is_fresh(&self, now: &Moment) -> bool {
        match &self.reading {
            Some(reading) => reading.left(now).is_some_and(|left| left >= LIFE_LEFT_MIN),
            None => true,
        }
    }

    pub(super) fn shown(&self, now: &Moment, cached: bool) -> Token {
        let assumed_s = i64::try_from(LIFE_ASSUMED.as_secs()).unwrap_or(0);
        let (expires_at_s, left) = match &self.reading {
            Some(reading) => (reading.expired_at_s, reading.left(now).unwrap_or(Duration::ZERO)),
            None => (now.wall.as_second().saturating_add(assumed_s), LIFE_ASSUMED),
        };
        Token { access_token: self.access_token.clone(), expires_at_s, left, cached }
    }
}

/// Reads the answer to `POST /users/getToken`. `asked_at` is the moment before the request left:
/// a life that begins earlier ends earlier.
pub(super) fn read_answer(
    answer: Result<HttpAnswer, TransportError>,
    asked_at: &Moment,
) -> Result<Cached, TokenFailure> {
    let answer = answer.map_err(|error| match error {
        TransportError::NotSent { reason } => TokenFailure::NotReached { reason },
        TransportError::Lost { reason, .. } => TokenFailure::NoAnswer { reason },
    })?;
    let envelope = Envelope::of(&answer);
    match (answer.status, envelope) {
        (200..=299, Some(envelope)) if envelope.code == 0 => accepted(&envelope, asked_at),
        (200..=299 | 400 | 401 | 403, Some(envelope)) if envelope.is_refusal() => {
            Err(TokenFailure::KeyRefused { said: envelope.said() })
        }
        (401, _) => Err(TokenFailure::KeyRefused { said: Said::Status(401) }),
        (status, Some(envelope)) => Err(TokenFailure::NoAnswer { reason: http_status(status, &envelope) }),
        (_, None) => Err(TokenFailure::NoAnswer { reason: no_envelope(&answer) }),
    }
}

fn accepted(envelope: &Envelope, asked_at: &Moment) -> Result<Cached, TokenFailure> {
    let no_token = || TokenFailure::NoAnswer { reason: Reason::NoTokenInAnswer };
    let object = envelope.response.as_object().ok_or_else(no_token)?;
    let text = object.get("access_token").and_then(|value| value.as_str()).ok_or_else(no_token)?;
    // It goes into a header.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_token());
    }
    let times = wire::epoch_s(object, "now").zip(wire::epoch_s(object, "expired_at"));
    let reading =
        times.map(|(now_s, expired_at_s)| Reading { now_s, expired_at_s, read_at: asked_at.clone() });
    Ok(Cached { access_token: Secret::new(text.to_owned()), reading })
}

#[cfg(test)]
mod tests;
