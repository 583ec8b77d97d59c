//! What a charge is written into: the ledger itself, or the one thread that writes for many.

use jiff::Timestamp;

use crate::domain::ids::MerchantUid;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received};
use crate::domain::time::SendMark;
use crate::ledger::{Intent, IntentResult, Ledger, LedgerError, PaymentLock};

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
