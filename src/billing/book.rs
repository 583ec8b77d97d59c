//! What a charge is written into: the ledger itself, or the one thread that writes for many.

use std::sync::mpsc::{Receiver, TryRecvError};

use jiff::Timestamp;

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
                Err(TryRecvError::Disconnected) => *self = Writing::Done(Box::new(Err(locks.no_writer()))),
            }
        }
        true
    }

    /// The payment as it is in the ledger from now on.
    pub fn wait(self) -> Result<Payment, LedgerError> {
        match self {
            Writing::Done(result) => *result,
            // A writer that died answers nobody: what it was about to write may be there or not.
            Writing::UnderWay(answer, locks) => answer.recv().unwrap_or_else(|_| Err(locks.no_writer())),
        }
    }
}

/// The part of the ledger that a charge needs; see there for each. What a `record_*` returns is
/// durable, whoever does the writing.
pub trait Book {
    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError>;
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError>;
    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError>;
    fn record_intent(&mut self, intent: &Intent<'_>) -> Result<IntentResult, LedgerError>;
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
        uid: &MerchantUid,
        at: Timestamp,
        reply: &Received,
        record: Option<&GatewayRecord>,
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
    fn record_never_begun(&mut self, intent: &Intent<'_>, reason: &str) -> Result<Payment, LedgerError>;
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

    fn record_intent(&mut self, intent: &Intent<'_>) -> Result<IntentResult, LedgerError> {
        Ledger::record_intent(self, intent)
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
        uid: &MerchantUid,
        at: Timestamp,
        reply: &Received,
        record: Option<&GatewayRecord>,
        lock: Option<PaymentLock>,
    ) -> Writing {
        let message = reply.message.as_deref();
        let written = Ledger::record_answer(self, uid, at, Outcome::Paid, reply, record, message);
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

    fn record_never_begun(&mut self, intent: &Intent<'_>, reason: &str) -> Result<Payment, LedgerError> {
        Ledger::record_never_begun(self, intent, reason)
    }
}
