//! `--html`: a time as a page.

use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use crate::commands::added_up::basis;
use crate::commands::attention;
use crate::commands::context::Context;
use crate::commands::onto::not_onto;
use crate::commands::session::answered;
use crate::domain::payment::Payment;
use crate::domain::time::Moment;
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::output::Format;
use crate::output::attention::Item;
use crate::output::new_file::NewFile;
use crate::output::page::{PageHead, PageView, page};
use crate::output::report::GoOn;
use crate::report::{By as RowsBy, Overview, Sums, Time};
use crate::words::Lang;

/// So many of what waits for a person are on the page; a command lists all.
const ITEMS_MAX: usize = 10;

/// All that is read of the ledger for a page, at one moment.
struct Read {
    overview: Overview,
    /// For programs, where they asked for it.
    sums: Option<Sums>,
    head: PageHead,
    /// When the ledger has anything for the first time.
    first: Option<Timestamp>,
    items: Vec<Item>,
}

/// Writes the page, and beside `--json` and its like the same numbers to stdout.
pub(super) fn run(path: &Path, lang: Lang, time: Time, context: &mut Context<'_>) -> Result<Exit, Failure> {
    not_onto(path, "--html", None, context.settings)?;
    let ledger = context.read_ledger()?;
    let file = NewFile::create(path).map_err(|error| cannot_begin(path, &error))?;
    let now = context.clock.now();
    let mut read = ledger.at_one_moment(|| read(&ledger, time, &now, context))?;
    let by_days = read.overview.is_of_days();
    let more = u64::try_from(read.items.len().saturating_sub(ITEMS_MAX)).unwrap_or(u64::MAX);
    read.items.truncate(ITEMS_MAX);
    let sections = read.overview.sections(read.first, now.wall);
    let view = PageView {
        lang,
        head: &read.head,
        sections: &sections,
        by_days,
        items: &read.items,
        more_items: more,
    };
    let text = page(&view);
    file.put(text.as_bytes())
        .map_err(|error| Failure::io(format!("write {}; it is unchanged", path.display()), &error))?;
    let written = match &read.sums {
        Some(sums) => {
            let go_on =
                GoOn { reconcile: context.hint("reconcile"), doubles: context.hint("history --doubles") };
            context.ui.report(sums, &go_on)
        }
        None => Ok(()),
    };
    context.ui.status(&format!("Wrote the report to {}.", path.display()));
    answered(written, Exit::Done)
}

/// A place that no file can be put at is a wrong value; nothing was read or written yet.
fn cannot_begin(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::io(format!("write {}", path.display()), error);
    let message = format!("--html: {}; nothing was written", failure.message);
    Failure { message, ..Failure::usage(String::new()) }
        .hinted("name a file in a folder that you may write to")
}

fn read(ledger: &Ledger, time: Time, now: &Moment, context: &Context<'_>) -> Result<Read, Failure> {
    let rule = context.settings.tax;
    let span = (time.since, time.until);
    let mut overview = Overview::new(time.clone(), rule);
    let for_programs = context.ui.format() != Format::Table;
    let mut sums = for_programs.then(|| Sums::new(RowsBy::Day, time.clone(), rule));
    ledger.booked(basis(&time), span, &mut |booked| {
        overview.add(booked);
        if let Some(sums) = &mut sums {
            sums.add(booked);
        }
        ControlFlow::Continue(())
    })?;
    ledger.cases(span, &mut |case| {
        overview.add_refused(case);
        ControlFlow::Continue(())
    })?;
    let stands = ledger.standing()?;
    let mut items = attention::left(context, ledger, &stands, now)?;
    items.retain(|item| item.signed.is_none());
    let settings = context.settings;
    let of_time = |payment: &&Payment| {
        !payment.outcome.is_open() && payment.noted.is_none() && time.has(payment.requested_at)
    };
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let doubts = number(ledger.doubtful()?.iter().filter(of_time).count());
    let open = ledger.open_refunds()?;
    let open_refunds = number(open.iter().filter(|refund| time.has(refund.requested_at)).count());
    let head = PageHead {
        made_at: now.wall,
        profile: settings.profile.clone(),
        mode: settings.mode,
        accounts: stands.accounts.iter().map(|account| account.key.clone()).collect(),
        ledger_id: stands.id,
        distrusted: stands.distrusted.is_some_and(|distrust| !distrust.accepted),
        doubts,
        open_refunds,
        reconcile: context.hint("reconcile"),
        doubles: context.hint("history --doubles"),
        attention: context.hint("attention"),
        time,
    };
    Ok(Read { overview, sums, head, first: ledger.first_payment_at()?, items })
}
