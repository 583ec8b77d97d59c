//! The names of columns as people write them.

use crate::commands::batch::row::COLUMNS;
use crate::output::text::safe;

/// A column name that is none, and the nearest there is.
pub(super) fn unknown_column(given: &str) -> String {
    let wanted = column_name(given);
    let nearest = COLUMNS
        .iter()
        .min_by_key(|column| strsim::osa_distance(column, &wanted))
        .copied()
        .unwrap_or_default();
    format!(
        "`{}` is not a column; did you mean {nearest}? The columns are {}",
        safe(given),
        COLUMNS.join(", ")
    )
}

/// A column's name as it is looked for.
pub(super) fn column_name(given: &str) -> String {
    given.trim().to_lowercase().replace(['-', ' '], "_")
}
