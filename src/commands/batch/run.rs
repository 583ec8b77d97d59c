//! `billkey batch`, step by step.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::billing::batch::{Batch, Job, Stop};
use crate::billing::pace::Rate;
use crate::billing::request::Charge;
use crate::billing::writer::{Reader, Writer};
use crate::commands::asking::{Question, confirm};
use crate::commands::batch::BatchArgs;
use crate::commands::batch::again::{Again, again};
use crate::commands::batch::board::Board;
use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::Fate;
use crate::commands::batch::input::{self, Input};
use crate::commands::batch::mail;
use crate::commands::batch::plan::{Plan, plan};
use crate::commands::batch::rehearse::rehearse;
use crate::commands::batch::row::Rules;
use crate::commands::batch::scheduled;
use crate::commands::batch::tally::Tally;
use crate::commands::batch::tell::{self, Ending};
use crate::commands::belonging;
use crate::commands::context::Context;
use crate::commands::handed_in::is_stdin;
use crate::commands::once_per::OncePer;
use crate::commands::onto::not_onto;
use crate::commands::retrying::Retrying;
use crate::commands::schedules::Asked;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::ledger::{BatchLock, BatchLocked, Ledger};
use crate::output::new_file::NewFile;
use crate::output::results::ResultFile;

/// Charges every row of the file, or says what would be done.
pub fn run(args: &BatchArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let begun = context.now();
    let result = step_by_step(args, begun, context);
    mail::named(result, args, begun, context)
}

fn step_by_step(args: &BatchArgs, begun: Timestamp, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (charges, rate) = read(args, context).map_err(Failure::nothing_sent)?;
    if args.dry_run {
        return rehearse(args, &charges, context).map_err(Failure::nothing_sent);
    }
    let (work, _lock) = prepare(args, charges, context).map_err(Failure::nothing_sent)?;
    charge(args, begun, (work, rate), context)
}

/// The rows as charges, and how fast they are to be sent. Everything is checked that needs no ledger.
fn read(args: &BatchArgs, context: &mut Context<'_>) -> Result<(Arc<Charges>, Option<Rate>), Failure> {
    let rate = args.rate.as_deref().map(Rate::parse).transpose();
    let rate = rate.map_err(|error| Failure::usage(format!("--rate: {error}")))?;
    if let Some(path) = &args.results {
        let input = (!is_stdin(&args.file)).then_some(args.file.as_path());
        not_onto(path, "--results", input, context.settings)?;
    }
    let rules = rules(args, context)?;
    let Input { rows, name, decoded, warnings } = input::read(args, &rules)?;
    if decoded {
        context.ui.status(&format!("{name} was read as CP949, as Excel on a Korean Windows writes it."));
    }
    for warning in &warnings {
        context.ui.warning(&format!("{name}: {warning}"));
    }
    let held = args.retry_declined && !args.beyond_rules;
    let rules_for_retries = context.settings.retry.clone().filter(|_| held);
    let (mode, now) = (context.settings.mode, context.now());
    let charges = Arc::new(Charges {
        rows,
        rules,
        settings: context.settings.clone(),
        clock: Arc::clone(&context.clock),
        retry: args.retry_declined,
        retrying: rules_for_retries.map(|rules| Retrying { rules, mode, now }),
        allow_similar: args.allow_similar,
    });
    if Tally::of(&charges, |_| Fate::Send).is_none() {
        return Err(Failure::usage(format!("the amounts of {name} add up to more than can be counted")));
    }
    if let Some(warning) = context.settings.settle_after_warning() {
        context.ui.warning(&warning);
    }
    Ok((charges, rate))
}

/// What every row comes to before anything is sent, shown and agreed to.
fn prepare(
    args: &BatchArgs,
    charges: Arc<Charges>,
    context: &mut Context<'_>,
) -> Result<(Work, BatchLock), Failure> {
    let ledger = context.open_ledger()?;
    let lock = match ledger.lock_batch()? {
        BatchLocked::Ours(lock) => lock,
        BatchLocked::Theirs { pid } => return Err(other_batch(pid)),
    };
    let Plan { fates, unsaved } = plan(&charges, Some(&ledger))?;
    tell::unsaved(&charges, &unsaved, context.ui);
    let to_ask = !args.yes && fates.iter().any(|fate| !fate.is_final());
    // A program reads the plan with --dry-run; a person has to see what the question is about.
    if to_ask || !(context.ui.quiet() || context.ui.format().is_json()) {
        tell::plan(&charges, &fates, context.ui);
    }
    if to_ask && context.ui.interactive() && scheduled::has_first(&charges, &fates, &ledger)? {
        scheduled::warn(&charges, context, &ledger);
    }
    // While the plan is made, Ctrl-C ends the program as it does elsewhere.
    let interrupts =
        if to_ask { Some(Interrupts::watch().map_err(|error| unwatched(&error))?) } else { None };
    if let Some(interrupts) = &interrupts {
        confirm(
            context.ui,
            interrupts,
            &Question {
                about: "",
                question: "Charge these cards?",
                unasked: "this batch was not confirmed, and nobody can be asked here",
                hint: "to charge without being asked: add --yes",
                declined: "not confirmed",
                interrupted: "interrupted before the first row was sent",
            },
        )?;
    }
    let results = args.results.as_deref().map(|path| results(path, context)).transpose()?;
    Ok((Work { charges, fates, ledger, results, interrupts }, lock))
}

