//! The gateway of the refunds: the book of one payment, and a wire on which what becomes of a refund is drawn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use billkey::domain::reason::Reason;
use billkey::gateway::{HttpAnswer, HttpRequest, Transport, TransportError};
use serde_json::{Value, json};

use super::book::{envelope, refusal};
use super::world::World;

pub const PAID: i64 = 10_000;
pub const ORDER: &str = "order_1";
pub const IMP_UID: &str = "imps_1";
/// What has not shown by then never happened.
const LATE_MS_MAX: u64 = 14 * 60_000;

/// A bug in the program, planted around a client that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedRefund {
    NoChecksum,
    RetryOnTimeout,
    /// The amount of a part is left out: that is all of it.
    AmountLeftOut,
    /// The first entry of the history is taken for one's own.
    FirstEntryIsOurs,
}

/// What becomes of a refund at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Make,
    LoseAnswer,
    LoseRequest,
    /// Made later, if the balance is still the one that was named.
    Late,
    /// Begun, answered as if it were over, and made later.
    Pending,
    /// Made, and shown later.
    Hidden,
    Refuse,
    /// Made, and refused for having been made.
    RefuseMade,
    Unauthorized,
    Broken,
}

const MOODS: [Mood; 10] = [
    Mood::Make,
    Mood::LoseAnswer,
    Mood::LoseRequest,
    Mood::Late,
    Mood::Pending,
    Mood::Hidden,
    Mood::Refuse,
    Mood::RefuseMade,
    Mood::Unauthorized,
    Mood::Broken,
];

/// One refund in the gateway's own book.
#[derive(Clone, Debug)]
pub struct Made {
    pub amount: i64,
    /// The balance before it.
    pub balance: i64,
    at_ms: i64,
    shown_at_ms: i64,
    /// As it stands in the history, perhaps cut off.
    reason: String,
    /// The id of ours that the request had; `None` of the console's.
    pub of: Option<String>,
}

/// A refund that is on its way.
#[derive(Clone, Debug)]
pub struct UnderWay {
    lands_at_ms: i64,
    pub asked: Value,
}

#[derive(Default)]
pub struct Till {
    pub made: Vec<Made>,
    pub under_way: Vec<UnderWay>,
    /// The ids of those that were answered with code 0 before they were made.
    pub taken: Vec<String>,
}

impl Till {
    pub fn balance(&self) -> i64 {
        PAID - self.made.iter().map(|made| made.amount).sum::<i64>()
    }

    /// Makes a refund, if the balance is as it was named and holds it.
    fn make(&mut self, asked: &Value, at_ms: i64, shown_at_ms: i64, keep: usize) -> bool {
        let balance = self.balance();
        let amount = asked["amount"].as_i64().unwrap_or(balance);
        let named = asked["checksum"].as_i64();
        if named.is_some_and(|named| named != balance) || amount > balance || amount <= 0 {
            return false;
        }
        let whole = asked["reason"].as_str().unwrap();
        let of = id_in(asked);
        let reason = whole.chars().take(keep).collect();
        self.made.push(Made { amount, balance, at_ms, shown_at_ms, reason, of });
        true
    }

    pub fn land(&mut self, now_ms: i64) {
        let (due, later) = self.under_way.drain(..).partition(|refund| refund.lands_at_ms <= now_ms);
        self.under_way = later;
        let mut due: Vec<UnderWay> = due;
        due.sort_by_key(|refund| refund.lands_at_ms);
        for refund in due {
            self.make(&refund.asked, refund.lands_at_ms, refund.lands_at_ms, usize::MAX);
        }
    }

    fn shown(&self, now_ms: i64) -> Value {
        let shown: Vec<&Made> = self.made.iter().filter(|made| made.shown_at_ms <= now_ms).collect();
        let refunded: i64 = shown.iter().map(|made| made.amount).sum();
        let history: Vec<Value> = shown
            .iter()
            .map(|made| {
                json!({"amount": made.amount, "cancelled_at": made.at_ms / 1000, "reason": made.reason,
                    "cancellation_id": format!("c{}", made.balance), "pg_tid": "t"})
            })
            .collect();
        json!({"imp_uid": IMP_UID, "merchant_uid": ORDER, "amount": PAID, "cancel_amount": refunded,
            "currency": "KRW", "status": if refunded > 0 { "cancelled" } else { "paid" },
            "cancel_history": history, "pg_provider": "nice"})
    }
}

/// The wire of one actor.
pub struct Wire {
    pub world: World,
    pub till: Arc<Mutex<Till>>,
    pub actor: usize,
    pub planted: Option<PlantedRefund>,
    pub last_asked: Mutex<Value>,
}

impl Transport for Wire {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        self.world.step(self.actor);
        let answer = self.deliver(request);
        self.world.sent(self.actor);
        self.world.step(self.actor);
        let lost = matches!(answer, Err(TransportError::Lost { .. }));
        if self.planted == Some(PlantedRefund::RetryOnTimeout)
            && lost
            && request.path_and_query == "/payments/cancel"
        {
            // Whoever sends again does so by what it has looked up anew.
            let body = request.json.as_ref().unwrap().expose();
            let mut asked: Value = serde_json::from_str(body).unwrap();
            asked["checksum"] = json!(locked(&self.till).balance());
            return self.cancel(&asked);
        }
        answer
    }
}

