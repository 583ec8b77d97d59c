//! Rows as they are read, whatever they are written in.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::commands::batch::identify::identify;
use crate::commands::batch::row::{CUSTOMER_UID, KNOWN_ORDER, MERCHANT_UID, NO_CELLS, Row, Rows, Rules};
use crate::failure::Failure;
use crate::intake::{Places, Problems, Read};
use crate::output::text::safe;

/// More than this is not one month's charges but a mistake, or a job for several files.
const ROWS_MAX: u32 = 1_000_000;
#[cfg(test)]
pub(super) const TEST_ROWS_MAX: u32 = 10_000;

/// Where rows go as they are read.
pub(super) struct Reading<'a> {
    rules: &'a Rules,
    rows: Rows,
    rows_max: u32,
}

impl<'a> Reading<'a> {
    pub(super) fn new(rules: &'a Rules) -> Reading<'a> {
        Reading { rules, rows: Rows::default(), rows_max: ROWS_MAX }
    }

    /// Takes one row.
    pub(super) fn row(
        &mut self,
        line: u64,
        given: &[Cow<'_, str>],
        problems: &mut Problems,
    ) -> ControlFlow<()> {
        if self.rows.count() >= self.rows_max {
            let what = format!("there are more than {} rows; split the file", self.rows_max);
            problems.say(line, None, &what);
            return ControlFlow::Break(());
        }
        let mut cells = NO_CELLS;
        for (cell, given) in cells.iter_mut().zip(given) {
            *cell = given;
        }
        match self.rules.read(&cells) {
            Ok(Row { .. }) => {
                if !self.rows.push(line, &cells) {
                    let what = "the row, or the whole file, is too long; shorten or split it";
                    problems.say(line, None, what);
                }
            }
            Err(faults) => {
                for (column, what) in faults {
                    problems.say(line, column, &what);
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The rows with what they mean, and every problem there is besides those that are known: those of one row,
    /// and those of two. It fails where the ledger cannot be looked at.
    pub(super) fn finish(self, read: Read) -> Result<(Rows, Read), Failure> {
        let (rows, unnamed) = identify(self.rows, self.rules)?;
        let problems = read.problems.with(unnamed).with(duplicates(&rows, self.rules, &read.places));
        Ok((rows, Read { problems, ..read }))
    }
}

/// One order id is one payment: a row that names it again would only repeat the first one's answer.
fn duplicates(rows: &Rows, rules: &Rules, places: &Places) -> Problems {
    let column = if rules.once_per.is_some() { CUSTOMER_UID } else { MERCHANT_UID };
    let meant = |row| match rows.cells(row) {
        cells if rules.once_per.is_some() || cells[KNOWN_ORDER].is_empty() => cells[column],
        cells => cells[KNOWN_ORDER],
    };
    let mut problems = Problems::default();
    for (row, first) in rows.twins(|row| Some(meant(row))) {
        let (line, first) = (rows.line(row), places.row(rows.line(first)));
        let value = safe(rows.cells(row)[column]).into_owned();
        let what = if rules.once_per.is_some() {
            format!("{value} is on {first} already, and --once-per charges a customer once")
        } else {
            format!("{value} is on {first} already")
        };
        problems.say(line, Some(column), &what);
    }
    problems
}

#[cfg(test)]
pub(super) fn read_text(rules: &Rules, text: &str) -> Result<Rows, Vec<String>> {
    use crate::commands::batch::columns::WANTED;
    use crate::intake::{How, file};

    let handed_in = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(handed_in.path(), text).unwrap();
    let mut reading = Reading { rows_max: TEST_ROWS_MAX, ..Reading::new(rules) };
    let read = crate::intake::read(
        file(handed_in.path()).unwrap(),
        &How::default(),
        &WANTED,
        &mut |line, cells, problems| reading.row(line, cells, problems),
    );
    let (rows, read) = reading.finish(read.unwrap()).unwrap();
    if read.problems.is_empty() { Ok(rows) } else { Err(read.problems.sentences(&read.places)) }
}

#[cfg(test)]
mod tests;
