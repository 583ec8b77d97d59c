//! What the ledger knows of itself: which one it is, whose payments it holds, and whether it is older than it
//! was.

use crate::commands::context::Context;
use crate::commands::doctor::report::Report;
use crate::domain::standing::{Account, Standing};
use crate::ledger::Ledger;
use crate::output::standing::distrusted;
use crate::output::text::when;

pub(super) fn examine(context: &Context<'_>, ledger: &Ledger, standing: &Standing, report: &mut Report) {
    let Standing { id, epoch, accounts, distrusted: doubt, .. } = standing;
    let zone = context.ui.zone();
    let mark = match ledger.marked() {
        Some((event, at)) => format!("its mark is at event {event} of {}", when(at, zone)),
        None => "it has no mark yet".to_owned(),
    };
    let key = match accounts.last() {
        Some(account) => format!("it belongs to the key {}", account.key),
        None => "no key has charged with it yet".to_owned(),
    };
    let accept = context.hint("ledger accept --reason \"...\"");
    match doubt.as_ref().filter(|doubt| !doubt.accepted) {
        Some(doubt) => report.warn("identity", distrusted(doubt, zone), accept.clone()),
        None => report.ok("identity", format!("ledger {id}, epoch {epoch}; {mark}; {key}")),
    }
    if let Some(until) = standing.unasked_until(context.now()) {
        let message =
            format!("until {} the ledger sends what it never sent, also unasked", when(until, zone));
        report.warn("unasked", message, "nothing, where look-ups are down; it ends by itself".to_owned());
    }
    // Without a key there is nothing to compare, and that is told elsewhere.
    let other =
        context.key().map(|key| Account::of_key(&key)).filter(|account| !standing.belongs_to(account));
    if let Some(Account { key, .. }) = other {
        let message = format!(
            "{key} is another key than the ledger's: it sends nothing until it is known to be the same account"
        );
        report.warn("account", message, accept);
    }
}