fn rules(args: &BatchArgs, context: &Context<'_>) -> Result<Rules, Failure> {
    let (settings, plan) = (context.settings, args.plan.as_deref().unwrap_or_default());
    let once_per = args
        .once_per
        .as_deref()
        .map(|period| OncePer::of(period, plan, settings, context.now()))
        .transpose()?;
    Ok(Rules {
        mode: settings.mode,
        tax: settings.tax,
        pg: settings.pg_name().map(str::to_owned),
        once_per,
        ledger: Some(settings.database.clone()),
    })
}

fn other_batch(pid: Option<u32>) -> Failure {
    let whose = pid.map_or_else(String::new, |pid| format!(", process {pid},"));
    Failure::network(format!("another batch{whose} is running on this ledger"))
        .hinted("run the same command again when it has ended: rows that it charged are not sent again")
}

/// Begins the results file before anything is sent: one that cannot be written is known at once.
fn results(path: &Path, context: &Context<'_>) -> Result<ResultFile, Failure> {
    let failed = |error: std::io::Error| Failure::io(format!("write {}", path.display()), &error);
    let file = NewFile::create(path).map_err(failed)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let jsonl = matches!(extension.to_lowercase().as_str(), "jsonl" | "ndjson" | "json");
    let bom = context.ui.options().csv_bom;
    ResultFile::begin(file, jsonl, bom, context.settings.zone.clone()).map_err(failed)
}

struct Work {
    charges: Arc<Charges>,
    fates: Vec<Fate>,
    ledger: Ledger,
    results: Option<ResultFile>,
    /// Watched already, where somebody was asked.
    interrupts: Option<Interrupts>,
}

fn unwatched(error: &std::io::Error) -> Failure {
    Failure::io("watch for Ctrl-C", error).nothing_sent()
}

fn reader(ledger: &Ledger) -> Result<Reader, Failure> {
    Ok(Reader::new(ledger.again()?))
}

fn charge(
    args: &BatchArgs,
    begun: Timestamp,
    (work, rate): (Work, Option<Rate>),
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let Work { charges, fates, mut ledger, results, interrupts } = work;
    // What is unsettled comes first: its customers wait to know.
    let queued = |wanted: Fate| {
        let row_of = move |(row, fate): (u32, &Fate)| (*fate == wanted).then_some(row);
        charges.rows.all().zip(&fates).filter_map(row_of)
    };
    let queue: Vec<u32> = queued(Fate::Settle).chain(queued(Fate::Send)).collect();
    let first = scheduled::has_first(&charges, &fates, &ledger);
    let first = args.yes && first.map_err(|error| Failure::from(error).nothing_sent())?;
    let reader = reader(&ledger).map_err(Failure::nothing_sent)?;
    let mut board = Board::new(Arc::clone(&charges), fates, reader.clone(), results);
    if queue.is_empty() {
        return board.conclude(context.ui, &Ending::default());
    }
    let gateway = context.open_gateway().map_err(Failure::nothing_sent)?;
    let leave = belonging::leave(context, &mut ledger, &gateway).map_err(Failure::nothing_sent)?;
    let cannot = |doing: &'static str| move |error: std::io::Error| Failure::io(doing, &error).nothing_sent();
    let interrupts = interrupts.map_or_else(Interrupts::watch, Ok).map_err(|error| unwatched(&error))?;
    let writer = Writer::start(ledger, reader.clone()).map_err(cannot("start a thread"))?;
    let orders = Arc::clone(&charges);
    let batch = Batch::start(Job {
        writer: writer.handle(),
        reader,
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts: interrupts.clone(),
        workers: usize::from(args.workers),
        rate,
        max_failures: args.max_failures,
        queue,
        orders: Arc::new(move |row| Some(Charge { leave: leave.clone(), ..orders.order(row)? })),
    });
    let mut batch = batch.map_err(cannot("start a thread"))?;
    let question = first.then(|| Asked::begin(&gateway.client, None, begun));
    let waited_to_the_end = board.watch(&mut batch, &interrupts, context.ui);
    let (mut stop, pgs) = (batch.stopped(), batch.stopped_pgs());
    if !waited_to_the_end {
        // Every worker may be at a row still, and have noticed nothing.
        stop = Some(Stop::Interrupted);
    } else {
        drop(batch);
        // All is durable by then.
        let ledger = writer.finish();
        if let (Some(question), Some(mut ledger)) = (question, ledger) {
            scheduled::told((question, begun), &charges, context, &mut ledger);
        }
    }
    let again = again(args, Again::AsBefore, begun, context.settings);
    board.conclude(context.ui, &Ending { stop, pgs, again })
}
