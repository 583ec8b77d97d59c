//! Refuses to send with a key that may be another account's.

use crate::billing::account::{Belonging, belonging};
use crate::commands::context::{Context, Gateway};
use crate::failure::Failure;
use crate::ledger::Ledger;

/// Goes on with the ledger's own key, or with one that shows what the ledger holds.
pub(in crate::commands) fn check(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<(), Failure> {
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
