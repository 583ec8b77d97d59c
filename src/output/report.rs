//! What many payments come to: a table with bars, an object, or lines.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use crate::domain::payment::Mode;
use crate::domain::words::number_of;
use crate::output::Format;
use crate::output::bars::bar;
use crate::output::field::{Columns, Field, Give, Listed, Object, Shown, Value};
use crate::output::table::{Heading, TableRow, TableWriter};
use crate::output::text::{safe, when, when_rfc3339};
use crate::output::ui::Ui;
use crate::report::{By, Row, Sums};

/// The longest bar, in columns.
const BAR_COLUMNS: usize = 12;

type Get = for<'a> fn(&'a Row) -> Value<'a>;

const fn field(name: &'static str, get: Get) -> Field<Row> {
    Field { name, heading: None, give: Give::Never, get }
}

fn count(count: u64) -> Value<'static> {
    Value::Whole(i64::try_from(count).unwrap_or(i64::MAX))
}

impl Listed for Row {
    const FIELDS: &'static [Field<Row>] = &[
        field("key", |row| {
            row.key.as_ref().map_or(Value::Absent, |key| Value::Text(Cow::Borrowed(&key.text)))
        }),
        field("mode", |row| Value::Word(row.mode.word())),
        field("currency", |row| Value::Text(Cow::Owned(row.currency.code().to_owned()))),
        field("count", |row| count(row.count)),
        field("gross", |row| Value::Money(row.amount(row.gross_minor))),
        field("refunded", |row| Value::Money(row.amount(row.refunded_minor()))),
        field("refunded_same", |row| Value::Money(row.amount(row.refunded_same_minor))),
        field("refunded_earlier", |row| Value::Money(row.amount(row.refunded_earlier_minor))),
        field("net", |row| Value::Money(row.amount(row.net_minor()))),
        field("supply", |row| Value::Money(row.amount(row.supply_minor))),
        field("vat", |row| Value::Money(row.amount(row.vat_minor))),
        field("tax_free", |row| Value::Money(row.amount(row.tax_free_minor))),
        field("declined", |row| count(row.declined)),
        field("declined_amount", |row| Value::Money(row.amount(row.declined_minor))),
        field("decline_rate", |row| row.decline_permille().map_or(Value::Absent, Value::Tenths)),
        field("unknown", |row| count(row.unknown)),
        field("further", |row| count(row.further)),
        field("further_amount", |row| Value::Money(row.amount(row.further_minor))),
        field("who_acts", |row| row.key.as_ref().and_then(|key| key.who).map_or(Value::Absent, Value::Word)),
        field("vat_basis", |row| {
            let basis = row.key.as_ref().and_then(|key| key.vat);
            basis.map_or(Value::Absent, |basis| Value::Word(basis.word()))
        }),
    ];
    const TABLE: &'static [Field<Row>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "report";
}

/// The whole of a report as an object.
#[derive(Serialize)]
struct ReportObject<'a> {
    since: String,
    until: String,
    basis: &'static str,
    zone: &'a str,
    by: &'static str,
    totals: Vec<Object<'a, Row>>,
    rows: Vec<Object<'a, Row>>,
}

/// The word for the time that counts.
#[must_use]
pub fn basis(by_request: bool) -> &'static str {
    if by_request { "request" } else { "approval" }
}

/// Whole commands that go on from a report, on the ledger that it is of.
#[derive(Clone, Debug)]
pub struct GoOn {
    pub reconcile: String,
    pub doubles: String,
}

impl Ui {
    /// Writes a report in the format asked for.
    pub fn report(&mut self, sums: &Sums, go_on: &GoOn) -> io::Result<()> {
        let (rows, totals) = (sums.rows(), sums.totals());
        match self.format() {
            Format::Json => {
                let zone = self.zone().clone();
                let time = sums.time();
                let shown = Shown { zone: &zone, replayed: false };
                self.json(&ReportObject {
                    since: when_rfc3339(time.since, &zone),
                    until: when_rfc3339(time.until, &zone),
                    basis: basis(time.by_request),
                    zone: zone_name(&time.zone),
                    by: sums.by().word(),
                    totals: objects(&totals, shown),
                    rows: objects(&rows, shown),
                })
            }
            Format::Table => self.report_table(sums, &rows, &totals, go_on),
            Format::Plain | Format::Jsonl | Format::Csv => {
                let mut list = self.list(Columns::<Row>::usual())?;
                for row in &rows {
                    list.row(row)?;
                }
                list.finish("").map(|_| ())
            }
        }
    }

