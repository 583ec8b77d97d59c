//! From the claim on: the request out, its answer, and the last write, which uses the claim up.

use std::sync::Arc;

use crate::billing::charge::{More, Run};
use crate::billing::charged::{Charged, Own};
use crate::billing::report::{ChargeError, Held, not_recorded};
use crate::billing::request::Notice;
use crate::domain::answer::{Answer, ChargeReply, Refusal, Settled};
use crate::domain::declines::Proof;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received, Terms};
use crate::domain::protocol::{self, AfterSend, Unprocessed};
use crate::domain::reason::{Reason, Said};
use crate::domain::text::nfc_key;
use crate::domain::time::SendMark;
use crate::interrupt::NoValue;
use crate::ledger::Claim;

/// How many interrupts end the wait for the answer to a charge.
const PATIENCE_SENT: u32 = 2;

/// How letting the request go ended.
enum LetGo {
    Answered(Box<ChargeReply>),
    /// It did not leave.
    HeldBack(Held),
    /// A second Ctrl-C, with the request out.
    Abandoned,
}

impl Run<'_, '_> {
    /// Lets the request go, and once more after an answer that proved that it was not processed.
    pub(super) fn send(
        &mut self,
        mut claim: Claim,
        pending: &Payment,
        mut mark: SendMark,
    ) -> Result<Charged, ChargeError> {
        let mut renewed = false;
        loop {
            let (answer, received) = match self.let_go(&mark) {
                LetGo::Answered(reply) => (reply.answer, reply.received),
                LetGo::HeldBack(held) => return self.take_back(claim, held, Received::default()),
                LetGo::Abandoned => {
                    let settled = Settled::Unknown(Reason::WaitGivenUp);
                    return self.settle(claim, settled, Received::nothing(Reason::WaitGivenUp), Vec::new());
                }
            };
            let shown = odd_one(&answer, &self.order.request.terms);
            match protocol::answered(answer, renewed) {
                AfterSend::Settle(settled) => return self.settle(claim, settled, received, shown),
                AfterSend::LookUp(refusal) => return self.after_refusal(claim, pending, &refusal, &received),
                AfterSend::TakeBack(why) => {
                    let held = match why {
                        Unprocessed::NotReached(reason) => Held::NotReached(reason),
                        Unprocessed::KeyRefused => Held::KeyRefused(key_refused(&received)),
                    };
                    return self.take_back(claim, held, received);
                }
                AfterSend::Renew => {}
            }
            if let Err(held) = self.desk.renew_token() {
                return self.take_back(claim, held, received);
            }
            // The second send counts its own time, so it is written down before it leaves.
            mark = self.desk.take_mark();
            let entry = claim.resend(mark.wall, mark.clone(), received);
            let _ = self.desk.ledger.write(entry)?;
            renewed = true;
        }
    }

    /// Lets the request go, once.
    fn let_go(&mut self, mark: &SendMark) -> LetGo {
        if self.desk.interrupts.requested() {
            return LetGo::HeldBack(Held::Interrupted);
        }
        // The clock comes last: from here on nothing is left to wait for.
        if self.desk.held_up(mark, self.order.settle_after) {
            return LetGo::HeldBack(Held::NotReached(Reason::HeldUp));
        }
        let gateway = Arc::clone(&self.desk.gateway);
        let request = Arc::clone(&self.request);
        (self.tell)(Notice::Sent);
        let tell = &mut *self.tell;
        let reply = self
            .desk
            .interrupts
            .run(PATIENCE_SENT, move || gateway.charge(&request), &mut || tell(Notice::StillWaiting));
        match reply {
            Ok(reply) => LetGo::Answered(Box::new(reply)),
            Err(NoValue::GivenUp) => LetGo::Abandoned,
            Err(NoValue::NeverBegan) => LetGo::HeldBack(Held::NotReached(Reason::NoThread)),
        }
    }

