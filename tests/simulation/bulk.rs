//! Batches of two ledgers over the same orders, at a gateway that refuses no duplicate and whose answers about
//! many orders at once are as sure as their documentation: they show the newest or the oldest payment of each,
//! twenty at most, or nothing of what was asked.

use std::sync::Arc;
use std::time::Duration;

use billkey::billing::batch::{Batch, Done, Job, Next, RowEnd};
use billkey::billing::report::Ended;
use billkey::billing::request::Charges;
use billkey::billing::writer::{Reader, Writer};
use billkey::domain::payment::Outcome;
use billkey::domain::secret::Secret;
use billkey::gateway::{ApiKey, Client};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Create, Ledger};

use crate::support::sums::sums_are_right;

use super::book::{Book as GatewayBook, Mood};
use super::ledgers::Home;
use super::room;
use super::scenario::{Ask, Run, SETTLE_AFTER, order};
use super::wire::{BULKS, Bulk, Planted, Wire};
use super::world::{ActorClock, Chance, World};

/// What a batch's gateway does to each charge.
const MOODS: [Mood; 5] = [Mood::Approve, Mood::Approve, Mood::LostAfter, Mood::Decline, Mood::LostBefore];

/// Rows of one seed, at least and at most: more than a bulk answer shows, in most of them.
const ROWS: (u64, u64) = (3, 45);

pub struct Batches {
    pub world: World,
    seed: u64,
    /// Of its own: threads of one batch draw from the world's by turns that nobody can repeat.
    chance: Chance,
    homes: [Home; 2],
    uids: Vec<String>,
    planted: Option<Planted>,
}

impl Batches {
    pub fn new(seed: u64, planted: Option<Planted>) -> Batches {
        let mut chance = Chance::new(seed ^ 0x5eed);
        let rows = ROWS.0 + chance.below(ROWS.1 - ROWS.0);
        let uids = (0..rows).map(|row| format!("b{seed}x{row}")).collect();
        let homes = [Home::new(room()), Home::new(room())];
        let world = World::new(seed, GatewayBook::default());
        world.look().book.delay_ms_max = 1;
        Batches { world, seed, chance, homes, uids, planted }
    }

    pub fn live(&mut self) -> Result<(), String> {
        for _ in 0..2 + self.chance.below(3) {
            let home = usize::from(self.chance.percent(50));
            let mood = MOODS[usize::try_from(self.chance.below(MOODS.len() as u64)).unwrap()];
            let bulk = BULKS[usize::try_from(self.chance.below(BULKS.len() as u64)).unwrap()];
            let share = [20, 50, 100][usize::try_from(self.chance.below(3)).unwrap()];
            let rows = self.uids.clone();
            let rows: Vec<String> = rows.into_iter().filter(|_| self.chance.percent(share)).collect();
            let retry = self.chance.percent(30);
            self.batch(home, &rows, mood, bulk, retry)?;
            self.world.pass(Duration::from_secs(self.chance.below(1_200)));
        }
        // The weather clears: every order comes to an end, in each ledger.
        for home in 0..self.homes.len() {
            self.world.pass(Duration::from_secs(3600));
            // An open order whose decline shows is declined by the first, and sent again by the second.
            let _ = self.batch(home, &self.uids.clone(), Mood::Approve, Bulk::Newest, true)?;
            let ends = self.batch(home, &self.uids.clone(), Mood::Approve, Bulk::Newest, true)?;
            if ends.len() != self.uids.len() || ends.iter().any(|outcome| *outcome != Outcome::Paid) {
                return Err(format!("home {home} does not get every order paid: {ends:?}"));
            }
            sums_are_right(&self.homes[home].ledger())?;
        }
        Ok(())
    }

    /// One batch, and what it says of its rows.
    fn batch(
        &mut self,
        home: usize,
        rows: &[String],
        mood: Mood,
        bulk: Bulk,
        retry: bool,
    ) -> Result<Vec<Outcome>, String> {
        self.world.note(&format!("home {home}: {} rows, {mood:?}, {bulk:?}", rows.len()));
        self.world.look().bulk = bulk;
        self.world.begin(1);
        let clock = Arc::new(ActorClock { world: self.world.clone(), actor: 0 });
        let (moods, planted) = (vec![mood], self.planted);
        let wire = Wire { world: self.world.clone(), actor: 0, moods: moods.clone(), planted };
        let secret = |text: &str| Secret::new(text.to_owned());
        let key = ApiKey { imp_key: secret("k"), imp_secret: secret("s") };
        let client = Client::new(Box::new(wire), Arc::clone(&clock) as _, key, None, Duration::from_secs(60));
        let runs: Vec<Run> = rows
            .iter()
            .map(|uid| Run {
                merchant_uid: uid.clone(),
                ask: Ask::Charge { retry },
                moods: moods.clone(),
                planted,
            })
            .collect();
        let queue = (0..u32::try_from(runs.len()).unwrap()).collect();
        let orders: Charges = Arc::new(move |row| {
            let run = runs.get(usize::try_from(row).ok()?)?;
            Some(order(run, SETTLE_AFTER))
        });
        let path = self.homes[home].ledger();
        let opened = || Ledger::open_at(&path, Create::IfMissing).unwrap().ledger;
        let (ledger, reader) = (opened(), Reader::new(opened()));
        let writer = Writer::start(ledger, reader.clone()).unwrap();
        let mut batch = Batch::start(Job {
            writer: writer.handle(),
            reader,
            gateway: Arc::new(client),
            clock,
            interrupts: Interrupts::none(),
            workers: 2,
            rate: None,
            max_failures: None,
            queue,
            orders,
        })
        .unwrap();
        let mut ends = Vec::new();
        loop {
            match batch.next(Duration::from_millis(100)) {
                Next::Done(Done { row, end }) => {
                    let uid = &rows[usize::try_from(row).unwrap()];
                    if let Some(outcome) = self.said(uid, end)? {
                        ends.push(outcome);
                    }
                }
                Next::Waiting => {}
                Next::Over => break,
            }
        }
        drop(batch);
        drop(writer.finish().unwrap());
        self.world.leave(0);
        for uid in &self.uids {
            let charges = self.world.look().book.will_charge(uid);
            if charges > 1 {
                return Err(format!("{uid} was charged {charges} times"));
            }
        }
        Ok(ends)
    }

    fn said(&self, uid: &str, end: RowEnd) -> Result<Option<Outcome>, String> {
        let report = match end {
            RowEnd::Ended(Ended::Answered(report)) => report,
            RowEnd::Ended(_) | RowEnd::Stopped | RowEnd::PgStopped => return Ok(None),
            RowEnd::Failed(error) => return Err(format!("{uid} failed: {error}")),
            RowEnd::Died => return Err(format!("the worker of {uid} died")),
        };
        let inner = self.world.look();
        let charged = !inner.book.charged(uid, inner.now_ms).is_empty();
        match report.payment.outcome {
            Outcome::Paid if !charged => Err(format!("{uid} was said to be paid, and was not charged")),
            outcome => Ok(Some(outcome)),
        }
    }

    pub fn story(&self) -> String {
        let inner = self.world.look();
        format!("seed {}\n{}\n{:#?}", self.seed, inner.trace.join("\n"), inner.book.entries)
    }
}
