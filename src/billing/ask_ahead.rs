//! Asks the gateway about the rows of a batch before their turn, many at once and beside the workers: nothing
//! is sent unasked (contract, rule 8), and a look-up for each row alone would take as long again.
//!
//! What the many-at-once form says is not sure. One of the ids asked for is known to be paid; an answer that
//! does not show it, or shows as many as may be all that it ever shows, proves no absence. A row that it does
//! not settle is asked for alone, by its worker.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::billing::request::{Charges, Known};
use crate::billing::writer::Reader;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::payment::GatewayRecord;
use crate::domain::pressure::Gate;
use crate::domain::time::{Clock, Moment};
use crate::gateway::{
    BULK_BYTES_MAX, BULK_IDS_MAX, BULK_SHOWN_MAX, Bulk, Client, bulk_bytes, bulk_bytes_without_ids,
};

/// How many rows at least are asked for ahead of the one that is begun next; two calls' worth.
const LEAD_MIN: usize = 2 * BULK_IDS_MAX;

/// While one waits for its answer, the other may have the next rows.
const ASKERS: usize = 2;

/// So many calls in a row that are told to wait, and the gateway is not asked for many at once any more: two of
/// each asker.
const PUT_OFF_MAX: u32 = 4;

/// How often an asker that waits for the end of a pause looks for it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is asked, and of whom.
pub(super) struct AskAhead {
    gateway: Arc<Client>,
    clock: Arc<dyn Clock>,
    /// `None` where there is no ledger.
    reader: Option<Reader>,
    orders: Charges,
    queue: Arc<Vec<u32>>,
    lead: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The place in the queue of the row that is begun next.
    begun: usize,
    /// Up to here rows were taken by an asker.
    taken: usize,
    /// By their places in the queue; what is not here is asked for alone.
    answers: HashMap<usize, Slot>,
    /// An order that the gateway has as paid.
    control: Option<MerchantUid>,
    /// How many ids the gateway takes in one call, as far as it has refused more.
    ids_max: usize,
    /// How many calls in a row were told to wait.
    put_off: u32,
    over: bool,
}

enum Slot {
    OnItsWay,
    Known(Box<Known>),
}

/// One asker's hold on what is asked. When it ends, be it by a bug, nobody waits for its answers any more.
struct Asker(Arc<AskAhead>);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.state().answers.retain(|_, slot| matches!(slot, Slot::Known(_)));
        self.0.changed.notify_all();
    }
}

/// Keeps the askers going; they end when it is dropped.
pub(super) struct Asking(Arc<AskAhead>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_all();
    }
}

impl AskAhead {
    pub(super) fn start(
        gateway: Arc<Client>,
        clock: Arc<dyn Clock>,
        reader: Option<Reader>,
        orders: Charges,
        queue: Arc<Vec<u32>>,
        workers: usize,
    ) -> io::Result<Asking> {
        let newest = |reader: &Reader| reader.look().newest_paid(Some(gateway.account())).ok().flatten();
        let control = reader.as_ref().and_then(newest);
        // The bulk form compares ids in its own way: one of plain letters has but one spelling.
        let control = control.map(|paid| paid.terms.merchant_uid).filter(|uid| uid.as_str().is_ascii());
        let state = State { control, ids_max: BULK_IDS_MAX, ..State::default() };
        let lead = LEAD_MIN.max(workers.saturating_mul(8));
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let ahead = Arc::new(AskAhead { gateway, clock, reader, orders, queue, lead, state, changed });
        for _ in 0..ASKERS {
            let ahead = Arc::clone(&ahead);
            let asker = Asker(ahead);
            let asks = move || while asker.0.ask_next() {};
            thread::Builder::new().name("asker".to_owned()).spawn(asks)?;
        }
        Ok(Asking(ahead))
    }

