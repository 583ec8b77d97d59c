//! A choice of payments or customers as SQL: constant fragments, and values that are only bound.

use jiff::Timestamp;
use rusqlite::types::Value;

use crate::domain::payment::Outcome;
use crate::ledger::{By, Filter};

pub(super) mod text;

/// The mode that a payment is shown in: what the gateway's flag says beats the profile's (contract, rule 11).
macro_rules! shown_mode {
    () => {
        "CASE WHEN mode = 'live' AND sandbox = 1 THEN 'test' WHEN mode = 'test' AND sandbox = 0 THEN 'live' \
              ELSE mode END"
    };
}

pub(super) use shown_mode;

/// The card of the payment, or of another one under its order.
const CARD: &str = "(substr(card_number, -4) = :card \
     OR id IN (SELECT payment_id FROM records WHERE substr(card_number, -4) = :card))";

const APPROVAL: &str =
    "(apply_num = :approval OR id IN (SELECT payment_id FROM records WHERE apply_num = :approval))";

/// More than one payment took money under the order, whoever has answered for it and whatever was refunded since.
const DOUBLES: &str = "id IN (SELECT payment_id FROM records WHERE status IN ('paid', 'cancelled', 'canceled') \
     AND usage IS NOT 'issue' AND payment_id IN (SELECT payment_id FROM records WHERE nth > 1) \
     GROUP BY payment_id HAVING count(*) > 1)";

/// A statement and the values to bind by name.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) sql: String,
    pub(super) params: Vec<(String, Value)>,
}

/// A payment's result as people ask for it: the gateway says cancelled of a part too (facts 4), and nothing of what was
/// paid back without it.
macro_rules! result_word {
    () => {
        "CASE WHEN outcome = 'paid' AND coalesce(cancel_amount_minor, 0) + outside_minor > 0 \
              THEN iif(coalesce(cancel_amount_minor, 0) + outside_minor < amount_minor, 'partly_cancelled', 'cancelled') \
              ELSE status END"
    };
}

/// The conditions of a filter, with their values.
pub(super) struct Conditions {
    all: Vec<String>,
    params: Vec<(String, Value)>,
    order: String,
    limit: Option<u64>,
}

/// A filter's conditions: only those that are asked for, so that an index can serve them.
pub(super) fn choose(filter: &Filter) -> Conditions {
    let (since, until, order) = match filter.by {
        By::Requested => (
            "requested_at_ms >= :since",
            "requested_at_ms < :until",
            " ORDER BY requested_at_ms DESC, id DESC",
        ),
        By::Paid => ("paid_at_s >= :since", "paid_at_s < :until", " ORDER BY paid_at_s DESC, id DESC"),
        By::Cancelled => {
            ("cancelled_at_s >= :since", "cancelled_at_s < :until", " ORDER BY cancelled_at_s DESC, id DESC")
        }
    };
    let time = |time: Timestamp| match filter.by {
        By::Requested => time.as_millisecond(),
        By::Paid | By::Cancelled => whole_seconds_up(time),
    };
    let order = order.to_owned();
    let mut chosen = Conditions { all: Vec::new(), params: Vec::new(), order, limit: filter.limit };
    match filter.by {
        By::Requested => {}
        By::Paid => chosen.all.push("paid_at_s IS NOT NULL".to_owned()),
        // One that was taken back since keeps its time, and has nothing refunded.
        By::Cancelled => chosen.all.push("cancelled_at_s IS NOT NULL AND cancel_amount_minor > 0".to_owned()),
    }
    if let Some(customer) = &filter.customer {
        chosen.add("customer_uid = :customer", ":customer", customer.as_str().to_owned());
    }
    if let Some(time_min) = filter.since {
        chosen.add(since, ":since", time(time_min));
    }
    if let Some(time_end) = filter.until {
        chosen.add(until, ":until", time(time_end));
    }
    if let Some(min) = filter.min {
        chosen.add("amount_minor >= :min", ":min", min);
    }
    if let Some(max) = filter.max {
        chosen.add("amount_minor <= :max", ":max", max);
    }
    chosen.add_results(filter);
    chosen.add_rest(filter);
    if let Some(asked) = filter.text.as_deref().and_then(text::asked) {
        chosen.all.extend(asked.conditions);
        chosen.params.extend(asked.params);
        chosen.order = chosen.order.replace(" ORDER BY ", &format!(" ORDER BY {} DESC, ", asked.rank));
    }
    chosen
}

