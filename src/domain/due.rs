//! What the rules say of one declined order: whether it may be tried again, when, and how often yet. Pure: what the
//! ledger knows is handed in, and nothing is sent because of it (contract, "`retry-list`").

use std::time::Duration;

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::declines::{Known, Reach, Retry, RetryAfter, Standing, Who};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::Payment;
use crate::domain::record::Record;
use crate::domain::retry_rules::{Group, RetryRules};
use crate::domain::time::later;

const DAY_S: u64 = 86_400;

/// One try on a customer's card that was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    pub at: Timestamp,
    /// Of the order itself, not of another one of the customer.
    pub own: bool,
}

/// What the ledger knows beside the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Oldest first.
    pub tries: Vec<Try>,
    /// When the gateway got the billing key that the customer has now (facts 5).
    pub key_since: Option<Timestamp>,
    pub customer_removed: bool,
    /// A later order of the same customer and amount is paid.
    pub paid_since: bool,
    /// Another order of the same customer and amount is pending or unknown.
    pub open_beside: bool,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Due,
    /// Not before its time.
    Waits,
    NewCard,
    /// Somebody has to act before it is worth a try.
    Person,
    /// All tries of its rule are made.
    Over,
    /// Of these it is not certain that nothing is paid, or that anything is owed: they are not on the list.
    Left(Why),
}

/// Why an order is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is not certain that it was not charged (contract, rule 10).
    InDoubt,
    /// Another order of the customer and amount is pending or unknown.
    OpenBeside,
    /// The gateway shows money under it, refunded since or not, or a person has noted that it was charged.
    MoneySeen,
    PaidSince,
    /// The gateway has shown it as another customer's.
    OtherCustomer,
    CustomerRemoved,
    /// The gateway's flag denies the profile's mode.
    OtherMode,
    TooOld,
}

impl Why {
    pub const ALL: [Why; 8] = [
        Why::InDoubt,
        Why::OpenBeside,
        Why::MoneySeen,
        Why::PaidSince,
        Why::OtherCustomer,
        Why::CustomerRemoved,
        Why::OtherMode,
        Why::TooOld,
    ];
}

impl State {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Due => "due",
            State::Waits => "waits",
            State::NewCard => "new_card",
            State::Person => "person",
            State::Over => "over",
            State::Left(Why::InDoubt) => "in_doubt",
            State::Left(Why::OpenBeside) => "open_beside",
            State::Left(Why::MoneySeen) => "money_seen",
            State::Left(Why::PaidSince) => "paid_since",
            State::Left(Why::OtherCustomer) => "other_customer",
            State::Left(Why::CustomerRemoved) => "customer_removed",
            State::Left(Why::OtherMode) => "other_mode",
            State::Left(Why::TooOld) => "too_old",
        }
    }

    #[must_use]
    pub fn left(self) -> Option<Why> {
        if let State::Left(why) = self { Some(why) } else { None }
    }
}

/// What the rules say of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub state: State,
    pub group: Group,
    pub who: Option<Who>,
    /// When it is tried next; `None` where it is not by itself.
    pub next_at: Option<Timestamp>,
    /// How often it was tried, since the card that it is tried on is known.
    pub tries: u32,
    /// How often it may be tried yet: what its rule and its card leave, the less of them.
    pub tries_left: u32,
    /// When it was tried last.
    pub tried_at: Timestamp,
    /// An older order of the customer that is due: one of a customer is tried at a time.
    pub behind: Option<MerchantUid>,
}

/// Judges a declined or rejected order.
#[must_use]
pub fn judge(payment: &Payment, tried: &Tried, rules: &RetryRules, now: Timestamp) -> Judged {
    let known = Standing::of(payment).and_then(|standing| standing.known);
    let sent = payment.last_send.as_ref().map_or(payment.requested_at, |sent| sent.wall);
    let tried_at = tried.tries.iter().rev().find(|one| one.own).map_or(sent, |one| one.at);
    let on_this_card = |one: &&Try| tried.key_since.is_none_or(|since| one.at > since);
    let own = tried.tries.iter().filter(on_this_card).filter(|one| one.own).count();
    // Another card is registered since, and what was wrong with the one before it is over.
    let of_card = known.is_some_and(|known| known.reach == Reach::Card);
    let anew = of_card && tried.key_since.is_some_and(|since| since > tried_at);
    let own = if anew { 0 } else { own.max(1) };
    let group = Group::of(known);
    let judged = Judged {
        state: State::Over,
        group,
        who: known.map(|known| known.who),
        next_at: None,
        tries: count(own),
        tries_left: 0,
        tried_at,
        behind: None,
    };
    if let Some(why) = left_out(payment, tried, rules, now) {
        return Judged { state: State::Left(why), ..judged };
    }
    let waits = if anew { Some(rules.after.as_slice()) } else { rules.waits(known) };
    let Some(waits) = waits else {
        let state = if group == Group::NewCard { State::NewCard } else { State::Person };
        return Judged { state, ..judged };
    };
    let left_of_rule = (waits.len() + 1).saturating_sub(own);
    if left_of_rule == 0 {
        return judged;
    }
    let on_card: Vec<Timestamp> = tried
        .tries
        .iter()
        .filter(on_this_card)
        .map(|one| one.at)
        .filter(|at| later(*at, rules.within) > now)
        .collect();
    let most = usize::try_from(rules.tries).unwrap_or(usize::MAX);
    let left_of_card = most.saturating_sub(on_card.len());
    let wait = own.checked_sub(1).and_then(|made| waits.get(made)).copied();
    let mut next_at = match (wait, tried.key_since) {
        (Some(wait), _) => rules.later(tried_at, wait).max(rules.asked_for(known, tried_at)),
        (None, since) => since.unwrap_or(tried_at),
    };
    // A card is not tried twice a day, whatever order it is for, unless the rule's own wait is shorter.
    if wait.is_none_or(is_of_days)
        && let Some(last) = on_card.last()
    {
        next_at = next_at.max(rules.later(*last, Duration::from_secs(DAY_S)));
    }
    // As many as may be made are made: the oldest ones have to be out of the time first.
    if let Some(back) = on_card.len().checked_sub(most)
        && let Some(in_the_way) = on_card.get(back)
    {
        next_at = next_at.max(later(*in_the_way, rules.within));
    }
    let is_due = next_at <= now;
    let tries_left = count(left_of_rule.min(left_of_card));
    Judged {
        state: if is_due { State::Due } else { State::Waits },
        next_at: Some(next_at),
        tries_left,
        ..judged
    }
}

