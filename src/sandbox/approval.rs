//! The card company: what becomes of an order, as the payment that is to be recorded.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use crate::sandbox::ask::Ask;
use crate::sandbox::billing_key::BillingKey;
use crate::sandbox::clock::now_ms;
use crate::sandbox::decimal::Decimal;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::order::Order;
use crate::sandbox::payment::{Payment, random_digits};

/// What a payment says that is declined only to turn paid later.
const IN_REVIEW: &str = "(PG사 결제 장애) Internal error";

/// When a charge begins by the server's clock, and how long it is on its way.
#[derive(Clone, Copy)]
pub(super) struct When {
    pub(super) started_at_ms: i64,
    pub(super) lands_in_ms: i64,
}

/// Approves or declines an order.
pub(super) fn decide(
    book: &Connection,
    ask: &Ask<'_>,
    order: &Order<'_>,
    billing_key: &BillingKey,
    when: When,
) -> Result<Payment, SandboxError> {
    let settled_at_ms = when.started_at_ms.saturating_add(when.lands_in_ms);
    let lands_at_ms = now_ms().saturating_add(when.lands_in_ms);
    let flips_ms = ask.fires(FaultKind::FlipsToPaid).map(|value| value.duration_ms);
    let decline = ask.fires(FaultKind::Decline).map(|value| value.text);
    let fail_reason = decline.or_else(|| flips_ms.map(|_| IN_REVIEW.to_owned()));
    let failed = fail_reason.is_some();
    let amount = ask.fires(FaultKind::AmountDiffers).and_then(|value| Decimal::parse(&value.text));
    let currency = ask.fires(FaultKind::CurrencyDiffers).map(|value| value.text);
    let usage = ask.fires(FaultKind::Usage).map(|value| value.text);
    let pg_tid = format!("sandbox{}", random_digits(book, 16)?);
    let apply_num = format!("3{}", random_digits(book, 7)?);
    let usage = usage.as_deref().or(order.usage);
    Ok(Payment {
        imp_uid: new_imp_uid(book, "imps")?,
        merchant_uid: order.merchant_uid.clone(),
        customer_uid: order.customer_uid.clone().unwrap_or_default(),
        amount: amount.unwrap_or(order.amount).to_string(),
        cancel_amount: "0".to_owned(),
        currency: currency.unwrap_or_else(|| order.currency.clone()),
        status: if failed { "failed" } else { "paid" }.to_owned(),
        is_sandbox: ask.fires(FaultKind::LiveFlag).is_none(),
        started_at_ms: when.started_at_ms,
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
        details: details(order, billing_key, &pg_tid, usage).to_string(),
        tax_free: order.tax_free.map(|amount| amount.to_string()),
        vat_amount: order.vat_amount.map(|amount| amount.to_string()),
        held_at_pg: None,
    })
}

/// Gives the fields of the wire that no later event changes (facts 2.3, 2.4).
pub(super) fn details(
    order: &Order<'_>,
    billing_key: &BillingKey,
    pg_tid: &str,
    usage: Option<&str>,
) -> Value {
    let user_agent =
        if order.user_agent.is_empty() { "sorry_not_supported_anymore" } else { order.user_agent };
    json!({
        "bank_code": null,
        "bank_name": null,
        "buyer_addr": order.fields.text("buyer_addr"),
        "buyer_email": order.fields.text("buyer_email"),
        "buyer_name": order.fields.text("buyer_name"),
        "buyer_postcode": order.fields.text("buyer_postcode"),
        "buyer_tel": order.fields.text("buyer_tel"),
        "card_code": billing_key.card_code,
        "card_issuer_code": null,
        "card_issuer_name": null,
        "card_name": billing_key.card_name,
        "card_number": billing_key.card_number,
        "card_publisher_code": null,
        "card_publisher_name": null,
        "card_quota": order.card_quota,
        "card_type": billing_key.card_type,
        "cash_receipt_issued": false,
        "channel": "api",
        "custom_data": order.fields.text("custom_data"),
        "customer_uid_usage": usage,
        "emb_pg_provider": null,
        "escrow": false,
        "name": order.name,
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
}

/// Makes an `imp_uid` that no payment has: `imps_` and twelve digits for a charge by API, `imp_` for one
/// in a window (facts 2.3).
pub(super) fn new_imp_uid(book: &Connection, prefix: &str) -> Result<String, SandboxError> {
    loop {
        let imp_uid = format!("{prefix}_{}", random_digits(book, 12)?);
        let taken: Option<i64> = book
            .query_row("SELECT 1 FROM payments WHERE imp_uid = ?1", [&imp_uid], |row| row.get(0))
            .optional()?;
        if taken.is_none() {
            return Ok(imp_uid);
        }
    }
}
