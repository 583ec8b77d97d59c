//! Lists: one writer for every kind of record and every format, a row at a time.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::totals::Totals;
use crate::domain::words::number_of;
use crate::output::Format;
use crate::output::colour::outcome_style;
use crate::output::field::{Columns, Field, Give, Listed, Object, Shown, Value};
use crate::output::json;
use crate::output::layout::gives_for_chosen;
use crate::output::options::Out;
use crate::output::payment::PaymentView;
use crate::output::table::{Heading, TableRow, TableWriter};
use crate::output::ui::Ui;

/// Rows of a table that are laid out together. A longer list is written in blocks of this many,
/// so that a million rows need no more memory than these.
const BLOCK_ROWS: usize = 2_000;

/// ` 2 payments, 1 paid, net ₩8,900; TEST ₩100; and ₩8,900 in 1 further payment under these orders`; `shown` is how
/// many of them are listed.
#[must_use]
pub fn payments_footer(summary: &Totals, shown: u64) -> String {
    let of = if shown < summary.count { format!(" ({shown} shown)") } else { String::new() };
    let sum = |amounts: &[Amount]| amounts.iter().map(Amount::to_string).collect::<Vec<_>>().join(" + ");
    // What went through a test channel must not pass for money.
    let of_mode = match summary.net_mode {
        None | Some(Mode::Live) => String::new(),
        Some(mode) => format!("{} ", mode.word().to_uppercase()),
    };
    let net =
        if summary.net.is_empty() { String::new() } else { format!(", {of_mode}net {}", sum(&summary.net)) };
    let apart = summary.apart.iter();
    let apart: String =
        apart.map(|(mode, net)| format!("; {} {}", mode.word().to_uppercase(), sum(net))).collect();
    let further = match summary.further {
        0 => String::new(),
        further => {
            let held = sum(&summary.further_held);
            format!("; and {held} in {} under these orders", number_of(further, "further payment"))
        }
    };
    let noted = match summary.noted {
        0 => String::new(),
        noted => format!("; {noted} noted as charged, {}", sum(&summary.noted_net)),
    };
    // As with the net: what the profile says of its payments needs no word.
    let own = summary.refunded.first().map(|(mode, _)| *mode).filter(|_| summary.net_mode.is_none());
    let of_mode = |(mode, back): &(Mode, Vec<Amount>)| {
        if *mode == Mode::Live || Some(*mode) == own {
            sum(back)
        } else {
            format!("{} {}", mode.word().to_uppercase(), sum(back))
        }
    };
    let refunded: Vec<String> = summary.refunded.iter().map(of_mode).collect();
    let refunded = if refunded.is_empty() {
        String::new()
    } else {
        format!("; refunded in that time {}", refunded.join(", "))
    };
    let (count, paid) = (number_of(summary.count, "payment"), summary.count_of(Outcome::Paid));
    format!("{count}{of}, {paid} paid{net}{apart}{further}{noted}{refunded}")
}

/// Writes a list. [`Lister::finish`] must be called: until then a table may hold rows back and a
/// JSON array is open.
#[must_use]
pub struct Lister<'u, T: Listed> {
    columns: Columns<T>,
    zone: &'u TimeZone,
    body: Body<'u>,
    shown: u64,
    /// JSON lines are handed on one by one.
    at_once: bool,
}

