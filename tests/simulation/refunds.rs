//! Many operators' refunds of one payment from one number: the real ledger, client and rules, over a gateway that
//! loses answers, is late, refuses, forgets half of a reason, and whose console is faster ([`super::till`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use billkey::billing::book::Book;
use billkey::billing::desk::Desk;
use billkey::billing::reconcile::{TakeWord, look_into};
use billkey::billing::refund::{NotSent, RefundOrder, prepare, reconcile_refund, refund, told};
use billkey::domain::answer::Settled;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid, RefundId};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{GatewayRecord, Mode, Received, RefundOutcome, Terms};
use billkey::domain::refund::{Refund, in_the_way};
use billkey::domain::secret::Secret;
use billkey::domain::tax::Tax;
use billkey::domain::time::{Clock, SendMark};
use billkey::gateway::{ApiKey, Client};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Claiming, Closing, Create, Entry, Guards, Intent, Ledger};

use crate::support::sums::sums_are_right;

use super::book::Book as GatewayBook;
use super::planted::{Forgetful, found_as_told, refunded_for_ever, taken_as_lost, undecided_as_found};
use super::scenario::SETTLE_AFTER;
use super::till::{IMP_UID, Made, ORDER, PAID, PlantedRefund, Till, Wire, console_refund, locked};
use super::world::{ActorClock, Crash, World};

/// One operator's run.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// By the wish at this place, with its word for another one of the same.
    Refund(usize, bool),
    Reconcile,
}

/// What somebody wants back once: the command is run, by one or by two at a time, until it tells that it is done.
struct Wish {
    /// Every wish's own, so that a refund that stands in the way is known for somebody else's; `None` is all
    /// that is left.
    amount: Option<i64>,
    again: bool,
    /// The refunds that its runs made up.
    ids: Vec<String>,
    is_told: bool,
}

/// A seed's life.
pub struct Refunds {
    world: World,
    till: Arc<Mutex<Till>>,
    room: tempfile::TempDir,
    planted: Option<PlantedRefund>,
    wishes: Mutex<Vec<Wish>>,
}

impl Refunds {
    pub fn new(seed: u64, planted: Option<PlantedRefund>) -> Refunds {
        let shm = Path::new("/dev/shm");
        let room = if shm.is_dir() { tempfile::TempDir::new_in(shm) } else { tempfile::TempDir::new() };
        let world = World::new(seed, GatewayBook::default());
        let pg = if world.look().chance.percent(15) { "paypal" } else { "nice" };
        let till = Arc::new(Mutex::new(Till::at(pg)));
        Refunds { world, till, room: room.unwrap(), planted, wishes: Mutex::default() }
    }

    pub fn story(&self) -> String {
        self.world.look().trace.join("\n")
    }

    pub fn crashes(&self) -> u32 {
        self.world.look().crashes
    }

    /// Lives through the seed. An error is a broken promise, as a sentence.
    pub fn live(&mut self) -> Result<(), String> {
        begin_paid(&mut self.ledger(), &self.world, locked(&self.till).pg);
        let rounds = 2 + self.world.look().chance.below(4);
        for _ in 0..rounds {
            let asks = self.draw();
            self.together(&asks)?;
            let mut inner = self.world.look();
            let (console, wait) = (inner.chance.percent(20), inner.chance.below(20 * 60));
            let taken_back = inner.chance.percent(10).then(|| inner.chance.below(100));
            inner.now_ms += i64::try_from(wait * 1000).unwrap();
            let now_ms = inner.now_ms;
            drop(inner);
            if console {
                self.world.note("the console refunds");
                console_refund(&mut locked(&self.till), 1000, now_ms);
            }
            if let Some(nth) = taken_back {
                self.world.note("the PG takes a refund back");
                locked(&self.till).take_back(nth);
            }
        }
        self.come_to_rest()?;
        sums_are_right(&self.room.path().join("ledger.db"))
    }

    fn draw(&self) -> Vec<Ask> {
        let mut inner = self.world.look();
        inner.crash_one_in = if inner.chance.percent(50) { 3 + inner.chance.below(20) } else { 0 };
        let actors = 1 + inner.chance.below(3);
        let mut wishes = self.wishes.lock().unwrap();
        let mut drawn: Vec<usize> = Vec::new();
        (0..actors)
            .map(|_| {
                if inner.chance.percent(25) {
                    return Ask::Reconcile;
                }
                // Whoever says that it is another one says so to one process.
                let may = |at: &usize| !(wishes[*at].is_told || wishes[*at].again && drawn.contains(at));
                let open: Vec<usize> = (0..wishes.len()).filter(may).collect();
                if !open.is_empty() && inner.chance.percent(70) {
                    let at = open[usize::try_from(inner.chance.below(open.len() as u64)).unwrap()];
                    drawn.push(at);
                    return Ask::Refund(at, wishes[at].again);
                }
                let own = i64::try_from(wishes.len()).unwrap();
                let amount = [Some(1001 + own), Some(3001 + own), None]
                    [usize::try_from(inner.chance.below(3)).unwrap()];
                let again = inner.chance.percent(50);
                wishes.push(Wish { amount, again, ids: Vec::new(), is_told: false });
                drawn.push(wishes.len() - 1);
                Ask::Refund(wishes.len() - 1, again)
            })
            .collect()
    }

