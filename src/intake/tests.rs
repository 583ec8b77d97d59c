//! What the tests of the room share.

use std::io::Write;

use crate::intake::columns::tests::WANTED;
use crate::intake::{Format, How, Read, Source, Unreadable, file, pipe};

pub(super) type Rows = Vec<(u64, String)>;

fn taken(source: Source, how: &How) -> Result<(Rows, Read), Unreadable> {
    let mut rows = Vec::new();
    let read = super::read(source, how, &WANTED, &mut |line, cells, _| rows.push((line, cells.join("|"))))?;
    Ok((rows, read))
}

/// Reads bytes as a file whose name says nothing.
pub(super) fn read(bytes: &[u8]) -> Result<(Rows, Read), Unreadable> {
    read_as(bytes, None)
}

pub(super) fn read_as(bytes: &[u8], format: Option<Format>) -> Result<(Rows, Read), Unreadable> {
    read_how(bytes, &How { format, ..How::default() })
}

pub(super) fn read_how(bytes: &[u8], how: &How) -> Result<(Rows, Read), Unreadable> {
    let mut handed_in = tempfile::NamedTempFile::new().unwrap();
    handed_in.write_all(bytes).unwrap();
    taken(file(handed_in.path()).unwrap(), how)
}

/// The rows of a text in which nothing is wrong.
pub(super) fn rows(text: &str) -> Rows {
    let (rows, read) = read(text.as_bytes()).unwrap();
    assert_eq!(read.problems.sentences(&read.places), [""; 0], "{text}");
    rows
}

/// What is wrong with a text.
pub(super) fn refused(text: &str) -> Vec<String> {
    let (_, read) = read(text.as_bytes()).unwrap();
    read.problems.sentences(&read.places)
}

/// How many rows came out of a pipe, and what is wrong with them.
pub(super) fn piped(text: &str) -> (usize, Vec<String>) {
    let (rows, read) = taken(pipe(text.as_bytes()).unwrap(), &How::default()).unwrap();
    (rows.len(), read.problems.sentences(&read.places))
}

#[test]
fn a_file_is_known_by_its_name_and_else_by_its_first_letter() {
    let folder = tempfile::tempdir().unwrap();
    let row = r#"{"customer_uid":"a","amount":1,"name":"x"}"#;
    for (name, text) in [
        ("a.json", format!("[{row}]")),
        ("a.json", row.to_owned()),
        ("a.JSONL", row.to_owned()),
        ("a.txt", format!("\n {row}")),
        ("a", format!("[{row}]")),
        ("a.csv", "customer_uid,amount,name\na,1,x\n".to_owned()),
        ("a.dat", "customer_uid,amount,name\na,1,x\n".to_owned()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let (rows, read) = taken(file(&path).unwrap(), &How::default()).unwrap();
        assert_eq!((rows.len(), read.problems.count()), (1, 0), "{name}");
    }
    assert!(matches!(file(folder.path()), Err(Unreadable::Directory)));
}
