//! `--against FILE`: the list of the console or of a PG held against the ledger.
//!
//! A look-up asks the gateway what the gateway believes; this is the second source. It only reads, and is told and not
//! kept: what the gateway shows of a difference is looked up, and that is kept.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::commands::context::Context;
use crate::commands::export::no_map;
use crate::commands::handed_in::{self, InputArgs};
use crate::commands::reconcile::against::columns::{APPLY_NUM, CANCEL_AMOUNT, COLUMNS, wanted};
use crate::commands::reconcile::against::hold::Hold;
use crate::commands::reconcile::against::rows::Rows;
use crate::commands::session::answered;
use crate::domain::other_book::Span;
use crate::failure::{Exit, Failure, Kind};
use crate::intake::{Encoding, Read};
use crate::output::against::{AgainstView, Sides};
use crate::settings::HeadingMap;

mod columns;
mod hold;
mod rows;

/// The other book.
#[derive(Debug, Args)]
pub struct AgainstArgs {
    /// Hold a list of payments or settlements against the ledger: csv or xlsx, from the console or a PG
    ///
    /// Nothing is asked of the gateway, and nothing is written. What ought to be in FILE is what was paid and
    /// refunded on the days of its rows, or from --since until --until. Payments are found by imp_uid, then by
    /// merchant_uid, then by an approval number with the same amount and day. Refunds are rows of less than
    /// nothing, rows that say 취소, or a column of cancelled amounts. Headings are known in Korean and English.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "ids", "import", "fix", "all", "customer", "note", "acknowledge", "unacknowledge",
        ],
        help_heading = "Another book"
    )]
    pub against: Option<PathBuf>,

    /// What FILE calls its columns, by the name of a map of the config file
    #[arg(long, value_name = "NAME", requires = "against", help_heading = "Another book")]
    pub map: Option<String>,

    #[command(flatten)]
    pub input: InputArgs,
}

impl AgainstArgs {
    /// What says how a file is read says nothing without one.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let given = [
            ("--input-format", self.input.input_format.is_some()),
            ("--sheet", self.input.sheet.is_some()),
            ("--hidden", self.input.hidden.is_some()),
        ];
        match given.iter().find(|(_, given)| *given && self.against.is_none()) {
            Some((flag, _)) => {
                Err(Failure::usage(format!("{flag} is for --against FILE. Nothing was asked")))
            }
            None => Ok(()),
        }
    }
}

/// Reads the file as a whole, and tells what is different.
pub(super) fn run(
    file: &Path,
    args: &AgainstArgs,
    time: Option<(Timestamp, Option<Timestamp>)>,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let map = args.map.as_deref().map(|name| map_named(name, context)).transpose()?.cloned();
    let zone = context.settings.zone.clone();
    let wanted = wanted(map.as_ref())?;
    let mut rows = Rows::new(&zone);
    let handed_in = handed_in::read(
        file,
        &args.input,
        "billkey reconcile --against - < payments.csv",
        &wanted,
        &mut |line, cells, problems| rows.take(line, cells, problems),
    )
    .map_err(nothing_compared)?;
    let (name, read) = (handed_in.name, handed_in.read);
    if let Some(failure) = without_ids(&name, &read) {
        return Err(nothing_compared(failure));
    }
    if !read.problems.is_empty() {
        return Err(nothing_compared(handed_in::refused(&name, &read)));
    }
    if rows.is_empty() && rows.no_money == 0 {
        return Err(nothing_compared(Failure::usage(format!("{name} has no rows"))));
    }
    if read.found.iter().any(|(column, _)| *column == CANCEL_AMOUNT) {
        rows.has_column_of_refunds();
    }
    rows.shrink();
    let now = context.now();
    let span = match (time, rows.days()) {
        (Some((since, until)), _) => Some(Span { since, until: until.unwrap_or(now), zone: zone.clone() }),
        (None, Some((first, last))) => Span::of_days(first, last, &zone),
        (None, None) => None,
    };
    let Some(span) = span else { return Err(nothing_compared(without_times(&name))) };
    let ledger = context.read_ledger()?;
    tell_reading(&name, &read, context);
    let settings = context.settings;
    let mut hold = Hold::new(&rows, &span, &read.places, settings);
    hold.all(&ledger)?;
    let of_time = || rows.all().filter(|row| rows.is_of(*row, &span));
    let mut there = Sides::new();
    for told in of_time().map(|row| rows.there(row)) {
        there.entry(told.currency).or_default().add(told.moved.sale_minor, told.moved.back_minor);
    }
    let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
    let (all, counted) = (count(rows.all().count()), count(of_time().count()));
    let view = AgainstView {
        file: name,
        map: map.map(|map| map.name),
        is_by_rows: time.is_none(),
        mode: settings.mode,
        rows: counted,
        no_money: rows.no_money,
        left_out: all.saturating_sub(counted),
        sums: read.sums.iter().map(|line| read.places.row(*line)).collect(),
        columns: read
            .found
            .iter()
            .filter_map(|(column, given)| Some((COLUMNS.get(*column)?.name, given.clone())))
            .collect(),
        matched: hold.matched,
        evidence: hold.evidence,
        here: hold.here,
        there,
        left: hold.differences,
        span: span.clone(),
    };
    let exit = if view.left.is_empty() { Exit::Done } else { Exit::With(Kind::Refused) };
    answered(context.ui.against(&view), exit)
}

fn map_named<'c>(name: &str, context: &'c Context<'_>) -> Result<&'c HeadingMap, Failure> {
    let settings = context.settings;
    let names: Vec<&str> = settings.against.iter().map(|map| map.name.as_str()).collect();
    let found = settings.against.iter().find(|map| map.name == name);
    found.ok_or_else(|| no_map(name, "against", &names, &settings.profile))
}

fn nothing_compared(failure: Failure) -> Failure {
    let message = failure.message.trim_end_matches('.');
    Failure { message: format!("{message}. Nothing was held against it, and nothing was asked"), ..failure }
}

/// No column names a payment; JSON has no header, and each row is asked for its own.
fn without_ids(name: &str, read: &Read) -> Option<Failure> {
    let has_id = read.found.iter().any(|(column, _)| *column <= APPLY_NUM);
    if read.found.is_empty() || has_id {
        return None;
    }
    let others = read.passed_over.iter().take(30).map(|given| format!("`{given}`")).collect::<Vec<_>>();
    let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
    let message = format!(
        "{name} has no column that names payments: merchant_uid (주문번호), imp_uid (포트원거래번호) or apply_num \
         (승인번호). Columns that are not known: {others}"
    );
    Some(Failure::usage(message).hinted("`billkey help columns` says how a map names a column"))
}

fn without_times(name: &str) -> Failure {
    let message = format!(
        "{name} has no times, so that nobody can tell which payments of the ledger ought to be in it"
    );
    Failure::usage(message).hinted("add --since and --until, such as --since 2026-11 --until 2026-11")
}

fn tell_reading(name: &str, read: &Read, context: &mut Context<'_>) {
    if read.encoding == Encoding::Cp949 {
        context.ui.status(&format!("{name} was read as CP949, as Excel on a Korean Windows writes it."));
    }
    for warning in &read.warnings {
        context.ui.warning(&format!("{name}: {warning}"));
    }
    let named = |(column, given): &(usize, String)| {
        let ours = COLUMNS.get(*column)?.name;
        (ours != given).then(|| format!("{given} as {ours}"))
    };
    let columns: Vec<String> = read.found.iter().filter_map(named).collect();
    if !columns.is_empty() {
        context.ui.status(&format!("Read from {name}: {}.", columns.join(", ")));
    }
}
