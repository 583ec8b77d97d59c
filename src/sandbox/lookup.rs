//! Everything that reads payments (facts 3).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::payment::Payment;
use crate::sandbox::search::{Page, Subject, Wanted, by_imp_uid, count, list};

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
pub(super) fn by_id(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    imp_uid: &str,
) -> Result<Answer, SandboxError> {
    let include_sandbox = includes_sandbox(call);
    let mut book = gateway.book();
    let connection = book.read()?;
    let found = visible(connection, imp_uid)?.filter(|payment| include_sandbox || !payment.is_sandbox);
    one(connection, ask, found)
}

/// `GET /payments?imp_uid[]=…&merchant_uid[]=…`: 207 if only some are known, 404 if none is (facts 3.1).
///
/// The newest comes first, whatever the order of the ids: so a live suite of the official Go client has it.
/// Which of several payments of one `merchant_uid` the gateway shows is not known: the newest, unless
/// the fault `bulk_shows` says otherwise.
pub(super) fn by_ids(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let imp_uids = call.query_list("imp_uid");
    let mut merchant_uids = call.query_list("merchant_uid");
    if imp_uids.len() + merchant_uids.len() > IDS_MAX {
        return Ok(Answer::error(400, TOO_MANY));
    }
    if ask.fires(FaultKind::BulkIgnoresMerchantUid).is_some() {
        merchant_uids.clear();
    }
    let shows = ask.fires(FaultKind::BulkShows).map_or_else(String::new, |value| value.text);
    let (sorting, limit) = match shows.as_str() {
        "oldest" => ("started", 1),
        "all" => ("-started", LIMIT_MAX),
        _ => ("-started", 1),
    };
    let shows_test = shows_test(ask, call);
    let mut book = gateway.book();
    let connection = book.read()?;
    let mut found = Vec::new();
    let mut is_partial = false;
    for imp_uid in &imp_uids {
        let payment = visible(connection, imp_uid)?.filter(|payment| shows_test || !payment.is_sandbox);
        is_partial |= payment.is_none();
        found.extend(payment);
    }
    for merchant_uid in &merchant_uids {
        let subject = Subject::MerchantUid(merchant_uid);
        let wanted = Wanted { subject, status: None, shows_test };
        let payments = list(connection, wanted, Page { sorting, limit, offset: 0 })?;
        is_partial |= payments.is_empty();
        found.extend(payments);
    }
    if found.is_empty() {
        return Ok(absent(ask, Value::Array(Vec::new())));
    }
    found.sort_by_key(|payment| std::cmp::Reverse(payment.started_at_ms));
    if let Some(value) = ask.fires(FaultKind::BulkCut) {
        found.truncate(value.count);
    }
    let found = render(connection, &found)?;
    let is_partial = is_partial && ask.fires(FaultKind::BulkAlways200).is_none();
    Ok(if is_partial { Answer::partial(found) } else { Answer::ok(found) })
}

/// `GET /payments/find/{merchant_uid}[/{status}]`: the first by the sorting, the newest unless told.
pub(super) fn find(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    merchant_uid: &str,
    status: Option<&str>,
) -> Result<Answer, SandboxError> {
    let Ok(status) = read_status(status) else { return Ok(Answer::error(400, BAD_STATUS)) };
    let mut book = gateway.book();
    let connection = book.read()?;
    let wanted = Wanted { status, ..of_order(ask, call, merchant_uid) };
    let found = first(connection, wanted, sorting(call))?;
    one(connection, ask, found)
}

/// `GET /payments/findAll/{merchant_uid}[/{status}]`: a page of them; 404 if there is none at all, and
/// 400 beyond the last page: the official Go client's live suite wants an error there.
pub(super) fn find_all(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    merchant_uid: &str,
    status: Option<&str>,
) -> Result<Answer, SandboxError> {
    let Ok(status) = read_status(status) else { return Ok(Answer::error(400, BAD_STATUS)) };
    let mut book = gateway.book();
    let connection = book.read()?;
    let wanted = Wanted { status, ..of_order(ask, call, merchant_uid) };
    let (is_beyond, list) = page(connection, ask, call, wanted)?;
    Ok(if list["total"] == 0 {
        absent(ask, list)
    } else if is_beyond {
        Answer::error(400, PAGE_BEYOND)
    } else {
        Answer::ok(list)
    })
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
    let subject = Subject::Window { from_s, to_s };
    let wanted = Wanted { subject, status, shows_test: shows_test(ask, call) };
    let (is_beyond, list) = page(connection, ask, call, wanted)?;
    Ok(if is_beyond { Answer::error(400, PAGE_BEYOND) } else { Answer::ok(list) })
}

