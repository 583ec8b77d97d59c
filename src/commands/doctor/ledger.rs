//! The ledger: whether it is there and sound, whether there is room for it, and what it holds that
//! is in doubt.

use std::path::Path;
use std::time::Duration;

use crate::commands::context::Context;
use crate::commands::doctor::identity;
use crate::commands::doctor::report::Report;
use crate::failure::Kind;
use crate::ledger::{Access, Create, Examination, Ledger, LedgerError, OpenOptions, REPLACED_BY_BACKUP};
use crate::output::text::{shell_word, size, when};

/// A doctor does not wait as long as a charge does.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(unix)]
const FREE_BYTES_LOW: u64 = 100 * 1024 * 1024;
#[cfg(unix)]
const FREE_BYTES_MIN: u64 = 10 * 1024 * 1024;

/// Opens the ledger and looks it over; gives it back where it can be read. One that is missing is
/// not created.
pub(super) fn examine(context: &mut Context<'_>, report: &mut Report) -> Option<Ledger> {
    let path = &context.settings.database;
    let options = OpenOptions {
        access: Access::Read,
        busy_timeout: BUSY_TIMEOUT,
        now: Some(context.clock.now()),
        ..OpenOptions::new(Create::Never)
    };
    let (ledger, standing) = match Ledger::open_with(path, &options) {
        Ok(opened) => (opened.ledger, opened.standing),
        Err(error) if error.is_missing() => {
            missing(path, report);
            report.ok("unsettled", "no payment is in doubt");
            return None;
        }
        Err(error) => {
            bad(&error, report);
            return None;
        }
    };
    let examination = {
        let _wait = context.ui.waiting("reading the ledger through");
        ledger.examine()
    };
    match examination {
        Ok(examination) => sound(&examination, context, report),
        Err(error) => bad(&error, report),
    }
    if let Some(standing) = standing {
        identity::examine(context, &ledger, &standing, report);
    }
    unsettled(context, &ledger, report);
    alarms(context, &ledger, report);
    differences(context, &ledger, report);
    Some(ledger)
}

fn bad(error: &LedgerError, report: &mut Report) {
    let fix = error.fix().unwrap_or_else(|| "look at the disk and the file's permissions".to_owned());
    report.bad(Kind::Local, "ledger", error.what(), Some(fix));
}

fn missing(path: &Path, report: &mut Report) {
    let shown = path.display();
    match nearest_directory(path) {
        Some(folder) if !is_writable(folder) => report.bad(
            Kind::Local,
            "ledger",
            format!("there is none yet at {shown}, and {} cannot be written by this user", folder.display()),
            Some("fix its permissions, or name another file with --database".to_owned()),
        ),
        Some(_) | None => report.ok("ledger", format!("none yet; the first charge creates {shown}")),
    }
}

fn sound(examination: &Examination, context: &Context<'_>, report: &mut Report) {
    let Examination { schema_version, size_bytes, wal_bytes, problems, read_through } = examination;
    let shown = context.settings.database.display();
    if problems.is_empty() {
        let (file, log) = (size(*size_bytes), size(*wal_bytes));
        let (what, left) = if *read_through {
            ("is sound", "whether every payment is what was written")
        } else {
            ("can be read", "every page of it, and whether every payment is what was written,")
        };
        let check = context.hint("ledger check");
        report.ok(
            "ledger",
            format!(
                "{shown} {what}: schema {schema_version}, {file}, and a log of {log}; {left} is left to {check}"
            ),
        );
        return;
    }
    report.bad(
        Kind::Local,
        "ledger",
        format!("{shown} is damaged: {}", problems.join("; ")),
        Some(REPLACED_BY_BACKUP.to_owned()),
    );
}

fn unsettled(context: &Context<'_>, ledger: &Ledger, report: &mut Report) {
    let unsettled = match ledger.unsettled() {
        // What a person has noted is closed until the gateway shows something.
        Ok(unsettled) => unsettled.into_iter().filter(|it| it.noted.is_none()).collect::<Vec<_>>(),
        Err(error) => return bad(&error, report),
    };
    let Some(oldest) = unsettled.first() else {
        return report.ok("unsettled", "no payment is in doubt");
    };
    let (uid, outcome) = (&oldest.terms.merchant_uid, oldest.outcome);
    let since = when(oldest.requested_at, context.ui.zone());
    let message = match unsettled.len() {
        1 => format!("it is not known whether {uid} was charged: {outcome}, of {since}"),
        many => format!(
            "it is not known whether {many} payments were charged; the oldest is {uid}, {outcome}, of {since}"
        ),
    };
    let sandbox = if context.settings.sandbox() { " --sandbox" } else { "" };
    report.warn("unsettled", message, format!("billkey{sandbox} reconcile"));
}

