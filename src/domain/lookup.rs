//! What the gateway's list of payments under one merchant_uid says about the one we asked for.

use crate::domain::declines::{failed_in_doubt, in_doubt_by_words};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received, Terms};
use crate::domain::reason::Reason;
use crate::domain::record::{self, Record};

/// What came back when the gateway was asked for every payment under a merchant_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupReply {
    /// All pages of them.
    Records { records: Vec<GatewayRecord>, received: Received },
    /// The gateway's own 404: no such payment, as far as its index knows (facts 3.3).
    NotFound { received: Received },
    /// No answer that says anything about the payment. `reached` is false when the gateway certainly was not asked.
    NoAnswer { reason: Reason, reached: bool, received: Received },
}

impl LookupReply {
    /// What to write into the payment's history.
    #[must_use]
    pub fn received(&self) -> &Received {
        match self {
            LookupReply::Records { received, .. }
            | LookupReply::NotFound { received }
            | LookupReply::NoAnswer { received, .. } => received,
        }
    }

    /// Every payment that it shows.
    #[must_use]
    pub fn shown(&self) -> &[GatewayRecord] {
        match self {
            LookupReply::Records { records, .. } => records,
            LookupReply::NotFound { .. } | LookupReply::NoAnswer { .. } => &[],
        }
    }
}

/// What is asked of the list.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub terms: &'a Terms,
    /// Whether money should be real: what the profile says now.
    pub mode: Mode,
    /// The imp_uids of attempts that are known to have been declined; those records speak for
    /// them and for no other attempt.
    pub declined_before: &'a [String],
    /// Requests that may have arrived and were never answered.
    pub unanswered: u32,
    /// Whether an unanswered request has had time to show.
    pub waited: bool,
    /// Now, epoch seconds, by the gateway's clock where that is known.
    pub now_s: i64,
}

/// What the list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The customer was charged as asked: paid, or paid and refunded since. `others` are further
    /// payments under the same merchant_uid that took money: an alarm.
    Charged { record: Box<GatewayRecord>, others: Vec<GatewayRecord> },
    /// Every request that could have charged was declined. All declines that were not known
    /// before: each speaks for a request, and for no later one.
    Declined(Declines),
    /// The merchant_uid stands for another payment than the one asked for: a person has to look.
    Other { record: Box<GatewayRecord>, why: Reason },
    /// A payment that has come to no end, and is no window's.
    Strange { record: Box<GatewayRecord>, why: Reason },
    /// A payment window that the customer may still finish, until then (epoch seconds).
    InWindow { record: Box<GatewayRecord>, until_s: i64 },
    /// No trace of a charge, in the gateway's own words. `aside` is what there is instead.
    Nothing { aside: Option<Reason> },
    /// The gateway said nothing of use, or was not reached.
    NoAnswer { reason: Reason, reached: bool },
}

/// Failed records, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declines {
    pub earlier: Vec<GatewayRecord>,
    pub last: Box<GatewayRecord>,
}

impl Declines {
    /// Whether some request that they answer may have charged all the same, by their words.
    #[must_use]
    pub fn leave_doubt(&self) -> bool {
        self.earlier.iter().chain([&*self.last]).any(leaves_doubt)
    }

    /// What is left open of a payment that becomes declined by them. Each of them answers one request that was not
    /// answered; none of them ends a doubt that was there.
    #[must_use]
    pub fn leave_open(&self, payment: &Payment) -> Open {
        let count = |records: usize| u32::try_from(records).unwrap_or(u32::MAX);
        let answered = count(self.earlier.len()).saturating_add(1);
        let earlier = count(self.earlier.iter().filter(|record| leaves_doubt(record)).count());
        if payment.doubt_ended_at.is_some() {
            return Open { unanswered: 0, doubts: earlier };
        }
        // A record that shows later than the refusal of its request answers that one.
        let own = payment.outcome == Outcome::Declined && in_doubt_by_words(payment);
        Open {
            unanswered: payment.unanswered.saturating_sub(answered),
            doubts: payment.doubts.saturating_add(u32::from(own)).saturating_add(earlier),
        }
    }
}

/// How many requests may still show as a charge, beside the one that a payment's outcome is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Never answered in a usable way.
    pub unanswered: u32,
    /// Answered in words of doubt.
    pub doubts: u32,
}

/// Whether the request that a record answers may have charged all the same, by its words: where it failed.
#[must_use]
pub fn leaves_doubt(record: &GatewayRecord) -> bool {
    record.status.as_deref() == Some("failed")
        && failed_in_doubt(record.pg_provider.as_deref(), record.fail_reason.as_deref())
}

/// The gateway writes down when a request came to it, a moment after that was sent.
const ON_THE_WAY_S: i64 = 10;

