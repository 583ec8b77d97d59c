//! The simulated network: requests of one actor into the shared book.

use billkey::domain::reason::Reason;
use billkey::gateway::{HttpAnswer, HttpRequest, Transport, TransportError};
use serde_json::{Value, json};

use super::book::{DUPLICATE, MOODS, Mood, NOT_FOUND, envelope, refusal, render};
use super::world::{Inner, World};

/// A bug in the program, planted to see whether the simulation finds it. Those that concern the
/// wire are planted here, around a client that has none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    SendBeforeIntent,
    RetryOnTimeout,
    FindInsteadOfAll,
    TrustNotFoundAtOnce,
    CodeZeroIsPaid,
    /// See `hosts`.
    ResendNotFenced,
    /// See `hosts`.
    AnswerNotFenced,
}

pub struct Wire {
    pub world: World,
    pub actor: usize,
    /// What this run's gateway is capable of.
    pub moods: Vec<Mood>,
    pub planted: Option<Planted>,
}

impl Transport for Wire {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        self.world.step(self.actor);
        let answer = self.deliver(request);
        self.world.sent(self.actor);
        self.world.step_or_stand_still(self.actor);
        let is_charge = request.path_and_query == "/subscribe/payments/again";
        match self.planted {
            Some(Planted::RetryOnTimeout)
                if is_charge && matches!(answer, Err(TransportError::Lost { .. })) =>
            {
                self.deliver(request)
            }
            Some(Planted::CodeZeroIsPaid) if is_charge => answer.map(|mut answer| {
                let text = String::from_utf8_lossy(&answer.body).replace("\"failed\"", "\"paid\"");
                answer.body = text.into_bytes();
                answer
            }),
            Some(Planted::FindInsteadOfAll) if request.path_and_query.starts_with("/payments/findAll/") => {
                answer.map(newest_only)
            }
            Some(_) | None => answer,
        }
    }
}

impl Wire {
    fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let mut inner = self.world.look();
        let path = request.path_and_query.clone();
        let (line, answer) = if path == "/users/getToken" {
            ("asks for a token".to_owned(), Ok(token(&inner)))
        } else if path == "/subscribe/payments/again" {
            let asked: Value = serde_json::from_str(request.json.as_ref().unwrap().expose()).unwrap();
            let mood = self.moods[usize::try_from(inner.chance.below(self.moods.len() as u64)).unwrap()];
            (format!("charges {}: {mood:?}", asked["merchant_uid"]), again(&mut inner, &asked, mood))
        } else if let Some(rest) = path.strip_prefix("/payments/findAll/") {
            let uid = rest.split(['?', '/']).next().unwrap();
            let now_ms = inner.now_ms;
            let list = inner.book.find_all(uid, now_ms);
            let line = format!("looks up {uid}: {} found", list.len());
            let body = match list.len() {
                0 => (404, refusal(NOT_FOUND)),
                total => (200, envelope(&json!({"total": total, "previous": 0, "next": 0, "list": list}))),
            };
            if inner.chance.percent(5) && self.moods.len() > 1 {
                (format!("looks up {uid} in vain"), Err(lost()))
            } else {
                (line, Ok(body))
            }
        } else {
            panic!("an address that the simulation does not know: {path}")
        };
        drop(inner);
        self.world.note(&format!("actor {}: {line}", self.actor));
        answer.map(|(status, body)| HttpAnswer {
            status,
            body: body.to_string().into_bytes(),
            cut: false,
            retry_after: None,
        })
    }
}

fn token(inner: &Inner) -> (u16, Value) {
    let now_s = inner.now_ms / 1000;
    (
        200,
        envelope(&json!({"access_token": "0123456789abcdef0123", "now": now_s, "expired_at": now_s + 1800})),
    )
}

fn lost() -> TransportError {
    TransportError::Lost { reason: Reason::ConnectionReset, status: None, body: Vec::new() }
}

