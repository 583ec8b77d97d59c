//! What is posted, read with its limits.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::register::answer::JSON;
use crate::register::body::{BODY_BYTES_MAX, Posted, Refused, Why, read, read_either};

const FORM: &str = "application/x-www-form-urlencoded";
const ONLY_JSON: &str = "The body has to be JSON, and the Content-Type application/json.";

/// A body that is too large is read to here, so that its sender is there to hear the answer.
const DRAINED_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// Reads and checks what was posted about a card. `expected` is the one customer_uid that may be named, if there is
/// one: then it is a page of ours that posts.
pub(super) async fn posted(
    headers: &HeaderMap,
    body: Body,
    expected: Option<&str>,
) -> Result<Posted, Refused> {
    // The page's own script sends JSON and nothing else.
    let (taken, reason) = match expected {
        Some(_) => (is_json(headers), ONLY_JSON),
        None => (
            is_json(headers) || is(headers, FORM),
            "The body has to be JSON or a form, and the Content-Type has to say one of them.",
        ),
    };
    if !taken {
        return Err(Refused::new(Why::NotJson, reason));
    }
    let bytes = bytes_of(body).await?;
    let posted = if expected.is_some() { read(&bytes) } else { read_either(&bytes) }?;
    match expected {
        Some(expected) if expected != posted.customer_uid.as_str() => {
            let reason = format!("The customer_uid being registered here is {expected}, and no other.");
            Err(Refused::new(Why::Conflict, reason))
        }
        Some(_) | None => Ok(posted),
    }
}

/// The body of a POST that a page of ours sends: JSON and nothing else.
pub(super) async fn json_bytes(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refused> {
    if !is_json(headers) {
        return Err(Refused::new(Why::NotJson, ONLY_JSON));
    }
    bytes_of(body).await
}

fn is_json(headers: &HeaderMap) -> bool {
    is(headers, JSON)
}

fn is(headers: &HeaderMap, media: &str) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media)
}

async fn bytes_of(mut body: Body) -> Result<Vec<u8>, Refused> {
    let too_large = || Refused::new(Why::TooLarge, "The body has more than 16 KB.");
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |bytes| bytes > DRAINED_BYTES_MAX) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut total: usize = 0;
    loop {
        let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await else { break };
        let frame = frame.map_err(|_| Refused::new(Why::TooSlow, "The body did not arrive whole."))?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total > DRAINED_BYTES_MAX {
            return Err(too_large());
        }
        if total <= BODY_BYTES_MAX {
            bytes.extend_from_slice(&data);
        }
    }
    if total > BODY_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}
