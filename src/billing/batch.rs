//! Many charges at once: workers that take rows, one gateway client between them, one writer.
//!
//! Each row is one charge under the full protocol, driven by `billing::charge` as any other. What is added
//! here decides only whether another row is begun.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::billing::ask_ahead::{AskAhead, Asking};
use crate::billing::brake::{Brake, Entered, StoppedPg};
use crate::billing::charge::charge_and_write;
use crate::billing::charged::{Charged, Own};
use crate::billing::desk::Desk;
use crate::billing::pace::{Pace, Rate};
use crate::billing::report::{ChargeError, Ended, Held, Report};
use crate::billing::request::{Charge, Charges, Leave, SendGate};
use crate::billing::writer::{Reader, WriterHandle};
use crate::domain::payment::Outcome;
use crate::domain::pressure::{Gate, Halt};
use crate::domain::time::Clock;
use crate::gateway::Client;
use crate::interrupt::Interrupts;

/// Ends that wait to be looked at. A reader that is slow holds the workers up; it loses nothing.
const ENDS_WAITING_MAX: usize = 256;

/// How long the answer of a row that is paid may take to the disk before it is looked for again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// What a batch is begun with.
pub struct Job {
    /// The caller has the ledger's batch lock: its workers are the only ones there are.
    pub writer: WriterHandle,
    /// For looking only.
    pub reader: Reader,
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
    /// How many charges are under way at once.
    pub workers: usize,
    pub rate: Option<Rate>,
    /// Stop after so many failures in a row.
    pub max_failures: Option<u32>,
    /// The rows to charge, in this order.
    pub queue: Vec<u32>,
    pub orders: Charges,
}

/// Why no further row is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Interrupted,
    /// So many declines, rejections and requests that did not get through, one after another.
    Failures(u32),
    /// Every further row would be refused the same way.
    KeyRefused,
    /// What cannot be recorded is not sent.
    Ledger,
    /// The gateway wants more of a pause than anybody waits for, or its door is closed.
    Gateway(Halt),
}

/// How one row ended.
#[derive(Debug)]
pub enum RowEnd {
    Ended(Ended),
    Failed(ChargeError),
    /// Its worker died over it: a bug. What became of the payment stands in the ledger.
    Died,
    /// It was begun, and nothing was sent for it before the batch stopped.
    Stopped,
    /// Nothing was sent for it, because its PG refuses the merchant's account.
    PgStopped,
}

/// How often a row is begun again because a pause came before its request left.
const BEGINNINGS_MAX: u32 = 8;

/// One row, ended.
#[derive(Debug)]
pub struct Done {
    pub row: u32,
    pub end: RowEnd,
}

/// What there is to see next.
#[derive(Debug)]
pub enum Next {
    Done(Done),
    /// Nothing yet.
    Waiting,
    /// Every row that was begun has ended, and no further one is begun.
    Over,
}

/// Workers at work. They go on to the end of their rows, watched or not.
pub struct Batch {
    shared: Arc<Shared>,
    ends: Receiver<Told>,
    /// Rows that are paid, while that is being written down; their workers go on meanwhile.
    unwritten: VecDeque<(u32, Box<Own>)>,
}

/// What a worker says of a row.
enum Told {
    Done(Done),
    /// The gateway said paid.
    Paid(u32, Box<Own>),
}

struct Shared {
    gateway: Arc<Client>,
    clock: Arc<dyn Clock>,
    interrupts: Interrupts,
    orders: Charges,
    pace: Option<Pace>,
    brake: Brake,
    max_failures: Option<u32>,
    queue: Arc<Vec<u32>>,
    ahead: Asking,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many rows of the queue were begun.
    begun: usize,
    failures: u32,
    stop: Option<Stop>,
}

