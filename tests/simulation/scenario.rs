//! One seed: some orders, several operators, a gateway in a mood, and what must hold throughout.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use billkey::billing::book::Book;
use billkey::billing::charge::charge;
use billkey::billing::desk::Desk;
use billkey::billing::reconcile::{ReviewError, Verdict, reconcile};
use billkey::billing::report::{ChargeError, Ended};
use billkey::billing::request::{BesideOthers, Charge, Leave};
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{HistoryEntry, Mode, Outcome, Payment, Terms};
use billkey::domain::secret::Secret;
use billkey::gateway::{ApiKey, Client};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Create, Guards, Ledger, LedgerError};
use serde_json::json;

use super::book::{Book as GatewayBook, Mood};
use super::hosts::Host;
use super::planted;
use super::shown::check_proof;
use super::wire::{Planted, Wire, draw_moods};
use super::world::{ActorClock, Crash, World};

/// The default of the program.
pub const SETTLE_AFTER: Duration = Duration::from_secs(15 * 60);

/// One ledger file, and the connections to it that no run uses now: to open one takes longer than
/// all that a run does with it.
pub struct Connections {
    path: PathBuf,
    idle: Mutex<Vec<Ledger>>,
}

impl Connections {
    pub fn to(path: PathBuf) -> Connections {
        Connections { path, idle: Mutex::new(Vec::new()) }
    }

    fn take(&self) -> Ledger {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Ledger::open_at(&self.path, Create::IfMissing).unwrap().ledger)
    }

    fn give_back(&self, ledger: Ledger) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(ledger);
    }
}

/// What one run of the program said.
#[derive(Debug)]
pub enum Said {
    Outcome {
        outcome: Outcome,
        imp_uid: Option<String>,
    },
    /// Refused, busy or interrupted: nothing was claimed about the payment.
    Nothing,
    Failed(String),
    Killed,
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Charge { retry: bool },
    Reconcile,
}

/// One operator's run of the program.
#[derive(Clone)]
pub struct Run {
    pub merchant_uid: String,
    pub ask: Ask,
    pub moods: Vec<Mood>,
    pub planted: Option<Planted>,
}

pub fn order(run: &Run, settle_after: Duration) -> Charge {
    Charge {
        request: Arc::new(ChargeRequest::new(
            Terms {
                merchant_uid: MerchantUid::parse(&run.merchant_uid).unwrap(),
                customer_uid: CustomerUid::parse(&format!("customer_of_{}", run.merchant_uid)).unwrap(),
                amount: Amount::from_minor(8900, Currency::KRW),
                mode: Mode::Live,
            },
            "Monthly",
        )),
        retry: run.ask == Ask::Charge { retry: true },
        guards: Guards::default(),
        settle_after,
        lock_wait_max: Duration::from_secs(2),
        note: None,
        operator: None,
        host: None,
        known: None,
        beside: BesideOthers::default(),
        leave: Leave::default(),
    }
}

/// Runs the program once, as one process would: with a client of its own, and a connection that
/// nobody else uses and that dies with it.
fn run_once(world: &World, connections: &Connections, actor: usize, run: &Run) -> Result<Said, String> {
    world.enter(actor);
    {
        let mut inner = world.look();
        inner.told[actor].doubt_was_paid = inner.book.doubt_is_paid(&run.merchant_uid, inner.now_ms);
    }
    let said = catch_unwind(AssertUnwindSafe(|| {
        let mut connection = connections.take();
        let ledger = &mut connection;
        let clock = Arc::new(ActorClock { world: world.clone(), actor });
        let wire = Wire { world: world.clone(), actor, moods: run.moods.clone(), planted: run.planted };
        let key = ApiKey { imp_key: Secret::new("k".to_owned()), imp_secret: Secret::new("s".to_owned()) };
        let client = Client::new(Box::new(wire), Arc::clone(&clock) as _, key, None, Duration::from_secs(60));
        let settle_after =
            if run.planted == Some(Planted::TrustNotFoundAtOnce) { Duration::ZERO } else { SETTLE_AFTER };
        let order = order(run, settle_after);
        if run.planted == Some(Planted::SendBeforeIntent)
            && let Some(said) = planted::send_before_intent(ledger, &client, &*clock, &order)
        {
            return said;
        }
        let several_hosts = world.look().several_hosts;
        let mut host = Host { ledger: &mut *ledger, actor, planted: run.planted };
        let book: &mut dyn Book = if several_hosts { &mut host } else { &mut *host.ledger };
        let mut forgetful = planted::Forgetful { book, forgotten: planted::all_but_one };
        let book: &mut dyn Book =
            if run.planted == Some(Planted::AlarmForgotten) { &mut forgetful } else { &mut *forgetful.book };
        let (gateway, interrupts) = (Arc::new(client), Interrupts::none());
        let mut desk = Desk { ledger: book, gateway, clock, interrupts };
        if run.ask == Ask::Reconcile {
            let said = reconciled(&mut desk, &order);
            connections.give_back(connection);
            return said;
        }
        let said = match charge(&mut desk, &order, &mut |_| ()) {
            Ok(Ended::Answered(report)) => said_of(&report.payment),
            Ok(_) => Said::Nothing,
            // Another host has begun the next attempt: this one sends nothing more, and says so.
            Err(ChargeError::Ledger(LedgerError::Changed { .. })) if several_hosts => Said::Nothing,
            Err(error) => Said::Failed(error.to_string()),
        };
        connections.give_back(connection);
        said
    }));
    let said = match said {
        Ok(said) => said,
        Err(cause) if cause.is::<Crash>() => Said::Killed,
        Err(cause) => std::panic::resume_unwind(cause),
    };
    // While it is still this actor's turn: what is said must be so when it is said.
    let verdict = check_said(world, run, &said).and_then(|()| check_doubt(world, actor, run, &said));
    world.note(&format!("actor {actor} of {} says {said:?}", run.merchant_uid));
    world.leave(actor);
    verdict.map(|()| said)
}

