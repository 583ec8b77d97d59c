//! Everything that reads payments (facts 3).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::{Ask, Gateway};
use crate::sandbox::call::Call;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::error::SandboxError;
use crate::sandbox::payment::{Page, Payment, Subject, by_imp_uid, count, list};

const NOT_FOUND: &str = "존재하지 않는 결제정보입니다.";
const BAD_STATUS: &str = "지원되지 않는 상태값입니다.";
const PAGE_BEYOND: &str = "요청하신 페이지가 존재하지 않습니다.";
const TOO_MANY: &str = "한 번에 100건까지 조회할 수 있습니다.";

const STATUSES: [&str; 4] = ["ready", "paid", "cancelled", "failed"];
const SORTINGS: [&str; 6] = ["-started", "started", "-paid", "paid", "-updated", "updated"];
const IDS_MAX: usize = 100;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 1000;
const WINDOW_MAX_S: i64 = 90 * 24 * 60 * 60;

/// `GET /payments/{imp_uid}`: a test-channel payment is shown only on demand (facts 3.2).
pub(super) fn by_id(gateway: &Gateway, call: &Call, imp_uid: &str) -> Result<Answer, SandboxError> {
    let include_sandbox =
        call.query_value("include_sandbox").is_some_and(|value| value == "true" || value == "1");
    let mut book = gateway.book();
    let connection = book.read()?;
    let found = visible(connection, imp_uid)?.filter(|payment| include_sandbox || !payment.is_sandbox);
    one(connection, found)
}

/// `GET /payments?imp_uid[]=…&merchant_uid[]=…`: 207 if only some are known, 404 if none is.
pub(super) fn by_ids(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let imp_uids = call.query_list("imp_uid");
    let merchant_uids = call.query_list("merchant_uid");
    let wanted = imp_uids.len() + merchant_uids.len();
    if wanted > IDS_MAX {
        return Ok(Answer::error(400, TOO_MANY));
    }
    let mut book = gateway.book();
    let connection = book.read()?;
    let mut found = Vec::new();
    for imp_uid in &imp_uids {
        found.extend(visible(connection, imp_uid)?);
    }
    for merchant_uid in &merchant_uids {
        found.extend(newest(connection, merchant_uid, None, "-started")?);
    }
    if found.is_empty() {
        return Ok(Answer::error(404, NOT_FOUND));
    }
    let all = found.len() == wanted;
    let found = render(connection, &found)?;
    Ok(if all { Answer::ok(found) } else { Answer::partial(found) })
}

/// `GET /payments/find/{merchant_uid}[/{status}]`: the first by the sorting, the newest unless told.
pub(super) fn find(
    gateway: &Gateway,
    call: &Call,
    merchant_uid: &str,
    status: Option<&str>,
) -> Result<Answer, SandboxError> {
    of_status(gateway, status, |connection, status| {
        let found = newest(connection, merchant_uid, status, sorting(call))?;
        one(connection, found)
    })
}

/// `GET /payments/findAll/{merchant_uid}[/{status}]`: a page of them; 404 if there is none at all.
pub(super) fn find_all(
    gateway: &Gateway,
    call: &Call,
    merchant_uid: &str,
    status: Option<&str>,
) -> Result<Answer, SandboxError> {
    of_status(gateway, status, |connection, status| {
        let subject = Subject::MerchantUid(merchant_uid);
        if count(connection, subject, status)? == 0 {
            return Ok(Answer::error(404, NOT_FOUND));
        }
        Ok(Answer::ok(page(connection, call, subject, status)?.1))
    })
}

/// Looks into the book for payments of this status, if it is one.
fn of_status(
    gateway: &Gateway,
    status: Option<&str>,
    look: impl FnOnce(&Connection, Option<&str>) -> Result<Answer, SandboxError>,
) -> Result<Answer, SandboxError> {
    let Ok(status) = read_status(status) else { return Ok(Answer::error(400, BAD_STATUS)) };
    look(gateway.book().read()?, status)
}

/// `GET /payments/status/{status}`: at most 90 days, by the time of the last change of status.
pub(super) fn by_status(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    status: &str,
) -> Result<Answer, SandboxError> {
    let Ok(status) = read_status(Some(status)) else { return Ok(Answer::error(400, BAD_STATUS)) };
    // A test may run the clock of one call ahead; what was recorded ahead shall still be found.
    let now_s = wire_seconds(ask.server_now_ms().max(now_ms()));
    let to_s = number(call, "to").unwrap_or(now_s);
    let earliest_s = to_s.saturating_sub(WINDOW_MAX_S);
    let from_s = number(call, "from").unwrap_or(earliest_s).max(earliest_s);
    let mut book = gateway.book();
    let connection = book.read()?;
    let (is_beyond, list) = page(connection, call, Subject::Window { from_s, to_s }, status)?;
    Ok(if is_beyond { Answer::error(400, PAGE_BEYOND) } else { Answer::ok(list) })
}

