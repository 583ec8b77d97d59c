//! `billkey batch --dry-run`: every check that the run takes, the gateway's word included, and no send.

use std::collections::HashSet;
use std::sync::Arc;

use crate::billing::batch::Stop;
use crate::billing::rehearsal::{self, Looked, Rehearsal};
use crate::billing::request::{Charge, Leave};
use crate::billing::writer::Reader;
use crate::commands::batch::BatchArgs;
use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::Fate;
use crate::commands::batch::plan::{Plan, plan};
use crate::commands::batch::tell::{self, Ending};
use crate::commands::belonging::leave_unwritten;
use crate::commands::context::{Context, Gateway};
use crate::commands::session::answered;
use crate::domain::standing::Standing;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::TokenFailure;
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::Format;

/// What was found out, and what was not.
struct Found {
    fates: Vec<Fate>,
    stop: Option<Stop>,
    /// Rows that the gateway was not asked about, or gave no answer to.
    unchecked: u64,
    /// Why, where one sentence says it for all of them.
    why: Option<String>,
}

/// Writes nothing, not even a ledger, and sends nothing but questions.
pub(super) fn rehearse(
    args: &BatchArgs,
    charges: &Arc<Charges>,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let begun = context.clock.now();
    let (ledger, standing) = context.look_at_ledger_as_it_stands()?.unzip();
    let Plan { fates, unsaved } = plan(charges, ledger.as_ref())?;
    tell::unsaved(charges, &unsaved, context.ui);
    let mut found = Found { fates, stop: None, unchecked: 0, why: None };
    if found.fates.iter().any(|fate| !fate.is_final()) {
        let gateway = context.open_gateway()?;
        match gateway.client.token(false) {
            Ok(_) => {
                let there = ledger.as_ref().zip(standing);
                ask(args, charges, context, there, &gateway, &mut found)?;
            }
            Err(failure) => found.untold(&failure, charges.rows.all()),
        }
    }
    if found.unchecked > 0 {
        let why = found.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        let rows = number_of(found.unchecked, "row");
        context.ui.warning(&format!(
            "not checked{why}. What the gateway knows of {rows}, and so whether they would be sent, is missing"
        ));
    }
    let took = context.clock.now().since(&begun).unwrap_or_default();
    tell_all(charges, context, ledger.as_ref(), &found, i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
}

impl Found {
    /// There was no token to ask with.
    fn untold(&mut self, failure: &TokenFailure, rows: impl Iterator<Item = u32>) {
        let unasked = match failure {
            TokenFailure::KeyRefused { .. } => Fate::KeyRefused,
            TokenFailure::NotReached { .. } | TokenFailure::NoAnswer { .. } => Fate::NotSent,
        };
        self.leave(rows, unasked);
        self.why = Some(failure.to_string());
    }

    /// Rows that were to be asked for and were not. One that may have been charged stays that.
    fn leave(&mut self, rows: impl Iterator<Item = u32>, unasked: Fate) {
        for row in rows {
            let fate = usize::try_from(row).ok().and_then(|row| self.fates.get_mut(row));
            let Some(fate) = fate.filter(|fate| !fate.is_final()) else { continue };
            self.unchecked = self.unchecked.saturating_add(1);
            *fate = if *fate == Fate::Settle { Fate::Unknown } else { unasked };
        }
    }

    fn exit(&self) -> Exit {
        let lines = self.fates.iter().map(|fate| fate.exit()).fold(Exit::Done, Exit::most_serious);
        match (self.stop, lines) {
            (Some(Stop::Interrupted), Exit::With(Kind::Unknown | Kind::Local)) => lines,
            (Some(Stop::Interrupted), _) => Exit::With(Kind::Interrupted),
            (_, _) => lines,
        }
    }
}

/// Asks the gateway about every row that would be sent or settled.
fn ask(
    args: &BatchArgs,
    charges: &Arc<Charges>,
    context: &mut Context<'_>,
    there: Option<(&Ledger, Standing)>,
    gateway: &Gateway,
    found: &mut Found,
) -> Result<(), Failure> {
    let (leave, reader) = match there {
        Some((ledger, standing)) => {
            let leave = leave_unwritten(context, ledger, standing, gateway)?;
            (leave, context.look_at_ledger_again()?.map(Reader::new))
        }
        None => (Leave::default(), None),
    };
    let holds = leave.hold.clone();
    let queue: Vec<u32> = charges
        .rows
        .all()
        .zip(&found.fates)
        .filter_map(|(row, fate)| (!fate.is_final()).then_some(row))
        .collect();
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let orders = Arc::clone(charges);
    let job = Rehearsal {
        reader,
        ledger: context.settings.database.clone(),
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts,
        workers: usize::from(args.workers),
        orders: Arc::new(move |row| Some(Charge { leave: leave.clone(), ..orders.order(row)? })),
        queue,
    };
    let progress = context.ui.progress(u64::try_from(job.queue.len()).ok(), "asking the gateway");
    let (mut failed, fates) = (None, &mut found.fates);
    let (mut unanswered, mut asked) = (0_u64, HashSet::new());
    let stop = rehearsal::rehearse(job, &mut |(row, looked)| {
        progress.advance(1);
        asked.insert(row);
        match looked {
            Ok(Looked { ahead, beside }) => {
                let fate = Fate::foreseen(&ahead, &beside, holds.is_some());
                let would_be_sent_now = holds.is_none();
                unanswered += u64::from(fate == Fate::NotSent && would_be_sent_now);
                if let Some(place) = usize::try_from(row).ok().and_then(|row| fates.get_mut(row)) {
                    *place = fate;
                }
            }
            Err(error) => failed = Some(error),
        }
    });
    drop(progress);
    found.stop = stop.map_err(|error| Failure::io("start a thread", &error))?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    found.unchecked = found.unchecked.saturating_add(unanswered);
    found.leave(charges.rows.all().filter(|row| !asked.contains(row)), Fate::NotSent);
    match (&holds, found.stop) {
        (Some(hold), _) => context.ui.warning(&format!("nothing would be sent yet: {}", hold.why)),
        (None, Some(stop)) => found.why = Some(tell::why_stopped(stop)),
        (None, None) => {}
    }
    Ok(())
}

fn tell_all(
    charges: &Charges,
    context: &mut Context<'_>,
    ledger: Option<&Ledger>,
    found: &Found,
    took_ms: i64,
) -> Result<Exit, Failure> {
    let (fates, exit) = (&found.fates, found.exit());
    let fate = |row: u32| usize::try_from(row).ok().and_then(|row| fates.get(row)).copied();
    let each = |row: u32| charges.shown(row, fate(row).unwrap_or(Fate::NotTried), ledger);
    let text = tell::plan_text(charges, fates);
    let ui = &mut *context.ui;
    let written = match ui.format() {
        Format::Table => return answered(ui.answer(&format!("{text}Nothing was sent (--dry-run).")), exit),
        Format::Json => {
            let tally = tell::tally_of(charges, fates);
            let ending = Ending { stop: found.stop, ..Ending::default() };
            let summary = tell::summary_object(&tally, &ending, exit, took_ms);
            let plan = tell::plan_object(charges, fates, found.unchecked, summary);
            let to_send = charges.rows.all().filter(|row| fate(*row) == Some(Fate::Send));
            tell::json(charges, &plan, to_send, &each, ui)?
        }
        Format::Jsonl => {
            let mut written = Ok(());
            for row in charges.rows.all() {
                let shown = each(row)?;
                written = written.and_then(|()| ui.row_line(shown.view(charges.rows.line(row))));
            }
            written
        }
        Format::Plain | Format::Csv => tell::list(charges, &each, ui)?,
    };
    let exit = answered(written, exit)?;
    if let Exit::With(kind) = exit {
        let refused = number_of(
            fates.iter().filter(|fate| fate.exit() != Exit::Done).count().try_into().unwrap_or(u64::MAX),
            "row",
        );
        return Err(Failure::new(kind, format!("{refused} would not be sent as they are")));
    }
    Ok(exit)
}
