//! How wide each column of a table is, and which gives way when the terminal is too narrow.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::output::field::Give;
use crate::output::text::{cut, width};

/// Spaces before the first column.
pub(in crate::output) const MARGIN: usize = 1;
/// Spaces between two columns.
pub(in crate::output) const GAP: usize = 2;

/// Wider cells are cut off the terminal too: no table is read at such a width.
const CELL_COLUMNS_MAX: usize = 60_000;

/// The steps of a column to its shorter forms, in the place of a width: as wide as the widest of them is.
pub(in crate::output) const FORM_1: usize = usize::MAX;
pub(in crate::output) const FORM_2: usize = usize::MAX - 1;
pub(in crate::output) const FORM_3: usize = usize::MAX - 2;

/// A column whose cells can stand under their rows gets what room there is, and the cells that are wider than that
/// stand there; all of them where none would fit.
pub(in crate::output) const MOVED: usize = usize::MAX - 3;

/// Which of a cell's shorter forms a step goes to, from 0.
fn form(target: usize) -> Option<usize> {
    (target >= FORM_3).then(|| usize::MAX - target)
}

/// One column, as it would be with all the room there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::output) struct Natural {
    pub(in crate::output) columns: usize,
    /// How wide each of the shorter forms of its cells is.
    pub(in crate::output) forms: Vec<usize>,
    pub(in crate::output) give: Give,
    /// How wide its cells are at least, where they can stand under their rows instead; else none.
    pub(in crate::output) moves: BTreeSet<usize>,
}

/// Fits columns into `available` columns of a terminal; `None` is as wide as it takes. `gives` says which
/// column gives way down to which width or form, in order; 0 leaves it out. What the last step freed beyond need
/// goes back to the columns whose text was cut. A table can still be too wide: ids and money are never cut.
pub(in crate::output) fn fit(
    natural: &[Natural],
    gives: &[(usize, usize)],
    available: Option<usize>,
) -> Vec<usize> {
    let mut most: Vec<usize> = natural.iter().map(|column| column.columns.min(CELL_COLUMNS_MAX)).collect();
    let mut widths = most.clone();
    let Some(available) = available else { return widths };
    for &(column, target) in gives {
        let over = total(&widths).saturating_sub(available);
        if over == 0 {
            break;
        }
        let (Some(now), Some(most)) = (widths.get_mut(column), most.get_mut(column)) else { continue };
        let Some(Natural { forms, give, moves, .. }) = natural.get(column) else { continue };
        match (form(target), give) {
            (None, _) if target == MOVED => match moves.range(..=now.saturating_sub(over)).next_back() {
                Some(fitting) => *now = *fitting,
                None if moves.is_empty() => {}
                None => return fit(&without(natural, column), gives, Some(available)),
            },
            (Some(form), _) => {
                if let Some(form) = forms.get(form) {
                    *now = (*now).min(*form);
                    *most = *now;
                }
            }
            (None, _) if target == 0 => *now = 0,
            (None, Give::Text) => *now = (*now).min(target.max(now.saturating_sub(over))),
            (None, Give::Card) => *now = (*now).min(target),
            // Where a time has shorter forms, those are its steps.
            (None, Give::When) if forms.is_empty() => *now = (*now).min(target),
            (None, Give::When | Give::Never) => {}
        }
    }
    for (column, Natural { give, .. }) in natural.iter().enumerate() {
        let slack = available.saturating_sub(total(&widths));
        if let (Give::Text, Some(now), Some(most)) = (give, widths.get_mut(column), most.get(column))
            && *now > 0
        {
            *now = (*now + slack).min(*most);
        }
    }
    widths
}

