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
/// The reason of a refund in the console (facts 4).
const BY_CONSOLE: &str = "관리자페이지취소";
/// What is left of a reason that is cut off, ours and another's.
const TWIN_CHARS: usize = 4;
/// What has not shown by then never happened.
const LATE_MS_MAX: u64 = 14 * 60_000;
/// The same where refunds may take days, and where the gateway has said that it took it.
const DAYS_MS_MAX: u64 = 3 * 24 * 3_600_000;

/// A bug in the program, planted around a client that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedRefund {
    NoChecksum,
    RetryOnTimeout,
    /// The amount of a part is left out: that is all of it.
    AmountLeftOut,
    /// The first entry of the history is taken for one's own.
    FirstEntryIsOurs,
    /// What a later look-up has found is taken for told.
    FoundIsTold,
    /// What the gateway took and does not show is settled by silence.
    TakenIsSettled,
    /// Of two entries that both fit one is taken.
    OneOfTwoIsOurs,
    /// What went back once is believed to be back for ever.
    UndoneIsBelieved,
    /// A balance that the console has changed since it was looked up is named as it is now, and not as it was shown.
    ConsoleIsOverlooked,
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
    /// Made, and the sum shows it at once, and the history later.
    Unlisted,
    /// Made, and the history shows it at once, and the sum later.
    Uncounted,
    Refuse,
    /// The next settlement is too small for it.
    ShortSettlement,
    /// Made or not, and in the same second the console pays the same back, for the same reason: both are cut off.
    Twin,
    /// Made, and refused for having been made.
    RefuseMade,
    Unauthorized,
    /// Not made, and told so by somebody who is not the gateway.
    Proxy401,
    /// Made, and answered with what says nothing of it.
    Broken(u16, &'static str),
    Throttled,
}

