//! What `batch` and `customer import` share of the files that people hand in.

use std::io::{self, IsTerminal, StdinLock};
use std::path::Path;

use crate::domain::words::nearest;
use crate::failure::Failure;
use crate::output::text::safe;

/// Whether `-` was given for a file.
pub(super) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// What is sent into the program; the hint shows the command that does it.
pub(super) fn piped(hint: &str) -> Result<StdinLock<'static>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(
            Failure::usage("stdin is a terminal; name a file, or send one into it").hinted(hint.to_owned())
        );
    }
    Ok(stdin.lock())
}

/// How many lines end in these bytes.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u64::MAX)
}

/// A column's name as it is looked for.
pub(super) fn column_name(given: &str) -> String {
    given.trim().to_lowercase().replace(['-', ' '], "_")
}

/// A column name that is none of these, and the nearest there is.
pub(super) fn unknown_column(given: &str, columns: &[&str]) -> String {
    let near = nearest(&column_name(given), columns.iter().copied());
    let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let stop = if near.is_some() { "" } else { "." };
    format!("`{}` is not a column{meant}{stop} The columns are {}", safe(given), columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{column_name, count_lines, unknown_column};

    #[test]
    fn names_are_found_however_people_write_them() {
        for given in ["Customer-UID", " customer uid ", "customer_uid"] {
            assert_eq!(column_name(given), "customer_uid");
        }
    }

    #[test]
    fn a_name_that_is_near_no_column_is_not_taken_for_one() {
        let said = |given| unknown_column(given, &["amount", "name"]);
        assert_eq!(
            said("Amuont"),
            "`Amuont` is not a column; did you mean amount? The columns are amount, name"
        );
        assert_eq!(said("card"), "`card` is not a column. The columns are amount, name");
    }

    #[test]
    fn lines_are_counted_by_their_ends() {
        assert_eq!((count_lines(b""), count_lines(b"a"), count_lines(b"a\r\nb\nc")), (0, 0, 2));
    }
}
