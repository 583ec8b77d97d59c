//! Rows as they come, whatever they are written in: which cell is what, and what no value looks like.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::domain::text::nfc;
use crate::intake::columns::{Header, Named};
use crate::intake::encoding::Encoding;
use crate::intake::place::{At, Places};
use crate::intake::problem::{Plain, Problems, What};
use crate::intake::ruin::{LongIds, Ruin, is_split_amount, is_total, ruin};
use crate::intake::wanted::{Kind, Wanted, Whose};
use crate::intake::{Flow, Read};

/// More rows than this are not one month's work but a mistake, or a job for several files.
pub const ROWS_MAX: u64 = if cfg!(test) { 10_000 } else { 1_000_000 };

/// Takes one row: its line, its cells in the order of [`Wanted::columns`] (an empty one was not given), and
/// where to say what is wrong with it.
pub type Take<'t> = dyn FnMut(u64, &[Cow<'_, str>], &mut Problems) + 't;

/// One cell, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'r> {
    pub text: &'r str,
    pub shape: Shape<'r>,
}

/// What kind of value a cell was, where its text does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'r> {
    Text,
    JsonNumber,
    /// A number of a sheet, as it is, and the format in which people see it.
    Number {
        look: Look,
        code: &'r str,
    },
    Truth,
    /// A formula whose value was never calculated.
    Uncalculated,
}

/// What a number format makes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// `General` or `0`: the number itself.
    Plain,
    /// The same number, with commas, decimals or a sign of money.
    Number,
    /// With zeros before it that the value does not have.
    Padded,
    /// `@`.
    Text,
    Date,
    /// Percent, thousands, fractions, words: the cell shows another number than it holds.
    Other,
}

impl<'r> Given<'r> {
    pub(super) fn text(text: &'r str) -> Given<'r> {
        Given { text, shape: Shape::Text }
    }

    fn is_empty(&self) -> bool {
        self.shape != Shape::Uncalculated && self.text.trim().is_empty()
    }

    /// Why a cell of a sheet is no value for a column of a kind.
    fn unlike(&self, kind: Kind) -> Option<What> {
        /// As many digits as a spreadsheet keeps.
        const DIGITS_MAX: usize = 15;
        let text = || self.text.to_owned();
        let code = |code: &str| code.to_owned();
        match (kind, self.shape) {
            (_, Shape::Text | Shape::JsonNumber) => None,
            (_, Shape::Uncalculated) => Some(What::Uncalculated),
            (Kind::Text, Shape::Truth) => None,
            (Kind::Id | Kind::Amount, Shape::Truth) => Some(What::Truth { text: text() }),
            (Kind::Id, Shape::Number { look: Look::Plain, .. }) => {
                let digits = self.text.trim_start_matches('-');
                let whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= DIGITS_MAX;
                (!whole).then(|| What::IdNumber { text: text() })
            }
            (Kind::Id, Shape::Number { code: shown, .. }) => Some(What::IdFormat { code: code(shown) }),
            (Kind::Amount, Shape::Number { look: Look::Date | Look::Other, code: shown }) => {
                Some(What::AmountFormat { code: code(shown) })
            }
            (Kind::Text, Shape::Number { look: Look::Padded | Look::Other, code: shown }) => {
                Some(What::TextFormat { code: code(shown) })
            }
            (Kind::Amount | Kind::Text, Shape::Number { .. }) => None,
        }
    }
}

/// The rows of one file on their way to whoever reads it.
pub(super) struct Table<'t> {
    pub wanted: &'t Wanted,
    take: &'t mut Take<'t>,
    header: Option<Header>,
    pub problems: Problems,
    /// For each column.
    long_ids: Vec<LongIds>,
    /// Our own exports put a `'` before some cells of what is written in rows and columns.
    pub protected: bool,
    /// Cells are between commas: an amount may have been cut in two at one.
    pub commas: bool,
    /// A sheet has rows of any width, and cells with names of their own.
    sheet: bool,
    /// Columns that are known and not read.
    pub passed_over: Vec<String>,
    /// Sums of another's file.
    sums: Vec<u64>,
    /// What stands above the header of another's file, and on which line that begins.
    titles: Option<(u64, Vec<String>)>,
    title_rows: u32,
    last: Option<(u64, usize)>,
    rows: u64,
}

/// In so many rows of another's file its header is looked for.
pub(super) const TITLE_ROWS_MAX: u32 = 20;

