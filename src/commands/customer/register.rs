//! `billkey customer register`: a card is registered in the browser.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::commands::context::{Context, Gateway};
use crate::commands::customer::answers::{answer, prose, refusal, saved};
use crate::commands::customer::page_news::PageNews;
use crate::commands::customer::register_args::RegisterArgs;
use crate::commands::customer::saving::{Given, Kept, Profile, Registered, ask, keep, registered_before};
use crate::commands::customer::window::{self, Plan};
use crate::commands::pasted::command_of;
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::time::{Clock, format_duration, parse_duration};
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::text::sentence;
use crate::register::{
    Check, Happened, Hear, News, Posted, Refused, Saved, Server, Standing, Why, open_browser,
};

const NO_BROWSER: &str = "No browser could be opened; open the address yourself.";

/// How often the wait looks up for Ctrl-C and the time.
const TICK: Duration = Duration::from_millis(100);
/// How long the page's last answer may take to be read.
const GRACE: Duration = Duration::from_secs(3);
/// How long a page that is there is given to hear how it ended: it asks every second.
const FAREWELL: Duration = Duration::from_millis(1500);
/// A page that was not heard of for so long is not waited for.
const PRESENT: Duration = Duration::from_secs(3);

pub(super) fn run(args: &RegisterArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let wait = parse_duration(&args.wait)?;
    let mut plan = Plan::read(&args.window, context.settings)?;
    let ledger = context.open_ledger()?;
    plan.remember(ledger.find_customer(&plan.customer_uid)?.as_ref());
    let gateway = context.open_gateway()?;
    let waiting = context.ui.waiting("asking the gateway for the billing key");
    let before = registered_before(&gateway.client, &plan.customer_uid);
    drop(waiting);
    let before = before.map_err(|failure| nothing_opened(failure, &plan.customer_uid))?;
    for warning in plan.warnings(before.as_ref()) {
        context.ui.warning(&warning);
    }
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("wait for Ctrl-C", &error))?;
    let (told, news) = channel();
    let registration =
        Arc::new(Registration::new(&gateway, ledger, &plan, before.clone(), context, told.clone()));
    let job = plan.job(before.as_ref(), &gateway.sdk_url);
    let server = Server::page(args.port, job, checks(&registration), hears(&registration))?;
    invite(&server, args.no_open, &plan.customer_uid, told, context);
    let kept = await_card(&registration, &news, wait, &interrupts, context);
    registration.bid_farewell();
    server.stop(if kept.is_ok() { GRACE } else { Duration::ZERO });
    let kept = kept?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    let text = prose(kept.known.as_ref(), &kept.customer, Some(&kept.registered));
    answer(context.ui, &text, &kept.customer)
}

fn nothing_opened(failure: Failure, uid: &CustomerUid) -> Failure {
    let message = format!("{} No window was opened for {uid}.", sentence(&failure.message));
    Failure { message, ..failure }
}

/// Prints the page's address, and opens it.
fn invite(server: &Server, no_open: bool, uid: &CustomerUid, told: Sender<Told>, context: &mut Context<'_>) {
    let ui = &mut *context.ui;
    ui.note(&format!(
        "Register the card of {uid} in a browser on this machine:\n  {}",
        server.page_address()
    ));
    if no_open {
        return;
    }
    match open_browser(server.open_address(), context.settings.browser.as_deref()) {
        Ok(mut child) => {
            // A program that opens browsers ends at once, and its status tells whether it found one;
            // a browser itself may run for as long as it likes.
            let watch = move || match child.wait() {
                Ok(status) if status.success() => {}
                Ok(_) | Err(_) => drop(told.send(Told::NoBrowser)),
            };
            let _ = std::thread::Builder::new().stack_size(64 * 1024).spawn(watch);
        }
        Err(_) => ui.note(NO_BROWSER),
    }
}

/// What was saved, and what the gateway said of it.
struct Done {
    known: Option<Customer>,
    customer: Customer,
    registered: Registered,
    warnings: Vec<String>,
}

