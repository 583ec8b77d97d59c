//! `billkey ledger check`: whether all of a ledger is what was written.

use crate::commands::context::Context;
use crate::commands::ledger::bar::Bar;
use crate::commands::session::answered;
use crate::domain::standing::Standing;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{Chains, Job, Ledger, LedgerError, Misfit};
use crate::output::checklist::{Check, State};
use crate::output::standing::distrusted;
use crate::output::text::when;

/// Of so many the first are named, in one line.
const NAMED: usize = 5;

pub(super) fn run(context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.ledger_to_look_after()?;
    let found = {
        let _wait = context.ui.waiting("reading the file through");
        [
            ("pages", "every page and index is sound", ledger.check_pages()),
            ("references", "whatever refers to something finds it", ledger.check_references()),
            ("schema", "tables, indexes and triggers are billkey's", ledger.check_schema()),
            ("closings", "closed months are what was closed", ledger.check_closings()),
        ]
    };
    let mut list = List { checks: Vec::new(), restore: context.hint("ledger restore FILE") };
    for (name, good, problems) in found {
        match problems {
            Ok(problems) if problems.is_empty() => list.ok(name, good.to_owned()),
            Ok(problems) => list.bad(name, problems.join("; ")),
            Err(error) => list.unread(name, &error),
        }
    }
    let chains = {
        let mut bar = Bar::default();
        let ui = &mut *context.ui;
        ledger.check_chains(&mut |done, all| bar.show(ui, Job::Comparing, done, all))
    };
    let mut is_backup = false;
    match chains {
        Ok(chains) => {
            is_backup = chains.stamp.is_some();
            compared(&chains, &mut list, context);
        }
        Err(error) => list.unread("payments", &error),
    }
    match ledger.standing() {
        Ok(standing) => marked(&ledger, &standing, is_backup, &mut list, context),
        Err(error) => list.unread("mark", &error),
    }
    let bad = list.checks.iter().any(|check| check.state == State::Bad);
    let exit = if bad { Exit::With(Kind::Local) } else { Exit::Done };
    answered(context.ui.checklist(&list.checks), exit)
}

/// The checks so far, and the command that puts right what is not.
struct List {
    checks: Vec<Check>,
    restore: String,
}

impl List {
    fn add(&mut self, name: &'static str, state: State, message: String, fix: Option<String>) {
        self.checks.push(Check { name, state, message, fix });
    }

    fn ok(&mut self, name: &'static str, message: String) {
        self.add(name, State::Ok, message, None);
    }

    fn bad(&mut self, name: &'static str, message: String) {
        let fix = format!("put a backup in the ledger's place that was made before: {}", self.restore);
        self.add(name, State::Bad, message, Some(fix));
    }

    /// Damage that SQLite stops at: nobody knows what is behind it.
    fn unread(&mut self, name: &'static str, error: &LedgerError) {
        self.bad(name, format!("could not be read to the end: {}", error.what()));
    }
}

fn compared(chains: &Chains, list: &mut List, context: &Context<'_>) {
    let Chains { payments, events, misfits, shown, stray, payments_gone, events_gone, stamp } = chains;
    let all = format!("{} with {}", number_of(*payments, "payment"), number_of(*events, "event"));
    if chains.fit() {
        list.ok("payments", format!("{all} are what was written"));
    }
    if *misfits > 0 {
        let (of, are) = (number_of(*payments, "payment"), if *misfits == 1 { "is" } else { "are" });
        list.bad(
            "payments",
            format!("{misfits} of {of} {are} not what was written: {}", named(shown, *misfits)),
        );
    }
    for (count, noun) in [(payments_gone, "payment"), (events_gone, "event")] {
        if *count > 0 {
            list.bad("payments", format!("missing: {} that stood here", number_of(*count, noun)));
        }
    }
    if *stray > 0 {
        list.bad("payments", format!("{} of payments that are not there", number_of(*stray, "row")));
    }
    if let Some(stamp) = stamp {
        let at = when(stamp.at, context.ui.zone());
        if stamp.fits {
            list.ok("stamp", format!("this is a backup of {at}, and nothing in it has changed since"));
        } else {
            list.bad("stamp", format!("this is a backup of {at}, and it has changed since"));
        }
    }
}

/// `order_1 (its row), order_2 (its events), and 3 more`
fn named(shown: &[Misfit], all: u64) -> String {
    let name = |misfit: &Misfit| {
        let what = match (misfit.events, misfit.row) {
            (true, true) => "its events and its row",
            (true, false) => "its events",
            (false, _) => "its row, or what belongs to it",
        };
        format!("{} ({what})", misfit.merchant_uid)
    };
    let names: Vec<String> = shown.iter().take(NAMED).map(name).collect();
    let more = all.saturating_sub(u64::try_from(names.len()).unwrap_or(all));
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

fn marked(ledger: &Ledger, standing: &Standing, is_backup: bool, list: &mut List, context: &Context<'_>) {
    let zone = context.ui.zone();
    let id = format!("ledger {}, epoch {}", standing.id, standing.epoch);
    if is_backup {
        return list.ok("mark", format!("a backup has none of its own; it is of {id}"));
    }
    if let Some(doubt) = standing.distrusted.as_ref().filter(|doubt| !doubt.accepted) {
        let fix = context.hint("ledger accept --reason \"...\"");
        return list.add("mark", State::Warn, distrusted(doubt, zone), Some(fix));
    }
    let mark = match ledger.marked() {
        Some((event, at)) => format!("{id}; its mark is at event {event} of {}", when(at, zone)),
        None => format!("{id}; no mark lies beside it"),
    };
    list.ok("mark", mark);
}

#[cfg(test)]
mod tests {
    use super::named;
    use crate::ledger::Misfit;

    #[test]
    fn the_first_are_named_and_the_others_counted() {
        let misfit =
            |number: usize, events, row| Misfit { merchant_uid: format!("order_{number}"), events, row };
        let shown = [misfit(1, true, true), misfit(2, true, false), misfit(3, false, true)];
        assert_eq!(
            named(&shown, 3),
            "order_1 (its events and its row), order_2 (its events), order_3 (its row, or what belongs to it)"
        );
        let many: Vec<Misfit> = (0..20).map(|number| misfit(number, true, false)).collect();
        assert!(named(&many, 1_200).ends_with("order_4 (its events), and 1195 more"));
    }
}
