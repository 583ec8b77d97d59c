//! What a ledger lets go: nothing with a key that may be another account's, and nothing before the wait of a
//! ledger that is older than it was is over.

use crate::billing::account::{self, Belonging, belonging};
use crate::billing::request::Leave;
use crate::commands::context::{Context, Gateway};
use crate::domain::standing::{Distrust, Doubt};
use crate::failure::Failure;
use crate::ledger::Ledger;

/// Checks the key, and asks the ledger what it lets go.
pub(in crate::commands) fn leave(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    check(context, ledger, gateway)?;
    let standing = ledger.standing()?;
    // The sandbox's book is lost on purpose, to begin anew.
    let lost = |distrust: &Distrust| distrust.why == Doubt::Lost;
    if context.settings.sandbox() && standing.distrusted.as_ref().is_some_and(lost) {
        return Ok(Leave::default());
    }
    let (client, clock) = (&gateway.client, &*context.clock);
    Ok(account::leave(ledger, client, clock, context.settings.settle_after)?)
}

/// Goes on with the ledger's own key, or with one that shows what the ledger holds.
fn check(context: &Context<'_>, ledger: &mut Ledger, gateway: &Gateway) -> Result<(), Failure> {
    let path = ledger.path().display().to_string();
    let unanswered = |why: &str| {
        let message = format!(
            "the API key is another than the ledger {path} was begun with, and the gateway did not say whether it \
             is the same account: {why}"
        );
        Failure::network(message).hinted("run the same command again")
    };
    let failure = match belonging(ledger, &gateway.client, context.now())? {
        Belonging::Ours => return Ok(()),
        Belonging::NotShown => Failure::refused(format!(
            "the API key is another than the ledger {path} was begun with, and shows no payment of it: it may be \
             another account's"
        ))
        .hinted("if it is another account: give its profile a ledger of its own (`database` in the config)")
        .hinted(format!("if it is the same one: {}", context.hint("ledger accept --reason \"...\""))),
        Belonging::Unasked(failure) => Failure::from(failure),
        Belonging::NoAnswer(reason) => unanswered(&reason.to_string()),
    };
    Err(failure)
}
