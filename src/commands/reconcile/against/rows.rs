//! The rows of another book, in little room, and how they are found by their ids.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::commands::packed;
use crate::commands::reconcile::against::columns::{APPLY_NUM, CANCEL_AMOUNT, IMP_UID, MERCHANT_UID};
use crate::domain::money::Currency;
use crate::domain::other_book::{MoneyCells, Moved, Span, Status, Telling, There, When, Wrong};
use crate::domain::text::nfc;
use crate::intake::Problems;

const AMOUNT: usize = 3;

const CURRENCY: usize = 5;
const PAID_AT: usize = 6;
const CANCELLED_AT: usize = 7;
const STATUS: usize = 8;
const KIND: usize = 9;

/// What is kept of a row besides its ids.
#[derive(Clone, Copy, Debug)]
struct Kept {
    moved: Moved,
    currency: Currency,
    at: Option<When>,
}

/// The rows about money, in the file's order.
pub(super) struct Rows {
    ids: packed::Rows<3>,
    kept: Vec<Kept>,
    /// Rows by which no money moved.
    pub no_money: u64,
    has_cancelled: bool,
    has_back_alone: bool,
    zone: TimeZone,
}

impl Rows {
    pub(super) fn new(zone: &TimeZone) -> Rows {
        Rows {
            ids: packed::Rows::default(),
            kept: Vec::new(),
            no_money: 0,
            has_cancelled: false,
            has_back_alone: false,
            zone: zone.clone(),
        }
    }

