//! The driver of one charge: it does what [`protocol::next`] says, with the real ledger, the real
//! gateway and the real clock, and decides nothing that the protocol decides.
//!
//! Order is everything. The payment's lock is taken, the row is read, the token is at hand, the
//! intent is committed, the request leaves, the answer is committed. No SQLite transaction is open
//! while HTTP is.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::charged::{Charged, Paid};
use crate::billing::desk::{Desk, Notice, Order, Waited, stored, wait_for_lock};
use crate::billing::report::{
    ChargeError, Ended, Held, Report, answer_record, finding_record, held_without, mode_denied, not_recorded,
    sandbox_flag, unclear_finding,
};
use crate::domain::answer::{Answer, ChargeReply};
use crate::domain::lookup::{Finding, LookupReply};
use crate::domain::payment::{Outcome, Payment, Received};
use crate::domain::protocol::{self, Action, Answered, Event, State};
use crate::domain::time::SendMark;
use crate::interrupt::NoValue;
use crate::ledger::{Intent, IntentResult, LedgerError, PaymentLock};

/// The longest time that may lie between the intent and its send. The wait before a payment may be
/// sent again is counted from the intent; a process that was stopped in between and then woke up
/// must not send on the strength of an intent that others may meanwhile hold for lost.
const INTENT_AGE_MAX: Duration = Duration::from_secs(5);

/// How many interrupts end the wait for the answer to a charge.
const PATIENCE_SENT: u32 = 2;

/// How often a row that changes under the lock is read again before giving up.
const REOPEN_MAX: u32 = 5;

/// Charges once, or finds out what became of it.
pub fn charge(
    desk: &mut Desk<'_>,
    order: &Order,
    tell: &mut dyn FnMut(Notice),
) -> Result<Ended, ChargeError> {
    charge_and_write(desk, order, tell)?.wait()
}

/// Like [`charge`], but does not wait until a direct answer that says paid is durable: whoever has
/// more to charge can do that meanwhile. Whatever else the end is, it is durable.
pub(super) fn charge_and_write(
    desk: &mut Desk<'_>,
    order: &Order,
    tell: &mut dyn FnMut(Notice),
) -> Result<Charged, ChargeError> {
    let uid = &order.request.terms.merchant_uid;
    let lock = match wait_for_lock(desk, order, tell)? {
        Waited::Locked(lock) => lock,
        Waited::Interrupted => return Ok(Charged::Known(Ended::Interrupted)),
        Waited::TooLong => {
            let payment = desk.ledger.find(uid)?.map(Box::new);
            return Ok(Charged::Known(Ended::Busy { payment, waited: order.lock_wait_max }));
        }
    };
    let mut run = Run {
        desk,
        order,
        tell,
        lock: Some(lock),
        row: None,
        mark: None,
        reply: None,
        refused: None,
        lookup: None,
        finding: None,
        held: None,
    };
    run.drive().map_err(|error| match (error, &run.reply) {
        // A refusal whose look-up could not be finished: the request was out all the same.
        (ChargeError::Ledger(error), Some(reply)) if reply.answer.kind() != Answered::Unauthorized => {
            not_recorded(error, uid, Outcome::Unknown, &reply.received)
        }
        (error, _) => error,
    })
}

/// One run, with the payment's lock held.
struct Run<'a, 'd> {
    desk: &'a mut Desk<'d>,
    order: &'a Order,
    tell: &'a mut dyn FnMut(Notice),
    /// Held to the end of the run, or until its answer is durable.
    lock: Option<PaymentLock>,
    row: Option<Payment>,
    /// When this run's intent was written.
    mark: Option<SendMark>,
    /// The last answer to a send of this run.
    reply: Option<ChargeReply>,
    /// What the gateway refused it with: code, words, and whether for being a duplicate.
    refused: Option<(i64, Option<String>, bool)>,
    /// The last look-up and what it says.
    lookup: Option<LookupReply>,
    finding: Option<Finding>,
    held: Option<Held>,
}

/// Either the next event for the protocol, or the end.
enum Step {
    Event(Event),
    End(Charged),
}

impl Step {
    fn end(ended: Ended) -> Step {
        Step::End(Charged::Known(ended))
    }
}