impl<'t> Table<'t> {
    pub(super) fn new(wanted: &'t Wanted, take: &'t mut Take<'t>) -> Table<'t> {
        let long_ids = wanted.columns.iter().map(|_| LongIds::default()).collect();
        Table {
            wanted,
            take,
            header: None,
            problems: Problems::default(),
            long_ids,
            protected: false,
            commas: false,
            sheet: false,
            passed_over: Vec::new(),
            sums: Vec::new(),
            titles: None,
            title_rows: 0,
            last: None,
            rows: 0,
        }
    }

    /// What comes are the rows of a sheet.
    pub(super) fn begin_sheet(&mut self) {
        (self.sheet, self.protected) = (true, true);
    }

    /// How many columns there are up to the last one with a name, once the header is known.
    pub(super) fn named_columns(&self) -> Option<u32> {
        self.header.as_ref().map(|header| u32::try_from(header.width).unwrap_or(u32::MAX))
    }

    /// For each column that is wanted, its number in the rows.
    pub(super) fn column_numbers(&self) -> Vec<Option<u32>> {
        let slots = self.header.as_ref().map_or(&[][..], |header| &header.slots);
        let place = |column| slots.iter().position(|slot| *slot == Named::Column(column));
        (0..self.wanted.columns.len()).map(|column| u32::try_from(place(column)?).ok()).collect()
    }

    pub(super) fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Rows stand where a header was looked for.
    pub(super) fn has_titles(&self) -> bool {
        self.titles.is_some()
    }

    /// Takes the row that names the columns. Break: it does not.
    pub(super) fn header(&mut self, line: u64, cells: &[&str]) -> Flow {
        if self.wanted.whose == Whose::Anothers && self.wanted.known_among(cells) < 2 {
            let given = || cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
            self.titles.get_or_insert_with(|| (line, given().map(str::to_owned).collect()));
            self.title_rows += 1;
            let goes_on = self.title_rows < TITLE_ROWS_MAX;
            return if goes_on { ControlFlow::Continue(()) } else { self.no_header() };
        }
        match Header::read(cells, self.wanted) {
            Ok(mut header) => {
                self.passed_over.append(&mut header.passed_over);
                self.header = Some(header);
                ControlFlow::Continue(())
            }
            Err(problems) => {
                for (at, what) in problems {
                    self.problems.add(line, at, what);
                }
                ControlFlow::Break(())
            }
        }
    }

    /// Says that nothing names columns, if nothing does.
    pub(super) fn no_header(&mut self) -> Flow {
        if let (None, Some((line, found))) = (&self.header, self.titles.take()) {
            self.problems.add(line, At::Row, self.wanted.none_known(&found));
        }
        ControlFlow::Break(())
    }

    /// Takes one row under the header.
    pub(super) fn row(&mut self, line: u64, cells: &[Given<'_>]) -> Flow {
        if cells.iter().all(Given::is_empty) {
            return ControlFlow::Continue(());
        }
        let Some(header) = &self.header else { return ControlFlow::Continue(()) };
        if self.wanted.whose == Whose::Anothers && self.is_sum(header, cells) {
            self.sums.push(line);
            return ControlFlow::Continue(());
        }
        self.last = Some((line, cells.len()));
        let before = self.problems.count();
        if self.commas {
            split_amounts(header, self.wanted, line, cells, &mut self.problems);
        }
        if self.problems.count() > before {
            return ControlFlow::Continue(());
        }
        let over = cells.get(header.slots.len()..).unwrap_or_default();
        let too_long = over.iter().any(|cell| !cell.is_empty());
        if !self.sheet && (cells.len() < header.width || too_long) {
            self.problems.add(line, At::Row, What::Width { cells: cells.len(), columns: header.width });
            return ControlFlow::Continue(());
        }
        let mut given = vec![Given::text(""); self.wanted.columns.len()];
        let slots = header.slots.iter().chain(std::iter::repeat(&Named::Nothing));
        for ((cell, slot), number) in cells.iter().zip(slots).zip(0..) {
            match slot {
                Named::Column(column) => {
                    if let Some(place) = given.get_mut(*column) {
                        *place = *cell;
                    }
                }
                Named::Nothing if !cell.is_empty() && self.wanted.whose == Whose::Ours => {
                    let text = cell.text.to_owned();
                    self.problems.add(line, At::Cell(number), What::Nameless { text });
                }
                Named::Nothing | Named::PassedOver | Named::Unknown => {}
            }
        }
        self.cells(line, &given)
    }

    /// Whether a row of another's file is a sum: one of its cells says so, and no id does otherwise.
    fn is_sum(&self, header: &Header, cells: &[Given<'_>]) -> bool {
        let is_id = |slot: &Named| {
            let column =
                if let Named::Column(column) = slot { self.wanted.columns.get(*column) } else { None };
            column.is_some_and(|column| column.kind == Kind::Id)
        };
        cells.iter().any(|cell| is_total(cell.text.trim()))
            && cells
                .iter()
                .zip(&header.slots)
                .all(|(cell, slot)| !is_id(slot) || cell.is_empty() || is_total(cell.text.trim()))
    }

    /// Takes the cells of one row in the order of the columns.
    pub(super) fn cells(&mut self, line: u64, given: &[Given<'_>]) -> Flow {
        if self.rows >= ROWS_MAX {
            self.problems.add(line, At::Row, What::TooManyRows { max: ROWS_MAX });
            return ControlFlow::Break(());
        }
        self.rows += 1;
        if self.wanted.whose == Whose::Ours
            && let Some(key) = given.get(self.wanted.key)
            && is_total(key.text)
        {
            let what = What::Total { text: key.text.trim().to_owned() };
            self.problems.add(line, At::Column(self.wanted.key), what);
            return ControlFlow::Continue(());
        }
        let mut ruined = false;
        let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(given.len());
        for (((cell, column), long), number) in
            given.iter().zip(self.wanted.columns).zip(&mut self.long_ids).zip(0..)
        {
            let text = if self.protected { unprotected(cell.text) } else { cell.text };
            if let Some(what) = cell.unlike(column.kind) {
                self.problems.add(line, At::Column(number), what);
                ruined = true;
                cells.push(Cow::Borrowed(""));
                continue;
            }
            let found = match (column.kind, cell.shape) {
                (Kind::Id, Shape::JsonNumber) if text.contains(['e', 'E', '.']) => {
                    Some(Ruin::JsonNumber(text.to_owned()))
                }
                (kind, _) => ruin(kind, text),
            };
            if let Some(found) = found {
                self.problems.add(line, At::Column(number), What::Ruin(found));
                ruined = true;
            }
            if column.kind == Kind::Id {
                long.see(line, text);
            }
            cells.push(if column.kind == Kind::Text { nfc(text) } else { Cow::Borrowed(text) });
        }
        if !ruined {
            (self.take)(line, &cells, &mut self.problems);
        }
        ControlFlow::Continue(())
    }

    /// The text ended without a line end: whether that may have cut its last cell.
    pub(super) fn broke_off(&mut self) {
        let (Some(header), Some((line, cells))) = (&self.header, self.last) else { return };
        let last = cells.checked_sub(1).and_then(|last| header.slots.get(last));
        let Some(Named::Column(column)) = last else { return };
        let kind = self.wanted.columns.get(*column).map(|column| column.kind);
        if matches!(kind, Some(Kind::Id | Kind::Amount)) {
            self.problems.add(line, At::Column(*column), What::CutOff);
        }
    }

    /// Everything there is to say of the file.
    pub(super) fn finish(mut self, encoding: Encoding) -> Read {
        let _ = self.no_header();
        let places = if self.sheet {
            Places::cells(self.wanted.columns, self.column_numbers())
        } else {
            Places::lines(self.wanted.columns)
        };
        let (mut late, mut warnings) = (Problems::default(), Vec::new());
        for (long, column) in self.long_ids.into_iter().zip(0..) {
            if let Some((line, id)) = long.doubtful() {
                warnings.push(format!(
                    "{}: {} is zeros after its 15th digit, as a spreadsheet leaves long numbers; others of the \
                     column are not",
                    places.at(*line, At::Column(column)),
                    Plain(id)
                ));
            }
            if long.are_ruins() {
                for (line, id) in long.zeros {
                    late.add(line, At::Column(column), What::Ruin(Ruin::Zeros(id)));
                }
            }
        }
        let problems = self.problems.with(late);
        let found = self.header.map_or_else(Vec::new, |header| header.found);
        Read { problems, places, passed_over: self.passed_over, found, sums: self.sums, warnings, encoding }
    }
}

fn split_amounts(header: &Header, wanted: &Wanted, line: u64, cells: &[Given<'_>], problems: &mut Problems) {
    let kind = |slot: Option<&Named>| match slot {
        Some(Named::Column(column)) => wanted.columns.get(*column).map(|column| column.kind),
        Some(Named::PassedOver | Named::Nothing | Named::Unknown) | None => None,
    };
    for (at, pair) in cells.windows(2).enumerate() {
        let ([first, second], Some(slot @ Named::Column(column))) = (pair, header.slots.get(at)) else {
            continue;
        };
        let beside_amount = kind(header.slots.get(at + 1)) == Some(Kind::Amount);
        if kind(Some(slot)) == Some(Kind::Amount) && is_split_amount(first.text, second.text, beside_amount) {
            let (first, second) = (first.text.trim().to_owned(), second.text.trim().to_owned());
            problems.add(line, At::Column(*column), What::SplitAmount { first, second });
            return;
        }
    }
}

/// Takes away the `'` that billkey's own CSV puts before what a spreadsheet would take for a formula, and
/// before a text that begins with such a `'` itself, so that every text comes back as it was.
fn unprotected(cell: &str) -> &str {
    let Some(rest) = cell.strip_prefix('\'') else { return cell };
    let formula = rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { rest } else { cell }
}

#[cfg(test)]
mod tests {
    use super::unprotected;

    #[test]
    fn the_quote_of_our_own_export_is_taken_away_and_no_other() {
        for (cell, text) in [
            ("'-1001", "-1001"),
            ("'=1+1", "=1+1"),
            ("''=1+1", "'=1+1"),
            ("'it is", "'it is"),
            ("''", "''"),
            ("-1001", "-1001"),
            ("", ""),
        ] {
            assert_eq!(unprotected(cell), text, "{cell}");
        }
    }
}
