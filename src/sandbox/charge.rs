//! `POST /subscribe/payments/again` and `…/onetime` (facts 2): one charge with a billing key, or with a
//! card's numbers.

use rusqlite::{Connection, params};

use crate::sandbox::answer::Answer;
use crate::sandbox::approval::{When, decide};
use crate::sandbox::ask::Ask;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::card::Card;
use crate::sandbox::clock::now_ms;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::order::{Order, missing};
use crate::sandbox::payment::Payment;
use crate::sandbox::server::Cut;

/// What is said of a `customer_uid` without a billing key.
pub(super) const UNKNOWN_CUSTOMER: &str = "등록되지 않은 구매자입니다.";
/// What is said of a `merchant_uid` that is burnt.
pub(super) const DUPLICATE: &str =
    "이미 주문이 이루어진 건입니다. (동일한 merchant_uid로 결제 또는 취소된 기록이 있습니다)";
/// What a rejection says of a payment that was made all the same.
const MISRECORDED: &str = "결제에 실패하였습니다. [2011] 승인 응답 처리 중 오류가 발생하였습니다.";
const NOT_TAKEN: &str = "카드정보 인증에 실패하였습니다.";

/// Counts the request in the book, whatever becomes of it afterwards.
pub(super) fn count_request(gateway: &Gateway, endpoint: &str, id: &str) -> Result<(), SandboxError> {
    gateway.book().write(|book| {
        book.execute(
            "INSERT INTO requests VALUES (?1, ?2, 1)
             ON CONFLICT (endpoint, id) DO UPDATE SET received = received + 1",
            [endpoint, id],
        )?;
        Ok(())
    })
}

/// Charges a billing key, or says why not.
pub(super) fn charge(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let Some(customer_uid) = call.fields.text("customer_uid") else {
        return Ok(Answer::error(400, &missing("customer_uid")));
    };
    let order = match Order::read(&call.fields, &call.user_agent) {
        Ok(order) => order,
        Err(message) => return Ok(Answer::error(400, &message)),
    };
    gateway.book().write(|book| {
        let billing_key = BillingKey::find(book, &customer_uid)?;
        let billing_key = billing_key.ok_or_else(|| Answer::refused(1, UNKNOWN_CUSTOMER));
        Ok(charge_order(book, ask, &order, billing_key)?.0)
    })
}

/// Charges a card by its numbers, and keeps it if a `customer_uid` is given.
pub(super) fn onetime(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    if call.fields.text("card_number").is_none() || call.fields.text("expiry").is_none() {
        return Ok(Answer::error(400, &missing("card_number, expiry")));
    }
    let order = match Order::read(&call.fields, &call.user_agent) {
        Ok(order) => Order { usage: None, ..order },
        Err(message) => return Ok(Answer::error(400, &message)),
    };
    let owner = order.customer_uid.clone();
    let key = Card::of_form(&call.fields)
        .map(|card| BillingKey::of_card(owner.clone().unwrap_or_default(), card, &call.fields));
    let keeps = key.clone().ok().filter(|_| owner.is_some());
    gateway.book().write(|book| {
        let key = key.map_err(|words| Answer::refused(-1, &format!("{NOT_TAKEN} {words}")));
        let (answer, is_paid) = charge_order(book, ask, &order, key)?;
        if let (Some(key), true) = (keeps, is_paid) {
            let before = BillingKey::find(book, &key.customer_uid)?;
            // A customer whose charges go wrong is one with any card.
            let faults = before.map(|before| before.faults).unwrap_or_default();
            BillingKey { faults, ..key }.save(book)?;
        }
        Ok(answer)
    })
}

/// Takes an order through the checks that follow its terms, and charges it. Also says whether it was
/// paid. The order of the checks is the one of facts 13.
///
/// The payment is in the book before this returns, and nothing in here waits: a client that goes away
/// can at most miss the answer.
fn charge_order(
    book: &Connection,
    ask: &Ask<'_>,
    order: &Order<'_>,
    billing_key: Result<BillingKey, Answer>,
) -> Result<(Answer, bool), SandboxError> {
    let is_customer_first = ask.fires(FaultKind::CustomerFirst).is_some();
    let twins_ms = ask.fires(FaultKind::Twins).map(|value| value.duration_ms);
    let mut billing_key = match (billing_key, refuse_duplicate(book, ask, &order.merchant_uid)?) {
        (Err(refusal), _) if is_customer_first => return Ok((refusal, false)),
        (_, Some(refusal)) | (Err(refusal), None) => return Ok((refusal, false)),
        (Ok(billing_key), None) => billing_key,
    };
    if let Some(message) = order.complaint_about_length() {
        return Ok((Answer::error(400, &message), false));
    }
    if let Some(value) = ask.fires(FaultKind::Reject) {
        return Ok((Answer::refused(-1, &value.text), false));
    }
    if ask.fires(FaultKind::Reissue).is_some() {
        billing_key.reissue(book)?;
    }
    let late_ms = ask.fires(FaultKind::LateCharge).map(|value| value.duration_ms);
    let lands_in_ms = late_ms.or(twins_ms).unwrap_or(0);
    let misrecorded_ms = ask.fires(FaultKind::RejectButCharged).map(|value| value.duration_ms);
    let when = When { started_at_ms: ask.server_now_ms(), lands_in_ms };
    let payment = decide(book, ask, order, &billing_key, when)?;
    let hidden_ms = ask.fires(FaultKind::Hidden).map(|value| value.duration_ms);
    let hidden_ms = misrecorded_ms.or(hidden_ms).unwrap_or(0);
    let payment = Payment { visible_at_ms: payment.lands_at_ms.saturating_add(hidden_ms), ..payment };
    payment.insert(book)?;
    let is_paid = payment.status == "paid";
    if late_ms.is_some() {
        return Ok((Answer::dropped(Cut::Close), is_paid));
    }
    let answer = match misrecorded_ms {
        Some(_) => Answer::refused(-1, MISRECORDED),
        None => Answer::ok(payment.to_json(book)?),
    };
    Ok((answer.after(twins_ms.unwrap_or(0)), is_paid))
}

/// Refuses a `merchant_uid` that is burnt: paid or cancelled before, or failed if the PG is that strict.
fn refuse_duplicate(
    book: &Connection,
    ask: &Ask<'_>,
    merchant_uid: &str,
) -> Result<Option<Answer>, SandboxError> {
    if !is_duplicate(book, ask, merchant_uid)? {
        return Ok(None);
    }
    let code = ask.fires(FaultKind::DuplicateCode).and_then(|value| value.text.parse().ok());
    Ok(Some(Answer::refused(code.unwrap_or(1), DUPLICATE)))
}

/// Says whether the gateway takes the `merchant_uid` for a duplicate. One that was begun in a window and
/// not paid is none.
pub(super) fn is_duplicate(
    book: &Connection,
    ask: &Ask<'_>,
    merchant_uid: &str,
) -> Result<bool, SandboxError> {
    let refuses = ask.fires(FaultKind::NoDuplicateRefusal).is_none();
    let failed_burns = ask.fires(FaultKind::FailedBurns).is_some();
    let mut statement = book.prepare_cached(
        "SELECT 1 FROM payments WHERE merchant_uid = ?1 AND lands_at_ms <= ?2
             AND (status IN ('paid', 'cancelled') OR (status = 'failed' AND ?3))",
    )?;
    Ok(refuses && statement.exists(params![merchant_uid, now_ms(), failed_burns])?)
}