    fn report_table(&mut self, sums: &Sums, rows: &[Row], totals: &[Row], go_on: &GoOn) -> io::Result<()> {
        let (options, out) = self.parts();
        let time = sums.time();
        let title = format!(
            " {}, by the time of {} ({})\n\n",
            span(time.since, time.until, &time.zone),
            basis(time.by_request),
            zone_name(&time.zone)
        );
        out.write_all(title.as_bytes())?;
        if totals.is_empty() {
            writeln!(out, " Nothing was charged in that time, and nothing refunded.")?;
            return out.flush();
        }
        let shape = Shape::of(sums.by(), rows);
        let with_bars = options.width.is_some();
        let mut writer = shape.writer(options.width, options.colour_stdout, with_bars);
        let lines: Vec<TableRow> = rows.iter().map(|row| shape.row(row, with_bars)).collect();
        if !lines.is_empty() {
            out.write_all(writer.block(&lines).as_bytes())?;
            out.write_all(b"\n")?;
        }
        for total in totals {
            writeln!(out, "{}", total_lines(total, go_on))?;
        }
        out.flush()
    }
}

/// What the table of a report has in it.
struct Shape {
    by: By,
    with_mode: bool,
    /// The longest bar's worth, a currency and mode each.
    most: Vec<((Mode, [u8; 3]), i64)>,
}

impl Shape {
    fn of(by: By, rows: &[Row]) -> Shape {
        let mut most: Vec<((Mode, [u8; 3]), i64)> = Vec::new();
        for row in rows {
            let worth = worth(by, row);
            match most.iter_mut().find(|(of, _)| *of == group(row)) {
                Some((_, most)) => *most = (*most).max(worth),
                None => most.push((group(row), worth)),
            }
        }
        Shape { by, with_mode: rows.iter().any(|row| row.mode != Mode::Live), most }
    }

    fn writer(&self, width: Option<usize>, colour: bool, with_bars: bool) -> TableWriter {
        let mut headings = vec![Heading::left(&self.by.word().to_uppercase(), Give::Text)];
        headings.extend(self.with_mode.then(|| Heading::left("MODE", Give::Never)));
        let of_kind: &[&str] = match self.by {
            By::Reason => &["COUNT", "AMOUNT"],
            By::Status => &["COUNT", "AMOUNT", "REFUNDED"],
            By::Day | By::Month | By::Customer | By::Card | By::Product | By::Means | By::Company => {
                &["PAID", "GROSS", "REFUNDED", "NET", "DECLINED"]
            }
        };
        headings.extend(of_kind.iter().map(|text| Heading::right(text)));
        headings.extend((self.by == By::Reason).then(|| Heading::left("WHO ACTS", Give::Never)));
        let mut gives = Vec::new();
        if with_bars {
            gives.push((headings.len(), 0));
            headings.push(Heading::left("", Give::Never));
        }
        gives.push((0, 10));
        TableWriter::new(headings, gives, 0, width, colour)
    }

    fn row(&self, row: &Row, with_bars: bool) -> TableRow {
        let key = row.key.as_ref();
        let named = key.map(|key| safe(&key.text).into_owned()).filter(|text| !text.is_empty());
        let mut cells = vec![named.unwrap_or_else(|| "(not known)".to_owned())];
        cells.extend(self.with_mode.then(|| row.mode.word().to_owned()));
        let money = |minor| row.amount(minor).to_string();
        let gone = if row.refunded_minor() == 0 { String::new() } else { money(row.refunded_minor()) };
        match self.by {
            By::Reason => {
                cells.push(row.declined.saturating_add(row.unknown).to_string());
                cells.push(money(row.declined_minor));
                cells.push(key.and_then(|key| key.who).unwrap_or_default().to_owned());
            }
            By::Status => {
                let all = [row.count, row.declined, row.unknown, row.not_sent];
                cells.push(all.into_iter().fold(0, u64::saturating_add).to_string());
                cells.push(money(row.gross_minor.saturating_add(row.declined_minor)));
                cells.push(gone);
            }
            By::Day | By::Month | By::Customer | By::Card | By::Product | By::Means | By::Company => {
                cells.extend([row.count.to_string(), money(row.gross_minor), gone, money(row.net_minor())]);
                cells.push(declined(row));
            }
        }
        if with_bars {
            let most = self.most.iter().find(|(of, _)| *of == group(row)).map_or(0, |(_, most)| *most);
            cells.push(bar(worth(self.by, row), most, BAR_COLUMNS));
        }
        TableRow { cells: cells.into_iter().map(|cell| (cell, None)).collect(), ..TableRow::default() }
    }
}

