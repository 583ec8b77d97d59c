//! Settling what is open, one payment at a time.

use std::collections::HashSet;
use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::billing::desk::Desk;
use crate::billing::reconcile::{ReviewError, Reviewed, TakeWord, Verdict, look_into};
use crate::billing::report::Held;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::differ::{tell, tell_taken};
use crate::commands::reconcile::tell::Told;
use crate::domain::drift::{DriftKind, drift};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{Outcome, Payment, Terms};
use crate::failure::Failure;
use crate::ledger::{Filter, Ledger, LedgerError};

/// Asks about each of them. Gives why it stopped, if it did; those that nobody was asked about then are listed
/// as questions without an answer.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    uids: &[MerchantUid],
    fix: bool,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, LedgerError> {
    let progress = context.ui.progress(u64::try_from(uids.len()).ok(), "asking the gateway");
    let mut left = uids.iter();
    let mut stopped = None;
    for uid in left.by_ref() {
        match one(desk, uid, fix, context, told) {
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
pub(super) fn one(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    fix: bool,
    context: &mut Context<'_>,
    told: &mut Told,
) -> ControlFlow<Failure> {
    let settings = context.settings;
    let take_word = if fix { TakeWord::Yes } else { TakeWord::No };
    match look_into(desk, uid, settings.mode, settings.settle_after, take_word) {
        Ok(reviewed) => {
            let unreached = matches!(reviewed.verdict, Verdict::Unanswered { reached: false, .. });
            let failure = unreached.then(|| not_reached(&reviewed));
            if matches!(reviewed.verdict, Verdict::Stands) {
                differences(&reviewed, told, context);
            }
            told.add(settings, context.ui, reviewed);
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

/// What the gateway's records say otherwise than a row that stands, and what they said otherwise until it followed
/// them: that is told this once. A second payment is told as an alarm.
fn differences(reviewed: &Reviewed, told: &mut Told, context: &Context<'_>) {
    for record in &reviewed.records {
        let kinds_for = |row| {
            let mut kinds = drift(Some(row), record, context.settings.mode);
            kinds.retain(|kind| *kind != DriftKind::TwoPayments);
            kinds
        };
        let (left, mut taken) = (kinds_for(&reviewed.payment), kinds_for(&reviewed.row_before));
        taken.retain(|kind| !left.contains(kind));
        tell(told, &left, Some(&reviewed.payment), record);
        tell_taken(told, &taken, &reviewed.row_before, record);
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
    recent: Timestamp,
    customer: Option<&CustomerUid>,
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
    let unsettled = ledger.unsettled()?.into_iter().map(|payment| payment.terms);
    let wanted = |terms: &Terms| customer.is_none_or(|customer| terms.customer_uid == *customer);
    uids.extend(unsettled.filter(wanted).map(|terms| terms.merchant_uid));
    let doubtful = ledger.doubtful()?.into_iter().map(|payment| payment.terms);
    uids.extend(doubtful.filter(wanted).map(|terms| terms.merchant_uid));
    // A refund of one of two payments ends their alarm, and only the gateway tells of it.
    let alarms = ledger.alarms()?.into_iter().map(|payment| payment.terms);
    uids.extend(alarms.filter(wanted).map(|terms| terms.merchant_uid));
    let outcomes = vec![Outcome::Declined, Outcome::Rejected, Outcome::NotSent];
    let customer = customer.cloned();
    let filter = Filter { outcomes, customer, since: Some(recent), ..Filter::default() };
    ledger.visit(&filter, &mut |payment: Payment| {
        // One that was never let go, or whose every request was answered, leaves nothing to ask.
        if !payment.was_never_sent() {
            uids.push(payment.terms.merchant_uid);
        }
        ControlFlow::Continue(())
    })?;
    let mut seen = HashSet::new();
    uids.retain(|uid| seen.insert(uid.clone()));
    Ok(uids)
}
