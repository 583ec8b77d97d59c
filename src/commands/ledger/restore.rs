//! `billkey ledger restore`.

use serde::Serialize;

use crate::commands::context::{Context, rebuild};
use crate::commands::ledger::RestoreArgs;
use crate::commands::ledger::bar::Bar;
use crate::commands::ledger::failed::failed;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::{Restored, restore};
use crate::output::standing::sends_nothing;
use crate::output::text::{when, when_rfc3339};

#[derive(Serialize)]
struct RestoreAnswer {
    ledger: String,
    ledger_id: String,
    epoch: i64,
    backup: String,
    /// When the backup was made.
    made_at: String,
    payments: u64,
    events: u64,
    /// Where the ledger is now that stood there.
    kept_as: Option<String>,
    /// The command that ends the distrust.
    next: String,
}

pub(super) fn run(args: &RestoreArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let now = context.clock.now();
    let restored = {
        let mut bar = Bar::default();
        let database = &context.settings.database;
        let ui = &mut *context.ui;
        let mut tick = |job, done, all| bar.show(ui, job, done, all);
        restore(&args.file, database, &now, &mut tick)
    };
    let restored = restored.map_err(|error| failed(error, context))?;
    if restored.misfits > 0 {
        let check = context.hint("ledger check");
        context.ui.warning(&format!(
            "the backup was made of a ledger that held what billkey did not write so ({}); {check} says what",
            number_of(restored.misfits, "payment")
        ));
    }
    let zone = context.ui.zone().clone();
    if context.ui.format().is_json() {
        let answer = RestoreAnswer {
            ledger: restored.path.display().to_string(),
            ledger_id: restored.ledger_id,
            epoch: restored.epoch,
            backup: args.file.display().to_string(),
            made_at: when_rfc3339(restored.made, &zone),
            payments: restored.payments,
            events: restored.events,
            kept_as: restored.kept.map(|kept| kept.display().to_string()),
            next: context.hint(&rebuild(&restored.distrust, &zone)),
        };
        return answered(context.ui.json(&answer), Exit::Done);
    }
    let text = told(&restored, context);
    answered(context.ui.done(&text), Exit::Done)
}

fn told(restored: &Restored, context: &Context<'_>) -> String {
    let (now, zone) = (context.clock.now(), context.ui.zone());
    let mut lines = vec![
        format!(
            "Restored {} with {} from the backup of {}. What was charged after that is missing in it.",
            number_of(restored.payments, "payment"),
            number_of(restored.events, "event"),
            when(restored.made, zone)
        ),
        format!("  ledger   {}", restored.path.display()),
    ];
    if let Some(kept) = &restored.kept {
        lines.push(format!("  before   {}", kept.display()));
    }
    let wait = context.wait(&restored.distrust, &now);
    lines.extend(sends_nothing(wait, now.wall, zone).map(|until| format!("  {until}")));
    lines.push(format!("  next     {}", context.hint(&rebuild(&restored.distrust, zone))));
    lines.push(format!("  or       {}", context.hint("ledger accept --reason \"...\"")));
    lines.join("\n")
}
