//! Whose orders these are: profiles of one account, and ledgers that no profile leads to any more.

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::doctor::report::Report;
use crate::settings::{Settings, Sibling};

/// Profiles of one account and mode charge the same customers: what is a slip and what is meant, only a
/// `scope` can say (contract, rule 12).
pub(super) fn siblings(settings: &Settings, report: &mut Report) {
    if settings.siblings.is_empty() {
        return;
    }
    let named = |profile: &str, scope: Option<&String>| match scope {
        Some(scope) => format!("{profile} (scope {scope})"),
        None => format!("{profile} (no scope)"),
    };
    let own = named(&settings.profile, settings.scope.as_ref());
    let all: Vec<String> = std::iter::once(own)
        .chain(settings.siblings.iter().map(|Sibling { profile, scope }| named(profile, scope.as_ref())))
        .collect();
    let message = format!("profiles of one account and mode: {}", all.join(", "));
    match settings.order_scope() {
        Ok(_) => report.ok("account", message),
        Err(error) => report.warn("account", message, error.hint.unwrap_or(error.message)),
    }
}

/// A profile that was renamed leaves its ledger behind, and with it what it knows of being paid.
pub(super) fn ledgers(settings: &Settings, report: &mut Report) {
    let Some(folder) = &settings.data_folder else { return };
    let pointed_at: Vec<PathBuf> = settings.ledgers.iter().map(|path| real(path)).collect();
    let mut left: Vec<PathBuf> =
        ledgers_in(folder).into_iter().filter(|path| !pointed_at.contains(&real(path))).collect();
    left.sort_unstable();
    let Some(first) = left.first() else { return };
    let shown: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
    report.warn(
        "ledgers",
        format!("no profile points at {}", shown.join(", ")),
        format!(
            "if it is a profile's, say so there: database = \"{}\"; if it is of no use any more, move it elsewhere",
            first.display()
        ),
    );
}

fn ledgers_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file() && is_database(path)).collect()
}

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "db")
}

/// Every name of a file as one.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
