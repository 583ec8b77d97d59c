//! The payment object of the contract, field by field, and the columns of the history table.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Number;

use crate::domain::declines::Standing;
use crate::domain::money::Amount;
use crate::domain::order::Alarm;
use crate::domain::payment::{HistoryEntry, Outcome, Payment};
use crate::domain::record::Record;
use crate::domain::tax::Tax;
use crate::output::field::{Columns, Field, Give, Listed, Object, Shown, Value, exact_number};
use crate::output::meaning::meaning_and_who;
use crate::output::text::when_rfc3339;

/// A payment to show.
#[derive(Clone, Copy, Debug)]
pub struct PaymentView<'a> {
    pub payment: &'a Payment,
    /// The stored result of an earlier run: nothing was sent now.
    pub replayed: bool,
}

impl<'a> From<&'a Payment> for PaymentView<'a> {
    fn from(payment: &'a Payment) -> PaymentView<'a> {
        PaymentView { payment, replayed: false }
    }
}

type Get = for<'a> fn(&'a Payment) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<Payment> {
    Field { name, heading: None, give, get }
}

const fn column(name: &'static str, heading: &'static str, give: Give, get: Get) -> Field<Payment> {
    Field { name, heading: Some(heading), give, get }
}

fn borrowed(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

impl Listed for Payment {
    const FIELDS: &'static [Field<Payment>] = &[
        field("outcome", Give::Never, |payment| Value::Outcome(payment.outcome)),
        field("replayed", Give::Never, |_| Value::Replayed),
        field("merchant_uid", Give::Never, |payment| borrowed(payment.terms.merchant_uid.as_str())),
        field("imp_uid", Give::Never, |payment| Value::text(payment.imp_uid.as_ref())),
        field("customer_uid", Give::Text, |payment| borrowed(payment.terms.customer_uid.as_str())),
        field("name", Give::Text, |payment| borrowed(&payment.name)),
        field("amount", Give::Never, |payment| Value::Money(payment.terms.amount)),
        field("currency", Give::Never, |payment| {
            Value::Text(Cow::Owned(payment.terms.amount.currency().code().to_owned()))
        }),
        field("cancel_amount", Give::Never, |payment| {
            payment.cancel_amount.map_or(Value::Absent, Value::Money)
        }),
        field("status", Give::Never, |payment| Value::text(payment.status.as_ref())),
        field("apply_num", Give::Never, |payment| Value::text(payment.apply_num.as_ref())),
        field("card_name", Give::Text, |payment| Value::text(payment.card_name.as_ref())),
        field("card_number", Give::Never, |payment| Value::text(payment.card_number.as_ref())),
        field("pg_provider", Give::Text, |payment| Value::text(payment.pg_provider.as_ref())),
        field("pg_tid", Give::Text, |payment| Value::text(payment.pg_tid.as_ref())),
        field("receipt_url", Give::Never, |payment| Value::text(payment.receipt_url.as_ref())),
        field("code", Give::Never, |payment| payment.code.map_or(Value::Absent, Value::Whole)),
        field("message", Give::Text, |payment| {
            payment.why().map_or(Value::Absent, |why| Value::Text(why.into()))
        }),
        field("requested_at", Give::When, |payment| Value::Time(payment.requested_at)),
        field("paid_at", Give::When, |payment| Value::time(payment.paid_at)),
        field("cancelled_at", Give::When, |payment| Value::time(payment.cancelled_at)),
        field("mode", Give::Never, |payment| Value::Word(payment.mode_shown().word())),
        field("attempts", Give::Never, |payment| Value::Whole(i64::from(payment.attempts))),
        field("note", Give::Text, |payment| Value::text(payment.note.as_ref())),
        field("operator", Give::Text, |payment| Value::text(payment.operator.as_ref())),
        field("host", Give::Text, |payment| Value::text(payment.host.as_ref())),
        field("doubt", Give::Never, |payment| {
            let doubt = Standing::of(payment).and_then(|standing| standing.doubt);
            doubt.map_or(Value::Absent, |doubt| Value::Word(doubt.word()))
        }),
        field("who_acts", Give::Never, |payment| {
            let known = Standing::of(payment).and_then(|standing| standing.known);
            known.map_or(Value::Absent, |known| Value::Word(known.who.word()))
        }),
        field("noted", Give::Never, |payment| {
            payment.noted.as_ref().map_or(Value::Absent, |noted| Value::Word(noted.word()))
        }),
        field("noted_at", Give::When, |payment| Value::time(payment.noted.as_ref().map(|noted| noted.at))),
        field("noted_by", Give::Text, |payment| {
            Value::text(payment.noted.as_ref().and_then(|noted| noted.by.as_ref()))
        }),
        field("noted_evidence", Give::Text, |payment| {
            Value::text(payment.noted.as_ref().map(|noted| &noted.evidence))
        }),
        field("other_imp_uids", Give::Never, |payment| {
            Value::Ids(payment.others().map(|record| record.imp_uid.as_str()).collect())
        }),
        field("alarm", Give::Never, |payment| Value::Flag(payment.alarm().is_some())),
        field("tax_free", Give::Never, |payment| tax_part(payment, |tax| tax.tax_free)),
        field("vat_amount", Give::Never, |payment| tax_part(payment, |tax| tax.vat_amount)),
        field("refunded_outside", Give::Never, |payment| {
            payment.outside.as_ref().map_or(Value::Absent, |outside| Value::Money(outside.amount))
        }),
        field("refunded_outside_at", Give::When, |payment| {
            Value::time(payment.outside.as_ref().map(|outside| outside.at))
        }),
        field("refunded_outside_by", Give::Text, |payment| {
            Value::text(payment.outside.as_ref().and_then(|outside| outside.by.as_ref()))
        }),
        field("refunded_outside_evidence", Give::Text, |payment| {
            Value::text(payment.outside.as_ref().map(|outside| &outside.evidence))
        }),
    ];

    const TABLE: &'static [Field<Payment>] = &[
        column("requested_at", "WHEN", Give::When, |payment| Value::Time(payment.requested_at)),
        column("outcome", "RESULT", Give::Never, |payment| Value::Outcome(payment.outcome)),
        column("amount", "AMOUNT", Give::Never, |payment| Value::Money(payment.terms.amount)),
        column("customer_uid", "CUSTOMER", Give::Text, |payment| {
            borrowed(payment.terms.customer_uid.as_str())
        }),
        column("name", "NAME", Give::Text, |payment| borrowed(&payment.name)),
        column("card", "CARD", Give::Card, |payment| {
            short_card(payment.card_name.as_deref(), payment.card_number.as_deref())
        }),
        column("apply_num", "APPROVAL", Give::Never, |payment| Value::text(payment.apply_num.as_ref())),
        column("merchant_uid", "ORDER", Give::Never, |payment| borrowed(payment.terms.merchant_uid.as_str())),
    ];

    const GIVES: &'static [(usize, usize)] = &[
        (NAME, 10),
        (CUSTOMER, 12),
        (WHEN, 16),
        (NAME, 6),
        (CUSTOMER, 8),
        (CARD, 4),
        (NAME, 0),
        (APPROVAL, 0),
        (WHEN, 10),
        (CARD, 0),
        (CUSTOMER, 6),
        (CUSTOMER, 0),
    ];

    const NOUN: &'static str = "payment";

    fn under(&self) -> Vec<Cow<'_, str>> {
        let mut lines = match self.outcome {
            Outcome::Declined | Outcome::Rejected | Outcome::Unknown => {
                let ours = Standing::of(self).and_then(|standing| standing.known).map(meaning_and_who);
                self.why().into_iter().chain(ours).map(Cow::Owned).collect()
            }
            Outcome::Paid => refunded(self).map(Cow::Owned).into_iter().collect(),
            Outcome::NotSent | Outcome::Pending => Vec::new(),
        };
        lines.extend(self.alarm().map(|alarm| Cow::Owned(held_too(self, &alarm))));
        lines
    }
}

