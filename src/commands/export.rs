//! `--export`: the lines of a book for another program, of a month or of any choice.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::commands::added_up::basis;
use crate::commands::context::Context;
use crate::commands::onto::not_onto;
use crate::commands::session::answered;
use crate::domain::movement::Booked;
use crate::domain::words::{nearest, number_of};
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::Ledger;
use crate::output::column_map::{ColumnMap, MapError, TextEncoding};
use crate::output::journal::{Journal, journal};
use crate::output::new_file::NewFile;
use crate::output::text::safe;
use crate::output::workbook;
use crate::report::{Line, LineKind, Time, lines};

/// What is written, how and where to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Write the lines for another program: a sale each, and a refund each
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "What to write")]
    pub export: Option<Export>,

    /// In the columns of this map of the config file, with csv and xlsx
    #[arg(long, value_name = "NAME", requires = "export", help_heading = "What to write")]
    pub map: Option<String>,

    /// Where to write them [default: stdout]
    #[arg(long, value_name = "FILE", requires = "export", help_heading = "What to write")]
    pub output: Option<PathBuf>,
}

/// What the lines of a book are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Csv,
    Xlsx,
    Portone,
    Hledger,
    Ledger,
    Beancount,
}

impl ValueEnum for Export {
    fn value_variants<'a>() -> &'a [Export] {
        &[Export::Csv, Export::Xlsx, Export::Portone, Export::Hledger, Export::Ledger, Export::Beancount]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Export::Csv => PossibleValue::new("csv").help("a line a sale and refund, with its parts"),
            Export::Xlsx => PossibleValue::new("xlsx").help("the same as a workbook"),
            Export::Portone => PossibleValue::new("portone")
                .help("a workbook of order, amount and day, for the console's own-data reconciliation"),
            Export::Hledger => PossibleValue::new("hledger").help("a journal for hledger"),
            Export::Ledger => PossibleValue::new("ledger").help("a journal for ledger"),
            Export::Beancount => PossibleValue::new("beancount").help("a journal for beancount"),
        })
    }
}

impl Export {
    fn is_journal(self) -> bool {
        matches!(self, Export::Hledger | Export::Ledger | Export::Beancount)
    }
}

/// An export that can be made: what was asked for is known, and its place may be written.
pub(in crate::commands) struct Wanted<'a> {
    export: Export,
    map: Option<ColumnMap>,
    output: Option<&'a Path>,
}

/// Lines of the profile's own kind of money, and how many others there are.
pub(in crate::commands) struct Lines {
    all: Vec<Line>,
    other_money: u64,
    foreign: u64,
}

/// What was asked for, checked before anything is read; `None` where no export was.
pub(in crate::commands) fn wanted<'a>(
    args: &'a ExportArgs,
    context: &Context<'_>,
) -> Result<Option<Wanted<'a>>, Failure> {
    let Some(export) = args.export else { return Ok(None) };
    let output = args.output.as_deref();
    let map = args.map.as_deref().map(|name| map_named(name, export, context)).transpose()?;
    if let Some(path) = output {
        not_onto(path, "--output", None, context.settings)?;
    } else if matches!(export, Export::Xlsx | Export::Portone) && io::stdout().is_terminal() {
        return Err(Failure::usage("a workbook is nothing for a terminal").hinted("add --output FILE.xlsx"));
    }
    Ok(Some(Wanted { export, map, output }))
}

fn map_named(name: &str, export: Export, context: &Context<'_>) -> Result<ColumnMap, Failure> {
    let settings = context.settings;
    if !matches!(export, Export::Csv | Export::Xlsx) {
        let message =
            "a map lays out csv and xlsx; the other formats have a layout of their own. Nothing was written";
        return Err(Failure::usage(message).hinted("leave --map out, or say --export csv"));
    }
    let Some(map) = settings.exports.iter().find(|map| map.name == name) else {
        let names: Vec<&str> = settings.exports.iter().map(|map| map.name.as_str()).collect();
        return Err(no_map(name, "export", &names, &settings.profile));
    };
    map.fields().map_err(|error| not_written(&error))?;
    let bom = context.ui.options().csv_bom && export == Export::Csv;
    match map.encoding {
        TextEncoding::Cp949 if bom => {
            let message =
                format!("--bom is for UTF-8, and the map `{}` writes CP949. Nothing was written", safe(name));
            Err(Failure::usage(message).hinted("leave --bom out"))
        }
        TextEncoding::Utf8 if bom => Ok(ColumnMap { encoding: TextEncoding::Utf8Bom, ..map.clone() }),
        TextEncoding::Utf8 | TextEncoding::Utf8Bom | TextEncoding::Cp949 => Ok(map.clone()),
    }
}

/// There is no map of this name; `table` is the word of its kind in the config file.
pub(in crate::commands) fn no_map(name: &str, table: &str, names: &[&str], profile: &str) -> Failure {
    let shown = safe(name);
    let failure = Failure::usage(format!(
        "there is no map `{shown}` under [profile.{profile}.{table}] in the config file. Nothing was written"
    ));
    match (nearest(name, names.iter().copied()), names) {
        (Some(near), _) => failure.hinted(format!("did you mean `{near}`")),
        (None, []) => failure.hinted("the profile has none; `billkey help columns` shows one"),
        (None, names) => failure.hinted(format!("the maps there are: {}", names.join(", "))),
    }
}

