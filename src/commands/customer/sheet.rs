//! A file of customers, read as a whole before anything is asked or saved.

use std::borrow::Cow;

use crate::commands::customer::saving::Given;
use crate::commands::packed::Rows;
use crate::domain::ids::CustomerUid;
use crate::intake::{Column, Kind, Problems, Wanted, Whose};
use crate::output::text::safe;

const fn column(name: &'static str, also: &'static [&'static str], kind: Kind, needed: bool) -> Column {
    Column { name, also, kind, needed }
}

/// The columns that are read; the cells of a row have this order.
static COLUMNS: [Column; 5] = [
    column("customer_uid", &["고객", "고객번호", "고객id", "고객아이디", "고객코드"], Kind::Id, true),
    column("name", &["이름", "성명", "고객명", "고객이름"], Kind::Text, false),
    column("email", &["이메일", "메일", "고객이메일"], Kind::Text, false),
    column("tel", &["전화", "전화번호", "연락처", "휴대폰", "휴대폰번호"], Kind::Text, false),
    column("note", &["메모", "비고"], Kind::Text, false),
];

/// What is looked for in a file of customers. Of what `customer list` writes, the gateway tells the rest.
pub(super) static WANTED: Wanted = Wanted {
    columns: &COLUMNS,
    key: 0,
    passed_over: &[
        "card_name",
        "card_code",
        "card_number",
        "pg_provider",
        "pg_id",
        "mode",
        "added_at",
        "checked_at",
        "removed_at",
    ],
    example: "customer_uid,name,email,tel,note",
    whose: Whose::Ours,
    renamed: Vec::new(),
};

/// One customer of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1, the header's.
    pub number: u64,
    pub customer_uid: CustomerUid,
    /// An empty cell was not given.
    pub given: Given,
}

/// The customers of a file, checked as they are read, in little room.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// Cells without the blanks around them, in the order of [`COLUMNS`].
    rows: Rows<{ COLUMNS.len() }>,
}

impl Sheet {
    /// Takes one row.
    pub(super) fn row(&mut self, number: u64, cells: &[Cow<'_, str>], problems: &mut Problems) {
        let mut texts = [""; COLUMNS.len()];
        for (text, cell) in texts.iter_mut().zip(cells) {
            *text = cell.trim();
        }
        let customer_uid = CustomerUid::parse(texts[CUSTOMER_UID]);
        if let Err(error) = &customer_uid {
            problems.say(number, None, &error.to_string());
        }
        if let Err(failure) = given(&texts).check() {
            problems.say(number, None, &failure.message);
        }
        if customer_uid.is_ok() && !self.rows.push(number, &texts) {
            problems.say(number, None, "the row, or the whole file, is too long; shorten or split it");
        }
    }

    /// What is wrong with two rows together; `place` says where a row stands.
    pub(super) fn twins(&self, place: impl Fn(u64) -> String) -> Problems {
        let mut problems = Problems::default();
        let uid = |row| self.rows.cells(row)[CUSTOMER_UID];
        for (row, first) in self.rows.twins(|row| Some(uid(row))) {
            let first = place(self.rows.line(first));
            problems.say(self.rows.line(row), None, &format!("{} is on {first} already", safe(uid(row))));
        }
        problems
    }

    /// How many customers there are.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.rows.count()).unwrap_or(usize::MAX)
    }

    /// The customer at a place in the file's order, counted from 0.
    pub(super) fn line(&self, place: usize) -> Option<Line> {
        let row = u32::try_from(place).ok().filter(|row| *row < self.rows.count())?;
        let texts = self.rows.cells(row);
        let customer_uid = CustomerUid::parse(texts[CUSTOMER_UID]).ok()?;
        Some(Line { number: self.rows.line(row), customer_uid, given: given(&texts) })
    }

    /// Nothing more is read.
    pub(super) fn shrink(&mut self) {
        self.rows.shrink();
    }
}

const CUSTOMER_UID: usize = 0;

fn given(texts: &[&str; COLUMNS.len()]) -> Given {
    let [_, name, email, tel, note] = texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
    Given { name, email, tel, note }
}

#[cfg(test)]
mod tests;
