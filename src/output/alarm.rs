//! Two payments under one order: what is said of them (contract, rule 11).

use jiff::tz::TimeZone;

use crate::domain::order::Alarm;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::record::Record;
use crate::domain::words::number_of;
use crate::output::table::facts;
use crate::output::text::{safe, when};

/// What is said of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmText {
    /// `Paid ₩8,900, and the order holds another payment. A person must look.`
    pub sentence: String,
    /// The order and its payments, a line each.
    pub payments: String,
}

/// What the alarm of an order is: its sentence, and its payments. What settles it is said by whoever knows the commands.
#[must_use]
pub fn alarm_text(payment: &Payment, alarm: &Alarm<'_>, zone: &TimeZone) -> AlarmText {
    let more = alarm.held.len().saturating_sub(1);
    let others = u64::try_from(more).unwrap_or(u64::MAX);
    let own = alarm.held.first().is_some_and(|first| payment.is_own(first));
    let sentence = match (own && payment.outcome == Outcome::Paid, others) {
        (true, 1) => format!("Paid {}, and the order holds another payment.", payment.terms.amount),
        (true, _) => {
            format!(
                "Paid {}, and the order holds {} more.",
                payment.terms.amount,
                number_of(others, "payment")
            )
        }
        (false, _) => format!("The order holds {}.", number_of(others.saturating_add(1), "payment")),
    };
    let mut rows = vec![("order", safe(payment.terms.merchant_uid.as_str()).into_owned())];
    for record in &alarm.held {
        let whose = if payment.is_own(record) { "ours" } else { "other" };
        rows.push((whose, record_line(record, zone)));
    }
    AlarmText { sentence: format!("{sentence} A person must look."), payments: facts(&rows) }
}

/// `imps_1   ₩8,900   approval 11111111   2026-11-28 19:30:04`, and what was refunded of it.
#[must_use]
pub fn record_line(record: &Record, zone: &TimeZone) -> String {
    let approval = record.apply_num.as_deref().map(|number| format!("approval {}", safe(number)));
    let at = record.paid_at.or(record.failed_at).or(record.started_at).map(|at| when(at, zone));
    let refunded = record.cancelled.filter(|refunded| refunded.minor() > 0);
    let refunded = refunded.map(|refunded| format!("{refunded} of it refunded"));
    let amount = record.amount.map(|amount| amount.to_string());
    let test = (record.sandbox == Some(true)).then(|| "TEST channel".to_owned());
    let parts = [Some(safe(&record.imp_uid).into_owned()), amount, approval, at, refunded, test];
    parts.into_iter().flatten().collect::<Vec<_>>().join("   ")
}