fn again(inner: &mut Inner, asked: &Value, mood: Mood) -> Result<(u16, Value), TransportError> {
    let now_ms = inner.now_ms;
    let uid = asked["merchant_uid"].as_str().unwrap();
    let answer = |inner: &mut Inner, status| {
        let entry = inner.book.enter(asked, status, now_ms).clone();
        Ok((200, envelope(&render(&entry, now_ms))))
    };
    match mood {
        Mood::Unreachable => {
            return Err(TransportError::NotSent { reason: Reason::NoTransport });
        }
        Mood::LostBefore => return Err(lost()),
        Mood::Unauthorized => return Ok((401, refusal("Unauthorized"))),
        Mood::Reject => return Ok((200, refusal("등록되지 않은 구매자입니다."))),
        _ => {}
    }
    // The check is made when the request arrives: one that lands later has passed it.
    if inner.book.refuses_duplicates && inner.book.will_charge(uid) > 0 {
        return Ok((200, refusal(DUPLICATE)));
    }
    let delay_ms = i64::try_from(1 + inner.chance.below(inner.book.delay_ms_max)).unwrap();
    match mood {
        Mood::Approve => answer(inner, "paid"),
        Mood::Decline => answer(inner, "failed"),
        Mood::HiddenDecline => {
            let reply = answer(inner, "failed");
            inner.book.entries.last_mut().unwrap().shown_ms = now_ms + 40 * 60_000;
            reply
        }
        Mood::Flips => {
            let reply = answer(inner, "failed");
            inner.book.entries.last_mut().unwrap().flips_ms = Some(now_ms + delay_ms);
            reply
        }
        Mood::OtherAmount => {
            let _ = answer(inner, "paid");
            let entry = inner.book.entries.last_mut().unwrap();
            entry.amount = "1".to_owned();
            let entry = entry.clone();
            Ok((200, envelope(&render(&entry, now_ms))))
        }
        Mood::Late => {
            let _ = answer(inner, "paid");
            let entry = inner.book.entries.last_mut().unwrap();
            (entry.lands_ms, entry.shown_ms) = (now_ms + delay_ms, now_ms + delay_ms);
            Err(lost())
        }
        Mood::Hidden | Mood::Misrecorded => {
            let _ = answer(inner, "paid");
            inner.book.entries.last_mut().unwrap().shown_ms = now_ms + delay_ms;
            if mood == Mood::Hidden { Err(lost()) } else { Ok((200, refusal("시스템 오류"))) }
        }
        Mood::LostAfter => answer(inner, "paid").and_then(|_| Err(lost())),
        Mood::Html => answer(inner, "paid").map(|_| (502, json!("<html>bad gateway</html>"))),
        Mood::Cut => answer(inner, "paid").and_then(|(_, body)| {
            let text = body.to_string();
            let half = text.get(..text.len() / 2).unwrap_or("").to_owned();
            Err(TransportError::Lost {
                reason: Reason::AnswerBroken,
                status: Some(200),
                body: half.into_bytes(),
            })
        }),
        Mood::Unreachable | Mood::LostBefore | Mood::Unauthorized | Mood::Reject => {
            unreachable!("answered above")
        }
    }
}

/// What `find` would have shown: one payment, the newest.
fn newest_only(mut answer: HttpAnswer) -> HttpAnswer {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    if let Some(list) = body["response"]["list"].as_array_mut() {
        list.truncate(1);
        answer.body = body.to_string().into_bytes();
    }
    answer
}

/// All moods, or a few of them drawn.
pub fn draw_moods(inner: &mut Inner, never: &[Mood]) -> Vec<Mood> {
    let mut moods: Vec<Mood> = MOODS.into_iter().filter(|mood| !never.contains(mood)).collect();
    while moods.len() > 3 && inner.chance.percent(70) {
        let at = usize::try_from(inner.chance.below(moods.len() as u64)).unwrap();
        moods.remove(at);
    }
    moods
}
