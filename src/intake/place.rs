//! Where something stands in a file, as the program that shows the file would say it.

use crate::intake::wanted::Column;

/// Where in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The row as a whole.
    Row,
    /// A cell of a column that is wanted, by its place in [`super::Wanted::columns`].
    Column(usize),
    /// A cell by its number in the row, counted from 0.
    Cell(u32),
}

/// The places of one file. Rows are counted from 1, the header's included.
#[derive(Clone, Debug, Default)]
pub struct Places {
    columns: &'static [Column],
    /// For each column, its number in the sheet; `None` where the file is text.
    sheet: Option<Vec<Option<u32>>>,
}

impl Places {
    /// Of a text: places are lines and columns.
    #[must_use]
    pub fn lines(columns: &'static [Column]) -> Places {
        Places { columns, sheet: None }
    }

    /// Of a spreadsheet: places are cells such as `C7`.
    #[must_use]
    pub fn cells(columns: &'static [Column], numbers: Vec<Option<u32>>) -> Places {
        Places { columns, sheet: Some(numbers) }
    }

    /// A whole row: `line 3`, or `row 3` in a sheet.
    #[must_use]
    pub fn row(&self, line: u64) -> String {
        match self.sheet {
            Some(_) => format!("row {line}"),
            None => format!("line {line}"),
        }
    }

    /// A row, or a cell of it.
    #[must_use]
    pub fn at(&self, line: u64, at: At) -> String {
        let row = self.row(line);
        match (at, &self.sheet) {
            (At::Row, _) => row,
            (At::Column(column), None) => format!("{row}: column {}", self.name(column)),
            (At::Column(column), Some(numbers)) => match numbers.get(column) {
                Some(Some(number)) => format!("cell {}{line} ({})", letters(*number), self.name(column)),
                Some(None) | None => format!("{row}, {}", self.name(column)),
            },
            (At::Cell(number), None) => format!("{row}: column {}", u64::from(number) + 1),
            (At::Cell(number), Some(_)) => format!("cell {}{line}", letters(number)),
        }
    }

    fn name(&self, column: usize) -> &'static str {
        self.columns.get(column).map_or("", |column| column.name)
    }
}

/// A column of a sheet, counted from 0, in letters: `A`, `Z`, `AA`.
#[must_use]
pub(super) fn letters(number: u32) -> String {
    let mut left = number;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        match (left / 26).checked_sub(1) {
            Some(next) => left = next,
            None => break,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{At, Places, letters};
    use crate::intake::columns::tests::WANTED;

    #[test]
    fn columns_of_a_sheet_are_letters() {
        let written = [0, 2, 25, 26, 51, 52, 701, 702, 16_383].map(letters);
        assert_eq!(written, ["A", "C", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn a_place_is_a_line_and_a_column_or_a_cell() {
        let text = Places::lines(WANTED.columns);
        let sheet = Places::cells(WANTED.columns, vec![Some(2), Some(0)]);
        assert_eq!((text.row(3), sheet.row(3)), ("line 3".to_owned(), "row 3".to_owned()));
        assert_eq!(text.at(3, At::Column(1)), "line 3: column amount");
        assert_eq!(sheet.at(7, At::Column(0)), "cell C7 (customer_uid)");
        assert_eq!(
            (text.at(3, At::Cell(4)), sheet.at(3, At::Cell(4))),
            ("line 3: column 5".into(), "cell E3".into())
        );
    }
}
