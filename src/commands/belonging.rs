//! What a ledger lets go: nothing with a key that may be another account's, and nothing before the wait of a
//! ledger that is older than it was is over.

use crate::billing::account::{Belonging, belonging};
use crate::billing::request::{Hold, Leave};
use crate::commands::context::{Context, Gateway};
use crate::domain::reason::Reason;
use crate::domain::standing::{Account, Distrust, Doubt, Refusal, may_send};
use crate::domain::time::{SendMark, later};
use crate::failure::Failure;
use crate::ledger::Ledger;

/// Checks the key, and asks the ledger what it lets go.
pub(in crate::commands) fn leave(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    check(context, ledger, gateway)?;
    let mut standing = ledger.standing()?;
    // The sandbox's book is lost on purpose, to begin anew.
    let lost = |distrust: &Distrust| distrust.why == Doubt::Lost;
    if context.settings.sandbox() && standing.distrusted.as_ref().is_some_and(lost) {
        return Ok(Leave::default());
    }
    if standing.distrusted.is_some() {
        // The gateway's clock measures a wait that began on another machine. Without an answer it does not end.
        let _ = gateway.client.token(false);
        let now = context.clock.now();
        let gateway_s = gateway.client.now_s();
        ledger.anchor_distrust(&SendMark { wall: now.wall, boot: now.boot, gateway_s })?;
        standing = ledger.standing()?;
    }
    let now = context.clock.now();
    let since = standing.distrusted.as_ref().map(|distrust| &distrust.since);
    let age = since.map(|since| since.age(&now, gateway.client.now_s())).unwrap_or_default();
    let account = Account::of_key(gateway.client.account());
    let hold = match may_send(&standing, &account, age, context.settings.settle_after) {
        Ok(()) => None,
        Err(Refusal::Waiting { left }) => {
            Some(Hold { why: Reason::LedgerWaits, until: Some(later(now.wall, left)) })
        }
        // `check` has just let this account through; another process may have changed that meanwhile.
        Err(Refusal::OtherAccount) => Some(Hold { why: Reason::OtherAccount, until: None }),
    };
    Ok(Leave { unasked: standing.unasked_until(now.wall).is_some(), hold })
}

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
