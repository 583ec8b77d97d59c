//! The simulated gateway: its book, its moods, and its answers as bytes.

use serde_json::{Value, json};

/// What the gateway may do to a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Approve,
    Decline,
    Reject,
    /// Approved, and the answer is lost.
    LostAfter,
    /// The request is lost.
    LostBefore,
    /// The connection breaks, and the charge lands later.
    Late,
    /// Approved, the answer is lost, and no look-up shows it for a while.
    Hidden,
    /// Approved, but the gateway says that it refused; shown later.
    Misrecorded,
    /// Declined, and no look-up shows it for longer than the wait; drawn between hosts only.
    HiddenDecline,
    /// Declined, and turns to paid later.
    Flips,
    /// Approved, and answered and shown as failed in words of a time-out, until it shows as paid.
    Doubted,
    /// Approved, and a proxy's page comes back.
    Html,
    /// Approved, and half of the answer comes back.
    Cut,
    /// The connection is refused.
    Unreachable,
    /// The token is not taken.
    Unauthorized,
    /// Approved, and a 403 in the gateway's own JSON comes back.
    Forbidden,
    /// Approved for another amount.
    OtherAmount,
}

pub const MOODS: [Mood; 16] = [
    Mood::Approve,
    Mood::Decline,
    Mood::Reject,
    Mood::LostAfter,
    Mood::LostBefore,
    Mood::Late,
    Mood::Hidden,
    Mood::Misrecorded,
    Mood::Flips,
    Mood::Doubted,
    Mood::Html,
    Mood::Cut,
    Mood::Unreachable,
    Mood::Unauthorized,
    Mood::Forbidden,
    Mood::OtherAmount,
];

/// One payment in the gateway's book.
#[derive(Clone, Debug)]
pub struct Entry {
    pub merchant_uid: String,
    pub customer_uid: String,
    pub amount: String,
    pub imp_uid: String,
    /// `paid` or `failed`.
    pub status: &'static str,
    /// From when on it exists at all.
    pub lands_ms: i64,
    /// From when on look-ups show it.
    pub shown_ms: i64,
    /// From when on a failed one is paid.
    pub flips_ms: Option<i64>,
    /// What a failed one says of itself.
    pub fail_reason: &'static str,
    /// Not asked for by any of ours.
    pub elsewhere: bool,
    pub started_s: i64,
}

impl Entry {
    pub fn status_at(&self, now_ms: i64) -> &'static str {
        if self.flips_ms.is_some_and(|at| at <= now_ms) { "paid" } else { self.status }
    }

    /// The card is charged from here, and the gateway has never said in words that prove it that it is not. Of what
    /// another machine charges later no run knows before it looks.
    fn took_money_unproved(&self) -> bool {
        !self.elsewhere
            && (self.status == "paid" || (self.flips_ms.is_some() && self.fail_reason == IN_DOUBT))
    }
}

#[derive(Default)]
pub struct Book {
    pub entries: Vec<Entry>,
    /// Whether a merchant_uid that was paid is refused.
    pub refuses_duplicates: bool,
    /// How long a lost charge may stay away or hidden at most, in milliseconds.
    pub delay_ms_max: u64,
    next_id: u64,
}

impl Book {
    pub fn charged(&self, merchant_uid: &str, now_ms: i64) -> Vec<&Entry> {
        let ours = self.entries.iter().filter(|entry| entry.merchant_uid == merchant_uid);
        ours.filter(|entry| entry.lands_ms <= now_ms && entry.status_at(now_ms) == "paid").collect()
    }

    /// Charged now or on the way to it, as one of ours has asked for.
    pub fn will_charge(&self, merchant_uid: &str) -> usize {
        let ours = self.entries.iter().filter(|entry| entry.merchant_uid == merchant_uid);
        ours.filter(|entry| !entry.elsewhere)
            .filter(|entry| entry.status == "paid" || entry.flips_ms.is_some())
            .count()
    }