/// Orders under which several payments hold money (contract, rule 11).
fn alarms(context: &Context<'_>, ledger: &Ledger, report: &mut Report) {
    let alarms = match ledger.alarms() {
        Ok(alarms) => alarms,
        Err(error) => return bad(&error, report),
    };
    if alarms.is_empty() {
        return report.ok("alarms", "no order holds two payments");
    }
    for payment in alarms {
        let Some(alarm) = payment.alarm() else { continue };
        let ids: Vec<&str> = alarm.held.iter().map(|record| record.imp_uid.as_str()).collect();
        let uid = payment.terms.merchant_uid.as_str();
        report.bad(
            Kind::Refused,
            "alarms",
            format!("{uid} holds several payments: {}. A person must look", ids.join(" and ")),
            Some(context.hint(&format!("history show {}", shell_word(uid)))),
        );
    }
}

/// What a reconciliation found, and nobody has settled or answered for.
fn differences(context: &Context<'_>, ledger: &Ledger, report: &mut Report) {
    let (many, first_seen) = match ledger.count_drift_left() {
        Ok(Some(left)) => left,
        Ok(None) => {
            return report.ok("attention", "no reconcile has found a difference that nobody has settled");
        }
        Err(error) => return bad(&error, report),
    };
    let since = when(first_seen, context.ui.zone());
    let message = match many {
        1 => format!("ledger and gateway do not agree on one thing, found on {since}. A person must look"),
        many => {
            format!(
                "ledger and gateway do not agree on {many} things, the first found on {since}. A person must look"
            )
        }
    };
    report.bad(Kind::Refused, "attention", message, Some(context.hint("attention")));
}

/// How much room there is for the ledger to grow: what cannot be recorded is not sent.
#[cfg(unix)]
pub(super) fn disk(database: &Path, report: &mut Report) {
    let Some(folder) = nearest_directory(database) else {
        return report.ok("disk", "there is no directory to look at");
    };
    let shown = folder.display();
    let free = match rustix::fs::statvfs(folder) {
        Ok(system) => system.f_bavail.saturating_mul(system.f_frsize),
        Err(_) => {
            let fix = "look at the file system".to_owned();
            return report.warn(
                "disk",
                format!("the system does not say how much is free under {shown}"),
                fix,
            );
        }
    };
    let message = format!("{} free under {shown}", size(free));
    let fix = "make room: what cannot be recorded is not charged".to_owned();
    if free < FREE_BYTES_MIN {
        report.bad(Kind::Local, "disk", message, Some(fix));
    } else if free < FREE_BYTES_LOW {
        report.warn("disk", message, fix);
    } else {
        report.ok("disk", message);
    }
}

#[cfg(not(unix))]
pub(super) fn disk(_database: &Path, report: &mut Report) {
    report.ok("disk", "how much is free is not looked at on this system");
}

/// The directory that the file is in, or the one that the missing ones would be created in.
fn nearest_directory(path: &Path) -> Option<&Path> {
    let here = Path::new(".");
    path.ancestors()
        .skip(1)
        .map(|dir| if dir.as_os_str().is_empty() { here } else { dir })
        .find(|dir| dir.is_dir())
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::Access;

    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(_folder: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{bad, nearest_directory};
    use crate::commands::doctor::report::Report;
    use crate::domain::place::Place;
    use crate::ledger::LedgerError;

    #[test]
    fn an_error_is_told_as_what_is_wrong_and_how_to_fix_it() {
        let mut report = Report::default();
        let place = Place::from(Path::new("x"));
        bad(&LedgerError::Newer { place: place.clone(), found: 9, known: 3 }, &mut report);
        let check = &report.checks[0];
        assert!(check.message.ends_with("this one knows 3). It was left as it is"), "{}", check.message);
        assert_eq!(check.fix.as_deref(), Some("update billkey"));
        bad(&LedgerError::Disk { place, source: "x".into() }, &mut report);
        let check = &report.checks[1];
        assert!(check.message.ends_with("may or may not be there"), "{}", check.message);
        assert_eq!(check.fix.as_deref(), Some("check the disk before anything is charged"));
    }

    #[test]
    fn a_directory_that_is_missing_is_looked_for_further_up() {
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("a/b/main.db");
        assert_eq!(nearest_directory(&database), Some(home.path()));
        assert_eq!(nearest_directory(Path::new("main.db")), Some(Path::new(".")));
    }
}
