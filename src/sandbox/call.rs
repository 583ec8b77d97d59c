//! A request as the endpoints want it: header, query and body, decoded.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;

use crate::sandbox::answer::Answer;
use crate::sandbox::fields::{Fields, decode_pairs};
use crate::sandbox::gateway::Gateway;
use crate::sandbox::multipart;
use crate::sandbox::server::Connection;

/// No request of the API comes near this size.
const BODY_MAX_BYTES: usize = 1 << 20;
/// A longer body is still read to its end, so that its sender reads the refusal instead of a reset;
/// but not for ever.
const BODY_READ_MAX_BYTES: usize = 64 << 20;
/// What a request line has besides its method and its target: two blanks and `HTTP/1.1`.
const VERSION_BYTES: usize = 10;
/// Where an old .NET client puts the token (facts 1).
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-imptokenheader");

/// One request.
pub(super) struct Call {
    /// The connection it came from, if it came over one.
    pub(super) connection: Option<Connection>,
    /// The `Authorization` header, as sent.
    pub(super) authorization: Option<String>,
    /// The `X-ImpTokenHeader` header, as sent.
    pub(super) token_header: Option<String>,
    /// The `User-Agent` header, or nothing.
    pub(super) user_agent: String,
    /// How long the request line was, its two blanks and the version included.
    pub(super) line_bytes: usize,
    /// The query's pairs in their order, decoded.
    pub(super) query: Vec<(String, String)>,
    /// The body's bytes as text.
    pub(super) text: String,
    /// The body's fields, from JSON or from a form; empty if it is neither.
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Gateway>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, gateway: &Arc<Gateway>) -> Result<Call, Response> {
        let (parts, body) = request.into_parts();
        let connection = parts.extensions.get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
        let bytes = match tokio::time::timeout(gateway.idle_limit(), read(body)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(refusal)) => return Err(refusal.send_plain()),
            Err(_) => return Err(Answer::page(408, "Request Time-out").send_plain()),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Call {
            connection,
            authorization: header(&parts.headers, AUTHORIZATION),
            token_header: header(&parts.headers, TOKEN_HEADER),
            user_agent: header(&parts.headers, USER_AGENT).unwrap_or_default(),
            line_bytes: parts.method.as_str().len() + parts.uri.to_string().len() + VERSION_BYTES,
            query: decode_pairs(parts.uri.query().unwrap_or_default()),
            fields: fields(&header(&parts.headers, CONTENT_TYPE).unwrap_or_default(), &text),
            text,
        })
    }
}

impl Call {
    /// Gives the last value of a query parameter.
    pub(super) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Gives every value of `name[]`, with or without an index between the brackets.
    pub(super) fn query_list(&self, name: &str) -> Vec<String> {
        let is_item = |key: &str| {
            key.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'))
                .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
        };
        self.query.iter().filter(|(key, _)| is_item(key)).map(|(_, value)| value.clone()).collect()
    }
}

/// Reads a body to its end. One that is too long is refused, and so is one that breaks off: neither
/// may pass for one without fields.
async fn read(mut body: Body) -> Result<Vec<u8>, Answer> {
    let mut bytes = Vec::new();
    let mut total = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Answer::page(400, "Bad Request"))?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total <= BODY_MAX_BYTES {
            bytes.extend_from_slice(&data);
        } else if total > BODY_READ_MAX_BYTES {
            break;
        }
    }
    if total > BODY_MAX_BYTES { Err(Answer::page(413, "Request Entity Too Large")) } else { Ok(bytes) }
}

fn fields(content_type: &str, text: &str) -> Fields {
    let kind = content_type.to_ascii_lowercase();
    if kind.contains("json") || (kind.is_empty() && text.starts_with('{')) {
        Fields::from_json(text)
    } else if kind.starts_with("multipart/form-data") {
        Fields::from_pairs(multipart::read(content_type, text))
    } else {
        Fields::from_form(text)
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
