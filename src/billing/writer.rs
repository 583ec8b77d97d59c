//! The ledger, written by one thread for many charges.
//!
//! Whoever calls waits for its reply. The entries that are waiting go into one transaction together
//! and share its sync; only after that does anybody get a reply, so that what is written is durable
//! before a request leaves.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::billing::book::{Book, Writing};
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::payment::{Payment, Terms};
use crate::domain::refund::Refund;
use crate::ledger::{Closing, Entry, Ledger, LedgerError, PaymentLock, PaymentLocks, Written};

/// The thread that writes. It ends when this and all its handles are gone.
pub struct Writer {
    handle: WriterHandle,
    thread: JoinHandle<Ledger>,
}

/// One worker's way to the writing thread: a [`Book`] like the ledger itself.
#[derive(Clone)]
pub struct WriterHandle {
    calls: Sender<Call>,
    reader: Reader,
    locks: PaymentLocks,
}

/// A connection that many look through: what is committed is seen at once, and no look waits for the
/// disk to sync what others write.
#[derive(Clone)]
pub struct Reader {
    ledger: Arc<Mutex<Ledger>>,
}

impl Reader {
    #[must_use]
    pub fn new(ledger: Ledger) -> Reader {
        Reader { ledger: Arc::new(Mutex::new(ledger)) }
    }

    /// A look leaves nothing behind that a panic could have broken.
    pub fn look(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One entry, and who waits for it.
struct Call {
    entry: Entry,
    waiting: Waiting,
}

struct Waiting {
    reply: oneshot::Sender<Result<Written, LedgerError>>,
    /// Let go when the entry is durable.
    lock: Option<PaymentLock>,
}

impl Writer {
    /// Gives the ledger to a thread of its own; `reader` is another connection to it.
    pub fn start(ledger: Ledger, reader: Reader) -> io::Result<Writer> {
        let (calls, waiting) = channel();
        let locks = ledger.payment_locks();
        let thread = thread::Builder::new().name("ledger".to_owned());
        let thread = thread.spawn(move || write_all(ledger, &waiting))?;
        Ok(Writer { handle: WriterHandle { calls, reader, locks }, thread })
    }

    #[must_use]
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Waits until every handle is gone and all is written; gives the ledger back. `None` when the
    /// thread died.
    #[must_use]
    pub fn finish(self) -> Option<Ledger> {
        let Writer { handle, thread } = self;
        drop(handle);
        thread.join().ok()
    }
}

/// Takes what waits, commits it together, and answers everybody.
fn write_all(mut ledger: Ledger, calls: &Receiver<Call>) -> Ledger {
    while let Ok(first) = calls.recv() {
        let (entries, waiting): (Vec<Entry>, Vec<Waiting>) =
            std::iter::once(first).chain(calls.try_iter()).map(|call| (call.entry, call.waiting)).unzip();
        for (Waiting { reply, lock }, written) in waiting.into_iter().zip(ledger.write(&entries)) {
            drop(lock);
            // A worker that is gone waits for nothing.
            let _ = reply.send(written);
        }
    }
    ledger
}

impl WriterHandle {
    /// The handle of one worker of the one batch on the ledger.
    #[must_use]
    pub fn of_worker(&self) -> WriterHandle {
        WriterHandle { locks: self.locks.of_worker(), ..self.clone() }
    }

    /// Hands an entry over; where nobody takes it, nobody answers.
    fn hand_over(&self, entry: Entry, lock: Option<PaymentLock>) -> Writing {
        let (reply, answer) = oneshot::channel();
        let _ = self.calls.send(Call { entry, waiting: Waiting { reply, lock } });
        Writing::UnderWay(answer, self.locks.clone())
    }
}

impl Book for WriterHandle {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.reader.look().find(uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.reader.look().declined_imp_uids(uid)
    }

    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        self.reader.look().refunds(uid)
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        self.reader.look().find_refund(id)
    }

    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        self.reader.look().open_beside(terms)
    }

    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError> {
        self.reader.look().one_account(key, other)
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.locks.lock_payment(uid)
    }

    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError> {
        self.hand_over(entry, None).wait()
    }

    fn begin(&mut self, closing: Closing) -> Writing {
        self.hand_over(closing.entry, Some(closing.lock))
    }
}
