//! The gateway's endpoints, one method each.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::domain::answer::ChargeReply;
use crate::domain::charge::ChargeRequest;
use crate::domain::mask;
use crate::domain::pressure::{Gate, Of, Pressure};
use crate::domain::reason::{Reason, Said};
use crate::domain::secret::Secret;
use crate::domain::time::{Clock, Moment};
use crate::domain::words::hex;
use crate::gateway::cache::TokenCache;
use crate::gateway::classify;
use crate::gateway::heard::heard;
use crate::gateway::token::{self, Cached, Reading, Token, TokenFailure};
use crate::gateway::transport::{Body, HttpAnswer, HttpRequest, Method, Transport, TransportError};
use crate::gateway::wire::{self, Envelope};

/// How long anything but a charge may take; a charge waits for a card company.
const ASK_TIMEOUT_MAX: Duration = Duration::from_secs(30);

/// The pauses before the second and third try of a look-up.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Shorter secrets are not looked for in bytes that are no text: they could be part of anything.
const SCRUBBED_BYTES_MIN: usize = 16;

/// What the merchant is known by. Both are secrets.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub imp_key: Secret,
    pub imp_secret: Secret,
}

/// Why the gateway could not be asked, or would not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GatewayFailure {
    /// There is no token that the gateway takes, so that nothing was done.
    #[error(transparent)]
    Token(#[from] TokenFailure),
    /// The request never reached the gateway.
    #[error("{reason}")]
    NotReached { reason: Reason },
    /// It may have reached the gateway; no usable answer came back.
    #[error("{reason}")]
    NoAnswer { reason: Reason },
    /// The gateway's own no.
    #[error("the gateway refused (code {code}): {said}")]
    Refused { code: i64, said: Said },
}

/// The gateway, as one merchant sees it. Threads may share it.
pub struct Client {
    transport: Box<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    key: ApiKey,
    account: String,
    cache: TokenCache,
    read_timeout: Duration,
    state: Mutex<State>,
    /// What its answers say of itself.
    pressure: Mutex<Pressure>,
    /// The moment from which `pressure` counts.
    begun: Moment,
    /// Held by the one thread that asks for a token.
    asking: Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Cached>,
    /// The last token that the gateway did not take.
    refused: Option<Secret>,
    /// The newest look at the gateway's clock.
    reading: Option<Reading>,
    /// The gateway's clock by the newest answer that this client had itself, and a moment after that answer.
    heard: Option<(i64, Moment)>,
}

/// Why a look-up or the like has no answer to read.
pub(super) enum Unasked {
    Token(TokenFailure),
    Transport(TransportError),
    /// A fresh token was not taken either.
    Unauthorized(HttpAnswer),
}

impl Client {
    /// `cache` is the token cache's file. `read_timeout` is how long a charge may take; anything
    /// else takes that long or 30 s, whichever is less.
    #[must_use]
    pub fn new(
        transport: Box<dyn Transport>,
        clock: Arc<dyn Clock>,
        key: ApiKey,
        cache: Option<PathBuf>,
        read_timeout: Duration,
    ) -> Client {
        let account = account_of(&key.imp_key, None);
        let cache = TokenCache::new(cache, fingerprint(&[&key.imp_key, &key.imp_secret]));
        let (begun, asking) = (clock.now(), Mutex::new(()));
        let (state, pressure) = (Mutex::new(State::default()), Mutex::new(Pressure::default()));
        Client { transport, clock, key, account, cache, read_timeout, state, pressure, begun, asking }
    }

    /// The same client for a sub-merchant of the account; its transport has to name the tier too.
    #[must_use]
    pub fn of_tier(mut self, tier: Option<&str>) -> Client {
        self.account = account_of(&self.key.imp_key, tier);
        self
    }

    /// Which account this is; see [`account_of`].
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A token that lives for a minute or more: from memory, from the cache file, or from
    /// `POST /users/getToken`; with `refresh`, from there in any case.
    pub fn token(&self, refresh: bool) -> Result<Token, TokenFailure> {
        if !refresh && let Some(token) = self.at_hand() {
            return Ok(token);
        }
        let _turn = lock(&self.asking);
        if !refresh && let Some(token) = self.at_hand().or_else(|| self.in_cache()) {
            return Ok(token);
        }
        self.fetch()
    }

