//! The endpoints about scheduled payments (facts 16).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::approval::{When, decide};
use crate::sandbox::ask::Ask;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::card::Card;
use crate::sandbox::charge::is_duplicate;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::error::SandboxError;
use crate::sandbox::execution::{ask_for, carry_out};
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::fields::Fields;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::order::{Order, missing};
use crate::sandbox::payment::random_digits;
use crate::sandbox::refund_rows::Refund;
use crate::sandbox::schedule::{
    EXECUTED, REVOKED, Range, SCHEDULED, Schedule, list, made_up_name, still_scheduled,
};

const UNKNOWN_CUSTOMER: &str = "등록된 고객정보가 없습니다.";
const NOT_TAKEN: &str = "카드정보 확인에 실패하였습니다.";
const NOTHING_TO_REVOKE: &str = "취소할 예약결제 기록이 존재하지 않습니다.";
// What the gateway says in the next cases is not known.
const NOT_FOUND: &str = "존재하지 않는 결제예약입니다.";
const TAKEN: &str = "이미 예약되었거나 결제된 merchant_uid입니다.";
const PAST: &str = "예약시각이 현재 시각보다 과거입니다.";
const NOT_OPEN: &str = "이미 실행되었거나 취소된 결제예약입니다.";
const NOT_FAILED: &str = "아직 실행되지 않았거나 승인된 결제예약입니다.";
const BAD_RANGE: &str = "조회 기간이 올바르지 않습니다. 최대 3개월까지 조회할 수 있습니다.";

/// Three months, at the most.
const RANGE_MAX_S: i64 = 92 * 24 * 60 * 60;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 1000;

/// `POST /subscribe/payments/schedule`: for a customer with a billing key, or with a card's numbers.
pub(super) fn create(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let Some(customer_uid) = call.fields.text("customer_uid") else {
        return Ok(Answer::error(400, &missing("customer_uid")));
    };
    let wanted = call.fields.objects("schedules");
    if wanted.is_empty() {
        return Ok(Answer::error(400, &missing("schedules")));
    }
    let charge_ask = ask_for(gateway, &customer_uid, "")?;
    gateway.book().write(|book| {
        let key = match billing_key(book, &customer_uid, call)? {
            Ok(key) => key,
            Err(message) => return Ok(Answer::refused(1, &message)),
        };
        let mut schedules = Vec::new();
        for fields in wanted {
            match read(book, ask, &customer_uid, &key, fields)? {
                Ok(schedule) => schedules.push(schedule),
                Err(message) => return Ok(Answer::refused(1, &message)),
            }
        }
        if let Some(reason) = check_card(book, &charge_ask, call, &key)? {
            return Ok(Answer::refused(1, &reason));
        }
        for schedule in &schedules {
            schedule.save(book)?;
        }
        render(book, &schedules).map(Answer::ok)
    })
}

/// Finds the billing key, or makes one of the card's numbers that were sent along.
fn billing_key(
    book: &Connection,
    customer_uid: &str,
    call: &Call,
) -> Result<Result<BillingKey, String>, SandboxError> {
    let before = BillingKey::find(book, customer_uid)?;
    if call.fields.text("card_number").is_none() {
        return Ok(before.ok_or_else(|| UNKNOWN_CUSTOMER.to_owned()));
    }
    if let Some(key) = before {
        return Ok(Ok(key));
    }
    match Card::of_form(&call.fields) {
        Ok(card) => {
            let key = BillingKey::of_card(customer_uid.to_owned(), card, &call.fields);
            key.save(book)?;
            Ok(Ok(key))
        }
        Err(words) => Ok(Err(format!("{NOT_TAKEN} {words}"))),
    }
}

/// Reads one schedule of the list; an error is why it is not taken.
fn read(
    book: &Connection,
    ask: &Ask<'_>,
    customer_uid: &str,
    key: &BillingKey,
    mut fields: Fields,
) -> Result<Result<Schedule, String>, SandboxError> {
    let Some(schedule_at_s) = fields.text("schedule_at").and_then(|text| text.parse().ok()) else {
        return Ok(Err(missing("schedule_at")));
    };
    if let Err(message) = Order::read(&fields, "") {
        return Ok(Err(message));
    }
    let merchant_uid = fields.text("merchant_uid").unwrap_or_default();
    if Schedule::find(book, &merchant_uid)?.is_some() || is_duplicate(book, ask, &merchant_uid)? {
        return Ok(Err(TAKEN.to_owned()));
    }
    if schedule_at_s < wire_seconds(now_ms()) {
        return Ok(Err(PAST.to_owned()));
    }
    fields.set_if_absent("customer_uid", Some(customer_uid.to_owned()));
    fields.set_if_absent("name", Some(made_up_name(book, customer_uid, schedule_at_s)?));
    fields.set_if_absent("buyer_name", key.customer_name.clone());
    fields.set_if_absent("buyer_email", key.customer_email.clone());
    fields.set_if_absent("buyer_tel", key.customer_tel.clone());
    Ok(Ok(Schedule {
        merchant_uid,
        customer_uid: customer_uid.to_owned(),
        schedule_at_s,
        status: SCHEDULED.to_owned(),
        executed_at_ms: 0,
        revoked_at_ms: 0,
        imp_uid: None,
        fail_reason: None,
        terms: fields.to_json().to_string(),
    }))
}

