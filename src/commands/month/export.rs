//! `--export`: the lines of a month for another program.

use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::path::Path;

use crate::commands::context::Context;
use crate::commands::month::Export;
use crate::commands::month::book::Month;
use crate::commands::onto::not_onto;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{By, Ledger};
use crate::output::journal::{Journal, journal};
use crate::output::new_file::NewFile;
use crate::output::workbook;
use crate::report::{Line, LineKind, lines};

/// Writes the lines of the profile's own kind of money, oldest first.
pub(super) fn run(
    export: Export,
    month: &Month,
    output: Option<&Path>,
    ledger: &Ledger,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    if let Some(path) = output {
        not_onto(path, "--output", None, context.settings)?;
    } else if matches!(export, Export::Xlsx | Export::Portone) && io::stdout().is_terminal() {
        return Err(Failure::usage("a workbook is nothing for a terminal").hinted("add --output FILE.xlsx"));
    }
    let with_failed = matches!(export, Export::Hledger | Export::Ledger | Export::Beancount);
    let mut all: Vec<Line> = Vec::new();
    let (mut other_money, mut foreign) = (0_u64, 0_u64);
    ledger.booked(By::Paid, (month.time.since, month.time.until), &mut |booked| {
        for line in lines(booked, &month.time, context.settings.tax, with_failed) {
            // The console's totals leave test payments and foreign money out (facts 15.3).
            if line.mode != context.settings.mode {
                other_money += 1;
            } else if export == Export::Portone && line.amount.currency().code() != "KRW" {
                foreign += 1;
            } else {
                all.push(line);
            }
        }
        ControlFlow::Continue(())
    })?;
    all.sort_by(|a, b| (a.at, &a.merchant_uid, order(a.kind)).cmp(&(b.at, &b.merchant_uid, order(b.kind))));
    let written = bytes(export, &all, month, context).and_then(|bytes| match output {
        Some(path) => put(path, &bytes),
        None => context.ui.raw(&bytes),
    });
    if let (Err(error), Some(path)) = (&written, output) {
        return Err(not_written(path, error));
    }
    let mode = context.settings.mode.word();
    for (count, why) in
        [(other_money, format!("that are not {mode} money")), (foreign, "in other currencies".to_owned())]
    {
        if count > 0 {
            context.ui.status(&format!("{} {why} were left out.", number_of(count, "line")));
        }
    }
    if let (Ok(()), Some(path)) = (&written, output) {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        context.ui.status(&format!(
            "Wrote {} of {} to {}.",
            number_of(count, "line"),
            month.name,
            path.display()
        ));
    }
    answered(written, Exit::Done)
}

fn order(kind: LineKind) -> u8 {
    match kind {
        LineKind::Sale => 0,
        LineKind::Refund => 1,
        LineKind::OutsideRefund => 2,
        LineKind::Failed => 3,
    }
}

fn bytes(export: Export, lines: &[Line], month: &Month, context: &Context<'_>) -> io::Result<Vec<u8>> {
    let options = context.ui.options();
    let title = format!("billkey, {}, profile {}", month.name, context.settings.profile);
    let of = |which| Ok(journal(lines, which, &title, &options.zone).into_bytes());
    match export {
        Export::Csv => workbook::csv(lines, &options.zone, options.csv_bom),
        Export::Xlsx => workbook::xlsx(lines, &options.zone),
        Export::Portone => workbook::portone(lines, &options.zone),
        Export::Hledger => of(Journal::Hledger),
        Export::Ledger => of(Journal::Ledger),
        Export::Beancount => of(Journal::Beancount),
    }
}

/// The file that was named cannot be had: another one can.
fn not_written(path: &Path, error: &io::Error) -> Failure {
    // What goes to a device or a pipe has gone.
    let is_other = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    let what =
        if is_other { "what came to it is not whole" } else { "nothing was written, and nothing changed" };
    let failure = Failure::io(format!("write {}; {what}", path.display()), error);
    Failure { kind: Kind::Usage, ..failure }.hinted("name a file that can be written with --output FILE")
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = NewFile::create(path)?;
    file.writer()?.write_all(bytes)?;
    file.finish()
}
