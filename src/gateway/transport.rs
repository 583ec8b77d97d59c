//! The one seam between this program and the network: a request as bytes out, bytes or a typed
//! failure back. A simulation implements it too.

use std::fmt;
use std::time::Duration;

use crate::domain::pressure::RetryAfter;
use crate::domain::reason::Reason;
use crate::domain::secret::Secret;

/// The most of an answer that is read, in bytes. A payment is a few kilobytes; a page of a hundred
/// of them a few hundred.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Carries one request to the gateway and its answer back. It never repeats a request, never
/// follows a redirect, and never judges an answer.
pub trait Transport: Send + Sync {
    /// Sends one request once. The failure says whether a byte of it can have arrived.
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A JSON body on its way out.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// May be shown to the user who asks for traces.
    Open(String),
    /// Holds the API secret and is never shown.
    Sealed(Secret),
}

impl Body {
    /// The JSON text itself, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Body::Open(text) => text,
            Body::Sealed(secret) => secret.expose(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Open(text) => f.write_str(text),
            Body::Sealed(_) => f.write_str("***"),
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: Method,
    /// From the slash on, percent-encoded: `/payments/findAll/order_1?page=1`.
    pub path_and_query: String,
    /// Goes out as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    pub json: Option<Body>,
    /// How long the whole answer may take, from the moment the request is handed over.
    pub read_timeout: Duration,
}

/// An answer that was received whole, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    /// UTF-8 where the answer names another charset that it can be read in, else as it came: at most
    /// [`BODY_BYTES_MAX`] bytes as they came.
    pub body: Vec<u8>,
    /// Whether the answer was longer than that; the rest was not read.
    pub cut: bool,
    /// When the gateway wants to hear of this client again, where it says so.
    pub retry_after: Option<RetryAfter>,
}

/// Why there is no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// No byte of the request can have reached the gateway.
    NotSent { reason: Reason },
    /// The request may have arrived; what came back of an answer is here.
    Lost { reason: Reason, status: Option<u16>, body: Vec<u8> },
}

impl TransportError {
    #[must_use]
    pub fn reason(&self) -> &Reason {
        match self {
            TransportError::NotSent { reason } | TransportError::Lost { reason, .. } => reason,
        }
    }
}