const MOODS: [Mood; 19] = [
    Mood::Make,
    Mood::LoseAnswer,
    Mood::LoseRequest,
    Mood::Late,
    Mood::Pending,
    Mood::Hidden,
    Mood::Unlisted,
    Mood::Uncounted,
    Mood::Refuse,
    Mood::ShortSettlement,
    Mood::Twin,
    Mood::RefuseMade,
    Mood::Unauthorized,
    Mood::Proxy401,
    Mood::Throttled,
    Mood::Broken(500, r#"{"code":-1,"message":"internal","response":null}"#),
    Mood::Broken(403, r#"{"code":-1,"message":"Forbidden","response":null}"#),
    Mood::Broken(200, "<html>점검 중</html>"),
    Mood::Broken(200, r#"{"code":0,"message":null,"response":{"imp_uid":"imps_1","#),
];

/// One refund in the gateway's own book.
#[derive(Clone, Debug)]
pub struct Made {
    pub amount: i64,
    /// The balance before it.
    pub balance: i64,
    /// As the how manyeth of the payment's it was made.
    nth: usize,
    at_ms: i64,
    /// From when on the sum shows it.
    counted_at_ms: i64,
    /// From when on the history shows it.
    listed_at_ms: i64,
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
    /// It was answered with code 0, so that a balance that moves meanwhile does not stop it.
    taken: bool,
}

/// How a look-up shows the payment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Plain,
    /// Each entry of the history twice.
    Repeated,
    /// Without a history.
    NoHistory,
}

pub struct Till {
    pub pg: &'static str,
    pub made: Vec<Made>,
    pub under_way: Vec<UnderWay>,
    /// The ids of those that were answered with code 0 before they were made.
    pub taken: Vec<String>,
    /// Those beside which the console made one that cannot be told from them.
    pub twins: Vec<String>,
    /// Made, and taken back by the PG since: the gateway shows nothing of them any more.
    pub undone: Vec<Made>,
}

impl Till {
    /// The PG takes the money again that one of the refunds gave back. Of two that cannot be told apart it takes ours,
    /// if it takes one: which one is left would be told by nothing.
    pub fn take_back(&mut self, nth: u64) {
        let known = |made: &Made| made.of.is_some() || made.reason == BY_CONSOLE;
        let places: Vec<usize> = (0..self.made.len()).filter(|at| known(&self.made[*at])).collect();
        if let Some(count) = u64::try_from(places.len()).ok().filter(|count| *count > 0) {
            let made = self.made.remove(places[usize::try_from(nth % count).unwrap()]);
            self.undone.push(made);
        }
    }

    /// What the gateway shows as refunded once it shows everything.
    pub fn refunded(&self) -> i64 {
        PAID - self.balance()
    }

    pub fn is_undone(&self, id: &str) -> bool {
        self.undone.iter().any(|made| made.of.as_deref() == Some(id))
    }

    fn enter(&mut self, made: Made) {
        let nth = self.made.len() + self.undone.len();
        self.made.push(Made { nth, ..made });
    }

    pub fn at(pg: &'static str) -> Till {
        let (made, undone) = (Vec::new(), Vec::new());
        Till { pg, made, undone, under_way: Vec::new(), taken: Vec::new(), twins: Vec::new() }
    }

    /// Its refunds may take days.
    pub fn is_slow(&self) -> bool {
        self.pg == "paypal"
    }

    pub fn balance(&self) -> i64 {
        PAID - self.made.iter().map(|made| made.amount).sum::<i64>()
    }

    /// Whether the balance is as it was named and holds the refund.
    fn allows(&self, asked: &Value) -> bool {
        let balance = self.balance();
        let amount = asked["amount"].as_i64().unwrap_or(balance);
        let named = asked["checksum"].as_i64();
        named.is_none_or(|named| named == balance) && amount <= balance && amount > 0
    }

    /// Makes a refund, if the balance allows it; the sum shows it from `shown_ms.0` on, the history from
    /// `shown_ms.1` on.
    fn make(&mut self, asked: &Value, at_ms: i64, shown_ms: (i64, i64), keep: usize) -> bool {
        if !self.allows(asked) {
            return false;
        }
        let balance = self.balance();
        let amount = asked["amount"].as_i64().unwrap_or(balance);
        let (counted_at_ms, listed_at_ms) = shown_ms;
        let whole = asked["reason"].as_str().unwrap();
        let of = id_in(asked);
        let reason = whole.chars().take(keep).collect();
        self.enter(Made { amount, balance, nth: 0, at_ms, counted_at_ms, listed_at_ms, reason, of });
        true
    }

    pub fn land(&mut self, now_ms: i64) {
        let (due, later) = self.under_way.drain(..).partition(|refund| refund.lands_at_ms <= now_ms);
        self.under_way = later;
        let mut due: Vec<UnderWay> = due;
        due.sort_by_key(|refund| refund.lands_at_ms);
        for UnderWay { mut asked, lands_at_ms: at_ms, taken } in due {
            if taken {
                asked.as_object_mut().unwrap().remove("checksum");
            }
            self.make(&asked, at_ms, (at_ms, at_ms), usize::MAX);
        }
    }

    fn shown(&self, now_ms: i64, view: View) -> Value {
        let counted = self.made.iter().filter(|made| made.counted_at_ms <= now_ms);
        let refunded: i64 = counted.map(|made| made.amount).sum();
        let times = if view == View::Repeated { 2 } else { 1 };
        let history: Vec<Value> = self
            .made
            .iter()
            .filter(|made| made.listed_at_ms <= now_ms)
            .flat_map(|made| std::iter::repeat_n(made, times))
            .map(|made| {
                json!({"amount": made.amount, "cancelled_at": made.at_ms / 1000, "reason": made.reason,
                    "cancellation_id": format!("c{}", made.nth), "pg_tid": "t"})
            })
            .collect();
        json!({"imp_uid": IMP_UID, "merchant_uid": ORDER, "amount": PAID, "cancel_amount": refunded,
            "currency": "KRW", "status": if refunded > 0 { "cancelled" } else { "paid" },
            "cancel_history": if view == View::NoHistory { Value::Null } else { json!(history) },
            "pg_provider": self.pg})
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
        if path.starts_with("/payments/findAll/") {
            let shown = locked(&self.till).shown(now_ms, View::Plain);
            return answer(200, &envelope(&json!({"total": 1, "previous": 0, "next": 0, "list": [shown]})));
        }
        if path.starts_with("/payments/imps_1") {
            let luck = self.world.look().chance.below(100);
            let view = match luck {
                0..5 => return Err(lost()),
                5..8 => return answer(503, &json!("down")),
                8..10 => return answer(404, &refusal("존재하지 않는 결제정보입니다.")),
                10..14 => View::Repeated,
                14..18 => View::NoHistory,
                _ => View::Plain,
            };
            let mut payment = locked(&self.till).shown(now_ms, view);
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
            Some(
                PlantedRefund::RetryOnTimeout
                | PlantedRefund::FirstEntryIsOurs
                | PlantedRefund::FoundIsTold
                | PlantedRefund::TakenIsSettled
                | PlantedRefund::OneOfTwoIsOurs
                | PlantedRefund::UndoneIsBelieved
                | PlantedRefund::ConsoleIsOverlooked,
            )
            | None => {}
        }
        *self.last_asked.lock().unwrap() = asked.clone();
        self.cancel(&asked)
    }

    /// What leaves where a planted bug changes it at the last moment.
    fn as_planted(&self, asked: &Value, till: &Till) -> Value {
        let mut asked = asked.clone();
        if self.planted == Some(PlantedRefund::ConsoleIsOverlooked) {
            asked["checksum"] = json!(till.balance());
        }
        asked
    }

    fn cancel(&self, asked: &Value) -> Result<HttpAnswer, TransportError> {
        let mut till = locked(&self.till);
        let (mood, later_ms, keep, console, now_ms) = {
            let mut inner = self.world.look();
            let mood = MOODS[usize::try_from(inner.chance.below(MOODS.len() as u64)).unwrap()];
            // Whoever is killed before it has written down that a refund was taken must rely on the wait.
            let is_slow = till.is_slow() || (mood == Mood::Pending && inner.crash_one_in == 0);
            let later_ms = inner.chance.below(if is_slow { DAYS_MS_MAX } else { LATE_MS_MAX });
            let keep = if inner.chance.percent(20) { 4 } else { usize::MAX };
            (mood, i64::try_from(later_ms).unwrap(), keep, inner.chance.percent(10), inner.now_ms)
        };
        // What is made is shown within the wait, or the gateway has not been told by its PG.
        let shown_ms = now_ms + later_ms % i64::try_from(LATE_MS_MAX).unwrap();
        if console {
            // Half of those who are faster want the same.
            let same = asked["amount"].as_i64().filter(|_| later_ms % 2 == 0);
            console_refund(&mut till, same.unwrap_or(1000), now_ms);
        }
        let asked = &self.as_planted(asked, &till);
        self.world.note(&format!("actor {}: {mood:?} {asked}, balance {}", self.actor, till.balance()));
        let at_once = (now_ms, now_ms);
        match mood {
            Mood::Make if till.make(asked, now_ms, at_once, keep) => {
                answer(200, &envelope(&till.shown(now_ms, View::Plain)))
            }
            Mood::LoseRequest => Err(lost()),
            Mood::LoseAnswer => {
                till.make(asked, now_ms, at_once, keep);
                Err(lost())
            }
            Mood::Late => {
                let asked = asked.clone();
                till.under_way.push(UnderWay { lands_at_ms: now_ms + later_ms, asked, taken: false });
                Err(lost())
            }
            Mood::Pending if till.allows(asked) => {
                till.taken.extend(id_in(asked));
                let asked = asked.clone();
                till.under_way.push(UnderWay { lands_at_ms: now_ms + later_ms, asked, taken: true });
                answer(200, &envelope(&till.shown(now_ms, View::Plain)))
            }
            Mood::Hidden => {
                till.make(asked, now_ms, (shown_ms, shown_ms), keep);
                Err(lost())
            }
            Mood::Unlisted | Mood::Uncounted => {
                let shown_ms = if mood == Mood::Unlisted { (now_ms, shown_ms) } else { (shown_ms, now_ms) };
                till.make(asked, now_ms, shown_ms, keep);
                Err(lost())
            }
            Mood::Twin => {
                twin(&mut till, asked, now_ms, later_ms % 2 == 0);
                Err(lost())
            }
            Mood::Refuse => answer(200, &refusal("취소불가 상태입니다")),
            Mood::ShortSettlement => answer(200, &refusal("[8178] 취소 금액보다 상계가능 정산금액 부족")),
            Mood::RefuseMade if till.make(asked, now_ms, (shown_ms, shown_ms), keep) => {
                answer(200, &refusal("기취소거래"))
            }
            Mood::Unauthorized => answer(401, &refusal("Unauthorized")),
            Mood::Proxy401 => answer(401, &json!({"error": "unauthorized"})),
            Mood::Throttled => answer(429, &refusal("Too Many Requests")),
            Mood::Broken(status, text) => {
                till.make(asked, now_ms, at_once, keep);
                let body = text.as_bytes().to_vec();
                Ok(HttpAnswer { status, body, cut: false, retry_after: None })
            }
            Mood::Make | Mood::RefuseMade | Mood::Pending if till.balance() == 0 => {
                answer(200, &refusal("이미 전액취소된 주문입니다."))
            }
            Mood::Make | Mood::RefuseMade | Mood::Pending => {
                answer(200, &refusal("취소 가능 잔액이 checksum과 일치하지 않습니다."))
            }
        }
    }
}

/// The id of ours that a request has at the end of its reason.
fn id_in(asked: &Value) -> Option<String> {
    asked["reason"].as_str()?.rsplit_once('#').map(|(_, id)| id.to_owned())
}

/// The console pays back what was asked for in the same second and for the same reason: beside it, or twice.
fn twin(till: &mut Till, asked: &Value, now_ms: i64, makes: bool) {
    let amount = asked["amount"].as_i64().unwrap_or_else(|| till.balance());
    // One entry that fits in all is ours: there must be room for two.
    let makes = makes || till.balance() < 2 * amount;
    let is_made = makes && till.make(asked, now_ms, (now_ms, now_ms), TWIN_CHARS);
    let reason: String = asked["reason"].as_str().unwrap().chars().take(TWIN_CHARS).collect();
    for _ in 0..if is_made { 1 } else { 2 } {
        if till.balance() >= amount && (is_made || !makes) {
            refund_by_console(till, amount, now_ms, &reason);
            till.twins.extend(id_in(asked));
        }
    }
}

pub fn console_refund(till: &mut Till, amount: i64, at_ms: i64) {
    refund_by_console(till, amount, at_ms, BY_CONSOLE);
}

fn refund_by_console(till: &mut Till, amount: i64, at_ms: i64, reason: &str) {
    let balance = till.balance();
    if balance >= amount {
        let (nth, reason, of) = (0, reason.to_owned(), None);
        let (counted_at_ms, listed_at_ms) = (at_ms, at_ms);
        till.enter(Made { amount, balance, nth, at_ms, counted_at_ms, listed_at_ms, reason, of });
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