    /// Gets another token after a 401. Where another thread or process has one already, takes it.
    pub fn renew_token(&self) -> Result<(), TokenFailure> {
        let _turn = lock(&self.asking);
        if self.at_hand().or_else(|| self.in_cache()).is_some() {
            return Ok(());
        }
        self.fetch().map(drop)
    }

    /// Sends one charge once: `POST /subscribe/payments/again`. It is not repeated here, not even
    /// after a 401. [`Client::token`] must have been called before: without a token in memory
    /// nothing is sent.
    pub fn charge(&self, request: &ChargeRequest) -> ChargeReply {
        let (answer, took_ms) = match wire::charge_body(request) {
            Some(body) => self.send_once("/subscribe/payments/again", body),
            None => (not_sent(Reason::RequestNotBuilt), None),
        };
        let mut reply = classify::charge_answer(request, answer);
        reply.received.took_ms = took_ms;
        reply
    }

    /// Sends what must not be done twice: once, with the token in memory, whatever comes of it. Also says
    /// how many milliseconds it took. A token that the gateway did not take is not offered again.
    pub(super) fn send_once(
        &self,
        path: &str,
        body: String,
    ) -> (Result<HttpAnswer, TransportError>, Option<i64>) {
        let token = lock(&self.state).held.as_ref().map(|held| held.access_token.clone());
        let Some(token) = token else {
            return (not_sent(Reason::NoTokenAtHand), None);
        };
        let begun = self.clock.now();
        let answer = self.send(&HttpRequest {
            method: Method::Post,
            path_and_query: path.to_owned(),
            token: Some(token.clone()),
            json: Some(Body::Open(body)),
            read_timeout: self.read_timeout,
        });
        let took_ms = self.took_ms(&begun);
        self.hear(Of::Charge, &answer, &begun);
        if answer.as_ref().is_ok_and(proves_unprocessed) {
            self.refuse(&token);
        }
        (answer, took_ms)
    }

    /// The gateway's clock now, epoch seconds, reckoned on the boot clock from the last token
    /// answer of this boot, be it another process's. `None` when there is none.
    #[must_use]
    pub fn now_s(&self) -> Option<i64> {
        let reading = lock(&self.state).reading.clone();
        let reading = reading.or_else(|| self.cache.load().and_then(|held| held.reading))?;
        reading.gateway_now_s(&self.clock.now())
    }

    /// The gateway's clock now, epoch seconds: asks `getToken` for it. For a wait that began in
    /// another boot, or on a machine without a boot clock.
    pub fn fresh_now_s(&self) -> Option<i64> {
        let _turn = lock(&self.asking);
        self.fetch().ok()?;
        lock(&self.state).held.as_ref()?.reading.as_ref().map(|reading| reading.now_s)
    }

    /// The gateway's clock, at this time or before it, epoch seconds: what this client was told itself, and as much
    /// later as the boot clock says; the gateway is asked where it was told nothing yet. For a wait that began in
    /// another boot: it never ends early by this, and whoever has thousands of them asks once.
    pub fn now_s_at_least(&self) -> Option<i64> {
        let _turn = lock(&self.asking);
        if lock(&self.state).heard.is_none() {
            self.fetch().ok()?;
        }
        let now = self.clock.now();
        let (now_s, heard_at) = lock(&self.state).heard.clone()?;
        let since_ms = now.boot.zip(heard_at.boot).and_then(|(now, then)| now.ms_since(&then)).unwrap_or(0);
        now_s.checked_add(since_ms.max(0) / 1000)
    }

    /// How far the gateway's clock is ahead of this machine's wall clock, in seconds, by the last
    /// token answer that this client has seen; off by no more than that answer took.
    #[must_use]
    pub fn clock_ahead_s(&self) -> Option<i64> {
        let state = lock(&self.state);
        let reading = state.reading.as_ref()?;
        reading.now_s.checked_sub(reading.read_at.wall.as_second())
    }