impl Wire {
    fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let path = request.path_and_query.as_str();
        let now_ms = self.world.look().now_ms;
        locked(&self.till).land(now_ms);
        if path == "/users/getToken" {
            let now_s = now_ms / 1000;
            let token = json!({"access_token": "t".repeat(40), "now": now_s, "expired_at": now_s + 1800});
            return answer(200, &envelope(&token));
        }
        if path.starts_with("/payments/imps_1") {
            if self.world.look().chance.percent(5) {
                return Err(lost());
            }
            let mut payment = locked(&self.till).shown(now_ms);
            let asked = self.last_asked.lock().unwrap().clone();
            if self.planted == Some(PlantedRefund::FirstEntryIsOurs)
                && !asked.is_null()
                && let Some(first) = payment["cancel_history"].get_mut(0)
            {
                first["reason"] = asked["reason"].clone();
            }
            return answer(200, &envelope(&payment));
        }
        let mut asked: Value = serde_json::from_str(request.json.as_ref().unwrap().expose()).unwrap();
        match self.planted {
            Some(PlantedRefund::NoChecksum) => {
                asked.as_object_mut().unwrap().remove("checksum");
            }
            Some(PlantedRefund::AmountLeftOut) => {
                asked.as_object_mut().unwrap().remove("amount");
            }
            Some(PlantedRefund::RetryOnTimeout | PlantedRefund::FirstEntryIsOurs) | None => {}
        }
        *self.last_asked.lock().unwrap() = asked.clone();
        self.cancel(&asked)
    }

    fn cancel(&self, asked: &Value) -> Result<HttpAnswer, TransportError> {
        let (mood, later_ms, keep, console, now_ms) = {
            let mut inner = self.world.look();
            let mood = MOODS[usize::try_from(inner.chance.below(MOODS.len() as u64)).unwrap()];
            let later_ms = i64::try_from(inner.chance.below(LATE_MS_MAX)).unwrap();
            let keep = if inner.chance.percent(20) { 4 } else { usize::MAX };
            (mood, later_ms, keep, inner.chance.percent(10), inner.now_ms)
        };
        let mut till = locked(&self.till);
        if console {
            console_refund(&mut till, 1000, now_ms);
        }
        self.world.note(&format!("actor {}: {mood:?} {asked}, balance {}", self.actor, till.balance()));
        let balance_differs = || answer(200, &refusal("취소 가능 잔액이 checksum과 일치하지 않습니다."));
        match mood {
            Mood::Make if till.make(asked, now_ms, now_ms, keep) => {
                answer(200, &envelope(&till.shown(now_ms)))
            }
            Mood::LoseRequest => Err(lost()),
            Mood::LoseAnswer => {
                till.make(asked, now_ms, now_ms, keep);
                Err(lost())
            }
            Mood::Late | Mood::Pending => {
                let shown = till.shown(now_ms);
                if mood == Mood::Pending {
                    till.taken.extend(id_in(asked));
                }
                till.under_way.push(UnderWay { lands_at_ms: now_ms + later_ms, asked: asked.clone() });
                if mood == Mood::Late { Err(lost()) } else { answer(200, &envelope(&shown)) }
            }
            Mood::Hidden => {
                till.make(asked, now_ms, now_ms + later_ms, keep);
                Err(lost())
            }
            Mood::Refuse => answer(200, &refusal("취소불가 상태입니다")),
            Mood::RefuseMade if till.make(asked, now_ms, now_ms + later_ms, keep) => {
                answer(200, &refusal("기취소거래"))
            }
            Mood::Unauthorized => answer(401, &refusal("Unauthorized")),
            Mood::Broken => {
                till.make(asked, now_ms, now_ms, keep);
                answer(500, &refusal("internal"))
            }
            Mood::Make | Mood::RefuseMade => balance_differs(),
        }
    }
}

/// The id of ours that a request has at the end of its reason.
fn id_in(asked: &Value) -> Option<String> {
    asked["reason"].as_str()?.rsplit_once('#').map(|(_, id)| id.to_owned())
}

pub fn console_refund(till: &mut Till, amount: i64, at_ms: i64) {
    let balance = till.balance();
    if balance >= amount {
        let reason = "관리자페이지취소".to_owned();
        till.made.push(Made { amount, balance, at_ms, shown_at_ms: at_ms, reason, of: None });
    }
}

pub fn locked(till: &Mutex<Till>) -> MutexGuard<'_, Till> {
    till.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(status: u16, body: &Value) -> Result<HttpAnswer, TransportError> {
    Ok(HttpAnswer { status, body: body.to_string().into_bytes(), cut: false, retry_after: None })
}

fn lost() -> TransportError {
    TransportError::Lost { reason: Reason::ConnectionReset, status: None, body: Vec::new() }
}
