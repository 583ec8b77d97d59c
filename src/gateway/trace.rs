//! The lines that `-v` prints: what was sent and what came back, with secrets masked.

use std::time::Duration;

use serde_json::Value;

use crate::domain::mask;
use crate::domain::secret::Secret;
use crate::gateway::transport::{Body, HttpAnswer, HttpRequest, TransportError};

/// How much of an answer a line shows, in bytes.
const SHOWN_BYTES: usize = 4096;

/// Keys, in their quotes, whose values are secrets.
const SECRET_KEYS: [&str; 3] = ["\"access_token\"", "\"imp_key\"", "\"imp_secret\""];

/// `> POST /subscribe/payments/again, token 0123…(40 characters) {"amount":8900,…}`
pub(super) fn request_line(request: &HttpRequest) -> String {
    let mut line = format!("> {} {}", request.method.word(), request.path_and_query);
    if let Some(token) = &request.token {
        line.push_str(&format!(", token {}", token.masked()));
    }
    match &request.json {
        Some(Body::Open(body)) => line.push_str(&format!(" {}", mask::body(body))),
        Some(Body::Sealed(_)) => line.push_str(" (the API key and secret, not shown)"),
        None => {}
    }
    line
}

/// `< HTTP 200 in 35 ms, 812 bytes {"code":0,…}`. The answer to a sealed body is not shown when
/// it is not the JSON in which secrets can be masked.
///
/// `own` are the secrets that any answer may repeat; the request's own are known by themselves.
pub(super) fn answer_line(
    request: &HttpRequest,
    answer: &Result<HttpAnswer, TransportError>,
    took: Duration,
    own: &[Secret],
) -> String {
    let sealed = matches!(request.json, Some(Body::Sealed(_)));
    let took_ms = took.as_millis();
    match answer {
        Ok(answer) => {
            // An error page may repeat the request's headers, and a refusal the key.
            let sent = sealed_values(request);
            let secrets: Vec<&Secret> = own.iter().chain(&request.token).chain(&sent).collect();
            let text = mask::secrets(&String::from_utf8_lossy(&answer.body), &secrets);
            let shown = if sealed && !text.trim_start().starts_with('{') {
                "(not shown)".to_owned()
            } else {
                let text = mask::body(&text).into_owned();
                shortened(SECRET_KEYS.iter().fold(text, |text, key| masked(&text, key)))
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

/// Every value of a sealed body.
fn sealed_values(request: &HttpRequest) -> Vec<Secret> {
    let Some(Body::Sealed(sealed)) = &request.json else { return Vec::new() };
    let Ok(Value::Object(body)) = serde_json::from_str(sealed.expose()) else { return Vec::new() };
    body.values().filter_map(Value::as_str).map(|value| Secret::new(value.to_owned())).collect()
}

/// Puts stars in place of every text that is the value of this key, closed or cut off.
fn masked(text: &str, key: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(key) {
        let (before, after) = rest.split_at(at + key.len());
        masked.push_str(before);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(value) = value.and_then(|value| value.strip_prefix('"')) {
            masked.push_str(":\"***");
            rest = value.find('"').and_then(|end| value.get(end..)).unwrap_or("");
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SECRET_KEYS, answer_line, masked, request_line};
    use crate::domain::reason::Reason;
    use crate::domain::secret::Secret;
    use crate::gateway::transport::{Body, HttpAnswer, HttpRequest, Method, TransportError};

    const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

    fn request(json: Body) -> HttpRequest {
        HttpRequest {
            method: Method::Post,
            path_and_query: "/a".to_owned(),
            token: Some(Secret::new(TOKEN.to_owned())),
            json: Some(json),
            read_timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_request_is_shown_with_its_token_masked() {
        let line = request_line(&request(Body::Open(r#"{"amount":8900}"#.to_owned())));
        assert_eq!(line, r#"> POST /a, token 0123…(40 characters) {"amount":8900}"#);
    }

    #[test]
    fn a_sealed_body_is_never_shown() {
        let sealed = request(Body::Sealed(Secret::new("imp_secret_value".to_owned())));
        assert!(!request_line(&sealed).contains("imp_secret_value"));
        assert!(!format!("{sealed:?}").contains("imp_secret_value"));
        assert!(!format!("{sealed:?}").contains(TOKEN));
    }

    #[test]
    fn a_token_in_an_answer_is_masked_wherever_it_stands() {
        let text = format!(r#"{{"access_token":"{TOKEN}","now":1,"x":{{"access_token" : "{TOKEN}"}}}}"#);
        assert_eq!(
            masked(&text, SECRET_KEYS[0]),
            r#"{"access_token":"***","now":1,"x":{"access_token":"***"}}"#
        );
        for end in 0..text.len() {
            assert!(!masked(&text[..end], SECRET_KEYS[0]).contains(&TOKEN[..4]), "{end}");
        }
    }

    #[test]
    fn an_answer_to_a_sealed_body_is_shown_only_as_json() {
        let sealed = request(Body::Sealed(Secret::new("imp_secret_value".to_owned())));
        let answer = |body: &str| {
            let answer =
                HttpAnswer { status: 502, body: body.as_bytes().to_vec(), cut: false, retry_after: None };
            answer_line(&sealed, &Ok(answer), Duration::from_millis(35), &[])
        };
        assert_eq!(answer("<p>secret"), "< HTTP 502 in 35 ms, 9 bytes (not shown)");
        assert_eq!(answer(r#"{"code":-1}"#), r#"< HTTP 502 in 35 ms, 11 bytes {"code":-1}"#);
        assert!(answer(r#"{"imp_secret":"s3cr3t"}"#).ends_with(r#"{"imp_secret":"***"}"#));
    }

    #[test]
    fn a_key_that_a_refusal_repeats_is_not_shown() {
        let key = r#"{"imp_key":"0000000000000000","imp_secret":"imp_secret_value"}"#;
        let sealed = request(Body::Sealed(Secret::new(key.to_owned())));
        let body = br#"{"code":-1,"message":"no 0000000000000000 with imp_secret_value"}"#.to_vec();
        let line = answer_line(
            &sealed,
            &Ok(HttpAnswer { status: 401, body, cut: false, retry_after: None }),
            Duration::ZERO,
            &[],
        );
        assert!(line.ends_with(r#"{"code":-1,"message":"no *** with ***"}"#), "{line}");
    }

    #[test]
    fn a_token_that_an_error_page_repeats_is_not_shown() {
        let body = format!("<p>Bearer {TOKEN}").into_bytes();
        let open = request(Body::Open("{}".to_owned()));
        let line = answer_line(
            &open,
            &Ok(HttpAnswer { status: 502, body, cut: false, retry_after: None }),
            Duration::ZERO,
            &[],
        );
        assert_eq!(line, "< HTTP 502 in 0 ms, 50 bytes <p>Bearer ***");
    }

    #[test]
    fn what_did_not_come_back_is_said() {
        let lost = TransportError::Lost { reason: Reason::AnswerBroken, status: Some(200), body: vec![1] };
        let line =
            answer_line(&request(Body::Open(String::new())), &Err(lost), Duration::from_millis(7), &[]);
        let reason = "the connection broke in the middle of the gateway's answer";
        assert_eq!(line, format!("< lost after HTTP 200 after 7 ms, 1 bytes: {reason}"));
    }
}
