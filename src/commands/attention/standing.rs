//! The ledger itself.

use crate::commands::context::{Context, rebuild};
use crate::domain::standing::Standing;
use crate::ledger::LedgerError;
use crate::output::attention::Item;
use crate::output::standing::distrusted as sentence;

/// A ledger that is older than it was, until it is rebuilt or somebody answers for it.
pub(super) fn distrusted(context: &Context<'_>, standing: &Standing) -> Vec<Item> {
    let distrust = standing.distrusted.as_ref().filter(|distrust| !distrust.accepted);
    let zone = context.ui.zone();
    let item = distrust.map(|distrust| Item {
        since: distrust.since.wall,
        otherwise: Some(accept(context)),
        ..about_it(context, "distrusted", sentence(distrust, zone), context.hint(&rebuild(distrust, zone)))
    });
    item.into_iter().collect()
}

/// One whose file is gone beside its mark.
pub(super) fn lost(context: &Context<'_>, error: &LedgerError) -> Item {
    let restore = context.hint("ledger restore FILE");
    Item { otherwise: Some(accept(context)), ..about_it(context, "lost", error.what(), restore) }
}

/// There never was one here, as far as anybody can tell: nothing was looked at, and that is no good news.
pub(super) fn none(context: &Context<'_>, error: &LedgerError) -> Item {
    let why = format!("{}: nothing was looked at", error.what());
    about_it(context, "no_ledger", why, context.hint("doctor"))
}

fn accept(context: &Context<'_>) -> String {
    context.hint("ledger accept --reason \"...\"")
}

fn about_it(context: &Context<'_>, kind: &'static str, why: String, command: String) -> Item {
    Item {
        kind,
        since: context.now(),
        id: None,
        merchant_uid: None,
        imp_uid: None,
        customer_uid: None,
        amount: None,
        why,
        command,
        otherwise: None,
        signed: None,
    }
}
