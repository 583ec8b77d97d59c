//! Questions that several workers ask the gateway, and answers that are handed out in the questions' order. Nothing
//! is charged here: whoever stops one loses an answer.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::billing::brake::{Brake, Entered};
use crate::domain::pressure::{Gate, Halt};
use crate::domain::time::Clock;
use crate::gateway::Client;
use crate::interrupt::Interrupts;

/// How many questions are out at once.
pub const WORKERS: usize = 16;

/// How many answers may wait for the one before them, and for whoever takes them: what is held is bounded by it.
const WAITING_MAX: usize = 1024;

/// How often a question is asked again because the gateway wanted a pause.
const BEGINNINGS_MAX: u32 = 8;

/// One worker's way to answer the question at a place.
pub type Work<A> = Box<dyn FnMut(usize) -> A + Send>;

/// Workers at work. They begin nothing more when it is dropped.
pub struct Crew<A> {
    shared: Arc<Shared<A>>,
}

/// What there is to take next.
#[derive(Debug)]
pub enum Next<A> {
    /// Every answer that is there, each with its place; `None` where a bug cut its worker off.
    Ready(Vec<(usize, Option<A>)>),
    /// Nothing yet.
    Waiting,
    /// Every question that was begun was answered, and no further one is begun.
    Over,
}

struct Shared<A> {
    gateway: Arc<Client>,
    brake: Brake,
    interrupts: Interrupts,
    total: usize,
    is_failure: fn(&A) -> bool,
    state: Mutex<State<A>>,
    changed: Condvar,
}

struct State<A> {
    begun: usize,
    taken: usize,
    /// By place, those that nobody has taken yet.
    answers: BTreeMap<usize, Option<A>>,
    working: usize,
    stopped: bool,
    halt: Option<Halt>,
}

impl<A: Send + 'static> Crew<A> {
    /// Begins to ask `total` questions. `worker` makes each worker's own way to answer; an answer that `is_failure`
    /// is asked for again where the gateway wants a pause. An error means that no worker could be started.
    pub fn start(
        (gateway, clock): (Arc<Client>, Arc<dyn Clock>),
        interrupts: Interrupts,
        total: usize,
        worker: &dyn Fn() -> Work<A>,
        is_failure: fn(&A) -> bool,
    ) -> io::Result<Crew<A>> {
        let state =
            State { begun: 0, taken: 0, answers: BTreeMap::new(), working: 0, stopped: false, halt: None };
        let brake = Brake::new(Arc::clone(&gateway), clock, None);
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { gateway, brake, interrupts, total, is_failure, state, changed });
        for number in 0..WORKERS.min(total) {
            let (own, mut work) = (Arc::clone(&shared), worker());
            shared.state().working += 1;
            let working = Working(Arc::clone(&shared));
            let name = format!("asker {number}");
            let started = thread::Builder::new().name(name).spawn(move || {
                let _working = working;
                own.ask_all(&mut work);
            });
            match started {
                Ok(_) => {}
                // Fewer workers do the same work.
                Err(_) if number > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Crew { shared })
    }
}

impl<A> Crew<A> {
    /// Takes what was answered, in the order of the questions, or waits for it.
    pub fn next(&self, at_most: Duration) -> Next<A> {
        let nothing = |state: &mut State<A>| !state.is_ready() && !state.is_over();
        let waited = self.shared.changed.wait_timeout_while(self.shared.state(), at_most, nothing);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let mut ready = Vec::new();
        while let State { taken, answers, .. } = &mut *state
            && let Some(answer) = answers.remove(taken)
        {
            ready.push((*taken, answer));
            *taken += 1;
        }
        if ready.is_empty() {
            return if state.is_over() { Next::Over } else { Next::Waiting };
        }
        drop(state);
        self.shared.changed.notify_all();
        Next::Ready(ready)
    }

    /// Begins no further question. Those that are out are answered.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Why the gateway is sent nothing more, if that is so.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.shared.state().halt
    }

    /// How long the gateway wants to hear nothing more, if it does.
    #[must_use]
    pub fn paused(&self) -> Option<Duration> {
        match self.shared.gateway.gate().0 {
            Gate::Paused(left) => Some(left),
            Gate::Open | Gate::Halted(_) => None,
        }
    }
}

impl<A> Drop for Crew<A> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<A> State<A> {
    fn is_ready(&self) -> bool {
        self.answers.contains_key(&self.taken)
    }

    fn is_over(&self) -> bool {
        self.working == 0 && self.answers.is_empty()
    }
}

/// Counts a worker as at work; when it ends, be it by a bug, nobody waits for it any more.
struct Working<A>(Arc<Shared<A>>);

impl<A> Drop for Working<A> {
    fn drop(&mut self) {
        self.0.state().working -= 1;
        self.0.changed.notify_all();
    }
}

impl<A> Shared<A> {
    /// A worker that panicked with the lock held left nothing half made.
    fn state(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    fn goes_on(&self) -> bool {
        if self.interrupts.requested() {
            self.stop();
        }
        !self.state().stopped
    }

    fn ask_all(&self, work: &mut Work<A>) {
        while let Some(place) = self.take() {
            // One worker's bug is not to take the others' answers along.
            let answer = catch_unwind(AssertUnwindSafe(|| self.ask(place, work))).ok();
            self.brake.leave();
            self.state().answers.insert(place, answer);
            self.changed.notify_all();
        }
    }

    /// The next place, once its answer has room and the gateway takes questions. Whoever has taken one leaves the
    /// brake when it is answered.
    fn take(&self) -> Option<usize> {
        if !self.has_room() || !self.enter(&|| self.is_any_left() && self.goes_on()) {
            return None;
        }
        let mut state = self.state();
        if state.stopped || state.begun >= self.total {
            drop(state);
            self.brake.leave();
            return None;
        }
        state.begun += 1;
        Some(state.begun - 1)
    }

    /// Waits while too many answers wait to be taken. All workers may see the last room there is: they are few.
    fn has_room(&self) -> bool {
        let mut state = self.state();
        while !state.stopped && state.begun >= state.taken.saturating_add(WAITING_MAX) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.stopped && state.begun < self.total
    }

    fn is_any_left(&self) -> bool {
        self.state().begun < self.total
    }

    fn enter(&self, still_wanted: &dyn Fn() -> bool) -> bool {
        match self.brake.enter(still_wanted) {
            Entered::In => true,
            Entered::Unwanted => false,
            Entered::Halted(halt) => {
                self.state().halt.get_or_insert(halt);
                self.stop();
                false
            }
        }
    }

    fn ask(&self, place: usize, work: &mut Work<A>) -> A {
        let mut left = BEGINNINGS_MAX;
        loop {
            left -= 1;
            let answer = work(place);
            let put_off = (self.is_failure)(&answer) && matches!(self.gateway.gate().0, Gate::Paused(_));
            if left == 0 || !put_off {
                return answer;
            }
            self.brake.leave();
            if !self.enter(&|| self.goes_on()) {
                // Whoever has asked leaves in the end.
                self.brake.enter_at_once();
                return answer;
            }
        }
    }
}

#[cfg(test)]
mod tests;