enum Body<'u> {
    Table { out: &'u mut Out, writer: TableWriter, rows: Vec<TableRow> },
    Plain(&'u mut Out),
    Json(&'u mut Out),
    Jsonl(&'u mut Out),
    Csv(csv::Writer<&'u mut Out>),
}

impl Ui {
    /// Begins a list in the format asked for.
    pub fn list<T: Listed>(&mut self, columns: Columns<T>) -> io::Result<Lister<'_, T>> {
        let (options, out) = self.parts();
        let body = match options.format {
            Format::Table => {
                let writer = table_writer(&columns, options.width, options.colour_stdout);
                Body::Table { out, writer, rows: Vec::new() }
            }
            Format::Plain => Body::Plain(out),
            Format::Json => Body::Json(out),
            Format::Jsonl => Body::Jsonl(out),
            Format::Csv => {
                if options.csv_bom {
                    out.write_all("\u{feff}".as_bytes())?;
                }
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
                writer.write_record(columns.fields.iter().map(|field| field.name)).map_err(csv_error)?;
                Body::Csv(writer)
            }
        };
        Ok(Lister { columns, zone: &options.zone, body, shown: 0, at_once: true })
    }
}

impl<'u, T: Listed> Lister<'u, T> {
    /// For a list that is there as a whole: no line is handed on by itself, which takes as long as to make it.
    pub fn all_there(self) -> Lister<'u, T> {
        Lister { at_once: false, ..self }
    }

    /// Writes one record, or holds it back until its block is full.
    pub fn row(&mut self, row: &T) -> io::Result<()> {
        self.write(row, false, |_| {})
    }

    /// `dress` adds to a row of a table what its record does not have.
    pub(in crate::output) fn write(
        &mut self,
        row: &T,
        replayed: bool,
        dress: impl FnOnce(&mut TableRow),
    ) -> io::Result<()> {
        let shown = Shown { zone: self.zone, replayed };
        let (fields, at_once) = (&self.columns.fields, self.at_once);
        match &mut self.body {
            Body::Table { out, writer, rows } => {
                let mut laid_out = table_row(&self.columns, row, shown);
                if !self.columns.chosen {
                    dress(&mut laid_out);
                }
                rows.push(laid_out);
                if rows.len() >= BLOCK_ROWS {
                    out.write_all(writer.block(rows).as_bytes())?;
                    rows.clear();
                }
            }
            Body::Plain(out) => {
                for (index, field) in fields.iter().enumerate() {
                    let before = if index == 0 { "" } else { "\t" };
                    write!(out, "{before}{}", (field.get)(row).for_plain(shown))?;
                }
                out.write_all(b"\n")?;
            }
            Body::Json(out) => {
                let before = if self.shown == 0 { "[\n" } else { ",\n" };
                write!(out, "{before}{}", json::line(&object::<T>(fields, row, shown))?)?;
            }
            Body::Jsonl(out) => {
                writeln!(out, "{}", json::line(&object::<T>(fields, row, shown))?)?;
                if at_once {
                    out.flush()?;
                }
            }
            Body::Csv(writer) => {
                for field in fields {
                    let cell = (field.get)(row);
                    writer.write_field(cell.for_csv(shown).as_bytes()).map_err(csv_error)?;
                }
                writer.write_record(None::<&[u8]>).map_err(csv_error)?;
            }
        }
        self.shown += 1;
        Ok(())
    }

    /// How many rows there were so far.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// Ends the list. Only a table has a footer; an empty one has no header, no footer and writes
    /// nothing: say it with [`Ui::status`] when this returns 0.
    pub fn finish(self, footer: &str) -> io::Result<u64> {
        self.finish_with(footer, "")
    }

    /// The same with the last lines of a table: how to see more.
    pub fn finish_with(self, footer: &str, more: &str) -> io::Result<u64> {
        match self.body {
            Body::Table { .. } if self.shown == 0 => {}
            Body::Table { out, mut writer, rows } => {
                if !rows.is_empty() {
                    out.write_all(writer.block(&rows).as_bytes())?;
                }
                if !footer.is_empty() {
                    out.write_all(writer.sentence(footer).as_bytes())?;
                }
                let left_out = writer.left_out().join(", ");
                if !left_out.is_empty() {
                    let sentence = writer.sentence(&format!("No room here for {left_out}."));
                    out.write_all(sentence.as_bytes())?;
                }
                for line in more.lines() {
                    writeln!(out, " {line}")?;
                }
                out.flush()?;
            }
            Body::Json(out) => {
                out.write_all(if self.shown == 0 { b"[]\n" } else { b"\n]\n" })?;
                out.flush()?;
            }
            Body::Plain(out) | Body::Jsonl(out) => out.flush()?,
            Body::Csv(mut writer) => writer.flush()?,
        }
        Ok(self.shown)
    }
}

impl Lister<'_, Payment> {
    /// Writes one payment that may be the stored result of an earlier run.
    pub fn payment(&mut self, view: PaymentView<'_>) -> io::Result<()> {
        self.write(view.payment, view.replayed, |_| {})
    }
}

fn object<'a, T>(fields: &'a [&'static Field<T>], row: &'a T, shown: Shown<'a>) -> Object<'a, T> {
    Object { row, columns: Cow::Borrowed(fields), shown }
}

/// A writer for a table of these records.
pub(in crate::output) fn table_writer<T: Listed>(
    columns: &Columns<T>,
    available: Option<usize>,
    colour: bool,
) -> TableWriter {
    let heading = |field: &&Field<T>| Heading {
        text: field.heading.map_or_else(|| field.name.to_uppercase(), str::to_owned),
        right: matches!(field.name, "amount" | "cancel_amount" | "attempts" | "code"),
        give: field.give,
    };
    let headings: Vec<Heading> = columns.table.iter().map(heading).collect();
    let kinds: Vec<Give> = columns.table.iter().map(|field| field.give).collect();
    let gives = if columns.chosen { gives_for_chosen(&kinds) } else { T::GIVES.to_vec() };
    TableWriter::new(headings, gives, 1, available, colour)
}

/// One record as a row of its table.
pub(in crate::output) fn table_row<T: Listed>(columns: &Columns<T>, row: &T, shown: Shown<'_>) -> TableRow {
    let cells = columns.table.iter().map(|field| {
        let value = (field.get)(row);
        let style = if let Value::Outcome(outcome) = value { Some(outcome_style(outcome)) } else { None };
        (value.for_people(shown).into_owned(), style)
    });
    let under = if columns.chosen { Vec::new() } else { row.under() };
    let under = under.into_iter().map(Cow::into_owned).collect();
    TableRow { cells: cells.collect(), under, ..TableRow::default() }
}

/// The IO error inside of a CSV error, with its kind: a broken pipe must stay one.
pub(in crate::output) fn csv_error(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        io::Error::other("the CSV line could not be put together")
    }
}

#[cfg(test)]
mod tests;
