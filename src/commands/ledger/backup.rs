//! `billkey ledger backup`.

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::ledger::BackupArgs;
use crate::commands::ledger::bar::Bar;
use crate::commands::ledger::failed::failed;
use crate::commands::onto::not_onto_own;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::BackedUp;
use crate::output::text::{shell_word, size, when_rfc3339};

#[derive(Serialize)]
struct BackupAnswer {
    ledger: String,
    ledger_id: String,
    backup: String,
    made_at: String,
    payments: u64,
    events: u64,
    size_bytes: u64,
    /// Whether every payment in it is what was written.
    sound: bool,
}

pub(super) fn run(args: &BackupArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    not_onto_own(&args.file, "FILE", None, context.settings)?;
    let ledger = context.ledger_to_look_after()?;
    let at = context.now();
    let made = {
        let mut bar = Bar::default();
        let ui = &mut *context.ui;
        let mut tick = |job, done, all| bar.show(ui, job, done, all);
        ledger.back_up(&args.file, at, &mut tick)
    };
    let made = made.map_err(|error| failed(error, context))?;
    if !made.sound {
        let check = context.hint("ledger check");
        context.ui.warning(&format!(
            "the ledger holds what billkey did not write so, and so does its backup; {check} says what"
        ));
    }
    let zone = context.ui.zone().clone();
    if context.ui.format().is_json() {
        let answer = BackupAnswer {
            ledger: ledger.place().to_string(),
            ledger_id: made.ledger_id,
            backup: made.path.display().to_string(),
            made_at: when_rfc3339(at, &zone),
            payments: made.payments,
            events: made.events,
            size_bytes: made.size_bytes,
            sound: made.sound,
        };
        return answered(context.ui.json(&answer), Exit::Done);
    }
    let text = told(&made, context);
    answered(context.ui.done(&text), Exit::Done)
}

fn told(made: &BackedUp, context: &Context<'_>) -> String {
    let path = made.path.display().to_string();
    format!(
        "Backed up {} with {}, {}.\n  backup   {path}\n  back     {}",
        number_of(made.payments, "payment"),
        number_of(made.events, "event"),
        size(made.size_bytes),
        context.hint(&format!("ledger restore {}", shell_word(&path)))
    )
}