    /// An asker that panicked with the lock held left answers behind, none of which is half made.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the next rows; false when nothing is left to ask.
    fn ask_next(&self) -> bool {
        let Some((first, last, control)) = self.take() else { return false };
        let rows = self.first_sends(first, last);
        let uids: Vec<MerchantUid> = rows.iter().map(|(_, uid)| uid.clone()).collect();
        let answers = if uids.is_empty() { HashMap::new() } else { self.ask(&uids, &control) };
        let told_to_wait = !self.gateway.takes_many();
        let mut state = self.state();
        if told_to_wait && rows.iter().any(|(_, uid)| !answers.contains_key(uid)) {
            state.put_off = state.put_off.saturating_add(1);
            if state.put_off >= PUT_OFF_MAX {
                state.ids_max = 0;
            }
            // Those whose turn has not come until the pause is over are asked for again.
            state.taken = state.taken.min(first);
        } else if !rows.is_empty() {
            state.put_off = 0;
        }
        for (place, uid) in &rows {
            match answers.get(uid) {
                Some(known) => state.answers.insert(*place, Slot::Known(Box::new(known.clone()))),
                None => state.answers.remove(place),
            };
        }
        for place in first..last {
            if let Some(Slot::OnItsWay) = state.answers.get(&place) {
                state.answers.remove(&place);
            }
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Waits until rows come near their turn, and takes them.
    fn take(&self) -> Option<(usize, usize, MerchantUid)> {
        let mut state = self.state();
        loop {
            if state.over || state.ids_max == 0 || state.taken >= self.queue.len() {
                return None;
            }
            // Rows whose worker asked for them alone meanwhile are past.
            state.taken = state.taken.max(state.begun);
            let near = state.taken < state.begun.saturating_add(self.lead);
            let paused = match self.gateway.gate().0 {
                Gate::Halted(_) => return None,
                Gate::Paused(_) => true,
                Gate::Open => false,
            };
            if let (Some(control), true, false) = (&state.control, near, paused) {
                let control = control.clone();
                let ids = state.ids_max.saturating_sub(1).max(1);
                let (first, last) = (state.taken, state.taken.saturating_add(ids).min(self.queue.len()));
                state.taken = last;
                for place in first..last {
                    state.answers.insert(place, Slot::OnItsWay);
                }
                return Some((first, last, control));
            }
            state = if paused {
                self.changed.wait_timeout(state, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Those of the rows that this ledger has never sent. Ids beyond ASCII may be equal to the gateway and not
    /// to the letter: each of them is asked for alone.
    fn first_sends(&self, first: usize, last: usize) -> Vec<(usize, MerchantUid)> {
        let rows = self.queue.get(first..last).unwrap_or_default();
        let uids = rows.iter().enumerate().filter_map(|(offset, row)| {
            let uid = (self.orders)(*row)?.request.terms.merchant_uid.clone();
            uid.as_str().is_ascii().then_some((first + offset, uid))
        });
        let uids: Vec<(usize, MerchantUid)> = uids.collect();
        let asked: Vec<MerchantUid> = uids.iter().map(|(_, uid)| uid.clone()).collect();
        let found = self.reader.as_ref().map(|reader| reader.look().find_many(&asked)).transpose();
        let Ok(stored) = found else { return Vec::new() };
        let stored = stored.unwrap_or_else(|| vec![None; asked.len()]);
        let never_sent = uids.into_iter().zip(stored);
        let never_sent = never_sent.filter(|(_, row)| row.as_ref().is_none_or(|row| row.last_send.is_none()));
        never_sent.map(|(place, _)| place).collect()
    }

    /// What the gateway says of them, as far as it settles anything. A call that fails is halved.
    fn ask(&self, uids: &[MerchantUid], control: &MerchantUid) -> HashMap<MerchantUid, Known> {
        let mut answers = HashMap::new();
        let mut left = uids;
        // Whoever is told to wait asks for nothing; a call that was told so is not too long.
        while !left.is_empty() && self.gateway.takes_many() {
            let (part, rest) = left.split_at(fitting(left, control));
            left = rest;
            let with_control: Vec<MerchantUid> = part.iter().chain([control]).cloned().collect();
            let asked_at = self.clock.now();
            match self.gateway.look_up_many(&with_control) {
                Some(bulk) => answers.extend(settled(part, control, bulk, &asked_at)),
                None if !self.gateway.takes_many() => break,
                None if part.len() > 1 => {
                    let (one, other) = part.split_at(part.len() / 2);
                    // The next calls are no longer than what was not refused.
                    self.state().ids_max = one.len() + 1;
                    answers.extend(self.ask(one, control));
                    answers.extend(self.ask(other, control));
                }
                None => self.state().ids_max = 0,
            }
        }
        answers
    }
}

impl Asking {
    /// What the gateway has said of the row at this place of the queue; waits while it is being asked. The
    /// row is begun now.
    pub(super) fn known(&self, place: usize) -> Option<Known> {
        let mut state = self.0.state();
        state.begun = state.begun.max(place + 1);
        self.0.changed.notify_all();
        loop {
            match state.answers.remove(&place) {
                Some(Slot::Known(known)) => return Some(*known),
                Some(Slot::OnItsWay) if !state.over => {
                    state.answers.insert(place, Slot::OnItsWay);
                    state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Slot::OnItsWay) | None => return None,
            }
        }
    }

    /// An order that the gateway has just said is paid.
    pub(super) fn paid(&self, uid: &MerchantUid) {
        let mut state = self.0.state();
        if state.control.is_none() && uid.as_str().is_ascii() {
            state.control = Some(uid.clone());
            self.0.changed.notify_all();
        }
    }
}

/// How many of the ids fit into one call beside the one that is known to be paid.
fn fitting(uids: &[MerchantUid], control: &MerchantUid) -> usize {
    let mut bytes = bulk_bytes_without_ids() + bulk_bytes(control);
    let fits = uids.iter().take(BULK_IDS_MAX - 1).take_while(|uid| {
        bytes += bulk_bytes(uid);
        bytes <= BULK_BYTES_MAX
    });
    fits.count().max(1)
}

/// The ids that an answer settles: what it shows as paid or refunded, and, where it shows all that it knows,
/// what it does not show.
fn settled(
    uids: &[MerchantUid],
    control: &MerchantUid,
    bulk: Bulk,
    asked_at: &Moment,
) -> HashMap<MerchantUid, Known> {
    let shows = |uid: &str| bulk.records.iter().any(|record| record.merchant_uid.as_deref() == Some(uid));
    let whole = shows(control.as_str()) && bulk.records.len() < BULK_SHOWN_MAX;
    let received = bulk.received.clone();
    let not_shown: Vec<&MerchantUid> = uids.iter().filter(|uid| whole && !shows(uid.as_str())).collect();
    let asked: Vec<MerchantUid> = uids.iter().chain([control]).cloned().collect();
    let Some(mut settled) = took_money(&asked, bulk, asked_at) else { return HashMap::new() };
    settled.remove(control);
    let absent = || LookupReply::NotFound { received: received.clone() };
    let absent =
        not_shown.into_iter().map(|uid| (uid.clone(), Known { reply: absent(), asked_at: asked_at.clone() }));
    settled.extend(absent);
    settled
}

/// The ids that an answer shows as paid or refunded; `None` for an answer about other orders, which is none to this
/// question.
pub(super) fn took_money(
    uids: &[MerchantUid],
    bulk: Bulk,
    asked_at: &Moment,
) -> Option<HashMap<MerchantUid, Known>> {
    let Bulk { records, received } = bulk;
    let asked: HashSet<&str> = uids.iter().map(MerchantUid::as_str).collect();
    if records.iter().any(|record| record.merchant_uid.as_deref().is_none_or(|uid| !asked.contains(uid))) {
        return None;
    }
    let of_uid = |uid: &MerchantUid| -> Vec<GatewayRecord> {
        let same = |record: &&GatewayRecord| record.merchant_uid.as_deref() == Some(uid.as_str());
        records.iter().filter(same).cloned().collect()
    };
    let took =
        |record: &GatewayRecord| matches!(record.status.as_deref(), Some("paid" | "cancelled" | "canceled"));
    let shown = uids.iter().filter_map(|uid| {
        let records = of_uid(uid);
        let reply = LookupReply::Records { records, received: received.clone() };
        let took_money = reply.shown().iter().any(took);
        took_money.then(|| (uid.clone(), Known { reply, asked_at: asked_at.clone() }))
    });
    Some(shown.collect())
}

#[cfg(test)]
mod tests;