    /// Some charge under it makes a lie of "Nothing was charged", whether it shows or not.
    pub fn took_money_unproved(&self, merchant_uid: &str) -> bool {
        let ours = self.entries.iter().filter(|entry| entry.merchant_uid == merchant_uid);
        ours.into_iter().any(Entry::took_money_unproved)
    }

    /// A decline in doubt under it shows as paid.
    pub fn doubt_is_paid(&self, merchant_uid: &str, now_ms: i64) -> bool {
        let charged = self.charged(merchant_uid, now_ms);
        charged.into_iter().any(|entry| entry.status == "failed" && entry.fail_reason == IN_DOUBT)
    }

    /// Some charge under it is not shown yet.
    pub fn is_hidden(&self, merchant_uid: &str, now_ms: i64) -> bool {
        self.entries.iter().any(|entry| {
            entry.merchant_uid == merchant_uid
                && (entry.shown_ms > now_ms || entry.flips_ms.is_some_and(|at| at > now_ms))
        })
    }

    /// Some payment is on its way, or not shown yet.
    pub fn hides_something(&self, now_ms: i64) -> bool {
        self.entries.iter().any(|entry| entry.shown_ms > now_ms)
    }

    /// Some charge under it was not shown for as long as this.
    pub fn was_hidden_for(&self, merchant_uid: &str, ms: i64) -> bool {
        let ours = self.entries.iter().filter(|entry| entry.merchant_uid == merchant_uid);
        ours.map(|entry| entry.shown_ms - entry.started_s * 1000).any(|hidden_ms| hidden_ms >= ms)
    }

    pub fn enter(&mut self, asked: &Value, status: &'static str, now_ms: i64) -> &mut Entry {
        self.next_id += 1;
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        self.entries.push(Entry {
            merchant_uid: text("merchant_uid"),
            customer_uid: text("customer_uid"),
            amount: asked["amount"].to_string(),
            imp_uid: format!("imps_{:012}", self.next_id),
            status,
            lands_ms: now_ms,
            shown_ms: now_ms,
            flips_ms: None,
            fail_reason: DECLINED,
            elsewhere: false,
            started_s: now_ms / 1000,
        });
        self.entries.last_mut().unwrap()
    }

    pub fn find_all(&self, merchant_uid: &str, now_ms: i64) -> Vec<Value> {
        let ours = self.entries.iter().filter(|entry| entry.merchant_uid == merchant_uid);
        let shown = ours.filter(|entry| entry.lands_ms <= now_ms && entry.shown_ms <= now_ms);
        let mut shown: Vec<&Entry> = shown.collect();
        shown.reverse();
        shown.into_iter().map(|entry| render(entry, now_ms)).collect()
    }
}

pub fn render(entry: &Entry, now_ms: i64) -> Value {
    let status = entry.status_at(now_ms);
    let amount: serde_json::Number = entry.amount.parse().unwrap();
    json!({
        "imp_uid": entry.imp_uid, "merchant_uid": entry.merchant_uid, "customer_uid": entry.customer_uid,
        "customer_uid_usage": "payment", "amount": amount, "cancel_amount": 0, "currency": "KRW",
        "status": status, "sandbox": false, "started_at": entry.started_s,
        "paid_at": if status == "paid" { entry.started_s } else { 0 },
        "failed_at": if status == "failed" { entry.started_s } else { 0 },
        "fail_reason": if status == "failed" { json!(entry.fail_reason) } else { Value::Null },
    })
}

pub fn envelope(response: &Value) -> Value {
    json!({"code": 0, "message": null, "response": response})
}

pub fn refusal(message: &str) -> Value {
    json!({"code": -1, "message": message, "response": null})
}

/// Words that prove a no, and words that leave it open (facts 19).
pub const DECLINED: &str = "[CC10] 통장 잔액부족";
pub const IN_DOUBT: &str = "[CC72] 카드사 TIMEOUT";

pub const DUPLICATE: &str =
    "이미 주문이 이루어진 건입니다. (동일한 merchant_uid로 결제 또는 취소된 기록이 있습니다)";
pub const NOT_FOUND: &str = "존재하지 않는 결제정보입니다.";
