//! `billkey status`: who would do what with whose money, and whether something waits; without asking anybody.

use clap::Args;

use crate::commands::context::Context;
use crate::commands::doctor::report::Report;
use crate::commands::doctor::{ledger, setup, unusable};
use crate::commands::session::{Session, answered};
use crate::failure::{Exit, Failure, Kind};
use crate::settings::{Fault, Settings, Shown};

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox status
  billkey --sandbox whoami --json

Exit codes:
  0 nothing is bad   3 the configuration is   1 the ledger is
  8 something is left for a person: two payments under one order
  Of several 3, then 1, then 8   2 as usual; see `billkey help exit-codes`";

/// Tell profile, key and ledger, and what waits in it
///
/// The short form of `billkey doctor`: nothing is asked of the gateway, no secret is read and no
/// program is run for one. Nothing is charged and no ledger is created.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct StatusArgs {}

/// Tells it. A config file that cannot be used is a finding too.
#[must_use]
pub fn status(_args: &StatusArgs, session: &Session) -> u8 {
    match Settings::resolve(&session.flags, &session.environment) {
        Err(error) if error.fault == Fault::Config => session.without_settings(|ui| {
            let report = unusable(error);
            answered(ui.checklist(&report.checks), report.exit())
        }),
        Ok(_) | Err(_) => session.with_settings(tell),
    }
}

fn tell(context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut report = Report::default();
    setup::config(context.settings, &mut report);
    who(context.settings, &mut report);
    key(context.settings, &mut report);
    ledger::examine(context, &mut report);
    let doctor = context.hint("doctor");
    report.ok("gateway", format!("not asked; to check it, and key and secret there: {doctor}"));
    answered(context.ui.checklist(&report.checks), report.exit())
}

fn who(settings: &Settings, report: &mut Report) {
    let operator = settings.operator.as_deref().unwrap_or("nobody that is known");
    let host = settings.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default();
    report.ok("operator", format!("{operator}{host}"));
}

/// Where key and secret come from. Neither is read: to tell who one is takes no passphrase.
fn key(settings: &Settings, report: &mut Report) {
    if settings.sandbox() {
        report.ok("key", "the sandbox has a key of its own; no money moves");
        return;
    }
    let shown = settings.shown().iter();
    let secret = shown.clone().find(|row| row.key.starts_with("imp_secret"));
    let key = shown.clone().find(|row| row.key == "imp_key");
    let missing: Vec<&str> = [(key, "imp_key"), (secret, "a secret")]
        .into_iter()
        .filter(|(row, _)| row.is_none_or(|row| row.origin.is_none()))
        .map(|(_, what)| what)
        .collect();
    if !missing.is_empty() {
        let fix = format!("billkey --profile {} setup", settings.profile);
        report.bad(Kind::Config, "key", format!("{} is not set", missing.join(" and ")), Some(fix));
        return;
    }
    let origin = |row: Option<&Shown>| {
        row.and_then(|row| row.origin.as_ref()).map(ToString::to_string).unwrap_or_default()
    };
    let name = secret.map_or("imp_secret", |row| row.key);
    report.ok("key", format!("imp_key from {}, {name} from {}", origin(key), origin(secret)));
}
