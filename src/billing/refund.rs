//! The driver of one refund: it does what `domain::refund` says, with the real ledger, gateway and clock.
//!
//! A refund is looked at before a person is asked ([`prepare`]) and again, under the payment's lock, before it is
//! sent ([`refund`]): what it would be is what was shown, or nothing leaves.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::desk::{Desk, Waited, wait_for_lock};
use crate::billing::report::Held;
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::{
    self as rules, AfterRefund, Look, NotRefundable, Refund, RefundEnd, Shown, Split, SplitError,
};
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;
use crate::gateway::LookReply;
use crate::interrupt::NoValue;
use crate::ledger::{Entry, LedgerError, RefundClaim, RefundHeld, RefundIntent};

mod settling;

pub use crate::billing::refund::settling::{LookedInto, reconcile_refund, told};
use crate::billing::refund::settling::{as_they_would_be, settle_open};

/// How many interrupts end the wait for the answer to a refund.
const PATIENCE_SENT: u32 = 2;

/// A refund as it is asked for.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    pub merchant_uid: MerchantUid,
    /// Of the payment that goes back: its own, or another's under the same order.
    pub imp_uid: String,
    /// It was named by that, and not by its order.
    pub by_imp_uid: bool,
    /// How much; `None` is all that is left.
    pub amount: Option<Amount>,
    pub tax: Tax,
    /// Whether the profile says that tax parts matter.
    pub tax_matters: bool,
    pub reason: String,
    /// Ask for the merchant's webhook.
    pub notify: bool,
    /// One of the same amount since then is in the way; `None` lets a second one pass.
    pub similar_since: Option<Timestamp>,
    pub settle_after: Duration,
    pub lock_wait_max: Duration,
    pub operator: Option<String>,
}

/// A refund as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub shown: Shown,
    pub amount: Amount,
    pub tax: Tax,
    /// The order's refunds so far, as the ledger knows them now.
    pub others: Vec<Refund>,
    pub record: Box<GatewayRecord>,
}

impl Prepared {
    /// What is left once it is refunded.
    #[must_use]
    pub fn left(&self) -> Amount {
        let balance = self.shown.balance();
        Amount::from_minor(balance.minor().saturating_sub(self.amount.minor()), balance.currency())
    }
}

/// Why nothing is sent.
#[derive(Debug)]
pub enum NotSent {
    /// The payment was never charged, as far as the ledger knows.
    NotPaid(Box<Payment>),
    /// What the gateway shows cannot be refunded so.
    NotRefundable(NotRefundable),
    /// How the tax is split is for a person to say.
    Tax(SplitError),
    /// Another refund of the same payment is open, or was made a moment ago.
    InTheWay(Box<Refund>),
    /// The balance is another than the one that was shown.
    Moved {
        shown: Amount,
        balance: Amount,
    },
    /// The gateway gave no answer that says what can be refunded.
    NoAnswer(Reason),
    Held(Held),
    /// Another process kept the payment to itself for too long.
    Busy {
        waited: Duration,
    },
}

/// How a refund ended.
#[derive(Debug)]
pub struct RefundReport {
    pub refund: Refund,
    pub payment: Payment,
    /// What the gateway shows of the payment now, where it was looked at afterwards.
    pub shown: Option<Shown>,
    /// Why this run sent nothing after all.
    pub held: Option<Held>,
    /// From when on it can be settled for good, by the wall clock.
    pub settles_at: Option<Timestamp>,
}

/// What is told while a refund is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Another process is at the payment.
    WaitingForOther,
    /// It is out, and somebody wants to stop.
    StillWaiting,
}

/// A failure of this side.
#[derive(Debug)]
pub enum RefundError {
    /// Before the send: nothing was sent.
    Ledger(LedgerError),
    /// After the send: what came back must not be lost with the disk.
    AnswerNotRecorded {
        error: LedgerError,
        refund: Box<Refund>,
        outcome: RefundOutcome,
        received: Box<Received>,
    },
}

impl From<LedgerError> for RefundError {
    fn from(error: LedgerError) -> RefundError {
        RefundError::Ledger(error)
    }
}

