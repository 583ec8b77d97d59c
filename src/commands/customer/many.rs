//! Many customers: what `check` and `import` share. Several are asked about at once, and told of in their order.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::billing::crew::{Crew, Next};
use crate::billing::keys::{KeyAnswer, ask_for_keys};
use crate::commands::context::{Context, Gateway};
use crate::commands::customer::saving::{Registered, registered};
use crate::commands::session::{answered, complain};
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::domain::pressure::Halt;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::Format;
use crate::output::field::Columns;
use crate::output::options::is_broken_pipe;
use crate::output::progress::Progress;
use crate::output::ui::Ui;

/// After so many customers in a row for which the gateway was not reached, the rest is not tried:
/// each of them has been tried three times by then.
const UNREACHED_MAX: u32 = 3;

/// How long to wait for the next answer before looking at everything else.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How many are asked about at a time, and held.
const TOGETHER: usize = 10_000;

/// What has come of it so far.
#[derive(Debug)]
pub(super) struct Many {
    /// Listed at the end, and looked up then: many customers are more than a run has to hold.
    listed: Vec<CustomerUid>,
    succeeded: u64,
    tried: u64,
    exit: Exit,
    unreached_in_a_row: u32,
    reader_left: bool,
    stop: Option<Stop>,
    /// Whether those that went well are to be listed at the end.
    lists: bool,
}

/// Why the rest is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The others would go the same way: the key was refused, or the gateway is out of reach.
    Failures,
    Interrupted,
    Gateway(Halt),
}

/// What is known of one customer.
pub(super) enum Answer {
    /// It was not to be asked about.
    Unasked,
    Registered(Box<Registered>),
    Failed(Failure),
}

/// Answers with their places.
pub(super) type Group = Vec<(usize, Answer)>;

