//! What a ledger lets go: nothing with a key that may be another account's, and nothing before the wait of a
//! ledger that is older than it was is over.

use crate::billing::account::{self, Belonging, belonging};
use crate::billing::request::Leave;
use crate::commands::context::{Context, Gateway};
use crate::domain::standing::{Account, Distrust, Doubt, Standing};
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError};

/// Checks the key, and asks the ledger what it lets go.
pub(in crate::commands) fn leave(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    belongs(context, ledger, gateway)?;
    if begins_anew(context, &ledger.standing()?) {
        return Ok(Leave::default());
    }
    let (client, clock) = (&gateway.client, &*context.clock);
    Ok(account::leave(ledger, client, clock, context.settings.settle_after)?)
}

/// Takes the key in use for the ledger's own where the gateway shows that it is, for a run that only asks. Where it
/// does not, what the key shows is read all the same, and what it does not show says nothing.
pub(in crate::commands) fn recognise(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<(), LedgerError> {
    match belonging(ledger, &gateway.client)? {
        Belonging::Shown => ledger.adopt(&Account::of_key(gateway.client.account()), context.now()),
        Belonging::Ours | Belonging::NotShown | Belonging::Unasked(_) | Belonging::NoAnswer(_) => Ok(()),
    }
}

/// The same for a run that writes nothing: what it finds out is for it alone.
pub(in crate::commands) fn leave_unwritten(
    context: &Context<'_>,
    ledger: &Ledger,
    mut standing: Standing,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    standing.accounts.extend(check(context, ledger, gateway)?);
    if begins_anew(context, &standing) {
        return Ok(Leave::default());
    }
    let (client, clock) = (&gateway.client, &*context.clock);
    Ok(account::leave_unwritten(standing, client, clock, context.settings.settle_after))
}

/// The sandbox's book is lost on purpose, to begin anew.
fn begins_anew(context: &Context<'_>, standing: &Standing) -> bool {
    let lost = |distrust: &Distrust| distrust.why == Doubt::Lost;
    context.settings.sandbox() && standing.distrusted.as_ref().is_some_and(lost)
}

/// Takes the key in use for the ledger's own, or says why it cannot be.
pub(in crate::commands) fn belongs(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<(), Failure> {
    match check(context, ledger, gateway)? {
        Some(account) => Ok(ledger.adopt(&account, context.now())?),
        None => Ok(()),
    }
}

/// Goes on with the ledger's own key, or with one that shows what the ledger holds: that one is the account which
/// the ledger is to know from now on.
fn check(context: &Context<'_>, ledger: &Ledger, gateway: &Gateway) -> Result<Option<Account>, Failure> {
    let path = ledger.place().to_string();
    let unanswered = |why: &str| {
        let message = format!(
            "the API key is another than the ledger {path} was begun with, and the gateway did not say whether it \
             is the same account: {why}"
        );
        Failure::network(message).hinted("run the same command again")
    };
    let failure = match belonging(ledger, &gateway.client)? {
        Belonging::Ours => return Ok(None),
        Belonging::Shown => return Ok(Some(Account::of_key(gateway.client.account()))),
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
