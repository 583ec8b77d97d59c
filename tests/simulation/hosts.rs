//! Runs on several hosts that share a ledger: no lock of an operating system's stands between them, and a
//! host may stand still for longer than the wait before a payment is sent again.

use billkey::billing::book::{Book, Writing};
use billkey::domain::answer::Settled;
use billkey::domain::ids::{MerchantUid, RefundId};
use billkey::domain::lookup::{Declines, LookedUp};
use billkey::domain::payment::{Outcome, Payment, Received, Terms};
use billkey::domain::refund::Refund;
use billkey::ledger::{Closing, Entry, How, Ledger, LedgerError, PaymentLock, Seen, Written};

use super::wire::Planted;

/// The ledger as one host has it.
pub struct Host<'a> {
    pub ledger: &'a mut Ledger,
    pub actor: usize,
    pub planted: Option<Planted>,
}

impl Book for Host<'_> {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.ledger.find(uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.ledger.declined_imp_uids(uid)
    }

    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        self.ledger.open_beside(terms)
    }

    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError> {
        self.ledger.one_account(key, other)
    }

    /// A lock that no other host asks for.
    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        self.ledger.refunds(uid)
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        self.ledger.find_refund(id)
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.ledger.lock_payment(&MerchantUid::parse(&format!("host{}{uid}", self.actor)).unwrap())
    }

    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError> {
        let written = self.ledger.write_one(&entry);
        match (self.planted, &entry, written) {
            // A resend that asks only whether the row is pending, and not whose attempt it is.
            (
                Some(Planted::ResendNotFenced),
                Entry::Resend { .. },
                Err(LedgerError::Changed { merchant_uid, .. }),
            ) if self.is_pending(&merchant_uid) => {
                let payment = self.ledger.find(&merchant_uid)?.unwrap();
                Ok(Written { payment, how: How::Kept })
            }
            (_, _, written) => written,
        }
    }

    fn begin(&mut self, closing: Closing) -> Writing {
        let Closing { entry, lock: _lock } = closing;
        let mut written = self.ledger.write_one(&entry);
        // An answer that settles whatever attempt is the newest one.
        if self.planted == Some(Planted::AnswerNotFenced)
            && let (Ok(Written { payment, .. }), Entry::Answer { settled: Settled::Declined(record), .. }) =
                (&written, &entry)
            && payment.outcome == Outcome::Pending
        {
            written = self.ledger.write_one(&Entry::Lookup {
                uid: payment.terms.merchant_uid.clone(),
                seen: Seen::of(payment),
                at: payment.requested_at,
                looked_up: LookedUp::Declined(Declines { earlier: Vec::new(), last: record.clone() }),
                received: Received::default(),
                shown: vec![(**record).clone()],
            });
        }
        Writing::Done(Box::new(written))
    }
}

impl Host<'_> {
    fn is_pending(&self, uid: &MerchantUid) -> bool {
        self.ledger.find(uid).unwrap().is_some_and(|payment| payment.outcome == Outcome::Pending)
    }
}
