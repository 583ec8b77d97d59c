//! `billkey ledger compact`.

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::ledger::failed::failed;
use crate::commands::session::answered;
use crate::failure::{Exit, Failure};
use crate::ledger::compact;
use crate::output::text::size;

#[derive(Serialize)]
struct CompactAnswer {
    ledger: String,
    bytes_before: u64,
    bytes_after: u64,
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Exit, Failure> {
    // Opened once as usual: an older one is brought up to date, and what is wrong with it is told.
    drop(context.ledger_to_look_after()?);
    let now = context.clock.now();
    let compacted = {
        let _wait = context.ui.waiting("writing the ledger anew");
        compact(&context.settings.database, &now)
    };
    let compacted = compacted.map_err(|error| failed(error, context))?;
    if context.ui.format().is_json() {
        let answer = CompactAnswer {
            ledger: compacted.path.display().to_string(),
            bytes_before: compacted.bytes_before,
            bytes_after: compacted.bytes_after,
        };
        return answered(context.ui.json(&answer), Exit::Done);
    }
    let text = format!(
        "Written anew: {}, {} before.\n  ledger   {}",
        size(compacted.bytes_after),
        size(compacted.bytes_before),
        compacted.path.display()
    );
    answered(context.ui.done(&text), Exit::Done)
}