/// The columns without one: the room that it leaves is for all of the others again.
fn without(natural: &[Natural], column: usize) -> Vec<Natural> {
    let mut natural = natural.to_vec();
    if let Some(moved) = natural.get_mut(column) {
        *moved = Natural { columns: 0, forms: Vec::new(), moves: BTreeSet::new(), give: moved.give };
    }
    natural
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

/// A cell's text in the width its column got: itself, else the first of its shorter forms that fits, else what can
/// be cut of the shortest.
pub(in crate::output) fn fit_cell<'a>(
    text: &'a str,
    forms: &'a [String],
    give: Give,
    columns: usize,
) -> Cow<'a, str> {
    let mut all = std::iter::once(text).chain(forms.iter().map(String::as_str));
    if let Some(fitting) = all.find(|form| width(form) <= columns) {
        return Cow::Borrowed(fitting);
    }
    let text = forms.last().map_or(text, String::as_str);
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
    use std::collections::BTreeSet;

    use super::{FORM_1, FORM_2, MOVED, Natural, fit, fit_cell, gives_for_chosen, offset};
    use crate::output::field::Give::{self, Card, Never, Text, When};

    fn natural(columns: &[usize], kinds: &[Give]) -> Vec<Natural> {
        let of = |(columns, give): (&usize, &Give)| Natural {
            columns: *columns,
            forms: Vec::new(),
            give: *give,
            moves: BTreeSet::new(),
        };
        columns.iter().zip(kinds).map(of).collect()
    }

    #[test]
    fn columns_give_way_in_order_and_only_as_far_as_needed() {
        let kinds = [When, Text, Text, Never];
        let gives = [(2, 6), (1, 8), (0, 16), (2, 0)];
        let fitted = |available| fit(&natural(&[19, 20, 20, 10], &kinds), &gives, available);
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
        let columns = natural(&[30, 19, 10], &kinds);
        assert_eq!(fit(&columns, &gives_for_chosen(&kinds), Some(10)), [8, 10, 10]);
    }

    #[test]
    fn a_shorter_form_is_a_step_of_its_own_and_what_it_frees_goes_to_texts() {
        let mut columns = natural(&[19, 24, 40], &[When, Text, Never]);
        columns[0].forms = vec![14, 11];
        columns[1].forms = vec![6];
        columns[2].forms = vec![8];
        let gives = [(2, FORM_1), (1, FORM_1), (0, FORM_1), (0, FORM_2), (0, 10), (1, 4)];
        let fitted = |available| fit(&columns, &gives, Some(available));
        assert_eq!(fitted(88), [19, 24, 40]);
        assert_eq!(fitted(87), [19, 24, 8]);
        assert_eq!(fitted(55), [19, 6, 8], "half of a form is none");
        assert_eq!(fitted(37), [14, 6, 8]);
        assert_eq!(fitted(30), [11, 6, 8]);
        assert_eq!(fitted(29), [11, 5, 8], "a time with forms of its own is not cut");
    }

    #[test]
    fn a_column_is_moved_only_where_its_cells_have_another_place() {
        let mut columns = natural(&[10, 20], &[Never, Never]);
        let gives = [(1, MOVED)];
        assert_eq!(fit(&columns, &gives, Some(20)), [10, 20]);
        columns[1].moves = [8, 15].into();
        assert_eq!(fit(&columns, &gives, Some(33)), [10, 20], "not before there is need");
        assert_eq!(fit(&columns, &gives, Some(32)), [10, 15], "as wide as the widest that stays");
        assert_eq!(fit(&columns, &gives, Some(21)), [10, 8]);
        assert_eq!(fit(&columns, &gives, Some(20)), [10, 0], "none of its cells would fit");
    }

    #[test]
    fn cells_keep_what_matters_most() {
        let cell = |text, give, columns| fit_cell(text, &[], give, columns);
        assert_eq!(cell("2026-11-23 19:30:04", When, 16), "2026-11-23 19:30");
        assert_eq!(cell("2026-11-23 19:30:04", When, 10), "2026-11-23");
        assert_eq!(cell("신한 1234", Card, 4), "1234");
        assert_eq!(cell("신한카드", Card, 4), "신…");
        assert_eq!(cell("월 구독료", Text, 6), "월 구…");
        let forms = ["홍길동전".to_owned()];
        assert_eq!(fit_cell("홍길동전 gildong_1", &forms, Text, 18), "홍길동전 gildong_1");
        assert_eq!(fit_cell("홍길동전 gildong_1", &forms, Text, 17), "홍길동전");
        assert_eq!(fit_cell("홍길동전 gildong_1", &forms, Text, 6), "홍길…");
    }

    #[test]
    fn a_column_begins_behind_the_ones_that_are_shown() {
        assert_eq!(offset(&[19, 8, 6], 1), 22);
        assert_eq!(offset(&[19, 0, 6], 2), 22);
    }
}
