//! Settling refunds that are open, by the history of their payments.

use crate::billing::desk::Desk;
use crate::billing::refund::reconcile_refund;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::settle::held_up;
use crate::commands::reconcile::tell::Told;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::refund::Refund;
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError};

/// Those to ask about: of the payments named, or all.
pub(super) fn open(
    args: &ReconcileArgs,
    ledger: &Ledger,
    uids: &[MerchantUid],
    customer: Option<&CustomerUid>,
) -> Result<Vec<Refund>, LedgerError> {
    let mut open = Vec::new();
    for refund in ledger.open_refunds()? {
        let named = args.ids.is_empty() || uids.contains(&refund.merchant_uid);
        let of_customer = match customer {
            None => true,
            Some(customer) => ledger
                .find(&refund.merchant_uid)?
                .is_some_and(|payment| payment.terms.customer_uid == *customer),
        };
        if named && of_customer {
            open.push(refund);
        }
    }
    Ok(open)
}

/// Asks about each. Gives why it stopped, if it did.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    refunds: &[Refund],
    context: &Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, LedgerError> {
    let settle_after = context.settings.settle_after;
    for refund in refunds {
        match reconcile_refund(desk, refund, settle_after)? {
            Ok(now) => told.refund(now.unwrap_or_else(|| refund.clone()), context.ui.zone()),
            Err(held) => {
                told.refund(refund.clone(), context.ui.zone());
                return Ok(Some(held_up(held)));
            }
        }
    }
    Ok(None)
}
