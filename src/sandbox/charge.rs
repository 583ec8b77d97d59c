//! `POST /subscribe/payments/again` (facts 2): one charge with a billing key.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::{Ask, Gateway};
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::fields::Fields;
use crate::sandbox::payment::{Payment, random_digits};
use crate::sandbox::server::Cut;

const UNKNOWN_CUSTOMER: &str = "등록되지 않은 구매자입니다.";
const DUPLICATE: &str =
    "이미 주문이 이루어진 건입니다. (동일한 merchant_uid로 결제 또는 취소된 기록이 있습니다)";
/// What a payment says that is declined only to turn paid later.
const IN_REVIEW: &str = "(PG사 결제 장애) Internal error";
/// What a rejection says of a payment that was made all the same.
const MISRECORDED: &str = "결제에 실패하였습니다. [2011] 승인 응답 처리 중 오류가 발생하였습니다.";

/// The longest texts the gateway takes, in characters (facts 2.1).
const LENGTHS_MAX: [(&str, usize); 8] = [
    ("customer_uid", 80),
    ("name", 40),
    ("buyer_name", 16),
    ("buyer_email", 64),
    ("buyer_tel", 16),
    ("buyer_addr", 128),
    ("buyer_postcode", 8),
    ("channel_key", 55),
];

/// The longest `merchant_uid`. The gateway minds it only once it knows the customer.
const MERCHANT_UID_MAX: usize = 40;

/// What a charge asks for, once it is known to be well-formed.
struct Terms {
    customer_uid: String,
    merchant_uid: String,
    amount: Decimal,
    currency: String,
    /// Required by the schema, and left out in the guide's own samples (facts 2.1).
    name: Option<String>,
    card_quota: i64,
}

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

/// Charges, or says why not. The order of the checks is the one of facts 13.
///
/// The payment is in the book before this returns, and nothing in here waits: a client that goes away
/// can at most miss the answer.
pub(super) fn charge(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let terms = match read_terms(&call.fields) {
        Ok(terms) => terms,
        Err(message) => return Ok(Answer::error(400, &message)),
    };
    gateway.book().write(|book| {
        let billing_key = BillingKey::find(book, &terms.customer_uid)?;
        if ask.fires(FaultKind::CustomerFirst).is_some() && billing_key.is_none() {
            return Ok(Answer::refused(1, UNKNOWN_CUSTOMER));
        }
        let twins_ms = ask.fires(FaultKind::Twins).map(|value| value.duration_ms);
        let refuses = ask.fires(FaultKind::NoDuplicateRefusal).is_none();
        let failed_burns = ask.fires(FaultKind::FailedBurns).is_some();
        if refuses && is_duplicate(book, &terms.merchant_uid, failed_burns)? {
            let code = ask.fires(FaultKind::DuplicateCode).and_then(|value| value.text.parse().ok());
            return Ok(Answer::refused(code.unwrap_or(1), DUPLICATE));
        }
        let Some(mut billing_key) = billing_key else {
            return Ok(Answer::refused(1, UNKNOWN_CUSTOMER));
        };
        if terms.merchant_uid.chars().count() > MERCHANT_UID_MAX {
            return Ok(Answer::error(400, &too_long("merchant_uid", MERCHANT_UID_MAX)));
        }
        if let Some(value) = ask.fires(FaultKind::Reject) {
            return Ok(Answer::refused(-1, &value.text));
        }
        if ask.fires(FaultKind::Reissue).is_some() {
            billing_key.reissue(book)?;
        }
        let late_ms = ask.fires(FaultKind::LateCharge).map(|value| value.duration_ms);
        let lands_in_ms = late_ms.or(twins_ms).unwrap_or(0);
        let misrecorded_ms = ask.fires(FaultKind::RejectButCharged).map(|value| value.duration_ms);
        let payment = decide(book, ask, call, terms, &billing_key, lands_in_ms)?;
        let hidden_ms = ask.fires(FaultKind::Hidden).map(|value| value.duration_ms);
        let hidden_ms = misrecorded_ms.or(hidden_ms).unwrap_or(0);
        let payment = Payment { visible_at_ms: payment.lands_at_ms.saturating_add(hidden_ms), ..payment };
        payment.insert(book)?;
        if late_ms.is_some() {
            return Ok(Answer::dropped(Cut::Close));
        }
        let answer = match misrecorded_ms {
            Some(_) => Answer::refused(-1, MISRECORDED),
            None => Answer::ok(payment.to_json(book)?),
        };
        Ok(answer.after(twins_ms.unwrap_or(0)))
    })
}

