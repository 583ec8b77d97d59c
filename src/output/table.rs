//! Tables without borders: one space before, two between, numbers to the right.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};

use crate::output::colour::{Style, mark, paint_marked};
use crate::output::field::Give;
use crate::output::layout::{GAP, MARGIN, Natural, fit, fit_cell, offset};
use crate::output::text::{cut, pad, safe, width, wrapped};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub text: String,
    /// Numbers and money stand to the right.
    pub right: bool,
    pub give: Give,
}

impl Heading {
    #[must_use]
    pub fn left(text: &str, give: Give) -> Heading {
        Heading { text: text.to_owned(), right: false, give }
    }

    #[must_use]
    pub fn right(text: &str) -> Heading {
        Heading { text: text.to_owned(), right: true, give: Give::Never }
    }
}

/// One row: a text and a style for each column.
#[derive(Clone, Debug, Default)]
pub struct TableRow {
    pub cells: Vec<(String, Option<Style>)>,
    /// The shorter forms of the cells that have some, the longest first: every row of a table has as many.
    pub shorter: Vec<(usize, Vec<String>)>,
    /// What stands on a line of its own, above all else that stands under the row, where its column has no room for
    /// it.
    pub moved: Option<(usize, String)>,
    /// What stands under the row. The first is one line, cut where the terminal ends, because it may be a whole
    /// web page; the rest are sentences and go on in the next line.
    pub under: Vec<String>,
}

impl TableRow {
    /// How wide a cell is in the shortest of its forms.
    fn least(&self, column: usize) -> usize {
        let form = self.shorter.iter().find(|(of, _)| *of == column).and_then(|(_, forms)| forms.last());
        let whole = self.cells.get(column).map(|(text, _)| text);
        form.or(whole).map_or(0, |text| width(text))
    }
}

/// Lays rows out and writes them as text, a block of rows at a time. A later block keeps the
/// widths of the ones before it where it can.
#[derive(Debug)]
pub struct TableWriter {
    headings: Vec<Heading>,
    gives: Vec<(usize, usize)>,
    /// The column under which [`TableRow::under`] begins.
    under_column: usize,
    /// Columns of the terminal; `None` off a terminal, where nothing is cut.
    available: Option<usize>,
    colour: bool,
    /// A column that goes without saying.
    omitted: Option<usize>,
    natural: Vec<Natural>,
    widths: Vec<usize>,
    header_written: bool,
}

impl TableWriter {
    #[must_use]
    pub fn new(
        headings: Vec<Heading>,
        gives: Vec<(usize, usize)>,
        under_column: usize,
        available: Option<usize>,
        colour: bool,
    ) -> TableWriter {
        let of = |heading: &Heading| Natural {
            columns: width(&heading.text),
            forms: Vec::new(),
            give: heading.give,
            moves: BTreeSet::new(),
        };
        let natural = headings.iter().map(of).collect();
        let (omitted, widths) = (None, Vec::new());
        TableWriter {
            headings,
            gives,
            under_column,
            available,
            colour,
            omitted,
            natural,
            widths,
            header_written: false,
        }
    }

    /// Leaves a column out, because all rows would say the same in it.
    #[must_use]
    pub fn without(mut self, column: usize) -> TableWriter {
        self.omitted = Some(column);
        self
    }

    /// The lines of a block, each with its line break; the header stands over the first block.
    pub fn block(&mut self, rows: &[TableRow]) -> String {
        self.measure(rows);
        let mut table = self.empty_table();
        let mut unders = Vec::new();
        if !self.header_written {
            self.header_written = true;
            unders.push((None, &[][..]));
            let bold = |heading: &Heading| (heading.text.clone(), Some(Style::Bold));
            table.add_row(self.laid_out(&self.headings.iter().map(bold).collect::<Vec<_>>(), &[]));
        }
        for row in rows {
            let moved = self.moved(row);
            unders.push((moved, row.under.as_slice()));
            let mut cells = row.cells.clone();
            if let Some((column, _)) = row.moved.as_ref().filter(|_| moved.is_some())
                && let Some((text, _)) = cells.get_mut(*column)
            {
                text.clear();
            }
            table.add_row(self.laid_out(&cells, &row.shorter));
        }
        self.set_columns(&mut table);
        let mut text = String::new();
        let indent = offset(&self.widths, self.under_column);
        // Every cell fits its column, so that each row is one line.
        for (line, (moved, under)) in table.lines().zip(unders) {
            text.push_str(paint_marked(&line, self.colour).trim_end());
            text.push('\n');
            if let Some(moved) = moved {
                // An id stays on one line, as long as there is one.
                let moved = safe(moved);
                let most = self.available.unwrap_or(usize::MAX).saturating_sub(width(&moved));
                text.push_str(&format!("{}{moved}\n", " ".repeat(indent.min(most))));
            }
            let room = self.available.map(|available| available.saturating_sub(indent));
            for (index, under) in under.iter().enumerate() {
                let under = safe(under);
                let lines = match room {
                    None => vec![under.into_owned()],
                    Some(room) if index == 0 => vec![cut(&under, room).into_owned()],
                    Some(room) => wrapped(&under, room),
                };
                for line in lines {
                    text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
                }
            }
        }
        text
    }

