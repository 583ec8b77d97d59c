//! Many ledgers of one account, copied, put back and lost between the runs: what a ledger does not know has
//! to be asked for, and what it cannot know has to be waited for. The gateway refuses no duplicate in half of
//! the seeds.
//!
//! What nobody can know, such as that a whole folder was put back, is given the time in which every charge
//! shows: that much is promised of a gateway, and no more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use billkey::billing::account::{Belonging, belonging, leave};
use billkey::billing::charge::charge;
use billkey::billing::desk::Desk;
use billkey::billing::reconcile::{ReviewError, reconcile};
use billkey::billing::report::Ended;
use billkey::billing::request::{Charge, Known};
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::lookup::LookupReply;
use billkey::domain::payment::{Mode, Outcome, Received};
use billkey::domain::period::{Period, Series};
use billkey::domain::secret::Secret;
use billkey::domain::standing::Account;
use billkey::domain::time::Clock;
use billkey::gateway::{ApiKey, Client, account_of};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Acceptance, Beginning, Create, Ledger, LedgerError, OpenOptions};

use crate::support::sums::sums_are_right;

use super::book::{Book as GatewayBook, Mood};
use super::ledgers::{Home, MISHAPS};
use super::room;
use super::scenario::{Ask, Run, SETTLE_AFTER, Said, order, said_of};
use super::wire::{LOOKUPS, Lookups, Planted, Wire, draw_moods};
use super::world::{ActorClock, Crash, World};

/// Longer than a charge may stay away, and than the wait before a payment is sent again.
const UNTIL_ALL_SHOWS: Duration = Duration::from_secs(16 * 60);

/// How often an honest charge may be put off in the end.
const TRIES_MAX: usize = 4;

/// The profile's key, and one that it was changed for: both are one account's.
const KEYS: [&str; 2] = ["key", "key of the year after"];

pub struct Copies {
    pub world: World,
    seed: u64,
    homes: Vec<Home>,
    uids: Vec<String>,
    planted: Option<Planted>,
    /// Which key each home's profile names.
    keys: Vec<usize>,
    /// Whether a charge of one home may be hidden from another: only where the gateway refuses duplicates.
    hides: bool,
    /// Whose run was the last one.
    last: usize,
    /// Charges that show late, and one mishap after another within minutes.
    hasty: bool,
}

/// How one run ended that may meet what only a person can answer for.
#[derive(Debug)]
enum End {
    Said(Said),
    /// The ledger is lost.
    Lost,
    /// It belongs to another key.
    OtherKey,
}

impl Copies {
    pub fn new(seed: u64, planted: Option<Planted>) -> Copies {
        let world = World::new(seed, GatewayBook::default());
        let (homes, orders, hasty) = {
            let chance = &mut world.look().chance;
            let hasty = chance.percent(50);
            (1 + chance.below(2), if hasty { 1 } else { 1 + chance.below(2) }, hasty)
        };
        let homes: Vec<Home> = (0..homes).map(|_| Home::new(room())).collect();
        let uids = (0..orders).map(|n| once_per(&format!("plan {n}"))).collect();
        let keys = vec![0; homes.len()];
        Copies { world, seed, homes, uids, planted, keys, hides: false, last: 0, hasty }
    }

    pub fn live(&mut self) -> Result<(), String> {
        let moods = self.draw_weather();
        let rounds = 3 + self.world.look().chance.below(5);
        for _ in 0..rounds {
            self.round(&moods)?;
            self.time_passes();
            self.something_happens();
        }
        self.come_to_rest()?;
        self.homes.iter().try_for_each(|home| sums_are_right(&home.ledger()))
    }

