//! The columns that a file may have, and how people name them.

use crate::domain::text::nfc;
use crate::domain::words::nearest;
use crate::intake::place::At;
use crate::intake::problem::What;
use crate::intake::wanted::{Wanted, Whose};

/// What one name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Column(usize),
    PassedOver,
    /// No name: the column has to be empty.
    Nothing,
    Unknown,
}

impl Wanted {
    pub(super) fn named(&self, given: &str) -> Named {
        let name = column_name(given);
        if name.is_empty() {
            return Named::Nothing;
        }
        let bare = bare(&name);
        if let Some((_, column)) = self.renamed.iter().find(|(heading, _)| *heading == name) {
            return Named::Column(*column);
        }
        let is_renamed = |column| self.renamed.iter().any(|(_, of)| *of == column);
        let is = |known: &str| known == name || known == bare;
        match self
            .columns
            .iter()
            .enumerate()
            .filter(|(number, _)| !is_renamed(*number))
            .find(|(_, column)| is(column.name) || column.also.iter().any(|also| is(also)))
            .map(|(number, _)| number)
        {
            Some(column) => Named::Column(column),
            None if self.whose == Whose::Anothers => Named::PassedOver,
            None if self.passed_over.iter().any(|known| is(known)) => Named::PassedOver,
            None => Named::Unknown,
        }
    }

    pub(super) fn unknown(&self, given: &str) -> What {
        let (name, names) = (column_name(given), self.names());
        let also = self.columns.iter().flat_map(|column| column.also.iter().copied());
        What::UnknownColumn {
            given: given.trim().to_owned(),
            near: nearest(&name, names.iter().copied().chain(also)),
            names,
        }
    }

    /// How many cells of a row name a column: the header of another's file stands under its titles.
    pub(super) fn known_among(&self, cells: &[&str]) -> usize {
        cells.iter().filter(|cell| matches!(self.named(cell), Named::Column(_))).count()
    }

    /// That no row of another's file names columns.
    pub(super) fn none_known(&self, found: &[String]) -> What {
        let also = || self.columns.iter().flat_map(|column| column.also.iter().copied());
        let near = found.iter().find_map(|given| {
            let near = nearest(&column_name(given), self.names().into_iter().chain(also()))?;
            Some((given.clone(), near))
        });
        What::NoneKnown { found: shown(found), near, names: self.names() }
    }

    /// That a column of another's file is missing, with the heading that may be it.
    fn missing(&self, column: usize, cells: &[&str]) -> What {
        let name = self.columns.get(column).map_or("", |column| column.name);
        let found: Vec<String> = headings(cells);
        let of = |wanted: &str| nearest(wanted, found.iter().map(String::as_str)).map(str::to_owned);
        if let Some((heading, _)) = self.renamed.iter().find(|(_, of)| *of == column) {
            let (heading, near) = (heading.clone(), of(heading));
            return What::NotAsMapped { name, heading, near, found: shown(&found) };
        }
        let also = self.columns.get(column).map_or(&[][..], |column| column.also);
        let near = also.iter().chain([&name]).find_map(|known| of(known));
        What::NotAmong { name, found: shown(&found), near }
    }

    fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }
}

/// A column's name as it is looked for: `Customer-UID`, ` customer uid ` and `customer_uid` are one.
#[must_use]
pub fn column_name(given: &str) -> String {
    nfc(given.trim()).to_lowercase().replace(['-', ' ', '\u{a0}', '\n', '\r'], "_").replace("__", "_")
}

fn headings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

/// As many as a sentence holds.
fn shown(found: &[String]) -> Vec<String> {
    found.iter().take(30).cloned().collect()
}

/// Without what is said in brackets: `금액(원)` is `금액`. Korean names are written with blanks and without.
fn bare(name: &str) -> String {
    let bare = name.split(['(', '（', '[']).next().unwrap_or_default().trim_matches(['_', '*']);
    if bare.is_ascii() { bare.to_owned() } else { bare.replace('_', "") }
}

/// Which cell of a row is what.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub slots: Vec<Named>,
    /// How many cells have a name, up to the last one that has.
    pub width: usize,
    pub passed_over: Vec<String>,
    /// Columns that are there, as they are spelled.
    pub found: Vec<(usize, String)>,
}