fn reconciled(desk: &mut Desk<'_>, order: &Charge) -> Said {
    let terms = &order.request.terms;
    match reconcile(desk, &terms.merchant_uid, terms.mode, order.settle_after) {
        // Nothing is claimed of a payment that another process is at.
        Ok(reviewed) if matches!(reviewed.verdict, Verdict::Busy) => Said::Nothing,
        Ok(reviewed) => said_of(&reviewed.payment),
        Err(ReviewError::NoSuchPayment | ReviewError::Held(_)) => Said::Nothing,
        Err(ReviewError::Ledger(error)) => Said::Failed(error.to_string()),
    }
}

/// What was said must be so at this moment.
fn check_said(world: &World, run: &Run, said: &Said) -> Result<(), String> {
    let uid = &run.merchant_uid;
    let (outcome, imp_uid) = match said {
        Said::Outcome { outcome, imp_uid } => (outcome, imp_uid),
        Said::Failed(text) => return Err(format!("{uid} failed: {text}")),
        Said::Nothing | Said::Killed => return Ok(()),
    };
    let inner = world.look();
    let charged = inner.book.charged(uid, inner.now_ms);
    let by_this = charged.iter().find(|entry| Some(&entry.imp_uid) == imp_uid.as_ref());
    match outcome {
        Outcome::Paid if by_this.is_none_or(|entry| entry.amount != "8900") => {
            Err(format!("{uid} was said to be paid by {imp_uid:?}, which did not charge"))
        }
        Outcome::Declined if charged.iter().any(|entry| entry.status == "paid" && entry.amount == "8900") => {
            Err(format!("{uid} was said to be declined, and was charged"))
        }
        // Hidden for longer than the wait, which only a gateway that refuses duplicates may do here.
        Outcome::NotSent if inner.book.refuses_duplicates && inner.book.is_hidden(uid, inner.now_ms) => {
            Ok(())
        }
        // The same, and it has shown between the look-up and this moment, for which a host stood still.
        Outcome::NotSent
            if inner.several_hosts && inner.book.was_hidden_for(uid, SETTLE_AFTER.as_millis() as i64) =>
        {
            Ok(())
        }
        Outcome::NotSent if inner.book.will_charge(uid) > 0 => {
            Err(format!("{uid} was said never to have been sent, and was charged"))
        }
        _ => Ok(()),
    }
}

/// What a run was shown is written down when it ends, unless it was killed. A doubt that was shown as paid before
/// it began, it has seen, unless it asked in vain.
fn check_doubt(world: &World, actor: usize, run: &Run, said: &Said) -> Result<(), String> {
    let mut inner = world.look();
    let told = std::mem::take(&mut inner.told[actor]);
    if !matches!(said, Said::Killed) {
        inner.shown.add(&told);
    }
    let no = matches!(said, Said::Outcome { outcome: Outcome::Declined | Outcome::Rejected, .. });
    if no && told.doubt_was_paid && !told.in_vain {
        return Err(format!("{} was said to be refused, and its doubt was shown as paid", run.merchant_uid));
    }
    Ok(())
}

pub fn said_of(payment: &Payment) -> Said {
    Said::Outcome { outcome: payment.outcome, imp_uid: payment.imp_uid.clone() }
}

/// What is not drawn from the seed.
#[derive(Clone, Copy, Default)]
pub struct Setting {
    pub planted: Option<Planted>,
    /// Several hosts at the same order, which stand still often: no lock stands between their runs.
    pub between_hosts: bool,
}