/// A tax part as it was sent: 0 and absent are different things (facts 15.1).
fn tax_part(payment: &Payment, part: fn(&Tax) -> Option<Amount>) -> Value<'_> {
    payment.tax.as_ref().and_then(part).map_or(Value::Absent, Value::Money)
}

/// `₩3,000 of it was refunded, ₩5,900 is left`; nothing where none was.
fn refunded(payment: &Payment) -> Option<String> {
    let amount = payment.terms.amount;
    let left = payment.left();
    let back = Amount::from_minor(amount.minor().saturating_sub(left.minor()), amount.currency());
    let outside = payment.outside.as_ref().map_or_else(String::new, |outside| {
        let by = outside.by.as_deref().map(|by| format!(", as {by} noted")).unwrap_or_default();
        format!("; {} of that outside of the gateway{by}", outside.amount)
    });
    if back.minor() == 0 {
        None
    } else if left.minor() == 0 {
        Some(format!("all of it was refunded{outside}"))
    } else {
        Some(format!("{back} of it was refunded, {left} is left{outside}"))
    }
}

/// `ALARM: the order holds imps_2 (approval 22222222) too`
fn held_too(payment: &Payment, alarm: &Alarm<'_>) -> String {
    let others = alarm.held.iter().filter(|record| !payment.is_own(record)).map(|record| {
        let approval = record.apply_num.as_deref().map(|number| format!(" (approval {number})"));
        format!("{}{}", record.imp_uid, approval.unwrap_or_default())
    });
    format!("ALARM: the order holds {} too", others.collect::<Vec<_>>().join(" and "))
}