/// Looks at what would be refunded. Open refunds of the payment are settled first, as far as the gateway shows
/// them. Nothing is sent.
pub fn prepare(desk: &mut Desk<'_>, order: &RefundOrder) -> Result<Result<Prepared, NotSent>, LedgerError> {
    let looked = match looked_at(desk, order)? {
        Ok(looked) => looked,
        Err(why) => return Ok(Err(why)),
    };
    settle_open(desk, order, &looked)?;
    let others = desk.ledger.refunds(&order.merchant_uid)?;
    Ok(plan(order, &looked.payment, others, looked.reply))
}

/// The same for a run that writes nothing: what the gateway shows of open refunds counts, and is for it alone.
pub fn foresee(desk: &Desk<'_>, order: &RefundOrder) -> Result<Result<Prepared, NotSent>, LedgerError> {
    let looked = match looked_at(desk, order)? {
        Ok(looked) => looked,
        Err(why) => return Ok(Err(why)),
    };
    let others = as_they_would_be(desk, order, &looked)?;
    Ok(plan(order, &looked.payment, others, looked.reply))
}

/// A payment that is to be refunded, and what the gateway shows of it.
struct LookedAt {
    payment: Payment,
    reply: LookReply,
    asked_at: SendMark,
}

fn looked_at(desk: &Desk<'_>, order: &RefundOrder) -> Result<Result<LookedAt, NotSent>, LedgerError> {
    let Some(payment) = desk.ledger.find(&order.merchant_uid)? else {
        return Ok(Err(NotSent::NotRefundable(NotRefundable::NotPaid(None))));
    };
    if payment.outcome != Outcome::Paid {
        return Ok(Err(NotSent::NotPaid(Box::new(payment))));
    }
    Ok(match look(desk, &payment, &order.imp_uid) {
        Ok((reply, asked_at)) => Ok(LookedAt { payment, reply, asked_at }),
        Err(held) => Err(NotSent::Held(held)),
    })
}

fn look(desk: &Desk<'_>, payment: &Payment, imp_uid: &str) -> Result<(LookReply, SendMark), Held> {
    desk.have_token()?;
    // Before the look-up: what it shows is no younger than this.
    let asked_at = desk.take_mark();
    let is_its_own = payment.imp_uid.as_deref() == Some(imp_uid);
    let expected = is_its_own.then_some(payment.terms.amount);
    let (imp_uid, currency) = (imp_uid.to_owned(), payment.terms.amount.currency());
    let reply = desk.unsent(move |gateway| gateway.look_at(&imp_uid, expected, currency))?;
    Ok((reply, asked_at))
}

fn plan(
    order: &RefundOrder,
    payment: &Payment,
    others: Vec<Refund>,
    reply: LookReply,
) -> Result<Prepared, NotSent> {
    let (shown, record) = match (reply.look, reply.record) {
        (Look::Shown(shown), Some(record)) => (shown, record),
        (look, _) => {
            return Err(match (reply.not_refundable, look) {
                (Some(why), _) => NotSent::NotRefundable(why),
                (None, Look::Odd(reason) | Look::NoAnswer(reason)) => NotSent::NoAnswer(reason),
                (None, Look::Shown(_)) => NotSent::NotRefundable(NotRefundable::Unreadable),
            });
        }
    };
    rules::balance_is_certain(&order.imp_uid, &others, &shown).map_err(NotSent::NoAnswer)?;
    let is_its_own = payment.imp_uid.as_deref() == Some(&order.imp_uid);
    let noted = payment.outside.clone().filter(|_| is_its_own);
    let nothing = Amount::from_minor(0, shown.paid.currency());
    let before = payment.cancel_amount.unwrap_or(nothing);
    let outside = noted.and_then(|outside| outside.beside(before, shown.refunded, shown.paid));
    let outside = outside.map(|outside| outside.amount);
    let amount = rules::how_much_beside(order.amount, &shown, outside).map_err(NotSent::NotRefundable)?;
    let ours: Vec<&Refund> = others
        .iter()
        .filter(|other| other.imp_uid == order.imp_uid && (other.is_to_show() || other.is_noted_back()))
        .collect();
    let parts: Vec<Tax> = ours.iter().map(|other| other.tax).collect();
    // Of a refund that was made elsewhere nobody here knows the parts.
    let to_show = ours.iter().filter(|other| other.is_to_show());
    let all_ours = to_show.map(|other| other.amount.minor()).sum::<i64>() == shown.refunded.minor();
    let money = Split {
        paid: shown.paid,
        charged: payment.tax.filter(|_| is_its_own),
        matters: order.tax_matters,
        balance: shown.balance(),
        refunded: all_ours.then_some(&parts),
        amount,
    };
    let tax = rules::split(&money, &order.tax).map_err(NotSent::Tax)?;
    Ok(Prepared { shown, amount, tax, others, record })
}