fn too_long(field: &str, length_max: usize) -> String {
    format!("{field} 파라메터는 {length_max}자를 초과할 수 없습니다.")
}

fn read_terms(fields: &Fields) -> Result<Terms, String> {
    for (field, length_max) in LENGTHS_MAX {
        if fields.text(field).is_some_and(|text| text.chars().count() > length_max) {
            return Err(too_long(field, length_max));
        }
    }
    let required =
        |field: &str| fields.text(field).ok_or_else(|| format!("{field} 파라메터가 누락되었습니다."));
    let customer_uid = required("customer_uid")?;
    let merchant_uid = required("merchant_uid")?;
    let name = fields.text("name");
    let no_number = || "amount 파라메터는 숫자여야 합니다.".to_owned();
    let amount = fields.amount("amount").map_err(|()| no_number())?;
    let amount = amount.ok_or_else(|| "amount 파라메터가 누락되었습니다.".to_owned())?;
    let currency = fields.text("currency").unwrap_or_else(|| "KRW".to_owned());
    if !amount.is_positive() || (currency == "KRW" && !amount.is_whole()) {
        return Err("결제금액이 올바르지 않습니다.".to_owned());
    }
    let card_quota = match fields.text("card_quota") {
        None => 0,
        Some(text) => text.parse().map_err(|_| "card_quota 파라메터는 정수여야 합니다.".to_owned())?,
    };
    Ok(Terms { customer_uid, merchant_uid, amount, currency, name, card_quota })
}

/// Says whether the `merchant_uid` is burnt: paid or cancelled before, or failed if the PG is that strict.
fn is_duplicate(book: &Connection, merchant_uid: &str, failed_burns: bool) -> Result<bool, SandboxError> {
    let mut statement = book.prepare_cached(
        "SELECT 1 FROM payments WHERE merchant_uid = ?1 AND lands_at_ms <= ?2 AND (status <> 'failed' OR ?3)",
    )?;
    Ok(statement.exists(params![merchant_uid, now_ms(), failed_burns])?)
}

/// Plays the card company: makes the payment that is to be recorded.
fn decide(
    book: &Connection,
    ask: &Ask<'_>,
    call: &Call,
    terms: Terms,
    billing_key: &BillingKey,
    lands_in_ms: i64,
) -> Result<Payment, SandboxError> {
    let started_at_ms = ask.server_now_ms();
    let settled_at_ms = started_at_ms.saturating_add(lands_in_ms);
    let lands_at_ms = now_ms().saturating_add(lands_in_ms);
    let flips_ms = ask.fires(FaultKind::FlipsToPaid).map(|value| value.duration_ms);
    let decline = ask.fires(FaultKind::Decline).map(|value| value.text);
    let fail_reason = decline.or_else(|| flips_ms.map(|_| IN_REVIEW.to_owned()));
    let failed = fail_reason.is_some();
    let amount = ask.fires(FaultKind::AmountDiffers).and_then(|value| Decimal::parse(&value.text));
    let currency = ask.fires(FaultKind::CurrencyDiffers).map(|value| value.text);
    let usage = ask.fires(FaultKind::Usage).map_or_else(|| "payment".to_owned(), |value| value.text);
    let pg_tid = format!("sandbox{}", random_digits(book, 16)?);
    let apply_num = format!("3{}", random_digits(book, 7)?);
    Ok(Payment {
        imp_uid: new_imp_uid(book)?,
        amount: amount.unwrap_or(terms.amount).to_string(),
        cancel_amount: "0".to_owned(),
        currency: currency.unwrap_or_else(|| terms.currency.clone()),
        status: if failed { "failed" } else { "paid" }.to_owned(),
        is_sandbox: ask.fires(FaultKind::LiveFlag).is_none(),
        started_at_ms,
        paid_at_ms: if failed { 0 } else { settled_at_ms },
        failed_at_ms: if failed { settled_at_ms } else { 0 },
        cancelled_at_ms: 0,
        updated_at_ms: settled_at_ms,
        apply_num: Some(apply_num),
        receipt_url: Some(format!("https://receipt.sandbox.invalid/{pg_tid}")),
        fail_reason,
        cancel_reason: None,
        lands_at_ms,
        visible_at_ms: lands_at_ms,
        flips_at_ms: flips_ms.map(|after_ms| lands_at_ms.saturating_add(after_ms)),
        details: details(call, &terms, billing_key, &pg_tid, &usage),
        merchant_uid: terms.merchant_uid,
        customer_uid: terms.customer_uid,
    })
}

