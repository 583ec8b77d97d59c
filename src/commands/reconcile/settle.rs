//! Settling what is open, several payments at a time.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::crew::Next;
use crate::billing::reconcile::{ReviewError, Reviewed, TakeWord, Verdict};
use crate::billing::report::Held;
use crate::billing::reviews::{Review, ReviewJob, Reviews};
use crate::billing::writer::Reader;
use crate::commands::context::Context;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::differ::{tell, tell_taken};
use crate::commands::reconcile::in_vain::{InVain, halted};
use crate::commands::reconcile::tell::Told;
use crate::domain::drift::{DriftKind, drift};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{Outcome, Payment, Terms};
use crate::domain::pressure::Gate;
use crate::domain::reason::Reason;
use crate::failure::Failure;
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{Filter, Ledger, LedgerError};

/// How long to wait for the next review before looking at everything else.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What payments are asked about with.
#[derive(Clone)]
pub(super) struct Asking {
    pub gateway: Arc<Client>,
    pub interrupts: Interrupts,
    /// Whether the gateway's word for status and refunds is taken.
    pub fix: bool,
}

/// Asks about each of them, several at once, and tells of them in their order. Gives why it stopped, if it did; what
/// was settled before stays settled, and those that nobody was asked about then are listed as questions without an
/// answer.
pub(super) fn settle(
    ledger: &Ledger,
    uids: Vec<MerchantUid>,
    asking: &Asking,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Result<Option<Failure>, Failure> {
    if uids.is_empty() {
        return Ok(None);
    }
    let (uids, settings) = (Arc::new(uids), context.settings);
    let connection = || ledger.again();
    let job = ReviewJob {
        ledger: connection()?,
        reader: Reader::new(connection()?),
        gateway: Arc::clone(&asking.gateway),
        clock: Arc::clone(&context.clock),
        interrupts: asking.interrupts.clone(),
        mode: settings.mode,
        settle_after: settings.settle_after,
        take_word: if asking.fix { TakeWord::Yes } else { TakeWord::No },
    };
    let reviews = Reviews::start(job, &uids).map_err(|error| Failure::io("start a thread", &error))?;
    let progress = context.ui.progress(u64::try_from(uids.len()).ok(), "asking the gateway");
    let mut course = Course::default();
    loop {
        match reviews.next(LOOK_EVERY) {
            Next::Ready(ready) => {
                for (place, review) in ready {
                    course.reached = place.saturating_add(1);
                    let Some(uid) = uids.get(place) else { continue };
                    course.hear(review.as_deref(), asking.gateway.gate().0);
                    if let ControlFlow::Break(failure) = one(review, uid, ledger, context, told) {
                        course.stopped.get_or_insert(failure);
                    }
                    progress.advance(1);
                }
                if course.stopped.is_some() {
                    reviews.stop();
                }
            }
            Next::Waiting => {}
            Next::Over => break,
        }
        if let Some(left) = course.new_pause(asking.gateway.gate().0) {
            let seconds = left.as_secs().saturating_add(1);
            context.ui.status(&format!("The gateway asks for a pause (HTTP 429): waiting {seconds} s."));
        }
    }
    drop(progress);
    told.none_asked(ledger, uids.get(course.reached..).unwrap_or_default())?;
    let unasked = course.reached < uids.len();
    Ok(course.stopped.or_else(|| match reviews.halted() {
        _ if asking.interrupts.requested() && unasked => Some(held_up(Held::Interrupted)),
        Some(halt) => Some(halted(halt)),
        None => None,
    }))
}

/// How far many reviews have come, and what ends them before their end.
#[derive(Default)]
struct Course {
    /// Up to here they were taken.
    reached: usize,
    in_vain: InVain,
    paused: bool,
    stopped: Option<Failure>,
}

impl Course {
    fn hear(&mut self, review: Option<&Review>, gate: Gate) {
        let answered = match review {
            Some(Ok(Reviewed { verdict: Verdict::Busy, .. })) => return,
            Some(Ok(reviewed)) => !has_no_answer(&reviewed.verdict),
            Some(Err(_)) | None => true,
        };
        let gave_up = self.in_vain.hear(answered, gate);
        self.stopped = self.stopped.take().or(gave_up);
    }

    /// How long the gateway wants a pause, when that is news.
    fn new_pause(&mut self, gate: Gate) -> Option<Duration> {
        let is_new = !self.paused && self.stopped.is_none();
        let Gate::Paused(left) = gate else {
            self.paused = false;
            return None;
        };
        self.paused = true;
        is_new.then_some(left)
    }
}

/// What was sent with another key has no answer in this account, however well the gateway answers.
fn has_no_answer(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unanswered { why, .. } if *why != Reason::OtherKey)
}

/// Tells of one review. A failure that would meet the next one too stops the work.
fn one(
    review: Option<Box<Review>>,
    uid: &MerchantUid,
    ledger: &Ledger,
    context: &mut Context<'_>,
    told: &mut Told,
) -> ControlFlow<Failure> {
    let Some(review) = review else {
        return ControlFlow::Break(Failure::local(format!("a bug cut off the question about {uid}")));
    };
    match *review {
        Ok(reviewed) => {
            let unreached = matches!(reviewed.verdict, Verdict::Unanswered { reached: false, .. });
            let failure = unreached.then(|| not_reached(&reviewed));
            if matches!(reviewed.verdict, Verdict::Stands) {
                differences(&reviewed, told, context);
            }
            told.add(context.settings, context.ui, reviewed);
            failure.map_or(ControlFlow::Continue(()), ControlFlow::Break)
        }
        Err(ReviewError::NoSuchPayment) => ControlFlow::Continue(()),
        Err(ReviewError::Ledger(error)) => ControlFlow::Break(Failure::from(error)),
        Err(ReviewError::Held(held)) => {
            if let Ok(Some(payment)) = ledger.find(uid) {
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