/// Sends what was prepared, once, under the payment's lock; before that it is looked at again.
pub fn refund(
    desk: &mut Desk<'_>,
    order: &RefundOrder,
    prepared: &Prepared,
    id: RefundId,
    tell: &mut dyn FnMut(Notice),
) -> Result<Result<RefundReport, NotSent>, RefundError> {
    let lock = match wait_for_lock(desk, &order.merchant_uid, order.lock_wait_max, &mut || {
        tell(Notice::WaitingForOther);
    })? {
        Waited::Locked(lock) => lock,
        Waited::Interrupted => return Ok(Err(NotSent::Held(Held::Interrupted))),
        Waited::TooLong => return Ok(Err(NotSent::Busy { waited: order.lock_wait_max })),
    };
    let Some(payment) = desk.ledger.find(&order.merchant_uid)? else {
        return Ok(Err(NotSent::NotRefundable(NotRefundable::NotPaid(None))));
    };
    let (reply, _) = match look(desk, &payment, &order.imp_uid) {
        Ok(looked) => looked,
        Err(held) => return Ok(Err(NotSent::Held(held))),
    };
    let others = desk.ledger.refunds(&order.merchant_uid)?;
    let again = match plan(order, &payment, others, reply) {
        Ok(again) => again,
        Err(why) => return Ok(Err(why)),
    };
    // What changed the balance may have been another run of the same.
    let (imp_uid, since) = (&order.imp_uid, order.similar_since);
    if let Some(other) = rules::in_the_way(&again.others, imp_uid, again.amount, since) {
        return Ok(Err(NotSent::InTheWay(Box::new(other.clone()))));
    }
    if again.shown.balance() != prepared.shown.balance()
        || (again.amount, again.tax) != (prepared.amount, prepared.tax)
    {
        let (shown, balance) = (prepared.shown.balance(), again.shown.balance());
        return Ok(Err(NotSent::Moved { shown, balance }));
    }
    if let Err(held) = desk.have_token() {
        return Ok(Err(NotSent::Held(held)));
    }
    let sent = desk.take_mark();
    let (uid, paid) = (order.merchant_uid.clone(), again.shown.paid);
    let refund = Refund {
        amount: again.amount,
        balance_before: again.shown.balance(),
        tax: again.tax,
        reason: order.reason.clone(),
        account: desk.gateway.account().to_owned(),
        operator: order.operator.clone(),
        ..Refund::asked(id.clone(), uid, &order.imp_uid, paid, sent)
    };
    let intent = RefundIntent { refund: refund.clone(), similar_since: order.similar_since };
    match desk.ledger.write(Entry::Refund(Box::new(intent)))?.refund_claim(id, lock) {
        Ok(claim) => {
            let run = Run { desk, order, refund, others: again.others, payment };
            run.send(claim, tell).map(Ok)
        }
        Err(RefundHeld::InTheWay(other)) => Ok(Err(NotSent::InTheWay(other))),
        Err(RefundHeld::NotPaid) => Ok(Err(NotSent::NotPaid(Box::new(payment)))),
    }
}

/// One refund that was claimed.
struct Run<'a, 'd> {
    desk: &'a mut Desk<'d>,
    order: &'a RefundOrder,
    refund: Refund,
    others: Vec<Refund>,
    payment: Payment,
}