impl Run<'_, '_> {
    fn drive(&mut self) -> Result<Charged, ChargeError> {
        let mut state = State::Opened { retry: self.order.retry };
        let mut event = self.read_row()?;
        let mut reopened = 0;
        loop {
            let (next_state, action) = protocol::next(state, event);
            let step = match action {
                Action::Replay => Step::end(self.report(true)?),
                Action::RefuseOtherTerms => Step::end(Ended::OtherTerms(Box::new(self.row()?))),
                Action::LookUp => Step::Event(self.look_up()?),
                Action::Claim => self.claim()?,
                Action::Send => Step::Event(self.send()?),
                Action::RenewToken => Step::Event(self.renew_token()),
                Action::SendAgain => self.send_again()?,
                Action::Settle(Outcome::Paid) if self.lookup.is_none() => Step::End(self.settle_paid()?),
                Action::Settle(outcome) => Step::end(self.settle(outcome)?),
                Action::StayUnknown => Step::end(self.stay_unknown()?),
                Action::GiveUp => Step::end(self.give_up()?),
                Action::Revert => Step::end(self.revert()?),
                Action::Reopen if reopened < REOPEN_MAX => {
                    reopened += 1;
                    Step::Event(self.read_row()?)
                }
                Action::Reopen | Action::Stop => return Err(self.stopped(&format!("{state:?}, {event:?}"))),
            };
            match step {
                Step::Event(next_event) => (state, event) = (next_state, next_event),
                Step::End(ended) => return Ok(ended),
            }
        }
    }

    fn read_row(&mut self) -> Result<Event, LedgerError> {
        self.row = self.desk.ledger.find(&self.order.request.terms.merchant_uid)?;
        Ok(Event::Row(self.row.as_ref().map(|row| stored(row, &self.order.request))))
    }

    /// Asks the gateway for every payment under the merchant_uid, and judges what it says.
    fn look_up(&mut self) -> Result<Event, ChargeError> {
        let terms = &self.order.request.terms;
        if let Some(reply) = &self.reply {
            // The refusal is kept before it is looked into: the process may not live to do it.
            let written = self.desk.ledger.record_answer(
                &terms.merchant_uid,
                self.desk.clock.now().wall,
                Outcome::Pending,
                &reply.received,
                None,
                reply.received.message.as_deref(),
            );
            written.map_err(|error| {
                not_recorded(error, &terms.merchant_uid, Outcome::Pending, &reply.received)
            })?;
        }
        let asked = self.desk.ask(terms, self.row.as_ref(), self.order.settle_after)?;
        if asked.held.is_some() {
            self.held = asked.held;
        }
        self.lookup = Some(asked.reply);
        self.finding = Some(asked.finding);
        Ok(Event::Found(asked.found))
    }

    /// Writes the intent. The token comes first: after the intent nothing may be left to do but
    /// the send.
    fn claim(&mut self) -> Result<Step, ChargeError> {
        if let (Some(Finding::Declined { records }), Some(lookup)) = (self.finding.take(), &self.lookup) {
            let uid = &self.order.request.terms.merchant_uid;
            self.row = self.desk.keep_declines(uid, lookup.received(), &records)?.or(self.row.take());
        }
        let token =
            if self.desk.interrupts.requested() { Err(Held::Interrupted) } else { self.desk.have_token() };
        let mark = self.desk.take_mark();
        let intent = Intent {
            request: Arc::clone(&self.order.request),
            at: mark.wall,
            mark: mark.clone(),
            account: self.desk.gateway.account().to_owned(),
            note: self.order.note.clone(),
            operator: self.order.operator.clone(),
            expected: self.row.as_ref().map(|row| (row.outcome, row.attempts)),
            guards: self.order.guards.clone(),
        };
        if let Err(held) = token {
            let payment = self.desk.ledger.record_never_begun(intent, &held.to_string())?;
            self.row = Some(payment);
            self.held = Some(held);
            return Ok(Step::end(self.report(false)?));
        }
        let result = self.desk.ledger.record_intent(intent)?;
        Ok(match result {
            IntentResult::Written(payment) => {
                self.row = Some(payment);
                self.mark = Some(mark);
                // What was found before says nothing of the request that leaves now.
                (self.lookup, self.finding) = (None, None);
                Step::Event(Event::Won)
            }
            IntentResult::Lost => Step::Event(Event::Lost),
            IntentResult::Similar(payment) => Step::end(Ended::Similar(Box::new(payment))),
            IntentResult::OverDaily { spent, max } => Step::end(Ended::OverDaily { spent, max }),
        })
    }