/// When the newest request came to the gateway that failed in words of doubt and is not known to be this ledger's
/// own: as far as `shown` and what was seen before say it. In epoch seconds, by the gateway's clock; one that does
/// not say when counts from when it was first seen.
#[must_use]
pub fn doubt_elsewhere_s(row: Option<&Payment>, shown: &[GatewayRecord], now_s: i64) -> Option<i64> {
    let kept = row.map_or(&[][..], |row| &row.records);
    let seen_before = kept
        .iter()
        .filter(|record| record.status.as_deref() == Some("failed"))
        .filter(|record| failed_in_doubt(record.pg_provider.as_deref(), record.fail_reason.as_deref()))
        .map(|record| {
            let first_seen_s = record.first_seen.as_second();
            record.started_at.map_or(first_seen_s, |at| at.as_second().min(first_seen_s))
        });
    let is_new = |record: &&GatewayRecord| {
        let same = |old: &Record| record.imp_uid.as_deref() == Some(old.imp_uid.as_str());
        !kept.iter().any(same)
    };
    let seen_now = shown
        .iter()
        .filter(|record| leaves_doubt(record))
        .filter(is_new)
        .map(|record| record.started_at_s.unwrap_or(now_s).min(now_s));
    let newest = seen_before.chain(seen_now).max()?;
    let own = row.and_then(|row| row.last_send.as_ref());
    let own_s = own.map(|mark| mark.gateway_s.unwrap_or_else(|| mark.wall.as_second()));
    // The wait for the last send from here covers whatever came before it.
    own_s.is_none_or(|own_s| newest > own_s.saturating_add(ON_THE_WAY_S)).then_some(newest)
}

/// How long a customer may take over a payment window, in seconds (contract, rule 8).
pub const WINDOW_S: i64 = 3600;

/// What a look-up makes of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// Speaks for every request there was.
    Paid(Box<GatewayRecord>),
    /// Each speaks for one request.
    Declined(Declines),
    /// Speaks for the request that was refused, in the gateway's words.
    Rejected(Option<String>),
    /// Settles nothing.
    Unknown(Reason),
    /// There is no trace of it after the whole wait.
    NotSent(Reason),
    /// Shows no money, so long after the last send that the doubt is over (contract, rule 10).
    DoubtEnds,
    /// Says nothing new.
    Nothing,
}

impl LookedUp {
    /// What the payment is by it; `None` where it says nothing new.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            LookedUp::Paid(_) => Some(Outcome::Paid),
            LookedUp::Declined(_) => Some(Outcome::Declined),
            LookedUp::Rejected(_) => Some(Outcome::Rejected),
            LookedUp::Unknown(_) => Some(Outcome::Unknown),
            LookedUp::NotSent(_) => Some(Outcome::NotSent),
            LookedUp::DoubtEnds | LookedUp::Nothing => None,
        }
    }

    /// Whether the charge that was found went through a test channel, where that is told (facts 2.3).
    #[must_use]
    pub fn sandbox_flag(&self) -> Option<bool> {
        match self {
            LookedUp::Paid(record) => record.sandbox,
            LookedUp::Declined(_)
            | LookedUp::Rejected(_)
            | LookedUp::Unknown(_)
            | LookedUp::NotSent(_)
            | LookedUp::DoubtEnds
            | LookedUp::Nothing => None,
        }
    }
}

/// What is seen through another API key than the one that the last request was sent with. Another account cannot
/// see that request: that there is nothing to see says nothing then.
#[must_use]
pub fn through_another_key(finding: Finding) -> Finding {
    if matches!(finding, Finding::Nothing { .. }) {
        return Finding::NoAnswer { reason: Reason::OtherKey, reached: true };
    }
    finding
}

/// Judges a reply (facts 2.6, 3.2, 3.4; contract, rule 8).
#[must_use]
pub fn judge(question: &Question<'_>, reply: &LookupReply) -> Finding {
    let records = match reply {
        LookupReply::Records { records, .. } => records,
        LookupReply::NotFound { .. } => return Finding::Nothing { aside: None },
        LookupReply::NoAnswer { reason, reached, .. } => {
            return Finding::NoAnswer { reason: reason.clone(), reached: *reached };
        }
    };
    let asked = question.terms.merchant_uid.as_str();
    let ours = |record: &&GatewayRecord| record.merchant_uid.as_deref().is_none_or(|uid| uid == asked);
    // Equal to the gateway's index, and not to the letter: it is for a person to say whether that is the same.
    if let Some(other) = records.first()
        && !records.iter().any(|record| ours(&record))
    {
        let why = Reason::OtherSpelling { shown: other.merchant_uid.clone().unwrap_or_default() };
        return Finding::Other { record: Box::new(other.clone()), why };
    }
    let mut seen = Sorted::default();
    for record in records.iter().filter(ours) {
        seen.sort(question, record);
    }
    seen.finding(question)
}

