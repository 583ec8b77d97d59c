//! A CSV file of customers, read as a whole before anything is asked or saved.

use std::collections::HashMap;

use csv::StringRecord;

use crate::commands::customer::saving::Given;
use crate::commands::handed_in::{column_name, count_lines, unknown_column};
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::output::field::Listed;

/// The columns that are read.
const COLUMNS: [&str; 5] = ["customer_uid", "name", "email", "tel", "note"];

/// One customer of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1, the header's.
    pub number: u64,
    pub customer_uid: CustomerUid,
    /// An empty cell was not given.
    pub given: Given,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    pub lines: Vec<Line>,
    /// Columns of `customer list --format csv` that the gateway tells, and that are not read.
    pub passed_over: Vec<String>,
}

/// Reads a file, with a byte order mark or without. The error is every problem there is, each a
/// sentence with its line.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Vec<String>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + count_lines(bytes.get(..error.valid_up_to()).unwrap_or_default());
        vec![format!("line {line} is not UTF-8; save the file as `CSV UTF-8`")]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = Numbered { text: text.as_bytes(), counted_to: 0, number: 1 };
    let mut record = StringRecord::new();
    let unreadable = |error: csv::Error| vec![format!("it is no CSV: {error}")];
    if !reader.read_record(&mut record).map_err(unreadable)? {
        return Err(vec!["it is empty; its first line has to name the columns".to_owned()]);
    }
    let header = Header::read(&record, records.number_of(&record))?;
    let mut sheet = Sheet { lines: Vec::new(), passed_over: header.passed_over.clone() };
    let mut problems = Vec::new();
    let mut seen: HashMap<CustomerUid, u64> = HashMap::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        let number = records.number_of(&record);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match header.line(&record, number) {
            Ok(line) => match seen.insert(line.customer_uid.clone(), number) {
                Some(first) => {
                    problems.push(format!("line {number}: {} is on line {first} already", line.customer_uid));
                    seen.insert(line.customer_uid, first);
                }
                None => sheet.lines.push(line),
            },
            Err(problem) => problems.push(format!("line {number}: {problem}")),
        }
    }
    if problems.is_empty() { Ok(sheet) } else { Err(problems) }
}

/// Which cell is what.
struct Header {
    /// For each of [`COLUMNS`], where it stands.
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
    passed_over: Vec<String>,
}

impl Header {
    fn read(record: &StringRecord, number: u64) -> Result<Header, Vec<String>> {
        let mut header =
            Header { places: [None; COLUMNS.len()], width: record.len(), passed_over: Vec::new() };
        let mut problems = Vec::new();
        for (index, given) in record.iter().enumerate() {
            let name = column_name(given);
            let known = COLUMNS.iter().position(|column| *column == name);
            match known.and_then(|column| header.places.get_mut(column)) {
                Some(Some(_)) => problems.push(format!("line {number}: the column {name} is there twice")),
                Some(place) => *place = Some(index),
                None if name.is_empty() => {
                    problems.push(format!("line {number}: column {} has no name", index + 1));
                }
                None if Customer::FIELDS.iter().any(|field| field.name == name) => {
                    header.passed_over.push(name);
                }
                None => problems.push(format!("line {number}: {}", unknown_column(given, &COLUMNS))),
            }
        }
        if problems.is_empty() && header.places.first().is_none_or(Option::is_none) {
            problems.push(format!("line {number}: there is no column customer_uid"));
        }
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }

    fn line(&self, record: &StringRecord, number: u64) -> Result<Line, String> {
        if record.len() != self.width {
            return Err(format!("there are {} cells; the header names {} columns", record.len(), self.width));
        }
        let [uid, name, email, tel, note] = self.places.map(|place| {
            let text = unprotected(place.and_then(|place| record.get(place)).unwrap_or_default()).trim();
            (!text.is_empty()).then(|| text.to_owned())
        });
        let customer_uid =
            CustomerUid::parse(uid.as_deref().unwrap_or_default()).map_err(|error| error.to_string())?;
        let given = Given { name, email, tel, note };
        given.check().map_err(|failure| failure.message)?;
        Ok(Line { number, customer_uid, given })
    }
}

/// Takes away the `'` that billkey's own CSV puts before what a spreadsheet would take for a
/// formula, so that `'+82-10-…` comes back as the telephone number that it was.
fn unprotected(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        Some(_) | None => cell,
    }
}

/// Line numbers as an editor counts them. The reader's own count stands at the end of the line
/// before, and before any empty lines.
struct Numbered<'a> {
    text: &'a [u8],
    counted_to: usize,
    number: u64,
}