/// In the place of WHEN when payments are picked and sorted by when they were paid.
static PAID: Field<Payment> = column("paid_at", "PAID", Give::When, |payment| Value::time(payment.paid_at));

/// The same of when they were refunded.
static CANCELLED: Field<Payment> =
    column("cancelled_at", "REFUNDED", Give::When, |payment| Value::time(payment.cancelled_at));

impl Columns<Payment> {
    /// The usual columns, with the time of payment in front (`--by paid`).
    #[must_use]
    pub fn usual_by_paid() -> Columns<Payment> {
        Columns::usual_with(&PAID)
    }

    /// The same with the time of the last refund (`--by cancelled`).
    #[must_use]
    pub fn usual_by_cancelled() -> Columns<Payment> {
        Columns::usual_with(&CANCELLED)
    }

    fn usual_with(time: &'static Field<Payment>) -> Columns<Payment> {
        let mut columns = Columns::usual();
        if let Some(when) = columns.table.get_mut(WHEN) {
            *when = time;
        }
        columns
    }
}

const WHEN: usize = 0;
pub(in crate::output) const CUSTOMER: usize = 3;
const NAME: usize = 4;
const CARD: usize = 5;
const APPROVAL: usize = 6;

/// `신한 1234`: the card company without the word for card, and what can be seen of the last four
/// places of the number, which each PG masks in its own way.
pub(in crate::output) fn short_card<'a>(name: Option<&'a str>, number: Option<&'a str>) -> Value<'a> {
    let name = name.map(|name| name.trim_matches(['[', ']']).trim_end_matches("카드").trim_end());
    let last: Option<String> = number.map(|number| {
        let places: Vec<char> = number.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        places.iter().skip(places.len().saturating_sub(4)).collect()
    });
    let parts: Vec<&str> = name.into_iter().chain(last.as_deref()).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Value::Absent } else { Value::Text(Cow::Owned(parts.join(" "))) }
}

/// The payment object of the contract: serialise it into whatever holds it.
#[must_use]
pub fn payment_object<'a>(view: PaymentView<'a>, zone: &'a TimeZone) -> Object<'a, Payment> {
    let shown = Shown { zone, replayed: view.replayed };
    Object { row: view.payment, columns: Payment::FIELDS.iter().collect(), shown }
}

