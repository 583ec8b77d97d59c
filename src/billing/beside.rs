//! Open orders of the same customer and amount, cleared up before another one goes out beside them
//! (contract, rule 12). What is decided is decided in `domain::beside`.

use jiff::Timestamp;

use crate::billing::desk::{Asked, Desk, Waited, wait_for_lock};
use crate::billing::reconcile::{ReviewError, Verdict, reconcile};
use crate::billing::report::Held;
use crate::billing::request::{Charge, Notice};
use crate::domain::beside::{self, Beside, Seen as AsSeen};
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::{Finding, LookedUp, Open};
use crate::domain::payment::{Outcome, Payment, Terms};
use crate::domain::protocol::{Review, review};
use crate::domain::reason::Reason;
use crate::ledger::{LedgerError, Passed, Seen};

/// How often an order is waited for that one process after another is at.
const TURNS_MAX: u32 = 6;

/// What stands beside a charge.
#[derive(Debug)]
pub enum Cleared {
    /// It may pass by these. `asides` are to be told.
    Passed {
        passed: Vec<Passed>,
        asides: Vec<Reason>,
    },
    /// One of them took the same money a moment ago.
    Alike(Box<Payment>),
    /// Of one of them nobody knows yet.
    Waits(Waits),
    Interrupted,
}

impl Cleared {
    /// There is none, or nobody has to look.
    #[must_use]
    pub fn none() -> Cleared {
        Cleared::Passed { passed: Vec::new(), asides: Vec::new() }
    }
}

/// An open order that has to be waited for.
#[derive(Clone, Debug)]
pub struct Waits {
    pub other: Box<Payment>,
    pub why: Reason,
    /// When the wait is over, by the wall clock, where time ends it.
    pub until: Option<Timestamp>,
}

/// One open order as a look leaves it.
struct Looked {
    /// As it stands by what was seen, written down or not.
    other: Payment,
    /// As the ledger has it.
    kept: Seen,
    nothing_shown: bool,
    why: Reason,
    until: Option<Timestamp>,
    /// Whether its own process has come to its end meanwhile, and tells it.
    told: bool,
}

/// What has come of one open order.
enum One {
    Passed(Passed, Option<Reason>),
    Ends(Cleared),
}

/// Waits for whoever is at one of them, asks the gateway about each that is open still, and writes that down.
/// No lock is held: of two orders that are open each may be waiting for the other.
pub(super) fn clear(
    desk: &mut Desk<'_>,
    order: &Charge,
    open: &[Payment],
    tell: &mut dyn FnMut(Notice),
) -> Result<Cleared, LedgerError> {
    all(open, |payment| match settle(desk, order, payment, tell)? {
        Ok(looked) => Ok(judged(desk, order, looked)),
        Err(cleared) => Ok(One::Ends(cleared)),
    })
}

/// The same look ahead: nobody is waited for, and nothing is written.
pub fn look_beside(desk: &Desk<'_>, order: &Charge) -> Result<Cleared, LedgerError> {
    let open = desk.ledger.open_beside(&order.request.terms)?;
    all(&open, |payment| {
        let looked =
            if needs_a_look(desk, order, payment) { asked(desk, order, payment)? } else { as_it_is(payment) };
        Ok(judged(desk, order, looked))
    })
}

fn all(
    open: &[Payment],
    mut one: impl FnMut(&Payment) -> Result<One, LedgerError>,
) -> Result<Cleared, LedgerError> {
    let (mut passed, mut asides) = (Vec::new(), Vec::new());
    for payment in open {
        match one(payment)? {
            One::Passed(other, aside) => {
                passed.push(other);
                asides.extend(aside);
            }
            One::Ends(cleared) => return Ok(cleared),
        }
    }
    Ok(Cleared::Passed { passed, asides })
}

fn needs_a_look(desk: &Desk<'_>, order: &Charge, payment: &Payment) -> bool {
    beside::needs_a_look(payment, desk.has_waited(payment, order.settle_after))
}

/// An order that needs no look, or whose own process has just come to its end.
fn as_it_is(payment: &Payment) -> Looked {
    Looked {
        kept: Seen::of(payment),
        other: payment.clone(),
        nothing_shown: true,
        why: Reason::NotShownYet,
        until: None,
        told: true,
    }
}

/// Waits for its process, and settles what is still open then. An error is an end of its own.
fn settle(
    desk: &mut Desk<'_>,
    order: &Charge,
    payment: &Payment,
    tell: &mut dyn FnMut(Notice),
) -> Result<Result<Looked, Cleared>, LedgerError> {
    let uid = &payment.terms.merchant_uid;
    for _ in 0..TURNS_MAX {
        match wait_for_lock(desk, uid, order.lock_wait_max, &mut || tell(Notice::WaitingForOther(uid)))? {
            Waited::Locked(lock) => drop(lock),
            Waited::Interrupted => return Ok(Err(Cleared::Interrupted)),
            Waited::TooLong => break,
        }
        let Some(now) = desk.ledger.find(uid)? else { return Ok(Ok(as_it_is(payment))) };
        if !needs_a_look(desk, order, &now) {
            return Ok(Ok(as_it_is(&now)));
        }
        if let Some(ended) = reviewed(desk, order, uid, &now)? {
            return Ok(ended);
        }
    }
    Ok(Err(Cleared::Waits(waits(payment, Reason::AtWork, None))))
}

