//! The driver of one charge: it does what `domain::protocol` says, with the real ledger, the real
//! gateway and the real clock, and decides nothing that the protocol decides.
//!
//! Charge is everything. The payment's lock is taken, the row is read, the token is at hand, the
//! intent is committed, the request leaves, the answer is committed. No transaction is open while
//! HTTP is. Each step takes what the one before handed it: a request leaves only with a claim, and
//! the claim goes with the last write.

use std::sync::Arc;

use jiff::Timestamp;

use crate::billing::beside::{Cleared, Waits, clear};
use crate::billing::charged::Charged;
use crate::billing::desk::{Asked, Desk, Waited, wait_for_lock};
use crate::billing::report::{ChargeError, Ended, Held, Report, mode_denied};
use crate::billing::request::{Charge, Hold, KNOWN_FOR, Known, Leave, Notice, stored};
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::Standing;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received};
use crate::domain::protocol::{self, Before, BeforeSend, Opening};
use crate::domain::reason::Reason;
use crate::domain::time::{Moment, SendMark, from_epoch_s};
use crate::ledger::{Claiming, Entry, Guards, Intent, LedgerError, Passed, PaymentLock, Seen};

mod sent;

/// How often a charge begins anew because somebody else came first.
const BEGINNINGS_MAX: u32 = 6;

/// Charges once, or finds out what became of it.
pub fn charge(
    desk: &mut Desk<'_>,
    order: &Charge,
    tell: &mut dyn FnMut(Notice),
) -> Result<Ended, ChargeError> {
    charge_and_write(desk, order, tell)?.wait()
}

/// Like [`charge`], but does not wait until a direct answer that says paid is durable: whoever has
/// more to charge can do that meanwhile. Whatever else the end is, it is durable.
pub(super) fn charge_and_write(
    desk: &mut Desk<'_>,
    order: &Charge,
    tell: &mut dyn FnMut(Notice),
) -> Result<Charged, ChargeError> {
    let uid = &order.request.terms.merchant_uid;
    let known = order.known.as_ref().is_some_and(|known| known.is_fresh(&desk.clock.now()));
    let passed = if known { order.beside.passed.clone() } else { Vec::new() };
    let request = Arc::clone(&order.request);
    let mut run = Run { desk, order, request, tell, passed, asides: Vec::new() };
    let mut beginnings = 0;
    while beginnings < BEGINNINGS_MAX {
        let waits = &mut || (run.tell)(Notice::WaitingForOther(uid));
        let lock = match wait_for_lock(run.desk, uid, order.lock_wait_max, waits)? {
            Waited::Locked(lock) => lock,
            Waited::Interrupted => return Ok(Charged::Known(Ended::Interrupted)),
            Waited::TooLong => break,
        };
        let over = match run.open(lock)? {
            Step::Over(charged) => Some(charged),
            Step::Anew => {
                beginnings += 1;
                None
            }
            // What is cleared up is not begun anew for want of luck.
            Step::Beside { row, open } => run.clear(row.as_deref(), &open)?,
        };
        if let Some(charged) = over {
            return Ok(charged);
        }
    }
    let payment = run.desk.ledger.find(uid)?.map(Box::new);
    Ok(Charged::Known(Ended::Busy { payment, waited: order.lock_wait_max }))
}

/// One run. What its steps hand on they hand on by value.
struct Run<'a, 'd> {
    desk: &'a mut Desk<'d>,
    order: &'a Charge,
    /// What is sent: as it was asked for, with the tax parts that the row may already stand for at the gateway.
    request: Arc<ChargeRequest>,
    tell: &'a mut dyn FnMut(Notice),
    /// Open orders of the same customer and amount that this one may pass by.
    passed: Vec<Passed>,
    /// What is to be told of those.
    asides: Vec<Reason>,
}

/// How far a beginning has come.
enum Step {
    Over(Charged),
    /// Somebody else came first.
    Anew,
    /// Other orders have to be cleared up first. The payment's own lock is let go meanwhile.
    Beside {
        row: Option<Box<Payment>>,
        open: Vec<Payment>,
    },
}