/// One entry of `"history"` in `history show --json`.
#[derive(Clone, Debug, Serialize)]
pub struct EventObject<'a> {
    pub at: String,
    pub event: &'static str,
    pub outcome: &'static str,
    pub attempt: u32,
    pub http_status: Option<u16>,
    pub code: Option<i64>,
    pub message: Option<String>,
    pub imp_uid: Option<&'a str>,
    /// Milliseconds from send to answer.
    pub took_ms: Option<i64>,
    pub operator: Option<&'a str>,
    pub host: Option<&'a str>,
    /// The body as received.
    pub body: Option<&'a str>,
    pub refund_id: Option<&'a str>,
    pub refund_outcome: Option<&'static str>,
}

impl<'a> EventObject<'a> {
    #[must_use]
    pub fn new(event: &'a HistoryEntry, zone: &TimeZone) -> EventObject<'a> {
        let received = &event.received;
        EventObject {
            at: when_rfc3339(event.at, zone),
            event: event.kind.word(),
            outcome: event.outcome.word(),
            attempt: event.attempt,
            http_status: received.http_status,
            code: received.code,
            message: received.why(),
            imp_uid: received.imp_uid.as_deref(),
            took_ms: received.took_ms,
            operator: event.operator.as_deref(),
            host: event.host.as_deref(),
            body: received.body.as_deref(),
            refund_id: event.refund.as_ref().map(|(id, _)| id.as_str()),
            refund_outcome: event.refund.as_ref().map(|(_, outcome)| outcome.word()),
        }
    }
}

/// One of `"records"` in `history show --json`: a payment that the gateway showed under the order.
#[derive(Clone, Debug, Serialize)]
pub struct RecordObject<'a> {
    pub imp_uid: &'a str,
    pub merchant_uid: Option<&'a str>,
    pub customer_uid: Option<&'a str>,
    pub status: Option<&'a str>,
    pub amount: Option<Number>,
    pub currency: Option<String>,
    pub cancel_amount: Option<Number>,
    pub apply_num: Option<&'a str>,
    pub card_name: Option<&'a str>,
    pub card_number: Option<&'a str>,
    pub pg_provider: Option<&'a str>,
    pub pg_tid: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub customer_uid_usage: Option<&'a str>,
    pub sandbox: Option<bool>,
    pub fail_reason: Option<&'a str>,
    pub started_at: Option<String>,
    pub paid_at: Option<String>,
    pub cancelled_at: Option<String>,
    pub first_seen: String,
    pub last_seen: String,
    /// Who has answered for it beside another one.
    pub acknowledged: Option<SignedObject<'a>>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignedObject<'a> {
    pub at: String,
    pub operator: Option<&'a str>,
    pub reason: &'a str,
}

impl<'a> RecordObject<'a> {
    #[must_use]
    pub fn new(record: &'a Record, zone: &TimeZone) -> RecordObject<'a> {
        let time = |at: Timestamp| when_rfc3339(at, zone);
        let number = |amount: Option<Amount>| amount.and_then(|amount| exact_number(&amount).ok());
        RecordObject {
            imp_uid: &record.imp_uid,
            merchant_uid: record.merchant_uid.as_deref(),
            customer_uid: record.customer_uid.as_deref(),
            status: record.status.as_deref(),
            amount: number(record.amount),
            currency: record.amount.map(|amount| amount.currency().code().to_owned()),
            cancel_amount: number(record.cancelled),
            apply_num: record.apply_num.as_deref(),
            card_name: record.card_name.as_deref(),
            card_number: record.card_number.as_deref(),
            pg_provider: record.pg_provider.as_deref(),
            pg_tid: record.pg_tid.as_deref(),
            channel: record.channel.as_deref(),
            customer_uid_usage: record.usage.as_deref(),
            sandbox: record.sandbox,
            fail_reason: record.fail_reason.as_deref(),
            started_at: record.started_at.map(time),
            paid_at: record.paid_at.map(time),
            cancelled_at: record.cancelled_at.map(time),
            first_seen: time(record.first_seen),
            last_seen: time(record.last_seen),
            acknowledged: record.signed.as_ref().map(|signed| SignedObject {
                at: time(signed.at),
                operator: signed.operator.as_deref(),
                reason: &signed.reason,
            }),
        }
    }
}