impl Batch {
    /// Begins. An error means that no worker could be started and nothing was begun.
    pub fn start(job: Job) -> io::Result<Batch> {
        let (tell, ends) = sync_channel(ENDS_WAITING_MAX);
        let workers = job.workers.min(job.queue.len());
        let queue = Arc::new(job.queue);
        let ahead = AskAhead::start(
            Arc::clone(&job.gateway),
            Arc::clone(&job.clock),
            Some(job.reader.clone()),
            Arc::clone(&job.orders),
            Arc::clone(&queue),
            job.workers,
        )?;
        let (gateway, clock) = (Arc::clone(&job.gateway), Arc::clone(&job.clock));
        let shared = Arc::new(Shared {
            brake: Brake::new(gateway, clock, Some(job.reader)),
            gateway: job.gateway,
            clock: job.clock,
            // A worker finishes what it has begun; whoever watches may stop waiting for it.
            interrupts: job.interrupts.patient(),
            orders: job.orders,
            pace: job.rate.map(Pace::new),
            max_failures: job.max_failures,
            queue,
            ahead,
            state: Mutex::new(State::default()),
        });
        for worker in 0..workers {
            let (shared, mut writer, tell) = (Arc::clone(&shared), job.writer.of_worker(), tell.clone());
            let name = format!("worker {worker}");
            let started = thread::Builder::new().name(name).spawn(move || work(&shared, &mut writer, &tell));
            match started {
                Ok(_) => {}
                // Fewer workers do the same work.
                Err(_) if worker > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Batch { shared, ends, unwritten: VecDeque::new() })
    }

    /// Waits for the next row to end.
    #[must_use]
    pub fn next(&mut self, at_most: Duration) -> Next {
        let mut left = at_most;
        loop {
            if let Some((_, paid)) = self.unwritten.front_mut()
                && paid.writing.is_done()
            {
                return self.written();
            }
            let wait = if self.unwritten.is_empty() { left } else { left.min(LOOK_AGAIN_AFTER) };
            match self.ends.recv_timeout(wait) {
                Ok(Told::Done(done)) => return Next::Done(done),
                Ok(Told::Paid(row, paid)) => self.unwritten.push_back((row, paid)),
                Err(RecvTimeoutError::Timeout) => {
                    left = left.saturating_sub(wait);
                    if left.is_zero() {
                        return Next::Waiting;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.written(),
            }
        }
    }

    /// Waits for the oldest row that is being written down.
    fn written(&mut self) -> Next {
        match self.unwritten.pop_front() {
            Some((row, paid)) => {
                let end = paid.wait().map_or_else(RowEnd::Failed, RowEnd::Ended);
                // That the channel works was counted when the answer came; rows may have failed since.
                if let RowEnd::Failed(_) = &end {
                    self.shared.weigh(&end);
                }
                Next::Done(Done { row, end })
            }
            None => Next::Over,
        }
    }

    /// Why no further row is begun, if that is so.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.shared.state().stop
    }

    /// The PGs to which no more rows go.
    #[must_use]
    pub fn stopped_pgs(&self) -> Vec<StoppedPg> {
        self.shared.brake.stopped_pgs()
    }

    /// How long the gateway wants to hear nothing more, if it does.
    #[must_use]
    pub fn paused(&self) -> Option<Duration> {
        match self.shared.gateway.gate().0 {
            Gate::Paused(left) => Some(left),
            Gate::Open | Gate::Halted(_) => None,
        }
    }

    /// The rows that were begun so far.
    #[must_use]
    pub fn begun(&self) -> &[u32] {
        let begun = self.shared.state().begun;
        self.shared.queue.get(..begun).unwrap_or_default()
    }
}

impl Shared {
    /// A worker that panicked with the lock held left plain numbers behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn goes_on(&self) -> bool {
        if self.interrupts.requested() {
            self.stop(Stop::Interrupted);
        }
        self.state().stop.is_none()
    }

    fn stop(&self, why: Stop) {
        self.state().stop.get_or_insert(why);
    }

    /// The next row to begin, in its time. Whoever has taken one leaves the brake when it has ended.
    fn take(&self) -> Option<(usize, u32)> {
        if !self.is_any_left() || !self.enter(&|| self.is_any_left() && self.goes_on()) {
            return None;
        }
        let taken = self.take_entered();
        if taken.is_none() {
            self.brake.leave();
        }
        taken
    }

    fn take_entered(&self) -> Option<(usize, u32)> {
        if let Some(pace) = &self.pace
            && !pace.wait(self.clock.as_ref(), &|| self.goes_on())
        {
            return None;
        }
        let mut state = self.state();
        if state.stop.is_some() {
            return None;
        }
        let place = state.begun;
        let row = self.queue.get(place).copied()?;
        state.begun += 1;
        Some((place, row))
    }

    fn is_any_left(&self) -> bool {
        self.state().begun < self.queue.len()
    }

    fn enter(&self, still_wanted: &dyn Fn() -> bool) -> bool {
        match self.brake.enter(still_wanted) {
            Entered::In => true,
            Entered::Unwanted => false,
            Entered::Halted(halt) => {
                self.stop(Stop::Gateway(halt));
                false
            }
        }
    }

    /// Charges one row; where a pause comes before its request has left, it is begun again after that.
    fn charge(
        self: &Arc<Shared>,
        place: usize,
        row: u32,
        writer: &mut WriterHandle,
    ) -> Result<Charged, RowEnd> {
        let known = self.ahead.known(place);
        let charge = (self.orders)(row).ok_or(RowEnd::Died)?;
        let customer = charge.request.terms.customer_uid.clone();
        let (shared, own) = (Arc::clone(self), customer.clone());
        let gate = SendGate::new(move || shared.brake.is_open() && !shared.brake.is_stopped(&own));
        let leave = Leave { gate: Some(gate), ..charge.leave };
        let order = Charge { known, leave, ..charge };
        let mut left = BEGINNINGS_MAX;
        loop {
            left = left.saturating_sub(1);
            if self.brake.is_stopped(&customer) {
                return Err(RowEnd::PgStopped);
            }
            if self.brake.is_open() {
                let mut desk = Desk {
                    ledger: &mut *writer,
                    gateway: Arc::clone(&self.gateway),
                    clock: Arc::clone(&self.clock),
                    interrupts: self.interrupts.clone(),
                };
                let charged = charge_and_write(&mut desk, &order, &mut |_| ()).map_err(RowEnd::Failed)?;
                if left == 0 || !self.is_put_off(&charged) {
                    return Ok(charged);
                }
            }
            if !self.enter_again() {
                return Err(RowEnd::Stopped);
            }
        }
    }

    /// Lets others in, and waits until the row that was under way may be begun again.
    fn enter_again(&self) -> bool {
        self.brake.leave();
        let entered = self.enter(&|| self.goes_on());
        if !entered {
            // Whoever is under way leaves in the end.
            self.brake.enter_at_once();
        }
        entered
    }

    /// Whether nothing was sent for a row because the way was closed meanwhile.
    fn is_put_off(&self, charged: &Charged) -> bool {
        let Charged::Known(ended) = charged else { return false };
        match ended {
            Ended::Interrupted => !self.interrupts.requested(),
            Ended::Answered(report) => {
                let open_still = report.replayed && report.payment.outcome == Outcome::Unknown;
                let unsent = match &report.held {
                    Some(Held::NotReached(_)) => true,
                    Some(Held::KeyRefused(_) | Held::Interrupted) => false,
                    None => open_still,
                };
                unsent && matches!(self.gateway.gate().0, Gate::Paused(_))
            }
            Ended::OtherTerms(_)
            | Ended::OtherAtGateway { .. }
            | Ended::Similar(_)
            | Ended::OverDaily { .. }
            | Ended::Busy { .. } => false,
        }
    }

    fn done(&self, row: u32, end: RowEnd) -> Done {
        self.weigh(&end);
        Done { row, end }
    }

    /// The channel works, before that is written down: rows that fail after it count from here.
    fn works(&self) {
        self.state().failures = 0;
    }

    /// Counts, and stops the taking of rows where it has to.
    fn weigh(&self, end: &RowEnd) {
        let stop = match end {
            RowEnd::Failed(_) => Some(Stop::Ledger),
            RowEnd::Ended(Ended::Answered(report)) => {
                self.brake.note(report);
                let mut state = self.state();
                match tells(report) {
                    Tells::Works => state.failures = 0,
                    Tells::Fails => state.failures = state.failures.saturating_add(1),
                    Tells::Nothing => {}
                }
                let failures = state.failures;
                let too_many = self.max_failures.is_some_and(|max| failures >= max);
                match &report.held {
                    Some(Held::KeyRefused(_)) => Some(Stop::KeyRefused),
                    Some(Held::NotReached(_) | Held::Interrupted) | None => {
                        too_many.then_some(Stop::Failures(failures))
                    }
                }
            }
            RowEnd::Ended(
                Ended::OtherTerms(_)
                | Ended::OtherAtGateway { .. }
                | Ended::Similar(_)
                | Ended::OverDaily { .. }
                | Ended::Busy { .. }
                | Ended::Interrupted,
            )
            | RowEnd::Died
            | RowEnd::Stopped
            | RowEnd::PgStopped => None,
        };
        if let Some(stop) = stop {
            self.stop(stop);
        }
    }
}

/// What one row says of the channel.
enum Tells {
    Works,
    Fails,
    /// It was not this run that sent it, or nobody knows.
    Nothing,
}

fn tells(report: &Report) -> Tells {
    match report.payment.outcome {
        Outcome::NotSent => Tells::Fails,
        _unsent if report.replayed => Tells::Nothing,
        Outcome::Paid => Tells::Works,
        Outcome::Declined | Outcome::Rejected => Tells::Fails,
        Outcome::Unknown | Outcome::Pending => Tells::Nothing,
    }
}

fn work(shared: &Arc<Shared>, writer: &mut WriterHandle, tell: &SyncSender<Told>) {
    while let Some((place, row)) = shared.take() {
        // One worker's bug is not to cut off what the others have sent.
        let charged = catch_unwind(AssertUnwindSafe(|| shared.charge(place, row, writer)));
        shared.brake.leave();
        let told = match charged.unwrap_or(Err(RowEnd::Died)) {
            Ok(Charged::Paid(paid)) => {
                shared.works();
                shared.ahead.paid(&paid.terms.merchant_uid);
                Told::Paid(row, paid)
            }
            Ok(Charged::Known(ended)) => Told::Done(shared.done(row, RowEnd::Ended(ended))),
            Err(end) => Told::Done(shared.done(row, end)),
        };
        if tell.send(told).is_err() {
            return;
        }
    }
}
