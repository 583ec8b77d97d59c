//! `billkey customer import`: many customers from a file.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::commands::context::{Context, Gateway};
use crate::commands::customer::ImportArgs;
use crate::commands::customer::answers::not_saved;
use crate::commands::customer::many::{Answer, Group, Many};
use crate::commands::customer::saving::{Profile, Registered, check_new, merged, of_new, warnings};
use crate::commands::customer::sheet::{Line, Sheet, WANTED};
use crate::commands::handed_in;
use crate::commands::naming::customer_meant;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::intake::{Encoding, Places, Read};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::Format;
use crate::output::text::sentence;

/// How long ago a billing key may have been seen and need not be asked for again, in hours.
const CHECKED_LATELY_H: i64 = 24;

const CHECKED_LATELY: SignedDuration = SignedDuration::from_hours(CHECKED_LATELY_H);

/// How many are saved in one go where nobody is asked.
const UNASKED_TOGETHER: usize = 1000;

const AGAIN: &str = "Those that were saved stay saved; run the same command again to go on from there.";

pub(super) fn run(args: &ImportArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (sheet, name, read) = read(args).map_err(nothing_saved)?;
    let mut ledger = context.open_ledger()?;
    if read.encoding == Encoding::Cp949 {
        context.ui.status(&format!("{name} was read as CP949, as Excel on a Korean Windows writes it."));
    }
    for warning in &read.warnings {
        context.ui.warning(&format!("{name}: {warning}"));
    }
    if !read.passed_over.is_empty() {
        let columns = read.passed_over.join(", ");
        context.ui.status(&format!("Not read from {name}, because the gateway tells it: {columns}"));
    }
    let gateway = if args.no_verify { None } else { Some(context.open_gateway()?) };
    save_all(&sheet, &read.places, gateway.as_ref(), args.recheck, &mut ledger, context)
}

/// The whole file, checked. The error names every problem there is.
fn read(args: &ImportArgs) -> Result<(Sheet, String, Read), Failure> {
    let mut sheet = Sheet::default();
    let handed_in = handed_in::read(
        &args.file,
        &args.input,
        "billkey customer import - < customers.csv",
        &WANTED,
        &mut |number, cells, problems| sheet.row(number, cells, problems),
    )?;
    let (name, mut read) = (handed_in.name, handed_in.read);
    read.problems = read.problems.with(sheet.twins(|line| read.places.row(line)));
    sheet.shrink();
    if read.problems.is_empty() { Ok((sheet, name, read)) } else { Err(handed_in::refused(&name, &read)) }
}

fn nothing_saved(failure: Failure) -> Failure {
    Failure { message: format!("{}. Nothing was saved", failure.message.trim_end_matches('.')), ..failure }
}

fn save_all(
    sheet: &Sheet,
    places: &Places,
    gateway: Option<&Gateway>,
    recheck: bool,
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let total = u64::try_from(sheet.count()).unwrap_or(u64::MAX);
    let mut import = Import { sheet, places, ledger };
    let (to_ask, lately) = match gateway {
        Some(_) => import.whom_to_ask(recheck, context.now())?,
        None => (Vec::new(), 0),
    };
    if lately > 0 {
        let were = if lately == 1 { "1 customer was".to_owned() } else { format!("{lately} customers were") };
        context.ui.status(&format!(
            "{were} checked within {CHECKED_LATELY_H} hours and not asked about again; --recheck asks about all."
        ));
    }
    let mut many = if context.ui.format() == Format::Table { Many::unlisted() } else { Many::new() };
    match gateway {
        Some(gateway) => {
            let ledger = import.ledger.again()?;
            let uids = |places: Range<usize>| {
                let asks = |place: &usize| to_ask.get(*place).copied().unwrap_or(false);
                places
                    .map(|place| Some(place).filter(asks).and_then(|place| meant_at(sheet, place, &ledger)))
                    .collect()
            };
            many.ask(gateway, (to_ask.len(), &uids), "saving", context, &mut |group, many, context| {
                import.save(group, many, context)
            })?;
        }
        None => import.save_unasked(&mut many, context)?,
    }
    many.tell_left(total, ("tried", AGAIN), context.ui);
    let saved = many.succeeded();
    if context.ui.format() == Format::Table {
        let of = number_of(total, "customer");
        let of = if saved < total { format!("{saved} of {of}") } else { number_of(saved, "customer") };
        answered(context.ui.done(&format!("Saved {of}.")), Exit::Done)?;
    } else {
        many.write_list("", import.ledger, context.ui)?;
    }
    Ok(many.exit())
}

/// The lines of a file on their way into the ledger. Each is what `customer add` would make of it.
struct Import<'a> {
    sheet: &'a Sheet,
    places: &'a Places,
    ledger: &'a mut Ledger,
}