    fn ledger(&self) -> Ledger {
        Ledger::open_at(&self.room.path().join("ledger.db"), Create::IfMissing).unwrap().ledger
    }

    fn together(&self, asks: &[Ask]) -> Result<(), String> {
        self.world.begin(asks.len());
        std::thread::scope(|scope| {
            let threads: Vec<_> = asks
                .iter()
                .enumerate()
                .map(|(actor, ask)| scope.spawn(move || self.run_once(actor, *ask)))
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap())
        })?;
        self.check_books()
    }

    fn run_once(&self, actor: usize, ask: Ask) -> Result<(), String> {
        self.world.enter(actor);
        let said = catch_unwind(AssertUnwindSafe(|| self.act(actor, ask)));
        let said = match said {
            Ok(said) => said,
            Err(cause) if cause.is::<Crash>() => Vec::new(),
            Err(cause) => std::panic::resume_unwind(cause),
        };
        let verdict = said.iter().try_for_each(|refund| self.check_said(refund));
        self.world.leave(actor);
        verdict
    }

    /// What it says of the refunds that it was at.
    fn act(&self, actor: usize, ask: Ask) -> Vec<Refund> {
        let mut ledger = self.ledger();
        let clock = Arc::new(ActorClock { world: self.world.clone(), actor });
        let (world, till) = (self.world.clone(), Arc::clone(&self.till));
        let wire = Wire { world, till, actor, planted: self.planted, last_asked: Mutex::default() };
        let key = ApiKey { imp_key: Secret::new("k".to_owned()), imp_secret: Secret::new("s".to_owned()) };
        let client = Client::new(Box::new(wire), Arc::clone(&clock) as _, key, None, Duration::from_secs(60));
        let mut open = ledger.open_refunds().unwrap();
        open.extend(ledger.refunds_that_may_show(jiff::Timestamp::MIN).unwrap());
        let mut forgetful;
        let book: &mut dyn Book = match self.planted {
            Some(PlantedRefund::FoundIsTold) => {
                forgetful = Forgetful { book: &mut ledger, forgotten: found_as_told };
                &mut forgetful
            }
            Some(PlantedRefund::TakenIsSettled) => {
                forgetful = Forgetful { book: &mut ledger, forgotten: taken_as_lost };
                &mut forgetful
            }
            Some(PlantedRefund::OneOfTwoIsOurs) => {
                forgetful = Forgetful { book: &mut ledger, forgotten: undecided_as_found };
                &mut forgetful
            }
            Some(PlantedRefund::UndoneIsBelieved) => {
                forgetful = Forgetful { book: &mut ledger, forgotten: refunded_for_ever };
                &mut forgetful
            }
            Some(_) | None => &mut ledger,
        };
        let mut desk = Desk {
            ledger: book,
            gateway: Arc::new(client),
            clock: Arc::clone(&clock) as _,
            interrupts: Interrupts::none(),
        };
        match ask {
            Ask::Reconcile => {
                let said = open.iter().filter_map(|refund| {
                    let now =
                        reconcile_refund(&mut desk, refund, SETTLE_AFTER).unwrap().ok().flatten()?.refund;
                    // What had ended, and is what it was, is told no second time.
                    (refund.outcome.is_open() || now.outcome != refund.outcome).then_some(now)
                });
                let said = said.collect();
                let _ = look_into(&mut desk, &uid(), Mode::Live, SETTLE_AFTER, TakeWord::No);
                said
            }
            Ask::Refund(at, again) => self.pay_back((at, again), &mut desk, clock.now().wall),
        }
    }

    /// One run of `refund`, as the command has it.
    fn pay_back(&self, (at, again): (usize, bool), desk: &mut Desk<'_>, now: jiff::Timestamp) -> Vec<Refund> {
        let amount = self.of_wish(at, |wish| wish.amount);
        let order = order(amount, again, now);
        let prepared = match prepare(desk, &order).unwrap() {
            Ok(prepared) => prepared,
            Err(why) => return self.hear(at, why),
        };
        let others = &prepared.others;
        if let Some(other) = in_the_way(others, IMP_UID, prepared.amount, order.similar_since) {
            told(desk.ledger, other, now).unwrap();
            return self.hear(at, NotSent::InTheWay(Box::new(other.clone())));
        }
        let random = self.world.look().chance.below(u64::MAX).to_le_bytes();
        let id = RefundId::of_random(random);
        self.of_wish(at, |wish| wish.ids.push(id.as_str().to_owned()));
        match refund(desk, &order, &prepared, id, &mut |_| ()) {
            Ok(Ok(report)) => {
                let is_told =
                    matches!(report.refund.outcome, RefundOutcome::Refunded | RefundOutcome::Refused);
                self.of_wish(at, |wish| wish.is_told |= is_told);
                vec![report.refund]
            }
            Ok(Err(why)) => self.hear(at, why),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn of_wish<T>(&self, at: usize, then: impl FnOnce(&mut Wish) -> T) -> T {
        then(&mut self.wishes.lock().unwrap()[at])
    }

    /// What whoever wants the money back makes of a run that sent nothing, and what that run said of refunds.
    fn hear(&self, at: usize, why: NotSent) -> Vec<Refund> {
        match why {
            NotSent::NotRefundable(_) => self.of_wish(at, |wish| wish.is_told = true),
            // One's own is done. Another's is not what was wanted: it has to be said that this is another one.
            NotSent::InTheWay(other) => {
                self.of_wish(at, |wish| match other.outcome {
                    RefundOutcome::Refunded if wish.ids.iter().any(|id| id == other.id.as_str()) => {
                        wish.is_told = true;
                    }
                    RefundOutcome::Refunded => wish.again = true,
                    _ => {}
                });
                return vec![*other];
            }
            _ => {}
        }
        Vec::new()
    }

    /// What was said must be so at this moment, and for ever.
    fn check_said(&self, refund: &Refund) -> Result<(), String> {
        let till = locked(&self.till);
        let id = refund.id.as_str();
        self.world.note(&format!("{id} is said to be {}", refund.outcome.word()));
        let made = till.made.iter().filter(|made| made.of.as_deref() == Some(id)).count();
        // What is left never grows: one that it does not hold comes to nothing.
        let under_way = till.under_way.iter().any(|late| {
            late.asked["reason"].as_str().unwrap().ends_with(id)
                && late.asked["amount"].as_i64().is_none_or(|amount| amount <= till.balance())
        });
        match refund.outcome {
            RefundOutcome::Refunded if made == 0 && !till.is_undone(id) => {
                Err(format!("{id} was said to be refunded, and was not"))
            }
            RefundOutcome::Refused | RefundOutcome::NotSent if made > 0 || under_way => {
                Err(format!("{id} was said to be {}, and was made", refund.outcome.word()))
            }
            _ => Ok(()),
        }
    }

    fn check_books(&self) -> Result<(), String> {
        let ledger = self.ledger();
        let till = locked(&self.till);
        if till.balance() < 0 {
            return Err("more went back than was paid".to_owned());
        }
        for refund in ledger.refunds(&MerchantUid::parse(ORDER).unwrap()).unwrap() {
            let id = refund.id.as_str();
            let made: Vec<&Made> = till.made.iter().filter(|made| made.of.as_deref() == Some(id)).collect();
            match made.as_slice() {
                [] if refund.outcome == RefundOutcome::Refunded && !till.is_undone(id) => {
                    return Err(format!("{id} is recorded as refunded, and was not"));
                }
                [] => {}
                [made] if made.amount != refund.amount.minor() => {
                    return Err(format!("{id} was of {}, and {} went back", refund.amount, made.amount));
                }
                // What is begun at the PG is not stopped by another one that comes before its end.
                [_] if till.taken.iter().any(|taken| taken == id) => {}
                [made] if made.balance != refund.balance_before.minor() => {
                    return Err(format!("{id} was made of another balance than the one that was shown"));
                }
                [_] => {}
                _ => return Err(format!("{id} went back {} times", made.len())),
            }
        }
        for wish in self.wishes.lock().unwrap().iter() {
            let of_it = |made: &&Made| made.of.as_ref().is_some_and(|of| wish.ids.iter().any(|id| id == of));
            let times = till.made.iter().filter(of_it).count();
            if times > 1 {
                return Err(format!("what was wanted back once went back {times} times: {:?}", wish.ids));
            }
        }
        Ok(())
    }

    /// The ledger follows the gateway's sum, and tells what went back and shows no more.
    fn check_undone(&self, ledger: &Ledger, till: &Till) -> Result<(), String> {
        let payment = ledger.find(&uid()).unwrap().unwrap();
        let (here, there) = (payment.cancel_amount.map_or(0, |amount| amount.minor()), till.refunded());
        if here != there {
            return Err(format!("the ledger has {here} as refunded, and the gateway {there}"));
        }
        let refunds = ledger.refunds(&uid()).unwrap();
        let back = refunds.iter().filter(|refund| refund.outcome == RefundOutcome::Refunded);
        let known: i64 = back.map(|refund| refund.amount.minor()).sum();
        let is_told = !ledger.undone_refunds().unwrap().is_empty();
        if is_told != (known > there) {
            return Err(format!("{known} went back, {there} shows, and told is {is_told}"));
        }
        Ok(())
    }

    /// Long after, and without trouble: the ledger is what the gateway's book is.
    fn come_to_rest(&self) -> Result<(), String> {
        for _ in 0..8 {
            let mut inner = self.world.look();
            inner.now_ms += 10 * 3_600_000;
            inner.crash_one_in = 0;
            let now_ms = inner.now_ms;
            drop(inner);
            locked(&self.till).land(now_ms);
            self.together(&[Ask::Reconcile])?;
        }
        let till = locked(&self.till);
        let ledger = self.ledger();
        self.check_undone(&ledger, &till)?;
        for refund in ledger.refunds(&uid()).unwrap() {
            let id = refund.id.as_str().to_owned();
            let made = till.made.iter().any(|made| made.of.as_deref() == Some(refund.id.as_str()));
            let told = match refund.outcome {
                RefundOutcome::Refunded => made || till.is_undone(&id),
                // Of two that cannot be told apart nobody knows which one is ours.
                RefundOutcome::Unknown if till.twins.contains(&id) => true,
                // What came before it, and was taken back, is what it would be known by.
                RefundOutcome::Unknown if made && !till.undone.is_empty() => true,
                RefundOutcome::Refused | RefundOutcome::NotSent => !made,
                // Of what was taken and never made nobody can say that it will not be, nor where that takes days.
                RefundOutcome::Unknown => {
                    !made && (till.is_slow() || till.taken.iter().any(|id| id == refund.id.as_str()))
                }
                RefundOutcome::Pending => false,
            };
            if !told {
                let (id, outcome) = (refund.id.as_str(), refund.outcome.word());
                return Err(format!("{id} came to rest as {outcome}, and made is {made}: {:?}", refund.why));
            }
        }
        Ok(())
    }
}

fn uid() -> MerchantUid {
    MerchantUid::parse(ORDER).unwrap()
}

fn order(amount: Option<i64>, again: bool, now: jiff::Timestamp) -> RefundOrder {
    RefundOrder {
        merchant_uid: MerchantUid::parse(ORDER).unwrap(),
        imp_uid: IMP_UID.to_owned(),
        by_imp_uid: false,
        amount: amount.map(won),
        tax: Tax::default(),
        tax_matters: false,
        reason: "came too late".to_owned(),
        notify: false,
        similar_since: (!again).then(|| now - Duration::from_secs(600)),
        settle_after: SETTLE_AFTER,
        lock_wait_max: Duration::from_secs(2),
        operator: None,
    }
}

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

/// The one payment, as it was charged an hour ago.
fn begin_paid(ledger: &mut Ledger, world: &World, pg: &str) {
    let terms = Terms {
        merchant_uid: MerchantUid::parse(ORDER).unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: won(PAID),
        mode: Mode::Live,
    };
    let lock = ledger.lock_payment(&terms.merchant_uid).unwrap().unwrap();
    let now = world.now(0);
    let mark = SendMark { wall: now.wall, boot: now.boot, gateway_s: None };
    let intent = Intent {
        request: Arc::new(ChargeRequest::new(terms, "Monthly")),
        at: mark.wall,
        mark: mark.clone(),
        account: "a".to_owned(),
        note: None,
        operator: None,
        host: None,
        once_per: false,
        shown: Vec::new(),
        expected: None,
        guards: Guards::default(),
    };
    let Claiming::Won(claim, _) = ledger.write_one(&Entry::Intent(intent)).unwrap().claim(lock) else {
        panic!("a new order is the caller's")
    };
    let record = GatewayRecord {
        imp_uid: Some(IMP_UID.to_owned()),
        merchant_uid: Some(ORDER.to_owned()),
        status: Some("paid".to_owned()),
        amount_text: Some(PAID.to_string()),
        pg_provider: Some(pg.to_owned()),
        ..GatewayRecord::default()
    };
    let Closing { entry, .. } =
        claim.answered(mark.wall, Settled::Paid(Box::new(record)), Received::default(), Vec::new());
    let _ = ledger.write_one(&entry).unwrap();
}
