//! The first charge of a customer: whether the gateway charges them by itself as well (facts 16).

use std::sync::Arc;

use crate::commands::context::Context;
use crate::commands::schedules::{self, Asked};
use crate::domain::ids::CustomerUid;
use crate::gateway::{Ahead, Client};
use crate::ledger::Ledger;

/// Warns of what the gateway has shown, of a charge that came to its end: a ledger that has just failed is not asked
/// for more.
pub(super) fn tell(asked: Asked, customer: &CustomerUid, context: &mut Context<'_>, ledger: &mut Ledger) {
    let Some(read) = asked.end(context) else { return };
    // The charge is over: what cannot be kept is told all the same.
    let _ = schedules::keep(context, ledger, Some(customer), &read);
    let left = schedules::unanswered(ledger, read.schedules).unwrap_or_default();
    if let Some(sentence) = schedules::sentence(context, &left) {
        context.ui.warning(&sentence);
    }
}

/// The same before a person is asked, who takes longer than the gateway.
pub(super) fn warn(
    context: &mut Context<'_>,
    client: &Arc<Client>,
    ledger: &mut Ledger,
    customer: &CustomerUid,
) {
    // Without an answer the charge goes on.
    let Ok(Ok(left)) = schedules::look(context, client, ledger, Some(customer), Ahead::Soon) else { return };
    if let Some(sentence) = schedules::sentence(context, &left) {
        context.ui.warning(&sentence);
    }
}
