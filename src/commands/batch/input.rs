//! The whole file, read and checked before anything else is done.

use std::path::Path;

use crate::commands::batch::reading::Reading;
use crate::commands::batch::row::{Rows, Rules};
use crate::commands::batch::source::{self, Encoding, Source};
use crate::commands::batch::{InputFormat, lines, sheet};
use crate::failure::{Failure, Kind};

/// What was read.
pub(super) struct Input {
    pub rows: Rows,
    pub name: String,
    /// It was decoded from CP949.
    pub decoded: bool,
}

/// Reads and checks the whole file. The error names every problem there is.
pub(super) fn read(file: &Path, format: Option<InputFormat>, rules: &Rules) -> Result<Input, Failure> {
    let Source { name, encoding, text } = source::open(file)?;
    let mut reading = Reading::new(rules);
    let read = match format.unwrap_or_else(|| InputFormat::of(file)) {
        InputFormat::Csv => sheet::read(text, &mut reading),
        InputFormat::Jsonl => lines::read(text, &mut reading),
    };
    if let Err(error) = read {
        return Err(Failure { kind: Kind::Usage, ..Failure::io(format!("read {name}"), &error) });
    }
    let mut rows = reading.finish()?.map_err(|problems| problems.failure(&name))?;
    if rows.is_empty() {
        return Err(Failure::usage(format!("{name} has no rows, only a header")));
    }
    rows.shrink();
    Ok(Input { rows, name, decoded: encoding == Encoding::Cp949 })
}