impl Run<'_, '_> {
    /// Reads the row under the payment's lock.
    fn open(&mut self, lock: PaymentLock) -> Result<Step, ChargeError> {
        let Charge { request, retry, leave: Leave { unasked, .. }, .. } = self.order;
        let Some(row) = self.desk.ledger.find(&request.terms.merchant_uid)? else {
            let before = Before::First { retry: *retry, unasked: *unasked };
            return self.ask_first(lock, before, None);
        };
        self.request = match row.tax_kept() {
            Some(tax) if tax != request.tax() => Arc::new(ChargeRequest::clone(request).with_tax(tax)),
            Some(_) | None => Arc::clone(request),
        };
        match protocol::open(&stored(&row, request), *retry, *unasked) {
            Opening::Replay => Ok(known(Ended::Answered(Box::new(Report::of_stored(row))))),
            Opening::RefuseOtherTerms => Ok(known(Ended::OtherTerms(Box::new(row)))),
            Opening::Ask(before) => self.ask_first(lock, before, Some(&row)),
        }
    }

    /// Asks the gateway for every payment under the merchant_uid before anything is sent.
    fn ask_first(
        &mut self,
        lock: PaymentLock,
        before: Before,
        row: Option<&Payment>,
    ) -> Result<Step, ChargeError> {
        let Charge { request, settle_after, known: told, .. } = self.order;
        let asked = self.desk.ask(&request.terms, row, *settle_after, told.as_ref())?;
        let nothing_new = asked.nothing_new();
        let Asked { known: Known { reply, asked_at }, finding, waited, held, .. } = asked;
        let received = reply.received().clone();
        let shown = reply.shown();
        let more = More { replayed: true, held, ..More::default() };
        match protocol::found_before(before, finding, waited) {
            BeforeSend::Settle(looked_up) => {
                let found = matches!((before, &looked_up), (Before::First { .. }, LookedUp::Paid(_)));
                let more = More { sandbox_flag: looked_up.sandbox_flag(), found, ..more };
                let written = self.record(row, looked_up, received, shown)?;
                Ok(self.over(written, more))
            }
            BeforeSend::GiveUp(reason) => {
                let held = more.held.clone().unwrap_or(Held::NotReached(reason));
                self.hold(row, received, shown, More { held: Some(held), ..more })
            }
            BeforeSend::HoldUntil(reason, until_s) => {
                let (held, until) = (Some(Held::NotReached(reason)), from_epoch_s(until_s));
                self.hold(row, received, shown, More { held, until, ..more })
            }
            BeforeSend::Refuse(record, why) => self.refuse(row, received, shown, record, why),
            BeforeSend::Replay { in_vain } => {
                let written = self.record(row, nothing_new, received, shown)?;
                // The stored outcome is the answer, be the gateway reached or not.
                let held = more.held.clone().filter(|held| *held == Held::Interrupted);
                Ok(self.over(written, More { held, in_vain, ..more }))
            }
            BeforeSend::Doubt(reason) => {
                let written = self.record(row, LookedUp::Nothing, received, shown)?;
                // What the row says is of the request that was answered, and not the whole truth.
                let doubted = |row| Payment { outcome: Outcome::Unknown, reason: Some(reason), ..row };
                Ok(self.over(written.map(doubted), more))
            }
            BeforeSend::Claim { declines, aside } => {
                let row = match declines {
                    Some(declines) => {
                        match self.record(row, LookedUp::Declined(declines), received, shown)? {
                            Some(row) => Some(row),
                            None => return Ok(Step::Anew),
                        }
                    }
                    None => row.cloned(),
                };
                self.claim(lock, row.as_ref(), (&asked_at, shown), aside.as_ref())
            }
        }
    }

    /// Nothing is sent yet: the row stays as it was, and a charge that was never asked for before is written
    /// down as not sent.
    fn hold(
        &mut self,
        row: Option<&Payment>,
        received: Received,
        shown: &[GatewayRecord],
        more: More,
    ) -> Result<Step, ChargeError> {
        let more = More { replayed: row.is_some_and(|row| row.outcome != Outcome::NotSent), ..more };
        let written = match (row, &more.held) {
            (None, Some(held)) => {
                let entry = Entry::NeverBegun { intent: self.intent(None, shown).0, reason: held.reason() };
                Some(self.desk.ledger.write(entry)?.payment)
            }
            (_, _) => self.record(row, LookedUp::Nothing, received, shown)?,
        };
        Ok(self.over(written, more))
    }