    /// The headings of the columns that the terminal has no room for, and whose cells stand nowhere else.
    #[must_use]
    pub fn left_out(&self) -> Vec<&str> {
        let columns = self.headings.iter().zip(&self.widths).zip(&self.natural);
        let without = columns.filter(|((_, columns), natural)| **columns == 0 && natural.moves.is_empty());
        without.map(|((heading, _), _)| heading.text.as_str()).collect()
    }

    /// What of a row stands under it, because its column has no room for it.
    fn moved<'r>(&self, row: &'r TableRow) -> Option<&'r str> {
        let (column, text) = row.moved.as_ref()?;
        (*self.widths.get(*column)? < row.least(*column)).then_some(text)
    }

    /// A sentence under the table, in as many lines as it takes here.
    #[must_use]
    pub fn sentence(&self, text: &str) -> String {
        let lines = match self.available {
            Some(available) if width(text) + MARGIN > available => {
                wrapped(text, available.saturating_sub(MARGIN))
            }
            Some(_) | None => vec![text.to_owned()],
        };
        lines.iter().map(|line| format!("{}{line}\n", " ".repeat(MARGIN))).collect()
    }

    fn measure(&mut self, rows: &[TableRow]) {
        for row in rows {
            for (natural, (text, _)) in self.natural.iter_mut().zip(&row.cells) {
                natural.columns = natural.columns.max(width(text));
            }
            for (column, forms) in &row.shorter {
                let heading = self.headings.get(*column).map_or(0, |heading| width(&heading.text));
                let Some(natural) = self.natural.get_mut(*column) else { continue };
                natural.forms.resize(forms.len(), heading);
                for (natural, form) in natural.forms.iter_mut().zip(forms) {
                    *natural = (*natural).max(width(form));
                }
            }
            if let Some((column, _)) = &row.moved
                && let Some(natural) = self.natural.get_mut(*column)
            {
                let heading = self.headings.get(*column).map_or(0, |heading| width(&heading.text));
                let least = row.least(*column).max(heading);
                natural.moves.insert(least);
            }
        }
        if let Some(omitted) = self.omitted.and_then(|column| self.natural.get_mut(column)) {
            omitted.columns = 0;
        }
        self.widths = fit(&self.natural, &self.gives, self.available);
    }

    fn empty_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table
    }

    /// The cells that are shown, each no wider than its column.
    fn laid_out(&self, cells: &[(String, Option<Style>)], shorter: &[(usize, Vec<String>)]) -> Row {
        let all = self.headings.iter().zip(&self.widths).zip(cells).enumerate();
        let shown = all.filter(|(_, ((_, columns), _))| **columns > 0);
        Row::from(shown.map(|(column, ((heading, columns), (text, style)))| {
            let forms = shorter.iter().find(|(of, _)| *of == column).map_or(&[][..], |(_, forms)| forms);
            let text = fit_cell(text, forms, heading.give, *columns);
            Cell::new(style.map_or_else(|| text.clone().into_owned(), |style| mark(&text, style)))
        }))
    }

    fn set_columns(&self, table: &mut Table) {
        let shown: Vec<(&Heading, usize)> = self
            .headings
            .iter()
            .zip(self.widths.iter().copied())
            .filter(|(_, columns)| *columns > 0)
            .collect();
        let last = shown.len().saturating_sub(1);
        for (index, (heading, columns)) in shown.into_iter().enumerate() {
            let Some(column) = table.column_mut(index) else { continue };
            let before = if index == 0 { MARGIN } else { 0 };
            let after = if index == last { 0 } else { GAP };
            let small = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
            column.set_padding((small(before), small(after)));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(small(before + columns + after))));
            if heading.right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
}

/// `label  value` lines, indented by two: the facts of one record. Values must be safe already.
#[must_use]
pub fn facts(rows: &[(&str, String)]) -> String {
    let labels = rows.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    rows.iter().fold(String::new(), |text, (label, value)| {
        let line = format!("  {}  {value}", pad(label, labels));
        text + line.trim_end() + "\n"
    })
}

/// Two sides of the same terms, as in `error: … was asked for before with other terms`.
#[must_use]
pub fn comparison(left: &str, right: &str, rows: &[(&str, String, String)]) -> String {
    const LABEL_COLUMNS: usize = 8;
    const SIDE_COLUMNS: usize = 8;
    let safe_rows: Vec<(&str, String, String)> = rows
        .iter()
        .map(|(label, then, now)| (*label, safe(then).into_owned(), safe(now).into_owned()))
        .collect();
    let labels = safe_rows.iter().map(|row| width(row.0)).fold(LABEL_COLUMNS, usize::max);
    let lefts = safe_rows.iter().map(|row| width(&row.1)).chain([width(left)]).fold(SIDE_COLUMNS, usize::max);
    let line = |label: &str, then: &str, now: &str| {
        format!("  {}  {}   {now}\n", pad(label, labels), pad(then, lefts))
    };
    safe_rows.iter().fold(line("", left, right), |text, (label, then, now)| text + &line(label, then, now))
}

#[cfg(test)]
mod tests;
