//! A file of customers, read as a whole before anything is asked or saved.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::commands::customer::saving::Given;
use crate::domain::ids::CustomerUid;
use crate::intake::{Column, Kind, Problems, Wanted};

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

/// The customers of a file, as they are read.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub lines: Vec<Line>,
    seen: HashMap<CustomerUid, u64>,
    /// Lines that name a customer of an earlier one.
    twins: Vec<(u64, CustomerUid, u64)>,
}

impl Sheet {
    /// Takes one row.
    pub(super) fn row(&mut self, number: u64, cells: &[Cow<'_, str>], problems: &mut Problems) {
        let mut texts = cells.iter().map(|cell| Some(cell.trim()).filter(|text| !text.is_empty()));
        let mut next = || texts.next().flatten().map(str::to_owned);
        let uid = next().unwrap_or_default();
        let given = Given { name: next(), email: next(), tel: next(), note: next() };
        let customer_uid = CustomerUid::parse(&uid);
        if let Err(error) = &customer_uid {
            problems.say(number, None, &error.to_string());
        }
        if let Err(failure) = given.check() {
            problems.say(number, None, &failure.message);
        }
        if let Ok(customer_uid) = customer_uid {
            match self.seen.get(&customer_uid) {
                Some(first) => self.twins.push((number, customer_uid, *first)),
                None => {
                    self.seen.insert(customer_uid.clone(), number);
                    self.lines.push(Line { number, customer_uid, given });
                }
            }
        }
    }

    /// What is wrong with two rows together; `place` says where a row stands.
    pub(super) fn twins(&self, place: impl Fn(u64) -> String) -> Problems {
        let mut problems = Problems::default();
        for (number, uid, first) in &self.twins {
            problems.say(*number, None, &format!("{uid} is on {} already", place(*first)));
        }
        problems
    }
}

#[cfg(test)]
mod tests;
