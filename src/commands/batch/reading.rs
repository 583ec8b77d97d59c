//! Rows as they are read, whatever they are written in.

use std::borrow::Cow;

use crate::commands::batch::identify::identify;
use crate::commands::batch::row::{CUSTOMER_UID, KNOWN_ORDER, MERCHANT_UID, NO_CELLS, Row, Rows, Rules};
use crate::failure::Failure;
use crate::intake::{Places, Problems, Read};
use crate::output::text::safe;

/// Where rows go as they are read.
pub(super) struct Reading<'a> {
    rules: &'a Rules,
    rows: Rows,
}

impl<'a> Reading<'a> {
    pub(super) fn new(rules: &'a Rules) -> Reading<'a> {
        Reading { rules, rows: Rows::default() }
    }

    /// Takes one row.
    pub(super) fn row(&mut self, line: u64, given: &[Cow<'_, str>], problems: &mut Problems) {
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
    let mut reading = Reading::new(rules);
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