/// Charges `checking_amount` and gives it back at once: a real charge for a moment. Gives the reason of a
/// decline.
fn check_card(
    book: &Connection,
    ask: &Ask<'_>,
    call: &Call,
    key: &BillingKey,
) -> Result<Option<String>, SandboxError> {
    let amount = call.fields.amount("checking_amount").ok().flatten();
    let Some(amount) = amount.filter(|amount| amount.is_positive()) else { return Ok(None) };
    let merchant_uid = format!("checking_{}", random_digits(book, 12)?);
    let terms = json!({"merchant_uid": merchant_uid, "amount": amount.to_json(), "name": "카드 확인"});
    let fields = Fields::from_json(&terms.to_string());
    let order = match Order::read(&fields, &call.user_agent) {
        Ok(order) => Order { customer_uid: Some(key.customer_uid.clone()), ..order },
        Err(message) => return Ok(Some(message)),
    };
    let when = When { started_at_ms: now_ms(), lands_in_ms: 0 };
    let payment = decide(book, ask, &order, key, when)?;
    payment.insert(book)?;
    if payment.status == "failed" {
        return Ok(Some(format!(
            "카드정보 확인에 실패하였습니다. {}",
            payment.fail_reason.unwrap_or_default()
        )));
    }
    let reason = Some("카드정보 확인".to_owned());
    Refund { amount, reason, tax_free: None, vat_amount: None }.make(book, &payment, now_ms())?;
    Ok(None)
}

/// `POST /subscribe/payments/unschedule`: a customer alone means every schedule of theirs.
pub(super) fn revoke(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let customer_uid = call.fields.text("customer_uid");
    let merchant_uids = call.fields.texts("merchant_uid");
    if customer_uid.is_none() && merchant_uids.is_empty() {
        return Ok(Answer::error(400, &missing("customer_uid, merchant_uid")));
    }
    gateway.book().write(|book| {
        let mut revoked = still_scheduled(book, customer_uid.as_deref(), &merchant_uids)?;
        if revoked.is_empty() {
            return Ok(Answer::refused(1, NOTHING_TO_REVOKE));
        }
        for schedule in &mut revoked {
            schedule.status = REVOKED.to_owned();
            schedule.revoked_at_ms = now_ms();
            schedule.save(book)?;
        }
        render(book, &revoked).map(Answer::ok)
    })
}

/// `GET /subscribe/payments/schedule/{merchant_uid}`.
pub(super) fn show(gateway: &Gateway, merchant_uid: &str) -> Result<Answer, SandboxError> {
    let mut book = gateway.book();
    let connection = book.read()?;
    match Schedule::find(connection, merchant_uid)? {
        Some(schedule) => Ok(Answer::ok(schedule.to_json(connection)?)),
        None => Ok(Answer::error(404, NOT_FOUND)),
    }
}

/// `PUT /subscribe/payments/schedule/{merchant_uid}`: another time for one that is still open.
pub(super) fn change(gateway: &Gateway, call: &Call, merchant_uid: &str) -> Result<Answer, SandboxError> {
    move_to(gateway, call, merchant_uid, |_, schedule| Ok((schedule.status != SCHEDULED).then_some(NOT_OPEN)))
}

/// `POST /subscribe/payments/schedule/{merchant_uid}/reschedule`: another time for one that failed or was
/// taken back, under the same `merchant_uid`.
pub(super) fn reschedule(gateway: &Gateway, call: &Call, merchant_uid: &str) -> Result<Answer, SandboxError> {
    move_to(gateway, call, merchant_uid, |book, schedule| {
        Ok((!may_be_retried(book, schedule)?).then_some(NOT_FAILED))
    })
}