/// What went back in a time, of the payments of whatever day that a filter picks but for its time.
pub(super) fn refunded_between(
    filter: &Filter,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    select: &str,
) -> Choice {
    let of_any_day = Filter { since: None, until: None, ..filter.clone() };
    let mut choice = choose(&of_any_day).back(select);
    let (since, until) = (since.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX));
    choice.params.push((":back_since".to_owned(), since.as_millisecond().into()));
    choice.params.push((":back_until".to_owned(), until.as_millisecond().into()));
    choice
}

impl Conditions {
    fn add(&mut self, condition: &'static str, name: &'static str, value: impl Into<Value>) {
        self.all.push(condition.to_owned());
        self.params.push((name.to_owned(), value.into()));
    }

    /// Outcomes and the gateway's words: any of both lists. Each list is bound as one text, its
    /// words between separators that no word holds.
    fn add_results(&mut self, filter: &Filter) {
        let outcomes: Vec<&str> = filter.outcomes.iter().copied().map(Outcome::word).collect();
        let statuses: Vec<&str> = filter.statuses.iter().map(String::as_str).collect();
        // Words of ours alone, and so spelled out: the index of the unsettled serves no other form.
        let outcomes = (!outcomes.is_empty()).then(|| format!("outcome IN ('{}')", outcomes.join("', '")));
        let statuses = (!statuses.is_empty()).then(|| {
            self.params
                .push((":statuses".to_owned(), format!("\u{1f}{}\u{1f}", statuses.join("\u{1f}")).into()));
            concat!("instr(:statuses, char(31) || ", result_word!(), " || char(31)) > 0").to_owned()
        });
        self.all.extend(match (outcomes, statuses) {
            (Some(outcomes), Some(statuses)) => Some(format!("({outcomes} OR {statuses})")),
            (outcomes, statuses) => outcomes.or(statuses),
        });
    }

    /// What support staff know of a payment beside its text.
    fn add_rest(&mut self, filter: &Filter) {
        if let Some(last_four) = &filter.card {
            self.add(CARD, ":card", last_four.clone());
        }
        if let Some(approval) = &filter.approval {
            self.add(APPROVAL, ":approval", approval.clone());
        }
        if let Some(mode) = filter.mode {
            self.add(concat!(shown_mode!(), " = :mode"), ":mode", mode.word().to_owned());
        }
        if let Some(operator) = &filter.operator {
            self.add("operator = :operator", ":operator", operator.clone());
        }
        if filter.refunded {
            self.all.push("coalesce(cancel_amount_minor, 0) + outside_minor > 0".to_owned());
        }
        if filter.doubles {
            self.all.push(DOUBLES.to_owned());
        }
    }

    fn with_where(&self, select: &str) -> String {
        let mut sql = select.to_owned();
        for (index, condition) in self.all.iter().enumerate() {
            sql.push_str(if index == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        sql
    }

    /// The rows themselves, as many as the limit says.
    pub(super) fn newest_first(self, select: &str) -> Choice {
        let mut sql = self.with_where(select) + &self.order;
        let mut params = self.params;
        if let Some(limit) = self.limit {
            sql.push_str(" LIMIT :limit");
            params.push((":limit".to_owned(), i64::try_from(limit).unwrap_or(i64::MAX).into()));
        }
        Choice { sql, params }
    }

    /// All of them under whose orders more than one payment was shown.
    pub(super) fn manifold(mut self, select: &str) -> Choice {
        self.all.push("id IN (SELECT payment_id FROM records WHERE nth > 1)".to_owned());
        Choice { sql: self.with_where(select), params: self.params }
    }

    /// Those of them of which money went back, a row a currency and mode.
    fn back(mut self, select: &str) -> Choice {
        self.all.push("outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0)".to_owned());
        let sql = self.with_where(select) + " GROUP BY currency, shown_mode ORDER BY currency";
        Choice { sql, params: self.params }
    }

    /// Counts and sums of all of them.
    pub(super) fn grouped(self, select: &str) -> Choice {
        let sql = self.with_where(select) + " GROUP BY outcome, currency, shown_mode";
        Choice { sql, params: self.params }
    }
}

/// The first whole second that is not before the time.
fn whole_seconds_up(time: Timestamp) -> i64 {
    let seconds = time.as_second();
    if time.subsec_nanosecond() > 0 { seconds.saturating_add(1) } else { seconds }
}
