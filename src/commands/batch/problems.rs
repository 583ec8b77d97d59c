//! What is wrong with a file of charges.

use crate::commands::batch::row::COLUMNS;
use crate::failure::Failure;

/// How many problems are shown; more are mended at their common cause.
const PROBLEMS_SHOWN: usize = 100;

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

    /// The lines that are shown.
    #[cfg(test)]
    pub(super) fn lines(self) -> Vec<String> {
        self.shown.into_iter().map(|(_, problem)| problem).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Both of them, in the order of their lines.
    pub(super) fn with(mut self, other: Problems) -> Problems {
        self.shown.extend(other.shown);
        self.shown.sort_by_key(|(line, _)| *line);
        let over = self.shown.len().saturating_sub(PROBLEMS_SHOWN);
        self.shown.truncate(PROBLEMS_SHOWN);
        self.more += other.more + u64::try_from(over).unwrap_or(u64::MAX);
        self
    }

    pub(super) fn failure(self, name: &str) -> Failure {
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