    fn draw_weather(&mut self) -> Vec<Mood> {
        let mut inner = self.world.look();
        if self.hasty {
            self.hides = true;
            inner.book.delay_ms_max = 14 * 60_000;
            return vec![Mood::Late, Mood::Hidden, Mood::LostBefore, Mood::Doubted];
        }
        inner.book.refuses_duplicates = inner.chance.percent(60);
        let refuses = inner.book.refuses_duplicates;
        self.hides = inner.chance.percent(70);
        inner.book.delay_ms_max = match (self.hides, refuses) {
            (false, _) => 1,
            (true, true) => 40 * 60_000,
            (true, false) => 14 * 60_000,
        };
        inner.crash_one_in = if inner.chance.percent(40) { 3 + inner.chance.below(25) } else { 0 };
        let never: &[Mood] = if refuses { &[] } else { &[Mood::Misrecorded, Mood::Flips] };
        draw_moods(&mut inner, never)
    }

    fn round(&mut self, moods: &[Mood]) -> Result<(), String> {
        let (home, runs) = {
            let mut inner = self.world.look();
            let home = usize::try_from(inner.chance.below(self.homes.len() as u64)).unwrap();
            let lookups = usize::try_from(inner.chance.below(LOOKUPS.len() as u64)).unwrap();
            let usual = if self.hasty { 90 } else { 60 };
            inner.lookups = if inner.chance.percent(usual) { Lookups::Usual } else { LOOKUPS[lookups] };
            let actors = 1 + inner.chance.below(2);
            let runs: Vec<Run> = (0..actors)
                .map(|_| {
                    let pick = usize::try_from(inner.chance.below(self.uids.len() as u64)).unwrap();
                    let retry = inner.chance.percent(30);
                    let ask = if inner.chance.percent(20) { Ask::Reconcile } else { Ask::Charge { retry } };
                    Run {
                        merchant_uid: self.uids[pick].clone(),
                        ask,
                        moods: moods.to_vec(),
                        planted: self.planted,
                    }
                })
                .collect();
            (home, runs)
        };
        // What another ledger has sent is fenced by the look-up alone, and that shows what it shows.
        let unseen = {
            let inner = self.world.look();
            !inner.book.refuses_duplicates && inner.book.hides_something(inner.now_ms)
        };
        if home != self.last && unseen {
            self.world.pass(UNTIL_ALL_SHOWS);
        }
        self.last = home;
        let asks_a_person = self.run_together(home, &runs)?;
        if asks_a_person && self.world.look().chance.percent(60) {
            self.accept(home);
        }
        Ok(())
    }

