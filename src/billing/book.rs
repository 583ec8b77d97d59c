//! What a charge is written into: the ledger itself, or the one thread that writes for many.

use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::TryRecvError;

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::payment::{Payment, Terms};
use crate::domain::place::Place;
use crate::domain::refund::Refund;
use crate::ledger::{
    Claiming, Closing, Entry, Intent, Ledger, LedgerError, PaymentLock, PaymentLocks, Written,
};

/// An entry on its way to the disk.
#[must_use = "nothing of it may be told before it is durable"]
pub enum Writing {
    Done(Box<Result<Written, LedgerError>>),
    /// Somebody else writes it, and tells through this channel.
    UnderWay(Receiver<Result<Written, LedgerError>>, PaymentLocks),
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

    /// What became of the entry, once it is durable.
    pub fn wait(self) -> Result<Written, LedgerError> {
        match self {
            Writing::Done(result) => *result,
            // A writer that died answers nobody: what it was about to write may be there or not.
            Writing::UnderWay(answer, locks) => {
                answer.blocking_recv().unwrap_or_else(|_| Err(locks.no_writer()))
            }
        }
    }
}

/// The part of the ledger that a charge needs: find, lock, write.
pub trait Book {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError>;
    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError>;
    /// The refunds of one payment, oldest first.
    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError>;
    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError>;
    /// Other orders of the same customer and amount of which it is not certain whether they took money.
    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError>;
    /// Whether the ledger knows two API keys as one account's: both were shown or accepted to be.
    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError>;
    /// `None` when another process or thread has it.
    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError>;
    /// Durable when it returns.
    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError>;
    /// Begins to write the last entry of a run: whoever needs to know can wait for it later. The payment's
    /// lock is let go when it is durable.
    fn begin(&mut self, closing: Closing) -> Writing;

    /// Claims a payment whose lock the caller has.
    fn claim(&mut self, intent: Intent, lock: PaymentLock) -> Result<Claiming, LedgerError> {
        Ok(self.write(Entry::Intent(intent))?.claim(lock))
    }
}

impl Book for Ledger {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        Ledger::find(self, uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        Ledger::declined_imp_uids(self, uid)
    }

    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        Ledger::refunds(self, uid)
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        Ledger::find_refund(self, id)
    }

    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        Ledger::open_beside(self, terms)
    }

    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError> {
        Ok(self.standing()?.knows_as_one(key, other))
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        Ledger::lock_payment(self, uid)
    }

    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError> {
        self.write_one(&entry)
    }

    fn begin(&mut self, closing: Closing) -> Writing {
        let Closing { entry, lock } = closing;
        let written = self.write_one(&entry);
        drop(lock);
        Writing::Done(Box::new(written))
    }
}

/// Where there is no ledger, and none is to be made: nothing is there, and nothing can be written.
pub struct NoLedger {
    /// Where it would be.
    pub place: Place,
}

impl NoLedger {
    fn missing<T>(&self) -> Result<T, LedgerError> {
        Err(LedgerError::Missing { place: self.place.clone() })
    }
}

impl Book for NoLedger {
    fn find(&self, _uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        Ok(None)
    }

    fn declined_imp_uids(&self, _uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }

    fn refunds(&self, _uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        Ok(Vec::new())
    }

    fn find_refund(&self, _id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        Ok(None)
    }

    fn open_beside(&self, _terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        Ok(Vec::new())
    }

    fn one_account(&self, _key: &str, _other: &str) -> Result<bool, LedgerError> {
        Ok(false)
    }

    fn lock_payment(&self, _uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.missing()
    }

    fn write(&mut self, _entry: Entry) -> Result<Written, LedgerError> {
        self.missing()
    }

    fn begin(&mut self, _closing: Closing) -> Writing {
        Writing::Done(Box::new(self.missing()))
    }
}