    /// The order stands for another payment: what was seen is kept, under a row that is not sent where there was
    /// none.
    fn refuse(
        &mut self,
        row: Option<&Payment>,
        received: Received,
        shown: &[GatewayRecord],
        record: Box<GatewayRecord>,
        why: Reason,
    ) -> Result<Step, ChargeError> {
        let written = match row {
            Some(_) => self.record(row, LookedUp::Nothing, received, shown)?,
            None => {
                let (intent, _) = self.intent(None, shown);
                Some(self.desk.ledger.write(Entry::NeverBegun { intent, reason: why.clone() })?.payment)
            }
        };
        let refused = |payment| Charged::Known(Ended::OtherAtGateway { payment: Some(payment), record, why });
        Ok(written.map_or(Step::Anew, |payment| Step::Over(refused(Box::new(payment)))))
    }

    /// Writes down what a look-up makes of a row, or of an order that has none; `None` where the row has moved
    /// meanwhile.
    fn record(
        &mut self,
        row: Option<&Payment>,
        looked_up: LookedUp,
        received: Received,
        shown: &[GatewayRecord],
    ) -> Result<Option<Payment>, LedgerError> {
        let entry = match row {
            Some(row) => {
                let (uid, at) = (row.terms.merchant_uid.clone(), self.desk.clock.now().wall);
                Entry::Lookup { uid, seen: Seen::of(row), at, looked_up, received, shown: shown.to_vec() }
            }
            None => Entry::Found { intent: self.intent(None, shown).0, looked_up, received },
        };
        Ok(self.desk.ledger.write(entry)?.as_asked())
    }

    /// The charge as it is now to be written down, and the time on every clock.
    fn intent(&self, row: Option<&Payment>, shown: &[GatewayRecord]) -> (Intent, SendMark) {
        let mark = self.desk.take_mark();
        let intent = Intent {
            request: Arc::clone(&self.request),
            once_per: self.order.beside.once_per,
            at: mark.wall,
            mark: mark.clone(),
            account: self.desk.gateway.account().to_owned(),
            note: self.order.note.clone(),
            operator: self.order.operator.clone(),
            host: self.order.host.clone(),
            expected: row.map(Seen::of),
            guards: Guards { passed: Some(self.passed.clone()), ..self.order.guards.clone() },
            shown: shown.to_vec(),
        };
        (intent, mark)
    }

    /// Writes the intent. The token comes first: after the intent nothing may be left to do but
    /// the send.
    fn claim(
        &mut self,
        lock: PaymentLock,
        row: Option<&Payment>,
        (asked_at, shown): (&Moment, &[GatewayRecord]),
        aside: Option<&Reason>,
    ) -> Result<Step, ChargeError> {
        // Nothing is written for it: whoever closed the way begins this charge anew, or leaves it.
        if self.order.leave.gate.as_ref().is_some_and(|gate| !gate.is_open()) {
            return Ok(known(Ended::Interrupted));
        }
        if let Some(Hold { why, until }) = &self.order.leave.hold {
            let (held, until) = (Some(Held::NotReached(why.clone())), *until);
            return self.hold(row, Received::default(), shown, More { held, until, ..More::default() });
        }
        let mut open = self.desk.ledger.open_beside(&self.order.request.terms)?;
        open.retain(|other| !self.may_pass(other));
        if !open.is_empty() {
            return Ok(Step::Beside { row: row.cloned().map(Box::new), open });
        }
        if self.order.leave.unconfirmed {
            let held = Some(Held::NotReached(Reason::Unconfirmed));
            return self.hold(row, Received::default(), shown, More { held, ..More::default() });
        }
        let token =
            if self.desk.interrupts.requested() { Err(Held::Interrupted) } else { self.desk.have_token() };
        // An answer that has grown old while the token was waited for is asked for again.
        if token.is_ok() && self.desk.clock.now().since(asked_at).is_none_or(|age| age > KNOWN_FOR) {
            return Ok(Step::Anew);
        }
        let (intent, mark) = self.intent(row, shown);
        if let Err(held) = token {
            let entry = Entry::NeverBegun { intent, reason: held.reason() };
            let payment = self.desk.ledger.write(entry)?.payment;
            let more = More { held: Some(held), ..More::default() };
            return Ok(Step::Over(self.answered(payment, more)));
        }
        if let Some(aside) = aside {
            (self.tell)(Notice::Aside(aside));
        }
        match self.desk.ledger.claim(intent, lock)? {
            Claiming::Won(claim, payment) => self.send(claim, &payment, mark).map(Step::Over),
            Claiming::Lost => Ok(Step::Anew),
            Claiming::Open(other) => Ok(Step::Beside { row: row.cloned().map(Box::new), open: vec![*other] }),
            Claiming::Similar(payment) => Ok(known(Ended::Similar(payment))),
            Claiming::OverDaily { spent, max } => Ok(known(Ended::OverDaily { spent, max })),
        }
    }