/// Takes answers as they come.
pub(super) type Take<'a> = &'a mut dyn FnMut(Group, &mut Many, &mut Context<'_>) -> Result<(), Failure>;

/// The customers at some places of a list, where there is one to be asked about.
pub(super) type Uids<'a> = &'a dyn Fn(Range<usize>) -> Vec<Option<CustomerUid>>;

impl Many {
    pub(super) fn new() -> Many {
        Many {
            listed: Vec::new(),
            succeeded: 0,
            tried: 0,
            exit: Exit::Done,
            unreached_in_a_row: 0,
            reader_left: false,
            stop: None,
            lists: true,
        }
    }

    /// The same, where nobody wants to see a list.
    pub(super) fn unlisted() -> Many {
        Many { lists: false, ..Many::new() }
    }

    /// How many went well.
    pub(super) fn succeeded(&self) -> u64 {
        self.succeeded
    }

    /// How it ends.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// One went well. With `jsonl` it is written at once. The work goes on when nobody reads any
    /// more: it is not done for the reader alone.
    pub(super) fn succeed(&mut self, customer: &Customer, ui: &mut Ui) -> Result<(), Failure> {
        self.tried += 1;
        self.succeeded += 1;
        self.unreached_in_a_row = 0;
        match ui.format() {
            Format::Jsonl if ui.quiet() || self.reader_left => {}
            Format::Jsonl => {
                let written = ui.customer(customer);
                self.reader_left = written.as_ref().is_err_and(is_broken_pipe);
                answered(written, Exit::Done)?;
            }
            Format::Table | Format::Plain | Format::Json | Format::Csv if self.lists => {
                self.listed.push(customer.customer_uid.clone());
            }
            Format::Table | Format::Plain | Format::Json | Format::Csv => {}
        }
        Ok(())
    }

    /// One went wrong and is reported. Those that were under way when the work was stopped, and went the same
    /// way, are not told one by one: they count as not tried.
    pub(super) fn fail(&mut self, failure: &Failure, ui: &mut Ui) {
        let of_all = matches!(failure.kind, Kind::Auth | Kind::Network);
        if self.stop.is_some() && of_all {
            return;
        }
        self.tried += 1;
        complain(failure, ui);
        self.exit = self.exit.most_serious(Exit::With(failure.kind));
        let unreached = failure.kind == Kind::Network;
        self.unreached_in_a_row = if unreached { self.unreached_in_a_row + 1 } else { 0 };
        if failure.kind == Kind::Auth || self.unreached_in_a_row >= UNREACHED_MAX {
            self.stop.get_or_insert(Stop::Failures);
        }
    }

    /// Asks about each of so many customers, where there is one at its place, and has the answers taken in their order,
    /// as many together as there are. Of long lists [`TOGETHER`] are asked about at a time, so that no more are held.
    /// Ends early when somebody presses Ctrl-C, or when the others would go the same way.
    pub(super) fn ask(
        &mut self,
        gateway: &Gateway,
        (total, uids): (usize, Uids<'_>),
        doing: &str,
        context: &mut Context<'_>,
        take: Take<'_>,
    ) -> Result<(), Failure> {
        let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
        let progress = context.ui.progress(u64::try_from(total).ok(), doing);
        for first in (0..total).step_by(TOGETHER) {
            let uids = Arc::new(uids(first..first.saturating_add(TOGETHER).min(total)));
            if uids.iter().all(Option::is_none) {
                // Workers would only hand around that there is nothing to ask.
                let unasked = (first..).take(uids.len()).map(|place| (place, Answer::Unasked));
                take(unasked.collect(), self, context)?;
                progress.advance(u64::try_from(uids.len()).unwrap_or(u64::MAX));
            } else {
                self.ask_some(gateway, (first, &uids), &interrupts, (&progress, &mut *context, &mut *take))?;
            }
            if interrupts.requested() {
                self.interrupt();
            }
            if self.stop.is_some() {
                break;
            }
        }
        drop(progress);
        Ok(())
    }

    /// The same for customers from a place on.
    fn ask_some(
        &mut self,
        gateway: &Gateway,
        (first, uids): (usize, &Arc<Vec<Option<CustomerUid>>>),
        interrupts: &Interrupts,
        (progress, context, take): (&Progress, &mut Context<'_>, Take<'_>),
    ) -> Result<(), Failure> {
        let crew = ask_for_keys(&gateway.client, Arc::clone(&context.clock), interrupts, uids)
            .map_err(|error| Failure::io("start a thread", &error))?;
        let mut paused = false;
        loop {
            match crew.next(LOOK_EVERY) {
                Next::Ready(group) => {
                    let count = u64::try_from(group.len()).unwrap_or(u64::MAX);
                    let group = group.into_iter().filter_map(|(place, key)| {
                        let uid = uids.get(place)?.as_ref();
                        Some((first.saturating_add(place), answer(key, uid)?))
                    });
                    take(group.collect(), self, context)?;
                    progress.advance(count);
                }
                Next::Waiting => {}
                Next::Over => break,
            }
            self.look(&crew, interrupts);
            if self.stop.is_some() {
                crew.stop();
            }
            let pause = crew.paused();
            if let (Some(left), false) = (pause, paused) {
                let seconds = left.as_secs().saturating_add(1);
                context.ui.status(&format!("The gateway asks for a pause (HTTP 429): waiting {seconds} s."));
            }
            paused = pause.is_some();
        }
        self.look(&crew, interrupts);
        Ok(())
    }

    fn look(&mut self, crew: &Crew<KeyAnswer>, interrupts: &Interrupts) {
        if interrupts.requested() {
            self.interrupt();
        }
        if let Some(halt) = crew.halted()
            && self.stop.is_none()
        {
            self.stop = Some(Stop::Gateway(halt));
            self.exit = self.exit.most_serious(Exit::With(Kind::Network));
        }
    }

    /// Somebody wants no more.
    pub(super) fn interrupt(&mut self) {
        if self.stop.is_none() {
            self.stop = Some(Stop::Interrupted);
            self.exit = Exit::With(Kind::Interrupted);
        }
    }

    /// Says that some were not tried, and why; `done` is what was to become of them, `again` what is to be done.
    pub(super) fn tell_left(&self, total: u64, (done, again): (&str, &str), ui: &mut Ui) {
        let why = match self.stop {
            Some(Stop::Interrupted) => "Interrupted",
            Some(Stop::Gateway(Halt::Busy(_) | Halt::BusyStill)) => {
                "Stopped, because the gateway asks for a longer pause than anybody waits for (HTTP 429)"
            }
            Some(Stop::Gateway(Halt::Barred)) => {
                "Stopped, because the gateway answered twice with HTTP 403 or a web page"
            }
            Some(Stop::Failures) => "Stopped",
            None => return,
        };
        let left = total.saturating_sub(self.tried);
        if left > 0 || self.stop == Some(Stop::Interrupted) {
            ui.note(&format!("{why}: {left} of {} not {done}. {again}", number_of(total, "customer")));
        }
    }

    /// Writes those that went well, as one list. With `--quiet`, nothing.
    pub(super) fn write_list(&self, footer: &str, ledger: &Ledger, ui: &mut Ui) -> Result<(), Failure> {
        if ui.quiet() || ui.format() == Format::Jsonl {
            return Ok(());
        }
        let mut unread = None;
        let written = ui.list(Columns::usual()).and_then(|mut list| {
            for uid in &self.listed {
                match ledger.find_customer(uid) {
                    Ok(customer) => customer.iter().try_for_each(|customer| list.row(customer))?,
                    Err(error) => unread = Some(error),
                }
            }
            list.finish(footer).map(drop)
        });
        answered(written, Exit::Done)?;
        unread.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// What became of one question; `None` for one that nobody waited for.
fn answer(key: Option<KeyAnswer>, uid: Option<&CustomerUid>) -> Option<Answer> {
    Some(match (key, uid) {
        (Some(KeyAnswer::Answered(key)), Some(uid)) => {
            let registered = key.map_err(Failure::from).and_then(|key| registered(key, uid));
            registered.map_or_else(Answer::Failed, |key| Answer::Registered(Box::new(key)))
        }
        (Some(KeyAnswer::Interrupted), _) => return None,
        (Some(KeyAnswer::Unasked | KeyAnswer::Answered(_)), _) => Answer::Unasked,
        (None, _) => Answer::Failed(Failure::local("a bug cut off the question to the gateway")),
    })
}