/// The same order, where an older one of the customer is due: it has its turn on another day.
#[must_use]
pub fn behind(judged: &Judged, older: MerchantUid, rules: &RetryRules, now: Timestamp) -> Judged {
    let next_at = Some(rules.later(now, Duration::from_secs(DAY_S)));
    Judged { state: State::Waits, next_at, behind: Some(older), ..judged.clone() }
}

fn left_out(payment: &Payment, tried: &Tried, rules: &RetryRules, now: Timestamp) -> Option<Why> {
    let customer = payment.terms.customer_uid.as_str();
    if payment.is_noted_charged() || payment.records.iter().any(Record::took_money) {
        Some(Why::MoneySeen)
    } else if Standing::of(payment).is_none_or(|standing| standing.is_open()) {
        Some(Why::InDoubt)
    } else if payment.mode_shown() != payment.terms.mode {
        Some(Why::OtherMode)
    } else if payment.records.iter().any(|one| one.customer_uid.as_deref().is_some_and(|uid| uid != customer))
    {
        Some(Why::OtherCustomer)
    } else if tried.customer_removed {
        Some(Why::CustomerRemoved)
    } else if tried.open_beside {
        Some(Why::OpenBeside)
    } else if tried.paid_since {
        Some(Why::PaidSince)
    } else {
        (later(payment.requested_at, rules.give_up) < now).then_some(Why::TooOld)
    }
}

impl RetryRules {
    /// So long after a time: whole days are those of the calendar, from the rules' hour on.
    fn later(&self, from: Timestamp, wait: Duration) -> Timestamp {
        let days = wait.as_secs() / DAY_S;
        let days = i64::try_from(days).ok().filter(|_| is_of_days(wait));
        days.and_then(|days| self.day_after(from, days)).unwrap_or_else(|| later(from, wait))
    }

    fn day_after(&self, from: Timestamp, days: i64) -> Option<Timestamp> {
        let day = from.to_zoned_datetime(self.zone.clone()).date().checked_add(days.days()).ok()?;
        self.on(day)
    }

    fn on(&self, day: jiff::civil::Date) -> Option<Timestamp> {
        let at = Time::new(self.hour, 0, 0, 0).ok()?;
        Some(day.to_datetime(at).to_zoned_datetime(self.zone.clone()).ok()?.timestamp())
    }

    /// The least time that the words ask for, whatever the rule says.
    fn asked_for(&self, known: Option<&Known>, from: Timestamp) -> Timestamp {
        let hours = |hours: u64| later(from, Duration::from_secs(hours * 3600));
        match known.filter(|known| known.retry == Retry::Yes).and_then(|known| known.retry_after) {
            None => from,
            Some(RetryAfter::QuarterHour) => later(from, Duration::from_secs(15 * 60)),
            Some(RetryAfter::Hour) => hours(1),
            Some(RetryAfter::Day) => self.day_after(from, 1).unwrap_or_else(|| hours(24)),
            Some(RetryAfter::ThreeDays) => self.day_after(from, 3).unwrap_or_else(|| hours(72)),
            Some(RetryAfter::NextMonth) => {
                let next = from.to_zoned_datetime(self.zone.clone()).date().first_of_month();
                let next = next.checked_add(1.month()).ok().and_then(|day| self.on(day));
                next.unwrap_or_else(|| hours(31 * 24))
            }
        }
    }
}

fn is_of_days(wait: Duration) -> bool {
    wait.as_secs().is_multiple_of(DAY_S)
}

fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
