//! `POST /payments/cancel` (facts 4): a refund, whole or in part.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::{Ask, Gateway};
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::payment::{Payment, decimal, random_digits};
use crate::sandbox::search::by_imp_uid;

const NO_ID: &str = "취소할 imp_uid 또는 merchant_uid를 지정해주셔야합니다.";
const NOT_FOUND: &str = "취소할 결제건이 존재하지 않습니다.";
const ALREADY_REFUNDED: &str = "이미 전액취소된 주문입니다.";
// What the gateway says in the next two cases is not known (facts 4).
const CHECKSUM_DIFFERS: &str = "취소 가능 잔액이 checksum과 일치하지 않습니다.";
const MORE_THAN_BALANCE: &str = "취소 요청 금액이 취소 가능 잔액보다 큽니다.";

/// Refunds, or says why not. A payment that look-ups do not show yet can be refunded all the same.
pub(super) fn cancel(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let (Ok(amount), Ok(checksum)) = (call.fields.amount("amount"), call.fields.amount("checksum")) else {
        return Ok(Answer::error(400, "amount, checksum 파라메터는 숫자여야 합니다."));
    };
    gateway.book().write(|book| {
        let Some(payment) = subject(book, call)? else {
            let named = call.fields.text("imp_uid").or_else(|| call.fields.text("merchant_uid"));
            return Ok(Answer::refused(1, if named.is_some() { NOT_FOUND } else { NO_ID }));
        };
        if payment.status == "failed" {
            return Ok(Answer::refused(1, NOT_FOUND));
        }
        let balance = decimal(&payment.amount)?.minus(decimal(&payment.cancel_amount)?);
        if !balance.is_positive() {
            return Ok(Answer::refused(1, ALREADY_REFUNDED));
        }
        if checksum.is_some_and(|checksum| checksum != balance) {
            return Ok(Answer::refused(1, CHECKSUM_DIFFERS));
        }
        // An amount that is left out, or 0, is everything that is left.
        let amount = amount.filter(|amount| !amount.is_zero()).unwrap_or(balance);
        if amount > balance || !amount.is_positive() {
            return Ok(Answer::refused(1, MORE_THAN_BALANCE));
        }
        if let Some(value) = ask.fires(FaultKind::RefundRefused) {
            return Ok(Answer::refused(-1, &value.text));
        }
        let reason = call.fields.text("reason");
        record(book, ask, &payment, amount, reason.as_deref())?;
        let refunded = by_imp_uid(book, &payment.imp_uid)?.unwrap_or(payment);
        Ok(Answer::ok(refunded.to_json(book)?))
    })
}

/// Finds what is to be refunded. An `imp_uid` wins over a `merchant_uid`, even if it is wrong (facts 4).
fn subject(book: &Connection, call: &Call) -> Result<Option<Payment>, SandboxError> {
    if let Some(imp_uid) = call.fields.text("imp_uid") {
        return by_imp_uid(book, &imp_uid);
    }
    let Some(merchant_uid) = call.fields.text("merchant_uid") else { return Ok(None) };
    let newest: Option<String> = book
        .query_row(
            "SELECT imp_uid FROM payments
             WHERE merchant_uid = ?1 AND lands_at_ms <= ?2 AND status <> 'failed'
             ORDER BY sequence DESC LIMIT 1",
            params![merchant_uid, now_ms()],
            |row| row.get(0),
        )
        .optional()?;
    newest.map_or(Ok(None), |imp_uid| by_imp_uid(book, &imp_uid))
}

fn record(
    book: &Transaction<'_>,
    ask: &Ask<'_>,
    payment: &Payment,
    amount: Decimal,
    reason: Option<&str>,
) -> Result<(), SandboxError> {
    let at_ms = ask.server_now_ms();
    let pg_tid = format!("sandbox{}", random_digits(book, 16)?);
    let cancellation_id = format!("cancellation_{}", random_digits(book, 18)?);
    let receipt_url = format!("https://receipt.sandbox.invalid/{pg_tid}");
    book.execute(
        "INSERT INTO refunds (cancellation_id, imp_uid, pg_tid, amount, reason, receipt_url, cancelled_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![cancellation_id, payment.imp_uid, pg_tid, amount.to_string(), reason, receipt_url, at_ms],
    )?;
    // The status is cancelled after a partial refund too, and money is still kept.
    let cancel_amount = decimal(&payment.cancel_amount)?.plus(amount).to_string();
    book.execute(
        "UPDATE payments SET status = 'cancelled', cancel_amount = ?2, cancelled_at_ms = ?3,
             updated_at_ms = ?3, cancel_reason = ?4
         WHERE imp_uid = ?1",
        params![payment.imp_uid, cancel_amount, at_ms, reason],
    )?;
    Ok(())
}
