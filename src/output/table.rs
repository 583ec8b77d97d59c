//! Tables without borders: one space before, two between, numbers to the right.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};

use crate::output::colour::{Style, mark, paint_marked};
use crate::output::field::Give;
use crate::output::layout::{GAP, MARGIN, fit, fit_cell, offset};
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
    /// What stands under the row. The first is one line, cut where the terminal ends, because it may be a whole
    /// web page; the rest are sentences and go on in the next line.
    pub under: Vec<String>,
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
    natural: Vec<usize>,
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
        let natural = headings.iter().map(|heading| width(&heading.text)).collect();
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
            unders.push(&[][..]);
            let bold = |heading: &Heading| (heading.text.clone(), Some(Style::Bold));
            table.add_row(self.laid_out(&self.headings.iter().map(bold).collect::<Vec<_>>()));
        }
        for row in rows {
            unders.push(row.under.as_slice());
            table.add_row(self.laid_out(&row.cells));
        }
        self.set_columns(&mut table);
        let mut text = String::new();
        let indent = offset(&self.widths, self.under_column);
        // Every cell fits its column, so that each row is one line.
        for (line, under) in table.lines().zip(unders) {
            text.push_str(paint_marked(&line, self.colour).trim_end());
            text.push('\n');
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

    /// The headings of the columns that the terminal has no room for.
    #[must_use]
    pub fn left_out(&self) -> Vec<&str> {
        let shown = self.headings.iter().zip(&self.widths);
        shown.filter(|(_, columns)| **columns == 0).map(|(heading, _)| heading.text.as_str()).collect()
    }

    fn measure(&mut self, rows: &[TableRow]) {
        for row in rows {
            for (natural, (text, _)) in self.natural.iter_mut().zip(&row.cells) {
                *natural = (*natural).max(width(text));
            }
        }
        if let Some(omitted) = self.omitted.and_then(|column| self.natural.get_mut(column)) {
            *omitted = 0;
        }
        let kinds: Vec<Give> = self.headings.iter().map(|heading| heading.give).collect();
        self.widths = fit(&self.natural, &kinds, &self.gives, self.available);
    }

    fn empty_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table
    }

    /// The cells that are shown, each no wider than its column.
    fn laid_out(&self, cells: &[(String, Option<Style>)]) -> Row {
        let shown =
            self.headings.iter().zip(&self.widths).zip(cells).filter(|((_, columns), _)| **columns > 0);
        Row::from(shown.map(|((heading, columns), (text, style))| {
            let text = fit_cell(text, heading.give, *columns);
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