/// Gives the fields of the wire that no later event changes (facts 2.3, 2.4).
fn details(call: &Call, terms: &Terms, billing_key: &BillingKey, pg_tid: &str, usage: &str) -> String {
    let user_agent =
        if call.user_agent.is_empty() { "sorry_not_supported_anymore" } else { call.user_agent.as_str() };
    json!({
        "bank_code": null,
        "bank_name": null,
        "buyer_addr": call.fields.text("buyer_addr"),
        "buyer_email": call.fields.text("buyer_email"),
        "buyer_name": call.fields.text("buyer_name"),
        "buyer_postcode": call.fields.text("buyer_postcode"),
        "buyer_tel": call.fields.text("buyer_tel"),
        "card_code": billing_key.card_code,
        "card_issuer_code": null,
        "card_issuer_name": null,
        "card_name": billing_key.card_name,
        "card_number": billing_key.card_number,
        "card_publisher_code": null,
        "card_publisher_name": null,
        "card_quota": terms.card_quota,
        "card_type": billing_key.card_type,
        "cash_receipt_issued": false,
        "channel": "api",
        "custom_data": call.fields.text("custom_data"),
        "customer_uid_usage": usage,
        "emb_pg_provider": null,
        "escrow": false,
        "name": terms.name,
        "pay_method": billing_key.pay_method,
        "pg_id": billing_key.pg_id,
        "pg_provider": billing_key.pg_provider,
        "pg_tid": pg_tid,
        "promotion": null,
        "user_agent": user_agent,
        "vbank_code": null,
        "vbank_date": 0,
        "vbank_holder": null,
        "vbank_issued_at": 0,
        "vbank_name": null,
        "vbank_num": null,
    })
    .to_string()
}

/// Makes an `imp_uid` that no payment has: `imps_` and twelve digits, as for every charge by API.
fn new_imp_uid(book: &Connection) -> Result<String, SandboxError> {
    loop {
        let imp_uid = format!("imps_{}", random_digits(book, 12)?);
        let taken: Option<i64> = book
            .query_row("SELECT 1 FROM payments WHERE imp_uid = ?1", [&imp_uid], |row| row.get(0))
            .optional()?;
        if taken.is_none() {
            return Ok(imp_uid);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::charge::read_terms;
    use crate::sandbox::fields::Fields;

    fn terms_of(body: &str) -> Result<String, String> {
        read_terms(&Fields::from_json(body)).map(|terms| format!("{} {}", terms.amount, terms.currency))
    }

    #[test]
    fn terms_keep_the_digits_of_the_amount() {
        let body = r#"{"customer_uid":"c","merchant_uid":"m","name":"n","amount":14.20,"currency":"USD"}"#;
        assert_eq!(terms_of(body).unwrap(), "14.20 USD");
    }

    #[test]
    fn what_is_missing_or_too_long_is_named() {
        assert!(terms_of(r#"{"merchant_uid":"m"}"#).unwrap_err().starts_with("customer_uid"));
        let long = format!(r#"{{"customer_uid":"c","merchant_uid":"m","name":"{}"}}"#, "주".repeat(41));
        assert!(terms_of(&long).unwrap_err().starts_with("name"));
    }

    #[test]
    fn won_have_no_fractions_and_a_charge_is_more_than_nothing() {
        for amount in ["0", "-1", "8900.5", "\"x\"", "{\"total\":1}"] {
            let body = format!(r#"{{"customer_uid":"c","merchant_uid":"m","name":"n","amount":{amount}}}"#);
            assert!(terms_of(&body).is_err(), "{amount} was taken");
        }
    }
}