/// Waits until the card is saved, the time is over, or somebody presses Ctrl-C.
fn await_card(
    registration: &Arc<Registration>,
    news: &Receiver<Told>,
    wait: Duration,
    interrupts: &Interrupts,
    context: &mut Context<'_>,
) -> Result<Done, Failure> {
    let mut page = PageNews::default();
    let mut waiting = (page.waits_for(), context.ui.waiting(page.waits_for()));
    let begun = Instant::now();
    loop {
        match news.recv_timeout(TICK.min(wait)) {
            Ok(Told::Saved) => break,
            Ok(told) => tell(&told, &mut page, context),
            Err(RecvTimeoutError::Timeout) if interrupts.requested() || begun.elapsed() >= wait => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::local("the page's server has ended")),
        }
        if let Some(gone) = page.gone(Instant::now()) {
            context.ui.status(gone.sentence);
            if gone.with_window {
                let registration = Arc::clone(registration);
                // Without a thread it is asked at the end.
                let _ = std::thread::Builder::new().spawn(move || drop(registration.look()));
            }
        }
        if waiting.0 != page.waits_for() {
            waiting = (page.waits_for(), context.ui.waiting(page.waits_for()));
        }
    }
    drop(waiting);
    if let Some(done) = registration.begin_end() {
        return Ok(done);
    }
    let looked = page.had_window().then(|| look_once_more(registration, interrupts, context));
    // From here on nothing more is saved; what was saved a moment ago is the answer.
    if let Some(done) = registration.close() {
        return Ok(done);
    }
    Err(not_registered(registration, wait, looked.as_ref(), interrupts, context))
}

/// Shows what the page's server tells.
fn tell(told: &Told, page: &mut PageNews, context: &mut Context<'_>) {
    match told {
        Told::Saved => {}
        Told::NoBrowser => context.ui.note(NO_BROWSER),
        Told::Failed(failure) => context.ui.note(&sentence(&failure.message)),
        Told::Asking => {
            let asking = page.asking();
            context.ui.status(asking);
        }
        Told::Page(happened) => {
            if let Some(sentence) = page.hear(happened, Instant::now()) {
                context.ui.status(&sentence);
            }
        }
    }
}

/// A card may have been registered in the same moment. Another Ctrl-C gives that up.
fn look_once_more(
    registration: &Arc<Registration>,
    interrupts: &Interrupts,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    context.ui.status("The gateway is asked once more whether a card was registered meanwhile.");
    let registration = Arc::clone(registration);
    let looked = interrupts.run(1, move || registration.look(), &mut || {});
    looked.unwrap_or_else(|_| Err(Failure::interrupted("the gateway's answer was not waited for")))
}

/// That there is no card, and what is known of it.
fn not_registered(
    registration: &Registration,
    wait: Duration,
    looked: Option<&Result<(), Failure>>,
    interrupts: &Interrupts,
    context: &Context<'_>,
) -> Failure {
    let uid = &registration.customer_uid;
    let known = match looked {
        None => String::new(),
        Some(Err(failure)) if !matches!(failure.kind, Kind::NotFound | Kind::Refused) => {
            format!(". Whether a card was registered is not known: {}", failure.message)
        }
        Some(Ok(()) | Err(_)) => ". The gateway has no new card for it".to_owned(),
    };
    let add = format!(
        "if the window is completed all the same: {}",
        command_of(context.settings, "customer add", uid.as_str())
    );
    if interrupts.requested() {
        Failure::interrupted(format!("interrupted; {uid} was not saved{known}")).hinted(add)
    } else {
        let wait = format_duration(wait);
        let message = format!("no card was registered within {wait}; {uid} was not saved{known}");
        Failure::network(message).hinted(add)
    }
}

/// What the page's server tells the command.
enum Told {
    Saved,
    /// A check that came to nothing; the page offers another try.
    Failed(Failure),
    /// The gateway is being asked.
    Asking,
    /// What the page says of itself.
    Page(Happened),
    /// The program that was to open the page found no browser, or failed.
    NoBrowser,
}

/// Checks what the page says, and saves it, once.
struct Registration {
    customer_uid: CustomerUid,
    given: Given,
    /// What was registered when the command began.
    before: Option<Card>,
    profile: Profile,
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    told: Sender<Told>,
    saving: Mutex<Saving>,
    heard: Mutex<HeardOf>,
}

/// When the page was heard of last, and whether it knows how it ended.
#[derive(Default)]
struct HeardOf {
    last: Option<Instant>,
    knows_the_end: bool,
}

/// How far the registration is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The command waits no longer, and looks for the card once more.
    Ending,
    Over,
}

/// Locked while a card is saved, so that `close` sees all or nothing of it.
struct Saving {
    ledger: Ledger,
    phase: Phase,
    done: Option<(Kept, Registered)>,
    answer: Option<Saved>,
}

fn checks(registration: &Arc<Registration>) -> Check {
    let registration = Arc::clone(registration);
    Arc::new(move |_: &Posted| registration.check())
}

fn hears(registration: &Arc<Registration>) -> Hear {
    let registration = Arc::clone(registration);
    Arc::new(move |news: &News| registration.hear(news))
}