/// `GET /subscribe/customers/{customer_uid}/payments`: an unknown customer has an empty list.
pub(super) fn of_customer(
    gateway: &Gateway,
    call: &Call,
    customer_uid: &str,
) -> Result<Answer, SandboxError> {
    let mut book = gateway.book();
    let (_, list) = page(book.read()?, call, Subject::CustomerUid(customer_uid), None)?;
    Ok(Answer::ok(list))
}

/// Gives the `merchant_uid` of a payment, for the faults that are limited to one.
pub(super) fn merchant_uid_of(gateway: &Gateway, imp_uid: &str) -> Result<Option<String>, SandboxError> {
    Ok(by_imp_uid(gateway.book().read()?, imp_uid)?.map(|payment| payment.merchant_uid))
}

/// Gives `merchant_uid` and `customer_uid` of what a refund is about, for the faults that depend on them.
pub(super) fn subject_of_refund(
    gateway: &Gateway,
    imp_uid: Option<&str>,
    merchant_uid: Option<&str>,
) -> Result<Option<(String, String)>, SandboxError> {
    let mut book = gateway.book();
    let connection = book.read()?;
    let found = match (imp_uid, merchant_uid) {
        (Some(imp_uid), _) => by_imp_uid(connection, imp_uid)?,
        (None, Some(merchant_uid)) => newest(connection, merchant_uid, None, "-started")?,
        (None, None) => None,
    };
    Ok(found.map(|payment| (payment.merchant_uid, payment.customer_uid)))
}

fn visible(connection: &Connection, imp_uid: &str) -> Result<Option<Payment>, SandboxError> {
    let now = now_ms();
    Ok(by_imp_uid(connection, imp_uid)?.filter(|payment| payment.visible_at_ms <= now))
}

fn newest(
    connection: &Connection,
    merchant_uid: &str,
    status: Option<&str>,
    sorting: &str,
) -> Result<Option<Payment>, SandboxError> {
    let first = Page { sorting, limit: 1, offset: 0 };
    Ok(list(connection, Subject::MerchantUid(merchant_uid), status, first)?.pop())
}

fn one(connection: &Connection, found: Option<Payment>) -> Result<Answer, SandboxError> {
    match found {
        Some(payment) => Ok(Answer::ok(payment.to_json(connection)?)),
        None => Ok(Answer::error(404, NOT_FOUND)),
    }
}

fn render(connection: &Connection, payments: &[Payment]) -> Result<Value, SandboxError> {
    let list = payments.iter().map(|payment| payment.to_json(connection)).collect::<Result<_, _>>()?;
    Ok(Value::Array(list))
}

/// Makes the page that the call asks for. Also says whether it lies beyond the last one.
fn page(
    connection: &Connection,
    call: &Call,
    subject: Subject<'_>,
    status: Option<&str>,
) -> Result<(bool, Value), SandboxError> {
    let number_of_page = number(call, "page").unwrap_or(1).max(1);
    let limit = number(call, "limit").unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let offset = (number_of_page - 1).saturating_mul(limit);
    let total = count(connection, subject, status)?;
    let list = list(connection, subject, status, Page { sorting: sorting(call), limit, offset })?;
    let is_beyond = number_of_page > 1 && offset >= total;
    let has_next = offset.saturating_add(limit) < total;
    let page = json!({
        "list": render(connection, &list)?,
        "next": if has_next { number_of_page + 1 } else { 0 },
        "previous": number_of_page - 1,
        "total": total,
    });
    Ok((is_beyond, page))
}

/// Reads a status of a path: nothing and `all` mean every one.
fn read_status(status: Option<&str>) -> Result<Option<&str>, ()> {
    match status {
        None | Some("" | "all") => Ok(None),
        Some(status) if STATUSES.contains(&status) => Ok(Some(status)),
        Some(_) => Err(()),
    }
}

fn sorting(call: &Call) -> &str {
    call.query_value("sorting").filter(|sorting| SORTINGS.contains(sorting)).unwrap_or("-started")
}

fn number(call: &Call, name: &str) -> Option<i64> {
    call.query_value(name)?.parse().ok()
}
