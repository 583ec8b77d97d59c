//! `POST /payments/cancel` (facts 4, 15): a refund, whole or in part.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::payment::{Payment, decimal};
use crate::sandbox::refund_rows::Refund;
use crate::sandbox::search::by_imp_uid;
use crate::sandbox::server::Cut;

const NO_ID: &str = "취소할 imp_uid 또는 merchant_uid를 지정해주셔야합니다.";
const NOT_FOUND: &str = "취소할 결제건이 존재하지 않습니다.";
const ALREADY_REFUNDED: &str = "이미 전액취소된 주문입니다.";
/// What any PG says of money that it no longer holds.
const GONE_AT_PG: &str = "기취소거래";
const SHORT_SETTLEMENT: &str =
    "[8178] 취소 금액보다 상계가능 정산금액 부족 으로 취소 불가합니다 KCP 또는 상점으로 문의해 주십시오";
const WHOLE_ONLY: &str = "부분취소 불가능 거래(전체취소 요망)";
// What the gateway says in the next four cases is not known (facts 4).
const CHECKSUM_DIFFERS: &str = "취소 가능 잔액이 checksum과 일치하지 않습니다.";
const MORE_THAN_BALANCE: &str = "취소 요청 금액이 취소 가능 잔액보다 큽니다.";
const MORE_THAN_TAX_BALANCE: &str = "취소 요청 면세금액 또는 부가세가 취소 가능 금액보다 큽니다.";
const TOO_MANY_PARTIALS: &str = "부분취소 가능 횟수를 초과하였습니다.";

/// Refunds, or says why not. A payment that look-ups do not show yet can be refunded all the same.
pub(super) fn cancel(gateway: &Gateway, ask: &Ask<'_>, call: &Call) -> Result<Answer, SandboxError> {
    let number = |field: &str| call.fields.amount(field);
    let (Ok(amount), Ok(checksum), Ok(tax_free), Ok(vat_amount)) =
        (number("amount"), number("checksum"), number("tax_free"), number("vat_amount"))
    else {
        return Ok(Answer::error(400, "amount, checksum, tax_free, vat_amount 파라메터는 숫자여야 합니다."));
    };
    gateway.book().write(|book| {
        let Some(payment) = subject(book, call)? else {
            let named = call.fields.text("imp_uid").or_else(|| call.fields.text("merchant_uid"));
            return Ok(Answer::refused(1, if named.is_some() { NOT_FOUND } else { NO_ID }));
        };
        if !matches!(payment.status.as_str(), "paid" | "cancelled") {
            return Ok(Answer::refused(1, NOT_FOUND));
        }
        let balance = payment.balance()?;
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
        let refund = Refund { amount, reason: reason(ask, call), tax_free, vat_amount };
        if exceeds_tax_balance(book, &payment, &refund)? {
            return Ok(Answer::refused(1, MORE_THAN_TAX_BALANCE));
        }
        if let Some(text) = refuse_at_pg(book, ask, &payment, amount)? {
            return Ok(Answer::refused(-1, &text));
        }
        make(book, ask, &payment, &refund)
    })
}

/// Makes the refund, at once or as a fault has it.
fn make(
    book: &Connection,
    ask: &Ask<'_>,
    payment: &Payment,
    refund: &Refund,
) -> Result<Answer, SandboxError> {
    let lands_at_ms = |after_ms: i64| now_ms().saturating_add(after_ms);
    if let Some(value) = ask.fires(FaultKind::LateRefund) {
        refund.make_later(book, payment, lands_at_ms(value.duration_ms))?;
        return Ok(Answer::dropped(Cut::Close));
    }
    if let Some(value) = ask.fires(FaultKind::RefundPending) {
        refund.make_later(book, payment, lands_at_ms(value.duration_ms))?;
        return Ok(Answer::ok(payment.to_json(book)?));
    }
    refund.make(book, payment, ask.server_now_ms())?;
    let refunded = by_imp_uid(book, &payment.imp_uid)?;
    Ok(Answer::ok(refunded.as_ref().unwrap_or(payment).to_json(book)?))
}

