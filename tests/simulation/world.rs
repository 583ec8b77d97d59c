//! Time, chance and turns: what makes a run of many operators repeatable from one number.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use billkey::domain::time::{BootReading, Clock, Moment};
use jiff::Timestamp;

use super::book::Book;
use super::shown::{Shown, Told};
use super::wire::{Bulk, Lookups};

/// What a killed process leaves behind: nothing but its locks gone and its transaction undone.
pub struct Crash;

/// Small, seeded and good enough to choose faults by.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Everything the actors share. Whoever holds the turn may touch it.
pub struct Inner {
    pub chance: Chance,
    pub book: Book,
    /// The gateway's clock, which nothing disturbs, in epoch milliseconds.
    pub now_ms: i64,
    booted_at_ms: i64,
    boot: u32,
    wall_skew_ms: i64,
    turn: usize,
    alive: Vec<bool>,
    /// A crash strikes at one in so many steps; 0 is never.
    pub crash_one_in: u64,
    pub crashes: u32,
    /// Each actor is a host of its own.
    pub several_hosts: bool,
    /// A host stands still at one in so many answers; 0 is never.
    pub pause_one_in: u64,
    /// How many turns of others go by before a host that stands still moves again.
    still: Vec<u64>,
    /// Who has read the clock and sent nothing since: it may be about to let a request go.
    about_to_send: Vec<bool>,
    pub trace: Vec<String>,
    pub lookups: Lookups,
    pub bulk: Bulk,
    /// The orders of which some look-up has said that there are none.
    pub told_absent: BTreeSet<String>,
    /// What the run of each actor is told.
    pub told: Vec<Told>,
    pub shown: Shown,
}

#[derive(Clone)]
pub struct World {
    inner: Arc<Mutex<Inner>>,
    turned: Arc<Condvar>,
}

pub const NOBODY: usize = usize::MAX;

impl World {
    pub fn new(seed: u64, book: Book) -> World {
        let now_ms = 1_795_000_000_000;
        let inner = Inner {
            chance: Chance::new(seed),
            book,
            now_ms,
            booted_at_ms: now_ms - 3_600_000,
            boot: 1,
            wall_skew_ms: 0,
            turn: NOBODY,
            alive: Vec::new(),
            crash_one_in: 0,
            crashes: 0,
            several_hosts: false,
            pause_one_in: 0,
            still: Vec::new(),
            about_to_send: Vec::new(),
            trace: Vec::new(),
            lookups: Lookups::Usual,
            bulk: Bulk::Newest,
            told_absent: BTreeSet::new(),
            told: Vec::new(),
            shown: Shown::default(),
        };
        World { inner: Arc::new(Mutex::new(inner)), turned: Arc::new(Condvar::new()) }
    }

    pub fn look(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, line: &str) {
        let mut inner = self.look();
        let at_s = (inner.now_ms - 1_795_000_000_000) / 1000;
        inner.trace.push(format!("{at_s:>6} s  {line}"));
    }

    pub fn pass(&self, duration: Duration) {
        self.look().now_ms += i64::try_from(duration.as_millis()).unwrap();
    }

    /// The machine starts anew: its boot clock with it. The wall clock may come up wrong.
    pub fn reboot(&self, wall_skew_ms: i64) {
        let mut inner = self.look();
        inner.boot += 1;
        inner.booted_at_ms = inner.now_ms;
        inner.wall_skew_ms = wall_skew_ms;
    }

    pub fn set_wall_skew(&self, wall_skew_ms: i64) {
        self.look().wall_skew_ms = wall_skew_ms;
    }

    pub fn now(&self, actor: usize) -> Moment {
        let inner = self.look();
        let host = if inner.several_hosts { format!("-host-{actor}") } else { String::new() };
        Moment {
            wall: Timestamp::from_millisecond(inner.now_ms + inner.wall_skew_ms).unwrap(),
            boot: Some(BootReading {
                boot_id: format!("boot-{}{host}", inner.boot).into(),
                since_boot_ms: inner.now_ms - inner.booted_at_ms,
            }),
        }
    }

    /// Gets ready for so many actors; the first turn is drawn.
    pub fn begin(&self, actors: usize) {
        let mut inner = self.look();
        inner.alive = vec![true; actors];
        inner.still = vec![0; actors];
        inner.about_to_send = vec![false; actors];
        inner.told = vec![Told::default(); actors];
        inner.turn = usize::try_from(inner.chance.below(actors as u64)).unwrap();
    }

    /// Waits for the first turn.
    pub fn enter(&self, actor: usize) {
        drop(self.wait_for(actor));
    }

    fn wait_for(&self, actor: usize) -> MutexGuard<'_, Inner> {
        let mut inner = self.look();
        while inner.turn != actor {
            inner = self.turned.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner
    }

    /// The actor's request is where the gateway has it.
    pub fn sent(&self, actor: usize) {
        self.look().about_to_send[actor] = false;
    }

    /// A place between two steps: others may come first, and the process may die here.
    pub fn step(&self, actor: usize) {
        {
            let mut inner = self.look();
            inner.now_ms += 1;
            inner.pass_turn();
        }
        self.turned.notify_all();
        let mut inner = self.wait_for(actor);
        let one_in = inner.crash_one_in;
        if one_in > 0 && inner.chance.below(one_in) == 0 {
            inner.crashes += 1;
            drop(inner);
            self.note(&format!("actor {actor}: killed"));
            resume_unwind(Box::new(Crash));
        }
    }

    /// The same, and the whole host may stand still here for longer than the wait before a payment is sent
    /// again. With its request all but gone it does not: that is the one case that only the gateway can fence.
    pub fn step_or_stand_still(&self, actor: usize) {
        let pauses = {
            let mut inner = self.look();
            let one_in = inner.pause_one_in;
            // Time goes by for all of them, and nobody else may stand still like this either.
            let others = (0..inner.alive.len()).filter(|other| *other != actor && inner.alive[*other]);
            let may = others.into_iter().all(|other| !inner.about_to_send[other]);
            let pauses = may && one_in > 0 && inner.chance.below(one_in) == 0;
            if pauses {
                inner.still[actor] = 10 + inner.chance.below(60);
            }
            pauses
        };
        if pauses {
            self.note(&format!("actor {actor}: stands still"));
            self.pass(Duration::from_secs(20 * 60));
        }
        self.step(actor);
    }

    /// The actor is done, or dead.
    pub fn leave(&self, actor: usize) {
        {
            let mut inner = self.look();
            inner.alive[actor] = false;
            inner.pass_turn();
        }
        self.turned.notify_all();
    }
}

impl Inner {
    fn pass_turn(&mut self) {
        self.still.iter_mut().for_each(|turns| *turns = turns.saturating_sub(1));
        let mut living: Vec<usize> = (0..self.alive.len()).filter(|actor| self.alive[*actor]).collect();
        if living.iter().any(|actor| self.still[*actor] == 0) {
            living.retain(|actor| self.still[*actor] == 0);
        }
        self.turn = if living.is_empty() {
            NOBODY
        } else {
            living[usize::try_from(self.chance.below(living.len() as u64)).unwrap()]
        };
    }
}

/// The world's clock as one actor reads it: every reading is a place between two steps.
pub struct ActorClock {
    pub world: World,
    pub actor: usize,
}

impl Clock for ActorClock {
    fn now(&self) -> Moment {
        self.world.step(self.actor);
        self.world.look().about_to_send[self.actor] = true;
        self.world.now(self.actor)
    }

    fn sleep(&self, duration: Duration) {
        self.world.pass(duration);
        self.world.step(self.actor);
    }
}
