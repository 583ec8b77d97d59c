//! From the command line to a refund. Nothing is written or sent here.

use jiff::{SignedDuration, Timestamp};

use crate::billing::refund::RefundOrder;
use crate::commands::context::Context;
use crate::commands::limits::LOCK_WAIT_MORE;
use crate::commands::pasted::{command_of, command_with};
use crate::commands::refund::RefundArgs;
use crate::domain::charge::{Field, check_text};
use crate::domain::money::Amount;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::refund::REASON_CHARS_MAX;
use crate::domain::tax::Tax;
use crate::domain::text::nfc_key;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::output::text::safe;

/// The reason, without anything that only looks like one.
pub(super) fn reason(text: &str) -> Result<String, Failure> {
    let reason = nfc_key(text.trim());
    if reason.is_empty() {
        return Err(Failure::usage("--reason is empty: say why, for whoever reads it later"));
    }
    check_text(Field::RefundReason, Some(&reason), REASON_CHARS_MAX)?;
    Ok(reason)
}

/// A payment that an id means: of the order that it is under, by its own imp_uid.
pub(super) struct Meant {
    pub payment: Payment,
    /// `None` where the ledger does not know it.
    pub imp_uid: Option<String>,
}

/// The one payment that an id means. Two that it fits are told, and neither is taken.
pub(super) fn payment_meant(
    args: &RefundArgs,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Meant, Failure> {
    let id = args.id.as_str();
    let mut found: Vec<Payment> = ledger.find_any(id)?.into_iter().collect();
    for payment in ledger.by_approval(id)? {
        if !found.iter().any(|known| known.terms.merchant_uid == payment.terms.merchant_uid) {
            found.push(payment);
        }
    }
    let mut meant: Vec<Meant> = Vec::new();
    for payment in found {
        let imp_uids = payment.meant_by(id);
        if imp_uids.is_empty() {
            meant.push(Meant { payment, imp_uid: None });
        } else {
            let of = |imp_uid| Meant { payment: payment.clone(), imp_uid: Some(imp_uid) };
            meant.extend(imp_uids.into_iter().map(of));
        }
    }
    if meant.len() > 1 {
        return Err(several(args, context, &meant));
    }
    meant.pop().ok_or_else(|| {
        Failure::not_found(format!("there is no payment `{}` in the ledger", id.escape_debug()))
            .hinted(format!("the ledger is {}", ledger.place()))
    })
}

/// Both, each with the command that means it alone.
fn several(args: &RefundArgs, context: &Context<'_>, meant: &[Meant]) -> Failure {
    let message = format!("`{}` is of {} payments", args.id.escape_debug(), meant.len());
    let mut options = Vec::new();
    if args.full {
        options.push(("--full", None));
    }
    for (flag, value) in [
        ("--amount", &args.amount),
        ("--tax-free", &args.tax_free),
        ("--vat", &args.vat),
        ("--expect-customer", &args.expect_customer),
    ] {
        options.extend(value.as_ref().map(|value| (flag, Some(value.clone()))));
    }
    options.push(("--reason", Some(args.reason.clone())));
    options.extend(args.notify_webhook.then_some(("--notify-webhook", None)));
    meant.iter().fold(Failure::refused(message), |failure, Meant { payment, imp_uid }| {
        let order = payment.terms.merchant_uid.as_str();
        let record = payment.records.iter().find(|record| Some(&record.imp_uid) == imp_uid.as_ref());
        let amount = record.and_then(|record| record.amount).unwrap_or(payment.terms.amount);
        let customer = record.and_then(|record| record.customer_uid.as_deref());
        let customer = customer.unwrap_or_else(|| payment.terms.customer_uid.as_str());
        let id = imp_uid.as_deref().unwrap_or(order);
        let command = command_with(context.settings, "refund", id, options.clone());
        failure.hinted(format!(
            "{} of the order {}, {amount} of {}: {command}",
            safe(id),
            safe(order),
            safe(customer)
        ))
    })
}

/// The refund as it is asked for.
pub(super) fn order(args: &RefundArgs, context: &Context<'_>, meant: &Meant) -> Result<RefundOrder, Failure> {
    let payment = &meant.payment;
    let settings = context.settings;
    let currency = payment.terms.amount.currency();
    let part =
        |text: &Option<String>| text.as_deref().map(|text| Amount::parse_or_zero(text, currency)).transpose();
    let amount = args.amount.as_deref().map(|text| Amount::parse(text, currency)).transpose()?;
    let tax = Tax { tax_free: part(&args.tax_free)?, vat_amount: part(&args.vat)? };
    // Of another payment under the order the gateway says whose it is.
    if let Some(expected) = &args.expect_customer
        && meant.imp_uid == payment.imp_uid
        && payment.terms.customer_uid.as_str() != expected
    {
        return Err(Failure::refused(format!(
            "{} is a payment of {}, not of {}",
            payment.terms.merchant_uid,
            payment.terms.customer_uid,
            expected.escape_debug()
        )));
    }
    let imp_uid = imp_uid(context, meant)?;
    let within = settings.limits.similar_within.unwrap_or_default();
    Ok(RefundOrder {
        merchant_uid: payment.terms.merchant_uid.clone(),
        by_imp_uid: imp_uid == args.id || payment.imp_uid.as_ref() != Some(&imp_uid),
        imp_uid,
        amount,
        tax,
        tax_matters: settings.tax.is_some(),
        reason: reason(&args.reason)?,
        notify: args.notify_webhook,
        similar_since: (!args.again).then(|| before(context.now(), within)),
        settle_after: settings.settle_after,
        lock_wait_max: settings.timeout.saturating_add(LOCK_WAIT_MORE),
        operator: settings.operator.clone(),
    })
}

/// The payment that goes back, by its imp_uid.
fn imp_uid(context: &Context<'_>, Meant { payment, imp_uid }: &Meant) -> Result<String, Failure> {
    let uid = &payment.terms.merchant_uid;
    if payment.outcome != Outcome::Paid {
        let failure = Failure::refused(format!(
            "{uid} was never paid, as far as the ledger knows: it is {}",
            payment.outcome
        ));
        return Err(match payment.outcome {
            Outcome::Unknown | Outcome::Pending => {
                let reconcile = command_of(context.settings, "reconcile", uid.as_str());
                failure.hinted(format!("to find out whether it was charged: {reconcile}"))
            }
            Outcome::Paid | Outcome::Declined | Outcome::Rejected | Outcome::NotSent => failure,
        });
    }
    imp_uid.clone().ok_or_else(|| {
        Failure::refused(format!("the ledger does not know the imp_uid of {uid}")).hinted(format!(
            "to ask the gateway for it: {}",
            command_of(context.settings, "reconcile", uid.as_str())
        ))
    })
}

fn before(now: Timestamp, within: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(within)
        .ok()
        .and_then(|within| now.checked_sub(within).ok())
        .unwrap_or(Timestamp::MIN)
}