/// Asks the PG, and gives the words with which it refuses.
fn refuse_at_pg(
    book: &Connection,
    ask: &Ask<'_>,
    payment: &Payment,
    amount: Decimal,
) -> Result<Option<String>, SandboxError> {
    if amount > payment.held()? {
        return Ok(Some(GONE_AT_PG.to_owned()));
    }
    if let Some(value) = ask.fires(FaultKind::RefundRefused) {
        return Ok(Some(value.text));
    }
    if ask.fires(FaultKind::ShortSettlement).is_some() {
        return Ok(Some(SHORT_SETTLEMENT.to_owned()));
    }
    let is_partial = amount != decimal(&payment.amount)?;
    if is_partial && ask.fires(FaultKind::WholeRefundsOnly).is_some() {
        return Ok(Some(WHOLE_ONLY.to_owned()));
    }
    let most = ask.fires(FaultKind::PartialRefundsMax).map(|value| value.count);
    let made: i64 =
        book.query_row("SELECT count(*) FROM refunds WHERE imp_uid = ?1", [&payment.imp_uid], |row| {
            row.get(0)
        })?;
    let is_one_too_many = most.is_some_and(|most| usize::try_from(made).is_ok_and(|made| made >= most));
    Ok((is_partial && is_one_too_many).then(|| TOO_MANY_PARTIALS.to_owned()))
}

/// Gives the reason as it will stand in the history.
fn reason(ask: &Ask<'_>, call: &Call) -> Option<String> {
    let reason = call.fields.text("reason")?;
    Some(match ask.fires(FaultKind::RefundReasonCut) {
        Some(value) => reason.chars().take(value.count).collect(),
        None => reason,
    })
}

/// Says whether a tax part is more than what the charge had of it and no refund took yet. A part that the
/// charge did not name is bounded by the refund's own amount alone.
fn exceeds_tax_balance(book: &Connection, payment: &Payment, refund: &Refund) -> Result<bool, SandboxError> {
    let parts = [
        (refund.tax_free, &payment.tax_free, "SELECT tax_free FROM refunds WHERE imp_uid = ?1"),
        (refund.vat_amount, &payment.vat_amount, "SELECT vat_amount FROM refunds WHERE imp_uid = ?1"),
    ];
    for (asked, charged, statement) in parts {
        let Some(asked) = asked else { continue };
        let Some(charged) = charged else {
            if asked > refund.amount {
                return Ok(true);
            }
            continue;
        };
        let mut left = decimal(charged)?;
        let mut statement = book.prepare_cached(statement)?;
        let taken = statement.query_map([&payment.imp_uid], |row| row.get::<_, Option<String>>(0))?;
        for part in taken {
            left = part?.as_deref().map(decimal).transpose()?.map_or(left, |part| left.minus(part));
        }
        if asked > left {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finds what is to be refunded. An `imp_uid` wins over a `merchant_uid`, even if it is wrong (facts 4).
pub(super) fn subject(book: &Connection, call: &Call) -> Result<Option<Payment>, SandboxError> {
    if let Some(imp_uid) = call.fields.text("imp_uid") {
        return by_imp_uid(book, &imp_uid);
    }
    let Some(merchant_uid) = call.fields.text("merchant_uid") else { return Ok(None) };
    let newest: Option<String> = book
        .query_row(
            "SELECT imp_uid FROM payments
             WHERE merchant_uid = ?1 AND lands_at_ms <= ?2 AND status IN ('paid', 'cancelled')
             ORDER BY sequence DESC LIMIT 1",
            params![merchant_uid, now_ms()],
            |row| row.get(0),
        )
        .optional()?;
    newest.map_or(Ok(None), |imp_uid| by_imp_uid(book, &imp_uid))
}
