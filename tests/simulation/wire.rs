//! The simulated network: requests of one actor into the shared book.

use billkey::domain::reason::Reason;
use billkey::gateway::{HttpAnswer, HttpRequest, Transport, TransportError};
use serde_json::{Value, json};

use super::book::{DECLINED, DUPLICATE, IN_DOUBT, MOODS, Mood, NOT_FOUND, envelope, refusal, render};
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
    ForbiddenIsUnprocessed,
    /// See `hosts`.
    ResendNotFenced,
    /// See `hosts`.
    AnswerNotFenced,
    /// An absence that another run was told is sent by; see `copies`.
    AbsenceRemembered,
    /// What the ledger does not know was never charged; see `copies`.
    EmptyLedgerNotAsked,
    /// The wait of a distrusted ledger is not kept; see `copies`.
    DistrustedSends,
    /// A list without the payments that it counts is taken for an empty one.
    CutListBelieved,
    /// The mark follows the ledger down; see `copies`.
    MarkLowered,
    /// An answer about many orders is believed although it may be cut, and does not show the payment that is
    /// known to be there.
    CutBulkBelieved,
    /// Of what a look-up shows only what settles the order is kept; see `planted`.
    AlarmForgotten,
    /// Words that leave it open whether a charge was made are taken for words that prove that none was.
    DoubtReplayedAsProof,
}

/// What is shown when many orders are asked for at once, for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bulk {
    /// The newest payment of each.
    #[default]
    Newest,
    Oldest,
    All,
    /// The newest twenty of all that there is to show.
    Cut,
    /// The ids are ignored, and nothing is asked for by anything else.
    IgnoredAbsent,
    /// The ids are ignored, and the newest twenty payments of anybody are shown.
    IgnoredAnybody,
    /// 200 and a refusal.
    Refused,
    /// 200 and an empty list.
    Empty,
    Lost,
}

pub const BULKS: [Bulk; 9] = [
    Bulk::Newest,
    Bulk::Oldest,
    Bulk::All,
    Bulk::Cut,
    Bulk::IgnoredAbsent,
    Bulk::IgnoredAnybody,
    Bulk::Refused,
    Bulk::Empty,
    Bulk::Lost,
];

/// How long a doubt may last at most: with the delay and the times between the runs, for less than a later run
/// asks.
const DOUBT_HOURS_MAX: u64 = 60;

/// How many payments a cut answer shows.
const BULK_SHOWN: usize = 20;

/// How the gateway's look-ups are, for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lookups {
    #[default]
    Usual,
    /// None is answered.
    Down,
    /// 200 and nothing.
    EmptyBody,
    /// 200, and a refusal in other words than "there is none".
    Refused,
    /// 200, and a list without records that counts none.
    Uncounted,
    /// The newest record is left out of the list, and counted.
    NewestLeftOut,
    /// No record is shown, and all are counted.
    AllLeftOut,
    /// What there is not is told with 200, in the gateway's words or as a whole and empty list.
    AbsentWith200,
}