impl Registration {
    fn new(
        gateway: &Gateway,
        ledger: Ledger,
        plan: &Plan,
        before: Option<Card>,
        context: &Context<'_>,
        told: Sender<Told>,
    ) -> Registration {
        Registration {
            customer_uid: plan.customer_uid.clone(),
            given: plan.given.clone(),
            before,
            profile: Profile::of(context.settings),
            client: Arc::clone(&gateway.client),
            clock: Arc::clone(&context.clock),
            told,
            saving: Mutex::new(Saving { ledger, phase: Phase::Open, done: None, answer: None }),
            heard: Mutex::default(),
        }
    }

    fn saving(&self) -> MutexGuard<'_, Saving> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the page says of itself, and how the registration stands. While a card is being saved that is not waited
    /// for: the page asks again.
    fn hear(&self, news: &News) -> Result<Standing, Refused> {
        let standing = match self.saving.try_lock().ok().as_deref() {
            Some(Saving { answer: Some(saved), .. }) => Ok(Standing::Saved(saved.clone())),
            Some(Saving { phase: Phase::Ending, .. }) => Ok(Standing::Ending),
            Some(Saving { phase: Phase::Over, .. }) => Err(over()),
            Some(Saving { phase: Phase::Open, .. }) | None => Ok(Standing::Waiting),
        };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = matches!(standing, Ok(Standing::Waiting | Standing::Ending));
        *heard = HeardOf { last: Some(Instant::now()), knows_the_end: !goes_on };
        drop(heard);
        if matches!(standing, Ok(Standing::Waiting)) && news.happened != Happened::Here {
            let _ = self.told.send(Told::Page(news.happened.clone()));
        }
        standing
    }

    /// What the page posts when its window is done.
    fn check(&self) -> Result<Saved, Refused> {
        if let Some(answer) = &self.saving().answer {
            return Ok(answer.clone());
        }
        let _ = self.told.send(Told::Asking);
        let registered = self.registered_now().map_err(|failure| self.tell(failure))?;
        match self.keep(registered) {
            Ok(Some(saved)) => {
                // Who asked is answered; the server ends when that is out.
                self.heard.lock().unwrap_or_else(PoisonError::into_inner).knows_the_end = true;
                Ok(saved)
            }
            Ok(None) => Err(over()),
            Err(failure) => Err(self.tell(failure)),
        }
    }

    /// The same without anybody's asking.
    fn look(&self) -> Result<(), Failure> {
        let registered = self.registered_now()?;
        self.keep(registered).map(drop)
    }

    /// Saves what the gateway has shown, once; nothing when it is over.
    fn keep(&self, registered: Registered) -> Result<Option<Saved>, Failure> {
        let mut saving = self.saving();
        if let Some(answer) = &saving.answer {
            return Ok(Some(answer.clone()));
        }
        if saving.phase == Phase::Over {
            return Ok(None);
        }
        let now = self.clock.now().wall;
        let kept =
            keep(&mut saving.ledger, &self.customer_uid, &self.given, Some(&registered), &self.profile, now)?;
        let answer = saved(&kept.customer);
        saving.answer = Some(answer.clone());
        saving.done = Some((kept, registered));
        // The command may have gone meanwhile; then there is nobody to tell.
        let _ = self.told.send(Told::Saved);
        Ok(Some(answer))
    }

    /// What the gateway says now, if it is not what it said before: a window that was closed leaves
    /// the old card where it was.
    fn registered_now(&self) -> Result<Registered, Failure> {
        let uid = &self.customer_uid;
        let registered = ask(&self.client, uid)?;
        match &self.before {
            Some(before) if window::is_unchanged(before, &registered.card) => {
                Err(Failure::refused(format!("the gateway still has the card that {uid} had before")))
            }
            Some(_) | None => Ok(registered),
        }
    }

    fn tell(&self, failure: Failure) -> Refused {
        let refused = refusal(&failure);
        let _ = self.told.send(Told::Failed(failure));
        refused
    }

    /// Says that nobody waits any longer; gives what was saved.
    fn begin_end(&self) -> Option<Done> {
        self.end_as(Phase::Ending)
    }

    /// Saves nothing from now on; gives what was saved.
    fn close(&self) -> Option<Done> {
        self.end_as(Phase::Over)
    }

    fn end_as(&self, phase: Phase) -> Option<Done> {
        let mut saving = self.saving();
        saving.phase = phase;
        let (kept, registered) = saving.done.take()?;
        let Kept { known, customer, warnings } = kept;
        Some(Done { known, customer, registered, warnings })
    }

    /// Lets a page that is still there hear how it ended.
    fn bid_farewell(&self) {
        let begun = Instant::now();
        let waits = || {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            !heard.knows_the_end && heard.last.is_some_and(|last| last.elapsed() < PRESENT)
        };
        while begun.elapsed() < FAREWELL && waits() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn over() -> Refused {
    Refused::new(Why::Over, "billkey no longer waits for this card. Nothing was saved.")
}
