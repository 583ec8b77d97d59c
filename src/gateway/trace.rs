//! The lines that `-v` prints: what was sent and what came back, with secrets masked.

use std::time::Duration;

use crate::gateway::transport::{Body, HttpAnswer, HttpRequest, TransportError};

/// How much of an answer a line shows, in bytes.
const SHOWN_BYTES: usize = 4096;

/// `> POST /subscribe/payments/again, token 0123…(40 characters) {"amount":8900,…}`
pub(super) fn request_line(request: &HttpRequest) -> String {
    let mut line = format!("> {} {}", request.method.word(), request.path_and_query);
    if let Some(token) = &request.token {
        line.push_str(&format!(", token {}", token.masked()));
    }
    match &request.json {
        Some(Body::Open(body)) => line.push_str(&format!(" {body}")),
        Some(Body::Sealed(_)) => line.push_str(" (the API key and secret, not shown)"),
        None => {}
    }
    line
}

/// `< HTTP 200 in 35 ms, 812 bytes {"code":0,…}`. The answer to a sealed body is not shown when
/// it is not the JSON in which a token can be masked.
pub(super) fn answer_line(
    answer: &Result<HttpAnswer, TransportError>,
    took: Duration,
    sealed: bool,
) -> String {
    let took_ms = took.as_millis();
    match answer {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body);
            let shown = if sealed && !text.trim_start().starts_with('{') {
                "(not shown)".to_owned()
            } else {
                shortened(mask_access_token(&text))
            };
            let bytes = answer.body.len();
            let cut = if answer.cut { ", cut" } else { "" };
            format!("< HTTP {} in {took_ms} ms, {bytes} bytes{cut} {shown}", answer.status)
        }
        Err(TransportError::NotSent { reason }) => format!("< not sent after {took_ms} ms: {reason}"),
        Err(TransportError::Lost { reason, status, body }) => {
            let status = status.map(|status| format!(" after HTTP {status}")).unwrap_or_default();
            let bytes = body.len();
            format!("< lost{status} after {took_ms} ms, {bytes} bytes: {reason}")
        }
    }
}

/// Puts stars in place of the text value of every `access_token`, closed or cut off.
fn mask_access_token(text: &str) -> String {
    const KEY: &str = "access_token";
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(KEY) {
        let (before, after) = rest.split_at(at + KEY.len());
        masked.push_str(before);
        // The value is what stands between the colon and the next comma, brace or end.
        let value_end = after.find([',', '}']).unwrap_or(after.len());
        masked.push_str("\":\"***\"");
        rest = after.get(value_end..).unwrap_or("");
    }
    masked.push_str(rest);
    masked
}

fn shortened(mut text: String) -> String {
    if text.len() > SHOWN_BYTES {
        text.truncate(text.floor_char_boundary(SHOWN_BYTES));
        text.push('…');
    }
    text
}
