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

/// Puts stars in place of every text that is the value of an `access_token`, closed or cut off.
fn mask_access_token(text: &str) -> String {
    const KEY: &str = "\"access_token\"";
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(KEY) {
        let (before, after) = rest.split_at(at + KEY.len());
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

    use super::{answer_line, mask_access_token, request_line};
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
        assert_eq!(mask_access_token(&text), r#"{"access_token":"***","now":1,"x":{"access_token":"***"}}"#);
        for end in 0..text.len() {
            assert!(!mask_access_token(&text[..end]).contains(&TOKEN[..4]), "{end}");
        }
    }

    #[test]
    fn an_answer_to_a_sealed_body_is_shown_only_as_json() {
        let answer = |body: &str| {
            let answer = HttpAnswer { status: 502, body: body.as_bytes().to_vec(), cut: false };
            answer_line(&Ok(answer), Duration::from_millis(35), true)
        };
        assert_eq!(answer("<p>secret"), "< HTTP 502 in 35 ms, 9 bytes (not shown)");
        assert_eq!(answer(r#"{"code":-1}"#), r#"< HTTP 502 in 35 ms, 11 bytes {"code":-1}"#);
    }

    #[test]
    fn what_did_not_come_back_is_said() {
        let lost = TransportError::Lost { reason: "it broke".to_owned(), status: Some(200), body: vec![1] };
        let line = answer_line(&Err(lost), Duration::from_millis(7), false);
        assert_eq!(line, "< lost after HTTP 200 after 7 ms, 1 bytes: it broke");
    }
}