fn group(row: &Row) -> (Mode, [u8; 3]) {
    let mut code = [0; 3];
    for (to, from) in code.iter_mut().zip(row.currency.code().bytes()) {
        *to = from;
    }
    (row.mode, code)
}

fn worth(by: By, row: &Row) -> i64 {
    match by {
        By::Reason => row.declined_minor,
        By::Status => row.gross_minor.saturating_add(row.declined_minor),
        By::Day | By::Month | By::Customer | By::Card | By::Product | By::Means | By::Company => {
            row.net_minor()
        }
    }
}

/// `4 (3.2 %)`.
fn declined(row: &Row) -> String {
    match (row.declined, row.decline_permille()) {
        (0, _) | (_, None) => String::new(),
        (declined, Some(permille)) => format!("{declined} ({}.{} %)", permille / 10, permille % 10),
    }
}

/// A total in lines of its own: what was paid, what is left, and what stands beside it.
fn total_lines(total: &Row, go_on: &GoOn) -> String {
    let money = |minor| total.amount(minor).to_string();
    let of_mode = of_mode(total.mode);
    let refunded = match (total.refunded_minor(), total.refunded_earlier_minor) {
        (0, _) => String::new(),
        (all, 0) => format!(", refunded {}", money(all)),
        (all, earlier) => format!(", refunded {} ({} of earlier payments)", money(all), money(earlier)),
    };
    let mut lines = vec![
        format!(
            " {of_mode}{} paid, gross {}{refunded}, net {}",
            number_of(total.count, "payment"),
            money(total.gross_minor),
            money(total.net_minor())
        ),
        format!(
            " of the net: supply {}, VAT {}, tax-free {}",
            money(total.supply_minor),
            money(total.vat_minor),
            money(total.tax_free_minor)
        ),
    ];
    if total.declined > 0 {
        lines.push(format!(" declined {}, {}", declined(total), money(total.declined_minor)));
    }
    if total.unknown > 0 {
        lines.push(format!(
            " {} of which it is not known whether they were charged, in no sum: {}",
            total.unknown, go_on.reconcile
        ));
    }
    if total.further > 0 {
        let further = number_of(total.further, "further payment");
        lines.push(format!(
            " {further} under these orders, {}, in no sum: {}",
            money(total.further_minor),
            go_on.doubles
        ));
    }
    lines.join("\n")
}

/// Rows as they stand in JSON.
pub(in crate::output) fn objects<'a>(rows: &'a [Row], shown: Shown<'a>) -> Vec<Object<'a, Row>> {
    rows.iter().map(|row| Object { row, columns: Row::FIELDS.iter().collect(), shown }).collect()
}

/// `TEST ` before a sum that is no money; nothing before one that is.
pub(in crate::output) fn of_mode(mode: Mode) -> String {
    if mode == Mode::Live { String::new() } else { format!("{} ", mode.word().to_uppercase()) }
}

/// `2026-11-01 to 2026-11-30`; with the time of day where one of them is no midnight.
pub(in crate::output) fn span(since: Timestamp, until: Timestamp, zone: &TimeZone) -> String {
    let (from, to) = (since.to_zoned_datetime(zone.clone()), until.to_zoned_datetime(zone.clone()));
    if from.time() != Time::midnight() || to.time() != Time::midnight() {
        return format!("{} to {}", when(since, zone), when(until, zone));
    }
    let last = to.date().checked_sub(1.day()).unwrap_or_else(|_| to.date());
    if last == from.date() { last.to_string() } else { format!("{} to {last}", from.date()) }
}

pub(in crate::output) fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("local time")
}

#[cfg(test)]
mod tests;