    /// Lets the request go, once.
    fn send(&mut self) -> Result<Event, ChargeError> {
        if self.desk.interrupts.requested() {
            self.held = Some(Held::Interrupted);
            return Ok(Event::HeldBack);
        }
        let intent_age =
            self.mark.as_ref().map(|mark| mark.age(&self.desk.clock.now(), self.desk.gateway.now_s()));
        if intent_age.is_none_or(|age| age > INTENT_AGE_MAX) {
            let reason = "this process was held up between writing the intent and sending it";
            self.held = Some(Held::NotReached(reason.to_owned()));
            return Ok(Event::HeldBack);
        }
        let gateway = Arc::clone(&self.desk.gateway);
        let request = Arc::clone(&self.order.request);
        (self.tell)(Notice::Sent);
        let tell = &mut *self.tell;
        let reply = self
            .desk
            .interrupts
            .run(PATIENCE_SENT, move || gateway.charge(&request), &mut || tell(Notice::StillWaiting));
        let reply = match reply {
            Ok(reply) => reply,
            Err(NoValue::GivenUp) => return Ok(Event::Abandoned),
            Err(NoValue::NeverBegan) => {
                self.held = Some(held_without(NoValue::NeverBegan));
                return Ok(Event::HeldBack);
            }
        };
        let answered = reply.answer.kind();
        match &reply.answer {
            Answer::NotSent { reason } => self.held = Some(Held::NotReached(reason.clone())),
            Answer::Unauthorized => {
                let words = reply.received.message.clone().unwrap_or_else(|| "no reason given".to_owned());
                self.held = Some(Held::KeyRefused(words));
            }
            Answer::Refused { code, message, duplicate } => {
                self.refused = Some((*code, message.clone(), *duplicate));
            }
            Answer::Paid(_) | Answer::Declined(_) | Answer::Unclear { .. } => {}
        }
        self.reply = Some(reply);
        Ok(Event::Answered(answered))
    }

    fn renew_token(&mut self) -> Event {
        match self.desk.renew_token() {
            Ok(()) => {
                self.held = None;
                Event::TokenRenewed
            }
            Err(held) => {
                self.held = Some(held);
                Event::TokenFailed
            }
        }
    }

    /// The second send counts its own time, so it is written down before it leaves.
    fn send_again(&mut self) -> Result<Step, ChargeError> {
        let mark = self.desk.take_mark();
        let refused = self.reply.take().map(|reply| reply.received).unwrap_or_default();
        let uid = &self.order.request.terms.merchant_uid;
        self.desk.ledger.record_resend(uid, mark.wall, &mark, &refused)?;
        self.mark = Some(mark);
        Ok(Step::Event(self.send()?))
    }

    /// The answer to this run's own request says paid.
    fn settle_paid(&mut self) -> Result<Charged, ChargeError> {
        let Some(reply) = self.reply.take() else {
            return Err(self.stopped("paid without an answer"));
        };
        let (request, reply) = (Arc::clone(&self.order.request), Arc::new(reply));
        let (at, lock) = (self.desk.clock.now().wall, self.lock.take());
        let writing = self.desk.ledger.begin_paid(&request, at, &reply, lock);
        Ok(Charged::Paid(Box::new(Paid { writing, request, reply })))
    }

    fn settle(&mut self, outcome: Outcome) -> Result<Ended, ChargeError> {
        let at = self.desk.clock.now().wall;
        let uid = &self.order.request.terms.merchant_uid;
        let (payment, replayed) = match (&self.lookup, &self.finding) {
            (Some(lookup), Some(finding)) => {
                let message = self.message_of(outcome, finding);
                let written = self.desk.record_finding(uid, outcome, lookup, finding, message.as_deref());
                let own_send = matches!(self.refused, Some((_, _, false)));
                let received = lookup.received();
                (written.map_err(|error| not_recorded(error, uid, outcome, received))?, !own_send)
            }
            (_, _) => {
                let nothing = Received {
                    message: Some("the wait for the answer was given up".to_owned()),
                    ..Received::default()
                };
                let received = self.reply.as_ref().map_or(&nothing, |reply| &reply.received);
                let record = self.reply.as_ref().and_then(|reply| answer_record(&reply.answer));
                let message = self.unclear_reason().or_else(|| received.message.clone());
                let written =
                    self.desk.ledger.record_answer(uid, at, outcome, received, record, message.as_deref());
                (written.map_err(|error| not_recorded(error, uid, outcome, received))?, false)
            }
        };
        self.row = Some(payment);
        // A refusal for being a duplicate that finds the charge is an older charge's answer; a
        // rejection is this run's own.
        let replayed =
            replayed && !matches!((outcome, &self.refused), (Outcome::Rejected | Outcome::Unknown, Some(_)));
        self.held = None;
        self.report(replayed)
    }

