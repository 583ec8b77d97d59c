//! The whole file, read and checked before anything else is done.

use crate::commands::batch::BatchArgs;
use crate::commands::batch::columns::WANTED;
use crate::commands::batch::reading::Reading;
use crate::commands::batch::row::{Rows, Rules};
use crate::commands::handed_in;
use crate::failure::Failure;
use crate::intake::Encoding;

/// What was read.
pub(super) struct Input {
    pub rows: Rows,
    pub name: String,
    /// It was decoded from CP949.
    pub decoded: bool,
    /// What is to be looked at, and stands in nothing's way.
    pub warnings: Vec<String>,
}

/// Reads and checks the whole file. The error names every problem there is.
pub(super) fn read(args: &BatchArgs, rules: &Rules) -> Result<Input, Failure> {
    let mut reading = Reading::new(rules);
    let handed_in = handed_in::read(
        &args.file,
        &args.input,
        "billkey batch - < charges.csv",
        &WANTED,
        &mut |line, cells, problems| reading.row(line, cells, problems),
    )?;
    let name = handed_in.name;
    let (mut rows, read) = reading.finish(handed_in.read)?;
    if !read.problems.is_empty() {
        return Err(handed_in::refused(&name, &read));
    }
    if rows.is_empty() {
        return Err(Failure::usage(format!("{name} has no rows")));
    }
    rows.shrink();
    Ok(Input { rows, name, decoded: read.encoding == Encoding::Cp949, warnings: read.warnings })
}
