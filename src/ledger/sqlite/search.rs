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

/// A payment of which this holds, or of whose records it does, by indexes: a payment has what its own record has, but
/// for those few that the two last of these find.
macro_rules! of_it_or_its_records {
    ($condition:literal) => {
        concat!(
            "id IN (SELECT payment_id FROM records WHERE ",
            $condition,
            " UNION ALL SELECT id FROM payments WHERE imp_uid IS NULL \
                 AND (apply_num IS NOT NULL OR card_number IS NOT NULL) AND ",
            $condition,
            " UNION ALL SELECT id FROM payments WHERE id IN (SELECT payment_id FROM payments_told_otherwise) AND ",
            $condition,
            ")"
        )
    };
}

/// The card of the payment, or of another one under its order.
const CARD: &str = of_it_or_its_records!("card_number IS NOT NULL AND substr(card_number, -4) = :card");

const APPROVAL: &str = of_it_or_its_records!("apply_num = :approval");

/// More than one payment took money under the order, whoever has answered for it and whatever was refunded since.
const DOUBLES: &str = "id IN (SELECT payment_id FROM records WHERE status IN ('paid', 'cancelled', 'canceled') \
     AND usage IS NOT 'issue' AND payment_id IN (SELECT payment_id FROM further_payments) \
     GROUP BY payment_id HAVING count(*) > 1)";

/// What was found comes in the order of how well it fits (`found.rs`).
const RANKED: &str = " ORDER BY (SELECT rank FROM temp.found WHERE found.id = payments.id) DESC, ";

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

/// A filter's conditions: only those that are asked for, so that an index can serve them. What its text finds was
/// looked for before (`Ledger::look_for`).
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
    if filter.text.as_deref().is_some_and(text::asks) {
        chosen.all.push("id IN (SELECT id FROM temp.found)".to_owned());
        chosen.order = chosen.order.replace(" ORDER BY ", RANKED);
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
    // Whole seconds that may lie in the time, for an index: what does is asked of each.
    choice.params.push((":back_since_s".to_owned(), since.as_second().into()));
    choice.params.push((":back_until_s".to_owned(), until.as_second().into()));
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
        let outcomes = outcome_condition(&filter.outcomes);
        let statuses: Vec<&str> = filter.statuses.iter().map(String::as_str).collect();
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

    /// All of them under whose orders a payment took money that they do not stand for.
    pub(super) fn with_further_payments(mut self, select: &str) -> Choice {
        self.all.push("id IN (SELECT payment_id FROM further_payments)".to_owned());
        Choice { sql: self.with_where(select), params: self.params }
    }

    /// Those of them of which money went back, a row a currency and mode.
    fn back(mut self, select: &str) -> Choice {
        self.all.push(
            "outcome = 'paid' AND (cancel_amount_minor > 0 OR outside_minor > 0) \
                 AND id IN (SELECT payment_id FROM refunds WHERE outcome = 'refunded' \
                                AND coalesce(refunded_at_s * 1000, sent_ms) >= :back_since \
                                AND coalesce(refunded_at_s * 1000, sent_ms) < :back_until \
                            UNION ALL SELECT id FROM payments \
                              WHERE cancelled_at_s >= :back_since_s AND cancelled_at_s <= :back_until_s \
                            UNION ALL SELECT id FROM payments \
                              WHERE outside_at_ms >= :back_since AND outside_at_ms < :back_until)"
                .to_owned(),
        );
        let sql = self.with_where(select) + " GROUP BY currency, shown_mode ORDER BY currency";
        Choice { sql, params: self.params }
    }

    /// Counts and sums of all of them.
    pub(super) fn grouped(self, select: &str) -> Choice {
        let sql = self.with_where(select) + " GROUP BY outcome, currency, shown_mode";
        Choice { sql, params: self.params }
    }
}

/// Any of these outcomes; `None` of none. Words of ours alone, and so spelled out: the index of the unsettled serves no
/// other form than its own.
fn outcome_condition(outcomes: &[Outcome]) -> Option<String> {
    let is_open = |outcome: &Outcome| matches!(outcome, Outcome::Pending | Outcome::Unknown);
    let words: Vec<&str> = outcomes.iter().copied().map(Outcome::word).collect();
    let any = format!("outcome IN ('{}')", words.join("', '"));
    let all_open = outcomes.iter().all(is_open);
    (!outcomes.is_empty())
        .then(|| if all_open { format!("outcome IN ('pending', 'unknown') AND {any}") } else { any })
}

/// The first whole second that is not before the time.
fn whole_seconds_up(time: Timestamp) -> i64 {
    let seconds = time.as_second();
    if time.subsec_nanosecond() > 0 { seconds.saturating_add(1) } else { seconds }
}
