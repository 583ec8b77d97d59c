//! The ledger, written by one thread for many charges.
//!
//! Whoever calls waits for its reply. The calls that are waiting go into one transaction together
//! and share its sync; only after that does anybody get a reply, so that what is written is durable
//! before a request leaves.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::billing::book::{Book, Writing, record_paid};
use crate::domain::answer::ChargeReply;
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received};
use crate::domain::time::SendMark;
use crate::ledger::{Intent, IntentResult, Ledger, LedgerError, NotCommitted, PaymentLock, PaymentLocks};

/// The thread that writes. It ends when this and all its handles are gone.
pub struct Writer {
    handle: WriterHandle,
    thread: JoinHandle<Ledger>,
}

/// One worker's way to the writing thread: a [`Book`] like the ledger itself.
#[derive(Clone)]
pub struct WriterHandle {
    calls: Sender<Box<dyn Write>>,
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

/// One write, and who waits for it.
trait Write: Send {
    /// Does it, inside of the open transaction; once more where that was taken back.
    fn run(&mut self, ledger: &mut Ledger);
    /// Answers, once it is known what became of the commit.
    fn answer(self: Box<Self>, durable: Result<(), LedgerError>);
}

struct Job<T, F> {
    write: F,
    result: Option<Result<T, LedgerError>>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
    /// Let go when it is durable.
    _lock: Option<PaymentLock>,
}

impl<T, F> Write for Job<T, F>
where
    T: Send,
    F: Fn(&mut Ledger) -> Result<T, LedgerError> + Send,
{
    fn run(&mut self, ledger: &mut Ledger) {
        self.result = Some((self.write)(ledger));
    }

    fn answer(self: Box<Self>, durable: Result<(), LedgerError>) {
        let result = match (self.result, durable) {
            // Its own error says more than the group's.
            (Some(Err(error)), _) | (Some(Ok(_)) | None, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => return,
        };
        // A worker that is gone waits for nothing.
        let _ = self.reply.send(result);
    }
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
fn write_all(mut ledger: Ledger, calls: &Receiver<Box<dyn Write>>) -> Ledger {
    while let Ok(first) = calls.recv() {
        let mut writes: Vec<Box<dyn Write>> = std::iter::once(first).chain(calls.try_iter()).collect();
        let durable = commit(&mut ledger, &mut writes);
        for write in writes {
            write.answer(durable.as_ref().copied().map_err(NotCommitted::error));
        }
    }
    ledger
}

fn commit(ledger: &mut Ledger, writes: &mut [Box<dyn Write>]) -> Result<(), NotCommitted> {
    let mut run_all = |ledger: &mut Ledger| writes.iter_mut().for_each(|write| write.run(ledger));
    ledger.begin_group()?;
    run_all(ledger);
    ledger.commit_group(run_all)
}

impl WriterHandle {
    /// The handle of one worker of the one batch on the ledger.
    #[must_use]
    pub fn of_worker(&self) -> WriterHandle {
        WriterHandle { locks: self.locks.of_worker(), ..self.clone() }
    }

    fn write<T: Send + 'static>(
        &self,
        write: impl Fn(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        // A writer that died answers nobody: what it was about to write may be there or not.
        let answer = self.begin(write, None);
        answer.blocking_recv().unwrap_or_else(|_| Err(self.locks.no_writer()))
    }

    /// Hands a write over; where nobody takes it, nobody answers.
    fn begin<T: Send + 'static>(
        &self,
        write: impl Fn(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
        lock: Option<PaymentLock>,
    ) -> oneshot::Receiver<Result<T, LedgerError>> {
        let (reply, answer) = oneshot::channel();
        let job = Job { write, result: None, reply, _lock: lock };
        let _ = self.calls.send(Box::new(job));
        answer
    }
}

/// [`Ledger::record_answer`] or [`Ledger::record_lookup`].
type Recording = fn(
    &mut Ledger,
    &MerchantUid,
    Timestamp,
    Outcome,
    &Received,
    Option<&GatewayRecord>,
    Option<&str>,
) -> Result<Payment, LedgerError>;

/// What was heard of a payment, as a write that can go to another thread.
fn heard(
    record_it: Recording,
    uid: &MerchantUid,
    at: Timestamp,
    outcome: Outcome,
    reply: &Received,
    record: Option<&GatewayRecord>,
    message: Option<&str>,
) -> impl Fn(&mut Ledger) -> Result<Payment, LedgerError> + Send + 'static {
    let (uid, reply) = (uid.clone(), reply.clone());
    let (record, message) = (record.cloned(), message.map(str::to_owned));
    move |ledger| record_it(ledger, &uid, at, outcome, &reply, record.as_ref(), message.as_deref())
}

impl Book for WriterHandle {
    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.locks.lock_payment(uid)
    }

    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.reader.look().find(uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.reader.look().declined_imp_uids(uid)
    }

    fn record_intent(&mut self, intent: Intent) -> Result<IntentResult, LedgerError> {
        self.write(move |ledger| ledger.record_intent(&intent))
    }

    fn record_resend(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        mark: &SendMark,
        refused: &Received,
    ) -> Result<(), LedgerError> {
        let (uid, mark, refused) = (uid.clone(), mark.clone(), refused.clone());
        self.write(move |ledger| ledger.record_resend(&uid, at, &mark, &refused))
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
        self.write(heard(Ledger::record_answer, uid, at, outcome, reply, record, message))
    }

    fn begin_paid(
        &mut self,
        request: &Arc<ChargeRequest>,
        at: Timestamp,
        reply: &Arc<ChargeReply>,
        lock: Option<PaymentLock>,
    ) -> Writing {
        let (request, reply) = (Arc::clone(request), Arc::clone(reply));
        let write = move |ledger: &mut Ledger| record_paid(ledger, &request, at, &reply);
        Writing::UnderWay(self.begin(write, lock), self.locks.clone())
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
        self.write(heard(Ledger::record_lookup, uid, at, outcome, reply, record, message))
    }

    fn record_not_sent(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        reason: &str,
        reply: &Received,
    ) -> Result<Payment, LedgerError> {
        let (uid, reason, reply) = (uid.clone(), reason.to_owned(), reply.clone());
        self.write(move |ledger| ledger.record_not_sent(&uid, at, &reason, &reply))
    }

    fn record_never_begun(&mut self, intent: Intent, reason: &str) -> Result<Payment, LedgerError> {
        let reason = reason.to_owned();
        self.write(move |ledger| ledger.record_never_begun(&intent, &reason))
    }
}