/// A seed's life.
pub struct Scenario<'a> {
    pub world: World,
    connections: &'a Connections,
    seed: u64,
    uids: Vec<String>,
    setting: Setting,
    /// Every event seen so far: what was written must stay as it was.
    seen: BTreeMap<String, Vec<HistoryEntry>>,
}

impl Scenario<'_> {
    pub fn new(seed: u64, connections: &Connections, setting: Setting) -> Scenario<'_> {
        let world = World::new(seed, GatewayBook::default());
        let orders = if setting.between_hosts { 6 } else { 1 + world.look().chance.below(2) };
        let uids = (0..orders).map(|n| format!("s{seed}x{n}")).collect();
        Scenario { world, connections, seed, uids, setting, seen: BTreeMap::new() }
    }

    /// Lives through the seed. An error is a broken promise, as a sentence.
    pub fn live(&mut self) -> Result<(), String> {
        let moods = self.draw_weather();
        let rounds = 2 + self.world.look().chance.below(5);
        for _ in 0..rounds {
            self.round(&moods)?;
            self.time_passes();
        }
        self.come_to_rest()
    }

    /// What this seed's gateway is capable of. A promise is only made for a gateway that shows a
    /// charge within `settle_after`, or that refuses a merchant_uid that was paid.
    fn draw_weather(&mut self) -> Vec<Mood> {
        let mut inner = self.world.look();
        if self.setting.between_hosts {
            inner.several_hosts = true;
            inner.pause_one_in = 2;
            inner.book.delay_ms_max = 1;
            let trouble = if inner.chance.percent(50) { Mood::Unauthorized } else { Mood::HiddenDecline };
            return vec![trouble, Mood::Approve];
        }
        inner.book.refuses_duplicates = inner.chance.percent(50);
        let refuses = inner.book.refuses_duplicates;
        inner.book.delay_ms_max = if refuses { 40 * 60_000 } else { 14 * 60_000 };
        inner.crash_one_in = if inner.chance.percent(60) { 3 + inner.chance.below(25) } else { 0 };
        inner.several_hosts = inner.chance.percent(30);
        inner.pause_one_in = if inner.several_hosts { 1 + inner.chance.below(8) } else { 0 };
        // Without refusal nothing can keep a retry from meeting a charge that nobody can see yet.
        let never: &[Mood] = if refuses { &[] } else { &[Mood::Misrecorded, Mood::Flips] };
        draw_moods(&mut inner, never)
    }

    fn round(&mut self, moods: &[Mood]) -> Result<(), String> {
        let runs: Vec<Run> = {
            let mut inner = self.world.look();
            let between_hosts = self.setting.between_hosts;
            let actors = if between_hosts { 2 } else { 1 + inner.chance.below(3) };
            let (reconciles, retries) = if between_hosts { (0, 70) } else { (20, 30) };
            let mut pick = usize::try_from(inner.chance.below(self.uids.len() as u64)).unwrap();
            (0..actors)
                .map(|_| {
                    if !between_hosts {
                        pick = usize::try_from(inner.chance.below(self.uids.len() as u64)).unwrap();
                    }
                    Run {
                        merchant_uid: self.uids[pick].clone(),
                        ask: if inner.chance.percent(reconciles) {
                            Ask::Reconcile
                        } else {
                            Ask::Charge { retry: inner.chance.percent(retries) }
                        },
                        moods: moods.to_vec(),
                        planted: self.setting.planted,
                    }
                })
                .collect()
        };
        self.run_together(&runs)
    }

    fn run_together(&mut self, runs: &[Run]) -> Result<(), String> {
        self.world.begin(runs.len());
        if let [run] = runs {
            run_once(&self.world, self.connections, 0, run)?;
        } else {
            std::thread::scope(|scope| {
                let threads: Vec<_> = runs
                    .iter()
                    .enumerate()
                    .map(|(actor, run)| {
                        let (world, connections) = (&self.world, self.connections);
                        scope.spawn(move || run_once(world, connections, actor, run))
                    })
                    .collect();
                threads.into_iter().try_for_each(|thread| thread.join().unwrap().map(|_| ()))
            })?;
        }
        self.check_books()
    }

    /// Nobody is charged twice, nothing written is ever changed, and the ledger says what it was shown.
    fn check_books(&mut self) -> Result<(), String> {
        let ledger = self.connections.take();
        for uid in &self.uids {
            let charges = self.world.look().book.will_charge(uid);
            if charges > 1 {
                return Err(format!("{uid} was charged {charges} times"));
            }
            let row = ledger.find(&MerchantUid::parse(uid).unwrap()).unwrap();
            {
                let inner = self.world.look();
                inner.shown.check_kept(uid, row.as_ref())?;
                check_proof(&inner.book, uid, row.as_ref())?;
            }
            let events = ledger.events(&MerchantUid::parse(uid).unwrap()).unwrap();
            let before = self.seen.entry(uid.clone()).or_default();
            if !events.starts_with(before) {
                return Err(format!("the history of {uid} was changed"));
            }
            *before = events;
        }
        self.connections.give_back(ledger);
        Ok(())
    }

    fn time_passes(&self) {
        let (minutes, reboots, skew) = {
            let mut inner = self.world.look();
            let minutes =
                if inner.chance.percent(40) { inner.chance.below(3) } else { inner.chance.below(20) };
            let skew = i64::try_from(inner.chance.below(7_200_000)).unwrap() - 3_600_000;
            (minutes, inner.chance.percent(20), skew)
        };
        self.world.pass(Duration::from_secs(minutes * 60));
        self.another_machine_tries();
        self.world.note(&format!("{minutes} minutes pass{}", if reboots { ", and a reboot" } else { "" }));
        if reboots {
            self.world.reboot(skew);
        } else if skew % 5 == 0 {
            self.world.set_wall_skew(skew);
        }
    }

    /// Somebody else asks for an order that was charged and shows, and is declined: the newest
    /// payment under the merchant_uid is then not the one that counts. Seldom it is charged once more.
    fn another_machine_tries(&self) {
        let mut inner = self.world.look();
        let now_ms = inner.now_ms;
        for uid in &self.uids {
            let charged = inner.book.charged(uid, now_ms);
            let shows = charged.iter().any(|entry| entry.shown_ms <= now_ms);
            let counts = charged.iter().any(|entry| entry.shown_ms <= now_ms && entry.amount == "8900");
            let asked = |amount: u32| json!({"merchant_uid": uid, "customer_uid": format!("customer_of_{uid}"), "amount": amount});
            if shows && inner.chance.percent(20) {
                inner.book.enter(&asked(8900), "failed", now_ms);
            }
            if counts && inner.chance.percent(5) {
                let amount = if inner.chance.percent(50) { 8900 } else { 12_000 };
                inner.book.enter(&asked(amount), "paid", now_ms).elsewhere = true;
            }
        }
    }

    /// The weather clears and everything hidden shows. Reconciled, every order is what it is; asked
    /// for again, it comes to an end.
    fn come_to_rest(&mut self) -> Result<(), String> {
        {
            let mut inner = self.world.look();
            (inner.crash_one_in, inner.pause_one_in) = (0, 0);
            let doubts_last = inner.book.entries.iter().filter_map(|entry| entry.flips_ms).max();
            inner.now_ms = doubts_last.map_or(inner.now_ms, |at| at.max(inner.now_ms));
        }
        for uid in self.uids.clone() {
            let run = |ask| Run {
                merchant_uid: uid.clone(),
                ask,
                moods: vec![Mood::Approve],
                planted: self.setting.planted,
            };
            let (review, charge) = (run(Ask::Reconcile), run(Ask::Charge { retry: false }));
            self.world.pass(Duration::from_secs(3600));
            self.run_together(&[review])?;
            self.check_settled(&uid)?;
            if !self.is_odd(&uid) {
                self.run_together(&[charge])?;
                self.check_settled(&uid)?;
            }
        }
        Ok(())
    }

    /// The gateway shows a payment that was not asked for like this: for a person to look at.
    fn is_odd(&self, uid: &str) -> bool {
        self.world.look().book.entries.iter().any(|entry| entry.merchant_uid == uid && entry.amount == "1")
    }

    fn outcome(&self, uid: &str) -> Option<Outcome> {
        let ledger = self.connections.take();
        let payment = ledger.find(&MerchantUid::parse(uid).unwrap()).unwrap();
        self.connections.give_back(ledger);
        payment.map(|payment| payment.outcome)
    }

    fn check_settled(&self, uid: &str) -> Result<(), String> {
        let outcome = self.outcome(uid);
        let odd = self.is_odd(uid);
        let inner = self.world.look();
        let charged = inner.book.charged(uid, inner.now_ms).iter().any(|entry| entry.amount == "8900");
        match outcome {
            None if !charged => Ok(()),
            Some(Outcome::Paid) if charged => Ok(()),
            Some(Outcome::Declined | Outcome::Rejected | Outcome::NotSent) if !charged => Ok(()),
            Some(Outcome::Unknown | Outcome::Rejected) if odd => Ok(()),
            Some(Outcome::Pending | Outcome::Unknown) => Err(format!("{uid} is {outcome:?} for ever")),
            other => Err(format!("{uid} is settled as {other:?}, and charged is {charged}")),
        }
    }

    pub fn story(&self) -> String {
        let inner = self.world.look();
        format!("seed {}\n{}\n{:#?}", self.seed, inner.trace.join("\n"), inner.book.entries)
    }
}