impl Header {
    pub(super) fn read(cells: &[&str], wanted: &Wanted) -> Result<Header, Vec<(At, What)>> {
        let mut header = Header::default();
        let mut problems = Vec::new();
        let slots: Vec<Named> = cells.iter().map(|cell| wanted.named(cell)).collect();
        if !slots.iter().any(|named| matches!(named, Named::Column(_))) {
            let first: String = cells.join(",").chars().take(40).collect();
            return Err(vec![(At::Row, What::NoHeader { first, example: wanted.example })]);
        }
        for (index, (given, named)) in cells.iter().zip(&slots).enumerate() {
            match named {
                Named::Column(column) if header.slots.contains(named) => {
                    let name = wanted.columns.get(*column).map_or("", |column| column.name);
                    let before = header.found.iter().find(|(found, _)| found == column);
                    let first = before.map_or_else(String::new, |(_, given)| given.clone());
                    problems.push((
                        At::Row,
                        match wanted.whose {
                            Whose::Ours => What::ColumnTwice { name },
                            Whose::Anothers => {
                                What::EitherColumn { name, first, second: given.trim().to_owned() }
                            }
                        },
                    ));
                }
                Named::Column(column) => header.found.push((*column, given.trim().to_owned())),
                Named::Unknown => problems.push((At::Row, wanted.unknown(given))),
                Named::PassedOver => header.passed_over.push(given.trim().to_owned()),
                Named::Nothing => {}
            }
            if *named != Named::Nothing {
                header.width = index + 1;
            }
            header.slots.push(*named);
        }
        for (column, known) in wanted.columns.iter().enumerate() {
            let is_there = slots.contains(&Named::Column(column));
            let is_mapped = wanted.renamed.iter().any(|(_, of)| *of == column);
            if (known.needed || is_mapped) && !is_there {
                problems.push((
                    At::Row,
                    match wanted.whose {
                        Whose::Ours => What::NoColumn { name: known.name },
                        Whose::Anothers => wanted.missing(column, cells),
                    },
                ));
            }
        }
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Header, Named, column_name};
    use crate::intake::wanted::{Column, Kind, Wanted, Whose};

    pub(in crate::intake) static WANTED: Wanted = Wanted {
        columns: &[
            Column { name: "customer_uid", also: &["고객", "고객번호"], kind: Kind::Id, needed: true },
            Column { name: "amount", also: &["금액"], kind: Kind::Amount, needed: true },
            Column { name: "name", also: &["상품명"], kind: Kind::Text, needed: true },
            Column { name: "merchant_uid", also: &["주문번호"], kind: Kind::Id, needed: false },
            Column { name: "tax_free", also: &["면세금액"], kind: Kind::Amount, needed: false },
            Column { name: "note", also: &["메모"], kind: Kind::Text, needed: false },
        ],
        key: 0,
        passed_over: &["card_name"],
        example: "customer_uid,amount,name,merchant_uid",
        whose: Whose::Ours,
        renamed: Vec::new(),
    };

    #[test]
    fn names_are_found_however_people_write_them() {
        for given in ["Customer-UID", " customer uid ", "customer_uid", "고객", "고객 번호", "고객번호(필수)"]
        {
            assert_eq!(WANTED.named(given), Named::Column(0), "{given}");
        }
        assert_eq!(WANTED.named("금액(원)"), Named::Column(1));
        assert_eq!(WANTED.named("\u{1109}\u{1161}\u{11bc}품명"), Named::Column(2), "single letters");
        assert_eq!(WANTED.named("Card name"), Named::PassedOver);
        assert_eq!((WANTED.named("  "), WANTED.named("amuont")), (Named::Nothing, Named::Unknown));
        assert_eq!(column_name(" Order  ID"), "order_id");
    }

    #[test]
    fn a_name_that_is_near_no_column_is_not_taken_for_one() {
        let said = |given: &str| WANTED.unknown(given).to_string();
        let all = "The columns are customer_uid, amount, name, merchant_uid, tax_free, note";
        assert_eq!(said("Amuont"), format!("`Amuont` is not a column; did you mean amount? {all}"));
        assert_eq!(said("주문번"), format!("`주문번` is not a column; did you mean 주문번호? {all}"));
        assert_eq!(said("zzzzzzzzzzzzz"), format!("`zzzzzzzzzzzzz` is not a column. {all}"));
    }

    #[test]
    fn a_header_is_counted_to_its_last_name() {
        let header = Header::read(&["고객", "금액", "", "상품명", "card_name", "", ""], &WANTED).unwrap();
        assert_eq!((header.width, header.passed_over), (5, vec!["card_name".to_owned()]));
    }
}
