//! How wide each column of a table is, and which gives way when the terminal is too narrow.

use std::borrow::Cow;

use crate::output::field::Give;
use crate::output::text::{cut, width};

/// Spaces before the first column.
pub(in crate::output) const MARGIN: usize = 1;
/// Spaces between two columns.
pub(in crate::output) const GAP: usize = 2;

/// Wider cells are cut off the terminal too: no table is read at such a width.
const CELL_COLUMNS_MAX: usize = 60_000;

/// Fits columns of the natural widths given into `available` columns; `None` is as wide as it
/// takes. `gives` says which column gives way down to which width, in order; 0 leaves it out. What
/// the last step freed beyond need goes back to the columns whose text was cut. A table can still
/// be too wide: ids and money are never cut.
pub(in crate::output) fn fit(
    natural: &[usize],
    kinds: &[Give],
    gives: &[(usize, usize)],
    available: Option<usize>,
) -> Vec<usize> {
    let mut widths: Vec<usize> = natural.iter().map(|columns| (*columns).min(CELL_COLUMNS_MAX)).collect();
    let Some(available) = available else { return widths };
    for &(column, target) in gives {
        let over = total(&widths).saturating_sub(available);
        if over == 0 {
            break;
        }
        let (Some(now), Some(kind)) = (widths.get_mut(column), kinds.get(column)) else { continue };
        match kind {
            _ if target == 0 => *now = 0,
            Give::Text => *now = (*now).min(target.max(now.saturating_sub(over))),
            Give::When | Give::Card => *now = (*now).min(target),
            Give::Never => {}
        }
    }
    for (column, kind) in kinds.iter().enumerate() {
        let slack = available.saturating_sub(total(&widths));
        if let (Give::Text, Some(now), Some(most)) = (kind, widths.get_mut(column), natural.get(column))
            && *now > 0
        {
            *now = (*now + slack).min(*most);
        }
    }
    widths
}

/// The steps for columns that were asked for by name: all of them stay.
pub(in crate::output) fn gives_for_chosen(kinds: &[Give]) -> Vec<(usize, usize)> {
    let of = |wanted: Give, target: usize| {
        kinds
            .iter()
            .enumerate()
            .filter(move |(_, kind)| **kind == wanted)
            .map(move |(column, _)| (column, target))
    };
    of(Give::Text, 16).chain(of(Give::When, 16)).chain(of(Give::Text, 8)).chain(of(Give::When, 10)).collect()
}

/// Columns of the whole line; a width of 0 is a column left out.
fn total(widths: &[usize]) -> usize {
    let shown = widths.iter().filter(|columns| **columns > 0).count();
    MARGIN + widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)
}

/// Where a column begins on the line.
pub(in crate::output) fn offset(widths: &[usize], column: usize) -> usize {
    let before = widths.iter().take(column).filter(|columns| **columns > 0);
    before.fold(MARGIN, |offset, columns| offset + columns + GAP)
}

/// A cell's text in the width its column got.
pub(in crate::output) fn fit_cell(text: &str, give: Give, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match give {
        // `2026-11-23 19:30:04` is whole without its seconds, and without its time.
        Give::When if columns >= 16 => Cow::Borrowed(text.get(..16).unwrap_or(text)),
        Give::When => Cow::Borrowed(text.get(..10).unwrap_or(text)),
        Give::Card => match text.rsplit_once(' ') {
            Some((_, last)) if width(last) <= columns => Cow::Borrowed(last),
            Some(_) | None => cut(text, columns),
        },
        Give::Text | Give::Never => cut(text, columns),
    }
}

#[cfg(test)]
mod tests {
    use super::{fit, fit_cell, gives_for_chosen, offset};
    use crate::output::field::Give::{Card, Never, Text, When};

    #[test]
    fn columns_give_way_in_order_and_only_as_far_as_needed() {
        let kinds = [When, Text, Text, Never];
        let gives = [(2, 6), (1, 8), (0, 16), (2, 0)];
        let fitted = |available| fit(&[19, 20, 20, 10], &kinds, &gives, available);
        assert_eq!(fitted(None), [19, 20, 20, 10]);
        assert_eq!(fitted(Some(76)), [19, 20, 20, 10]);
        assert_eq!(fitted(Some(70)), [19, 20, 14, 10]);
        assert_eq!(fitted(Some(60)), [19, 18, 6, 10]);
        assert_eq!(fitted(Some(48)), [16, 9, 6, 10], "the seconds freed more than was needed");
        assert_eq!(fitted(Some(40)), [16, 9, 0, 10], "a column left out leaves room for another");
        assert_eq!(fitted(Some(5)), [16, 8, 0, 10], "an id is never cut");
    }

    #[test]
    fn columns_asked_for_all_stay() {
        let kinds = [Text, When, Never];
        assert_eq!(fit(&[30, 19, 10], &kinds, &gives_for_chosen(&kinds), Some(10)), [8, 10, 10]);
    }

    #[test]
    fn cells_keep_what_matters_most() {
        assert_eq!(fit_cell("2026-11-23 19:30:04", When, 16), "2026-11-23 19:30");
        assert_eq!(fit_cell("2026-11-23 19:30:04", When, 10), "2026-11-23");
        assert_eq!(fit_cell("신한 1234", Card, 4), "1234");
        assert_eq!(fit_cell("신한카드", Card, 4), "신…");
        assert_eq!(fit_cell("월 구독료", Text, 6), "월 구…");
    }

    #[test]
    fn a_column_begins_behind_the_ones_that_are_shown() {
        assert_eq!(offset(&[19, 8, 6], 1), 22);
        assert_eq!(offset(&[19, 0, 6], 2), 22);
    }
}
