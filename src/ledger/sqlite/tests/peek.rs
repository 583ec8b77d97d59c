//! A look from beside.

use std::fs;

use super::{Asked, Place, charged};
use crate::domain::payment::Outcome;
use crate::ledger::Ledger;

fn orders(ledger: &Ledger, prefix: &str, at_most: usize) -> Vec<String> {
    let found = ledger.orders_begun(prefix, at_most).unwrap();
    found.iter().map(|payment| payment.terms.merchant_uid.to_string()).collect()
}

#[test]
fn the_newest_orders_come_first_and_older_ones_by_their_beginning() {
    let place = Place::new();
    let mut ledger = place.ledger();
    for (second, id) in (0..).zip(["b_1", "a_2", "a_1", "b_2"]) {
        charged(&mut ledger, &Asked::new(id, 100, second), Outcome::Paid);
    }
    drop(ledger);
    let peeked = Ledger::peek(&place.path()).unwrap();
    assert_eq!(orders(&peeked, "", 3), ["b_2", "a_1", "a_2"]);
    assert_eq!(orders(&peeked, "a", 9), ["a_1", "a_2"]);
    assert_eq!(orders(&peeked, "b", 1), ["b_2"]);
    assert_eq!(orders(&peeked, "c", 9), [""; 0]);
}

#[test]
fn nothing_is_written_beside_or_into_a_ledger_and_none_is_made() {
    let place = Place::new();
    assert!(Ledger::peek(&place.path()).is_none());
    assert!(!place.path().exists());
    charged(&mut place.ledger(), &Asked::new("order", 100, 0), Outcome::Paid);
    let folder = place.path().parent().unwrap().to_owned();
    let all = || {
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap())
            .filter(|file| file.file_type().unwrap().is_file())
            .map(|file| (file.file_name(), fs::read(file.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = all();
    assert_eq!(orders(&Ledger::peek(&place.path()).unwrap(), "", 9), ["order"]);
    let after = all();
    let names = |files: &[(std::ffi::OsString, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after));
    assert!(before == after, "a file has changed");
    fs::write(place.path(), b"no ledger at all").unwrap();
    assert!(Ledger::peek(&place.path()).is_none());
}
