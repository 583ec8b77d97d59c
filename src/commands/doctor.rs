//! `billkey doctor`.

use clap::Args;

use crate::commands::context::Context;
use crate::commands::doctor::report::Report;
use crate::commands::session::{Session, answered};
use crate::failure::{Exit, Failure, Kind};
use crate::settings::{Fault, Settings, SettingsError};

mod account;
mod files;
mod gateway;
mod identity;
mod ledger;
mod money;
mod report;
mod setup;
mod short;

pub use crate::commands::doctor::short::{StatusArgs, status};

const AFTER_HELP: &str = "\
A check is ok, warn (it works, and may not be what is meant) or bad (a charge
would fail, or be at risk). The gateway is asked for an access token, about one
order, and for what it is going to charge by itself, and for nothing else.

Examples:
  billkey doctor
  billkey --profile main doctor --json
  billkey --sandbox doctor
  billkey --quiet doctor

Exit codes:
  0 all is ok, or there are warnings only
  3 configuration or credentials are bad: a file, a mode, a secret, a key that
    the gateway refused
  1 something else on this side is bad: the ledger, the disk
  9 the gateway cannot be reached, or answers no look-ups: nothing would be
    sent
  8 something is left for a person: two payments under one order
  Of several 3, then 1, then 9, then 8   2 as usual; see
  `billkey help exit-codes`";

/// Check settings, files, ledger, gateway and clock
///
/// For the day of going live, and for 3 a.m.: one screen, a line a check, each with how to fix it.
/// Nothing is charged, no ledger is created, and no secret is shown. With --quiet only what is not
/// ok is told.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct DoctorArgs {}

/// Looks at everything and tells it. A config file that cannot be used is a finding too.
#[must_use]
pub fn run(_args: &DoctorArgs, session: &Session) -> u8 {
    match Settings::resolve(&session.flags, &session.environment) {
        Err(error) if error.fault == Fault::Config => session.without_settings(|ui| {
            let report = unusable(error);
            answered(ui.checklist(&report.checks), report.exit())
        }),
        // Wrong usage is told as usual.
        Ok(_) | Err(_) => session.with_settings(examine),
    }
}

fn unusable(error: SettingsError) -> Report {
    let mut report = Report::default();
    report.bad(Kind::Config, "config", error.message, error.hint);
    report
}

fn examine(context: &mut Context<'_>) -> Result<Exit, Failure> {
    // The token cache is put in order by a new token: what is said of files is said after that.
    let mut secret = Report::default();
    let credentials = setup::secret(context.settings, &mut secret);
    let mut gateway = Report::default();
    let at_hand = if credentials {
        gateway::examine(context, &mut gateway)
    } else {
        gateway::not_asked(&mut gateway, "there is no key to ask with");
        None
    };
    let mut report = Report::default();
    setup::config(context.settings, &mut report);
    report.append(secret);
    account::siblings(context.settings, &mut report);
    files::examine(context.settings, &mut report);
    let opened = ledger::examine(context, &mut report);
    account::ledgers(context.settings, &mut report);
    ledger::disk(&context.settings.database, &mut report);
    if let Some(at_hand) = at_hand {
        gateway::look_ups(context, &at_hand, opened.as_ref(), &mut gateway);
        gateway::scheduled(context, &at_hand, opened.as_ref(), &mut gateway);
    }
    report.append(gateway);
    money::examine(context.settings, opened.as_ref(), &mut report);
    setup::going_live(context.settings, &mut report);
    answered(context.ui.checklist(&report.checks), report.exit())
}