impl Run<'_, '_> {
    /// Lets the request go, and once more after an answer that proved that it was not processed.
    fn send(mut self, claim: RefundClaim, tell: &mut dyn FnMut(Notice)) -> Result<RefundReport, RefundError> {
        let mut renewed = false;
        loop {
            let (gateway, refund, notify) =
                (Arc::clone(&self.desk.gateway), self.refund.clone(), self.order.notify);
            if self.desk.interrupts.requested() {
                return self.hold(claim, Held::Interrupted);
            }
            if self.desk.held_up(&self.refund.sent, self.order.settle_after) {
                return self.hold(claim, Held::NotReached(Reason::HeldUp));
            }
            let job = move || gateway.refund(&refund, notify);
            let reply = self.desk.interrupts.run(PATIENCE_SENT, job, &mut || tell(Notice::StillWaiting));
            let reply = match reply {
                Ok(reply) => reply,
                Err(NoValue::NeverBegan) => return self.hold(claim, Held::NotReached(Reason::NoThread)),
                Err(NoValue::GivenUp) => {
                    let received = Received::nothing(Reason::WaitGivenUp);
                    return self.end(claim, RefundEnd::Unknown(Reason::WaitGivenUp), None, &received);
                }
            };
            match rules::answered(&self.refund, &self.others, &reply.answer, renewed) {
                AfterRefund::Settle(end) => {
                    let record = reply.answer.record().cloned().map(Box::new);
                    return self.end(claim, end, record, &reply.received);
                }
                AfterRefund::LookUp(said) => {
                    let at = self.desk.clock.now().wall;
                    let heard = reply.received.clone();
                    let heard =
                        if said.is_some() { claim.refused(at, heard) } else { claim.taken(at, heard) };
                    let recorded = self.desk.ledger.write(heard);
                    let _ = recorded
                        .map_err(|error| self.not_recorded(error, RefundOutcome::Unknown, &reply.received))?;
                    let looked = look(self.desk, &self.payment, &self.order.imp_uid);
                    let (look, record, received) = match looked {
                        Ok((looked, _)) => (looked.look, looked.record, looked.received),
                        Err(held) => (Look::NoAnswer(held.reason()), None, Received::nothing(held.reason())),
                    };
                    let pg = self.payment.pg_provider.as_deref();
                    let end = rules::found_after(&self.refund, &self.others, pg, said.as_ref(), &look);
                    // The row's code is that of the refusal, not of the look-up.
                    let received = Received { code: reply.received.code, ..received };
                    return self.end(claim, end, record, &received);
                }
                AfterRefund::Renew => {}
            }
            if let Err(held) = self.desk.renew_token() {
                return self.hold(claim, held);
            }
            let mark = self.desk.take_mark();
            let _ = self.desk.ledger.write(claim.resend(mark.wall, mark.clone(), reply.received))?;
            self.refund.sent = mark;
            renewed = true;
        }
    }

    /// It did not leave.
    fn hold(self, claim: RefundClaim, held: Held) -> Result<RefundReport, RefundError> {
        let end = RefundEnd::NotSent(held.reason());
        let mut report = self.end(claim, end, None, &Received::default())?;
        report.held = Some(held);
        Ok(report)
    }

    fn end(
        self,
        claim: RefundClaim,
        end: RefundEnd,
        record: Option<Box<GatewayRecord>>,
        received: &Received,
    ) -> Result<RefundReport, RefundError> {
        let (at, outcome) = (self.desk.clock.now().wall, end.outcome());
        let shown = record.as_deref().and_then(|record| rules::shown(record, self.refund.paid).ok());
        let writing = self.desk.ledger.begin(claim.ended(at, end, record, received.clone()));
        let written = writing.wait().map_err(|error| self.not_recorded(error, outcome, received))?;
        let stored = self.desk.ledger.find_refund(&self.refund.id);
        let refund = stored.map_err(|error| self.not_recorded(error, outcome, received))?;
        let refund = refund.unwrap_or(self.refund);
        let by_silence = refund.outcome.is_open() && refund.is_settled_by_silence(self.payment.pg());
        let settles_at =
            by_silence.then(|| self.desk.settles_at(&refund.sent, self.order.settle_after)).flatten();
        Ok(RefundReport { refund, payment: written.payment, shown, held: None, settles_at })
    }

    fn not_recorded(&self, error: LedgerError, outcome: RefundOutcome, received: &Received) -> RefundError {
        let (refund, received) = (Box::new(self.refund.clone()), Box::new(received.clone()));
        RefundError::AnswerNotRecorded { error, refund, outcome, received }
    }
}
