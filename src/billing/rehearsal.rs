//! A batch without its sends: the gateway is asked what it knows of every row, as the run would ask, and nothing
//! is written.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::billing::ahead::{Ahead, look_ahead};
use crate::billing::ask_ahead::{AskAhead, Asking};
use crate::billing::batch::Stop;
use crate::billing::beside::{Cleared, look_beside};
use crate::billing::book::{Book, NoLedger, Writing};
use crate::billing::brake::{Brake, Entered};
use crate::billing::desk::Desk;
use crate::billing::request::{Charge, Charges};
use crate::billing::writer::Reader;
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::lookup::LookupReply;
use crate::domain::payment::{Payment, Terms};
use crate::domain::place::Place;
use crate::domain::pressure::Gate;
use crate::domain::protocol::BeforeSend;
use crate::domain::refund::Refund;
use crate::domain::time::Clock;
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{Closing, Entry, LedgerError, PaymentLock, Written};

/// So many rows in a row whose question did not reach the gateway, and no further one is asked for.
const UNREACHED_MAX: u32 = 2;

/// How often a row is asked for again because the gateway wanted a pause.
const QUESTIONS_MAX: u32 = 8;

/// What a rehearsal is begun with.
pub struct Rehearsal {
    /// `None` where there is no ledger yet.
    pub reader: Option<Reader>,
    /// Where the ledger is, or would be.
    pub ledger: PathBuf,
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
    pub workers: usize,
    pub queue: Vec<u32>,
    pub orders: Charges,
}

struct Shared {
    reader: Option<Reader>,
    ledger: PathBuf,
    gateway: Arc<Client>,
    clock: Arc<dyn Clock>,
    interrupts: Interrupts,
    orders: Charges,
    queue: Arc<Vec<u32>>,
    ahead: Asking,
    brake: Brake,
    begun: AtomicUsize,
    unreached: AtomicU32,
    over: AtomicBool,
    stop: Mutex<Option<Stop>>,
}

/// What the gateway knows of a row's order, and of open ones of the same customer and amount.
pub struct Looked {
    pub ahead: Ahead,
    pub beside: Cleared,
}

/// One row, and what would become of it.
pub type Foreseen = (u32, Result<Looked, LedgerError>);

/// Asks for every row of the queue; `each` gets them as they come. Rows that it does not get were not asked for,
/// because of what is returned, or because the gateway cannot be reached.
pub fn rehearse(job: Rehearsal, each: &mut dyn FnMut(Foreseen)) -> io::Result<Option<Stop>> {
    let queue = Arc::new(job.queue);
    let (gateway, clock) = (job.gateway, job.clock);
    let ahead = AskAhead::start(
        Arc::clone(&gateway),
        Arc::clone(&clock),
        job.reader.clone(),
        Arc::clone(&job.orders),
        Arc::clone(&queue),
        job.workers,
    )?;
    let shared = Shared {
        brake: Brake::new(Arc::clone(&gateway), Arc::clone(&clock), job.reader.clone()),
        reader: job.reader,
        ledger: job.ledger,
        gateway,
        clock,
        interrupts: job.interrupts.patient(),
        orders: job.orders,
        queue,
        ahead,
        begun: AtomicUsize::new(0),
        unreached: AtomicU32::new(0),
        over: AtomicBool::new(false),
        stop: Mutex::new(None),
    };
    let (tell, foreseen) = channel();
    thread::scope(|scope| {
        for worker in 0..job.workers.min(shared.queue.len()) {
            let (shared, tell) = (&shared, tell.clone());
            let started = thread::Builder::new().spawn_scoped(scope, move || shared.work(&tell));
            // Fewer workers ask for the same rows.
            if let (0, Err(error)) = (worker, started) {
                return Err(error);
            }
        }
        drop(tell);
        foreseen.iter().for_each(&mut *each);
        Ok(())
    })?;
    let stop = *shared.stop.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(stop)
}