    /// Whether one of them met what only a person can answer for.
    fn run_together(&self, home: usize, runs: &[Run]) -> Result<bool, String> {
        self.world.note(&format!("at home {home}"));
        self.world.begin(runs.len());
        let ends: Result<Vec<End>, String> = std::thread::scope(|scope| {
            let threads: Vec<_> = runs
                .iter()
                .enumerate()
                .map(|(actor, run)| scope.spawn(move || self.run_once(home, actor, run)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let ends = ends?;
        for uid in &self.uids {
            let charges = self.world.look().book.will_charge(uid);
            if charges > 1 {
                return Err(format!("{uid} was charged {charges} times"));
            }
        }
        Ok(ends.iter().any(|end| matches!(end, End::Lost | End::OtherKey)))
    }

    fn run_once(&self, home: usize, actor: usize, run: &Run) -> Result<End, String> {
        let world = &self.world;
        world.enter(actor);
        let end = match catch_unwind(AssertUnwindSafe(|| self.run(home, actor, run))) {
            Ok(end) => end,
            Err(cause) if cause.is::<Crash>() => End::Said(Said::Killed),
            Err(cause) => std::panic::resume_unwind(cause),
        };
        world.note(&format!("actor {actor} of {}: {end:?}", run.merchant_uid));
        let verdict = match &end {
            End::Said(said) => self.check_said(run, said),
            End::Lost | End::OtherKey => Ok(()),
        };
        world.leave(actor);
        verdict.map(|()| end)
    }

    /// One run of the program, as its commands put it together.
    fn run(&self, home: usize, actor: usize, run: &Run) -> End {
        let clock = Arc::new(ActorClock { world: self.world.clone(), actor });
        let mut ledger = match self.open(home, &*clock) {
            Ok(ledger) => ledger,
            Err(LedgerError::Lost { .. }) => return End::Lost,
            Err(error) => return End::Said(Said::Failed(error.to_string())),
        };
        let wire = Wire { world: self.world.clone(), actor, moods: run.moods.clone(), planted: run.planted };
        let secret = |text: &str| Secret::new(text.to_owned());
        let key = ApiKey { imp_key: secret(KEYS[self.keys[home]]), imp_secret: secret("s") };
        let client = Client::new(Box::new(wire), Arc::clone(&clock) as _, key, None, Duration::from_secs(60));
        let mut order = order(run, SETTLE_AFTER);
        if run.ask != Ask::Reconcile {
            match belonging(&ledger, &client) {
                Ok(Belonging::Ours) => {}
                Ok(Belonging::Shown) => {
                    let (account, at) = (Account::of_key(client.account()), clock.now().wall);
                    if let Err(error) = ledger.adopt(&account, at) {
                        return End::Said(Said::Failed(error.to_string()));
                    }
                }
                Ok(Belonging::NotShown) => return End::OtherKey,
                Ok(_) => return End::Said(Said::Nothing),
                Err(error) => return End::Said(Said::Failed(error.to_string())),
            }
            match leave(&mut ledger, &client, &*clock, SETTLE_AFTER) {
                Ok(leave) => order.leave = leave,
                Err(error) => return End::Said(Said::Failed(error.to_string())),
            }
            self.plant(&ledger, &mut order, &*clock);
        }
        let (gateway, interrupts) = (Arc::new(client), Interrupts::none());
        let mut desk = Desk { ledger: &mut ledger, gateway, clock, interrupts };
        End::Said(if run.ask == Ask::Reconcile {
            let terms = &order.request.terms;
            match reconcile(&mut desk, &terms.merchant_uid, terms.mode, order.settle_after) {
                Ok(_) | Err(ReviewError::NoSuchPayment | ReviewError::Held(_)) => Said::Nothing,
                Err(ReviewError::Ledger(error)) => Said::Failed(error.to_string()),
            }
        } else {
            match charge(&mut desk, &order, &mut |_| ()) {
                Ok(Ended::Answered(report)) => said_of(&report.payment),
                Ok(_) => Said::Nothing,
                Err(error) => Said::Failed(error.to_string()),
            }
        })
    }

    fn open(&self, home: usize, clock: &dyn Clock) -> Result<Ledger, LedgerError> {
        let options = OpenOptions { now: Some(clock.now()), ..OpenOptions::new(Create::IfMissing) };
        Ledger::open_with(&self.homes[home].ledger(), &options).map(|opened| opened.ledger)
    }

    /// The bugs that stand between the ledger and the charge.
    fn plant(&self, ledger: &Ledger, order: &mut Charge, clock: &dyn Clock) {
        let uid = &order.request.terms.merchant_uid;
        let absent = match self.planted {
            Some(Planted::AbsenceRemembered) => self.world.look().told_absent.contains(uid.as_str()),
            Some(Planted::EmptyLedgerNotAsked) => ledger.find(uid).unwrap().is_none(),
            _ => false,
        };
        if absent {
            let reply = LookupReply::NotFound { received: Received::default() };
            order.known = Some(Known { reply, asked_at: clock.now() });
        }
        if self.planted == Some(Planted::DistrustedSends) {
            order.leave.hold = None;
        }
    }

    fn check_said(&self, run: &Run, said: &Said) -> Result<(), String> {
        let uid = &run.merchant_uid;
        let inner = self.world.look();
        match said {
            Said::Outcome { outcome: Outcome::Paid, imp_uid } => {
                let charged = inner.book.charged(uid, inner.now_ms);
                let by_this = charged.iter().find(|entry| Some(&entry.imp_uid) == imp_uid.as_ref());
                match by_this {
                    Some(entry) if entry.amount == "8900" => Ok(()),
                    Some(_) | None => {
                        Err(format!("{uid} was said to be paid by {imp_uid:?}, which did not charge"))
                    }
                }
            }
            Said::Failed(text) => Err(format!("{uid} failed: {text}")),
            Said::Outcome { .. } | Said::Nothing | Said::Killed => Ok(()),
        }
    }

    fn time_passes(&self) {
        let (seconds, reboots, skew) = {
            let mut inner = self.world.look();
            let soon = if self.hasty { 90 } else { 60 };
            let seconds =
                if inner.chance.percent(soon) { inner.chance.below(120) } else { inner.chance.below(1200) };
            let skew = i64::try_from(inner.chance.below(7_200_000)).unwrap() - 3_600_000;
            (seconds, inner.chance.percent(15), skew)
        };
        self.world.pass(Duration::from_secs(seconds));
        if reboots {
            self.world.note("a reboot");
            self.world.reboot(skew);
        }
    }

    /// Backups, restores, losses, and a key that is changed.
    fn something_happens(&mut self) {
        for home in 0..self.homes.len() {
            let (checkpoints, keeps, suffers, other_key, pick) = {
                let chance = &mut self.world.look().chance;
                let pick = usize::try_from(chance.below(MISHAPS.len() as u64)).unwrap();
                (
                    chance.percent(30),
                    chance.percent(30),
                    chance.percent(if self.hasty { 60 } else { 35 }),
                    chance.percent(if self.hasty { 1 } else { 8 }),
                    pick,
                )
            };
            if other_key {
                self.keys[home] = 1 - self.keys[home];
                self.world.note(&format!("home {home} has another key"));
            }
            if checkpoints {
                self.homes[home].checkpoint();
            }
            if keeps && let Some(backup) = self.homes[home].copied() {
                self.homes[home].backup = Some(backup);
                self.world.note(&format!("home {home} is backed up"));
            }
            if !suffers {
                continue;
            }
            let anothers = self.homes.iter().enumerate().find(|(other, _)| *other != home);
            let anothers = anothers.and_then(|(_, other)| other.mark());
            let Some(can_be_known) = self.homes[home].suffer(MISHAPS[pick], anothers) else { continue };
            self.world.note(&format!("home {home}: {:?}", MISHAPS[pick]));
            if self.planted == Some(Planted::MarkLowered) && MISHAPS[pick].leaves_the_mark() {
                self.homes[home].lower_mark();
            }
            if !can_be_known {
                self.world.pass(UNTIL_ALL_SHOWS);
                // What goes on from here without anybody's knowing is another branch of the same ledger. Numbers
                // of events say nothing of two branches: to put the other one back is not seen either.
                self.homes[home].backup = None;
            }
        }
    }

    /// Somebody answers for a ledger that is lost, or for a key.
    fn accept(&self, home: usize) {
        self.world.begin(1);
        self.world.enter(0);
        let crashes = std::mem::take(&mut self.world.look().crash_one_in);
        let clock = ActorClock { world: self.world.clone(), actor: 0 };
        let now = clock.now();
        let key = account_of(&Secret::new(KEYS[self.keys[home]].to_owned()), None);
        let acceptance = Acceptance {
            at: now.wall,
            operator: None,
            reason: "a new machine".to_owned(),
            account: Some(Account::of_key(&key)),
            unasked: false,
        };
        match self.open(home, &clock) {
            Ok(mut ledger) => drop(ledger.accept(&acceptance).unwrap()),
            Err(LedgerError::Lost { path }) => {
                assert!(Ledger::begin_anew(&path, &Beginning { now, acceptance }).unwrap());
            }
            Err(error) => panic!("{error}"),
        }
        self.world.look().crash_one_in = crashes;
        self.world.note(&format!("somebody answers for home {home}"));
        self.world.leave(0);
    }

    /// The weather clears. Asked for with each key there was, every order comes to an end, and a new order is
    /// charged: nobody is locked out for ever.
    fn come_to_rest(&mut self) -> Result<(), String> {
        {
            let mut inner = self.world.look();
            (inner.crash_one_in, inner.lookups) = (0, Lookups::Usual);
            inner.book.delay_ms_max = 1;
        }
        for home in 0..self.homes.len() {
            self.world.pass(Duration::from_secs(3600));
            let new = once_per(&format!("new of home {home}"));
            self.honest(home, &new)?;
            for uid in self.uids.clone() {
                // Only the key that a request was sent with may say that there is no trace of it.
                for key in [1, 0] {
                    self.keys[home] = key;
                    self.alone(home, &uid, Ask::Reconcile)?;
                }
                if !self.is_odd(&uid) {
                    self.alone(home, &uid, Ask::Charge { retry: false })?;
                    self.check_settled(home, &uid)?;
                }
            }
        }
        Ok(())
    }

    fn alone(&self, home: usize, uid: &str, ask: Ask) -> Result<End, String> {
        let (merchant_uid, moods) = (uid.to_owned(), vec![Mood::Approve]);
        let run = Run { merchant_uid, ask, moods, planted: self.planted };
        self.world.begin(1);
        let end = self.run_once(home, 0, &run)?;
        let charges = self.world.look().book.will_charge(uid);
        if charges > 1 { Err(format!("{uid} was charged {charges} times")) } else { Ok(end) }
    }

    /// Charges a new order, however often that is put off.
    fn honest(&mut self, home: usize, uid: &str) -> Result<(), String> {
        for _ in 0..TRIES_MAX {
            match self.alone(home, uid, Ask::Charge { retry: false })? {
                End::Said(Said::Outcome { outcome: Outcome::Paid, .. }) => return Ok(()),
                End::Said(_) => {}
                End::Lost | End::OtherKey => self.accept(home),
            }
            self.world.pass(UNTIL_ALL_SHOWS);
            self.world.reboot(0);
        }
        Err(format!("home {home} charges nothing for ever"))
    }

    fn is_odd(&self, uid: &str) -> bool {
        self.world.look().book.entries.iter().any(|entry| entry.merchant_uid == uid && entry.amount == "1")
    }

    fn check_settled(&self, home: usize, uid: &str) -> Result<(), String> {
        let ledger = Ledger::open_at(&self.homes[home].ledger(), Create::Never).unwrap().ledger;
        let outcome = ledger.find(&MerchantUid::parse(uid).unwrap()).unwrap().map(|payment| payment.outcome);
        let inner = self.world.look();
        let charged = inner.book.charged(uid, inner.now_ms).iter().any(|entry| entry.amount == "8900");
        match outcome {
            Some(Outcome::Paid) if charged => Ok(()),
            Some(Outcome::Declined | Outcome::Rejected) if !charged => Ok(()),
            other => Err(format!("{uid} is settled as {other:?} at home {home}, and charged is {charged}")),
        }
    }

    pub fn story(&self) -> String {
        let inner = self.world.look();
        format!("seed {}\n{}\n{:#?}", self.seed, inner.trace.join("\n"), inner.book.entries)
    }
}

/// The order of a plan, as `--once-per 2026-11` makes it: the same in each ledger of the account.
fn once_per(plan: &str) -> String {
    let account = account_of(&Secret::new(KEYS[0].to_owned()), None);
    let series = Series { account, mode: Mode::Live, scope: String::new() };
    let customer = CustomerUid::parse("gildong").unwrap();
    let period = Period::parse("2026-11", "2026-11-23".parse().unwrap()).unwrap();
    period.merchant_uid(&series, &customer, plan).unwrap().to_string()
}
