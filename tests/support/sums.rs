//! What a ledger keeps beside its payments, against these.

use std::path::Path;

use billkey::ledger::{Create, Ledger};

/// Adds all payments up, and says what of the sums that are kept is not what they come to.
pub fn sums_are_right(path: &Path) -> Result<(), String> {
    let ledger = Ledger::open_at(path, Create::Never).map_err(|error| error.to_string())?.ledger;
    let wrong = ledger.wrong_sums().map_err(|error| error.to_string())?;
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {}", path.display(), wrong.join("; "))) }
}