    /// Takes one row, or says everything that is wrong with it.
    pub(super) fn take(&mut self, line: u64, cells: &[Cow<'_, str>], problems: &mut Problems) {
        let before = problems.count();
        let cell = |column: usize| cells.get(column).map_or("", |cell| cell.trim());
        let mut say = |column, what: &str| problems.say(line, column, what);
        let mut status_of = |column| match Status::read(cell(column)) {
            Ok(status) => status,
            Err(what) => {
                say(Some(column), &what);
                None
            }
        };
        let (status, kind) = (status_of(STATUS), status_of(KIND));
        let currency = match cell(CURRENCY) {
            "" => Currency::KRW,
            code => Currency::asked_for(code).unwrap_or_else(|error| {
                say(Some(CURRENCY), &error.to_string());
                Currency::KRW
            }),
        };
        let (amount, cancelled) = (cell(AMOUNT), cell(CANCEL_AMOUNT));
        let moved = MoneyCells { amount, cancelled, status, kind }.read(currency).unwrap_or_else(|wrong| {
            match &wrong {
                Wrong::Amount(what) => say(Some(AMOUNT), what),
                Wrong::Cancelled(what) => say(Some(CANCEL_AMOUNT), what),
                Wrong::Status(what) => say(Some(STATUS), what),
            }
            Moved::default()
        });
        let mut time_of = |column| {
            let when = When::read(cell(column), &self.zone);
            if when.is_none() && !cell(column).is_empty() {
                let what = format!(
                    "`{}` is no time; it is written as 2026-11-23, 2026-11-23 19:30:04 or 20261123",
                    cell(column).escape_debug()
                );
                say(Some(column), &what);
            }
            when
        };
        let (paid_at, cancelled_at) = (time_of(PAID_AT), time_of(CANCELLED_AT));
        let ids = [cell(IMP_UID), cell(MERCHANT_UID), cell(APPLY_NUM)];
        let moves = moved != Moved::default();
        if moves && ids.iter().all(|id| id.is_empty()) {
            say(None, "nothing names its payment: imp_uid, merchant_uid and apply_num are empty");
        }
        if problems.count() > before {
            return;
        }
        self.has_cancelled |= !cancelled.is_empty();
        if !moves {
            self.no_money += 1;
            return;
        }
        let is_back_alone = moved.sale_minor == 0;
        self.has_back_alone |= is_back_alone;
        let at = if is_back_alone { cancelled_at.or(paid_at) } else { paid_at };
        if self.ids.push(line, &ids) {
            self.kept.push(Kept { moved, currency, at });
        } else {
            problems.say(line, None, "the row, or the whole file, is too long; shorten or split it");
        }
    }

    /// The file has a column of what went back, whatever stands in it.
    pub(super) fn has_column_of_refunds(&mut self) {
        self.has_cancelled = true;
    }

    pub(super) fn shrink(&mut self) {
        self.ids.shrink();
        self.kept.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = u32> + use<> {
        self.ids.all()
    }

    pub(super) fn line(&self, row: u32) -> u64 {
        self.ids.line(row)
    }

    /// Its imp_uid, merchant_uid and approval number; empty ones were not given.
    pub(super) fn ids(&self, row: u32) -> [&str; 3] {
        self.ids.cells(row)
    }

    pub(super) fn there(&self, row: u32) -> There {
        let kept = usize::try_from(row).ok().and_then(|row| self.kept.get(row));
        let none = Kept { moved: Moved::default(), currency: Currency::KRW, at: None };
        let Kept { moved, currency, at } = kept.copied().unwrap_or(none);
        There { row, currency, moved, at }
    }

    /// A list with a column of what went back has a row a payment, unless a row takes money back by itself.
    pub(super) fn telling(&self) -> Telling {
        if self.has_cancelled && !self.has_back_alone { Telling::Payments } else { Telling::Movements }
    }

    /// The first and the last day of its rows; `None` where no row has a time.
    pub(super) fn days(&self) -> Option<(Date, Date)> {
        let mut days = self.kept.iter().filter_map(|kept| Some(kept.at?.day()));
        let first = days.next()?;
        Some(days.fold((first, first), |(from, to), day| (from.min(day), to.max(day))))
    }

    /// Whether a row is about a time; one that does not tell its own is.
    pub(super) fn is_of(&self, row: u32, span: &Span) -> bool {
        self.there(row).at.is_none_or(|at| span.has_told(at))
    }

    /// Sales that stand there once more, each with the first of its kind, among rows that are left.
    pub(super) fn twins(&self, counts: impl Fn(u32) -> bool) -> Vec<(u32, u32)> {
        self.ids.twins(|row| {
            let there = self.there(row);
            (there.moved.sale_minor > 0 && counts(row)).then(|| {
                let ids = self.ids(row);
                let [imp_uid, merchant_uid, _] = ids;
                // With an id of its own a payment is one, whatever else its rows say.
                if !imp_uid.is_empty() {
                    ([imp_uid, "", ""], None)
                } else if !merchant_uid.is_empty() {
                    (["", merchant_uid, ""], None)
                } else {
                    (ids, Some((there.moved.sale_minor, there.at.map(When::day))))
                }
            })
        })
    }
}

/// Approval numbers lose the zeros before them in spreadsheets.
pub(super) fn approval_key(text: &str) -> &str {
    text.trim_start_matches('0')
}

/// Which rows have an id.
pub(super) struct Index {
    column: usize,
    hasher: RandomState,
    sorted: Vec<(u64, u32)>,
}

impl Index {
    pub(super) fn new(rows: &Rows, column: usize) -> Index {
        let hasher = RandomState::new();
        let hashed = |row| {
            let key = key(column, rows.ids(row));
            (!key.is_empty()).then(|| (hasher.hash_one(key.as_ref()), row))
        };
        let mut sorted: Vec<(u64, u32)> = rows.all().filter_map(hashed).collect();
        sorted.sort_unstable();
        Index { column, hasher, sorted }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The rows with this id, in the file's order.
    pub(super) fn rows(&self, rows: &Rows, id: &str) -> Vec<u32> {
        let mut given = [""; 3];
        if let Some(place) = given.get_mut(self.column) {
            *place = id;
        }
        let wanted = key(self.column, given);
        if wanted.is_empty() {
            return Vec::new();
        }
        let hash = self.hasher.hash_one(wanted.as_ref());
        let begin = self.sorted.partition_point(|(other, _)| *other < hash);
        let alike = self.sorted.iter().skip(begin).take_while(|(other, _)| *other == hash);
        // Two ids may share a hash.
        alike.map(|(_, row)| *row).filter(|row| key(self.column, rows.ids(*row)) == wanted).collect()
    }
}

/// The same id, however its letters are composed.
fn key(column: usize, ids: [&str; 3]) -> Cow<'_, str> {
    let id = ids.get(column).copied().unwrap_or_default();
    if column == APPLY_NUM { Cow::Borrowed(approval_key(id)) } else { nfc(id) }
}
