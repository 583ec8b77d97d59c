//! Settling what is open, one payment at a time.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::billing::desk::Desk;
use crate::billing::reconcile::{ReviewError, Reviewed, Verdict, reconcile};
use crate::billing::report::Held;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::tell::Told;
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Outcome, Payment};
use crate::failure::Failure;
use crate::ledger::{Filter, Ledger, LedgerError};

/// Asks about each of them. Gives why it stopped, if it did; those that nobody was asked about then are listed
/// as questions without an answer.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    uids: &[MerchantUid],
    context: &mut Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, LedgerError> {
    let progress = context.ui.progress(u64::try_from(uids.len()).ok(), "asking the gateway");
    let mut left = uids.iter();
    let mut stopped = None;
    for uid in left.by_ref() {
        match one(desk, uid, context, told) {
            ControlFlow::Continue(()) => progress.advance(1),
            ControlFlow::Break(failure) => {
                stopped = Some(failure);
                break;
            }
        }
    }
    drop(progress);
    for uid in left {
        if let Some(payment) = desk.ledger.find(uid)? {
            told.not_asked(payment);
        }
    }
    Ok(stopped)
}

/// Reviews one payment. A failure that would meet the next one too stops the work; what was
/// settled before stays settled.
fn one(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    context: &mut Context<'_>,
    told: &mut Told,
) -> ControlFlow<Failure> {
    let settings = context.settings;
    match reconcile(desk, uid, settings.mode, settings.settle_after) {
        Ok(reviewed) => {
            let unreached = matches!(reviewed.verdict, Verdict::Unanswered { reached: false, .. });
            let failure = unreached.then(|| not_reached(&reviewed));
            told.add(context.ui, reviewed);
            failure.map_or(ControlFlow::Continue(()), ControlFlow::Break)
        }
        Err(ReviewError::NoSuchPayment) => ControlFlow::Continue(()),
        Err(ReviewError::Ledger(error)) => ControlFlow::Break(Failure::from(error)),
        Err(ReviewError::Held(held)) => {
            if let Ok(Some(payment)) = desk.ledger.find(uid) {
                told.not_asked(payment);
            }
            ControlFlow::Break(held_up(held))
        }
    }
}

/// Why nothing more can be asked.
pub(super) fn held_up(held: Held) -> Failure {
    match held {
        Held::NotReached(why) => Failure::network(format!("{why}; what was settled before stays settled")),
        Held::KeyRefused(said) => Failure::auth(format!("the gateway refused the API key: {said}")),
        Held::Interrupted => Failure::interrupted("interrupted; what was settled before stays settled"),
    }
}

fn not_reached(reviewed: &Reviewed) -> Failure {
    let why = match &reviewed.verdict {
        Verdict::Unanswered { why, .. } => why.to_string(),
        Verdict::Open { .. }
        | Verdict::Settled
        | Verdict::Stands
        | Verdict::Contradicted { .. }
        | Verdict::Busy => String::new(),
    };
    Failure::network(format!("{why}; what was settled before stays settled"))
        .hinted("run the same command again")
}

/// The payments to ask about: those named, or all that are open and those that may have changed.
pub(super) fn which(
    args: &ReconcileArgs,
    ledger: &Ledger,
    since: Timestamp,
    until: Option<Timestamp>,
    told: &mut Told,
) -> Result<Vec<MerchantUid>, LedgerError> {
    let mut uids = Vec::new();
    for id in &args.ids {
        match ledger.find_any(id)? {
            Some(payment) => uids.push(payment.terms.merchant_uid),
            None => told.missing(id),
        }
    }
    if !args.ids.is_empty() {
        return Ok(uids);
    }
    uids.extend(ledger.unsettled()?.into_iter().map(|payment| payment.terms.merchant_uid));
    let may_turn = vec![Outcome::Declined, Outcome::Rejected, Outcome::NotSent];
    let filter = Filter { outcomes: may_turn, since: Some(since), until, ..Filter::default() };
    ledger.visit(&filter, &mut |payment: Payment| {
        // One that was never let go, or whose every request was answered, leaves nothing to ask.
        if payment.outcome != Outcome::NotSent || payment.unanswered > 0 {
            uids.push(payment.terms.merchant_uid);
        }
        ControlFlow::Continue(())
    })?;
    Ok(uids)
}
