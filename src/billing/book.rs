//! What a charge is written into: the ledger itself, or the one thread that writes for many.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::TryRecvError;

use crate::billing::report::answer_record;
use crate::domain::answer::ChargeReply;
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received};
use crate::domain::time::SendMark;
use crate::ledger::{Intent, IntentResult, Ledger, LedgerError, PaymentLock, PaymentLocks};

/// A payment on its way to the disk.
#[must_use = "nothing of it may be told before it is durable"]
pub enum Writing {
    Done(Box<Result<Payment, LedgerError>>),
    /// Somebody else writes it, and tells through this channel.
    UnderWay(Receiver<Result<Payment, LedgerError>>, PaymentLocks),
}

impl Writing {
    /// Whether there is nothing left to wait for.
    pub fn is_done(&mut self) -> bool {
        if let Writing::UnderWay(answer, locks) = self {
            match answer.try_recv() {
                Ok(result) => *self = Writing::Done(Box::new(result)),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Closed) => *self = Writing::Done(Box::new(Err(locks.no_writer()))),
            }
        }
        true
    }

    /// The payment as it is in the ledger from now on.
    pub fn wait(self) -> Result<Payment, LedgerError> {
        match self {
            Writing::Done(result) => *result,
            // A writer that died answers nobody: what it was about to write may be there or not.
            Writing::UnderWay(answer, locks) => {
                answer.blocking_recv().unwrap_or_else(|_| Err(locks.no_writer()))
            }
        }
    }
}

/// The part of the ledger that a charge needs; see there for each. What a `record_*` returns is
/// durable, whoever does the writing.
pub trait Book {
    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError>;
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError>;
    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError>;
    fn record_intent(&mut self, intent: Intent) -> Result<IntentResult, LedgerError>;
    fn record_resend(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        mark: &SendMark,
        refused: &Received,
    ) -> Result<(), LedgerError>;
    fn record_answer(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError>;
    /// [`Book::record_answer`] of one that says paid, begun: whoever needs to know can wait for it
    /// later. The lock is let go when it is durable.
    fn begin_paid(
        &mut self,
        request: &Arc<ChargeRequest>,
        at: Timestamp,
        reply: &Arc<ChargeReply>,
        lock: Option<PaymentLock>,
    ) -> Writing;
    fn record_lookup(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError>;
    fn record_not_sent(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        reason: &str,
        reply: &Received,
    ) -> Result<Payment, LedgerError>;
    fn record_never_begun(&mut self, intent: Intent, reason: &str) -> Result<Payment, LedgerError>;
}

/// The answer that says paid, as it is kept.
pub(super) fn record_paid(
    ledger: &mut Ledger,
    request: &ChargeRequest,
    at: Timestamp,
    reply: &ChargeReply,
) -> Result<Payment, LedgerError> {
    let (uid, message) = (&request.terms.merchant_uid, reply.received.message.as_deref());
    let record = answer_record(&reply.answer);
    ledger.record_answer(uid, at, Outcome::Paid, &reply.received, record, message)
}

impl Book for Ledger {
    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        Ledger::lock_payment(self, uid)
    }

    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        Ledger::find(self, uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        Ledger::declined_imp_uids(self, uid)
    }

    fn record_intent(&mut self, intent: Intent) -> Result<IntentResult, LedgerError> {
        Ledger::record_intent(self, &intent)
    }

    fn record_resend(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        mark: &SendMark,
        refused: &Received,
    ) -> Result<(), LedgerError> {
        Ledger::record_resend(self, uid, at, mark, refused)
    }

    fn record_answer(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        Ledger::record_answer(self, uid, at, outcome, reply, record, message)
    }

    fn begin_paid(
        &mut self,
        request: &Arc<ChargeRequest>,
        at: Timestamp,
        reply: &Arc<ChargeReply>,
        lock: Option<PaymentLock>,
    ) -> Writing {
        let written = record_paid(self, request, at, reply);
        drop(lock);
        Writing::Done(Box::new(written))
    }

    fn record_lookup(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        Ledger::record_lookup(self, uid, at, outcome, reply, record, message)
    }

    fn record_not_sent(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        reason: &str,
        reply: &Received,
    ) -> Result<Payment, LedgerError> {
        Ledger::record_not_sent(self, uid, at, reason, reply)
    }

    fn record_never_begun(&mut self, intent: Intent, reason: &str) -> Result<Payment, LedgerError> {
        Ledger::record_never_begun(self, &intent, reason)
    }
}
