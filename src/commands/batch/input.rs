//! The whole file, read and checked before anything else is done.

use std::path::Path;

use crate::commands::batch::row::{COLUMNS, CUSTOMER_UID, Cells, MERCHANT_UID, Row, Rows, Rules};
use crate::commands::batch::source::{self, Encoding, Source};
use crate::commands::batch::{InputFormat, lines, sheet};
use crate::failure::{Failure, Kind};
use crate::output::text::safe;

/// How many problems are shown; more are mended at their common cause.
const PROBLEMS_SHOWN: usize = 100;

/// More than this is not one month's charges but a mistake, or a job for several files.
const ROWS_MAX: u32 = 1_000_000;
#[cfg(test)]
pub(super) const TEST_ROWS_MAX: u32 = 10_000;

/// What was read.
pub(super) struct Input {
    pub rows: Rows,
    pub name: String,
    /// It was decoded from CP949.
    pub decoded: bool,
}

/// What is wrong with a file: as many problems as are shown, each with its line, and how many more
/// there are.
#[derive(Debug, Default)]
pub(super) struct Problems {
    shown: Vec<(u64, String)>,
    more: u64,
}

impl Problems {
    pub(super) fn add(&mut self, line: u64, what: &str) {
        if self.shown.len() < PROBLEMS_SHOWN {
            self.shown.push((line, format!("line {line}: {what}")));
        } else {
            self.more += 1;
        }
    }

    /// About one cell. JSON calls it a field and CSV a column; the name is the same.
    pub(super) fn add_at(&mut self, line: u64, column: Option<usize>, what: &str) {
        match column.and_then(|column| COLUMNS.get(column)) {
            Some(column) => self.add(line, &format!("column {column}: {what}")),
            None => self.add(line, what),
        }
    }

    /// Drops what was said of a line and those after it, which is explained by something else.
    pub(super) fn forget_from(&mut self, line: u64) {
        self.shown.retain(|(at, _)| *at < line);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Both of them, in the order of their lines.
    fn with(mut self, other: Problems) -> Problems {
        self.shown.extend(other.shown);
        self.shown.sort_by_key(|(line, _)| *line);
        let over = self.shown.len().saturating_sub(PROBLEMS_SHOWN);
        self.shown.truncate(PROBLEMS_SHOWN);
        self.more += other.more + u64::try_from(over).unwrap_or(u64::MAX);
        self
    }

    fn failure(self, name: &str) -> Failure {
        if let ([(_, problem)], 0) = (self.shown.as_slice(), self.more) {
            return Failure::usage(format!("{name}: {problem}"));
        }
        let count = u64::try_from(self.shown.len()).unwrap_or(u64::MAX).saturating_add(self.more);
        let failure = Failure::usage(format!("{name} has {count} problems"));
        let lines = self.shown.into_iter().map(|(_, problem)| format!("  {problem}"));
        let failure = lines.fold(failure, Failure::detailed);
        match self.more {
            0 => failure,
            more => failure.detailed(format!("  and {more} more")),
        }
    }
}

/// Where rows go as they are read.
pub(super) struct Reading<'a> {
    rules: &'a Rules,
    pub(super) rows: Rows,
    pub(super) problems: Problems,
    rows_max: u32,
}

