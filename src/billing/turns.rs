//! Whose request may be out, where many rows are charged at once.
//!
//! No more requests are out at once than there are workers. Where the gateway answers quickly, a charge
//! waits for the disk for a good part of its time: then the intents of further rows are written meanwhile,
//! and each row waits for its turn before its request leaves. Where the gateway takes its time
//! there is nothing to win by that: a row waits for its turn before anything of it is written, so that a
//! kill leaves no more rows unknown than there were requests.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::payment::Received;

/// An answer that took less is quick.
const QUICK_MS: i64 = 100;

/// How long a row that was written ahead waits for its turn. The gateway has become slow then; and an
/// intent is to be young when its request leaves.
const AHEAD_MAX: Duration = Duration::from_secs(1);

/// How many rows are under way at most where so many requests may be out: half as many again are written
/// ahead, which a gateway that answers at once keeps busy.
#[must_use]
pub fn under_way(requests: usize) -> usize {
    requests.saturating_add(requests / 2)
}

/// The turns of one batch.
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: usize,
    /// The last answer was.
    quick: bool,
    closed: bool,
}

/// One row's turn: had, or still to come. It is over when this is dropped.
pub(super) struct Turn {
    /// None where nobody else takes turns.
    turns: Option<Arc<Turns>>,
    had: bool,
    late: bool,
}

impl Turns {
    pub(super) fn new(requests: usize) -> Turns {
        // Before the first answer nobody knows how quick the gateway is.
        let state = State { free: requests, quick: false, closed: false };
        Turns { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// For the next row: waits for its turn, unless the row may be written ahead.
    pub(super) fn next(self: &Arc<Turns>) -> Turn {
        let mut state = self.wait_while(|state| state.free == 0 && !state.quick);
        let had = !state.quick;
        if had {
            state.free -= 1;
        }
        Turn { turns: Some(Arc::clone(self)), had, late: false }
    }

    /// What has had no turn yet will have none.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// A thread that panicked with the lock held left plain values behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.state(), |state| condition(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Of a charge that is alone: it is always its turn.
    pub(super) fn alone() -> Turn {
        Turn { turns: None, had: true, late: false }
    }

    /// Waits for it, however long that takes: requests that are out come to an end.
    pub(super) fn wait(&mut self) {
        if let Some(turns) = &self.turns
            && !self.had
        {
            turns.wait_while(|state| state.free == 0).free -= 1;
            (self.had, self.late) = (true, false);
        }
    }

    /// Waits for the turn of a row that was written ahead. False when it is not to be waited for any
    /// longer: the batch has stopped, or the gateway has become slow.
    pub(super) fn comes(&mut self) -> bool {
        if let Some(turns) = &self.turns
            && !self.had
        {
            let wait = |state: &mut State| state.free == 0 && !state.closed;
            let waited = turns.changed.wait_timeout_while(turns.state(), AHEAD_MAX, wait);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return false;
            }
            if state.free == 0 {
                (state.quick, self.late) = (false, true);
                return false;
            }
            state.free -= 1;
            self.had = true;
        }
        true
    }

    /// Whether it was waited for in vain, because the gateway has become slow.
    pub(super) fn is_late(&self) -> bool {
        self.late
    }

    /// How long the answer to a charge took decides whether rows are written ahead.
    pub(super) fn answered(&self, reply: &Received) {
        if let Some(turns) = &self.turns {
            let quick = reply.http_status.is_some() && reply.took_ms.is_some_and(|ms| ms < QUICK_MS);
            let mut state = turns.state();
            if std::mem::replace(&mut state.quick, quick) != quick {
                turns.changed.notify_all();
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = &self.turns
            && self.had
        {
            turns.state().free += 1;
            // One is enough: what lets anybody go on without taking a turn is told to all.
            turns.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::{Turn, Turns, under_way};
    use crate::domain::payment::Received;

    fn answer(took_ms: i64) -> Received {
        Received { http_status: Some(200), took_ms: Some(took_ms), ..Received::default() }
    }

    /// Does it in another thread; whether it came to an end soon.
    fn ends_soon<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (ended, end) = channel();
        thread::spawn(move || ended.send(job()));
        end.recv_timeout(Duration::from_millis(300)).ok()
    }

    fn next(turns: &Arc<Turns>) -> Option<Turn> {
        let turns = Arc::clone(turns);
        ends_soon(move || turns.next())
    }

    #[test]
    fn before_the_first_answer_and_with_a_slow_gateway_a_row_waits_for_its_turn_first() {
        let turns = Arc::new(Turns::new(2));
        let (first, second) = (turns.next(), turns.next());
        assert!(first.had && second.had);
        assert!(next(&turns).is_none(), "a third while two are out");
        first.answered(&answer(100));
        assert!(next(&turns).is_none(), "after an answer that was slow");
        drop((first, second));
        // The two that waited in vain have them now, and are gone with their threads.
        assert!(next(&turns).is_some_and(|turn| turn.had));
    }

    #[test]
    fn with_a_quick_gateway_a_row_is_written_ahead_and_sent_in_its_turn() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.next();
        first.answered(&answer(99));
        let mut second = next(&turns).unwrap();
        assert!(!second.had, "no turn is taken for the writing");
        let sent = ends_soon(move || (second.comes(), second));
        assert!(sent.is_none(), "while another's request is out");
        drop(first);
        let mut third = next(&turns).unwrap();
        assert!(third.comes());
    }

    #[test]
    fn what_was_no_answer_does_not_make_the_gateway_quick() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.next();
        first.answered(&Received { http_status: None, ..answer(1) });
        assert!(next(&turns).is_none());
    }

    #[test]
    fn a_turn_that_does_not_come_is_late_and_nothing_more_is_written_ahead() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.next();
        first.answered(&answer(1));
        let mut second = turns.next();
        assert!(!second.comes() && second.is_late());
        assert!(next(&turns).is_none());
        drop(first);
        second.wait();
        assert!(second.comes() && !second.is_late());
    }

    #[test]
    fn what_is_written_ahead_when_the_batch_stops_is_not_sent() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.next();
        first.answered(&answer(1));
        let mut second = turns.next();
        turns.close();
        assert!(!second.comes() && !second.is_late());
        drop(first);
        assert!(!second.comes(), "not even where there is room");
    }

    #[test]
    fn who_is_alone_does_not_wait() {
        let mut alone = Turn::alone();
        alone.wait();
        alone.answered(&answer(1));
        assert!(alone.comes() && !alone.is_late());
        assert_eq!([1, 2, 3, 16, 64].map(under_way), [1, 3, 4, 24, 96]);
    }
}