/// The records of one order, by what they say.
#[derive(Default)]
struct Sorted<'a> {
    charged: Vec<&'a GatewayRecord>,
    other: Vec<(&'a GatewayRecord, Reason)>,
    strange: Vec<(&'a GatewayRecord, Reason)>,
    in_window: Vec<(&'a GatewayRecord, i64)>,
    declined: Vec<&'a GatewayRecord>,
    aside: Option<Reason>,
}

impl<'a> Sorted<'a> {
    fn sort(&mut self, question: &Question<'_>, record: &'a GatewayRecord) {
        if is_registration(record) {
            self.aside = Some(Reason::OnlyRegistration { imp_uid: imp_uid(record) });
            return;
        }
        match record.status.as_deref() {
            Some("paid" | "cancelled" | "canceled") => match mismatch(question, record) {
                None => self.charged.push(record),
                Some(why) => self.other.push((record, why)),
            },
            Some("failed") => {
                let known = record.imp_uid.as_ref().is_some_and(|id| question.declined_before.contains(id));
                if !known {
                    self.declined.push(record);
                }
            }
            Some("ready") if is_of_a_window(record) => self.window(question, record),
            Some(other) => {
                self.strange.push((record, Reason::StatusNoResult { status: other.to_owned() }));
            }
            None => self.strange.push((record, Reason::WithoutStatus)),
        }
    }

    fn window(&mut self, question: &Question<'_>, record: &'a GatewayRecord) {
        if record.vbank_num.is_some() {
            return self.other.push((record, Reason::WaitsForTransfer));
        }
        // One that does not say when it was opened may have been opened just now.
        let until_s = record.started_at_s.unwrap_or(question.now_s).saturating_add(WINDOW_S);
        if until_s > question.now_s {
            self.in_window.push((record, until_s));
        } else {
            self.aside = Some(Reason::OnlyOldWindow { imp_uid: imp_uid(record) });
        }
    }

    fn finding(mut self, question: &Question<'_>) -> Finding {
        if let Some(first) = self.charged.iter().copied().min_by_key(|record| record.started_at_s) {
            let others = self.charged.iter().copied().filter(|other| !std::ptr::eq(*other, first));
            let took_money = self.other.iter().map(|(record, _)| *record).filter(|record| took_money(record));
            let others = others.chain(took_money).cloned().collect();
            return Finding::Charged { record: Box::new(first.clone()), others };
        }
        if let Some((record, why)) = self.other.into_iter().next() {
            return Finding::Other { record: Box::new(record.clone()), why };
        }
        if let Some((record, why)) = self.strange.into_iter().next() {
            return Finding::Strange { record: Box::new(record.clone()), why };
        }
        if let Some((record, until_s)) = self.in_window.into_iter().max_by_key(|(_, until_s)| *until_s) {
            return Finding::InWindow { record: Box::new(record.clone()), until_s };
        }
        // One decline speaks for one request: with two unanswered ones, the other may still be on its
        // way to the card.
        let count = u32::try_from(self.declined.len()).unwrap_or(u32::MAX);
        let enough = count >= question.unanswered || question.waited;
        self.declined.sort_by_key(|record| (record.failed_at_s, record.started_at_s));
        match self.declined.split_last() {
            Some((last, earlier)) if enough => Finding::Declined(Declines {
                earlier: earlier.iter().copied().cloned().collect(),
                last: Box::new((*last).clone()),
            }),
            Some(_) | None => Finding::Nothing { aside: self.aside },
        }
    }
}

fn imp_uid(record: &GatewayRecord) -> String {
    record.imp_uid.clone().unwrap_or_default()
}

/// Registering a card leaves a record too; see [`record::is_registration`].
#[must_use]
pub fn is_registration(record: &GatewayRecord) -> bool {
    let amount = record.amount_text.as_deref().unwrap_or("0");
    let of_nothing = amount.chars().all(|c| c == '0' || c == '.');
    record::is_registration(record.customer_uid_usage.as_deref(), record.pg_provider.as_deref(), of_nothing)
}

fn is_of_a_window(record: &GatewayRecord) -> bool {
    matches!(record.channel.as_deref(), Some("pc" | "mobile"))
}

fn took_money(record: &GatewayRecord) -> bool {
    record::took_money(record.status.as_deref())
}

/// Why a record that took money is not the payment asked for.
fn mismatch(question: &Question<'_>, record: &GatewayRecord) -> Option<Reason> {
    let asked = question.terms.amount;
    if record.amount_in(asked.currency()) != Some(asked) {
        return Some(Reason::ForOtherAmount { shown: record.amount_shown(), asked: asked.to_string() });
    }
    if let Some(customer) = &record.customer_uid
        && customer != question.terms.customer_uid.as_str()
    {
        let asked = question.terms.customer_uid.to_string();
        return Some(Reason::ForOtherCustomer { shown: customer.clone(), asked });
    }
    // A payment through a test channel must never pass for money (facts 3.2).
    if question.mode == Mode::Live && record.sandbox == Some(true) {
        return Some(Reason::ThroughTestChannel);
    }
    None
}

#[cfg(test)]
mod tests;
