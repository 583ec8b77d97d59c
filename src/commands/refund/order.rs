//! From the command line to a refund. Nothing is written or sent here.

use jiff::{SignedDuration, Timestamp};

use crate::billing::refund::RefundOrder;
use crate::commands::context::Context;
use crate::commands::limits::LOCK_WAIT_MORE;
use crate::commands::refund::RefundArgs;
use crate::domain::charge::{Field, check_text};
use crate::domain::money::Amount;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::refund::REASON_CHARS_MAX;
use crate::domain::tax::Tax;
use crate::domain::text::nfc_key;
use crate::failure::Failure;
use crate::ledger::Ledger;

/// The reason, without anything that only looks like one.
pub(super) fn reason(text: &str) -> Result<String, Failure> {
    let reason = nfc_key(text.trim());
    if reason.is_empty() {
        return Err(Failure::usage("--reason is empty: say why, for whoever reads it later"));
    }
    check_text(Field::RefundReason, Some(&reason), REASON_CHARS_MAX)?;
    Ok(reason)
}

/// The one payment that an id means. Two that it fits are told, and neither is taken.
pub(super) fn payment_meant(id: &str, ledger: &Ledger) -> Result<Payment, Failure> {
    let mut found: Vec<Payment> = ledger.find_any(id)?.into_iter().collect();
    for payment in ledger.by_approval(id)? {
        if !found.iter().any(|known| known.terms.merchant_uid == payment.terms.merchant_uid) {
            found.push(payment);
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::not_found(format!("there is no payment `{}` in the ledger", id.escape_debug()))
            .hinted(format!("the ledger is {}", ledger.path().display()))),
        many => {
            let orders: Vec<&str> = many.iter().map(|payment| payment.terms.merchant_uid.as_str()).collect();
            Err(Failure::refused(format!(
                "`{}` is of more than one payment: {}",
                id.escape_debug(),
                orders.join(", ")
            ))
            .hinted("name the payment by its merchant_uid or imp_uid"))
        }
    }
}

/// The refund as it is asked for.
pub(super) fn order(
    args: &RefundArgs,
    context: &Context<'_>,
    payment: &Payment,
) -> Result<RefundOrder, Failure> {
    let settings = context.settings;
    let currency = payment.terms.amount.currency();
    let part =
        |text: &Option<String>| text.as_deref().map(|text| Amount::parse_or_zero(text, currency)).transpose();
    let amount = args.amount.as_deref().map(|text| Amount::parse(text, currency)).transpose()?;
    let tax = Tax { tax_free: part(&args.tax_free)?, vat_amount: part(&args.vat)? };
    if let Some(expected) = &args.expect_customer
        && payment.terms.customer_uid.as_str() != expected
    {
        return Err(Failure::refused(format!(
            "{} is a payment of {}, not of {}",
            payment.terms.merchant_uid,
            payment.terms.customer_uid,
            expected.escape_debug()
        )));
    }
    let imp_uid = imp_uid(&args.id, payment)?;
    let within = settings.limits.similar_within.unwrap_or_default();
    Ok(RefundOrder {
        merchant_uid: payment.terms.merchant_uid.clone(),
        by_imp_uid: imp_uid == args.id,
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

/// The payment that goes back: the one that was named by its imp_uid, else the order's own.
fn imp_uid(id: &str, payment: &Payment) -> Result<String, Failure> {
    let uid = &payment.terms.merchant_uid;
    if payment.outcome != Outcome::Paid {
        let failure = Failure::refused(format!(
            "{uid} was never paid, as far as the ledger knows: it is {}",
            payment.outcome
        ));
        return Err(match payment.outcome {
            Outcome::Unknown | Outcome::Pending => {
                failure.hinted("billkey reconcile tells whether it was charged")
            }
            Outcome::Paid | Outcome::Declined | Outcome::Rejected | Outcome::NotSent => failure,
        });
    }
    let names_it = id == uid.as_str() || payment.apply_num.as_deref() == Some(id) || !id.starts_with("imp");
    let own = payment.imp_uid.clone().filter(|own| names_it || own == id);
    own.or_else(|| (!names_it).then(|| id.to_owned())).ok_or_else(|| {
        Failure::refused(format!("the ledger does not know the imp_uid of {uid}"))
            .hinted(format!("billkey reconcile {uid} asks the gateway for it"))
    })
}

fn before(now: Timestamp, within: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(within)
        .ok()
        .and_then(|within| now.checked_sub(within).ok())
        .unwrap_or(Timestamp::MIN)
}
