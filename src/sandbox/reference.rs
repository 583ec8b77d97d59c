//! Small published operations beside the payments: card companies, amounts registered ahead, and what a
//! payment's amount is made of.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::card::CODES;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::lookup::{absent, visible};
use crate::sandbox::order::missing;
use crate::sandbox::payment::{Payment, decimal};

const NO_CARD: &str = "코드에 해당되는 카드사정보를 찾을 수 없습니다.";
const ALREADY_PREPARED: &str = "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).";
const NOT_PREPARED: &str = "사전등록된 결제정보가 존재하지 않습니다.";

/// VAT is an eleventh of a taxed amount, unless it was named (facts 15.1).
const VAT_DIVISOR: u32 = 11;

/// `GET /certifications/{imp_uid}`: clients call it, and there is none (facts 3.3).
pub(super) fn no_certification() -> Answer {
    Answer::error(404, "인증결과가 존재하지 않습니다.")
}

/// `POST /vbanks`: this merchant has no contract for virtual accounts. Only the end of the sentence is known,
/// from a live suite of a Node client.
pub(super) fn no_vbank() -> Answer {
    Answer::refused(-1, "가상계좌를 발급하려면 별도의 계약이 필요합니다.")
}

/// `GET /cards`.
pub(super) fn cards() -> Answer {
    Answer::ok(CODES.iter().map(|(code, name)| json!({"code": code, "name": name})).collect())
}

/// `GET /cards/{code}`.
pub(super) fn card(code: &str) -> Answer {
    match CODES.iter().find(|(known, _)| *known == code) {
        Some((code, name)) => Answer::ok(json!({"code": code, "name": name})),
        None => Answer::error(404, NO_CARD),
    }
}

/// `POST /payments/prepare`; `PUT` replaces the amount.
pub(super) fn prepare(gateway: &Gateway, call: &Call, replaces: bool) -> Result<Answer, SandboxError> {
    let (Some(merchant_uid), Ok(Some(amount))) =
        (call.fields.text("merchant_uid"), call.fields.amount("amount"))
    else {
        return Ok(Answer::error(400, &missing("merchant_uid, amount")));
    };
    gateway.book().write(|book| {
        let before = prepared_amount(book, &merchant_uid)?;
        match (before.is_some(), replaces) {
            (true, false) => return Ok(Answer::refused(1, ALREADY_PREPARED)),
            (false, true) => return Ok(Answer::error(404, NOT_PREPARED)),
            _ => {}
        }
        book.execute(
            "INSERT INTO prepared VALUES (?1, ?2) ON CONFLICT DO UPDATE SET amount = excluded.amount",
            [&merchant_uid, &amount.to_string()],
        )?;
        Ok(Answer::ok(json!({"amount": amount.to_json(), "merchant_uid": merchant_uid})))
    })
}

/// `GET /payments/prepare/{merchant_uid}`.
pub(super) fn prepared(gateway: &Gateway, merchant_uid: &str) -> Result<Answer, SandboxError> {
    let amount = prepared_amount(gateway.book().read()?, merchant_uid)?;
    let Some(amount) = amount else { return Ok(Answer::error(404, NOT_PREPARED)) };
    Ok(Answer::ok(json!({"amount": decimal(&amount)?.to_json(), "merchant_uid": merchant_uid})))
}

fn prepared_amount(book: &Connection, merchant_uid: &str) -> Result<Option<String>, SandboxError> {
    let mut statement = book.prepare_cached("SELECT amount FROM prepared WHERE merchant_uid = ?1")?;
    Ok(statement.query_row([merchant_uid], |row| row.get(0)).optional()?)
}

/// `GET /payments/{imp_uid}/balance`: tax-free, supply and VAT, with what was refunded taken off.
pub(super) fn balance(gateway: &Gateway, ask: &Ask<'_>, imp_uid: &str) -> Result<Answer, SandboxError> {
    let mut book = gateway.book();
    let connection = book.read()?;
    let Some(payment) = visible(connection, imp_uid)? else { return Ok(absent(ask, Value::Null)) };
    let nothing = json!({"service": 0, "supply": 0, "tax_free": 0, "vat": 0});
    Ok(Answer::ok(json!({
        "amount": decimal(&payment.amount)?.to_json(),
        "cash_receipt": nothing,
        "discount": nothing,
        "histories": [],
        "primary": parts(connection, &payment)?,
        "secondary": nothing,
    })))
}

fn parts(book: &Connection, payment: &Payment) -> Result<Value, SandboxError> {
    let zero = decimal("0")?;
    let named = |part: &Option<String>| part.as_deref().map(decimal).transpose();
    let mut tax_free = named(&payment.tax_free)?.unwrap_or(zero);
    let mut vat = named(&payment.vat_amount)?;
    let mut statement = book.prepare_cached("SELECT tax_free, vat_amount FROM refunds WHERE imp_uid = ?1")?;
    let mut rows = statement.query([&payment.imp_uid])?;
    while let Some(row) = rows.next()? {
        tax_free = tax_free.minus(named(&row.get(0)?)?.unwrap_or(zero));
        let refunded = named(&row.get(1)?)?.unwrap_or(zero);
        vat = vat.map(|vat| vat.minus(refunded));
    }
    let taxed = payment.balance()?.minus(tax_free);
    let vat: Decimal = vat.unwrap_or_else(|| taxed.divided_by(VAT_DIVISOR));
    Ok(json!({
        "service": 0,
        "supply": taxed.minus(vat).to_json(),
        "tax_free": tax_free.to_json(),
        "vat": vat.to_json(),
    }))
}