fn not_written(error: &MapError) -> Failure {
    let failure = Failure::usage(format!("{error}. Nothing was written"));
    match error {
        MapError::Lost(places) => {
            const SHOWN: usize = 20;
            let mut failure = failure;
            for place in places.iter().take(SHOWN) {
                failure = failure.detailed(format!("  {place}"));
            }
            if let Some(more) = places.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                failure = failure.detailed(format!("  and {more} more"));
            }
            failure.hinted("set encoding = \"utf-8-bom\" in the map, or leave the column out")
        }
        MapError::NoColumns(_) => failure.hinted("`billkey help columns` shows a map"),
        MapError::NoField { .. } | MapError::NoTime { .. } | MapError::NoWords { .. } => {
            failure.hinted("`billkey help columns` explains each field")
        }
        MapError::Io(_) => failure,
    }
}

impl Wanted<'_> {
    /// The lines of a time, oldest first.
    pub(in crate::commands) fn of_time(
        &self,
        time: &Time,
        ledger: &Ledger,
        context: &Context<'_>,
    ) -> Result<Lines, Failure> {
        let mut lines = Lines::none();
        ledger.booked(basis(time), (time.since, time.until), &mut |booked| {
            self.take(booked, time, &mut lines, context);
            ControlFlow::Continue(())
        })?;
        Ok(lines.sorted())
    }

    /// Takes the lines of one payment that lie in a time.
    pub(in crate::commands) fn take(
        &self,
        booked: &Booked,
        time: &Time,
        into: &mut Lines,
        context: &Context<'_>,
    ) {
        for line in lines(booked, time, context.settings.tax, self.export.is_journal()) {
            // The console's totals leave test payments and foreign money out (facts 15.3).
            if line.mode != context.settings.mode {
                into.other_money += 1;
            } else if self.export == Export::Portone && line.amount.currency().code() != "KRW" {
                into.foreign += 1;
            } else {
                into.all.push(line);
            }
        }
    }

    /// Writes them; `what` says what they are the lines of.
    pub(in crate::commands) fn write(
        &self,
        lines: &Lines,
        what: &str,
        context: &mut Context<'_>,
    ) -> Result<Exit, Failure> {
        let bytes = self.bytes(&lines.all, what, context);
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(MapError::Io(error)) => {
                return Err(Failure::io("make the export; nothing was written", &error));
            }
            Err(error) => return Err(not_written(&error)),
        };
        let written = match self.output {
            Some(path) => Ok(put(path, &bytes)?),
            None => context.ui.raw(&bytes),
        };
        let mode = context.settings.mode.word();
        let left_out = [
            (lines.other_money, format!("that are not {mode} money")),
            (lines.foreign, "in other currencies".to_owned()),
        ];
        for (count, why) in left_out.into_iter().filter(|(count, _)| *count > 0) {
            context.ui.status(&format!("{} {why} were left out.", number_of(count, "line")));
        }
        if let Some(path) = self.output {
            let count = u64::try_from(lines.all.len()).unwrap_or(u64::MAX);
            context.ui.status(&format!(
                "Wrote {} of {what} to {}.",
                number_of(count, "line"),
                path.display()
            ));
        }
        answered(written, Exit::Done)
    }

    fn bytes(&self, lines: &[Line], what: &str, context: &Context<'_>) -> Result<Vec<u8>, MapError> {
        let options = context.ui.options();
        let zone = &options.zone;
        if let Some(map) = &self.map {
            let mapped = map.fields()?;
            return match self.export {
                Export::Xlsx => Ok(mapped.xlsx(lines, zone)?),
                Export::Csv | Export::Portone | Export::Hledger | Export::Ledger | Export::Beancount => {
                    mapped.csv(lines, zone)
                }
            };
        }
        let title = format!("billkey, {what}, profile {}", context.settings.profile);
        let of = |which| Ok(journal(lines, which, &title, zone).into_bytes());
        Ok(match self.export {
            Export::Csv => workbook::csv(lines, zone, options.csv_bom),
            Export::Xlsx => workbook::xlsx(lines, zone),
            Export::Portone => workbook::portone(lines, zone),
            Export::Hledger => of(Journal::Hledger),
            Export::Ledger => of(Journal::Ledger),
            Export::Beancount => of(Journal::Beancount),
        }?)
    }
}

impl Lines {
    pub(in crate::commands) fn none() -> Lines {
        Lines { all: Vec::new(), other_money: 0, foreign: 0 }
    }

    pub(in crate::commands) fn sorted(mut self) -> Lines {
        self.all.sort_by(|a, b| {
            (a.at, &a.merchant_uid, order(a.kind)).cmp(&(b.at, &b.merchant_uid, order(b.kind)))
        });
        self
    }
}

fn order(kind: LineKind) -> u8 {
    match kind {
        LineKind::Sale => 0,
        LineKind::Refund => 1,
        LineKind::OutsideRefund => 2,
        LineKind::Failed => 3,
    }
}

/// Whoever names a file that cannot be written named the wrong one; a disk that is full is another matter.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    NewFile::create(path).and_then(|file| file.put(bytes)).map_err(|error| {
        let failure = not_put(path, &error);
        if error.kind() == io::ErrorKind::StorageFull && !is_device(path) {
            return failure;
        }
        Failure { kind: Kind::Usage, ..failure }.hinted("name a file that can be written with --output FILE")
    })
}

fn not_put(path: &Path, error: &io::Error) -> Failure {
    let what = if is_device(path) {
        "what came to it is not whole"
    } else {
        "nothing was written, and nothing changed"
    };
    Failure::io(format!("write {}; {what}", path.display()), error)
}

/// A device or a pipe: what goes there has gone.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}
