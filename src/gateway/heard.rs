//! What an answer says of the gateway itself: that it works, that it wants a pause, that its door is closed.

use crate::domain::pressure::{Heard, PAUSE_UNTOLD};
use crate::gateway::transport::{HttpAnswer, TransportError};
use crate::gateway::wire::Envelope;

/// Hears an answer; `now_s` is the wall clock, for a pause that ends at a time.
pub(super) fn heard(answer: &Result<HttpAnswer, TransportError>, now_s: i64) -> Heard {
    let answer = match answer {
        Ok(answer) => answer,
        // The rest of it never came; its first line did.
        Err(TransportError::Lost { status: Some(429), .. }) => return Heard::Busy(PAUSE_UNTOLD),
        Err(TransportError::Lost { status: Some(403), .. }) => return Heard::Barred,
        Err(TransportError::Lost { .. } | TransportError::NotSent { .. }) => return Heard::Nothing,
    };
    match answer.status {
        429 => Heard::Busy(answer.retry_after.map_or(PAUSE_UNTOLD, |after| after.wait(now_s))),
        403 => Heard::Barred,
        _ if answer.body.trim_ascii_start().starts_with(b"<") => Heard::Barred,
        200..=400 | 402..=499 if Envelope::of(answer).is_some() => Heard::Good,
        _ => Heard::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::heard;
    use crate::domain::pressure::{Heard, PAUSE_UNTOLD, RetryAfter};
    use crate::domain::reason::Reason;
    use crate::gateway::transport::{HttpAnswer, TransportError};

    #[test]
    fn every_answer_is_heard_for_what_it_says_of_the_gateway() {
        let json = r#"{"code":1,"message":"x","response":null}"#;
        let page = " <html>Forbidden</html>";
        let in_7 = Some(RetryAfter::In(Duration::from_secs(7)));
        let at_12 = Some(RetryAfter::At { at_s: 12, written_s: None });
        let table = [
            ("the gateway's JSON is good", 200, json, None, Heard::Good),
            ("also when it does not know what it is asked for", 404, json, None, Heard::Good),
            ("a 429 asks for a pause", 429, json, in_7, Heard::Busy(Duration::from_secs(7))),
            ("until a time", 429, page, at_12, Heard::Busy(Duration::from_secs(2))),
            ("or without saying how long", 429, "", None, Heard::Busy(PAUSE_UNTOLD)),
            ("a 403 is a closed door in JSON too", 403, json, None, Heard::Barred),
            ("and without a body", 403, "", None, Heard::Barred),
            ("a page is one under any status", 200, page, None, Heard::Barred),
            ("also one that asks for a pause", 503, page, in_7, Heard::Barred),
            ("a 401 says nothing of the gateway", 401, json, None, Heard::Nothing),
            ("nor does a 500 in JSON", 500, json, None, Heard::Nothing),
            ("nor half a body", 200, r#"{"code":0,"#, None, Heard::Nothing),
        ];
        for (sentence, status, body, retry_after, expected) in table {
            let answer = HttpAnswer { status, body: body.as_bytes().to_vec(), cut: false, retry_after };
            assert_eq!(heard(&Ok(answer), 10), expected, "{sentence}");
        }
    }

    #[test]
    fn an_answer_that_broke_off_is_heard_by_its_status() {
        let lost = |status| TransportError::Lost { reason: Reason::AnswerBroken, status, body: Vec::new() };
        assert_eq!(heard(&Err(lost(Some(429))), 0), Heard::Busy(PAUSE_UNTOLD));
        assert_eq!(heard(&Err(lost(Some(403))), 0), Heard::Barred);
        assert_eq!(heard(&Err(lost(None)), 0), Heard::Nothing);
        assert_eq!(heard(&Err(TransportError::NotSent { reason: Reason::NoThread }), 0), Heard::Nothing);
    }
}
