//! Rows as they are read, whatever they are written in.

use crate::commands::batch::identify::identify;
use crate::commands::batch::problems::Problems;
use crate::commands::batch::row::{CUSTOMER_UID, Cells, KNOWN_ORDER, MERCHANT_UID, Row, Rows, Rules};
use crate::failure::Failure;
use crate::output::text::safe;

/// More than this is not one month's charges but a mistake, or a job for several files.
const ROWS_MAX: u32 = 1_000_000;
#[cfg(test)]
pub(super) const TEST_ROWS_MAX: u32 = 10_000;

/// Where rows go as they are read.
pub(super) struct Reading<'a> {
    rules: &'a Rules,
    rows: Rows,
    pub(super) problems: Problems,
    rows_max: u32,
}

impl<'a> Reading<'a> {
    pub(super) fn new(rules: &'a Rules) -> Reading<'a> {
        Reading { rules, rows: Rows::default(), problems: Problems::default(), rows_max: ROWS_MAX }
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

    /// The rows with what they mean, or every problem there is: those of one row, and those of two. It fails
    /// where the ledger cannot be looked at.
    pub(super) fn finish(self) -> Result<Result<Rows, Problems>, Failure> {
        let (rows, unnamed) = identify(self.rows, self.rules)?;
        let problems = self.problems.with(unnamed).with(duplicates(&rows, self.rules));
        Ok(if problems.is_empty() { Ok(rows) } else { Err(problems) })
    }
}

/// One order id is one payment: a row that names it again would only repeat the first one's answer.
fn duplicates(rows: &Rows, rules: &Rules) -> Problems {
    let column = if rules.once_per.is_some() { CUSTOMER_UID } else { MERCHANT_UID };
    let meant = |row| match rows.cells(row) {
        cells if rules.once_per.is_some() || cells[KNOWN_ORDER].is_empty() => cells[column],
        cells => cells[KNOWN_ORDER],
    };
    let mut problems = Problems::default();
    for (row, first) in rows.twins(|row| Some(meant(row))) {
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

#[cfg(test)]
pub(super) fn read_text(
    rules: &Rules,
    read: impl FnOnce(&mut Reading<'_>) -> std::io::Result<()>,
) -> Result<Rows, Vec<String>> {
    let mut reading = Reading { rows_max: TEST_ROWS_MAX, ..Reading::new(rules) };
    read(&mut reading).unwrap();
    reading.finish().unwrap().map_err(Problems::lines)
}