/// `GET /subscribe/customers/{customer_uid}/payments`: an unknown customer has an empty list.
pub(super) fn of_customer(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    customer_uid: &str,
) -> Result<Answer, SandboxError> {
    let mut book = gateway.book();
    let subject = Subject::CustomerUid(customer_uid);
    let wanted = Wanted { subject, status: None, shows_test: shows_test(ask, call) };
    let (_, list) = page(book.read()?, ask, call, wanted)?;
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
        (None, Some(merchant_uid)) => {
            let subject = Subject::MerchantUid(merchant_uid);
            first(connection, Wanted { subject, status: None, shows_test: true }, "-started")?
        }
        (None, None) => None,
    };
    Ok(found.map(|payment| (payment.merchant_uid, payment.customer_uid)))
}

/// Finds a payment by its `imp_uid`, once look-ups may see it.
pub(super) fn visible(connection: &Connection, imp_uid: &str) -> Result<Option<Payment>, SandboxError> {
    let now = now_ms();
    Ok(by_imp_uid(connection, imp_uid)?.filter(|payment| payment.visible_at_ms <= now))
}

fn first(
    connection: &Connection,
    wanted: Wanted<'_>,
    sorting: &str,
) -> Result<Option<Payment>, SandboxError> {
    Ok(list(connection, wanted, Page { sorting, limit: 1, offset: 0 })?.pop())
}

/// Wants every payment of one `merchant_uid`.
fn of_order<'a>(ask: &Ask<'_>, call: &Call, merchant_uid: &'a str) -> Wanted<'a> {
    let subject = Subject::MerchantUid(merchant_uid);
    Wanted { subject, status: None, shows_test: shows_test(ask, call) }
}

/// Test-channel payments are shown by every look-up but the one by `imp_uid` (facts 3.2).
fn shows_test(ask: &Ask<'_>, call: &Call) -> bool {
    ask.fires(FaultKind::TestNeedsFlag).is_none() || includes_sandbox(call)
}

fn includes_sandbox(call: &Call) -> bool {
    call.query_value("include_sandbox").is_some_and(|value| value == "true" || value == "1")
}

fn one(connection: &Connection, ask: &Ask<'_>, found: Option<Payment>) -> Result<Answer, SandboxError> {
    match found {
        Some(payment) => Ok(Answer::ok(payment.to_json(connection)?)),
        None => Ok(absent(ask, Value::Null)),
    }
}

/// Says that there is nothing: with 404 (facts 3.3), or as a fault has it.
pub(super) fn absent(ask: &Ask<'_>, nothing: Value) -> Answer {
    if ask.fires(FaultKind::AbsentIsEmpty).is_some() {
        Answer::ok(nothing)
    } else if ask.fires(FaultKind::AbsentIsCode).is_some() {
        Answer::refused(-1, NOT_FOUND)
    } else {
        Answer::error(404, NOT_FOUND)
    }
}

fn render(connection: &Connection, payments: &[Payment]) -> Result<Value, SandboxError> {
    let list = payments.iter().map(|payment| payment.to_json(connection)).collect::<Result<_, _>>()?;
    Ok(Value::Array(list))
}

/// Makes the page that the call asks for. Also says whether it lies beyond the last one.
fn page(
    connection: &Connection,
    ask: &Ask<'_>,
    call: &Call,
    wanted: Wanted<'_>,
) -> Result<(bool, Value), SandboxError> {
    let number_of_page = number(call, "page").unwrap_or(1).max(1);
    let limit = number(call, "limit").unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let offset = (number_of_page - 1).saturating_mul(limit);
    let total = count(connection, wanted)?;
    let repeated = ask.fires(FaultKind::ListRepeats).filter(|_| number_of_page > 1);
    let repeated = repeated.and_then(|value| i64::try_from(value.count).ok()).unwrap_or(0);
    let shown_from = offset.saturating_sub(repeated).max(0);
    let mut list = list(connection, wanted, Page { sorting: sorting(call), limit, offset: shown_from })?;
    if let Some(value) = ask.fires(FaultKind::ShortList) {
        list.drain(..value.count.min(list.len()));
    }
    let is_beyond = number_of_page > 1 && offset >= total;
    let ends_early = ask.fires(FaultKind::ListEndsEarly).is_some();
    let has_next = offset.saturating_add(limit) < total && !ends_early;
    let last_page = total.saturating_add(limit - 1) / limit;
    let page = json!({
        "list": render(connection, &list)?,
        "next": if has_next { number_of_page + 1 } else { 0 },
        "previous": last_page.min(number_of_page - 1),
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