    /// The token in memory, while it is good and not the refused one.
    fn at_hand(&self) -> Option<Token> {
        let now = self.clock.now();
        let state = lock(&self.state);
        let refused = |held: &&Cached| state.refused.as_ref() == Some(&held.access_token);
        let held = state.held.as_ref().filter(|held| held.is_fresh(&now) && !refused(held))?;
        Some(held.shown(&now, true))
    }

    /// Takes the token in the cache file into memory, while it is good and not the refused one.
    fn in_cache(&self) -> Option<Token> {
        let held = self.cache.load()?;
        let now = self.clock.now();
        let mut state = lock(&self.state);
        if !held.is_fresh(&now) || state.refused.as_ref() == Some(&held.access_token) {
            return None;
        }
        let token = held.shown(&now, true);
        state.reading.clone_from(&held.reading);
        state.held = Some(held);
        Some(token)
    }

    /// Asks for a token. The caller holds `asking`.
    fn fetch(&self) -> Result<Token, TokenFailure> {
        let unwritable = || TokenFailure::NotReached { reason: Reason::RequestNotBuilt };
        let body = wire::token_body(&self.key.imp_key, &self.key.imp_secret).ok_or_else(unwritable)?;
        let asked_at = self.clock.now();
        let answer = self.send(&HttpRequest {
            method: Method::Post,
            path_and_query: "/users/getToken".to_owned(),
            token: None,
            json: Some(Body::Sealed(body)),
            read_timeout: self.ask_timeout(),
        });
        self.hear(Of::Question, &answer, &asked_at);
        let held = token::read_answer(answer, &asked_at)?;
        self.cache.store(&held);
        let now = self.clock.now();
        let token = held.shown(&now, false);
        let mut state = lock(&self.state);
        if let Some(reading) = &held.reading {
            state.heard = Some((reading.now_s, now));
            state.reading = Some(reading.clone());
        }
        // What the gateway itself offers again is as good as a new one.
        if state.refused.as_ref() == Some(&held.access_token) {
            state.refused = None;
        }
        state.held = Some(held);
        Ok(token)
    }

    /// Never offers this token again, unless the gateway itself does. It stays held until there is
    /// another: a charge of another thread whose intent is written by now goes out with it, and
    /// learns from its own 401 that nothing was processed. A refusal of a token that was replaced
    /// meanwhile says nothing of the one that is held.
    fn refuse(&self, token: &Secret) {
        let mut state = lock(&self.state);
        if state.held.as_ref().is_none_or(|held| held.access_token == *token) {
            state.refused = Some(token.clone());
        }
    }

    /// Whether the gateway takes requests, as far as its answers say, and how many at once: for whoever has
    /// many.
    #[must_use]
    pub fn gate(&self) -> (Gate, Option<usize>) {
        let (now, pressure) = (self.reading(&self.clock.now()), lock(&self.pressure));
        (pressure.gate(now), pressure.at_once())
    }