fn move_to(
    gateway: &Gateway,
    call: &Call,
    merchant_uid: &str,
    refuse: impl FnOnce(&Connection, &Schedule) -> Result<Option<&'static str>, SandboxError>,
) -> Result<Answer, SandboxError> {
    let Some(schedule_at_s) = call.fields.text("schedule_at").and_then(|text| text.parse().ok()) else {
        return Ok(Answer::error(400, &missing("schedule_at")));
    };
    gateway.book().write(|book| {
        let Some(schedule) = Schedule::find(book, merchant_uid)? else {
            return Ok(Answer::error(404, NOT_FOUND));
        };
        if let Some(message) = refuse(book, &schedule)? {
            return Ok(Answer::error(400, message));
        }
        if schedule_at_s < wire_seconds(now_ms()) {
            return Ok(Answer::error(400, PAST));
        }
        let schedule = Schedule {
            schedule_at_s,
            status: SCHEDULED.to_owned(),
            executed_at_ms: 0,
            revoked_at_ms: 0,
            imp_uid: None,
            fail_reason: None,
            ..schedule
        };
        schedule.save(book)?;
        Ok(Answer::ok(schedule.to_json(book)?))
    })
}

fn may_be_retried(book: &Connection, schedule: &Schedule) -> Result<bool, SandboxError> {
    let is_failed = schedule.payment_status(book)?.is_some_and(|status| status == "failed");
    Ok(schedule.status == REVOKED || (schedule.status == EXECUTED && is_failed))
}

/// `POST /subscribe/payments/schedule/{merchant_uid}/retry`: charges now what failed or was taken back,
/// under the same `merchant_uid`.
pub(super) fn retry(gateway: &Gateway, merchant_uid: &str) -> Result<Answer, SandboxError> {
    let Some(schedule) = Schedule::find(gateway.book().read()?, merchant_uid)? else {
        return Ok(Answer::error(404, NOT_FOUND));
    };
    let ask = ask_for(gateway, &schedule.customer_uid, merchant_uid)?;
    gateway.book().write(|book| {
        let schedule = Schedule::find(book, merchant_uid)?.unwrap_or(schedule);
        if !may_be_retried(book, &schedule)? {
            return Ok(Answer::error(400, NOT_FAILED));
        }
        match carry_out(book, &ask, schedule, now_ms())? {
            Some(payment) => Ok(Answer::ok(payment.to_json(book)?)),
            None => {
                let failed = Schedule::find(book, merchant_uid)?.and_then(|schedule| schedule.fail_reason);
                Ok(Answer::refused(1, &failed.unwrap_or_default()))
            }
        }
    })
}

/// `GET /subscribe/payments/schedule`: every schedule of a range.
pub(super) fn in_range(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    listed(gateway, ask, call, None, ["schedule_from", "schedule_to", "schedule_status"])
}

/// `GET /subscribe/customers/{customer_uid}/schedules`, and the same under `/subscribe/payments`.
pub(super) fn of_customer(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    customer_uid: &str,
) -> Result<Answer, SandboxError> {
    listed(gateway, ask, call, Some(customer_uid), ["from", "to", "schedule-status"])
}

fn listed(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    customer_uid: Option<&str>,
    [from, to, status]: [&str; 3],
) -> Result<Answer, SandboxError> {
    let number = |name: &str| call.query_value(name).and_then(|text| text.parse::<i64>().ok());
    let (Some(from_s), Some(to_s)) = (number(from), number(to)) else {
        return Ok(Answer::error(400, BAD_RANGE));
    };
    let status = call.query_value(status).filter(|status| !status.is_empty());
    let is_known = status.is_none_or(|status| [SCHEDULED, EXECUTED, REVOKED].contains(&status));
    let span_s = to_s.saturating_sub(from_s);
    if !is_known || !(0..=RANGE_MAX_S).contains(&span_s) {
        return Ok(Answer::error(400, BAD_RANGE));
    }
    let range = Range { customer_uid, from_s, to_s, status };
    let page = number("page").unwrap_or(1).max(1);
    let limit = number("limit").unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let offset = (page - 1).saturating_mul(limit);
    let earliest_first = call.query_value("sorting") == Some("scheduled");
    let mut book = gateway.book();
    let connection = book.read()?;
    let (found, total) = list(connection, range, earliest_first, (limit, offset))?;
    let found = render(connection, &found)?;
    // A live suite of the official Go client reads pages where the schema has an array.
    if ask.fires(FaultKind::ScheduleArray).is_some() {
        return Ok(Answer::ok(found));
    }
    let has_next = offset.saturating_add(limit) < total;
    let next = if has_next { page + 1 } else { 0 };
    Ok(Answer::ok(json!({"list": found, "next": next, "previous": page - 1, "total": total})))
}

fn render(book: &Connection, schedules: &[Schedule]) -> Result<Value, SandboxError> {
    let list = schedules.iter().map(|schedule| schedule.to_json(book)).collect::<Result<_, _>>()?;
    Ok(Value::Array(list))
}