/// Settles an open order by the gateway's word; `None` where another process has come to it again.
fn reviewed(
    desk: &mut Desk<'_>,
    order: &Charge,
    uid: &MerchantUid,
    now: &Payment,
) -> Result<Option<Result<Looked, Cleared>>, LedgerError> {
    let reviewed = match reconcile(desk, uid, order.request.terms.mode, order.settle_after) {
        Ok(reviewed) => reviewed,
        Err(ReviewError::Ledger(error)) => return Err(error),
        Err(ReviewError::NoSuchPayment) => return Ok(None),
        Err(ReviewError::Held(Held::Interrupted)) => return Ok(Some(Err(Cleared::Interrupted))),
        Err(ReviewError::Held(held)) => {
            return Ok(Some(Err(Cleared::Waits(waits(now, held.reason(), None)))));
        }
    };
    let (nothing_shown, why, until) = match reviewed.verdict {
        Verdict::Busy => return Ok(None),
        Verdict::Settled | Verdict::Stands => {
            (true, Reason::NotShownYet, desk.wait_ends_at(&reviewed.payment, order.settle_after))
        }
        Verdict::Open { why, try_again_at, .. } => (false, why, try_again_at),
        Verdict::Unanswered { why, .. } | Verdict::Contradicted { why, .. } => (false, why, None),
    };
    let (kept, other) = (Seen::of(&reviewed.payment), reviewed.payment);
    Ok(Some(Ok(Looked { other, kept, nothing_shown, why, until, told: false })))
}

/// What the gateway's word makes of an open order, without writing it down.
fn asked(desk: &Desk<'_>, order: &Charge, payment: &Payment) -> Result<Looked, LedgerError> {
    let terms = Terms { mode: order.request.terms.mode, ..payment.terms.clone() };
    let Asked { finding, waited, .. } = desk.ask(&terms, Some(payment), order.settle_after, None)?;
    let mut looked = Looked {
        until: desk.wait_ends_at(payment, order.settle_after).filter(|_| !waited),
        told: false,
        ..as_it_is(payment)
    };
    match review(payment.outcome, &finding, waited) {
        Review::Settle(looked_up) => looked.other = as_looked_up(payment, &looked_up),
        Review::Keep => {}
        Review::StayUnknown(why) | Review::Contradicted(why) => {
            looked.nothing_shown = false;
            looked.why = why;
        }
    }
    if let Finding::NoAnswer { reason, .. } = finding {
        (looked.nothing_shown, looked.why, looked.until) = (false, reason, None);
    }
    Ok(looked)
}

/// A row as a look-up would leave it, as far as it is looked at here.
fn as_looked_up(row: &Payment, looked_up: &LookedUp) -> Payment {
    let outcome = looked_up.outcome().unwrap_or(row.outcome);
    let payment = Payment { outcome, ..row.clone() };
    if let LookedUp::Declined(declines) = looked_up {
        let message = declines.last.fail_reason.clone();
        let Open { unanswered, doubts } = declines.leave_open(row);
        return Payment { message, unanswered, doubts, ..payment };
    }
    payment
}

fn judged(desk: &Desk<'_>, order: &Charge, looked: Looked) -> One {
    let Looked { other, kept, nothing_shown, why, until, told } = looked;
    let seen = AsSeen {
        outcome: other.outcome,
        open: beside::is_open(&other),
        nothing_shown,
        waited: desk.has_waited(&other, order.settle_after),
        sent_ago: desk.send_age(&other).unwrap_or_default(),
        may_be_alike: order.beside.allow_similar || (order.beside.once_per && other.once_per),
    };
    match beside::judge(&seen) {
        Beside::Goes => {
            let uid = other.terms.merchant_uid.clone();
            // Who knows it already is not told.
            let agreed = told || (other.outcome == Outcome::Paid && seen.may_be_alike);
            let aside = (!agreed).then(|| aside(&other));
            One::Passed(Passed { uid, seen: kept }, aside)
        }
        Beside::Alike => One::Ends(Cleared::Alike(Box::new(other))),
        Beside::Waits => One::Ends(Cleared::Waits(waits(&other, why, until))),
    }
}

fn aside(other: &Payment) -> Reason {
    let order = other.terms.merchant_uid.to_string();
    if beside::is_open(other) || other.outcome == Outcome::NotSent {
        Reason::BesideNotShown { order }
    } else {
        Reason::BesideSettled { order, outcome: other.outcome.word().to_owned() }
    }
}

fn waits(other: &Payment, why: Reason, until: Option<Timestamp>) -> Waits {
    let order = other.terms.merchant_uid.to_string();
    let why = Reason::OpenBeside { order, why: Box::new(why) };
    Waits { other: Box::new(other.clone()), why, until }
}