    /// Whether many ids at once may be asked for now.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        let now = self.reading(&self.clock.now());
        lock(&self.pressure).takes_many(now)
    }

    fn hear(&self, of: Of, answer: &Result<HttpAnswer, TransportError>, sent_at: &Moment) {
        let now = self.clock.now();
        let heard = heard(answer, now.wall.as_second());
        lock(&self.pressure).hear(of, heard, self.reading(sent_at), self.reading(&now));
    }

    /// How long after this client was made; a clock that ran backwards stands still.
    fn reading(&self, moment: &Moment) -> Duration {
        moment.since(&self.begun).unwrap_or_default()
    }

    /// Sends a request that has no body: with a token, renewed once after a 401; a GET up to three
    /// times, when the network or the gateway stand in the way. After a 429 it is not tried again: whoever is told
    /// to wait makes it worse.
    pub(super) fn ask(&self, method: Method, path_and_query: &str) -> Result<HttpAnswer, Unasked> {
        self.ask_for(Of::Question, method, path_and_query)
    }

    /// The same; `of` is what the answer is heard as.
    pub(super) fn ask_for(
        &self,
        of: Of,
        method: Method,
        path_and_query: &str,
    ) -> Result<HttpAnswer, Unasked> {
        let mut pauses = BACK_OFF.iter().take(if method == Method::Get { BACK_OFF.len() } else { 0 });
        let mut renewed = false;
        loop {
            let token = match self.token(false) {
                Ok(token) => token.access_token,
                Err(failure) => match (&failure, pauses.next()) {
                    (TokenFailure::NotReached { .. } | TokenFailure::NoAnswer { .. }, Some(pause)) => {
                        self.clock.sleep(*pause);
                        continue;
                    }
                    (_, _) => return Err(Unasked::Token(failure)),
                },
            };
            let sent_at = self.clock.now();
            let answer = self.send(&HttpRequest {
                method,
                path_and_query: path_and_query.to_owned(),
                token: Some(token.clone()),
                json: None,
                read_timeout: self.ask_timeout(),
            });
            let again = match &answer {
                // Whatever it says: to ask once more charges nobody.
                Ok(answer) if answer.status == 401 => {
                    self.refuse(&token);
                    if renewed {
                        self.hear(of, &Ok(answer.clone()), &sent_at);
                        return Err(Unasked::Unauthorized(answer.clone()));
                    }
                    renewed = true;
                    continue;
                }
                Ok(answer) => answer.status >= 500,
                Err(_) => true,
            };
            match pauses.next() {
                Some(pause) if again => self.clock.sleep(*pause),
                Some(_) | None => {
                    self.hear(of, &answer, &sent_at);
                    return answer.map_err(Unasked::Transport);
                }
            }
        }
    }

    pub(super) fn took_ms(&self, begun: &Moment) -> Option<i64> {
        let took = self.clock.now().since(begun)?;
        i64::try_from(took.as_millis()).ok()
    }

    fn ask_timeout(&self) -> Duration {
        self.read_timeout.min(ASK_TIMEOUT_MAX)
    }

    /// Sends once, and takes our own secrets out of what comes back: answers are kept and shown,
    /// and an error page may repeat the request.
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let key = [&self.key.imp_key, &self.key.imp_secret];
        let secrets: Vec<&Secret> = key.into_iter().chain(&request.token).collect();
        match self.transport.send(request) {
            Ok(answer) => Ok(HttpAnswer { body: scrub(answer.body, &secrets), ..answer }),
            Err(TransportError::Lost { reason, status, body }) => {
                Err(TransportError::Lost { reason, status, body: scrub(body, &secrets) })
            }
            Err(not_sent @ TransportError::NotSent { .. }) => Err(not_sent),
        }
    }
}

fn not_sent(reason: Reason) -> Result<HttpAnswer, TransportError> {
    Err(TransportError::NotSent { reason })
}

fn proves_unprocessed(answer: &HttpAnswer) -> bool {
    answer.status == 401 && classify::proves_unprocessed(answer, Envelope::of(answer).as_ref())
}

/// What is not text is left as it came, but for what stands in it as it is.
fn scrub(mut body: Vec<u8>, secrets: &[&Secret]) -> Vec<u8> {
    if let Ok(text) = std::str::from_utf8(&body) {
        let shown = mask::secrets(text, secrets);
        return if shown == text { body } else { shown.into_bytes() };
    }
    for secret in secrets {
        let secret = secret.expose().as_bytes();
        if secret.len() < SCRUBBED_BYTES_MIN {
            continue;
        }
        while let Some(at) = body.windows(secret.len()).position(|window| window == secret) {
            body.splice(at..at + secret.len(), *b"***");
        }
    }
    body
}

/// Which account a key and a tier are: 16 hex digits of a SHA-256, never the key itself. It is known without
/// a network, so that order ids can be made of it.
#[must_use]
pub fn account_of(imp_key: &Secret, tier: Option<&str>) -> String {
    match tier {
        Some(tier) => fingerprint(&[imp_key, &Secret::new(tier.to_owned())]),
        None => fingerprint(&[imp_key]),
    }
}

/// 16 hex digits of SHA-256: enough to tell keys apart, and no way back to them.
fn fingerprint(secrets: &[&Secret]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for (index, secret) in secrets.iter().enumerate() {
        if index > 0 {
            context.update(b"\0");
        }
        context.update(secret.expose().as_bytes());
    }
    hex(context.finish().as_ref().iter().take(8))
}

/// A thread that panicked with the lock held left plain values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