impl Import<'_> {
    /// Of each line whether the gateway has to be asked about it, and how many it was asked about lately.
    fn whom_to_ask(&self, recheck: bool, now: Timestamp) -> Result<(Vec<bool>, u64), Failure> {
        let (mut to_ask, mut lately) = (vec![true; self.sheet.count()], 0);
        for (place, asks) in to_ask.iter_mut().enumerate().filter(|_| !recheck) {
            let Some(uid) = meant_at(self.sheet, place, self.ledger) else { continue };
            if self.ledger.find_customer(&uid)?.is_some_and(|known| checked_lately(&known, now)) {
                (*asks, lately) = (false, lately + 1);
            }
        }
        Ok((to_ask, lately))
    }

    /// Saves what the gateway was not asked about, in groups of [`UNASKED_TOGETHER`].
    fn save_unasked(&mut self, many: &mut Many, context: &mut Context<'_>) -> Result<(), Failure> {
        let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
        let total = self.sheet.count();
        let progress = context.ui.progress(u64::try_from(total).ok(), "saving");
        for first in (0..total).step_by(UNASKED_TOGETHER) {
            if interrupts.requested() {
                many.interrupt();
                break;
            }
            let last = first.saturating_add(UNASKED_TOGETHER).min(total);
            self.save((first..last).map(|place| (place, Answer::Unasked)).collect(), many, context)?;
            progress.advance(u64::try_from(last - first).unwrap_or(u64::MAX));
        }
        drop(progress);
        Ok(())
    }

    /// Saves a group together, and tells of each line in turn.
    fn save(&mut self, group: Group, many: &mut Many, context: &mut Context<'_>) -> Result<(), Failure> {
        let (mut fates, mut uids, mut registered) = (Vec::new(), Vec::new(), Vec::new());
        for (place, answer) in group {
            let Some(line) = self.sheet.line(place) else { continue };
            let fate = match self.to_save(&line, answer) {
                Ok((uid, key)) => {
                    uids.push(uid);
                    registered.push((line, key));
                    Ok(uids.len() - 1)
                }
                // A ledger that cannot be read will not take the next line either.
                Err(failure) if failure.kind == Kind::Local => {
                    return Err(at_line(failure, &line, self.places));
                }
                Err(failure) => Err(at_line(failure, &line, self.places)),
            };
            fates.push(fate);
        }
        let (profile, now) = (Profile::of(context.settings), context.now());
        let mut saved: Vec<(Customer, Vec<String>)> = Vec::new();
        let written = self.ledger.save_customers(&uids, &mut |place, known| {
            let (line, key) = registered.get(place)?;
            let customer =
                merged(uids.get(place)?, &line.given, known.as_ref(), key.as_ref(), profile.mode, now);
            let before = known.as_ref().map(|known| &known.card);
            let warnings = warnings(before, &customer, &profile.name, profile.mode);
            saved.push((customer.clone(), warnings));
            Some(customer)
        });
        if let (Err(error), Some((line, _))) = (written, registered.first()) {
            return Err(from_line_on(error.into(), line, self.places));
        }
        for fate in fates {
            match fate.map(|place| saved.get(place)) {
                Ok(Some((customer, warnings))) => {
                    warnings.iter().for_each(|warning| context.ui.warning(warning));
                    many.succeed(customer, context.ui)?;
                }
                Ok(None) => {}
                Err(failure) => many.fail(&failure, context.ui),
            }
        }
        Ok(())
    }

    /// The customer of a line and what the gateway says of it, or why it is not saved.
    fn to_save(&self, line: &Line, answer: Answer) -> Result<(CustomerUid, Option<Registered>), Failure> {
        let uid = customer_meant(line.customer_uid.as_str(), Some(self.ledger))?;
        match answer {
            Answer::Registered(registered) => Ok((uid, Some(*registered))),
            Answer::Failed(failure) => Err(not_saved(of_new(failure, &uid), &uid)),
            Answer::Unasked => {
                if self.ledger.find_customer(&uid)?.is_none() {
                    check_new(&uid).map_err(|failure| not_saved(failure, &uid))?;
                }
                Ok((uid, None))
            }
        }
    }
}

/// Whom a line means. Where that cannot be told apart it is told at its turn.
fn meant_at(sheet: &Sheet, place: usize, ledger: &Ledger) -> Option<CustomerUid> {
    customer_meant(sheet.line(place)?.customer_uid.as_str(), Some(ledger)).ok()
}

/// Whether the gateway need not be asked again: it has shown the billing key within the time that counts as
/// lately, by this machine's clock. One that was removed is to be seen again, and so is a check of the future.
fn checked_lately(known: &Customer, now: Timestamp) -> bool {
    let lately = |at: Timestamp| at <= now && now.duration_since(at) < CHECKED_LATELY;
    known.removed_at.is_none() && known.checked_at.is_some_and(lately)
}

fn at_line(failure: Failure, line: &Line, places: &Places) -> Failure {
    Failure { message: format!("{}: {}", places.row(line.number), failure.message), ..failure }
}

/// The same for lines that were to be saved together.
fn from_line_on(failure: Failure, line: &Line, places: &Places) -> Failure {
    let place = places.row(line.number);
    let message = sentence(&failure.message);
    Failure {
        message: format!("{message} From {place} on nothing was saved; what stands before it was."),
        ..failure
    }
}

#[cfg(test)]
mod tests;