impl Numbered<'_> {
    fn number_of(&mut self, record: &StringRecord) -> u64 {
        let begins = record.position().map_or(0, csv::Position::byte);
        let begins = usize::try_from(begins).unwrap_or(usize::MAX);
        let after = self.text.get(begins..).unwrap_or_default();
        let breaks = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begins = begins.saturating_add(breaks);
        self.number += count_lines(self.text.get(self.counted_to..begins).unwrap_or_default());
        self.counted_to = begins;
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Sheet, read};
    use crate::commands::customer::saving::Given;
    use crate::domain::ids::CustomerUid;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn numbers(sheet: &Sheet) -> Vec<(u64, &str)> {
        sheet.lines.iter().map(|line| (line.number, line.customer_uid.as_str())).collect()
    }

    #[test]
    fn columns_come_in_any_order_and_empty_cells_are_not_given() {
        let sheet =
            read("name,Customer-UID,note\n홍길동, gildong ,\n,younghee,\"a, b\"\n".as_bytes()).unwrap();
        let line = |number, uid, name, note| Line {
            number,
            customer_uid: CustomerUid::parse(uid).unwrap(),
            given: Given { name, note, ..Given::default() },
        };
        assert_eq!(
            sheet.lines,
            [line(2, "gildong", some("홍길동"), None), line(3, "younghee", None, some("a, b"))]
        );
        assert_eq!(sheet.passed_over, [""; 0]);
    }

    #[test]
    fn a_byte_order_mark_and_either_line_break_are_no_difference() {
        for text in
            ["customer_uid,name\na,b\n", "\u{feff}customer_uid,name\r\na,b\r\n", "customer_uid,name\na,b"]
        {
            assert_eq!(numbers(&read(text.as_bytes()).unwrap()), [(2, "a")], "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        for end in ["\n", "\r\n"] {
            let text = ["customer_uid,note", "a,1", "", "b,2", ",", "c,3"].join(end);
            assert_eq!(numbers(&read(text.as_bytes()).unwrap()), [(2, "a"), (4, "b"), (6, "c")], "{end:?}");
        }
        let quoted = read(b"customer_uid,note\na,\"x\"\"y\"\nb/,\n").unwrap_err();
        assert!(matches!(quoted.as_slice(), [one] if one.starts_with("line 3: ")), "{quoted:?}");
    }

    #[test]
    fn every_problem_is_reported_with_its_line() {
        let text = "customer_uid,name\na,1\n,2\nb/c,3\nd\ne,4,5\na,6\na,7\nf,\"x\ny\"\n";
        let problems = read(text.as_bytes()).unwrap_err();
        let begins: Vec<&str> = problems.iter().map(|problem| problem.split(';').next().unwrap()).collect();
        assert_eq!(
            begins,
            [
                "line 3: the customer_uid is empty",
                "line 4: the customer_uid `b/c` contains a slash",
                "line 5: there are 1 cells",
                "line 6: there are 3 cells",
                "line 7: a is on line 2 already",
                "line 8: a is on line 2 already",
                "line 9: the name `x\\ny` contains a control character or a newline",
            ]
        );
    }

    #[test]
    fn a_header_that_is_none_is_refused_by_name() {
        for (text, problem) in [
            ("", "it is empty; its first line has to name the columns"),
            ("name,tel\n", "line 1: there is no column customer_uid"),
            ("customer_uid,name,name\n", "line 1: the column name is there twice"),
            ("customer_uid,\n", "line 1: column 2 has no name"),
            (
                "customer_uid,nmae\n",
                "line 1: `nmae` is not a column; did you mean name? The columns are customer_uid, name, \
                 email, tel, note",
            ),
        ] {
            assert_eq!(read(text.as_bytes()), Err(vec![problem.to_owned()]), "{text:?}");
        }
        assert!(read(b"gildong,Hong\n").unwrap_err().len() == 2, "no header at all");
    }

    #[test]
    fn what_is_not_utf_8_is_named_by_its_line() {
        let problem = read(b"customer_uid,name\na,b\nc,\xc8\xab\xb1\xe6\xb5\xbf\n").unwrap_err();
        assert_eq!(problem, ["line 3 is not UTF-8; save the file as `CSV UTF-8`"]);
    }

    #[test]
    fn our_own_list_can_be_read_back() {
        let text = "customer_uid,name,email,tel,note,card_name,mode\r\n\
            gildong,홍길동,,'+82-10-0000-1234,'it is,신한카드,live\r\n";
        let sheet = read(text.as_bytes()).unwrap();
        assert_eq!(sheet.passed_over, ["card_name", "mode"]);
        let given = &sheet.lines[0].given;
        assert_eq!((&given.tel, &given.note), (&some("+82-10-0000-1234"), &some("'it is")));
    }
}
