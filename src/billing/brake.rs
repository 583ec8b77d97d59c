//! What slows a batch down or stops it: the gateway's wish for a pause, its closed door, and a PG that refuses
//! the merchant's own account. What each answer means is decided in `domain::pressure`; here workers wait by it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::billing::report::Report;
use crate::billing::writer::Reader;
use crate::domain::ids::CustomerUid;
use crate::domain::pressure::{ACCOUNT_REFUSALS_MAX, Gate, Halt, refuses_account};
use crate::domain::time::Clock;
use crate::gateway::Client;

/// The longest sleep at a time: whoever waits looks now and then whether there is still a reason to.
const NAP_MAX: Duration = Duration::from_millis(50);

/// A PG to which no more rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedPg {
    pub pg: String,
    /// Its words, when it refused the last time.
    pub said: String,
}

pub(super) struct Brake {
    gateway: Arc<Client>,
    clock: Arc<dyn Clock>,
    /// Where the customers are saved; `None` where there is no ledger.
    reader: Option<Reader>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    under_way: usize,
    /// By PG: how often it refused the merchant's account in this run, and its last words.
    refusals: BTreeMap<String, (u32, String)>,
}

/// What became of the wish to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    In,
    /// The caller does not want to any more.
    Unwanted,
    Halted(Halt),
}

impl Brake {
    pub(super) fn new(gateway: Arc<Client>, clock: Arc<dyn Clock>, reader: Option<Reader>) -> Brake {
        Brake { gateway, clock, reader, state: Mutex::new(State::default()) }
    }

    /// A thread that panicked with the lock held left plain numbers behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may leave, and counts it as under way. While it waits it asks whether it is still
    /// wanted.
    pub(super) fn enter(&self, still_wanted: &dyn Fn() -> bool) -> Entered {
        loop {
            if !still_wanted() {
                return Entered::Unwanted;
            }
            let nap = match self.gateway.gate() {
                (Gate::Halted(halt), _) => return Entered::Halted(halt),
                (Gate::Paused(left), _) => left.min(NAP_MAX),
                (Gate::Open, at_once) => {
                    let mut state = self.state();
                    if at_once.is_none_or(|at_once| state.under_way < at_once) {
                        state.under_way = state.under_way.saturating_add(1);
                        return Entered::In;
                    }
                    NAP_MAX
                }
            };
            self.clock.sleep(nap);
        }
    }

    /// Counts as under way without asking: for whoever will leave once more.
    pub(super) fn enter_at_once(&self) {
        let mut state = self.state();
        state.under_way = state.under_way.saturating_add(1);
    }

    /// What was under way is over.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.under_way = state.under_way.saturating_sub(1);
    }

    /// Whether the gateway takes requests at this moment.
    pub(super) fn is_open(&self) -> bool {
        self.gateway.gate().0 == Gate::Open
    }

    /// Takes note of a "no" to a request of this run that is about the merchant's account.
    pub(super) fn note(&self, report: &Report) {
        if report.replayed {
            return;
        }
        let payment = &report.payment;
        let saved = self.pg_of(&payment.terms.customer_uid);
        let Some(pg) = saved.or_else(|| payment.pg_provider.clone()) else { return };
        // The words are the PG's that has answered, and the rows that it stops are those saved with it.
        let answered = payment.pg_provider.as_deref().unwrap_or(&pg);
        if refuses_account(payment, answered) {
            let mut state = self.state();
            let (count, said) = state.refusals.entry(pg).or_default();
            *count = count.saturating_add(1);
            *said = payment.message.clone().unwrap_or_default();
        }
    }

    /// Whether no more is sent to this customer's PG.
    pub(super) fn is_stopped(&self, customer: &CustomerUid) -> bool {
        if self.stopped_pgs().is_empty() {
            return false;
        }
        let pg = self.pg_of(customer);
        pg.is_some_and(|pg| self.stopped_pgs().iter().any(|stopped| stopped.pg == pg))
    }

    /// The PGs to which no more is sent.
    pub(super) fn stopped_pgs(&self) -> Vec<StoppedPg> {
        let state = self.state();
        let stopped = state.refusals.iter().filter(|(_, (count, _))| *count >= ACCOUNT_REFUSALS_MAX);
        stopped.map(|(pg, (_, said))| StoppedPg { pg: pg.clone(), said: said.clone() }).collect()
    }

    /// The PG of a saved customer; a customer that nobody saved, or whose PG is not known, goes on.
    fn pg_of(&self, customer: &CustomerUid) -> Option<String> {
        self.reader.as_ref()?.look().find_customer(customer).ok().flatten()?.card.pg_provider
    }
}