    fn may_pass(&self, other: &Payment) -> bool {
        let (uid, seen) = (&other.terms.merchant_uid, Seen::of(other));
        self.passed.iter().any(|passed| passed.uid == *uid && passed.seen == seen)
    }

    /// Clears up open orders of the same customer and amount; `None` where the charge goes on from its
    /// beginning. `row` is its own, as it was when its lock was let go.
    fn clear(&mut self, row: Option<&Payment>, open: &[Payment]) -> Result<Option<Charged>, ChargeError> {
        let waits = match clear(self.desk, self.order, open, self.tell)? {
            Cleared::Passed { passed, asides } => {
                self.passed.extend(passed);
                self.asides.extend(asides);
                return Ok(None);
            }
            Cleared::Alike(other) => return Ok(Some(Charged::Known(Ended::Similar(other)))),
            Cleared::Interrupted => return Ok(Some(Charged::Known(Ended::Interrupted))),
            Cleared::Waits(waits) => waits,
        };
        let uid = &self.order.request.terms.merchant_uid;
        let lock = self.desk.ledger.lock_payment(uid)?;
        let now = self.desk.ledger.find(uid)?;
        if lock.is_none() || now.as_ref().map(Seen::of) != row.map(Seen::of) {
            return Ok(None);
        }
        let Waits { other, why, until } = waits;
        let (held, beside) = (Some(Held::NotReached(why)), Some(other));
        match self.hold(
            now.as_ref(),
            Received::default(),
            &[],
            More { held, until, beside, ..More::default() },
        )? {
            Step::Over(charged) => Ok(Some(charged)),
            Step::Anew | Step::Beside { .. } => Ok(None),
        }
    }

    /// The end, where the row was as it was taken for.
    fn over(&self, written: Option<Payment>, more: More) -> Step {
        written.map_or(Step::Anew, |payment| Step::Over(self.answered(payment, more)))
    }

    /// The end, told.
    fn answered(&self, payment: Payment, more: More) -> Charged {
        let open = Standing::of(&payment).is_some_and(|standing| standing.is_open());
        // What a person has to look at is no matter of time.
        let by_time = open && !payment.reason.as_ref().is_some_and(Reason::is_for_a_person);
        let wait = by_time.then(|| self.desk.wait_ends_at(&payment, self.order.settle_after)).flatten();
        Charged::Known(Ended::Answered(Box::new(Report {
            replayed: more.replayed,
            found: more.found,
            held: more.held,
            try_again_at: more.until.or(wait),
            mode_denied: mode_denied(self.order.request.terms.mode, &payment, more.sandbox_flag),
            in_vain: more.in_vain,
            asides: self.asides.clone(),
            beside: more.beside,
            payment,
        })))
    }
}

/// What there is to tell beside the payment.
#[derive(Default)]
struct More {
    replayed: bool,
    found: bool,
    held: Option<Held>,
    until: Option<Timestamp>,
    in_vain: Option<Reason>,
    sandbox_flag: Option<bool>,
    /// The open order that it waits for.
    beside: Option<Box<Payment>>,
}

fn known(ended: Ended) -> Step {
    Step::Over(Charged::Known(ended))
}