    /// The answer to this run's own request settles it. One that says paid is not waited for.
    fn settle(
        &mut self,
        claim: Claim,
        settled: Settled,
        received: Received,
        shown: Vec<GatewayRecord>,
    ) -> Result<Charged, ChargeError> {
        let (at, outcome) = (self.desk.clock.now().wall, settled.outcome());
        let sandbox_flag = settled.record().and_then(|record| record.sandbox);
        let writing = self.desk.ledger.begin(claim.answered(at, settled, received.clone(), shown));
        let terms = self.order.request.terms.clone();
        let asides = std::mem::take(&mut self.asides);
        let own = Own { writing, terms, outcome, received, sandbox_flag, asides };
        if outcome == Outcome::Paid {
            return Ok(Charged::Paid(Box::new(own)));
        }
        self.asides.clone_from(&own.asides);
        let payment = own.written()?;
        Ok(self.answered(payment, More { sandbox_flag, ..More::default() }))
    }

    /// The gateway refused the request: is there a payment all the same?
    fn after_refusal(
        &mut self,
        claim: Claim,
        pending: &Payment,
        refusal: &Refusal,
        received: &Received,
    ) -> Result<Charged, ChargeError> {
        let terms = &self.order.request.terms;
        let uid = &terms.merchant_uid;
        // It is kept before it is looked into: the process may not live to do it.
        let kept_first = claim.refused(self.desk.clock.now().wall, received.clone());
        let written = self.desk.ledger.write(kept_first);
        let _ = written.map_err(|error| not_recorded(error, uid, Outcome::Pending, received))?;
        let asked = self.desk.ask(terms, Some(pending), self.order.settle_after, None);
        let asked = asked.map_err(|error| not_recorded(error, uid, Outcome::Unknown, received))?;
        let proof = refusal.proof(pending.customer_pg.as_deref());
        let looked_up = protocol::found_after(refusal, proof, asked.finding);
        let (outcome, flag) = (looked_up.outcome().unwrap_or(Outcome::Unknown), looked_up.sandbox_flag());
        let (received, shown) = (asked.known.reply.received().clone(), asked.known.reply.shown().to_vec());
        let closing = claim.looked_up(self.desk.clock.now().wall, looked_up, received.clone(), shown);
        let writing = self.desk.ledger.begin(closing);
        let own =
            Own { writing, terms: terms.clone(), outcome, received, sandbox_flag: flag, asides: Vec::new() };
        let payment = own.written()?;
        // A refusal for being a duplicate that finds the charge tells of an older one; a rejection is
        // this run's own.
        let replayed = proof == Proof::Question && !matches!(outcome, Outcome::Rejected | Outcome::Unknown);
        Ok(self.answered(payment, More { replayed, sandbox_flag: flag, ..More::default() }))
    }

    /// The request was certainly not processed: the row is again what it was.
    fn take_back(&mut self, claim: Claim, held: Held, received: Received) -> Result<Charged, ChargeError> {
        let at = self.desk.clock.now().wall;
        let writing = self.desk.ledger.begin(claim.not_sent(at, held.reason(), received.clone()));
        let terms = self.order.request.terms.clone();
        let outcome = Outcome::NotSent;
        let own = Own { writing, terms, outcome, received, sandbox_flag: None, asides: Vec::new() };
        let payment = own.written()?;
        Ok(self.answered(payment, More { held: Some(held), ..More::default() }))
    }
}

/// A payment in an answer that is not what was asked for; what names another order is no payment of this one.
fn odd_one(answer: &Answer, terms: &Terms) -> Vec<GatewayRecord> {
    let Answer::Unclear { record: Some(record), .. } = answer else { return Vec::new() };
    let order = nfc_key(terms.merchant_uid.as_str());
    let of_order = record.merchant_uid.as_deref().is_none_or(|uid| nfc_key(uid) == order);
    if of_order { vec![(**record).clone()] } else { Vec::new() }
}

fn key_refused(received: &Received) -> Said {
    match (&received.message, received.code) {
        (None, None | Some(0)) => Said::Status(received.http_status.unwrap_or_default()),
        (words, code) => Said::words_or_code(words.as_deref(), code.unwrap_or_default()),
    }
}
