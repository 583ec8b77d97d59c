//! What people do behind the API's back: refunds in the console, and refunds and un-cancels at the PG,
//! of which the gateway does not hear (facts 4, 15.2).

use serde_json::{Value, json};

use rusqlite::{Connection, params};

use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::payment::{Payment, decimal};
use crate::sandbox::refund::subject;
use crate::sandbox::refund_rows::Refund;
use crate::sandbox::search::by_imp_uid;

/// What the history says of a refund in the console (facts 4).
const BY_CONSOLE: &str = "관리자페이지취소";

/// `POST /_sandbox/console-refunds`: refunds whole or by `amount`, with the console's reason or `reason`.
pub(super) fn refund(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    about(gateway, call, |book, payment, amount| {
        let balance = payment.balance()?;
        let amount = amount.unwrap_or(balance);
        if !amount.is_positive() || amount > balance {
            return Ok(Err("The balance does not allow this."));
        }
        let reason = call.fields.text("reason").unwrap_or_else(|| BY_CONSOLE.to_owned());
        let refund = Refund { amount, reason: Some(reason), tax_free: None, vat_amount: None };
        refund.make(book, &payment, now_ms())?;
        Ok(Ok(()))
    })
}

/// `POST /_sandbox/pg-refunds`: the PG gives the money back, whole or by `amount`. The gateway goes on
/// saying what it said, and a later refund by API fails for lack of money.
pub(super) fn refund_at_pg(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    about(gateway, call, |book, payment, amount| {
        let held = payment.held()?;
        let amount = amount.unwrap_or(held);
        if !amount.is_positive() || amount > held {
            return Ok(Err("The PG does not hold this much."));
        }
        set_held(book, &payment, held.minus(amount))?;
        Ok(Ok(()))
    })
}

/// `POST /_sandbox/un-cancels`: the PG takes the money again, whole or by `amount`, and the gateway goes on
/// saying cancelled; with `heard` it hears of it, and shows the refund no more.
pub(super) fn uncancel(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let heard = call.fields.value("heard").and_then(Value::as_bool).unwrap_or_default();
    about(gateway, call, |book, payment, amount| {
        if heard {
            return take_back(book, &payment, amount);
        }
        let (held, most) = (payment.held()?, decimal(&payment.amount)?);
        let back = held.plus(amount.unwrap_or_else(|| most.minus(held)));
        if back <= held || back > most {
            return Ok(Err("Nothing that was refunded can be taken back."));
        }
        set_held(book, &payment, back)?;
        Ok(Ok(()))
    })
}

/// Takes every refund back, or the newest one of `amount`, as if it had never been made.
fn take_back(
    book: &Connection,
    payment: &Payment,
    amount: Option<Decimal>,
) -> Result<Result<(), &'static str>, SandboxError> {
    let mut cancelled = decimal(&payment.cancel_amount)?;
    let mut statement = book.prepare(
        "SELECT cancellation_id, amount FROM refunds WHERE imp_uid = ?1 ORDER BY cancelled_at_ms DESC, rowid DESC",
    )?;
    let made = statement.query_map([&payment.imp_uid], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut taken = 0;
    for made in made.collect::<Result<Vec<(String, String)>, _>>()? {
        let (id, made) = (made.0, decimal(&made.1)?);
        let is_wanted = amount.is_none_or(|amount| amount == made && taken == 0);
        if is_wanted {
            book.execute("DELETE FROM refunds WHERE cancellation_id = ?1", [id])?;
            cancelled = cancelled.minus(made);
            taken += 1;
        }
    }
    if taken == 0 {
        return Ok(Err("Nothing that was refunded can be taken back."));
    }
    book.execute(
        "UPDATE payments SET cancel_amount = ?2, status = ?3, held_at_pg = NULL, updated_at_ms = ?4,
             cancelled_at_ms = CASE ?3 WHEN 'paid' THEN 0 ELSE cancelled_at_ms END
         WHERE imp_uid = ?1",
        params![
            payment.imp_uid,
            cancelled.to_string(),
            if cancelled.is_positive() { "cancelled" } else { "paid" },
            now_ms()
        ],
    )?;
    Ok(Ok(()))
}

fn set_held(book: &Connection, payment: &Payment, held: Decimal) -> Result<(), SandboxError> {
    book.execute(
        "UPDATE payments SET held_at_pg = ?2 WHERE imp_uid = ?1",
        [&payment.imp_uid, &held.to_string()],
    )?;
    Ok(())
}

/// Finds the payment by `imp_uid` or `merchant_uid`, does the work, and shows the payment with what the PG
/// holds of it.
fn about(
    gateway: &Gateway,
    call: &Call,
    work: impl FnOnce(&Connection, Payment, Option<Decimal>) -> Result<Result<(), &'static str>, SandboxError>,
) -> Result<Answer, SandboxError> {
    let Ok(amount) = call.fields.amount("amount") else {
        return Ok(Answer::error(400, "The amount is no number."));
    };
    gateway.book().write(|book| {
        let Some(payment) = subject(book, call)? else {
            return Ok(Answer::error(400, "No paid payment has this imp_uid or merchant_uid."));
        };
        let imp_uid = payment.imp_uid.clone();
        if let Err(why) = work(book, payment, amount)? {
            return Ok(Answer::error(400, why));
        }
        Ok(Answer::ok(match by_imp_uid(book, &imp_uid)? {
            Some(payment) => shown(book, &payment)?,
            None => Value::Null,
        }))
    })
}

/// Shows a payment as the gateway does, and besides what only the book knows of its money.
pub(super) fn shown(book: &Connection, payment: &Payment) -> Result<Value, SandboxError> {
    let mut fields = payment.to_json(book)?;
    let part = |text: &Option<String>| -> Result<Value, SandboxError> {
        Ok(text.as_deref().map(decimal).transpose()?.map_or(Value::Null, Decimal::to_json))
    };
    fields["held_at_pg"] = match payment.status.as_str() {
        "paid" | "cancelled" => payment.held()?.to_json(),
        _ => json!(0),
    };
    fields["tax_free"] = part(&payment.tax_free)?;
    fields["vat_amount"] = part(&payment.vat_amount)?;
    Ok(fields)
}