    /// What the payment's row says about why.
    fn message_of(&self, outcome: Outcome, finding: &Finding) -> Option<String> {
        let refusal = self.refused.as_ref().and_then(|(_, words, _)| words.clone());
        match (outcome, finding) {
            (Outcome::Rejected, _) => refusal,
            (Outcome::Declined, Finding::Declined { .. }) => {
                finding_record(finding).and_then(|record| record.fail_reason.clone()).or(refusal)
            }
            (Outcome::Unknown, _) => self.unclear_reason(),
            (Outcome::Paid | Outcome::Declined | Outcome::NotSent | Outcome::Pending, _) => None,
        }
    }

    fn unclear_reason(&self) -> Option<String> {
        match (&self.finding, &self.reply) {
            (Some(finding), _) => unclear_finding(finding, self.refused.as_ref()),
            (None, Some(ChargeReply { answer: Answer::Unclear { reason, .. }, .. })) => Some(reason.clone()),
            (None, _) => None,
        }
    }

    /// An earlier request may have charged, and nothing is certain yet: nothing is sent.
    fn stay_unknown(&mut self) -> Result<Ended, ChargeError> {
        self.keep_lookup(Outcome::Unknown, self.unclear_reason().as_deref())?;
        self.report(true)
    }

    fn give_up(&mut self) -> Result<Ended, ChargeError> {
        self.keep_lookup(self.row()?.outcome, None)?;
        if self.held.is_none() {
            let reason = match &self.finding {
                Some(Finding::NoAnswer { reason, .. }) => reason.clone(),
                Some(_) | None => "the gateway did not say what it knows".to_owned(),
            };
            self.held = Some(Held::NotReached(reason));
        }
        self.report(true)
    }

    fn keep_lookup(&mut self, outcome: Outcome, reason: Option<&str>) -> Result<(), LedgerError> {
        if let Some(lookup) = &self.lookup {
            let uid = &self.order.request.terms.merchant_uid;
            self.row = Some(self.desk.record_nothing_found(uid, outcome, lookup, reason)?);
        }
        Ok(())
    }

    /// The request did not leave: the row is again what it was.
    fn revert(&mut self) -> Result<Ended, ChargeError> {
        let at = self.desk.clock.now().wall;
        let uid = &self.order.request.terms.merchant_uid;
        let reason =
            self.held.as_ref().map_or_else(|| "the request did not leave".to_owned(), Held::to_string);
        let received = self.reply.as_ref().map(|reply| reply.received.clone()).unwrap_or_default();
        let written = self.desk.ledger.record_not_sent(uid, at, &reason, &received);
        self.row = Some(written.map_err(|error| not_recorded(error, uid, Outcome::NotSent, &received))?);
        self.report(false)
    }

    fn report(&self, replayed: bool) -> Result<Ended, ChargeError> {
        let payment = self.row()?;
        let unsettled = matches!(payment.outcome, Outcome::Unknown | Outcome::Pending);
        let flag = match (&self.finding, &self.reply) {
            (Some(finding), _) => finding_record(finding).and_then(|record| record.sandbox),
            (None, Some(reply)) => sandbox_flag(&reply.answer),
            (None, None) => None,
        };
        let others = match &self.finding {
            Some(Finding::Charged { others, .. }) => others.clone(),
            Some(_) | None => Vec::new(),
        };
        let unclear =
            if unsettled { self.unclear_reason().or_else(|| payment.message.clone()) } else { None };
        Ok(Ended::Answered(Box::new(Report {
            replayed,
            held: self.held.clone(),
            unclear,
            try_again_at: if unsettled { self.try_again_at() } else { None },
            mode_denied: mode_denied(self.order.request.terms.mode, &payment, flag),
            others,
            payment,
        })))
    }

    /// When the wait is over, as far as the wall clock can say it.
    fn try_again_at(&self) -> Option<Timestamp> {
        if matches!(self.finding, Some(Finding::Odd { .. })) {
            return None;
        }
        self.desk.wait_ends_at(self.row.as_ref()?, self.order.settle_after)
    }

    fn row(&self) -> Result<Payment, ChargeError> {
        self.row.clone().ok_or_else(|| self.stopped("no row to report"))
    }

    fn stopped(&self, step: &str) -> ChargeError {
        let merchant_uid = self.order.request.terms.merchant_uid.to_string();
        ChargeError::Stopped { merchant_uid, step: step.to_owned() }
    }
}