pub const LOOKUPS: [Lookups; 8] = [
    Lookups::Usual,
    Lookups::Down,
    Lookups::EmptyBody,
    Lookups::Refused,
    Lookups::Uncounted,
    Lookups::NewestLeftOut,
    Lookups::AllLeftOut,
    Lookups::AbsentWith200,
];

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
        self.world.look().told[self.actor].hear(&request.path_and_query, &answer);
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
            Some(Planted::ForbiddenIsUnprocessed) if is_charge => answer.map(|answer| {
                let status = if answer.status == 403 { 401 } else { answer.status };
                HttpAnswer { status, ..answer }
            }),
            Some(Planted::DoubtReplayedAsProof) => answer.map(|mut answer| {
                let text = String::from_utf8_lossy(&answer.body).replace(IN_DOUBT, DECLINED);
                answer.body = text.into_bytes();
                answer
            }),
            Some(Planted::FindInsteadOfAll) if request.path_and_query.starts_with("/payments/findAll/") => {
                answer.map(newest_only)
            }
            Some(Planted::CutListBelieved) if request.path_and_query.starts_with("/payments/findAll/") => {
                answer.map(none_if_it_shows_none)
            }
            Some(Planted::CutBulkBelieved) if request.path_and_query.starts_with("/payments?") => {
                let control = asked_for(&request.path_and_query).pop().unwrap_or_default();
                let inner = self.world.look();
                answer.map(|answer| whole_to_look_at(answer, inner.book.find_all(&control, inner.now_ms)))
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
            if inner.chance.percent(5) && self.moods.len() > 1 {
                (format!("looks up {uid} in vain"), Err(lost()))
            } else if inner.lookups == Lookups::Usual {
                if list.is_empty() {
                    inner.told_absent.insert(uid.to_owned());
                }
                (line, Ok(whole_list(&list)))
            } else {
                (format!("{line}, {:?}", inner.lookups), found_all(inner.lookups, list))
            }
        } else if path.starts_with("/payments?") {
            let uids = asked_for(&path);
            (format!("looks up {} at once, {:?}", uids.len(), inner.bulk), found_many(&inner, &uids))
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

/// All of a list, or that there is none.
fn whole_list(list: &[Value]) -> (u16, Value) {
    match list.len() {
        0 => (404, refusal(NOT_FOUND)),
        total => (200, listed(total, list)),
    }
}

fn listed(total: usize, list: &[Value]) -> Value {
    envelope(&json!({"total": total, "previous": 0, "next": 0, "list": list}))
}

/// The same where look-ups are not as usual.
fn found_all(lookups: Lookups, mut list: Vec<Value>) -> Result<(u16, Value), TransportError> {
    let total = list.len();
    match lookups {
        Lookups::Down => return Err(lost()),
        Lookups::EmptyBody => return Ok((200, Value::Null)),
        Lookups::Refused => return Ok((200, refusal("잠시 후 다시 시도해 주세요."))),
        Lookups::Uncounted => return Ok((200, envelope(&json!({"list": []})))),
        Lookups::NewestLeftOut if total > 0 => drop(list.remove(0)),
        Lookups::AllLeftOut if total > 0 => list.clear(),
        Lookups::AbsentWith200 if total == 0 => return Ok((200, listed(0, &list))),
        Lookups::Usual | Lookups::NewestLeftOut | Lookups::AllLeftOut | Lookups::AbsentWith200 => {
            return Ok(whole_list(&list));
        }
    }
    Ok((200, listed(total, &list)))
}

/// The merchant_uids that one call asks for.
fn asked_for(path: &str) -> Vec<String> {
    path.split('&').filter_map(|part| part.strip_prefix("merchant_uid[]=")).map(str::to_owned).collect()
}

/// What is shown of many orders: with 207 where some of them are not known, with 404 where none is (facts 3.1).
fn found_many(inner: &Inner, uids: &[String]) -> Result<(u16, Value), TransportError> {
    let now_ms = inner.now_ms;
    // The newest comes first.
    let each = uids.iter().map(|uid| inner.book.find_all(uid, now_ms));
    let mut shown: Vec<Value> = match inner.bulk {
        Bulk::Newest => each.filter_map(|all| all.first().cloned()).collect(),
        Bulk::Oldest => each.filter_map(|all| all.last().cloned()).collect(),
        Bulk::All | Bulk::Cut => each.flatten().collect(),
        Bulk::IgnoredAnybody => inner.book.entries.iter().rev().map(|entry| render(entry, now_ms)).collect(),
        Bulk::IgnoredAbsent => Vec::new(),
        Bulk::Refused => return Ok((200, refusal("잠시 후 다시 시도해 주세요."))),
        Bulk::Empty => return Ok((200, envelope(&json!([])))),
        Bulk::Lost => return Err(lost()),
    };
    shown.sort_by_key(|record| std::cmp::Reverse(record["started_at"].as_i64()));
    if matches!(inner.bulk, Bulk::Cut | Bulk::IgnoredAnybody) {
        shown.truncate(BULK_SHOWN);
    }
    Ok(match shown.len() {
        0 => (404, refusal(NOT_FOUND)),
        found => (if found < uids.len() { 207 } else { 200 }, envelope(&json!(shown))),
    })
}

/// What whoever believes any answer about many orders makes of one: it is as if it showed the payment that is
/// known to be there, and less than it can show.
fn whole_to_look_at(mut answer: HttpAnswer, control: Vec<Value>) -> HttpAnswer {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let (Some(list), Some(control)) = (body["response"].as_array(), control.into_iter().next()) {
        let others = list.iter().filter(|record| record["imp_uid"] != control["imp_uid"]).cloned();
        let list: Vec<Value> = std::iter::once(control.clone()).chain(others.take(BULK_SHOWN - 2)).collect();
        answer.body = envelope(&json!(list)).to_string().into_bytes();
    }
    answer
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
        Mood::Doubted => {
            // A gateway that fences it off may take days to show it.
            let long = inner.book.refuses_duplicates && inner.chance.percent(30);
            let hours = if long { inner.chance.below(DOUBT_HOURS_MAX) } else { 0 };
            let _ = answer(inner, "failed");
            let entry = inner.book.entries.last_mut().unwrap();
            entry.flips_ms = Some(now_ms + delay_ms + i64::try_from(hours).unwrap() * 3_600_000);
            entry.fail_reason = IN_DOUBT;
            let entry = entry.clone();
            Ok((200, envelope(&render(&entry, now_ms))))
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
        Mood::Forbidden => answer(inner, "paid").map(|_| (403, refusal("Unauthorized"))),
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

/// What whoever does not hold a list against its count makes of one that shows nothing.
fn none_if_it_shows_none(answer: HttpAnswer) -> HttpAnswer {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let shows_none = body["response"]["list"].as_array().is_some_and(Vec::is_empty);
    let none = || HttpAnswer {
        status: 404,
        body: refusal(NOT_FOUND).to_string().into_bytes(),
        cut: false,
        retry_after: None,
    };
    if shows_none { none() } else { answer }
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
