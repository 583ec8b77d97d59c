//! Many ids in one call, before each of them is asked for alone: by threads of their own, a few calls ahead of their
//! turn. What a call does not show proves nothing, and is nobody's answer here.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::gateway::{BULK_BYTES_MAX, BULK_IDS_MAX, NotListed};

/// How many calls are made ahead of the one whose ids have their turn.
const CALLS_AHEAD: usize = 3;

/// So many calls in a row that are told to wait, and no further ones are made: two of each thread that asks ahead.
const PUT_OFF_MAX: usize = 2 * CALLS_AHEAD;

/// What one call shows.
type Call<K, V> = Box<dyn Fn(&[K]) -> Result<HashMap<K, V>, NotListed> + Send + Sync>;

/// The questions, in pieces of as many as one call takes.
pub(super) struct InBulk<K, V> {
    /// By place; `None` for what is asked for alone in any case.
    ids: Vec<Option<K>>,
    pieces: Vec<Piece<K, V>>,
    /// How many ids the gateway takes in one call, as far as it has refused more.
    ids_max: AtomicUsize,
    /// How many calls in a row were told to wait.
    put_off: AtomicUsize,
    call: Call<K, V>,
    /// How many bytes of a request line one id takes, and how many all else.
    bytes: (fn(&K) -> usize, usize),
    /// Whether the gateway may be asked for many now.
    takes_many: Box<dyn Fn() -> bool + Send + Sync>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What one piece's calls have shown, once they were made.
type Piece<K, V> = OnceLock<Mutex<HashMap<K, V>>>;

#[derive(Default)]
struct State {
    /// The piece whose ids have their turn.
    turn: usize,
    /// Up to here pieces were taken by a thread that asks ahead.
    begun: usize,
    over: bool,
}

/// Keeps the threads going that ask ahead; they end when it is dropped.
pub(super) struct AskedAhead<K, V>(Arc<InBulk<K, V>>);

impl<K, V> Drop for AskedAhead<K, V> {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_all();
    }
}

impl<K, V> Deref for AskedAhead<K, V> {
    type Target = InBulk<K, V>;

    fn deref(&self) -> &InBulk<K, V> {
        &self.0
    }
}

impl<K, V> InBulk<K, V> {
    /// A thread that panicked with the lock held left plain numbers behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> InBulk<K, V> {
    pub(super) fn new(
        ids: Vec<Option<K>>,
        bytes: (fn(&K) -> usize, usize),
        takes_many: Box<dyn Fn() -> bool + Send + Sync>,
        call: Call<K, V>,
    ) -> InBulk<K, V> {
        let pieces = ids.chunks(BULK_IDS_MAX).map(|_| OnceLock::new()).collect();
        let (ids_max, put_off) = (AtomicUsize::new(BULK_IDS_MAX), AtomicUsize::new(0));
        let (state, changed) = (Mutex::default(), Condvar::new());
        InBulk { ids, pieces, ids_max, put_off, call, bytes, takes_many, state, changed }
    }

    /// What a call has shown of the id at this place. Waits while that call is out.
    pub(super) fn shown(&self, place: usize) -> Option<V> {
        let own = place / BULK_IDS_MAX;
        let mut state = self.state();
        if own > state.turn {
            state.turn = own;
            self.changed.notify_all();
        }
        drop(state);
        let id = self.ids.get(place)?.as_ref()?;
        // It is its own worker's, and asked for once.
        self.piece(own)?.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    /// By whoever comes first; who comes later waits for it.
    fn piece(&self, number: usize) -> Option<&Mutex<HashMap<K, V>>> {
        let piece = self.pieces.get(number)?;
        Some(piece.get_or_init(|| Mutex::new(self.ask(number))))
    }

    /// Asks for the next piece ahead of its turn, when that is near; false when there is none left.
    fn ask_next(&self) -> bool {
        let mut state = self.state();
        while !state.over && state.begun > state.turn.saturating_add(CALLS_AHEAD) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let number = state.begun.max(state.turn);
        state.begun = number + 1;
        let over = state.over;
        drop(state);
        !over && self.piece(number).is_some()
    }

    /// Asks for a piece. After a call that fails all further ones are half as long; at last there are none.
    fn ask(&self, number: usize) -> HashMap<K, V> {
        let ids = self.ids.chunks(BULK_IDS_MAX).nth(number).unwrap_or_default();
        let ids: Vec<K> = ids.iter().flatten().cloned().collect();
        let (mut left, mut shown) = (&ids[..], HashMap::new());
        while !left.is_empty() && (self.takes_many)() {
            let some = self.fitting(left);
            // One id alone is asked for as it would be anyway.
            if some <= 1 {
                break;
            }
            let (part, rest) = left.split_at(some);
            match (self.call)(part) {
                Ok(answers) => {
                    self.put_off.store(0, Ordering::Relaxed);
                    shown.extend(answers);
                    left = rest;
                }
                // A call that was told to wait is not too long.
                Err(NotListed::Refused) if (self.takes_many)() => {
                    self.ids_max.fetch_min(some / 2, Ordering::Relaxed);
                }
                Err(NotListed::Refused) => {
                    if self.put_off.fetch_add(1, Ordering::Relaxed) + 1 >= PUT_OFF_MAX {
                        self.ids_max.store(0, Ordering::Relaxed);
                    }
                    break;
                }
                Err(NotListed::Unasked) => break,
            }
        }
        shown
    }

    /// Where there is no thread for it, each piece is asked for in its turn.
    pub(super) fn ahead(self) -> AskedAhead<K, V>
    where
        K: Send + Sync + 'static,
        V: Send + 'static,
    {
        let ahead = Arc::new(self);
        let threads = if ahead.pieces.len() > 1 { CALLS_AHEAD } else { 0 };
        for _ in 0..threads {
            let ahead = Arc::clone(&ahead);
            let asks = move || while ahead.ask_next() {};
            let _ = thread::Builder::new().name("asker ahead".to_owned()).spawn(asks);
        }
        AskedAhead(ahead)
    }

    /// How many of the ids go into one call.
    fn fitting(&self, ids: &[K]) -> usize {
        let (of_id, mut bytes) = self.bytes;
        let most = self.ids_max.load(Ordering::Relaxed);
        let fits = ids.iter().take(most).take_while(|id| {
            bytes += of_id(id);
            bytes <= BULK_BYTES_MAX
        });
        fits.count()
    }
}

#[cfg(test)]
mod tests;