impl Shared {
    fn work(&self, tell: &Sender<Foreseen>) {
        while self.enter() {
            let place = self.begun.fetch_add(1, Ordering::SeqCst);
            let row = self.queue.get(place).copied();
            let foreseen = row.and_then(|row| Some((row, self.look(place, row)?)));
            self.brake.leave();
            let Some(foreseen) = foreseen else { return };
            if tell.send(foreseen).is_err() {
                return;
            }
        }
    }

    /// Waits for the gateway, as a run would.
    fn enter(&self) -> bool {
        let wanted = || !self.over.load(Ordering::SeqCst) && !self.interrupts.requested();
        let stop = match self.brake.enter(&wanted) {
            Entered::In => return true,
            Entered::Halted(halt) => Some(Stop::Gateway(halt)),
            Entered::Unwanted => self.interrupts.requested().then_some(Stop::Interrupted),
        };
        if let Some(stop) = stop {
            self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(stop);
        }
        false
    }

    /// What would become of one row; `None` where that was not found out before the end.
    fn look(&self, place: usize, row: u32) -> Option<Result<Looked, LedgerError>> {
        let known = self.ahead.known(place);
        let order = Charge { known, ..(self.orders)(row)? };
        let mut left = QUESTIONS_MAX;
        loop {
            left = left.saturating_sub(1);
            let mut book =
                Looking { reader: self.reader.clone(), none: NoLedger { place: Place::from(&self.ledger) } };
            let desk = Desk {
                ledger: &mut book,
                gateway: Arc::clone(&self.gateway),
                clock: Arc::clone(&self.clock),
                interrupts: self.interrupts.clone(),
            };
            let ahead = match look_ahead(&desk, &order) {
                Ok(ahead) => ahead,
                Err(error) => return Some(Err(error)),
            };
            let unanswered = match &ahead {
                Ahead::Asked { known, .. } => matches!(known.reply, LookupReply::NoAnswer { .. }),
                Ahead::Stored(_) => false,
            };
            if !unanswered || left == 0 || !matches!(self.gateway.gate().0, Gate::Paused(_)) {
                self.weigh(&ahead);
                let goes = matches!(&ahead, Ahead::Asked { would, .. } if matches!(**would, BeforeSend::Claim { .. }));
                let beside = if goes { look_beside(&desk, &order) } else { Ok(Cleared::none()) };
                return Some(beside.map(|beside| Looked { ahead, beside }));
            }
            self.brake.leave();
            let entered = self.enter();
            if !entered {
                // Whoever is under way leaves in the end.
                self.brake.enter_at_once();
                return None;
            }
        }
    }

    /// A gateway that cannot be reached is not tried for each of a million rows.
    fn weigh(&self, ahead: &Ahead) {
        let Ahead::Asked { known, .. } = ahead else { return };
        if let LookupReply::NoAnswer { reached: false, .. } = known.reply {
            let unreached = self.unreached.fetch_add(1, Ordering::SeqCst).saturating_add(1);
            if unreached >= UNREACHED_MAX {
                self.over.store(true, Ordering::SeqCst);
            }
        } else {
            self.unreached.store(0, Ordering::SeqCst);
        }
    }
}

/// A ledger that is only looked at, where there is one.
struct Looking {
    reader: Option<Reader>,
    none: NoLedger,
}

impl Book for Looking {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.reader.as_ref().map_or(Ok(None), |reader| reader.look().find(uid))
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.reader.as_ref().map_or(Ok(Vec::new()), |reader| reader.look().declined_imp_uids(uid))
    }

    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        self.reader.as_ref().map_or(Ok(Vec::new()), |reader| reader.look().refunds(uid))
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        self.reader.as_ref().map_or(Ok(None), |reader| reader.look().find_refund(id))
    }

    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        self.reader.as_ref().map_or(Ok(Vec::new()), |reader| reader.look().open_beside(terms))
    }

    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError> {
        self.reader.as_ref().map_or(Ok(false), |reader| reader.look().one_account(key, other))
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.none.lock_payment(uid)
    }

    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError> {
        self.none.write(entry)
    }

    fn begin(&mut self, closing: Closing) -> Writing {
        self.none.begin(closing)
    }
}
