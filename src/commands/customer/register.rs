//! `billkey customer register`: a card is registered in the browser.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::commands::context::{Context, Gateway};
use crate::commands::customer::answers::{answer, prose, refusal, saved};
use crate::commands::customer::register_args::RegisterArgs;
use crate::commands::customer::saving::{Given, Kept, Profile, Registered, ask, keep};
use crate::commands::customer::window::{self, Plan};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;
use crate::domain::time::{Clock, format_duration, parse_duration};
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::text::sentence;
use crate::register::{Check, Posted, Refused, Saved, Server, Why, open_browser};

const NO_BROWSER: &str = "No browser could be opened; open the address yourself.";

/// How often the wait looks up for Ctrl-C and the time.
const TICK: Duration = Duration::from_millis(100);
/// How long the page's last answer may take to be read.
const GRACE: Duration = Duration::from_secs(3);

pub(super) fn run(args: &RegisterArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let wait = parse_duration(&args.wait)?;
    let mut plan = Plan::read(args, context.settings)?;
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
    let server = Server::page(args.port, job, checks(&registration))?;
    invite(&server, args.no_open, &plan.customer_uid, told, context);
    let kept = await_card(&registration, &news, wait, &interrupts, context);
    server.stop(if kept.is_ok() { GRACE } else { Duration::ZERO });
    let kept = kept?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    let text = prose(kept.known.as_ref(), &kept.customer, Some(&kept.registered));
    answer(context.ui, &text, &kept.customer)
}

/// The card that is registered under this customer_uid now.
fn registered_before(client: &Client, uid: &CustomerUid) -> Result<Option<Card>, Failure> {
    match ask(client, uid) {
        Ok(registered) => Ok(Some(registered.card)),
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn nothing_opened(failure: Failure, uid: &CustomerUid) -> Failure {
    let message = format!("{} No window was opened for {uid}.", sentence(&failure.message));
    Failure { message, ..failure }
}

/// Prints the page's address, and opens it.
fn invite(server: &Server, no_open: bool, uid: &CustomerUid, told: Sender<News>, context: &mut Context<'_>) {
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
                Ok(_) | Err(_) => drop(told.send(News::NoBrowser)),
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
    registration: &Registration,
    news: &Receiver<News>,
    wait: Duration,
    interrupts: &Interrupts,
    context: &mut Context<'_>,
) -> Result<Done, Failure> {
    let uid = &registration.customer_uid;
    let _waiting = context.ui.waiting("waiting for the card");
    let begun = Instant::now();
    loop {
        match news.recv_timeout(TICK.min(wait)) {
            Ok(News::Saved) => {}
            Ok(News::NoBrowser) => {
                context.ui.note(NO_BROWSER);
                continue;
            }
            Ok(News::Failed(failure)) => {
                context.ui.note(&sentence(&failure.message));
                continue;
            }
            Err(RecvTimeoutError::Timeout) if interrupts.requested() || begun.elapsed() >= wait => {}
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::local("the page's server has ended")),
        }
        // From here on nothing more is saved; what was saved a moment ago is the answer.
        if let Some(done) = registration.close() {
            return Ok(done);
        }
        let sandbox = if registration.profile.mode == Mode::Sandbox { "--sandbox " } else { "" };
        let add = format!("if the window was completed: billkey {sandbox}customer add {uid}");
        return Err(if interrupts.requested() {
            Failure::interrupted(format!("interrupted; {uid} was not saved")).hinted(add)
        } else {
            let message =
                format!("no card was registered within {}; {uid} was not saved", format_duration(wait));
            Failure::network(message).hinted(add)
        });
    }
}

/// What the page's server tells the command.
enum News {
    Saved,
    /// A check that came to nothing; the page offers another try.
    Failed(Failure),
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
    told: Sender<News>,
    saving: Mutex<Saving>,
}

/// Locked while a card is saved, so that `close` sees all or nothing of it.
struct Saving {
    ledger: Ledger,
    /// The command waits no longer.
    is_closed: bool,
    done: Option<(Kept, Registered)>,
    answer: Option<Saved>,
}

fn checks(registration: &Arc<Registration>) -> Check {
    let registration = Arc::clone(registration);
    Arc::new(move |_: &Posted| registration.check())
}

impl Registration {
    fn new(
        gateway: &Gateway,
        ledger: Ledger,
        plan: &Plan,
        before: Option<Card>,
        context: &Context<'_>,
        told: Sender<News>,
    ) -> Registration {
        Registration {
            customer_uid: plan.customer_uid.clone(),
            given: plan.given.clone(),
            before,
            profile: Profile::of(context.settings),
            client: Arc::clone(&gateway.client),
            clock: Arc::clone(&context.clock),
            told,
            saving: Mutex::new(Saving { ledger, is_closed: false, done: None, answer: None }),
        }
    }

    fn saving(&self) -> MutexGuard<'_, Saving> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<Saved, Refused> {
        if let Some(answer) = &self.saving().answer {
            return Ok(answer.clone());
        }
        let registered = self.registered_now().map_err(|failure| self.tell(failure))?;
        let mut saving = self.saving();
        if let Some(answer) = &saving.answer {
            return Ok(answer.clone());
        }
        if saving.is_closed {
            return Err(Refused::new(Why::Over, "billkey no longer waits for this card. Nothing was saved."));
        }
        let now = self.clock.now().wall;
        let kept =
            keep(&mut saving.ledger, &self.customer_uid, &self.given, Some(&registered), &self.profile, now)
                .map_err(|error| self.tell(Failure::from(error)))?;
        let answer = saved(&kept.customer);
        saving.answer = Some(answer.clone());
        saving.done = Some((kept, registered));
        // The command may have gone meanwhile; then there is nobody to tell.
        let _ = self.told.send(News::Saved);
        Ok(answer)
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
        let _ = self.told.send(News::Failed(failure));
        refused
    }

    /// Saves nothing from now on; gives what was saved.
    fn close(&self) -> Option<Done> {
        let mut saving = self.saving();
        saving.is_closed = true;
        let (kept, registered) = saving.done.take()?;
        let Kept { known, customer, warnings } = kept;
        Some(Done { known, customer, registered, warnings })
    }
}
