//! The scheduled payments of a customer, as `customer show` tells them.

use jiff::tz::TimeZone;

use crate::domain::left::Schedule;
use crate::domain::money::{Amount, Currency};
use crate::domain::record::Signed;
use crate::output::detail::{CustomerDetail, Facts, fact};
use crate::output::text::{when, when_rfc3339};

/// The charges that the gateway is going to make by itself, and how far that is known.
pub(super) fn scheduled(rows: &mut Facts, detail: &CustomerDetail<'_>, zone: &TimeZone) {
    let until = detail.schedules_until.map(|at| when(at, zone));
    for (schedule, signed) in detail.schedules {
        let currency = Currency::parse(schedule.currency.as_deref().unwrap_or(Currency::KRW.code())).ok();
        let amount = schedule.amount.as_deref().zip(currency);
        let amount = amount.and_then(|(digits, currency)| Amount::from_wire(digits, currency));
        let amount = amount.map(|amount| amount.to_string());
        let seen = if until.is_none() { Some("as it was last seen") } else { None };
        let answered = signed.as_ref().map(|_| "acknowledged");
        let at = when(schedule.at, zone);
        let order = Some(schedule.merchant_uid.as_str());
        fact(rows, "scheduled", &[Some(&at), amount.as_deref(), order, answered, seen]);
    }
    let none = match (&until, detail.schedules.is_empty()) {
        (Some(until), true) => Some(format!("nothing before {until}")),
        (Some(_), false) => None,
        (None, _) => Some("not known now: the gateway gave no answer".to_owned()),
    };
    fact(rows, "scheduled", &[none.as_deref()]);
}

/// One of them, for programs.
pub(super) fn schedule_object(
    (schedule, signed): &(Schedule, Option<Signed>),
    zone: &TimeZone,
) -> serde_json::Value {
    let amount: Option<serde_json::Number> = schedule.amount.as_ref().and_then(|text| text.parse().ok());
    serde_json::json!({
        "id": schedule.id(),
        "merchant_uid": schedule.merchant_uid,
        "schedule_at": when_rfc3339(schedule.at, zone),
        "amount": amount,
        "currency": schedule.currency,
        "name": schedule.name,
        "acknowledged_at": signed.as_ref().map(|signed| when_rfc3339(signed.at, zone)),
        "acknowledged_by": signed.as_ref().and_then(|signed| signed.operator.as_deref()),
        "acknowledged_reason": signed.as_ref().map(|signed| signed.reason.as_str()),
    })
}