impl<'a> Reading<'a> {
    fn new(rules: &'a Rules, rows_max: u32) -> Reading<'a> {
        Reading { rules, rows: Rows::default(), problems: Problems::default(), rows_max }
    }

    /// Takes one row. False when no more are taken.
    pub(super) fn row(&mut self, line: u64, cells: &Cells<'_>) -> bool {
        if self.rows.count() >= self.rows_max {
            let what = format!("there are more than {} rows; split the file", self.rows_max);
            self.problems.add(line, &what);
            return false;
        }
        match self.rules.read(cells) {
            Ok(Row { .. }) => {
                if !self.rows.push(line, cells) {
                    self.problems.add(line, "the row, or the whole file, is too long; shorten or split it");
                }
            }
            Err(faults) => {
                for (column, what) in faults {
                    self.problems.add_at(line, column, &what);
                }
            }
        }
        true
    }
}

/// Reads and checks the whole file. The error names every problem there is.
pub(super) fn read(file: &Path, format: Option<InputFormat>, rules: &Rules) -> Result<Input, Failure> {
    let Source { name, encoding, text } = source::open(file)?;
    let mut reading = Reading::new(rules, ROWS_MAX);
    let read = match format.unwrap_or_else(|| InputFormat::of(file)) {
        InputFormat::Csv => sheet::read(text, &mut reading),
        InputFormat::Jsonl => lines::read(text, &mut reading),
    };
    if let Err(error) = read {
        return Err(Failure { kind: Kind::Usage, ..Failure::io(format!("read {name}"), &error) });
    }
    let Reading { mut rows, problems, .. } = reading;
    let problems = problems.with(duplicates(&rows, rules));
    if !problems.is_empty() {
        return Err(problems.failure(&name));
    }
    if rows.is_empty() {
        return Err(Failure::usage(format!("{name} has no rows, only a header")));
    }
    rows.shrink();
    Ok(Input { rows, name, decoded: encoding == Encoding::Cp949 })
}

/// One order id is one payment: a row that names it again would only repeat the first one's answer.
fn duplicates(rows: &Rows, rules: &Rules) -> Problems {
    let column = if rules.once_per.is_some() { CUSTOMER_UID } else { MERCHANT_UID };
    let mut problems = Problems::default();
    for (row, first) in rows.twins(|row| Some(rows.cells(row)[column])) {
        let (line, first) = (rows.line(row), rows.line(first));
        let value = safe(rows.cells(row)[column]).into_owned();
        let what = if rules.once_per.is_some() {
            format!("{value} is on line {first} already, and --once-per charges a customer once")
        } else {
            format!("{value} is on line {first} already")
        };
        problems.add_at(line, Some(column), &what);
    }
    problems
}

/// A column name that is none, and the nearest there is.
pub(super) fn unknown_column(given: &str) -> String {
    let wanted = column_name(given);
    let nearest = COLUMNS
        .iter()
        .min_by_key(|column| strsim::osa_distance(column, &wanted))
        .copied()
        .unwrap_or_default();
    format!(
        "`{}` is not a column; did you mean {nearest}? The columns are {}",
        safe(given),
        COLUMNS.join(", ")
    )
}

/// A column's name as it is looked for.
pub(super) fn column_name(given: &str) -> String {
    given.trim().to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
pub(super) fn read_text(
    rules: &Rules,
    read: impl FnOnce(&mut Reading<'_>) -> std::io::Result<()>,
) -> Result<Rows, Vec<String>> {
    let mut reading = Reading::new(rules, TEST_ROWS_MAX);
    read(&mut reading).unwrap();
    let problems = reading.problems.with(duplicates(&reading.rows, rules));
    if problems.is_empty() {
        Ok(reading.rows)
    } else {
        Err(problems.shown.into_iter().map(|(_, problem)| problem).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Problems;

    #[test]
    fn the_first_hundred_problems_are_shown_and_the_rest_counted() {
        let mut problems = Problems::default();
        for line in 2..200 {
            problems.add(line, "x");
        }
        let mut others = Problems::default();
        others.add_at(3, Some(3), "order_1 is on line 2 already");
        let failure = problems.with(others).failure("a.csv");
        assert_eq!(failure.message, "a.csv has 199 problems");
        assert_eq!(failure.details.len(), 101);
        assert_eq!(failure.details[2], "  line 3: column merchant_uid: order_1 is on line 2 already");
        assert_eq!(failure.details[100], "  and 99 more");
    }

    #[test]
    fn one_problem_is_the_message() {
        let mut problems = Problems::default();
        problems.add(1, "there is no column amount");
        assert_eq!(problems.failure("a.csv").message, "a.csv: line 1: there is no column amount");
    }
}
