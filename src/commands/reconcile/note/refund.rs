//! `billkey reconcile ID --note refunded|not-refunded`: a person says what became of a refund that no look-up settles.

use crate::commands::context::Context;
use crate::commands::pasted::{command_of, note_command};
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::tell::Told;
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::payment::{Payment, RefundOutcome};
use crate::domain::refund::{Refund, RefundNote};
use crate::failure::{Exit, Failure};
use crate::ledger::{Entry, How, Ledger, LedgerError};
use crate::output::text::safe;

/// Writes the note down, under the payment's lock. The gateway is not asked.
pub(super) fn note(
    back: bool,
    (id, evidence): (&str, String),
    args: &ReconcileArgs,
    context: &mut Context<'_>,
    mut ledger: Ledger,
) -> Result<Exit, Failure> {
    if args.amount.is_some() {
        return Err(Failure::usage("--amount is of --note refunded-outside alone. Nothing was noted"));
    }
    let mut told = Told::default();
    let Some(all) = refunds_of(&ledger, id)? else {
        told.missing(id);
        return told.finish(context, None);
    };
    let fitting = fitting(&ledger, &all, (id, back))?;
    let refund = the_one(&all, &fitting, (id, back), context)?;
    let uid = refund.merchant_uid.clone();
    let busy = || {
        let again = command_of(context.settings, "reconcile", uid.as_str());
        Failure::network(format!("another process is at {uid} now. Nothing was noted"))
            .hinted(format!("what becomes of it: {again}"))
    };
    let Some(_lock) = ledger.lock_payment(&uid)? else { return Err(busy()) };
    let Some(payment) = ledger.find(&uid)? else { return Err(busy()) };
    if back && is_own(&payment, refund) && refund.amount > payment.left() {
        return Err(Failure::refused(format!(
            "{} of {uid} is left, and the refund {} is of {}: it cannot have gone back beside what did. Nothing was \
             noted",
            payment.left(),
            refund.id.as_str(),
            refund.amount
        )));
    }
    let note = RefundNote { back, at: context.now(), by: context.settings.operator.clone(), evidence };
    let written = ledger.write_one(&Entry::RefundNoted { id: refund.id.clone(), note })?;
    let noted = ledger.find_refund(&refund.id)?.filter(|_| written.how == How::Kept);
    let Some(noted) = noted else { return Err(busy()) };
    told.noted_refund(written.payment, noted);
    told.finish(context, None)
}

fn is_own(payment: &Payment, refund: &Refund) -> bool {
    payment.imp_uid.as_deref() == Some(&refund.imp_uid)
}

/// The refund with this id, else those of the payment that it means; `None` where it means nothing.
fn refunds_of(ledger: &Ledger, id: &str) -> Result<Option<Vec<Refund>>, LedgerError> {
    if let Some(payment) = ledger.find_any(id)? {
        let uid: &MerchantUid = &payment.terms.merchant_uid;
        return Ok(Some(ledger.refunds(uid)?));
    }
    let Some(id) = RefundId::parse(id) else { return Ok(None) };
    Ok(ledger.find_refund(&id)?.map(|refund| vec![refund]))
}

/// Those that the note can be about: the one that is named, else those that are open, else those that do not show any
/// more. What went back and shows is named by its own id, so that a note given twice is not about another one.
fn fitting<'a>(
    ledger: &Ledger,
    all: &'a [Refund],
    (id, back): (&str, bool),
) -> Result<Vec<&'a Refund>, LedgerError> {
    let named: Vec<&Refund> = all.iter().filter(|refund| refund.id.as_str() == id).collect();
    let open: Vec<&Refund> = all.iter().filter(|refund| refund.outcome.is_open()).collect();
    if !named.is_empty() {
        return Ok(named.into_iter().filter(|refund| refund.may_be_noted(back)).collect());
    }
    if back || !open.is_empty() {
        return Ok(open);
    }
    let undone = ledger.undone_refunds()?;
    let is_undone =
        |refund: &&Refund| undone.iter().any(|undone| undone.refunds.iter().any(|one| one.id == refund.id));
    Ok(all.iter().filter(is_undone).collect())
}

/// The only one of them. Two are told, and neither is taken.
fn the_one<'a>(
    all: &[Refund],
    fitting: &[&'a Refund],
    (id, back): (&str, bool),
    context: &Context<'_>,
) -> Result<&'a Refund, Failure> {
    match fitting {
        [only] => Ok(only),
        [] => {
            let failure = Failure::refused(format!("{}. Nothing was noted", why_not(all, id)));
            let last = all.last().filter(|last| last.may_be_noted(back) && last.id.as_str() != id);
            Err(match last {
                Some(last) => failure.hinted(format!(
                    "if the PG has taken it back all the same: {}",
                    note_command(context.settings, last.id.as_str(), "not-refunded")
                )),
                None => failure,
            })
        }
        several => {
            let what = if back { "refunded" } else { "not-refunded" };
            let message = format!(
                "{} has {} refunds that this may be about. Nothing was noted",
                safe(id),
                several.len()
            );
            Err(several.iter().fold(Failure::refused(message), |failure, refund| {
                let command = note_command(context.settings, refund.id.as_str(), what);
                failure.hinted(format!("{} of {}: {command}", refund.id.as_str(), refund.amount))
            }))
        }
    }
}

fn why_not(all: &[Refund], id: &str) -> String {
    let Some(last) = all.last() else { return format!("nothing of {} was refunded from here", safe(id)) };
    let refund = last.id.as_str();
    match last.outcome {
        RefundOutcome::Refunded if last.was_taken_back() => {
            format!("that the PG took the refund {refund} back is noted already")
        }
        RefundOutcome::Refunded => {
            format!("the refund {refund} went back, and the gateway has not been seen without it since")
        }
        RefundOutcome::Refused | RefundOutcome::NotSent | RefundOutcome::Pending | RefundOutcome::Unknown => {
            format!("the refund {refund} is {}, and no doubt is left of it", last.outcome.word())
        }
    }
}
